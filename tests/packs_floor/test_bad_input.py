"""Bad files, one line a case: the code, where it points, and that neither time nor memory runs away."""

from __future__ import annotations

import time
import tracemalloc
from pathlib import Path

import pytest

from policyengine.diagnostics import Diagnostic, human
from policyengine.packs.document import read_document
from policyengine.packs.policies import load_policies
from policyengine.packs.shape import shape_problems
from tests.packs_floor.folder import PACK, UPPER, load, load_two, rule, seen, write

BOMB = "a: &a [x, x, x, x, x, x, x, x, x, x]\n" + "".join(
    f"{chr(98 + i)}: &{chr(98 + i)} [{', '.join(['*' + chr(97 + i)] * 10)}]\n" for i in range(9)
)

# what is wrong: bytes of pack.yaml, then code and place
FILES: dict[str, tuple[bytes, str]] = {
    "empty": (b"", "PE112 0:0"),
    "only white space": (b" \n\n  \n", "PE112 0:0"),
    "only comments": (b"# nothing\n\n  # here\n", "PE112 0:0"),
    "only a marker": (b"---\n", "PE122 2:1"),
    "broken UTF-8": ("pack: base\ntitle: 继".encode() + b"\xff\xfe\n", "PE103 2:9"),
    "GBK": ("pack: base\ntitle: 继续教育\n".encode("gbk"), "PE103 2:8"),
    "UTF-16": ("pack: base\n".encode("utf-16"), "PE103 1:1"),
    "NUL byte": (b"pack: ba\0se\n", "PE104 1:9"),
    "control character": (b"pack: ba\x07se\n", "PE104 1:9"),
    "zero-width space": ("pack: base\u200b\n".encode(), "PE104 1:11"),
    "text that reads backwards": ("pack: \u202ebase\n".encode(), "PE104 1:7"),
    "line separator": ("pack: base\u2028title: x\n".encode(), "PE104 1:11"),
    "BOM in the middle": ("pack: base\n\ufefftitle: x\n".encode(), "PE104 2:1"),
    "escaped NUL": (b'pack: base\ntitle: "a\\0b"\n', "PE104 2:8"),
    "escaped control character": (b'pack: base\ntitle: {zh: "a\\e[31m"}\n', "PE104 2:13"),
    "escaped text that reads backwards": (b'pack: base\ntitle: "a\\u202eb"\n', "PE104 2:8"),
    "escaped character in a key": (b'pack: base\n"tit\\u200ble": a\n', "PE104 2:1"),
    "a line end behind an id": (b'pack: "base\\n"\n', "PE122 1:7"),
    **{
        f"unseen U+{ord(char):04X}": (f"pack: base\ntitle: 培训{char}班\n".encode(), "PE104 2:10")
        for char in "\xad\u034f\u061c\u115f\u17b5\u180e\u206a\u2800\u3164\ufe0f\uffa0\ufff9\U000e0041\U000e0100"
    },
    "tab before a key": (b"sources:\n\tlaw: x\n", "PE105 2:1"),
    "tab inside a text": (b"pack: base\ntitle: a\tb\n", "PE105 2:9"),
    "second document": (b"pack: base\n---\npack: other\n", "PE110 2:1"),
    "python tag": (b"pack: !!python/object/apply:os.system ['true']\n", "PE109 1:7"),
    "other tag": (b"pack: !secret base\n", "PE109 1:7"),
    "standard tag": (b"pack: !!str base\n", "PE109 1:7"),
    "tag on a mapping": (b"fields: !!set {a}\n", "PE109 1:9"),
    "bare tag": (b"pack: ! base\n", "PE109 1:7"),
    "duplicate key": (b"pack: base\ntitle: a\npack: other\n", "PE111 3:1"),
    "duplicate key, quoted": (b"pack: base\n'pack': other\n", "PE111 2:1"),
    "duplicate key inside": (b"vocabulary:\n  flags: {a: x, b: y, a: z}\n", "PE111 2:23"),
    "a list as key": (b"? [a, b]\n: c\n", "PE122 1:3"),
    "alias bomb": (BOMB.encode(), "PE108 5:36"),
    "alias of itself": (b"a: &a [x, *a]\n", "PE108 1:11"),
    "alias of nothing": (b"a: *nothing\n", "PE108 1:4"),
    "merge key": (b"pack: base\n<<: {title: x}\n", "PE120 2:1"),
    "nested 10,000 deep": (b"a: " + b"[" * 10_000, "PE107 1:1003"),
    "nested 10,000 deep, in blocks": (b"- " * 10_000, "PE107 1:101"),
    "nested 10,000 deep, mappings": (b"{a: " * 10_000, "PE107 1:198"),
    "nested 400 deep by indentation": (b"".join(b" " * i + b"a:\n" for i in range(400)), "PE107 50:50"),
    "deep by aliases": (b"a: &a " + b"[" * 30 + b"]" * 30 + b"\nb: " + b"[" * 30 + b"*a" + b"]" * 30, "PE107 2:34"),
    "a scalar of 5 MB": (b"pack: " + b"x" * 5_000_000, "PE102 0:0"),
    "a scalar of 900 kB": (b"pack: " + b"x" * 900_000, "PE113 1:7"),
    "a comment of 5 MB": (b"pack: base\n#" + b"x" * 5_000_000, "PE102 0:0"),
    "a million keys": (b"".join(b"k%d: x\n" % i for i in range(60_000)), "PE108 50001:1"),
    "two colons": (b"pack: base\ntitle: override a: b\n", "PE106 2:18"),
    "no colon": (b"pack: base\ntitle\nlevel: city\n", "PE106 3:1"),
    "full-width colon": ("- id：r1\n  cites: {at: a}\n".encode(), "PE106 1:5"),
    "full-width colon before a mapping": ("- id: r1\n  cites： {source: a, at: a}\n  rule: x\n".encode(), "PE106 2:8"),
    "full-width colon between keys": ("pack: base\ntitle：x\nlevel: city\n".encode(), "PE106 2:6"),
    "full-width dash": ("－ id: r1\n  rule: x\n".encode(), "PE106 1:1"),
    "full-width colon of a text": ("rule: 替代 a：要求 b: c\n".encode(), "PE106 1:16"),
    "full-width space after a key": ("- id: r\n  rule:　认定 x\n    当 y\n\n  cites: x\n".encode(), "PE106 2:8"),
    "full-width spaces before a key": ("- id: r\n　　rule: x\n".encode(), "PE106 2:1"),
    "no-break space after a key": ("pack:\u00a0base\nlevel: city\n".encode(), "PE106 1:6"),
    "no-break space after a dash": ("-\u00a0id: r\n  rule: x\n".encode(), "PE106 1:2"),
    "dash without a space": (b"-id: r\n  rule: x\n", "PE106 1:1"),
    "second dash without a space": (b"- id: r\n  rule: x\n-id: s\n  rule: y\n", "PE106 3:1"),
    "colon without a space": (b"- id: r\n  rule:x\n  cites: y\n", "PE106 2:7"),
    "colon without a space after a text": (b"- note: |\n    a:b\n\n    c\n  rule:x\n  cites: y\n", "PE106 5:7"),
    "a key too deep after a text": (b"- id: r\n  note: |\n    a:b\n    c\n   rule: x\n", "PE106 5:4"),
    "a key too deep after a folded >": (b"- id: r\n  note: >- # y\n\n    a:b\n      -c: d\n   rule: x\n", "PE106 6:4"),
    "a key too deep after an entry": (b"notes:\n- |\n  a:b\n rule: x\n", "PE106 4:2"),
    "a key too deep": (b"- id: r\n   cites: x\n  rule: y\n", "PE106 2:4"),
    "open quote": (b"pack: base\ntitle: 'abc\nlevel: city\n", "PE106 2:8"),
    "open bracket": (b"pack: base\nregimes: [a, b\nlevel: city\n", "PE106 3:6"),
    "wrong indentation": (b"title:\n    zh: a\n  en: b\n", "PE106 3:3"),
    "text behind a quotation mark": ('pack: base\ntitle: "社会"办法\nlevel: city\n'.encode(), "PE106 2:12"),
    "text behind a bracket": ("pack: base\ntitle: [试行]办法\nlevel: city\n".encode(), "PE106 2:12"),
    "text behind a quotation mark in a list": ("pack: base\nx:\n- '甲' 乙\n".encode(), "PE106 3:7"),
    "percent": (b"pack: base\ntitle: %x\n", "PE106 2:8"),
    "at sign": (b"pack: base\ntitle: @x\n", "PE106 2:8"),
    "backtick": (b"pack: base\ntitle: `x`\n", "PE106 2:8"),
    "unknown escape": (b'pack: "a\\q"\n', "PE106 1:9"),
    "a list at the top": (b"- pack: base\n", "PE122 1:1"),
    "a text at the top": (b"pack\n", "PE122 1:1"),
    "unknown key": ((PACK + "vocabluary: {}\n").encode(), "PE120 28:1"),
    "unknown key inside": (PACK.replace("number: 〔2016〕1号", "nubmer: x").encode(), "PE120 7:20"),
    "key missing": (PACK.replace("level: province\n", "").encode(), "PE121 1:1"),
    "source that nobody says was read": (PACK.replace(", confidence: seen", "", 1).encode(), "PE121 7:8"),
    "source without a title": (PACK.replace("title: 办法", "title: ''", 1).encode(), "PE122 7:16"),
    "issued on no day": (PACK.replace("title: 办法", "title: 办法, issued: 2020-02-30", 1).encode(), "PE161 7:28"),
    "in force on no day": (PACK.replace("title: 办法", "title: 办法, in_force: 2021-02-29").encode(), "PE161 7:30"),
    "full-width braces": (PACK.replace("title: 办法", "title: ｛zh：办法｝").encode(), "PE122 7:16"),
    "a Chinese comma between aliases": (
        PACK.replace("training: 培训班", "training: {zh: 培训班, aliases: [班、短训班]}").encode(), "PE122 11:42",
    ),
    "value of another kind": (PACK.replace("level: province", "level: [province]").encode(), "PE122 3:8"),
    "value not in the list": (PACK.replace("level: province", "level: provinze").encode(), "PE122 3:8"),
    "id with capitals": (PACK.replace("pack: base", "pack: Base").encode(), "PE122 1:7"),
    "year start that is no day": (PACK.replace("01-01", "13-01").encode(), "PE122 5:14"),
    "min that is no number": (PACK.replace("max: 9}", "max: nine}").encode(), "PE122 23:47"),
    "a number of a gigabyte": (PACK.replace("max: 9}", "max: 1e999999999}").encode(), "PE122 23:47"),
    "a text where keys belong": (PACK.replace("vocabulary:\n", "vocabulary: x\nfields2:\n").encode(), "PE122 9:13"),
}  # fmt: skip


