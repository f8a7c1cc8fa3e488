"""A chain of packs in, the policy out: which rule version governs when, after overrides, drops and delegations.

``docs/semantics.md``, "Across packs". Who may change what is decided here; no order of files or packs decides anything.
Errors: PE203 and PE310..PE321; warnings PE316 and PE322.
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Iterator
from dataclasses import replace
from datetime import date
from fractions import Fraction

from policyengine.diagnostics import Diagnostic, failed
from policyengine.language import tree
from policyengine.language.disjoint import conjuncts
from policyengine.language.references import renamed
from policyengine.packs import aside
from policyengine.packs.authority import Authority, Taken
from policyengine.packs.document import MAX_PROBLEMS, enough
from policyengine.packs.model import Dropped, Governing, Pack, Policy, Rule, Table
from policyengine.packs.pieces import Piece, Stretch, overlap, stretch_of, without
from policyengine.packs.rules import governs_periods, splitting_days
from policyengine.packs.strictness import Terms
from policyengine.packs.values import YearStart
from policyengine.packs.windows import of_a_year


def resolve(chain: tuple[Pack, ...]) -> tuple[Policy | None, list[Diagnostic]]:
    """The policy of a chain, base first; None with the errors that keep it from governing."""
    last = chain[-1]
    assert last.vocabulary is not None
    start = last.year_start or (1, 1)
    tables = {name: table for pack in chain for name, table in pack.tables.items()}
    resolver = _Resolver(chain, start, tables)
    problems = resolver.run()
    if failed(problems):
        return None, problems
    return (
        Policy(
            id=last.id,
            packs=chain,
            governing=tuple(resolver.governing()),
            vocabulary=last.vocabulary,
            tables=tables,
            bounds={unit: bounds for pack in chain for unit, bounds in pack.bounds.items()},
            year_start=start,
            digest=hashlib.sha256("\n".join(p.digest for p in chain).encode()).hexdigest(),
            dropped=tuple(resolver.dropped()),
        ),
        problems,
    )


class _Resolver:
    """Lays the packs over each other, base first; ``pieces``: what governs so far, by the name of its lowest rule."""

    def __init__(self, chain: tuple[Pack, ...], year_start: YearStart, tables: dict[str, Table]):
        self.chain, self.year_start, self.tables = chain, year_start, tables
        self.pieces: dict[str, list[Piece]] = {}
        self.roots: dict[str, str] = {}  # any rule's name → the lowest rule that it stands for
        self.authority = Authority(self.stretch, self._put_in_force)
        self.problems: list[Diagnostic] = []

    def stretch(self, rule: Rule, dropped: tree.Statement | None = None) -> Stretch:
        """When a version is in force, in the policy's own years; a drop is in force as what it drops would be."""
        pack = next(p for p in self.chain if p.id == rule.pack)
        periods = governs_periods(dropped or rule.statement)
        return stretch_of(rule, pack.year_start or (1, 1), self.year_start, periods)

    def run(self) -> list[Diagnostic]:
        for number, pack in enumerate(self.chain):
            below = self.chain[:number]
            self.authority.enter(pack)
            plain = [r for r in pack.rules if not isinstance(r.statement, tree.Override | tree.Drop | tree.Delegate)]
            self.roots.update({rule.name: rule.name for rule in plain})
            changes = [(rule, taken) for rule in pack.rules if (taken := self._taken(rule, below)) is not None]
            # Versions of one id are one rule: where one overrides another rule, the others stand for it in their time.
            self.roots.update({rule.name: taken.root for rule, taken in reversed(changes)})
            for rule in plain:
                root = self.roots[rule.name]
                piece = Piece(rule, self._named(rule.statement, pack), self.stretch(rule), root)
                self.pieces.setdefault(root, []).append(piece)
            for rule, taken in changes:
                if len(self.problems) < MAX_PROBLEMS:
                    self._change(rule, taken, pack)
            self.problems += aside.problems(pack, (p for laid in self.pieces.values() for p in laid), self.authority)
        if len(self.problems) >= MAX_PROBLEMS:
            self.problems.append(enough(self.chain[-1].folder))
        return [*self.authority.problems, *self.problems]

    def _taken(self, rule: Rule, below: tuple[Pack, ...]) -> Taken | None:
        """What an override or a drop names; None for other statements and where there is no such rule."""
        if len(self.problems) >= MAX_PROBLEMS or not isinstance(rule.statement, tree.Override | tree.Drop):
            return None
        taken, problem = self.authority.target(rule, self.roots, below)
        self.problems += [problem] if problem else []
        return taken

    def _named(self, statement: tree.Statement, pack: Pack) -> tree.Statement:
        """The statement with the rules that it refers to under the names they govern by (``base/annual-hours``)."""

        def full(name: str) -> str:
            if "/" in name:
                return self.roots.get(name, name)
            nearest = [pack.id, *(p.id for p in reversed(self.chain[: self.chain.index(pack)]))]
            return next((self.roots[f"{p}/{name}"] for p in nearest if f"{p}/{name}" in self.roots), name)

        return renamed(statement, full)

    def _put_in_force(self, rule: Rule) -> tree.Statement | None:
        """What a rule of the chain puts in force, with the rules that it refers to under the names they govern by."""
        stated = _stated(rule)
        return None if stated is None else self._named(stated, next(p for p in self.chain if p.id == rule.pack))

    def _change(self, rule: Rule, taken: Taken, pack: Pack) -> None:
        """Lay an override or a drop over the pieces of the rule that it names."""
        statement = self._put_in_force(rule)
        pieces = self.pieces.get(taken.root, [])
        below = next((p.statement for p in pieces if p.statement is not None), None)
        own = self.stretch(rule, below if statement is None else None)
        if statement is None and below is not None and governs_periods(below):
            self.problems += self._splits(rule, own)
        left: list[Piece] = []
        laid: list[Piece] = []
        uncovered = [own]
        met = False
        for piece in pieces:
            common = overlap(piece.stretch, own)
            if common is None or piece.rule is rule:
                left.append(piece)
                continue
            uncovered = [rest for some in uncovered for rest in without(some, piece.stretch)]
            if piece.name != taken.named:
                left.append(piece)
                if not self._stands_for(piece, taken) or piece.beside:
                    continue
                from policyengine.packs import refusals

                self.problems.append(refusals.contested(rule, piece.rule, taken.named, common))
                met = True
                continue
            met = True
            left += [replace(piece, stretch=rest) for rest in without(piece.stretch, common)]
            allowed, problems = self.authority.allowed(rule, statement, piece, common, pack, self._terms(common, pack))
            self.problems += problems
            laid += self.authority.laid(rule, statement, piece, common, allowed, taken.root, pack)
        if taken.named == taken.root and statement is not None:
            laid += [Piece(rule, statement, rest, root=taken.root) for rest in uncovered]
        if not met:
            from policyengine.packs import refusals

            self.problems.append(refusals.idle(rule, taken.named, own))
        self.pieces[taken.root] = left + laid

    def _splits(self, rule: Rule, own: Stretch) -> list[Diagnostic]:
        """A drop of a rule for whole years that would begin or end inside of one."""
        days = list(splitting_days(*own, self.year_start))
        if not days:
            return []
        from policyengine.packs import refusals

        return [refusals.splits(rule, key, day, self.year_start) for key, day in days]

    def _stands_for(self, piece: Piece, taken: Taken) -> bool:
        """Whether the piece is an override of what is named here (and not what a higher override stands over)."""
        if not isinstance(piece.rule.statement, tree.Override | tree.Drop):
            return False  # a version of the same id from a time when it stood for itself
        return taken.named == taken.root or taken.named in [r.name for r in piece.over]

    def _terms(self, stretch: Stretch, pack: Pack) -> Terms:
        return Terms(
            self._rates(stretch), self.tables, frozenset(conjuncts(pack.applies)),
            pack.vocabulary.words if pack.vocabulary else (), frozenset(filter(self._yearly, self.pieces)),
        )  # fmt: skip

    def _yearly(self, root: str) -> bool:
        """Whether a rule requires something of each year, in all its versions."""
        stated = [p.statement for p in self.pieces[root] if p.statement is not None]
        return bool(stated) and all(isinstance(s, tree.Require) and of_a_year(s.window) for s in stated)

    def _rates(self, stretch: Stretch) -> Callable[[str, str], tuple[Fraction, ...]]:
        """Every exchange of the chain that is in force in the stretch."""
        exchanges = [
            rule.statement
            for pack in self.chain
            for rule in pack.rules
            if isinstance(rule.statement, tree.Exchange) and overlap(self.stretch(rule), stretch)
        ]

        def rates(unit: str, into: str) -> tuple[Fraction, ...]:
            found = {e.take.value / e.give.value for e in exchanges if (e.give.unit, e.take.unit) == (unit, into)}
            found |= {e.give.value / e.take.value for e in exchanges if (e.take.unit, e.give.unit) == (unit, into)}
            return tuple(sorted(found))

        return rates

    def governing(self) -> Iterator[Governing]:
        """What governs in the end, in the order of rules and time."""
        for root in self.pieces:
            pieces = sorted(self.pieces[root], key=lambda p: (p.stretch[0] or date.min, p.beside))
            for piece in pieces:
                if piece.statement is not None:
                    yield Governing(
                        rule=piece.rule,
                        statement=piece.statement,
                        start=piece.stretch[0],
                        until=piece.stretch[1],
                        over=piece.over,
                        keeps_stricter=piece.keeps_stricter,
                        overrides=piece.root if piece.root != piece.rule.name else "",
                        raises=piece.raises,
                    )

    def dropped(self) -> Iterator[Dropped]:
        """What does not govern because a pack above dropped it."""
        for pieces in self.pieces.values():
            for piece in sorted(pieces, key=lambda p: p.stretch[0] or date.min):
                if piece.statement is None:
                    yield Dropped(piece.rule, *piece.stretch, piece.over)


def _stated(rule: Rule) -> tree.Statement | None:
    """What an override puts in force (its condition and reason with it); None for a drop."""
    statement = rule.statement
    while isinstance(statement, tree.Override):
        inner = statement.statement
        when = inner.when
        if statement.when is not None:
            when = statement.when if when is None else tree.And((*conjuncts(statement.when), *conjuncts(when)))
        statement = replace(inner, when=when, because=inner.because or statement.because)
    return None if isinstance(statement, tree.Drop) else statement
