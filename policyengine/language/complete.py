"""The beginning of a rule in, what can be written next out: exactly what the grammar and the vocabulary allow there.

What is proposed keeps the rule readable: each proposal, put in, leaves a beginning of a sentence (a test does so).
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from fractions import Fraction

from policyengine.language import tree
from policyengine.language.conditions import OPERATORS
from policyengine.language.examples import EXAMPLES
from policyengine.language.expected import Expected
from policyengine.language.forms import fold
from policyengine.language.grammar import KINDS, grammar
from policyengine.language.lexer import UNIT_FORMS
from policyengine.language.nodes import Token
from policyengine.language.partial import Start, read
from policyengine.language.phrases import Phrases
from policyengine.language.quantities import MULTIPLES, UNITS
from policyengine.language.vocabulary import Vocabulary, Word
from policyengine.light import dataclass

_SIGNS = frozenset(" (（「」、，,：:")  # behind these nothing needs a space
_WIDE = {":": "：", "(": "（", ")": "）", ",": "、"}  # as ``fmt`` writes them; YAML takes “: ” for its own
_OF_OTHERS = ("OVERRIDE", "替代", "DROP", "不适用")  # verbs about a rule of another pack
_COMPARISONS = frozenset(("EQ", "NE", "_IN", "NOT_IN"))
_LISTS = _COMPARISONS | {"LPAR", "_SEP", "TERM"}
_OF_YEARS = (  # how what is asked of several years begins, in English and in Chinese
    ("not met for", "met for", "met in each of last", "excused in each of last", "met or excused in each of last"),
    ("连续", "近"),
)


@dataclass(frozen=True, slots=True)
class Proposal:
    """What may stand from offset ``start`` to the end of the text. ``kind``: ``keyword``, ``unit``, ``rule`` or that of
    the ``word``. ``example``: a sentence with the verb that is proposed."""

    text: str
    start: int
    kind: str
    word: Word | None = None
    example: str | None = None


@dataclass(frozen=True, slots=True)
class _Place:
    """Where a word may begin: its offset, the states of the parser there, the tokens before."""

    start: int
    stack: tuple[int, ...]
    before: tuple[Token, ...]


def proposals(
    text: str,
    vocabulary: Vocabulary,
    start: Start = "statement",
    rules: Iterable[str] = (),
    surface: str = "zh",
) -> list[Proposal]:
    """What can follow ``text``, the rule up to the cursor: keywords first, then words, each once.

    ``rules``: the names that rules of the chain go by; ``surface``: ``zh`` or ``en``, the language of a text that has
    no word yet. A text that can't be the beginning of a rule has none.
    """
    chinese = _is_chinese(text, surface)
    ids = tuple(dict.fromkeys(rules))
    found: dict[tuple[str, int], Proposal] = {}
    for place in _places(text, vocabulary, start):
        typed = fold(text[place.start :])
        for p in _at(place, vocabulary, ids, chinese, typed):
            form = fold(p.text)
            if form.startswith(typed) and form != typed:
                found.setdefault((p.text, p.start), p)
    return [_spaced(text, p) for p in found.values()]


def _is_chinese(text: str, surface: str) -> bool:
    folded = fold(text)
    named = grammar().patterns["REQUIREMENT"].match(folded, len(folded) - len(folded.lstrip(" (")))
    quoted = grammar().patterns["TEXT"].match(folded, len(folded) - len(folded.lstrip(" (")))
    after = next((found.end() for found in (named, quoted) if found), 0)  # an id is of no language, a text of any
    first = next((c for c in text[after:] if c.isalpha()), "")
    return "\u4e00" <= first <= "\u9fff" if first else surface == "zh"


def _spaced(text: str, p: Proposal) -> Proposal:
    """With the space that the sentence needs before it."""
    before = text[: p.start]
    tight = p.kind == "unit" and before.endswith(("每", "标定"))
    if not before or before[-1] in _SIGNS or p.text[0] in "(),、：:（）" or tight:
        return p
    return Proposal(" " + p.text, p.start, p.kind, p.word, p.example)


# --- where a word may begin -------------------------------------------------------------------------------------------


def _places(text: str, vocabulary: Vocabulary, start: Start) -> Iterator[_Place]:
    """Where reading stopped: the end of the text, or a word that is unknown as yet. At the end the last word may go on
    too."""
    reading = read(text, vocabulary, start)
    tokens = reading.tokens
    if tokens and tokens[-1].type == "FIELD" and not tokens[-1].words:  # a requirement of which is not said yet what
        yield _Place(tokens[-1].start, reading.stacks[len(tokens) - 1], tokens[:-1])
        if _concluding(tokens) and grammar().patterns["RULE"].fullmatch(fold(tokens[-1].text)):
            return  # and nothing can be compared with it
    if tokens and reading.stopped == len(text) and text[-1] not in _SIGNS and text[-1] != "\u3000":
        yield _Place(tokens[-1].start, reading.stacks[-2], tokens[:-1])
    if reading.stacks[-1]:
        yield _Place(reading.stopped, reading.stacks[-1], tokens)


# --- what may stand there ---------------------------------------------------------------------------------------------


def _at(place: _Place, vocabulary: Vocabulary, rules: tuple[str, ...], chinese: bool, typed: str) -> Iterator[Proposal]:
    """The likeliest first: values of the field that is compared, verbs in the order of the stages, other keywords.

    A keyword stands for its other forms (不少于 for 至少, 达到, >=), which are there for whoever begins to write one.
    """
    table = grammar()
    terminals = sorted(table.expected(place.stack))
    phrases = Phrases(vocabulary, "zh" if chinese else "en")
    owner = _owner(place.before) if "TERM" in terminals else None
    if owner is not None:
        for word in vocabulary.terms_of(owner):
            yield Proposal(phrases.term(word.id, word.of), place.start, word.kind, word)
    words = Expected(table, chinese)
    keywords = [name for name in terminals if name in table.forms and (name != "_IN_ALL" or _in_days(place.before))]
    forms = [f for name in keywords if (f := words.form(name))]
    forms += [f for name in keywords for f in table.forms[name] if typed and f not in forms and _is_written(f)]
    verbs = list(EXAMPLES)
    for form in sorted(forms, key=lambda f: verbs.index(f) if f in EXAMPLES else len(verbs)):
        written = _WIDE.get(form, form) if chinese else form
        yield Proposal(written, place.start, "keyword", example=EXAMPLES.get(form))
    if "UNIT" in terminals:
        number, units = _number(place.before), _lengths(place.before) or UNITS
        yield from (Proposal(phrases.unit(u, number), place.start, "unit") for u in units)
        yield from (Proposal(m, place.start, "unit") for m in (MULTIPLES if chinese and units is UNITS else ()))
    if "RULE" in terminals:
        others = place.before[-1].type in _OF_OTHERS if place.before else False
        yield from (Proposal(rule, place.start, "rule") for rule in rules if "/" in rule or not others)
    if "REQUIREMENT" in terminals:
        for rule, tests in _asked(rules, typed, place.before):
            outcomes = (tree.Outcome(state, rule) for state in ("met", "excused"))
            both = [t for o in outcomes for t in (tree.Not(o), o)]
            found = [phrases.condition(t) for t in both[:tests]]
            if len(found) == len(both):  # how many years is not known
                found += (f"{rule} {begun}" for begun in _OF_YEARS[chinese])
            yield from (Proposal(text, place.start, "rule") for text in found)
    for kind in (k for k in KINDS if k in terminals):
        for word in _words(kind, vocabulary) if kind != "TERM" or owner is None else ():
            yield Proposal(_written(word, phrases), place.start, word.kind, word)


def _asked(rules: tuple[str, ...], typed: str, before: tuple[Token, ...]) -> Iterator[tuple[str, int]]:
    """The requirements whose outcome may be asked, and of how many of its tests: where a conclusion is drawn that a
    rule is not met; all four of the rule that is typed. Other sentences ask for none."""
    written, concluding = typed.partition(" ")[0], _concluding(before)
    if before and before[0].text in EXAMPLES and not concluding:
        return
    if " " in typed and grammar().patterns["RULE"].fullmatch(written):
        yield written, 4
    elif concluding:
        yield from ((rule, 1) for rule in rules)


def _concluding(tokens: tuple[Token, ...]) -> bool:
    return any(token.type == "CONCLUSION" for token in tokens)


def _is_written(form: str) -> bool:
    """A word, or a sign that ``fmt`` writes: whoever has written = has not begun to write ==."""
    return any(c.isalpha() for c in form) or form in OPERATORS.values() or form in _SIGNS


def _number(tokens: tuple[Token, ...]) -> Fraction | None:
    """The number that a unit at the end of the tokens belongs to: 1 after “per”; None where there is none."""
    last = tokens[-1] if tokens else None
    if last is None or last.type not in ("NUMBER", "_PER"):
        return None
    try:
        return Fraction(fold(last.text) if last.type == "NUMBER" else 1)
    except (ValueError, ZeroDivisionError):  # 50%, and 1/0, of which the rule will be told
        return None


def _lengths(tokens: tuple[Token, ...]) -> tuple[str, ...]:
    """The units in which leave lasts, where its number stands at the end of the tokens; none elsewhere."""
    asked = tokens[-3].type if len(tokens) > 2 and tokens[-1].type == "NUMBER" else ""
    return {"_IN_ALL": ("days",), "_LASTS": ("days", "months")}.get(asked, ())


def _in_days(tokens: tuple[Token, ...]) -> bool:
    """Whether leave in all may be asked behind the tokens: not of months."""
    last = tokens[-1] if tokens else None
    return last is None or last.type != "UNIT" or UNIT_FORMS.forms.get(fold(last.text)) == (1, "days")


def _written(word: Word, phrases: Phrases) -> str:
    """The word's name, or its id where the name could be read as another word."""
    match word.kind:
        case "term":
            return phrases.terms([word.id])
        case "field":
            return phrases.field(word.id)
    return phrases.name(word.kind, word.id)


