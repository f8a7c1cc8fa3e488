"""A place in a file in, what stands there in words out (Markdown): a word, the versions of a rule, a source of law.

What is remembered only is said to be so: nobody may take it for law that somebody has read.
"""

from __future__ import annotations

from collections.abc import Iterator

from policyengine.diagnostics import Span
from policyengine.language.examples import EXAMPLES
from policyengine.language.grammar import RULES
from policyengine.language.names import kind_name
from policyengine.language.nodes import Token
from policyengine.language.parser import parse_condition, parse_statement
from policyengine.language.printer import print_condition, print_statement
from policyengine.language.quantities import BY_WORD, Unit
from policyengine.language.vocabulary import Vocabulary, Word
from policyengine.light import dataclass
from policyengine.lsp.cursor import Spot, spot, token_at
from policyengine.lsp.library import Entry, PackFile, source_of
from policyengine.messages import listed, say
from policyengine.packs.document import Document
from policyengine.packs.load import title_spoken
from policyengine.packs.nodes import Mapping, Scalar
from policyengine.packs.rules import read_sources
from policyengine.packs.values import optional_at, text_at
from policyengine.tools.fmt import Words

_TYPES_ZH = {
    "term": "词条", "text": "文字", "number": "数字", "date": "日期", "yes_no": "是否", "year": "年份", "unit": "单位",
}  # fmt: skip


@dataclass(frozen=True, slots=True)
class Meaning:
    """``text``: Markdown. ``span``: what it is about."""

    text: str
    span: Span


def meaning(document: Document, packs: list[PackFile], words: Words, line: int, column: int) -> Meaning | None:
    """What stands at a place of a pack's file. ``packs``: its chain, as ``library.chain`` gives it."""
    at = spot(document, line, column)
    if at is None or not packs:
        return None
    found = token_at(document, at, words.vocabulary, line, column)
    if found is not None:
        token, spans = found
        span = next(s for s in spans if s.line == line)
        return Meaning("\n\n".join(_of_token(token, at, packs, words)), span)
    text = "\n\n".join(_of_value(at, packs, words))
    return Meaning(text, document.span(at.scalar)) if text else None


# --- words of a rule --------------------------------------------------------------------------------------------------


def _of_token(token: Token, at: Spot, packs: list[PackFile], words: Words) -> Iterator[str]:
    if token.words:
        yield from (_of_word(w, words.vocabulary) for w in token.words)
    elif token.type in RULES:
        yield from _of_rule(token.text, packs)
    elif token.type == "UNIT" and token.text in BY_WORD:
        yield _of_unit(BY_WORD[token.text])
    else:
        if (example := EXAMPLES.get(" ".join(token.text.split()))) is not None:
            yield say(f"**{token}**, as in", f"**{token}**，例如") + f"\n\n`{example}`"
        yield from _otherwise(at, words)


def _of_word(word: Word, vocabulary: Vocabulary) -> str:
    lines = [f"**{word.zh or word.id}** `{word.id}`", kind_name(word.kind)]
    if word.of:
        owner = vocabulary.fields.get(word.of)
        lines[-1] += say(" of ", "，属于 ") + f"{owner.zh if owner and owner.zh else word.of} `{word.of}`"
    field = vocabulary.fields.get(word.id) if word.kind == "field" else None
    if field is not None:
        about = {"record": say("record", "记录"), "person": say("person", "人员"), "derived": say("derived", "推算")}
        kind = say(field.type, _TYPES_ZH[field.type])
        lines[-1] += say(f" ({about[field.of]}, {kind})", f"（{about[field.of]}，{kind}）")
        if field.type == "term":
            values = vocabulary.terms_of(field.id)
            lines.append(say("values: ", "取值：") + listed(w.zh or w.id for w in values))
    if word.leave:
        lines.append(say("counts as leave", "按休假计"))
    if word.aliases:
        lines.append(say("also written: ", "也写作：") + listed(word.aliases))
    if word.span is not None:
        lines.append(say("declared in ", "声明于 ") + f"`{word.span}`")
    return "  \n".join(lines)


