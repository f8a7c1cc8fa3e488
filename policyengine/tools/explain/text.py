"""A case as a tree of lines, in English or Chinese: what is owed, what counted, what did not and why, what would do.

The form of a line is ``what it is    rule, clause``; figures are exact.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from fractions import Fraction

from policyengine.language import tree
from policyengine.messages import harmless
from policyengine.records.personal import mask
from policyengine.tools.explain.caps import NOTHING_COUNTED, Activities, Caps
from policyengine.tools.explain.case import (
    UNMET,
    Case,
    Earlier,
    Window,
    carried_over,
    figure_of,
    is_spared,
    most_required,
    owner_of,
    reduced_for_sure,
)
from policyengine.tools.explain.remedies import Remedies
from policyengine.tools.explain.words import CITED, ZERO, Node, once_and_caps, opened_by, spaced
from policyengine.tools.result.tables import EITHER
from policyengine.trace import Finding, FlagEntry, LedgerEntry

OUTCOMES = {
    "met": ("met", "完成"),
    "not_met": ("not met", "未完成"),
    "excused": ("excused", "已免除"),
    "undetermined": ("undetermined", "待定"),
    "in_progress": ("in progress", "进行中"),
}
NOTHING_ASKED = ("nothing was required", "当期没有必须达到的要求")


def text_of_case(case: Case, language: str = "en", reveal: bool = False) -> str:
    """The whole case as text, without a line end after the last line."""
    return "\n".join(lines_of(tree_of_case(case, language, reveal)))


def tree_of_case(case: Case, language: str = "en", reveal: bool = False) -> Node:
    """The whole case as lines below lines."""
    return _Writer(case, language, reveal).root()


def lines_of(node: Node) -> Iterator[str]:
    yield harmless(node.text)
    for place, child in enumerate(node.below):
        last = place == len(node.below) - 1
        for row, line in enumerate(lines_of(child)):
            yield (("└─ " if last else "├─ ") if row == 0 else ("   " if last else "│  ")) + line


class _Writer(Activities):
    """Writes one case in one language."""

    # --- the whole ----------------------------------------------------------------------------------------------------

    def root(self) -> Node:
        root = Node(self._headline())
        root.below += self._requirements()
        root.below += self._blocks()
        root.below += self._besides()
        root.below += Caps(self.case, self.language, self.reveal).nodes()
        root.below += self._uncounted()
        root.below += self._consequences()
        root.below += self._flags()
        root.below += self._lacks()
        root.below += Remedies(self.case, self.language, self.reveal).nodes()
        return root

    def _headline(self) -> str:
        d = self.case.decision
        shown = mask(d.person_id) if not self.reveal else d.person_id
        who = self.say(f"{self.case.name} ({shown})", f"{self.case.name}（{shown}）") if self.case.name else shown
        outcome = self.say(*OUTCOMES[d.outcome])
        if self.case.asks_nothing:
            nothing = self.say(*NOTHING_ASKED)
            outcome += self.say(f" ({nothing})", f"（{nothing}）")
        text = f"{who} · {d.period} · {outcome}"
        asked = [f for f in self.case.findings if self._is_shown(f)]
        if d.required_total is not None and asked:
            total = self.spread(d.total, d.total_high)
            owed = self.hours_range(d.required_total, most_required(d, asked))
            text += self.say(f": {total} of {owed}", f"：{total} / {owed}")
            carried = carried_over(d, asked)
            if carried:
                text += self.say(f", {self.number(carried)} carried over", f"，另有结转 {self.number(carried)}")
            if d.shortfall_total:
                short = self.number(d.shortfall_total)
                text += self.say(f", {short} short", f"，尚缺 {short}")
        if not d.shortfall_total or not asked:
            text += "".join(self.say("; ", "；") + self._firm(f) for f in self._unmet())
        left = self.case.days_left
        if left is not None:
            days = "day" if left == 1 else "days"
            text += self.say(f", {left} {days} left", f"，还剩 {left} 天")
        return f"{text}{CITED}{d.policy or self.say('no policy', '无适用政策')}"

    def _unmet(self) -> list[Finding]:
        """The firm requirements for which the outcome is what it is."""
        d = self.case.decision
        states = ("not_met",) if d.outcome == "not_met" else ("not_met", "undetermined")
        short = [f for f in self.case.findings if f.status in UNMET and f.shortfall]
        open_still = short if d.outcome == "in_progress" else []
        firm = (f for f in self.case.findings if not f.advisory and f.measure != "policy" and not self._is_shown(f))
        return [f for f in firm if d.outcome in UNMET and (f.status in states or f in open_still)]

    def _is_shown(self, f: Finding) -> bool:
        """Whether the headline gives the figure of this requirement: none that is only expected, for nobody is short of
        that; none of a window of which it is not known where it lies, with which what counted in the period is not to
        be compared."""
        window = self.case.windows.get(f.rule)
        asked = figure_of(self.case.decision, f) and not f.advisory
        return asked and (window is None or window.days is not None)

    # --- what is owed -------------------------------------------------------------------------------------------------

    def _requirements(self) -> Iterable[Node]:
        """What was asked of the period, with what counted in it; then what was asked of other windows, with theirs."""
        d = self.case.decision
        subjects, windows = dict(d.by_subject), self.case.windows
        found = [f for f in self.case.findings if f.rule not in windows]
        total = [f for f in found if f.measure == "total"]
        others = [f for f in found if f.measure != "total" and f.measure not in subjects]
        below = [self._subject(s, hours, found) for s, hours in sorted(subjects.items(), key=lambda i: (-i[1], i[0]))]
        rest = [e for e in self._counted() if e.subject not in subjects]
        if rest:
            below.append(Node(self.say("no subject given", "未注明科目"), [Node(self.record(e)) for e in rest]))
        if not self.case.ledger:  # nothing written of records
            below += self._not_at_hand(d.total)
        if total:
            yield Node(self._finding(total[0]), below)
            yield from (Node(self._finding(f)) for f in total[1:])
        else:
            label = self.labels.measure("total", d.unit)
            yield Node(f"{label} {self.hours(d.total)}", below)
        yield from (Node(self._finding(f), self._measured(f.rule)) for f in others)
        for f in self.case.findings:
            if f.rule in windows:
                yield Node(self._finding(f), [*self._measured(f.rule, rows=False), *self._within(windows[f.rule])])
        asked = {f.measure for f in self.case.findings}
        for name, value in d.measures.items():
            if name not in asked and value:
                yield Node(f"{self.labels.measure(name, d.unit)} {self.hours(value)}", self._measured(name))

    def _subject(self, subject: str, hours: Fraction, findings: Iterable[Finding]) -> Node:
        found = [f for f in findings if f.measure == subject]
        counted = f"{self.labels.term(subject, 'subject')} {self.number(hours)}"
        node = Node(self._finding(found[0]) if found else counted)
        node.below = [Node(self._finding(f)) for f in found[1:]]
        node.below += [Node(self.record(e)) for e in self._counted() if e.subject == subject]
        return node

    def _measured(self, key: str, rows: bool = True) -> list[Node]:
        """How a measure is defined, and what counts toward it of the records that stand under the total. ``key``: of
        the rule that asks for it, else its name."""
        measured, below = self.case.measured.get(key), []
        if measured is not None and measured.rule:
            note = self.case.rules[measured.rule]
            below.append(Node(self.cite(note.text(self.language), measured.rule)))
        if measured is not None and rows and measured.rows:
            each = [f"{e.record_id} {self.spread(e.counted, e.counted_high)}" for e in measured.rows]
            below.append(Node(self.say("counted: ", "计入：") + self.some(each)))
        return below

    def _within(self, window: Window) -> list[Node]:
        """What counts in a window that is not the period."""
        return [*(Node(self.record(e)) for e in window.rows), *self._not_at_hand(window.elsewhere)]

    def _not_at_hand(self, hours: Fraction) -> list[Node]:
        more = self.hours(hours)
        text = self.say(f"{more} of records that are not at hand", f"另有 {more}，此处没有其记录")
        return [Node(text)] if hours else []

    def _counted(self) -> list[LedgerEntry]:
        return [e for e in self.case.ledger if e.reason not in NOTHING_COUNTED and e.reason != "missing_fact"]

    def _finding(self, f: Finding) -> str:
        """``total 87.5 / 90, 2.5 short`` with what raised, reduced or excused it."""
        if f.measure == "policy":
            packs = self.say(", ", "、").join(f.because)
            return self.say(f"which policy governs is open: {packs}", f"适用哪个政策尚不确定：{packs}")
        if not f.advisory:
            return self.cite(self._firm(f), f.rule) + self._history(f)
        label, where = self._measure(f)
        kept = self.say("kept", "已达到" if f.comparison == ">=" else "未超出")
        state = kept if f.status == "met" else self._state(f)
        words = self.say("expected", "一般要求")
        bound = "" if f.comparison == ">=" else "≤ "
        needed = self.spread(f.required or ZERO, f.required_high)
        expected = self.say(f"({words} {bound}{needed}: {state})", f"（{words} {bound}{needed}：{state}）")
        text = f"{label} {self.spread(f.achieved, f.achieved_high)}{where}    {expected}"
        return self.cite(text, f.rule) + self._history(f)

    def _firm(self, f: Finding) -> str:
        """``total 87.5 / 90, 2.5 short``."""
        label, where = self._measure(f)
        mark = "/" if f.comparison == ">=" else "≤"
        needed = self.spread(f.required or ZERO, f.required_high)
        text = f"{label} {self.spread(f.achieved, f.achieved_high)} {mark} {needed}{where}"
        return text if f.status == "met" else text + self.say(", ", "，") + self._state(f)

    def _measure(self, f: Finding) -> tuple[str, str]:
        """A measure's name, and its window where that is not the period: before it in Chinese, after it in English."""
        label = self.labels.measure(f.measure, f.unit)
        year, window = self._year(f), self.case.windows.get(f.rule)
        if year is not None:
            window = Window(f.window) if f.window != year.days else None
        if window is None:
            return label, ""
        days = window.days
        where = f"{days[0]}..{days[1]}" if days else self.say("a window that is not known", "起讫不明的时段")
        return self.say(label, f"{where} {label}"), self.say(f" in {where}", "")

    def _year(self, f: Finding) -> Earlier | None:
        """The year before that a finding is of; None: it is of the period itself."""
        every = (year for several in self.case.before.values() for year in several)
        return next((year for year in every if year.period == f.period), None)

    def _state(self, f: Finding) -> str:
        if is_spared(f, (self._year(f) or self.case).spared):
            return self.say("not settled, excused if not met", "待定，不符合要求则免除")
        if f.status == "undetermined":
            return self.say("not settled", "待定")
        if f.status == "in_progress" and not f.shortfall:
            return self.say("kept so far", "目前符合")
        over = f.comparison != ">="
        amount = self.say(
            f"{self.number(f.shortfall)} {'too many' if over else 'short'}",
            f"{'超出' if over else '尚缺'} {self.number(f.shortfall)}",
        )
        return amount + (self.say(", excused", "，已免除") if f.status == "excused" else "")

    def _history(self, f: Finding) -> str:
        """How the figure came about: overrides, reductions, hours carried over, the circumstance."""
        parts = []
        if f.required_base is not None and f.required_base != f.required_before:
            parts.append(self.say(f"base {self.number(f.required_base)}", f"原定 {self.number(f.required_base)}"))
        if f.required_before is not None and f.required_before != f.required:
            before = self.number(f.required_before)
            text = self.say(f"reduced from {before}", f"核减前 {before}")
            parts.append(text if reduced_for_sure(f) else self.say("may be ", "可能核减，") + text)
        if f.carried:
            parts.append(self.say(f"{self.number(f.carried)} carried over", f"其中结转 {self.number(f.carried)}"))
        if f.circumstance:
            kinds = self.say(", ", "、").join(self.labels.term(k, "circumstance") for k in f.circumstance.split("+"))
            parts.append(self.say(f"because of {kinds}", f"因{kinds}"))
        cites = [self.cited(k) for k in f.because if k in self.case.rules]
        times = [self.lapses(f.rule, *f.because), self.leave_in_all(f.rule)]
        text = self.say("; ", "；").join([*parts, *cites, *filter(None, times)])
        return f" [{text}]" if text else ""

    def _blocks(self) -> Iterable[Node]:
        """The blocks of years that the year lies in."""
        for block, key in self.case.blocks:
            text = self.say(
                f"the year lies in {block}, which is decided as a whole: at its end, or before that with --as-of",
                f"本年度属于 {block} 周期，该周期期满时一并评定，期满前可用 --as-of 评定",
            )
            yield Node(self.cite(text, key))

    def _besides(self) -> Iterable[Node]:
        """The exchanges by which hours of another unit count, the rules by which hours were carried over, and what is
        not required because a pack dropped it."""
        for key, dropped in self.case.besides:
            text = self.case.rules[key].text(self.language)
            if dropped:
                text += self.say(": ", "：") + self.case.rules[dropped].text(self.language)
            yield Node(self.cite(text, key))

    # --- records ------------------------------------------------------------------------------------------------------

    def _uncounted(self) -> Iterable[Node]:
        for reasons, en, zh in (
            (("rejected", "not_recognised"), "not recognised", "不予认定"),
            (("missing_fact",), "in need of review", "有待核实"),
            (("duplicate",), "counted once already", "重复，不再计算"),
            (("no_conversion",), "recognised, but no rule converts it", "已认定，但无折算标准"),
            (("no_exchange",), "in a unit that no rule exchanges", "计量单位无换算标准"),
            (("ambiguous",), "several rules claim it", "规则冲突：有几条规则同时适用"),
            (("no_policy",), "no policy applies to this person", "此人无适用政策"),
        ):
            rows = [e for e in self.case.ledger if e.reason in reasons]
            if rows:
                yield Node(self.say(en, zh), [Node(self._why(e)) for e in rows])

    def _why(self, e: LedgerEntry) -> str:
        text = self.activity(e)
        colon = self.say(": ", "：")
        if e.reason == "not_recognised":
            return text + colon + self.say("no rule recognises this form", "没有规则认定此种形式")
        if e.reason == "rejected":
            note = self.case.rules.get(e.recognise_rule)
            failed = self.case.why.get(e.record_id, ())
            said = note.said if note is not None and note.kind == "reject" else None
            why = said or self.say(", ", "，").join(self._failed(c) for c in failed)
            if not why and note is not None:
                why = note.text(self.language)
            if times := self.lapses(e.record_id):
                why += self.say(f" ({times})", f"（{times}）")
            return self.cite(text + colon + why, e.recognise_rule)
        if e.reason in ("missing_fact", "ambiguous"):
            return self._open(e, text + f" → {self.hours_range(e.counted, e.counted_high)}")
        if e.reason == "duplicate":
            note = self.case.rules.get(e.cap_rule)
            return self.cite(text + (colon + note.text(self.language) if note is not None else ""), e.cap_rule)
        return self.cite(text, e.recognise_rule)

    def _open(self, e: LedgerEntry, text: str) -> str:
        """Why it is open how much a row counts."""
        once, _ = once_and_caps(self.case.rules, e.cap_rule)
        why = [self.say("may repeat another record", "可能与其他记录重复")] if once else []
        if lacks := self.lacking(sorted(e.missing, key=lambda m: owner_of(m)[0] != "")):  # its own first
            why.append(self.say(f"not known: {lacks}", f"不详：{lacks}"))
        text += self.say(": ", "：") + self.say("; ", "；").join(why) if why else ""
        return self.cite(text, opened_by(self.case.rules, e))

    def _failed(self, condition: tree.Condition) -> str:
        """A condition that did not hold, as people say it."""
        if isinstance(condition, tree.Present) and not condition.negated:
            name = self.labels.field(condition.field)
            return self.say(f"no {name}", f"无{name}")
        assert self.case.vocabulary is not None
        from policyengine.language.printer import print_condition

        shown = print_condition(condition, self.case.vocabulary, "zh" if self.language == "zh" else "en")
        return self.say(f"it does not hold that {shown}", f"不符合：{shown}")

    # --- what follows -------------------------------------------------------------------------------------------------

    def _consequences(self) -> Iterable[Node]:
        d = self.case.decision
        for name, key in zip(d.consequences, d.consequence_rules, strict=True):
            text = self.say("consequence: ", "后果：") + self._concluded(name, key)
            own = key.split(EITHER)
            yield Node(self.cite(text, key) + self._asked(own), [*self._named(own), *self._before(own)])
        for name in dict.fromkeys(d.possible):
            keys = self.case.may_follow.get(name, ())
            text = self.say("possible consequence: ", "可能的后果：")
            text += self._concluded(name, keys[0] if len(keys) == 1 else "")
            if facts := self.lacking(self.case.turns_on.get(name, ())):
                text += self.say(f", depending on {facts}", f"，视{spaced(facts)}而定")
            told = self.cite(text, EITHER.join(keys)) + self._asked(keys)
            yield Node(told, [*self._named(keys), *self._before(keys)])

    def _asked(self, conclusions: Sequence[str]) -> str:
        """The times and the leave in all that conclusions asked for."""
        times = dict.fromkeys((self.lapses(*conclusions), *map(self.leave_in_all, conclusions)))
        text = self.say("; ", "；").join(filter(None, times))
        return f" [{text}]" if text else ""

    def _named(self, conclusions: Iterable[str]) -> list[Node]:
        """How the requirements came out that conclusions name."""
        rules = {rule for key in conclusions for rule in self.case.rests_on.get(key, ())}
        return [Node(self._finding(f)) for f in self.case.findings if f.rule in rules]

    def _before(self, conclusions: Iterable[str]) -> Iterable[Node]:
        """How the years before came out that conclusions look back on."""
        for year in dict.fromkeys(year for key in conclusions for year in self.case.before.get(key, ())):
            lead, below = year.period + self.say(": ", "："), [self._finding(f) for f in year.findings]
            if year.outcome is not None:
                yield Node(lead + self.say(*OUTCOMES[year.outcome]), [Node(text) for text in below])
            else:
                yield from (Node(lead + text) for text in below or [self.say("not required", "未作要求")])

    def _concluded(self, name: str, key: str) -> str:
        note = self.case.rules.get(key)
        return (note.said if note is not None else None) or self.labels.conclusion(name)

    def _flags(self) -> Iterable[Node]:
        """A line for each flag that is sure, and one for all records on which a missing fact leaves it open."""
        doubtful: dict[tuple[str, str], list[FlagEntry]] = {}
        for f in self.case.flags:
            if not f.certain:
                doubtful.setdefault((f.flag, f.rule), []).append(f)
                continue
            text = f.text or self.labels.flag(f.flag)
            yield Node(self.cite(self.say(f"flag on {f.record_id}: {text}", f"标记 {f.record_id}：{text}"), f.rule))
        for (name, rule), flags in doubtful.items():
            text = flags[0].text or self.labels.flag(name)
            lacks = self._doubts(flags)
            ids = self.say(", ", "、").join(f.record_id for f in flags)
            line = self.say(
                f"may be flagged, {lacks} not known: {text} ({ids})", f"可能需标记，{lacks}不详：{text}（{ids}）"
            )
            yield Node(self.cite(line, rule))

    def _doubts(self, flags: Iterable[FlagEntry]) -> str:
        """What is missing for flags to be sure; with the records that lack it where some of it others lack."""
        missing = [(f.record_id, m) for f in flags for m in f.missing]
        if any(owner_of(m)[0] for _, m in missing):
            missing = [(r, m if ":" in m else f"{r}:{m}") for r, m in missing]
        return self.lacking(dict.fromkeys(m for _, m in missing))

    def _lacks(self) -> Iterable[Node]:
        """The missing facts that would settle the case together: those that can be given, and what the law leaves
        open."""
        missing = self.case.decision.missing
        of_the_law = [m for m in missing if self.labels.of_the_law(owner_of(m)[1])]
        if given := [m for m in missing if m not in of_the_law]:
            facts = self.lacking(given)
            if of_the_law:  # the facts alone do not settle it
                lead = self.say("needed to settle it: ", "要确定，须补充：")
            else:
                lead = self.say("would settle it: ", "补充以下事实即可确定：")
            yield Node(lead + facts)
        if of_the_law:
            facts = self.lacking(of_the_law)
            yield Node(self.say(f"for the authority to settle: {facts}", f"须由主管部门明确：{facts}"))
