"""The pages of diagnostic codes: ``policyengine/codes/PE203.md`` and its like, one form for all.

``# PE203: title``, then ``## What it means``, ``## Example`` (the mistake), ``## How to mend it``. The list in
docs/diagnostics.md is made from them: ``python -m policyengine.tools.codes > docs/diagnostics.md``.
"""

from __future__ import annotations

import re
from functools import cache
from pathlib import Path

FOLDER = Path(__file__).resolve().parent.parent / "codes"
SECTIONS = ("What it means", "Example", "How to mend it")
_GROUPS = (
    ("1", "The files of a pack", "Shape, words, tables and tests of a pack: `pack.yaml`, `rules*.yaml`, `tables/`."),
    ("2", "The language", "What a rule says: syntax, names, types, units, and what it may not say."),
    ("3", "Authority and time", "Versions of rules, and what one pack may do to the rules of another."),
    ("4", "Records and persons", "Input files that can't be read, and rows that are rejected."),
    ("5", "Results", "Written results, and whether they agree with themselves."),
    ("6", "Tests and layout", "Packs' own tests, and `fmt`."),
    ("7", "Comparing", "`diff`, `history`, and git."),
    ("9", "Use", "Arguments, files and the machine."),
)


@cache
def codes() -> tuple[str, ...]:
    """Every code that has a page, in order."""
    return tuple(sorted(p.stem for p in FOLDER.glob("PE[0-9][0-9][0-9].md")))


def page(code: str) -> str | None:
    """The page of a code; None where there is none."""
    name = code.strip().upper()
    if re.fullmatch(r"PE[0-9]{3}", name) is None:
        return None
    path = FOLDER / f"{name}.md"
    return path.read_text(encoding="utf-8") if path.is_file() else None


def title(code: str) -> str | None:
    """What a page says after ``# PE203: ``."""
    text = page(code)
    return text.split("\n", 1)[0].partition(": ")[2].strip() if text else None


def near(code: str) -> tuple[str, ...]:
    """Codes that may have been meant: spelt alike, else of the same group."""
    from difflib import get_close_matches

    name = code.strip().upper()
    spelt = "PE" + name.removeprefix("PE").translate(str.maketrans("OIL", "011"))
    if spelt in codes():
        return (spelt,)
    number = re.sub(r"\D", "", name)
    found = get_close_matches(name, codes(), n=5, cutoff=0.75)
    return tuple(found) or tuple(c for c in codes() if number and c.startswith(f"PE{number[0]}"))[:10]


def listing() -> str:
    """docs/diagnostics.md: every code by group, with its title."""
    lines = [
        "# Diagnostics",
        "",
        "Made from the pages in `policyengine/codes/` by `python -m policyengine.tools.codes`. "
        "`policyengine explain-code PE203` prints a page.",
    ]
    for digit, name, about in _GROUPS:
        group = [c for c in codes() if c.startswith(f"PE{digit}")]
        if group:
            lines += ["", f"## {name} (PE{digit}xx)", "", about, "", "| code | |", "|---|---|"]
            lines += [f"| [{c}](../policyengine/codes/{c}.md) | {title(c)} |" for c in group]
    return "\n".join(lines) + "\n"


if __name__ == "__main__":
    print(listing(), end="")
