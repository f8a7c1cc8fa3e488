"""One row of texts and a layout in, the facts of one or several records (or the reasons why not) out."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import field
from datetime import date
from fractions import Fraction

from policyengine.language.quantities import UNITS
from policyengine.language.vocabulary import FieldDecl
from policyengine.light import dataclass
from policyengine.messages import say
from policyengine.records import cells, second, totals
from policyengine.records.cells import Amount, Bad, UnitCell
from policyengine.records.header import Headers, Layout, Wide
from policyengine.records.model import Fact
from policyengine.records.naming import plain
from policyengine.records.raw import RawTable, Row, of_rejects
from policyengine.records.schema import Schema

CACHE = 50_000  # distinct texts of a column remembered: most columns repeat themselves
MERGED = (" (merged)", "（合并）")  # in a rejects workbook, behind a figure that was merged over several rows
SURPLUS = ("surplus cells", "多余的单元格")  # in a rejects workbook, what a row had beyond its header
Parsed = Fact | Amount | UnitCell | Bad | None
Parser = Callable[[str], Parsed]
Measured = tuple[Fraction | None, str | None] | Bad

HEADER_AGAIN = Bad("PE427", "the header is repeated here", "此处重复了表头", "nothing to mend", "无需处理")
NO_PERSON = Bad("PE420", "the row names no person", "该行没有人员编号", "fill in the person's id", "请填写人员编号")
NO_DATE = Bad(
    "PE421",
    "the row has no date",
    "该行没有日期",
    "fill in the activity's date, or its end date",
    "请填写活动日期或结束日期",
)
TWO_DATES = Bad(
    "PE422", "date and end date differ", "日期与结束日期不同",
    "give one of them, or leave the other column out in a mapping file", "只保留其一，或在对照文件中忽略另一列",
)  # fmt: skip
BACKWARDS = Bad("PE422", "it ends before it starts", "结束早于开始", "correct the dates", "请更正日期")
NO_FIGURE = Bad(
    "PE429",
    "no column of figures is filled in",
    "各数据列均为空",
    "nothing to mend if there was no activity",
    "若确无活动，无需处理",
)
JOINED = Bad(
    "PE431", "one figure is merged over several rows", "一个数字合并在多行中",
    "write each row's own figure; it may be their sum", "请逐行填写各自的数字；该数字可能是合计",
)  # fmt: skip
TOO_MANY = Bad(
    "PE425", "the row has more cells than the header", "该行的单元格多于表头",
    "put a cell that contains the delimiter into quotation marks", "含分隔符的单元格请加引号",
)  # fmt: skip
IDS = ("person_id", "record_id")
NO_ID = Bad(
    "PE434", "a list or an object is no id", "列表或对象不能作为编号",
    "write one id as a text, and a line for each person", "请写成一个编号的文本，每人各占一行",
)  # fmt: skip
UNSETTLED = Bad(
    "PE425", "here stands what the row has too much", "此处是该行多余的内容",
    "move it where it belongs, and empty this cell", "请移到所属的单元格，并清空此处",
)  # fmt: skip


@dataclass(frozen=True, slots=True)
class Fault:
    """What is wrong with a row: the column (None: the row as such), the cell's text, why."""

    column: str | None
    value: str | None
    bad: Bad


@dataclass(slots=True)
class RowFacts:
    """A row as read. ``faults`` empty: it can be used. ``suffix`` tells apart the records of one row of a wide one."""

    number: int
    facts: dict[str, Fact]
    faults: list[Fault]
    extra: dict[str, str] = field(default_factory=dict)
    start: date | None = None
    end: date | None = None
    quantity: Fraction | None = None
    unit: str | None = None
    suffix: str = ""


