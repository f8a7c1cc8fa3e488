"""A written result read back: a folder goes in, the rows of its tables come out as the words of the trace.

A manifest that doesn't keep its own seal, or a table that isn't there, is a ``PolicyError``; whether the figures agree
with each other is for ``verify.py`` to say.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from datetime import date
from fractions import Fraction
from functools import cached_property
from pathlib import Path
from typing import Any

from policyengine.diagnostics import Diagnostic, PolicyError, Span
from policyengine.engines.calendar import block_before, block_of, days_of, is_label, label, labelled, period_bounds
from policyengine.light import dataclass
from policyengine.messages import say
from policyengine.tools.explain.case import RuleNote, labels_together, note_of_manifest
from policyengine.tools.result.formats import first_line, read_rows, sorted_rows
from policyengine.tools.result.manifest_shape import first_fault
from policyengine.tools.result.tables import (
    EITHER,
    FINDINGS,
    FLAGS,
    LEDGER,
    MISSING,
    REJECTS,
    Column,
    Value,
    parted,
)
from policyengine.tools.result.write import FORM, MANIFEST, MARK, files_of_result
from policyengine.tools.working import working
from policyengine.trace import Decision, Finding, FlagEntry, LedgerEntry

Row = Mapping[str, Value]
Unsettled = Mapping[tuple[str, ...], Mapping[str, Any]]
"""Rows of ``missing``, by what they are about: person, period and policy, or record and period."""
_TEXT_OF_DECISIONS = ("person_id", "period", "policy", "outcome", "advisories", "consequences")


@dataclass(frozen=True)
class Written:
    """A result in a folder. Tables are read when asked for, for everybody or for one person."""

    folder: Path
    manifest: Mapping[str, Any]

    def has(self, table: str) -> bool:
        return table in self.manifest["tables"]

    @property
    def unlisted(self) -> bool:
        """Whether of some decisions no activities are known: ``--ledger none``."""
        return not self.has("ledger")

    @property
    def decided(self) -> int:
        """How many decisions there are."""
        return int(self.manifest["tables"]["decisions"]["rows"])

    def columns(self, table: str) -> list[Column]:
        """The columns that a table has, by what the manifest says of it."""
        known = {c.name: c for c in {"findings": FINDINGS, "ledger": LEDGER, "rejects": REJECTS, "flags": FLAGS,
                                     "missing": MISSING}.get(table, ())}  # fmt: skip
        names = self.manifest["tables"][table]["columns"]
        other = "figure" if table == "decisions" else "text"
        return [known.get(n) or Column(n, "text" if n in _TEXT_OF_DECISIONS else other) for n in names]

    def rows(self, table: str, person: str | None = None) -> Iterator[Row]:
        """Rows of a table, of one person where ``person`` is given."""
        return self._rows(table, self.columns(table), {"person_id": person} if person is not None else {})

    def column(self, table: str, name: str) -> Iterator[Value]:
        """What stands in one column."""
        return (row[name] for row in self._rows(table, [c for c in self.columns(table) if c.name == name], {}))

    def _rows(self, table: str, columns: Iterable[Column], where: Mapping[str, str]) -> Iterator[Row]:
        path = self.path(table)
        with self._readable(path):
            yield from read_rows(path, path.suffix[1:], columns, where)

    def lines(self, table: str, in_order: bool) -> Iterator[tuple[int, Row]]:
        """The rows in the order of persons, each with the line where it stands; ``in_order``: they stand so."""
        if in_order:
            yield from enumerate(self.rows(table), first_line(self.path(table).suffix[1:]))
        else:
            yield from self._sorted(table, self.columns(table), "person_id")

    def owners(self) -> Iterator[tuple[int, str, str]]:
        """The rows of the ledger in the order of records: its line, the record and the person."""
        columns = [c for c in self.columns("ledger") if c.name in ("record_id", "person_id")]
        for line, row in self._sorted("ledger", columns, "record_id"):
            yield line, _text(row, "record_id"), _text(row, "person_id")

    def _sorted(self, table: str, columns: Sequence[Column], by: str) -> Iterator[tuple[int, Row]]:
        path = self.path(table)
        with self._readable(path), working() as (connection, folder):
            for place, row in sorted_rows(connection, folder, path, columns, by):
                yield first_line(path.suffix[1:]) + place, row

    def path(self, table: str) -> Path:
        """The file of a table."""
        return self.folder / str(self.manifest["tables"][table]["file"])

    @contextmanager
    def _readable(self, path: Path) -> Iterator[None]:
        """PE503 where a table is missing or no longer one."""
        try:
            yield
        except FileNotFoundError:
            raise _unusable(path, say("this table of the result is missing", "结果中缺少此表")) from None
        except UnicodeDecodeError:
            raise _unusable(
                path, say("this table was changed: it is not UTF-8", "此表已被改动：不是 UTF-8 编码")
            ) from None
        except (ValueError, KeyError, TypeError, ArithmeticError) as e:
            raise _unusable(path, say(f"this table was changed: {e}", f"此表已被改动：{e}")) from None

    def policy(self, name: str) -> Mapping[str, Any] | None:
        return next((p for p in self.manifest["policies"] if p["id"] == name), None)

    @cached_property
    def labels(self) -> dict[str, dict[str, Any]]:
        """The labels of each policy's words, with the terms of all (``labels_together``)."""
        policies = self.manifest["policies"]
        together = labels_together(p["labels"] for p in policies)
        return {str(p["id"]): known for p, known in zip(policies, together, strict=True)}

    @cached_property
    def notes(self) -> dict[str, RuleNote]:
        """The rule versions by key, made once: everybody's case refers to them."""
        return {r["key"]: note_of_manifest(r) for r in self.manifest["rules"]}

    @property
    def as_of(self) -> date | None:
        given = self.manifest["options"]["as_of"]
        return date.fromisoformat(given) if given else None

    @property
    def asked(self) -> tuple[int, int] | None:
        """The periods that were asked for; None: every one with a record."""
        given = self.manifest["options"]["period"]
        return labelled(given) if given else None

    # --- rows as words of the trace ---------------------------------------------------------------------------------

    def decisions(self, person: str | None = None) -> Iterator[Decision]:
        open_ = of_decisions(self.rows("missing", person))
        for row in self.rows("decisions", person):
            yield self.decision(row, open_)

    def _period(self, table: str, row: Row) -> str:
        """The period of a row, if it is ours: ``2016``, ``2016..2020``, or none in the ledger."""
        period = _text(row, "period")
        if not is_label(period) and (period or table != "ledger"):
            text = say(f"this table was changed: {period!r} is no period", f"此表已被改动：“{period}”不是年度")
            raise _unusable(self.folder / self.manifest["tables"][table]["file"], text)
        return period

    def decision(self, row: Row, open_: Unsettled) -> Decision:
        """A row of ``decisions``; ``open_``: see ``of_decisions``."""
        unsettled = open_.get(_of_decision(row))
        period = self._period("decisions", row)
        policy = self.policy(_text(row, "policy")) or {"unit": "hours", "labels": {"terms": {}}, "year_starts": "01-01"}
        subjects = [s for s in self.subjects() if row.get(s) is not None]
        consequences = parted(_text(row, "consequences"))
        days_left, start = None, year_start_of(policy)
        if row["outcome"] == "in_progress" and self.as_of is not None:
            days_left = (_last_year(row, start)[1] - self.as_of).days
        return Decision(
            person_id=_text(row, "person_id"),
            period=period,
            policy=_text(row, "policy"),
            outcome=_text(row, "outcome"),
            unit=policy["unit"],
            total=_figure(row, "total"),
            total_high=_high(unsettled, row, "total", "counted_high"),
            by_subject={s: _figure(row, s) for s in subjects},
            required_total=_maybe(row, "required_total"),
            shortfall_total=_maybe(row, "shortfall_total"),
            required_by_subject=self._by_subject(row, "required"),
            shortfall_by_subject=self._by_subject(row, "shortfall"),
            capped_off=_figure(row, "capped_off"),
            advisories=parted(_text(row, "advisories")),
            consequences=consequences,
            consequence_rules=self._rules_of(consequences, row, _last_year(row, start)),
            possible=parted(_text(unsettled, "possible_consequences")) if unsettled else (),
            measures={m: _figure(row, m) for m in self.measures() if row.get(m) is not None},
            days_left=days_left,
            missing=parted(_text(unsettled, "missing")) if unsettled else (),
        )

    def subjects(self) -> list[str]:
        """The subject columns of ``decisions``."""
        return subjects_of(self.manifest)

    def measures(self) -> list[str]:
        """The declared measures, each a column of ``decisions``."""
        names = self.manifest["tables"]["decisions"]["columns"]
        return list(names[names.index("consequences") + 1 :])

    def _by_subject(self, row: Row, what: str) -> dict[str, Fraction]:
        found = {s: _maybe(row, f"{what}_{s}") for s in self.subjects() if f"{what}_{s}" in row}
        return {s: v for s, v in found.items() if v is not None}

    def _rules_of(self, consequences: tuple[str, ...], row: Row, days: tuple[date, date]) -> tuple[str, ...]:
        """The rule versions behind consequences. Tables don't hold them: where fewer of a name follow than rules
        conclude it, all that may be meant, joined by ``EITHER``."""
        known = {name: list(self._concluding(name, _text(row, "policy"), days)) for name in consequences}
        as_many = {name: len(keys) == consequences.count(name) for name, keys in known.items()}
        return tuple(known[n].pop(0) if as_many[n] else EITHER.join(known[n]) for n in consequences)

    def _concluding(self, name: str, policy: str, days: tuple[date, date]) -> tuple[str, ...]:
        """The rules in force on all ``days`` that conclude ``name``, in the order of their keys.

        Looked up once: where every city has a pack, hundreds of rules stand behind each of a million decisions.
        """
        asked = (name, policy, days)
        if asked not in self._concluded:
            self._concluded[asked] = tuple(self._that_conclude(name, policy, days))
        return self._concluded[asked]

    @cached_property
    def _concluded(self) -> dict[tuple[str, str, tuple[date, date]], tuple[str, ...]]:
        return {}

    def _that_conclude(self, name: str, policy: str, days: tuple[date, date]) -> list[str]:
        own = [r for r in self.manifest["rules"] if policy in r["policies"]]
        for fits in (_covers, _touches):  # a pack whose years begin otherwise than the policy's may only touch them
            rules = _standing(r for r in own if fits(r, days))
            if keys := [r["key"] for r in rules if (r["kind"], r["name"]) == ("conclude", name)]:
                return sorted(keys)
        return []

    def drops(self, decision: Decision) -> tuple[tuple[str, str], ...]:
        """The drops in force in a decision's period, each with what it drops."""
        policy = self.policy(decision.policy)
        if policy is None:
            return ()
        days = days_of(decision.period, year_start_of(policy))
        own = [r for r in self.manifest["rules"] if decision.policy in r["policies"] and _touches(r, days)]
        return tuple((r["key"], r["drops"][0]) for r in own if r.get("drops"))

    def kept_caps(self) -> dict[str, tuple[str, ...]]:
        """By cap, the keys of the base caps that hold with it: the least of their figures cuts."""
        own = (r for r in self.manifest["rules"] if r["kind"] == "cap" and r.get("stricter_governs"))
        return {r["key"]: tuple(r["overrides"]) for r in own}

    def blocks(self, decision: Decision) -> tuple[tuple[str, str], ...]:
        """The blocks that a decision's year lies in, each with the keys of what is required of it."""
        policy, (year, last) = self.policy(decision.policy), labelled(decision.period)
        if policy is None or year != last:
            return ()
        own = [r for r in self.manifest["rules"] if decision.policy in r["policies"]]
        asked: dict[str, list[str]] = {}
        for count, starting in sorted({tuple(r["block"]) for r in own if r.get("block")}):
            first = block_of(year, count, starting)
            days = period_bounds(first + count - 1, year_start_of(policy))
            rules = [r for r in _standing(r for r in own if _covers(r, days)) if r.get("block") == [count, starting]]
            if first >= starting and rules:
                asked.setdefault(label(first, count), []).extend(sorted(r["key"] for r in rules))
        return tuple((block, "+".join(keys)) for block, keys in asked.items())

    def block_before(self, decision: Decision, name: str, ago: int) -> str | None:
        """The block of years by which a requirement was decided so many blocks before a decision's."""
        policy, (first, last) = self.policy(decision.policy), labelled(decision.period)
        if policy is None:
            return None
        own = [r for r in self.manifest["rules"] if decision.policy in r["policies"] and r.get("block")]
        named = [r for r in own if name in self.names_of(r["key"])]

        def in_force(year: int) -> Iterator[tuple[int, int]]:
            days = period_bounds(year, year_start_of(policy))
            yield from (tuple(r["block"]) for r in _standing(r for r in named if _covers(r, days)))

        block = block_before(first, last - first + 1, ago, in_force)
        return None if block is None else label(*block)

    def may_follow(self, decision: Decision) -> dict[str, tuple[str, ...]]:
        """For each consequence that is only possible, the rules that conclude it; those of others where the decision's
        policy has none, since it is open which one governs."""
        policy = self.policy(decision.policy)
        if policy is None:
            return {}
        row: Row = {"policy": decision.policy, "period": decision.period}
        days = _last_year(row, year_start_of(policy))
        others = [p["id"] for p in self.manifest["policies"]]
        found = {name: self._concluding(name, decision.policy, days) for name in decision.possible}
        every = {n: (k for p in others for k in self._concluding(n, p, days)) for n, keys in found.items() if not keys}
        return found | {name: tuple(dict.fromkeys(keys)) for name, keys in every.items()}

    def rests_on(self, findings: Iterable[Finding]) -> dict[str, tuple[str, ...]]:
        """By conclusion the rules of those findings whose requirements it names."""
        names = {f.rule: self.names_of(f.rule) for f in findings}
        asking = [r for r in self.manifest["rules"] if r.get("asks")]
        return {r["key"]: tuple(key for key, own in names.items() if not own.isdisjoint(r["asks"])) for r in asking}

    def names_of(self, rule: str) -> set[str]:
        """The names by which conclusions may ask for a requirement: its own, and those of what it overrides."""
        return {key.partition("@")[0] for key in (rule, *self._overridden.get(rule, ()))}

    @cached_property
    def _overridden(self) -> dict[str, list[str]]:
        return {r["key"]: r.get("overrides", []) for r in self.manifest["rules"]}

    def findings(self, person: str | None = None) -> Iterator[Finding]:
        return map(self.finding, self.rows("findings", person))

    def finding(self, row: Row) -> Finding:
        """A row of ``findings``."""
        values: dict[str, Any] = {c.name: row[c.name] for c in FINDINGS}
        window = (values.pop("window_start"), values.pop("window_end"))
        values.update({k: _text(row, k) for k in ("circumstance", "rule", "policy", "unit")})
        values.update({k: parted(_text(row, k)) for k in ("because", "missing")})
        values["period"] = self._period("findings", row)
        return Finding(**values, window=window)

    def ledger(self, person: str | None = None) -> Iterator[LedgerEntry]:
        """Ledger rows, none where the result has no ledger."""
        if not self.has("ledger"):
            return
        open_ = of_records(self.rows("missing", person))
        for row in self.rows("ledger", person):
            yield self.entry(row, open_)

    def entry(self, row: Row, open_: Unsettled) -> LedgerEntry:
        """A row of ``ledger``, in a lean one without form, subject, quantity and unit; ``open_``: see
        ``of_records``."""
        unsettled = open_.get(_of_record(row))
        return LedgerEntry(
            record_id=_text(row, "record_id"),
            person_id=_text(row, "person_id"),
            period=self._period("ledger", row) or None,
            form=_text(row, "form") or None,
            subject=_text(row, "subject") or None,
            quantity=_maybe(row, "quantity"),
            unit=_text(row, "unit") or None,
            converted=_figure(row, "converted"),
            converted_high=_high(unsettled, row, "converted", "converted_high"),
            counted=_figure(row, "counted"),
            counted_high=_high(unsettled, row, "counted", "counted_high"),
            recognise_rule=_text(row, "recognise_rule"),
            convert_rule=_text(row, "convert_rule"),
            assign_rule=_text(row, "assign_rule"),
            cap_rule=_text(row, "cap_rule"),
            reason=_text(row, "reason"),
            missing=parted(_text(unsettled, "missing")) if unsettled else (),
        )

    def flags(self, person: str | None = None) -> Iterator[FlagEntry]:
        for row in self.rows("flags", person):
            values: dict[str, Any] = {c.name: row[c.name] for c in FLAGS}
            values.update({k: _text(row, k) for k in ("text", "rule")})
            yield FlagEntry(**{**values, "missing": parted(_text(row, "missing"))})


