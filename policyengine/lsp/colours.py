"""Which colour of the protocol (LSP 3.17, semantic tokens) a word of a rule has, by its terminal of the grammar."""

from __future__ import annotations

from policyengine.language.grammar import RULES

COLOURS = ("keyword", "operator", "number", "string", "type", "property", "enumMember", "variable", "function")
PLAIN = ("_SEP", "COLON", "LPAR", "RPAR")  # have none
_COLOUR_OF = {
    **dict.fromkeys(("EQ", "NE", "LT", "LE", "GT", "GE", "_IN", "NOT_IN"), "operator"),
    **dict.fromkeys(("NUMBER", "YEAR", "DATE", "MONTH_DAY"), "number"),
    **dict.fromkeys(("MEASURE", "REGIME", "CONCLUSION", "FLAG"), "variable"),
    **dict.fromkeys((*RULES, "TABLE"), "function"),
    **dict.fromkeys(("UNIT", "_MONTHS", "_MONTHS_EACH"), "type"),
    "TEXT": "string", "FIELD": "property", "TERM": "enumMember",
}  # fmt: skip


def colour_of(terminal: str) -> str:
    """The colour of a terminal that is not ``PLAIN``: what is not named here is a keyword."""
    return _COLOUR_OF.get(terminal, "keyword")
