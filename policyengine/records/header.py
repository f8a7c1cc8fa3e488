"""The first rows of a table in, its layout out: which row is the header, and which column is which canonical column.

A header is understood by the column's id, its Chinese name, a declared or the user's alias, or a unit that it names
("学时", "时长(分钟)"). Two columns that fit one canonical column are an error: none of them is taken.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Sequence
from dataclasses import replace

from policyengine.diagnostics import Diagnostic, Related, Span
from policyengine.language.quantities import UNITS, unit_name
from policyengine.language.vocabulary import FieldDecl, names_of
from policyengine.light import dataclass
from policyengine.messages import listed, say
from policyengine.records.cells import MAX_TEXT, Bad, UnitCell, printable, unit
from policyengine.records.characters import look_alikes, meant
from policyengine.records.misplaced import misplaced
from policyengine.records.naming import UNIT_NAMES, Target, are_data, noted, notes, plain
from policyengine.records.raw import HEAD, RawTable, Row, blank, of_rejects
from policyengine.records.schema import Purpose, Schema
from policyengine.records.second import after_another, words_of

FURTHER = 1000  # rows below the first ones that are looked at to say where the header may be
MAPPED, BY_ID, BY_NAME, BY_ALIAS, BY_UNIT = range(5)
HOW = {
    MAPPED: ("mapping file", "对照文件"), BY_ID: ("id", "标识"), BY_NAME: ("name", "名称"), BY_ALIAS: ("alias", "别名"),
    BY_UNIT: ("the unit in the header", "表头中的单位"),
}  # fmt: skip


@dataclass(frozen=True, slots=True)
class Column:
    """One column of a file that is read as the canonical column ``field``; ``position`` counts from 0."""

    position: int
    header: str
    field: str
    rank: int
    unit: UnitCell | None = None


@dataclass(frozen=True, slots=True)
class Wide:
    """A column of figures that makes a record of its own in each row, with ``values`` for other canonical columns."""

    position: int
    header: str
    values: tuple[tuple[str, str], ...]
    unit: UnitCell | None = None


@dataclass(frozen=True)
class Layout:
    """``extras``: positions and names of the columns carried along. ``values``: texts that every row has.

    ``rows_above``: rows before the data (header included); ``written``: the words of those that name the person's
    column. ``foreign``: headers of columns of the persons file.
    """

    columns: tuple[Column, ...]
    extras: tuple[tuple[int, str], ...] = ()
    wide: tuple[Wide, ...] = ()
    values: tuple[tuple[str, str], ...] = ()
    header_row: int = 0
    rows_above: int = 0
    foreign: tuple[str, ...] = ()
    headers: tuple[str, ...] = ()
    written: tuple[tuple[str, ...], ...] = ()

    def column(self, field_id: str) -> Column | None:
        return next((c for c in self.columns if c.field == field_id), None)


# --- what a header may be called --------------------------------------------------------------------------------------


class Headers:
    """Looks headers up for one purpose."""

    def __init__(self, schema: Schema, purpose: Purpose) -> None:
        self.schema, self.purpose, mapping = schema, purpose, schema.mapping
        self.fields = schema.columns(purpose)
        self.index: dict[str, set[Target]] = {}
        self.ignored = {plain(h) for h in mapping.ignore}
        self._wide = {plain(h): values for h, values in reversed(mapping.wide.items())}
        fixed = {f: h for f, h in mapping.columns.items() if f in self.fields}
        for field_id, header in fixed.items():
            base, _ = notes(header) or (header, [])
            named = UNIT_NAMES.get(plain(base)) if field_id == "quantity" else None
            self._add(header, Target(field_id, MAPPED, named))
        for decl in self.fields.values():
            if decl.id not in fixed:
                self._declared(decl, mapping.column_aliases.get(decl.id, ()))
        if purpose == "records" and "quantity" not in fixed:
            for name, named in UNIT_NAMES.items():
                self._add(name, Target("quantity", BY_UNIT, named))
        persons = schema.columns("persons").values() if purpose == "records" else ()
        self.foreign = {plain(n) for f in persons if f.id != "person_id" for n in names_of(f)}

    def _declared(self, decl: FieldDecl, more: Sequence[str]) -> None:
        self._add(decl.id, Target(decl.id, BY_ID))
        if decl.zh:
            self._add(decl.zh, Target(decl.id, BY_NAME))
        for alias in decl.aliases:
            self._add(alias, Target(decl.id, BY_ALIAS))
        for alias in more:
            self._add(alias, Target(decl.id, BY_ID))

    def _add(self, header: str, target: Target) -> None:
        """Note a header by which a column is known; a quantity's may name its unit, and so may that of a measure."""
        _, units = notes(header) or (header, [])
        own = self.fields[target.field].unit
        if target.field != "quantity":
            units = [u for u in units if own is not None and UNITS[u.unit].dimension == UNITS[own].dimension]
        self.index.setdefault(plain(header), set()).add(noted(target, units))

    def targets(self, header: str) -> list[Target]:
        """What the header may stand for, the surest only; several when it can't be told."""
        if not header or len(header) > 200:
            return []
        word = plain(header)
        if word in self.ignored:
            return []
        found = self.index.get(word) or self._with_notes(header)
        if not found:
            return []
        best = min(t.rank for t in found)
        surest = {t for t in found if t.rank == best}
        if best < BY_UNIT and (by_unit := next((t for t in found if t.rank == BY_UNIT), None)):
            surest = {replace(by_unit, rank=t.rank) if t.field == "quantity" else t for t in surest}
        return sorted(surest, key=lambda t: t.field)

    def _with_notes(self, header: str) -> set[Target]:
        """Headers with a note that says nothing else: 时长(分钟), 身份证号（必填）, 学习量/学时."""
        base, units = notes(header) or (header, [])
        if base == header or plain(base) in self.ignored:
            return set()
        return {noted(t, units) for t in self.index.get(plain(base), ())}

    def seeming(self, header: str) -> str | None:
        """The column that an unknown header would name, but for characters that only look like those of its name."""
        found = self.targets(meant(header)) if look_alikes(header) and not self.targets(header) else []
        return found[0].field if len(found) == 1 and plain(header) not in self.ignored else None

    def known(self, cells: Iterable[str]) -> set[str]:
        """The canonical columns that a row of headers names."""
        return {t.field for c in cells for t in self.targets(c)} | {"wide" for c in cells if self.is_wide(c)}

    def names_more(self, low: str, high: str) -> bool:
        """Whether a cell below another says which column it is; 公需科目 of ``wide:`` does so below 学时."""
        return self.is_wide(low) or (bool(self.targets(low)) and not self.targets(high))

    def is_wide(self, cell: str) -> bool:
        return self.wide_values(cell) is not None

    def wide_values(self, header: str) -> dict[str, str] | None:
        """What the rows of a column of ``wide:`` get; None of any other column."""
        return self._wide.get(plain(header)) if self._wide and header else None

    def tell_person(self, known: set[str]) -> bool:
        """Whether columns say whose rows they are; a mapping file may say it of the whole file."""
        return "person_id" in known or "person_id" in self.schema.mapping.values

    def score(self, rows: list[list[str]]) -> int:
        """How many canonical columns the best of these rows names, 0 without one for the person."""
        known = [self.known(cells) for cells in rows]
        return max((len(k) for k in known if self.tell_person(k)), default=0)


