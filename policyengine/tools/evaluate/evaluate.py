"""Judge everybody in the input files: a law, files and periods go in, the whole trace with its inputs comes out.

Each person is judged by the policy that governs them (``select.py``); where a missing fact leaves open which one does,
their outcome stands only where every candidate gives the same.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import replace
from datetime import date
from fractions import Fraction
from itertools import chain
from operator import attrgetter
from typing import TYPE_CHECKING

from policyengine.diagnostics import Diagnostic, PolicyError, failed
from policyengine.engines.calendar import days_of, label, period_of
from policyengine.engines.reference import Periods, Prepared, evaluate_person, years_of
from policyengine.light import dataclass
from policyengine.messages import say
from policyengine.progress import Hearer, heard_by
from policyengine.records.files import PACKED, find_files
from policyengine.records.model import Inputs, Person, Record
from policyengine.records.read import read_inputs
from policyengine.records.schema import Schema, schema_of
from policyengine.tools.evaluate.select import Choice, Law, Selector, not_meant
from policyengine.trace import Decision, Finding, FlagEntry, LedgerEntry, Result

if TYPE_CHECKING:
    from policyengine.engines.protocol import Progress

ZERO = Fraction(0)
TABLES = tuple(map(attrgetter, ("decisions", "findings", "ledger", "flags")))  # of a result, in this order
LARGE = 5_000_000  # bytes of records (some 30,000) from which on people are judged by the compiled engine
PERSON = 8  # bytes of records that take as long as a byte of persons: whoever has none is judged for every period too
SELECTING = "applies"  # stands for a rule key in the finding that says which policies a person may fall under
NO_POLICY = "no_policy"


@dataclass(frozen=True, slots=True)
class Files:
    """The input files as they were named."""

    records: tuple[str, ...]
    persons: str | None = None
    circumstances: str | None = None
    mapping: str | None = None

    @property
    def once(self) -> bool:
        """Whether one of them is standard input, which can't be read a second time."""
        return "-" in (*self.records, self.persons, self.circumstances)

    def roles(self) -> dict[str, tuple[str, ...]]:
        return {
            "records": self.records,
            "persons": (self.persons,) if self.persons else (),
            "circumstances": (self.circumstances,) if self.circumstances else (),
            "mapping": (self.mapping,) if self.mapping else (),
        }


@dataclass(frozen=True)
class Evaluation:
    """A law, what was read, and the trace. ``asked``: the periods asked for; ``periods``: the first and last judged."""

    law: Law
    files: Files
    inputs: Inputs
    result: Result
    asked: Periods | None
    periods: Periods | None
    as_of: date | None
    engine: str
    remarks: tuple[Diagnostic, ...] = ()
    pseudonymised: bool = False  # persons' ids are not those of the files
    notes: tuple[str, ...] = ()  # warnings about whom the law is for


def evaluate_files(
    law: Law,
    files: Files,
    periods: Periods | None = None,
    as_of: date | None = None,
    engine: str = "auto",
    progress: Hearer | None = None,
    remote: str | None = None,
) -> Evaluation:
    """Read the files and judge everybody. Raises ``PolicyError`` where they or a policy for someone can't be had.

    ``remote``: the Spark Connect server of the engine ``spark``.
    """
    chosen = engine_of(engine, files, remote)
    if chosen == "spark":
        from policyengine.tools.evaluate.spark import judge, stands_there

        stands_there(files, "stdout")
    with heard_by(progress):
        inputs, remarks = read_files(law, files)
    selector = Selector(law)
    if chosen == "duckdb":
        from policyengine.tools.evaluate.compiled import judge_compiled

        result = judge_compiled(selector, inputs, periods, as_of)
    elif chosen == "spark":
        result = judge(selector, inputs, periods, as_of, remote or "")
    else:
        result = judge_all(selector, inputs, periods, as_of, progress)
    judged = periods or _years(selector, inputs)
    notes = not_meant(selector, ((p.facts, 1) for p in inputs.persons.values()))
    said = (*law.remarks, *remarks)
    return Evaluation(law, files, inputs, result, periods, judged, as_of, chosen, said, notes=notes)


def read_files(
    law: Law, files: Files, only: str | None = None, dated: bool = False, checked: bool = True
) -> tuple[Inputs, tuple[Diagnostic, ...]]:
    """What the files hold, in the words of the law; ``only``: the records of this person alone (see ``read_inputs``).

    ``checked``: as ``schema_for`` takes it. Raises ``PolicyError`` where a file can't be read at all.
    """
    schema = schema_for(law, files.mapping, checked)
    inputs, said = read_inputs(files.records, files.persons, files.circumstances, schema, only, dated)
    if inputs is None or failed(said):
        raise PolicyError(said)
    return inputs, tuple(said)


