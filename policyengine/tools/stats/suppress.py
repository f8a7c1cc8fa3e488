"""A table goes in, the same table without the figures that would tell about a few people comes out.

A group of fewer people than asked loses all its figures; in a group that stays, a count of fewer does, and so do hours
and cost that fewer people make up, and of a distribution what fewer have or less, or have or more. So that nothing
can be found by subtraction, the next smallest goes too where only one is hidden, or where those that are hidden are
together too few: among groups of a period, in a column of theirs, among the outcomes of a group, and among its
subjects; and where a small one would follow from several such sums together. Percentages and means that would give a
hidden figure away are hidden with it.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Mapping, Sequence, Set
from typing import TypeVar

from policyengine.tools.result.tables import Table, Value
from policyengine.trace import OUTCOMES

HIDDEN = "hidden"  # the column that says why figures are missing
QUANTILES = ("least", "quartile_1", "median", "quartile_3", "most")
# What only this module needs to know, in columns that it takes away: how many people make a figure up, and up to where
# and from where on in the distribution there are enough people.
MAKERS = "people of "
PEOPLE = "people"
BOUNDS = ("enough up to", "enough from")
_COUNTS = (OUTCOMES, ("passed", "failed"))
_SUMMED = (*OUTCOMES, "passed", "failed", "activities", "counted_activities")  # counts that groups add up to a total
_DERIVED = {"completion_percent": OUTCOMES, "pass_percent": ("passed", "failed"), "mean_hours": ("hours",)}

Row = Mapping[str, Value]
Key = TypeVar("Key", str, int)


def suppressed(table: Table, least: int) -> Table:
    """Figures of fewer than ``least`` people are None; column ``hidden`` says yes or no for each row."""
    if PEOPLE not in table.names or least <= 1:
        return table
    kept = [c for c in table.columns if c.name not in BOUNDS and not c.name.startswith(MAKERS)]
    rows = [dict(zip(table.names, r, strict=True)) for r in table.rows]
    figures = {c.name for c in kept if c.kind != "text"}
    strata = _strata(rows)
    gone = _groups(rows, strata, least)
    lost = [set(_within(row, least)) for row in rows]
    for members in strata:
        _across(rows, members, gone, lost, least)
    shown = []
    for number, row in enumerate(rows):
        derived = {d for d, of in _DERIVED.items() if any(n in lost[number] for n in of)}
        missing = figures if number in gone else figures & (lost[number] | derived)
        shown.append((*(None if c.name in missing else row[c.name] for c in kept), bool(missing)))
    return Table(table.name, (*kept, type(kept[0])(HIDDEN, "yes_no")), shown)


def _strata(rows: Sequence[Row]) -> list[list[int]]:
    """The rows of each period and unit, which somebody may know the sum of."""
    strata: dict[tuple[Value, ...], list[int]] = {}
    for number, row in enumerate(rows):
        strata.setdefault((row.get("period"), row.get("unit")), []).append(number)
    return list(strata.values())


def _groups(rows: Sequence[Row], strata: Sequence[Sequence[int]], least: int) -> set[int]:
    """The rows whose people are too few, and the one more that keeps them from being found."""
    gone: set[int] = set()
    for members in strata:
        people = {m: _number(rows[m][PEOPLE]) for m in members}
        few = [m for m in members if people[m] < least]
        if few and len(members) > len(few) and (len(few) == 1 or sum(people[m] for m in few) < least):
            few.append(min((m for m in members if m not in few), key=people.__getitem__))
        gone.update(few)
    return gone


def _within(row: Row, least: int) -> Iterator[str]:
    """The columns to hide in a group that is large enough."""
    for names in _COUNTS:
        yield from _few({n: _number(row[n]) for n in names if n in row}, least)
    yield from _activities(row, least)
    makers = _makers(row)
    yield from (n for n, people in makers.items() if 0 < people < least)
    yield from _few({n: people for n, people in makers.items() if n.endswith("_hours")}, least)
    yield from _ends(row)


def _across(rows: Sequence[Row], members: Sequence[int], gone: set[int], lost: list[set[str]], least: int) -> None:
    """Hide more of the groups that stay, until nothing hidden is alone or too few, in its column or in its row."""
    stay = [m for m in members if m not in gone]
    known = [{n: _number(rows[m].get(n)) for n in _SUMMED} | _makers(rows[m]) for m in members]
    columns = {c: {m: own[c] for m, own in zip(members, known, strict=True)} for c in known[0]}
    figures = dict(zip(members, known, strict=True))
    subjects = {n for n in columns if n.endswith("_hours")}
    sums = [{*OUTCOMES, PEOPLE} & rows[members[0]].keys(), {*subjects, "hours"} if subjects else set()]
    before = -1
    while before != (before := sum(len(lost[m]) for m in stay)):
        for column, counts in columns.items():
            hidden = [m for m in members if m in gone or column in lost[m]]
            if any(counts[m] or m not in gone for m in hidden):  # that groups which are gone have nothing is no secret
                for m in _beside(hidden, counts, least):
                    lost[m].add(column)
        for m in stay:
            lost[m].update(_together(rows[m], lost[m], least))
        for added in sums:
            for m, column in _linked(figures, added, gone, lost, least):
                lost[m].add(column)


def _linked(
    known: Mapping[int, Mapping[str, int]], added: Set[str], gone: set[int], lost: Sequence[set[str]], least: int
) -> Iterator[tuple[int, str]]:
    """One figure more, where a hidden one follows from several sums. ``added``: columns of which one is the sum of the
    others.

    A hidden figure links its group with its column. Where nothing else links the two, the sums on either side of it
    give it away; then the smallest figure goes that links both sides as well.
    """
    hidden = {m: frozenset(added if m in gone else added & lost[m]) for m in known}
    alike = Counter(hidden.values())
    for m, counts in known.items():
        others = [links for links, count in alike.items() if count > (links == hidden[m])]
        for n in sorted(c for c in hidden[m] - {PEOPLE} if 0 < counts[c] < least):
            near = _reached(hidden[m] - {n}, others)
            if n in near:
                continue
            far = _reached({n}, others)
            more = []
            for o, links in hidden.items():
                side = far if o == m or links & near else near if links & far else set()
                more += [(known[o][c] == 0, known[o][c], o, c) for c in side - links - {PEOPLE}]
            if more:
                yield min(more)[2:]
                return


def _reached(columns: Set[str], links: Sequence[frozenset[str]]) -> set[str]:
    """The columns that groups link with these, directly or by way of others."""
    found: set[str] = set()
    new = set(columns)
    while new - found:
        found |= new
        new = {n for link in links if link & found for n in link}
    return found


def _together(row: Row, lost: set[str], least: int) -> Iterator[str]:
    """What must go too in a group of which ``lost`` is hidden."""
    of_subjects = {n: people for n, people in _makers(row).items() if n.endswith("_hours")}
    for counts in (*({n: _number(row[n]) for n in names if n in row} for names in _COUNTS), of_subjects):
        yield from _beside([n for n in counts if n in lost], counts, least)
    if "hours" in lost and not lost & of_subjects.keys():  # subjects would add up to it
        yield from sorted(of_subjects, key=lambda n: (of_subjects[n] == 0, of_subjects[n]))[:1]


def _makers(row: Row) -> dict[str, int]:
    """How many people make each figure up."""
    return {n.removeprefix(MAKERS): _number(v) for n, v in row.items() if n.startswith(MAKERS)}


def _few(counts: Mapping[str, int], least: int) -> list[str]:
    """Those that are too few, and what must go with them."""
    small = [n for n, count in counts.items() if 0 < count < least]
    return [*small, *_beside(small, counts, least)]


def _beside(hidden: Sequence[Key], counts: Mapping[Key, int], least: int) -> list[Key]:
    """The next smallest, until several are hidden that together are enough; nothing where nothing is hidden."""
    known = set(hidden)
    rest = sorted((n for n in counts if n not in known), key=lambda n: (counts[n] == 0, counts[n]))
    more: list[Key] = []
    total = sum(counts[n] for n in known)
    while known and rest and (len(known) + len(more) == 1 or (counts[rest[0]] and total < least)):
        total += counts[rest[0]]
        more.append(rest.pop(0))
    return more


def _activities(row: Row, least: int) -> Sequence[str]:
    """Few activities; few that counted; or all but few, which tell of those that did not."""
    every, counted = (_number(row.get(n)) for n in ("activities", "counted_activities"))
    if 0 < every < least:
        return ("activities", "counted_activities")
    few = 0 < counted < least or 0 < every - counted < least
    return ("counted_activities",) if few else ()


def _ends(row: Row) -> Iterator[str]:
    """Of the distribution, what too few people have or less, or have or more."""
    low, high = (row.get(b) for b in BOUNDS)
    for column in QUANTILES:
        value = row.get(column)
        if low is not None and high is not None and value is not None and not low <= value <= high:  # type: ignore[operator]
            yield column


def _number(value: Value) -> int:
    return value if isinstance(value, int) else 0
