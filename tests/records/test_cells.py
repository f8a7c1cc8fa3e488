"""One cell at a time: what a text means, and what has no meaning."""
# ruff: noqa: E501

from __future__ import annotations

import unicodedata
from datetime import date
from fractions import Fraction

import pytest
from hypothesis import given
from hypothesis import strategies as st

from policyengine.language.quantities import exact_text
from policyengine.records import cells
from policyengine.records.cells import Amount, Bad, UnitCell
from policyengine.records.characters import folded


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("2016-03-05", (2016, 3, 5)),
        ("2016/3/5", (2016, 3, 5)),
        ("2016.03.05", (2016, 3, 5)),
        ("20160305", (2016, 3, 5)),
        ("2016年3月5日", (2016, 3, 5)),
        ("2016 年 3 月 5 日", (2016, 3, 5)),
        ("2016年3月5号 9点", (2016, 3, 5)),
        ("２０１６－０３－０５", (2016, 3, 5)),
        ("2016-03-05T23:59:59.123", (2016, 3, 5)),
        ("2016-03-05 11:30 PM", (2016, 3, 5)),
        ("20160305 14:30", (2016, 3, 5)),
        ("2016-03-05T10:00:00+08:00", (2016, 3, 5)),
        ("42434", (2016, 3, 5)),
        ("42434.5", (2016, 3, 5)),
    ],
)
def test_days(text: str, expected: tuple[int, int, int]) -> None:
    assert cells.day(text) == date(*expected)


def test_day_numbers_of_the_1904_calendar() -> None:
    assert cells.day("40972", calendar_1904=True) == date(2016, 3, 5)
    assert cells.day("2016-03-05", calendar_1904=True) == date(2016, 3, 5)


@pytest.mark.parametrize(
    "text",
    ["2016-02-30", "2016-00-10", "5/3/2016", "16-3-5", "2016-3", "2016", "20161", "20999", "80001", "20160230", "一月五日",
     "2016-03-05 24:00", "2016-03-05Z", "2016-03-05T10:00Z", "2016-03-05T10:00+00:00", "2016-03-05~2016-03-08", "1899-12-31",
     "2200-01-01", "2016-03-05 吧", "x" * 5000, "2016-3-1①", "2016-3-1²", "2016-3-⑴"],
)  # fmt: skip
def test_texts_that_are_no_day(text: str) -> None:
    assert isinstance(cells.day(text), Bad)


@pytest.mark.parametrize(
    "text",
    ["2016-3-1至2016-3-3", "2016年3月3日-5日", "2016.3.1—3.5", "2016-03-05~2016-03-08", "20160301-20160305", "2016/3/1 － 3/5",
     "2016年3月3日 到 4月5日", "2016年12月30日——2017年1月2日", "2016-03-01 to 2016-03-05", "2016.3.1-5"],
)  # fmt: skip
def test_a_range_of_days_is_told_as_one(text: str) -> None:
    found = cells.day(text)
    assert isinstance(found, Bad)
    assert (found.code, found.en) == ("PE410", "this is a range of days, not one day")


@pytest.mark.parametrize("text", ["2016-3", "2016-3-1-", "2016年3月至5月", "3-5", "2016-03-05 吧", "2016-02-30"])
def test_what_is_no_range_of_days(text: str) -> None:
    found = cells.day(text)
    assert isinstance(found, Bad)
    assert "range" not in found.en


@given(st.dates(date(1900, 1, 1), date(2199, 12, 31)))
def test_every_day_is_read_back_from_every_form(day: date) -> None:
    forms = (
        day.isoformat(), day.strftime("%Y%m%d"), f"{day.year}/{day.month}/{day.day}", f"{day.year}.{day.month}.{day.day}",
        f"{day.year}年{day.month}月{day.day}日", f"{day.isoformat()} 00:00:00",
    )  # fmt: skip
    assert {cells.day(f) for f in forms} == {day}


@pytest.mark.parametrize(
    ("text", "value", "unit"),
    [
        ("12", "12", None), ("7.50", "7.5", None), ("1,234.5", "1234.5", None), ("１２．５", "12.5", None), ("1e3", "1000", None),
        ("12学时", "12", "hours"), ("12 课时", "12", "hours"), ("2天", "2", "days"), ("3000字", "3000", "characters"),
        ("1.2万字", "12000", "characters"), ("3千字", "3000", "characters"), ("3千", "3000", None), ("90分钟", "90", "minutes"),
        ("1小时30分", "90", "minutes"), ("2小时", "2", "clock_hours"), ("1.5h", "1.5", "clock_hours"), ("3篇", "3", "items"),
        ("25学分", "25", "credits"), ("50%", "0.5", None), ("12个学时", "12", "hours"), ("3 Hours", "3", "hours"),
    ],
)  # fmt: skip
def test_numbers(text: str, value: str, unit: str | None) -> None:
    assert cells.number(text) == Amount(Fraction(value), unit)


