"""The pages of diagnostic codes: ``policyengine/codes/PE203.md`` and its like, one form for all.

``# PE203: title``, then ``## What it means``, ``## Example`` (the mistake), ``## How to mend it``; below, the same in
Chinese: ``# PE203：…``, ``## 含义``, ``## 改正办法`` (the example is the one above). The list in docs/diagnostics.md
is made from the English parts: ``python -m policyengine.tools.codes > docs/diagnostics.md``.
"""

from __future__ import annotations

import re
from functools import cache
from pathlib import Path

from policyengine.messages import spoken

FOLDER = Path(__file__).resolve().parent.parent / "codes"
SECTIONS = ("What it means", "Example", "How to mend it")
CHINESE = ("含义", "改正办法")
_PARTED = re.compile(r"^(?=# PE\d{3}：)", re.MULTILINE)
_FENCED = re.compile(r"^```.*?^```$", re.MULTILINE | re.DOTALL)
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


def page(code: str, lang: str | None = None) -> str | None:
    """The page of a code in a language (``en``, ``zh``; None: the one spoken); None where there is none."""
    parts = _parts(code)
    if parts is None:
        return None
    english, chinese = parts
    if (lang or spoken()) != "zh":
        return english
    meaning, mending = chinese.split(f"## {CHINESE[1]}\n")
    example = "\n\n".join(_FENCED.findall(english.split(f"## {SECTIONS[1]}\n")[1].split(f"## {SECTIONS[2]}\n")[0]))
    return f"{meaning}## 示例\n\n{example}\n\n## {CHINESE[1]}\n{mending}"


def _parts(code: str) -> tuple[str, str] | None:
    """The English and the Chinese part of a page, as they stand in its file."""
    name = code.strip().upper()
    path = FOLDER / f"{name}.md"
    if re.fullmatch(r"PE[0-9]{3}", name) is None or not path.is_file():
        return None
    english, chinese = _PARTED.split(path.read_text(encoding="utf-8"))
    return english.rstrip("\n") + "\n", chinese


def title(code: str, lang: str | None = None) -> str | None:
    """What a page says after ``# PE203: ``, in a language as of ``page``."""
    text = page(code, lang)
    return re.split("[:：]", text.split("\n", 1)[0], maxsplit=1)[1].strip() if text else None


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
        "`policyengine explain-code PE203` prints a page, with `--lang zh` in Chinese.",
    ]
    for digit, name, about in _GROUPS:
        group = [c for c in codes() if c.startswith(f"PE{digit}")]
        if group:
            lines += ["", f"## {name} (PE{digit}xx)", "", about, "", "| code | |", "|---|---|"]
            lines += [f"| [{c}](../policyengine/codes/{c}.md) | {title(c, 'en')} |" for c in group]
    return "\n".join(lines) + "\n"


if __name__ == "__main__":
    print(listing(), end="")
