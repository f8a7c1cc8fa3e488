"""The text of a YAML file in, its nodes out; built event by event, so that no bound is passed before it is noticed.

Errors: PE106..PE113 and PE122 (a key that is no word). YAML's own words are put into an official's.
"""

from __future__ import annotations

import yaml

from policyengine.diagnostics import Diagnostic, Span
from policyengine.packs.nodes import Listing, Mapping, Node, Scalar, line_of, span_of

MAX_DEPTH = 50  # packs need 6
MAX_NODES = 100_000  # keys and values after aliases are expanded
MAX_SCALAR = 20_000  # characters of one value

_LOADER = getattr(yaml, "CSafeLoader", yaml.SafeLoader)  # libyaml where PyYAML was built with it


def compose(text: str, file: str) -> tuple[Node | None, list[Diagnostic]]:
    """The root of the one document in ``text``; with any diagnostic there is none."""
    composer = _Composer(file, text)
    try:
        root = composer.compose()
    except _Stop as stop:
        return None, [*composer.problems, stop.problem]
    except yaml.YAMLError as error:
        return None, [*composer.problems, _syntax(error, file, text)]
    return (None if composer.problems else root), composer.problems


class _Stop(Exception):
    """What follows can't be read."""

    def __init__(self, problem: Diagnostic):
        self.problem = problem


class _Frame:
    """An open sequence or mapping."""

    __slots__ = ("anchor", "column", "height", "items", "key", "keys", "line", "mapping", "pairs", "size")

    def __init__(self, event: yaml.Event, mapping: bool):
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
                    self._stop("PE107", f"this is nested deeper than {MAX_DEPTH} levels", event, "a pack needs six")
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
                self._stop("PE110", "a second document begins here", event, "one file holds one document: remove “---”")
            else:
                continue
            if done:
                root = node
        if root is None:  # only markers such as "---"
            raise _Stop(Diagnostic("PE112", "this file is empty", Span(self.file), hint="write it, or delete the file"))
        return root

    def _put(self, node: Node, event: yaml.Event | None, size: int, height: int) -> bool:
        """Place a finished node into its parent; True for the root."""
        if event is not None:
            self.nodes += size
            if self.nodes > MAX_NODES:
                self._stop("PE108", f"with its aliases this file has more than {MAX_NODES:,} values", event,
                           "write the values out, or use a table")  # fmt: skip
        if not self.open:
            return True
        frame = self.open[-1]
        frame.size += size
        frame.height = max(frame.height, height + 1)
        if event is not None and len(self.open) + height > MAX_DEPTH:
            self._stop("PE107", f"this is nested deeper than {MAX_DEPTH} levels", event, "a pack needs six")
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
            raise _Stop(self._problem("PE122", "a list or a mapping can't be a key", node, "keys are single words"))
        earlier = frame.keys.setdefault(node.text, node)
        if earlier is not node:
            self.problems.append(
                self._problem(
                    "PE111",
                    f"the key “{node.text}” stands twice (first in line {earlier.line}); only one of them could count",
                    node,
                    "delete one of the two, or give it its own name",
                )
            )
        return node

    def _closed(self, frame: _Frame) -> Node:
        if frame.mapping:
            return Mapping(tuple(frame.pairs), frame.line, frame.column)
        return Listing(tuple(frame.items), frame.line, frame.column)

    def _scalar(self, event: yaml.ScalarEvent) -> Scalar:
        start, end = event.start_mark, event.end_mark
        node = Scalar(
            event.value, event.style if event.style in ("'", '"', "|", ">") else None,
            start.index, end.index, start.line + 1, start.column + 1, end.line + 1, end.column + 1,
        )  # fmt: skip
        if len(event.value) > MAX_SCALAR:
            self._stop("PE113", f"this text has {len(event.value):,} characters; one value has at most {MAX_SCALAR:,}",
                       event, "split it, or put it into a file of its own")  # fmt: skip
        if event.anchor:
            self.anchors[event.anchor] = (node, 1, 1)
        return node

    def _alias(self, event: yaml.AliasEvent) -> tuple[Node, int, int]:
        if any(frame.anchor == event.anchor for frame in self.open):
            self._stop("PE108", f"*{event.anchor} stands inside of what it repeats", event, "write the value out")
        found = self.anchors.get(event.anchor)
        if found is None:
            self._stop("PE108", f"*{event.anchor} repeats a value that is nowhere marked &{event.anchor}", event,
                       "a text that begins with * goes in quotes")  # fmt: skip
        assert found is not None
        return found

    def _check_tag(self, event: yaml.Event) -> None:
        if event.tag is not None and event.tag != "!":
            name = event.tag.replace("tag:yaml.org,2002:", "!!")
            self._stop("PE109", f"the tag {name} is not allowed: a pack is plain text, lists and mappings", event,
                       "delete the tag; a text that begins with ! goes in quotes")  # fmt: skip
        elif event.tag == "!":
            self._stop("PE109", "the tag ! is not allowed", event, "a text that begins with ! goes in quotes")

    def _problem(self, code: str, message: str, node: Node, hint: str) -> Diagnostic:
        return Diagnostic(code, message, span_of(self.file, node), hint, source=line_of(self.text, node.line))

    def _stop(self, code: str, message: str, event: yaml.Event, hint: str) -> None:
        mark = event.start_mark
        span = Span(self.file, mark.line + 1, mark.column + 1)
        raise _Stop(Diagnostic(code, message, span, hint, source=line_of(self.text, mark.line + 1)))


