"""A written result re-checked: a folder (and the input files, if given) goes in, every disagreement found comes out.

Bytes against the manifest's digests; ledger rows against findings, findings against decisions, counts against rows.
Each disagreement is a diagnostic with its file, line and column, so that a changed digit can be found.
"""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from datetime import date
from fractions import Fraction
from pathlib import Path
from typing import TYPE_CHECKING, Any

from policyengine.diagnostics import Diagnostic, PolicyError, Span, failed
from policyengine.engines.calendar import days_of, labelled
from policyengine.language.quantities import exact_text
from policyengine.light import dataclass
from policyengine.messages import many, say
from policyengine.progress import counted
from policyengine.tools.explain.case import own_facts
from policyengine.tools.result.formats import first_line
from policyengine.tools.result.read import Written, read_result, sealed, year_start_of
from policyengine.tools.result.undisturbed import undisturbed
from policyengine.tools.result.write import BY_ITSELF, MANIFEST, SIGNATURE, digest
from policyengine.trace import Decision, Finding, LedgerEntry

if TYPE_CHECKING:
    from policyengine.records.files import Source

MOST = 100  # disagreements of one kind that are told one by one
ZERO = Fraction(0)


def verify(folder: str | Path, records: Sequence[str] = (), key: str | Path | None = None) -> list[Diagnostic]:
    """Everything that disagrees in the result in ``folder``; nothing where it is sound.

    ``records``: input files whose digests are compared with those of the manifest. ``PolicyError`` where there is
    no result (PE501), no such folder or file, or a part that reading it needs is not installed (PE908), and where
    another run replaced the result meanwhile (PE400). ``key``: the public key of whoever must have signed it.
    """
    with undisturbed([folder]) as unchanged:
        if found := _found(folder, records, key):
            unchanged()
        return found


def _found(folder: str | Path, records: Sequence[str], key: str | Path | None) -> list[Diagnostic]:
    try:
        written = read_result(folder)
    except PolicyError as e:
        if e.diagnostics[0].code in ("PE501", "PE902"):
            raise
        return list(e.diagnostics)
    return _bounded(_disagreements(written, _sources(records), key))


def _disagreements(written: Written, files: Sequence[Source], key: str | Path | None) -> Iterator[Diagnostic]:
    """All of them, as they are found: in a large result that was changed there are more than memory should hold."""
    if key is not None or (written.folder / SIGNATURE).exists():
        from policyengine.tools.result.sign import check_signature

        yield from check_signature(written.folder, key)
    try:
        for check in (_seal(written), _bytes(written), _inputs(written, files), _Trace(written).disagreements()):
            yield from check
    except PolicyError as e:
        if e.diagnostics[0].code == "PE908":  # it could not be looked at, which is no disagreement
            raise
        yield from e.diagnostics
    except (KeyError, TypeError, ValueError, AttributeError, IndexError) as e:
        path = written.folder / MANIFEST
        text = say(f"the manifest was changed: {e!r} is not as we write it", f"清单已被改动：{e!r} 与写出时不同")
        yield Diagnostic("PE502", text, Span(str(path)))


def changed(written: Written) -> list[Diagnostic]:
    """What is no longer as it was written: the manifest, or, where that keeps its seal, tables."""
    return list(_seal(written)) or [d for d in _bytes(written) if d.severity == "error"]


def _bounded(found: Iterable[Diagnostic]) -> list[Diagnostic]:
    """At most ``MOST`` of each code, and a note that says how many more there are."""
    kept: list[Diagnostic] = []
    counts: Counter[str] = Counter()
    for d in found:
        counts[d.code] += 1
        if counts[d.code] <= MOST:
            kept.append(d)
    for code, count in counts.items():
        if count > MOST:
            more = count - MOST
            kept.append(
                Diagnostic(
                    code, say(f"and {more} more of this kind", f"另有 {more} 处同类问题"), severity="note"
                )
            )  # fmt: skip
    return kept


# --- bytes ---------------------------------------------------------------------------------------------------------


