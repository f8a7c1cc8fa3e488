"""What hours that caps leave open wait for (``allocate.Account.waits``): facts of the record, and of those before it.

The touched items of periods in which something is open go in; out comes the table ``waits``: for an open item (judged
as ``case``) a record (``other``) and the list of facts (``miss``) that it lacks. Orders and limits are known here.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import TYPE_CHECKING, Any

from policyengine.engines.compile import trees as t
from policyengine.engines.compile.law import Law
from policyengine.engines.compile.limits import Cap
from policyengine.engines.compile.trees import Tree

if TYPE_CHECKING:
    from policyengine.engines.compile.cuts import Cuts


ITEM = ("record_id", "person_id", "period", "end")
WAITS = (*ITEM, "case", "other", "miss")


def keep_waits(cuts: Cuts, laws: Iterable[tuple[Law, list[Cap]]]) -> None:
    """Make the table ``waits`` of the laws that have open periods; ``counted`` is there."""
    host = cuts.host
    parts = []
    for law, caps in laws:
        known = f"waits_{law.number}"
        host.keep(known, _open_themselves(cuts, law, caps))
        for cap in caps:
            if cap.least is not None:
                host.keep("placed", _placed(cuts, law, caps, cap))
                host.keep("told", t.union(_all_of(known), _unsure_members()))
                host.keep("waiting", t.union(_all_of(known), _waiting()))
                host.keep(known, _all_of("waiting").distinct(copy=False))
        parts.append(_all_of(known))
    host.keep("waits", t.union(*parts))


def facts_waited_for() -> Any:
    """By item the facts that it waits for (``facts``): those of its own record by their names alone, and where there
    are none those of others and of the person."""
    of_record = t.negate(_of_person(t.col("fact", "f")))
    itself = t.both(t.equal(t.col("other", "w"), t.col("record_id", "w")), of_record)
    fact = t.case([(itself, t.col("fact", "f"))], fact_of(t.col("other", "w"), t.col("fact", "f")))
    item = [t.col(n, "w") for n in ("record_id", "period")]
    told = t.select(record_id=item[0], period=item[1], fact=fact, own=t.flag(itself.copy()))
    told.select(t.named(t.over(t.call("MAX", t.flag(itself.copy())), [i.copy() for i in item]), "some"), copy=False)
    told.from_(t.table("waits", "w"), copy=False)
    t.join(told, t.table("facts", "f"), t.equal(t.col("id", "f"), t.col("miss", "w")))
    query = t.select(**t.cols("q", "record_id", "period"), facts=t.distinct_list(t.col("fact", "q"))).from_(
        t.sub(told, "q"), copy=False
    )
    query.where(t.equal(t.col("own", "q"), t.col("some", "q")), copy=False)
    return t.grouped_by(query, "q", "record_id", "period")


def fact_of(record: Tree, fact: Tree) -> Tree:
    """A fact of a record as others name it (``judge.Judged.named``)."""
    return t.case([(_of_person(fact.copy()), fact)], t.concat(record, t.lit(":"), fact.copy()))


def _of_person(fact: Tree) -> Tree:
    return t.equal(t.call("LEFT", fact, t.lit(len("person:"))), t.lit("person:"))


def _all_of(table: str) -> Any:
    return t.select(**t.cols("w", *WAITS)).from_(t.table(table, "w"), copy=False)


def _open_themselves(cuts: Cuts, law: Law, caps: list[Cap]) -> Any:
    """Open items: each waits for what it lacks itself."""
    own = t.cols("i", *ITEM)
    query = t.select(**own, case=t.col("d", "k"), other=t.col("record_id", "i"), miss=t.col("miss", "k"))
    query.from_(t.sub(cuts.open_items(law, caps), "i"), copy=False)
    t.join(query, t.table("case_kinds", "k"), t.agree("k", "i", "kind"))
    return query.where(t.compare(t.col("low", "i"), "<>", t.col("high", "i")), copy=False)


def _placed(cuts: Cuts, law: Law, caps: list[Cap], cap: Cap) -> Any:
    """The items of the windows that a cap may cut; ``lacks``: what would settle whether one is under it."""
    query = t.select(**t.cols("p", *ITEM, "head", "place"))
    query.select(t.named(t.col("d", "k"), "case"), t.named(t.col(f"w{cap.number}", "k"), "lacks"), copy=False)
    query.from_(t.sub(cuts.cutting(cap, cuts.open_items(law, caps)), "p"), copy=False)
    return t.join(query, t.table("case_kinds", "k"), t.agree("k", "p", "kind"))


def _unsure_members() -> Any:
    """What would settle whether members are under the cap."""
    own = t.cols("p", *ITEM, "case")
    query = t.select(**own, other=t.col("record_id", "p"), miss=t.col("lacks", "p"))
    return query.from_(t.table("placed", "p"), copy=False).where(
        t.compare(t.col("lacks", "p"), "<>", t.lit(0)), copy=False
    )


def _waiting() -> Any:
    """What items that the caps leave open wait for because of themselves and of those before them in their window."""
    own = t.cols("n", *ITEM, "case")
    query = t.select(**own, **t.cols("w", "other", "miss"))
    query.from_(t.table("placed", "n"), copy=False)
    before = t.compare(t.col("place", "m"), "<=", t.col("place", "n"))
    t.join(query, t.table("placed", "m"), t.both(t.agree("m", "n", "person_id", "period", "head"), before))
    for table, alias, of in (("told", "w", "m"), ("counted", "c", "n")):
        t.join(query, t.table(table, alias), t.agree(alias, of, "record_id", "period"))
    return query.where(t.compare(t.col("counted_low", "c"), "<>", t.col("counted_high", "c")), copy=False)
