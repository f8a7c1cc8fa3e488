"""What of two packs differs besides their rules: whom it applies to, its words, fields, bounds, tables and sources."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from policyengine.language.printer import print_condition
from policyengine.language.quantities import exact_text
from policyengine.messages import say
from policyengine.packs.model import Pack
from policyengine.tools.diff.model import LAW, Change, Direction, Kind, Law
from policyengine.tools.diff.rows import table_changes
from policyengine.tools.diff.sameness import ordered


def pack_changes(old: Law, new: Law) -> Iterator[Change]:
    """Differences of packs that both have, and packs that came or went."""
    for name in sorted({*old.packs, *new.packs}):
        one, other = old.packs.get(name), new.packs.get(name)
        if one is None and other is not None:
            yield Change("pack_added", name, name, "undecided", after=_title(other))
        elif other is None and one is not None:
            yield Change("pack_removed", name, name, "undecided", before=_title(one))
        elif one is not None and other is not None:
            yield from _pack(one, other)
            for table in sorted({*one.tables, *other.tables}):
                yield from table_changes(old, new, name, one.tables.get(table), other.tables.get(table))


def _title(pack: Pack) -> str:
    return next(iter(pack.title.values()), pack.id)


def _pack(one: Pack, other: Pack) -> Iterator[Change]:
    surface = "zh" if other.title.get("zh") else "en"  # one for both sides: other words are no other condition
    rows: list[tuple[Kind, str, str, str]] = [
        ("chain", "extends", one.extends or "", other.extends or ""),
        ("chain", "regimes", "、".join(sorted(one.regimes)), "、".join(sorted(other.regimes))),
        ("year", "year_starts", _day(one.year_start), _day(other.year_start)),
        ("chain", "level", one.level, other.level),
        ("about", "title", _titles(one), _titles(other)),
        ("about", "authority", one.authority, other.authority),
    ]
    for kind, subject, before, after in rows:
        yield from _named(kind, other.id, {subject: before}, {subject: after})
    if ordered(one.applies) != ordered(other.applies):  # a term may bear another name, and the condition is the same
        before, after = _condition(one, surface), _condition(other, surface)
        yield Change("scope", other.id, "applies", "undecided", before=before, after=after, why=_other_rules())
    yield from _named("word", other.id, _words(one), _words(other))
    yield from _named("field", other.id, _fields(one), _fields(other))
    yield from _named("bounds", other.id, _bounds(one), _bounds(other))
    yield from _named("source", other.id, _sources(one), _sources(other))
    yield from _named("undecidable", other.id, _undecidable(one), _undecidable(other))


def _titles(pack: Pack) -> str:
    return " · ".join(f"{surface}: {title}" for surface, title in sorted(pack.title.items()))


def _other_rules() -> str:
    return say(
        "who comes under the pack, or no longer does, is judged by other rules than before: nothing says which way",
        "新列入和不再列入的人员改按其他规则评定，宽严无从比较",
    )


def _condition(pack: Pack, surface: str) -> str:
    if pack.applies is None or pack.vocabulary is None:
        return ""
    return print_condition(pack.applies, pack.vocabulary, surface)


def _day(day: tuple[int, int] | None) -> str:
    return "" if day is None else f"{day[0]:02}-{day[1]:02}"


def _named(kind: Kind, pack: str, one: Mapping[str, str], other: Mapping[str, str]) -> Iterator[Change]:
    way: Direction = "undecided" if kind in LAW else "same"
    for name in sorted({*one, *other}):
        before, after = one.get(name, ""), other.get(name, "")
        if before != after:
            yield Change(kind, pack, name, way, before=before, after=after)


def _words(pack: Pack) -> dict[str, str]:
    return {
        f"{w.of or w.kind}/{w.id}": "、".join((w.zh or w.id, *sorted(w.aliases))) + ("（leave）" if w.leave else "")
        for w in pack.words
    }


def _fields(pack: Pack) -> dict[str, str]:
    found = {}
    for f in pack.fields:
        limits = [exact_text(v) if v is not None else "" for v in (f.minimum, f.maximum)]
        span = f" {limits[0]}..{limits[1]}" if any(limits) else ""
        shown = f"{f.of} {f.type}{span} {f.unit or ''} {f.decimals or ''} {f.zh or ''} {'、'.join(sorted(f.aliases))}"
        more = f"{'required' if f.required else ''} {f'terms: {f.terms}' if f.terms else ''}"
        found[f.id] = " ".join(f"{shown} {more}".split())
    return found


def _bounds(pack: Pack) -> dict[str, str]:
    return {unit: f"{exact_text(a)}..{exact_text(b)} ({n})" for unit, (a, b, n) in pack.bounds.items()}


def _sources(pack: Pack) -> dict[str, str]:
    return {
        s.id: " · ".join(
            p
            for p in (
                s.number or "", s.title, f"issued {s.issued}" if s.issued else "",
                f"in force {s.in_force}" if s.in_force else "", s.confidence, s.note or "", s.url or "",
            )
            if p
        )
        for s in pack.sources.values()
    }  # fmt: skip


def _undecidable(pack: Pack) -> dict[str, str]:
    found: dict[str, list[str]] = {}  # an article may leave several things open
    for note in pack.not_decidable:
        found.setdefault(f"{note.source} {note.at}", []).append(note.why)
    return {place: " · ".join(notes) for place, notes in found.items()}
