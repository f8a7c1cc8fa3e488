"""The vocabulary and fields of a pack.yaml in, words and declared fields out, laid over those of the chain.

Errors: PE140 (a name with two meanings), PE141 (a name of the base declared differently), PE142 (terms without their
field, a field without its terms), PE143 (bounds), PE122 (aliases that run together).
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace
from fractions import Fraction
from typing import cast

from policyengine.diagnostics import Diagnostic
from policyengine.language.grammar import grammar
from policyengine.language.quantities import exact_text
from policyengine.language.vocabulary import FieldDecl, FieldType, Kind, Vocabulary, Word, names_of, vocabulary
from policyengine.messages import say
from policyengine.packs.columns import shared_columns
from policyengine.packs.document import Document
from policyengine.packs.nodes import Listing, Mapping, Node, Scalar
from policyengine.packs.shape import did_you_mean, meant, only
from policyengine.packs.values import canonical, number_at, optional_at, pairs_at, text_at, text_of, texts_at, yes_at

SECTIONS: tuple[tuple[str, Kind], ...] = (
    ("measures", "measure"),
    ("regimes", "regime"),
    ("conclusions", "conclusion"),
    ("flags", "flag"),
)
"""Of ``vocabulary``, besides ``terms``: their names in a pack.yaml, and the kind of the words in them."""

GREATEST = 10**12
"""No bound of a number is greater: with six decimals 64 bits still hold it, which is what engines count in."""

Bounds = dict[str, tuple[Fraction, Fraction, int]]


def read_words(document: Document, base: Vocabulary | None) -> tuple[tuple[Word, ...], list[Diagnostic]]:
    """The pack's own words, tables among them; with a base, its aliases are kept beside new ones."""
    words: list[Word] = []
    problems: list[Diagnostic] = []
    root = document.root

    def add(key: Scalar, node: Node, kind: Kind, of: str | None = None) -> None:
        word = _word(document, key, node, kind, of)
        before = next((w for w in base.words if (w.kind, w.of, w.id) == (kind, of, word.id)), None) if base else None
        if before is not None and (said := _of_the_base(word, before, node)) is not None:
            problems.append(document.problem("PE141", said[0], key, hint=said[1]))
        words.append(_over(word, before))
        problems.extend(_run_together(document, node))

    for field, terms in pairs_at(root, "vocabulary", "terms"):
        for key, node in pairs_at(terms):
            add(key, node, "term", field.text)
    for section, kind in SECTIONS:
        for key, node in pairs_at(root, "vocabulary", section):
            add(key, node, kind)
    for key, node in pairs_at(root, "tables"):
        add(key, node, "table")
    return tuple(words), problems


def _word(document: Document, key: Scalar, node: Node, kind: Kind, of: str | None) -> Word:
    zh = text_of(node) if isinstance(node, Scalar) else optional_at(node, "zh")
    return Word(key.text, kind, zh, texts_at(node, "aliases"), of, yes_at(node, "leave"), document.span(key))


def _run_together(document: Document, node: Node) -> Iterable[Diagnostic]:
    """Aliases that only a Chinese comma parts: to YAML they are one text, which no record would ever have."""
    aliases = node.get("aliases") if isinstance(node, Mapping) else None
    for item in aliases.items if isinstance(aliases, Listing) else ():
        if isinstance(item, Scalar) and item.style is None and any(mark in item.text for mark in "，、；"):
            yield document.problem(
                "PE122",
                say(f"“{item.text}” is one alias to YAML, not several", f"“{item.text}”在 YAML 中是一个写法，不是几个"),
                item,
                hint=say(
                    "write “, ” between aliases; put one that has such a mark in it in quotes ('…')",
                    "各写法之间用半角的“, ”；写法本身含有这种标点的，请加引号（'…'）",
                ),
            )


