"""The text of a YAML file in, its nodes out; built event by event, so that no bound is passed before it is noticed.

Errors: PE106..PE113 and PE122 (a key that is no word).
"""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import yaml

from policyengine.diagnostics import Diagnostic, Replacement, Span, replaced
from policyengine.messages import say
from policyengine.packs.nodes import Listing, Mapping, Node, Scalar, line_of, span_of
from policyengine.packs.syntax import UNWANTED, syntax_error, too_deep, unwanted

MAX_DEPTH = 50  # packs need 6
MAX_NODES = 100_000  # keys and values after aliases are expanded
MAX_TOLD = 200  # mistakes after which nothing more is looked at
MAX_SCALAR = 20_000  # characters of one value

Event = Any  # PyYAML describes marks, anchors and tags only of some events
_LOADER = getattr(yaml, "CSafeLoader", yaml.SafeLoader)  # libyaml where PyYAML was built with it


def empty(file: str) -> Diagnostic:
    """PE112."""
    hint = say("write it, or delete the file", "请写入内容，或删除文件")
    return Diagnostic("PE112", say("this file is empty", "文件是空的"), Span(file), hint)


def compose(text: str, file: str) -> tuple[Node | None, list[Diagnostic]]:
    """The root of the one document in ``text``; with any diagnostic there is none."""
    root, problems = _composed(text, file)
    return root, [replace(d, instead=None) if d.instead and not _mends(d.instead, text, file) else d for d in problems]


def _composed(text: str, file: str) -> tuple[Node | None, list[Diagnostic]]:
    composer = _Composer(file, text)
    try:
        root = composer.compose()
    except _Stop as stop:
        return None, [*composer.problems, stop.problem]
    except yaml.YAMLError as error:
        return None, [*composer.problems, syntax_error(error, file, text, MAX_DEPTH)]
    return (None if composer.problems else root), composer.problems


def _mends(instead: Replacement, text: str, file: str) -> bool:
    """Whether the file can be read with it, at least beyond that line."""
    _, left = _composed(replaced(text, instead), file)
    return all(d.span is not None and d.span.line > instead.span.line for d in left)


class _Stop(Exception):
    """What follows can't be read."""

    def __init__(self, problem: Diagnostic):
        self.problem = problem


class _Frame:
    """An open sequence or mapping."""

    __slots__ = ("anchor", "column", "height", "items", "key", "keys", "line", "mapping", "pairs", "size")

    def __init__(self, event: Event, mapping: bool):
        self.mapping = mapping
        self.anchor: str | None = event.anchor
        self.line: int = event.start_mark.line + 1
        self.column: int = event.start_mark.column + 1
        self.items: list[Node] = []
        self.pairs: list[tuple[Scalar, Node]] = []
        self.keys: dict[str, Scalar] = {}
        self.key: Scalar | None = None
        self.size, self.height = 1, 1


