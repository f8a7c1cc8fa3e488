"""What mends a message at once: exactly one text in exactly one place, and nowhere else; the rest of the file stays."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

from policyengine.diagnostics import Diagnostic, Replacement
from policyengine.lsp.problems import by_file, problems
from policyengine.tools.check import check
from tests.packs_floor.folder import PACK, UPPER, rule, write

BASE = PACK.replace("cost: {", "party: {zh: 举办方, type: term, terms: level}\n    cost: {").replace(
    "authority: ", "authority:  "
)
ANNUAL = rule("annual-hours", "要求 每年 总学时 不少于 90 学时", change="delegated")
OTHERS = """\
- id: counted
  cites: law 第二条
  rule: >-
    折算 培训班、远程教育
    按 标定学时
- id: face
  cites: "law 第三条"
  rule: "计量 面授：培训班 的 学时\\n当 级别 = 国家级"
- {id: eased, cites: {source: law, at: 第四条}, rule: 核减 annual-hours 休假 每满一个月 减 1/12}
- {id: given, cites: law 第六条, rule: 授权 继续医学教育}
- id: recognised
  cites: {source: old, at: 第五条}
  rule: recognise training, distance
    when evidence is present
"""
CASE = """\
- case: 完成
  person: {sector: 会计}
  records: [{id: R1, date: 2018-05-01, form: 培训班, quantity: 90, unit: 学时, evidence: x}]
  period: 2018
  expect: {outcome: met, findings: {annual-hours: {status: met}}, measures: {face_to_face: 0}}
