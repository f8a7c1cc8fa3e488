"""``policyengine test``: run the cases that packs carry; what they touch, and what they would not notice."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import TYPE_CHECKING

import click

from policyengine.cli.bar import progress
from policyengine.cli.guard import message, tell
from policyengine.cli.over import refuse_over
from policyengine.cli.settings import Command, packs_here
from policyengine.messages import harmless, many, say

if TYPE_CHECKING:
    from policyengine.tools.test.run import Bench, PackResult

EPILOG = """\b
Examples:
  policyengine test
  policyengine test policies/sectors/accounting --coverage
  policyengine test policies --mutate --junit results.xml

Exit code: 0 every case came out as expected, 1 something did not (or a pack or case can't be read), 2 there is no pack
at the path.
"""


@click.command(cls=Command, epilog=EPILOG)
@click.argument("packs", nargs=-1, type=click.Path())
@click.option("--coverage", "covered", is_flag=True, help="Show which rules, branches and table rows no case touches.")
@click.option("--mutate", "mutated", is_flag=True, help="Change each rule a little; show the changes no case notices.")
@click.option("--junit", "xml", type=click.Path(), help="Write the results as JUnit XML to this file.")
def command(packs: tuple[str, ...], covered: bool, mutated: bool, xml: str | None) -> int:
    """Run the tests of PACKS: packs or folders of packs (by default policies/).

    A case that comes out otherwise than it says is shown with what was expected, what came out, and the explanation.
    """
    from policyengine.diagnostics import PolicyError
    from policyengine.tools.test.run import benches, no_tests, run

    named = packs or (packs_here(),)
    if xml is not None:
        refuse_over("--junit", xml, named)
    found, problems = benches(named)
    if absent := [d for d in problems if d.code == "PE130"]:
        raise PolicyError(absent)
    tell(problems)
    unread = {Path(d.span.file).parent.parent for d in problems if d.span is not None}  # their tests are there
    tell(no_tests(b.folder) for b in found if not b.cases and Path(b.folder) not in unread)
    results = [run(b) for b in found]
    for result in results:
        click.echo(harmless("\n".join(_shown(result)), lines=True))
    for bench in found:
        with progress():
            lines = [*(_coverage(bench) if covered else ()), *(_mutation(bench) if mutated else ())]
        for line in lines:
            click.echo(harmless(line))
    if xml is not None:
        from policyengine.tools.test.junit import junit
        from policyengine.whole import whole_file

        with whole_file(Path(xml)) as new:
            new.write_bytes(junit(results, problems))
    message(_summary(results, len(problems)))
    return 1 if problems or any(r.failed for r in results) else 0


def _shown(result: PackResult) -> Iterator[str]:
    """A line for the pack, and everything about the cases that failed."""
    from policyengine.tools.test.junit import told

    passed = len(result.cases) - result.failed
    failed = say(f", {result.failed} failed", f"，{result.failed} 个未通过") if result.failed else ""
    yield say(f"{result.bench.pack}: {passed} passed{failed}", f"{result.bench.pack}：{passed} 个通过{failed}")
    for one in result.cases:
        if not one.passed:
            yield ""
            yield f"{one.case.span.file}:{one.case.span.line}: {one.case.name}" + (
                say(f" ({one.case.cites})", f"（{one.case.cites}）") if one.case.cites else ""
            )
            yield from (f"    {line}" for line in told(one))
            yield from (f"    {line}" for line in one.explanation.splitlines())


def _coverage(bench: Bench) -> Iterator[str]:
    from policyengine.tools.test.coverage import coverage

    found = coverage(bench)
    names = {"rule": say("rules", "规则"), "branch": say("branches", "分支"), "row": say("table rows", "表格行")}
    shares = [(name, *found.share(kind)) for kind, name in names.items()]
    told = say(", ", "，").join(f"{name} {touched}/{total}" for name, touched, total in shares if total)
    yield say(f"{bench.pack}: coverage: {told}", f"{bench.pack}：覆盖：{told}")
    for point in found.missing():
        yield f"    {point.span}: {point.rule}: {point.what}"


def _mutation(bench: Bench) -> Iterator[str]:
    from policyengine.tools.inspect import share
    from policyengine.tools.test.mutate import mutation

    found = mutation(bench)
    killed, total = len(found.killed), len(found.killed) + len(found.survived)
    percent = share(*found.share.as_integer_ratio())
    same = (
        say(
            f" ({many(len(found.same), 'more decides', 'more decide')} nothing otherwise)",
            f"（另有 {len(found.same)} 处不影响任何结果）",
        )
        if found.same
        else ""
    )
    yield say(
        f"{bench.pack}: changes noticed: {killed} of {total}, {percent}{same}",
        f"{bench.pack}：改动被发现：{total} 处中的 {killed} 处，{percent}{same}",
    )
    for mutant in found.survived:
        yield f"    {mutant.span}: {mutant.rule}: {mutant.what}"


def _summary(results: Sequence[PackResult], errors: int) -> str:
    cases, failed = sum(len(r.cases) for r in results), sum(r.failed for r in results)
    told = say(
        f"{many(cases, 'case')} in {many(len(results), 'pack')}: {cases - failed} passed, {failed} failed",
        f"{len(results)} 个政策包共 {cases} 个案例：{cases - failed} 个通过，{failed} 个未通过",
    )
    if not errors:
        return told
    unrun = say(f"; {many(errors, 'error')}, whose cases were not run", f"；另有 {errors} 处错误，有关案例未运行")
    return told + unrun