def _of_unit(unit: Unit) -> str:
    also = (say("also written: ", "也写作：") + listed(unit.aliases)) if unit.aliases else ""
    return "  \n".join(filter(None, [f"**{unit.zh}** `{unit.id}`", say("unit", "单位"), also]))


# --- rules ------------------------------------------------------------------------------------------------------------


def entries_named(name: str, packs: list[PackFile]) -> list[Entry]:
    """The versions of a rule, named in full or as its own pack does; the nearest pack of the chain that has it."""
    pack, slash, _ = name.partition("/")
    for one in packs:
        if slash and one.id != pack:
            continue
        wanted = name if slash else f"{one.id}/{name}"
        found = [e for e in one.entries() if e.name == wanted]
        if found:
            return found
    return []


def _of_rule(name: str, packs: list[PackFile]) -> Iterator[str]:
    found = entries_named(name, packs)
    if not found:
        yield say(f"no pack of the chain has a rule {name}", f"本链中没有规则 {name}")
    for entry in found:
        until = optional_at(entry.node, "until")
        stretch = f"{entry.since or say('from the beginning', '自始')} – {until or ''}".rstrip()
        pack = next(p for p in packs if p.id == entry.pack)
        cited = _citation(entry.node, pack)
        yield f"**{entry.name}** {stretch}  \n{' '.join(text_at(entry.node, 'rule').split())}  \n{cited}"


def _otherwise(at: Spot, words: Words) -> Iterator[str]:
    """The rule or condition in the other language."""
    text, vocabulary = at.scalar.text, words.vocabulary
    other = "en" if any("\u4e00" <= c <= "\u9fff" for c in text) else "zh"
    if at.keys == ("applies",):
        condition, _ = parse_condition(text, vocabulary)
        said = print_condition(condition, vocabulary, other) if condition else ""
    else:
        statement, _ = parse_statement(text, vocabulary)
        said = print_statement(statement, vocabulary, other) if statement else ""
    if said:
        yield f"`{said}`"


# --- other values -----------------------------------------------------------------------------------------------------


def _of_value(at: Spot, packs: list[PackFile], words: Words) -> Iterator[str]:
    match at.keys:
        case ("id",) if isinstance(at.entry, Mapping) and isinstance(rule := at.entry.get("rule"), Scalar):
            yield _citation(at.entry, packs[0])
            yield from _otherwise(Spot(("rule",), rule, at.entry), words)
        case ("cites",) | ("cites", "source" | "at") | ("not_decidable", "source"):
            yield _source(cited_source(at), packs[0])
        case ("extends",) if len(packs) > 1:
            root = packs[1].document.root
            yield f"**{packs[1].id}** {title_spoken(root)}  \n{text_at(root, 'authority')}"


def cited_source(at: Spot) -> str | None:
    """The id of the document that a citation names; None where it names the article alone."""
    if at.keys == ("cites",):
        return at.scalar.text.split()[0] if at.scalar.text.split() else None
    if at.keys[-1] == "source":
        return at.scalar.text.strip()
    cites = at.entry.get("cites") if isinstance(at.entry, Mapping) else None
    return optional_at(cites, "source")


def _citation(entry: Mapping, pack: PackFile) -> str:
    cites = entry.get("cites")
    if isinstance(cites, Scalar):
        first, _, rest = cites.text.partition(" ")
        named = source_of(pack, first) is not None
        return f"{_source(first if named else None, pack)} {rest if named else cites.text}".strip()
    return f"{_source(optional_at(cites, 'source'), pack)} {text_at(cites, 'at')}".strip()


def _source(name: str | None, pack: PackFile) -> str:
    """``川人社发〔2016〕20号`` 《…》; what is only remembered is said to be."""
    found = source_of(pack, name) or source_of(pack, None)
    if found is None:
        return ""
    source = read_sources(Mapping((found,), 0, 0))[found[0].text]
    seen = source.confidence == "seen"
    doubt = "" if seen else " " + say("(remembered, not seen)", "（凭记忆，未见原文）")
    return f"{source.number or ''} {source.title}".strip() + doubt