# --- which row is the header ------------------------------------------------------------------------------------------


def find_header(head: list[Row], headers: Headers) -> tuple[list[str], int, int] | None:
    """Header texts, the header's row number and how many of ``head`` lie above the data; None where there is none."""
    wanted = headers.schema.mapping.header_row
    if wanted is not None and (not head or of_rejects(head[0].cells) is None):
        at = next((i for i, row in enumerate(head) if row.number == wanted), None)
        return (head[at].cells, wanted, at + 1) if at is not None else None
    first = next((at for at, row in enumerate(head) if not blank(row.cells)), 0)
    alone = len(head) if headers.purpose == "persons" else first  # up to there the person's column is enough
    best, found = 0, None
    for at in range(len(head)):
        for cells, rows in _readings(head, at, headers):
            known = headers.known(cells)
            both = rows == 2 and found is not None and found[2] == at + 1 and len(known) == best  # 公需 below 学时
            if headers.tell_person(known) and (both or len(known) > max(best, 0 if at <= alone else 1)):
                best, found = len(known), (cells, head[at + rows - 1].number, at + rows)
    return found


def _readings(head: list[Row], at: int, headers: Headers) -> Iterable[tuple[list[str], int]]:
    """A row alone, and together with the row below it where that only names what this row leaves open."""
    upper = head[at].cells
    yield upper, 1
    if at + 1 < len(head):
        lower = head[at + 1].cells
        above = upper + [""] * (len(lower) - len(upper))
        # a cell that is merged over both rows has one text in both
        pairs = [(low, high) for low, high in zip(lower, above, strict=False) if low and low != high]
        if pairs and all(headers.names_more(low, high) for low, high in pairs):
            yield [low or high for low, high in zip(lower + [""] * (len(above) - len(lower)), above, strict=True)], 2


