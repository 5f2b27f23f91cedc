"""The sample documents as people and programs read them: from the files, by other parsers."""

import re
import zipfile
from pathlib import Path
from typing import Any

import docx
import pypdfium2
import pytest
from bs4 import BeautifulSoup

from retrieval.errors import LoadingError
from retrieval.loading.finding import find
from samples.build.build import build
from samples.build.markup import Heading
from samples.build.sources import Source, figures_of, read_figures, sources
from tests.samples.reading import (
    DOCUMENTS,
    FURTHER,
    FURTHER_DOCUMENTS,
    HANDBOOK,
    MAIN,
    MAIN_DOCUMENTS,
    SAMPLES,
    YEARS,
    amount,
    leaves,
    plan_years,
    states,
    words,
)

PREVENTIVE = {
    "PPO_PLUS": (
        "Preventive care: annual physical, immunizations, and screenings covered at 100% "
        "in-network, no copay. Preventive care from an out-of-network provider is covered at 60% "
        "of the allowed amount after the out-of-network deductible, so you pay 40%."
    ),
    "HMO_SELECT": (
        "Your plan pays 100% of the annual wellness exam, routine immunizations, and recommended "
        "screenings when your PCP or another Specimen network provider performs them, and you owe "
        "no copay. Preventive services received outside the Specimen network are not covered, and "
        "you pay the full charge."
    ),
    "HDHP_SAVER": (
        "In-network preventive care, including one routine physical exam per plan year, "
        "well-child visits, immunizations, and age-based screenings, is paid at 100% before the "
        "deductible with $0 cost to the member. Out-of-network preventive care is subject to the "
        "out-of-network deductible and then 50% coinsurance."
    ),
}


def parts(path: Path) -> object:
    """What must be the same each time. Deflated data differ between builds of zlib, so a Word
    document is compared by its parts."""
    if path.suffix != ".docx":
        return path.read_bytes()
    with zipfile.ZipFile(path) as archive:
        return [
            (entry.filename, entry.date_time, archive.read(entry)) for entry in archive.infolist()
        ]


def test_building_again_gives_the_documents_that_are_here(tmp_path: Path) -> None:
    built = build(tmp_path)
    assert sorted(path.relative_to(tmp_path).as_posix() for path in built) == sorted(DOCUMENTS)
    for path in built:
        here = SAMPLES / path.relative_to(tmp_path)
        assert parts(path) == parts(here), f"run `python samples/build/build.py`: {here} is old"


def test_indexing_the_folder_meets_the_documents_alone_with_their_plan_and_year() -> None:
    found = [item for item in find([SAMPLES]) if not isinstance(item, LoadingError)]
    assert [item for item in find([SAMPLES]) if isinstance(item, LoadingError)] == []
    expected: dict[str, tuple[str | None, int | None]] = {HANDBOOK: (None, None)}
    for source in MAIN_DOCUMENTS + FURTHER_DOCUMENTS:
        policy, year, _ = source.split("/")
        expected[source] = (policy, int(year))
    assert {item.source: (item.policy, item.plan_year) for item in found} == expected


def test_the_documents_together_stay_below_half_a_megabyte() -> None:
    assert sum((SAMPLES / source).stat().st_size for source in DOCUMENTS) < 512 * 1024


@pytest.mark.parametrize("source", [*MAIN_DOCUMENTS, HANDBOOK])
def test_a_main_document_is_as_long_as_such_documents_are(source: str) -> None:
    assert 3500 <= len(words(source).split()) <= 8000


@pytest.mark.parametrize("year", YEARS)
def test_the_main_pdf_has_8_to_20_pages(year: int) -> None:
    with pypdfium2.PdfDocument(SAMPLES / f"PPO_PLUS/{year}/plan-details.pdf") as document:
        assert 8 <= len(document) <= 20


@pytest.mark.parametrize("source", [d for d in DOCUMENTS if d.endswith(".pdf")])
def test_each_page_of_a_pdf_has_its_number(source: str) -> None:
    with pypdfium2.PdfDocument(SAMPLES / source) as document:
        for number, page in enumerate(document, 1):
            assert f"fictional insurer Page {number}" in page.get_textpage().get_text_bounded()


@pytest.mark.parametrize("source", [s for s in sources() if s.output.endswith(".pdf")])
def test_the_outline_of_a_pdf_holds_every_heading(source: Source) -> None:
    headings = [(n.level, n.text) for n in source.manuscript().nodes if isinstance(n, Heading)]
    with pypdfium2.PdfDocument(SAMPLES / source.output) as document:
        outline = [(item.level + 1, item.get_title()) for item in document.get_toc()]
    assert outline == headings


