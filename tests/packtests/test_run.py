"""``test`` on small packs: what passes, what is shown of what does not, in every place a case can look at."""

from __future__ import annotations

import errno
from pathlib import Path
from xml.etree import ElementTree

import pytest
from click.testing import CliRunner

from policyengine.cli import main
from policyengine.tools.test.run import benches, run
from tests.prove.packs import write

RULES = [
    ("classes", "认定 培训班、论文 须有 学习证明"),
    ("hours", "折算 培训班 按 标定学时"),
    ("papers", "折算 论文 每千字 计 2 学时"),
    ("paper-cap", "限额 论文 每年 不超过 10 学时"),
    ("annual", "要求 每年 总学时 不少于 20 学时"),
    ("professional", "一般要求 每年 专业科目 不少于 15 学时"),
    ("lectures", "计量 讲座量：论文 的 学时"),
    ("leave", "核减 annual 休假 每满一个月 减 1/12"),
    ("long-leave", "免除 本年 当 休假 持续 不少于 6 个月"),
    ("not-excellent", "结论 not_excellent「不得评优」当 未完成 且 单位性质 = 国家机关"),
    ("fee", "标记 收费「不得收费」当 收费金额 > 0 元"),
]

# 培训班 16 with proof; 论文 8000 characters = 16, cut to 10; total 26; professional 16
GOOD = """\
- case: {name}
  cites: 第一条
  person: {{单位性质: 国家机关}}
  period: 2018
  records:
    - {{日期: 2018年3月1日, 学习形式: 培训班, 科目: 专业科目, 数量: 16学时, 学习证明: 证1}}
    - {{id: P, 日期: 2018-05-01, 学习形式: 论文, 科目: 公需科目, 数量: 8000, 单位: 字, 学习证明: 证2, 收费金额: 5}}
    - {{date: 2018-06-01, form: training, quantity: 4, unit: hours}}
  expect:
    {expect}
"""

# where a case looks → what it expects, what comes out instead of something wrong
RIGHT = {
    "outcome": "outcome: 完成",
    "outcome in English": "outcome: met",
    "total": "total: 26",
    "total as a fraction": "total: 52/2",
    "total as bounds": "total: [26, 26]",
    "required": "required: 20",
    "shortfall": "shortfall: 0",
    "capped_off": "capped_off: 6",
    "subjects": "subjects: {专业科目: 16, public: 10}",
    "measures": "measures: {讲座量: 10}",
    "advisories": "advisories: []",
    "consequences": "consequences: []",
    "possible": "possible: []",
    "flags": "flags: [收费]",
    "missing": "missing: []",
    "finding": "findings: {annual: {status: met, required: 20, achieved: 26, shortfall: 0, carried: 0}}",
    "finding by its full name": "findings: {base/annual: {required_before: 20}}",
    "record": "records: {P: {converted: 16, counted: 10, reason: 限额扣减, cap_rule: paper-cap, flags: fee_charged}}",
    "record by its place": "records: {R1: {reason: counted, recognise_rule: classes, convert_rule: base/hours}}",
    "rejected record": "records: {R3: {counted: 0, reason: rejected}}",
}
WRONG = {
    "outcome: 未完成": ("2018 outcome", "not_met", "met"),
    "total: 25": ("2018 total", "25", "26"),
    "total: [20, null]": ("2018 total", "[20, null]", "26"),
    "capped_off: 0": ("2018 capped_off", "0", "6"),
    "subjects: {公需科目: 16}": ("2018 subjects public", "16", "10"),
    "measures: {讲座量: 16}": ("2018 measures lectures", "16", "10"),
    "consequences: 不得评优": ("2018 consequences", "[not_excellent]", "[]"),
    "advisories: [professional]": ("2018 advisories", "[professional]", "[]"),
    "flags: []": ("2018 flags", "[]", "[fee_charged]"),
    "findings: {annual: {status: 待定}}": ("2018 findings annual status", "undetermined", "met"),
    "findings: {annual: {because: [leave]}}": ("2018 findings annual because", "at least [leave]", "[]"),
    "records: {R3: {reason: 缺少事实}}": ("2018 records R3 reason", "missing_fact", "rejected"),
    "records: {R1: {convert_rule: papers}}": ("2018 records R1 convert_rule", "papers", "base/hours@2016"),
}


