"""The grammar's files in, Lark's parser out, with the tables that the lexer asks: what may come next in which state.

The grammar is static: it knows kinds of words (a term, a field), not the words of a pack. So its LALR table is built
once; building takes 0.2 s, so Lark keeps the table in a cache folder that only the user can write (25 ms from there).
"""

from __future__ import annotations

import os
import re
import stat
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from functools import cache
from pathlib import Path
from typing import Any

from lark import Lark
from lark.lexer import Lexer
from lark.parsers.lalr_analysis import Shift

KINDS = ("FIELD", "TERM", "MEASURE", "TABLE", "REGIME", "CONCLUSION", "FLAG")  # of several, the first names the token
PATTERNS = ("NUMBER", "YEAR", "DATE", "MONTH_DAY", "TEXT", "RULE")
STARTS = ("statement", "condition")


class SentenceLexer(Lexer):
    """What Lark asks for tokens: each text knows its own words (``lexer.Sentence``)."""

    __future_interface__ = 2

    def __init__(self, conf: Any) -> None:
        pass

    def lex(self, lexer_state: Any, parser_state: Any) -> Iterator[Any]:
        """The sentence's tokens."""
        tokens: Iterator[Any] = lexer_state.text.tokens(parser_state)
        return tokens


@dataclass(frozen=True, slots=True)
class Accepts:
    """What may come next: keywords (one expression, and which terminal a form is), patterns, kinds of words."""

    keywords: re.Pattern[str] | None
    terminals: dict[str, str]
    patterns: tuple[tuple[str, re.Pattern[str]], ...]
    kinds: frozenset[str]
    unit: bool


@dataclass(frozen=True, slots=True)
class Grammar:
    """Lark's parser; ``forms``: the surface forms of each keyword terminal, in the grammar's order."""

    lark: Lark
    forms: dict[str, tuple[str, ...]]
    patterns: dict[str, re.Pattern[str]]
    states: dict[int, dict[str, tuple[Any, Any]]]
    ends: frozenset[int]
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
        forms = {form: name for name in names for form in self.forms.get(name, ())}
        expression = "|".join(_keyword(form) for form in sorted(forms, key=lambda f: (-len(f), f)))
        made = self._known[names] = Accepts(
            re.compile(expression) if forms else None,
            {form.replace(" ", ""): name for form, name in forms.items()},
            tuple((name, self.patterns[name]) for name in PATTERNS if name in names),
            frozenset(kind.lower() for kind in KINDS if kind in names),
            "UNIT" in names,
        )
        return made

    def can(self, stack: Sequence[int], terminal: str) -> bool:
        """Whether the parser can take that terminal next."""
        action = self.states[stack[-1]].get(terminal)
        return action is not None and (action[0] is Shift or self.after(stack, terminal) is not None)

    def after(self, stack: Sequence[int], terminal: str) -> list[int] | None:
        """The parser's states after reading ``terminal``; None where it can't come next."""
        stack = list(stack)
        while action := self.states[stack[-1]].get(terminal):
            kind, target = action
            if kind is Shift:
                return [*stack, target]
            if target.expansion:
                del stack[-len(target.expansion) :]
            stack.append(self.states[stack[-1]][target.origin.name][1])
            if terminal == "$END" and stack[-1] in self.ends:
                return stack
        return None

    def expected(self, stack: Sequence[int]) -> list[str]:
        """Exactly the terminals that can come next (``$END`` among them)."""
        return [t for t in self.states[stack[-1]] if (t == "$END" or t in self.names) and self.can(stack, t)]


def _keyword(form: str) -> str:
    """A form as an expression: its spaces stand for any number of spaces, and an English word ends where it ends."""
    parts = re.sub(r"(?<=[a-z])\\ (?=[a-z])", " +", re.escape(form)).replace("\\ ", " *")
    return parts + (r"(?![a-z0-9_]|-[a-z])" if re.match("[a-z0-9_]", form[-1]) else "")


def folder() -> Path:
    """Where the grammar's files are: in the installed package, or beside it in a checkout."""
    package = Path(__file__).resolve().parent.parent
    return next((p for p in (package / "grammar", package.parent / "grammar") if p.is_dir()), package / "grammar")


def source() -> str:
    """The whole grammar: the files of the folder in their order."""
    return "\n".join(p.read_text(encoding="utf-8") for p in sorted(folder().glob("*.lark")))


def _cache_file() -> str | None:
    """A file in a folder that nobody else can write: what is read from there is trusted. None where there is none."""
    root = os.environ.get("XDG_CACHE_HOME") or os.path.join(os.path.expanduser("~"), ".cache")
    place = Path(root) / "policyengine"
    try:
        place.mkdir(mode=0o700, parents=True, exist_ok=True)
        info = place.lstat()
    except OSError:
        return None
    if not stat.S_ISDIR(info.st_mode) or not os.access(place, os.W_OK):
        return None
    if hasattr(os, "getuid") and (info.st_uid != os.getuid() or info.st_mode & 0o022):
        return None
    return str(place / "grammar.table")


def build(cached: bool = True) -> Lark:
    """Lark's parser, from the cache where there is a true one."""
    options: dict[str, Any] = {
        "parser": "lalr", "lexer": SentenceLexer, "start": list(STARTS),
        "propagate_positions": True, "maybe_placeholders": False,
    }  # fmt: skip
    place = _cache_file() if cached else None
    if place is not None:
        try:
            return Lark(source(), cache=place, **options)
        except OSError:
            pass
    return Lark(source(), **options)


@cache
def grammar() -> Grammar:
    """The grammar, once in a process."""
    lark = build()
    listed = dict(re.findall(r'^(\w+): (".*)$', source(), re.MULTILINE))
    forms, patterns = {}, {}
    for terminal in lark.terminals:
        if terminal.name in PATTERNS:
            patterns[terminal.name] = re.compile(terminal.pattern.to_regexp())
        elif terminal.name in listed:  # in the order of the file: Lark's own puts the longest first
            forms[terminal.name] = tuple(re.findall(r'"(.*?)"', listed[terminal.name]))
        elif terminal.name not in KINDS and terminal.name != "UNIT":
            forms[terminal.name] = (terminal.pattern.value,)
    table = lark.parser.parser._parse_table
    names = frozenset([*KINDS, "UNIT", *(t.name for t in lark.terminals)])
    return Grammar(lark, forms, patterns, table.states, frozenset(table.end_states.values()), names)