def _words(kind: str, vocabulary: Vocabulary) -> list[Word]:
    """The words of a kind; of terms those that a record may have."""
    if kind != "TERM":
        return [w for w in vocabulary.words if w.kind == kind.lower()]
    records = [f.id for f in vocabulary.fields.values() if f.of == "record" and f.type == "term"]
    return list(dict.fromkeys(w for f in records for w in vocabulary.terms_of(f)))


def _owner(tokens: tuple[Token, ...]) -> str | None:
    """The field whose values stand at the end of the tokens, if it is plain."""
    return _compared(tokens) or ("circumstance" if _of_leave(tokens) else None)


def _compared(tokens: tuple[Token, ...]) -> str | None:
    """The field whose values stand at the end of the tokens: 单位性质 属于（国家机关、"""
    following = ""
    for token in reversed(tokens):
        if token.type == "FIELD" and following in _COMPARISONS:
            return token.words[0].id if token.words else None
        if token.type not in _LISTS and token.type != "FIELD":  # 用人单位 is a field and a value
            return None
        following = token.type
    return None


def _of_leave(tokens: tuple[Token, ...]) -> bool:
    """Whether kinds of leave stand at the end of the tokens: 休假 属于（产假、"""
    begins = next((t for t in reversed(tokens) if t.type not in _LISTS), None)
    return begins is not None and begins is not tokens[-1] and fold(begins.text).endswith(("休假", "leave"))
