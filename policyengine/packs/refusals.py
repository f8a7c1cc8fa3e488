"""What is said where a pack may not do what it does to the rules below it: rules and a verdict in, diagnostics out.

Each names both rules, the base's article, and what the author can do instead.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import replace
from datetime import date

from policyengine.diagnostics import Diagnostic, Related, Replacement, Span
from policyengine.language import tree
from policyengine.language.hints import sure
from policyengine.messages import listed, say
from policyengine.packs.model import Pack, Rule
from policyengine.packs.pieces import Stretch, days
from policyengine.packs.place import ScalarPlace
from policyengine.packs.rules import two_readings
from policyengine.packs.shape import did_you_mean, meant
from policyengine.packs.strictness import Verdict
from policyengine.packs.values import YearStart

# --- names ------------------------------------------------------------------------------------------------------------


def not_delegated(pack: Pack, regime: str, offered: Iterable[str]) -> Diagnostic:
    """PE317."""
    near = did_you_mean(regime, offered)
    return Diagnostic(
        "PE317",
        say(
            f"{pack.id} takes over {regime}, which no pack below it delegates",
            f"{pack.id} 承接 {regime}，但上级政策包都没有授权它",
        ),
        Span(f"{pack.folder}/pack.yaml"),
        hint=meant(near) if near else say("a rule of the base says: delegate …", "上级政策包须有一条规则：授权 …"),
    )


def no_condition(rule: Rule, drop: bool) -> Diagnostic:
    """PE321."""
    if drop:
        said = say("a drop can't have a condition", "“不适用”不能带条件")
        hint = say("override the rule with one that has the condition", "请用带条件的规则替代它")
    else:
        said = say("a delegation can't have a condition", "“授权”不能带条件")
        hint = say(
            "who is under it, the pack that takes it over says (applies)", "适用于谁，由承接的政策包用 applies 写明"
        )
    return at(rule, "PE321", said, hint=hint)


def nothing_below(rule: Rule, name: str) -> Diagnostic:
    """PE320: no pack below."""
    return at(
        rule,
        "PE320",
        say(
            f"{rule.pack} extends no pack, so there is nothing to override or drop",
            f"{rule.pack} 没有上级政策包，没有规则可以替代或写“不适用”",
        ),
        name,
        hint=say(
            "state the rule itself, or name the pack below: extends: …", "请直接写出规则，或写明上级政策包：extends: …"
        ),
    )


def own_rule(rule: Rule, name: str) -> Diagnostic:
    """PE320: a rule of the pack itself."""
    return at(
        rule,
        "PE320",
        say("a pack can't override or drop a rule of its own", "本包的规则不能由本包替代，也不能写“不适用”"),
        name,
        hint=say("write a new version under the same id, with its own from", "请在同一标识下写新版本，并写明 from"),
    )


def several(rule: Rule, name: str, matching: list[str]) -> Diagnostic:
    """PE310: an id that several packs have."""
    known = listed(matching)
    said = say(f"several packs have a rule {name}", f"有几个政策包都有规则 {name}")
    return at(rule, "PE310", said, name, hint=say(f"name one: {known}", f"请写明是哪一个：{known}"))


def unknown_rule(rule: Rule, name: str, known: list[str]) -> Diagnostic:
    """PE310."""
    near = did_you_mean(name, known) or did_you_mean(name.split("/")[-1], [n.split("/")[1] for n in known])
    some = listed(sorted(known)[:12])
    hint = meant(near) if near else say(f"rules below: {some}", f"上级的规则：{some}")
    said = say(f"no pack below has a rule {name}", f"上级政策包没有规则 {name}")
    return replace(at(rule, "PE310", said, name, hint=hint), instead=meant_rule(rule, name, near, known))


# --- what change allows -----------------------------------------------------------------------------------------------


def contested(rule: Rule, other: Rule, named: str, stretch: Stretch) -> Diagnostic:
    """PE313: both change the rule ``named`` in the stretch."""
    said = say(
        f"{other.name} and this both change {named} at the same time ({days(stretch)})",
        f"{other.name} 与本规则同时变更 {named}（{days(stretch)}）",
    )
    hint = say("keep one of them", "请只保留一条")
    if other.pack != rule.pack:
        hint = say(
            f"name {other.name} here, if this is to stand over it", f"如果应以本规则为准，请在此写明替代 {other.name}"
        )
    return beside(at(rule, "PE313", said, named, hint=hint), other, say("the other one", "另一条"))


def idle(rule: Rule, named: str, stretch: Stretch) -> Diagnostic:
    """PE316: a warning."""
    said = say(
        f"no version of {named} is in force in the time of this rule ({days(stretch)})",
        f"在本规则的有效期（{days(stretch)}）内没有有效的 {named}",
    )
    hint = say("compare from and until with those of the rule it names", "请与所指规则的 from 和 until 核对")
    return at(rule, "PE316", said, named, hint=hint, severity="warning")


def splits(rule: Rule, key: str, day: date, begins: YearStart) -> Diagnostic:
    """PE303: a drop of a rule for whole years."""
    message, hint = two_readings(key, day, begins)
    return at(rule, "PE303", message, hint=hint)


def fixed(rule: Rule, base: Rule, drop: bool) -> Diagnostic:
    """PE311."""
    said = say(
        f"{base.name} is fixed: it can't be {'dropped' if drop else 'overridden'}",
        f"{base.name} 不得变更（fixed），不能{'写“不适用”' if drop else '替代'}",
    )
    return beside(at(rule, "PE311", said, base.name, hint=_ask(base)), base, _the_rule())


def not_to_be_dropped(rule: Rule, base: Rule) -> Diagnostic:
    """PE312."""
    said = say(
        f"{base.name} may only be made stricter, not dropped", f"{base.name} 只能更严（raise-only），不能写“不适用”"
    )
    named = getattr(rule.statement, "rule", base.name)
    if named not in (base.name, base.id):
        said = say(
            f"{named} stands over {base.name}, which may only be made stricter, not dropped",
            f"{named} 替代了 {base.name}，后者只能更严（raise-only），不能写“不适用”",
        )
    return beside(at(rule, "PE312", said, named, hint=_ask(base)), base, _the_rule())


# By the kind of statement: what it does to the base's rule, in English and Chinese.
_FREES: tuple[tuple[type[tree.Statement], tuple[str, str]], ...] = (
    (tree.Reduce, ("lowers {}", "核减了 {}")),
    (tree.Carry, ("carries hours to {}", "把学时结转给 {}")),
    (tree.Recognise, ("recognises more than {} does", "认定的比 {} 多")),
    (tree.Add, ("adds to what {} gives", "在 {} 所计之外另加")),
)


def freed(rule: Rule, statement: tree.Statement, base: Rule) -> Diagnostic:
    """PE322, a warning: the base's words alone don't say whether its authority means this too."""
    does, does_zh = next(words for kind, words in _FREES if isinstance(statement, kind))
    limit = (
        say("is fixed", "不得变更（fixed）") if base.change == "fixed" else say("may only be made stricter", "只能更严")
    )
    said = say(f"this {does.format(base.name)}, which {limit}", f"本规则{does_zh.format(base.name)}，而后者{limit}")
    hint = say(
        f"let it speak of what this pack itself asks or adds; only {base.pack} can allow more (change: delegated, or"
        " delegate a regime)",
        f"请只针对本包自己的要求或新增的形式；放宽须由 {base.pack} 允许（change: delegated，或授权有关领域）",
    )
    told = say(
        f"{base.pack}: {' '.join(base.text.split())} ({base.cites.at})",
        f"{base.pack}：{' '.join(base.text.split())}（{base.cites.at}）",
    )
    problem = at(rule, "PE322", said, hint=hint, severity="warning")
    return replace(beside(problem, base, told), citation=str(base.cites))


def other_kind(rule: Rule, base: Rule) -> Diagnostic:
    """PE318."""
    said = say(
        f"{base.name} is another kind of statement; what refers to it would lose its meaning",
        f"{base.name} 是另一种规则，引用它的规则会失去意义",
    )
    hint = say(
        "drop it where that is delegated, and state a rule of your own", "如果允许，请写“不适用”，并另写自己的规则"
    )
    return beside(at(rule, "PE318", said, base.name, hint=hint), base, _the_rule())


def freer(rule: Rule, base: Rule, change: str) -> Diagnostic:
    """PE319."""
    said = say(
        f"{base.name} is {change}; what stands over it can't be {rule.change}",
        f"{base.name} 是 {change}，替代它的规则不能是 {rule.change}",
    )
    hint = say(f"write change: {change} or stricter", f"请写 change: {change} 或更严的")
    return beside(at(rule, "PE319", said, hint=hint), base, _the_rule())


def _the_rule() -> str:
    return say("the rule", "该规则")


def _ask(base: Rule) -> str:
    return say(
        f"only {base.pack} can change it; it would have to say change: delegated, or delegate the matter",
        f"只有 {base.pack} 能改变它：写 change: delegated，或授权有关领域",
    )


# --- not as strict ----------------------------------------------------------------------------------------------------

# By the kind of statement: what being laxer is called, and how the base's figure is told, in English and Chinese.
_LAXER: tuple[tuple[type[tree.Statement], tuple[str, str, str, str]], ...] = (
    (tree.Recognise, ("recognises more than {} does", "recognises only with", "认定的比 {} 多", "认定限于")),
    (tree.Reject, ("rejects less than {} does", "rejects", "不予认定的比 {} 少", "不予认定")),
    (tree.Cap, ("raises a cap that {} lets you only lower", "allows", "提高了 {} 只允许降低的限额", "限于")),
    (tree.Convert, ("gives more than {} does", "gives", "比 {} 计得多", "计")),
    (tree.Add, ("gives more than {} does", "gives", "比 {} 计得多", "计")),
    (tree.Carry, ("carries over more than {} does", "carries over at most", "比 {} 结转得多", "结转不超过")),
    (tree.Reduce, ("lowers more than {} does", "lowers by", "比 {} 核减得多", "核减限于")),
    (tree.Excuse, ("excuses more than {} does", "excuses only under", "比 {} 免除得多", "免除限于")),
)
# kinds of which a further rule takes nothing from those beside it
ADDING = (tree.Require, tree.Cap, tree.Reject, tree.Flag, tree.Conclude)
_MINIMUM = ("lowers a minimum that {} lets you only raise", "requires", "降低了 {} 只允许提高的下限", "要求")
_MAXIMUM = (
    "raises a maximum that {} lets you only lower",
    "requires at most",
    "提高了 {} 只允许降低的上限",
    "要求不超过",
)


def refusal(rule: Rule, statement: tree.Statement, base: Rule, verdict: Verdict) -> Diagnostic | None:
    """PE203, PE314 or PE315 by the verdict, with the base's article; None where the override is good so far."""
    if verdict.kind == "no_exchange":
        problem = beside(_no_exchange(rule, base, verdict), base, _the_rule())
    elif verdict.kind == "incomparable":
        problem = beside(_incomparable(rule, statement, base, verdict), base, _the_rule())
    elif verdict.kind == "laxer":
        problem = _laxer(rule, statement, base, verdict)
    else:
        return None
    return replace(problem, citation=str(base.cites))


