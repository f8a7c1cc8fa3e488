"""A law small enough to try everything: words, generated rules, and every record and person that there can be.

The oracle of ``test_brute.py``: what two rules do is found out with the reference evaluator alone, case by case.
"""

from __future__ import annotations

import itertools
import random
from collections.abc import Callable, Iterator, Sequence
from datetime import date
from fractions import Fraction
from functools import cache

from policyengine.engines.reference import evaluate_person, prepare
from policyengine.language import tree
from policyengine.language.parser import parse_statement
from policyengine.language.vocabulary import FieldDecl, Vocabulary, Word, vocabulary
from policyengine.packs.model import Column, Table
from policyengine.plan.model import Plan
from policyengine.records.model import Circumstance, Fact, Person, Record
from policyengine.tools.prove.model import Context
from tests.build import governs, plan, rule

F = Fraction
FORMS = ("training", "workshop", "paper")
KINDS = ("state_organ", "enterprise", "public_institution")
LEVELS = ("national", "provincial")
RANKS, COUNTS = range(1, 4), range(1, 4)
MINUTES = 18


def _terms(of: str, *names: str, leave: bool = False) -> list[Word]:
    return [Word(n, "term", of=of, leave=leave) for n in names]


WORDS = (
    *_terms("form", *FORMS),
    *_terms("subject", "public", "professional"),
    *_terms("employer_kind", *KINDS),
    *_terms("level", *LEVELS),
    *_terms("circumstance", "maternity", "illness", leave=True),
    *_terms("circumstance", "posting"),
    Word("hours_of", "table"),
)
FIELDS = (
    FieldDecl("rank", "record", "number", minimum=F(RANKS[0]), maximum=F(RANKS[-1])),
    FieldDecl("count", "record", "number", minimum=F(COUNTS[0]), maximum=F(COUNTS[-1])),
    FieldDecl("level", "record", "term"),
)
TABLE = Table(
    "hours_of",
    (
        Column("level", "key", "term", field="level"),
        Column("rank", "key", "number", "range", field="rank"),
        Column("hours", "value", "number", unit="hours"),
    ),
    (
        ("national", (F(1), F(1)), F(6)),
        ("national", (F(2), F(3)), F(3)),
        ("provincial", (F(1), F(2)), F(2)),
    ),
)
BOUNDS = {"minutes": (F(0), F(MINUTES), 0), "hours": (F(0), F(20), 0)}
TABLES = {"hours_of": TABLE}


@cache
def words() -> Vocabulary:
    return vocabulary(WORDS, FIELDS)


@cache
def context() -> Context:
    return Context(words(), TABLES, BOUNDS, governing=(governs(rule("it", read(OWED))),))


OWED = "require total at least 60 hours per year"


@cache
def read(text: str) -> tree.Statement:
    statement, problems = parse_statement(text, words())
    assert statement is not None, text + "\n" + "\n".join(map(str, problems))
    return statement


def made(*statements: tree.Statement) -> Plan:
    """The plan of these sentences."""
    return plan(*statements, vocabulary=words(), tables=TABLES, bounds=BOUNDS)


# --- generated rules --------------------------------------------------------------------------------------------------


def on_record(r: random.Random, depth: int = 2) -> str:
    """A condition on a record."""
    if depth and r.random() < 0.4:
        one, other = on_record(r, depth - 1), on_record(r, depth - 1)
        return f"({one}) {r.choice(['and', 'or'])} ({other})"
    if depth and r.random() < 0.15:
        return f"not ({on_record(r, depth - 1)})"
    return r.choice(
        [
            f"rank {r.choice(['=', '!=', '<', '<=', '>', '>='])} {r.choice(RANKS)}",
            f"rank in ({r.choice(RANKS)}, {r.choice(RANKS)})",
            f"rank between {r.choice((1, 2))} and {r.choice((2, 3))}",
            f"approved = {r.choice(['yes', 'no'])}",
            f"evidence is {r.choice(['present', 'missing'])}",
            f"level {r.choice(['=', '!='])} {r.choice(LEVELS)}",
        ]
    )


def on_person(r: random.Random) -> str:
    """A condition on a person in a year."""
    one = f"employer_kind {r.choice(['in', 'not in'])} ({', '.join(r.sample(KINDS, r.choice((1, 2))))})"
    leave = r.choice(["leave", "leave in (maternity)", "leave in (illness)", "leave in (maternity, posting)"])
    return r.choice(
        [
            one,
            f"{leave} lasts {r.choice(('at least', 'more than'))} {r.choice((2, 3, 4))} months",
            f"circumstance = {r.choice(['posting', 'illness'])}",
        ]
    )


