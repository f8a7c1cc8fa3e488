"""Nodes of a YAML file and a JSON Schema in, diagnostics out: is every key known, every value of its kind.

The schemas (``*.schema.json`` beside this file) are the one definition of a file's shape: editors read them, and so
does this. It knows the keywords that they use and points into the file; loading the jsonschema package alone would take
as long as explaining a person (0.18 s). A test compares the two on the same documents.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterable, Iterator, Mapping
from fractions import Fraction
from functools import cache
from itertools import islice
from pathlib import Path
from typing import Any

from policyengine.diagnostics import Diagnostic
from policyengine.messages import listed, say
from policyengine.packs.document import MAX_PROBLEMS, Document, enough
from policyengine.packs.nodes import Listing, Node, Scalar
from policyengine.packs.nodes import Mapping as MappingNode

SCHEMAS = ("pack", "rules", "tests")

# YAML 1.2's core schema: what editors and other programs take a plain scalar for.
_INTEGER = re.compile(r"[-+]?[0-9]+")
_DECIMAL = re.compile(r"[-+]?(\.[0-9]+|[0-9]+(\.[0-9]*)?)([eE][-+]?[0-9]+)?")
_MAYBE_TYPED = frozenset("0123456789+-.tTfFnN~")  # what a number, true, false or null begins with
_BOOLEAN = {"true": True, "True": True, "TRUE": True, "false": False, "False": False, "FALSE": False}

_KINDS = {
    "object": ("keys with values", "键和值"),
    "array": ("a list", "列表"),
    "string": ("a text", "文字"),
    "number": ("a number", "数"),
    "integer": ("a whole number", "整数"),
    "boolean": ("true or false", "true 或 false"),
    "null": ("null", "null"),
}

Schema = dict[str, Any]


@cache
def _schema(name: str) -> Schema:
    data: Schema = json.loads(schema_text(name))
    return data


def schema_text(name: str) -> str:
    """The JSON Schema ``pack``, ``rules`` or ``tests`` as editors read it."""
    return (Path(__file__).parent / f"{name}.schema.json").read_text(encoding="utf-8")


def shape_problems(document: Document, node: Node, name: str, part: str | None = None) -> list[Diagnostic]:
    """What is wrong with ``node`` under schema ``name`` (or one of its ``$defs``): PE120, PE121, PE122."""
    root = _schema(name)
    top = say("this file", "本文件") if part is None else say("this entry", "本条")
    found = _Checker(document, root).check(node, root["$defs"][part] if part else root, top)
    problems = list(islice(found, MAX_PROBLEMS))
    return problems if len(problems) < MAX_PROBLEMS else [*problems, enough(document.file)]


def did_you_mean(word: str, known: Iterable[str]) -> str | None:
    """The nearest known word, when one is near."""
    from difflib import get_close_matches

    found = get_close_matches(word[:100], list(islice(known, 500)), n=1, cutoff=0.6)  # bounded: 20 ms at most
    return found[0] if found else None


def only(word: str, known: Iterable[str], near: str | None) -> str | None:
    """The near word, where it may be written without asking."""
    from policyengine.language.hints import sure

    return near if near and sure(word, {name: name for name in islice(known, 500)}, near) else None


def meant(near: str) -> str:
    """The hint that offers a near word."""
    return say(f"did you mean {near}?", f"是不是 {near}？")


def of_full_width() -> str:
    """The hint for a key in which a colon or dash is of full width, and so is text."""
    return say("“：” and “－” are of full width: write “: ” and “- ”", "“：”和“－”是全角：请写半角的“: ”和“- ”")


def typed(scalar: Scalar) -> tuple[str, str | Fraction | bool | None]:
    """A scalar's kind by YAML 1.2's core schema, and its value; ``year: 2016`` is a whole number, ``01-01`` a text."""
    if scalar.style is not None or (scalar.text and scalar.text[0] not in _MAYBE_TYPED):
        return "string", scalar.text
    if scalar.is_null:
        return "null", None
    if scalar.text in _BOOLEAN:
        return "boolean", _BOOLEAN[scalar.text]
    if len(scalar.text) <= 40 and _DECIMAL.fullmatch(scalar.text):
        if _INTEGER.fullmatch(scalar.text):
            return "integer", Fraction(scalar.text)
        if not re.search(r"[eE][-+]?[0-9]{3,}", scalar.text):  # 1e999999999 would be a number of a gigabyte
            return "number", Fraction(scalar.text)
    return "string", scalar.text


def _kind(node: Node) -> str:
    if isinstance(node, Scalar):
        return typed(node)[0]
    return "object" if isinstance(node, MappingNode) else "array"


def _has_type(node: Node, wanted: str | list[str]) -> bool:
    kind = _kind(node)
    if isinstance(wanted, str):
        return kind == wanted or (kind == "integer" and wanted == "number")
    return kind in wanted or (kind == "integer" and "number" in wanted)


def _may_be(node: Node, branch: Schema) -> bool:
    return "type" not in branch or _has_type(node, branch["type"])


class _Checker:
    """Walks a schema and nodes side by side; their depth is bounded by the file's."""

    def __init__(self, document: Document, root: Schema):
        self.document, self.root = document, root

    def _resolved(self, part: Schema) -> Schema:
        """``part`` with its ``$ref`` followed; what stands beside the reference prevails. Kept in the schema itself."""
        while "$ref" in part:
            known = part.get("resolved")
            if known is None:
                target = self.root["$defs"][part["$ref"].removeprefix("#/$defs/")]
                known = part["resolved"] = {**target, **{k: v for k, v in part.items() if k != "$ref"}}
            part = known
        return part

    def check(self, node: Node, part: Schema, where: str) -> Iterator[Diagnostic]:
        part = self._resolved(part)
        if "anyOf" in part:
            yield from self._any_of(node, part, where)
            return
        wrong_kind = "type" in part and not _has_type(node, part["type"])
        if wrong_kind or ("enum" in part and not isinstance(node, Scalar)):
            yield self._wrong(node, part, where)
        elif isinstance(node, MappingNode):
            yield from self._mapping(node, part, where)
        elif isinstance(node, Listing):
            yield from self._listing(node, part, where)
        elif not self._value_ok(node, part):
            yield self._wrong(node, part, where)

    def _any_of(self, node: Node, part: Schema, where: str) -> Iterator[Diagnostic]:
        branches = [b for one in part["anyOf"] if _may_be(node, b := self._resolved(one))]
        if len(branches) == 1 and not isinstance(node, Scalar):  # the branch that is meant: a mapping, a list
            yield from self.check(node, branches[0], where)
        elif not any(next(self.check(node, branch, where), None) is None for branch in branches):
            yield self._wrong(node, part, where)

    def _mapping(self, node: MappingNode, part: Schema, where: str) -> Iterator[Diagnostic]:
        properties: Mapping[str, Schema] = part.get("properties", {})
        more = part.get("additionalProperties", True)
        names = part.get("propertyNames")
        for key, value in node.pairs:
            if names is not None:
                yield from self.check(_as_text(key), names, say("a name", "名称"))
            if key.text in properties:
                yield from self.check(value, properties[key.text], f"“{key.text}”")
            elif more is False:
                yield self._unknown(key, node, properties, where)
            elif isinstance(more, dict):
                yield from self.check(value, more, f"“{key.text}”")
        present = {key.text for key, _ in node.pairs}
        for name in part.get("required", ()):
            if name not in present:
                yield self._missing(node, name, properties, where)

    def _listing(self, node: Listing, part: Schema, where: str) -> Iterator[Diagnostic]:
        if not part.get("minItems", 0) <= len(node.items) <= part.get("maxItems", len(node.items)):
            yield self._wrong(node, part, where)
            return
        if "items" in part:
            for number, item in enumerate(node.items, 1):
                yield from self.check(
                    item, part["items"], say(f"entry {number} of {where}", f"{where}的第 {number} 项")
                )

    def _value_ok(self, node: Scalar, part: Schema) -> bool:
        kind, value = typed(node)
        if "enum" in part and not any(type(value) is type(one) and value == one for one in part["enum"]):
            return False
        if "pattern" in part and kind == "string":
            whole = part["pattern"].replace("$", r"\Z")  # to Python $ is also before a last line end, to a schema not
            if not re.search(whole, node.text):
                return False
        if kind in ("integer", "number"):
            assert isinstance(value, Fraction)
            return part.get("minimum", value) <= value <= part.get("maximum", value)  # type: ignore[no-any-return]
        return True

    def _wrong(self, node: Node, part: Schema, where: str) -> Diagnostic:
        said = say(*_KINDS[_kind(node)])
        if isinstance(node, Scalar) and not node.is_null:
            said = f"“{_clip(node.text)}”"
        hint, instead = None, None
        if "enum" in part and isinstance(node, Scalar):
            near = did_you_mean(node.text, part["enum"])
            hint = meant(near) if near else None
            instead = self.document.instead(node, node.text, only(node.text, part["enum"], near))
        if isinstance(node, Scalar) and node.style is None and node.text.startswith(("｛", "［")):
            hint = say(
                "“｛” and “［” are of full width, which is text to YAML: write { } and [ ], with “: ” and “, ” between",
                "“｛”和“［”是全角，YAML 当作文字：请写半角的 { } 和 [ ]，其中用“: ”和“, ”",
            )
        if isinstance(node, Scalar) and self._reads_otherwise(node, part):
            hint = say(
                f"without quotes that is {_KINDS[_kind(node)][0]} to YAML: write '{node.text}'",
                f"不加引号，YAML 当作 {_KINDS[_kind(node)][1]}：请写 '{node.text}'",
            )
        message = say(
            f"{where} can't be {said}: {self._expected(part)}", f"{where}不能是{said}：{self._expected(part)}"
        )
        hint = hint or _spoken(part.get("description"))
        return self.document.problem("PE122", message, node, hint=hint, instead=instead)

    def _reads_otherwise(self, node: Scalar, part: Schema) -> bool:
        """Whether it is a number, true or false to YAML that would do as a text: ``id: true``."""
        return (
            part.get("type") == "string"
            and _kind(node) not in ("string", "null")
            and self._value_ok(_as_text(node), part)
        )

    def _expected(self, part: Schema) -> str:
        return say("expected ", "应为") + self._wanted(part)

    def _wanted(self, part: Schema) -> str:
        """What a value should be: in the schema's own words, one of these, of this kind, or one of several of these."""
        part = self._resolved(part)
        if "x-expected" in part:
            return _spoken(part["x-expected"]) or ""
        if "enum" in part:
            choices = [str(e) for e in part["enum"]]
            return say("one of " + ", ".join(choices), " " + "、".join(choices) + " 之一")
        if "anyOf" in part:
            branches = [self._resolved(one) for one in part["anyOf"]]
            return say(" or ", "或").join(self._wanted(one) for one in branches if one.get("type") != "null")
        kinds = [part["type"]] if isinstance(part.get("type"), str) else part.get("type", [])
        return say(" or ", "或").join(say(*_KINDS[k]) for k in kinds)

    def _unknown(self, key: Scalar, node: MappingNode, properties: Mapping[str, Schema], where: str) -> Diagnostic:
        near = did_you_mean(key.text, properties)
        known = listed(properties)
        hint = meant(near) if near else say(f"known keys: {known}", f"可用的键：{known}")
        if "：" in key.text or key.text.startswith("－"):
            hint = of_full_width()
        message = say(f"{where} has no key “{_clip(key.text)}”", f"{where}没有键“{_clip(key.text)}”")
        instead = self.document.instead(key, key.text, only(key.text, properties, near))
        value = next(v for k, v in node.pairs if k is key)
        if near and (node.key(near) or next(self.check(value, properties[near], where), None)):
            instead = None  # the key stands there already, or takes another value
        return self.document.problem("PE120", message, key, hint=hint, instead=instead)

    def _missing(self, node: MappingNode, name: str, properties: Mapping[str, Schema], where: str) -> Diagnostic:
        about = _spoken(self._resolved(properties.get(name, {})).get("description")) or name
        hint = say(f"add “{name}: …”: {about}", f"请添加“{name}: …”：{about}")
        return self.document.problem("PE121", say(f"{where} lacks “{name}”", f"{where}缺少“{name}”"), node, hint=hint)


def _as_text(key: Scalar) -> Scalar:
    """A key is text however it looks (``2016: …``)."""
    return key._replace(style="'")


def _clip(text: str) -> str:
    return text if len(text) <= 40 else text[:40] + "…"


def _spoken(text: str | None) -> str | None:
    """The schemas describe in both languages: ``中文 / English``."""
    if text is None or " / " not in text:
        return text
    zh, _, en = text.partition(" / ")
    return say(en, zh)