def schema_for(law: Law, mapping: str | None, checked: bool = True) -> Schema:
    """What files may hold: the words of the law and of the mapping file. ``PolicyError`` where that is unusable.

    Not ``checked``: it may name columns and terms that only another law knows, with which this one is compared.
    """
    if mapping is None:
        return schema_of(law.plans)
    from policyengine.records.mapping import load_mapping
    from policyengine.records.mapping_check import unknown

    used, problems = load_mapping(mapping)
    if used is None:
        raise PolicyError(problems)
    schema = schema_of(law.plans, used)
    if checked and (problems := unknown(schema)):
        raise PolicyError(problems)
    return schema


def engine_of(name: str, files: Files, remote: str | None = None) -> str:
    """The engine that ``name`` stands for; ``auto``: the reference evaluator for what it can judge in a few seconds.

    Raises ``PolicyError`` (PE914) where it needs a server and ``remote`` names none.
    """
    if name == "auto":
        return "duckdb" if is_large(files) else "reference"
    if name in ("reference", "duckdb") or (name == "spark" and remote):
        return name
    text = say(f"the engine {name} needs a server", f"{name} 引擎需要服务器")
    hint = say("say --remote sc://host:port, or leave --engine out", "请写 --remote sc://主机:端口，或去掉 --engine")
    raise PolicyError([Diagnostic("PE914", text, hint=hint)])


def is_large(files: Files) -> bool:
    """Whether there is so much to judge that compiling the policies first is faster. Standard input is not."""
    if "-" in files.records:
        return False
    return _bytes(*files.records) + PERSON * _bytes(files.persons) + _bytes(files.circumstances) > LARGE


def _bytes(*names: str | None) -> int:
    """How large files are, as text; of standard input nothing is known."""
    found, _ = find_files([name for name in names if name is not None and name != "-"])
    return sum(f.path.stat().st_size * PACKED.get(f.path.suffix.lower(), 1) for f in found)


def judge_all(
    selector: Selector,
    inputs: Inputs,
    periods: Periods | None,
    as_of: date | None,
    progress: Progress | None = None,
) -> Result:
    """Judge every person, each by the policy that governs them; rows by person, period, record."""
    by_person = records_by_person(inputs.records)
    spans = [periods or years_of(p, inputs.records) for p in selector.law.plans]
    everybody = sorted({*inputs.persons, *by_person})
    parts = []
    for done, who in enumerate(everybody):
        if progress is not None and done % 256 == 0:
            progress(done / len(everybody), "judging")
        person = inputs.persons.get(who) or Person(who)
        parts.append(judge_one(selector, person, by_person.get(who, ()), spans, as_of))
    return concatenated(parts)


def concatenated(parts: Sequence[Result]) -> Result:
    """The rows of several traces as one."""
    return Result(*(tuple(chain.from_iterable(map(rows, parts))) for rows in TABLES))


def records_by_person(records: Iterable[Record]) -> dict[str, list[Record]]:
    found: dict[str, list[Record]] = {}
    for record in records:
        found.setdefault(record.person_id, []).append(record)
    return found


def judge_one(
    selector: Selector,
    person: Person,
    records: Sequence[Record],
    spans: Sequence[Periods | None],
    as_of: date | None,
) -> Result:
    """One person's trace. ``spans``: the asked periods, policy by policy."""
    choice = selector.choose(person)
    if choice.governs is None:
        return _lawless(selector, person, records, spans[0])
    own = _by(selector.prepared[choice.governs], person, records, spans[choice.governs], as_of)
    if not choice.candidates and choice.surely:
        return own
    others = [_by(selector.prepared[i], person, records, spans[i], as_of) for i in choice.candidates]
    return _unsure(selector, choice, person, own, others)


def judging(
    selector: Selector, spans: Sequence[Periods | None], as_of: date | None
) -> Callable[[Person, Sequence[Record]], Result]:
    """Judges the people whom compiled queries leave to the reference evaluator, each by the policy that governs."""
    return lambda person, records: judge_one(selector, person, records, spans, as_of)


def _by(ready: Prepared, person: Person, records: Sequence[Record], span: Periods | None, as_of: date | None) -> Result:
    return Result((), (), (), ()) if span is None else evaluate_person(ready, person, records, span, as_of)


def _unsure(selector: Selector, choice: Choice, person: Person, own: Result, others: Sequence[Result]) -> Result:
    """The trace under the more general policy, ``undetermined`` wherever a candidate would decide otherwise; with what
    follows and what is flagged under any of them."""
    assert choice.governs is not None
    outcomes: list[Mapping[str, str]] = [{d.period: d.outcome for d in r.decisions} for r in others]
    ids = tuple(selector.law.policies[i].id for i in (choice.governs, *choice.candidates))
    plan = selector.law.plans[choice.governs]
    decisions: list[Decision] = []
    findings = list(own.findings)
    for d in own.decisions:
        alike = [next((x for x in r.decisions if x.period == d.period), None) for r in others]
        told = _follows(d, alike, choice.surely)
        # undetermined under each of them is not settled by what one of them waits for
        settled = choice.surely and d.outcome != "undetermined"
        if settled and all(o.get(d.period) == d.outcome for o in outcomes):
            decisions.append(told)
            continue
        missing = tuple(sorted({*d.missing, *choice.missing, *(m for x in alike if x for m in x.missing)}))
        decisions.append(replace(told, outcome="undetermined", days_left=None, missing=missing))
        findings.append(_which(person, d, days_of(d.period, plan.year_start), ids, choice.missing))
    flags = _flagged((own, *others), choice)
    return replace(own, decisions=tuple(decisions), findings=tuple(findings), flags=flags)


