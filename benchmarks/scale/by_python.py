"""The rules as a plain loop over records, in whole numbers: a job goes in, its files come out.

It holds everything in memory, as such a script does; sums, bounds and limits are those of ``sql/``.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping
from datetime import date
from typing import Any

from benchmarks.scale.job import FIRST, LAST, TICKS, Job

CLASSES = ("training", "workshop", "further_study")
ACADEMIC = ("conference", "lecture", "visit")
COMMON = {"minutes": 200, "clock_hours": 12000, "hours": 9000, None: 12000}
PROJECTS = {
    ("national_project", "attendee"): 3000, ("national_project", "lecturer"): 18000,
    ("provincial_project", "attendee"): 1500, ("provincial_project", "lecturer"): 9000,
}  # fmt: skip
EXAMS_FROM = date(2018, 7, 1)
MOST_CREDITS = 10000  # of one record
SECTORAL = {
    "accounting_exam": "accounting", "accounting_meeting": "accounting", "cme_project": "medical",
    "cme_activity": "medical",
}  # fmt: skip
FIELDS = (
    "record_id", "person_id", "end", "form", "subject", "quantity", "unit", "evidence", "result", "approved",
    "published", "job_related", "project", "project_level", "project_role", "credit_class",
)  # fmt: skip
SUBJECTS = ("professional", "public")
Row = dict[str, Any]


def python(job: Job) -> None:
    import pyarrow as pa
    import pyarrow.parquet as pq

    sectors = {
        p["person_id"]: (p["sector"], p["employer_kind"], p["joined"]) for p in pq.read_table(job.persons).to_pylist()
    }
    by_person: dict[str, list[Row]] = defaultdict(list)
    ledger: list[Row] = []
    for batch in pq.ParquetFile(job.records).iter_batches(columns=list(FIELDS)):
        for record in batch.to_pylist():
            entry = judged(record, sectors[record["person_id"]][0])
            by_person[record["person_id"]].append(entry)
            ledger.append(entry)
    excused = set(_excused(pq.read_table(job.circumstances).to_pylist()))
    decisions: list[Row] = []
    for who, (sector, employer, joined) in sorted(sectors.items()):
        decisions += _decided(who, sector, employer, joined, by_person.get(who, ()), excused)
    columns = ("record_id", "person_id", "period", "converted", "counted", "recognise", "convert", "cap", "reason")
    pq.write_table(pa.table({name: [row[name] for row in ledger] for name in columns}), job.out / "ledger.parquet")
    pq.write_table(pa.Table.from_pylist(decisions), job.out / "decisions.parquet")


# --- a record ---------------------------------------------------------------------------------------------------------


def judged(r: Row, sector: str) -> Row:
    """A record's line of the ledger, before limits."""
    form, unit = r["form"], r["unit"]
    state = _state(r, form, sector)
    rate, convert = _rate(r, form, unit)
    elsewhere = sector == "medical" and SECTORAL.get(form) != "medical"  # hours, for which credits have no exchange
    if elsewhere and unit is None and r["quantity"] <= MOST_CREDITS:  # or credits
        rate, convert, elsewhere = TICKS, "medical/stated-credits", False
    most = 0 if state < 0 or rate is None or elsewhere else int(r["quantity"] * rate)
    if state < 0:
        reason = "not_recognised"
    elif state == 0:
        reason = "rejected"
    elif rate is None:
        reason = "no_conversion"
    elif elsewhere:
        reason = "no_exchange"
    else:
        reason = "missing_fact" if state == 2 or unit is None else "counted"
    capped = None
    if sector == "medical":
        capped = (r["project"] or "", 25 * TICKS) if form == "cme_project" else None
    elif form in ("self_study", "publication"):
        capped = ("year", 50 * TICKS)
    low = most if state == 1 and unit is not None else 0
    return {
        "record_id": r["record_id"], "person_id": r["person_id"], "period": r["end"].year, "end": r["end"],
        "converted": 0 if unit is None else most, "low": low, "high": most if state > 0 else 0, "counted": low,
        "own": low, "own_high": most if state > 0 else 0, "cap": "", "reason": reason, "capped": capped,
        "recognise": "" if state < 0 else _recognised(r, form, sector),
        "convert": "" if state < 0 or rate is None or elsewhere else convert, "subject": r["subject"],
        "credit_class": r["credit_class"], "national": r["project_level"] == "national_project",
    }  # fmt: skip


