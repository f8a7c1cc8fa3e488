"""Judge files into a result folder: in memory by the reference evaluator, or straight from tables if there is much."""

from __future__ import annotations

from datetime import date
from typing import TYPE_CHECKING

from policyengine.engines.reference import Periods
from policyengine.tools.evaluate.evaluate import Files, engine_of, evaluate_files
from policyengine.tools.evaluate.select import Law
from policyengine.tools.result.result import Read, Wish, save
from policyengine.tools.result.tally import Tally, tally_of

if TYPE_CHECKING:
    from policyengine.progress import Hearer

STRAIGHT = ("csv", "parquet")  # formats that the compiled engine writes itself


def evaluate_into(
    law: Law,
    files: Files,
    out: str,
    wish: Wish,
    periods: Periods | None = None,
    as_of: date | None = None,
    engine: str = "auto",
    read: Read | None = None,
    progress: Hearer | None = None,
    remote: str | None = None,
) -> Tally:
    """Judge everybody and write the folder ``out``, whole or not at all. ``remote``: the server of ``spark``.

    Raises ``PolicyError`` where files, folder or policies can't be used, ``MemoryError`` and ``OSError`` where the
    machine can't.
    """
    chosen = "duckdb" if wish.update else engine_of(engine, files, remote)
    if chosen == "spark":
        from policyengine.tools.evaluate.spark import judge_there, stands_there

        if stands_there(files, out):
            return judge_there(law, files, out, wish, periods, as_of, remote or "")
    if chosen == "duckdb" and wish.format in STRAIGHT and wish.key is None:
        from policyengine.engines.compile.probes import Inexpressible
        from policyengine.tools.evaluate.straight import evaluate_straight

        try:
            return evaluate_straight(law, files, out, wish, periods, as_of, read, progress)
        except Inexpressible:
            read = None  # people are judged in memory; what there is to say of the files has been said
    evaluation = evaluate_files(law, files, periods, as_of, chosen, progress, remote)
    if read is not None:
        read(evaluation.inputs.rejects, evaluation.remarks)
    if wish.key is not None:
        from policyengine.tools.evaluate.pseudonymise import pseudonymised

        evaluation = pseudonymised(evaluation, wish.key)
    save(evaluation, out, wish.format, wish.ledger, wish.strict, wish.sign)
    return tally_of(evaluation)
