"""Rows of a table on two sides, and which way each of them works: two tables in, changes with a direction out.

A row does something through the rules that ask its table. Each of them is compared with itself, the row in the table
and not in it, among the rules that govern now. A row that was split, or closed for a new one, is judged with those that
took its place: rows of the two sides that one lookup could both find are one change. Where the table says nothing at
all the rules that ask it do not apply; a row that makes it speak, or silences it, is not judged.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from datetime import date
from fractions import Fraction

from policyengine.engines.lookup import Finder
from policyengine.language import tree
from policyengine.language.quantities import exact_text
from policyengine.messages import say
from policyengine.packs.meeting import meeting_rows
from policyengine.packs.model import Cell, Governing, Policy, Table
from policyengine.packs.pieces import DAY
from policyengine.plan.names import walk
from policyengine.tools.diff.governs import effective
from policyengine.tools.diff.model import Change, Law, above
from policyengine.tools.diff.verdicts import Judgement, checked, together
from policyengine.tools.prove.model import context_of

MOST = 12  # rows of one table that are judged, each with every rule that asks it
Row = tuple[Cell, ...]


def table_changes(old: Law, new: Law, pack: str, one: Table | None, other: Table | None) -> Iterator[Change]:
    """Columns that changed, and rows that came, went or changed; a row is known by its keys, year and first day."""
    table = other or one
    assert table is not None
    columns = _columns(one), _columns(other)
    if one is not None and other is not None and columns[0] != columns[1]:
        why = say("the columns of the table are others", "数据表的列有变化")
        yield Change("table", pack, table.id, "undecided", before=columns[0], after=columns[1], why=why)
    before, after = _rows(one), _rows(other)
    found = [k for k in sorted({*before, *after}) if before.get(k) != after.get(k)]
    law = [k for k in found if _said(one, before.get(k)) != _said(other, after.get(k))]
    whole = one is None or other is None or columns[0] != columns[1]
    for key in (k for k in found if k not in law):
        notes = _notes(one, before.get(key)), _notes(other, after.get(key))
        yield Change("cited", pack, f"{table.id}: {key}", before=notes[0], after=notes[1])
    if whole or len(law) > MOST:
        for key in law:
            texts = _said(one, before.get(key)), _said(other, after.get(key))
            why = _many(whole)
            yield Change("table", pack, f"{table.id}: {key}", "undecided", before=texts[0], after=texts[1], why=why)
        return
    assert one is not None
    for keys in _groups(table, law, before, after):
        subject = f"{table.id}: {'; '.join(keys)}"
        told = Change("table", pack, subject, before=_told(one, keys, before), after=_told(table, keys, after))
        yield _judged(told, old, new, (one, _with(one, keys, before, after)))


def _many(whole: bool) -> str:
    if whole:
        return say("the table as a whole is another", "整个数据表有变化")
    return say(f"more than {MOST} rows changed; each by itself is not judged", f"变化超过 {MOST} 行，不逐行判断宽严")


def _groups(
    table: Table, keys: Sequence[str], before: Mapping[str, Row], after: Mapping[str, Row]
) -> list[list[str]]:  # fmt: skip
    """The keys of rows that changed, those together of which one is found now where another one was before."""
    together = {k: [k] for k in keys}
    for a in keys:
        for b in keys:
            if together[a] is not together[b] and _meet(table, before.get(a), after.get(b)):
                together[a] += together[b]
                together.update(dict.fromkeys(together[b], together[a]))
    return list({id(g): sorted(g) for g in together.values()}.values())


def _meet(table: Table, gone: Row | None, come: Row | None) -> bool:
    if gone is None or come is None:
        return False
    return any(meeting_rows(replace(table, rows=(gone, come), lines=())))


def _with(table: Table, keys: Sequence[str], before: Mapping[str, Row], after: Mapping[str, Row]) -> Table:
    """The old table with these rows as they are now."""
    gone = [before[k] for k in keys if k in before]
    rows = [r for r in table.rows if not any(r is g for g in gone)]
    return replace(table, rows=(*rows, *(after[k] for k in keys if k in after)), lines=())


def _told(table: Table, keys: Sequence[str], rows: Mapping[str, Row]) -> str:
    """What the rows say, each after its key where there are several."""
    texts = [(k, _said(table, rows[k])) for k in keys if k in rows]
    return "; ".join(text if len(keys) == 1 else f"{key}: {text}" for key, text in texts)


# --- which way -------------------------------------------------------------------------------------------------------


def _judged(change: Change, old: Law, new: Law, tables: tuple[Table, Table]) -> Change:
    """The change with its direction for the people whom the pack judges, and the packs above of which it is another."""
    alike = _speak_alike(*tables)
    own = _by(old, new, change.pack, tables, alike)
    others = [(n, _by(old, new, n, tables, alike)) for n in above(old, new, change.pack)]
    elsewhere = tuple((n, j[0], j[2]) for n, j in others if j[0] != own[0])
    return replace(change, direction=own[0], witness=own[1], why=own[2], elsewhere=elsewhere)


def _by(old: Law, new: Law, pack: str, tables: tuple[Table, Table], alike: bool) -> Judgement:
    """The row's direction for the people whom one pack judges. ``alike``: as of ``_speak_alike``."""
    policy = new.policies.get(pack)
    if policy is None or pack not in old.policies:
        return "undecided", (), say("one of the two sides has errors", "其中一方有错误")
    asking = [g for g in policy.governing if _asks(g, policy, tables[0].id)]
    if not asking:
        return "same", (), say("no rule in force asks the table", "现行规则都不查该表")
    if not alike:
        why = say(
            "for some time the table has rows on one side only; without, the rules that ask it do not apply",
            "有一段时间只有一方的表中有内容；没有内容时，查该表的规则不适用",
        )
        return "undecided", (), why
    return together([_ruled(s, g, policy, tables) for g in asking for s in effective(g, policy)])


