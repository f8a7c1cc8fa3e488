"""Stricter, laxer, neither or the same, for the person judged: two versions of a rule in, a direction with its proof
out.

What governs in the rule's place on both sides is compared by ``tools/prove``, stretch by stretch; what comes or goes,
with there being nothing. A rule on records that makes more hours count is neither where more hours can cost somebody
(``monotone.py``).
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace

from policyengine.engines.lookup import Finder
from policyengine.language import tree
from policyengine.language.references import requirements_asked
from policyengine.messages import say
from policyengine.packs.model import Governing, Policy, Rule
from policyengine.packs.pieces import Stretch, covers, cut, days, overlap
from policyengine.packs.windows import implied, of_a_year, years_of
from policyengine.plan.names import unwrapped, walk
from policyengine.tools.diff.governs import effective, in_place, looked_up, roots
from policyengine.tools.diff.missing import where_missing
from policyengine.tools.diff.model import Direction, Law, above
from policyengine.tools.diff.monotone import against, asked, both_ways, carries_on, parted, reordered
from policyengine.tools.diff.sameness import ordered
from policyengine.tools.diff.timeline import Stage
from policyengine.tools.prove import words
from policyengine.tools.prove.aspects import bare
from policyengine.tools.prove.compare import compare
from policyengine.tools.prove.model import Context, Verdict, context_as_written, context_of
from policyengine.tools.prove.sides import in_stretch

Judgement = tuple[Direction, tuple[str, ...], str]
SAME: Judgement = ("same", (), "")

# What a rule by itself does to the person: its coming is …, its going the reverse.
_COMING: dict[type[tree.Statement], Direction] = {
    tree.Require: "stricter", tree.Cap: "stricter", tree.CountOnce: "stricter", tree.Reject: "stricter",
    tree.Recognise: "laxer", tree.Convert: "laxer", tree.Add: "laxer", tree.Carry: "laxer", tree.Excuse: "laxer",
    tree.Reduce: "laxer", tree.Flag: "stricter", tree.Delegate: "same",
}  # fmt: skip
_PROVED = ("stricter", "laxer", "same")
_REVERSE: dict[Direction, Direction] = {"stricter": "laxer", "laxer": "stricter"}
_ON_RECORDS = (
    tree.Recognise, tree.Reject, tree.Convert, tree.Add, tree.Cap, tree.CountOnce, tree.Measure, tree.Assign,
    tree.Exchange, tree.Carry,
)  # fmt: skip


def judged(old: Law, new: Law, stage: Stage, pack: str, twin: Rule | None = None) -> Judgement:
    """The direction of what differs in a stretch, for the people whom the policy of ``pack`` judges. ``twin``: the same
    rule in another pack on the other side, which may govern them too."""
    before, after = old.policies.get(pack), new.policies.get(pack)
    if before is None or after is None:
        return _by_text(old, new, stage, pack)
    stretch = (stage.start, stage.until)
    names = roots((before, after), (stage.old, stage.new, twin))
    one, other = in_place(before, names, stretch), in_place(after, names, stretch)
    others = [g for p in (before, after) for g in p.governing if isinstance(g.statement, tree.Require | tree.Cap)]
    around = looked_up((*one, *other), (before, after))
    edges = [*one, *other, *around, *(others if len(one) != len(other) else ())]
    parts = {part: _part(one, other, before, after, part) for part in cut(stretch, edges)}
    return together([*parts.values()] if len(set(parts.values())) == 1 else [_dated(j, p) for p, j in parts.items()])


def _dated(judgement: Judgement, stretch: Stretch) -> Judgement:
    """A judgement that holds for a part of the time only, its situations with the days."""
    direction, witness, why = judgement
    return direction, tuple(say(f"{days(stretch)}, {w}", f"{days(stretch)}，{w}") for w in witness), why


def elsewhere(
    old: Law, new: Law, stage: Stage, pack: str, own: Direction, twin: Rule | None = None
) -> tuple[tuple[str, Direction, str], ...]:
    """Packs over ``pack`` for whose people the direction is another than for its own, with why."""
    found = []
    for name in above(old, new, pack):
        direction, _, why = judged(old, new, stage, name, twin)
        if direction != own:
            found.append((name, direction, why))
    return tuple(found)


def together(parts: Sequence[Judgement]) -> Judgement:
    """One judgement of several stretches or rules: both ways anywhere is neither."""
    told = [p for p in parts if p[0] != "same"]
    if not told:
        return "same", (), next((p[2] for p in parts if p[2]), "")
    directions = {p[0] for p in told}
    shown = tuple(dict.fromkeys(w for p in told for w in p[1]))[:2]
    why = next((p[2] for p in told if p[2]), "")
    if len(directions) == 1:
        return told[0][0], shown, why
    if "neither" in directions or {"stricter", "laxer"} <= directions:
        return "neither", shown, why
    return "undecided", shown, why


Group = tuple[tree.Statement, ...]  # one sentence, or several of which the strictest decides


def _part(
    one: Sequence[Governing], other: Sequence[Governing], before: Policy, after: Policy, stretch: Stretch
) -> Judgement:
    """One stretch in which the same rules are in force throughout, on each side."""
    was = [effective(g, before, stretch) for g in one if overlap((g.start, g.until), stretch) is not None]
    now = [effective(g, after, stretch) for g in other if overlap((g.start, g.until), stretch) is not None]
    gone, come = [s for s in was if s not in now], [s for s in now if s not in was]
    pairs: list[tuple[Group, Group]] = []
    while gone and (mate := next((c for c in come if type(c[0]) is type(gone[0][0])), come[0] if come else None)):
        come.remove(mate)
        pairs.append((gone.pop(0), mate))
    pairs += [(g, ()) for g in gone if not _implied(g, before, stretch)]
    pairs += [((), c) for c in come if not _implied(c, after, stretch)]
    around = context_of(before, *stretch), context_of(after, *stretch)
    return together([_grouped(p, around, (before, after), stretch) for p in pairs])


def _grouped(
    pair: tuple[Group, Group], around: tuple[Context, Context], policies: tuple[Policy, Policy], stretch: Stretch
) -> Judgement:
    """Two groups; of those that several sentences make, the sentences that only one of the two has."""
    one, other = pair
    gone, come = [s for s in one if s not in other], [s for s in other if s not in one]
    first, second = gone[0] if gone else None, come[0] if come else None
    if len(gone) > 1 or len(come) > 1:
        return "neither", (), say("several rules are kept beside each other", "有几条规则并行适用")
    direction, witness, why = checked((first, second), around, policies, stretch)
    more = len(one) > len(gone)  # both have a sentence: one more that restricts, or one less
    if more and direction != "neither":  # as where more hours may cost somebody a requirement
        if not come:
            direction = "laxer"
        elif not gone:
            direction = "stricter"
    return direction, witness, why


def _implied(group: Group, policy: Policy, stretch: Stretch) -> bool:
    """Whether a requirement or a cap asks nothing that another one beside it does not ask.

    Not one that is only expected: a decision names each of these that falls short. Nor where one of them alone may be
    lowered or excused, hours be carried to it, or something follow from it, nor across windows of other lengths, which
    end in years with other laws and circumstances.
    """
    statement = group[0]
    if len(group) > 1 or isinstance(statement, tree.Expect) or not isinstance(statement, tree.Require | tree.Cap):
        return False
    kind = tree.Cap if isinstance(statement, tree.Cap) else tree.Require
    here = [g for g in policy.governing if overlap((g.start, g.until), stretch) is not None]
    if any(isinstance(g.statement, tree.Reduce | tree.Carry) for g in here):
        return False
    if any(isinstance(g.statement, tree.Excuse) and g.statement.rules for g in here):
        return False
    conclusions = (g.statement.when for g in here if isinstance(g.statement, tree.Conclude))
    if any(next(requirements_asked(when), None) for when in conclusions):
        return False
    whole = [g for g in here if isinstance(g.statement, kind) and covers((g.start, g.until), stretch)]
    beside = [s for g in whole for s in effective(g, policy) if getattr(s, "window", None) == statement.window]
    context = context_of(policy, *stretch)
    others = [s for s in beside if s != statement and compare(s, statement, context).relation in ("laxer", "same")]
    return any("stricter" not in where_missing(s, statement, context, context) for s in others)


def checked(
    pair: tuple[tree.Statement | None, tree.Statement | None],
    around: tuple[Context, Context],
    policies: tuple[Policy, Policy],
    stretch: Stretch,
) -> Judgement:
    """One statement against another, or against nothing, where both policies may govern."""
    direction, witness, why = _compared(*pair, *around)
    if direction in _PROVED and reordered(pair, policies):
        return "neither", witness, say("hours are cut by the caps in another order", "各限额扣减学时的先后次序不同")
    if direction not in ("stricter", "laxer"):
        return direction, witness, why
    if parted(pair, policies):
        return (
            "neither", witness,
            say(
                "what counts in several years has the limit of one activity or day once, that of a year in each",
                "计入几个年度的学时，每次或每天的限额只有一份，每年的限额则每个年度各有一份",
            ),
        )  # fmt: skip
    if _apart(pair, around, policies, stretch) and any(
        carries_on(p, s, stretch) for p in policies for s in pair if s is not None
    ):
        beyond = say(
            "where it does not apply, nothing beyond it is carried to the next year",
            "不适用时，超出部分不再结转下一年度",
        )
        return "neither", witness, beyond
    for statement in (s for s in pair if s is not None):
        costs = both_ways if isinstance(statement, _ON_RECORDS) else against
        for policy in policies:
            if reason := costs(policy, statement, stretch):
                return "neither", witness, reason
    return direction, witness, why


def _apart(
    pair: tuple[tree.Statement | None, tree.Statement | None], around: tuple[Context, Context],
    policies: tuple[Policy, Policy], stretch: Stretch,
) -> bool:  # fmt: skip
    """Whether only one of two requirements applies to somebody: under another condition, as a table has a figure, or
    because there is only one; then only where the other side asks anything else of the hours that it would have carried
    on."""
    match pair:
        case tree.Require() as one, tree.Require() as other:
            return one.when != other.when or _figured(one, around[0]) != _figured(other, around[1])
        case tree.Require() as one, None:
            return asked(policies[1], one.measure, stretch)
        case None, tree.Require() as other:
            return asked(policies[0], other.measure, stretch)
    return False


def _figured(statement: tree.Require, context: Context) -> object:
    """For what a requirement has a figure: the rows of its table with one, by what they are found by; else always."""
    if not isinstance(statement.figure, tree.Lookup):
        return None
    finder = Finder(context.tables[statement.figure.table])
    found = [i for i, c in enumerate(finder.table.columns) if c.role not in ("value", "note")]
    return {tuple(row[i] for i in found) for row in finder.table.rows if finder.figure(row) is not None}


def _compared(
    one: tree.Statement | None, other: tree.Statement | None, before: Context, after: Context
) -> Judgement:  # fmt: skip
    if one is not None and other is not None:
        if _of_other_rules(one, other):
            return "neither", (), say("they speak of different rules of one name", "两者所指的规则同名，却不是同一条")
        if isinstance(one, tree.Assign) and isinstance(other, tree.Assign):
            return _moved(one, other, before, after)
        told = _in_windows(_told(compare(one, other, after, before), one, other, after), one, other, before, after)
        return _with_missing(told, where_missing(one, other, before, after)) if told[0] in _PROVED else told
    statement = other or one
    if statement is None:
        return SAME
    around = after if one is None else before
    if isinstance(statement, tree.Carry | tree.Reduce) and not _governs(statement.rule, around):
        return SAME
    if isinstance(statement, tree.Assign):
        return _assigned(statement, around, come=one is None)
    if isinstance(statement, tree.Measure):
        return _measured(statement, before, after, come=one is None)
    if _nothing(statement):
        return SAME
    coming: Direction = next((d for kind, d in _COMING.items() if isinstance(statement, kind)), "undecided")
    return coming if one is None else _REVERSE.get(coming, coming), (), _undirected(statement)


def _of_other_rules(one: tree.Statement, other: tree.Statement) -> bool:
    """Whether two sentences speak of rules that bear one id in different packs; proofs go by the id alone."""
    gone, come = ({*getattr(s, "rules", ()), getattr(s, "rule", "")} for s in (one, other))
    full = [{n for n in names if "/" in n} for names in (gone - come, come - gone)]
    return not {bare(n) for n in full[0]}.isdisjoint(bare(n) for n in full[1])


def _told(verdict: Verdict, one: tree.Statement, other: tree.Statement, after: Context) -> Judgement:
    """A verdict as a judgement: of consequences only whether they are the same."""
    shown = _witnesses(verdict, after)
    if isinstance(one, tree.Conclude) and isinstance(other, tree.Conclude) and verdict.relation != "same":
        return "undecided", shown, verdict.why or _undirected(other)
    return verdict.relation, shown, verdict.why


def _in_windows(
    told: Judgement, one: tree.Statement, other: tree.Statement, before: Context, after: Context
) -> Judgement:
    """A verdict on requirements in windows of other lengths, for every single decision.

    That 10 hours a year make 20 in two years is true of whoever has them every year. A decision looks at one window
    only: what it asks is surely more, or less, where one of the two windows that end with its year lies in the other
    and the figure doesn't go the other way. A block has decisions of its own.
    """
    if told[0] not in _PROVED or not isinstance(one, tree.Require) or not isinstance(other, tree.Require):
        return told
    least = other.comparison == ">="
    if of_a_year(one.window) != of_a_year(other.window) and any(map(_excuses_years, (before, after))):
        why = say(
            "an excuse of the year frees from what is required of each year, and from nothing else",
            "免除本年只免除每年的要求，不免除其他周期的要求",
        )
        return "neither", told[1], why
    if implied(one.window, other.window, least) == implied(other.window, one.window, least) == 1:
        return told
    if any(isinstance(r.window, tree.PerYears) and r.window.count > 1 for r in (one, other)):
        why = say(
            "their windows differ: a block of years is judged as a whole, its years are not",
            "两者的周期不同：多年合为一个周期评定，其中各年不再单独评定",
        )
        return "neither", told[1], why
    alike = getattr(one.window, "months", 0) == getattr(other.window, "months", 1)
    if not alike and any(_freed_by_leave(around, least) for around in (before, after)):
        why = say("over a longer window other leave decides an excuse or a reduction",
                  "期间不同，决定免除、核减的休假也不同")  # fmt: skip
        return "neither", told[1], why
    way = _way(one.window, other.window, least)
    figures = _told(compare(replace(one, window=other.window), other, after, before), one, other, after)
    if way is not None and figures[0] in (way, "same"):
        return way, told[1] if told[0] == way else figures[1], figures[2]
    why = say(
        "their windows differ: hours of other years may help or be lacking",
        "两者的周期不同：其他年度的学时可能补足，也可能不够",
    )
    return "neither", told[1], why


def _way(one: tree.Window, other: tree.Window, least: bool) -> Direction | None:
    """The way of windows that differ, of one figure: over a shorter one a minimum is harder to meet, a maximum easier.

    Terms that begin anew end in more years than the first of them alone, or than longer ones made of them; so a
    maximum over shorter ones is neither: it is asked in more years.
    """
    if isinstance(one, tree.Within) and isinstance(other, tree.Within):
        if one.months == other.months:
            return "stricter" if other.again else "laxer"
        return ("stricter" if other.months < one.months else "laxer") if least else None
    shorter = (years_of(other) or 1) < (years_of(one) or 1)
    return "stricter" if shorter == least else "laxer"


def _excuses_years(around: Context) -> bool:
    """Whether a year as such may be excused."""
    here = (g.statement for g in around.governing if in_stretch(g, around))
    return any(isinstance(s, tree.Excuse) and not s.rules for s in here)


def _freed_by_leave(around: Context, least: bool) -> bool:
    """Whether leave in a longer window works against what the window does: an excuse frees from a maximum, of which
    more is counted; what asks that there is no leave helps fewer, or lowers a maximum for fewer. Other reductions lower
    by more: a minimum is met by more people, as over the longer window, and a maximum by fewer, as there."""
    for g in around.governing:
        s = g.statement
        if not isinstance(s, tree.Reduce) and not (isinstance(s, tree.Excuse) and s.rules):
            continue
        of_leave = any(isinstance(n, tree.Lasts | tree.PerMonth) or n == tree.Field("circumstance") for n in walk(s))
        frees = isinstance(s, tree.Excuse) and not least
        if of_leave and in_stretch(g, around) and (frees or any(map(_denies, walk(s.when)))):
            return True
    return False


def _denies(node: object) -> bool:
    return isinstance(node, tree.Not) or getattr(node, "negated", False) or getattr(node, "op", "") == "!="


def _with_missing(told: Judgement, found: Mapping[Direction, str]) -> Judgement:
    """What is proved of known facts, and what happens where one is missing, as one judgement."""
    more = [(way, (shown,), "") for way, shown in found.items() if way != told[0]]
    return together([told, *more])


def _undirected(statement: tree.Statement) -> str:
    """Why a rule of this kind has no direction by itself."""
    if isinstance(statement, tree.Conclude):
        return say("a consequence may be welcome or not", "后果可能有利，也可能不利")
    if isinstance(statement, tree.Exchange):
        return say("whom an exchange helps depends on the unit of the records", "换算对谁有利，取决于学习记录的单位")
    return ""


def _assigned(statement: tree.Assign, around: Context, come: bool) -> Judgement:
    """A rule about periods that comes or goes, against the period of the last day, which holds without any."""
    if _assigning(around, statement):
        return _beside_others()
    default = tree.Assign(by="end")
    pair = (default, statement) if come else (statement, default)
    return _told(compare(*pair, around), *pair, around)


def _moved(one: tree.Assign, other: tree.Assign, before: Context, after: Context) -> Judgement:
    """Two rules about periods. They are compared each by itself, where the period of the last day holds for records of
    which it does not speak; beside other such rules that is only so where both speak of the same records."""
    alike = ordered((one.what, one.when)) == ordered((other.what, other.when))
    if not alike and (_assigning(before, one) or _assigning(after, other)):
        return _beside_others()
    return _told(compare(one, other, after, before), one, other, after)


def _beside_others() -> Judgement:
    return "undecided", (), say("other rules on the period stand beside it", "另有归期规则并行适用")


def _assigning(around: Context, statement: tree.Assign) -> bool:
    """Whether other rules about periods are in force beside one."""
    here = (g.statement for g in around.governing if in_stretch(g, around))
    return any(isinstance(s, tree.Assign) and s != statement for s in here)


def _measured(statement: tree.Measure, before: Context, after: Context, come: bool) -> Judgement:
    """A definition that comes or goes: on the side without it a measure adds up to nothing, which meets no minimum, and
    of which a share is nothing."""
    without = before if come else after
    here = [g.statement for g in without.governing if in_stretch(g, without) and isinstance(g.statement, tree.Require)]
    ways: set[Direction] = {
        "laxer" if r.comparison == ">=" else "stricter" for r in here if r.measure == statement.name
    }
    for r in here:
        if isinstance(r.figure, tree.Share) and not r.figure.of_requirement and r.figure.measure == statement.name:
            ways.add("stricter" if r.comparison == ">=" else "laxer")
    if not ways and not _known(statement.name, without):
        more, less = say("more", "增加"), say("less", "减少")
        told = more if come else less
        return "same", (), say(f"only that decisions have a column {told}", f"仅结论表{told}一列")
    found: list[Judgement] = [(way if come else _REVERSE[way], (), "") for way in sorted(ways)]
    return together(found)


def _known(measure: str, context: Context) -> bool:
    """Whether a measure is defined, at any time."""
    return any(isinstance(g.statement, tree.Measure) and g.statement.name == measure for g in context.governing)


def _nothing(statement: tree.Statement) -> bool:
    """A figure of 0 of which less or nothing is the same: a minimum, a supplement, a carry-over or a reduction."""
    match statement:
        case tree.Require(comparison=">=", figure=tree.Quantity() | tree.Share() as figure):
            return figure.value == 0
        case tree.Add(figure=tree.Quantity() as figure) | tree.Carry(limit=tree.Quantity() as figure):
            return figure.value == 0
        case tree.Reduce(by=by):
            return (by.value if isinstance(by, tree.Quantity) else by) == 0
    return False


def _governs(rule: str, context: Context) -> bool:
    """Whether a rule that a carry or a reduction names is in force for somebody."""
    here = (g for g in context.governing if in_stretch(g, context))
    return any(bare(rule) in {bare(n) for n in (g.name, g.rule.name, *(r.name for r in g.over))} for g in here)


def _by_text(old: Law, new: Law, stage: Stage, pack: str) -> Judgement:
    """As far as the sentences say, where a side may not govern as it stands."""
    chains = old.chains.get(pack), new.chains.get(pack)
    if chains[0] is None or chains[1] is None:
        return "undecided", (), ""
    before, after = (context_as_written(c, stage.start, stage.until) for c in chains if c is not None)
    direction, witness, why = _compared(_said(stage.old), _said(stage.new), before, after)
    alone = say("judged by the sentence alone: one of the two sides has errors", "仅按文字比较：其中一方有错误")
    return direction, witness, why or alone


def _said(rule: Rule | None) -> tree.Statement | None:
    return None if rule is None or isinstance(rule.statement, tree.Drop) else unwrapped(rule)


def _witnesses(verdict: Verdict, context: Context) -> tuple[str, ...]:
    shown = [w for w in (verdict.laxer, verdict.stricter) if w is not None]
    before, after = say("before", "原先"), say("now", "现在")
    return tuple(words.differing(w, context.vocabulary, before, after) for w in shown)