@pytest.mark.parametrize(
    "text",
    ["abc", "NaN", "nan", "inf", "-inf", "", "12.", "1,23", "1.2.3", "十二", "约12", ">12", "12~16", "12 5", "0x10", "90分",
     "12学", "12学时/天", "1e400", "1e-400", "9" * 300, "1/2", "½", "--5", "1_000", "12①", "12²", "12₂", "12⑴", "12⒈", "①"],
)  # fmt: skip
def test_texts_that_are_no_number(text: str) -> None:
    assert isinstance(cells.number(text), Bad)


@given(st.fractions(min_value=0, max_value=10**9).map(lambda f: Fraction(round(f * 1000), 1000)))
def test_numbers_are_exact(value: Fraction) -> None:
    assert cells.number(exact_text(value)) == Amount(value)
    assert cells.number(exact_text(value) + "学时") == Amount(value, "hours")


@pytest.mark.parametrize(
    ("value", "low", "high", "decimals", "code"),
    [
        ("12", "0", "24", 0, None),
        ("24", "0", "24", 0, None),
        ("24.1", "0", "24", 1, "PE412"),
        ("-1", "0", None, 0, "PE412"),
        ("1.25", "0", "24", 1, "PE413"),
        ("1000000000000", None, None, 0, "PE412"),
        ("-1000000000000", None, None, 0, "PE412"),
    ],
)
def test_bounds_and_decimals(value: str, low: str | None, high: str | None, decimals: int, code: str | None) -> None:
    found = cells.within(
        Fraction(value), None if low is None else Fraction(low), None if high is None else Fraction(high), decimals
    )
    assert (found.code if found else None) == code


@pytest.mark.parametrize(
    ("text", "expected"),
    [("学时", ("hours", 1)), ("千字", ("characters", 1000)), ("万 字", ("characters", 10_000)), ("Minutes", ("minutes", 1)),
     ("clock hours", ("clock_hours", 1)), ("分", None), ("月", None), ("元", None), ("学实", None), ("", None)],
)  # fmt: skip
def test_units(text: str, expected: tuple[str, int] | None) -> None:
    found = cells.unit(text)
    assert isinstance(found, Bad) if expected is None else found == UnitCell(*expected)


def test_units_may_not_contradict() -> None:
    hours, minutes = UnitCell("hours"), UnitCell("minutes")
    twelve = Amount(Fraction(12))
    assert cells.measured(twelve, hours, None) == (Fraction(12), "hours")
    assert cells.measured(twelve, None, hours) == (Fraction(12), "hours")
    assert cells.measured(twelve, None, None) == (Fraction(12), None)
    assert cells.measured(None, hours, None) == (None, "hours")
    assert isinstance(clash := cells.measured(twelve, hours, minutes), Bad)
    assert (clash.en, clash.zh) == (
        "the units contradict each other: hours and minutes", "单位互相矛盾：分钟、学时",
    )  # fmt: skip
    assert isinstance(cells.measured(Amount(Fraction(12), "days"), None, hours), Bad)
    by_thousand = UnitCell("characters", 1000)
    assert cells.measured(Amount(Fraction(3)), by_thousand, None) == (Fraction(3000), "characters")
    assert cells.measured(Amount(Fraction(3), "characters"), by_thousand, None) == (Fraction(3), "characters")
    assert isinstance(cells.measured(Amount(Fraction(3)), by_thousand, UnitCell("characters")), Bad)


def test_of_many_words_the_first_twelve_are_named() -> None:
    names = [f"形式{n:02}" for n in range(13)]
    found = cells.term_reader({n: (n,) for n in names}, names)("xyz")
    assert isinstance(found, Bad)
    assert found.hint_zh == "可写：" + "、".join(names[:12]) + "、…"
    assert found.hint == "write one of: " + ", ".join(names[:12]) + ", …"


def test_a_wrong_word_gets_the_nearest_one_suggested() -> None:
    term = cells.term_reader({"培训班": ("training",), "training": ("training",)}, ["培训班", "training"])
    assert term(" 培训班") == "training"
    assert term("TRAINING") == "training"
    found = term("trainning")
    assert isinstance(found, Bad)
    assert "training" in found.hint
    other = cells.term_reader({"发表出版作品": ("p",), "发表论文": ("p",)}, ["发表出版作品"])("论文")
    assert isinstance(other, Bad)
    assert other.hint_zh == "是不是 发表论文？"
    words = {
        "会计类论文": ("a",),
        "accounting_paper": ("a",),
        "发表论文": ("p",),
        "发表出版作品": ("p",),
        "论著": ("p",),
    }
    words |= {"论述": ("s",), "自学成果": ("s",)}
    every = cells.term_reader(words, ["会计类论文", "发表出版作品", "自学成果"], {"a": 1, "p": 3, "s": 3})("论文")
    assert isinstance(every, Bad)
    assert every.hint_zh == "是不是 发表论文、论述、会计类论文？"  # each term once, those of the base first
    two = cells.term_reader({"进修": ("a", "b")}, ["a", "b"])("进修")
    assert isinstance(two, Bad)
    assert "several" in two.en


