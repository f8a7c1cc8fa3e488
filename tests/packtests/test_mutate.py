"""``test --mutate`` and ``--coverage``: every change there is, those that no case notices, and what no case touches."""

from __future__ import annotations

from fractions import Fraction
from pathlib import Path

import pytest
from click.testing import CliRunner

from policyengine.cli import main
from policyengine.language.printer import print_statement
from policyengine.tools.test.coverage import coverage
from policyengine.tools.test.mutate import Mutation, mutants, mutation, variants
from policyengine.tools.test.run import Bench, benches
from tests.prove.law import rule, words
from tests.prove.packs import write

# a sentence → every change of it
CHANGES = {
    "require total at least 90 hours per year": [
        "require total at most 90 hours per year",
        "require total at least 91 hours per year",
        "require total at least 89 hours per year",
    ],
    "require total at least 360 hours per 5 years starting 2020": [
        "require total at most 360 hours per 5 years starting 2020",
        "require total at least 361 hours per 5 years starting 2020",
        "require total at least 359 hours per 5 years starting 2020",
        "require total at least 360 hours per 6 years starting 2020",
        "require total at least 360 hours per 4 years starting 2020",
        "require total at least 360 hours per 5 years starting 2021",
    ],
    "expect professional at least 2/3 of total requirement per year": [
        "expect professional at most 2/3 of total requirement per year",
        "expect professional at least 1 of total requirement per year",
        "expect professional at least 1/3 of total requirement per year",
    ],
    "convert paper at 2 hours per 1000 characters when author_rank = 1": [
        "convert paper at 2 hours per 1000 characters",
        "convert paper at 2 hours per 1000 characters when author_rank != 1",
        "convert paper at 2 hours per 1000 characters when author_rank = 2",
        "convert paper at 3 hours per 1000 characters when author_rank = 1",
        "convert paper at 1 hour per 1000 characters when author_rank = 1",
        "convert paper at 2 hours per 1001 characters when author_rank = 1",
        "convert paper at 2 hours per 999 characters when author_rank = 1",
    ],
    "recognise training when evidence is present and (result = passed or approved = yes)": [
        "recognise training",
        "recognise training when result = passed or approved = yes",
        "recognise training when evidence is present",
        "recognise training when evidence is missing and (result = passed or approved = yes)",
        "recognise training when evidence is present and result = passed",
        "recognise training when evidence is present and approved = yes",
        "recognise training when evidence is present and (result != passed or approved = yes)",
        "recognise training when evidence is present and (result = passed or approved != yes)",
    ],
    "excuse year when leave in (maternity) lasts at least 6 months": [
        "excuse year",
        "excuse year when leave in (maternity) lasts more than 6 months",
        "excuse year when leave in (maternity) lasts at least 7 months",
        "excuse year when leave in (maternity) lasts at least 5 months",
    ],
    "excuse year when leave lasts more than 1 day": [
        "excuse year",
        "excuse year when leave lasts at least 1 day",
        "excuse year when leave lasts more than 1 day in all",
        "excuse year when leave lasts more than 2 days",
    ],
    "excuse year when leave in (illness) lasts at least 180 days in all": [
        "excuse year",
        "excuse year when leave in (illness) lasts more than 180 days in all",
        "excuse year when leave in (illness) lasts at least 180 days",
        "excuse year when leave in (illness) lasts at least 181 days in all",
        "excuse year when leave in (illness) lasts at least 179 days in all",
    ],
    "require total at least 9 hours per 12 months from joined": [  # of 11 months two may end in one year
        "require total at most 9 hours per 12 months from joined",
        "require total at least 10 hours per 12 months from joined",
        "require total at least 8 hours per 12 months from joined",
        "require total at least 9 hours within 12 months of joined",
        "require total at least 9 hours per 13 months from joined",
    ],
    "conclude not_excellent when not met for 2 years running": [
        "conclude not_excellent",
        "conclude not_excellent when not met for 3 years running",  # one is not years running
    ],
    "conclude not_excellent when not met for 2 of last 3 years": [  # neither one of them, nor all
        "conclude not_excellent",
        "conclude not_excellent when not met for 2 of last 4 years",
    ],
    "conclude not_excellent when public-hours not met for 3 of last 5 years": [
        "conclude not_excellent",
        "conclude not_excellent when public-hours not met for 3 of last 6 years",
        "conclude not_excellent when public-hours not met for 3 of last 4 years",
        "conclude not_excellent when public-hours not met for 2 of last 5 years",
        "conclude not_excellent when public-hours not met for 4 of last 5 years",
    ],
    "conclude not_excellent when met for 1 of last 2 years": [  # neither none of them, nor all
        "conclude not_excellent",
        "conclude not_excellent when met for 1 of last 3 years",
    ],
    "conclude not_excellent when public-hours met for 2 of last 4 years": [
        "conclude not_excellent",
        "conclude not_excellent when public-hours met for 2 of last 5 years",
        "conclude not_excellent when public-hours met for 2 of last 3 years",
        "conclude not_excellent when public-hours met for 1 of last 4 years",
        "conclude not_excellent when public-hours met for 3 of last 4 years",
    ],
    "conclude not_excellent when public-hours not met for 3 cycles running": [
        "conclude not_excellent",
        "conclude not_excellent when public-hours not met for 4 cycles running",
        "conclude not_excellent when public-hours not met for 2 cycles running",
    ],
    "conclude not_excellent when public-hours met in each of last 2 years": [
        "conclude not_excellent",
        "conclude not_excellent when public-hours met in each of last 3 years",
        "conclude not_excellent when public-hours met in each of last 1 year",
    ],
    "assign to claimed_year until March 31": ["assign to claimed_year until March 30"],
    "cap paper at 1.5 hours per activity": [
        "cap paper at 2 hours per activity",
        "cap paper at 1 hour per activity",
    ],
    "reject paper when date between 0001-01-01 and 9999-12-31": [
        "reject paper",
        "reject paper when date between 0001-01-02 and 9999-12-31",
        "reject paper when date between 0001-01-01 and 9999-12-30",
    ],
    "reject paper when not provider in bases": [
        "reject paper",
        "reject paper when provider in bases",
        "reject paper when not provider not in bases",
    ],
}