def _state(r: Row, form: str, sector: str) -> int:
    """1 recognised, 0 rejected, 2 in need of review, -1 not recognised by any rule."""
    if form in SECTORAL and (SECTORAL[form] != sector or (sector == "accounting" and r["end"] < EXAMS_FROM)):
        return -1
    if r["evidence"] is None:
        return 0
    if form in ("self_study", "accounting_exam"):
        approved = r["approved"] if form == "self_study" else True
        if approved is False or r["result"] not in ("passed", None):
            return 0
        return 2 if approved is None or r["result"] is None else 1
    if _flunked(r, form, sector):
        return 0
    return int(not (form == "publication" and (r["published"] is False or r["job_related"] is False)))


def _flunked(r: Row, form: str, sector: str) -> bool:
    """Accountants' training before July 2018 counts where it was passed."""
    trained = form == "distance" or form in CLASSES
    return trained and sector == "accounting" and r["end"] < EXAMS_FROM and r["result"] == "failed"


def _rate(r: Row, form: str, unit: str | None) -> tuple[int | None, str]:
    """Ticks of one of the unit (None: no rule converts it), and the rule."""
    match form:
        case "self_study":
            return (9 if unit in ("characters", None) else None), "sichuan/self-study-hours@2016"
        case "publication":
            return (18 if unit in ("characters", None) else None), "sichuan/publication-hours@2016"
        case "accounting_exam":
            return (90 * TICKS if unit == "items" else None), "accounting/exam-credits@2018-07-01"
        case "accounting_meeting":
            return (10 * TICKS if unit == "days" else None), "accounting/meeting-credits@2018-07-01"
        case "cme_activity":
            return (TICKS if unit == "credits" else None), "medical/stated-credits"
        case "cme_project":
            level, role = r["project_level"].partition("_")[0], r["project_role"]
            return (PROJECTS[r["project_level"], role] if unit == "clock_hours" else None), f"medical/{level}-{role}"
    rules = {"hours": "sichuan/stated-hours@2016", None: "sichuan/stated-hours@2016+sichuan/time-hours@2016"}
    return COMMON.get(unit), rules.get(unit, "sichuan/time-hours@2016")


def _recognised(r: Row, form: str, sector: str) -> str:
    if _flunked(r, form, sector) and r["evidence"] is not None:
        return "accounting/failed-training@2014"
    if form == "publication" and r["evidence"] is not None:
        for fact, rule in (("published", "unpublished"), ("job_related", "unrelated")):
            if r[fact] is False:
                return f"sichuan/{rule}@2016"
    if form in SECTORAL:
        if SECTORAL[form] == "medical":
            return f"medical/recognise-{'projects' if form == 'cme_project' else 'activities'}@2016"
        return f"accounting/recognise-{'exams' if form == 'accounting_exam' else 'activities'}@2018-07-01"
    kind = "classes" if form in CLASSES else "academic" if form in ACADEMIC else form.replace("_", "-")
    return f"sichuan/recognise-{kind}@2016"


# --- a person ---------------------------------------------------------------------------------------------------------


def _excused(circumstances: Iterable[Mapping[str, Any]]) -> Iterator[tuple[str, int]]:
    for c in circumstances:
        if c["kind"] == "just_cause":
            for year in range(c["from"].year, (c["to"].year if c["to"] else LAST) + 1):
                yield c["person_id"], year


