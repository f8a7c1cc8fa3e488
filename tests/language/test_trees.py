"""The tree of one sentence of each kind, by hand: names are ids, numbers fractions, the parts where they belong."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date
from fractions import Fraction

import pytest

from policyengine.language.parser import parse_condition, parse_statement
from policyengine.language.printer import print_statement
from policyengine.language.tree import (
    Add,
    And,
    AnyYears,
    Assign,
    Between,
    Cap,
    Carry,
    Compare,
    Conclude,
    Condition,
    Convert,
    CountOnce,
    DayOfYear,
    Delegate,
    Divisor,
    Drop,
    Elapsed,
    Exchange,
    Excuse,
    Expect,
    Field,
    Flag,
    In,
    InEach,
    InRange,
    InTable,
    Lasts,
    Lookup,
    Measure,
    Not,
    Or,
    Outcome,
    Override,
    PerActivity,
    PerDay,
    PerField,
    PerMonth,
    PerYears,
    Present,
    Quantity,
    Recognise,
    Reduce,
    Reject,
    Repeated,
    Require,
    Rounding,
    Share,
    Stated,
    Statement,
    Term,
    ThisYear,
    Unknown,
    Value,
    What,
    Within,
    YearOf,
)  # fmt: skip
from policyengine.language.vocabulary import Vocabulary, Word
from policyengine.plan.names import owning_field
from tests.words import VOCABULARY


def q(value: int | str, unit: str) -> Quantity:
    return Quantity(Fraction(value), unit)


YEAR = PerYears()
STATEMENTS: dict[str, Statement] = {
    "认定 培训班、研修班 须有 学习证明": Recognise(what=What(("training", "workshop")), when=Present("evidence")),
    "认定 自学成果 须有 学习证明 或 单位认可 = 是": Recognise(
        what=What(("self_study",)), when=Or((Present("evidence"), Compare(Field("approved"), "=", Value(True))))
    ),
    "认定 自学成果 须有 学习证明、考核结果": Recognise(
        what=What(("self_study",)), when=And((Present("evidence"), Present("result")))
    ),
    "不予认定 当 科目 = 公需科目 理由「由基地施教」": Reject(
        what=What(), when=Compare(Field("subject"), "=", Term("public")), because="由基地施教"
    ),
    "折算 发表出版作品 每千字 计 2 学时": Convert(
        what=What(("publication",)), figure=q(2, "hours"), basis=q(1000, "characters")
    ),
    "折算 培训班 按 标定学时": Convert(what=What(("training",)), figure=Stated("hours")),
    "convert self_study at 1 to 2 hours per 1000 characters": Convert(
        what=What(("self_study",)), figure=Between(Fraction(1), Fraction(2), "hours"), basis=q(1000, "characters")
    ),
    "convert book at 90 credits each times 1.5 divided by author_count minus 1 rounded half up to 0.1 credit "
    "up to 60 credits per activity otherwise 5 credits": Convert(
        what=What(("book",)), figure=q(90, "credits"), basis=q(1, "items"), factor=Fraction(3, 2),
        divisor=Divisor("author_count", Fraction(1)), rounding=Rounding("half_up", q("1/10", "credits")),
        limit=q(60, "credits"), otherwise=q(5, "credits"),
    ),
    "折算 论文 按 论文学分表（期刊级别、作者排名）": Convert(
        what=What(("paper",)), figure=Lookup("paper_credits", (Field("journal_level"), Field("author_rank")))
    ),
    "另加 每天 计 2 学时 于 学术会议": Add(what=What(("conference",)), figure=q(2, "hours"), basis=q(1, "days")),
    "exchange 1 credit for 3 hours": Exchange(give=q(1, "credits"), take=q(3, "hours")),
    "归期 按天数分摊 不足 1 学时 舍去": Assign(by="split", rounding=Rounding("down", q(1, "hours"))),
    "assign paper to claimed year until March 31": Assign(
        by="claim", what=What(("paper",)), field="claimed_year", until=(3, 31)
    ),
    "count once per title, evidence taking the highest": CountOnce(per=("title", "evidence"), taking="highest"),
    "cap training at unknown hours per project taking professional first after cap-1": Cap(
        what=What(("training",)), figure=Unknown("hours"), window=PerField("project"), taking=("professional",),
        after=("cap-1",),
    ),
    "限额 培训班 每次 不超过 8 学时": Cap(what=What(("training",)), figure=q(8, "hours"), window=PerActivity()),
    "限额 培训班 每天 不超过 8 学时": Cap(what=What(("training",)), figure=q(8, "hours"), window=PerDay()),
    "measure face_to_face: hours of training where mode = in_person": Measure(
        name="face_to_face", unit="hours", what=What(("training",)),
        when=Compare(Field("mode"), "=", Term("in_person")),
    ),
    "结转 超出 annual-hours 部分 不超过 30 学时 至下一年度": Carry(rule="annual-hours", limit=q(30, "hours")),
    "要求 每年 总学时 不少于 90 学时": Require(measure="total", figure=q(90, "hours"), window=YEAR),
    "要求 每年 总学分 不少于 90 学分": Require(measure="total", figure=q(90, "credits"), window=YEAR),
    "expect professional at least 2/3 of total requirement per year": Expect(
        measure="professional", figure=Share(Fraction(2, 3), "total", True), window=YEAR
    ),
    "要求 任意 5 年 本期 公需科目 不超过 总学分 的 1/2": Require(
        measure="public", figure=Share(Fraction(1, 2), "total", False, "credits"), window=AnyYears(5),
        comparison="<=", this_period=True,
    ),
    "要求 自 入职日期 起 12 个月内 总学时 不少于 120 学时": Require(
        measure="total", figure=q(120, "hours"), window=Within(12, "joined")
    ),
    "require total at least 360 hours per 5 years starting 2020": Require(
        measure="total", figure=q(360, "hours"), window=PerYears(5, 2020)
    ),
    "一般要求 每年 总学分 不少于 年度主题（本年度）": Expect(
        measure="total", figure=Lookup("themes", (ThisYear(),)), window=YEAR, unit="credits"
    ),
    "免除 本年 当 休假 属于（产假、病假） 持续 不少于 6 个月": Excuse(
        when=Lasts(("maternity", "illness"), ">=", 6, "months")
    ),
    "excuse year when leave lasts more than 90 days": Excuse(when=Lasts((), ">", 90, "days")),
    "excuse year when leave lasts more than 90 days in all": Excuse(when=Lasts((), ">", 90, "days", in_all=True)),
    "免除 本年 当 休假 属于（产假、病假） 累计 满 90 天": Excuse(
        when=Lasts(("maternity", "illness"), ">=", 90, "days", in_all=True)
    ),
    "excuse annual-hours, sichuan/x": Excuse(rules=("annual-hours", "sichuan/x")),
    "核减 annual-hours 休假 每满一个月 减 1/12": Reduce(rule="annual-hours", by=Fraction(1, 12), per=PerMonth()),
    "reduce annual-hours by 5 hours per full month before joined": Reduce(
        rule="annual-hours", by=q(5, "hours"), per=PerMonth(before="joined")
    ),
    "结论 不得评优「不得为“优秀”」当 未完成": Conclude(
        name="not_excellent", text="不得为“优秀”", when=Not(Outcome("met"))
    ),
    "标记 指定机构 当 指定机构 = 用人单位": Flag(
        name="provider_designated", when=Compare(Field("designated_by"), "=", Term("employer"))
    ),
    "替代 sichuan/annual-hours：要求 每年 总学时 不少于 120 学时 当 行业 = 会计": Override(
        rule="sichuan/annual-hours",
        statement=Require(
            measure="total", figure=q(120, "hours"), window=YEAR, when=Compare(Field("sector"), "=", Term("accounting"))
        ),
    ),
    "drop sichuan/x": Drop(rule="sichuan/x"),
    "授权 继续医学教育、教师培训": Delegate(regimes=("continuing_medical_education", "teacher_training")),
}  # fmt: skip
CONDITIONS: dict[str, Condition] = {
    "met and excused or met": Or((And((Outcome("met"), Outcome("excused"))), Outcome("met"))),
    "sector in (accounting, medical)": In(Field("sector"), (Term("accounting"), Term("medical"))),
    "行业 属于 会计、卫生": In(Field("sector"), (Term("accounting"), Term("medical"))),
    "施教机构 不属于 继续教育基地": InTable(Field("provider"), "bases", True),
    "author_rank between 1 and 3": InRange(Field("author_rank"), Value(Fraction(1)), Value(Fraction(3))),
    "取得资格日期 所在年度 < 本年度": Compare(YearOf("qualified_on"), "<", ThisYear()),
    "入职日期 >= 本年度 7月1日": Compare(Field("joined"), ">=", DayOfYear(7, 1)),
    "joined in (January 1 of this year, February 29 of this year)": In(
        Field("joined"), (DayOfYear(1, 1), DayOfYear(2, 29))
    ),
    "January 1 of this year to joined less than 2 years": Elapsed(DayOfYear(1, 1), Field("joined"), "<", 2, "years"),
    "入职日期到本年度12月31日满55周岁": Elapsed(Field("joined"), DayOfYear(12, 31), ">=", 55, "years"),
    "2020年1月1日至日期不超过30日": Elapsed(Value(date(2020, 1, 1)), Field("date"), "<=", 30, "days"),
    "joined to date between 2 years and 60 months": And(
        (
            Elapsed(Field("joined"), Field("date"), ">=", 2, "years"),
            Elapsed(Field("joined"), Field("date"), "<=", 60, "months"),
        )
    ),
    "入职日期至日期介于2年至5年之间且收费金额 > 5 元": And(
        (
            Elapsed(Field("joined"), Field("date"), ">=", 2, "years"),
            Elapsed(Field("joined"), Field("date"), "<=", 5, "years"),
            Compare(Field("fee"), ">", Value(Fraction(5), "yuan")),
        )
    ),
    "日期 >= 2019年6月30日": Compare(Field("date"), ">=", Value(date(2019, 6, 30))),
    "论文字数 不超过 2 千字": Compare(Field("paper_characters"), "<=", Value(Fraction(2000), "characters")),
    "申报年度 = 2016 年": Compare(Field("claimed_year"), "=", Value(Fraction(2016))),
    "fee > -5": Compare(Field("fee"), ">", Value(Fraction(-5))),
    "self_paid_share > 50%": Compare(Field("self_paid_share"), ">", Value(Fraction(1, 2))),
    'title = "a ""b"""': Compare(Field("title"), "=", Value('a "b"')),
    "缺 学习证明": Present("evidence", True),
    "重复 同一 名称、日期": Repeated(("title", "date")),
    "近 3 年 均 完成 或 已免除": InEach(("met", "excused"), 3),
    "（近 3 年 均 完成） 或 已免除": Or((InEach(("met",), 3), Outcome("excused"))),
    "met and (excused and not met)": And((Outcome("met"), Outcome("excused"), Not(Outcome("met")))),
}


