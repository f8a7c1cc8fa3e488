"""``policyengine evaluate``: judge a records file by a policy; a result folder, or decisions on stdout."""

from __future__ import annotations

import contextlib
import sys
from collections.abc import Callable, Iterator, Sequence
from datetime import date
from pathlib import Path
from typing import TYPE_CHECKING

import click

from policyengine.address import is_address
from policyengine.cli.bar import bar
from policyengine.cli.guard import message, tell, tell_of_csv
from policyengine.cli.settings import Command, Day, Memory, Periods, on_terminal
from policyengine.messages import in_line, say
from policyengine.progress import Hearer

if TYPE_CHECKING:
    from policyengine.diagnostics import Diagnostic
    from policyengine.records.model import Reject
    from policyengine.tools.evaluate.evaluate import Evaluation

STEPS = {
    "reading": ("reading", "读取"),
    "judging": ("judging", "评定"),
    "survey": ("judging", "评定"),
    "members": ("adding up", "汇总"),
    "ledger": ("writing the ledger", "写台账"),
    "totals": ("adding up", "汇总"),
    "decide": ("deciding", "得出结论"),
    "write": ("writing", "写出"),
    "": ("done", "完成"),
}
ON_TERMINAL = ("person_id", "period", "policy", "outcome", "total", "required_total", "shortfall_total", "consequences")
EPILOG = """\b
Examples:
  policyengine evaluate examples/records.csv --policy policies/sichuan --out out
  policyengine evaluate records/ --policy policies --persons persons.csv --period 2016..2018 --out out --format parquet
  policyengine evaluate records.csv --policy policies/sichuan --period 2016 > decisions.csv
  policyengine evaluate records.csv --policy policies --policy-rev v2024 --out out
  policyengine evaluate records.parquet --policy policies --persons persons.csv --update out
"""


@click.command(cls=Command, epilog=EPILOG)
@click.argument("records", nargs=-1, required=True)
@click.option("--policy", required=True, help="A pack's folder, or a folder of packs.")
@click.option("--policy-rev", metavar="REV", help="Judge by the packs as they stood at this git revision.")
@click.option("--persons", help="File with a row for each person.")
@click.option("--circumstances", help="File with people's leave and other circumstances.")
@click.option("--mapping", help="A mapping file, for columns that their headers alone don't explain.")
@click.option(
    "--period", type=Periods(), help="2016 or 2016..2018; by default the first to the last year with a record."
)
@click.option("--as-of", type=Day(), help="Judge as on this day: what has not ended yet is in progress.")
@click.option("--out", type=click.Path(), help="Folder to write the result into; without it, decisions go to stdout.")
@click.option(
    "--update",
    type=click.Path(),
    metavar="DIR",
    help="Bring the result in DIR up to date: only people of whom something differs are judged anew.",
)
@click.option("--format", "format_", type=click.Choice(["csv", "jsonl", "parquet", "xlsx"]), help="By default csv.")
@click.option(
    "--engine", type=click.Choice(["auto", "duckdb", "reference", "spark"]), default="auto", show_default=True
)
@click.option("--remote", metavar="sc://HOST:PORT", help="The Spark Connect server of --engine spark.")
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
    help="Also write the rejected rows as they stood, bad cells coloured, to be mended and read again; FILE is new.",
)
@click.option("--sign", type=click.Path(), metavar="KEY", help="Sign the result with this Ed25519 private key (PEM).")
@click.option(
    "--pseudonymise",
    type=click.Path(),
    metavar="KEYFILE",
    help="Write pseudonyms, made with this key, for persons' ids.",
)
@click.option(
    "--memory-limit",
    type=Memory(),
    help="What the whole process may take before it goes on to disk (1GB; of less than 500MB it may take more); "
    "by default most of the memory.",
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
    update: str | None,
    format_: str | None,
    engine: str,
    remote: str | None,
    ledger: str | None,
    strict: bool,
    rejects_xlsx: str | None,
    sign: str | None,
    pseudonymise: str | None,
    memory_limit: str | None,
) -> int:
    """Judge everybody in RECORDS (files, folders, globs, or - for stdin) by a policy.

    Writes decisions, findings, ledger, rejects, flags, missing facts and a manifest into --out; the folder appears
    whole or not at all.
    """
    from policyengine.tools.evaluate.evaluate import Files, evaluate_files
    from policyengine.tools.evaluate.select import load_law
    from policyengine.tools.result.result import Wish, as_it_was, check_out, check_rejects, check_strict, save_rejects
    from policyengine.tools.result.summary import summary_lines
    from policyengine.tools.result.tally import tally_of
    from policyengine.tools.result.write import SIGNATURE

    if update is not None:
        _check_update(out, format_, engine, pseudonymise is not None)
        out = update
    _check(out, format_, sign, ledger, memory_limit, engine, remote)
    files = Files(records, persons, circumstances, mapping)
    if out is not None:
        check_out(out)
    if rejects_xlsx is not None:
        check_rejects(rejects_xlsx, out)
    if update is not None:
        was = as_it_was(update)
        if format_ in (None, was[0]):  # another format has a ledger of its own kind
            format_, ledger = was[0], ledger or was[1]
        _check_update(None, format_, engine, was[2])
    unsigned = out is not None and sign is None and (Path(out) / SIGNATURE).exists()
    law = load_law(policy, policy_rev)
    made: list[str] = []  # the workbook of rejects, unless --strict fails for what it lists

    def read(rejects: Sequence[Reject], remarks: tuple[Diagnostic, ...]) -> None:
        tell(remarks)
        if rejects_xlsx is not None:
            tell(save_rejects(law, files, rejects, rejects_xlsx))
        if strict:
            check_strict(rejects)
        if rejects_xlsx is not None:
            made.append(rejects_xlsx)

    if out is None:
        with _progress() as progress:
            evaluation = evaluate_files(law, files, period, as_of, engine, progress, remote)
        read(evaluation.inputs.rejects, evaluation.remarks)
        if pseudonymise is not None:
            from policyengine.tools.evaluate.pseudonymise import pseudonymised

            evaluation = pseudonymised(evaluation, pseudonymise)
        _print(evaluation, format_)
        tally = tally_of(evaluation)
    else:
        from policyengine.tools.evaluate.into import evaluate_into

        wish = Wish(
            format_ or _usual(out, engine),
            ledger,
            strict,
            memory_limit,
            _signer(sign),
            pseudonymise,
            update is not None,
        )
        with _progress() as progress, _undone(made):
            tally = evaluate_into(law, files, out, wish, period, as_of, engine, read, progress, remote)
    for line in summary_lines(tally, out):
        message(line)
    if out is not None and wish.format == "csv":
        tell_of_csv("--format xlsx")
    if unsigned:
        message(
            say(
                "warning: the result that stood there was signed, this one is not; --sign KEY signs it",
                "警告：原有结果已签名，本次结果没有签名；用 --sign 密钥 可签名",
            )
        )
    return 0


