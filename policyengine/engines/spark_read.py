"""Files that a cluster sees in, canonical tables on the cluster out; rows that are none stand aside with their reason.

A cell that is canonical is read by Spark. Every other distinct text of a column comes here once and goes through the
functions that read any file (``records/cells.py``), so that a cell means the same wherever it is read.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from datetime import date
from decimal import Decimal
from fractions import Fraction
from typing import Any

from policyengine.diagnostics import Diagnostic, PolicyError
from policyengine.engines.compile import trees as t
from policyengine.engines.compile.sources import Names
from policyengine.engines.compile.trees import Tree
from policyengine.engines.spark import SparkHost
from policyengine.engines.spark_files import INTEGERS, complain, opened, twice, unread
from policyengine.language.vocabulary import FieldDecl
from policyengine.messages import say
from policyengine.records.cells import MAX_ID, MAX_TEXT, YEARS, Amount, Bad, UnitCell
from policyengine.records.header import Headers
from policyengine.records.rows import BACKWARDS, NO_DATE, NO_PERSON, TWO_DATES, Parsed, parser_of, remembered
from policyengine.records.schema import Purpose, Schema
from policyengine.records.sqlcells import ID, PERSON, number_type

MANY = 200_000  # distinct texts of a column that are not canonical
# as ``TEXT`` of sqlcells.py, with fewer signs at its end
PLAIN_TEXT = "^[0-9A-Za-z\u3400-\u9fff《（(][^\\x00\\x{10ffff}]{4,}[0-9A-Za-z\u3400-\u9fff》）)]$"
_SQL = {"date": "DATE", "yes_no": "BOOLEAN", "year": "INTEGER"}
BETWEEN = "|"  # code, column and reason of a fault

NO_ID = Bad("PE433", "the row has no record_id", "该行没有记录编号")
TWICE = Bad("PE423", "another row has the same record_id", "另有一行的记录编号相同")
STRANGER = Bad("PE445", "this person is in no other file", "其他文件中没有此人")
OTHERWISE = Bad("PE424", "another row says otherwise of this person", "另有一行的人员信息与此不同")
CLASH = Bad("PE415", "the units contradict each other", "单位互相矛盾")
BOUNDS = Bad("PE412", "the quantity is outside the bounds of its unit", "数量超出该单位的范围")
DECIMALS = Bad("PE413", "the quantity has more decimals than its unit", "数量的小数位数多于该单位所允许的")
EMPTY = Bad("PE428", "this must be filled in", "必须填写")
THOUSANDS = Bad("PE414", "on a cluster, a unit is written without a multiple", "在集群上单位不得带倍数")


@dataclass(frozen=True, slots=True)
class Register:
    """Canonical tables of a host. ``rejects``: a query for the rows that are none, with why."""

    names: Names
    rows: int
    rejected: int
    rejects: Any


@dataclass(slots=True)
class _Cell:
    """How a column is read. ``plain``: which cells are canonical; ``value``: their value; ``meant``: the table of the
    others."""

    name: str
    decl: FieldDecl
    raw: Tree
    plain: Tree
    value: Tree
    type: str
    unit: UnitCell | None = None
    meant: str | None = None

    def out(self, column: str = "v") -> Tree:
        other: Tree = t.col(column, self.meant) if self.meant else t.cast(t.lit(None), _kind(column, self.type))
        if column != "v":
            return other
        return t.case([(t.coalesce(self.plain.copy(), t.lit(False)), self.value.copy())], other)


def _kind(column: str, own: str) -> str:
    return own if column == "v" else "VARCHAR"


def read(
    host: SparkHost, schema: Schema, records: Sequence[str], persons: str | None, circumstances: str | None
) -> Register:
    """Read the files into ``host``. Raises ``PolicyError`` (PE931, PE932) where one can't be used as such."""
    parts = [_Reader(host, schema, "records", records)]
    parts += [_Reader(host, schema, "persons", [persons])] if persons else []
    others = tuple(part.purpose for part in parts)
    parts += [_Reader(host, schema, "circumstances", [circumstances], others)] if circumstances else []
    for part in parts:
        _read(part)
    rejects = t.union(*(part.rejects() for part in parts))
    ((rows,),) = host.rows(t.select(n=t.count()).from_(t.table("read_records"), copy=False))
    rejected = t.select(n=t.count()).from_(t.table("read_records"), copy=False)
    ((refused,),) = host.rows(rejected.where(t.present(t.col("fault")), copy=False))
    names = Names("records", "persons" if persons else None, "circumstances" if circumstances else None)
    return Register(names, rows, refused, rejects)


