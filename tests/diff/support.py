"""The shipped packs, edited: edits as a table gives them go in, two folders and what ``diff`` says of them come out."""

from __future__ import annotations

import re
import shutil
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any

from policyengine.messages import speak
from policyengine.tools.diff.compare import compare_sides
from policyengine.tools.diff.model import Change, Comparison, Effect, Law
from policyengine.tools.diff.phrases import manner, stretch
from policyengine.tools.diff.sides import load_side
from policyengine.tools.git.revisions import Tree

POLICIES = Path(__file__).resolve().parents[2] / "policies"
ENTRY = r"(?m)^- id: {id}\n(?:(?!^- |^\n|^#).*\n)*?  from: {start}\n(?:(?!^- |^\n|^#).*\n)*"
UNDATED = r"(?m)^- id: {id}\n(?:(?!^- |^\n|^#).*\n)*"

Edit = Mapping[str, Any]


def copy(to: Path) -> Path:
    """The shipped packs in a folder of their own."""
    return Path(shutil.copytree(POLICIES, to / "policies"))


def edit(folder: Path, edits: Iterable[Edit]) -> None:
    """Change the packs in ``folder``. What is to be replaced must stand there exactly once."""
    for one in edits:
        if "delete" in one:
            shutil.rmtree(folder / one["delete"])
            continue
        path = folder / one["in"]
        text = path.read_text(encoding="utf-8") if path.exists() else ""
        if "append" in one:
            text = f"{text.rstrip()}\n\n{one['append']}\n" if text else one["append"]
        elif "remove" in one:
            text, _ = taken(text, *one["remove"])
        elif "move" in one:
            text, entry = taken(text, *one["move"])
            target = folder / one["to"]
            there = target.read_text(encoding="utf-8") if target.exists() else ""
            target.write_text(f"{there.rstrip()}\n\n{entry}".lstrip(), encoding="utf-8")
        else:
            assert text.count(one["replace"]) == 1, f"{one['replace']!r} stands {text.count(one['replace'])} times"
            text = text.replace(one["replace"], one["by"])
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text, encoding="utf-8")


def taken(text: str, name: str, start: str | None = None) -> tuple[str, str]:
    """A file without one entry, and the entry."""
    pattern = UNDATED.format(id=name) if start is None else ENTRY.format(id=name, start=start)
    found = re.findall(pattern, text)
    assert len(found) == 1, f"{name} from {start}: {len(found)} entries"
    return text.replace(found[0], ""), found[0]


def law(folder: Path, label: str = "side") -> Law:
    return load_side(Tree(label, folder))


def compared(old: Law, new: Law) -> Comparison:
    speak("en")
    return compare_sides(old, new)


def told(change: Change) -> str:
    """A change as the table writes it."""
    parts = [f"{change.kind} {change.subject}"]
    if change.kind in ("added", "repealed", "amended"):
        parts += [stretch(change), " ".join(p for p in (change.direction, change.how) if p)]
        parts += [", ".join(f"{pack} {direction}" for pack, direction, _ in change.elsewhere)]
        parts += [manner(change)] if change.twin else []
    elif change.kind == "renamed":
        parts[0] = f"{change.kind} {change.before} → {change.after}"
    elif change.kind == "authority":
        parts.append(f"{change.before} → {change.after}")
        parts += [", ".join(f"{pack} {direction}" for pack, direction, _ in change.elsewhere)]
    elif change.kind not in ("reworded", "cited"):
        parts[0] = f"{change.kind} {change.pack}: {change.subject}"
        if change.kind in ("table", "scope"):
            parts += [change.direction]
            parts += [", ".join(f"{pack} {direction}" for pack, direction, _ in change.elsewhere)]
    return " | ".join(p for p in parts if p)


def effect(one: Effect) -> str:
    return f"{one.kind} {one.rule or one.pack}"
