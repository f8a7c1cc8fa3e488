"""A written result re-checked: a folder (and the input files, if given) goes in, every disagreement found comes out.

Bytes against the manifest's digests; ledger rows against findings, findings against decisions, counts against rows.
Each disagreement is a diagnostic with its file, line and column, so that a changed digit can be found.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

from policyengine.diagnostics import Diagnostic, PolicyError, Span, failed
from policyengine.messages import say
from policyengine.tools.result.figures import Figures
from policyengine.tools.result.intact import sealed
from policyengine.tools.result.read import Written, read_result
from policyengine.tools.result.undisturbed import undisturbed
from policyengine.tools.result.write import BY_ITSELF, MANIFEST, SIGNATURE, digest

if TYPE_CHECKING:
    from policyengine.records.files import Source

MOST = 100  # disagreements of one kind that are told one by one


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
    gone = []
    try:
        yield from _seal(written)
        for d in _bytes(written):
            yield d
            gone += [d.span] if d.code == "PE503" else []
        yield from _inputs(written, files)
        yield from Figures(written).disagreements()
    except PolicyError as e:
        if e.diagnostics[0].code == "PE908":  # it could not be looked at, which is no disagreement
            raise
        hint = say("nothing else was compared; evaluate again", "其余未再核对；请重新评定")
        yield from (replace(d, hint=hint) for d in e.diagnostics if d.span not in gone)
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
            hint = say("the tables were not compared with each other; evaluate again", "各表未再相互核对；请重新评定")
            yield Diagnostic("PE503", text, Span(str(path)), hint)
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
