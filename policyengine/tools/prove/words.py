"""Says what a proof found in the words of a pack: a witness in, a sentence for officials out, in the language
spoken.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Sequence
from datetime import date
from fractions import Fraction

from policyengine.engines.calendar import full_months
from policyengine.language.quantities import exact_text, unit_name
from policyengine.language.vocabulary import FieldDecl, Vocabulary
from policyengine.messages import listed, say, spoken
from policyengine.records.model import Circumstance, Fact
from policyengine.tools.prove.cells import OTHERS
from policyengine.tools.prove.model import Given, Situation, Witness

MOST_STRETCHES = 4  # of one kind, told one by one
_OUTCOMES = {"met": ("met", "完成"), "not_met": ("not met", "未完成"), "excused": ("excused", "已免除")}

# kind → what the rule does, {} its amount
_GIVEN: dict[str, tuple[str, str]] = {
    "counts": ("gives {}", "计 {}"),
    "nothing": ("gives nothing", "不折算"),
    "owes": ("requires {}", "要求 {}"),
    "expects": ("expects {} and requires nothing", "只是一般要求 {}"),
    "owes_nothing": ("requires nothing", "不作要求"),
    "at_most": ("allows at most {}", "不得超过 {}"),
    "limit": ("counts at most {}", "最多计 {}"),
    "no_limit": ("sets no limit", "不设限额"),
    "recognised": ("recognises it", "认定"),
    "not_recognised": ("does not recognise it", "不认定"),
    "rejected": ("rejects it", "不予认定"),
    "not_rejected": ("does not reject it", "不排除"),
    "belongs": ("includes it", "包括在内"),
    "not_belongs": ("leaves it out", "不包括"),
    "groups": ("counts it once with others", "与相同的记录只计一次"),
    "not_groups": ("counts it by itself", "单独计算"),
    "flags": ("flags it", "予以标记"),
    "not_flags": ("does not flag it", "不标记"),
    "excused": ("excuses", "免除"),
    "not_excused": ("does not excuse", "不免除"),
    "reduces": ("reduces by {}", "核减 {}"),
    "not_reduces": ("reduces nothing", "不核减"),
    "carries": ("carries over up to {}", "结转不超过 {}"),
    "not_carries": ("carries nothing over", "不结转"),
    "open": ("leaves it open", "不能确定"),
    "applies": ("applies", "适用"),
    "not_applies": ("does not apply", "不适用"),
    "one": ("counts one", "只计一条"),
    "both": ("counts both", "两条都计"),
    "worth": ("makes it {}", "折合 {}"),
    "assigned": ("counts it in {}", "计入 {} 年度"),
    "shared": ("counts {}", "计 {}"),
}


def differing(witness: Witness, vocabulary: Vocabulary, old: str, new: str | None = None) -> str:
    """``形式 = 论文，作者排名 = 1，3000 字：sichuan 计 6 学时，此处计 9 学时``; ``old``, ``new`` name the sides."""
    here = new or say("this", "此处")
    facts = situation(witness, vocabulary)
    sides = [f"{old} {given(witness.old)}"]
    if witness.new is not None:
        sides.append(f"{here} {given(witness.new)}")
    if witness.apart:
        one = "owes" in (witness.old.kind, witness.new.kind if witness.new else "")
        facts += (
            say(" (all hours in one year)", "（学时全在一年内）") if one else say(" (several of them)", "（合计多项）")
        )
    return say(f"{facts}: {', '.join(sides)}", f"{facts}：{'，'.join(_close(s) for s in sides)}")


def situation(witness: Witness, vocabulary: Vocabulary) -> str:
    """The facts that decide, as one would tell them."""
    parts = [witness.story] if witness.story else list(_parts(witness, vocabulary))
    return say(", ", "，").join(parts) if parts else say("in every case", "任何情况下")


def given(one: Given) -> str:
    """What one side does."""
    en, zh = _GIVEN[one.kind]
    if one.kind == "assigned":
        return say(en, zh).format(listed(one.text.split()))
    if one.kind == "shared":
        return say(en, zh).format(one.text)
    figure = say(f"{amount(one)} {one.window}".strip(), amount(one))
    if spoken() == "zh" and one.window:
        zh = one.window + zh
    return say(en, zh).format(figure) + (say(f" ({one.text})", f"（{one.text}）") if one.text else "")


def amount(one: Given) -> str:
    """``6 学时``, ``1–2 学时``, or that there is no figure."""
    low, high = one.least, one.most
    if low is None or high is None:
        return say("any amount", "任意数量")
    if high >= 10**14:
        return say(f"an unknown number of {unit_name(one.unit)}", f"未知 {unit_name(one.unit)}")
    if low == high:
        return quantity(low, one.unit)
    return f"{exact_text(low)}–{exact_text(high)} {unit_name(one.unit)}".strip()


def quantity(value: Fraction, unit: str) -> str:
    """``6 学时``, ``1 hour``."""
    name = unit_name(unit)
    if value == 1 and spoken() == "en":
        name = name.removesuffix("s")
    return f"{exact_text(value)} {name}".strip()


def _close(side: str) -> str:
    """In Chinese a name and its verb stand together: ``此处计 9 学时``, ``原先要求 90 学时``."""
    return re.sub(r"^([\u4e00-\u9fff]+) ", r"\1", side)


def _parts(witness: Witness, vocabulary: Vocabulary) -> Iterator[str]:
    s = witness.situation
    dated = {"start", "end", "date"} & set(witness.asked)
    for name in witness.asked:
        decl = vocabulary.fields[name]
        if name not in ("start", "end", "date", "quantity", "unit"):
            yield _fact(decl, _value(decl, s), vocabulary)
    if dated:
        yield span(s.start, s.end)
    elif witness.timed:
        yield say(f"in {s.period}", f"{s.period} 年度")
    if s.quantity is not None and s.unit is not None:
        yield quantity(s.quantity, s.unit)
    elif s.unit is not None:
        yield unit_name(s.unit)
    yield from _circumstances(s.circumstances, vocabulary)
    lead = say("this year and those before: ", "本年及以前各年：")
    of_cycles = say("this cycle and those before: ", "本周期及以前各周期：")
    for (rule, cycles), states in s.requirements:
        before = of_cycles if cycles else lead
        yield f"{rule} {before if len(states) > 1 else ''}{_course(states)}"
    if s.outcomes:
        yield lead + _course(s.outcomes)
    for names in sorted(s.repeated):
        same = listed(field_name(n, vocabulary) for n in names)
        yield say(f"an earlier record has the same {same}", f"已有记录的{same}与此相同")


def _circumstances(held: Sequence[Circumstance], vocabulary: Vocabulary) -> Iterator[str]:
    """Each with its days; of many of one kind the first and the last, how many there are and of how many days."""
    kinds: dict[str, list[tuple[date, date]]] = {}
    for c in held:
        kinds.setdefault(c.kind, []).append((c.start or date.min, c.end or date.max))
    for kind, stretches in kinds.items():
        name = term_name(kind, "circumstance", vocabulary)
        if len(stretches) <= MOST_STRETCHES:
            yield from (f"{name} {span(*stretch)}" for stretch in stretches)
            continue
        days = sum((end - start).days + 1 for start, end in stretches)
        ends = f"{name} {span(*stretches[0])}, …, {span(*stretches[-1])}"
        yield say(f"{ends} ({len(stretches)} times, {days} days in all)",
                  f"{ends.replace(', …, ', '……')}（共 {len(stretches)} 次，累计 {days} 天）")  # fmt: skip


def _course(outcomes: Iterable[str]) -> str:
    """Outcomes of years, nearest first."""
    return listed(say(*_OUTCOMES[o]) for o in outcomes)


def _value(decl: FieldDecl, s: Situation) -> Fact | None:
    if decl.id == "days":
        return Fraction((s.end - s.start).days + 1)
    if decl.id == "full_months":
        return Fraction(full_months(s.start, s.end))
    return (s.person if decl.of == "person" else s.facts).get(decl.id)


def _fact(decl: FieldDecl, value: Fact | None, vocabulary: Vocabulary) -> str:
    name = field_name(decl.id, vocabulary)
    match value:
        case None:
            return say(f"no {name}", f"缺 {name}")
        case bool():
            return f"{name} = {say('yes', '是') if value else say('no', '否')}"
        case Fraction() | int():
            unit = f" {unit_name(decl.unit)}" if decl.unit else ""
            return f"{name} = {exact_text(Fraction(value))}{unit}"
        case date():
            return f"{name} = {day(value)}"
    if decl.type == "term":
        return f"{name} = {term_name(value, decl.id, vocabulary)}"
    if value in OTHERS:
        return say(f"{name} given", f"有 {name}") if decl.id == "evidence" else f"{name} = {_other(value)}"
    return f"{name} = {value}"


def _other(value: str) -> str:
    return say("another" if value == OTHERS[0] else "a third", "其他" if value == OTHERS[0] else "另一个")


def field_name(name: str, vocabulary: Vocabulary) -> str:
    """A field in the language spoken."""
    decl = vocabulary.fields.get(name)
    return (decl.zh or name) if decl is not None and spoken() == "zh" else name


def term_name(term: str, owner: str, vocabulary: Vocabulary) -> str:
    """A term in the language spoken."""
    word = next((w for w in vocabulary.terms_of(owner) if w.id == term), None)
    return word.surface(spoken()) if word else term


def day(value: date) -> str:
    """A day as the language writes it."""
    return say(value.isoformat(), f"{value.year}年{value.month}月{value.day}日")


def span(start: date, end: date) -> str:
    """A stretch of days."""
    return day(start) if start == end else say(f"{day(start)} to {day(end)}", f"{day(start)}至{day(end)}")