def _of_the_base(word: Word, before: Word, node: Node) -> tuple[str, str] | None:
    """Why a word of the base can't be declared so, and what to do instead; None where it can."""
    if word.kind == "table":
        said = say(
            f"the base pack already has a table {word.id}, which its own rules look up",
            f"上级政策包已有数据表 {word.id}，其规则要用",
        )
        return said, say("give this table a name of its own", "请给本表另取名称")
    if before.leave != word.leave and optional_at(node, "leave") is not None:
        said = say(
            f"the base pack says whether {word.id} is leave; its rules depend on it",
            f"{word.id} 是否属于休假由上级政策包规定，其规则要用",
        )
        return said, say("leave out “leave”, or declare a circumstance of its own", "请删去“leave”，或另列一种情形")
    return None


def _over(word: Word, before: Word | None) -> Word:
    """``word`` with what the base already says of it: other ways to write it stay understood."""
    if before is None:
        return word
    inherited = tuple(a for a in (before.zh, *before.aliases) if a and a != word.zh and a not in word.aliases)
    return replace(word, zh=word.zh or before.zh, aliases=word.aliases + inherited, leave=word.leave or before.leave)


def read_fields(document: Document, base: Vocabulary | None) -> tuple[tuple[FieldDecl, ...], list[Diagnostic]]:
    """The fields that the pack declares."""
    known = (base or vocabulary()).fields
    fields: list[FieldDecl] = []
    problems: list[Diagnostic] = []
    for of in ("record", "person"):
        for key, node in pairs_at(document.root, "fields", of):
            field = FieldDecl(
                id=key.text,
                of=of,
                type=cast(FieldType, text_at(node, "type")),
                zh=optional_at(node, "zh"),
                aliases=texts_at(node, "aliases"),
                unit=optional_at(node, "unit"),
                minimum=number_at(node, "min"),
                maximum=number_at(node, "max"),
                decimals=int(text_at(node, "decimals", "0")),
                required=yes_at(node, "required"),
                terms=optional_at(node, "terms"),
                span=document.span(key),
            )
            before = known.get(key.text)
            whole = _field_over(field, before)
            problems += _field_problems(document, key, node, (field, whole), before, fields)
            problems.extend(_run_together(document, node))
            fields.append(whole)
    return tuple(fields), problems


def _field_problems(
    document: Document,
    key: Scalar,
    node: Node,
    declared: tuple[FieldDecl, FieldDecl],
    before: FieldDecl | None,
    earlier: list[FieldDecl],
) -> Iterable[Diagnostic]:
    """``declared``: the field as it stands here, and with what the base pack says of it (``before``)."""
    field, whole = declared
    if any(f.id == field.id for f in earlier):
        yield document.problem(
            "PE140",
            say(
                f"{field.id} is declared for the record and for the person",
                f"{field.id} 既列为记录的字段，又列为人员的字段",
            ),
            key,
            hint=say("give one of the two another id", "请给其中一个另取标识"),
        )
    if before is not None and (before.type, before.of) != (field.type, field.of):
        yield document.problem(
            "PE141",
            say(
                f"{field.id} is already a field of the {before.of}, of type {before.type}; rules depend on that",
                f"{field.id} 已是 {before.of} 的字段，类型为 {before.type}，规则要用",
            ),
            key,
            hint=say(f"write type: {before.type}, or choose another id", f"请写 type: {before.type}，或另取标识"),
        )
    if field.type != "number":
        for name in ("min", "max", "unit", "decimals"):
            if optional_at(node, name) is not None:
                yield document.problem(
                    "PE143",
                    say(
                        f"“{name}” belongs to numbers, and {field.id} is a {field.type}",
                        f"“{name}”只用于数，而 {field.id} 的类型是 {field.type}",
                    ),
                    key,
                    hint=say("delete it, or write type: number", "请删除它，或写 type: number"),
                )
    least, greatest = whole.minimum, whole.maximum
    if least is not None and greatest is not None and least > greatest:
        both = field.minimum is not None and field.maximum is not None
        yield document.problem(
            "PE143",
            say(f"the least value of {field.id} is greater than the greatest", f"{field.id} 的最小值大于最大值")
            if both
            else say(
                f"with what the base pack says of it, the least value of {field.id} is {exact_text(least)} and the"
                f" greatest {exact_text(greatest)}",
                f"连同上级政策包的规定，{field.id} 的最小值是 {exact_text(least)}，最大值是 {exact_text(greatest)}",
            ),
            key,
            hint=say("exchange min and max", "请对调 min 和 max")
            if both
            else say("write both min and max here", "请在此把 min 和 max 都写上"),
        )
    yield from _too_great(document, key, field.minimum, field.maximum)


