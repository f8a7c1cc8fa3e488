"""What a lower authority may do to the rules below it: an override or drop in, what follows and what is wrong out.

``change`` of the overridden rule decides (``fixed``, ``raise-only``, ``delegated``), or a regime that the rule's pack
delegates and the overriding pack takes over. What figures do not settle, ``check`` proves (tools/prove).
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import replace

from policyengine.diagnostics import Diagnostic
from policyengine.language import tree
from policyengine.light import dataclass
from policyengine.packs.model import Pack, Rule
from policyengine.packs.pieces import Piece, Stretch, covers
from policyengine.packs.strictness import Terms, Verdict, compare, same_kind

_FREEDOM = {"fixed": 0, "raise-only": 1, "delegated": 2}


@dataclass(frozen=True, slots=True)
class Taken:
    """What an override names: the rule as named, and the lowest rule that this one stands for."""

    root: str
    named: str


@dataclass(frozen=True, slots=True)
class _Delegation:
    regime: str
    pack: str
    stretch: Stretch


class Authority:
    """Decides for the packs of one chain, entered from the base up. ``stated``: what a rule puts in force."""

    def __init__(self, stretch: Callable[[Rule], Stretch], stated: Callable[[Rule], tree.Statement | None]):
        self.stretch, self.stated = stretch, stated
        self.problems: list[Diagnostic] = []
        self.delegations: list[_Delegation] = []

    def enter(self, pack: Pack) -> None:
        """Note what the pack delegates, and whether what it takes over is delegated below."""
        offered = {d.regime for d in self.delegations}
        if foreign := [r for r in pack.regimes if r not in offered]:
            from policyengine.packs import refusals

            self.problems += [refusals.not_delegated(pack, r, offered) for r in foreign]
        for rule in pack.rules:
            if isinstance(rule.statement, tree.Delegate):
                if rule.statement.when is not None:
                    from policyengine.packs import refusals

                    self.problems.append(refusals.no_condition(rule, drop=False))
                self.delegations += [_Delegation(r, pack.id, self.stretch(rule)) for r in rule.statement.regimes]

    def target(
        self, rule: Rule, roots: Mapping[str, str], below: Sequence[Pack]
    ) -> tuple[Taken | None, Diagnostic | None]:
        """The rule that an override or drop means."""
        statement = rule.statement
        assert isinstance(statement, tree.Override | tree.Drop)
        name, ids = statement.rule, {p.id for p in below}
        known = [n for n in roots if n.split("/")[0] in ids]
        matching = [n for n in known if name in (n, n.split("/")[1])]
        conditional = isinstance(statement, tree.Drop) and statement.when is not None
        if len(matching) == 1 and not conditional:
            return Taken(roots[matching[0]], matching[0]), None
        from policyengine.packs import refusals

        if conditional:
            return None, refusals.no_condition(rule, drop=True)
        if not ids:
            return None, refusals.nothing_below(rule, name)
        if matching:
            return None, refusals.several(rule, name, matching)
        if name in roots or f"{rule.pack}/{name}" in roots:
            return None, refusals.own_rule(rule, name)
        return None, refusals.unknown_rule(rule, name, known)

    # --- may it, and what follows ---------------------------------------------------------------------------------

    def allowed(
        self, rule: Rule, statement: tree.Statement | None, piece: Piece, common: Stretch, pack: Pack, terms: Terms
    ) -> tuple[Verdict | None, list[Diagnostic]]:
        """The verdict where the base lets itself only be raised; None where it may be replaced freely."""
        base = self.binding(piece, common, pack)
        change = self.change_of(base, common, pack)
        below = piece.statement if base is piece.rule else self.stated(base)
        if change != "fixed" and below is None:
            return None, []
        verdict = None
        if change == "raise-only" and statement is not None and below is not None and same_kind(statement, below):
            verdict = compare(statement, below, terms)
        return verdict, self._refused(rule, statement, base, below, change, verdict)

    def binding(self, piece: Piece, common: Stretch, pack: Pack) -> Rule:
        """Whose ``change`` decides what may be laid over the piece: its rule's, or where that gives way, that of the
        first below that does not. A province delegates nothing of a national rule that its own stands over.
        """
        rules = (piece.rule, *piece.over)
        return next((r for r in rules if self.change_of(r, common, pack) != "delegated"), piece.rule)

    def _refused(
        self, rule: Rule, statement: tree.Statement | None, base: Rule, below: tree.Statement | None, change: str,
        verdict: Verdict | None,
    ) -> list[Diagnostic]:  # fmt: skip
        """What is wrong with laying ``statement`` (None: a drop) over ``base``, which puts ``below`` in force."""
        freer = statement is not None and _FREEDOM[rule.change] > _FREEDOM[change]
        of_a_kind = statement is None or below is None or same_kind(statement, below)
        allowed = change == "delegated" or (statement is not None and verdict is not None and verdict.allows)
        if allowed and of_a_kind and not freer:
            return []
        from policyengine.packs import refusals

        if change == "fixed":
            return [refusals.fixed(rule, base, drop=statement is None)]
        if statement is None:
            return [refusals.not_to_be_dropped(rule, base)]
        if not of_a_kind:
            return [refusals.other_kind(rule, base)]
        found = [refusals.freer(rule, base, change)] if freer else []
        refused = refusals.refusal(rule, statement, base, verdict) if verdict is not None else None
        return found + ([refused] if refused else [])

    def change_of(self, base: Rule, common: Stretch, pack: Pack) -> str:
        """What a pack may do to a rule below it: as the rule says, or freely under a regime taken over."""
        if base.change == "raise-only" and any(
            d.pack == base.pack and d.regime in pack.regimes and covers(d.stretch, common) for d in self.delegations
        ):
            return "delegated"
        return base.change

    def laid(
        self, rule: Rule, statement: tree.Statement | None, piece: Piece, common: Stretch, verdict: Verdict | None,
        root: str, pack: Pack,
    ) -> Iterable[Piece]:  # fmt: skip
        """What governs in the stretch once the override or drop stands over the piece."""
        everything = (piece.rule, *piece.over)
        if statement is None or verdict is None:
            yield Piece(rule, statement, common, root, everything)
            return
        base = self.binding(piece, common, pack)
        if base is not piece.rule:
            further = piece.over[piece.over.index(base) + 1 :]
            piece = Piece(base, self.stated(base), common, root, further, piece.keeps_stricter)
            everything = (base, *further)
        if verdict.kind == "other_window" or (
            verdict.kind == "unsettled_reach" and isinstance(statement, tree.Require)
        ):
            yield Piece(rule, statement, common, root, everything, raises=True)
            yield replace(piece, stretch=common, beside=True)
            return
        if verdict.kind == "settles":
            yield Piece(rule, statement, common, root, everything, raises=True)
            return
        kept = everything if piece.keeps_stricter else (piece.rule,)
        yield Piece(rule, statement, common, root, kept, keeps_stricter=True, raises=True)
