"""A name changed in all packs, rules and cases: the law stays the same but for the name, or it is refused."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest

from policyengine.language.printer import print_statement
from policyengine.lsp.library import Library
from policyengine.lsp.mentions import Mention, mentions
from policyengine.lsp.places import used
from policyengine.lsp.rename import Refused, name_at, renamed
from policyengine.messages import speak
from policyengine.packs.policies import load_policies
from policyengine.tools.test.run import benches, run
from tests.lsp.support import POLICIES, opened
from tests.packs_floor.test_instead import applied

BASE = """\
pack: base
title: 基础
level: province
authority: 省厅
sources:
  law: {title: 办法, number: 〔2016〕1号, confidence: seen}
  old-law: {title: 旧办法, confidence: remembered}
vocabulary:
  terms:
    form: {training: {zh: 培训班, aliases: [培训]}, distance: 远程教育}
    subject: {public: 公需科目, professional: 专业科目}
    sector: {accounting: 会计, medical: 卫生}
    circumstance: {maternity: {zh: 产假, leave: true}}
  measures:
    face_to_face: {zh: 面授学时, aliases: [面授]}
  regimes: {medical_education: 继续医学教育}
  conclusions: {not_excellent: 不得评优}
  flags: {late: '迟到'}
fields:
  record:
    cost: {zh: 费用, type: number, unit: yuan, min: 0, max: 1000}
quantities:
  hours: {min: 0, max: 1000}
tables:
  bases:
    file: tables/bases.csv
    columns: {provider: {role: key, type: text}}
not_decidable:
  - {at: 第九条, why: 没有写, source: law}
"""
RULES = """\
- id: annual-hours  # 年度学时
  cites: {source: law, at: 第一条}
  change: delegated
  rule: 要求 每年 总学时 不少于 90 学时
- id: counted
  cites: "law 第二条"
  from: 2010
  rule: >-
    折算 培训班、远程教育
    按 标定学时
- {id: taken, cites: {source: 'old-law', at: 一}, rule: 'recognise training, distance when provider in bases'}
- {id: face, cites: law 第三条, rule: '计量 面授学时：培训班 的 学时'}
- {id: face-hours, cites: law 第三条, rule: expect face to face at least 10 hours per year}
- {id: eased, cites: law 第四条, rule: 核减 annual-hours 休假 每满一个月 减 1/12}
- {id: early, cites: law 第二条, until: 2009, rule: 折算 培训班 按 标定学时}
- {id: given, cites: law 第五条, rule: 授权 继续医学教育}
- {id: end, cites: law 第六条, rule: 结论 不得评优 当 未完成 且 annual-hours未完成 或 annual-hours连续2年未完成}
- {id: marked, cites: law 第七条, rule: flag late when cost > 100 yuan}
"""
CASE = """\
- case: 没有完成
  person: {sector: 会计}
  records: [{id: R1, date: 2018-05-01, form: 培训, quantity: 20, unit: 学时, provider: 学院, cost: 200}]
  period: 2018
  expect:
    outcome: not_met
    findings: {annual-hours: {status: not_met, shortfall: 70}, base/face-hours: {achieved: 20}}
    records: {R1: {convert_rule: counted@2010, recognise_rule: base/taken, flags: [迟到]}}
    measures: {面授学时: 20}
    consequences: [not_excellent]
    flags: [late]
"""
UPPER = """\
pack: upper
title: 会计
level: sector
authority: 财政厅
extends: base
applies: 行业 = 会计
sources:
  law: {title: 会计办法, number: 〔2018〕2号, confidence: seen}
vocabulary:
  measures: {face_to_face: {aliases: [现场]}, distance_hours: 远程学时}
"""
UPPER_RULES = """\
- {id: annual-hours, cites: law 第一条, rule: 'override base/annual-hours: 要求 每年 总学时 不少于 100 学时'}
- {id: more, cites: law 第二条, rule: 一般要求 每年 面授学时 不少于 5 学时 当 行业 = 会计}
- {id: far, cites: law 第三条, rule: 计量 远程学时：远程教育 的 学时}
- {id: far-hours, cites: law 第三条, rule: 一般要求 每年 远程学时 不少于 5 学时}
- {id: less, cites: law 第四条, rule: 核减 annual-hours 减 1 学时 当 行业 = 会计}
- {id: held, cites: law 五, rule: conclude not_excellent when base/annual-hours not met and annual-hours not excused}
"""
UPPER_CASE = """\
- case: 会计
  person: {sector: 会计}
  records: [{id: R1, date: 2018-05-01, form: 培训班, quantity: 95, unit: 学时, provider: 学院}]
  period: 2018
  expect:
    outcome: not_met
    findings: {annual-hours: {required: 99}, more: {status: met}}
    measures: {现场: 95, 远程学时: 0}
