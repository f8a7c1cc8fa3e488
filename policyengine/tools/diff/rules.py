"""Rules of one pack on two sides: what was added, repealed, amended, renamed or only reworded, and from when."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import replace
from difflib import SequenceMatcher

from policyengine.packs.model import Rule
from policyengine.plan.names import unwrapped
from policyengine.tools.diff.model import Change, How, Kind, Law
from policyengine.tools.diff.sameness import ordered, same_law, same_sentence
from policyengine.tools.diff.timeline import Stage, joined, stages
from policyengine.tools.diff.verdicts import elsewhere, judged

Versions = Mapping[str, Sequence[Rule]]
_CLOSE = 0.8  # share of the text that a renamed rule keeps: one figure or word of a sentence differs


def versions(rules: Iterable[Rule]) -> dict[str, list[Rule]]:
    """Rules by name, each with its versions."""
    found: dict[str, list[Rule]] = {}
    for rule in rules:
        found.setdefault(rule.name, []).append(rule)
    return found


def rule_changes(old: Law, new: Law) -> Iterator[Change]:
    """Every difference between the rules of packs that both sides have."""
    both = [p for p in new.packs if p in old.packs]
    before = versions(r for p in both for r in old.packs[p].rules)
    after = versions(r for p in both for r in new.packs[p].rules)
    gone, come = [n for n in before if n not in after], [n for n in after if n not in before]
    moved = _same_law(before, after, gone, come)
    for name, to in moved.items():
        one, other = before[name][0], after[to][0]
        if one.pack == other.pack:
            yield Change("renamed", other.pack, to, old=one, new=other, before=name, after=to)
            yield from _amended(old, new, to, before[name], after[to], moved)
        else:  # it holds for other people now
            yield from _amended(old, new, name, before[name], (), moved, twin=other)
            yield from _amended(old, new, to, (), after[to], moved, twin=one)
    for name in sorted({*before, *after} - set(moved) - set(moved.values())):
        yield from _amended(old, new, name, before.get(name, ()), after.get(name, ()), moved)


def _same_law(before: Versions, after: Versions, gone: Sequence[str], come: Sequence[str]) -> dict[str, str]:
    """Rules that bear another name or stand in another pack: old name → new name, where exactly one fits; of those
    left, rules of one pack that say nearly the same in the same time."""
    found: dict[str, str] = {}
    for name in gone:
        fits = [n for n in come if n not in found.values() and _law(after[n]) == _law(before[name])]
        own = [n for n in fits if n.split("/")[0] == name.split("/")[0]] or fits
        twins = [n for n in gone if _law(before[n]) == _law(before[name])]
        if len(own) == 1 and len(twins) == 1:
            found[name] = own[0]
    for name in (n for n in gone if n not in found):
        near = [n for n in come if n not in found.values() and _close(before[name], after[n])]
        back = [n for n in gone if n not in found and near and _close(before[n], after[near[0]])]
        if len(near) == 1 and len(back) == 1:
            found[name] = near[0]
    return found


def _close(one: Sequence[Rule], other: Sequence[Rule]) -> bool:
    """Whether two rules of one pack differ only in a figure or a word, in the same stretches."""
    if one[0].pack != other[0].pack or [(r.start, r.until) for r in one] != [(r.start, r.until) for r in other]:
        return False
    alike = all(type(unwrapped(a)) is type(unwrapped(b)) for a, b in zip(one, other, strict=True))
    before, after = ("\n".join(r.text for r in rules) for rules in (one, other))
    return alike and SequenceMatcher(None, before, after, autojunk=False).ratio() >= _CLOSE


def _law(rules: Sequence[Rule]) -> list[tuple[str, ...]]:
    return sorted(
        ((str(r.start), str(r.until), r.change, repr(ordered(r.statement))) for r in rules), key=lambda row: row[:3]
    )


def _amended(
    old: Law,
    new: Law,
    name: str,
    before: Sequence[Rule],
    after: Sequence[Rule],
    moved: Mapping[str, str],
    twin: Rule | None = None,
) -> Iterator[Change]:
    """What differs between the versions of one rule, stretch by stretch. ``twin``: the same rule in another pack on
    the other side."""
    pack = name.split("/")[0]
    differing = [s for s in stages(before, after) if not same_law(s.old, s.new, moved)]
    for stage in joined(differing):
        kind: Kind = "added" if stage.old is None else "repealed" if stage.new is None else "amended"
        if stage.old and stage.new and stage.old.change != stage.new.change:
            powers = _change("authority", pack, name, stage, stage.old.change, stage.new.change)
            if same_sentence(stage.old, stage.new, moved):  # where packs above use the power, their people may notice
                yield replace(powers, elsewhere=elsewhere(old, new, stage, pack, "same", twin))
                continue
            yield powers
        change = _change(kind, pack, name, stage, _text(stage.old), _text(stage.new))
        direction, witness, why = judged(old, new, stage, pack, twin)
        other = elsewhere(old, new, stage, pack, direction, twin)
        yield replace(
            change,
            direction=direction,
            witness=witness,
            why=why,
            how=_how(stage, before, after),
            elsewhere=other,
            twin=twin.name if twin else "",
        )
    for stage in stages(before, after):
        yield from _presented(pack, name, stage, _how(stage, before, after), same_law(stage.old, stage.new, moved))


def _how(stage: Stage, before: Sequence[Rule], after: Sequence[Rule]) -> How:
    """In which way the text came to differ: a new version, a correction of one, or versions that hold at other
    times."""
    if stage.old is None or stage.new is None:
        return "dates" if before and after else ""
    if (stage.old.start, stage.old.until) == (stage.new.start, stage.new.until):
        return "corrected"
    return "version" if stage.new.start is not None and stage.new.start == stage.start else "dates"


def _presented(pack: str, name: str, stage: Stage, how: How, alike: bool) -> Iterator[Change]:
    """What is written or cited otherwise, where the law is ``alike``; and how sure it is of what was corrected."""
    one, other = stage.old, stage.new
    if one is None or other is None:
        return
    if alike and "".join(one.text.split()) != "".join(other.text.split()):
        yield _change("reworded", pack, name, stage, _text(one), _text(other))
    cited = (one.cites, one.confidence) != (other.cites, other.confidence)
    noted = (one.note, one.gap) != (other.note, other.gap)
    if (cited or noted) if alike else (cited and how == "corrected"):
        yield _change("cited", pack, name, stage, _source(one), _source(other))


def _change(kind: Kind, pack: str, name: str, stage: Stage, before: str, after: str) -> Change:
    return Change(
        kind, pack, name, start=stage.start, until=stage.until, old=stage.old, new=stage.new, before=before, after=after
    )


def _text(rule: Rule | None) -> str:
    return "" if rule is None else " ".join(rule.text.split())


def _source(rule: Rule) -> str:
    parts = [str(rule.cites), rule.confidence if rule.confidence != "seen" else "", rule.note or ""]
    parts.append(f"gap: {rule.gap}" if rule.gap else "")
    return " · ".join(p for p in parts if p)