@pytest.mark.parametrize(
    ("text", "expected"),
    [("P1", "P1"), ("Ｐ１", "P1"), ("'0012", "0012"), ("51010119000103001x", "51010119000103001X"), ("12e5", "12e5"),
     ("无", None), ("-", None), ("P\u200b1", "P\u200b1"), ("①", "①"), ("②③", "②③"), ("A-①班", "A-①班"),
     ("A-①", "A-①"), ("㈱-1", "㈱-1"), ("（①）", "(①)")],
)  # fmt: skip
def test_ids(text: str, expected: str | None) -> None:
    assert cells.identifier(text) == (expected.replace("\u200b", "") if expected and not text.isascii() else expected)


def test_signs_beside_a_text_are_no_digits_of_it() -> None:
    for text in ("1001②", "1001²", "R⑴", "510101190001010019①", "1001 ②", "王五①②"):
        found = cells.identifier(text)
        assert isinstance(found, Bad)
        assert found.code == "PE417"
        assert text[-1] in found.en
    assert isinstance(cells.yes_no("①"), Bad)
    assert isinstance(cells.year("2016①"), Bad)
    for code in range(0x110000):
        one = chr(code)
        if unicodedata.category(one) in ("No", "So"):
            assert folded(one) == one or not any(c.isdigit() for c in folded(one)), hex(code)


def test_who_writes_until_now_is_told_to_leave_the_end_empty() -> None:
    told = {text: bad.hint_zh for text in ("至今", "长期", "待定") if isinstance(bad := cells.day(text), Bad)}
    assert told == {
        "至今": "情形尚未结束的，结束日期请留空",
        "长期": "情形尚未结束的，结束日期请留空",
        "待定": "请写成 2016-03-05",
    }


def test_a_term_that_only_looks_like_one_is_told_as_that() -> None:
    """The radicals of a PDF's text, a katakana エ; 培训斑 is another word, and looks like no term."""
    words = {"车间实习": ("shop",), "工程": ("works",), "furtherstudy": ("further_study",)}
    read = cells.term_reader(words, ["车间实习", "shop", "工程", "works", "further_study"])
    told = {
        text: bad.hint_zh
        for text in ("⻋间实习", "エ程", "Furthеr_Studу", "车问实习")
        if isinstance(bad := read(text), Bad)
    }
    assert told == {
        "⻋间实习": "是不是 车间实习？其中 ⻋ (U+2ECB) 只是看起来一样",
        "エ程": "是不是 工程？其中 エ (U+30A8) 只是看起来一样",
        "Furthеr_Studу": "是不是 further_study？其中 е (U+0435)、у (U+0443) 只是看起来一样",
        "车问实习": "是不是 车间实习？",
    }


def test_an_employer_in_the_column_of_units_is_told_what_to_do() -> None:
    found, mistyped = cells.unit("某某局"), cells.unit("学实")
    assert isinstance(found, Bad)
    assert isinstance(mistyped, Bad)
    assert "ignore: [单位]" in found.hint
    assert "ignore: [单位]" in found.hint_zh
    assert mistyped.hint == "did you mean 学时, 学分?"


@pytest.mark.parametrize(
    "text",
    ["1001、1002", "张三，李四", "P1；P2", "1001;1002", "1001, 1002", "、1、2",
     "1001\n1002", "1001 \r\n 1002", "张三\n李四", "510101199001\n010016", "王小明\n1001"],
)  # fmt: skip
def test_a_list_of_people_is_nobodys_id(text: str) -> None:
    found = cells.person(text)
    assert isinstance(found, Bad)
    assert found.code == "PE417"


@pytest.mark.parametrize("text", ["1001", "1001、", "Smith, John", "A-07/3", "王小明 1001", "CN=x,OU=1"])
def test_one_person_is(text: str) -> None:
    assert cells.person(text) == cells.identifier(text)


def test_digits_that_a_spreadsheet_lost_are_not_made_up() -> None:
    for text in ("5.10101E+17", "5.1010119900101e+17", "1E+3"):
        found = cells.identifier(text)
        assert isinstance(found, Bad)
        assert found.code == "PE419"


@pytest.mark.parametrize("text", ["5.1010119900101E17", "5.1E17", "1.3800138E10", "5.10101e17", "'5.1E17", "５.１E17"])
def test_a_number_as_java_writes_it_is_nobody(text: str) -> None:
    """Two people of one day of birth may have the same such number: their last digits are lost."""
    found = cells.person(text)
    assert isinstance(found, Bad)
    assert found.code == "PE419"


@pytest.mark.parametrize(
    "text", ["1.2E3", "E17", "5E17", "A5.1E17", "5.1E17A", "5.E17", "51.0E17", "5.1", "3.1-E17", "5.1E23"]
)
def test_other_ids_with_a_point_or_an_e_stay(text: str) -> None:
    assert cells.person(text) == text


@given(st.text(max_size=400))
def test_any_text_has_a_meaning_or_a_reason(text: str) -> None:
    cleaned = cells.clean(text)
    readers = (cells.day, cells.number, cells.unit, cells.yes_no, cells.year, cells.identifier, cells.free_text)
    for read in readers:
        found = read(cleaned)
        if isinstance(found, Bad):
            assert found.code.startswith("PE4")
            assert found.en
            assert found.zh