"""
OWN = "override base/annual-hours: 要求 每年 总学时 不少于 100 学时"
FILES = {
    "base/pack.yaml": BASE, "base/rules.yaml": ANNUAL, "base/rules-more.yaml": OTHERS, "base/tests/t.yaml": CASE,
    "upper/pack.yaml": UPPER.replace("sources:", "regimes: [medical]\nsources:"),
    "upper/rules.yaml": rule("own-hours", OWN, source="own"),
}  # fmt: skip


def applied(data: bytes, instead: Replacement) -> bytes:
    """The file with its mend, as a program would make it that knows only lines and columns."""
    text = data.decode("utf-8-sig")
    ends = [0, *(i + 1 for i, char in enumerate(text) if char == "\n")]
    span = instead.span
    start, end = ends[span.line - 1] + span.column - 1, ends[span.end_line - 1] + span.end_column - 1
    mark = b"\xef\xbb\xbf" if data.startswith(b"\xef\xbb\xbf") else b""
    return mark + (text[:start] + instead.text + text[end:]).encode()


def wrong(folder: Path) -> list[Diagnostic]:
    return [d for d in check([folder]) if d.severity != "note"]


# file, what is sound there, what stands in its place, the code of what is told
SLIPS = [
    ("base/pack.yaml", "level: province\n", "levle: province\n", "PE120"),
    ("base/pack.yaml", "quantities:", "'quantites':", "PE120"),
    ("base/pack.yaml", "level: province", "level: provinse", "PE122"),
    ("base/pack.yaml", "zh: 级别, type: term", "zh: 级别, type: 'trem'", "PE122"),
    ("base/pack.yaml", "confidence: remembered", 'confidence: "remembred"', "PE122"),
    ("base/pack.yaml", "    sector: {acc", "    setcor: {acc", "PE142"),
    ("base/pack.yaml", "terms: level", "terms: levle", "PE142"),
    ("base/pack.yaml", "authority:  省厅", "authority： 省厅", "PE106"),
    ("base/pack.yaml", "year_starts: 01", "year_starts:01", "PE106"),
    ("base/pack.yaml", "year_starts: 01", "year_starts:\u300001", "PE106"),
    ("base/pack.yaml", "authority:  省厅", "authority:  省\u200b厅", "PE104"),
    ("base/pack.yaml", "authority:  省厅", "authority:\t省厅", "PE105"),
    ("base/rules.yaml", "- id: annual-hours", "－ id: annual-hours", "PE106"),
    ("base/rules.yaml", "- id: annual-hours", "-id: annual-hours", "PE106"),
    ("base/rules.yaml", "change: delegated", "change: delegatd", "PE122"),
    ("base/rules.yaml", "source: law", "source: laaw", "PE160"),
    ("base/rules-more.yaml", '"law ', '"laaw ', "PE160"),
    ("base/rules.yaml", "90 学时", "九十 学时", "PE208"),
    ("base/rules.yaml", "总学时", "總學時", "PE201"),
    ("base/rules-more.yaml", "远程教育\n", "远程教学育\n", "PE201"),
    ("base/rules-more.yaml", "级别 = 国家级", "级别 = 国家家级", "PE201"),
    ("base/rules-more.yaml", "核减 annual-hours", "核减 annual-horus", "PE241"),
    ("base/rules-more.yaml", "evidence is", "evidense is", "PE201"),
    ("base/rules-more.yaml", "is present", "is not missing", "PE200"),
    ("base/tests/t.yaml", "findings: {annual-hours", "findings: {anual-hours", "PE180"),
    ("base/tests/t.yaml", "face_to_face", "fcae_to_face", "PE180"),
    ("base/tests/t.yaml", "{sector: 会计}", "{ssector: 会计}", "PE180"),
    ("upper/pack.yaml", "extends: base", "extends: basse", "PE131"),
    ("upper/pack.yaml", "行业 = 会计", "行业 = 会计计", "PE201"),
    ("upper/pack.yaml", "[medical]", "[medcial]", "PE145"),
    ("upper/rules.yaml", "base/annual-hours", "base/anual-hours", "PE310"),
    ("upper/rules.yaml", "base/annual-hours", "bsae/annual-hours", "PE310"),
    ("upper/rules.yaml", "100 学时", "一百 学时", "PE208"),
]

OTHERWISE = [
    ("is present", "is not missing"), ("authority:  省厅", "authority： 省厅"), ("quantities:", "'quantites':"),
    ("zh: 级别, type: term", "zh: 级别, type: 'trem'"), ("confidence: remembered", 'confidence: "remembred"'),
]  # fmt: skip

# … where a mistake is told, and what to write is a matter of choice or would be a guess
CHOICES = [
    ("base/pack.yaml", "title: {zh", "titel: [x]\ntitle: {zh", "PE120"),  # the key stands there already
    ("base/pack.yaml", "authority:  省厅", "authority:  省厅\nsource: x", "PE120"),  # so does this one
    ("base/pack.yaml", "level: province", "levle: [x]\nlevel: province", "PE120"),
    ("base/pack.yaml", "level: province", "level: county", "PE122"),
    ("base/pack.yaml", "    sector: {acc", "    setcor: {}\n    sector: {acc", "PE142"),
    ("base/pack.yaml", "terms: level", "terms: rankk", "PE142"),  # rank has no terms
    ("base/pack.yaml", "authority:  省厅", "authority:  省\u2028厅", "PE104"),
    ("base/pack.yaml", "    level: {zh", "\t level: {zh", "PE105"),  # how deep the line is meant to be
    ("base/pack.yaml", "title: {", "title: ｛", "PE106"),
    ("base/pack.yaml", "level: province", "level: pro\tvince", "PE105"),
    ("base/tests/t.yaml", "form: 培训班", "学形习式: 培训班", "PE180"),  # nearest is 学习方式, and 学习形式 was meant
    ("base/rules.yaml", "source: law", "source: law-2", "PE160"),  # a figure more is another law
    ("base/rules.yaml", "source: law", "source: lax", "PE160"),  # three letters
    ("base/rules.yaml", "90 学时", "90 课十", "PE207"),
    ("base/rules.yaml", "90 学时", "90", "PE206"),
    ("base/rules.yaml", "要求 每年", "要求 三年内", "PE201"),
    ("base/rules.yaml", "每年 总学时", "总学时", "PE213"),
    ("base/rules-more.yaml", "级别 = 国家级", "级别 = 县级", "PE201"),
    ("base/rules-more.yaml", "级别 = 国家级", "级别 = 省市级", "PE201"),  # 省级 or 市级
    ("base/rules-more.yaml", "面授：", "不面授：", "PE201"),
    ("base/tests/t.yaml", "findings: {annual-hours", "findings: {anual-hours: {status: met}, annual-hours", "PE180"),
    ("base/tests/t.yaml", "{face_to_face: 0}", "{fcae_to_face: 0, 面授: 0}", "PE180"),  # the same in two languages
    ("upper/rules.yaml", "base/annual-hours", "base/annual-hours-2019", "PE310"),
    ("upper/rules.yaml", "base/annual-hours", "base/eased-hours", "PE310"),
]


@pytest.fixture
def place(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.chdir(tmp_path)
    folder = write(Path("policies"), FILES)
    assert wrong(folder) == []
    return folder


def broken(place: Path, file: str, sound: str, slip: str, encode: Callable[[str], bytes] = str.encode) -> bytes:
    """The file as it was, which now has a slip."""
    text = (place / file).read_text(encoding="utf-8")
    assert text.count(sound) >= 1, sound
    (place / file).write_bytes(encode(text.replace(sound, slip, 1)))
    return encode(text)


@pytest.mark.parametrize("encode", [str.encode, lambda text: b"\xef\xbb\xbf" + text.replace("\n", "\r\n").encode()])
@pytest.mark.parametrize(("file", "sound", "slip", "code"), SLIPS)
def test_a_slip_is_mended_and_nothing_else(
    place: Path, file: str, sound: str, slip: str, code: str, encode: Callable[[str], bytes]
) -> None:
    """What the mend leaves is the file that was meant: to the byte, or where one word has several names, in what it
    says."""
    before = broken(place, file, sound, slip, encode)
    instead = [d.instead for d in wrong(place) if d.code == code and d.instead]
    assert [r.span.file for r in instead] == [(place / file).as_posix()]
    mended = applied((place / file).read_bytes(), instead[0])
    (place / file).write_bytes(mended)
    assert wrong(place) == []
    if (sound, slip) not in OTHERWISE:
        assert mended == before


@pytest.mark.parametrize(("file", "sound", "slip", "code"), CHOICES)
def test_where_there_is_a_choice_nothing_is_written(place: Path, file: str, sound: str, slip: str, code: str) -> None:
    broken(place, file, sound, slip)
    told = wrong(place)
    assert code in [d.code for d in told]
    assert [d.message for d in told if d.instead] == []


@pytest.mark.parametrize(
    ("file", "sound", "slip"),
    [
        ("base/rules.yaml", "id: annual-hours", "id: anual-hours"),
        ("base/pack.yaml", "distance: {zh: 远程教育", "distance: {zh: 远程教学育"),
        ("base/pack.yaml", "  law: {title", "  laaw: {title"),
    ],
)
def test_a_slip_where_a_name_is_declared_is_not_carried_into_all_rules(
    place: Path, file: str, sound: str, slip: str
) -> None:
    """Several places that have a name alike are right more likely than the one that declares it."""
    (place / "base/rules-2.yaml").write_text(rule("second", "认定 远程教育", from_=2016), encoding="utf-8")
    broken(place, file, sound, slip)
    told = [d for d in wrong(place) if d.code in ("PE160", "PE180", "PE201", "PE241", "PE310")]
    assert len(told) > 1
    assert all(d.hint and d.hint.startswith("did you mean") for d in told)
    assert [d for d in told if d.instead] == []


@pytest.mark.parametrize(
    "more",
    [
        {"upper/rules-2.yaml": rule("less", "核减 annual-horus 减 1 学时", source="own")},  # the name twice
        {"upper/rules-2.yaml": rule("annual-horu", "核减 own-hours 减 1 学时", source="own"),  # and may be this one
         "zone/pack.yaml": UPPER.replace("pack: upper", "pack: zone")},  # which is none of the last chain
    ],
)  # fmt: skip
def test_what_one_chain_leaves_open_is_open(place: Path, more: dict[str, str]) -> None:
    """Of a base pack that several extend a message stands once, whether the packs are checked at once or one by one, as
    an editor does."""
    broken(place, "base/rules-more.yaml", "核减 annual-hours", "核减 annual-horus")
    (alone,) = [d.instead for d in wrong(place / "base") if d.code == "PE241"]
    assert alone is not None
    write(place, more)
    for said in (wrong(place), one_by_one(sorted(place.iterdir()))):
        mends = [d.instead for d in said if d.code == "PE241" and d.span and d.span.file.startswith("policies/base")]
        assert mends == [None]


def one_by_one(folders: list[Path]) -> list[Diagnostic]:
    return [d for of_file in by_file(d for one in folders for d in problems(one, {})).values() for d in of_file]
