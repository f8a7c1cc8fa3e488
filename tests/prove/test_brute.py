"""A thousand generated pairs of rules: the verdict is what trying everything on the reference evaluator gives."""

from __future__ import annotations

import itertools
import random
from collections.abc import Callable, Iterator
from datetime import date, timedelta
from fractions import Fraction

import pytest

from policyengine.engines.calendar import period_bounds
from policyengine.engines.facts import Scene
from policyengine.engines.reference import prepare
from policyengine.engines.truth import compile_condition
from policyengine.language import tree
from policyengine.records.model import Record
from policyengine.tools.prove.compare import compare
from policyengine.tools.prove.model import Undecided
from policyengine.tools.prove.sides import world_of
from tests.prove import law, small
from tests.prove.small import F, read

PAIRS, CHUNKS = 1000, 10


def pair(seed: int) -> tuple[str, str]:
    """Two rules of one kind; half of the time the second is the first with one part changed."""
    r = random.Random(seed)
    kind = r.choice(small.GENERATED)
    old = kind(r)
    if r.random() < 0.5:
        return old, kind(r)
    again = random.Random(seed)
    again.choice(small.GENERATED)
    new = kind(again)
    assert new == old
    return old, _changed(new, r)


def _changed(text: str, r: random.Random) -> str:
    """The sentence with one figure or word replaced."""
    swaps = [("at least", "at most")] if "leave" not in text and r.random() < 0.2 else []
    for unit in ("hours", "minutes", "months"):
        swaps += [(f" {n} {unit}", f" {n + by} {unit}") for n in range(1, 9) for by in (1, -1) if n + by > 0]
    swaps += [(f"rank {op} {n}", f"rank {op} {4 - n}") for op in ("<", ">", "<=", ">=", "=") for n in (1, 2, 3)]
    swaps += [
        (") and (", ") or ("),
        (" present", " missing"),
        ("require ", "expect "),
        ("training, ", ""),
        ("yes", "no"),
    ]
    swaps += [(" rounded down", " rounded up"), (" divided by count", ""), ("per year", "in any 2 years")]
    r.shuffle(swaps)
    return next((text.replace(a, b, 1) for a, b in swaps if a in text), text)


# --- requirements and caps: lives of eight years, counted without any evaluator --------------------------------------

YEARS = 8  # 2020..2027, of which windows lie fully inside
FINE = 16  # parts of an hour that lives are counted in
Life = tuple[int, ...]


def _windows(window: tree.Window, open_ends: bool = False) -> list[range]:
    """The stretches of years that a window means; with ``open_ends`` also those that begin before or end after."""
    inside = range(YEARS)
    match window:
        case tree.PerYears(count=n, starting=s):
            found = [range(y, y + n) for y in range(((s or 2020) - 2020) % n - n, YEARS, n)]
        case tree.AnyYears(count=n):
            found = [range(y, y + n) for y in range(1 - n, YEARS)]
        case _:
            raise TypeError(window)
    if open_ends:
        return [range(max(0, w.start), min(YEARS, w.stop)) for w in found]
    return [w for w in found if w.start in inside and w.stop - 1 in inside]


def _lives(*figures: Fraction) -> Iterator[Life]:
    """Hours year by year that tell windows apart: even, gathered in some years, on both sides of a boundary."""
    whole = sorted({int(f * FINE * by) for f in figures for by in (F(1, 4), F(1, 2), F(1), F(2), F(4))})
    amounts = sorted({0, *(a + by for a in whole for by in (-1, 0, 1))})
    for a in amounts:
        for step in (1, 2, 3, 4):
            for shift in range(step):
                yield tuple(a if y % step == shift else 0 for y in range(YEARS))
    exact = [int(f * FINE * by) for f in figures for by in (F(1, 2), F(1), F(2))]
    for a, b in itertools.product([*exact, 1], repeat=2):
        yield tuple(a if y % 2 else b for y in range(YEARS))
        for first in range(YEARS - 1):
            yield tuple(a if y == first else b if y == first + 1 else 0 for y in range(YEARS))


def requirement_relation(old: tree.Require, new: tree.Require) -> str:
    """By persons: whoever breaks one and not the other, as a duty or as advice."""
    assert isinstance(old.figure, tree.Quantity)
    assert isinstance(new.figure, tree.Quantity)
    lives = list(_lives(old.figure.value, new.figure.value))
    one, other = _broken(old, lives), _broken(new, lives)
    laxer = stricter = False
    for kind, advice in itertools.product(small.KINDS, (False, True)):
        a, b = _applies(old, kind, advice), _applies(new, kind, advice)
        laxer = laxer or any(a and x and not (b and y) for x, y in zip(one, other, strict=True))
        stricter = stricter or any(b and y and not (a and x) for x, y in zip(one, other, strict=True))
    return "neither" if laxer and stricter else "laxer" if laxer else "stricter" if stricter else "same"


