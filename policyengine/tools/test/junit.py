"""Results of packs' tests in, JUnit XML out: what continuous-integration servers show."""

from __future__ import annotations

from collections.abc import Sequence
from xml.etree.ElementTree import Element, SubElement, indent, tostring

from policyengine.diagnostics import Diagnostic
from policyengine.messages import say
from policyengine.tools.test.run import CaseResult, PackResult


def junit(results: Sequence[PackResult], unread: Sequence[Diagnostic] = ()) -> bytes:
    """One ``testsuite`` a pack, one ``testcase`` a case; a failure holds the differences and the explanation.

    ``unread``: the errors whose packs and cases were not run, in a suite of their own.
    """
    root = Element("testsuites", _counts([c for r in results for c in r.cases], len(unread)))
    for result in results:
        suite = SubElement(root, "testsuite", {"name": result.bench.pack, **_counts(result.cases)})
        for one in result.cases:
            at = {
                "classname": one.case.file,
                "name": one.case.name,
                "file": one.case.file,
                "line": str(one.case.span.line),
            }
            case = SubElement(suite, "testcase", {**at, "time": f"{one.seconds:.3f}"})
            if not one.passed:
                first = told(one)[0]
                SubElement(case, "failure", {"message": first}).text = "\n".join([*told(one), "", one.explanation])
    if unread:
        _unread(root, unread)
    indent(root)
    return b'<?xml version="1.0" encoding="utf-8"?>\n' + tostring(root, encoding="unicode").encode() + b"\n"


def _unread(root: Element, unread: Sequence[Diagnostic]) -> None:
    suite = SubElement(root, "testsuite", {"name": say("could not be read", "未能读取"), **_counts((), len(unread))})
    for one in unread:
        at = {"file": one.span.file, "line": str(one.span.line)} if one.span else {}
        named = {"classname": at.get("file", ""), "name": f"{one.code}: {one.message}", **at}
        case = SubElement(suite, "testcase", {**named, "time": "0.000"})
        SubElement(case, "error", {"message": one.message, "type": one.code}).text = str(one)


def _counts(cases: Sequence[CaseResult], errors: int = 0) -> dict[str, str]:
    failures = sum(not c.passed for c in cases)
    seconds = sum(c.seconds for c in cases)
    tests = len(cases) + errors
    return {"tests": str(tests), "failures": str(failures), "errors": str(errors), "time": f"{seconds:.3f}"}


def told(result: CaseResult) -> list[str]:
    """A line for each difference: where, what was expected, what came out."""
    width = max((len(d.where) for d in result.differences), default=0)
    return [
        say(
            f"{d.where:<{width}}  expected {d.wanted}, got {d.actual}",
            f"{d.where:<{width}}  应为 {d.wanted}，实为 {d.actual}",
        )
        for d in result.differences
    ]