@pytest.mark.parametrize("text", STATEMENTS)
def test_statement(text: str) -> None:
    assert parse_statement(text, VOCABULARY) == (STATEMENTS[text], [])


@pytest.mark.parametrize("text", CONDITIONS)
def test_condition(text: str) -> None:

    assert parse_condition(text, VOCABULARY) == (CONDITIONS[text], [])


@pytest.mark.parametrize(
    ("zh", "en"),
    [
        ("折算 论文 每篇 计 30 学分", "convert paper at 30 credits per 篇"),
        ("折算 论文 每 2 篇 计 30 学分", "convert paper at 30 credits per 2 篇"),
        ("折算 论文 每项 计 30 学分", "convert paper at 30 credits each"),
        ("另加 每部 计 1 学分 于 论文", "add 1 credit per 部 to paper"),
        ("不予认定 论文 当 数量 > 3 篇", "reject paper when quantity > 3 篇"),
    ],
)
def test_measure_words_pass_through_english(zh: str, en: str) -> None:
    there, _ = parse_statement(zh, VOCABULARY)
    assert there is not None
    assert print_statement(there, VOCABULARY, "en") == en
    back, _ = parse_statement(en, VOCABULARY)
    assert back is not None
    assert print_statement(back, VOCABULARY, "zh") == zh


