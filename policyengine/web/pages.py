"""The workbench's pages: what lies on the desk goes in, HTML comes out. Whatever comes from a file is escaped."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from html import escape
from importlib.resources import files
from importlib.util import find_spec
from pathlib import Path

from policyengine.diagnostics import SEVERITIES_ZH, Diagnostic, PolicyError, failed
from policyengine.language.printer import print_statement
from policyengine.language.vocabulary import Vocabulary
from policyengine.messages import listed, many, say, spoken
from policyengine.packs.model import Pack, Rule
from policyengine.packs.policies import pack_folders
from policyengine.packs.roots import id_of
from policyengine.records.model import Reject
from policyengine.tools.check import check
from policyengine.tools.report.document import part
from policyengine.tools.test.run import Bench, benches, run
from policyengine.web.desk import KINDS, SHOWN, Desk, Judged, PackName

LEVELS = {
    "national": ("national", "国家"), "province": ("province", "省"), "city": ("city", "市"),
    "sector": ("sector", "行业"), "employer": ("employer", "单位"),
}  # fmt: skip
_COLOURS = {"error": 1, "warning": 3, "note": 4}
_CHANGES = {
    "fixed": ("lower authorities may not change it", "下级不得改变"),
    "raise-only": ("lower authorities may only raise it", "下级只许提高"),
    "delegated": ("left to lower authorities", "授权下级规定"),
}


def page(title: str, body: Iterable[str], script: str = "", nonce: str = "") -> str:
    """A whole page of the workbench."""
    language = "zh-CN" if spoken() == "zh" else "en"
    home = "" if script else f'<nav><a href="/">{say("Workbench", "工作台")}</a></nav>'
    whole = [
        f'<!doctype html>\n<html lang="{language}">\n<head>\n<meta charset="utf-8">\n'
        '<meta name="viewport" content="width=device-width, initial-scale=1">\n<link rel="icon" href="data:,">\n'
        f"<title>{escape(title)}</title>\n<style>\n{part('page.css')}{_file('workbench.css')}</style>\n</head>\n<body>\n"
        f"<header><h1>{escape(title)}</h1>{home}</header>\n<main>\n",
        *body,
        "</main>\n",
    ]
    if script:
        whole.append(f'<script nonce="{nonce}">\n{script}</script>\n')
    return "".join([*whole, "</body>\n</html>\n"])


def _file(name: str) -> str:
    return files("policyengine.web").joinpath(name).read_text("utf-8")


# --- the desk ---------------------------------------------------------------------------------------------------------


def home(desk: Desk, nonce: str) -> str:
    """What can be judged by which pack, the results so far, and the packs."""
    title = say("Continuing education: workbench", "继续教育政策工作台")
    return page(title, _home(desk, desk.packs()), _file("workbench.js"), nonce)


def _home(desk: Desk, packs: Sequence[PackName]) -> Iterator[str]:
    yield f"<section>\n<h2>{say('Judge records', '评定学习记录')}</h2>\n"
    yield f'<p class="soft">{say(_STAYS_EN, _STAYS_ZH)}</p>\n'
    words = {
        "sending": say("sending", "传送"), "judging": say("judging", "评定"), "gone": say(*_GONE),
        "waiting": say("waiting for what was asked before", "等候此前的操作完成"),
    }  # fmt: skip
    told = "".join(f' data-{key}="{escape(text)}"' for key, text in words.items())
    yield f'<form id="judge"{told}>\n'
    for kind, names in KINDS.items():
        more = " multiple required" if kind == "records" else ""
        yield f'<label>{_kind(kind, names)}<input type="file" name="{kind}"{more}></label>\n'
    yield f'<label>{say("by", "适用")}<select name="policy">\n'
    if len(packs) != 1:
        yield f'<option value="">{say("each by the pack that applies", "各按所适用的政策包")}</option>\n'
    yield from (f'<option value="{escape(p.id)}">{escape(p.title or p.id)}</option>\n' for p in packs)
    yield "</select></label>\n"
    example = say("2016 or 2016..2018; empty: all", "2016 或 2016..2018；不填为全部")
    yield f'<label>{say("years", "年度")}<input name="period" size="28" placeholder="{example}"></label>\n'
    yield f"<button>{say('Judge', '评定')}</button>\n</form>\n"
    needs = say("Judging records needs JavaScript, which this browser does not run.",
                "评定学习记录需要 JavaScript，此浏览器未启用。")  # fmt: skip
    yield f"<noscript><p>{needs}</p></noscript>\n"
    yield '<p id="progress" role="status" hidden></p>\n<pre id="problem" role="alert" hidden></pre>\n'
    if desk.results:
        yield f"<h3>{say('Results until the workbench is closed', '结果（关闭工作台即删除）')}</h3>\n<ul>\n"
        for r in reversed(desk.results):
            named = listed(name for _, name in r.files)
            yield f'<li><a href="/results/{r.number}">{r.number} · {escape(r.title)} · {escape(named)}</a></li>\n'
        yield "</ul>\n"
    yield f"</section>\n<section>\n<h2>{say('Packs', '政策包')}</h2>\n"
    head = (say("pack", "政策包"), say("title", "名称"), say("level", "层级"), say("authority", "制定机关"))
    rows = (
        (f'<a href="/packs/{escape(p.id)}">{escape(p.id)}</a>', escape(p.title), _level(p.level), escape(p.authority))
        for p in packs
    )
    yield from _table(say("Packs", "政策包"), head, rows)
    if not packs:
        yield f"<p>{say('There is no pack in', '此处没有政策包：')} {escape(str(desk.policies))}</p>\n"
    if unlisted := _unlisted(desk):
        yield f"<h3>{say('Packs that can not be listed', '无法列出的政策包')}</h3>\n"
        yield from messages(unlisted)
    yield "</section>\n"


def _unlisted(desk: Desk) -> list[Diagnostic]:
    """Why packs of the folder are not in the list: they have no id that can be read, or that of another."""
    folders, said = pack_folders(desk.policies)
    return [*said, *(d for folder in folders if id_of(folder) is None for d in _checked(folder))]


def _checked(folder: Path) -> Sequence[Diagnostic]:
    """What ``check`` says of a pack."""
    try:
        return check([folder])
    except PolicyError as e:
        return e.diagnostics


_STAYS_EN = "Files stay on this machine; results are removed when the workbench is closed. Download what you need."
_STAYS_ZH = "文件不离开本机；关闭工作台时结果即删除，需要的请先下载。"
_GONE = ("the workbench does not answer any more; start it again", "工作台已不响应，请重新启动")


def _kind(kind: str, names: tuple[str, str]) -> str:
    return say(*names) + ("" if kind == "records" else say(" (optional)", "（可不填）"))


def _level(level: str) -> str:
    return escape(say(*LEVELS[level])) if level in LEVELS else escape(level)


def _table(title: str, head: Iterable[str], rows: Iterable[Iterable[str]]) -> Iterator[str]:
    """A table of cells that are HTML already; the keyboard can move what is wider than the window."""
    heads = "".join(f'<th scope="col">{h}</th>' for h in head)
    yield f'<div class="scroll" tabindex="0" role="group" aria-label="{title}">'
    yield f"<table>\n<thead><tr>{heads}</tr></thead>\n<tbody>\n"
    for row in rows:
        yield "<tr>" + "".join(f"<td>{cell}</td>" for cell in row) + "</tr>\n"
    yield "</tbody></table></div>\n"


# --- a pack -----------------------------------------------------------------------------------------------------------


def pack_page(name: PackName) -> str:
    """A pack as law: what is wrong with it, its rules in both languages with their articles, its cases."""
    return page(name.title or name.id, _pack(name))


def _pack(name: PackName) -> Iterator[str]:
    said = _checked(name.folder)
    about = (escape(name.authority), _level(name.level), f"<code>{escape(name.id)}</code>")
    yield f'<p class="soft">{" · ".join(filter(None, about))}</p>\n'
    yield f"<section>\n<h2>{say('Messages', '检查')}</h2>\n"
    yield from messages(said, say("no errors", "没有错误"))
    yield "</section>\n"
    if failed(said):
        return
    (bench,), _ = benches([name.folder])
    pack = bench.policy.packs[-1]
    yield from _tests(bench)
    yield f"<section>\n<h2>{say('Rules', '规则')}</h2>\n"
    for rule in pack.rules:
        yield from _rule(rule, bench.policy.vocabulary)
    yield "</section>\n"
    if pack.not_decidable:
        yield f"<section>\n<h2>{say('What records do not decide', '记录不能判定的条款')}</h2>\n<dl>\n"
        for n in pack.not_decidable:
            yield f"<dt>{escape(_source(pack, n.source))} {escape(n.at)}</dt><dd>{escape(n.why)}</dd>\n"
        yield "</dl>\n</section>\n"


def _source(pack: Pack, name: str) -> str:
    source = pack.sources[name]
    return source.number or source.title


def _rule(rule: Rule, words: Vocabulary) -> Iterator[str]:
    own, other = ("zh", "en") if spoken() == "zh" else ("en", "zh")
    until = f"– {rule.until}" if rule.until else ""
    since = rule.label or say("from the beginning", "自始")
    doubt = "" if rule.confidence == "seen" else say(" (remembered, not seen)", "（凭记忆，未见原文）")
    yield f'<article class="rule">\n<h3 id="{escape(rule.id)}">{escape(rule.id)} '
    yield f'<span class="soft">{escape(since)} {escape(until)}</span></h3>\n'
    yield f"<p>{escape(print_statement(rule.statement, words, own))}</p>\n"
    yield f'<p class="soft" lang="{other}">{escape(print_statement(rule.statement, words, other))}</p>\n'
    yield f'<p class="cite">{escape(str(rule.cites) + doubt)} · {say(*_CHANGES[rule.change])}</p>\n'
    if rule.note:
        yield f"<blockquote>{escape(rule.note)}</blockquote>\n"
    yield "</article>\n"


def _tests(bench: Bench) -> Iterator[str]:
    """The pack's own cases: how many hold, and which do not."""
    result = run(bench)
    number, passed = len(result.cases), len(result.cases) - result.failed
    yield f"<section>\n<h2>{say('Cases', '案例')}</h2>\n"
    held = say(f"{passed} of {many(number, 'case holds', 'cases hold')}", f"{number} 个案例，{passed} 个通过")
    yield f"<p>{held}</p>\n"
    for case in (c for c in result.cases if not c.passed):
        told = escape(case.explanation)
        yield f"<details open><summary>{escape(case.case.name)}</summary><pre>{told}</pre></details>\n"
    yield "</section>\n"