class _Composer:
    """Builds nodes from the parser's events, one at a time, so that no bound is passed before it is noticed."""

    def __init__(self, file: str, text: str):
        self.file, self.text = file, text
        self.problems: list[Diagnostic] = []
        self.anchors: dict[str, tuple[Node, int, int]] = {}  # node, its size, its height
        self.open: list[_Frame] = []
        self.nodes = 0

    def compose(self) -> Node:
        root: Node | None = None
        for event in yaml.parse(self.text, Loader=_LOADER):
            if isinstance(event, yaml.ScalarEvent):
                self._check_tag(event)
                node: Node = self._scalar(event)
                done = self._put(node, event, 1, 1)
            elif isinstance(event, yaml.MappingStartEvent | yaml.SequenceStartEvent):
                self._check_tag(event)
                self.open.append(_Frame(event, isinstance(event, yaml.MappingStartEvent)))
                if len(self.open) > MAX_DEPTH:
                    self._too_deep(event)
                continue
            elif isinstance(event, yaml.MappingEndEvent | yaml.SequenceEndEvent):
                frame = self.open.pop()
                node = self._closed(frame)
                if frame.anchor:
                    self.anchors[frame.anchor] = (node, frame.size, frame.height)
                done = self._put(node, None, frame.size, frame.height)
            elif isinstance(event, yaml.AliasEvent):
                node, size, height = self._alias(event)
                done = self._put(node, event, size, height)
            elif isinstance(event, yaml.DocumentStartEvent) and root is not None:
                self._stop(
                    "PE110",
                    say("a second document begins here", "此处开始了第二个文档"),
                    say("one file holds one document: remove “---”", "一个文件只有一个文档，请删除“---”"),
                    event,
                )
            else:
                continue
            if done:
                root = node
        if root is None:  # only markers such as "---"
            raise _Stop(empty(self.file))
        return root

    def _put(self, node: Node, event: Event | None, size: int, height: int) -> bool:
        """Place a finished node into its parent; True for the root."""
        if event is not None:
            self.nodes += size
            if self.nodes > MAX_NODES:
                self._stop(
                    "PE108",
                    say(
                        f"with its aliases this file has more than {MAX_NODES:,} values",
                        f"展开别名后，文件超过 {MAX_NODES:,} 个值",
                    ),
                    say("write the values out, or use a table", "请直接写出各值，或改用数据表"),
                    event,
                )
        if not self.open:
            return True
        frame = self.open[-1]
        frame.size += size
        frame.height = max(frame.height, height + 1)
        if event is not None and len(self.open) + height > MAX_DEPTH:
            self._too_deep(event)
        if not frame.mapping:
            frame.items.append(node)
        elif frame.key is None:
            frame.key = self._key(node, frame)
        else:
            frame.pairs.append((frame.key, node))
            frame.key = None
        return False

    def _key(self, node: Node, frame: _Frame) -> Scalar:
        if not isinstance(node, Scalar):
            raise _Stop(
                self._problem(
                    "PE122",
                    say("a list or a mapping can't be a key", "列表或映射不能作为键"),
                    node,
                    say("keys are single words", "键是单个的词"),
                )
            )
        earlier = frame.keys.setdefault(node.text, node)
        if len(self.problems) > MAX_TOLD:
            raise _Stop(self.problems.pop())
        if earlier is not node:
            self.problems.append(
                self._problem(
                    "PE111",
                    say(
                        f"the key “{node.text}” stands twice (first in line {earlier.line}); only one could count",
                        f"键“{node.text}”重复（第 {earlier.line} 行已有），只能有一个",
                    ),
                    node,
                    say("delete one of the two, or give it its own name", "请删除其中一个，或另取名称"),
                )
            )
        return node

    def _closed(self, frame: _Frame) -> Node:
        if frame.mapping:
            return Mapping(tuple(frame.pairs), frame.line, frame.column)
        return Listing(tuple(frame.items), frame.line, frame.column)

    def _scalar(self, event: Event) -> Scalar:
        start, end = event.start_mark, event.end_mark
        node = Scalar(
            event.value, event.style if event.style in ("'", '"', "|", ">") else None,
            start.index, end.index, start.line + 1, start.column + 1, end.line + 1, end.column + 1,
        )  # fmt: skip
        if len(event.value) > MAX_SCALAR:
            self._stop(
                "PE113",
                say(
                    f"this text has {len(event.value):,} characters; one value has at most {MAX_SCALAR:,}",
                    f"此处有 {len(event.value):,} 个字符，一个值最多 {MAX_SCALAR:,} 个",
                ),
                say("split it, or put it into a file of its own", "请拆分，或另存为单独的文件"),
                event,
            )
        # as an escape ("\u202e") it is seen in the file, and not wherever the text is shown
        if event.style == '"' and (found := UNWANTED.search(event.value)):
            self._stop("PE104", *unwanted(found[0]), event)
        if event.anchor:
            self.anchors[event.anchor] = (node, 1, 1)
        return node

    def _alias(self, event: Event) -> tuple[Node, int, int]:
        if any(frame.anchor == event.anchor for frame in self.open):
            self._stop(
                "PE108",
                say(f"*{event.anchor} stands inside of what it repeats", f"*{event.anchor} 位于它所重复的内容之中"),
                say("write the value out", "请直接写出该值"),
                event,
            )
        found = self.anchors.get(event.anchor)
        if found is None:
            self._stop(
                "PE108",
                say(
                    f"*{event.anchor} repeats a value that is nowhere marked &{event.anchor}",
                    f"*{event.anchor} 所重复的值没有用 &{event.anchor} 标出",
                ),
                say("a text that begins with * goes in quotes", "以 * 开头的文字要加引号"),
                event,
            )
        assert found is not None
        return found

    def _check_tag(self, event: Event) -> None:
        if event.tag is None:
            return
        name = event.tag.replace("tag:yaml.org,2002:", "!!")
        self._stop(
            "PE109",
            say(
                f"the tag {name} is not allowed: a pack is plain text, lists and mappings",
                f"不允许标签 {name}：政策包只有文字、列表和映射",
            ),
            say("delete the tag; a text that begins with ! goes in quotes", "请删除标签；以 ! 开头的文字要加引号"),
            event,
        )

    def _too_deep(self, event: Event) -> None:
        self._stop("PE107", *too_deep(MAX_DEPTH), event)

    def _problem(self, code: str, message: str, node: Node, hint: str) -> Diagnostic:
        return Diagnostic(code, message, span_of(self.file, node), hint, source=line_of(self.text, node.line))

    def _stop(self, code: str, message: str, hint: str, event: Event) -> None:
        mark = event.start_mark
        span = Span(self.file, mark.line + 1, mark.column + 1)
        raise _Stop(Diagnostic(code, message, span, hint, source=line_of(self.text, mark.line + 1)))