def pack(root: Path, *expectations: str) -> Path:
    folder = write(root, RULES)
    (folder / "tests").mkdir()
    cases = "\n".join(GOOD.format(name=f"case {n}", expect=e) for n, e in enumerate(expectations))
    (folder / "tests" / "cases.yaml").write_text(cases, encoding="utf-8")
    return folder


@pytest.mark.parametrize("where", RIGHT)
def test_what_comes_out_as_expected(where: str, tmp_path: Path) -> None:
    (bench,), problems = benches([pack(tmp_path, RIGHT[where])])
    assert problems == []
    assert [c.differences for c in run(bench).cases] == [()]


@pytest.mark.parametrize("expect", WRONG)
def test_what_comes_out_otherwise_is_told(expect: str, tmp_path: Path) -> None:
    (bench,), problems = benches([pack(tmp_path, expect)])
    assert problems == []
    (result,) = run(bench).cases
    assert [(d.where, d.wanted, d.actual) for d in result.differences] == [WRONG[expect]]
    assert result.differences[0].span is not None
    assert result.differences[0].span.line == 10
    assert "26 / 20" in result.explanation


MORE = """\
- case: 半年以上的产假，免除
  circumstances: [{kind: 产假, from: 2018-01-01, to: 2018-08-31}]
  period: 2018
  expect: {outcome: 已免除, findings: {annual: {status: excused, circumstance: 产假, because: long-leave}}}
- case: 两个月的病假，核减两个月
  circumstances: [{kind: illness, from: 2018-01-01, to: 2018-02-28}]
  period: 2018
  expect: {findings: {annual: {required_before: 20, required: 50/3, because: [leave]}}}
- case: 单位性质不详
  period: 2018
  expect: {outcome: not_met, consequences: [], possible: 不得评优}
- case: 年度未结束
  period: 2018
  as_of: 2018-10-01
  expect: {outcome: 进行中, days_left: 91, shortfall: 20}
- case: 缺数量的记录，计入多少不定
  period: 2018
  records: [{日期: 2018-03-01, 学习形式: 培训班, 单位: 学时, 学习证明: 1}]
  expect: {outcome: 待定, total: [0, 1000], missing: R1:quantity, records: {R1: {counted: [0, 1000]}}}
- case: 两个年度
  records: [{日期: 2019-03-01, 学习形式: 培训班, 数量: 20, 单位: 学时, 学习证明: 1}]
  expect_by_period: {2018: {outcome: 未完成, total: 0}, 2019: {outcome: 完成, records: {R1: {counted: 20}}}}
"""


def test_circumstances_days_bounds_and_several_periods(tmp_path: Path) -> None:
    folder = pack(tmp_path, "total: 26")
    (folder / "tests" / "more.yaml").write_text(MORE, encoding="utf-8")
    (bench,), problems = benches([folder])
    assert problems == []
    assert {c.case.name: c.differences for c in run(bench).cases if not c.passed} == {}


def test_an_override_answers_to_the_name_of_what_it_overrides(tmp_path: Path) -> None:
    folder = write(tmp_path, RULES, [("more", "替代 base/annual：要求 每年 总学时 不少于 30 学时")])
    (folder / "tests").mkdir()
    (folder / "tests" / "t.yaml").write_text(
        "- case: a\n  person: {行业: 会计}\n  period: 2018\n"
        "  expect: {findings: {annual: {required: 30}, more: {required_base: 20, shortfall: 30}}}\n"
    )
    (bench,), problems = benches([folder])
    assert problems == []
    assert run(bench).failed == 0


# --- the command ------------------------------------------------------------------------------------------------------


def command(*arguments: str) -> tuple[int, str, str]:
    result = CliRunner().invoke(main, ["test", *arguments])
    return result.exit_code, result.stdout, result.stderr