def _usual(out: str, engine: str) -> str:
    """The format where none is asked for: a cluster writes Parquet only."""
    return "parquet" if engine == "spark" and is_address(out) else "csv"


def _check(
    out: str | None, format_: str | None, sign: str | None, ledger: str | None, memory: str | None, engine: str,
    remote: str | None,
) -> None:  # fmt: skip
    """What can't be asked for together, or would change nothing."""
    if out is None and format_ in ("parquet", "xlsx"):
        text = say(
            f"{format_} can't go to the terminal; name a folder with --out",
            f"{format_} 不能输出到终端，请用 --out 指定文件夹",
        )
    elif out is not None and not is_address(out) and _is_named_as_file(out):
        ending = Path(out).suffix
        text = say(
            f"--out names a folder, with a file for each table, and {out} would be one; name it without {ending}, and "
            f"say --format {ending[1:].lower()}",
            f"--out 指定的是文件夹（每张表一个文件），{out} 会成为文件夹；请去掉名称中的 {ending}，"
            f"并加 --format {ending[1:].lower()}",
        )
    elif out is None and sign is not None:
        text = say("only a result in a folder can be signed: --out", "只能对写入文件夹的结果签名：--out")
    elif out is None and ledger is not None:
        text = say("only a result in a folder has a ledger: --out", "只有写入文件夹的结果才有台账：--out")
    elif out is None and memory is not None:
        text = say(
            "only what is written into a folder can be kept to an amount of memory: --out",
            "只能对写入文件夹的结果限制内存：--out",
        )
    elif remote is not None and engine != "spark":
        text = say("--remote is the server of --engine spark; name both or none",
                   "--remote 是 --engine spark 的服务器，二者须同时给出")  # fmt: skip
    else:
        return
    raise click.UsageError(text)


def _is_named_as_file(out: str) -> bool:
    """Whether a new folder would have the name of a table's file, which a double click opens."""
    return out.lower().endswith((".csv", ".xlsx")) and not Path(out).exists()


def _check_update(out: str | None, format_: str | None, engine: str, pseudonyms: bool) -> None:
    """An update replaces the result in its folder, by the compiled engine. ``format_``, ``pseudonyms``: as asked for,
    then as they are in the folder: the ids of persons do not come out where they had been replaced."""
    if out is not None:
        text = say("--update names the folder already; leave --out away", "--update 已指定文件夹，请去掉 --out")
    elif format_ in ("jsonl", "xlsx") or engine in ("reference", "spark") or pseudonyms:
        text = say(
            "--update works on CSV and Parquet results, without pseudonyms, by the compiled engine",
            "--update 用于 CSV 或 Parquet 结果，不含假名，由编译引擎评定",
        )
    else:
        return
    raise click.UsageError(text)


def _signer(sign: str | None) -> Callable[[bytes], bytes] | None:
    if sign is None:
        return None
    from policyengine.tools.result.sign import Signer

    return Signer(sign)


@contextlib.contextmanager
def _undone(made: Sequence[str]) -> Iterator[None]:
    """Where the run fails, files that it made go again: nothing is left behind, and their names can be given anew."""
    try:
        yield
    except BaseException:
        for path in made:
            Path(path).unlink(missing_ok=True)
        raise


@contextlib.contextmanager
def _progress() -> Iterator[Hearer | None]:
    """The bar, told of steps by the names that engines have for them; None where nobody looks."""
    with bar(time_left=True) as shown:
        yield None if shown is None else lambda share, step: shown(share, say(*STEPS.get(step, (step, step))))


def _print(evaluation: Evaluation, format_: str | None) -> None:
    """Decisions on stdout: as asked, or a table for eyes on a terminal and CSV for everything else."""
    from policyengine.tools.result.formats import text_of, write_csv, write_jsonl
    from policyengine.tools.result.tables import shape_of, tables_of

    table = tables_of(evaluation.result, (), shape_of(evaluation.law.plans), "none")[0]
    if format_ == "jsonl":
        write_jsonl(table, sys.stdout)
    elif format_ is None and on_terminal(sys.stdout):
        from rich.table import Table

        from policyengine.tools.screen import Console

        shown = Table()
        for name in ON_TERMINAL:
            shown.add_column(name, overflow="fold")
        for row in table.rows:
            cells = dict(zip(table.names, row, strict=True))
            shown.add_row(*(in_line(text_of(cells[n])) for n in ON_TERMINAL))
        Console().print(shown)
    else:
        write_csv(table, sys.stdout)
