"""The figures of a written result compared with each other: what disagrees comes out, with its line and column.

Ledger rows add up to decisions, findings imply them, and every table has as many rows as the manifest says. The tables
stand in the order of persons and are read side by side, so that of a register of any size one person is held in memory.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from datetime import date
from fractions import Fraction
from heapq import merge
from itertools import groupby
from operator import itemgetter

from policyengine.diagnostics import Diagnostic, Span
from policyengine.engines.calendar import days_of, labelled
from policyengine.language.quantities import exact_text
from policyengine.light import dataclass
from policyengine.messages import many, say
from policyengine.progress import counted
from policyengine.tools.explain.case import own_facts
from policyengine.tools.result.read import Row, Written, of_decisions, of_records, year_start_of
from policyengine.tools.result.write import MANIFEST
from policyengine.trace import Decision, Finding, LedgerEntry

ZERO = Fraction(0)
TABLES = ("decisions", "findings", "missing", "ledger")


@dataclass
class Figures:
    """The tables of a result, compared with each other. Rows are numbered as the lines of a text file."""

    written: Written

    def disagreements(self) -> Iterator[Diagnostic]:
        in_order: dict[str, bool] = {}
        yield from self._counts(in_order)
        rules = {r["key"] for r in self.written.manifest["rules"]}
        recorded = 0
        for rows in self._people(in_order):
            recorded += len({row["record_id"] for _, row in rows["ledger"]})
            yield from self._person(rows, rules)
        if self.written.has("ledger") and recorded != (said := self.written.manifest["rows"]["records"]):
            yield self._manifest(
                say(
                    f"the ledger has {many(recorded, 'record')}, the manifest says {said}",
                    f"台账有 {recorded} 条记录，清单所记为 {said} 条",
                )
            )
        if self.written.has("ledger"):
            yield from self._shared()

    def _shared(self) -> Iterator[Diagnostic]:
        """Records in the ledger of two people: a record is one person's, and ids are unique within a result."""
        entry = self.written.manifest["tables"]["ledger"]
        rows = counted(self.written.owners(), entry["rows"], say("comparing the records", "核对各条记录"))
        first, record, owner = 0, None, ""
        for line, own, whose in rows:
            if own != record:
                first, record, owner = line, own, whose
            elif whose != owner:
                text = say(f"the row {first} has it as a record of somebody else", f"第 {first} 行记为另一人的记录")
                yield self._at("PE523", "ledger", line, "record_id", text)

    def _people(self, in_order: Mapping[str, bool]) -> Iterator[dict[str, list[tuple[int, Row]]]]:
        """One person after another: by table the rows, each with its line."""
        tables = [t for t in TABLES if self.written.has(t)]
        every = merge(*(self._lines(t, in_order[t]) for t in tables), key=itemgetter(0))
        total = sum(self.written.manifest["tables"][t]["rows"] for t in tables)
        told = counted(every, total, say("comparing the tables", "核对各表"))
        for _, lines in groupby(told, itemgetter(0)):
            rows: dict[str, list[tuple[int, Row]]] = {t: [] for t in TABLES}
            for _, table, line, row in lines:
                rows[table].append((line, row))
            yield rows

    def _lines(self, table: str, in_order: bool) -> Iterator[tuple[str, str, int, Row]]:
        return ((str(row["person_id"]), table, line, row) for line, row in self.written.lines(table, in_order))

    def _at(self, code: str, table: str, line: int, column: str, text: str) -> Diagnostic:
        """A disagreement in a row; the column is the number of the column, from 1."""
        entry = self.written.manifest["tables"][table]
        names = list(entry["columns"])
        place = names.index(column) + 1 if column in names else 0
        return Diagnostic(code, f"{column}: {text}", Span(str(self.written.folder / entry["file"]), line, place))

    # --- counts ------------------------------------------------------------------------------------------------------

    def _counts(self, in_order: dict[str, bool]) -> Iterator[Diagnostic]:
        """Rows in = records in the ledger + rejected rows, and every table has the rows that the manifest says.

        ``in_order``: filled in by table, whether the rows stand in the order of persons.
        """
        rows: Mapping[str, int] = self.written.manifest["rows"]
        if rows["in"] != rows["records"] + rows["rejected"]:
            yield self._manifest(
                say(
                    f"{many(rows['in'], 'row')} came in: {many(rows['records'], 'record')}, "
                    f"{rows['rejected']} rejected, not as many",
                    f"输入 {rows['in']} 行，但记录 {rows['records']} 条、退回 {rows['rejected']} 行",
                )
            )
        for name, entry in self.written.manifest["tables"].items():
            number, last, in_order[name] = 0, "", True
            column = "person_id" if "person_id" in entry["columns"] else entry["columns"][0]
            stage = f"{say('counting', '清点')} {entry['file']}"
            values = self.written.column(name, column)
            if name not in TABLES:  # nothing reads it below, where a cell that is none of ours would be told
                values = (row[column] for row in self.written.rows(name))
            for value in counted(values, entry["rows"], stage):
                number += 1
                in_order[name] &= last <= (who := str(value))
                last = who
            if number != entry["rows"]:
                yield self._manifest(
                    say(
                        f"{entry['file']} has {many(number, 'row')}, the manifest says {entry['rows']}",
                        f"{entry['file']} 有 {number} 行，清单所记为 {entry['rows']} 行",
                    )
                )

    def _manifest(self, text: str) -> Diagnostic:
        return Diagnostic("PE520", text, Span(str(self.written.folder / MANIFEST)))

    # --- one person --------------------------------------------------------------------------------------------------

    def _person(self, rows: Mapping[str, list[tuple[int, Row]]], rules: set[str]) -> Iterator[Diagnostic]:
        written = self.written
        missing = [row for _, row in rows["missing"]]
        of_them, of_rows = of_decisions(missing), of_records(missing)
        decisions = [(n, written.decision(r, of_them)) for n, r in rows["decisions"]]
        findings = [(n, written.finding(r)) for n, r in rows["findings"]]
        ledger = [(n, written.entry(r, of_rows)) for n, r in rows["ledger"]]
        by_decision: dict[tuple[str, str], list[tuple[int, Finding]]] = defaultdict(list)
        for line, f in findings:
            by_decision[f.period, f.policy].append((line, f))
        seen: set[tuple[str, str]] = set()
        for line, d in decisions:
            key = (d.period, d.policy)
            if key in seen:
                text = say("there are two decisions for this person and period", "同一人同一年度有两个结论")
                yield self._at("PE521", "decisions", line, "person_id", text)
            seen.add(key)
            yield from self._decision(line, d, [f for _, f in by_decision.get(key, ())])
        for key, of_it in by_decision.items():
            if key not in seen:
                text = say(
                    f"findings of {key[0]} under {key[1]} belong to no decision",
                    f"{key[0]} 的结论项（{key[1]}）没有对应的结论",
                )
                yield self._at("PE522", "findings", of_it[0][0], "person_id", text)
        for line, f in findings:
            yield from self._finding(line, f, rules)
        for line, e in ledger:
            yield from self._row(line, e, rules)
        if written.has("ledger"):
            yield from self._sums(decisions, [e for _, e in ledger if e.period is not None])

    # --- findings imply decisions ------------------------------------------------------------------------------------

    def _decision(self, line: int, d: Decision, findings: Sequence[Finding]) -> Iterator[Diagnostic]:
        if not d.policy:  # nobody's law: nothing to derive
            return
        outcomes = _implied(findings)
        if d.outcome not in outcomes:
            text = say(
                f"{d.outcome}, but the findings say {outcomes[0]}", f"为 {d.outcome}，但按结论项应为 {outcomes[0]}"
            )
            yield self._at("PE521", "decisions", line, "outcome", text)
        advisories = [f.rule for f in findings if f.advisory and f.status == "not_met"]
        if list(d.advisories) != advisories:
            shown = "; ".join(advisories) or say("none", "无")
            text = say(f"the findings give {shown}", f"按结论项应为 {shown}")
            yield self._at("PE521", "decisions", line, "advisories", text)
        days = self._days(d)  # requirements of other windows (several years, months from a date) are not shown
        for measure, total, required, short in _measured(d):
            of_it = [f for f in findings if f.measure == measure and f.comparison == ">=" and f.window == days]
            if not of_it:
                continue
            f = _shown(of_it, required, short)
            suffix = "total" if measure == "total" else measure
            own = {g.achieved - g.carried for g in of_it}  # a measure of this period may have another than its own
            found = total if _adrift(f, total) or (measure in d.measures and total in own) else f.achieved - f.carried
            for column, told, derived in (
                (suffix, total, found),
                (f"required_{suffix}", required, f.required),
                (f"shortfall_{suffix}", short, f.shortfall),
            )[: 1 if measure in d.measures else 3]:  # decisions tell of declared measures only how much there is
                if told != derived:
                    text = say(
                        f"{_figure(told)}, but the findings give {_figure(derived)}",
                        f"为 {_figure(told)}，但按结论项应为 {_figure(derived)}",
                    )
                    yield self._at("PE521", "decisions", line, column, text)

    def _days(self, d: Decision) -> tuple[date, date]:
        policy = self.written.policy(d.policy) or {"year_starts": "01-01"}
        return days_of(d.period, year_start_of(policy))

    def _rules(self, table: str, line: int, column: str, keys: Iterable[str], rules: set[str]) -> Iterator[Diagnostic]:
        """Keys that the manifest has no rule for."""
        for key in keys:
            if key not in rules:
                text = say(f"{key} is no rule of the manifest", f"清单中没有规则 {key}")
                yield self._at("PE523" if table == "ledger" else "PE522", table, line, column, text)

    def _finding(self, line: int, f: Finding, rules: set[str]) -> Iterator[Diagnostic]:
        """A finding's own figures: its status and its shortfall follow from what was required and achieved."""
        if f.measure == "policy":
            return
        yield from self._rules("findings", line, "rule", (f.rule,), rules)
        yield from self._rules("findings", line, "because", f.because, rules)
        if f.required is None:
            yield self._at("PE522", "findings", line, "required", say("it is empty", "为空"))
            return
        if f.comparison == ">=":
            needed = f.required_high
            met = needed is not None and f.achieved >= needed
            never = f.achieved_high is not None and f.achieved_high < f.required
            short = None if needed is None else max(ZERO, needed - f.achieved)
        else:
            met = f.achieved_high is not None and f.achieved_high <= f.required
            never = f.required_high is not None and f.achieved > f.required_high
            short = max(ZERO, f.achieved - f.required)
        if (f.status == "met" and not met) or (f.status == "not_met" and not never):
            text = say(
                f"{f.status}, but {_figure(f.achieved)} of {_figure(f.required)} were achieved",
                f"为 {f.status}，但应有 {_figure(f.required)}，实有 {_figure(f.achieved)}",
            )
            yield self._at("PE522", "findings", line, "status", text)
        short = ZERO if f.status == "met" else short
        if short is not None and f.shortfall != short:
            text = say(
                f"{_figure(f.shortfall)}, but the figures give {_figure(short)}",
                f"为 {_figure(f.shortfall)}，但按数字应为 {_figure(short)}",
            )
            yield self._at("PE522", "findings", line, "shortfall", text)
        if (f.achieved_high is not None and f.achieved > f.achieved_high) or f.carried > f.achieved:
            yield self._at("PE522", "findings", line, "achieved", say("its bounds cross", "上下限颠倒"))

    # --- ledger rows sum to findings ---------------------------------------------------------------------------------

    def _row(self, line: int, e: LedgerEntry, rules: set[str]) -> Iterator[Diagnostic]:
        if e.counted > e.converted or e.counted < 0:
            text = say(
                f"{_figure(e.counted)} of {_figure(e.converted)} can't count",
                f"不可能由 {_figure(e.converted)} 计入 {_figure(e.counted)}",
            )
            yield self._at("PE523", "ledger", line, "counted", text)
        if e.reason == "counted" and e.counted != e.converted:
            text = say(
                f"{_figure(e.counted)}, but nothing was cut of {_figure(e.converted)}",
                f"为 {_figure(e.counted)}，但 {_figure(e.converted)} 未经扣减",
            )
            yield self._at("PE523", "ledger", line, "counted", text)
        if e.reason in ("counted", "capped") and (e.reason == "capped") != bool(e.cap_rule):
            text = say(
                f"{e.reason}, but {e.cap_rule or 'no cap'} cut it",
                f"为 {e.reason}，但{f'经 {e.cap_rule} 扣减' if e.cap_rule else '没有扣减它的规则'}",
            )
            yield self._at("PE523", "ledger", line, "reason", text)
        if e.reason in ("rejected", "not_recognised", "no_conversion", "duplicate", "outside_period") and e.counted:
            text = say(f"a record that is {e.reason} counts nothing", f"{e.reason} 的记录不计")
            yield self._at("PE523", "ledger", line, "counted", text)
        for column in ("recognise_rule", "convert_rule", "assign_rule", "cap_rule"):
            yield from self._rules("ledger", line, column, filter(None, str(getattr(e, column)).split("+")), rules)

    def _sums(self, decisions: Iterable[tuple[int, Decision]], ledger: Sequence[LedgerEntry]) -> Iterator[Diagnostic]:
        """The counted hours of a period add up; where facts are missing, the rows' least is not more."""
        full = "subject" in self.written.manifest["tables"]["ledger"]["columns"]
        for line, d in decisions:
            years = _years(d.period)
            own = [e for e in ledger if e.period in years]
            open_ = any(e.counted_high != e.counted or e.missing for e in own)
            told = [("total", d.total, sum((e.counted for e in own), ZERO))]
            if not open_:
                cut = (e.converted - e.counted for e in own if e.cap_rule and e.reason != "duplicate")
                told.append(("capped_off", d.capped_off, sum(cut, ZERO)))
            if full:
                for subject, hours in d.by_subject.items():
                    told.append((subject, hours, sum((e.counted for e in own if e.subject == subject), ZERO)))
            for column, value, added in told:
                if value != added and not (open_ and added <= value):
                    text = say(
                        f"{_figure(value)}, but the ledger adds up to {_figure(added)}",
                        f"为 {_figure(value)}，但台账合计为 {_figure(added)}",
                    )
                    yield self._at("PE524", "decisions", line, column, text)


