"""What of an earlier result still stands: its folder and what was read go in; who must be judged anew comes out, and
later the rows of both together.

A person's decisions follow from their records, facts and circumstances, from the policy that governs, and from what was
asked. The first are kept as a fingerprint in the result; where what was asked differs, nothing stands.
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import cache, reduce
from pathlib import Path
from typing import Any

from policyengine.diagnostics import Diagnostic
from policyengine.engines.calendar import label
from policyengine.engines.compile import trees as t
from policyengine.engines.compile.axes import Column
from policyengine.engines.compile.trees import Tree
from policyengine.engines.duckdb_write import FileHost, Written
from policyengine.engines.protocol import Periods, Selection, Tables
from policyengine.messages import say
from policyengine.records.canonical import FILE, ROW
from policyengine.records.columns import Canonical
from policyengine.tools.evaluate.select import Law
from policyengine.tools.result.formats import plain_tree
from policyengine.tools.result.read import Written as Result
from policyengine.tools.result.read import read_result
from policyengine.tools.result.verify import changed
from policyengine.tools.result.write import MANIFEST, SIGNATURE, entry_of

PRINTS = "fingerprints"
ASKED = ("period", "as_of", "format", "ledger")  # options on which every row depends
PARTS = ("records", "persons", "circumstances")
_HASHES = ("rows", "mixed", "summed")


@dataclass(frozen=True)
class Standing:
    """An earlier result of which something stands: for people in ``prints`` who are not in ``stale``, two tables of the
    connection. ``tables``: the canonical tables of the stale alone; ``judged``, ``stands``: how many people."""

    old: Result
    tables: Tables
    periods: Periods
    judged: int
    stands: int


# --- fingerprints -----------------------------------------------------------------------------------------------------


def take_prints(host: FileHost, tables: Canonical, law: Law, selection: Selection | None) -> None:
    """Make the table ``prints``: a row per person that differs when anything differs that is said of them; with the
    policy that surely governs, if one does.

    Rows are hashed one by one (64 bits each) and added up, so that their order does not matter. In a row each cell is
    hashed with its column's name: what is said in another column says something else, and an empty cell says nothing.
    """
    hashed = []
    for part in PARTS:
        name = getattr(tables, part)
        if name is not None:
            columns = host.columns(name).values()
            cells = [_hashed(c) for c in columns if c.name not in (FILE, ROW)]  # where it stood decides nothing
            said = reduce(lambda one, other: t.call("XOR", one, other), cells)
            query = t.select(person_id=t.col("person_id", "r"), h=t.call("HASH", t.lit(part), said))
            hashed.append(query.from_(t.table(name, "r"), copy=False))
    mixed, summed = t.call("BIT_XOR", t.col("h", "u")), t.cast(t.call("SUM", t.col("h", "u")), "VARCHAR")
    prints = t.select(person_id=t.col("person_id", "u"), rows=t.count(), mixed=mixed, summed=summed)
    prints.from_(t.sub(t.union(*hashed), "u"), copy=False).group_by(t.col("person_id", "u"), copy=False)
    _take_governing(host, law, tables.persons, selection)
    both = t.select(**{n: t.col(n, "h") for n in ("person_id", *_HASHES)}, policy=t.col("policy", "g"))
    both.from_(t.sub(prints, "h"), copy=False)
    host.keep("prints", t.join(both, t.table("governing", "g"), t.same_person("g", "h"), "LEFT"))


def _take_governing(host: FileHost, law: Law, persons: str | None, selection: Selection | None) -> None:
    """Make the table ``governing``: the policy of everybody of whom the facts leave no other that may govern."""
    if selection is None or persons is None:
        host.load("governing", {"person_id": "VARCHAR", "policy": "VARCHAR"}, ())
        return
    known = host.columns(persons)
    names = [name for name in selection.fields if name in known]
    facts = t.select(**{n: t.col(n, "p") for n in names}, here=t.lit(1)).from_(t.table(persons, "p"), copy=False)
    rows = []
    for *values, _ in host.rows(facts.distinct(copy=False)):
        place = selection.choose({n: v for n, v in zip(names, values, strict=True) if v is not None})
        if place is not None:
            rows.append((*values, law.policies[place].id))
    host.load("choice", {**dict.fromkeys(names, "VARCHAR"), "policy": "VARCHAR"}, rows)
    sure = t.select(person_id=t.col("person_id", "p"), policy=t.col("policy", "c")).from_(t.table(persons, "p"))
    same = [t.same(t.col(n, "p"), t.col(n, "c")) for n in names]
    host.keep("governing", t.join(sure, t.table("choice", "c"), t.both(*same)))


def _hashed(column: Column) -> Tree:
    """The hash of a cell (alias ``r``) and its column's name, 0 of an empty one.

    Of a number DuckDB hashes the digits: 80.0 is 8.00 to it, so that the decimals of the column are hashed too. Hashed
    once more: it joins the hashes of both bit by bit, so that cells which change columns would cancel out.
    """
    value, told = t.col(column.name, "r"), t.lit(f"{column.name} {column.scale}")
    return t.case([(t.missing(value), t.lit(0))], t.call("HASH", t.call("HASH", told, value.copy())))


def write_prints(host: FileHost, folder: Path) -> dict[str, Any]:
    """Keep the fingerprints with the result; gives what the manifest says of the table."""
    path = folder / f"{PRINTS}.parquet"
    query = t.select_all("prints").order_by(t.col("person_id"), copy=False)
    return entry_of(path, host.copy(query, path, "parquet"), ["person_id", *_HASHES, "policy"])


def kept(span: Periods | None, alone: bool) -> dict[str, Any]:
    """What the manifest says of the fingerprints: what took them and judged, the periods that were judged, and whether
    one pack was named, which judges everybody (``alone``)."""
    import duckdb

    judged = label(span[0], span[1] - span[0] + 1) if span else None
    return {"by": f"duckdb {duckdb.__version__}", "program": _program(), "judged": judged, "alone": alone}


@cache
def _program() -> str:
    """A digest of the program's text: a result of one that reads or judges otherwise does not stand, whatever its
    version says."""
    home, digest = Path(__file__).parent.parent.parent, hashlib.sha256()
    for path in sorted(p for end in ("py", "lark", "json") for p in home.rglob(f"*.{end}")):
        digest.update(path.relative_to(home).as_posix().encode() + path.read_bytes().replace(b"\r\n", b"\n"))
    return digest.hexdigest()


# --- who is judged anew -----------------------------------------------------------------------------------------------


def spoilt(folder: str | Path, sign: Callable[[bytes], bytes] | None = None) -> list[Diagnostic]:
    """What was changed or is missing in the result in ``folder``, as warnings: then nothing can be taken over.

    ``sign``: what will sign the new one. Rows that somebody changed together with their digests, and left without that
    key's signature, would be signed unseen.
    """
    if not (Path(folder) / MANIFEST).exists():
        return []
    old = read_result(folder)
    if PRINTS not in old.manifest:
        return []
    found = changed(old)
    if not found and (sign is not None or (old.folder / SIGNATURE).exists()):
        from policyengine.tools.result.sign import not_vouched

        found = not_vouched(old.folder, sign)
    hint = say("everybody is judged anew", "将重新评定所有人")
    return [replace(d, hint=hint, severity="warning") for d in found]


def standing(
    host: FileHost,
    folder: str | Path,
    law: Law,
    manifest: Mapping[str, Any],
    columns: Mapping[str, Sequence[str]],
    spans: Sequence[Periods | None],
    tables: Canonical,
    selection: Selection | None,
) -> Standing | None:
    """What stands of the result in ``folder``; None where all of it must be made anew.

    ``manifest``: the new one, as far as it is known; ``columns``: of the new tables; ``spans``: the periods to be
    judged, by policy. The table ``prints`` is there, and the result is as it was written (``spoilt``).
    """
    if not (Path(folder) / MANIFEST).exists():
        return None
    old = read_result(folder)
    span = spans[0]
    prints = kept(span, alone=selection is None)
    if span is None or any(s != span for s in spans) or not _alike(old.manifest, manifest, prints, columns):
        return None
    host.view("old_prints", t.select_all(t.parquet(str(old.folder / f"{PRINTS}.parquet"))))
    same = [t.same(t.col(n, "o"), t.col(n, "p")) for n in ("person_id", *_HASHES)]
    host.keep("stale", _without("prints", "old_prints", same))
    then = {p["id"]: p["sha256"] for p in old.manifest["policies"]}
    unchanged = {p.id for p in law.policies if then.get(p.id) == p.digest}
    if len(unchanged) < max(len(then), len(law.policies)):
        if selection is None or tables.persons is None:
            return None
        _stale_by_law(host, unchanged)
    ((everybody,),) = host.rows(t.select(n=t.count()).from_(t.table("prints")))
    ((judged,),) = host.rows(t.select(n=t.count()).from_(t.table("stale")))
    return Standing(old, _of_the_stale(host, tables), span, judged, everybody - judged)


def _alike(
    old: Mapping[str, Any], new: Mapping[str, Any], prints: Mapping[str, Any], columns: Mapping[str, Sequence[str]]
) -> bool:
    """Whether both were made in the same way and have the same columns, so that rows can be taken over."""
    return (
        old.get(PRINTS) == prints
        and old["engine"] == new["engine"]
        and all(old["options"].get(name) == new["options"][name] for name in ASKED)
        and not old["options"].get("pseudonymised")
        and all(list(old["tables"][name]["columns"]) == list(names) for name, names in columns.items())
    )


def _without(one: str, other: str, same: Sequence[Tree]) -> Any:
    """The ids of people in one table (alias ``p``) who are not in another (alias ``o``)."""
    query = t.select(person_id=t.col("person_id", "p")).from_(t.table(one, "p"), copy=False)
    t.join(query, t.table(other, "o"), t.both(*same), "LEFT")
    return query.where(t.missing(t.col("person_id", "o")), copy=False)


def _stale_by_law(host: FileHost, unchanged: set[str]) -> None:
    """Add to ``stale`` everybody of whom it is not sure, now or then, that the same, unchanged policy governs."""
    host.load("unchanged", {"policy": "VARCHAR"}, [(policy,) for policy in unchanged])
    steady = t.select(person_id=t.col("person_id", "p")).from_(t.table("prints", "p"), copy=False)
    same = [t.equal(t.col(n, "o"), t.col(n, "p")) for n in ("person_id", "policy")]
    t.join(steady, t.table("old_prints", "o"), t.both(*same))
    host.keep("steady", t.join(steady, t.table("unchanged", "n"), t.equal(t.col("policy", "n"), t.col("policy", "p"))))
    moved = _without("prints", "steady", [t.same_person("o", "p")])
    both = t.union(t.select(person_id=t.col("person_id")).from_(t.table("stale")), moved)
    query = t.select(person_id=t.col("person_id", "u")).from_(t.sub(both, "u"), copy=False).distinct(copy=False)
    host.keep("stale_all", query)
    host.keep("stale", t.select_all("stale_all"))


def _of_the_stale(host: FileHost, tables: Canonical) -> Tables:
    """The canonical tables of the people who are judged anew."""
    names: dict[str, str] = {}
    for part in PARTS:
        table = getattr(tables, part)
        if table is not None:
            names[part] = f"stale_{part}"
            rows = t.select(**{n: t.col(n, "r") for n in host.columns(table)}).from_(t.table(table, "r"), copy=False)
            host.view(names[part], t.join(rows, t.table("stale", "s"), t.same_person("s", "r")))
    return Tables(host.connection, names["records"], names.get("persons"), names.get("circumstances"))


# --- rows of both -----------------------------------------------------------------------------------------------------


def joined(host: FileHost, found: Standing, part: Written, new: Path, folder: Path, ordered: bool) -> Written:
    """Write into ``folder`` the rows that stand together with those of ``part``, which are in the folder ``new``.

    ``ordered``: the ledger's rows too are put in order.
    """
    stands = _without("prints", "stale", [t.same_person("o", "p")])
    host.keep("stood", stands)
    whole = Written(aside=part.aside)
    for table, entry in found.old.manifest["tables"].items():
        if table in ("rejects", PRINTS):
            continue
        path = folder / entry["file"]
        format = path.suffix[1:]
        own = part.tables.get(table)
        query = _rows(
            host,
            found.old.folder / entry["file"],
            new / own[0] if own else None,
            entry["columns"],
        )
        names = [e.alias for e in query.expressions]
        if ordered or table != "ledger":
            query.order_by(t.col("who", "u"), t.col("number", "u"), copy=False)
        whole.tables[table] = (path.name, host.copy(query, path, format), names)
    whole.reasons.update(_reasons(host, whole, folder))
    return whole


def _rows(host: FileHost, old: Path, new: Path | None, columns: Sequence[str]) -> Any:
    """The columns of a table of the result, from both files (alias ``u``)."""
    host.view("old_rows", t.select_all(_file(old)))
    files, known = [old], [host.columns("old_rows")]
    if new is not None:
        host.view("new_rows", t.select_all(_file(new)))
        files.append(new)
        known.append(host.columns("new_rows"))
    paired = {n for n in columns if any(f"{n}_num" in there for there in known)}
    parts = [_numbered(file, columns, there, paired) for file, there in zip(files, known, strict=True)]
    stands = t.equal(t.col("person_id", "s"), _plain(t.col("person_id", "r"), old))
    t.join(parts[0], t.table("stood", "s"), stands)
    names = [n for column in columns for n in (_pair(column) if column in paired else [column])]
    return t.select(**{n: t.col(n, "u") for n in names}).from_(t.sub(t.union(*parts), "u"), copy=False)


def _pair(name: str) -> list[str]:
    return [f"{name}_num", f"{name}_den"]


def _numbered(path: Path, names: Sequence[str], there: Mapping[str, Column], paired: Collection[str]) -> Any:
    """The rows of a file (alias ``r``), with the person's id and the row's place in the file.

    ``paired``: figures to be written as numerator and denominator, also where this file has decimals.
    """
    shown: dict[str, Tree] = {}
    for name in names:
        if name not in paired:
            shown[name] = t.col(name, "f")
        elif name in there:
            unit, value = there[name].unit, t.col(name, "f")
            shown[f"{name}_num"] = t.cast(t.times(value, t.lit(unit)), "BIGINT")
            shown[f"{name}_den"] = t.case([(t.missing(value.copy()), t.lit(None))], t.cast(t.lit(unit), "BIGINT"))
        else:
            shown |= {n: t.col(n, "f") for n in _pair(name)}
    inner = t.select(**shown, number=t.place()).from_(t.alias(_file(path), "f"), copy=False)
    query = t.select(
        **{n: t.col(n, "r") for n in shown}, who=_plain(t.col("person_id", "r"), path), number=t.col("number", "r")
    )
    return query.from_(t.sub(inner, "r"), copy=False)


def _file(path: Path) -> Tree:
    return t.parquet(str(path)) if path.suffix == ".parquet" else t.csv(str(path))


def _plain(value: Tree, path: Path) -> Tree:
    """An id as it is, also where CSV has an apostrophe before it."""
    return value if path.suffix == ".parquet" else plain_tree(value)


def _reasons(host: FileHost, whole: Written, folder: Path) -> dict[str, int]:
    if "ledger" not in whole.tables:
        return {}
    return dict(host.rows(t.tally(_file(folder / whole.tables["ledger"][0]), "reason")))