@pytest.mark.parametrize("year", YEARS)
def test_a_table_that_goes_on_repeats_its_header_on_the_next_page(year: int) -> None:
    with pypdfium2.PdfDocument(SAMPLES / f"PPO_PLUS/{year}/plan-details.pdf") as document:
        pages = [page.get_textpage().get_text_bounded() for page in document]
    header = "Service In-network: you pay Out-of-network: you pay"
    starts = [page.replace("\r\n", " ").find(header) for page in pages]
    assert sum(start >= 0 for start in starts) >= 2


def test_the_word_document_has_heading_styles_and_tables_with_a_marked_header_row() -> None:
    document = docx.Document(str(SAMPLES / "HMO_SELECT/2026/member-handbook.docx"))
    styles = {paragraph.style.name for paragraph in document.paragraphs}
    assert {"Title", "Heading 1", "Heading 2", "List Bullet", "Normal"} <= styles
    for table in document.tables:
        assert "w:tblHeader" in table.rows[0]._tr.xml
        assert all("w:tblHeader" not in row._tr.xml for row in table.rows[1:])


def test_the_web_page_marks_its_header_cells_and_its_links_lead_to_headings() -> None:
    html = (SAMPLES / "HDHP_SAVER/2026/plan-booklet.html").read_text(encoding="utf-8")
    page = BeautifulSoup(html, "html.parser")
    assert len(page.select("h1")) == 1
    for table in page.select("table"):
        assert len(table.select("thead tr")) == 1
        columns = table.select("thead tr > *")
        assert {(cell.name, cell["scope"]) for cell in columns} == {("th", "col")}
        for row in table.select("tbody tr"):
            assert [cell.name for cell in row.select("th, td")] == ["th"] + ["td"] * (
                len(columns) - 1
            )
    anchors = {f"#{heading['id']}" for heading in page.select("h1, h2, h3")}
    links = [str(link["href"]) for link in page.select("nav a")]
    assert len(links) == 14
    assert set(links) <= anchors


@pytest.mark.parametrize("source", DOCUMENTS)
def test_each_document_says_at_its_head_that_it_is_a_fictional_sample(source: str) -> None:
    assert "fictional sample" in words(source)[:1500].lower()


@pytest.mark.parametrize("source", DOCUMENTS)
def test_telephone_numbers_and_addresses_can_belong_to_nobody(source: str) -> None:
    text = words(source)
    numbers = re.findall(r"\b\d{3}-\d{3}-\d{4}\b|\(\d{3}\) \d{3}-\d{4}|\b\d{3}-\d{4}\b", text)
    assert numbers
    assert [number for number in numbers if not re.fullmatch(r"800-555-01\d\d", number)] == []
    hosts = re.findall(r"[\w@.-]+\.(?:com|org|net|gov|edu|io)\b", text)
    assert [host for host in hosts if not re.search(r"\bexample\.(com|org)$", host)] == []


@pytest.mark.parametrize("source", MAIN_DOCUMENTS)
def test_the_sentence_on_preventive_care_stands_there_with_its_out_of_network_counterpart(
    source: str,
) -> None:
    assert PREVENTIVE[source.partition("/")[0]] in words(source)


@pytest.mark.parametrize("source", DOCUMENTS)
def test_no_document_uses_the_words_of_the_question_about_a_checkup(source: str) -> None:
    assert re.findall(r"\bcheck-?\s?ups?\b|\bfree\b", words(source), re.IGNORECASE) == []


@pytest.mark.parametrize("source", DOCUMENTS)
def test_no_mark_of_the_templates_is_left_over(source: str) -> None:
    assert re.findall(r"\{\{|\}\}|\{%|%\}", words(source)) == []


@pytest.mark.parametrize(("plan", "year"), list(plan_years()))
def test_every_figure_of_a_year_is_stated_in_its_documents(plan: dict[str, Any], year: int) -> None:
    policy = plan["policy"]
    sources = [f"{policy}/{year}/{MAIN[policy]}"]
    sources += [f"{policy}/{year}/{FURTHER[policy]}"] if policy in FURTHER else []
    text = " ".join(words(source) for source in sources)
    figures = plan["both"] | plan["years"][year]
    assert [leaf for leaf in leaves(figures) if not states(text, leaf[1])] == []


def test_every_figure_of_the_handbook_is_stated_in_it() -> None:
    figures = leaves(read_figures("enrollment")["both"])
    assert [leaf for leaf in figures if not states(words(HANDBOOK), leaf[1])] == []


