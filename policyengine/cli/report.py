"""``policyengine report``: HTML and XLSX reports and registration certificates of a written result."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING

import click

from policyengine.cli.bar import progress
from policyengine.cli.guard import message, tell
from policyengine.cli.over import made_from, refuse_over
from policyengine.cli.settings import Command, Database
from policyengine.messages import say

if TYPE_CHECKING:
    from policyengine.diagnostics import Diagnostic

EPILOG = """\b
Examples:
  policyengine report out --out report.html
  policyengine report out --out results.xlsx --reveal --lang zh
  policyengine report out --certificates --out certificates.html --reveal
  policyengine report out --certificates --person 510101199001010016 --out certificate.pdf --reveal
"""


@click.command(cls=Command, epilog=EPILOG)
@click.argument("folder", type=Database(), metavar="DIR")
@click.option("--out", required=True, type=click.Path(), help="FILE.html, FILE.pdf or (no certificates) FILE.xlsx.")
@click.option("--certificates", is_flag=True, help="Registration certificates (登记证书), a page for each person.")
@click.option("--person", help="Only this person's certificate (id or name).")
@click.option("--pdf", is_flag=True, help="Print to PDF by an installed Chromium; as if --out ended in .pdf.")
@click.option("--reveal", is_flag=True, help="Show ids and names in full; by default they are masked.")
@click.option("--records", multiple=True, help="The records files, where they have moved since.")
@click.option("--persons", help="The persons file, where it has moved since.")
@click.option("--policy", help="The packs, where they have moved since.")
@click.option("--mapping", help="The mapping file, where it has moved since.")
def command(
    folder: str,
    out: str,
    certificates: bool,
    person: str | None,
    pdf: bool,
    reveal: bool,
    records: tuple[str, ...],
    persons: str | None,
    policy: str | None,
    mapping: str | None,
) -> int:
    """A report of the result in DIR, or of what is current in a status database.

    One HTML file that needs no network, a workbook, or certificates.
    The HTML shows charts, tables and everybody's decision with its reasons; ids are masked unless --reveal.
    """
    from policyengine.tools.report import make
    from policyengine.tools.stats.origin import Named

    path, named = Path(out), Named(records, persons, policy, mapping)
    suffix = ".pdf" if pdf else path.suffix.lower()
    if certificates and suffix not in (".html", ".pdf"):
        english = "certificates are pages: --out must end in .html or .pdf"
        raise click.UsageError(say(english, "登记证书是页面：--out 应以 .html 或 .pdf 结尾"))
    if suffix not in (".html", ".pdf", ".xlsx"):
        raise click.UsageError(say("--out must end in .html, .xlsx or .pdf", "--out 应以 .html、.xlsx 或 .pdf 结尾"))
    if person is not None and not certificates:
        raise click.UsageError(say("--person goes with --certificates", "--person 须与 --certificates 一起使用"))
    refuse_over("--out", out, [folder, *records, persons, policy, mapping, *made_from([folder])])

    def write_page(to: Path) -> tuple[Diagnostic, ...]:
        if certificates:
            return make.write_certificates(folder, to, person, reveal, named)
        return make.write_report(folder, to, reveal, named)

    with progress():
        if suffix == ".xlsx":
            notes = make.write_workbook(folder, path, reveal, named)
        else:
            notes = _printed(write_page, path) if suffix == ".pdf" else write_page(path)
    tell(notes)
    message(say(f"written to {out}", f"已写入 {out}"))
    return 0


def _printed(write_page: Callable[[Path], tuple[Diagnostic, ...]], path: Path) -> tuple[Diagnostic, ...]:
    import tempfile

    from policyengine.tools.report.pdf import browser, print_pdf

    browser()  # before any work
    with tempfile.TemporaryDirectory(prefix="policyengine-") as place:
        page = Path(place) / "page.html"
        notes = write_page(page)
        print_pdf(page, path)
    return notes