def _too_great(document: Document, key: Scalar, *bounds: Fraction | None) -> Iterable[Diagnostic]:
    if any(b is not None and abs(b) > GREATEST for b in bounds):
        yield document.problem(
            "PE143",
            say(f"the bounds of {key.text} go beyond {GREATEST}", f"{key.text} 的范围超过 {GREATEST}"),
            key,
            hint=say("lower max to what really occurs", "请把 max 降到实际所需"),
        )


def _field_over(field: FieldDecl, before: FieldDecl | None) -> FieldDecl:
    """What a redeclared field leaves open is as before."""
    if before is None:
        return field
    aliases = tuple(a for a in (before.zh, *before.aliases) if a and a != field.zh and a not in field.aliases)
    return replace(
        field,
        zh=field.zh or before.zh,
        aliases=field.aliases + aliases,
        unit=field.unit or before.unit,
        minimum=before.minimum if field.minimum is None else field.minimum,
        maximum=before.maximum if field.maximum is None else field.maximum,
        decimals=max(field.decimals, before.decimals),
        required=field.required or before.required,
        terms=field.terms or before.terms,
    )


def read_bounds(document: Document) -> tuple[Bounds, list[Diagnostic]]:
    """Bounds of ``quantity`` by unit: least, greatest, decimal places."""
    bounds: Bounds = {}
    problems: list[Diagnostic] = []
    for key, node in pairs_at(document.root, "quantities"):
        low, high = number_at(node, "min") or Fraction(0), number_at(node, "max") or Fraction(0)
        if low > high or low < 0:
            problems.append(
                document.problem(
                    "PE143",
                    say(f"the bounds of {key.text} run from {low} to {high}", f"{key.text} 的范围是 {low} 至 {high}"),
                    key,
                    hint=say("min is at least 0, and max at least min", "min 不小于 0，max 不小于 min"),
                )
            )
        problems += _too_great(document, key, high)
        bounds[key.text] = (low, high, int(text_at(node, "decimals", "0")))
    return bounds, problems


def chain_vocabulary(base: Vocabulary | None, words: tuple[Word, ...], fields: tuple[FieldDecl, ...]) -> Vocabulary:
    """Own words and fields over those of the chain."""
    if base is None:
        return vocabulary(words, fields)
    inherited = [w for w in base.words if w.kind != "field"]  # fields bring their own words
    return vocabulary([*inherited, *words], [*base.fields.values(), *fields])


def vocabulary_problems(
    document: Document, words: tuple[Word, ...], fields: tuple[FieldDecl, ...], whole: Vocabulary
) -> list[Diagnostic]:
    """Words that two things share within one place of a sentence, and terms and fields that lack each other."""
    problems = [
        *_shared(document, words, fields, whole),
        *_columns(document, words, whole),
        *_keywords(document, words, whole),
    ]
    for section, _ in pairs_at(document.root, "vocabulary", "terms"):
        decl = whole.fields.get(section.text)
        if decl is None or decl.type != "term":
            known = [f.id for f in whole.fields.values() if f.type == "term"]
            near = did_you_mean(section.text, known)
            here = {key.text for key, _ in pairs_at(document.root, "vocabulary", "terms")}
            one = only(section.text, known, near if near not in here else None)
            said = (
                say("is no field", "不是字段")
                if decl is None
                else say(f"is a field of type {decl.type}", f"是类型为 {decl.type} 的字段")
            )
            problems.append(
                document.problem(
                    "PE142",
                    say(f"{section.text} {said}, so it can have no terms", f"{section.text} {said}，不能有取值"),
                    section,
                    hint=meant(near)
                    if near
                    else say("declare it under fields with type: term", "请在 fields 中列出，类型为 term"),
                    instead=document.instead(section, section.text, one),
                )
            )
    for of in ("record", "person"):
        for key, node in pairs_at(document.root, "fields", of):
            problems += _without_terms(document, key, node, whole)
    return problems