def _read(part: _Reader) -> None:
    """Have the cluster read the files of a part. What it finds wrong with their rows it says only then."""
    from pyspark.errors import AnalysisException, PySparkException

    try:
        part.read()
    except AnalysisException:
        raise  # it is not the files
    except PySparkException as e:
        raise PolicyError([unread(part.paths, str(e))]) from e


@dataclass(slots=True)
class _Reader:
    """The files of one purpose. ``others``: views of the people whom circumstances may be of."""

    host: SparkHost
    schema: Schema
    purpose: Purpose
    paths: Sequence[str]
    others: Sequence[str] = ()
    cells: dict[str, _Cell] = field(default_factory=dict)

    def read(self) -> None:
        """Make the table ``read_…``, with ``fault``, and the view of the rows without one."""
        headers = Headers(self.schema, self.purpose)
        self.host.view(f"raw_{self.purpose}", opened(self.host.spark, headers, self.paths))
        self._find(headers)
        for cell in self.cells.values():
            self._learn(cell)
        columns = self._columns()
        query = t.select(**columns, fault=self._fault())
        query = self._from(query)
        self.host.keep(f"read_{self.purpose}", self._among_others(query, list(columns)))
        usable = t.select(**{n: t.col(n) for n in columns}).from_(t.table(f"read_{self.purpose}"), copy=False)
        usable.where(t.missing(t.col("fault")), copy=False)
        self.host.view(self.purpose, self.host.frame(usable.distinct() if self.purpose == "persons" else usable))

    def _find(self, headers: Headers) -> None:
        """Which column is which field."""
        for column in self.host.spark.table(f"raw_{self.purpose}").schema.fields:
            targets = headers.targets(column.name)
            if not targets:
                continue
            name = targets[0].field
            if len(targets) > 1 or name in self.cells or targets[0].other is not None:
                raise PolicyError([twice(self.paths, column.name)])
            decl, kind = headers.fields[name], column.dataType.simpleString()
            cell = _cell(column.name, decl, kind, self.schema)
            if cell is None:
                raise PolicyError([_strange(self.paths, column.name, kind)])
            if targets[0].unit is not None and targets[0].unit.times != 1:
                raise PolicyError([twice(self.paths, column.name)])
            cell.unit = targets[0].unit
            self.cells[name] = cell

    def _from(self, query: Any) -> Any:
        query = query.from_(t.table(f"raw_{self.purpose}", "r"), copy=False)
        for cell in self.cells.values():
            if cell.meant:
                same = t.equal(t.col("raw", cell.meant), cell.raw.copy())
                t.join(query, t.table(cell.meant, cell.meant), same, "LEFT")
        return query

    def _learn(self, cell: _Cell) -> None:
        """What the texts mean that are not canonical."""
        others = t.select(raw=cell.raw.copy()).from_(t.table(f"raw_{self.purpose}", "r"), copy=False)
        others.where(
            t.both(
                t.compare(cell.raw.copy(), "<>", t.lit("")),
                t.negate(t.coalesce(cell.plain.copy(), t.lit(False))),
            ),
            copy=False,
        )
        found = [raw for (raw,) in self.host.rows(others.distinct().limit(MANY + 1, copy=False))]
        if len(found) > MANY:
            raise PolicyError([_odd(self.paths, cell.name)])
        parse = remembered(parser_of(cell.decl, self.schema, False), frozenset(self.schema.mapping.empty))
        rows = [(raw, *_meaning(parse(raw), cell)) for raw in found]
        if rows:
            cell.meant = f"meant_{self.purpose}_{cell.decl.id}"
            self.host.load(cell.meant, {"raw": "VARCHAR", "v": cell.type, "u": "VARCHAR", "f": "VARCHAR"}, rows)

    # --- columns ------------------------------------------------------------------------------------------------------

    def _columns(self) -> dict[str, Tree]:
        """Canonical column → expression."""
        if self.purpose == "circumstances":
            names = {"person_id": "person_id", "kind": "kind", "start": "from", "end": "to"}
            return {n: self._value(of, "DATE" if n in ("start", "end") else "VARCHAR") for n, of in names.items()}
        own = {n: c.out() for n, c in self.cells.items() if n not in ("date", "start", "end", "quantity", "unit")}
        if self.purpose == "persons":
            return own
        first, last = self._days()
        quantity = number_type(self.schema.fields["quantity"], self.schema)
        rest = {"start": first, "end": last, "quantity": self._value("quantity", quantity), "unit": self._unit()[0]}
        return own | rest

    def _value(self, name: str, type_: str) -> Tree:
        return self.cells[name].out() if name in self.cells else t.cast(t.lit(None), type_)

    def _days(self) -> tuple[Tree, Tree]:
        last = t.coalesce(self._value("end", "DATE"), self._value("date", "DATE"))
        return t.coalesce(self._value("start", "DATE"), last.copy()), last

    def _unit(self) -> tuple[Tree, list[Tree]]:
        """The unit, and the contradictions between number, unit column and header."""
        quantity, unit = self.cells.get("quantity"), self.cells.get("unit")
        said = []
        if quantity is not None:
            said.append(quantity.out("u"))
            if quantity.unit is not None:
                said.append(t.case([(t.present(quantity.out()), t.lit(quantity.unit.unit))], t.lit(None)))
        if unit is not None:
            said.append(unit.out())
        clashes = [t.compare(a.copy(), "<>", b.copy()) for i, a in enumerate(said) for b in said[i + 1 :]]
        return t.coalesce(*said, t.cast(t.lit(None), "VARCHAR")), clashes

    # --- faults -------------------------------------------------------------------------------------------------------

    def _fault(self) -> Tree:
        """Why a row is no record: the first reason; NULL where it is one."""
        own = [(t.present(c.out("f")), c.out("f")) for c in self.cells.values() if c.meant]
        return t.case(own + [(test, _said(self._header(name), bad)) for test, name, bad in self._tests()], t.lit(None))

    def _header(self, name: str) -> str:
        return self.cells[name].name if name in self.cells else name

    def _tests(self) -> list[tuple[Tree, str, Bad]]:
        tests = [(t.missing(self.cells["person_id"].out()), "person_id", NO_PERSON)]
        if self.purpose == "circumstances":
            first, last = self._value("from", "DATE"), self._value("to", "DATE")
            tests.append((t.compare(first, ">", last), "from", BACKWARDS))
        for decl in self.schema.columns(self.purpose).values():
            if decl.required:
                tests.append((t.missing(self._value(decl.id, "VARCHAR")), decl.id, EMPTY))
        if self.purpose != "records":
            return tests
        first, last = self._days()
        tests.append((t.missing(self.cells["record_id"].out()), "record_id", NO_ID))
        tests.append((t.missing(last.copy()), "date", NO_DATE))
        if {"date", "end"} <= self.cells.keys():
            differ = t.compare(self.cells["date"].out(), "<>", self.cells["end"].out())
            tests.append((differ, "date", TWO_DATES))
        tests.append((t.compare(first, ">", last), "start", BACKWARDS))
        unit, clashes = self._unit()
        if clashes:
            tests.append((t.either(*clashes), "quantity", CLASH))
        if "quantity" in self.cells:
            value = self.cells["quantity"].out()
            tests.append((self._beyond(unit, lambda b: _outside(value, b)), "quantity", BOUNDS))
            longer = t.equal(value.copy(), t.lit(-1))  # ``_fitting``
            finer = self._beyond(unit.copy(), lambda b: _finer(value, b[2], self.schema.decimals))
            tests.insert(-1, (t.either(longer, finer), "quantity", DECIMALS))
        return tests

    def _beyond(self, unit: Tree, test: Callable[[tuple[Fraction, Fraction, int]], Tree]) -> Tree:
        """A test of a quantity by what its unit allows."""
        units = [(t.lit(u), test(self.schema.quantity_bounds(u))) for u in self.schema.bounds]
        return t.switch(unit, units, test(self.schema.quantity_bounds(None)))

    def _among_others(self, query: Any, columns: list[str]) -> Any:
        """The rows, with what is wrong with them beside others: ids that stand twice, contradictions."""
        if self.purpose == "circumstances":
            return self._of_known(query, columns)
        key = "record_id" if self.purpose == "records" else "person_id"
        bad = TWICE if self.purpose == "records" else OTHERWISE
        columns = [*columns, "fault"]
        if self.purpose == "records":
            many = t.compare(t.over(t.count(), [t.col(key, "x")]), ">", t.lit(1))
        else:  # the same row twice says nothing new, and one that can't be read says nothing
            whole = [t.coalesce(t.cast(t.col(n, "x"), "VARCHAR"), t.lit("")) for n in columns if n != "fault"]
            cells = t.concat(*(p for w in whole for p in (w, t.lit("\x1f"))))
            said = t.case([(t.missing(t.col("fault", "x")), cells)], t.lit(None))
            least, most = (t.over(t.call(f, said.copy()), [t.col(key, "x")]) for f in ("MIN", "MAX"))
            many = t.compare(least, "<>", most)
        counted = t.select(**t.cols("x", *columns), many=many).from_(t.sub(query, "x"), copy=False)
        twice = t.both(t.col("many", "y"), t.present(t.col(key, "y")))
        own = (t.present(t.col("fault", "y")), t.col("fault", "y"))
        fault = t.case([own, (twice, _said(self._header(key), bad))], t.lit(None))
        others = {n: t.col(n, "y") for n in columns if n != "fault"}
        return t.select(**others, fault=fault).from_(t.sub(counted, "y"), copy=False)

    def _of_known(self, query: Any, columns: list[str]) -> Any:
        """The circumstances, with a fault where their person is in no other file."""
        people = t.union(*(t.select(known=t.col("person_id")).from_(t.table(n), copy=False) for n in self.others))
        everybody = t.select(known=t.col("known", "k")).from_(t.sub(people, "k"), copy=False).distinct()
        strange = t.both(t.missing(t.col("fault", "x")), t.missing(t.col("known", "y")))
        fault = t.case([(strange, _said(self._header("person_id"), STRANGER))], t.col("fault", "x"))
        checked = t.select(**t.cols("x", *columns), fault=fault).from_(t.sub(query, "x"), copy=False)
        same = t.equal(t.col("known", "y"), t.col("person_id", "x"))
        return t.join(checked, t.sub(everybody, "y"), same, "LEFT")

    def rejects(self) -> Any:
        """The rows that are none, with column, code and reason."""
        record = t.col("record_id") if self.purpose == "records" else t.cast(t.lit(None), "VARCHAR")
        parts = {
            n: t.call("SUBSTRING_INDEX", t.call("SUBSTRING_INDEX", t.col("fault"), t.lit(BETWEEN), t.lit(at)),
                      t.lit(BETWEEN), t.lit(-1))
            for n, at in (("code", 1), ("column", 2))
        }  # fmt: skip
        parts["reason"] = t.call("SUBSTRING_INDEX", t.col("fault"), t.lit(BETWEEN), t.lit(-1))
        query = t.select(
            file=t.lit(self.purpose), record_id=record, person_id=t.col("person_id"),
            column=parts["column"], code=parts["code"], reason=parts["reason"],
        ).from_(t.table(f"read_{self.purpose}"), copy=False)  # fmt: skip
        return query.where(t.present(t.col("fault")), copy=False)