"""
OTHER = (
    UPPER.replace("pack: upper", "pack: other")
    .replace("会计", "卫生")
    .replace("sources:", "regimes: [medical_education]\nsources:")
)
OTHER = OTHER.replace("face_to_face: {aliases: [现场]}, ", "")
OTHER_RULES = """\
- {id: own-hours, cites: law 第一条, rule: 要求 每年 远程学时 不少于 1 学时}
- {id: far, cites: law 第三条, rule: 计量 远程学时：远程教育 的 学时}
- {id: away, cites: law 第一条, rule: drop base/annual-hours}
"""
FILES = {
    "base/pack.yaml": BASE, "base/rules.yaml": RULES, "base/tests/t.yaml": CASE,
    "base/tables/bases.csv": "provider\n学院\n",
    "upper/pack.yaml": UPPER, "upper/rules.yaml": UPPER_RULES, "upper/tests/t.yaml": UPPER_CASE,
    "other/pack.yaml": OTHER, "other/rules.yaml": OTHER_RULES,
}  # fmt: skip


@pytest.fixture
def place(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.chdir(tmp_path)
    for name, text in FILES.items():
        path = Path("policies") / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text, encoding="utf-8")
    return Path("policies")


def at(text: str, within: str, word: str) -> tuple[int, int]:
    """Line and column of a word in the first place where ``within`` stands."""
    start = text.index(within) + within.index(word)
    return text.count("\n", 0, start) + 1, start - text.rfind("\n", 0, start)


def rename(place: Path, file: str, within: str, word: str, new: str) -> dict[str, str]:
    """The files that change, as they are then."""
    path, library = place / file, Library()
    name = name_at(path, {}, library, *at(path.read_text(encoding="utf-8"), within, word))
    assert name is not None
    files: dict[str, bytes] = {}
    places = renamed(name, new, {}, library)
    for one in sorted(places, key=lambda r: (r.span.line, r.span.column), reverse=True):
        before = files.get(one.span.file) or Path(one.span.file).read_bytes()
        files[one.span.file] = applied(before, one)
    return {Path(file).relative_to(place).as_posix(): data.decode() for file, data in files.items()}


def without(file: str, old: str, new: str, *others: tuple[str, str]) -> dict[str, str]:
    text = FILES[file]
    for one, other in ((old, new), *others):
        assert one in text, one
        text = text.replace(one, other)
    return {file: text}


# where the name stands (file, text, word), the new one, and the files that are then otherwise, worked by hand
RENAMES = [
    ("base/rules.yaml", "- id: annual-hours", "annual-hours", "yearly", {
        **without("base/rules.yaml", "id: annual-hours", "id: yearly", ("核减 annual-hours", "核减 yearly"),
                  ("annual-hours未完成", "yearly未完成"), ("annual-hours连续", "yearly连续")),
        **without("base/tests/t.yaml", "annual-hours", "yearly"),
        **without("upper/rules.yaml", "base/annual-hours", "base/yearly"),
        **without("other/rules.yaml", "base/annual-hours", "base/yearly"),
    }),
    ("upper/rules.yaml", "核减 annual-hours", "annual-hours", "yearly", {
        **without("upper/rules.yaml", "id: annual-hours", "id: yearly", ("核减 annual-hours", "核减 yearly"),
                  ("and annual-hours not", "and yearly not")),
        **without("upper/tests/t.yaml", "annual-hours", "yearly"),
    }),
    ("upper/rules.yaml", "when base/annual-hours", "annual-hours", "yearly", {
        **without("base/rules.yaml", "id: annual-hours", "id: yearly", ("核减 annual-hours", "核减 yearly"),
                  ("annual-hours未完成", "yearly未完成"), ("annual-hours连续", "yearly连续")),
        **without("base/tests/t.yaml", "annual-hours", "yearly"),
        **without("upper/rules.yaml", "base/annual-hours", "base/yearly"),
        **without("other/rules.yaml", "base/annual-hours", "base/yearly"),
    }),
    ("base/rules.yaml", "id: counted", "counted", "as-stated", {
        **without("base/rules.yaml", "id: counted", "id: as-stated"),
        **without("base/tests/t.yaml", "counted@", "as-stated@"),
    }),
    ("base/tests/t.yaml", "base/taken", "taken", "t-2", {
        **without("base/rules.yaml", "id: taken", "id: t-2"), **without("base/tests/t.yaml", "base/taken", "base/t-2"),
    }),
    ("base/pack.yaml", "face_to_face", "face_to_face", "in_person", {
        **without("base/pack.yaml", "face_to_face", "in_person"),
        **without("upper/pack.yaml", "face_to_face", "in_person"),
        **without("base/rules.yaml", "face to face", "in_person"),
    }),
    ("upper/rules.yaml", "面授学时 不少于", "面授学时", "现场学时", {
        **without("base/pack.yaml", "面授学时", "现场学时"), **without("base/rules.yaml", "面授学时", "现场学时"),
        **without("base/tests/t.yaml", "面授学时", "现场学时"), **without("upper/rules.yaml", "面授学时", "现场学时"),
    }),
    ("upper/pack.yaml", "[现场]", "现场", "当面", {
        **without("upper/pack.yaml", "现场", "当面"), **without("upper/tests/t.yaml", "现场", "当面"),
    }),
    ("upper/rules.yaml", "计量 远程学时", "远程学时", "线上学时", {  # the other pack has one of its own
        **without("upper/pack.yaml", "远程学时", "线上学时"), **without("upper/rules.yaml", "远程学时", "线上学时"),
        **without("upper/tests/t.yaml", "远程学时", "线上学时"),
    }),
    ("other/pack.yaml", "medical_education", "medical_education", "medicine", {
        **without("base/pack.yaml", "medical_education", "medicine"),
        **without("other/pack.yaml", "medical_education", "medicine"),
    }),
    ("base/rules.yaml", "不得评优", "不得评优", "不能评优", {
        **without("base/pack.yaml", "不得评优", "不能评优"), **without("base/rules.yaml", "不得评优", "不能评优"),
    }),
    ("base/pack.yaml", "late", "late", "tardy", {
        **without("base/pack.yaml", "{late", "{tardy"), **without("base/rules.yaml", "flag late", "flag tardy"),
        **without("base/tests/t.yaml", "[late]", "[tardy]"),
    }),
    ("base/pack.yaml", "'迟到'", "迟到", "晚到", {
        **without("base/pack.yaml", "迟到", "晚到"), **without("base/tests/t.yaml", "迟到", "晚到"),
    }),
    ("base/rules.yaml", "in bases", "bases", "places", {
        **without("base/pack.yaml", "  bases:", "  places:"), **without("base/rules.yaml", "in bases", "in places"),
    }),
    ("base/rules.yaml", "'old-law'", "old-law", "law-1995", {
        **without("base/pack.yaml", "old-law", "law-1995"), **without("base/rules.yaml", "old-law", "law-1995"),
    }),
    ("base/rules.yaml", '"law ', "law", "act", {
        **without("base/pack.yaml", "  law:", "  act:", ("source: law", "source: act")),
        **without("base/rules.yaml", "cites: law ", "cites: act ", ("source: law", "source: act"), ('"law ', '"act ')),
    }),
]  # fmt: skip


@pytest.mark.parametrize(("file", "within", "word", "new", "wanted"), RENAMES)
def test_every_place_that_names_it_and_no_other_is_changed(
    place: Path, file: str, within: str, word: str, new: str, wanted: dict[str, str]
) -> None:
    assert rename(place, file, within, word, new) == wanted


# … and what is refused, with the sentence that says why
REFUSED: list[tuple[str, str, str, str, str]] = [
    (
        "base/rules.yaml",
        "- id: annual-hours",
        "annual-hours",
        "face-hours",
        "PE301 policies/base/rules.yaml:13:8: two vers",
    ),
    (
        "base/rules.yaml",
        "- id: annual-hours",
        "annual-hours",
        "year",
        "PE140 policies/base/rules.yaml:1:7: “excuse year”",
    ),
    (
        "base/rules.yaml",
        "- id: annual-hours",
        "annual-hours",
        "年度",
        "PE122 policies/base/rules.yaml:1:7: “id” can't be",
    ),
    ("base/rules.yaml", "- id: annual-hours", "annual-hours", "a: b", "“a: b” can't be written at policies/base/rules"),
    (
        "base/rules.yaml",
        "- id: annual-hours",
        "annual-hours",
        " ",
        "“” can't be written at policies/base/rules.yaml:1:7",
    ),
    ("base/rules.yaml", "id: counted", "counted", "early", "there is a rule base/early already"),
    ("upper/rules.yaml", "id: far,", "far", "annual-hours", "PE301 policies/upper/rules.yaml"),
    ("upper/rules.yaml", "id: annual-hours", "annual-hours", "less", "PE301 policies/upper/rules.yaml"),
    ("base/pack.yaml", "{not_excellent", "not_excellent", "BAD", "PE122 policies/base/pack.yaml:17:17: a name can't"),
    ("base/pack.yaml", "{late", "late", "null", "PE122 policies/base/tests/t.yaml:11"),
    ("base/pack.yaml", "'迟到'", "迟到", "null", "PE122 policies/base/tests/t.yaml:8"),
    ("base/rules.yaml", "计量 面授学时", "面授学时", "null", "PE122 policies/base/pack.yaml:15:24: “zh” can't be null"),
    ("base/rules.yaml", "计量 面授学时", "面授学时", "总学时", "PE140 policies/base/pack.yaml:15:5: in rules “总学时”"),
    (
        "base/rules.yaml",
        "计量 面授学时",
        "面授学时",
        "培训班",
        "PE204 policies/upper/rules.yaml:2:44: “培训班” can mean",
    ),
    (
        "upper/rules.yaml",
        "计量 远程学时",
        "远程学时",
        "面授学时",
        "PE140 policies/upper/pack.yaml:10:45: “面授学时” would",
    ),
    ("base/pack.yaml", "  law: {", "law", "old-law", "PE111 policies/base/pack.yaml"),
    ("base/rules.yaml", "培训班", "培训班", "训练班", "form.training is what files of records and persons say"),
    ("base/pack.yaml", "    cost:", "cost", "price", "cost is what files of records and persons say"),
]


@pytest.mark.parametrize(("file", "within", "word", "new", "said"), REFUSED)
def test_what_would_mean_something_else_is_refused(
    place: Path, file: str, within: str, word: str, new: str, said: str
) -> None:
    before = {name: (place / name).read_bytes() for name in FILES}
    with pytest.raises(Refused) as refused:
        rename(place, file, within, word, new)
    assert str(refused.value).startswith(said)
    assert {name: (place / name).read_bytes() for name in FILES} == before


@pytest.mark.parametrize(
    ("file", "within", "word"),
    [
        ("base/pack.yaml", "pack: base", "base"),
        ("upper/rules.yaml", "base/annual", "base"),
        ("base/rules.yaml", "要求", "要求"),
    ],
)
def test_what_is_no_name_of_these_has_none(place: Path, file: str, within: str, word: str) -> None:
    text = FILES[file]
    assert name_at(place / file, {}, Library(), *at(text, within, word)) is None


USES = [  # where the cursor is, and the lines that name the same, by file: rules, declarations, citations, cases
    ("upper/rules.yaml", "计量 远程学时", "远程",  # and not that of the other pack
     {"upper/pack.yaml": [10, 10], "upper/rules.yaml": [3, 4], "upper/tests/t.yaml": [8]}),
    ("base/pack.yaml", "  old-law", "old-law", {"base/pack.yaml": [7], "base/rules.yaml": [11]}),
    ("upper/rules.yaml", "cites: law", "law", {"upper/pack.yaml": [8], "upper/rules.yaml": [1, 2, 3, 4, 5, 6]}),
    ("base/pack.yaml", "not_excellent", "not_excellent",
     {"base/pack.yaml": [17, 17], "base/rules.yaml": [17], "base/tests/t.yaml": [10], "upper/rules.yaml": [6]}),
    ("base/rules.yaml", "- id: annual-hours", "annual-hours",
     {"base/rules.yaml": [1, 14, 17, 17], "base/tests/t.yaml": [7], "upper/rules.yaml": [1, 6],
      "other/rules.yaml": [3]}),
]  # fmt: skip


@pytest.mark.parametrize(("file", "within", "word", "wanted"), USES)
def test_where_it_is_named(place: Path, file: str, within: str, word: str, wanted: dict[str, list[int]]) -> None:
    document, packs, library = opened(place / file)
    found = used(document, packs, library, *at(FILES[file], within, word))
    lines: dict[str, list[int]] = {}
    for span in found:
        lines.setdefault(Path(span.file).relative_to(place).as_posix(), []).append(span.line)
    assert {name: sorted(them) for name, them in lines.items()} == wanted


@pytest.mark.parametrize(
    ("language", "said"),
    [
        ("en", "“more” at policies/upper/rules.yaml:7:40 would then mean upper/more"),
        ("zh", "policies/upper/rules.yaml:7:40 处的“more”就会指 upper/more"),
    ],
)
def test_the_place_that_would_mean_something_else_is_named(place: Path, language: str, said: str) -> None:
    """A bare name means the rule of its own pack, where that has one of the name."""
    with (place / "upper/rules.yaml").open("a", encoding="utf-8") as file:
        file.write("- {id: fewer, cites: law 第五条, rule: 核减 face-hours 减 1 学时}\n")
    speak(language)
    try:
        with pytest.raises(Refused) as refused:
            rename(place, "base/rules.yaml", "id: face-hours", "face-hours", "more")
    finally:
        speak("en")
    assert str(refused.value) == said


def test_packs_with_mistakes_are_mended_first(place: Path) -> None:
    """Nobody knows what a rule names that can't be read; here one of another pack, in a text that is not saved."""
    texts = {str((place / "other/rules.yaml").resolve()): OTHER_RULES.replace("远程学时", "远程时").encode()}
    path, library = place / "upper/rules.yaml", Library()
    name = name_at(path, texts, library, *at(UPPER_RULES, "id: more", "more"))
    assert name is not None
    speak("zh")
    try:
        with pytest.raises(Refused, match=r"^请先改正 policies/other/rules\.yaml:1:"):
            renamed(name, "extra", texts, library)
    finally:
        speak("en")
    name = name_at(path, {}, library, *at(UPPER_RULES, "id: more", "more"))
    assert name is not None
    assert len(renamed(name, "extra", {}, library)) == 2


