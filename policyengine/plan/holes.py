"""A plan goes in; warnings come out for values of which a table that a rule asks has no row: numbers between two of its
stretches, and terms that none of its rows names.

What lies below the first stretch or above the last may be the document's own silence (ranks after the fifth): records
of it are in need of review, and it is told of requirements and caps alone.
"""

from __future__ import annotations

from collections.abc import Iterator
from fractions import Fraction
from itertools import islice, product

from policyengine.diagnostics import Diagnostic
from policyengine.language import tree
from policyengine.language.disjoint import disjoint, of_records
from policyengine.language.printer import print_condition
from policyengine.messages import listed, say, spoken
from policyengine.packs.model import Cell, Range, Table
from policyengine.packs.values import canonical
from policyengine.plan.model import Plan, PlanRule
from policyengine.plan.report import Reporter

Asking = PlanRule[tree.Convert | tree.Add | tree.Cap | tree.Require]
SHOWN = 3  # holes that one message names


def holes(plan: Plan) -> list[Diagnostic]:
    """PE358 for each rule of the plan's own pack whose table has them, where it speaks of such values."""
    reporter = Reporter()
    asking: tuple[Asking, ...] = (*plan.convert, *plan.add, *plan.caps, *plan.require)
    for rule in asking:
        figure, said = rule.statement.figure, rule.statement
        if rule.rule.pack != plan.policy or not isinstance(figure, tree.Lookup) or getattr(said, "otherwise", None):
            continue
        spoken_of = of_records(getattr(said, "what", tree.What()), rule.about, said.when)
        open_ended = isinstance(said, tree.Convert | tree.Add)  # else nothing is asked or limited: nobody sees it
        every = (h for h in _holes(figure, plan, open_ended) if not disjoint(h, spoken_of, plan.vocabulary))
        left = list(islice(every, SHOWN + 1))
        if left:
            _tell(reporter, rule, plan, left)
    return reporter.all()


def _tell(reporter: Reporter, rule: Asking, plan: Plan, left: list[tree.Condition]) -> None:
    values = listed([print_condition(hole, plan.vocabulary, spoken()) for hole in left], SHOWN)
    hint = say("add the row of the document, or except it with a condition (when …)",
               "请按文件补上这一行，或在条件中排除（当 …）")  # fmt: skip
    match rule.statement:
        case tree.Convert() | tree.Add():
            then = say("such a record is in need of review", "这样的记录有待核实")
            hint += say("; what counts there all the same is said with otherwise …", "；仍计学时学分的，写“表中无则 …”")
        case tree.Cap():
            then = say("there it limits nothing", "此时不受此限额限制")
        case _:
            then = say("there nothing is required by it", "此时此规则不作要求")
    table = next((w for w in plan.vocabulary.words if w.kind == "table" and w.id == _table(rule).table), None)
    name = _table(rule).table if table is None else say(table.surface("en"), table.surface("zh"))
    message = say(f"the table {name} has no row for {values}: {then}", f"表“{name}”中没有 {values} 的行：{then}")
    reporter.on(rule, "PE358", message, None, hint, "warning")


def _table(rule: Asking) -> tree.Lookup:
    assert isinstance(rule.statement.figure, tree.Lookup)
    return rule.statement.figure


def _holes(figure: tree.Lookup, plan: Plan, open_ended: bool) -> Iterator[tree.Condition]:
    """What is in no row, whenever that is valid; nothing where the table is not asked with fields alone.

    ``open_ended``: not what lies before the first stretch or behind the last.
    """
    table = plan.tables[figure.table]
    fields = [a for a in figure.arguments if isinstance(a, tree.Field)]
    keys = table.columns_with("key")
    if len(fields) != len(keys) or not table.rows:
        return
    asked = dict(zip(keys, fields, strict=True))
    for column, field in asked.items():
        if table.columns[column].match == "range":
            yield from _between(table, column, asked, plan, open_ended)
        elif (decl := plan.vocabulary.fields.get(field.id)) is not None and decl.type == "term":
            named = {one for row in table.rows for one in _values(row[column])}
            terms = (w.id for w in plan.vocabulary.terms_of(field.id) if w.id not in named)
            yield from (tree.Compare(field, "=", tree.Term(t)) for t in terms)


def _between(
    table: Table, column: int, asked: dict[int, tree.Field], plan: Plan, open_ended: bool
) -> Iterator[tree.Condition]:
    """The numbers in none of the stretches of those rows that agree in their other keys."""
    exact = [k for k in asked if table.columns[k].match == "exact"]
    rows: dict[tuple[Cell, ...], list[Range]] = {}
    for row in table.rows:
        for values in product(*(_values(row[k]) for k in exact)):
            stretch = row[column]
            assert isinstance(stretch, tuple)
            rows.setdefault(values, []).append(stretch)  # type: ignore[arg-type]
    field, step = asked[column], _step(asked[column], plan)
    decl = plan.vocabulary.fields.get(field.id)
    least, most = (None, None) if decl is None or open_ended else (decl.minimum, decl.maximum)
    for values, stretches in rows.items():
        others = [tree.Compare(asked[k], "=", _literal(asked[k], v, plan)) for k, v in zip(exact, values, strict=True)]
        for first, last in _gaps(stretches, step, least, most):
            gap: tree.Condition = tree.InRange(field, tree.Value(first), tree.Value(last))
            gap = tree.Compare(field, "=", tree.Value(first)) if first == last else gap
            yield tree.And((*others, gap)) if others else gap


def _gaps(
    stretches: list[Range], step: Fraction, least: Fraction | None, most: Fraction | None
) -> Iterator[tuple[Fraction, Fraction]]:
    """The first and last number of what lies between stretches, from ``least`` to ``most`` where these are given."""
    ended = None if least is None else least - step  # the last number so far that is not between
    beyond = None if most is None else most + step
    for low, high in (*sorted(stretches, key=lambda s: (s[0] is not None, s[0] or 0)), (beyond, None)):
        if ended is not None and low is not None and low - ended > step:
            yield ended + step, low - step
        if high is None:
            return
        ended = high if ended is None else max(ended, high)


def _step(field: tree.Field, plan: Plan) -> Fraction:
    """The least difference of two values; of a quantity, in whichever unit, the greatest of these."""
    decl = plan.vocabulary.fields.get(field.id)
    if field.id == "quantity":
        return Fraction(1, 10 ** min((decimals for *_, decimals in plan.bounds.values()), default=0))
    return Fraction(1, 10**decl.decimals) if decl is not None else Fraction(1)


def _values(cell: Cell) -> tuple[Cell, ...]:
    """The values that a cell names, texts as a look-up compares them."""
    return tuple(canonical(v) if isinstance(v, str) else v for v in (cell if isinstance(cell, tuple) else (cell,)))


def _literal(field: tree.Field, value: Cell, plan: Plan) -> tree.Term | tree.Value:
    decl = plan.vocabulary.fields.get(field.id)
    return tree.Term(str(value)) if decl is not None and decl.type == "term" else tree.Value(value)  # type: ignore[arg-type]