def _seal(written: Written) -> Iterator[Diagnostic]:
    if not sealed(written):
        text = say("the manifest was changed after it was written", "清单写出后被改动")
        hint = say(
            "what it says of packs, rules and files can't be relied on", "其中关于政策包、规则和文件的说明不可信"
        )
        yield Diagnostic("PE502", text, Span(str(written.folder / MANIFEST)), hint)


def _bytes(written: Written) -> Iterator[Diagnostic]:
    """Tables whose bytes are no longer those that were written, and files that are missing or don't belong."""
    listed = {MANIFEST, SIGNATURE}
    for name, entry in written.manifest["tables"].items():
        path = written.folder / str(entry["file"])
        listed.add(path.name)
        if not path.is_file():
            text = say(f"the table {name} is missing", f"缺少 {name} 表")
            yield Diagnostic("PE503", text, Span(str(path)))
        elif digest(path) != entry["sha256"]:
            text = say(
                f"the table {name} was changed after it was written: its digest is not that of the manifest",
                f"{name} 表写出后被改动：摘要与清单不符",
            )
            yield Diagnostic("PE510", text, Span(str(path)))
    for path in sorted(written.folder.iterdir()):
        if path.name not in listed | BY_ITSELF:
            text = say("this file is not part of the result", "此文件不属于该结果")
            yield Diagnostic("PE511", text, Span(str(path)), severity="warning")


def _sources(records: Sequence[str]) -> list[Source]:
    """The files that the arguments name. Raises ``PolicyError`` where they name none."""
    from policyengine.records.files import find_files

    files, said = find_files(records) if records else ([], [])
    if failed(said):
        raise PolicyError(said)
    return files


def _inputs(written: Written, files: Sequence[Source]) -> Iterator[Diagnostic]:
    """Input files whose content is not what was evaluated."""
    known = {str(entry["sha256"]) for entry in written.manifest["inputs"]}
    for file in files:
        if digest(file.path) not in known:
            text = say("this is not a file that the result was made from", "该结果并非依据此文件得出")
            yield Diagnostic("PE512", text, Span(file.shown))


# --- figures -------------------------------------------------------------------------------------------------------