def _no_exchange(rule: Rule, base: Rule, verdict: Verdict) -> Diagnostic:
    said = say(
        f"{base.name} counts in {verdict.base}, this in {verdict.hint}, and no exchange says what one is worth",
        f"{base.name} 以 {verdict.base} 计，本规则以 {verdict.hint} 计，没有换算标准",
    )
    hint = say(
        "add a rule: exchange 1 credit for … hours (换算 1 学分 等于 … 学时), with the article that says so",
        "请添加规则：换算 1 学分 等于 … 学时，并写明依据的条款",
    )
    return at(rule, "PE314", said, base.name, hint=hint)


def _incomparable(rule: Rule, statement: tree.Statement, base: Rule, verdict: Verdict) -> Diagnostic:
    said = say(
        f"this can't be compared with {base.name}, which may only be made stricter: {verdict.base}",
        f"无法与只能更严的 {base.name} 比较：{verdict.base}",
    )
    hint = (
        say("state it as a rule of your own; both then hold", "请另写为自己的规则，两条都适用")
        if isinstance(statement, ADDING)
        else say(f"leave {base.name} in force; only {base.pack} can let it be replaced (change: delegated)",
                 f"请让 {base.name} 继续有效；是否可以替代须由 {base.pack} 规定（change: delegated）")
    )  # fmt: skip
    return at(rule, "PE315", said, base.name, hint=hint)