def _years(period: str) -> list[str]:
    first, last = labelled(period)
    return [str(y) for y in range(first, last + 1)]


def _implied(findings: Sequence[Finding]) -> tuple[str, ...]:
    """The outcomes that these findings allow: one, but that what is open may be excused either way."""
    if any(f.measure == "policy" for f in findings):
        return ("undetermined",)
    statuses = {f.status for f in findings if not f.advisory}
    if "not_met" in statuses:
        return ("not_met",)
    for status in ("undetermined", "in_progress"):
        if status in statuses:
            return (status, "excused") if "excused" in statuses else (status,)
    return ("excused",) if "excused" in statuses else ("met",)


def _shown(of_it: Iterable[Finding], required: Fraction | None, short: Fraction | None) -> Finding:
    """The finding whose figures a decision must show: the strictest firm one. One that lacks a fact of the person may
    have another window than the period's, and gives way to the next that is shown."""
    ranked = sorted(of_it, key=lambda f: (not f.advisory, f.required or ZERO), reverse=True)
    for f in ranked:
        if f.advisory != ranked[0].advisory:
            break
        if (f.required, f.shortfall) == (required, short):
            return f
        if not own_facts(f.missing):
            break
    return ranked[0]


def _adrift(f: Finding, hours: Fraction) -> bool:
    """Whether the days of the finding may be others, for want of a person's fact, and it allows these hours in them."""
    high = f.achieved_high
    return bool(own_facts(f.missing)) and f.achieved - f.carried <= hours and (high is None or hours <= high)


def _measured(d: Decision) -> Iterator[tuple[str, Fraction, Fraction | None, Fraction | None]]:
    yield "total", d.total, d.required_total, d.shortfall_total
    for subject, hours in d.by_subject.items():
        yield subject, hours, d.required_by_subject.get(subject), d.shortfall_by_subject.get(subject)
    for measure, hours in d.measures.items():
        yield measure, hours, None, None


def _figure(value: Fraction | None) -> str:
    return say("nothing", "空") if value is None else exact_text(value)