# --- what libyaml says, for people ------------------------------------------------------------------------------------

# (part of libyaml's words, what is wrong, how to mend it)
_SYNTAX = (
    ("mapping values are not allowed", "a second “: ” stands in this line, so YAML reads the text before it as a key",
     "put the whole text in quotes ('…'), or write it on the next line after “rule: |”"),
    ("could not find expected ':'", "a key without its “:”, or a line that is not indented like the ones around it",
     "write “key: value”; lines that go on with a text are indented further than its key"),
    ("did not find expected key", "this line is indented differently from the ones that it belongs to",
     "keys of one mapping stand exactly under each other"),
    ("did not find expected '-' indicator", "an entry of a list begins with “- ” under the others",
     "keys of one entry stand exactly under each other"),
    ("did not find expected ',' or", "a comma or the closing bracket is missing",
     "in {…} and […] parts are separated by “, ”; a text with a comma in it goes in quotes"),
    ("cannot start any token", "a text can't begin with this character", "put the whole text in quotes ('…')"),
    ("while scanning a quoted scalar", "a text in quotes is never closed", "add the closing quote"),
    ("while scanning a block scalar", "after “|” or “>” the text begins on the next line, indented further",
     "indent every line of the text by two spaces more than its key"),
    ("block sequence entries are not allowed", "a list can't begin here", "put “- ” on a line of its own"),
    ("unknown escape character", "in \"…\" a backslash begins an escape that YAML doesn't know",
     "use '…' quotes, in which a backslash is itself"),
    ("exceeded maximum nesting depth", "this is nested too deep", "a pack needs six"),
    ("while scanning an anchor", "a text can't begin with &", "put the whole text in quotes ('…')"),
    ("while scanning an alias", "a text can't begin with *", "put the whole text in quotes ('…')"),
    ("while scanning a directive", "a line can't begin with %", "put the text in quotes ('…')"),
    ("while scanning a tag", "a text can't begin with !", "put the whole text in quotes ('…')"),
    ("did not find expected <document start>", "this line belongs to nothing before it",
     "indent it like the lines it belongs to"),
    ("did not find expected node content", "a value is missing here", "write the value, or null"),
)  # fmt: skip


def _syntax(error: yaml.YAMLError, file: str, text: str) -> Diagnostic:
    said = " ".join(str(error).split())
    mark = getattr(error, "problem_mark", None) or getattr(error, "context_mark", None)
    what, hint = next(
        ((w, h) for part, w, h in _SYNTAX if part in said), ("this is not YAML", "compare it with the lines around it")
    )
    if mark is None:
        return Diagnostic("PE106", what, Span(file), hint)
    if "nesting depth" in said:
        span = Span(file, mark.line + 1, mark.column + 1)
        return Diagnostic(
            "PE107", f"this is nested deeper than {MAX_DEPTH} levels", span, hint, source=line_of(text, span.line)
        )
    line, column = mark.line + 1, mark.column + 1
    last = text.count("\n") + 1
    if line >= last and not (line_of(text, line) or ""):  # past the end: point at what began there
        context = getattr(error, "context_mark", None)
        line, column = (context.line + 1, context.column + 1) if context else (max(1, last - 1), 1)
    return Diagnostic("PE106", what, Span(file, line, column, line, column + 1), hint, source=line_of(text, line))
