"""What conclusions ask must have an answer: requirements that are known, decided together and in force as long, and
years that are decided.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import replace
from datetime import date

from policyengine.diagnostics import Span
from policyengine.language import tree
from policyengine.language.disjoint import cases_of
from policyengine.language.printer import print_condition
from policyengine.language.references import outcomes_asked, requirements_asked
from policyengine.language.vocabulary import Vocabulary
from policyengine.messages import say, spoken
from policyengine.packs.pieces import Stretch, days, overlap, uncovered
from policyengine.packs.windows import both_in_words, decided_with, of_a_year, window_words
from policyengine.plan.kinds import Rules
from policyengine.plan.report import Reporter

Known = Callable[[Rules, str, tuple[type[tree.Statement], ...], str, Span | None], list[Rules]]
"""The rules that a reference means, of those kinds; a message where there is none."""


class Conclusions:
    """Checks the conclusions of one policy. ``rules``: all of its rules; ``own``: its pack; ``word``: what messages
    call a field."""

    def __init__(
        self, rules: list[Rules], own: str, known: Known, word: Callable[[str], str], vocabulary: Vocabulary,
        reporter: Reporter,
    ):  # fmt: skip
        self.rules, self.own, self.known, self.word, self.reporter = rules, own, known, word, reporter
        self.vocabulary = vocabulary

    def check(self, rule: Rules, statement: tree.Conclude) -> None:
        """The requirements whose outcome a conclusion asks for: known ones, decided together, in force as long."""
        for whole in outcomes_asked(statement.when):
            if isinstance(whole, tree.InEach) and whole.rule is None and self._never_yearly(rule):
                self.reporter.on(
                    rule, "PE258",
                    say("nothing is required per year: blocks of years are decided as a whole, and this stays open",
                        "没有每年的要求，都是多年为一个周期一并评定：这一条件对任何人都不能确定"),
                    whole.span,
                    say("ask how the block came out: met, or not met and not excused",
                        "请问该周期是否完成：完成，或 未完成 且 非 已免除") + self._of_cycles(whole), "warning",
                )  # fmt: skip
        asked: dict[str, list[Rules]] = {}
        for test in requirements_asked(statement.when):
            name = test.rule or ""
            if name not in asked:
                wanted = say("a requirement", "要求")
                known = self.known(rule, name, (tree.Require,), wanted, test.span)
                asked[name] = [r for r in known if isinstance(r.statement, tree.Require)]  # others are reported
                self._in_force(rule, statement, test, asked[name])
            if isinstance(test, tree.InEach):
                (self._each_cycle if test.cycles else self._each_year)(rule, test, asked[name])
        named = [(name, r) for name, rules in asked.items() for r in rules]
        for place, (name, one) in enumerate(named):
            for other_name, other in named[place + 1 :]:
                together = _common(rule, one, other)
                if together and _apart(together, asked[name], asked[other_name]):
                    over = both_in_words(_window(one), _window(other), self.word)
                    self.reporter.on(
                        rule, "PE256",
                        say(f"{name} and {other_name} are decided apart: {over[0]} and {over[1]}",
                            f"{name} 与 {other_name} 不在同一期间评定：{over[0]}，{over[1]}"),
                        None, say("state a conclusion for each of them", "请分别写成两条结论"), "error", (one, other),
                    )  # fmt: skip
                    return

    def _never_yearly(self, rule: Rules) -> bool:
        """Whether a policy of which this is an own rule decides no years, for all that it requires is of blocks."""
        windows = [_window(r) for r in self.rules if isinstance(r.statement, tree.Require)]
        blocks = all(isinstance(w, tree.PerYears) and not of_a_year(w) for w in windows)
        return bool(windows) and blocks and rule.rule.pack == self.own

    def _of_cycles(self, whole: tree.InEach) -> str:
        """How the same is asked of cycles, where it is of one requirement alone that they may be."""
        names = {r.name for r in self.rules if isinstance(r.statement, tree.Require)}
        if len(names) > 1:
            return ""
        asked = self._written(replace(whole, rule=names.pop().removeprefix(f"{self.own}/"), cycles=True))
        return say(f"; of several blocks: {asked}", f"；问几个周期的，请写：{asked}")

    def _written(self, test: tree.InEach) -> str:
        return print_condition(test, self.vocabulary, spoken())

    def _each_cycle(self, rule: Rules, test: tree.InEach, found: list[Rules]) -> None:
        """Several cycles are asked for of what blocks of years decide, for as long as the conclusion is in force."""
        others = (r for r in found if _block(r) is None and overlap(rule.stretch, r.stretch))
        if other := next(others, None):
            over, asked = window_words(_window(other)), self._written(replace(test, cycles=False))
            years = say(f"ask for years: {asked}", f"请问年度：{asked}")
            if decided_with(_window(other)) is not None:
                years = say(f"ask for its window: {test.rule} not met", f"请问其期间：{test.rule} 未完成")
            if any(_block(r) and overlap(rule.stretch, r.stretch) for r in found):
                years = say("it has some at other times: let the conclusion begin and end with these (from, until)",
                            "该要求另有多年为一个周期的版本：请让结论与其同时起止（from、until）")  # fmt: skip
            self.reporter.on(
                rule, "PE258",
                say(f"{test.rule} is required {over}: it has no cycles, which are blocks of years",
                    f"{test.rule} 的期间为“{over}”，并非多年为一个周期，没有周期可问"),
                test.span, years, "error", (other,),
            )  # fmt: skip

    def _each_year(self, rule: Rules, test: tree.InEach, found: list[Rules]) -> None:
        """Several years are asked for of what every year decides, in all of the years that are looked at."""
        looked_at = _from_years_before(rule, test.years)
        apart = (r for r in found if decided_with(_window(r)) is not None and overlap(looked_at, r.stretch))
        if other := next(apart, None):
            over, asked = window_words(_window(other)), f"{test.rule} {say('not met', '未完成')}"
            if _block(other):
                asked = self._written(replace(test, cycles=True))
            hint = (
                say(f"name a requirement per year or in any years; or ask for its cycles: {asked}",
                    f"请写每年或任意几年的要求；或问其周期：{asked}") if _block(other) else
                say(f"name a requirement per year or in any years; or ask for one of its windows: {asked}",
                    f"请写每年或任意几年的要求；或只问其一个期间：{asked}")
            )  # fmt: skip
            if any(decided_with(_window(r)) is None and overlap(rule.stretch, r.stretch) for r in found):
                hint = say("let the conclusion begin and end so that each year it looks at decides it (from, until)",
                           "请让结论的施行起止（from、until）使所看的各年度都逐年评定该要求")  # fmt: skip
            self.reporter.on(
                rule, "PE258",
                say(f"{test.rule} is required {over}: not every year decides it, so that it has no outcome in each",
                    f"{test.rule} 的期间为“{over}”，并非每年评定，不能问近几年各年的结果"),
                test.span, hint, "error", (other,),
            )  # fmt: skip

    def _in_force(
        self, rule: Rules, statement: tree.Conclude, test: tree.Outcome | tree.InEach, found: list[Rules]
    ) -> None:
        """What is in force for a part of the time only that the conclusion looks at is met by all in the rest of it."""
        told = _told_of_the_met(statement.when, test.rule)
        years = max((t.years if isinstance(t, tree.InEach) else 1 for t in told), default=0)
        looked_at = (
            (_looked_at(rule, t, found), _decided(found, t)) for t in told or (tree.Outcome("met", test.rule),)
        )
        lacking = [gap for stretch, required in looked_at for gap in uncovered(stretch, required)]
        lacking.sort(key=lambda gap: (gap[0] is not None, gap[0], gap[1] is None, gap[1]))
        never = uncovered(rule.stretch, (one.stretch for one in found)) == [rule.stretch]
        over = never and all(r.until is not None and rule.start is not None and r.until < rule.start for r in found)
        if found and lacking and (never or years) and rule.rule.pack == self.own:
            self.reporter.on(
                rule, "PE257",
                say(f"{days(lacking[0])} nothing is required by {test.rule}: it is met by everybody then",
                    f"{days(lacking[0])}没有 {test.rule} 的要求：此时人人都算完成"),
                test.span,
                say("it had ended before: name what is required in its place, or leave the conclusion out",
                    "该要求此前已终止：请改写为接替它的要求，或删去此结论") if over else
                say("let the conclusion begin and end with it", "请让结论与该要求同时施行、同时终止") if years < 2 else
                say("let the conclusion begin and end so that it is required in all years that are looked at",
                    "请让结论的施行起止（from、until）使所看的各年度都有该要求"),
                "warning",
            )  # fmt: skip


def _common(*rules: Rules) -> Stretch | None:
    """The days on which all are in force."""
    found: Stretch | None = (None, None)
    for rule in rules:
        found = found and overlap(found, rule.stretch)
    return found


def _apart(stretch: Stretch, ones: list[Rules], others: list[Rules]) -> bool:
    """Whether two requirements, each with all its versions, are decided with different periods in a stretch of time."""
    kinds = ({decided_with(_window(r)) for r in versions if overlap(r.stretch, stretch)} for versions in (ones, others))
    return next(kinds).isdisjoint(next(kinds))


def _window(rule: Rules) -> tree.Window:
    assert isinstance(rule.statement, tree.Require)
    return rule.statement.window


def _from_years_before(rule: Rules, years: int) -> Stretch:
    """The time in which a conclusion is in force, with the years before its first that it looks at."""
    start = rule.start
    if start is None or start.year < years:
        return None, rule.until
    day = 28 if (start.month, start.day) == (2, 29) else start.day
    return start.replace(year=min(start.year - years + 1, date.max.year), day=day), rule.until


def _block(rule: Rules) -> tree.PerYears | None:
    """The window of a requirement, where it is blocks of years."""
    window = _window(rule)
    return window if isinstance(window, tree.PerYears) and window.count > 1 else None


def _looked_at(rule: Rules, test: tree.Outcome | tree.InEach, found: list[Rules]) -> Stretch:
    """The time in which a test of a conclusion looks at a requirement: of cycles from the last year of the first of
    them on, which are looked at when the conclusion is first drawn."""
    if not isinstance(test, tree.InEach) or not test.cycles:
        return _from_years_before(rule, test.years if isinstance(test, tree.InEach) else 1)
    window = next((w for r in found if (w := _block(r)) and overlap(rule.stretch, r.stretch)), None)
    if window is None or rule.start is None:
        return rule.stretch
    begins, years = window.starting or 0, window.count
    first = begins + (max(rule.start.year, begins) - begins) // years * years
    last = first + years - 1
    for _ in range(test.years - 1):  # a block before may be another version's, and of another length
        before = next((w for r in found if (w := _block(r)) and _ends_before(first, r)), window)
        first, last = first - before.count, first - 1
    return _from_years_before(rule, 1 + rule.start.year - last)


def _decided(found: list[Rules], test: tree.Outcome | tree.InEach) -> Iterator[Stretch]:
    """The time in which a requirement is decided by some version: by one of blocks not before its first block ends,
    unless that follows on a block of another version."""
    for one in found:
        window, cycles = _block(one), isinstance(test, tree.InEach) and test.cycles
        first = window.starting if window is not None and cycles else None
        if window is None or first is None or any(_ends_before(first, other) for other in found):
            yield one.stretch
        elif stretch := overlap(one.stretch, (date(min(first + window.count - 1, date.max.year), 1, 1), None)):
            yield stretch


def _ends_before(year: int, rule: Rules) -> bool:
    """Whether a block of a requirement ends in the year before one."""
    window = _block(rule)
    if window is None or window.starting is None or not 1 <= window.starting < year:
        return False
    in_force = overlap(rule.stretch, (date(year - 1, 1, 1), date(year - 1, 12, 31)))
    return in_force is not None and (year - window.starting) % window.count == 0


def _told_of_the_met(condition: tree.Condition | None, rule: str | None) -> list[tree.Outcome | tree.InEach]:
    """The tests of a condition by which something follows from it where a requirement is met, or not excused (which who
    has met it is not)."""
    told_of = []
    for case in (condition and cases_of(condition)) or ():
        told = [(_of_the_met(atom, rule), atom.item if isinstance(atom, tree.Not) else atom) for atom in case]
        if not any(found is False for found, _ in told):
            told_of += [t for found, t in told if found and isinstance(t, tree.Outcome | tree.InEach)]
    return told_of


def _of_the_met(atom: tree.Condition, rule: str | None) -> bool | None:
    """Whether an atom is true of those who have met the requirement; None where it speaks of something else."""
    match atom:
        case tree.Not(item=tree.Outcome() | tree.InEach() as item):
            found = _of_the_met(item, rule)
            return None if found is None else not found
        case tree.Outcome(state=state, rule=name) if name == rule:
            return state == "met"
        case tree.InEach(states=states, rule=name) if name == rule:
            return "met" in states
        case _:
            return None
