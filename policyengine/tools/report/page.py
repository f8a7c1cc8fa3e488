"""Data, statistics and charts go in, one self-contained HTML page comes out: no network, no other file."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from html import escape
from typing import Any

from policyengine.messages import many, say, spoken
from policyengine.tools.report.charts import amounts_chart, outcomes_chart
from policyengine.tools.report.data import PageData, index_of
from policyengine.tools.report.document import document, part
from policyengine.tools.report.words import FACTS, page_texts
from policyengine.tools.result.read import Written
from policyengine.tools.result.tables import Table
from policyengine.tools.stats.make import Statistics
from policyengine.tools.stats.render import SHOWN, shown
from policyengine.tools.stats.words import Words, title_of


def report_page(written: Written, every: Sequence[Written], data: PageData, made: Statistics) -> Iterator[str]:
    """The report, piece by piece. ``every``: the results that it is of; ``written``: the words of all of them."""
    title = say("Continuing education: report", "继续教育情况报告")
    yield from document(title, _body(title, written, every, data, made), part("page.js"))


def _body(title: str, written: Written, every: Sequence[Written], data: PageData, made: Statistics) -> Iterator[str]:
    yield f'<a class="skip" href="#people">{say("to the people", "跳至人员名单")}</a>\n<header><h1>{escape(title)}</h1>'
    policies = dict.fromkeys(p["title"].get(spoken()) or p["id"] for p in written.manifest["packs"])
    yield f'<p class="soft">{escape(" · ".join(map(str, policies)))}</p></header>\n<main>\n'
    words = Words(made.labels)
    tables = {t.name: t for t in made.tables}
    yield f'<section><h2>{say("At a glance", "概况")}</h2><div class="charts">'
    if "overall" in tables:
        yield outcomes_chart(tables["overall"], words, ("period", "unit"))
    for name, by in (("by-region", ("region", "period", "unit")), ("by-sector", ("sector", "period", "unit"))):
        if name in tables:
            yield outcomes_chart(_latest(tables[name]), words, by)
    if "funds" in tables:
        yield amounts_chart(_latest(tables["funds"]), words, "cost", ("paid_by", "period"))
    yield "</div></section>\n"
    yield from _people(data)
    yield f"<section><h2>{say('Statistics', '统计')}</h2>"
    for table in made.tables:
        yield _table(table, words)
    yield "</section>\n</main>\n"
    yield _footer(every)
    texts = page_texts()
    yield f'<script type="text/plain" id="index">{index_of(data, written, texts)}</script>\n'
    for number, piece in enumerate(data.pieces):
        yield f'<script type="text/plain" id="d{number}">{piece}</script>\n'


def _latest(table: Table) -> Table:
    """The rows of the last period: a chart of all years and regions at once shows nothing."""
    at = table.names.index("period")
    last = max((str(row[at]) for row in table.rows), default="")
    return Table(table.name, table.columns, [row for row in table.rows if row[at] == last])


def _people(data: PageData) -> Iterator[str]:
    """Search, filters, the list and its pager."""
    texts = page_texts()
    names = Words(())
    people = say(f"People ({data.people})", f"人员（{data.people}）")
    yield f'<section id="people" tabindex="-1"><h2>{people}</h2>'
    old = say("This browser is too old to show the list.", "浏览器版本过低，无法显示名单。")
    yield '<form id="filters" role="search">'
    label = say("id, name or employer", "证件号码、姓名或单位")
    yield f'<div><label for="q">{label}</label><input id="q" type="search" autocomplete="off"></div>'
    for field in ("period", "outcome", *(f for f in FACTS if f != "employer")):
        text = escape(names.column(field))
        yield f'<div><label for="f-{field}">{text}</label><select id="f-{field}"></select></div>'
    yield "</form>"
    yield f'<p id="status" role="status" data-old="{escape(old)}">{texts["wait"]}</p>'
    yield f"<noscript><p>{say('The list of people needs JavaScript.', '人员名单需要 JavaScript。')}</p></noscript>"
    head = ("id", "name", "employer", "period", "outcome", "total", "required", "short")
    cells = "".join(f'<th scope="col"{_right(h)}>{texts[h]}</th>' for h in head)
    region = say("list of people", "人员名单")
    yield f'<div class="scroll" tabindex="0" role="region" aria-label="{region}">'
    yield f'<table class="people"><thead><tr>{cells}'
    yield f'<th scope="col">{texts["why"]}</th></tr></thead><tbody id="rows"></tbody></table></div>'
    yield f'<div class="pager"><button id="back" type="button">{say("back", "上一页")}</button>'
    yield f'<button id="next" type="button">{say("next", "下一页")}</button></div></section>\n'


def _right(column: str) -> str:
    return ' class="n"' if column in ("total", "required", "short") else ""


def _table(table: Table, words: Words) -> str:
    """A statistical table, folded; the longest in part."""
    columns = list(enumerate(table.columns))
    head = "".join(_head(words.column(c.name), c.kind) for _, c in columns)
    rows = []
    for row in table.rows[: SHOWN * 10]:
        rows.append("<tr>" + "".join(_cell(shown(words, c, row[i]), c.kind) for i, c in columns) + "</tr>")
    title = escape(title_of(table.name))
    more = len(table.rows) - SHOWN * 10
    note = say(f"… and {more} more; stats has all", f"……另有 {more} 行，stats 可列出全部") if more > 0 else ""
    return (
        f"<details><summary>{title}</summary>"
        f'<div class="scroll" tabindex="0" role="region" aria-label="{title}"><table>'
        f"<thead><tr>{head}</tr></thead><tbody>{''.join(rows)}</tbody></table></div><p>{note}</p></details>\n"
    )


def _head(text: str, kind: str) -> str:
    right = "" if kind == "text" else ' class="n"'
    return f'<th scope="col"{right}>{escape(text)}</th>'


def _cell(text: str, kind: str) -> str:
    right = "" if kind == "text" else ' class="n"'
    return f"<td{right}>{content(text)}</td>"


def content(text: str) -> str:
    """A cell's text. What has no place to break, such as the address of a certificate, is broken anywhere: else it
    pushes the other columns out of sight, and makes everybody's printed page as small as its own."""
    return f'<div class="long">{escape(text)}</div>' if _UNBROKEN.search(text) else escape(text)


_UNBROKEN = re.compile(r"[^\s\u2e80-\uffef]{25,}")  # Chinese is broken between any two characters


def _footer(every: Sequence[Written]) -> str:
    def line(w: Written) -> str:
        rows: Any = w.manifest["rows"]
        said = say(
            f"{many(rows['in'], 'row')} in: {many(rows['records'], 'record')}, {rows['rejected']} rejected; manifest ",
            f"输入 {rows['in']} 行：记录 {rows['records']} 条，退回 {rows['rejected']} 行；清单 ",
        )
        return f'<p class="soft">{escape(said)}<code>{escape(str(w.manifest["sha256"])[:16])}</code></p>'

    return f"<footer>{''.join(line(w) for w in every)}</footer>\n"