def of_decisions(missing: Iterable[Row]) -> Unsettled:
    """The rows of ``missing`` that are about decisions."""
    return {_of_decision(m): m for m in missing if not m["record_id"]}


def of_records(missing: Iterable[Row]) -> Unsettled:
    """The rows of ``missing`` that are about records."""
    return {_of_record(m): m for m in missing if m["record_id"]}


def _of_decision(row: Row) -> tuple[str, ...]:
    return _text(row, "person_id"), _text(row, "period"), _text(row, "policy")


def _of_record(row: Row) -> tuple[str, ...]:
    return _text(row, "record_id"), _text(row, "period")


def year_start_of(policy: Mapping[str, Any]) -> tuple[int, int]:
    """Month and day on which the years of a manifest's policy begin."""
    month, day = policy["year_starts"].split("-")
    return int(month), int(day)


def _last_year(row: Row, year_start: tuple[int, int]) -> tuple[date, date]:
    """First and last day of the year that a decision is about, or with which its block of years ends."""
    return period_bounds(labelled(_text(row, "period"))[1], year_start)


def _standing(rules: Iterable[Mapping[str, Any]]) -> list[Mapping[str, Any]]:
    """Those that none of them overrides or drops."""
    rules = list(rules)
    gone = {key for r in rules for key in (*r.get("overrides", ()), *r.get("drops", ()))}
    return [r for r in rules if r["key"] not in gone]