# --- which column is which --------------------------------------------------------------------------------------------


def layout_of(table: RawTable, headers: Headers) -> tuple[Layout | None, list[Diagnostic]]:
    """Find the header of a table and settle its columns. None with an error where that can't be done."""
    head = table.head(max(HEAD, headers.schema.mapping.header_row or 0)) if table.header is None else []
    if table.header is not None:
        found: tuple[list[str], int, int] | None = (table.header, 0, 0)
    else:
        found = find_header(head, headers)
    if found is None or not headers.tell_person(headers.known(found[0])):
        return None, [_no_person(table, head, headers)]
    names, number, above = found
    if headers.schema.mapping.header_row is None and (problems := after_another(table, head, number, headers)):
        return None, problems
    layout, problems = _columns(table, [printable(n.strip()) for n in names], number, above, headers)
    written = tuple(words_of(row) for row in head[:above] if headers.tell_person(headers.known(row.cells)))
    return (replace(layout, written=written) if layout is not None else None), problems


def _no_person(table: RawTable, head: list[Row], headers: Headers) -> Diagnostic:
    """PE404, which says what stands where a header should be."""
    if (lone := _lone_person(head, headers)) is not None:
        return _no_header(table, *lone)
    decl = headers.fields["person_id"]
    known = listed([decl.id, decl.zh or decl.id, *decl.aliases])
    wanted = headers.schema.mapping.header_row if table.header is None else None
    asked = (r.cells for r in head if (not blank(r.cells) if wanted is None else r.number == wanted))
    cells = table.header or next(asked, [])
    place = say("the first row", "第一行") if wanted is None else say(f"row {wanted} (header_row)", f"第 {wanted} 行")
    shown = listed(printable(c[:20]) for c in cells[:8] if c) or say("nothing", "无内容")
    hint = say(
        f"{place} reads: {shown}; rename the column, or map it in a mapping file (columns: {{person_id: HEADER}})",
        f"{place}为：{shown}；请修改列名，或在对照文件中指明（columns: {{person_id: 列名}}）",
    )
    if (name := next((c.strip() for c in cells if headers.seeming(c.strip()) == "person_id"), None)) is not None:
        some = listed(look_alikes(name))
        hint = say(
            f"in {printable(name)} {some} only looks like what the name of the column has: type it anew",
            f"“{printable(name)}”中 {some} 只是看起来与列名一样，实为另一字符：请重新输入",
        )
    elif (mark := _other_mark(table, cells, headers)) is not None:
        hint = say(
            f"the columns seem to be parted by {mark}: save the file with commas, semicolons or tabs between them",
            f"各列似以“{mark}”分隔：请另存为以半角逗号、分号或制表符分隔的文件",
        )
    elif (row := _header_below(table, head, headers)) is not None:
        hint = say(
            f"row {row} looks like a header, but one is sought in the first {HEAD} rows alone; "
            f"write in a mapping file: header_row: {row}",
            f"第 {row} 行像是表头，但只在前 {HEAD} 行中查找；请在对照文件中写：header_row: {row}",
        )
    elif holds_data(table, cells, headers):
        hint = say(
            f"{place} holds numbers, days or ids, and so is no header: write one above the data",
            f"{place}含有数字、日期或编号，不是表头：请在数据上方加上表头行",
        )
    text = say(
        f"no column names the person (a header row with one of: {known})", f"没有标明人员的列（表头须有：{known}）"
    )
    return Diagnostic("PE404", text, table.span(), hint=hint)