def _laxer(rule: Rule, statement: tree.Statement, base: Rule, verdict: Verdict) -> Diagnostic:
    words = next((w for kind, w in _LAXER if isinstance(statement, kind)), _MINIMUM)
    if isinstance(statement, tree.Require) and statement.comparison == "<=":
        words = _MAXIMUM
    does, says, does_zh, says_zh = words
    said = say("this " + does.format(base.name), "本规则" + does_zh.format(base.name))
    hint = say(f"{verdict.hint}, or leave the base rule in force", f"{verdict.hint}，或让上级规则继续有效")
    problem = at(rule, "PE203", said, verdict.figure or None, hint=hint)
    told = say(
        f"{base.pack} {says} {verdict.base} ({base.cites.at})",
        f"{base.pack} {says_zh} {verdict.base}（{base.cites.at}）",
    )
    return beside(problem, base, told)


def meant_rule(rule: Rule, name: str, near: str | None, known: Iterable[str]) -> Replacement | None:
    """``near`` in the place of the unknown ``name`` of a rule, where that stands once in its text and nothing else can
    be meant. ``known``: rules, as ``sichuan/annual-hours``."""
    if near is None or not isinstance(rule.place, ScalarPlace):
        return None
    bare = "/" not in name
    forms = [n.rpartition("/")[2] if bare else n for n in known if "/" in n]
    form = near.rpartition("/")[2] if bare else near
    places = list(re.finditer(rf"(?<![\w/-]){re.escape(name)}(?![\w/-])", rule.place.value))
    if len(places) != 1 or (bare and forms.count(form) > 1) or not sure(name, {f: f for f in forms}, form):
        return None
    return rule.place.instead(*places[0].span(), near)


