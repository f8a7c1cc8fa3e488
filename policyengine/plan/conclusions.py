"""What conclusions ask must have an answer: requirements that are known, decided together and in force as long, and
years that are decided.
"""

from __future__ import annotations

from collections.abc import Callable

from policyengine.diagnostics import Span
from policyengine.language import tree
from policyengine.language.disjoint import cases_of
from policyengine.language.references import outcomes_asked, requirements_asked
from policyengine.messages import say
from policyengine.packs.pieces import Stretch, days, overlap, uncovered
from policyengine.packs.windows import both_in_words, decided_with, of_a_year, window_words
from policyengine.plan.kinds import Rules
from policyengine.plan.report import Reporter

Known = Callable[[Rules, str, tuple[type[tree.Statement], ...], str, Span | None], list[Rules]]
"""The rules that a reference means, of those kinds; a message where there is none."""


class Conclusions:
    """Checks the conclusions of one policy. ``rules``: all of its rules; ``own``: its pack; ``word``: what messages
    call a field."""

    def __init__(self, rules: list[Rules], own: str, known: Known, word: Callable[[str], str], reporter: Reporter):
        self.rules, self.own, self.known, self.word, self.reporter = rules, own, known, word, reporter

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
                        "请问该周期是否完成：完成，或 未完成 且 非 已免除"), "warning",
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
                self._each_year(rule, test, asked[name])
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

    def _each_year(self, rule: Rules, test: tree.InEach, found: list[Rules]) -> None:
        """Several years are asked for of what every year decides, in all of the years that are looked at."""
        looked_at = _from_years_before(rule, test.years)
        apart = (r for r in found if decided_with(_window(r)) is not None and overlap(looked_at, r.stretch))
        if other := next(apart, None):
            over = window_words(_window(other))
            self.reporter.on(
                rule, "PE258",
                say(f"{test.rule} is required {over}: not every year decides it, so that it has no outcome in each",
                    f"{test.rule} 的期间为“{over}”，并非每年评定，不能问近几年各年的结果"),
                test.span,
                say(f"name a requirement per year or in any years; or ask for one of its windows: {test.rule} not met",
                    f"请写每年或任意几年的要求；或只问其一个期间：{test.rule} 未完成"), "error", (other,),
            )  # fmt: skip

    def _in_force(
        self, rule: Rules, statement: tree.Conclude, test: tree.Outcome | tree.InEach, found: list[Rules]
    ) -> None:
        """What is in force for a part of the time only that the conclusion looks at is met by all in the rest of it."""
        years = _years_met(statement.when, test.rule)
        lacking = uncovered(_from_years_before(rule, max(1, years)), (one.stretch for one in found))
        never = uncovered(rule.stretch, (one.stretch for one in found)) == [rule.stretch]
        if found and lacking and (never or years) and rule.rule.pack == self.own:
            self.reporter.on(
                rule, "PE257",
                say(f"{days(lacking[0])} nothing is required by {test.rule}: it is met by everybody then",
                    f"{days(lacking[0])}没有 {test.rule} 的要求：此时人人都算完成"),
                test.span,
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
    return start.replace(year=start.year - years + 1, day=day), rule.until


def _years_met(condition: tree.Condition | None, rule: str | None) -> int:
    """At how many years a condition looks where something follows from it that a requirement is met, or not excused
    (which who has met it is not); 0 where nothing does."""
    longest = 0
    for case in (condition and cases_of(condition)) or ():
        told = [(_of_the_met(atom, rule), atom) for atom in case]
        if not any(found is False for found, _ in told):
            longest = max(longest, *(_years(atom) for found, atom in told if found), 0)
    return longest


def _years(atom: tree.Condition) -> int:
    test = atom.item if isinstance(atom, tree.Not) else atom
    return test.years if isinstance(test, tree.InEach) else 1


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