def test_the_command_on_a_failure(tmp_path: Path) -> None:
    folder, xml = pack(tmp_path, "total: 26", "total: 25"), tmp_path / "out.xml"
    code, out, err = command(str(folder), "--junit", str(xml))
    assert code == 1
    lines = out.splitlines()
    assert lines[0] == "base: 1 passed, 1 failed"
    assert lines[2].endswith("tests/cases.yaml:12: case 1 (第一条)")
    assert lines[3] == "    2018 total  expected 25, got 26"
    assert any("├─" in line for line in lines[4:])
    assert err.strip() == "2 cases in 1 pack: 1 passed, 1 failed"
    root = ElementTree.fromstring(xml.read_bytes())
    assert (root.get("tests"), root.get("failures")) == ("2", "1")
    failure = root.find("testsuite/testcase[@name='case 1']/failure")
    assert failure is not None
    assert failure.get("message") == "2018 total  expected 25, got 26"
    assert root.find("testsuite[@name='base']/testcase[@name='case 0']/failure") is None


def test_the_command_in_chinese(tmp_path: Path) -> None:
    code, out, _ = command(str(pack(tmp_path, "outcome: 未完成")), "--lang", "zh")
    assert code == 1
    assert "2018 outcome  应为 未完成，实为 完成" in out


def test_a_cell_that_cannot_be_read(tmp_path: Path) -> None:
    folder, xml = pack(tmp_path, "total: 26"), tmp_path / "made" / "out.xml"
    path = folder / "tests" / "cases.yaml"
    path.write_text(path.read_text().replace("2018-05-01", "2018-02-30"))
    code, out, err = command(str(folder), "--junit", str(xml))
    assert code == 1
    assert "PE610" in err
    assert "P: " in err
    assert out.splitlines()[0] == "base: 0 passed"
    assert err.splitlines()[-1] == "0 cases in 1 pack: 0 passed, 0 failed; 1 error, whose cases were not run"
    root = ElementTree.fromstring(xml.read_bytes())
    assert [root.get(n) for n in ("tests", "failures", "errors")] == ["1", "0", "1"]
    case = root.find("testsuite[@name='could not be read']/testcase")
    assert case is not None
    assert (case.get("file"), case.get("line")) == (str(path), "1")
    error = case.find("error")
    assert error is not None
    assert error.get("type") == "PE610"
    assert str(error.text).startswith(f"{path}:1:")


def test_a_column_is_named_in_the_language_spoken(tmp_path: Path) -> None:
    folder = pack(tmp_path, "total: 26")
    path = folder / "tests" / "cases.yaml"
    path.write_text(path.read_text().replace("2018-05-01", "2018-02-30"))
    assert "：日期“2018-02-30”：日历上没有这一天" in command(str(folder), "--lang", "zh")[2]
    assert ": date '2018-02-30': there is no such day" in command(str(folder))[2]


def test_a_file_of_results_is_written_whole_or_not_at_all(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    folder, xml = pack(tmp_path, "total: 26"), tmp_path / "out.xml"
    xml.write_bytes(b"of yesterday")
    write_bytes = Path.write_bytes

    def full(self: Path, data: bytes) -> int:
        write_bytes(self, data[:10])
        raise OSError(errno.ENOSPC, "No space left on device")

    monkeypatch.setattr(Path, "write_bytes", full)
    assert command(str(folder), "--junit", str(xml))[0] == 2
    assert xml.read_bytes() == b"of yesterday"
    assert sorted(p.name for p in tmp_path.iterdir()) == ["out.xml", "policies"]


def test_a_pack_without_tests_is_a_warning(tmp_path: Path) -> None:
    code, out, err = command(str(write(tmp_path, RULES)))
    assert (code, out) == (0, "base: 0 passed\n")
    assert "PE611" in err


def test_a_pack_with_errors_fails(tmp_path: Path) -> None:
    folder = write(tmp_path, [("it", "要求 每年 总学时 不少于 90 字")])
    code, _, err = command(str(folder))
    assert code == 1
    assert "error PE2" in err


def test_no_pack_at_the_path(tmp_path: Path) -> None:
    code, out, err = command(str(tmp_path))
    assert (code, out) == (2, "")
    assert "PE130" in err


def test_a_pack_whose_tests_can_not_be_read_is_not_said_to_have_none(tmp_path: Path) -> None:
    folder = write(tmp_path, RULES)
    (folder / "tests").mkdir(exist_ok=True)
    (folder / "tests" / "cases.yaml").write_text("- {case: a, periods: 2018}\n")
    code, _, err = command(str(folder))
    assert code == 1
    assert "PE120" in err
    assert "PE611" not in err
