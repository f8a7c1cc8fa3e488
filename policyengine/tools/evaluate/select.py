"""Which policy judges whom: the policies of a path and a person's facts go in, the one that governs comes out.

One pack's folder judges everybody by its chain. In a folder of packs each person is judged by the longest chain all of
whose ``applies`` hold; a chain that may hold, for want of a fact, is a candidate.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from policyengine.diagnostics import Diagnostic, PolicyError, failed
from policyengine.engines.facts import Scene, Test, Truth, missing_facts, names_asked
from policyengine.engines.reference import Prepared, prepare
from policyengine.engines.truth import compile_condition
from policyengine.language import tree
from policyengine.light import dataclass
from policyengine.messages import listed, many, say
from policyengine.packs.model import Policy
from policyengine.plan.model import Plan
from policyengine.plan.names import walk
from policyengine.records.model import Fact, Person
from policyengine.records.personal import mask
from policyengine.tools.evaluate.kept import keep, kept

if TYPE_CHECKING:
    from policyengine.engines.protocol import Selection


@dataclass(frozen=True)
class Law:
    """The policies of a path with their plans, and what was remarked while loading them (no errors among it).

    ``revision``, ``commit``: where the packs are those of a commit (``law_at.py``); then ``alone`` says whether the
    path named one pack there.
    """

    path: str
    policies: tuple[Policy, ...]
    plans: tuple[Plan, ...]
    remarks: tuple[Diagnostic, ...] = ()
    alone: bool | None = None
    revision: str | None = None
    commit: str | None = None

    def plan(self, policy: str) -> Plan:
        return next(p for p in self.plans if p.policy == policy)


@dataclass(frozen=True, slots=True)
class Choice:
    """``governs``: place of the policy by which a person is judged; None where none applies. ``candidates``: those that
    might be the right one instead; ``missing``: the facts that would settle it. ``surely``: some policy does apply."""

    governs: int | None
    candidates: tuple[int, ...] = ()
    missing: tuple[str, ...] = ()
    surely: bool = True


def load_law(path: str | Path, revision: str | None = None) -> Law:
    """Load the pack or folder of packs at ``path``, as it is or as it stood at a git ``revision``.

    ``PolicyError`` with all diagnostics where one is an error. A law that was loaded before and has not changed since
    is taken from the user's cache.
    """
    if revision is not None:
        from policyengine.tools.git.law_at import law_at

        return law_at(path, revision)
    if (known := kept(str(path))) is not None:
        return Law(str(path), *known)
    law = _load(path)
    keep(str(path), (law.policies, law.plans, law.remarks))
    return law


def _load(path: str | Path) -> Law:
    from policyengine.packs.policies import load_policies
    from policyengine.plan.build import plans_of

    policies, said = load_policies(path)
    plans, more = plans_of(() if failed(said) else policies)
    said = [*said, *more]
    if failed(said):
        raise PolicyError(said)
    return Law(str(path), tuple(policies), tuple(plans), tuple(said))


class Selector:
    """Chooses for one person after another."""

    def __init__(self, law: Law):
        self.law = law
        self.prepared: tuple[Prepared, ...] = tuple(prepare(p) for p in law.plans)
        self.alone = len(law.policies) == 1 and (is_pack(law.path) if law.alone is None else law.alone)
        self._tests: list[list[Test]] = [
            [compile_condition(pack.applies, ready.judge.world) for pack in policy.packs if pack.applies is not None]
            for policy, ready in zip(law.policies, self.prepared, strict=True)
        ]

    def choose(self, person: Person) -> Choice:
        """Raises ``PolicyError`` (PE913) where two policies claim the person with equal right."""
        if self.alone:
            return Choice(0)
        scene = Scene(person.facts, person.circumstances)
        truths = [_every(tests, scene) for tests in self._tests]
        depth = [len(p.packs) for p in self.law.policies]
        sure = [i for i, t in enumerate(truths) if t]
        deepest = max((depth[i] for i in sure), default=0)
        holders = [i for i in sure if depth[i] == deepest]
        if len(holders) > 1:
            raise self._tie(person, holders)
        unsure = [i for i, t in enumerate(truths) if t is None and depth[i] >= deepest]
        missing = sorted({name for i in unsure for name in self._missing(i, scene)})
        if holders:
            return Choice(holders[0], tuple(unsure), tuple(missing))
        if not unsure:
            return Choice(None)
        general = min(unsure, key=lambda i: (depth[i], self.law.policies[i].id))
        return Choice(general, tuple(i for i in unsure if i != general), tuple(missing), surely=False)

    def meant(self, facts: Mapping[str, Fact]) -> Truth:
        """Whether a person is one of those whom the first policy is for, by whatever was named it."""
        return _every(self._tests[0], Scene(facts, ()))

    def _missing(self, which: int, scene: Scene) -> Iterable[str]:
        world = self.prepared[which].judge.world
        for pack in self.law.policies[which].packs:
            yield from missing_facts(pack.applies, world, scene)

    def _tie(self, person: Person, holders: Sequence[int]) -> PolicyError:
        names = listed(self.law.policies[i].id for i in holders)
        who = mask(person.person_id)
        text = say(
            f"{who} is claimed by several packs with equal right: {names}", f"{who} 同时适用几个同级的政策包：{names}"
        )
        hint = say(
            "make their `applies` exclude each other, or name one pack with --policy",
            "请让各包的 applies 互相排除，或用 --policy 指定其中一个",
        )
        return PolicyError([Diagnostic("PE913", text, hint=hint)])


def is_pack(path: str | Path) -> bool:
    """Whether the path names one pack (its folder or its pack.yaml) and not a folder of packs."""
    path = Path(path)
    return path.is_file() or (path / "pack.yaml").is_file()


def _every(tests: Iterable[Test], scene: Scene) -> Truth:
    result: Truth = True
    for test in tests:
        value = test(scene)
        if value is False:
            return False
        if value is None:
            result = None
    return result


def selection_of(selector: Selector) -> Selection:
    """Who is judged by which plan, by the facts of persons that the packs' ``applies`` ask for.

    People of whom it is open which policy governs, or whom none does, are nobody's.
    """
    from policyengine.engines.protocol import Selection

    def choose(facts: Mapping[str, Fact]) -> int | None:
        choice = selector.choose(Person("", dict(facts)))
        return choice.governs if choice.surely and not choice.candidates else None

    return Selection(asked_of_persons(selector), choose)


def asked_of_persons(selector: Selector) -> tuple[str, ...]:
    """The fields by which packs say whom they are for, those included of which they ask whether they are present."""
    fields: set[str] = set()
    for policy, ready in zip(selector.law.policies, selector.prepared, strict=True):
        for applies in (pack.applies for pack in policy.packs if pack.applies is not None):
            fields.update(names_asked(applies, ready.judge.world))
            fields.update(part.field for part in walk(applies) if isinstance(part, tree.Present))
    return tuple(sorted(fields))


def not_meant(selector: Selector, people: Iterable[tuple[Mapping[str, Fact], int]]) -> tuple[str, ...]:
    """A warning where one pack is named that is not for everybody whom it judges. ``people``: the facts of some, and
    how many they are."""
    policy = selector.law.policies[0]
    conditions = [pack.applies for pack in policy.packs if pack.applies is not None]
    if not selector.alone or not conditions:
        return ()
    others, unknown = 0, 0
    for facts, number in people:
        meant = selector.meant(facts)
        others += number if meant is False else 0
        unknown += number if meant is None else 0
    if not others and not unknown:
        return ()
    from policyengine.language.printer import print_condition

    whom = say("; ", "；").join(print_condition(c, policy.vocabulary, say("en", "zh")) for c in conditions)
    told = [many(others, "person is another", "people are others")] if others else []
    told += [f"of {many(unknown, 'person', 'people')} it is not known"] if unknown else []
    said = [f"{others} 人不属于"] if others else []
    said += [f"{unknown} 人是否属于不详"] if unknown else []
    mend = say("the persons file can say it (--persons); ", "可在人员文件（--persons）中写明；") if unknown else ""
    return (
        say(
            f"{policy.id} is for those of whom it holds that {whom}: {', '.join(told)}; {mend}one pack that is named "
            "alone judges everybody, a folder of packs everybody by their own",
            f"{policy.id} 适用于“{whom}”的人：{'，'.join(said)}；{mend}--policy 指定单个政策包时，所有人都按它评定，"
            "指定放有多个政策包的文件夹时，每人按其所属的评定",
        ),
    )