def parser_of(decl: FieldDecl, schema: Schema, calendar_1904: bool, header: UnitCell | None = None) -> Parser:
    """The function for one column: cleaned, non-empty text → value, None (the cell says "nothing") or ``Bad``."""
    if decl.id == "person_id":
        return cells.person
    if decl.id == "record_id":
        return cells.identifier
    match decl.type:
        case "text":
            return cells.proof if decl.id == "evidence" else cells.free_text
        case "term":
            words, names = schema.terms(decl)
            return cells.term_reader(words, names, schema.holders(decl)) if words else cells.free_text
        case "date":
            return lambda text: cells.day(text, calendar_1904)
        case "yes_no":
            return cells.yes_no
        case "year":
            return cells.year
        case "unit":
            return cells.unit
    return cells.number if decl.id == "quantity" else _bounded(decl, header)


def _bounded(decl: FieldDecl, header: UnitCell | None) -> Parser:
    """A number field other than ``quantity``: in its declared unit, within its declared bounds."""

    def read(text: str) -> Fraction | Bad:
        amount = cells.number(text)
        if isinstance(amount, Bad):
            return amount
        value, unit = amount.value, amount.unit
        if unit is None and header is not None:
            value, unit = value * header.times, header.unit
        if unit is not None:
            if decl.unit is None or UNITS[unit].dimension != UNITS[decl.unit].dimension:
                en, zh = f"this column is not in {unit.replace('_', ' ')}", f"该列不以“{UNITS[unit].zh}”为单位"
                return Bad("PE415", en, zh, "write the number alone", "只写数字")
            value = value * UNITS[unit].scale / UNITS[decl.unit].scale
        return cells.within(value, decl.minimum, decl.maximum, decl.decimals, decl.unit or "") or value

    return read


def remembered(parse: Parser, empty: frozenset[str]) -> Parser:
    """The whole way from a raw cell to its value, with a memory: cleaning, fitness, emptiness, then ``parse``."""
    memory: dict[str, Parsed] = {}

    def read(raw: str) -> Parsed:
        try:
            return memory[raw]
        except KeyError:
            pass
        text = raw if len(raw) > cells.MAX_TEXT else cells.clean(raw)
        value: Parsed = None
        if text and text not in empty:
            value = cells.unfit(text) or cells.no_value(text) or parse(text)
        if len(raw) <= cells.MAX_SHORT:
            if len(memory) >= CACHE:
                memory.clear()
            memory[raw] = value
        return value

    return read


def _as_it_is(raw: str) -> Parsed:
    """A cell that is carried along: any text, as long as it is one."""
    return cells.unfit(raw) or raw


def is_merged(text: str) -> bool:
    """Whether a figure of a rejects workbook still has the mark of one for several rows."""
    return text.strip().endswith(tuple(m.strip() for m in MERGED))


def _of_merged(parse: Parser) -> Parser:
    return lambda raw: JOINED if is_merged(raw) else parse(raw)


def _of_one(parse: Parser) -> Parser:
    """An id in a file whose cells may be lists or objects: the text of one is nobody's."""
    return lambda text: NO_ID if text[0] + text[-1] in ("[]", "{}") else parse(text)


def _surplus(raw: str) -> Parsed:
    """A cell of a rejects workbook for what a row had too much: as long as something stands there, it still has."""
    return UNSETTLED if raw.strip() else None


Given = tuple[str, str, str, Parsed]
"""A value that stands in no column of its own: what a fault names, the canonical column, text and value."""