def test_measure_words_are_kept_and_mean_nothing() -> None:
    statement, _ = parse_statement("折算 论文 每篇 计 30 学分", VOCABULARY)
    assert isinstance(statement, Convert)
    assert statement.basis is not None
    assert statement.basis.word == "篇"
    assert statement == Convert(what=What(("paper",)), figure=q(30, "credits"), basis=q(1, "items"))


def test_words_are_found_without_going_through_all() -> None:
    """A hundred sentences look at the list of words no more often than one."""

    class Watched(tuple[Word, ...]):
        seen = 0

        def __iter__(self) -> Iterator[Word]:
            Watched.seen += 1
            return super().__iter__()

    def looks(times: int) -> int:
        words = Vocabulary(Watched(VOCABULARY.words), VOCABULARY.fields)
        tree, _ = parse_statement("cap training, workshop at 8 hours per day when role = lecturer", VOCABULARY)
        assert tree is not None
        Watched.seen = 0
        for _ in range(times):
            assert print_statement(tree, words, "zh") == "限额 培训班、研修班 每天 合计 不超过 8 学时 当 角色 = 授课人"
            assert owning_field(("training", "workshop"), words) == "form"
            assert words.field_of("lecturer") == "role"
            assert [w.id for w in words.terms_of("subject")] == ["public", "professional", "class_1", "class_2"]
        return Watched.seen

    assert looks(100) == looks(1)
