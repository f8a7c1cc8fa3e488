"""What a lower authority may do to the rules below it: an override or drop in, what follows and what is wrong out.

``change`` of the overridden rule decides (``fixed``, ``raise-only``, ``delegated``), or a regime that the rule's pack
delegates and the overriding pack takes over. ``prove`` (tools/prove, called by ``check``) settles what figures do not.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace

from policyengine.diagnostics import Diagnostic, Related, Span
from policyengine.language import tree
from policyengine.packs.model import Pack, Rule
from policyengine.packs.pieces import Piece, Stretch, covers, days
from policyengine.packs.shape import did_you_mean
from policyengine.packs.strictness import Terms, Verdict, compare, same_kind

_FREEDOM = {"fixed": 0, "raise-only": 1, "delegated": 2}

# What being laxer than the base is called, by the kind of statement.
_LAXER: tuple[tuple[type[tree.Statement], str, str], ...] = (
    (tree.Recognise, "recognises what", "recognises only with"),
    (tree.Reject, "lets pass what", "rejects"),
    (tree.Cap, "loosens a cap that", "allows"),
    (tree.Convert, "gives more than", "gives"),
    (tree.Add, "gives more than", "gives"),
    (tree.Excuse, "excuses more than", "excuses only under"),
)


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
    """Decides for the packs of one chain, entered from the base up."""

    def __init__(self, stretch: Callable[[Rule], Stretch]):
        self.stretch = stretch
        self.problems: list[Diagnostic] = []
        self.delegations: list[_Delegation] = []

    def enter(self, pack: Pack) -> None:
        """Note what the pack delegates, and whether what it takes over is delegated below."""
        offered = {d.regime for d in self.delegations}
        for regime in pack.regimes:
            if regime not in offered:
                near = did_you_mean(regime, offered)
                self.problems.append(
                    Diagnostic(
                        "PE317",
                        f"{pack.id} takes over {regime}, which no pack below it delegates",
                        Span(f"{pack.folder}/pack.yaml"),
                        hint=f"did you mean {near}?" if near else "a rule of the base says: delegate (授权) …",
                    )
                )
        for rule in pack.rules:
            if isinstance(rule.statement, tree.Delegate):
                if rule.statement.when is not None:
                    hint = "who is under it, the pack that takes it over says (applies)"
                    self.problems.append(at(rule, "PE321", "a delegation can't have a condition", hint=hint))
                self.delegations += [_Delegation(r, pack.id, self.stretch(rule)) for r in rule.statement.regimes]

    def target(
        self, rule: Rule, roots: Mapping[str, str], below: Sequence[Pack]
    ) -> tuple[Taken | None, Diagnostic | None]:
        """The rule that an override or drop means."""
        statement = rule.statement
        assert isinstance(statement, tree.Override | tree.Drop)
        if isinstance(statement, tree.Drop) and statement.when is not None:
            return None, at(rule, "PE321", "a drop can't have a condition",
                            hint="override the rule with one that has the condition")  # fmt: skip
        name = statement.rule
        ids = {p.id for p in below}
        if "/" in name:
            matching = [name] if name in roots and name.split("/")[0] in ids else []
        else:
            matching = [n for n in roots if n.split("/")[1] == name and n.split("/")[0] in ids]
        if len(matching) == 1:
            return Taken(roots[matching[0]], matching[0]), None
        return None, self._no_target(rule, name, matching, roots, ids)

    def _no_target(
        self, rule: Rule, name: str, matching: list[str], roots: Mapping[str, str], ids: set[str]
    ) -> Diagnostic:
        if not ids:
            return at(rule, "PE320", f"{rule.pack} extends no pack, so there is nothing to override or drop", name,
                      hint="state the rule itself, or name the pack below: extends: …")  # fmt: skip
        if matching:
            return at(rule, "PE310", f"several packs have a rule {name}", name, hint="name one: " + ", ".join(matching))
        if name in roots or f"{rule.pack}/{name}" in roots:
            return at(rule, "PE320", "a pack can't override or drop a rule of its own", name,
                      hint="write a new version under the same id, with its own from")  # fmt: skip
        known = [n for n in roots if n.split("/")[0] in ids]
        near = did_you_mean(name, known) or did_you_mean(name.split("/")[-1], [n.split("/")[1] for n in known])
        hint = f"did you mean {near}?" if near else "rules below: " + ", ".join(sorted(known)[:12])
        return at(rule, "PE310", f"no pack below has a rule {name}", name, hint=hint)

    def contested(self, rule: Rule, piece: Piece, taken: Taken, pack: Pack) -> Diagnostic:
        """PE313: the piece already governs instead of what this names."""
        said = f"{piece.name} and this both change {taken.named} at the same time ({days(piece.stretch)})"
        hint = (
            f"name {piece.name} here, if this is to stand over it" if piece.rule.pack != pack.id else "keep one of them"
        )
        return _with(at(rule, "PE313", said, taken.named, hint=hint), piece.rule, "the other one")

    def idle(self, rule: Rule, taken: Taken) -> Diagnostic:
        """PE316: nothing of what it names is in force then."""
        said = f"no version of {taken.named} is in force in the time of this rule ({days(self.stretch(rule))})"
        hint = "compare from and until with those of the rule it names"
        return at(rule, "PE316", said, taken.named, hint=hint, severity="warning")

    # --- may it, and what follows ---------------------------------------------------------------------------------

    def allowed(
        self, rule: Rule, statement: tree.Statement | None, piece: Piece, common: Stretch, pack: Pack, terms: Terms
    ) -> tuple[Verdict | None, list[Diagnostic]]:
        """The verdict where the base lets itself only be raised; None where it may be replaced freely."""
        base = piece.rule
        change = self._change_of(piece, common, pack)
        if change == "fixed":
            verb = "dropped" if statement is None else "overridden"
            return None, [_with(at(rule, "PE311", f"{base.name} is fixed: it can't be {verb}", base.name,
                                   hint=_ask(base)), base, "the rule")]  # fmt: skip
        if piece.statement is None:
            return None, []
        if statement is None:
            if change == "raise-only":
                return None, [_with(at(rule, "PE312", f"{base.name} may only be made stricter, not dropped", base.name,
                                       hint=_ask(base)), base, "the rule")]  # fmt: skip
            return None, []
        if not same_kind(statement, piece.statement):
            said = f"{base.name} is another kind of statement; what refers to it would lose its meaning"
            return None, [_with(at(rule, "PE318", said, base.name, hint="drop it where that is delegated, and state a "
                                   "rule of your own"), base, "the rule")]  # fmt: skip
        problems = []
        if _FREEDOM[rule.change] > _FREEDOM[change]:
            said = f"{base.name} is {change}; what stands over it can't be {rule.change}"
            problems.append(
                _with(at(rule, "PE319", said, hint=f"write change: {change} or stricter"), base, "the rule")
            )
        if change == "delegated":
            return None, problems
        verdict = compare(statement, piece.statement, terms)
        return verdict, problems + _refusal(rule, statement, base, verdict)

    def _change_of(self, piece: Piece, common: Stretch, pack: Pack) -> str:
        base = piece.rule
        if base.change == "raise-only" and any(
            d.pack == base.pack and d.regime in pack.regimes and covers(d.stretch, common) for d in self.delegations
        ):
            return "delegated"
        return base.change

    def laid(
        self, rule: Rule, statement: tree.Statement | None, piece: Piece, common: Stretch, verdict: Verdict | None,
        root: str,
    ) -> Iterable[Piece]:  # fmt: skip
        """What governs in the stretch once the override or drop stands over the piece."""
        everything = (piece.rule, *piece.over)
        if statement is None or verdict is None:
            yield Piece(rule, statement, common, root, everything)
            return
        if verdict.kind == "unsettled_reach" and isinstance(statement, tree.Require | tree.Cap | tree.Reject):
            yield Piece(rule, statement, common, root, everything, raises=True)
            yield replace(piece, stretch=common, beside=True)
            return
        base = piece.statement
        if verdict.kind == "unsettled_reach" and isinstance(statement, tree.Recognise | tree.Excuse) and base:
            yield Piece(rule, _both(statement, base), common, root, everything, raises=True)
            return
        if verdict.kind == "settles":
            yield Piece(rule, statement, common, root, everything, raises=True)
            return
        kept = everything if piece.keeps_stricter else (piece.rule,)
        yield Piece(rule, statement, common, root, kept, keeps_stricter=True, raises=True)


def _both(statement: tree.Statement, base: tree.Statement) -> tree.Statement:
    """``statement`` under the condition of ``base`` as well."""
    parts = [c for c in (statement.when, base.when) if c is not None]
    flat = tuple(p for c in parts for p in (c.items if isinstance(c, tree.And) else (c,)))
    return replace(statement, when=flat[0] if len(flat) == 1 else tree.And(tuple(dict.fromkeys(flat))))


def _refusal(rule: Rule, statement: tree.Statement, base: Rule, verdict: Verdict) -> list[Diagnostic]:
    """PE203, PE314 or PE315, with the base's article."""
    name, cited = base.name, str(base.cites)
    if verdict.kind == "no_exchange":
        said = f"{name} counts in {verdict.base}, this in {verdict.hint}, and no exchange says what one is worth"
        problem = at(rule, "PE314", said, base.name, hint="add a rule: exchange 1 credit for … hours "
                     "(换算 1 学分 等于 … 学时), with the article that says so")  # fmt: skip
    elif verdict.kind == "incomparable":
        problem = at(
            rule,
            "PE315",
            f"this can't be compared with {name}, which may only be made stricter: {verdict.base}",
            base.name,
            hint="state it as a rule of your own; both then hold",
        )
    elif verdict.kind == "laxer":
        does, says = next(
            ((d, s) for kind, d, s in _LAXER if isinstance(statement, kind)), ("lowers a minimum that", "requires")
        )
        if isinstance(statement, tree.Require) and statement.comparison == "<=":
            does, says = "raises a maximum that", "requires at most"
        problem = at(
            rule, "PE203", _lets(does, name), verdict.figure or None,
            hint=f"{verdict.hint}, or leave the base rule in force",
        )  # fmt: skip
        return [_with(replace(problem, citation=cited), base, f"{base.pack} {says} {verdict.base} ({base.cites.at})")]
    else:
        return []
    return [_with(replace(problem, citation=cited), base, "the rule")]