# --- one column -------------------------------------------------------------------------------------------------------


def _cell(column: str, decl: FieldDecl, kind: str, schema: Schema) -> _Cell | None:
    """How a column of this type is read as a field; None where the type does not hold it exactly."""
    own = t.col(column, "r")
    is_text, is_number = kind == "string", kind in INTEGERS or kind.startswith("decimal")
    if not is_text and not is_number and kind not in ("date", "boolean"):
        return None
    raw = own if is_text else t.cast(own.copy(), "VARCHAR")
    make: Callable[[Tree, Tree, str], _Cell] = lambda plain, value, type_: _Cell(column, decl, raw, plain, value, type_)
    if decl.id in ("person_id", "record_id"):
        pattern = PERSON if decl.id == "person_id" else ID
        fits = _matches(own, f"^{pattern}$", MAX_ID) if is_text else t.compare(own.copy(), ">=", t.lit(0))
        return make(fits, raw.copy(), "VARCHAR") if is_text or kind in INTEGERS else None
    if decl.type == "text":
        return make(_matches(own, PLAIN_TEXT, MAX_TEXT) if is_text else t.lit(False), raw.copy(), "VARCHAR")
    if decl.type == "date" and kind == "date":
        first, last = (t.lit(date(year, *day)) for year, day in zip(YEARS, ((1, 1), (12, 31)), strict=True))
        inside = t.both(t.compare(own.copy(), ">=", first), t.compare(own.copy(), "<=", last))
        return make(inside, own.copy(), "DATE")
    if decl.type == "yes_no" and kind == "boolean":
        return make(t.present(own.copy()), own.copy(), "BOOLEAN")
    if decl.type == "number":
        type_ = number_type(decl, schema).replace(" ", "")
        if is_number:
            return make(_inside(own, decl, schema), t.cast(own.copy(), type_), type_)
        return make(t.lit(False), t.cast(t.lit(None), type_), type_) if is_text else None
    type_ = _SQL.get(decl.type, "VARCHAR")
    return make(t.lit(False), t.cast(t.lit(None), type_), type_)


