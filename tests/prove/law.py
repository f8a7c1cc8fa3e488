"""A small law for proofs: words, a table, bounds, and rules read from text."""

from __future__ import annotations

from datetime import date
from fractions import Fraction
from functools import cache

from policyengine.language import tree
from policyengine.language.parser import parse_statement
from policyengine.language.vocabulary import FieldDecl, Vocabulary, Word, vocabulary
from policyengine.packs.model import Citation, Column, Governing, Rule, Table
from policyengine.tools.prove.model import Context

FORMS = {"training": "培训班", "distance": "远程教育", "paper": "论文", "self_study": "自学成果"}
TERMS = {
    "form": FORMS,
    "subject": {"public": "公需科目", "professional": "专业科目"},
    "employer_kind": {"state_organ": "国家机关", "enterprise": "企业", "public_institution": "事业单位"},
    "circumstance": {"maternity": "产假", "illness": "病假", "posting": "驻外"},
    "journal_level": {"national": "国家级", "provincial": "省级"},
}
WORDS = (
    *(
        Word(name, "term", zh, of=field, leave=name in ("maternity", "illness"))
        for field, terms in TERMS.items()
        for name, zh in terms.items()
    ),
    Word("face_to_face", "measure", "面授"),
    Word("lectures", "measure", "讲座量"),
    Word("not_excellent", "conclusion", "不得评优"),
    Word("fee_charged", "flag", "收费"),
    Word("bases", "table", "继续教育基地"),
    Word("credits_of", "table", "论文学时表"),
    Word("yearly", "table", "年度学时表"),
)
FIELDS = (
    FieldDecl("author_rank", "record", "number", "作者排名", minimum=Fraction(1), maximum=Fraction(9)),
    FieldDecl("author_count", "record", "number", "作者人数", minimum=Fraction(1), maximum=Fraction(40)),
    FieldDecl("journal_level", "record", "term", "期刊级别"),
    FieldDecl(
        "fee", "record", "number", "收费金额", unit="yuan", minimum=Fraction(0), maximum=Fraction(10000), decimals=2
    ),
    FieldDecl("claimed_year", "record", "year", "申报年度"),
    FieldDecl("qualified_on", "person", "date", "取得资格日期"),
)
BASES = Table(
    "bases",
    (Column("name", "key", field="provider"), Column("until", "until", "date")),
    (("省人事培训中心", None), ("市培训学院", date(2018, 12, 31))),
)
CREDITS = Table(
    "credits_of",
    (
        Column("level", "key", field="journal_level", type="term"),
        Column("rank", "key", "number", "range", field="author_rank"),
        Column("hours", "value", "number", unit="hours"),
    ),
    (
        ("national", (Fraction(1), Fraction(1)), Fraction(20)),
        ("national", (Fraction(2), Fraction(3)), Fraction(10)),
        ("provincial", (Fraction(1), Fraction(3)), Fraction(6)),
    ),
)
YEARLY = Table(
    "yearly",
    (Column("year", "year", type="year"), Column("hours", "value", "number", unit="hours")),
    ((Fraction(2016), Fraction(72)), (Fraction(2018), Fraction(90))),
)
BOUNDS = {
    "minutes": (Fraction(0), Fraction(60000), 0),
    "hours": (Fraction(0), Fraction(1000), 1),
    "characters": (Fraction(0), Fraction(1000000), 0),
    "items": (Fraction(0), Fraction(1000), 0),
    "days": (Fraction(0), Fraction(366), 1),
}


@cache
def words() -> Vocabulary:
    return vocabulary(WORDS, FIELDS)


def rule(text: str) -> tree.Statement:
    """A rule's text as its tree; a mistake in it fails the test."""
    statement, problems = parse_statement(text, words())
    assert statement is not None, "\n".join(map(str, problems))
    return statement


def governing(*texts: str) -> tuple[Governing, ...]:
    """Rules ``name: text`` in force for ever."""
    result = []
    for line in texts:
        name, text = line.split(": ", 1)
        statement = rule(text)
        result.append(Governing(Rule("base", name, statement, text, Citation("law", "一")), statement, None, None))
    return tuple(result)


def context(*texts: str, start: date | None = None, until: date | None = None, **changed: object) -> Context:
    """The small law, with further rules ``name: text`` around the statements in question."""
    tables = {"bases": BASES, "credits_of": CREDITS, "yearly": YEARLY}
    return Context(words(), changed.get("tables", tables), BOUNDS, (1, 1), governing(*texts), start, until)  # type: ignore[arg-type]
