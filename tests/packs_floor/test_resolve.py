"""Who governs when, compared day by day with the definition, over generated chains of three packs."""

from __future__ import annotations

from datetime import date
from fractions import Fraction
from itertools import pairwise

from hypothesis import given, settings
from hypothesis import strategies as st

from policyengine.diagnostics import failed
from policyengine.language import tree
from policyengine.language.vocabulary import vocabulary
from policyengine.packs.model import Citation, Pack, Rule
from policyengine.packs.resolve import resolve

FIRST, LAST = 2010, 2016
CITES = Citation("law", "一")


def require(hours: int) -> tree.Require:
    return tree.Require(measure="total", figure=tree.Quantity(Fraction(hours), "hours"), window=tree.PerYears())


def version(pack: str, name: str, statement: tree.Statement, years: tuple[int, int], change: str) -> Rule:
    start, until = date(years[0], 1, 1), date(years[1], 12, 31)
    return Rule(pack, name, statement, "", CITES, start, until, change=change, label=str(years[0]))


def pack(name: str, extends: str | None, rules: list[Rule]) -> Pack:
    return Pack(name, {}, name, extends, "", "province", (1, 1), None, (), {}, (), (), {}, {}, tuple(rules),
                digest=name, vocabulary=vocabulary())  # fmt: skip


@st.composite
def versions(draw: st.DrawFn) -> list[tuple[int, int]]:
    """Stretches of years, one after the other, with or without gaps."""
    edges = sorted(draw(st.sets(st.integers(FIRST, LAST + 1), max_size=6)))
    return [(a, b - 1) for a, b in pairwise(edges) if draw(st.booleans())]


@st.composite
def chains(draw: st.DrawFn) -> tuple[Pack, Pack, Pack]:
    """A rule below; above it overrides and drops of it; above these overrides of the override. Figures only rise."""
    change = draw(st.sampled_from(["raise-only", "delegated"]))
    base = [version("a", "r", require(10), years, change) for years in draw(versions())]
    middle = []
    for years in draw(versions()):
        drop = change == "delegated" and draw(st.booleans())
        name, statement = (
            ("gone", tree.Drop(rule="a/r")) if drop else ("r", tree.Override(rule="r", statement=require(20)))
        )
        middle.append(version("b", name, statement, years, change))
    top = [
        version("c", "r", tree.Override(rule="b/r", statement=require(30)), years, "fixed")
        for years in draw(versions())
    ]
    return pack("a", None, base), pack("b", "a", middle), pack("c", "b", top)


def in_force(rules: tuple[Rule, ...], day: date) -> Rule | None:
    return next((r for r in rules if r.start and r.until and r.start <= day <= r.until), None)


def defined(chain: tuple[Pack, Pack, Pack], day: date) -> tuple[str, tuple[str, ...]] | None:
    """docs/semantics.md, "Across packs", for one day: what governs, and over what."""
    below, middle, top = (in_force(p.rules, day) for p in chain)
    if middle is None:
        return (below.key, ()) if below else None  # an override of b/r finds no b/r here
    if isinstance(middle.statement, tree.Drop):
        return None
    over = (below.key,) if below else ()
    return (top.key, (middle.key, *over)) if top else (middle.key, over)


@settings(max_examples=150)
@given(chains())
def test_every_day_has_the_rule_that_the_definition_gives(chain: tuple[Pack, Pack, Pack]) -> None:
    base, middle, _ = chain
    if not any(r.id == "r" for r in middle.rules):  # nothing that the top could name
        chain = (base, middle, pack("c", "b", []))
    if not base.rules:
        chain = (base, pack("b", "a", []), pack("c", "b", []))
    policy, problems = resolve(chain)
    assert not failed(problems)
    assert policy is not None
    days = [date(year, *edge) for year in range(FIRST, LAST + 1) for edge in ((1, 1), (12, 31))]
    for day in days:
        governing = [g for g in policy.governing if g.start <= day <= g.until]  # type: ignore[operator]
        assert len(governing) <= 1, "exactly one piece a day"
        found = (governing[0].key, tuple(r.key for r in governing[0].over)) if governing else None
        assert found == defined(chain, day), day
        assert all(g.name == "a/r" for g in governing)
        if governing and governing[0].over:
            assert governing[0].keeps_stricter == (base.rules[0].change == "raise-only")


def test_pieces_cover_what_versions_cover() -> None:
    """A hand-worked chain: 2010..2012 and 2014..2016 below, an override 2012..2015 above."""
    base = pack("a", None, [version("a", "r", require(10), y, "raise-only") for y in ((2010, 2012), (2014, 2016))])
    over = version("b", "r", tree.Override(rule="a/r", statement=require(20)), (2012, 2015), "fixed")
    policy, problems = resolve((base, pack("b", "a", [over])))
    assert policy is not None, problems
    assert [(g.key, g.start.year, g.until.year, len(g.over)) for g in policy.governing] == [  # type: ignore[union-attr]
        ("a/r@2010", 2010, 2011, 0),
        ("b/r@2012", 2012, 2012, 1),
        ("b/r@2012", 2013, 2013, 0),
        ("b/r@2012", 2014, 2015, 1),
        ("a/r@2014", 2016, 2016, 0),
    ]