@pytest.mark.parametrize("policy", MAIN)
def test_what_is_new_names_every_figure_that_changed_with_its_old_and_its_new_value(
    policy: str,
) -> None:
    years = read_figures(policy.lower())["years"]
    before, after = dict(leaves(years[2025])), dict(leaves(years[2026]))
    changed = [
        path
        for path in before.keys() & after.keys()
        if before[path] != after[path]
        # Follow from figures that are named.
        and path.split(".")[0] not in {"monthly_cost", "cobra", "birth", "fracture", "example"}
    ]
    assert len(changed) >= 15
    news = _news(policy)
    unnamed = [p for p in changed if not (states(news, before[p]) and states(news, after[p]))]
    assert unnamed == []


def _news(policy: str) -> str:
    """What the document for 2026 says under "What is new"."""
    if policy == "HMO_SELECT":
        document = docx.Document(str(SAMPLES / "HMO_SELECT/2026/member-handbook.docx"))
        return " ".join(cell.text for row in document.tables[0].rows for cell in row.cells)
    text = words(f"{policy}/2026/{MAIN[policy]}")
    start = text.lower().rindex("what is new for 2026")
    following = {"PPO_PLUS": "The plan at a glance", "HDHP_SAVER": "3. Cost Sharing"}[policy]
    return text[start : text.index(following, start)]


@pytest.mark.parametrize("policy", MAIN)
def test_the_earlier_year_says_nothing_of_what_is_new(policy: str) -> None:
    assert "what is new" not in words(f"{policy}/2025/{MAIN[policy]}").lower()


@pytest.mark.parametrize(("plan", "year"), list(plan_years()))
def test_a_cobra_payment_is_102_percent_of_the_full_cost(plan: dict[str, Any], year: int) -> None:
    figures = plan["years"][year]
    for level, cost in figures["monthly_cost"].items():
        assert amount(figures["cobra"][level]) == round(amount(cost) * 1.02, 2)


@pytest.mark.parametrize(("plan", "year"), list(plan_years()))
def test_an_employee_pays_less_than_the_full_cost(plan: dict[str, Any], year: int) -> None:
    figures = plan["years"][year]
    for level, premium in figures["premium"].items():
        assert 0 < amount(premium) * 26 / 12 < amount(figures["monthly_cost"][level])


@pytest.mark.parametrize("year", YEARS)
def test_the_ppo_examples_add_up(year: int) -> None:
    figures = figures_of(read_figures("ppo_plus"), year)
    birth = {name: amount(value) for name, value in figures["birth"].items()}
    assert birth["deductible"] == amount(figures["deductible"]["network"]["individual"])
    assert birth["share"] == (birth["bill"] - birth["deductible"]) * 0.15
    assert birth["total"] == birth["deductible"] + birth["share"]
    fracture = {name: amount(value) for name, value in figures["fracture"].items()}
    assert fracture["emergency"] == amount(figures["emergency"])
    assert fracture["visits"] == 3 * amount(figures["specialist"])
    assert fracture["therapy"] == 6 * amount(figures["rehabilitation"])
    assert fracture["total"] == sum(fracture[n] for n in ("emergency", "visits", "therapy"))


@pytest.mark.parametrize("year", YEARS)
def test_the_hmo_example_adds_up(year: int) -> None:
    figures = figures_of(read_figures("hmo_select"), year)
    example = {name: amount(value) for name, value in figures["example"].items()}
    assert example["primary_care"] == 3 * amount(figures["primary_care"])
    assert example["specialist"] == 2 * amount(figures["specialist"])
    visits = example["primary_care"] + example["specialist"]
    assert example["total"] == visits + amount(figures["scan"]) + amount(figures["emergency"])
    assert amount(figures["hospital"]["most"]) == 3 * amount(figures["hospital"]["day"])


@pytest.mark.parametrize("year", YEARS)
def test_the_hdhp_example_and_account_add_up(year: int) -> None:
    figures = figures_of(read_figures("hdhp_saver"), year)
    example = {name: amount(value) for name, value in figures["example"].items()}
    family = amount(figures["deductible"]["network"]["family"])
    assert amount(figures["deductible"]["network"]["individual"]) < example["operation"] < family
    assert example["rest"] == family - example["operation"]
    assert example["beyond"] == example["emergency"] - example["rest"]
    assert example["beyond_share"] == example["beyond"] * 0.20
    assert example["emergency_share"] == example["rest"] + example["beyond_share"]
    for level, limit in figures["hsa"]["limit"].items():
        seed, own = figures["hsa"]["seed"][level], figures["hsa"]["own"][level]
        assert amount(seed) + amount(own) == amount(limit)