def _lets(does: str, name: str) -> str:
    if does.endswith("minimum that"):
        return f"this {does} {name} lets you only raise"
    if does.endswith(("than", "what")):
        return f"this {does} {name} allows, and {name} may only be made stricter"
    return f"this {does} {name} lets you only lower"


def _ask(base: Rule) -> str:
    return f"only {base.pack} can change it; it would have to say change: delegated, or delegate the matter"


# --- pointing at rules ------------------------------------------------------------------------------------------------


def at(
    rule: Rule, code: str, message: str, part: str | None = None, *, hint: str | None = None, severity: str = "error"
) -> Diagnostic:
    """A diagnostic at a rule's text, or at ``part`` of it where that stands there once it has begun to speak."""
    span, source = rule.span, None
    if rule.place is not None and rule.span is not None:
        text = getattr(rule.place, "value", rule.text)
        found = _locate(text, part) if part else None
        start, end = found or (0, len(text.rstrip()))
        span = rule.place.span(start, end)
        source = rule.place.line(span)
    return Diagnostic(code, message, span, hint, severity, source)  # type: ignore[arg-type]


def _locate(text: str, part: str) -> tuple[int, int] | None:
    """Where ``part`` (a rule's name, a figure) stands in a rule's text; figures after the name."""
    plain = text.translate({0xFF10 + d: 0x30 + d for d in range(10)})
    begin = 0
    if part[:1].isdigit():
        colon = re.search(r"[:：]", plain)
        begin = colon.end() if colon else 0
        found = re.compile(rf"(?<![\d./]){re.escape(part)}(?![\d./])").search(plain, begin)
    else:
        found = re.search(re.escape(part), plain) or re.search(re.escape(part.split("/")[-1]), plain)
    return found.span() if found else None


def _with(diagnostic: Diagnostic, other: Rule, message: str) -> Diagnostic:
    return replace(diagnostic, related=(*diagnostic.related, Related(message, other.span)))