@dataclass
class _Trace:
    """The tables of a result, compared with each other. Rows are numbered as the lines of a text file."""

    written: Written

    def disagreements(self) -> Iterator[Diagnostic]:
        decisions = list(self._numbered("decisions", self.written.decisions()))
        findings = list(self._numbered("findings", self.written.findings()))
        yield from self._counts()
        yield from self._repeated(decisions)
        by_decision: dict[tuple[str, str, str], list[tuple[int, Finding]]] = defaultdict(list)
        for line, f in findings:
            by_decision[f.person_id, f.period, f.policy].append((line, f))
        for line, d in counted(decisions, len(decisions), say("comparing decisions with findings", "核对结论与结论项")):
            own = by_decision.pop((d.person_id, d.period, d.policy), [])
            yield from self._decision(line, d, [f for _, f in own])
        for (_, period, policy), rest in by_decision.items():
            text = say(
                f"findings of {period} under {policy} belong to no decision",
                f"{period} 的结论项（{policy}）没有对应的结论",
            )
            yield self._at("PE522", "findings", rest[0][0], "person_id", text)
        rules = {r["key"] for r in self.written.manifest["rules"]}
        for line, f in counted(findings, len(findings), say("checking findings", "核对结论项")):
            yield from self._finding(line, f, rules)
        if self.written.has("ledger"):
            yield from self._ledger(self._numbered("ledger", self.written.ledger()), decisions, rules)

    def _numbered(self, table: str, rows: Iterable[Any]) -> Iterator[tuple[int, Any]]:
        first = first_line(Path(self.written.manifest["tables"][table]["file"]).suffix[1:])
        return enumerate(self._read(table, rows, say("checking", "核对")), first)

    def _read(self, table: str, rows: Iterable[Any], doing: str) -> Iterator[Any]:
        """The rows, with how many of them have been read; ``doing``: what is done to them."""
        entry = self.written.manifest["tables"][table]
        return counted(rows, entry.get("rows"), f"{doing} {entry['file']}")

    def _at(self, code: str, table: str, line: int, column: str, text: str) -> Diagnostic:
        """A disagreement in a row; the column is the number of the column, from 1."""
        entry = self.written.manifest["tables"][table]
        names = list(entry["columns"])
        place = names.index(column) + 1 if column in names else 0
        return Diagnostic(code, f"{column}: {text}", Span(str(self.written.folder / entry["file"]), line, place))

    # --- counts ------------------------------------------------------------------------------------------------------

    def _counts(self) -> Iterator[Diagnostic]:
        """Rows in = records in the ledger + rejected rows, and every table has the rows that the manifest says."""
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
            found: Counter[str] = Counter()
            number = 0
            for row in self._read(name, self.written.rows(name), say("counting", "清点")):
                number += 1
                if name == "ledger":
                    found[str(row["record_id"])] += 1
                elif name == "rejects":
                    found[f"{row['file']}\0{row['sheet']}\0{row['row']}"] += 1
            if number != entry["rows"]:
                yield self._manifest(
                    say(
                        f"{entry['file']} has {many(number, 'row')}, the manifest says {entry['rows']}",
                        f"{entry['file']} 有 {number} 行，清单所记为 {entry['rows']} 行",
                    )
                )
            if name == "ledger" and len(found) != rows["records"]:
                yield self._manifest(
                    say(
                        f"the ledger has {many(len(found), 'record')}, the manifest says {rows['records']}",
                        f"台账有 {len(found)} 条记录，清单所记为 {rows['records']} 条",
                    )
                )

    def _manifest(self, text: str) -> Diagnostic:
        return Diagnostic("PE520", text, Span(str(self.written.folder / MANIFEST)))

    def _repeated(self, decisions: Sequence[tuple[int, Decision]]) -> Iterator[Diagnostic]:
        seen: set[tuple[str, str, str]] = set()
        for line, d in decisions:
            key = (d.person_id, d.period, d.policy)
            if key in seen:
                text = say("there are two decisions for this person and period", "同一人同一年度有两个结论")
                yield self._at("PE521", "decisions", line, "person_id", text)
            seen.add(key)

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

    def _ledger(
        self,
        ledger: Iterable[tuple[int, LedgerEntry]],
        decisions: Sequence[tuple[int, Decision]],
        rules: set[str],
    ) -> Iterator[Diagnostic]:
        total: dict[tuple[str, str], Fraction] = defaultdict(Fraction)
        cut: dict[tuple[str, str], Fraction] = defaultdict(Fraction)
        subjects: dict[tuple[str, str, str], Fraction] = defaultdict(Fraction)
        doubtful: set[tuple[str, str]] = set()
        full = "subject" in self.written.manifest["tables"]["ledger"]["columns"]
        for line, e in ledger:
            yield from self._row(line, e, rules)
            if e.period is None:
                continue
            key = (e.person_id, e.period)
            total[key] += e.counted
            subjects[e.person_id, e.period, e.subject or ""] += e.counted
            if e.cap_rule and e.reason != "duplicate":
                cut[key] += e.converted - e.counted
            if e.counted_high != e.counted or e.missing:
                doubtful.add(key)
        for line, d in counted(decisions, len(decisions), say("adding up the ledger", "汇总台账")):
            yield from self._sums(line, d, total, cut, subjects if full else None, doubtful)

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

    def _sums(
        self,
        line: int,
        d: Decision,
        total: Mapping[tuple[str, str], Fraction],
        cut: Mapping[tuple[str, str], Fraction],
        subjects: Mapping[tuple[str, str, str], Fraction] | None,
        doubtful: set[tuple[str, str]],
    ) -> Iterator[Diagnostic]:
        """The counted hours of a person and period add up; where facts are missing, the rows' least is not more."""
        years = _years(d.period)
        open_ = any((d.person_id, y) in doubtful for y in years)
        told = [("total", d.total, sum((total.get((d.person_id, y), ZERO) for y in years), ZERO))]
        if not open_:
            told.append(("capped_off", d.capped_off, sum((cut.get((d.person_id, y), ZERO) for y in years), ZERO)))
        if subjects is not None:
            for subject, hours in d.by_subject.items():
                told.append((subject, hours, sum((subjects.get((d.person_id, y, subject), ZERO) for y in years), ZERO)))
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