def _header_below(table: RawTable, head: list[Row], headers: Headers) -> int | None:
    """The row of a header that stands further down than one is sought."""
    if table.header is not None or headers.schema.mapping.header_row is not None:
        return None
    further = table.head(len(head) + FURTHER)[len(head) :]
    return next((row.number for row in further if headers.score([row.cells]) > 1), None)


def _lone_person(head: list[Row], headers: Headers) -> tuple[Row, int] | None:
    """A row, and the place in it, that names the person's column and no other: not enough below the first row."""
    if headers.schema.mapping.header_row is not None:
        return None
    places = ((row, at) for row in head for at, cell in enumerate(row.cells) if _is_person(cell, headers))
    return next(places, None)


def _is_person(cell: str, headers: Headers) -> bool:
    return any(target.field == "person_id" for target in headers.targets(cell))


def _no_header(table: RawTable, row: Row, at: int) -> Diagnostic:
    name = printable(row.cells[at].strip())
    text = say(
        f"no row is a header for certain: row {row.number} names the person ({name}), but no other known column",
        f"不能确定表头在哪一行：第 {row.number} 行有标明人员的列（{name}），但没有其他已知的列",
    )
    hint = say(
        "give the other columns known names (date, form, hours), or map them in a mapping file (columns:; wide: where "
        "each form or year has a column of its own)",
        "请将其他列改为已知的列名（日期、学习形式、学时），或在对照文件中指明"
        "（columns:；每种形式或每年各占一列的，写 wide:）",
    )
    return Diagnostic("PE404", text, table.span(row.number, at + 1), hint=hint)


def _other_mark(table: RawTable, cells: Sequence[str], headers: Headers) -> str | None:
    """A mark that parts a line of text into headers, the person's among them, though none of the three that may."""
    line = next((c for c in cells if c.strip()), "")
    if table.delimiter is None or len(line) > MAX_TEXT:
        return None
    return next((m for m in "，；、|" if any(_is_person(part.strip(), headers) for part in line.split(m)[:100])), None)


def holds_data(table: RawTable, cells: Sequence[str], headers: Headers) -> bool:
    """Whether the cells that stand where a header should are somebody's data, which no message shows."""
    return table.header is None and are_data([c for c in cells if not headers.is_wide(c)])


