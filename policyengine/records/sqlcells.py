"""A column of a DuckDB relation in; SQL out that reads its canonical cells, and a table of what the others mean.

A cell in canonical form (``2016-03-05``, ``12.5``, an id of plain letters) is read by SQL. Every other distinct text of
the column goes once through the functions of ``cells.py``, so that both ways mean the same. What those refuse is left
to ``rows.py``, row by row, which says why.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date
from fractions import Fraction
from functools import partial
from pathlib import Path
from typing import Any

from sqlglot import exp

from policyengine.language.quantities import exact_text
from policyengine.language.vocabulary import FieldDecl
from policyengine.records.cells import ANY_NUMBER, MAX_ID, MAX_TEXT, YEARS, Amount, Bad, UnitCell
from policyengine.records.header import Column
from policyengine.records.model import Fact
from policyengine.records.parquet import MOMENTS, as_text
from policyengine.records.rows import Parser
from policyengine.records.schema import Schema
from policyengine.records.sql import as_, between, call, is_null, make_table, matches, name, number, text

SAMPLE = 20_000  # rows that show whether a column repeats itself
MANY = 1_000_000  # distinct texts of one column that are read ahead; a column with more is read row by row
INTEGERS = ("TINYINT", "SMALLINT", "INTEGER", "BIGINT", "UTINYINT", "USMALLINT", "UINTEGER")
# No e+ (lost digits), x (of an identity number), quotes or spaces; at least one digit, so that it says something.
ID = "[A-Za-wyz_.:/-]*[0-9][0-9A-Za-wyz_.:/-]*"
# No point behind a first digit either (5.1E17).
PERSON = "([A-Za-wyz_.:/-]+[0-9][0-9A-Za-wyz_.:/-]*|[0-9]([0-9A-Za-wyz_:/-][0-9A-Za-wyz_.:/-]*)?)"
# Six characters and more (none and null have four, false five), a letter first, no kind of space last, nothing that no
# text has.
TEXT = (
    r"[0-9A-Za-z\x{3400}-\x{9fff}《（(][^\x00\x{10ffff}]{4,}"
    r"[^\x00-\x20\x{a0}\x{ad}\x{61c}\x{180e}\x{2000}-\x{200f}\x{202a}-\x{202f}\x{2060}-\x{206f}\x{3000}\x{feff}\x{10ffff}]"
)
# Longer than none, null and false, shorter than an identity number with x, and of characters that url_encode leaves
# alone (A-Z a-z 0-9 . _ ~ -): it is an id, and a text, and told at half the cost of the patterns.
SHORT = (6, 17)
EXACT = Fraction(10**15)  # fifteen digits


@dataclass(slots=True)
class Cell:
    """How one column is read. ``fast``: which cells are canonical; ``value``: their value; both over the raw column.

    ``types``: SQL types of the value and, for quantities and units, of what stands beside it (unit, factor).
    ``meant``: the table of the other cells, if there are any and it is made.
    """

    column: Column
    raw: Any  # the cell as text
    fast: Any
    value: Any
    types: tuple[str, ...]
    parse: Parser
    meant: str | None = None
    short: bool = False  # a harmless text as long as SHORT is canonical
    patterned: bool = False  # ``fast`` tests the text by a pattern
    same: bool = False  # every cell that holds something is its value as it stands
    refused: bool = False  # some cell has no value: rows with it are left to rows.py
    empty: bool = True  # some cell may be an empty text
    most: Fraction | None = None  # of a number: a greater one is out of bounds, whatever its unit
    known: list[tuple[str, ...]] = field(default_factory=list)

    @property
    def plain(self) -> bool:
        """Whether the value is the raw column itself, a text, which repeats itself where it is stored."""
        return isinstance(self.value, exp.Column)

    def out(self, part: int = 0) -> Any:
        """The value (or what stands beside it) in terms of the relation joined with ``meant``."""
        slow = name(f"v{part}", self.meant) if self.meant else exp.cast(exp.null(), self.types[part])
        if part:
            return number(1) if self.same and self.types[0] == "TEXT" else slow
        if self.same:
            bare = self.types[0] != "TEXT" or not self.empty
            return self.value.copy() if bare else exp.func("nullif", self.value.copy(), text(""))
        return exp.case().when(self.fast.copy(), self.value.copy()).else_(slow)

    def unread(self) -> Any:
        """Whether the cell holds something that has no value so far."""
        if not self.refused:
            return exp.false()
        missing = is_null(name("raw", self.meant)) if self.meant else exp.true()
        return exp.and_(filled(self.raw), exp.not_(truly(self.fast), copy=False), missing, copy=False)


def filled(raw: Any) -> Any:
    """Whether there is a text at all (``as_text`` gives an empty one for NULL)."""
    return exp.NEQ(this=raw.copy(), expression=text(""))


def truly(condition: Any) -> Any:
    """A condition with unknown made false."""
    return exp.func("coalesce", condition.copy(), exp.false(), copy=False)


def cell_of(column: Column, decl: FieldDecl, kind: str, source: str, parse: Parser, schema: Schema) -> Cell:
    """How a column of SQL type ``kind``, named ``source``, is read as the field ``decl``."""
    plain, raw, is_text = name(source, "r"), as_text(source, kind, "r"), kind == "VARCHAR"
    cell, as_it_is = partial(Cell, column, raw, parse=parse), plain if is_text else raw
    if decl.id in ("person_id", "record_id"):
        if kind in INTEGERS:
            value = exp.cast(plain, "TEXT")  # not ``raw``, which is an empty text where there is no number
            return cell(exp.GTE(this=plain, expression=number(0)), value, ("TEXT",))
        pattern = PERSON if decl.id == "person_id" else ID
        fast = exp.and_(matches(plain, pattern), exp.LTE(this=call("strlen", plain), expression=number(MAX_ID)))
        short = is_text and decl.id == "record_id"  # a person may be called total, which is no id
        return cell(fast if is_text else exp.false(), as_it_is, ("TEXT",), short=short)
    match decl.type:
        case "text":
            fast = exp.and_(matches(plain, TEXT), exp.LTE(this=exp.Length(this=plain), expression=number(MAX_TEXT)))
            return cell(fast if is_text else exp.false(), as_it_is, ("TEXT",), patterned=is_text, short=is_text)
        case "date":
            return cell(*_day(plain, kind), ("DATE",))
        case "yes_no":
            return cell(*_yes_no(plain, kind), ("BOOLEAN",))
        case "year":
            return cell(exp.false(), exp.cast(exp.null(), "INT"), ("INT",))
        case "unit":
            return cell(exp.false(), as_it_is, ("TEXT", "BIGINT"))
        case "number":
            to, (low, high, _) = number_type(decl, schema), _limits(decl, schema)
            types = (to, "TEXT") if decl.id == "quantity" else (to,)
            return cell(*_number(column, plain, kind, decl, to, schema), types, most=max(abs(low), abs(high)))
    return cell(exp.false(), as_it_is, ("TEXT",))


def _yes_no(plain: Any, kind: str) -> tuple[Any, Any]:
    """``fast`` and ``value``, as the next two give them."""
    marks = {"BOOLEAN": [exp.true(), exp.false()], "VARCHAR": [text("true"), text("false")]}.get(kind)
    fast = exp.In(this=plain, expressions=marks) if marks else exp.false()
    return fast, exp.TryCast(this=plain if marks else exp.null(), to=exp.DataType.build("BOOLEAN"))


def _day(plain: Any, kind: str) -> tuple[Any, Any]:
    value = exp.TryCast(this=plain, to=exp.DataType.build("DATE"))
    first, last = (exp.cast(text(f"{year}"), "DATE") for year in (f"{YEARS[0]}-01-01", f"{YEARS[1]}-12-31"))
    inside = between(value.copy(), first, last)
    if kind == "VARCHAR":  # as it is written back; DuckDB works that out once for each text, unlike a pattern
        return exp.and_(inside, exp.EQ(this=exp.cast(value.copy(), "TEXT"), expression=plain)), value
    is_day = kind == "DATE" or (kind.startswith("TIMESTAMP") and kind not in MOMENTS)
    return inside if is_day else exp.false(), value


def decimal_type(decimals: int, most: Fraction) -> str:
    """The SQL type that holds the numbers of a field."""
    digits = len(str(int(most))) + decimals
    return f"DECIMAL({18 if digits <= 18 else 38}, {decimals})"


def number_type(decl: FieldDecl, schema: Schema) -> str:
    """The SQL type of a number field, ``quantity`` among them."""
    low, high, decimals = _limits(decl, schema)
    return decimal_type(decimals, max(abs(low), abs(high)))


def _limits(decl: FieldDecl, schema: Schema) -> tuple[Fraction, Fraction, int]:
    """Least, most and decimals of a number field; of quantities those that any unit allows."""
    if decl.id == "quantity":
        most = max([high for _, high, _ in schema.bounds.values()] + [schema.quantity_bounds(None)[1]])
        return Fraction(0), most, schema.decimals
    low, high = (ANY_NUMBER if b is None else b for b in (decl.minimum, decl.maximum))
    return -low if decl.minimum is None else low, high, decl.decimals


def _number(column: Column, plain: Any, kind: str, decl: FieldDecl, to: str, schema: Schema) -> tuple[Any, Any]:
    """Plain digits, and numbers of the file's own type that are exact in the declared decimals and bounds."""
    low, high, decimals = _limits(decl, schema)
    value = exp.TryCast(this=plain, to=exp.DataType.build(to, dialect="duckdb"))
    if kind == "DOUBLE":  # only up to fifteen digits a floating number shows what it holds
        low, high = max(low, -EXACT / 10**decimals), min(high, EXACT / 10**decimals)
    inside = between(value.copy(), number(low), number(high))
    fast: Any = exp.false()
    if column.unit is not None and decl.id != "quantity":
        pass  # the header's unit may call for a conversion: cells.py does that
    elif kind == "VARCHAR":
        digits = "[0-9]{1,12}" + (rf"(\.[0-9]{{1,{decimals}}})?" if decimals else "")
        fast = exp.and_(matches(plain, digits), inside)
    elif kind in INTEGERS or (kind.startswith("DECIMAL") and int(kind[:-1].split(",")[1]) <= decimals):
        fast = inside
    elif kind.startswith("DECIMAL") or kind == "DOUBLE":
        # not compared as they stand: DuckDB fails to find a type for two very different decimals
        again = exp.TryCast(this=value.copy(), to=exp.DataType.build(kind, dialect="duckdb"))
        fast = exp.and_(inside, exp.EQ(this=again, expression=plain))
    return fast, value


