"""Git shown how to read rules: a repository in, its diff driver and attributes written, what was done out.

The driver goes into the repository's own configuration (each checkout has its own), the attributes into
``.gitattributes``, which is committed and so is everybody's. Both are left as they are where they already say so.
"""

from __future__ import annotations

import shutil
import sys
from pathlib import Path
from shlex import quote

from policyengine.diagnostics import Diagnostic, PolicyError
from policyengine.light import dataclass
from policyengine.messages import say
from policyengine.tools.git.revisions import GitFailure, git, top_of

ATTRIBUTES = ("rules*.yaml diff=policyengine", "rules*.yml diff=policyengine")
_HEADING = r"^([^[:space:]].*)$"  # the head of a paragraph, which git repeats above each hunk


@dataclass(frozen=True, slots=True)
class Installed:
    """``settings`` that were written, by name; ``attributes``: the file that has the lines; ``added``: the new ones."""

    settings: tuple[tuple[str, str], ...]
    attributes: Path
    added: tuple[str, ...]


def install(at: Path | None = None, local: bool = False) -> Installed:
    """Write the diff driver into the repository around ``at``. ``local``: attributes for this checkout alone.

    Raises ``PolicyError``: PE701 outside of a repository, PE703 where git refuses.
    """
    top = top_of(at)
    wanted = {
        "diff.policyengine.textconv": f"{program()} git textconv",
        "diff.policyengine.cachetextconv": "true",
        "diff.policyengine.xfuncname": _HEADING,
    }
    written = tuple((name, value) for name, value in wanted.items() if _setting(name, top) != value)
    for name, value in written:
        git("config", "--local", name, value, at=top)
    inside = git("rev-parse", "--git-path", "info/attributes", at=top).decode().strip() if local else ".gitattributes"
    attributes = top / inside
    return Installed(written, attributes, _added(attributes))


def program() -> str:
    """How git can run this program: by its name where it is found by it, else through this Python."""
    return "policyengine" if shutil.which("policyengine") else f"{quote(sys.executable)} -m policyengine"


def _setting(name: str, top: Path) -> str | None:
    try:
        return git("config", "--local", "--get", name, at=top).decode().rstrip("\n")
    except GitFailure:
        return None


def _added(attributes: Path) -> tuple[str, ...]:
    try:
        text = attributes.read_bytes().decode("utf-8") if attributes.exists() else ""  # with its line ends
    except UnicodeDecodeError:
        raise PolicyError([_not_text(attributes)]) from None
    there = [line.split() for line in text.splitlines()]
    wanted = tuple(line for line in ATTRIBUTES if line.split() not in there)
    if not wanted:
        return ()
    attributes.parent.mkdir(parents=True, exist_ok=True)
    end = "\r\n" if "\r\n" in text else "\n"
    between = "" if not text or text.endswith("\n") else end
    attributes.write_bytes(f"{text}{between}{''.join(line + end for line in wanted)}".encode())
    return wanted


def _not_text(attributes: Path) -> Diagnostic:
    return Diagnostic(
        "PE708",
        say(f"{attributes} is not UTF-8 text, so no line was added", f"{attributes} 不是 UTF-8 文本，没有添加内容"),
        hint=say(f"add these lines yourself: {'; '.join(ATTRIBUTES)}", f"请自行添加这几行：{'；'.join(ATTRIBUTES)}"),
    )