def _matches(value: Tree, pattern: str, most: int) -> Tree:
    short = t.compare(t.call("LENGTH", value.copy()), "<=", t.lit(most))
    return t.both(t.matches(value.copy(), pattern), short)


def _inside(value: Tree, decl: FieldDecl, schema: Schema) -> Tree:
    """Whether a number has the declared decimals and keeps the bounds; a quantity's are those of its unit."""
    is_quantity = decl.id == "quantity"
    decimals = schema.decimals if is_quantity else decl.decimals
    digits, scale = (int(n) for n in number_type(decl, schema)[8:-1].split(","))
    room = Fraction(10 ** (digits - scale) - 1)
    low = Fraction(0) if is_quantity else -room if decl.minimum is None else decl.minimum
    high = room if is_quantity or decl.maximum is None else decl.maximum
    parts = [t.compare(value.copy(), ">=", t.exact(low)), t.compare(value.copy(), "<=", t.exact(high))]
    return t.both(*parts, t.equal(t.call("ROUND", value.copy(), t.lit(decimals)), value.copy()))


def _outside(value: Tree, bounds: tuple[Fraction, Fraction, int]) -> Tree:
    low, high, _ = bounds
    return t.either(t.compare(value.copy(), "<", t.exact(low)), t.compare(value.copy(), ">", t.exact(high)))


