"""The shipped packs, with edits where a test wants them broken or added to, in; what they decide and explain, out."""

from __future__ import annotations

import csv
import shutil
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date
from pathlib import Path

from policyengine.tools.evaluate.evaluate import Evaluation, Files, evaluate_files
from policyengine.tools.evaluate.select import Law, load_law
from policyengine.tools.explain.case import Case
from policyengine.tools.explain.explain import Explainer
from policyengine.tools.explain.text import text_of_case
from policyengine.trace import Decision, Finding, FlagEntry, LedgerEntry

POLICIES = Path(__file__).parents[2] / "policies"
Row = Mapping[str, object]
Edit = tuple[str, str, str]
"""File under policies/, text that stands there, text to put in its place."""


@dataclass(frozen=True)
class Packs:
    """A copy of the shipped packs to change. ``edits`` must find their text, else the test itself is broken."""

    place: Path
    edits: Sequence[Edit] = ()
    rows: Mapping[str, Sequence[str]] = field(default_factory=dict)
    files: Mapping[str, str] = field(default_factory=dict)
    laws: dict[str, Law] = field(default_factory=dict, compare=False)

    def __post_init__(self) -> None:
        for pack in ("national", "sichuan", "cities"):
            shutil.copytree(POLICIES / pack, self.place / "policies" / pack)
        for name, old, new in self.edits:
            file = self.place / "policies" / name
            text = file.read_text(encoding="utf-8")
            assert old in text, f"{name} does not say: {old}"
            file.write_text(text.replace(old, new), encoding="utf-8")
        for name, lines in self.rows.items():
            with (self.place / "policies" / name).open("a", encoding="utf-8") as table:
                table.writelines(line + "\n" for line in lines)
        for name, text in self.files.items():
            file = self.place / "policies" / name
            file.parent.mkdir(parents=True, exist_ok=True)
            file.write_text(text, encoding="utf-8")

    def judge(
        self,
        records: Sequence[Row],
        person: Row | None = None,
        circumstances: Sequence[Row] = (),
        years: tuple[int, int] = (2016, 2016),
        pack: str = "sichuan",
        as_of: date | None = None,
    ) -> Judged:
        """One person's records, judged by ``pack``; the files are written as an office writes them."""
        rows = [{"登记编号": f"R{n}", "身份证号": "甲", **row} for n, row in enumerate(records, 1)]
        files = Files(
            (self._csv("records", rows, ("登记编号", "身份证号", "日期")),),
            self._csv("persons", [{"身份证号": "甲", "姓名": "张三", **(person or {"单位性质": "企业"})}]),
            self._csv("circumstances", [{"身份证号": "甲", **c} for c in circumstances]) if circumstances else None,
        )
        if pack not in self.laws:
            self.laws[pack] = load_law(str(self.place / "policies" / pack))
        law = self.laws[pack]
        done = evaluate_files(law, files, years, as_of)
        assert done.inputs.rejects == (), done.inputs.rejects
        known = done.inputs.persons["甲"]
        cases = Explainer(law).cases(known, done.inputs.records, [years], as_of, remedies=False)
        return Judged(done, cases)

    def _csv(self, name: str, rows: Sequence[Row], headers: Sequence[str] = ()) -> str:
        columns = list(dict.fromkeys([*headers, *(column for row in rows for column in row)]))
        path = self.place / f"{name}.csv"
        with path.open("w", encoding="utf-8", newline="") as file:
            writer = csv.DictWriter(file, columns)
            writer.writeheader()
            writer.writerows(rows)
        return str(path)


@dataclass(frozen=True)
class Judged:
    """What came out for one person."""

    evaluation: Evaluation
    cases: Sequence[Case]

    def decision(self, period: str = "2016") -> Decision:
        return next(d for d in self.evaluation.result.decisions if d.period == period)

    def record(self, record_id: str) -> LedgerEntry:
        return next(e for e in self.evaluation.result.ledger if e.record_id == record_id)

    def finding(self, rule: str, period: str = "2016") -> Finding:
        return next(f for f in self.findings(period) if short(f.rule) == rule)

    def findings(self, period: str = "2016") -> list[Finding]:
        return [f for f in self.evaluation.result.findings if f.period == period]

    def flags(self, record_id: str) -> list[FlagEntry]:
        return [f for f in self.evaluation.result.flags if f.record_id == record_id]

    def explained(self, period: str = "2016", language: str = "zh") -> str:
        return text_of_case(next(c for c in self.cases if c.decision.period == period), language)


def short(key: str) -> str:
    """``annual-hours`` of ``sichuan/annual-hours@2016``."""
    return key.rpartition("/")[2].partition("@")[0]


def learned(day: str, form: str, amount: object, unit: str = "学时", **more: object) -> dict[str, object]:
    """A record with proof, professional unless said otherwise."""
    return {"日期": day, "学习形式": form, "科目": "专业科目", "数量": amount, "单位": unit, "学习证明": "证", **more}


def public(day: str, hours: object, **more: object) -> dict[str, object]:
    return learned(day, "远程教育", hours, **{"科目": "公需科目", "施教机构": "示例基地", **more})