def _columns(
    table: RawTable, names: list[str], number: int, above: int, headers: Headers
) -> tuple[Layout | None, list[Diagnostic]]:
    schema, problems = headers.schema, list[Diagnostic]()
    by_field: dict[str, list[Column]] = {}
    extras: list[tuple[int, str]] = []
    wide: list[Wide] = []
    foreign: list[str] = []
    for position, name in enumerate(names):
        span = table.span(number, position + 1)
        values = headers.wide_values(name)
        targets = headers.targets(name)
        if values is not None:
            wide.append(_wide(position, name, values))
        elif len(targets) > 1:
            problems.append(_two_meanings(span, name, targets))
        elif targets:
            column, problem = _column(position, name, targets[0], headers, span)
            by_field.setdefault(targets[0].field, []).append(column)
            problems += [problem] if problem else []
        else:
            extras.append((position, name or say(f"column {position + 1}", f"第{position + 1}列")))
            if name and plain(name) in headers.foreign:
                foreign.append(name)
    values_of_all = {f: v for f, v in schema.mapping.values.items() if f in headers.fields}
    for field_id, columns in by_field.items():
        if len(columns) > 1 or field_id in values_of_all:
            problems.append(_clash(table, number, field_id, columns, values_of_all.get(field_id)))
    for field_id, header in {f: w.header for w in reversed(wide) for f in ("quantity", *dict(w.values))}.items():
        if field_id in by_field:
            problems.append(_clash(table, number, field_id, by_field[field_id], header))
    own = {*by_field, *values_of_all, *(["quantity"] if wide else [])}
    problems += misplaced(table, names, own, number, headers)
    if problems:
        return None, problems
    return Layout(
        columns=tuple(c for columns in by_field.values() for c in columns),
        extras=tuple(_unique(extras)),
        wide=tuple(wide),
        values=tuple(values_of_all.items()),
        header_row=number,
        rows_above=above,
        foreign=tuple(foreign),
        headers=tuple(names),
    ), [_seems(table, number, at, name, field) for at, name in extras if (field := headers.seeming(name)) is not None]


def _seems(table: RawTable, number: int, at: int, name: str, field: str) -> Diagnostic:
    """A warning about a column that is read as none, though its header looks like that of one."""
    some = listed(look_alikes(name))
    message = say(
        f"the column {name} is only carried along: {some} in it only looks as in the name of {field}, and is another",
        f"“{name}”列只保留、不采用：其中 {some} 只是看起来与 {field} 的列名一样，实为另一字符",
    )
    hint = say("type the header anew", "请重新输入列名")
    return Diagnostic("PE448", message, table.span(number, at + 1), hint=hint, severity="warning")


def _unique(extras: list[tuple[int, str]]) -> Iterable[tuple[int, str]]:
    seen: dict[str, int] = {}
    for position, name in extras:
        seen[name] = seen.get(name, 0) + 1
        yield position, name if seen[name] == 1 else f"{name} ({seen[name]})"


def _wide(position: int, name: str, values: dict[str, str]) -> Wide:
    named = unit(values["unit"]) if values.get("unit") else None
    rest = tuple((f, v) for f, v in values.items() if f != "unit" or isinstance(named, Bad))
    return Wide(position, name, rest, named if isinstance(named, UnitCell) else None)


def _column(position: int, name: str, target: Target, headers: Headers, span: Span) -> tuple[Column, Diagnostic | None]:
    """The column; an error where its header names a unit that the canonical column can't be in."""
    decl, stated = headers.fields[target.field], target.unit
    if (said := headers.schema.mapping.units.get(target.field)) is not None:
        found = unit(said)
        if isinstance(found, Bad):
            return Column(position, name, target.field, target.rank), _bad_unit(span, name, said)
        own = None if target.other or target.rank == MAPPED or target.field != "quantity" else stated
        if own is not None and own.unit != found.unit:
            return Column(position, name, target.field, target.rank), _overruled(span, name, own, found)
        stated = found
    elif target.other is not None and stated is not None:
        return Column(position, name, target.field, target.rank), _two_units(span, name, target)
    fits = stated is None or target.field == "quantity"
    if stated is not None and decl.unit is not None and decl.type == "number":
        fits = UNITS[stated.unit].dimension == UNITS[decl.unit].dimension
    column = Column(position, name, target.field, target.rank, stated)
    return column, None if fits else _bad_unit(span, name, unit_name(stated.unit) if stated else "")


