"""Diagnostics in, one text out: for people, for programs (json), for code scanning (SARIF 2.1.0), for GitHub's log."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Callable, Iterable, Sequence
from typing import Any

from policyengine import __version__
from policyengine.diagnostics import Diagnostic, Replacement, Span, human
from policyengine.messages import harmless, many, say

SARIF_SCHEMA = "https://json.schemastore.org/sarif-2.1.0.json"
_GITHUB_LEVEL = {"error": "error", "warning": "warning", "note": "notice"}


def as_human(diagnostics: Sequence[Diagnostic]) -> str:
    """Each with its line, caret and hint, an empty line between."""
    return harmless("\n\n".join(human(d) for d in diagnostics) + ("\n" if diagnostics else ""), lines=True)


def as_json(diagnostics: Sequence[Diagnostic]) -> str:
    """A list of objects; lines and columns count from 1, ``end_column`` is exclusive. ``instead``: the text that mends
    it and the place it takes; null where there is a choice."""
    return json.dumps([_plain(d) for d in diagnostics], ensure_ascii=False, indent=2) + "\n"


def _plain(d: Diagnostic) -> dict[str, Any]:
    return {
        "code": d.code,
        "severity": d.severity,
        "message": d.message,
        "hint": d.hint,
        "citation": d.citation,
        **_place(d.span),
        "source": d.source,
        "related": [{"message": r.message, **_place(r.span)} for r in d.related],
        "instead": {"text": d.instead.text, **_place(d.instead.span)} if d.instead else None,
    }


def _place(span: Span | None) -> dict[str, Any]:
    if span is None:
        return {"file": None}
    place: dict[str, Any] = {"file": span.file}
    if span.sheet:
        place["sheet"] = span.sheet
    for name in ("line", "column", "end_line", "end_column"):
        if value := getattr(span, name):
            place[name] = value
    return place


def as_github(diagnostics: Sequence[Diagnostic]) -> str:
    """Workflow commands: GitHub shows them at the lines of a change."""
    return harmless("".join(_github(d) for d in diagnostics), lines=True)


def _github(d: Diagnostic) -> str:
    parts = {"title": d.code}
    if d.span is not None:
        parts = {"file": d.span.file, **parts}
        if d.span.line:
            parts["line"] = str(d.span.line)
        if d.span.column:
            parts["col"] = str(d.span.column)
    message = d.message + (f" ({d.citation})" if d.citation else "") + (f" — {d.hint}" if d.hint else "")
    properties = ",".join(f"{k}={_escaped(v, ':,')}" for k, v in parts.items())
    return f"::{_GITHUB_LEVEL[d.severity]} {properties}::{_escaped(message)}\n"


def _escaped(text: str, more: str = "") -> str:
    """GitHub's escapes: a message is one line, and a property ends at a comma or colon."""
    for char in "%\r\n" + more:
        text = text.replace(char, f"%{ord(char):02X}")
    return text


def as_sarif(diagnostics: Sequence[Diagnostic]) -> str:
    """One run with the rules (codes) that occur in it, for code-scanning services."""
    codes = sorted({d.code for d in diagnostics})
    run = {
        "tool": {
            "driver": {
                "name": "policyengine",
                "version": __version__,
                "rules": [{"id": code, "shortDescription": {"text": title_of(code)}} for code in codes],
            }
        },
        "columnKind": "unicodeCodePoints",
        "results": [_result(d, codes) for d in diagnostics],
    }
    return json.dumps({"$schema": SARIF_SCHEMA, "version": "2.1.0", "runs": [run]}, ensure_ascii=False, indent=2) + "\n"


def title_of(code: str) -> str:
    """The title of a code's page."""
    from policyengine.tools.codes import title

    return title(code) or code


def _result(d: Diagnostic, codes: list[str]) -> dict[str, Any]:
    parts = (d.message, f"({d.citation})" if d.citation else "", f"Hint: {d.hint}" if d.hint else "")
    result: dict[str, Any] = {
        "ruleId": d.code,
        "ruleIndex": codes.index(d.code),
        "level": d.severity,
        "message": {"text": " ".join(p for p in parts if p)},
    }
    if d.span is not None:
        result["locations"] = [_location(d.span)]
    related = [{**_location(r.span), "message": {"text": r.message}} for r in d.related if r.span is not None]
    if related:
        result["relatedLocations"] = related
    if d.instead is not None:
        result["fixes"] = [_fix(d.instead)]
    return result


def _fix(instead: Replacement) -> dict[str, Any]:
    replacement = {"deletedRegion": _region(instead.span), "insertedContent": {"text": instead.text}}
    change = {"artifactLocation": _artifact(instead.span.file), "replacements": [replacement]}
    return {"description": {"text": instead.title}, "artifactChanges": [change]}


def _location(span: Span) -> dict[str, Any]:
    place: dict[str, Any] = {"artifactLocation": _artifact(span.file)}
    if span.line:
        place["region"] = _region(span)
    return {"physicalLocation": place}


def _artifact(file: str) -> dict[str, str]:
    from os import fsencode
    from pathlib import Path
    from urllib.parse import quote

    # a relative reference may not begin with a slash; a name in GBK is bytes
    path = Path(file)
    return {"uri": path.as_uri() if path.is_absolute() else quote(fsencode(file))}


def _region(span: Span) -> dict[str, int]:
    ends = {"startColumn": span.column, "endLine": span.end_line, "endColumn": span.end_column}
    return {"startLine": span.line, **{name: value for name, value in ends.items() if value}}


REPORTERS: dict[str, Callable[[Sequence[Diagnostic]], str]] = {
    "human": as_human,
    "json": as_json,
    "sarif": as_sarif,
    "github": as_github,
}


def counted(diagnostics: Iterable[Diagnostic]) -> dict[str, int]:
    """How many there are of each severity."""
    found = Counter(d.severity for d in diagnostics)
    return {s: found[s] for s in ("error", "warning", "note")}


def summary(diagnostics: Iterable[Diagnostic]) -> str:
    """How many there are, in a line."""
    count = counted(diagnostics)
    clean = say("no errors", "没有错误")
    if count["error"]:
        clean = say(many(count["error"], "error"), f"{count['error']} 处错误")
    rest = say(f", {many(count['warning'], 'warning')}, {many(count['note'], 'note')}",
               f"，{count['warning']} 处警告，{count['note']} 条说明")  # fmt: skip
    return clean + (rest if count["warning"] or count["note"] else "")