def maybe(r: random.Random, condition: str, chance: float = 0.6) -> str:
    return f" when {condition}" if r.random() < chance else ""


def what(r: random.Random) -> str:
    return ", ".join(r.sample(FORMS, r.choice((1, 2, 2, 3))))


def recognise(r: random.Random) -> str:
    return f"recognise {what(r)}{maybe(r, on_record(r))}"


def reject(r: random.Random) -> str:
    return f"reject {r.choice([what(r), 'records'])} when {on_record(r)}"


def _rounding(r: random.Random, always: bool = False) -> str:
    if not always and r.random() < 0.6:
        return ""
    return f" rounded {r.choice(['down', 'up', 'half up'])} to {r.choice(['1 hour', '0.5 hours', '2 hours'])}"


def convert(r: random.Random) -> str:
    figure = f"{r.choice((1, 2, 3))} hours per {r.choice((2, 3, 4, 6))} minutes"
    if r.random() < 0.2:
        figure = "hours_of(level, rank)" + r.choice([" per 4 minutes", ""])
    divided = r.choice(["", "", " divided by count"])  # a share needs a rounding
    parts = r.choice(["", "", f" times {r.choice((2, 3))}"]) + divided + _rounding(r, always=bool(divided))
    limit = r.choice(["", "", f" up to {r.choice((4, 6, 8))} hours per activity"])
    otherwise = r.choice([" otherwise 0 hours", " otherwise 1 hour"]) if "hours_of" in figure else ""
    return f"convert {what(r)} at {figure}{parts}{limit}{otherwise}{maybe(r, on_record(r, 1), 0.5)}"


def add(r: random.Random) -> str:
    basis = r.choice(["", f" per {r.choice((2, 3, 4))} minutes"])
    return f"add {r.choice((1, 2, 3))} hours{basis} to {what(r)}{_rounding(r)}{maybe(r, on_record(r, 1))}"


WINDOWS = (
    "per year",
    "per year",
    "per 2 years starting 2020",
    "in any 2 years",
    "per 4 years starting 2020",
    "per 2 years starting 2021",
)


def cap(r: random.Random) -> str:
    window = r.choice((*WINDOWS, "per activity"))
    return f"cap {what(r)} at {r.choice((2, 3, 4, 6))} hours {window}{maybe(r, on_record(r, 1), 0.3)}"


def require(r: random.Random) -> str:
    verb = r.choice(["require", "require", "require", "expect"])
    limit = r.choice(["at least", "at least", "at most"])
    condition = maybe(r, f"employer_kind in ({', '.join(r.sample(KINDS, r.choice((1, 2))))})", 0.4)
    measure = r.choice(["total", "total", "professional"])
    return f"{verb} {measure} {limit} {r.choice((1, 2, 3, 4, 6))} hours {r.choice(WINDOWS)}{condition}"


def excuse(r: random.Random) -> str:
    more = f" {r.choice(['and', 'or'])} {on_person(r)}" if r.random() < 0.5 else ""
    return f"excuse year when {on_person(r)}{more}"


def reduce(r: random.Random) -> str:
    by = r.choice(["1/12", "1/6", "5 hours", "6 hours"])
    per = r.choice(
        [
            " per full month of leave",
            " per full month of leave in (illness)",
            " per full month of leave in (maternity, illness)",
            "",
        ]
    )
    return f"reduce it by {by}{per}{maybe(r, on_person(r), 0.3)}"


GENERATED: tuple[Callable[[random.Random], str], ...] = (
    recognise, reject, convert, convert, add, cap, require, require, excuse, reduce,
)  # fmt: skip


# --- everything there can be ------------------------------------------------------------------------------------------


