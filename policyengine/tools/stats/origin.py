"""A written result goes in, and what its tables do not repeat comes out: facts of people and of activities.

They are read again from the files that the result was made from (or that are named instead, if they are the same), and
only where those files and the packs still are what they were.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from pathlib import Path
from typing import Any

from policyengine.diagnostics import Diagnostic, PolicyError, Severity, failed
from policyengine.messages import listed, say
from policyengine.packs.model import Table
from policyengine.plan.model import Plan
from policyengine.tools.result.read import Written


@dataclass(frozen=True)
class Named:
    """Files to read instead of those that the result names (they moved)."""

    records: tuple[str, ...] = ()
    persons: str | None = None
    policy: str | None = None
    mapping: str | None = None


@dataclass(frozen=True)
class Facts:
    """Names of canonical tables in the connection (None: not given), and the plans whose words they are in."""

    records: str | None
    persons: str | None
    plans: tuple[Plan, ...]


def facts_of(
    connection: Any, folder: Path, written: Written, named: Named
) -> tuple[Facts | None, tuple[Diagnostic, ...]]:
    """The facts, or None with a note that says why there are none.

    ``folder``: an empty one, for files on the way. Raises ``PolicyError`` (PE531) where files that are named on purpose
    are not those of the result.
    """
    from policyengine.records.columns import read_tables
    from policyengine.tools.evaluate.evaluate import schema_for
    from policyengine.tools.evaluate.select import load_law

    options = written.manifest["options"]
    if options.get("pseudonymised"):
        return _without(str(written.folder), False, _HIDDEN)
    explicit = bool(named.records or named.persons or named.policy or named.mapping)
    policy = named.policy or options["policy"]
    try:
        law = load_law(policy, None if named.policy else options.get("commit"))
    except PolicyError:  # of other packs it may be, which came since
        return _without(policy, explicit)
    try:
        if [p.digest for p in law.policies] != [p["sha256"] for p in written.manifest["policies"]]:
            return _without(policy, explicit)
        records = list(named.records or options["records"])
        persons = named.persons or options["persons"]
        if "-" in (*records, persons):
            return _without(say("standard input", "标准输入"), explicit, _STREAMED)
        canonical, said = read_tables(
            connection, folder, records, persons, None, schema_for(law, named.mapping or options.get("mapping"))
        )
    except PolicyError as e:
        if e.diagnostics[0].code == "PE531":
            raise  # said here already
        return _without(str(e.diagnostics[0].span or e.diagnostics[0].message), explicit)
    if canonical is None or failed(said):
        return _without(str(next((d.span for d in said if d.span), "")), explicit)
    unlike = _unlike(written, canonical.digests)
    if unlike is not None:
        return _without(unlike, explicit)
    return Facts(canonical.records, canonical.persons, law.plans), ()


def _unlike(written: Written, digests: Any) -> str | None:
    """The first file whose content is not that of one of the result's inputs, or an input that is nowhere."""
    inputs = [e for e in written.manifest["inputs"] if e["role"] in ("records", "persons", "mapping")]
    known = {e["sha256"] for e in inputs}
    for file, digest in digests.items():
        if digest not in known:
            return str(file)
    return next((str(e["file"]) for e in inputs if e["sha256"] not in set(digests.values())), None)


_NOT_THESE = ("not what this result was made from, or not here", "不在此处，或不是该结果所依据的内容")
_STREAMED = ("this result was made from it, and it can't be read again", "该结果依据其得出，无法再次读取")
_HIDDEN = (
    "persons have pseudonyms here, so that what the files say of them can't be added",
    "人员编号已改为假名，无法与文件中的情况对应",
)


def _without(what: str, explicit: bool, why: tuple[str, str] = _NOT_THESE) -> tuple[None, tuple[Diagnostic, ...]]:
    if explicit:
        hint = say("name the very files that evaluate was given", "请指定评定时使用的文件")
        raise PolicyError([Diagnostic("PE531", say(f"{what}: {why[0]}", f"{what}：{why[1]}"), hint=hint)])
    return None, (_lacking(what, why),)


def _lacking(what: str, why: tuple[str, str]) -> Diagnostic:
    """Of a result whose facts are not told."""
    hint = _untold()
    if why is not _HIDDEN:  # the very files may still be found; of pseudonyms they say nothing
        hint += say("; ", "；") + say(
            "name the files with --records, --persons, --policy and --mapping",
            "可用 --records、--persons、--policy、--mapping 指定文件",
        )
    return Diagnostic("PE530", say(f"{what}: {why[0]}", f"{what}：{why[1]}"), hint=hint, severity="note")


def published_without(place: str, manifest: Mapping[str, Any]) -> Diagnostic:
    """Of a result in a database whose files were out of reach when it was published, or can't say of whom it is."""
    if manifest["options"].get("pseudonymised"):
        return _lacking(place, _HIDDEN)
    years = listed(manifest["outcomes"])
    text = say(
        f"{place}: the result of {years} was published without its files",
        f"{place}：{years} 的结果发布时没有其所依据的文件",
    )
    return Diagnostic("PE530", text, hint=_untold(), severity="note")


def _untold() -> str:
    return say(
        "without it nothing is told by region, sector, employer, provider or source of funds",
        "因此不按地区、行业、单位、施教机构、经费来源统计",
    )


def without_ledger(place: object, severity: Severity = "note") -> Diagnostic:
    """Of a result (or some of a database) that has no ledger: no activities can be told."""
    text = say(
        f"{place}: written without a ledger, so that there are no activities to tell of",
        f"{place}：未写台账，没有可列的学习活动",
    )
    hint = say("evaluate again with --ledger full or lean", "请重新评定，并用 --ledger full 或 lean")
    return Diagnostic("PE530", text, hint=hint, severity=severity)


Lists = Callable[[str, date], bool]
"""Whether a provider stands in a table on a day."""


def listed_in(plans: Sequence[Plan]) -> list[tuple[str, Lists]]:
    """Tables of the packs whose one key is the provider (lists of recognised bases), by id, each once."""
    found: dict[str, Lists] = {}
    for plan in plans:
        for name, table in plan.tables.items():
            keys = table.columns_with("key")
            if len(keys) == 1 and table.columns[keys[0]].field == "provider":
                found.setdefault(name, _lists(table, plan.year_start))
    return list(found.items())


def _lists(table: Table, year_start: tuple[int, int]) -> Lists:
    from policyengine.engines.calendar import period_of
    from policyengine.engines.lookup import Finder

    finder = Finder(table)
    return lambda provider, day: finder.find([provider], day, period_of(day, year_start)) is not None
