import re
from collections.abc import Sequence

from hypothesis import example, given
from hypothesis import strategies as st

from chat_app.generation.transformers_text import TextStream

BITS = st.sampled_from(
    ["<think>", "</think>", "<", "think>", "END", "EN", "D", " ", "$500 [1].", "é", "€", "\n"]
)


def from_bytes(ids: Sequence[int]) -> str:
    return bytes(ids).decode("utf-8", "replace")


def from_letters(ids: Sequence[int]) -> str:
    return "".join(map(chr, ids))


def from_words(ids: Sequence[int]) -> str:
    """As Llama 2 and Mistral have it: the space before the first word is dropped."""
    return "".join(f" w{number}" for number in ids)[1:]


@given(st.binary(max_size=60))
@example("5 € – “really” 👩‍⚕️".encode())
@example(b"\xe2\x82")
@example(b"a\xff\x80\x80\xe2\x82b\xf0\x9f")
def test_the_pieces_make_up_the_text_however_its_bytes_come(tokens: bytes) -> None:
    stream = TextStream(from_bytes)
    assert "".join(map(stream.add, tokens)) + stream.end() == from_bytes(tokens)


@given(
    st.text(st.characters(exclude_categories=["Cs"], exclude_characters="<[\ufffd"), max_size=30)
)
def test_a_character_is_said_with_its_last_byte(text: str) -> None:
    stream = TextStream(from_bytes)
    said = ""
    for letter in text:
        said += "".join(map(stream.add, letter.encode()))
        assert said.endswith(letter)
    assert said + stream.end() == text


@given(st.lists(st.integers(0, 9), max_size=12))
def test_spaces_between_words_are_kept(numbers: list[int]) -> None:
    stream = TextStream(from_words)
    assert "".join(map(stream.add, numbers)) + stream.end() == from_words(numbers)


@given(st.lists(BITS, max_size=12))
def test_a_stop_sequence_ends_the_answer_wherever_it_is_cut(bits: list[str]) -> None:
    text = "".join(bits).replace("think>", "")
    stream = TextStream(from_letters, stop=["END", ""])
    said = "".join(stream.add(ord(letter)) for letter in text) + stream.end()
    assert said == text.partition("END")[0]
    assert stream.stopped == ("END" in text)


@given(st.lists(BITS, max_size=12))
def test_no_thought_is_said(bits: list[str]) -> None:
    text = "".join(bits)
    stream = TextStream(from_letters)
    said = "".join(stream.add(ord(letter)) for letter in text) + stream.end()
    assert said == re.sub(r"</think>", "", re.sub(r"(?s)<think>.*?(</think>|\Z)", "", text))


def test_a_thought_that_the_prompt_has_opened_is_not_said() -> None:
    for before in ("assistant\n<think>\n", "assistant\n<think>"):
        stream = TextStream(from_letters, before=before)
        assert "".join(stream.add(ord(c)) for c in "Hm.</think>Yes.") + stream.end() == "Yes."
    stream = TextStream(from_letters, before="assistant\n<think>\n\n</think>\n\n")
    assert "".join(stream.add(ord(c)) for c in "Yes.") + stream.end() == "Yes."


def test_hidden_tokens_are_no_text() -> None:
    stream = TextStream(from_letters, hidden={ord("#")})
    assert "".join(stream.add(ord(c)) for c in "#Y#es#") + stream.end() == "Yes"
