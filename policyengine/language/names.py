"""Words in, ids out: which declared word a surface form means, by its place in the sentence and its neighbours.

A form may belong to several words (a term 会计 of 行业 and one of 专业). In a list of terms all must be of one field:
form is tried first, then subject, then any that fits all. In a comparison the other side decides. What stays open is an
error.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Protocol

from policyengine.diagnostics import Span
from policyengine.language import tree
from policyengine.language.forms import fold
from policyengine.language.nodes import Node, Token
from policyengine.language.vocabulary import Kind, Vocabulary, Word
from policyengine.messages import say

PREFERRED = ("form", "subject")
TRUTHS = ("yes", "no")
UNKNOWN_ID = "?"  # in the place of a name that was reported; such a tree never leaves the parser


class Problem(Protocol):
    """Reports an error under a stretch of the text."""

    def __call__(self, code: str, message: str, start: int, end: int, hint: str | None = None) -> None: ...


class Resolver:
    """Turns word tokens into ids."""

    def __init__(self, vocabulary: Vocabulary, problem: Problem, span: Callable[[int, int], Span]):
        self.vocabulary, self.problem, self.span = vocabulary, problem, span

    # --- one word of one kind -----------------------------------------------------------------------------------

    def one(self, kind: Kind, token: Token) -> str:
        """The id of the only word of that kind which the form can mean."""
        return self.only(token, [w for w in token.words if w.kind == kind])

    def only(self, token: Token, candidates: Sequence[Word]) -> str:
        """The one id that all candidates share; else an error that names them."""
        ids = list(dict.fromkeys(w.id for w in candidates))
        if len(ids) > 1:
            named = [self.describe(w) for w in candidates]
            self.report(
                "PE204",
                token,
                say(f"“{token}” can mean {' or '.join(named)}", f"“{token}”有几种含义：{'、'.join(named)}"),
                say(f"write the id: {', '.join(ids)}", f"请写标识：{'、'.join(ids)}"),
            )
        return ids[0] if len(ids) == 1 else UNKNOWN_ID

    def describe(self, word: Word) -> str:
        """``accounting (term of 行业)``."""
        if word.kind == "term" and word.of:
            owner = self.vocabulary.fields.get(word.of)
            of = (owner.zh or owner.id) if owner else word.of
            return say(f"{word.id} (term of {of})", f"{word.id}（{of}的词条）")
        return f"{word.id} ({kind_name(word.kind)})"

    def report(self, code: str, token: Token, message: str, hint: str | None = None) -> None:
        self.problem(code, message, token.start, token.end, hint)

    # --- lists of terms -----------------------------------------------------------------------------------------

    def terms(self, tokens: Sequence[Token]) -> tuple[str, ...]:
        """Terms of one enumerated field of the record; each once."""
        if not all(t.words for t in tokens):
            return (UNKNOWN_ID,)
        owners = [set(self.owners(t)) for t in tokens]
        for token, own in zip(tokens, owners, strict=True):
            if not own:
                self.not_of_a_record(token)
                return (UNKNOWN_ID,)
        common = set.intersection(*owners)
        if not common:
            self.mixed(tokens)
            return (UNKNOWN_ID,)
        owner = next((p for p in PREFERRED if p in common), None)
        ids = [self.ids_in(t, [owner] if owner else sorted(common)) for t in tokens]
        for token, candidates in zip(tokens, ids, strict=True):
            if len({w.id for w in candidates}) > 1:
                self.only(token, candidates)
                return (UNKNOWN_ID,)
        return self.each_once(tokens, [c[0].id for c in ids])

    def each_once(self, tokens: Sequence[Token], ids: list[str]) -> tuple[str, ...]:
        """The ids, with an error where one comes twice."""
        for i, (token, name) in enumerate(zip(tokens, ids, strict=True)):
            if name in ids[:i] and name != UNKNOWN_ID:
                self.report("PE212", token, say(f"“{token}” is in this list already", f"“{token}”在此列表中重复"))
        return tuple(ids)

    def owners(self, token: Token) -> list[str]:
        """The record's enumerated fields that have a term with this form."""
        lists = {w.of for w in token.words if w.kind == "term"}
        return [
            name
            for name, decl in self.vocabulary.fields.items()
            if decl.of == "record" and decl.type == "term" and decl.owner in lists
        ]

    def ids_in(self, token: Token, owners: Sequence[str | None]) -> list[Word]:
        """The words with this form that are terms of one of the fields."""
        lists = {self.vocabulary.fields[o].owner for o in owners if o}
        return [w for w in token.words if w.kind == "term" and w.of in lists]

    def not_of_a_record(self, token: Token) -> None:
        word = next(w for w in token.words if w.kind == "term")
        self.report(
            "PE202",
            token,
            say(
                f"“{token}” is no term of a field of the record: {self.describe(word)}",
                f"“{token}”不是学习记录字段的词条：{self.describe(word)}",
            ),
            say("say it in a condition: when FIELD = TERM", "请写成条件：当 字段 = 词条"),
        )

    def mixed(self, tokens: Sequence[Token]) -> None:
        first = set(self.owners(tokens[0]))
        other = next((t for t in tokens if not first & set(self.owners(t))), tokens[-1])
        a, b = (self.label(self.owners(t)[0]) for t in (tokens[0], other))
        self.report(
            "PE205",
            other,
            say(
                f"“{tokens[0]}” is a term of {a} and “{other}” one of {b}: a list has terms of one field",
                f"“{tokens[0]}”是{a}的词条，“{other}”是{b}的词条：一个列表只能用同一字段的词条",
            ),
            say("put one of them into the condition: when FIELD = TERM", "请把其中一个写进条件：当 字段 = 词条"),
        )

    def label(self, field: str) -> str:
        decl = self.vocabulary.fields.get(field)
        return (decl.zh if decl else None) or field

    def kinds(self, tokens: Sequence[Token]) -> tuple[str, ...]:
        """Terms of ``circumstance``."""
        ids = []
        for token in tokens:
            found = self.ids_in(token, ["circumstance"])
            if token.words and not found:
                word = token.words[0]
                self.report(
                    "PE202",
                    token,
                    say(
                        f"“{token}” is no circumstance: {self.describe(word)}",
                        f"“{token}”不是情形：{self.describe(word)}",
                    ),
                )
            ids.append(self.only(token, found))
        return self.each_once(tokens, ids)

    def measured(self, token: Token) -> str:
        """What a requirement is about: a declared measure, or a term of a field of the record."""
        measures = [w for w in token.words if w.kind == "measure"]
        owners = self.owners(token)
        if measures and owners:
            return self.only(token, [*measures, *self.ids_in(token, owners)])
        if measures:
            return self.only(token, measures)
        return self.terms([token])[0] if token.words else UNKNOWN_ID

    # --- operands -----------------------------------------------------------------------------------------------

    def field(self, token: Token) -> str:
        """The id of a field."""
        return self.one("field", token)

    def operands(
        self, left: tree.Operand | Token, rights: Sequence[tree.Operand | Token]
    ) -> tuple[tree.Operand, tuple[tree.Operand, ...]]:
        """Both sides of a comparison; each word is read as what fits the other side."""
        owner = self.terms_of_field(left)
        if owner is None and rights:
            owner = next((o for o in map(self.terms_of_field, rights) if o), None)
            if owner and isinstance(left, Token) and self.fitting(left, owner):
                return self.operand(left, owner), tuple(self.operand(r, None) for r in rights)
        return self.operand(left, None), tuple(self.operand(r, owner) for r in rights)

    def terms_of_field(self, operand: tree.Operand | Token) -> str | None:
        """The list of terms of the enumerated field that this is."""
        names = [operand.id] if isinstance(operand, tree.Field) else []
        if isinstance(operand, Token):
            names = [w.id for w in operand.words if w.kind == "field"]
        decls = [self.vocabulary.fields[n] for n in names if n in self.vocabulary.fields]
        return next((d.owner for d in decls if d.type == "term"), None)

    def truth(self, node: Node, text: str) -> Token:
        """``yes`` or ``no`` as written: a truth value, but beside a field with a term of that name (是) that term."""
        found = self.vocabulary.forms.forms.get(fold(text), ())
        return Token(node.data, text, node.start, node.end, tuple(w for w in found if w.kind == "term"))

    def fitting(self, token: Token, owner: str | None) -> list[Word]:
        return [w for w in token.words if w.kind == "term" and w.of == owner] if owner else []

    def operand(self, item: tree.Operand | Token, owner: str | None) -> tree.Operand:
        """A word beside a field with the terms of ``owner``: a term of it, else a field, else any term."""
        if not isinstance(item, Token):
            return item
        span = self.span(item.start, item.end)
        if fitting := self.fitting(item, owner):
            return tree.Term(self.only(item, fitting), span)
        if fields := [w for w in item.words if w.kind == "field"]:
            return tree.Field(self.only(item, fields), span)
        if item.type in TRUTHS:
            return tree.Value(item.type == "yes", None, span)
        return tree.Term(self.only(item, [w for w in item.words if w.kind == "term"]), span)


def kind_name(kind: str) -> str:
    """A kind of word as people call it."""
    names = {
        "term": ("term", "词条"), "field": ("field", "字段"), "table": ("table", "表"),
        "measure": ("measure", "计量项"), "regime": ("regime", "授权领域"), "conclusion": ("conclusion", "结论"),
        "flag": ("flag", "标记"),
    }  # fmt: skip
    return say(*names.get(kind, (kind, kind)))


def owner_of(vocabulary: Vocabulary, terms: Sequence[str]) -> str | None:
    """The list of terms of the record's field that has all of them: form before subject before any other."""
    fields = {f.id: f for f in vocabulary.fields.values() if f.of == "record" and f.type == "term"}
    for field in (*(p for p in PREFERRED if p in fields), *fields):
        owner = fields[field].owner
        if terms and set(terms) <= {w.id for w in vocabulary.owned_by(owner)}:
            return owner
    return None
