"""What the extension for VS Code knows of the language: a TextMate grammar of rules, and snippets, as JSON.

Made from the grammar, the units and the examples: ``python -m policyengine.lsp.vscode`` writes them into
``editors/vscode``; a test keeps them so. The grammar gives the server's colours to what no pack has to be known for,
before the server answers and where it does not run. It never colours what may be something else: a word of a law that a
keyword is part of (会计, 普及) or is (开始日期) has none.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Any

from policyengine.language.examples import EXAMPLES
from policyengine.language.forms import fold
from policyengine.language.grammar import grammar
from policyengine.language.lexer import UNIT_FORMS
from policyengine.language.vocabulary import vocabulary
from policyengine.lsp.colours import PLAIN, colour_of

Json = dict[str, Any]

SCOPES = {
    "keyword": "keyword.control", "operator": "keyword.operator", "number": "constant.numeric",
    "string": "string.quoted", "type": "support.type", "function": "entity.name.function",
}  # fmt: skip
"""Of a colour of the protocol the TextMate scope that editors show in that colour."""

_BEFORE, _AFTER = "(?<![A-Za-z0-9_一-鿿/-])", "(?![A-Za-z0-9_一-鿿/-])"
_NAME_ONLY = "(?=[a-z0-9_]*[-/])(?=[0-9_/-]*[a-z])"  # annual-hours, sichuan/total: no keyword, no date
_PATTERNS = {"TEXT": "", "DATE": "", "MONTH_DAY": "", "YEAR": "", "RULE": _NAME_ONLY, "NUMBER": ""}
"""In this order; what must stand ahead of each."""


def textmate() -> Json:
    """The grammar, which is laid over that of YAML: from the colon on, in all lines that are indented more than the
    key and are no key themselves."""
    return {
        "$comment": "Made by python -m policyengine.lsp.vscode; a test keeps it so.",
        "scopeName": "policyengine.rules",
        "injectionSelector": "L:source.yaml -comment -string.quoted",
        "patterns": [
            {
                "begin": r"(?<=^rule|^applies| rule| applies):(?=\s)",
                "beginCaptures": {"0": {"name": "punctuation.separator.map.value.yaml"}},
                "while": r"\G(?= |$)(?! *- | *[\w-]+:(?: |$))",
                "name": "meta.map.value.yaml",
                "contentName": "meta.embedded.rule.policyengine",
                "patterns": [
                    {"match": r"(?<=: )[|>][0-9+-]*(?=\s*$)", "name": "keyword.control.flow.block-scalar.yaml"},
                    {"match": "(?<= )#.*$", "name": "comment.line.number-sign.yaml"},
                    {"include": "#sentence"},
                ],
            }
        ],
        "repository": {"sentence": {"patterns": list(_sentence())}},
    }


def _sentence() -> Iterator[Json]:
    """The words of a sentence, the longest first as the language reads them."""
    found = grammar().patterns
    for name, ahead in _PATTERNS.items():
        alone = name != "TEXT"
        pattern = re.sub(r"\((?!\?)", "(?:", found[name].pattern).replace(r"\/", "/")
        bounded = f"{_BEFORE}{ahead}(?:{pattern}){_AFTER}" if alone else pattern
        yield {"match": f"(?i){bounded}", "name": _scope_of(colour_of(name))}
    forms = _forms()
    days = [form for form, (_, unit) in UNIT_FORMS.forms.items() if unit == "days"]
    per_day = {f"{per} {day}" for per in grammar().forms["_PER"] for day in days}
    yield {"match": _either(per_day, _BEFORE, _AFTER)}  # a window, or a unit that is paid for: no colour
    for several in (True, False):  # words: "in any" is no "in"
        for colour in ("operator", "keyword", "type"):
            some = [f for f, c in forms.items() if c == colour and (" " in f) == several]
            words, signs = ([f for f in some if bool(re.match(r"\w", f)) == w] for w in (True, False))
            yield from (_one_of(f, colour, *ends) for f, ends in ((words, (_BEFORE, _AFTER)), (signs, ("", ""))) if f)


def _one_of(forms: Iterable[str], colour: str, before: str, after: str) -> Json:
    return {"match": _either(forms, before, after), "name": _scope_of(colour)}


def _either(forms: Iterable[str], before: str, after: str) -> str:
    """The longest of these forms."""
    either = "|".join(_spaced(f) for f in sorted(forms, key=lambda f: (-len(f), f)))
    return f"(?i){before}(?:{either}){after}"


def _forms() -> dict[str, str]:
    """The forms of keywords and units that have one colour wherever they stand, and are no word that every pack has."""
    listed: dict[str, set[str]] = {}
    for terminal, forms in grammar().forms.items():
        for form in forms:
            listed.setdefault(form, set()).add("" if terminal in PLAIN else colour_of(terminal))
    for form in UNIT_FORMS.forms:
        listed.setdefault(form, set()).add(colour_of("UNIT"))
    no_colour = {"-", "~", *vocabulary().forms.forms}
    return {
        form: colour
        for form, colours in listed.items()
        if fold(form) not in no_colour and len(colours) == 1 and (colour := next(iter(colours)))
    }


def _spaced(form: str) -> str:
    """A space in a form stands for any number of them, in Chinese for none too."""
    space = " +" if form.isascii() else " *"
    return space.join(re.escape(word) for word in form.split(" "))


def _scope_of(colour: str) -> str:
    return f"{SCOPES[colour]}.policyengine"


def snippets() -> Json:
    """Entries to begin a rule and a case with, in both languages."""
    record_zh = "日期: 2024-06-30, 学习形式: 培训班, 数量: 90, 单位: 学时, 学习证明: 证书"
    record = "date: 2024-06-30, form: training, quantity: 90, unit: hours, evidence: certificate"
    met_zh, met = "手工核算的案例：恰好达到年度要求", "a case worked by hand: exactly the yearly minimum"
    clause_zh, clause = "一条规则：标识、出处、施行年度、条文", "a rule: id, source, first year, sentence"
    return {
        "规则": _snippet("规则", clause_zh, _rule("第一条", EXAMPLES["要求"])),
        "Rule": _snippet("policy-rule", clause, _rule("Article 1", EXAMPLES["require"])),
        "案例": _snippet("案例", met_zh, _case("恰好达到，完成", "第一条", record_zh, "完成")),
        "Case": _snippet("policy-case", met, _case("exactly the minimum, met", "Article 1", record, "met")),
    }


def _snippet(prefix: str, description: str, body: Iterable[str]) -> Json:
    return {"prefix": prefix, "description": description, "body": [*body, "$0"]}


def _rule(at: str, sentence: str) -> Iterator[str]:
    yield "- id: ${1:annual-hours}"
    yield f"  cites: {{source: ${{2:source}}, at: ${{3:{at}}}}}"
    yield "  from: ${4:2024}"
    yield f"  rule: ${{5:{sentence}}}"


def _case(name: str, at: str, record: str, outcome: str) -> Iterator[str]:
    yield f"- case: ${{1:{name}}}"
    yield f"  cites: ${{2:{at}}}"
    yield "  period: ${3:2024}"
    yield "  records:"
    yield f"    - {{${{4:{record}}}}}"
    yield "  expect:"
    yield f"    outcome: ${{5:{outcome}}}"


FILES = {"syntaxes/rules.tmLanguage.json": textmate, "snippets/policyengine.json": snippets}


def text_of(name: str) -> str:
    """A file of the extension, by its path in ``editors/vscode``."""
    return json.dumps(FILES[name](), ensure_ascii=False, indent=2) + "\n"


if __name__ == "__main__":
    for name in FILES:
        (Path("editors/vscode") / name).write_text(text_of(name), encoding="utf-8", newline="\n")
