"""What judging 1 to 50 million records costs, beside other ways of doing the same.

    .venv/bin/pip install -r benchmarks/requirements.txt
    .venv/bin/python -m benchmarks.scale --sizes 1,10,50

Three policies judge the people of one made register. Every contestant runs in a process of its own, in turns; answers
are compared before anything counts, and a difference ends the run. An interrupted run goes on where it stopped.
"""

from __future__ import annotations

import argparse
import json
import os
import subprocess
import sys
import tempfile
from pathlib import Path
from typing import Any

from benchmarks.scale.contestants import CONTESTANTS
from benchmarks.scale.job import WORKS
from benchmarks.scale.register import ROOT
from benchmarks.scale.report import Report
from benchmarks.scale.session import Asked, Disagreement, Session, works


def main() -> int:
    given = _arguments()
    names = tuple(name for name in CONTESTANTS if name in given.contestants.split(","))
    for name in names:
        if CONTESTANTS[name].missing:
            print(f"{CONTESTANTS[name].title} takes no part: {CONTESTANTS[name].needs} is not installed")
    sizes = tuple(sorted(round(float(size) * 1_000_000) for size in given.sizes.split(",")))
    wanted = works(given.works.split(","))
    asked = Asked(sizes, wanted, names, given.turns, given.memory, given.threads, given.minutes, given.limit)
    session = Session(given.folder, asked, lambda line: print(line, flush=True))
    if given.fresh:
        session.notes.unlink(missing_ok=True)
    code = 0
    try:
        session.run()
    except Disagreement as e:
        print(e, file=sys.stderr)
        return 1
    except KeyboardInterrupt:
        code = 130
    report = Report(session.found, asked, person_by_person(given.persons, given.folder) if given.persons else ())
    print("\n" + report.text())
    report.write(given.folder)
    print(f"\n{given.folder}: results.md, results.json, cost.svg")
    if given.docs:
        report.put_into(Path("docs/benchmarks.md"))
    return code


def person_by_person(persons: int, folder: Path) -> list[dict[str, Any]]:
    """What engines that judge one person after another do a second, as ``benchmarks/persons.py`` finds it."""
    out = folder / "persons.json"
    command = [sys.executable, "benchmarks/persons.py", "--persons", str(persons), "--json", str(out)]
    if subprocess.run(command, cwd=ROOT, check=False).returncode:
        return []
    found: list[dict[str, Any]] = json.loads(out.read_text(encoding="utf-8"))
    return found


def _arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    processors = os.cpu_count() or 1
    folder = Path(tempfile.gettempdir()) / "policyengine-benchmarks"
    add = parser.add_argument
    add("--sizes", default="1,10,50", help="millions of records, comma-separated (default 1,10,50)")
    add("--contestants", default=",".join(CONTESTANTS), help=f"of {', '.join(CONTESTANTS)}")
    add("--works", default=",".join(WORKS), help=f"of {', '.join(WORKS)}")
    add("--turns", type=int, default=3, help="how often each contestant does each work (default 3)")
    add("--memory", default="1GB", help="what a process may take, but for the window by hand (default 1GB)")
    add("--threads", type=int, default=processors, help="default: as many as there are processors")
    add("--minutes", type=float, default=24 * 60.0, help="begin nothing more after so many minutes")
    add("--limit", type=float, default=3600.0, help="seconds after which one run is ended (default 3600)")
    add("--folder", type=Path, default=folder, help="for registers (1.2 GB at 50 million records), notes and results")
    add("--persons", type=int, default=200, help="persons for engines that judge one by one (default 200; 0: none)")
    add("--fresh", action="store_true", help="forget earlier measurements")
    add("--docs", action="store_true", help="put tables and plot into docs/")
    return parser.parse_args()


if __name__ == "__main__":
    sys.exit(main())
