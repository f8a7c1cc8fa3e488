"""``policyengine evaluate``: judge a records file by a policy; a result folder, or decisions on stdout."""

from __future__ import annotations

import contextlib
import sys
from collections.abc import Callable, Iterator
from datetime import date
from pathlib import Path
from typing import TYPE_CHECKING

import click

from policyengine.cli.guard import message, tell
from policyengine.cli.settings import Day, Periods, on_terminal
from policyengine.messages import say

if TYPE_CHECKING:
    from policyengine.tools.evaluate import Evaluation

MANY = 2000  # people who take the reference evaluator about a second
ON_TERMINAL = ("person_id", "period", "policy", "outcome", "total", "required_total", "shortfall_total", "consequences")
EPILOG = """\b
Examples:
  policyengine evaluate examples/records.csv --policy policies/sichuan --out out
  policyengine evaluate records/ --policy policies --persons persons.csv --period 2016..2018 --out out --format parquet
  policyengine evaluate records.csv --policy policies/sichuan --period 2016 > decisions.csv
  policyengine evaluate records.csv --policy policies --policy-rev v2024 --out out
"""


@click.command(epilog=EPILOG)
@click.argument("records", nargs=-1, required=True)
@click.option("--policy", required=True, help="A pack's folder, or a folder of packs.")
@click.option("--policy-rev", metavar="REV", help="Judge by the packs as they stood at this git revision.")
@click.option("--persons", help="File with a row for each person.")
@click.option("--circumstances", help="File with people's leave and other circumstances.")
@click.option("--mapping", help="A mapping file, for columns that their headers alone don't explain.")
@click.option("--period", type=Periods(), help="2016 or 2016..2018; by default every year that has a record.")
@click.option("--as-of", type=Day(), help="Judge as on this day: what has not ended yet is in progress.")
@click.option("--out", type=click.Path(), help="Folder to write the result into; without it, decisions go to stdout.")
@click.option("--format", "format_", type=click.Choice(["csv", "jsonl", "parquet", "xlsx"]), help="By default csv.")
@click.option(
    "--engine", type=click.Choice(["auto", "duckdb", "reference", "spark"]), default="auto", show_default=True
)
@click.option(
    "--ledger",
    type=click.Choice(["full", "lean", "none"]),
    help="How much of each record the ledger repeats; by default full, lean in parquet.",
)
@click.option("--strict", is_flag=True, help="A row that cannot be read makes the whole run fail.")
@click.option(
    "--rejects-xlsx",
    type=click.Path(),
    metavar="FILE",
    help="Also write the rejected rows as they stood, bad cells coloured, to be mended and read again.",
)
@click.option("--sign", type=click.Path(), metavar="KEY", help="Sign the result with this Ed25519 private key (PEM).")
@click.option(
    "--pseudonymise",
    type=click.Path(),
    metavar="KEYFILE",
    help="Write pseudonyms, made with this key, for persons' ids.",
)
def command(
    records: tuple[str, ...],
    policy: str,
    policy_rev: str | None,
    persons: str | None,
    circumstances: str | None,
    mapping: str | None,
    period: tuple[int, int] | None,
    as_of: date | None,
    out: str | None,
    format_: str | None,
    engine: str,
    ledger: str | None,
    strict: bool,
    rejects_xlsx: str | None,
    sign: str | None,
    pseudonymise: str | None,
) -> int:
    """Judge everybody in RECORDS (files, folders, globs, or - for stdin) by a policy.

    Writes decisions, findings, ledger, rejects, flags, missing facts and a manifest into --out; the folder appears
    whole or not at all.
    """
    from policyengine.tools.evaluate import Files, evaluate_files
    from policyengine.tools.result import check_out, check_strict, save, save_rejects

    if out is None and format_ in ("parquet", "xlsx"):
        raise click.UsageError(
            say(
                f"{format_} can't go to the terminal; name a folder with --out",
                f"{format_} 不能输出到终端，请用 --out 指定文件夹",
            )
        )
    signer = None
    if sign is not None:
        from policyengine.tools.sign import Signer

        if out is None:
            raise click.UsageError(
                say("only a result in a folder can be signed: --out", "只能对写入文件夹的结果签名：--out")
            )
        signer = Signer(sign)
    if out is not None:
        check_out(out)
    files = Files(records, persons, circumstances, mapping)
    with _progress() as progress:
        evaluation = evaluate_files(_law(policy, policy_rev), files, period, as_of, engine, progress)
    tell(evaluation.remarks)
    if rejects_xlsx is not None:
        tell(save_rejects(evaluation, rejects_xlsx))
    if strict:
        check_strict(evaluation)
    if pseudonymise is not None:
        from policyengine.tools.pseudonymise import pseudonymised

        evaluation = pseudonymised(evaluation, pseudonymise)
    if out is not None:
        save(evaluation, out, format_ or "csv", ledger, strict, signer)
    else:
        _print(evaluation, format_)
    _summarise(evaluation, Path(out) if out is not None else None)
    return 0


@contextlib.contextmanager
def _progress() -> Iterator[Callable[[int, int], None] | None]:
    """A bar on stderr, where that is a terminal and there are many people; nothing is shown anywhere else."""
    if not on_terminal(sys.stderr):
        yield None
        return
    from rich.console import Console
    from rich.progress import Progress

    with Progress(console=Console(stderr=True), transient=True) as bar:
        task = bar.add_task(say("judging", "评定"), total=None, visible=False)
        yield lambda done, people: bar.update(task, completed=done, total=people, visible=people > MANY)


def _law(policy: str, revision: str | None):  # type: ignore[no-untyped-def]
    from policyengine.tools.select import load_law

    return load_law(policy, revision)


def _print(evaluation: Evaluation, format_: str | None) -> None:
    """Decisions on stdout: as asked, or a table for eyes on a terminal and CSV for everything else."""
    from policyengine.tools.formats import text_of, write_csv, write_jsonl
    from policyengine.tools.tables import shape_of, tables_of

    table = tables_of(evaluation.result, (), shape_of(evaluation.law.plans), "none")[0]
    if format_ == "jsonl":
        write_jsonl(table, sys.stdout)
    elif format_ is None and on_terminal(sys.stdout):
        from rich.console import Console
        from rich.table import Table

        shown = Table()
        for name in ON_TERMINAL:
            shown.add_column(name, overflow="fold")
        for row in table.rows:
            cells = dict(zip(table.names, row, strict=True))
            shown.add_row(*(text_of(cells[n]) for n in ON_TERMINAL))
        Console().print(shown)
    else:
        write_csv(table, sys.stdout)


def _summarise(evaluation: Evaluation, out: Path | None) -> None:
    from policyengine.tools.summary import summary_lines

    for line in summary_lines(evaluation, out):
        message(line)
