"""What of two packs differs besides their rules: whom it applies to, its words, fields, bounds, tables and sources."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from datetime import date
from fractions import Fraction

from policyengine.language.printer import print_condition
from policyengine.language.quantities import exact_text
from policyengine.packs.model import Cell, Pack, Table
from policyengine.tools.diff.model import Change, Kind, Law


def pack_changes(old: Law, new: Law) -> Iterator[Change]:
    """Differences of packs that both have, and packs that came or went."""
    for name in sorted({*old.packs, *new.packs}):
        one, other = old.packs.get(name), new.packs.get(name)
        if one is None and other is not None:
            yield Change("pack_added", name, name, "neither", after=_title(other))
        elif other is None and one is not None:
            yield Change("pack_removed", name, name, "neither", before=_title(one))
        elif one is not None and other is not None:
            yield from _pack(one, other)


def _title(pack: Pack) -> str:
    return next(iter(pack.title.values()), pack.id)


def _pack(one: Pack, other: Pack) -> Iterator[Change]:
    rows: list[tuple[Kind, str, str, str]] = [
        ("chain", "extends", one.extends or "", other.extends or ""),
        ("scope", "applies", _condition(one), _condition(other)),
        ("chain", "regimes", "、".join(sorted(one.regimes)), "、".join(sorted(other.regimes))),
        ("year", "year_starts", _day(one.year_start), _day(other.year_start)),
        ("chain", "level", one.level, other.level),
    ]
    for kind, subject, before, after in rows:
        if before != after:
            yield Change(kind, other.id, subject, "neither", before=before, after=after)
    yield from _named("word", other.id, _words(one), _words(other))
    yield from _named("field", other.id, _fields(one), _fields(other))
    yield from _named("bounds", other.id, _bounds(one), _bounds(other))
    yield from _named("source", other.id, _sources(one), _sources(other))
    yield from _named("undecidable", other.id, _undecidable(one), _undecidable(other))
    for name in sorted({*one.tables, *other.tables}):
        yield from _table(other.id, one.tables.get(name), other.tables.get(name))


def _condition(pack: Pack) -> str:
    if pack.applies is None or pack.vocabulary is None:
        return ""
    return print_condition(pack.applies, pack.vocabulary, "zh" if pack.title.get("zh") else "en")


def _day(day: tuple[int, int] | None) -> str:
    return "" if day is None else f"{day[0]:02}-{day[1]:02}"


def _named(kind: Kind, pack: str, one: Mapping[str, str], other: Mapping[str, str]) -> Iterator[Change]:
    law = kind in ("word", "field", "bounds")
    for name in sorted({*one, *other}):
        before, after = one.get(name, ""), other.get(name, "")
        if before != after:
            yield Change(kind, pack, name, "neither" if law else "same", before=before, after=after)


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
        found[f.id] = " ".join(shown.split())
    return found


def _bounds(pack: Pack) -> dict[str, str]:
    return {unit: f"{exact_text(a)}..{exact_text(b)} ({n})" for unit, (a, b, n) in pack.bounds.items()}


def _sources(pack: Pack) -> dict[str, str]:
    return {
        s.id: " · ".join(p for p in (s.number or "", s.title, s.in_force or "", s.confidence, s.note or "") if p)
        for s in pack.sources.values()
    }


def _undecidable(pack: Pack) -> dict[str, str]:
    return {f"{n.source} {n.at}": n.why for n in pack.not_decidable}


# --- tables ----------------------------------------------------------------------------------------------------------


def _table(pack: str, one: Table | None, other: Table | None) -> Iterator[Change]:
    """Rows that came, went or changed; a row is known by its keys, year and first day."""
    table = other or one
    assert table is not None
    before, after = _rows(one), _rows(other)
    for key in sorted({*before, *after}):
        if before.get(key) != after.get(key):
            yield Change(
                "table", pack, f"{table.id}: {key}", "neither", before=before.get(key, ""), after=after.get(key, "")
            )


def _rows(table: Table | None) -> dict[str, str]:
    if table is None:
        return {}
    keyed = [i for role in ("key", "year", "from") for i in table.columns_with(role)]
    rest = [i for i, c in enumerate(table.columns) if i not in keyed and c.role != "note"]
    rows: dict[str, str] = {}
    for row in table.rows:
        key = ", ".join(cell_text(row[i]) for i in keyed if row[i] is not None)
        said = ", ".join(f"{table.columns[i].id} = {cell_text(row[i])}" for i in rest if row[i] is not None)
        rows[key] = said or "✓"
    return rows


def cell_text(cell: Cell) -> str:
    """A cell as it is written in a table."""
    match cell:
        case None:
            return ""
        case bool():
            return "yes" if cell else "no"
        case Fraction():
            return exact_text(cell)
        case date():
            return cell.isoformat()
        case str():
            return cell
        case (None, Fraction() as high):
            return f"<={exact_text(high)}"
        case (Fraction() as low, None):
            return f">={exact_text(low)}"
        case tuple():
            return "、".join(exact_text(c) if isinstance(c, Fraction) else str(c) for c in cell)
    return str(cell)