@pytest.mark.parametrize("name", FILES)
def test_a_bad_pack_file_is_told_where_and_how_to_mend_it(name: str, tmp_path: Path) -> None:
    content, expected = FILES[name]
    write(tmp_path / "policies" / "base", {"pack.yaml": content})
    begin = time.perf_counter()
    load_policies(tmp_path / "policies" / "base")
    seconds = time.perf_counter() - begin
    if len(content) < 400_000 or len(content) > 5_000_000:  # following every object takes ten times as long
        tracemalloc.start()
    found, problems = load_policies(tmp_path / "policies" / "base")
    _, peak = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    assert not found
    assert expected in seen(problems), "\n".join(map(human, problems))
    first = next(d for d in problems if seen([d]) == [expected])
    assert first.hint, "every message says how to mend it"
    assert first.span
    assert first.span.file.endswith("pack.yaml")
    assert (first.source is not None) == (first.span.line > 0 and first.code != "PE103")
    assert seconds < 5, "bounded in time"  # about 0.3 s for the largest
    assert peak < 100_000_000, "bounded in memory"


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("- id: r\n   cites: x\n  rule: y\n", "this line is indented otherwise"),
        ("- id: r\n  cites: {source: a, at: b}\n   rule: y\n", "this line is indented differently"),
        ("- id: r\n  note: |\n    a:b\n    c\n   rule: y\n", "this line is indented differently"),
        ("pack: base\ntitle: override a: b\n", "a second “: ” stands in this line"),
        ("rule: 认定\n  替代 a/b: 要求 x\n", "a second “: ” stands in this line"),
        ('pack: base\ntitle: "社会"办法\n', 'to YAML the value ends at the closing "'),
        ("pack: base\ntitle: [试行] 办法\n", "to YAML the value ends at the closing ]"),
        ("-id: r\n  rule: x\n", "“-” without a space"),
        ("- id: r\n  rule:认定 x\n  cites: y\n", "“:” without a space"),
        ("- id: r\n　　rule: x\n", "a full-width space before"),
        ("- id: r\n  rule:　认定 x\n", "a full-width space before"),
        ("- id: r\n\u00a0 rule: x\n", "a no-break space before"),
        ("- id: r\n  rule:\u00a0认定 x\n  cites: y\n", "a no-break space before"),
        ("pack: base\ntitle\nlevel: city\n", "a key without its “:”"),
        (
            "pack: base\n<<<<<<< HEAD\ntitle: a\n=======\ntitle: b\n>>>>>>> branch\nlevel: city\n",
            "git could not merge lines 2 to 6: two versions stand here",
        ),
        ("- id: r\n  cites: ｛source: a, at: b｝\n", "full-width “｛” at the beginning of a value"),
    ],
)
def test_what_yaml_misreads_is_named(text: str, said: str, tmp_path: Path) -> None:
    write(tmp_path / "policies" / "base", {"pack.yaml": text})
    [problem] = load_policies(tmp_path / "policies" / "base")[1]
    assert problem.code == "PE106"
    assert problem.message.startswith(said)


