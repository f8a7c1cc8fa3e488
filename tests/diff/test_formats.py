"""How a comparison and whom it touches are told: the same in every format, ids masked, nothing that could be markup."""

from __future__ import annotations

import json
from dataclasses import replace
from fractions import Fraction
from pathlib import Path

import pytest

from policyengine.messages import speak
from policyengine.tools.diff.formats import FORMATS
from policyengine.tools.diff.impact import Impact, Outcome, Shift
from policyengine.tools.diff.model import Change, Comparison, Law
from policyengine.tools.diff.phrases import explained, headline
from policyengine.tools.diff.render import cell
from tests.diff.support import compared, copy, edit, law

F = Fraction
ID = "510101190001010019"
EVIL = "<b>|`x`|</b> [a](b)"


def outcome(outcome: str, total: str, required: str, capped: str = "0") -> Outcome:
    return Outcome(outcome, "hours", F(total), F(required), max(F(required) - F(total), F(0)), F(capped), ID, "2016")


SHIFTS = (
    Shift(ID, "2016", outcome("met", "92", "90", "3"), outcome("not_met", "82", "90", "13"), ("p/a", "p/b"),
          {"sector": "accounting", "employer": EVIL}),
    Shift(ID, "2017", outcome("not_met", "20/9", "90"), outcome("met", "20/9", "2"), ("p/a",),
          {"sector": "accounting"}),
    Shift(ID, "2018", outcome("met", "90", "90"), outcome("met", "91", "90"), (), {}),
    Shift(ID, "2019", None, outcome("met", "91", "90"), (), {}),
)  # fmt: skip
IMPACT = Impact(SHIFTS, 1234567, 4321, (outcome("not_met", "89.5", "90"),))


@pytest.fixture(scope="module")
def comparison(tmp_path_factory: pytest.TempPathFactory) -> Comparison:
    shipped = copy(tmp_path_factory.mktemp("shipped"))
    folder = copy(tmp_path_factory.mktemp("edited"))
    edit(folder, [{"in": "sichuan/rules-years.yaml", "replace": "合计 不超过 50 学时", "by": "合计 不超过 40 学时"}])
    return compared(law(shipped, "v1"), law(folder, "HEAD"))


@pytest.fixture(autouse=True)
def english() -> None:
    speak("en")


def test_for_people(comparison: Comparison) -> None:
    text = FORMATS["human"](comparison, IMPACT, False)
    changed = "1 changes to the worse, 1 to the better, 2 only in figures or consequences"
    assert f"4,321 people, 1,234,567 decisions: {changed}" in text
    assert "    accounting: 1, 1\n" in text
    assert "510101********0019 2016: met → not met · 92 → 82 of 90; cut by caps 3 → 13 · p/a, p/b\n" in text
    assert "510101********0019 2017: not met → met · 2 2/9 of 90 → 2 · p/a\n" in text
    assert "510101********0019 2016: 0.5 hours\n" in text
    assert "\x1b" not in text


def test_in_chinese(comparison: Comparison) -> None:
    speak("zh")
    text = FORMATS["human"](comparison, IMPACT, False)
    assert "    会计：1、1\n" in text
    assert "完成 → 未完成 · 92 → 82（应完成 90）；限额扣减 3 → 13" in text
    assert "510101********0019 2016：0.5 学时" in text
    assert '<html lang="zh-CN">' in FORMATS["html"](comparison, IMPACT, False)


@pytest.mark.parametrize("name", FORMATS)
def test_ids_are_masked_unless_asked(name: str, comparison: Comparison) -> None:
    assert ID not in FORMATS[name](comparison, IMPACT, False)
    assert ID in FORMATS[name](comparison, IMPACT, True)


@pytest.mark.parametrize("name", ["human", "markdown"])
def test_an_id_commands_no_terminal(name: str, comparison: Comparison) -> None:
    one = replace(SHIFTS[0], person_id="P\x1b]0;x\x07\x9b2J\u202e1")
    near = replace(IMPACT.nearest[0], person_id="P\x1b]0;x\x07\x9b2J\u202e1")
    text = FORMATS[name](comparison, replace(IMPACT, shifts=(one,), nearest=(near,)), True)
    assert "P\ufffd]0;x\ufffd\ufffd2J\ufffd1" in text
    assert not {"\x1b", "\x07", "\x9b", "\u202e"} & set(text)


