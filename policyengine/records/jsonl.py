"""JSON Lines in, rows of texts out: an object per line, its keys are the headers."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from policyengine.records.cells import Bad
from policyengine.records.files import Source
from policyengine.records.foreign import unreadable
from policyengine.records.raw import RawTable, Row
from policyengine.records.text import MAX_LINE

MAX_KEYS = 2_000
MAX_DEPTH = 100  # of values within values

_NO_OBJECT = Bad("PE425", "the line is no JSON object", "该行不是 JSON 对象",
                 'write one object per line: {"person_id": "P1"}', '每行写一个对象：{"person_id": "P1"}')  # fmt: skip
_TWICE = Bad("PE425", "a key stands in the object twice", "对象中有重复的键", "keep one of them", "只保留一个")
_BROKEN = Bad("PE418", "the line is not UTF-8", "该行不是 UTF-8 编码", "save the file as UTF-8", "请将文件另存为 UTF-8")
_ENDLESS = Bad(
    "PE417", f"the line has more than {MAX_LINE:,} bytes", f"该行超过 {MAX_LINE:,} 字节", "split it", "请拆分该行"
)
_MANY = Bad("PE425", f"the file has more than {MAX_KEYS:,} different keys", f"文件中有超过 {MAX_KEYS:,} 个不同的键",
            "keys are column names; put values into values", "键是列名，数据请写在值中")  # fmt: skip

_DEEP = Bad("PE425", f"a value is nested deeper than {MAX_DEPTH} levels", f"值的嵌套超过 {MAX_DEPTH} 层",
            "write texts, numbers, true and false as values", "值请写文本、数字、true 或 false")  # fmt: skip


class _Twice(ValueError):
    pass


def _pairs(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    found = dict(pairs)
    if len(found) != len(pairs):
        raise _Twice
    return found


class _Number(str):
    """A JSON number as it is written, so that it stays exact."""


_DECODER = json.JSONDecoder(object_pairs_hook=_pairs, parse_float=_Number, parse_int=_Number, parse_constant=_Number)


def text_of(value: Any) -> str:
    """A JSON value as the text of a cell, an empty one where nothing is in it: ``[]`` is no proof."""
    if _is_nothing(value):
        return ""
    if isinstance(value, str):
        return str(value)
    if isinstance(value, bool):
        return "true" if value else "false"
    return json.dumps(value, ensure_ascii=False)


def _is_nothing(value: Any) -> bool:
    match value:
        case dict():
            return all(map(_is_nothing, value.values()))
        case list():
            return all(map(_is_nothing, value))
    return value is None or value == ""


def read_jsonl(source: Source) -> RawTable:
    """The file's table. Its header is every key of any line, in order of appearance: the file is read twice for it."""
    keys: dict[str, int] = {}
    for _, found in _objects(source.path):
        if isinstance(found, dict):
            for key in found:
                if key not in keys and len(keys) < MAX_KEYS:
                    keys[key] = len(keys)
    rows = _rows(source.path, keys)
    table = RawTable(source.shown, source.label, None, rows, list(keys), how="JSON Lines", nested=True)
    with source.path.open("rb") as stream:
        head = stream.read(200)
    if head.startswith((b"\xff\xfe", b"\xfe\xff")):
        hint = (
            "save it as UTF-8 (PowerShell: | Out-File -Encoding utf8)",
            "请另存为 UTF-8（PowerShell：| Out-File -Encoding utf8）",
        )
        table.notes.append(unreadable(source.shown, ("this is JSON in UTF-16", "这是 UTF-16 编码的 JSON"), hint))
    if head.removeprefix(b"\xef\xbb\xbf").lstrip().startswith(b"["):
        what = ("this is one JSON array, not an object per line", "这是一个 JSON 数组，而不是每行一个对象")
        hint = ("turn it into lines, for example with: jq -c '.[]' FILE", "请转换为每行一个对象，如：jq -c '.[]' FILE")
        table.notes.append(unreadable(source.shown, what, hint))
    return table


def _rows(path: Path, keys: dict[str, int]) -> Iterator[Row]:
    for number, found in _objects(path):
        if isinstance(found, Bad):
            yield Row(number, [], found)
            continue
        cells = [""] * len(keys)
        bad = None
        for key, value in found.items():
            if key in keys:
                cells[keys[key]] = text_of(value)
            else:
                bad = _MANY
        yield Row(number, cells, bad)


def _objects(path: Path) -> Iterator[tuple[int, dict[str, Any] | Bad]]:
    """Line number and object, or what is wrong with the line. Empty lines are left out."""
    with path.open("rb") as stream:
        number = 0
        while line := stream.readline(MAX_LINE):
            number += 1
            if len(line) == MAX_LINE and not line.endswith(b"\n"):
                while (more := stream.readline(MAX_LINE)) and not more.endswith(b"\n"):
                    pass
                yield number, _ENDLESS
                continue
            if number == 1:
                line = line.removeprefix(b"\xef\xbb\xbf")
            if line.strip():
                yield number, _object(line)


def _object(line: bytes) -> dict[str, Any] | Bad:
    try:
        found = _DECODER.decode(line.decode("utf-8").strip())
    except UnicodeDecodeError:
        return _BROKEN
    except _Twice:
        return _TWICE
    except ValueError:
        return _NO_OBJECT
    except RecursionError:
        return _DEEP
    if not isinstance(found, dict):
        return _NO_OBJECT
    return _DEEP if line.count(b"[") + line.count(b"{") > MAX_DEPTH and _is_deep(found) else found


def _is_deep(found: dict[str, Any]) -> bool:
    level: list[Any] = [found]
    for _ in range(MAX_DEPTH):
        inner = [v for one in level for v in (one.values() if isinstance(one, dict) else one)]
        level = [v for v in inner if isinstance(v, dict | list)]
    return bool(level)