def test_a_text_that_a_comment_cuts_is_told_so(tmp_path: Path) -> None:
    text = "- id: a\n  cites: law 一\n  rule: 认定 培训班 理由「第 {}3 号\n"
    for mark, said in (("#", "to YAML “ #” begins a comment"), ("", "a closing mark inside")):
        _, (problem,) = load(tmp_path, text.format(mark))
        assert problem.code == "PE214"
        assert problem.hint
        assert problem.hint.startswith(said)
    assert load(tmp_path, text.format("#").replace("rule: ", "rule: '").replace("号", "号」'"))[1] == []


# what is wrong: text of rules.yaml, then code and place
RULES: dict[str, tuple[str, str]] = {
    "not a list": ("id: a\n", "PE122 1:1"),
    "entry that is a text": ("- a\n", "PE122 1:3"),
    "no rule": ("- id: a\n  cites: {source: law, at: 一}\n", "PE121 1:3"),
    "no article": ("- {id: a, rule: 认定 培训班}\n", "PE121 1:3"),
    "article of nothing": ("- {id: a, cites: {source: lwa, at: 一}, rule: 认定 培训班}\n", "PE160 1:27"),
    "which source": ("- {id: a, cites: 第一条, rule: 认定 培训班}\n", "PE160 1:18"),
    "source without an article": ("- {id: a, cites: law, rule: 认定 培训班}\n", "PE160 1:18"),
    "no article at all": ("- {id: a, cites: {source: law, at: ''}, rule: 认定 培训班}\n", "PE122 1:36"),
    "article of spaces": ("- {id: a, cites: ' ', rule: 认定 培训班}\n", "PE122 1:18"),
    "id of the other form": ("- {id: a_b, cites: {source: law, at: 一}, rule: 认定 培训班}\n", "PE122 1:8"),
    "unknown key": ("- {id: a, cite: x, cites: {source: law, at: 一}, rule: 认定 培训班}\n", "PE120 1:11"),
    "id that excuse reads as the year": (rule("year", "要求 每年 总学时 不少于 90 学时"), "PE140 1:7"),
    "change that does not exist": (rule("a", "认定 培训班", change="raise"), "PE122 3:11"),
    "no such day": (rule("a", "认定 培训班", from_="2016-02-30"), "PE161 3:9"),
    "no such year": (rule("a", "认定 培训班", from_="16"), "PE122 3:9"),
    "until before from": (rule("a", "认定 培训班", from_="2016", until="2015"), "PE304 4:10"),
    "splits a year": (rule("a", "要求 每年 总学时 不少于 90 学时", from_="2016-07-01"), "PE303 3:9"),
    "splits a year at its end": (rule("a", "要求 每年 总学时 不少于 90 学时", until="2016-06-30"), "PE303 3:10"),
    "versions overlap": (
        rule("a", "认定 培训班", from_="2015") + rule("a", "认定 培训班", from_="2016"), "PE301 7:9"),
    "versions overlap, both open": (rule("a", "认定 培训班") + rule("a", "认定 培训班"), "PE301 4:7"),
    "the rule is a list": ("- {id: a, cites: {source: law, at: 一}, rule: [认定]}\n", "PE122 1:46"),
    "deep inside": ("- id: a\n  cites: " + "[" * 10_000, "PE107 2:1008"),
}  # fmt: skip