def _ruled(statement: tree.Statement, g: Governing, policy: Policy, tables: tuple[Table, Table]) -> Judgement:
    around = context_of(policy, g.start, g.until)
    one, other = (replace(around, tables={**around.tables, t.id: t}) for t in tables)
    return checked((statement, statement), (one, other), (policy, policy), (g.start, g.until))


def _asks(g: Governing, policy: Policy, table: str) -> bool:
    """Whether an outcome may depend on the table by this rule; a mark changes none."""
    return not isinstance(g.statement, tree.Flag) and any(
        isinstance(node, tree.InTable | tree.Lookup) and node.table == table
        for statement in effective(g, policy)
        for node in walk(statement)
    )


def _speak_alike(one: Table, other: Table) -> bool:
    """Whether both tables have rows in the same days and years."""
    finders = Finder(one), Finder(other)
    days, years = {date(1, 1, 2)}, {0}
    for table in (one, other):
        for row in table.rows:
            days.update(v for i in table.columns_with("from") if isinstance(v := row[i], date))
            days.update(v for i in table.columns_with("until") if isinstance(v := row[i], date))
            years.update(int(v) for i in table.columns_with("year") if isinstance(v := row[i], Fraction))
    near = {d + s for d in days for s in (-DAY, 0 * DAY, DAY) if date.min < d < date.max}
    return all(finders[0].any_row(d, y) == finders[1].any_row(d, y) for d in near for y in years)


# --- what is shown ---------------------------------------------------------------------------------------------------


def _columns(table: Table | None) -> str:
    """``name: key text exact provider``: each column with all that is declared of it."""
    parts = [
        " ".join(p for p in (f"{c.id}:", c.role, c.type, c.match, c.field or "", c.unit or "") if p)
        for c in (table.columns if table else ())
    ]
    return "; ".join(parts)


def _rows(table: Table | None) -> Mapping[str, Row]:
    if table is None:
        return {}
    keyed = [i for role in ("key", "year", "from") for i in table.columns_with(role)]
    ranged = [c.match == "range" for c in table.columns]
    return {", ".join(cell_text(row[i], ranged[i]) for i in keyed if row[i] is not None): row for row in table.rows}


def _said(table: Table | None, row: Row | None) -> str:
    return _shown(table, row, notes=False) or ("" if row is None else "✓")


def _notes(table: Table | None, row: Row | None) -> str:
    return _shown(table, row, notes=True)


def _shown(table: Table | None, row: Row | None, notes: bool) -> str:
    if table is None or row is None:
        return ""
    columns = [(i, c) for i, c in enumerate(table.columns) if c.role not in ("key", "year", "from")]
    wanted = [(i, c) for i, c in columns if (c.role == "note") == notes and row[i] is not None]
    return ", ".join(f"{c.id} = {cell_text(row[i])}" for i, c in wanted)


def cell_text(cell: Cell, ranged: bool = False) -> str:
    """A cell as it is written in a table. ``ranged``: two numbers are a range, not alternatives."""
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
        case (Fraction() as low, Fraction() as high) if ranged:
            return exact_text(low) if low == high else f"{exact_text(low)}-{exact_text(high)}"
        case tuple():
            return "、".join(exact_text(c) if isinstance(c, Fraction) else str(c) for c in cell)
    return str(cell)
