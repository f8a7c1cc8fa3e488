"""Small plans, records and persons for tests: rule sentences (trees or text) in, a Plan, Inputs or a Result out."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from datetime import date
from fractions import Fraction
from functools import cache

from policyengine.diagnostics import Diagnostic, Span
from policyengine.engines.reference import evaluate
from policyengine.language import tree
from policyengine.language.parser import parse_statement
from policyengine.language.vocabulary import FieldDecl, Vocabulary, Word, vocabulary
from policyengine.packs.model import Citation, Column, Governing, Pack, Policy, Rule, Table
from policyengine.plan.build import plan_of
from policyengine.plan.model import Plan
from policyengine.records.model import Circumstance, Fact, Inputs, Person, Record
from policyengine.trace import Result

F = Fraction


def terms(of: str, **zh: str) -> list[Word]:
    return [Word(name, "term", chinese, of=of) for name, chinese in zh.items()]


WORDS: tuple[Word, ...] = (
    *terms(
        "form", training="培训班", workshop="研修班", conference="学术会议", lecture="学术讲座", distance="远程教育",
        self_study="自学成果", publication="发表出版作品", exam="考试", paper="论文",
    ),
    *terms("subject", public="公需科目", professional="专业科目"),
    *terms("mode", in_person="线下", online="线上"),
    *terms("level", national="国家级", provincial="省级", city="市级"),
    *terms("employer_kind", state_organ="国家机关", public_institution="事业单位", enterprise="企业"),
    *terms("sector", accounting="会计", medicine="卫生"),
    *terms("title_level", junior="初级", middle="中级", senior="高级"),
    Word("maternity", "term", "产假", of="circumstance", leave=True),
    Word("illness", "term", "病假", of="circumstance", leave=True),
    Word("valid_reason", "term", "正当理由", of="circumstance"),
    Word("face_to_face", "measure", "面授"),
    Word("public_theme", "measure", "公需主题"),
    Word("not_excellent", "conclusion", "不得评优"),
    Word("promotion_ready", "conclusion", "可申报"),
    Word("fee_charged", "flag", "收费"),
    Word("looks_repeated", "flag", "疑似重复"),
)  # fmt: skip

FIELDS: tuple[FieldDecl, ...] = (
    FieldDecl("mode", "record", "term", "方式"),
    FieldDecl("level", "record", "term", "级别"),
    FieldDecl("author_rank", "record", "number", "作者排名", minimum=F(1), maximum=F(20)),
    FieldDecl("authors", "record", "number", "作者人数", minimum=F(1), maximum=F(20)),
    FieldDecl("cost", "record", "number", "费用", unit="yuan", minimum=F(0), maximum=F(100000), decimals=2),
    FieldDecl("paper_characters", "record", "number", "论文字数", unit="characters", minimum=F(0), maximum=F(10**6)),
    FieldDecl("claimed_year", "record", "year", "补学年度"),
    FieldDecl("late_reason", "record", "text", "补学理由"),
    FieldDecl("project", "record", "text", "项目编号"),
    FieldDecl("theme", "record", "text", "主题"),
    FieldDecl("qualified_on", "person", "date", "取得资格日期"),
    FieldDecl("self_paid", "record", "number", "个人承担比例", minimum=F(0), maximum=F(1), decimals=4),
)

BOUNDS: dict[str, tuple[Fraction, Fraction, int]] = {
    "minutes": (F(0), F(60000), 0),
    "clock_hours": (F(0), F(1000), 2),
    "hours": (F(0), F(500), 2),
    "credits": (F(0), F(500), 2),
    "days": (F(0), F(366), 1),
    "characters": (F(0), F(1000000), 0),
    "items": (F(0), F(100), 0),
}

BASES = Table(
    "bases",
    (
        Column("name", "key", field="provider"),
        Column("aliases", "alias"),
        Column("from", "from", type="date"),
        Column("until", "until", type="date"),
    ),
    (("Alpha", ("A Base", "阿尔法"), None, None), ("Beta", None, date(2016, 7, 1), date(2018, 6, 30))),
    (2, 3),
    "tables/bases.csv",
)
THEMES = Table(
    "themes",
    (
        Column("year", "year", type="year"),
        Column("theme", "key", field="theme"),
        Column("hours", "value", "number", unit="hours"),
    ),
    ((2016, "law", F(20)), (2017, "ethics", F(30)), (2017, "safety", None)),
    (2, 3, 4),
    "tables/themes.csv",
)
YEARLY = Table(
    "yearly_hours",
    (Column("year", "year", type="year"), Column("hours", "value", "number", unit="hours")),
    ((2016, F(72)), (2018, F(90))),
    (2, 3),
    "tables/yearly_hours.csv",
)
PAPER = Table(
    "paper_hours",
    (
        Column("level", "key", "term", field="level"),
        Column("rank", "key", "number", match="range", field="author_rank"),
        Column("hours", "value", "number", unit="hours"),
    ),
    (
        ("national", (F(1), F(1)), F(30)),
        ("national", (F(2), None), F(10)),
        ("provincial", (F(1), F(3)), F(25, 2)),
        (("city",), (None, None), F(5)),
    ),
    (2, 3, 4, 5),
    "tables/paper_hours.csv",
)
BY_LEVEL = Table(
    "level_hours",
    (
        Column("level", "key", "term", field="title_level"),
        Column("hours", "value", "number", unit="hours"),
    ),
    (("junior", F(12)), (("middle",), F(40))),
    (2, 3),
    "tables/level_hours.csv",
)
TABLES: dict[str, Table] = {t.id: t for t in (BASES, THEMES, YEARLY, PAPER, BY_LEVEL)}
TABLE_WORDS = tuple(Word(t, "table", "继续教育基地" if t == "bases" else None) for t in TABLES)


def words(*more: Word, fields: Sequence[FieldDecl] = ()) -> Vocabulary:
    """The test vocabulary, with more words and fields."""
    return vocabulary((*WORDS, *TABLE_WORDS, *more), (*FIELDS, *fields)) if more or fields else _words()


@cache
def _words() -> Vocabulary:
    """The same for every sentence without more, with the forms that it is found by."""
    return vocabulary((*WORDS, *TABLE_WORDS), FIELDS)


class _Text:
    """A place without a file, for sentences that tests write."""

    def __init__(self, text: str):
        self.value = text

    def span(self, start: int, end: int) -> Span:
        return Span("test.yaml", 1, start + 1, 1, end + 1)

    def line(self, span: Span) -> str:
        return self.value


def said(text: str, vocabulary: Vocabulary | None = None) -> tree.Statement:
    """The tree of a sentence, on either surface."""
    statement, found = parse_statement(text, vocabulary or words(), _Text(text))
    assert statement is not None, "\n".join(map(str, found))
    return statement


def rule(
    id: str,
    statement: tree.Statement | str,
    start: date | int | None = None,
    until: date | int | None = None,
    pack: str = "base",
    change: str = "raise-only",
) -> Rule:
    """A rule version; ``start`` and ``until`` as a year (of whole calendar years) or a date, both included."""
    text = statement if isinstance(statement, str) else ""
    return Rule(
        pack,
        id,
        said(statement) if isinstance(statement, str) else statement,
        text,
        Citation("law", f"article {id}"),
        date(start, 1, 1) if isinstance(start, int) else start,
        date(until, 12, 31) if isinstance(until, int) else until,
        whole_periods=not isinstance(start, date) and not isinstance(until, date),
        change=change,
        label="" if start is None else str(start),
        place=_Text(text) if text else None,
    )


def governs(
    one: Rule, *over: Rule, keeps_stricter: bool | None = None, start: date | None = None, until: date | None = None
) -> Governing:
    """How a rule governs: alone, or over others (nearest first); ``raise-only`` ones are kept beside it."""
    keeps = bool(over) and over[0].change == "raise-only" if keeps_stricter is None else keeps_stricter
    statement = one.statement
    while isinstance(statement, tree.Override):
        statement = statement.statement
    return Governing(one, statement, start or one.start, until or one.until, tuple(over), keeps)


def policy(
    rules: Iterable[Rule | Governing],
    vocabulary: Vocabulary | None = None,
    year_start: tuple[int, int] = (1, 1),
    tables: Mapping[str, Table] | None = None,
    bounds: Mapping[str, tuple[Fraction, Fraction, int]] | None = None,
) -> Policy:
    """A policy of rules that govern; its packs are those the rules name, base first as they occur."""
    governing = tuple(r if isinstance(r, Governing) else governs(r) for r in rules)
    vocabulary = vocabulary or words()
    tables = TABLES if tables is None else tables
    bounds = BOUNDS if bounds is None else bounds
    every = [r for g in governing for r in (*reversed(g.over), g.rule)]
    names = sorted({r.pack for r in every}, key=lambda p: (p != "base", p)) or ["base"]
    packs = tuple(
        Pack(
            name, {"en": name}, f"policies/{name}", None if n == 0 else names[n - 1], "", "province", year_start, None,
            (), {}, (), (), bounds, tables, tuple(dict.fromkeys(r for r in every if r.pack == name)),
        )
        for n, name in enumerate(names)
    )  # fmt: skip
    return Policy(names[-1], packs, governing, vocabulary, tables, bounds, year_start, "0" * 64)


def plan(*rules: Rule | Governing | tree.Statement | str, **more: object) -> Plan:
    """The plan of these rules; sentences without a rule are numbered ``base/r1``, ``base/r2``, …"""
    made = [rule(f"r{n}", r) if isinstance(r, tree.Statement | str) else r for n, r in enumerate(rules, 1)]
    result, found = plan_of(policy(made, **more))  # type: ignore[arg-type]
    errors = [d for d in found if d.severity == "error"]
    assert result is not None, "\n".join(map(str, errors))
    return result


def complaints(*rules: Rule | Governing | tree.Statement | str, **more: object) -> list[Diagnostic]:
    """What is said about the plan of these rules."""
    made = [rule(f"r{n}", r) if isinstance(r, tree.Statement | str) else r for n, r in enumerate(rules, 1)]
    return plan_of(policy(made, **more))[1]  # type: ignore[arg-type]


def day(text: str) -> date:
    return date.fromisoformat(text)


def record(
    id: str, end: str, form: str | None = "training", quantity: int | Fraction | None = None, unit: str | None = None,
    *, start: str | None = None, person: str = "P", **facts: Fact,
) -> Record:  # fmt: skip
    """``record("R1", "2016-05-01", "training", 16, "hours", evidence="c1")``; facts left out are missing."""
    held: dict[str, Fact] = {"record_id": id, "person_id": person}
    if form is not None:
        held["form"] = form
    held.update({k: F(v) if isinstance(v, int) and not isinstance(v, bool) and k != "claimed_year" else v
                 for k, v in facts.items()})  # fmt: skip
    amount = None if quantity is None else F(quantity)
    return Record(id, person, day(start or end), day(end), amount, unit, held)


def somebody(id: str = "P", *circumstances: tuple[str, str | None, str | None], **facts: Fact) -> Person:
    """``somebody("P", ("illness", "2016-03-01", None), employer_kind="enterprise")``."""
    return Person(
        id, facts, tuple(Circumstance(k, day(a) if a else None, day(b) if b else None) for k, a, b in circumstances)
    )


def inputs(records: Iterable[Record], persons: Iterable[Person] = ()) -> Inputs:
    records, known = tuple(records), {p.person_id: p for p in persons}
    for r in records:
        known.setdefault(r.person_id, Person(r.person_id))
    return Inputs(records, known, (), len(records), 0)


def run(
    made: Plan, records: Iterable[Record], periods: tuple[int, int] | int | None = None, *persons: Person,
    as_of: str | None = None,
) -> Result:  # fmt: skip
    """Evaluate: ``run(plan, records, 2016)``."""
    asked = (periods, periods) if isinstance(periods, int) else periods
    return evaluate(made, inputs(records, persons), asked, day(as_of) if as_of else None)
