"""Cases as one self-contained HTML page: the lines of their trees, which fold, each with its rule and clause."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from html import escape

from policyengine.messages import harmless, say
from policyengine.tools.explain.case import Case
from policyengine.tools.explain.text import tree_of_case
from policyengine.tools.explain.words import CITED, Node
from policyengine.tools.report.document import document

STYLE = """
main ul { list-style: none; margin: 0; padding-left: 1.4rem; border-left: 1px solid var(--line); }
main li { padding: .2rem 0; overflow-wrap: anywhere; } details summary { font-weight: inherit; padding: .2rem 0; }
.cite { color: var(--soft); margin-left: .6rem; font-size: .9rem; }
"""


def html_of_cases(cases: Sequence[Case], language: str = "en", reveal: bool = False) -> Iterator[str]:
    """The page, piece by piece."""
    title = say("Why a requirement was met or not", "继续教育要求完成情况说明")
    yield from document(title, _body(title, [tree_of_case(case, language, reveal) for case in cases]))


def _body(title: str, trees: Sequence[Node]) -> Iterator[str]:
    yield f"<style>{STYLE}</style>\n<header><h1>{escape(title)}</h1></header>\n<main>\n"
    for tree in trees:
        yield f"<section>\n<h2>{_line(tree.text)}</h2>\n"
        yield from _below(tree)
        yield "</section>\n"
    yield "</main>\n"


def _below(node: Node) -> Iterator[str]:
    if not node.below:
        return
    yield "<ul>\n"
    for child in node.below:
        if child.below:
            yield f"<li><details open><summary>{_line(child.text)}</summary>\n"
            yield from _below(child)
            yield "</details></li>\n"
        else:
            yield f"<li>{_line(child.text)}</li>\n"
    yield "</ul>\n"


def _line(text: str) -> str:
    """A line, in which no character of a file turns what stands beside it: a name with a mark of direction would write
    its figures backwards."""
    said, _, cited = harmless(text).partition(CITED)
    return escape(said) + (f'<span class="cite">{escape(cited.strip())}</span>' if cited else "")
