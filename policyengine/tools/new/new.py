"""``new``: answers about a sector in, a pack of its own out, whole and checked, or the reasons why not.

The pack states what is known so far (who, which document, the yearly minimum), in the chosen surface, with comments for
whoever goes on writing; it passes ``check``, ``fmt --check`` and ``test`` before it is put in its place.
"""

from __future__ import annotations

import os
import re
import shutil
from dataclasses import dataclass, fields, replace
from fractions import Fraction
from pathlib import Path
from typing import Any

from policyengine.diagnostics import Diagnostic, PolicyError, Span, failed
from policyengine.language import tree
from policyengine.language.forms import fold
from policyengine.language.vocabulary import Word, names_of
from policyengine.messages import listed, say
from policyengine.packs.model import Policy
from policyengine.packs.policies import load_policies, same_id
from policyengine.packs.roots import find_pack, packs_under, root_of
from policyengine.packs.strictness import unit_of
from policyengine.plan.build import plan_of
from policyengine.plan.model import Plan
from policyengine.tools.check import check
from policyengine.tools.fmt import format_packs
from policyengine.tools.test.run import benches, run
from policyengine.whole import parents_of

_ID = re.compile(r"[a-z][a-z0-9_]*")
_DEVICES = re.compile("con|prn|aux|nul|(com|lpt)[0-9]")  # what no folder can be called on Windows


@dataclass(frozen=True, slots=True)
class Answers:
    """What ``new`` asks. ``sector``: id of the pack and of the term of 行业; ``name``: in Chinese (or English).

    ``article``: where the minimum stands in the document. ``rate``: how many hours a credit is (or None: the same
    unit). ``base``: id of the pack below, or None. ``folder``: where the pack's own folder is made.
    """

    sector: str
    name: str
    authority: str
    title: str
    number: str
    confidence: str
    article: str
    unit: str
    minimum: Fraction
    since: int
    rate: Fraction | None
    base: str | None
    surface: str
    folder: Path

    @property
    def place(self) -> Path:
        return self.folder / self.sector


@dataclass(frozen=True, slots=True)
class Base:
    """What of the pack below matters: its policy, its yearly requirement, and the sector's term if it has one."""

    policy: Policy
    requirement: tuple[str, tree.Require, str] | None  # rule name, statement, what may be done to it
    term: Word | None

    @property
    def unit(self) -> str | None:
        return unit_of(self.requirement[1].figure, self.policy.tables) if self.requirement else None


def bases_near(folder: Path) -> list[str]:
    """The ids of packs that a pack in ``folder`` can extend, those of wider scope first."""
    root = root_of(folder / "it")
    if not root.is_dir():
        return []
    found = []
    for pack in packs_under(root):
        policies, _ = load_policies(pack)
        found += [(len(p.packs), p.packs[-1].level, p.id) for p in policies]
    order = {"province": 0, "national": 1, "city": 2}
    return [
        name for _, level, name in sorted(found, key=lambda f: (order.get(f[1], 3), f[0], f[2])) if level != "sector"
    ]


def base_of(name: str, folder: Path, sector: str) -> Base:
    """The pack below. Raises ``PolicyError`` (PE131, PE133 where there are two, or what is wrong with it)."""
    found, seen = find_pack(name, folder / "it")
    if len(found) > 1:
        raise PolicyError([same_id(name, found[1], found[0])])
    if not found:
        message = say(f"there is no pack {name} to extend", f"没有可依据的政策包 {name}")
        known = listed(seen) or say("none", "无")
        raise PolicyError(
            [Diagnostic("PE131", message, Span(str(folder)), hint=say(f"packs here: {known}", f"现有：{known}"))]
        )
    policies, problems = load_policies(found[0])
    if failed(problems) or not policies:
        raise PolicyError(problems)
    policy = policies[0]
    forms = (sector, sector.replace("_", " "))
    term = next((w for w in policy.vocabulary.terms_of("sector") if set(names_of(w)) & set(forms)), None)
    return Base(policy, _requirement(policy), term)


def _requirement(policy: Policy) -> tuple[str, tree.Require, str] | None:
    """The yearly requirement on the total that is in force without end."""
    for g in policy.governing:
        one = g.statement
        if (
            isinstance(one, tree.Require)
            and not isinstance(one, tree.Expect)
            and (one.measure, one.comparison, one.window, one.when) == ("total", ">=", tree.PerYears(), None)
            and isinstance(one.figure, tree.Quantity)
            and g.until is None
        ):
            return g.rule.name, one, g.rule.change
    return None