@pytest.mark.parametrize("name", RULES)
def test_a_bad_rule_is_told_where(name: str, tmp_path: Path) -> None:
    text, expected = RULES[name]
    policy, problems = load(tmp_path, text)
    assert policy is None
    assert expected in seen(problems), "\n".join(map(human, problems))


SHORT = [  # a citation in a pack whose only source is rules-2020; the article that is read, None: PE160
    ("第九条", "第九条"),
    ("rules-2020 第九条", "第九条"),
    ("rules-2020  第九条 第1款", "第九条 第1款"),
    ("section 9", "section 9"),
    ("9-2 a", "9-2 a"),
    ("rules-2021 第九条", None),
    ("rules-2021", None),
    ("rules_2020 第九条", None),
    ("rule-2020 第九条", None),
    ("rules 第九条", None),
    ("rules-2020", None),
]


@pytest.mark.parametrize(("cites", "article"), SHORT)
def test_a_short_citation_names_a_source_or_an_article(cites: str, article: str | None, tmp_path: Path) -> None:
    pack = UPPER.replace("own: {", "rules-2020: {")
    policy, problems = load_two(tmp_path, "[]\n", f"- {{id: a, cites: {cites}, rule: 认定 培训班}}\n", pack)
    assert seen(problems) == ([] if article else ["PE160 1:18"])
    assert (policy.packs[-1].rules[0].cites.at if policy else None) == article