def test_nothing_is_markup(comparison: Comparison) -> None:
    page = FORMATS["html"](comparison, IMPACT, False)
    assert "<b>|" not in page
    assert "&lt;b&gt;|`x`|" in page
    note = FORMATS["markdown"](comparison, IMPACT, False)
    assert cell(EVIL) in note
    assert EVIL not in note
    rows = [line for line in note.splitlines() if line.startswith("| \\<b>")]
    assert [line.replace("\\|", "").count("|") for line in rows] == [4]


@pytest.mark.parametrize(
    ("name", "shown"),
    [
        ("bases: A", "`bases: A`"),
        ("bases: A|B", "`bases: A\\|B`"),
        ("bases: A\nB", "`bases: A B`"),
        ("a `b`", "`` a `b` ``"),
    ],
)
def test_the_name_of_a_row_ends_no_cell(name: str, shown: str, comparison: Comparison) -> None:
    change = Change("table", "p", name, "laxer")
    cited = Change("cited", "p", name)
    note = FORMATS["markdown"](replace(comparison, changes=(change, cited)), None, False)
    assert f"\n| table {shown} |  | **laxer** |" in note
    assert note.count(shown) == 2


def test_for_programs(comparison: Comparison) -> None:
    found = json.loads(FORMATS["json"](comparison, IMPACT, False))["impact"]
    assert (found["loses"], found["gains"], found["figures"], found["whole"]) == (1, 1, 2, True)
    assert found["by_sector"] == [{"value": "accounting", "worse": 1, "better": 1}]
    assert (found["shifts"][0]["old_capped_off"], found["shifts"][0]["new_capped_off"]) == ("3", "13")
    assert (found["shifts"][3]["old"], found["shifts"][3]["old_total"]) == (None, None)


def test_packs_for_which_it_is_alike_are_told_once(comparison: Comparison) -> None:
    (change,) = comparison.changes
    assert [p for p, _, _ in change.elsewhere] == ["constructors", "medical", "publishing"]
    assert sum("for people under" in line for line in explained(change)) == 1


def test_a_rule_that_holds_earlier_is_no_new_rule(comparison: Comparison, tmp_path: Path) -> None:
    folder = copy(tmp_path)
    edit(folder, [{"in": "sichuan/rules-years.yaml", "replace": "  from: 2016\n  rule: 免除 本年",
                   "by": "  from: 2014\n  rule: 免除 本年"}])  # fmt: skip
    earlier = compared(comparison.old, law(folder))
    (change,) = earlier.changes
    assert headline(change) == "added sichuan/just-cause · 2014 to 2015 · laxer"
    assert "the rule now also holds in this time" in explained(change)
    (back,) = compared(earlier.new, comparison.old).changes
    assert "the rule no longer holds in this time" in explained(back)


def test_a_repealed_consequence_says_why_it_has_no_direction(comparison: Comparison, tmp_path: Path) -> None:
    folder = copy(tmp_path)
    edit(folder, [{"in": "sichuan/rules-years.yaml", "remove": ["not-excellent", "2016"]}])
    (change,) = compared(comparison.old, law(folder)).changes
    assert (change.direction, change.why) == ("undecided", "a consequence may be welcome or not")


def test_a_request_that_only_rewords_changes_nothing_in_law(comparison: Comparison, tmp_path: Path) -> None:
    folder = copy(tmp_path)
    by = "cap self_study, publication at 50 hours per year\n  confidence: remembered"
    edit(folder, [{"in": "sichuan/rules-years.yaml",
                   "replace": "限额 自学成果、发表出版作品 每年 合计 不超过 50 学时", "by": by}])  # fmt: skip
    note = FORMATS["markdown"](compared(comparison.old, law(folder)), None, False)
    assert note == ("## What changes in law\n\nNothing.\n\nWording, sources or notes: `sichuan/self-study-cap`\n")


def test_nothing() -> None:
    nothing = Law("a", {}, {})
    for name, write in FORMATS.items():
        text = write(Comparison(nothing, nothing, ()), None, False)
        assert "othing" in text or json.loads(text)["changes"] == [], name