def _covers(rule: Mapping[str, Any], days: tuple[date, date]) -> bool:
    return _from_until(rule, *days)


def _touches(rule: Mapping[str, Any], days: tuple[date, date]) -> bool:
    return _from_until(rule, days[1], days[0])


def _from_until(rule: Mapping[str, Any], start: date, until: date) -> bool:
    """Whether a rule is in force from ``start`` or before, until ``until`` or after."""
    return (rule["from"] or "") <= start.isoformat() and (rule["until"] or "9999-12-31") >= until.isoformat()


def subjects_of(manifest: Mapping[str, Any]) -> list[str]:
    """The subject columns of a result's ``decisions``; declared measures come after the consequences."""
    names = manifest["tables"]["decisions"]["columns"]
    return list(names[names.index("total") + 1 : names.index("required_total")])


def _text(row: Row, name: str) -> str:
    value = row.get(name)
    return "" if value is None else str(value)


def _maybe(row: Row, name: str) -> Fraction | None:
    value = row.get(name)
    return value if type(value) is Fraction else None


def _figure(row: Row, name: str) -> Fraction:
    value = _maybe(row, name)
    if value is None:
        raise ValueError(say(f"{name} is empty", f"{name} 为空"))
    return value


def _high(unsettled: Row | None, row: Row, low: str, high: str) -> Fraction | None:
    return _figure(row, low) if unsettled is None else _maybe(unsettled, high)