def _finer(value: Tree, decimals: int, most: int) -> Tree:
    """Whether a value has more decimals than it may have."""
    if decimals >= most:
        return t.lit(False)
    return t.compare(t.call("ROUND", value.copy(), t.lit(decimals)), "<>", value.copy())


def _meaning(parsed: Parsed, cell: _Cell) -> tuple[Any, str | None, str | None]:
    """Value, unit and fault of a cell."""
    if isinstance(parsed, UnitCell) and parsed.times != 1:
        parsed = THOUSANDS
    match parsed:
        case Bad():
            return None, None, _text(cell.name, parsed)
        case Amount(value=value, unit=unit):
            return _fitting(value, cell), unit, None
        case UnitCell(unit=unit):
            return unit, None, None
        case Fraction():
            return _fitting(parsed, cell), None, None
    return parsed, None, None


def _fitting(value: Fraction, cell: _Cell) -> Any:
    """A number of the column's type; one that is beyond it stays beyond any bounds, one that is finer becomes -1."""
    digits, scale = (int(n) for n in cell.type[8:-1].split(","))
    scaled = value * 10**scale
    whole = scaled.numerator // scaled.denominator
    return Decimal(min(whole, 10**digits - 1)).scaleb(-scale) if scaled.denominator == 1 else Decimal(-1)


def _text(column: str, bad: Bad) -> str:
    return BETWEEN.join((bad.code, column, say(bad.en, bad.zh).replace(BETWEEN, "/")))


def _said(column: str, bad: Bad) -> Tree:
    return t.lit(_text(column, bad))


# --- files that can't be used -----------------------------------------------------------------------------------------


def _odd(paths: Sequence[str], column: str) -> Diagnostic:
    return complain(
        "PE932", paths,
        (f"the column {column} has more than {MANY:,} different cells that are not in canonical form",
         f"{column} 列中有超过 {MANY:,} 种不规范的写法"),
        ("write it on the cluster as docs/spark.md says, and evaluate then",
         "请先在集群上按 docs/spark.md 规范该列，再进行评定"),
    )  # fmt: skip


def _strange(paths: Sequence[str], column: str, kind: str) -> Diagnostic:
    return complain(
        "PE931", paths,
        (f"the column {column} is {kind}, which does not hold it exactly", f"{column} 列类型为 {kind}，不能准确表示"),
        ("store it as STRING, DATE, BOOLEAN, a whole number or DECIMAL",
         "请存为 STRING、DATE、BOOLEAN、整数或 DECIMAL 类型"),
    )  # fmt: skip