class RowReader:
    """Reads the rows of one table."""

    def __init__(self, table: RawTable, layout: Layout, headers: Headers) -> None:
        self.table, self.layout, self.headers = table, layout, headers
        self._person = layout.column("person_id")
        self.heads = frozenset[str]()  # what the person's column may be called
        if self._person is not None:
            named = (w for w, known in headers.index.items() if any(t.field == "person_id" for t in known))
            self.heads = frozenset((plain(self._person.header), *named))
        self._titled = [c.position for c in layout.columns if c.field in totals.TITLED]
        self._telling = [c.position for c in layout.columns if c.field in totals.TELLING]
        self._names = {f: f for f in ("person_id", "date", "start", "end", "quantity", "unit", *headers.fields)}
        self._names |= {c.field: c.header for c in reversed(layout.columns)}
        self._places = {c.field: c.position for c in reversed(layout.columns)}
        self._needed = [(d.id, _required(d)) for d in headers.fields.values() if d.required]
        self._mended = of_rejects([name for _, name in layout.extras]) is not None  # of a rejects workbook
        self._columns = [(c.position, c.field, c.header, self._parser(c.field, c.unit)) for c in layout.columns]
        self._carry: Parser = _as_it_is if table.checked else str
        self._unread = [(p, n, _surplus if self._mended and n in SURPLUS else self._carry) for p, n in layout.extras]
        self._fixed = [self._constant(f, v) for f, v in layout.values]
        self._wide = [
            (w, self._parser("quantity", w.unit), [self._constant(f, v) for f, v in w.values])
            for w in layout.wide
            if "quantity" in headers.schema.fields
        ]
        self._amounts: dict[tuple[int, str, str], Measured] = {}

    def _parser(self, field_id: str, header: UnitCell | None = None) -> Parser:
        decl, schema = self.headers.fields[field_id], self.headers.schema
        empty = frozenset(schema.mapping.empty)
        parse = parser_of(decl, schema, self.table.calendar_1904, header)
        nested = self.table.nested or self._mended  # as a row of a rejects workbook may have stood in such a file
        parse = remembered(_of_one(parse) if nested and field_id in IDS else parse, empty)
        return _of_merged(parse) if self._mended and field_id == "quantity" else parse

    def parser(self, field_id: str) -> Parser:
        """From the text of a cell of that column to its value."""
        return next(parse for _, own, _, parse in self._columns if own == field_id)

    def _constant(self, field_id: str, text: str) -> Given:
        if field_id in self.headers.fields:
            return field_id, field_id, text, self._parser(field_id)(text)
        en, zh = f"the mapping file names no column of these files: {field_id}", f"对照文件中的列不存在：{field_id}"
        return field_id, field_id, text, Bad("PE408", en, zh)

    def read(self, row: Row) -> Iterator[RowFacts]:
        """One ``RowFacts``, or one per filled column of a wide table. ``row`` is not blank."""
        if row.bad is not None:
            yield RowFacts(row.number, {}, [Fault(None, ",".join(row.cells)[:200] or None, row.bad)])
            return
        if (skipped := self._no_record(row)) is not None:
            yield RowFacts(row.number, {}, [skipped])
            return
        if not self._wide:
            one = self._one(row, self._fixed)
            if one.faults and self.is_header(row) and (other := self._other_header(row)) is not None:
                one = RowFacts(row.number, {}, [other])
            yield one
            return
        empty = self.headers.schema.mapping.empty
        figures = [(*own, row.cell(own[0].position)) for own in self._wide]
        filled = [own for own in figures if (text := cells.clean(own[-1])) and text not in empty]
        for wide, parse, more, figure in filled:
            one = self._one(row, [*self._fixed, *more, (wide.header, "quantity", figure, parse(figure))], wide)
            one.suffix = wide.header
            yield one
        if not filled:
            one = self._one(row, self._fixed)
            if any(of in ("date", "end") for wide in self.layout.wide for of, _ in wide.values):
                one.faults = [f for f in one.faults if f.bad is not NO_DATE]  # no cell for it is missing
            one.faults.append(Fault(None, None, NO_FIGURE))
            yield one

    def person_column(self) -> int | None:
        """The position of the person's id where it alone tells whose row it is; None in a wide table or without it."""
        return None if self._person is None or self._wide else self._person.position

    def position(self, field_id: str) -> int:
        """The position of a column, -1 without it."""
        return self._places.get(field_id, -1)

    def _no_record(self, row: Row) -> Fault | None:
        """Rows of totals and repeated headers: counted as rejected, so that every row is accounted for."""
        for position in self._titled:
            if position < len(row.cells) and totals.of_title(text := row.cells[position]):
                return Fault(None, text.strip(), totals.TOTAL_ROW)
        if self._person is None:
            return None
        person = row.cell(self._person.position)
        word = plain(person) if len(person) < 60 else person
        if word and word in self.heads:
            return self._other_header(row) or Fault(self._person.header, person.strip(), HEADER_AGAIN)
        if word:
            bad = totals.of_person(person)
            if bad is None or (not totals.is_word(person) and self._tells(row, self._person.position)):
                return None
            return Fault(None, person.strip(), bad)
        for text in row.cells:
            if 0 < len(text) < 60 and plain(text) in totals.WORDS:
                return Fault(None, text.strip(), totals.TOTAL_ROW)
        first = next((text.strip() for text in row.cells if text.strip()), "")  # often the column of serial numbers
        bad = totals.of_person(first)
        return None if bad is None or self._tells(row, self._person.position) else Fault(None, first, bad)

    def is_head(self, cell: str) -> bool:
        """Whether the cell is what the column for the person may be called."""
        return len(cell) < 60 and plain(cell) in self.heads

    def is_nobody(self, cell: str) -> bool:
        """Whether the person's cell may make its row no record: a total, a line below the table, a header again."""
        return totals.of_person(cell) is not None or self.is_head(cell)

    def is_header(self, row: Row) -> bool:
        """Whether a row that can't be read names columns, that for the person among them, wherever it stands. In its
        place there is no digit then, as in most ids: few rows have to be looked at."""
        if self._person is None or any(map(str.isdigit, row.cell(self._person.position))):
            return False
        return any(map(self.is_head, row.cells)) and len(self.headers.known(row.cells)) > 1

    def _other_header(self, row: Row) -> Fault | None:
        """A further header that names other columns, or one in another unit, than the header does: another table begins
        here. Not of the row right below the header, where templates have the names of the columns in a second language.
        """
        if row.number <= self.layout.header_row + 1:
            return None
        found = second.unlike(self.headers, self.layout.headers, row.cells)
        if found is None or second.words_of(row) in self.layout.written:  # one of two rows
            return None
        return Fault(None, *found)

    def _tells(self, row: Row, person: int) -> bool:
        """Whether other cells make the row somebody's, though its id (部门:12) looks like a line below the table."""
        places = self._telling if self.headers.purpose != "persons" else range(len(row.cells))
        return any(totals.tells(row.cell(at)) for at in places if at != person)

    def _one(self, row: Row, fixed: list[Given], wide: Wide | None = None) -> RowFacts:
        found: dict[str, Parsed] = {}
        faults: list[Fault] = []
        texts = row.cells
        for position, field_id, header, parse in self._columns:
            if position < len(texts) and (raw := texts[position]):
                value = parse(raw)
                if value.__class__ is Bad:
                    faults.append(Fault(header, raw, value))
                elif value is not None:
                    found[field_id] = value
        for shown, field_id, text, value in fixed:
            if isinstance(value, Bad):
                faults.append(Fault(shown, text, value))
            elif value is not None:
                found[field_id] = value
        extra = self._carried(row, faults)
        one = RowFacts(row.number, {}, faults, extra)
        self._settle(one, found, wide, row)
        return one

    def _carried(self, row: Row, faults: list[Fault]) -> dict[str, str]:
        extra = {}
        width = len(self.layout.headers)
        further = self._further(width, len(row.cells)) if len(row.cells) > width else []
        for position, name, read in self._unread + further if further else self._unread:
            if position < len(row.cells) and (raw := row.cells[position]):
                value = read(raw)
                if isinstance(value, Bad):
                    faults.append(Fault(name, raw, value))
                elif value is not None:
                    extra[name] = str(value)
        if not further and (surplus := next((c for c in row.cells[width:] if c.strip()), None)):
            faults.append(Fault(None, surplus, TOO_MANY))
        return extra

    def _further(self, width: int, end: int) -> list[tuple[int, str, Parser]]:
        """Columns of a sheet that lie beyond its header: notes beside a table, carried along like those within."""
        if self.table.sheet is None:
            return []
        return [(at, say(f"column {at + 1}", f"第{at + 1}列"), self._carry) for at in range(width, end)]

    def _settle(self, one: RowFacts, found: dict[str, Parsed], wide: Wide | None, row: Row) -> None:
        """What several cells say together: the days, the quantity with its unit, what must be there."""
        faulty, names = {f.column for f in one.faults}, self._names
        if "person_id" not in found and names["person_id"] not in faulty:
            one.faults.append(Fault(names["person_id"], None, NO_PERSON))
        if self.headers.purpose == "records":
            self._days(one, found, faulty)
            self._quantity(one, found, wide, faulty, row)
        elif self.headers.purpose == "circumstances":
            start, end = found.get("from"), found.get("to")
            if isinstance(start, date) and isinstance(end, date) and start > end:
                one.faults.append(Fault(names["from"], str(start), BACKWARDS))
        for field_id, missing in self._needed:
            if field_id not in found and field_id != "person_id" and names[field_id] not in faulty:
                one.faults.append(Fault(names[field_id], None, missing))
        one.facts = found  # type: ignore[assignment]

    def _days(self, one: RowFacts, found: Mapping[str, Parsed], faulty: set[str | None]) -> None:
        names = self._names
        if names["date"] in faulty or names["start"] in faulty or names["end"] in faulty:
            return
        day, start, end = (found.get(f) for f in ("date", "start", "end"))
        last = end or day
        if not isinstance(last, date):
            one.faults.append(Fault(names["end" if start else "date"], None, NO_DATE))
            return
        first = start if isinstance(start, date) else last
        if day and end and day != end:
            one.faults.append(Fault(names["date"], str(day), TWO_DATES))
        elif first > last:
            one.faults.append(Fault(names["start"], str(first), BACKWARDS))
        one.start, one.end = first, last

    def _quantity(
        self, one: RowFacts, found: dict[str, Parsed], wide: Wide | None, faulty: set[str | None], row: Row
    ) -> None:
        position = wide.position if wide else self.position("quantity")
        name = wide.header if wide else self._names["quantity"]
        if name in faulty or self._names["unit"] in faulty:
            return
        amount, stated = found.pop("quantity", None), found.pop("unit", None)
        figure = row.cell(position)
        key = (position, figure, row.cell(self.position("unit")))
        measured = self._amounts.get(key)
        if measured is None:
            if len(self._amounts) >= CACHE:
                self._amounts.clear()
            measured = self._amounts[key] = self._measured(amount, stated, wide)
        if position in row.joined and isinstance(amount, Amount):
            measured = JOINED
        if isinstance(measured, Bad):
            one.faults.append(Fault(name, figure.strip() if position >= 0 else None, measured))
            return
        one.quantity, one.unit = measured
        if one.quantity is not None:
            found["quantity"] = one.quantity
        if one.unit is not None:
            found["unit"] = one.unit

    def _measured(self, amount: Parsed, stated: Parsed, wide: Wide | None) -> Measured:
        """Quantity and unit, within the unit's bounds. They follow from the texts of the two cells."""
        column = wide or self.layout.column("quantity")
        header = column.unit if column else None
        measured = cells.measured(amount, stated, header if amount is not None else None)  # type: ignore[arg-type]
        if isinstance(measured, Bad) or measured[0] is None:
            return measured
        low, high, decimals = self.headers.schema.quantity_bounds(measured[1])
        return cells.within(measured[0], low, high, decimals, measured[1] or "") or measured


def _required(decl: FieldDecl) -> Bad:
    name = decl.zh or decl.id
    return Bad("PE428", f"{decl.id} must be filled in", f"必须填写“{name}”", "fill it in", "请填写")
