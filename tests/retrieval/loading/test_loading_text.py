import codecs
from pathlib import Path

import pytest

from tests.retrieval.loading.making import blocks, check_spans, load, refused

WORDS = "Größe der Zuzahlung: 20 € für jeden Besuch – “naïve” café."


@pytest.mark.parametrize(
    "data",
    [
        WORDS.encode(),
        codecs.BOM_UTF8 + WORDS.encode(),
        WORDS.encode("cp1252"),
        codecs.BOM_UTF16_LE + WORDS.encode("utf-16-le"),
        codecs.BOM_UTF16_BE + WORDS.encode("utf-16-be"),
        WORDS.encode("utf-16-le"),
        WORDS.encode("utf-16-be"),
        codecs.BOM_UTF32_LE + WORDS.encode("utf-32-le"),
    ],
)
def test_text_in_common_encodings_reads_the_same(tmp_path: Path, data: bytes) -> None:
    path = tmp_path / "a.txt"
    path.write_bytes(data)
    assert load(path).text == WORDS


def test_other_scripts_are_guessed_from_enough_text(tmp_path: Path) -> None:
    text = "План покрывает ежегодный осмотр полностью. Доплата за визит к врачу не взимается. " * 4
    path = tmp_path / "a.txt"
    path.write_bytes(text.encode("cp1251"))
    assert load(path).text == text


def test_plain_text_is_kept_to_the_letter(tmp_path: Path) -> None:
    path = tmp_path / "a.txt"
    path.write_bytes(b"  Title  \r\n\r\nOne\tline\r\nand  another.\r\n\r\n\r\n- item\r\n")
    document = load(path)
    assert document.text == "  Title  \n\nOne\tline\nand  another.\n\n\n- item\n"
    assert blocks(document) == ["Title", "One\tline\nand  another.", "- item"]
    check_spans(document, structured=False)


def test_list_items_of_plain_text_are_blocks_of_their_own(tmp_path: Path) -> None:
    path = tmp_path / "a.txt"
    path.write_text("You need:\n- a card\n  for each\n2. a form\n(b) a pen\n• ink\n\nThen sign.")
    document = load(path)
    assert blocks(document, "item") == ["- a card\n  for each", "2. a form", "(b) a pen", "• ink"]
    assert blocks(document, "paragraph") == ["You need:", "Then sign."]


def test_the_title_is_the_name_of_the_file_for_people(tmp_path: Path) -> None:
    path = tmp_path / "PPO_Plus_summary 2026.txt"
    path.write_text("Text.")
    assert load(path).title == "PPO Plus summary 2026"


@pytest.mark.parametrize("data", [b" \n\t\n", codecs.BOM_UTF8, codecs.BOM_UTF8 + b"\n"])
def test_a_file_of_white_space_holds_no_text(tmp_path: Path, data: bytes) -> None:
    path = tmp_path / "a.txt"
    path.write_bytes(data)
    assert refused(path) == "holds no text: there is nothing to index"


@pytest.mark.parametrize("extension", ["txt", "md", "html", "csv"])
def test_binary_data_is_not_taken_for_text(tmp_path: Path, extension: str) -> None:
    path = tmp_path / f"a.{extension}"
    path.write_bytes(bytes(range(256)) * 20)
    assert "binary data" in refused(path)


def test_a_comma_separated_table_is_read_row_by_row(tmp_path: Path) -> None:
    path = tmp_path / "rates.csv"
    path.write_text('Service,In-network,Out-of-network\nOffice visit,$20,"40%, after deductible"\n')
    document = load(path)
    assert blocks(document) == [
        "Office visit | In-network: $20 | Out-of-network: 40%, after deductible"
    ]
    check_spans(document)


@pytest.mark.parametrize("delimiter", [";", "\t", "|", ","])
def test_the_delimiter_is_found(tmp_path: Path, delimiter: str) -> None:
    path = tmp_path / "rates.csv"
    rows = [["Service", "You pay"], ["Visit", "20"], ["X-ray", "30"]]
    path.write_text("\n".join(delimiter.join(row) for row in rows))
    assert load(path).text == "Visit | You pay: 20\n\nX-ray | You pay: 30"


def test_a_table_of_figures_alone_has_no_header(tmp_path: Path) -> None:
    path = tmp_path / "rates.tsv"
    path.write_text("1\t20\n2\t30\n")
    assert load(path).text == "1 | 20\n\n2 | 30"


def test_a_quotation_that_is_never_closed_is_reported(tmp_path: Path) -> None:
    path = tmp_path / "rates.csv"
    path.write_text('a,"b\n' + "c,d\n" * 300_000)
    assert "no table that can be read" in refused(path)
