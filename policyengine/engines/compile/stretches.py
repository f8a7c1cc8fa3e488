"""Stretches of days under a cap per day: the items under it go in, out come those that hold more than their limit, and
the persons whose records take room from one another.

Every stretch from a record's first day to a record's last day is a window (``windows.py``), so that windows lie across
one another where records share only some of their days: which record has room is a question of flows then, which the
reference evaluator answers. But where what each stretch may count by itself at most (what it holds, and no more than
the limit of its days) fits every window that holds several of them, no such window ever cuts, whatever the order: what
counts within it is never more than that. Then each stretch is cut by itself, as where none overlap.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

from policyengine.engines.compile import trees as t
from policyengine.engines.compile.limits import Cap
from policyengine.engines.compile.trees import Tree

MOST = 60  # stretches of a run that are compared with one another; their pairs grow with the square of it

KEYS = ("person_id", "start", "end")


@dataclass(frozen=True, slots=True)
class Stretches:
    """The stretches of a cap per day. A *run* is what hangs together by common days (``rooms._touching``)."""

    host: Any
    cap: Cap

    def keep(self, items: Any) -> None:
        """The table of them: what the items under the cap come to, by their first and last days; ``several``: there are
        more than one; ``open``: an amount, or whether one is under the cap; ``crosses``: its days begin in an earlier
        period than it counts in."""
        open_ = t.either(
            t.compare(t.col("low", "m"), "<>", t.col("high", "m")),
            t.compare(t.col(f"c{self.cap.number}", "m"), "<>", t.lit(1)),
        )
        began = t.period(t.col("start", "m"), self.cap.law.plan.year_start)
        spans = t.select(
            **t.cols("m", *KEYS),
            period=t.call("MAX", t.col("period", "m")),
            amount=t.limited_sum(t.col("high", "m")),
            several=t.flag(t.compare(t.count(), ">", t.lit(1))),
            open=t.call("MAX", t.flag(open_)),
            crosses=t.call("MAX", t.flag(t.compare(began, "<", t.col("period", "m")))),
        ).from_(t.sub(items, "m"), copy=False)
        self.host.keep(self._name("days"), t.grouped_by(spans, "m", *KEYS))

    def over(self) -> Any:
        """The (person, period) of stretches that hold more than their limit; ``open``: items share it of which one is
        open."""
        query = t.select(
            **t.cols("d", "person_id", "period"), open=t.least(t.col("several", "d"), t.col("open", "d"))
        ).from_(t.table(self._name("days"), "d"), copy=False)
        return query.where(t.compare(t.col("amount", "d"), ">", self._room("d")), copy=False)

    def crowded(self, unsettled: Any) -> Iterable[Any]:
        """The persons whose records take room from one another, or have too many stretches to tell. ``unsettled``:
        persons with something open under any cap; ``loose``: 1 where their bounds may not be those of two runs."""
        self._keep_close(unsettled)
        query = t.select(person_id=t.col("person_id", "c")).from_(t.table(self._name("close"), "c"), copy=False)
        yield query.where(t.compare(t.col("stretches", "c"), ">", t.lit(MOST)), copy=False)
        # the windows from each first day on, by their last days: what lies within them
        order = [t.col("end", "x"), t.col("start", "x")]
        windows = t.select(
            **t.cols("a", "person_id", "start"),
            end=t.col("end", "x"),
            amount=t.running(t.col("most", "x"), [t.col(k, "a") for k in KEYS], order, including=True),
        ).from_(t.table(self._name("close"), "a"), copy=False)
        later = t.compare(t.col("start", "x"), ">=", t.col("start", "a"))
        few = t.compare(t.col("stretches", "a"), "<=", t.lit(MOST))
        t.join(windows, t.table(self._name("close"), "x"), t.both(t.agree("a", "x", "person_id", "run"), later, few))
        query = t.select(person_id=t.col("person_id", "w")).from_(t.sub(windows, "w"), copy=False)
        yield query.where(t.compare(t.col("amount", "w"), ">", self._room("w")), copy=False)

    def _keep_close(self, unsettled: Any) -> None:
        """The table of stretches that make a run of several which the room of the shortest does not hold. ``most``:
        what each may count by itself; or more than its limit, so that a stretch that holds more does not fit either.

        So it is where something in the run is open, because bounds, and what they wait for, rest on all windows that
        are exceeded; where a limit is not the same everywhere; and for persons whose bounds may be carried from cap to
        cap, which takes records as they are before the cap.
        """
        run = [t.col(n, "r") for n in ("person_id", "run")]
        runs = t.select(
            **t.cols("r", *KEYS, "run", "amount", "room"),
            stretches=t.over(t.count(), run),
            held=t.sum_over(t.col("amount", "r"), [n.copy() for n in run]),
            least=t.over(t.call("MIN", t.col("room", "r")), [n.copy() for n in run]),
            **{n: t.over(t.call("MAX", t.col(n, "r")), [n.copy() for n in run]) for n in ("open", "crosses")},
        ).from_(t.sub(self._runs(), "r"), copy=False)
        whole = t.either(
            t.equal(t.col("open", "s"), t.lit(1)),
            t.equal(t.col("loose", "p"), t.lit(1)),
            t.both(
                t.present(t.col("person_id", "p")),
                t.either(t.equal(t.col("crosses", "s"), t.lit(1)), t.present(t.col("person_id", "q"))),
            ),
        )
        more: Tree = t.flag(whole) if self.cap.even else t.lit(1)
        close = t.select(
            **t.cols("s", *KEYS, "run", "stretches"),
            most=t.least(t.col("amount", "s"), t.add([t.col("room", "s"), more])),
        ).from_(t.sub(runs, "s"), copy=False)
        for persons, alias in ((unsettled, "p"), (self._crossing(), "q")):
            t.join(close, t.sub(persons, alias), t.same_person(alias, "s"), "LEFT")
        several = t.compare(t.col("stretches", "s"), ">", t.lit(1))
        close.where(t.both(several, t.compare(t.col("held", "s"), ">", t.col("least", "s"))), copy=False)
        self.host.keep(self._name("close"), close)

    def _crossing(self) -> Any:
        """Persons with a stretch that crosses into the period in which it counts, and holds more than its limit: where
        something is open, their bounds are not those of two runs (``windows.Cut.nested``)."""
        query = t.select(person_id=t.col("person_id", "d")).from_(t.table(self._name("days"), "d"), copy=False)
        over = t.compare(t.col("amount", "d"), ">", self._room("d"))
        return query.where(t.both(t.equal(t.col("crosses", "d"), t.lit(1)), over), copy=False).distinct(copy=False)

    def _runs(self) -> Any:
        """The stretches with the limit of their days, and the number of their run."""
        order = [t.col("start", "d"), t.col("end", "d")]
        before = t.prior_max(t.col("end", "d"), [t.col("person_id", "d")], order)
        handed = (*KEYS, "amount", "open", "crosses")
        opened = t.select(
            **t.cols("d", *handed),
            room=self._room("d"),
            opens=t.case([(t.compare(before, ">=", t.col("start", "d")), t.lit(0))], t.lit(1)),
        ).from_(t.table(self._name("days"), "d"), copy=False)
        order = [t.col("start", "o"), t.col("end", "o")]
        run = t.running(t.col("opens", "o"), [t.col("person_id", "o")], order, including=True)
        query = t.select(**t.cols("o", *handed, "room"), run=run)
        return query.from_(t.sub(opened, "o"), copy=False)

    def _room(self, alias: str) -> Tree:
        """The least limit of the days from ``start`` to ``end``."""
        return t.times(t.days_between(t.col("start", alias), t.col("end", alias)), t.lit(self.cap.least))

    def _name(self, kind: str) -> str:
        return f"{kind}_{self.cap.law.number}_{self.cap.number}"
