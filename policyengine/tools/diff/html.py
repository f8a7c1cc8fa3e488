"""A comparison as one self-contained page, readable on a phone and printable."""

from __future__ import annotations

from collections.abc import Iterator
from html import escape

from policyengine.messages import say, spoken
from policyengine.tools.diff.impact import Impact
from policyengine.tools.diff.model import Change, Comparison
from policyengine.tools.diff.phrases import DIRECTIONS, EFFECTS, KINDS, cited, explained, judged, stretch
from policyengine.tools.diff.touched import Block, blocks, summary

_STYLE = """
body{font:16px/1.6 system-ui,"Noto Sans CJK SC","Microsoft YaHei",sans-serif;max-width:60rem;margin:2rem
auto;padding:0 1rem; color:#1d2330;background:#fff}
h1{font-size:1.5rem}h2{font-size:1.2rem;margin-top:2rem}
article{border-left:4px solid #5b6475;padding:.2rem 0 .2rem 1rem;margin:1.2rem 0}
article.same{border-color:#c3c9d4}
article.stricter{border-color:#a32020}article.laxer{border-color:#1b6e3c}article.neither{border-color:#8a5a00}
.tag{font-size:.85rem;border:1px solid #5b6475;border-radius:.3rem;padding:0 .4rem;margin-left:.4rem}
del{background:#fde8e8;text-decoration:none;display:block;padding:.1rem .4rem}
ins{background:#e3f4e8;text-decoration:none;display:block;padding:.1rem .4rem}
del::before{content:"− "}ins::before{content:"+ "}
p{margin:.3rem 0}.small{color:#4a5263;font-size:.9rem}
.wide{overflow-x:auto;margin:1rem 0}table{border-collapse:collapse;font-size:.95rem}table.many{min-width:44rem}
caption{text-align:left;font-weight:600;padding:.3rem 0}thead th{color:#4a5263}
th,td{text-align:left;font-weight:400;padding:.2rem 1rem .2rem 0;border-bottom:1px solid #d5d9e0;vertical-align:top}
@media print{body{margin:0;max-width:none}article{break-inside:avoid}}
"""


def as_html(comparison: Comparison, impact: Impact | None, reveal: bool) -> str:
    return "\n".join(_page(comparison, impact, reveal)) + "\n"


def _page(comparison: Comparison, impact: Impact | None, reveal: bool) -> Iterator[str]:
    title = say("What changes in law", "规定的变化")
    language = "zh-CN" if spoken() == "zh" else "en"
    yield f'<!doctype html>\n<html lang="{language}">\n<head><meta charset="utf-8"><title>{title}</title>'
    yield '<meta name="viewport" content="width=device-width,initial-scale=1">'
    yield f"<style>{_STYLE}</style></head>\n<body><main>"
    yield f"<h1>{title}</h1>"
    yield f'<p class="small">{escape(comparison.old.label)} → {escape(comparison.new.label)}</p>'
    if comparison.empty:
        yield "<p>" + say("Nothing changed.", "没有变化。") + "</p>"
    for change in comparison.changes:
        yield from _change(change)
    if comparison.effects:
        yield "<h2>" + say("Down the chain", "对下级的影响") + "</h2><ul>"
        for e in comparison.effects:
            subject, kind = escape(e.rule or e.pack), say(*EFFECTS[e.kind])
            yield f"<li><b>{subject}</b>{say(': ', '：')}{kind}<br>{escape(e.text)}</li>"
        yield "</ul>"
    if impact is not None:
        yield "<h2>" + say("Whom it touches", "影响的人") + f"</h2><p>{escape(summary(impact))}</p>"
        for block in blocks(impact, comparison.new, reveal):
            yield from _table(block)
    yield "</main></body></html>"


def _table(block: Block) -> Iterator[str]:
    wide = ' class="many"' if len(block.head) > 3 else ""
    yield f'<div class="wide" tabindex="0"><table{wide}><caption>{escape(block.title)}</caption><thead><tr>'
    yield "".join(f'<th scope="col">{escape(h)}</th>' for h in block.head) + "</tr></thead><tbody>"
    for first, *rest in block.rows:
        cells = "".join(f"<td>{escape(c)}</td>" for c in rest)
        yield f'<tr><th scope="row">{escape(first)}</th>{cells}</tr>'
    yield "</tbody></table></div>"


def _change(change: Change) -> Iterator[str]:
    yield f'<article class="{change.direction}"><p><b>{escape(change.subject)}</b>'
    tags = [say(*KINDS[change.kind]), stretch(change)]
    if change.is_law and judged(change):
        tags.append(say(*DIRECTIONS[change.direction]))
    yield "".join(f'<span class="tag">{escape(t)}</span>' for t in tags if t) + "</p>"
    if change.before:
        yield f"<del>{escape(change.before)}</del>"
    if change.after:
        yield f"<ins>{escape(change.after)}</ins>"
    yield from (f"<p>{escape(w)}</p>" for w in explained(change))
    if change.is_law and cited(change):
        source = say(f"source: {cited(change)}", f"依据：{cited(change)}")
        yield f'<p class="small">{escape(source)}</p>'
    yield "</article>"
