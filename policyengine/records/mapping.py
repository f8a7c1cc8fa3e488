"""The user's mapping file (YAML) in, ``Mapping`` out: which column is what, where the headers alone don't say it.

All of its keys are optional; ``docs/records.md`` shows each with an example. Scalars are texts: a date or number in it
goes through the same functions as a cell of a records file.
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Iterator
from dataclasses import field, replace
from pathlib import Path
from typing import Any

from policyengine.diagnostics import Diagnostic, Span
from policyengine.light import dataclass
from policyengine.messages import listed, say
from policyengine.records.cells import compare

MAX_BYTES = 1_000_000
MAX_DEPTH = 50  # levels; five are used
TextMap = dict[str, str]
KEYS = ("columns", "ignore", "values", "units", "header_row", "sheets", "empty", "wide", "aliases")


@dataclass(frozen=True)
class FileMapping:
    """``columns``: canonical column → header. ``wide``: header → canonical columns that its cells' rows get.

    ``column_aliases``: canonical column → further headers. ``term_aliases``: field → term (any form) → further forms.
    ``places``: line and column of each key and text, by the keys above it and itself.
    ``header_row`` counts from 1. ``sheets`` empty: all. ``empty``: cells that mean that there is nothing.
    """

    file: str = ""
    columns: TextMap = field(default_factory=dict)
    ignore: tuple[str, ...] = ()
    values: TextMap = field(default_factory=dict)
    units: TextMap = field(default_factory=dict)
    header_row: int | None = None
    sheets: tuple[str, ...] = ()
    empty: tuple[str, ...] = ()
    wide: dict[str, TextMap] = field(default_factory=dict)
    column_aliases: dict[str, tuple[str, ...]] = field(default_factory=dict)
    term_aliases: dict[str, dict[str, tuple[str, ...]]] = field(default_factory=dict)
    places: dict[tuple[str, ...], tuple[int, int]] = field(default_factory=dict)
    digests: TextMap = field(default_factory=dict)  # its own, as ``Reading.digests`` has those of other files


NO_MAPPING = FileMapping()


def load_mapping(path: str) -> tuple[FileMapping | None, list[Diagnostic]]:
    """Read a mapping file; None with the errors when it is not usable."""
    import yaml

    from policyengine.packs.document import parse_document, reason

    file = Path(path)
    try:
        raw = file.open("rb").read(MAX_BYTES + 1)
    except OSError as e:
        message = say(f"the mapping file can't be read: {reason(e)}", f"无法读取对照文件：{reason(e)}")
        hint = say("check the name and that you may read it", "请检查文件名和读取权限")
        return None, [Diagnostic("PE408", message, Span(path), hint=hint)]
    if len(raw) > MAX_BYTES:
        return None, [_wrong(path, None, "a mapping file has at most 1 MB", "对照文件最大 1 MB")]
    reader = _Reader(path)
    try:
        text = raw.decode("utf-8-sig")
        if (refused := _refused(text, path)) is not None:
            return None, [refused]
        node = yaml.compose(text, Loader=yaml.BaseLoader)
    except (UnicodeDecodeError, yaml.YAMLError, RecursionError):
        _, problems = parse_document(raw, path)  # says why in the words that it has for the files of packs
        return None, [replace(d, code="PE408") for d in problems[:1]] or [
            _wrong(path, None, "it is not YAML", "这不是 YAML")
        ]
    mapping = reader.mapping(node)
    digests = {path: hashlib.sha256(raw).hexdigest()}
    return (None, reader.problems) if reader.problems else (replace(mapping, digests=digests), [])


def _refused(text: str, path: str) -> Diagnostic | None:
    """An alias, or what is nested too deep: PyYAML goes through all levels for each token (5,000: minutes)."""
    import yaml

    depth = 0
    for event in yaml.parse(text, Loader=yaml.BaseLoader):
        if isinstance(event, yaml.AliasEvent):
            return _wrong(path, None, "YAML aliases (*name) are not allowed here", "此处不允许 YAML 别名（*name）")
        depth += isinstance(event, yaml.CollectionStartEvent) - isinstance(event, yaml.CollectionEndEvent)
        if depth > MAX_DEPTH:
            en, zh = f"this is nested deeper than {MAX_DEPTH} levels", f"嵌套超过 {MAX_DEPTH} 层"
            return _wrong(path, event.start_mark, en, zh)
    return None


def of_colon(text: str) -> str | None:
    """The hint where a name and its value have become one text: ： between them, or a colon without a space."""
    if not set(text) & set("：:"):
        return None
    return say("after a key stands a half-width “: ” with a space", "键之后须是半角的“: ”（后有空格）")


def _wrong(path: str, mark: Any, en: str, zh: str) -> Diagnostic:
    span = Span(path, mark.line + 1, mark.column + 1) if mark is not None else Span(path)
    hint = say("docs/records.md shows every key of a mapping file", "docs/records.md 列有对照文件的全部写法")
    return Diagnostic("PE408", say(en, zh), span, hint=hint)


def _places(node: Any, path: tuple[str, ...] = ()) -> Iterator[tuple[tuple[str, ...], tuple[int, int]]]:
    """Where each key and each text stands, from 1, by the keys that lead to it and itself."""
    for key, value in node.value if node.id == "mapping" else ():
        here = (*path, str(key.value).strip())
        yield here, (key.start_mark.line + 1, key.start_mark.column + 1)
        yield from _places(value, here)
    for item in node.value if node.id == "sequence" else ():
        yield from _places(item, path)
    if node.id == "scalar":
        yield (*path, str(node.value).strip()), (node.start_mark.line + 1, node.start_mark.column + 1)


class _Reader:
    """Turns YAML nodes into plain data and keeps a message for each that has the wrong shape."""

    def __init__(self, path: str) -> None:
        self.path, self.problems = path, list[Diagnostic]()

    def wrong(self, node: Any, en: str, zh: str, hint: str | None = None) -> None:
        told = _wrong(self.path, node.start_mark if node is not None else None, en, zh)
        self.problems.append(replace(told, hint=hint) if hint else told)

    def mapping(self, node: Any) -> FileMapping:
        if node is None or (node.id == "scalar" and not node.value):
            return FileMapping(self.path)
        found = self.pairs(node)
        for key, value in found.items():
            if key not in KEYS:
                names = listed(KEYS)
                en, zh = f"{key} is not a key of a mapping file; there are {names}", f"没有 {key} 这个键；可用：{names}"
                self.wrong(value, en, zh, of_colon(key))
        get: Callable[[str], Any] = found.get
        aliases = self.pairs(get("aliases"))
        for key, value in aliases.items():
            if key not in ("columns", "terms"):
                zh = f"aliases 中没有 {key} 这个键；可用：columns、terms"
                self.wrong(value, f"{key} is not a key of aliases; there are columns, terms", zh)
        header_row = self.header_row(get("header_row"))
        columns, ignore = self.texts(get("columns")), self.list(get("ignore"))
        taken = set(map(compare, columns.values()))
        for header in (h for h in ignore if compare(h) in taken):
            zh = f"{header} 同时列在 columns 和 ignore 中"
            self.wrong(get("ignore"), f"{header} stands both in columns and in ignore", zh)
        return FileMapping(
            self.path,
            columns=columns,
            ignore=ignore,
            values=self.texts(get("values")),
            units=self.texts(get("units")),
            header_row=header_row,
            sheets=self.list(get("sheets")),
            empty=self.words(get("empty")),
            wide={k: self.texts(v) for k, v in self.pairs(get("wide")).items()},
            column_aliases={k: self.words(v) for k, v in self.pairs(aliases.get("columns")).items()},
            term_aliases={
                k: {t: self.words(w) for t, w in self.pairs(v).items()}
                for k, v in self.pairs(aliases.get("terms")).items()
            },
            places=dict(_places(node)),
        )

    def header_row(self, node: Any) -> int | None:
        if node is None:
            return None
        row = self.text(node)
        if row.isascii() and row.isdigit() and 0 < int(row[:9]) <= 1000:
            return int(row)
        self.wrong(node, "header_row is a row number from 1 to 1000", "header_row 为 1 至 1000 的行号")
        return None

    def pairs(self, node: Any) -> dict[str, Any]:
        if node is None:
            return {}
        if node.id != "mapping":
            hint = of_colon(node.value) if node.id == "scalar" else None
            self.wrong(node, "pairs of name and value are expected here", "此处应为“名称: 值”", hint)
            return {}
        found: dict[str, Any] = {}
        for key, value in node.value:
            name = self.text(key)
            if name in found:
                self.wrong(key, f"{name} stands here twice", f"{name} 重复出现")
            found[name] = value
        return found

    def texts(self, node: Any) -> TextMap:
        return {k: self.text(v) for k, v in self.pairs(node).items()}

    def list(self, node: Any) -> tuple[str, ...]:
        if node is None:
            return ()
        if node.id == "sequence":
            return tuple(self.text(n) for n in node.value)
        return (self.text(node),)

    def words(self, node: Any) -> tuple[str, ...]:
        """A list of words that are looked up in cells and headers; nobody notices one that is never found."""
        items = node.value if node is not None and node.id == "sequence" else [node]
        for item in items:
            if item is not None and item.id == "scalar" and not item.style and set(item.value) & set("，、；"):
                self.wrong(
                    item,
                    f"“{item.value}” is one word to YAML, not several",
                    f"“{item.value}”在 YAML 中是一个词，不是几个",
                    say(
                        "write [a, b] with “, ” between; put a word that has such a mark in it in quotes ('…')",
                        "请写成 [甲, 乙]，用半角的“, ”隔开；词本身含有这种标点的，请加引号（'…'）",
                    ),
                )
        return self.list(node)

    def text(self, node: Any) -> str:
        if node.id != "scalar":
            self.wrong(node, "one text is expected here", "此处应为单个文本")
            return ""
        return str(node.value).strip()