MANY = {
    "entries": {"rules": "- a\n" * 20_000},
    "sentences": {"rules": "- {id: a, cites: law 一, rule: 认定 培训般}\n" * 5_000},
    "keys": {"pack": "".join(f"k{i}: 1\n" for i in range(40_000))},
    "duplicates": {"pack": "a: 1\n" * 40_000},
    "cells": {
        "pack": PACK + "tables: {t: {file: t.csv, columns: {name: {role: key, field: rank}}}}\n",
        "t.csv": "name\n" + "x\n" * 19_000,
    },
    "rows": {
        "pack": PACK + "tables: {t: {file: t.csv, columns: {name: {role: key, field: title}}}}\n",
        "t.csv": "name\n" + "x\n" * 19_000,
    },
}


@pytest.mark.parametrize("name", MANY)
def test_many_mistakes_are_told_in_part_and_in_time(name: str, tmp_path: Path) -> None:
    begin = time.perf_counter()
    policy, problems = load(tmp_path, **MANY[name])  # type: ignore[arg-type]
    assert time.perf_counter() - begin < 10  # about 1 s for the longest
    assert policy is None
    assert 200 <= len(problems) <= 402
    assert "PE123" in [d.code for d in problems] or name == "rows"


def test_one_bad_entry_does_not_hide_the_others(tmp_path: Path) -> None:
    text = "- {id: a, rule: 认定 培训班}\n- {id: b, cites: {source: law, at: 一}, rule: 认定 培训般}\n- 3\n"
    _, problems = load(tmp_path, text)
    assert [d.code for d in problems][::2] == ["PE121", "PE122"]
    assert len(problems) == 3
    assert problems[1].span is not None
    assert problems[1].span.line == 2