def said(folder: Path) -> list[str]:
    """All that governs, in both surfaces."""
    policies, problems = load_policies(folder)
    assert [d for d in problems if d.severity == "error"] == []
    return [
        f"{p.id} {g.name} {g.rule.name} {[r.name for r in g.over]} {g.start} {g.until}"
        + " | ".join(print_statement(g.statement, p.vocabulary, surface) for surface in ("zh", "en"))
        for p in policies
        for g in p.governing
    ]


def passes(folder: Path) -> int:
    """How many cases hold; all must."""
    found, problems = benches([folder])
    assert problems == []
    results = [case for bench in found for case in run(bench).cases]
    assert [c.differences for c in results if not c.passed] == []
    return len(results)


def renameable(folder: Path) -> list[Mention]:
    """One place of each name of each thing that can be called otherwise."""
    found = {(m.thing, m.name): m for m in mentions(folder, Library()) if m.thing[0] not in ("term", "field")}
    return list(found.values())


def stays_the_same(folder: Path, m: Mention, law: list[str], cases: int) -> None:
    """Calls a thing otherwise: the same governs but for the name, and the cases come out as before."""
    library = Library()
    new = (
        "新的名称" if not m.written.isascii() else "quite_new" if m.thing[0] not in ("rule", "source") else "quite-new"
    )
    name = name_at(Path(m.document.file), {}, library, m.span.line, m.span.column)
    assert name is not None
    for one in sorted(renamed(name, new, {}, library), key=lambda r: (r.span.line, r.span.column), reverse=True):
        path = Path(one.span.file)
        path.write_bytes(applied(path.read_bytes(), one))
    assert [line.replace(new, m.written) for line in said(folder)] == law
    assert passes(folder) == cases


def test_every_name_can_be_changed_and_the_law_stays_the_same(place: Path) -> None:
    names, law, cases = renameable(place), said(place), passes(place)
    assert len(names) > 30
    for m in names:
        for name, text in FILES.items():
            (place / name).write_text(text, encoding="utf-8")
        stays_the_same(place, m, law, cases)


@pytest.mark.parametrize(
    ("kind", "written"), [("rule", "annual-hours"), ("measure", "public_theme"), ("source", "opinion-2016")]
)
def test_names_of_real_packs(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, kind: str, written: str) -> None:
    monkeypatch.chdir(tmp_path)
    for pack in ("national", "sichuan", "sectors/accounting"):
        shutil.copytree(POLICIES / pack, Path("policies") / pack)
    folder = Path("policies")
    m = next(m for m in renameable(folder) if m.thing == (kind, f"sichuan/{written}") and m.written == written)
    stays_the_same(folder, m, said(folder), passes(folder))