# --- the table of what the other cells mean ---------------------------------------------------------------------------


def learn(
    cell: Cell, connection: Any, relation: Any, table: str, folder: Path, special: Callable[[str], bool] | None = None
) -> None:
    """Read the column's distinct other texts and make the table ``table`` (raw, v0, v1) of those that have a value.

    ``special``: texts left to rows.py whatever their value (totals, repeated headers).
    """
    found = _distinct(cell, connection, relation)
    if found is None:
        cell.refused = True
        return
    rows = []
    for raw in found:
        parsed = Bad("", "", "") if special is not None and special(raw) else cell.parse(raw)
        if isinstance(parsed, Bad) or not _fits((values := _values(parsed))[0], cell):
            cell.refused = True
        else:
            rows.append((raw, *values, *[""] * (len(cell.types) - len(values))))
    as_they_are = cell.types[0] == "TEXT" and all(raw == v and (not more or more == ["1"]) for raw, v, *more in rows)
    cell.same = not cell.refused and (not rows or as_they_are)
    cell.known = rows
    if rows and not cell.same:
        parts = [(f"v{i}", kind) for i, kind in enumerate(cell.types)]
        make_table(connection, table, [("raw", "TEXT"), *parts], rows, folder)
        cell.meant = table


def few(cells: Mapping[str, Cell], connection: Any, relation: Any) -> set[str]:
    """The columns that repeat themselves so much that their distinct texts are sooner read than their cells tested."""
    if not cells:
        return set()
    first = exp.select(*(as_(c.raw.copy(), f) for f, c in cells.items())).from_(relation)
    counts = (exp.Count(this=exp.Distinct(expressions=[name(f)])) for f in cells)
    counted = exp.select(*counts).from_(first.limit(SAMPLE, copy=False).subquery("t", copy=False))
    found = connection.execute(counted.sql("duckdb")).fetchone()
    return {f for f, count in zip(cells, found, strict=True) if count <= SAMPLE // 20}


def quicken(cells: Sequence[Cell], connection: Any, relation: Any) -> None:
    """Try the cheap test before ``fast`` where it does for nearly all of the first rows; else it would cost more."""
    if not cells:
        return
    first = exp.select(*(cell.value.copy() for cell in cells)).from_(relation).limit(SAMPLE).subquery("r")
    asked: list[Any] = []
    for cell in cells:
        asked += [call("count_if", _short(cell)), exp.Count(this=cell.value.copy())]
    found = iter(connection.execute(exp.select(*asked).from_(first).sql("duckdb")).fetchone())
    for cell, enough, filled_cells in zip(cells, found, found, strict=True):
        if 10 * (enough or 0) > 9 * filled_cells:
            cell.fast = exp.case().when(_short(cell), exp.true(), copy=False).else_(cell.fast, copy=False)


def _short(cell: Cell) -> Any:
    """Whether a text is harmless and as long as ``SHORT``."""
    harmless = exp.EQ(this=call("url_encode", cell.value.copy()), expression=cell.value.copy())
    long = between(call("strlen", cell.value.copy()), *map(number, SHORT))
    return exp.and_(long, harmless, copy=False)


def _distinct(cell: Cell, connection: Any, relation: Any) -> list[str] | None:
    """The texts that are not canonical; None where there are too many."""
    if cell.plain and cell.fast == exp.false():  # nothing but the column: read as it is stored, each text once
        every = exp.select(as_(cell.value.copy(), "raw")).distinct().from_(relation).limit(MANY + 2)
        stored = [raw for (raw,) in connection.execute(every.sql("duckdb")).fetchall()]
        cell.empty = "" in stored
        found = [raw for raw in stored if raw]
        return found if len(found) <= MANY else None
    others = exp.and_(filled(cell.raw), exp.not_(truly(cell.fast), copy=False), copy=False)
    distinct = exp.select(as_(cell.raw.copy(), "raw")).distinct().from_(relation).where(others).limit(MANY + 1)
    found = [raw for (raw,) in connection.execute(distinct.sql("duckdb")).fetchall()]
    return found if len(found) <= MANY else None


def _values(parsed: Fact | Amount | UnitCell | None) -> tuple[str, ...]:
    """A parsed cell as the texts of SQL values; empty for NULL."""
    match parsed:
        case None:
            return ("",)
        case Amount(value=value, unit=unit):
            return exact_text(value), unit or ""
        case UnitCell(unit=unit, times=times):
            return unit, str(times)
    return (fact_text(parsed),)


def fact_text(value: Fact) -> str:
    """A value as SQL reads it from a CSV file."""
    if isinstance(value, str):  # most are; to ask whether one is a fraction takes ten times as long
        return value
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, date):
        return value.isoformat()
    return exact_text(value) if isinstance(value, Fraction) else str(value)


def _fits(value: str, cell: Cell) -> bool:
    """Whether a number has room in its SQL type, also when its unit counts by the thousand."""
    if cell.most is None or not value:
        return True
    if "/" in value:
        return False
    found = Fraction(value)
    decimals = int(cell.types[0][:-1].split(",")[1])
    return abs(found) <= cell.most and (found * 10**decimals).denominator == 1
