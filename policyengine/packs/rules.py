"""The entries of a rules*.yaml in, rule versions out: the text parsed, the article cited, the stretch in force.

Errors: PE160 (a citation), PE161 (a day that is none), PE301 (versions overlap), PE302 (a gap, a warning),
PE303 (a day that splits a period), PE304 (until before from), and whatever the parser says of the text.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import replace
from datetime import date, timedelta
from itertools import pairwise

from policyengine.diagnostics import Diagnostic, Related
from policyengine.language import tree
from policyengine.language.parser import parse_statement
from policyengine.language.vocabulary import Vocabulary
from policyengine.light import dataclass
from policyengine.messages import listed, say
from policyengine.packs.document import MAX_PROBLEMS, Document, enough
from policyengine.packs.model import Citation, Rule, Source
from policyengine.packs.nodes import Listing, Node, Scalar
from policyengine.packs.nodes import Mapping as MappingNode
from policyengine.packs.shape import did_you_mean, meant, only, shape_problems
from policyengine.packs.values import (
    YearStart,
    day_of,
    first_day,
    last_day,
    optional_at,
    period_of,
    text_at,
    text_of,
    year_of,
)

# Statements that govern whole periods (docs/semantics.md, "Stages"); the others go by a record's end date.
_PERIOD_STATEMENTS = (
    tree.CountOnce, tree.Cap, tree.Measure, tree.Carry, tree.Require, tree.Excuse, tree.Reduce, tree.Conclude,
)  # fmt: skip


@dataclass(frozen=True, slots=True)
class Entry:
    """One entry as read: its version may be known though its text could not be parsed (``rule`` None)."""

    document: Document
    node: MappingNode
    id: str
    start: date | None
    until: date | None
    rule: Rule | None

    @property
    def key(self) -> Node:
        return self.node.get("id") or self.node


@dataclass(frozen=True, slots=True)
class Context:
    """What entries are read with."""

    pack: str
    sources: Mapping[str, Source]
    words: Vocabulary
    year_start: YearStart


def read_rules(document: Document, context: Context) -> tuple[list[Entry], list[Diagnostic]]:
    """Every entry of one file that has the right shape."""
    if not isinstance(document.root, Listing):
        return [], shape_problems(document, document.root, "rules")
    entries: list[Entry] = []
    problems: list[Diagnostic] = []
    for node in document.root.items:
        if len(problems) >= MAX_PROBLEMS:
            problems.append(enough(document.file))
            break
        wrong = shape_problems(document, node, "rules", "rule")
        problems += wrong
        if not wrong and isinstance(node, MappingNode):
            entry, found = _entry(document, node, context)
            entries.append(entry)
            problems += found
    return entries, problems


def _entry(document: Document, node: MappingNode, context: Context) -> tuple[Entry, list[Diagnostic]]:
    name = text_at(node, "id")
    start, start_years, problems = _bound(document, node, "from", context.year_start)
    until, until_years, more = _bound(document, node, "until", context.year_start)
    problems += more
    if start is not None and until is not None and until < start:
        said = say(f"{name} would end before it begins", f"{name} 的止期早于起期")
        hint = say("exchange from and until", "请对调 from 和 until")
        problems.append(document.problem("PE304", said, node.get("until") or node, hint=hint))
        until = None
    if name == "year":
        said = say("“excuse year” would mean the year and this rule", "“excuse year”会既指本年又指本规则")
        hint = say("give the rule another id, such as annual-hours", "请给规则另取标识，如 annual-hours")
        problems.append(document.problem("PE140", said, node.get("id") or node, hint=hint))
    cites, more = _citation(document, node, context)
    problems += more
    text = node.get("rule")
    assert isinstance(text, Scalar)
    statement, more = parse_statement(text.text, context.words, document.place(text))
    problems += more
    if statement is None or cites is None:
        return Entry(document, node, name, start, until, None), problems
    whole = start_years and until_years
    if governs_periods(statement) and not whole:
        splits = list(_splits(document, node, start, until, context.year_start))
        problems += splits
        whole = not splits
    rule = Rule(
        pack=context.pack,
        id=name,
        statement=statement,
        text=" ".join(text.text.split()),
        cites=cites,
        start=start,
        until=until,
        whole_periods=whole,
        change=text_at(node, "change", "fixed"),
        confidence=text_at(node, "confidence", cites.confidence),
        note=optional_at(node, "note"),
        gap=optional_at(node, "gap"),
        span=document.span(text),
        label=optional_at(node, "from") or "",
        place=document.place(text),
    )
    return Entry(document, node, name, start, until, rule), problems


def governs_periods(statement: tree.Statement) -> bool:
    """Whether a statement (what an override states) governs whole periods."""
    while isinstance(statement, tree.Override):
        statement = statement.statement
    return isinstance(statement, _PERIOD_STATEMENTS)


# --- since when, until when -------------------------------------------------------------------------------------------


def _bound(
    document: Document, node: MappingNode, key: str, start: YearStart
) -> tuple[date | None, bool, list[Diagnostic]]:
    """The day under ``from`` or ``until``, and whether it was written as a year (or left open)."""
    text = optional_at(node, key)
    if text is None:
        return None, True, []
    year = year_of(text)
    if year is not None:
        return (first_day(year, start) if key == "from" else last_day(year, start)), True, []
    day = day_of(text)
    if day is not None:
        return day, False, []
    return None, True, [no_day(document, text, node.get(key) or node)]


def no_day(document: Document, text: str, node: Node) -> Diagnostic:
    """PE161."""
    said, hint = say(f"there is no day {text}", f"没有 {text} 这一天"), say("look it up in a calendar", "请核对日历")
    return document.problem("PE161", said, node, hint=hint)


def _splits(
    document: Document, node: MappingNode, start: date | None, until: date | None, begins: YearStart
) -> Iterator[Diagnostic]:
    """PE303 where a day lies inside a period."""
    for key, day in splitting_days(start, until, begins):
        message, hint = two_readings(key, day, begins)
        yield document.problem("PE303", message, node.get(key) or node, hint=hint)


def splitting_days(start: date | None, until: date | None, begins: YearStart) -> Iterator[tuple[str, date]]:
    """``from`` and ``until`` with their days, where these split a year that begins on ``begins``."""
    for key, day, edge in (("from", start, start), ("until", until, until and until + timedelta(days=1))):
        if day is not None and edge is not None and (edge.month, edge.day) != begins:
            yield key, day


def two_readings(key: str, day: date, begins: YearStart) -> tuple[str, str]:
    """PE303: what is wrong with a day inside a year, and the two years that may be meant."""
    year = period_of(day, begins)
    first, last = first_day(year, begins), last_day(year, begins)
    one, other = (year, year + 1) if key == "from" else (year - 1, year)
    return (
        say(
            f"{day} lies inside the year {year} ({first} to {last}), and this rule governs whole years",
            f"{day} 在 {year} 年度（{first} 至 {last}）之内，而本规则按整年度适用",
        ),
        say(
            f"write {key}: {one} or {key}: {other}, as the law means it",
            f"请按规定的本意写 {key}: {one} 或 {key}: {other}",
        ),
    )


def version_problems(entries: list[Entry]) -> list[Diagnostic]:
    """Versions of one rule that overlap (PE301), or leave a gap that nobody stated (PE302)."""
    problems: list[Diagnostic] = []
    by_id: dict[str, list[Entry]] = {}
    for entry in entries:
        by_id.setdefault(entry.id, []).append(entry)
    for versions in by_id.values():
        ordered = sorted(versions, key=lambda e: e.start or date.min)
        for before, entry in pairwise(ordered):
            problems += _between(before, entry)
            if len(problems) >= MAX_PROBLEMS:
                return [*problems, enough(entry.document.file)]
    return problems


def _between(before: Entry, entry: Entry) -> list[Diagnostic]:
    where = Related(say("the version before", "前一版本"), before.document.span(before.key))
    if before.until is None or before.until >= (entry.start or date.min):
        until = (
            say("has no end", "没有终止")
            if before.until is None
            else say(f"is in force until {before.until}", f"有效至 {before.until} 止")
        )
        begins = say("at no stated time", "未写明起始日期")
        if entry.start:
            begins = say(f"on {entry.start}", f"自 {entry.start} 起")
        problem = entry.document.problem(
            "PE301",
            say(
                f"two versions of {entry.id} are in force at once: the one before {until}, this one begins {begins}",
                f"{entry.id} 的两个版本同时有效：前一版本{until}，本版本{begins}",
            ),
            entry.node.get("from") or entry.key,
            hint=say(
                "end the earlier one (until: …) before this one begins", "请让前一版本在本版本开始前终止（until: …）"
            ),
        )
        return [replace(problem, related=(where,))]
    gap = entry.node.get("gap")
    first = before.until + timedelta(days=1)
    if entry.start is not None and first < entry.start and gap is None:
        last = entry.start - timedelta(days=1)
        problem = entry.document.problem(
            "PE302",
            say(
                f"from {first} to {last} no version of {entry.id} is in force",
                f"{first} 至 {last} 没有有效的 {entry.id} 版本",
            ),
            entry.node.get("from") or entry.key,
            hint=say("close the gap, or say why there is one: gap: …", "请补上空缺，或写明原因：gap: …"),
            severity="warning",
        )
        return [replace(problem, related=(where,))]
    return []


# --- which article ----------------------------------------------------------------------------------------------------


def read_sources(node: Node | None) -> dict[str, Source]:
    """The documents of law under ``sources``."""
    pairs = node.pairs if isinstance(node, MappingNode) else ()
    return {
        key.text: Source(
            id=key.text,
            title=text_at(value, "title"),
            number=optional_at(value, "number"),
            issued=optional_at(value, "issued"),
            in_force=optional_at(value, "in_force"),
            confidence=text_at(value, "confidence"),
            note=optional_at(value, "note"),
            url=optional_at(value, "url"),
        )
        for key, value in pairs
    }


def source_problems(document: Document, node: Node | None) -> Iterator[Diagnostic]:
    """PE161: days on which no document can have been issued or come in force."""
    for _, source in node.pairs if isinstance(node, MappingNode) else ():
        for key in ("issued", "in_force"):
            text = optional_at(source, key)
            if text is not None and year_of(text) is None and day_of(text) is None and isinstance(source, MappingNode):
                yield no_day(document, text, source.get(key) or source)


def _citation(document: Document, node: MappingNode, context: Context) -> tuple[Citation | None, list[Diagnostic]]:
    cites = node.get("cites")
    if isinstance(cites, Scalar):  # the article alone, or "source article"
        text = text_of(cites) or ""
        first, _, rest = text.partition(" ")
        named = first in context.sources or _looks_like_id(first, context.sources)
        name, at = (first, rest.strip()) if named else (None, text)
        where: Node = cites
        if named and not at and first in context.sources:
            said = say(f"the article of {first} is missing", f"缺少 {first} 的条款")
            hint = say(f"write {first} and the article after it", f"请在 {first} 之后写明条款")
            return None, [document.problem("PE160", said, where, hint=hint)]
    else:
        name, at = optional_at(cites, "source"), text_at(cites, "at")
        where = (cites.get("source") if isinstance(cites, MappingNode) else None) or cites or node
    source, problems = find_source(document, name, where, context.sources)
    if source is None:
        return None, problems
    return Citation(source.id, at, source.title, source.number, source.confidence), []


def _looks_like_id(word: str, sources: Mapping[str, Source]) -> bool:
    """Whether the first word of a citation is meant as a source: articles aren't written ``rules-2021``."""
    if not re.fullmatch(r"[a-z0-9_-]*[a-z][a-z0-9_-]*", word):
        return False
    return bool(re.search(r"[0-9_-]", word)) or did_you_mean(word, sources) is not None


def find_source(
    document: Document, name: str | None, where: Node, sources: Mapping[str, Source]
) -> tuple[Source | None, list[Diagnostic]]:
    """The source of that id; without a name the only one of the pack."""
    if name is None and len(sources) == 1:
        return next(iter(sources.values())), []
    if name is None:
        said = (
            say("this pack has several sources; which one is cited?", "本包有几个文件，引用的是哪一个？")
            if sources
            else say("this pack declares no sources", "本包没有列出文件")
        )
        known = listed(sources) or say("add sources: … to pack.yaml", "请先在 pack.yaml 中列出 sources")
        hint = say(f"write {{source: …, at: …}}: {known}", f"请写 {{source: …, at: …}}：{known}")
        return None, [document.problem("PE160", said, where, hint=hint)]
    if name not in sources:
        near = did_you_mean(name, sources)
        hint = meant(near) if near else say("declare it under sources in pack.yaml", "请在 pack.yaml 的 sources 中列出")
        said = say(f"{name} is no source of this pack", f"{name} 不是本包的文件")
        instead = document.instead(where, name, only(name, sources, near))
        return None, [document.problem("PE160", said, where, hint=hint, instead=instead)]
    return sources[name], []
