"""Offsets in a value are places in its file, whatever the style in which it is written."""

from __future__ import annotations

import yaml
from hypothesis import given
from hypothesis import strategies as st

from policyengine.packs.document import Document, parse_document
from policyengine.packs.nodes import Mapping, Scalar

# Words as rules have them: Chinese and Latin letters, digits, marks that YAML leaves alone inside of a text.
WORDS = st.lists(st.text("认定培训班、，（）ab1290.-/=<>“”「」😀", min_size=1, max_size=6), min_size=1, max_size=8).map(
    lambda words: "词" + " ".join(words)
)


def _value(text: str) -> tuple[Document, Scalar]:
    document, problems = parse_document(text.encode("utf-8"), "f.yaml")
    assert problems == []
    assert document is not None
    assert isinstance(document.root, Mapping)
    value = document.root.get("rule")
    assert isinstance(value, Scalar)
    return document, value


def _check(text: str) -> None:
    """Every visible character of the value stands where its span says."""
    document, value = _value(text)
    place = document.place(value)
    lines = text.split("\n")
    for offset, char in enumerate(value.text):
        span = place.span(offset, offset + 1)
        if not char.isspace():
            assert lines[span.line - 1][span.column - 1] == char, (offset, char, text)
            assert (span.end_line, span.end_column) == (span.line, span.column + 1)
            assert place.line(span) == lines[span.line - 1]
    whole = place.span(0, len(value.text.rstrip()))
    assert (whole.line, whole.column) <= (whole.end_line, whole.end_column)


@given(WORDS, st.integers(0, 4), st.sampled_from(["plain", "folded lines", "'", "block", "folded block", "anchor"]))
def test_characters_are_found_in_every_style(text: str, indent: int, style: str) -> None:
    margin = " " * (indent + 2)
    broken = text.replace(" ", "\n" + margin)
    written = {
        "plain": f"rule: {text}",
        "folded lines": f"rule: {broken}",
        "'": f"rule: '{broken}'",
        "block": f"rule: |\n{margin}{broken}\n",
        "folded block": f"rule: >-\n{margin}{broken}\n",
        "anchor": f"rule: &r {text}",
    }[style]
    _check("# above\nid: x\n" + written + "\n")


@given(st.text("认定 '培训班\\\"\t\n:#a", max_size=30).map(lambda t: t + "终"), st.sampled_from(["'", '"', "|", ">"]))
def test_a_dumped_text_is_read_back_and_found(text: str, style: str) -> None:
    """PyYAML writes the text in a style; escapes and doubled quotes are counted as one character."""
    text = text.replace("\t", " ")
    dumped = yaml.dump({"rule": text}, default_style=style, allow_unicode=True, width=20)
    source = dumped.replace('"rule"', "rule").replace("'rule'", "rule")
    if source.startswith(("? |", "? >")):
        source = dumped = yaml.dump({"rule": text}, default_style='"', allow_unicode=True).replace('"rule"', "rule")
    document, value = _value(source)
    assert text.split() == value.text.split()
    text = value.text  # folding keeps no more than YAML does
    place = document.place(value)
    last = place.span(len(text) - 1, len(text))
    line = source.split("\n")[last.line - 1]
    assert line[last.column - 1] == "终"


def test_escapes_and_doubled_quotes() -> None:
    text = 'rule: "a\\n\\u4e2d 说 \\\n   more \\"x\\""'
    document, value = _value(text)
    assert value.text == 'a\n中 说 more "x"'
    place = document.place(value)
    assert [(place.span(i, i + 1).line, place.span(i, i + 1).column) for i in (0, 1, 2, 4, 6, 11, 12)] == [
        (1, 8), (1, 9), (1, 11), (1, 18), (2, 4), (2, 9), (2, 11)
    ]  # fmt: skip
    document, value = _value("rule: 'it''s 此'")
    place = document.place(value)
    assert value.text == "it's 此"
    assert place.span(5, 6).column == 14
    assert place.span(2, 3).column == 10
