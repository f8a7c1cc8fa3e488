"""An evaluation on its way to a folder: tables, manifest and options put together, and what ``--strict`` refuses."""

from __future__ import annotations

import errno
import os
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import date
from pathlib import Path
from typing import Any

from policyengine.diagnostics import Diagnostic, PolicyError, Span
from policyengine.engines.calendar import label
from policyengine.engines.reference import Periods
from policyengine.messages import say
from policyengine.records.model import Reject
from policyengine.tools.evaluate.evaluate import Evaluation, Files, schema_for
from policyengine.tools.evaluate.select import Law
from policyengine.tools.result.formats import openpyxl_there
from policyengine.tools.result.manifest import manifest_of
from policyengine.tools.result.read import read_result
from policyengine.tools.result.tables import shape_of, tables_of
from policyengine.tools.result.tally import tally_of
from policyengine.tools.result.write import MANIFEST, refuse_foreign, result_around, write_result

Read = Callable[[Sequence[Reject], tuple[Diagnostic, ...]], None]
"""Called when everything has been read: with the rows that could not be, and with remarks. May refuse by raising."""


@dataclass(frozen=True, slots=True)
class Wish:
    """How a result is to be written. ``ledger``: ``full``, ``lean``, ``none`` or what is usual in the format.

    ``memory``: what the compiled engine may take (``1GB``); None: most of the machine's. ``sign``: as ``write_result``
    takes it; ``key``: the file whose key makes pseudonyms of persons' ids; ``update``: judge only those anew of
    whom something differs from the result that is there.
    """

    format: str = "csv"
    ledger: str | None = None
    strict: bool = False
    memory: str | None = None
    sign: Callable[[bytes], bytes] | None = None
    key: str | None = None
    update: bool = False

    @property
    def size(self) -> str:
        return self.ledger or ("lean" if self.format == "parquet" else "full")


def save(
    evaluation: Evaluation,
    out: str | Path,
    format: str = "csv",
    ledger: str | None = None,
    strict: bool = False,
    sign: Callable[[bytes], bytes] | None = None,
) -> Path:
    """Write the evaluation into the folder ``out``. ``ledger``: ``full`` by default, ``lean`` in Parquet.

    ``sign``: as ``write_result`` takes it (``sign.Signer``).
    """
    size = Wish(format, ledger).size
    tables = tables_of(evaluation.result, evaluation.inputs.rejects, shape_of(evaluation.law.plans), size)
    law, files = evaluation.law, evaluation.files
    options = options_of(law, files, evaluation.asked, evaluation.as_of, format, size, strict)
    if evaluation.pseudonymised:
        options["pseudonymised"] = True
    tally = tally_of(evaluation)
    manifest = manifest_of(law.policies, law.plans, tally, files.roles(), evaluation.engine, options)
    return write_result(manifest, tables, out, format, sign)


def options_of(
    law: Law, files: Files, periods: Periods | None, as_of: date | None, format: str, ledger: str, strict: bool
) -> dict[str, Any]:
    """What was asked for, as it was written on the command line."""
    return {
        "policy": law.path,
        **({"policy_rev": law.revision, "commit": law.commit} if law.commit else {}),
        "records": list(files.records),
        "persons": files.persons,
        "circumstances": files.circumstances,
        **({"mapping": files.mapping} if files.mapping else {}),
        "period": label(periods[0], periods[1] - periods[0] + 1) if periods else None,
        "as_of": as_of.isoformat() if as_of else None,
        "format": format,
        "ledger": ledger,
        "strict": strict,
    }


def save_rejects(law: Law, files: Files, rejects: Sequence[Reject], path: str | Path) -> list[Diagnostic]:
    """The rejected rows as they stood, in a workbook to be mended; what can't be read twice is only listed."""
    from policyengine.records.rejects_xlsx import write_rejects

    schema = schema_for(law, files.mapping)
    return write_rejects(Path(path), rejects, files.records, schema, files.persons, files.circumstances)


def check_rejects(path: str | Path, out: str | Path | None) -> None:
    """Refuse, before any work, a rejects workbook in a place that is taken, is not there, or is in the folder of this
    result or another, or under a name that is no workbook's."""
    openpyxl_there()
    target = Path(os.path.realpath(path))
    hint = say("give --rejects-xlsx a new name", "请为 --rejects-xlsx 另取名称")
    elsewhere = say("put the rejects workbook elsewhere", "请将退回记录工作簿放在别处")
    if target.is_dir():
        text = say("this is a folder; --rejects-xlsx needs a file", "这是一个文件夹，--rejects-xlsx 需要文件名")
        raise PolicyError([Diagnostic("PE910", text, Span(str(path)), hint)])
    if target.exists():
        text = say("there is a file of this name; it is left as it is", "已有同名文件，未作改动")
        raise PolicyError([Diagnostic("PE910", text, Span(str(path)), hint)])
    if Path(path).suffix.lower() != ".xlsx":
        text = say("--rejects-xlsx writes a workbook, whose name ends in .xlsx",
                   "--rejects-xlsx 写出工作簿，文件名应以 .xlsx 结尾")  # fmt: skip
        raise PolicyError([Diagnostic("PE901", text, Span(str(path)), hint)])
    if out is not None and target.is_relative_to(os.path.realpath(out)):
        text = say("--out replaces its folder as a whole", "--out 会整体替换其文件夹")
        raise PolicyError([Diagnostic("PE911", text, Span(str(path)), elsewhere)])
    if (holder := result_around(target)) is not None:
        text = say(f"{holder} is the folder of a result, to which nothing else belongs",
                   f"{holder} 是评定结果的文件夹，不应放入其他文件")  # fmt: skip
        raise PolicyError([Diagnostic("PE911", text, Span(str(path)), elsewhere)])
    if not target.parent.is_dir():
        raise FileNotFoundError(errno.ENOENT, os.strerror(errno.ENOENT), str(Path(path).parent))
    if not os.access(target.parent, os.W_OK | os.X_OK):
        raise PermissionError(errno.EACCES, os.strerror(errno.EACCES), str(Path(path).parent))


def as_it_was(out: str | Path) -> tuple[str | None, str | None, bool]:
    """Format and kind of ledger of the result in ``out``, None where there is no result; whether it has pseudonyms."""
    if not (Path(out) / MANIFEST).exists():
        return None, None, False
    options = read_result(out).manifest["options"]
    return options.get("format"), options.get("ledger"), bool(options.get("pseudonymised"))


def check_out(out: str | Path) -> None:
    """Refuse, before any work, a target that could not be replaced in the end."""
    refuse_foreign(Path(os.path.realpath(out)))


def check_strict(rejects: Sequence[Reject]) -> None:
    """Raise ``PolicyError`` with every rejected row, as ``--strict`` asks."""
    if rejects:
        raise PolicyError(
            Diagnostic(
                r.code,
                (f"{r.column}: " if r.column else "") + r.said()[0],
                Span(r.file, r.row, sheet=r.sheet),
                r.said()[1] or None,
            )
            for r in rejects
        )