def _bad_unit(span: Span, name: str, said: str) -> Diagnostic:
    message = say(f"the column {name} can't be in the unit {said}", f"“{name}”列不能以“{said}”为单位")
    hint = say(
        "rename the header, or state the unit in a mapping file (units: …)",
        "请修改表头，或在对照文件中写明单位（units: …）",
    )
    return Diagnostic("PE409", message, span, hint=hint)


def _overruled(span: Span, name: str, own: UnitCell, said: UnitCell) -> Diagnostic:
    """A mapping file is read with many files: one of them may well be in the unit that its header names."""
    own_name, said_name = unit_name(own.unit), unit_name(said.unit)
    way = f"columns: {{quantity: {quoted(name)}}}"
    message = say(
        f"the header {name} says {own_name}, the mapping file {said_name} (units: quantity)",
        f"表头“{name}”的单位是{own_name}，对照文件写的是{said_name}（units: quantity）",
    )
    hint = say(
        f"read this file without units:; or, if the header is wrong, name it too: {way}",
        f"请不带 units: 读取该文件；如果表头有误，请同时指明该列：{way}",
    )
    return Diagnostic("PE409", message, span, hint=hint)


def _two_units(span: Span, name: str, target: Target) -> Diagnostic:
    both = [UNITS[u.unit].zh for u in (target.other, target.unit) if u is not None]
    listed, listed_zh = " and ".join(dict.fromkeys(both)), "、".join(dict.fromkeys(both))
    message = say(
        f"the header {name} names two units: {listed}; neither is taken",
        f"表头“{name}”写有两种单位：{listed_zh}；均未采用",
    )
    ways = [f"units: {{{target.field}: {u}}}" for u in dict.fromkeys(both) if isinstance(unit(u), UnitCell)]
    ways.append(f"ignore: [{quoted(name)}]")
    hint = say(
        "say in a mapping file which it is, or leave the column out: " + ", or ".join(ways),
        "请在对照文件中指明是哪一种，或忽略该列：" + "，或 ".join(ways),
    )
    return Diagnostic("PE409", message, span, hint=hint)


def _two_meanings(span: Span, name: str, targets: list[Target]) -> Diagnostic:
    both = listed(t.field for t in targets)
    message = say(f"the column {name} may be any of {both}", f"“{name}”列可能是：{both}")
    return Diagnostic("PE405", message, span, hint=_settle(targets[0].field, name))


def _clash(table: RawTable, number: int, field_id: str, columns: list[Column], other: str | None) -> Diagnostic:
    names = [c.header for c in columns] + ([other] if other else [])
    listed, listed_zh = " and ".join(names), "、".join(names)
    if other is not None:
        own = ", ".join(quoted(c.header) for c in columns)
        hint = say(f"leave it out in the mapping file: ignore: [{own}]", f"请在对照文件中忽略该列：ignore: [{own}]")
    elif plain(names[0]) == plain(names[1]):
        hint = say(
            "rename one of the two in the file: a mapping file can't tell them apart",
            "请在文件中修改其中一列的列名：对照文件无法区分同名的列",
        )
    else:
        hint = _settle(field_id, names[0])
    related = tuple(
        Related(
            say(f"{c.header} is column {c.position + 1}", f"“{c.header}”在第 {c.position + 1} 列"),
            table.span(number, c.position + 1),
        )
        for c in columns
    )
    return Diagnostic(
        "PE405",
        say(f"two columns fit {field_id}: {listed}; neither is taken", f"有多列对应 {field_id}：{listed_zh}；均未采用"),
        table.span(number, columns[0].position + 1),
        hint=hint,
        related=related,
    )


def _settle(field_id: str, chosen: str) -> str:
    way = f"columns: {{{field_id}: {quoted(chosen)}}}"
    return say(f"say which it is in a mapping file: {way}", f"请在对照文件中指明：{way}")


def quoted(header: str) -> str:
    """A header as a mapping file may have it, whatever brackets and colons it holds."""
    return json.dumps(header, ensure_ascii=False)
