"""The grammar's files in, out come its LALR table, the forms of its keywords, and what may come next in which state.

The grammar is static: it knows kinds of words (a term, a field), not the words of a pack. So one table serves all.
Lark makes it in 0.2 s; it is kept as JSON in the user's cache folder, from where it takes 5 ms.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterable, Sequence
from dataclasses import field
from functools import cache
from pathlib import Path
from typing import Any
from zlib import crc32

from policyengine.cache import cache_folder, keep_whole
from policyengine.language.forms import Keywords
from policyengine.light import dataclass

KINDS = ("FIELD", "TERM", "MEASURE", "TABLE", "REGIME", "CONCLUSION", "FLAG")  # of several, the first names the token
PATTERNS = ("NUMBER", "YEAR", "DATE", "MONTH_DAY", "TEXT", "RULE", "REQUIREMENT")
RULES = ("RULE", "REQUIREMENT")  # tokens that are the name of a rule
STARTS = ("statement", "condition")
_FORMAT = "1"  # of the table in the cache

Row = dict[str, int]
Rule = tuple[str, int, str | None, tuple[tuple[int, bool], ...], bool]
"""A rule's name, its number of symbols, its node's name (None: what it is part of takes its children in), which symbols
are children (and whether theirs are taken in), and whether a single child stands for it."""


@dataclass(frozen=True, slots=True)
class Accepts:
    """What may come next: forms of keywords with their terminals, patterns, kinds of words, a unit."""

    keywords: Keywords
    patterns: tuple[tuple[str, re.Pattern[str]], ...]
    kinds: frozenset[str]
    unit: bool


@dataclass(frozen=True, slots=True)
class Grammar:
    """``states``: what to do on a terminal (a state to go to; negative: -1 - the rule to reduce) and where rules lead.

    ``forms``: the surface forms of each keyword terminal, in the order of the grammar. ``starts`` and ``ends``: states.
    """

    forms: dict[str, tuple[str, ...]]
    patterns: dict[str, re.Pattern[str]]
    states: list[Row]
    rules: list[Rule]
    starts: dict[str, int]
    ends: dict[str, int]
    names: frozenset[str]
    _known: dict[object, Accepts] = field(default_factory=dict)

    def accepts(self, state: int) -> Accepts:
        """What may come next in a state of the parser: a superset, as some of it reduces to what then fails."""
        if (known := self._known.get(state)) is None:
            known = self._known[state] = self.accepting(self.states[state])
        return known

    def accepting(self, terminals: Iterable[str]) -> Accepts:
        """The tables for a set of terminals."""
        names = frozenset(terminals)
        if (known := self._known.get(names)) is not None:
            return known
        made = self._known[names] = Accepts(
            Keywords({form: name for name in names for form in self.forms.get(name, ())}),
            tuple((name, self.patterns[name]) for name in PATTERNS if name in names),
            frozenset(kind.lower() for kind in KINDS if kind in names),
            "UNIT" in names,
        )
        return made

    def can(self, stack: Sequence[int], terminal: str) -> bool:
        """Whether the parser can take that terminal next."""
        action = self.states[stack[-1]].get(terminal)
        return action is not None and (action >= 0 or self.after(stack, terminal) is not None)

    def after(self, stack: Sequence[int], terminal: str) -> list[int] | None:
        """The parser's states after reading ``terminal``; None where it can't come next."""
        stack = list(stack)
        ends = self.ends.values()
        while (action := self.states[stack[-1]].get(terminal)) is not None:
            if action >= 0:
                return [*stack, action]
            origin, size, *_ = self.rules[-1 - action]
            if size:
                del stack[-size:]
            stack.append(self.states[stack[-1]][origin])
            if terminal == "$END" and stack[-1] in ends:
                return stack
        return None

    def expected(self, stack: Sequence[int]) -> list[str]:
        """Exactly the terminals that can come next (``$END`` among them)."""
        return [t for t in self.states[stack[-1]] if (t == "$END" or t in self.names) and self.can(stack, t)]


def folder() -> Path:
    """Where the grammar's files are: in the installed package, or beside it in a checkout."""
    package = Path(__file__).resolve().parent.parent
    return next((p for p in (package / "grammar", package.parent / "grammar") if p.is_dir()), package / "grammar")


