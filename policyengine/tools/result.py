"""An evaluation on its way to a folder: tables, manifest and options put together, and what ``--strict`` refuses."""

from __future__ import annotations

import os
from collections.abc import Callable
from pathlib import Path
from typing import Any

from policyengine.diagnostics import Diagnostic, PolicyError, Span
from policyengine.engines.calendar import label
from policyengine.messages import say
from policyengine.tools.evaluate import Evaluation, schema_for
from policyengine.tools.manifest import manifest_of
from policyengine.tools.tables import shape_of, tables_of
from policyengine.tools.write import refuse_foreign, write_result


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
    size = ledger or ("lean" if format == "parquet" else "full")
    tables = tables_of(evaluation.result, evaluation.inputs.rejects, shape_of(evaluation.law.plans), size)
    manifest = manifest_of(
        evaluation.law.policies,
        evaluation.law.plans,
        evaluation.inputs,
        evaluation.files.roles(),
        evaluation.result,
        evaluation.engine,
        _options(evaluation, format, size, strict),
    )
    return write_result(manifest, tables, out, format, sign)


def _options(evaluation: Evaluation, format: str, ledger: str, strict: bool) -> dict[str, Any]:
    """What was asked for, as it was written on the command line."""
    periods, files = evaluation.asked, evaluation.files
    return {
        "policy": evaluation.law.path,
        **({"policy_rev": evaluation.law.revision, "commit": evaluation.law.commit} if evaluation.law.commit else {}),
        "records": list(files.records),
        "persons": files.persons,
        "circumstances": files.circumstances,
        **({"mapping": files.mapping} if files.mapping else {}),
        "period": label(periods[0], periods[1] - periods[0] + 1) if periods else None,
        "as_of": evaluation.as_of.isoformat() if evaluation.as_of else None,
        "format": format,
        "ledger": ledger,
        "strict": strict,
        **({"pseudonymised": True} if evaluation.pseudonymised else {}),
    }


def save_rejects(evaluation: Evaluation, path: str | Path) -> list[Diagnostic]:
    """The rejected rows as they stood, in a workbook to be mended; what can't be read twice is only listed."""
    from policyengine.records.rejects_xlsx import write_rejects

    files = evaluation.files
    schema = schema_for(evaluation.law, files.mapping)
    return write_rejects(Path(path), evaluation.inputs.rejects, files.records, schema)


def check_out(out: str | Path) -> None:
    """Refuse, before any work, a target that could not be replaced in the end."""
    refuse_foreign(Path(os.path.realpath(out)))


def check_strict(evaluation: Evaluation) -> None:
    """Raise ``PolicyError`` with every rejected row, as ``--strict`` asks."""
    rejects = evaluation.inputs.rejects
    if rejects:
        raise PolicyError(
            Diagnostic(
                r.code,
                (f"{r.column}: " if r.column else "") + say(r.reason, r.reason_zh or r.reason),
                Span(r.file, r.row, sheet=r.sheet),
                say(r.hint, r.hint_zh or r.hint) or None,
            )
            for r in rejects
        )