def _applies(rule: tree.Require, kind: str, advice: bool) -> bool:
    """A duty is at least an advice; an advice is never a duty."""
    asked = rule.when is None or kind in {i.id for i in rule.when.items}  # type: ignore[union-attr]
    return asked and (advice or not isinstance(rule, tree.Expect))


def _broken(rule: tree.Require, lives: list[Life]) -> list[bool]:
    """For each life, all of it in professional hours and again all in public ones."""
    assert isinstance(rule.figure, tree.Quantity)
    least = rule.comparison == ">="
    figure, windows = int(rule.figure.value * FINE), _windows(rule.window, open_ends=not least)

    def broken(life: Life) -> bool:
        sums = [sum(life[w.start : w.stop]) for w in windows]
        return any(s < figure if least else s > figure for s in sums)

    nothing = broken((0,) * YEARS)
    return [broken(x) for x in lives] + [broken(x) if rule.measure == "total" else nothing for x in lives]


def cap_relation(old: tree.Cap, new: tree.Cap) -> str:
    """By persons whose records are all alike, one or several a year; counting more by any year is laxer."""
    assert isinstance(old.figure, tree.Quantity)
    assert isinstance(new.figure, tree.Quantity)
    lives = list(_lives(old.figure.value, new.figure.value))
    tests = [prepare(small.made(rule)).later.caps[0].test for rule in (old, new)]
    scenes = (Scene({}, (), record, 2020) for record in small.all_records("rank approved evidence level"))
    under = {tuple(test(scene) is True for test in tests) for scene in scenes}

    def sums() -> Iterator[tuple[int, int]]:
        """What all years together have counted by each, in every life, under none, one or both of the caps."""
        for life, split in itertools.product(lives, (1, 4)):
            capped = [(life, _counted(rule, life, split)) for rule in (old, new)]
            for one, other in under:
                yield from zip(*map(itertools.accumulate, (capped[0][one], capped[1][other])), strict=True)

    return small.relation(sums())


def _counted(rule: tree.Cap, life: Life, split: int) -> Life:
    """Counted hours by year: each of ``split`` records takes what every window that holds it has left."""
    assert isinstance(rule.figure, tree.Quantity)
    figure = int(rule.figure.value * FINE)
    if isinstance(rule.window, tree.PerActivity):
        return tuple(sum(min(part, figure) for part in _parts(x, split)) for x in life)
    windows = _windows(rule.window, open_ends=True)
    left = [figure] * len(windows)
    counted = []
    for year, hours in enumerate(life):
        holding = [i for i, w in enumerate(windows) if year in w]
        takes = min(hours, *(left[i] for i in holding))
        for i in holding:
            left[i] -= takes
        counted.append(takes)
    return tuple(counted)