def _limit(entries: Iterable[Row]) -> None:
    """Count what is left under each limit, in the order of days."""
    groups: dict[Any, list[Row]] = defaultdict(list)
    for e in entries:
        if e["capped"] is not None:
            groups[e["period"], e["capped"]].append(e)
    for (_, (_, room)), own in groups.items():
        own.sort(key=lambda e: (e["end"], e["record_id"]))
        most = least = 0
        by_subject = dict.fromkeys(SUBJECTS, 0)
        for e in own:
            low, high, subject = e["low"], e["high"], e["subject"]
            e["counted"] = min(low, max(0, room - most))
            e["own"] = min(low, max(0, room - by_subject.get(subject, most)))
            e["own_high"] = min(high, max(0, room - by_subject["public"]))
            if e["counted"] < low or min(high, max(0, room - least)) < high:
                e["cap"] = "medical/project-cap" if room == 25 * TICKS else "sichuan/self-study-cap@2016"
            if e["counted"] < low and e["reason"] == "counted":
                e["reason"] = "capped"
            most, least = most + high, least + low
            for name in SUBJECTS:
                by_subject[name] += low if subject == name else high


def _decided(
    who: str, sector: str, employer: str | None, joined: date, entries: Iterable[Row], excused: set[tuple[str, int]]
) -> Iterator[Row]:
    _limit(entries)
    years: dict[int, list[Row]] = defaultdict(list)
    for e in entries:
        years[e["period"]].append(e)
    medical, national = sector == "medical", []
    for year in range(FIRST, LAST + 1):
        own = years.get(year, [])
        total, total_high = _total(own, "low"), _total(own, "high")
        classes = [sum(e["counted"] for e in own if e["credit_class"] == c) for c in ("class_1", "class_2")]
        national.append(sum(e["counted"] for e in own if e["national"]))
        required = (25 if medical else 90) * TICKS
        short = max(0, 5 * TICKS - classes[0], 15 * TICKS - classes[1]) if medical else 0
        failed = total_high < required or total_high - total < short  # what may be credits may be of either class
        served = joined < date(year - 4, 2, 1)  # no full month of the five years lies before
        five_open = medical and served and sum(national[-5:]) < 10 * TICKS
        open_ = total < required or short > 0 or five_open
        free = (who, year) in excused
        if failed:  # what five years ask is not excused by one
            outcome = "not_met" if not free else "undetermined" if five_open else "excused"
        else:
            outcome = "undetermined" if open_ else "met"
        professional_high = sum(e["own_high"] for e in own if e["subject"] != "public")
        advisories = []
        if not free and sector == "accounting" and year >= 2019 and professional_high * 3 < total * 2:
            advisories.append("accounting/professional-share@2019")
        if not free and not medical and professional_high < 60 * TICKS:
            advisories.append("sichuan/professional-hours@2016")
        public_body = employer in ("state_organ", "public_institution", "social_organisation")
        follows = {"met": "appointment_basis", "not_met": "not_excellent" if public_body else ""}
        yield {
            "person_id": who, "period": str(year), "policy": "sichuan" if sector == "engineering" else sector,
            "outcome": outcome, "total": total, "total_high": total_high,
            **{subject: sum(e["own"] for e in own if e["subject"] == subject) for subject in SUBJECTS},
            "required": required, "shortfall": max(0, required - total),
            "capped_off": sum(e["low"] - e["counted"] for e in own), "advisories": "; ".join(advisories),
            "consequences": follows.get(outcome, ""),
        }  # fmt: skip


def _total(entries: Iterable[Row], side: str) -> int:
    """The least or the most of a year: what has no yearly limit, and what is left of the rest."""
    free = limited = 0
    for e in entries:
        if e["capped"] is None or e["capped"][0] != "year":
            free += e["counted"] if side == "low" or e["capped"] is not None else e["high"]
        else:
            limited += e[side]
    return free + min(50 * TICKS, limited)
