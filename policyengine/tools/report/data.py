"""People with their trace go in, the page's data comes out: a list of all decisions, and details a hundred at a time.

Everything is compact JSON, packed with gzip and written in base64; the page unpacks the list when it opens and a piece
of details when somebody asks for a reason. Figures are texts, exact as in the result.
"""

from __future__ import annotations

import base64
import gzip
import io
import json
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any

from policyengine.messages import say, spoken
from policyengine.tools.explain.case import (
    Labels,
    asks_nothing,
    flags_on,
    of_period,
    owed_in_total,
    owner_of,
    reduced_for_sure,
    rows_of,
)
from policyengine.tools.explain.text import NOTHING_ASKED
from policyengine.tools.explain.words import in_units, number, spread, unit_of
from policyengine.tools.report.entries import Entry, missing_of, shown
from policyengine.tools.report.folk import One, called
from policyengine.tools.report.words import FACTS, open_policy
from policyengine.tools.result.read import Written
from policyengine.tools.result.tables import EITHER
from policyengine.trace import OUTCOMES, Decision, Finding

PIECE = 100  # decisions whose details are unpacked together


@dataclass
class PageData:
    """``columns``: of the list, one value a decision. ``words``: texts that columns refer to by place."""

    columns: dict[str, list[Any]] = field(default_factory=dict)
    words: list[str] = field(default_factory=list)
    places: dict[str, int] = field(default_factory=dict)
    pieces: list[str] = field(default_factory=list)
    people: int = 0

    def word(self, text: str) -> int:
        if text not in self.places:
            self.places[text] = len(self.words)
            self.words.append(text)
        return self.places[text]


def page_data(written: Written, people: Iterable[One], reveal: bool) -> PageData:
    """All decisions of all people."""
    data = PageData()
    names = ("id", "name", "period", "outcome", "total", "required", "short", "unit", *FACTS)
    data.columns = {n: [] for n in names}
    labels = {name: Labels(known, spoken()) for name, known in written.labels.items()}
    first = next(iter(labels.values()))
    waiting: list[Any] = []
    who = None
    for one in people:
        data.people += one.person.person_id != who
        who = one.person.person_id
        for decision in one.decisions:
            own = labels.get(decision.policy, first)
            _listed(data, one, decision, own, reveal)
            waiting.append(_details(one, decision, own))
            if len(waiting) == PIECE:
                data.pieces.append(packed(waiting))
                waiting = []
    if waiting:
        data.pieces.append(packed(waiting))
    return data


def packed(content: Any) -> str:
    """Compact JSON, gzip (with no word of a clock or a system), base64."""
    text = json.dumps(content, ensure_ascii=False, separators=(",", ":"))
    stream = io.BytesIO()
    with gzip.GzipFile("", "wb", 6, stream, mtime=0) as packing:  # gzip.compress names the system
        packing.write(text.encode())
    return base64.b64encode(stream.getvalue()).decode("ascii")


def _listed(data: PageData, one: One, d: Decision, labels: Labels, reveal: bool) -> None:
    person_id, name = called(one.person, reveal)
    total, findings = _text(d.total), of_period(d, one.findings)
    required, most, short = owed_in_total(d, findings)
    row: dict[str, Any] = {
        "id": person_id,
        "name": name,
        "period": data.word(d.period),
        "outcome": OUTCOMES.index(d.outcome),
        "total": total,
        "required": "" if required is None else spread(required, most, spoken()),  # both bounds where open
        "short": _text(short),
        "unit": data.word(unit_of(total, labels.unit(d.unit))),  # it stands behind the total
    }
    for fact in FACTS:
        value = one.person.facts.get(fact)
        row[fact] = data.word(labels.term(str(value), fact) if value is not None else "")
    for column, value in row.items():
        data.columns[column].append(value)


def _details(one: One, d: Decision, labels: Labels) -> list[Any]:
    """Findings, records, consequences (each with the rules of which it follows from one), missing facts of one
    decision."""
    findings, rows = of_period(d, one.findings), rows_of(d, one.ledger)
    asked = [_in_words(say(*NOTHING_ASKED), d.outcome)] if asks_nothing(d, findings) else []
    return [
        asked + [_finding(f, labels) for f in findings],
        [_record(one, e, labels) for e in rows],
        [[labels.conclusion(n), *k.split(EITHER)] for n, k in zip(d.consequences, d.consequence_rules, strict=True)],
        [labels.conclusion(n) for n in dict.fromkeys(d.possible)],
        sorted({_fact(m, labels) for m in d.missing}),
        [[labels.flag(f.flag), f.record_id, f.rule, f.text] for f in flags_on(rows, one.flags)],
    ]


def _fact(missing: str, labels: Labels) -> str:
    """``R001:evidence`` as a record and the name of a field."""
    owner, fact = owner_of(missing)
    return f"{owner}{say(': ', '：')}{labels.fact(fact)}" if owner else labels.fact(fact)


def _in_words(text: str, status: str) -> list[Any]:
    """As a finding without figures, of which the page shows the words alone."""
    return [text, OUTCOMES.index(status), 0, "", "", "", "0", "", "", "", [], 0]


def _finding(f: Finding, labels: Labels) -> list[Any]:
    if f.measure == "policy":
        return _in_words(open_policy(f), f.status)
    achieved = spread(f.achieved, f.achieved_high, labels.language)
    required = "" if f.required is None else spread(f.required, f.required_high, labels.language)
    return [
        labels.measure(f.measure, f.unit), OUTCOMES.index(f.status), 1 if f.advisory else 0, f.comparison,
        required, achieved, _text(f.shortfall), f.rule, _text(f.required_base),
        _text(f.required_before), list(f.because), 1 if reduced_for_sure(f) else 0, _text(f.carried or None),
    ]  # fmt: skip


def _record(one: One, e: Entry, labels: Labels) -> list[Any]:
    quantity = "" if e.quantity is None else in_units(shown(e.quantity, labels.language), labels.unit(e.unit))
    keys = [k for k in (e.recognise_rule, e.convert_rule, e.assign_rule, e.cap_rule) if k]
    lacks = [_fact(m, labels) for m in missing_of(e, one.unsettled)] if one.unsettled else []
    return [
        e.record_id, e.end or "", labels.term(e.form, "form") if e.form else "", e.title or "", quantity,
        *(shown(figure, labels.language) for figure in (e.converted, e.counted)), e.reason,
        "+".join(keys).split("+") if keys else [], lacks,
    ]  # fmt: skip


def _text(value: Any) -> str:
    return "" if value is None else number(value, spoken())


def rules_of(written: Written) -> dict[str, list[str]]:
    """Key → text in the language spoken, source and clause, what it says to people."""
    language = spoken()
    return {
        str(r["key"]): [
            str(r[language]), str(r["cites"]["number"] or r["cites"]["title"] or ""), str(r["cites"]["at"] or ""),
            str(r.get("said") or ""), str(r["confidence"]),
        ]
        for r in written.manifest["rules"]
    }  # fmt: skip


def index_of(data: PageData, written: Written, texts: Mapping[str, Any]) -> str:
    """What the page needs when it opens."""
    return packed(
        {
            "columns": data.columns, "words": data.words, "outcomes": OUTCOMES, "facts": FACTS, "piece": PIECE,
            "rules": rules_of(written), "texts": texts,
        }
    )  # fmt: skip