@pytest.mark.parametrize("text", CHANGES)
def test_every_change_of_a_sentence(text: str) -> None:
    found = [print_statement(v, words(), "en") for v in dict.fromkeys(variants(rule(text)))]
    assert sorted(found) == sorted(CHANGES[text])


RULES = [
    ("classes", "认定 培训班 须有 学习证明"),
    ("hours", "折算 培训班 按 标定学时"),
    ("annual", "要求 每年 总学时 不少于 20 学时"),
]
CASE = """\
- case: {n}
  period: 2018
  records: [{{日期: 2018-03-01, 学习形式: 培训班, 数量: {hours}, 单位: 学时, {proof}}}]
  expect: {{outcome: {outcome}}}
"""


def bench(root: Path, *cases: tuple[str, str, str]) -> Bench:
    """Cases: hours, proof, outcome."""
    folder = write(root, RULES)
    (folder / "tests").mkdir()
    written = (CASE.format(n=n, hours=h, proof=p, outcome=o) for n, (h, p, o) in enumerate(cases))
    (folder / "tests" / "t.yaml").write_text("".join(written))
    (found,), problems = benches([folder])
    assert problems == []
    return found


def survivors(found: Mutation) -> list[tuple[str, str]]:
    return sorted((m.rule.partition("@")[0], m.what) for m in found.survived)


JUST, SHORT, BARE = ("20", "学习证明: 1", "完成"), ("19.5", "学习证明: 1", "未完成"), ("20", "科目: 公需科目", "未完成")


def test_cases_on_both_sides_notice_every_change(tmp_path: Path) -> None:
    found = mutation(bench(tmp_path, JUST, SHORT, BARE))
    assert survivors(found) == []
    assert found.share == 1
    assert len(found.killed) == 8


def test_what_no_case_notices(tmp_path: Path) -> None:
    """Somebody far above the minimum says nothing about the figure, nor about the proof."""
    found = mutation(bench(tmp_path, ("100", "学习证明: 1", "完成")))
    assert survivors(found) == [
        ("base/annual", "require total at least 19 hours per year"),
        ("base/annual", "require total at least 21 hours per year"),
        ("base/annual", "the rule is left out"),
        ("base/classes", "recognise training"),
    ]
    assert found.share == Fraction(4, 8)