def messages(said: Sequence[Diagnostic], none: str = "") -> Iterator[str]:
    """Messages, the worst first, each with its place and how to mend it."""
    if not said:
        yield f"<p>{escape(none)}</p>\n"
        return
    order = list(SEVERITIES_ZH)
    yield '<ul class="messages">\n'
    for d in sorted(said, key=lambda d: order.index(d.severity)):
        severity, colour = say(d.severity, SEVERITIES_ZH[d.severity]), _COLOURS[d.severity]
        place = f"<code>{escape(str(d.span))}</code> " if d.span else ""
        yield f'<li><span class="o o{colour}">{severity} {d.code}</span> {place}{escape(d.message)}\n'
        if d.source is not None:
            yield f"<pre>{escape(d.source.strip())}</pre>\n"
        if d.citation:
            yield f'<p class="cite">{escape(d.citation)}</p>\n'
        if d.hint:
            yield f"<p>{say('hint: ', '提示：')}{escape(d.hint)}</p>\n"
        yield "</li>\n"
    yield "</ul>\n"


# --- a result ---------------------------------------------------------------------------------------------------------


def result_page(judged: Judged) -> str:
    """What an evaluation came to, what could not be read, and what to look at next."""
    return page(say(f"Result {judged.number}", f"结果 {judged.number}"), _result(judged))