# --- pointing at rules ------------------------------------------------------------------------------------------------


def at(
    rule: Rule, code: str, message: str, part: str | None = None, *, hint: str | None = None, severity: str = "error"
) -> Diagnostic:
    """A diagnostic at a rule's text, or at ``part`` of it (a rule's name, a figure) where that stands there."""
    span, source = rule.span, None
    if rule.place is not None and rule.span is not None:
        text = getattr(rule.place, "value", rule.text)
        found = _locate(text, part) if part else None
        start, end = found or (0, len(text.rstrip()))
        span = rule.place.span(start, end)
        source = rule.place.line(span)
    return Diagnostic(code, message, span, hint, severity, source)  # type: ignore[arg-type]


def _locate(text: str, part: str) -> tuple[int, int] | None:
    """Where ``part`` stands in a rule's text; figures after the name of the overridden rule."""
    plain = text.translate({0xFF10 + d: 0x30 + d for d in range(10)})
    if part[:1].isdigit():
        colon = re.search(r"[:：]", plain)
        pattern = re.compile(rf"(?<![\d./]){re.escape(part)}(?![\d./])")
        found = pattern.search(plain, colon.end() if colon else 0)
    else:
        found = re.search(re.escape(part), plain) or re.search(re.escape(part.split("/")[-1]), plain)
    return found.span() if found else None


def beside(diagnostic: Diagnostic, other: Rule, message: str) -> Diagnostic:
    """The diagnostic with a second place: another rule's text."""
    return replace(diagnostic, related=(*diagnostic.related, Related(message, other.span)))
