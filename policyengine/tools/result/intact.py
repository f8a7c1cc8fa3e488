"""Whether a written result is still byte for byte what was written: a folder goes in, what was changed comes out.

Whether its figures agree with each other is for ``verify.py`` to say.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path

from policyengine.diagnostics import Diagnostic, PolicyError, Span
from policyengine.messages import say
from policyengine.progress import told
from policyengine.tools.result.read import Written, damaged, read_result
from policyengine.tools.result.write import MANIFEST, SIGNATURE, digest, manifest_bytes


def unchanged_result(folder: str | Path) -> Written:
    """The result in ``folder``, for whoever counts, publishes or certifies it: every byte is what was written.

    Raises ``PolicyError`` as ``read_result``, PE543 where a table or the manifest was changed or is missing, PE561
    where it was signed and changed with its digests, and PE908 where what checks signatures is not installed.
    """
    written = read_result(folder)
    tables = written.manifest["tables"]
    if not sealed(written):
        raise PolicyError([_changed(written.folder / MANIFEST)])
    for done, table in enumerate(tables):
        told(done / len(tables), say("checking that nothing was changed", "核对是否被改动"))
        if (found := _of_table(written, table)) is not None:
            raise PolicyError([found])
    if (written.folder / SIGNATURE).exists():
        from policyengine.tools.result.sign import not_vouched

        if wrong := not_vouched(written.folder, None):
            raise PolicyError(wrong)
    return written


@contextmanager
def as_it_is(written: Written) -> Iterator[None]:
    """Whatever fails in here because the manifest is no longer as it was written is told so: PE502."""
    try:
        yield
    except (KeyError, TypeError, ValueError, AttributeError, IndexError, ArithmeticError) as e:
        if not sealed(written):
            text = say(f"{e!r} is not as we write it", f"{e!r} 与写出时不同")
            raise damaged(written.folder / MANIFEST, text) from None
        _tell_forged([written.folder])
        raise


@contextmanager
def as_they_are(places: Iterable[str | Path]) -> Iterator[None]:
    """Whatever fails in here because a result was changed and sealed again is told as ``verify`` does. A place may be
    a database, of which nothing is known."""
    try:
        yield
    except (PolicyError, OSError, MemoryError):
        raise
    except Exception:  # of DuckDB too
        _tell_forged(places)
        raise


def _tell_forged(places: Iterable[str | Path]) -> None:
    """Raise ``PolicyError`` where a folder's tables and manifest disagree; else what failed is a fault of ours."""
    from policyengine.tools.result.verify import verify

    for folder in (Path(p) for p in places):
        if folder.is_dir() and (found := [d for d in verify(folder) if d.severity == "error"]):
            raise PolicyError(found) from None


def sealed(written: Written) -> bool:
    """Whether the manifest is byte for byte what was written."""
    return (written.folder / MANIFEST).read_bytes() == manifest_bytes(written.manifest)


def changed_parts(written: Written, tables: Iterable[str]) -> Iterator[Diagnostic]:
    """PE543, a warning, for the manifest and each of these tables, where the result has it, that is not what was
    written."""
    if not sealed(written):
        yield replace(_changed(written.folder / MANIFEST), severity="warning")
    for table in filter(written.has, tables):
        if (found := _of_table(written, table)) is not None:
            yield replace(found, severity="warning")


def _of_table(written: Written, table: str) -> Diagnostic | None:
    """PE543 where a table is missing, or its bytes are not those that the manifest says."""
    entry = written.manifest["tables"][table]
    path = written.folder / entry["file"]
    return None if path.is_file() and digest(path) == entry["sha256"] else _changed(path)


def _changed(path: Path) -> Diagnostic:
    message = say("this result was changed after it was written", "该结果写出后被改动")
    hint = say("policyengine verify tells where; evaluate again", "policyengine verify 可查看何处；请重新评定")
    return Diagnostic("PE543", message, Span(str(path)), hint)
