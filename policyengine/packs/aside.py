"""A pack's own rules beside those below it in, what would free people from the rules below out: PE322.

An override says which rule it changes; a rule of its own may change one as well: it lowers a requirement, carries hours
to it, recognises what the base does not, or adds to what the base gives. Where the base's rule may only be made
stricter, its author is warned at once. (An excuse meets nothing: the outcome says so.)
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import replace

from policyengine.diagnostics import Diagnostic
from policyengine.language import tree
from policyengine.language.disjoint import conjuncts, disjoint, of_records
from policyengine.packs.authority import Authority
from policyengine.packs.model import Pack, Rule
from policyengine.packs.pieces import Piece, overlap

FREEING = (tree.Reduce, tree.Carry, tree.Recognise, tree.Add)


def problems(pack: Pack, pieces: Iterable[Piece], authority: Authority) -> Iterator[Diagnostic]:
    """PE322 of every rule of ``pack`` that is its own. ``pieces``: everything that governs so far."""
    everything = list(pieces)
    for own in everything:
        if own.rule.pack == pack.id and not own.over and isinstance(own.statement, FREEING):
            base = _freed(own, everything, pack, authority)
            if base is not None:
                from policyengine.packs import refusals

                yield refusals.freed(own.rule, own.statement, base)


def _freed(own: Piece, pieces: list[Piece], pack: Pack, authority: Authority) -> Rule | None:
    """The rule below from which a piece frees, though it only lets itself be made stricter."""
    meeting = [(p, c) for p in pieces if p is not own and (c := overlap(p.stretch, own.stretch)) is not None]
    for statement in _by_form(own.statement):
        if any(_as_below(statement, p, pack) for p, _ in meeting):
            continue
        for piece, common in meeting:
            frees = _frees(statement, piece, pack) and not _given_below(statement, piece, [p for p, _ in meeting], pack)
            for base in (piece.rule, *piece.over) if frees else ():
                if base.pack != pack.id and authority.change_of(base, common, pack) != "delegated":
                    return base
    return None


def _by_form(statement: tree.Statement | None) -> tuple[tree.Statement, ...]:
    """A recognition taken apart, form by form: each may stand in another rule of the base."""
    if isinstance(statement, tree.Recognise) and statement.what.terms:
        return tuple(replace(statement, what=tree.What((term,))) for term in statement.what.terms)
    return () if statement is None else (statement,)


def _frees(statement: tree.Statement, piece: Piece, pack: Pack) -> bool:
    """Whether the statement takes something from what the piece asks, or gives what the piece denies."""
    below = piece.statement
    match statement, below:
        case ((tree.Reduce(rule=name) | tree.Carry(rule=name)), tree.Require()):
            return not isinstance(below, tree.Expect) and piece.root == name
        case (tree.Recognise(what=what), tree.Recognise(what=other)) | (tree.Add(what=what), tree.Convert(what=other)):
            meeting = _crossing(what, other, pack) or bool(set(what.terms) & set(other.terms))
            return meeting and not _apart(what, statement.when, other, pack)
    return False


def _apart(what: tree.What, when: tree.Condition | None, other: tree.What, pack: Pack) -> bool:
    """Whether a rule's own condition leaves out all that the other is about: ``when form = …``."""
    words = pack.vocabulary
    if words is None:
        return False

    def owner(spoken: tree.What) -> str | None:
        fields = {words.field_of(term) for term in spoken.terms}
        return fields.pop() if len(fields) == 1 else None

    return disjoint(of_records(what, owner(what), when), of_records(other, owner(other), None), words)


def _crossing(one: tree.What, other: tree.What, pack: Pack) -> bool:
    """Whether a record can be among both since one of them says nothing of the field that the other names."""
    if not one.terms or not other.terms or pack.vocabulary is None:
        return True
    named = pack.vocabulary.named
    fields = [{w.of for term in what.terms for w in named("term", term)} for what in (one, other)]
    return fields[0].isdisjoint(fields[1])


def _given_below(statement: tree.Statement, piece: Piece, pieces: list[Piece], pack: Pack) -> bool:
    """Whether all that a recognition by another field (a subject) takes of the piece's forms is recognised below."""
    match statement, piece.statement:
        case tree.Recognise(what=what), tree.Recognise(what=other) if what.terms and _crossing(what, other, pack):
            forms = _by_form(replace(statement, what=other))
            return all(any(_as_below(form, p, pack) for p in pieces) for form in forms)
    return False


def _as_below(statement: tree.Statement, piece: Piece, pack: Pack) -> bool:
    """Whether a rule below already gives all that the statement does."""
    below = piece.statement
    if piece.rule.pack == pack.id or below is None or type(below) is not type(statement):
        return False
    narrower = set(conjuncts(below.when)) <= set(conjuncts(statement.when))
    match statement, below:
        case tree.Recognise(what=what), tree.Recognise(what=other):
            return narrower and (not other.terms or (bool(what.terms) and set(what.terms) <= set(other.terms)))
    return statement == below