def read_result(folder: str | Path) -> Written:
    """The result in ``folder``.

    ``PolicyError`` PE902 where there is no folder, PE501 where no result is in it, or one of a later form, PE502 where
    its manifest is damaged.
    """
    folder = Path(folder)
    path = folder / MANIFEST
    try:
        manifest = json.loads(path.read_bytes())
    except (FileNotFoundError, NotADirectoryError):
        if not folder.exists():
            from policyengine.records.files import near_path

            text = say("there is no such file or folder", "没有这个文件或文件夹")
            raise PolicyError([Diagnostic("PE902", text, Span(str(folder)), near_path(folder))]) from None
        text = say(
            "this is not a result of policyengine: it has no manifest.json", "这不是评定结果：缺少 manifest.json"
        )
        hint = say("name the folder that evaluate --out wrote", "请指定 evaluate --out 写出的文件夹")
        if folder.name in files_of_result(folder.parent):
            text = say("this is a file of a result, not its folder", "这是评定结果中的文件，不是其文件夹")
            hint = say(f"name the folder, {folder.parent}", f"请指定其文件夹 {folder.parent}")
        raise PolicyError([Diagnostic("PE501", text, Span(str(folder)), hint)]) from None
    except (ValueError, RecursionError) as e:
        raise damaged(path, _no_json(e)) from None
    if not isinstance(manifest, dict) or MARK not in manifest:
        raise damaged(path, say("it is not one of ours", "不是本程序所写"))
    if isinstance(form := manifest[MARK], int) and form > FORM:
        text = say(f"this result has form {form}, which a later version of the program writes; this one reads {FORM}",
                   f"该结果为格式 {form}，由较新版本的程序写出；本版本只能读取格式 {FORM}")  # fmt: skip
        hint = say("use that version, or evaluate again with this one", "请使用该版本，或用本版本重新评定")
        raise PolicyError([Diagnostic("PE501", text, Span(str(path)), hint)])
    if (place := first_fault(manifest)) is not None:
        raise damaged(path, say(f"{place} is missing, or not as we write it", f"{place} 缺失，或与写出时不同"))
    return Written(folder, manifest)


def _no_json(e: Exception) -> str:
    """Why a file is no JSON; what Python says of it is English."""
    if isinstance(e, json.JSONDecodeError):
        return say(str(e), f"第 {e.lineno} 行第 {e.colno} 列起不是 JSON")
    if isinstance(e, UnicodeDecodeError):
        return say("it is not UTF-8", "不是 UTF-8 编码")
    return say(str(e), "不是 JSON")


def damaged(path: Path, why: str) -> PolicyError:
    """PE502, of a manifest."""
    text = say(f"the manifest was changed or damaged: {why}", f"清单已被改动或损坏：{why}")
    hint = say("evaluate again to get a sound result", "请重新评定")
    return PolicyError([Diagnostic("PE502", text, Span(str(path)), hint)])


def _unusable(path: Path, text: str) -> PolicyError:
    hint = say("policyengine verify tells what else was changed", "policyengine verify 可查看其他改动")
    return PolicyError([Diagnostic("PE503", text, Span(str(path)), hint)])
