"""A policy in, notes out on what its last pack declares and nothing uses: tables, measures, flags, sources.

That it has no rule to use anything is a warning.
Terms and fields are left alone: records may hold what no rule asks for.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import fields, is_dataclass

from policyengine.diagnostics import Diagnostic, Span
from policyengine.language import tree
from policyengine.messages import say
from policyengine.packs.model import Pack, Policy

_NAMES = {"measure": ("measure", "计量"), "conclusion": ("conclude", "结论"), "flag": ("flag", "标记")}


def unused(policy: Policy) -> Iterator[Diagnostic]:
    """PE170 for each, at its declaration; PE112 where no pack of the chain can have a rule."""
    pack = policy.packs[-1]
    if pack.extends is None and not pack.rules:
        yield Diagnostic(
            "PE112",
            say("this pack has no rule, so everybody is met", "本包没有规则，因此人人都算完成"),
            Span(f"{pack.folder}/pack.yaml"),
            say("write rules into rules*.yaml beside pack.yaml", "请在 pack.yaml 旁的 rules*.yaml 中写入规则"),
            "warning",
        )
    used = _used(pack)
    for word in pack.words:
        if word.kind == "table" and word.id not in used["table"]:
            yield _note(
                say(f"no rule looks anything up in the table {word.id}", f"没有规则使用数据表“{word.surface('zh')}”"),
                word.span,
            )
        elif word.kind in _NAMES and word.id not in used[word.kind]:
            yield _note(
                say(
                    f"no rule of this pack states the {word.kind} {word.id} ({_NAMES[word.kind][0]} …)",
                    f"本包没有规则写出“{word.surface('zh')}”（{_NAMES[word.kind][1]} …）",
                ),
                word.span,
            )
        elif word.kind == "regime" and word.id not in used["regime"] and word.id not in pack.regimes:
            yield _note(
                say(f"no rule of this pack delegates the regime {word.id}", f"本包没有规则授权“{word.surface('zh')}”"),
                word.span,
            )
    cited = {rule.cites.source for rule in pack.rules} | {n.source for n in pack.not_decidable}
    for name in pack.sources:
        if name not in cited:
            yield _note(
                say(f"no rule cites the source {name}", f"没有规则引用文件 {name}"), Span(f"{pack.folder}/pack.yaml")
            )


def _note(message: str, span: Span | None) -> Diagnostic:
    return Diagnostic("PE170", message, span, say("use it, or delete it", "请使用或删除"), "note")


def _used(pack: Pack) -> dict[str, set[str]]:
    """By kind of word, the ids that the pack's rules use."""
    used: dict[str, set[str]] = {"table": set(), "measure": set(), "conclusion": set(), "flag": set(), "regime": set()}
    nodes = [node for rule in pack.rules for node in _walk(rule.statement)]
    nodes += list(_walk(pack.applies))
    for node in nodes:
        match node:
            case tree.Lookup(table=table) | tree.InTable(table=table):
                used["table"].add(table)
            case tree.Measure(name=name):
                used["measure"].add(name)
            case tree.Conclude(name=name):
                used["conclusion"].add(name)
            case tree.Flag(name=name):
                used["flag"].add(name)
            case tree.Delegate(regimes=regimes):
                used["regime"].update(regimes)
    return used


def _walk(node: object) -> Iterator[object]:
    if isinstance(node, tuple):
        for item in node:
            yield from _walk(item)
    elif is_dataclass(node):
        yield node
        for part in fields(node):
            if part.name != "span":
                yield from _walk(getattr(node, part.name))