def all_records(*texts: str) -> Iterator[Record]:
    """Every record that the texts can tell apart: each field that they ask with every value it can have."""
    text = " ".join(texts)
    options: dict[str, Sequence[Fact | None]] = {"form": FORMS, "rank": [F(1)], "count": [F(1)], "approved": [True]}
    options |= {"evidence": ["x"], "level": ["national"]}
    asked: dict[str, Sequence[Fact | None]] = {
        "rank": [F(n) for n in RANKS],
        "count": [F(n) for n in COUNTS],
        "approved": [True, False],
        "evidence": ["x", None],
        "level": LEVELS,
    }
    options |= {name: values for name, values in asked.items() if name in text}
    minutes = range(MINUTES + 1) if "minutes" in text else (4,)
    for values in itertools.product(*options.values()):
        facts = {n: v for n, v in zip(options, values, strict=True) if v is not None}
        for quantity in minutes:
            yield Record("R", "P", date(2020, 5, 1), date(2020, 5, 1), F(quantity), "minutes", facts)


def all_persons(*texts: str) -> Iterator[Person]:
    """Every employer, with stretches of leave that begin and end on many days, alone, one after the other, and at
    once.
    """
    ends = [(2, 29), (3, 30), (3, 31), (4, 29), (4, 30), (5, 31)]
    stretches: list[tuple[Circumstance, ...]] = [()]
    kinds = ("maternity", "illness", "posting")
    for kind in kinds:
        stretches += [(Circumstance(kind, date(2020, 1, 1), date(2020, *e)),) for e in ((1, 1), *ends)]
    for one, other in itertools.permutations(kinds, 2):
        for end in ends:
            stretches.append(
                (
                    Circumstance(one, date(2020, 1, 1), date(2020, 2, 15)),
                    Circumstance(other, date(2020, 2, 16), date(2020, *end)),
                )
            )
            stretches.append(
                (
                    Circumstance(one, date(2020, 1, 1), date(2020, *end)),
                    Circumstance(other, date(2020, 1, 1), date(2020, 3, 31)),
                )
            )
        stretches.append(
            (
                Circumstance(one, date(2020, 1, 1), date(2020, 6, 30)),
                Circumstance(other, date(2020, 8, 1), date(2020, 8, 1)),
            )
        )
    for one, other in itertools.combinations(kinds, 2):
        for end in ends:
            stretches.append(tuple(Circumstance(kind, date(2020, 1, 1), date(2020, *end)) for kind in (one, other)))
    for three in itertools.permutations(kinds):
        stretches.append(
            tuple(Circumstance(k, date(2020, 1, 1), date(2020, *e)) for k, e in zip(three, ends[1:], strict=False))
        )
    employers = KINDS if "employer_kind" in " ".join(texts) else KINDS[:1]
    for kind, held in itertools.product(employers, stretches):
        yield Person("P", {"employer_kind": kind}, held)


def relation(pairs: Iterator[tuple[Fraction, Fraction]] | Iterator[tuple[int, int]]) -> str:
    """Of what old and new are worth in every case: the verdict that there must be."""
    laxer = stricter = False
    for old, new in pairs:
        laxer, stricter = laxer or new > old, stricter or new < old
        if laxer and stricter:
            return "neither"  # whatever the others are
    return "laxer" if laxer else "stricter" if stricter else "same"


def on_records(old: str, new: str) -> str:
    """The relation of two rules about single records, by all records."""
    one, other = _judged(old), _judged(new)
    person = Person("P")
    return relation((one(r, person), other(r, person)) for r in all_records(old, new))


def _judged(text: str) -> Callable[[Record, Person], Fraction]:
    statement = read(text)
    rules = [statement] if isinstance(statement, tree.Recognise) else [tree.Recognise(what=tree.What()), statement]
    judge = prepare(made(*rules)).judge

    def worth(record: Record, person: Person) -> Fraction:
        judged = judge.judge(record, person)
        if isinstance(statement, tree.Convert | tree.Add):
            low, high = judged.claimed[2020]
            assert low == high, (text, record)
            return F(low)
        assert judged.state != "review", (text, record)
        return F(judged.state == "recognised")

    return worth


def on_persons(old: str, new: str) -> str:
    """The relation of two excuses or reductions, by all persons."""
    one, other = _excused(old), _excused(new)
    return relation((one(p), other(p)) for p in all_persons(old, new))


def _excused(text: str) -> Callable[[Person], Fraction]:
    prepared = prepare(
        plan(
            *(rule("it", read(OWED)), rule("other", read(text))),
            vocabulary=words(), tables=TABLES, bounds=BOUNDS,
        )
    )  # fmt: skip

    def worth(person: Person) -> Fraction:
        finding = evaluate_person(prepared, person, [], (2020, 2020)).findings[0]
        return F(finding.status == "excused") if text.startswith("excuse") else -(finding.required or F(0))

    return worth