def source() -> str:
    """The whole grammar: the files of the folder in their order."""
    return "\n".join(p.read_text(encoding="utf-8") for p in sorted(folder().glob("*.lark")))


@cache
def grammar() -> Grammar:
    """The grammar, once in a process: from the cache where it has this very grammar, else made by Lark."""
    text = source()
    place = cache_folder()
    file = place / f"grammar-{_FORMAT}-{crc32(text.encode()):08x}.json" if place else None
    table = _read(file, text) if file else None
    if table is None:
        table = {"source": text, **made(text)}
        if file:
            keep_whole(file, json.dumps(table, ensure_ascii=False, separators=(",", ":")).encode())
    return _loaded(table)


def made(text: str) -> dict[str, Any]:
    """The grammar's table, as JSON has it, made by Lark."""
    from lark import Lark
    from lark.lexer import Lexer
    from lark.parsers.lalr_analysis import Shift

    class NoLexer(Lexer):
        """The table needs none; tokens come from ``lexer.Sentence``."""

        __future_interface__ = 2

        def __init__(self, conf: Any) -> None: ...

        def lex(self, lexer_state: Any, parser_state: Any) -> Any:
            return iter(())

    lark = Lark(text, parser="lalr", lexer=NoLexer, start=list(STARTS), maybe_placeholders=False)
    table = lark.parser.parser._parse_table
    numbers = {rule: i for i, rule in enumerate(lark.rules)}
    listed = dict(re.findall(r'^(\w+): (".*)$', text, re.MULTILINE))
    forms, patterns = {}, {}
    for terminal in lark.terminals:
        if terminal.name in PATTERNS:
            patterns[terminal.name] = terminal.pattern.to_regexp()
        elif terminal.name in listed:  # in the order of the file: Lark's own puts the longest first
            forms[terminal.name] = re.findall(r'"(.*?)"', listed[terminal.name])
        else:
            forms[terminal.name] = [terminal.pattern.value]
    return {
        "forms": dict(sorted(forms.items())),
        "patterns": patterns,
        "states": [
            {name: a if kind is Shift else -1 - numbers[a] for name, (kind, a) in table.states[state].items()}
            for state in range(len(table.states))
        ],
        "rules": [_rule(rule) for rule in lark.rules],
        "starts": table.start_states,
        "ends": table.end_states,
    }


def _rule(rule: Any) -> list[Any]:
    """A rule of Lark's: names that begin with ``_`` are taken in, unnamed keywords left out."""
    origin = str(rule.origin.name)
    kept = [
        [i, not s.is_term and s.name.startswith("_")]
        for i, s in enumerate(rule.expansion)
        if not (s.is_term and s.filter_out)
    ]
    name = rule.alias or (None if origin.startswith("_") else origin)
    return [origin, len(rule.expansion), name, kept, bool(rule.options.expand1 and not rule.alias)]


def _loaded(table: dict[str, Any]) -> Grammar:
    rules = [
        (origin, size, name, tuple((i, s) for i, s in kept), one) for origin, size, name, kept, one in table["rules"]
    ]
    forms = {name: tuple(forms) for name, forms in table["forms"].items()}
    patterns = {name: re.compile(p) for name, p in table["patterns"].items()}
    names = frozenset([*forms, *patterns, *KINDS, "UNIT"])
    return Grammar(forms, patterns, table["states"], rules, table["starts"], table["ends"], names)


# --- the cache: only ever a copy, in a folder of the user's own; JSON, so that it can say nothing but a table ---------


def _read(file: Path, text: str) -> dict[str, Any] | None:
    """The table, if it is that of this very text."""
    try:
        table = json.loads(file.read_bytes())
    except (OSError, ValueError):
        return None
    return table if isinstance(table, dict) and table.get("source") == text else None