def test_the_caret_stands_under_the_word_in_every_style_of_text(tmp_path: Path) -> None:
    """The mistake 培训般 is found in the file whether the rule is plain, quoted, folded or a block."""
    styles = {
        "plain": ("rule: 认定 培训般", (3, 12)),
        "plain over two lines": ("rule: 认定\n    培训般", (4, 5)),
        "single quotes": ("rule: '认定 培训般'", (3, 13)),
        "double quotes": ('rule: "认定 培训般"', (3, 13)),
        "double quotes with an escape": ('rule: "\\u8ba4\\u5b9a 培训般"', (3, 23)),
        "double quotes over two lines": ('rule: "认定 \\\n    培训般"', (4, 5)),
        "block": ("rule: |\n    认定\n    培训般", (5, 5)),
        "folded": ("rule: >-\n    认定\n    培训般\n", (5, 5)),
        "block, indented further": ("rule: |\n      认定\n        培训般", (5, 9)),
        "anchored": ("rule: &r 认定 培训般", (3, 15)),
    }
    for name, (text, place) in styles.items():
        _, problems = load(tmp_path, f"- id: a\n  cites: {{source: law, at: 一}}\n  {text}\n")
        spans = [(d.span.line, d.span.column) for d in problems if d.span]
        assert spans == [place], f"{name}: {spans}"
        assert problems[0].source is not None
        assert problems[0].source[place[1] - 1 :].startswith("培训般")


def test_windows_files_read_the_same(tmp_path: Path) -> None:
    """BOM and CRLF are accepted, and places do not move."""
    text = "- {id: a, cites: {source: law, at: 一}, rule: 认定 培训般}\n"
    _, unix = load(tmp_path / "a", "\n" + text)
    _, windows = load(tmp_path / "b", ("\ufeff\n" + text).replace("\n", "\r\n"))
    assert seen(unix) == seen(windows)
    policy, problems = load(tmp_path / "c", rule("a", "认定 培训班"), ("\ufeff" + PACK).replace("\n", "\r\n"))
    assert problems == []
    assert policy is not None


def test_a_pack_with_a_byte_order_mark_is_found(tmp_path: Path) -> None:
    """By those that extend it, and by its name: Windows' editor saves UTF-8 with one."""
    files = {"base/pack.yaml": PACK, "base/rules.yaml": rule("a", "认定 培训班"), "upper/pack.yaml": UPPER}
    for name in ("base", "upper"):
        files[f"{name}/pack.yaml"] = ("\ufeff" + files[f"{name}/pack.yaml"]).replace("\n", "\r\n")
    policies, problems = load_policies(write(tmp_path / "policies", files))
    assert problems == []
    assert [[p.id for p in policy.packs] for policy in policies] == [["base"], ["base", "upper"]]


def test_yaml_guesses_nothing(tmp_path: Path) -> None:
    """``no`` is a name, 01-01 a day of the year, 12:30 a text."""
    pack = PACK.replace(
        "flags: {fee_charged: 收费}", "flags: {fee_charged: no, late: 12:30, big: 1_000, old: 2016-01-01}"
    )
    policy, problems = load(tmp_path, rule("a", "标记 no 当 费用 > 0"), pack)
    assert problems == []
    assert policy is not None
    assert {w.id: w.zh for w in policy.vocabulary.by_kind("flag")} == {
        "fee_charged": "no", "late": "12:30", "big": "1_000", "old": "2016-01-01"
    }  # fmt: skip


def test_aliases_within_the_bound_are_read(tmp_path: Path) -> None:
    pack = PACK.replace("public: 公需科目", "public: &p {zh: 公需科目, aliases: [公需]}").replace(
        "flags: {", "flags: {again: *p, "
    )
    policy, problems = load(tmp_path, pack=pack)
    assert problems == []
    assert policy is not None
    again = policy.vocabulary.find("flag", "again")
    assert again is not None
    assert (again.zh, again.aliases) == ("公需科目", ("公需",))


def test_what_is_no_file_is_not_waited_for(tmp_path: Path) -> None:
    import os

    folder = tmp_path / "policies" / "base"
    folder.mkdir(parents=True)
    os.mkfifo(folder / "pack.yaml")
    document, problems = read_document(folder / "pack.yaml")
    assert document is None
    assert [d.code for d in problems] == ["PE101"]
    assert "not a file" in problems[0].message


def test_paths_without_packs(tmp_path: Path) -> None:
    (tmp_path / "empty").mkdir()
    write(tmp_path / "policies" / "sichuan", {"pack.yaml": PACK})
    write(tmp_path, {"file.yaml": "x"})
    cases = {"nowhere": None, "empty": None, "file.yaml": None, "policies/sichaun": "sichuan"}
    for name, near in cases.items():
        found, problems = load_policies(tmp_path / name)
        assert not found
        assert [d.code for d in problems] == ["PE130"], name
        assert near is None or near in (problems[0].hint or "")
    assert load_policies("a\0b")[1][0].code == "PE130"