def _result(judged: Judged) -> Iterator[str]:
    here = f"/results/{judged.number}"
    given = " · ".join(f"{say(*KINDS[kind])}{say(': ', '：')}{name}" for kind, name in judged.files)
    yield f'<p class="soft">{escape(judged.title)} · {escape(given)}</p>\n<section>\n<pre>'
    yield escape("\n".join(judged.summary)) + '</pre>\n<p class="links">'
    yield f'<a href="{here}/report.html">{say("Everybody, with reasons and charts", "全部人员、原因与图表")}</a> '
    if find_spec("openpyxl") is not None:
        yield f'<a href="{here}/report.xlsx" download>{say("Workbook (XLSX)", "工作簿（XLSX）")}</a> '
    tables = say("All tables (CSV, in one ZIP)", "全部表格（CSV，打包为 ZIP）")
    yield f'<a href="{here}/tables.zip" download>{tables}</a></p>\n'
    yield f"</section>\n<section>\n<h2>{say('One person', '查询一个人')}</h2>\n"
    yield f'<form method="post" action="{here}/case">\n'
    yield f'<label>{say("id or name", "编号或姓名")}<input name="who" required></label>\n'
    yield f'<label>{say("year", "年度")}<input name="period" size="10" placeholder="{say("all", "全部")}"></label>\n'
    yield f"<button>{say('Why?', '说明原因')}</button>\n</form>\n</section>\n"
    if judged.rejected:
        unread = say("What could not be read", "无法读取的内容")
        yield f"<section>\n<h2>{unread}</h2>\n"
        if judged.rejected > len(judged.rejects):
            text = say(f"the first {SHOWN} of {judged.rejected}; rejects.csv in the ZIP has all",
                       f"共 {judged.rejected} 处，此处列出前 {SHOWN} 处；全部见 ZIP 中的 rejects.csv")  # fmt: skip
            yield f"<p>{text}</p>\n"
        head = (say("file", "文件"), say("row", "行"), say("column", "列"), say("why", "原因"), say("hint", "改正办法"))
        yield from _table(unread, head, map(_unread, judged.rejects))
        yield "</section>\n"
    if judged.remarks:
        yield f"<section>\n<h2>{say('Remarks', '提示')}</h2>\n"
        yield from messages(judged.remarks)
        yield "</section>\n"


def _unread(r: Reject) -> tuple[str, ...]:
    """The cells of a row of the table of what could not be read."""
    reason, hint = r.said()
    file = r.file + (f" [{r.sheet}]" if r.sheet else "")
    return escape(file), str(r.row), escape(r.column or ""), f"{r.code} {escape(reason)}", escape(hint)


def problem_page(said: Sequence[Diagnostic]) -> str:
    """What was asked for can't be had."""
    return page(say("This can't be shown", "无法显示"), messages(said))