def test_two_processes_find_the_same(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    made = bench(tmp_path, JUST)
    alone = mutation(made)
    monkeypatch.setattr("policyengine.tools.test.mutate.WORTH_IT", 0)
    monkeypatch.setattr("os.cpu_count", lambda: 2)
    assert mutation(made) == alone


def test_a_change_that_decides_nothing_is_not_counted(tmp_path: Path) -> None:
    """The base's 20 goes on to hold beside an override of 20: 19 over it changes nothing, 21 does."""
    folder = write(tmp_path, RULES, [("mine", "替代 base/annual：要求 每年 总学时 不少于 20 学时")])
    (folder / "tests").mkdir()
    (folder / "tests" / "t.yaml").write_text(
        "".join(CASE.format(n=n, hours=h, proof=p, outcome=o) for n, (h, p, o) in enumerate([JUST, SHORT]))
    )
    (made,), _ = benches([folder])
    found = mutation(made)
    assert [m.what for m in found.same] == ["require total at least 19 hours per year"]
    assert survivors(found) == []


def test_a_table_s_figures_are_changed_too(tmp_path: Path) -> None:
    folder = write(tmp_path, [*RULES, ("papers", "折算 论文 按 credits_of（级别、作者排名） 表中无则 0 学时")])
    (folder / "tests").mkdir()
    (folder / "tests" / "t.yaml").write_text(CASE.format(n=1, hours=20, proof="学习证明: 1", outcome="完成"))
    (made,), _ = benches([folder])
    assert {"every figure +1", "every figure -1"} <= {m.what for m in mutation(made).survived}


# --- coverage ---------------------------------------------------------------------------------------------------------


def test_coverage_of_rules_branches_and_rows(tmp_path: Path) -> None:
    folder = write(tmp_path, [*RULES, ("papers", "折算 论文 按 credits_of（级别、作者排名） 表中无则 0 学时")])
    (folder / "tests").mkdir()
    (folder / "tests" / "t.yaml").write_text(
        CASE.format(n=1, hours=20, proof="学习证明: 1", outcome="完成")
        + "- case: b\n  period: 2018\n  expect: {total: 0, records: {R1: {reason: 未列形式}}}\n"
        "  records: [{日期: 2018-03-01, 学习形式: 论文, 级别: 国家级, 作者排名: 2, 数量: 1, 单位: 项}]\n"
    )
    (made,), problems = benches([folder])
    assert problems == []
    found = coverage(made)
    assert (found.share("rule"), found.share("branch"), found.share("row")) == ((4, 4), (3, 4), (1, 3))
    missing = [(p.rule, p.what, p.span.line if p.span else 0) for p in found.missing()]
    assert missing == [
        ("base/classes@2016", "evidence is present: does not hold", 5),
        ("credits_of:2", "is found", 2),
        ("credits_of:4", "is found", 4),
    ]


@pytest.mark.parametrize(
    ("hours", "second", "missing"),
    [
        (95, "2018-05-01", []),
        (90, "2018-05-01", ["base/carry@2016"]),  # nothing is left over
        (95, None, ["base/once@2016"]),
    ],
)
def test_what_results_do_not_name_is_told_by_its_effect(
    tmp_path: Path, hours: int, second: str | None, missing: list[str]
) -> None:
    rules = [
        ("classes", "认定 培训班"),
        ("hours", "折算 培训班 按 标定学时"),
        ("once", "不重复计算 培训班 同一 名称 取最早"),
        ("annual", "要求 每年 总学时 不少于 90 学时"),
        ("carry", "结转 超出 annual 部分 至下一年度"),
    ]
    record = "{{日期: {}, 学习形式: 培训班, 名称: {}, 数量: {}, 单位: 学时}}"
    given = [
        record.format("2017-03-01", "甲", hours),
        record.format(second or "2018-05-01", "甲" if second else "乙", 10),
    ]
    folder = write(tmp_path, rules)
    (folder / "tests").mkdir()
    (folder / "tests" / "t.yaml").write_text(
        f"- case: a\n  period: 2018\n  expect: {{outcome: 未完成}}\n  records: [{', '.join(given)}]\n"
    )
    (made,), problems = benches([folder])
    assert problems == []
    assert [p.rule for p in coverage(made).missing() if p.kind == "rule"] == missing


def test_the_command_tells_of_both(tmp_path: Path) -> None:
    made = bench(tmp_path, JUST)
    result = CliRunner().invoke(main, ["test", made.folder, "--coverage", "--mutate"])
    assert result.exit_code == 0
    lines = result.stdout.splitlines()
    assert lines[1] == "base: coverage: rules 3/3, branches 2/4"
    assert any("base/annual@2016: not met" in line for line in lines)
    told = next(line for line in lines if "changes noticed" in line)
    assert told.startswith("base: changes noticed: ")
    assert any("recognise training" in line for line in lines)


@pytest.mark.parametrize(
    ("killed", "survived", "told"),
    [(2999, 1, "2999 of 3000, 99.9%"), (3000, 0, "3000 of 3000, 100%"), (1, 2, "1 of 3, 33.3%")],
)
def test_all_changes_are_noticed_only_where_they_are(
    killed: int, survived: int, told: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    made = bench(tmp_path, JUST)
    one = next(mutants(made))
    found = Mutation("base", (one,) * killed, (one,) * survived, ())
    monkeypatch.setattr("policyengine.tools.test.mutate.mutation", lambda _: found)
    result = CliRunner().invoke(main, ["test", made.folder, "--mutate"])
    assert f"base: changes noticed: {told}" in result.stdout.splitlines()
