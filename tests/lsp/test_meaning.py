"""What a word of a pack means, where it is declared, where it is used: the packs that the project ships."""

from __future__ import annotations

from pathlib import Path

import pytest

from policyengine.lsp.meaning import meaning
from policyengine.lsp.places import declared, outline, used
from policyengine.messages import speak
from tests.lsp.support import POLICIES, opened, place

YEARS = "sichuan/rules-years.yaml"


@pytest.mark.parametrize(
    ("file", "line", "word", "texts"),
    [
        (YEARS, "不超过 50 学时", "自学成果", ["`self_study`", "term of 学习形式 `form`", "also written: 自学,"]),
        (YEARS, "不超过 50 学时", "学时", ["**学时** `hours`", "unit"]),
        (YEARS, "不超过 50 学时", "限额", ["`限额 自学成果 每年 不超过 50 学时`", "`cap self_study, publication"]),
        (YEARS, "当 学习主题 属于", "年度主题", ["**年度主题** `themes`", "table"]),
        (YEARS, "单位性质 属于", "单位性质", ["(person, term)", "values: 国家机关, 事业单位"]),
        (YEARS, "替代 national/annual-hours", "national", ["**national/annual-hours** 2016 –", "不少于 90 学时"]),
        (YEARS, "替代 national/professional-share", "national", ["**national/professional-share**", "2/3", "第八条"]),
        (YEARS, "source: opinion-2016, at: 二（二）第3款", "opinion", ["川人社发〔2016〕20号 关于《专业技术人员"]),
        (YEARS, "source: national-regimes", "national", ["(remembered, not seen)"]),
        (YEARS, "- id: self-study-cap", "self", ["川人发〔…〕95号", "`cap self_study, publication at unknown hours"]),
        ("sectors/accounting/pack.yaml", "extends:", "sichuan", ["**sichuan** Continuing education", "四川省人力资源"]),
        ("sectors/accounting/pack.yaml", "applies:", "行业", ["**行业** `sector`", "values: 会计, "]),
    ],
)  # fmt: skip
def test_what_stands_at_a_place(file: str, line: str, word: str, texts: list[str]) -> None:
    document, packs, library = opened(POLICIES / file)
    found = meaning(document, packs, library.words(packs[0].folder), *place(document, line, word))
    assert found is not None
    assert [t for t in texts if t not in found.text] == []


@pytest.mark.parametrize(
    ("line", "word"), [("note: 设有年度上限", "设有"), ("# 年度：限额", "限额"), ("until: 2015", "2015")]
)
def test_what_means_nothing_but_itself(line: str, word: str) -> None:
    document, packs, library = opened(POLICIES / YEARS)
    assert meaning(document, packs, library.words(packs[0].folder), *place(document, line, word)) is None


def test_in_chinese() -> None:
    speak("zh")
    document, packs, library = opened(POLICIES / YEARS)
    found = meaning(document, packs, library.words(packs[0].folder), *place(document, "不超过 50 学时", "自学成果"))
    assert found is not None
    assert "词条，属于 学习形式 `form`" in found.text
    assert "也写作：自学、学习笔记、自学笔记" in found.text


def test_every_type_of_a_field_has_a_chinese_name() -> None:
    from typing import get_args

    from policyengine.language.vocabulary import FieldType
    from policyengine.lsp.meaning import _TYPES_ZH

    assert set(_TYPES_ZH) == set(get_args(FieldType))


@pytest.mark.parametrize(
    ("file", "line", "word", "places"),
    [  # the declared places: files and lines with these texts
        (YEARS, "不超过 50 学时", "自学成果", [("sichuan/pack.yaml", "self_study: {zh: 自学成果")]),
        (YEARS, "替代 national/annual-hours", "national", [("national/rules.yaml", "- id: annual-hours")]),
        (YEARS, "source: opinion-2016", "opinion", [("sichuan/pack.yaml", "opinion-2016:")]),
        ("sectors/accounting/pack.yaml", "extends:", "sichuan", [("sichuan/pack.yaml", "yaml-language-server")]),
        ("sichuan/pack.yaml", "file: tables/themes.csv", "tables/", [("sichuan/tables/themes.csv", "")]),
        (YEARS, "不超过 50 学时", "学时", []),
        (YEARS, "note: 设有年度上限", "设有", []),
    ],
)
def test_where_it_is_declared(file: str, line: str, word: str, places: list[tuple[str, str]]) -> None:
    document, packs, library = opened(POLICIES / file)
    found = declared(document, packs, library.words(packs[0].folder), *place(document, line, word))
    assert len(found) == len(places)
    for span, (path, text) in zip(found, places, strict=True):
        there = Path(span.file)
        assert there.samefile(POLICIES / path)
        assert text in there.read_text(encoding="utf-8").split("\n")[span.line - 1]


def test_a_rule_is_declared_by_all_its_versions() -> None:
    document, packs, library = opened(POLICIES / YEARS)
    found = declared(document, packs, library.words(packs[0].folder), *place(document, "- id: annual-hours", "annual"))
    assert len(found) == 2


def test_where_a_rule_is_used() -> None:
    """Other packs and this one name the province's annual hours in their rules."""
    document, packs, library = opened(POLICIES / YEARS)
    found = used(document, packs, library, *place(document, "- id: annual-hours", "annual"))
    lines = [Path(s.file).read_text(encoding="utf-8").split("\n")[s.line - 1][s.column - 1 :] for s in found]
    assert found
    assert all(line.startswith("annual-hours") for line in lines)
    assert {"accounting", "medical"} & {Path(s.file).parent.name for s in found}


def test_where_a_word_is_used() -> None:
    document, packs, library = opened(POLICIES / YEARS)
    found = used(document, packs, library, *place(document, "不超过 50 学时", "自学成果"))
    there = {(Path(s.file).name, s.line) for s in found if Path(s.file).parent.name == "sichuan"}
    lines = (POLICIES / YEARS).read_text(encoding="utf-8").split("\n")
    caps = {("rules-years.yaml", i) for i, line in enumerate(lines, 1) if "限额 自学成果" in line}
    assert caps <= there


def test_the_outline_of_a_file() -> None:
    document, _, _ = opened(POLICIES / YEARS)
    first, second, *_ = outline(document)
    assert (first.name, second.name) == ("self-study-cap", "self-study-cap@2016")
    assert second.detail == "限额 自学成果、发表出版作品 每年 合计 不超过 50 学时"
    assert first.whole.line <= first.id.line <= first.whole.end_line < second.whole.line
