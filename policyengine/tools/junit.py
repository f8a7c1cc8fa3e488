"""Results of packs' tests in, JUnit XML out: what continuous-integration servers show."""

from __future__ import annotations

from collections.abc import Sequence
from xml.etree.ElementTree import Element, SubElement, indent, tostring

from policyengine.messages import say
from policyengine.tools.test_packs import CaseResult, PackResult


def junit(results: Sequence[PackResult]) -> bytes:
    """One ``testsuite`` a pack, one ``testcase`` a case; a failure holds the differences and the explanation."""
    root = Element("testsuites", _counts([c for r in results for c in r.cases]))
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
    indent(root)
    return b'<?xml version="1.0" encoding="utf-8"?>\n' + tostring(root, encoding="unicode").encode() + b"\n"


def _counts(cases: Sequence[CaseResult]) -> dict[str, str]:
    failures = sum(not c.passed for c in cases)
    seconds = sum(c.seconds for c in cases)
    return {"tests": str(len(cases)), "failures": str(failures), "errors": "0", "time": f"{seconds:.3f}"}


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