def _flagged(each: Sequence[Result], choice: Choice) -> tuple[FlagEntry, ...]:
    """The flags under the policies that may govern, the more general one's first in ``each``. As they are: those that
    are alike under all of them, and those that all raise for certain; others also wait for what tells which governs."""
    alike, sure = set[FlagEntry](), set[tuple[str, str]]()
    if choice.surely:
        alike = set.intersection(*({*r.flags} for r in each))
        sure = set.intersection(*({(f.record_id, f.flag) for f in r.flags if f.certain} for r in each))
    found: dict[tuple[str, str], FlagEntry] = {}
    for r in each:
        for f in r.flags:
            if f not in alike and (f.record_id, f.flag) not in sure:
                f = replace(f, certain=False, missing=tuple(sorted({*f.missing, *choice.missing})))
            elif r is not each[0]:  # it is told by the rule of the more general policy
                continue
            found.setdefault((f.record_id, f.rule), f)
    return tuple(sorted(found.values(), key=lambda f: (f.record_id, f.flag, f.rule)))


def _follows(d: Decision, alike: Sequence[Decision | None], surely: bool) -> Decision:
    """The decision with what follows under every policy that may govern; what follows under some is possible."""
    sure = [c for c in d.consequences if surely and all(x and c in x.consequences for x in alike)]
    every = [c for x in (d, *alike) if x for c in (*x.consequences, *x.possible) if c not in sure]
    rules = tuple(k for c, k in zip(d.consequences, d.consequence_rules, strict=True) if c in sure)
    return replace(d, consequences=tuple(sure), consequence_rules=rules, possible=tuple(dict.fromkeys(every)))


def _which(
    person: Person, d: Decision, window: tuple[date, date], ids: tuple[str, ...], missing: tuple[str, ...]
) -> Finding:
    """The finding that it is open which policy governs."""
    return Finding(
        person_id=person.person_id,
        period=d.period,
        policy=d.policy,
        rule=SELECTING,
        measure="policy",
        unit=d.unit,
        comparison="=",
        advisory=False,
        required_base=None,
        required_before=None,
        required=None,
        required_high=None,
        achieved=ZERO,
        achieved_high=ZERO,
        carried=ZERO,
        shortfall=ZERO,
        status="undetermined",
        window=window,
        because=ids,
        missing=missing,
    )


def _lawless(selector: Selector, person: Person, records: Sequence[Record], span: Periods | None) -> Result:
    """A person to whom no policy applies: every record is in the ledger and counts in none; nothing is decided."""
    plan = selector.law.plans[0]
    if span is None:
        return Result((), (), (), ())
    decisions = tuple(
        Decision(
            person_id=person.person_id,
            period=label(year),
            policy="",
            outcome="undetermined",
            unit=plan.unit,
            total=ZERO,
            total_high=ZERO,
            by_subject={},
            required_total=None,
            shortfall_total=None,
            required_by_subject={},
            shortfall_by_subject={},
            capped_off=ZERO,
            missing=("policy",),
        )
        for year in range(span[0], span[1] + 1)
    )
    ordered = sorted(records, key=lambda r: r.record_id)
    ledger = tuple(_unjudged(r, period_of(r.end, plan.year_start), span) for r in ordered)
    return Result(decisions, (), ledger, ())


def _unjudged(record: Record, period: int, span: Periods) -> LedgerEntry:
    inside = span[0] <= period <= span[1]
    form, subject = record.facts.get("form"), record.facts.get("subject")
    return LedgerEntry(
        record_id=record.record_id,
        person_id=record.person_id,
        period=label(period) if inside else None,
        form=form if isinstance(form, str) else None,
        subject=subject if isinstance(subject, str) else None,
        quantity=record.quantity,
        unit=record.unit,
        converted=ZERO,
        converted_high=ZERO,
        counted=ZERO,
        counted_high=ZERO,
        recognise_rule="",
        convert_rule="",
        assign_rule="",
        cap_rule="",
        reason=NO_POLICY if inside else "outside_period",
    )


def _years(selector: Selector, inputs: Inputs) -> Periods | None:
    spans = [s for p in selector.law.plans if (s := years_of(p, inputs.records)) is not None]
    return (min(s[0] for s in spans), max(s[1] for s in spans)) if spans else None