def _without_terms(document: Document, key: Scalar, node: Node, whole: Vocabulary) -> Iterable[Diagnostic]:
    decl = whole.fields[key.text]
    if decl.terms is not None and decl.terms not in whole.fields:
        near = did_you_mean(decl.terms, whole.fields)
        shared = node.get("terms") if isinstance(node, Mapping) else None
        fits = near and whole.fields[near].type == "term"
        one = only(decl.terms, whole.fields, near) if fits else None
        yield document.problem(
            "PE142",
            say(
                f"{key.text} shares the terms of {decl.terms}, which is no field",
                f"{key.text} 与 {decl.terms} 共用取值，而后者不是字段",
            ),
            key,
            hint=meant(near) if near else say("name a field of type term", "请写一个类型为 term 的字段"),
            instead=document.instead(shared, decl.terms, one),
        )
    elif decl.type == "term" and not whole.terms_of(key.text):
        yield document.problem(
            "PE142",
            say(f"{key.text} takes terms, and none is declared", f"{key.text} 应有取值，但一个也没有列出"),
            key,
            hint=say(
                f"add vocabulary: terms: {key.text}: …, or write type: text",
                f"请在 vocabulary: terms: {key.text} 下列出，或写 type: text",
            ),
        )


def _columns(document: Document, words: tuple[Word, ...], whole: Vocabulary) -> Iterable[Diagnostic]:
    for word, column in shared_columns(whole):
        if word in words:
            yield Diagnostic(
                "PE140",
                say(f"{word.id} needs the column {column} of decisions, which means something else",
                    f"{word.id} 需用 decisions 表的 {column} 列，而该列另有含义"),
                word.span,
                hint=say("take another id for it", "请为它另取标识"),
                source=document.line(word.span.line) if word.span else None,
            )  # fmt: skip


def _keywords(document: Document, words: tuple[Word, ...], whole: Vocabulary) -> Iterable[Diagnostic]:
    """Terms and measures called as the language calls everything: a rule that names one would be read as the other."""
    listed = {f.owner for f in whole.fields.values() if f.of == "record"}  # whose terms a rule speaks of
    for terminal, everything in (("_TOTAL", False), ("_RECORDS", True)):
        known = {canonical(form) for form in grammar().forms[terminal]}
        for word in words:
            name = next((n for n in names_of(word) if canonical(n) in known), None)
            if name is None or not (
                word.of in listed if word.kind == "term" else word.kind == "measure" and not everything
            ):
                continue
            yield Diagnostic(
                "PE140",
                say(f"in rules “{name}” means {'every record' if everything else 'the total of all records'}",
                    f"规则中的“{name}”指{'每一条记录' if everything else '全部记录的合计'}"),
                word.span,
                hint=say(f"take another name for {word.id}", f"请给 {word.id} 另取名称"),
                source=document.line(word.span.line) if word.span else None,
            )  # fmt: skip


def _shared(
    document: Document, words: tuple[Word, ...], fields: tuple[FieldDecl, ...], whole: Vocabulary
) -> Iterable[Diagnostic]:
    own = {(w.kind, w.of, w.id) for w in words} | {("field", None, f.id) for f in fields}
    seen: dict[tuple[str, str | None, str], Word] = {}
    for word in whole.words:
        for form in dict.fromkeys(map(canonical, names_of(word))):
            other = seen.setdefault((word.kind, word.of, form), word)
            if other is word or not own & {(w.kind, w.of, w.id) for w in (word, other)}:
                continue
            mine = word if (word.kind, word.of, word.id) in own else other
            theirs = other if mine is word else word
            span = mine.span or next((f.span for f in fields if f.id == mine.id and mine.kind == "field"), None)
            yield Diagnostic(
                "PE140",
                say(f"“{form}” would mean {mine.id} and {theirs.id}", f"“{form}”既指 {mine.id} 又指 {theirs.id}"),
                span,
                hint=say("take another word for one of the two", "请给其中一个换一种写法"),
                source=document.line(span.line) if span else None,
            )