def problems_with(answers: Answers) -> list[Diagnostic]:
    """What can be said before anything is written: PE615 there is such a pack, PE616 an answer that can't be."""
    found = []
    if not _ID.fullmatch(answers.sector) or _DEVICES.fullmatch(answers.sector):
        message = say(f"{answers.sector!r} can't be the id of a pack", f"“{answers.sector}”不能作为政策包的标识")
        hint = say(
            "small letters, digits and _, a letter first: social_work; con, aux, nul and the like are kept by Windows",
            "请用小写字母、数字和下划线，字母开头：social_work；con、aux、nul 等为 Windows 保留，不能用",
        )
        found.append(Diagnostic("PE616", message, hint=hint))
    if answers.minimum <= 0:
        message = say("the minimum must be more than 0", "年度要求须大于 0")
        found.append(Diagnostic("PE616", message, hint=say("give the figure of the document", "请写文件规定的数额")))
    if answers.place.exists():
        message = say(
            f"{answers.place} is there already; nothing was written", f"{answers.place} 已存在，未写入任何内容"
        )
        hint = say("choose another id or --folder, or edit that pack", "请换一个标识或 --folder，或直接修改该政策包")
        found.append(Diagnostic("PE615", message, Span(str(answers.place)), hint))
    elif answers.base != answers.sector and len(find_pack(answers.sector, answers.folder / "it")[0]) > 0:
        message = say(f"there is a pack {answers.sector} elsewhere", f"别处已有政策包 {answers.sector}")
        found.append(Diagnostic("PE615", message, hint=say("choose another id", "请换一个标识")))
    return found


def name_taken(answers: Answers, base: Base | None) -> list[Diagnostic]:
    """PE616 where the name is that of a sector that the chain has under another id, which would then mean two."""
    if base is None or base.term is not None:
        return []
    name = fold(answers.name)
    known = next((w for w in base.policy.vocabulary.terms_of("sector") if name in map(fold, names_of(w))), None)
    if known is None:
        return []
    message = say(
        f"“{answers.name}” is the name of the sector {known.id} of {base.policy.id} already",
        f"“{answers.name}”已是 {base.policy.id} 中行业 {known.id} 的名称",
    )
    hint = say(
        f"for this sector: policyengine new {known.id}; for another one: another --name",
        f"若是该行业：policyengine new {known.id}；若是另一行业，请换一个 --name",
    )
    return [Diagnostic("PE616", message, hint=hint)]


def make(answers: Answers, base: Base | None) -> tuple[list[Path], list[Diagnostic]]:
    """Write the pack; gives its files, and the warnings of ``check``.

    Raises ``PolicyError`` and leaves nothing behind where it can't be made.
    """
    from policyengine.tools.new.files import files_of, tests_of

    problems = problems_with(answers)
    answers = _on_one_line(answers)
    problems += name_taken(answers, base)
    if problems:
        raise PolicyError(problems)
    with parents_of(answers.place):
        # mkdtemp makes it one's own; on Windows it would stay so, and nobody else could read the pack
        unfinished = answers.place.with_name(f".{answers.sector}-{os.urandom(4).hex()}")
        unfinished.mkdir()
        try:
            for name, text in files_of(answers, base):
                _write(unfinished / name, text)
            plan, found = _plan(unfinished)
            if plan is not None:
                name, text = tests_of(answers, base, plan)
                _write(unfinished / name, text)
                found = faults(unfinished)
            found = [_named(d, unfinished, answers.place) for d in found]
            if failed(found):
                raise PolicyError(d for d in found if d.severity == "error")
            unfinished.rename(answers.place)
        except BaseException:
            shutil.rmtree(unfinished, ignore_errors=True)
            raise
    return sorted(p for p in answers.place.rglob("*") if p.is_file()), found


def _on_one_line(answers: Answers) -> Answers:
    """Every text without line breaks and with single spaces."""
    texts = {f.name: " ".join(v.split()) for f in fields(answers) if isinstance(v := getattr(answers, f.name), str)}
    changed: dict[str, Any] = texts
    return replace(answers, **changed)


def _write(path: Path, text: str) -> None:
    path.parent.mkdir(exist_ok=True)
    path.write_text(text, encoding="utf-8", newline="\n")


def _plan(folder: Path) -> tuple[Plan | None, list[Diagnostic]]:
    """The plan of the pack in ``folder``, or the errors that keep it from having one."""
    policies, problems = load_policies(folder)
    if failed(problems) or not policies:
        return None, [d for d in problems if d.severity == "error"]
    plan, problems = plan_of(policies[0])
    errors = [d for d in problems if d.severity == "error"]
    return (None if errors else plan), errors


def faults(folder: Path) -> list[Diagnostic]:
    """What ``check``, ``fmt --check`` and ``test`` find wrong in a pack, and the warnings of ``check``."""
    found = [d for d in check([folder]) if d.severity != "note"]
    if failed(found):
        return found
    files, problems = format_packs([folder])
    found += problems
    for file in files:
        if file.after is None or file.changed:
            found.append(Diagnostic("PE602", say("not in canonical layout", "未按规范格式书写"), Span(str(file.path))))
    tested, problems = benches([folder])
    found += problems
    for bench in tested:
        for one in run(bench).cases:
            if not one.passed:
                first = one.differences[0]
                message = say(f"the case “{one.case.name}” expects {first.wanted} and gets {first.actual}",
                              f"案例“{one.case.name}”应为 {first.wanted}，实为 {first.actual}")  # fmt: skip
                found.append(Diagnostic("PE617", message, one.case.span))
    return found


def _named(problem: Diagnostic, unfinished: Path, place: Path) -> Diagnostic:
    """As it would be called in its place."""

    def there(span: Span | None) -> Span | None:
        return span and replace(span, file=span.file.replace(unfinished.name, place.name))

    related = tuple(replace(r, span=there(r.span)) for r in problem.related)
    return replace(problem, span=there(problem.span), related=related)