def test_messages_of_the_shape_name_the_key(tmp_path: Path) -> None:
    def told(pack: str) -> Diagnostic:
        return load(tmp_path, pack=pack)[1][0]

    unknown = told(PACK + "vocabluary: {}\n")
    assert unknown.message == "this file has no key “vocabluary”"
    assert unknown.hint == "did you mean vocabulary?"
    wide = told(PACK + "source：x: y\n")
    assert wide.message == "this file has no key “source：x”"
    assert wide.hint == "“：” and “－” are of full width: write “: ” and “- ”"
    colon = told(PACK.replace("level: province", "level：province"))
    assert colon.message == "full-width “：” after a key or before an entry is text to YAML"
    assert colon.hint == "write “: ” (half-width, with a space)"
    assert colon.source == "level：province"
    kind = told(PACK.replace("level: province", "level: provinze"))
    assert "expected one of national, province, city, sector, employer" in kind.message
    assert kind.hint == "did you mean province?"
    assert "“year_starts” can't be “13-01”: expected a month and a day" in told(PACK.replace("01-01", "13-01")).message
    assert (
        "“note” can't be a list: expected a text"
        in told(PACK.replace("confidence: seen}", "confidence: seen, note: [a]}")).message
    )
    lacking = told(PACK.replace(", confidence: seen}", "}"))
    assert (lacking.hint or "").startswith("add “confidence: …”: seen: the text was read")


@pytest.mark.parametrize("value", ["true", "false"])
def test_an_id_that_yaml_takes_for_another_kind_is_to_be_quoted(value: str, tmp_path: Path) -> None:
    """Of which the pattern alone would say that it is right: small letters."""
    (told,) = load(tmp_path, rule(value, "认定 培训班"))[1]
    assert told.message.startswith(f"“id” can't be “{value}”")
    assert told.hint == f"without quotes that is true or false to YAML: write '{value}'"
    assert load(tmp_path / "quoted", rule(f"'{value}'", "认定 培训班"))[1] == []


def test_the_small_validator_agrees_with_jsonschema(tmp_path: Path) -> None:
    """The same documents, broken one key at a time, under both: accepted by one if and only if by the other."""
    import json

    import jsonschema

    from policyengine.packs.document import parse_document
    from policyengine.packs.nodes import Listing, Mapping, Node
    from policyengine.packs.shape import SCHEMAS, schema_text, typed

    def plain(node: Node) -> object:
        if isinstance(node, Mapping):
            return {key.text: plain(value) for key, value in node.pairs}
        if isinstance(node, Listing):
            return [plain(item) for item in node.items]
        kind, value = typed(node)
        return int(value) if kind == "integer" else float(value) if kind == "number" else value  # type: ignore[arg-type]

    tests = Path("docs/packs.md").read_text(encoding="utf-8").split("```yaml")[-1].split("```")[0]
    good = {"pack": PACK, "rules": rule("a", "认定 培训班", from_="2016", until="null", change="fixed"), "tests": tests}
    compared = rejected = 0
    for name in SCHEMAS:
        schema = json.loads(schema_text(name))
        jsonschema.Draft202012Validator.check_schema(schema)
        peer = jsonschema.Draft202012Validator(schema)
        lines = good[name].split("\n")
        variants = [good[name]]
        for number, line in list(enumerate(lines))[::2]:
            for old, new in (
                (": ", ": [x], y: "),
                (": ", ": null #"),
                (": ", ": [3] #"),
                (": ", ": {zh: a} #"),
                (":", "x:"),
                (": ", ": 3 #"),
                ("{", "{zz: 1, "),
            ):
                if old in line:
                    variants.append("\n".join([*lines[:number], line.replace(old, new, 1), *lines[number + 1 :]]))
            variants.append("\n".join([*lines[:number], *lines[number + 1 :]]))
        for text in variants:
            document, _ = parse_document(text.encode(), "x.yaml")
            if document is None:
                continue
            ours = not shape_problems(document, document.root, name)
            assert ours == peer.is_valid(plain(document.root)), text
            compared += 1
            rejected += not ours
    assert compared > 100
    assert rejected > 50