def _parts(hours: int, split: int) -> list[int]:
    return [hours // split + (1 if n < hours % split else 0) for n in range(split)]


# --- the comparison --------------------------------------------------------------------------------------------------


def expected(old: str, new: str) -> str:
    one, other = read(old), read(new)
    match one, other:
        case tree.Require(), tree.Require():
            if one.comparison != other.comparison:
                return "neither"
            return requirement_relation(one, other)
        case tree.Cap(), tree.Cap():
            return cap_relation(one, other)
        case ((tree.Excuse() | tree.Reduce()), _):
            return small.on_persons(old, new)
    return small.on_records(old, new)


@pytest.mark.parametrize("chunk", range(CHUNKS))
def test_verdicts_agree_with_trying_everything(chunk: int) -> None:
    for seed in range(chunk * PAIRS // CHUNKS, (chunk + 1) * PAIRS // CHUNKS):
        old, new = pair(seed)
        verdict = compare(read(old), read(new), small.context())
        wanted = "same" if read(old) == read(new) else expected(old, new)
        assert verdict.relation == wanted, f"seed {seed}\n  old: {old}\n  new: {new}\n  said {verdict}"
        assert verdict.permitted is (verdict.relation in ("same", "stricter"))
        assert not isinstance(verdict.laxer, Undecided)


# --- the time between two days: every day of years on both sides ------------------------------------------------------

LENGTHS = ("1 month", "2 months", "6 months", "1 year", "2 years", "30 days", "31 days", "366 days")
MARKS = [f"{day} of this year" for day in ("January 1", "February 28", "March 31", "July 1", "December 31")]
DAYS = [date(2017, 6, 1) + timedelta(n) for n in range(1600)]
ENDS = [
    date(y, m, d) for y in (2019, 2020) for m, last in ((1, 31), (2, 28), (4, 30)) for d in (1, 28, 30, 31) if d <= last
]


def _time(r: random.Random, fixed: list[str]) -> str:
    one, other = r.sample(["qualified_on", r.choice(fixed)], 2)
    return f"{one} to {other} {r.choice(['less than', 'at most', 'at least', 'more than'])} {r.choice(LENGTHS)}"


def _times(r: random.Random, fixed: list[str], beside: list[str]) -> str:
    """One or two times, or a time and something else that is asked of one of its days."""
    one, draw = _time(r, fixed), r.random()
    if draw < 0.6:
        return one
    other = _time(r, fixed) if draw < 0.85 else r.choice(beside)
    return f"({one}) {r.choice(['and', 'or'])} ({other})"


def _scenes(record: bool) -> Iterator[Scene]:
    if record:
        for end, day in itertools.product(ENDS, DAYS[::2] + DAYS[1:400:2]):
            yield Scene({"qualified_on": day}, record=Record("R", "P", end, end, None, None, {}), period=end.year)
        return
    for period, day in itertools.product((2019, 2020), DAYS):
        yield Scene({"qualified_on": day}, period=period, window=period_bounds(period, (1, 1)))


@pytest.mark.parametrize("seed", range(40))
def test_verdicts_on_times_miss_no_day(seed: int) -> None:
    """Which days differ on the evaluator the verdict knows, or says that it can't tell."""
    r, around, record = random.Random(seed), law.context(f"annual-hours: {small.OWED}"), seed % 2 == 1
    fixed = ["date", "date", "end"] if record else [*MARKS, "2020-02-29", "2019-12-31"]
    beside = ["date >= 2020-02-15", "year of qualified_on = year of date"] if record else [
        f"qualified_on >= {r.choice(MARKS)}", "year of qualified_on < this year", "qualified_on < 2020-01-15"
    ]  # fmt: skip
    verb = "reject training" if record else "excuse year"
    one = _times(r, fixed, beside)
    nearly = one.replace("at least", "more than").replace("less than", "at most").replace("6 months", "1 year")
    old, new = (law.rule(f"{verb} when {text}") for text in (one, r.choice((nearly, _times(r, fixed, beside)))))
    verdict = compare(old, new, around)
    if verdict.relation in ("undecided", "neither"):
        return
    world = world_of(around)
    before, after = (compile_condition(s.when, world) for s in (old, new))
    truths = ((before(s), after(s)) for s in _scenes(record))
    found = {"more" if b else "less" for a, b in truths if a is not b}
    more, less = ("stricter", "laxer") if record else ("laxer", "stricter")
    assert found <= {"same": set(), more: {"more"}, less: {"less"}}[verdict.relation], f"{old}\n{new}\n{verdict}"


# --- leave: every set of eight days of two kinds ----------------------------------------------------------------------

OCTET = range(8)
SPENT = range(1 << len(OCTET))  # of one kind: a bit for each day
OF_KINDS = ("maternity", "illness", "maternity, illness")
TOTALS = [spent.bit_count() for spent in SPENT]
LONGEST = [max(map(len, f"{spent:b}".split("0"))) for spent in SPENT]
Asked = Callable[[int, int], bool]


def _of_leave(r: random.Random) -> tuple[str, Asked]:
    """A condition on leave, and its answer by the days of maternity and of illness, counted without any evaluator."""
    kinds, op, least, in_all = (
        r.choice(OF_KINDS),
        r.choice(("at least", "more than")),
        r.randint(1, 3),
        r.random() < 0.6,
    )
    count = least if op == "at least" else max(1, least - 1)
    beyond, days = count + (op == "more than"), TOTALS if in_all else LONGEST
    text = f"leave in ({kinds}) lasts {op} {count} {'day' if count == 1 else 'days'}{' in all' if in_all else ''}"
    if r.random() < 0.2:
        return f"not ({text})", lambda a, b: days[_of(kinds, a, b)] < beyond
    return text, lambda a, b: days[_of(kinds, a, b)] >= beyond


def _of(kinds: str, a: int, b: int) -> int:
    return a | b if "," in kinds else a if kinds == "maternity" else b


def _of_leaves(r: random.Random) -> tuple[str, Asked]:
    (one, first), (other, second) = _of_leave(r), _of_leave(r)
    match r.choice(("and", "or", "")):
        case "and":
            return f"({one}) and ({other})", lambda a, b: first(a, b) and second(a, b)
        case "or":
            return f"({one}) or ({other})", lambda a, b: first(a, b) or second(a, b)
    return one, first


@pytest.mark.parametrize("chunk", range(3))
def test_verdicts_on_leave_agree_with_trying_everything(chunk: int) -> None:
    for seed in range(chunk * 40, (chunk + 1) * 40):
        r = random.Random(seed)
        (old, before), (new, after) = _of_leaves(r), _of_leaves(r)
        wanted = small.relation((before(a, b), after(a, b)) for a in SPENT for b in SPENT)
        verdict = compare(read(f"excuse year when {old}"), read(f"excuse year when {new}"), small.context())
        assert verdict.relation == wanted, f"seed {seed}\n  old: {old}\n  new: {new}\n  said {verdict}"
