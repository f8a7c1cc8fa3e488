"""What the hours that a cap leaves open wait for: the records that come before them in its windows (``Account.waits``).

The touched items of periods with open amounts go in; out comes the table ``waits``: for an item whose counted hours are
open, the other open records that decide them (``other``, judged as ``other_case``; ``case``: as the item's own is).
Memberships, orders and limits are known here, so that only facts of records can be missing.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import TYPE_CHECKING, Any

from policyengine.engines.compile import trees as t
from policyengine.engines.compile.law import Law
from policyengine.engines.compile.limits import Cap
from policyengine.engines.compile.trees import Tree
from policyengine.language import tree

if TYPE_CHECKING:
    from policyengine.engines.compile.cuts import Cuts


WAITS = ("record_id", "person_id", "period", "end", "case", "other", "other_case")


def keep_waits(cuts: Cuts, laws: Iterable[tuple[Law, list[Cap]]]) -> None:
    """Make the table ``waits`` of the laws that have open periods; ``counted`` is there."""
    host = cuts.host
    parts = []
    for law, caps in laws:
        known = f"waits_{law.number}"
        host.keep(known, _open_themselves(cuts, law, caps))
        for cap in caps:
            if cap.least is None or isinstance(cap.window, tree.PerActivity):  # nothing comes before a record itself
                continue
            host.keep("placed", _placed(cuts, law, caps, cap))
            host.keep("waiting", t.union(_all_of(known, "w"), _waiting(known)))
            host.keep(known, _all_of("waiting", "w").distinct(copy=False))
        others = _all_of(known, "w")
        parts.append(others.where(t.compare(t.col("other", "w"), "<>", t.col("record_id", "w")), copy=False))
    host.keep("waits", t.union(*parts))


def facts_waited_for() -> Any:
    """By item the facts of other records that it waits for (``facts``)."""
    query = t.select(
        record_id=t.col("record_id", "w"), period=t.col("period", "w"),
        facts=t.distinct_list(fact_of(t.col("other", "w"), t.col("fact", "f"))),
    ).from_(t.table("waits", "w"), copy=False)  # fmt: skip
    t.join(query, t.table("words", "o"), t.equal(t.col("d", "o"), t.col("other_case", "w")))
    t.join(query, t.table("facts", "f"), t.equal(t.col("id", "f"), t.col("miss", "o")))
    return query.group_by(t.col("record_id", "w"), t.col("period", "w"), copy=False)


def fact_of(record: Tree, fact: Tree) -> Tree:
    """A fact of a record as others name it (``judge.Judged.named``)."""
    of_person = t.equal(t.call("LEFT", fact.copy(), t.lit(len("person:"))), t.lit("person:"))
    return t.case([(of_person, fact)], t.concat(record, t.lit(":"), fact.copy()))


def _all_of(table: str, alias: str) -> Any:
    return t.select(**{n: t.col(n, alias) for n in WAITS}).from_(t.table(table, alias), copy=False)


def _open_themselves(cuts: Cuts, law: Law, caps: list[Cap]) -> Any:
    """Open items: each waits for what it lacks itself."""
    own = {n: t.col(n, "i") for n in ("record_id", "person_id", "period", "end")}
    query = t.select(**own, case=t.col("d", "i"), other=t.col("record_id", "i"), other_case=t.col("d", "i"))
    query.from_(t.sub(cuts.open_items(law, caps), "i"), copy=False)
    return query.where(t.compare(t.col("low", "i"), "<>", t.col("high", "i")), copy=False)


def _placed(cuts: Cuts, law: Law, caps: list[Cap], cap: Cap) -> Any:
    """The items of the cap's windows that it cuts: in which one (``head``: its first record), and where in it."""
    found = cuts.placed(cap, cuts.open_items(law, caps))
    assert found is not None
    query, _ = found
    window, order = cuts.window(cap, query)
    held = t.sum_over(t.col("high", "e"), [w.copy() for w in window])
    heads = t.over(t.call("MIN", t.col("record_id", "e")), [w.copy() for w in window])
    own = {n: t.col(n, "e") for n in ("record_id", "person_id", "period", "end", "member")}
    windows = t.select(
        **own, case=t.col("d", "e"), head=heads, place=t.rank(window, order),
        cuts=t.compare(held, ">", t.col("limit", "e")),
    ).from_(t.sub(query, "e"), copy=False)  # fmt: skip
    names = ("record_id", "person_id", "period", "end", "case", "head", "place")
    placed = t.select(**{n: t.col(n, "p") for n in names}).from_(t.sub(windows, "p"), copy=False)
    return placed.where(t.both(t.col("member", "p"), t.col("cuts", "p")), copy=False)


def _waiting(known: str) -> Any:
    """What open items wait for because of those before them in their window."""
    own = {n: t.col(n, "n") for n in ("record_id", "person_id", "period", "end", "case")}
    query = t.select(**own, other=t.col("other", "w"), other_case=t.col("other_case", "w"))
    query.from_(t.table("placed", "n"), copy=False)
    same = (t.equal(t.col(n, "m"), t.col(n, "n")) for n in ("person_id", "period", "head"))
    before = t.compare(t.col("place", "m"), "<", t.col("place", "n"))
    t.join(query, t.table("placed", "m"), t.both(*same, before))
    for table, alias, of in ((known, "w", "m"), ("counted", "c", "n")):
        item = (t.equal(t.col(n, alias), t.col(n, of)) for n in ("record_id", "period"))
        t.join(query, t.table(table, alias), t.both(*item))
    return query.where(t.compare(t.col("counted_low", "c"), "<>", t.col("counted_high", "c")), copy=False)
