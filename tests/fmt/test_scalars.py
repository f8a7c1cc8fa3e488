"""Values replaced in YAML: everything around them stays, and what is written is read as the same text."""

from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from policyengine.diagnostics import width
from policyengine.packs.document import parse_document
from policyengine.packs.nodes import Listing, Mapping, Scalar
from policyengine.tools.scalars import WIDTH, Edit, replaced, yaml_text

# name: YAML around the value, {} where it stands
PLACES = {
    "plain": "- id: a\n  rule: {}\n  note: n\n",
    "with a comment": "- id: a\n  rule: {}  # why\n  note: n\n",
    "first key": "- rule: {}\n  id: a\n\n# end\n",
    "last line without an end": "- id: a\n  rule: {}",
    "two": "# top\n\n- id: a\n  rule: {}\n\n\n- id: b   # b\n  rule: other\n",
}
# how the old value is written: style → text of the value
OLD = {
    "plain": "old text",
    "single": "'old ''text'''",
    "double": '"old \\"text\\""',
    "folded plain": "old\n    text\n    goes on",
    "literal": "|\n    old\n    text",
    "folded": ">-\n    old\n\n    text\n",
    "anchor": "&x old text",
}


def value_of(text: str) -> Scalar:
    document, problems = parse_document(text.encode(), "rules.yaml")
    assert document is not None, problems
    assert isinstance(document.root, Listing)
    first = document.root.items[0]
    assert isinstance(first, Mapping)
    found = first.get("rule")
    assert isinstance(found, Scalar)
    return found


@pytest.mark.parametrize("place", PLACES)
@pytest.mark.parametrize("old", OLD)
@pytest.mark.parametrize("new", ["要求 每年 总学时 不少于 90 学时", "override a/b: it's 'so'", "- x # y", "x" * 200])
def test_a_value_is_replaced_and_nothing_else(place: str, old: str, new: str) -> None:
    block = old in ("literal", "folded")
    if block and place == "with a comment":
        source = PLACES[place].replace("{}  # why", OLD[old].replace("\n", "  # why\n", 1))
    elif place == "with a comment" and "\n" in OLD[old]:
        source = PLACES[place].format(OLD[old])
    else:
        source = PLACES[place].format(OLD[old])
    scalar = value_of(source)
    after = replaced(source, [Edit(scalar, 2, new)])
    assert value_of(after).text.rstrip("\n") == new
    assert after.count("# why") == source.count("# why")
    again = value_of(after)
    assert replaced(after, [Edit(again, 2, new)]) == after
    if not block:
        before, behind = source[: scalar.start], source[scalar.end :].split("\n", 1)[-1]
        assert after.startswith(before)
        assert after.endswith(behind)


def test_blank_lines_and_comments_after_a_block_stay() -> None:
    source = "- rule: |\n    one\n\n\n# about the next\n- rule: two\n"
    after = replaced(source, [Edit(value_of(source), 2, "neu")])
    assert after == "- rule: neu\n\n\n# about the next\n- rule: two\n"


def test_long_sentences_break_before_their_conditions() -> None:
    text = "认定 " + "、".join(["专业技术人员培训班"] * 5) + " 须有 学习证明 且 单位认可 = 是 当 本年度 = 2016"
    after = replaced("- rule: x\n", [Edit(value_of("- rule: x\n"), 2, text)])
    lines = after.splitlines()
    assert lines[0] == "- rule: >-"
    assert all(width(line) <= WIDTH for line in lines)
    assert [line.split()[0] for line in lines[1:]] == ["认定", "须有"]
    assert value_of(after).text == text


def test_a_long_sentence_without_a_condition_stays_on_its_line() -> None:
    text = "折算 " + "、".join(["专业技术人员培训班"] * 9) + " 每 45 分钟 计 1 学时"
    assert replaced("- rule: x\n", [Edit(value_of("- rule: x\n"), 2, text)]) == f"- rule: {text}\n"


PRINTABLE = st.text(st.characters(codec="utf-8", exclude_categories=("C", "Z"), include_characters=" "), min_size=1)


@settings(max_examples=200, deadline=None)
@given(PRINTABLE)
def test_any_text_is_read_as_itself(text: str) -> None:
    line = " ".join(text.split()) or "x"
    for written in (f"- rule: {yaml_text(line)}\n", f"- {{rule: {yaml_text(line, flow=True)}}}\n"):
        document, _ = parse_document(written.encode(), "rules.yaml")
        if document is not None:  # some characters may stand in no pack at all
            assert value_of(written).text == line
            assert not value_of(written).is_null


@settings(max_examples=200, deadline=None)
@given(
    st.lists(
        st.sampled_from(["当", "且", "x y", "「a b」", "理由", "词" * 30, "w" * 50, "90 学时"]), min_size=1, max_size=12
    )
)
def test_folding_joins_to_the_same_text(words: list[str]) -> None:
    text = " ".join(words)
    after = replaced("- rule: x\n", [Edit(value_of("- rule: x\n"), 2, text)])
    assert value_of(after).text == text
