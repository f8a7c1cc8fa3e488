"""People with their trace go in, registration certificates (登记证书) come out: a page a person, ready to print.

Each has what the regulation asks for: kind, content, time and examination result of every activity that counted, and a
page for the employer's yearly verification (年度验证) with room for seal and signature.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from fractions import Fraction
from html import escape
from itertools import groupby
from typing import Any

from policyengine.messages import say, spoken
from policyengine.tools.explain.case import Labels
from policyengine.tools.explain.data import data_of_cases
from policyengine.tools.explain.text import NOTHING_ASKED, OUTCOMES
from policyengine.tools.explain.words import in_units, spread
from policyengine.tools.report.document import document
from policyengine.tools.report.folk import One, called, cases_of, person_of
from policyengine.tools.report.page import content
from policyengine.tools.result.read import Written

LINE = 12  # what is longer, such as a term that a pack names at length, may be broken

STYLE = """
.certificate { padding: 1rem 0; border-bottom: 1px solid var(--line); }
.certificate table { margin: .5rem 0 1rem; }
.certificate dl { display: grid; grid-template-columns: auto minmax(0, 1fr) auto minmax(0, 1fr); gap: .2rem 1rem; }
.certificate dt { color: var(--soft); } .certificate dd { margin: 0; overflow-wrap: anywhere; }
td.sign { min-width: 9rem; height: 3.5rem; }
.whole { white-space: nowrap; }
@media screen { .verification dl { display: none; } } /* printed, it is a page of its own: whose seal is asked for */
@media print {
  @page { size: A4; margin: 15mm; }
  .certificate th, .certificate td { padding: .25rem .3rem; }
  .certificate { break-after: page; border: 0; } .verification { break-before: page; }
}
"""


def certificates_page(written: Written, people: Iterable[One], reveal: bool) -> Iterator[str]:
    """One HTML file with everybody's certificate."""
    title = say("Registration certificate of continuing education", "专业技术人员继续教育登记证书")
    yield from document(title, _all(title, written, people, reveal))


def _all(title: str, written: Written, people: Iterable[One], reveal: bool) -> Iterator[str]:
    yield f"<style>{STYLE}</style>\n<main>\n"
    for _, several in groupby(people, person_of):
        ones = list(several)
        cases = [case for one in ones for case in cases_of(one, written)]
        labels = Labels(cases[0].known, spoken())
        yield f'<article class="certificate"><h1>{escape(title)}</h1>'
        holder = _holder(ones[-1], labels, reveal)
        yield holder
        certificate = data_of_cases(cases, reveal)["certificate"]
        yield _activities(certificate["activities"], labels)
        yield f'<section class="verification">{holder}{_years(certificate["years"], labels)}</section>'
        yield "</article>\n"
    yield "</main>\n"


def _holder(one: One, labels: Labels, reveal: bool) -> str:
    person_id, name = called(one.person, reveal)
    rows = [(say("name", "姓名"), name), (say("id", "证件号码"), person_id)]
    for fact, text in (("employer", say("employer", "工作单位")), ("title_level", say("title level", "职称级别"))):
        value = one.person.facts.get(fact)
        rows.append((text, labels.term(str(value), fact) if value is not None else ""))
    cells = "".join(f"<dt>{escape(k)}</dt><dd>{escape(v) or '—'}</dd>" for k, v in rows)
    return f"<dl>{cells}</dl>"


def _activities(activities: list[Mapping[str, Any]], labels: Labels) -> str:
    """Kind, content, time, examination result; the evidence and the hours."""
    head = (
        say("year", "年度"), say("kind", "种类"), say("subject", "科目"), say("content", "内容"), say("time", "时间"),
        say("provider", "施教机构"), say("exam result", "考核结果"), say("evidence", "证明"), say("counted", "计入"),
    )  # fmt: skip
    rows = []
    for a in activities:
        kind, subject, result = (
            labels.term(a[name], fact) if a[name] else ""
            for name, fact in (("kind", "form"), ("subject", "subject"), ("result", "result"))
        )
        days = [d.isoformat() for d in dict.fromkeys((a["from"], a["to"])) if d is not None]
        rows.append(
            (
                _whole(str(a["year"])), _cell(kind), _whole(subject), _cell(str(a["content"] or "")), _whole(*days),
                _cell(str(a["provider"] or "")), _whole(result), _cell(str(a["evidence"] or "")),
                _whole(_amount(a["hours"], a["unit"], labels, a["hours"])),
            )
        )  # fmt: skip
    return _table(say("Activities", "学习登记"), head, rows)


def _years(years: list[Mapping[str, Any]], labels: Labels) -> str:
    head = (
        say("year", "年度"), say("total", "合计"), say("required", "应完成"), say("result", "考核结论"),
        say("verified by the employer (seal, date)", "用人单位考核验证（盖章、日期）"), say("signature", "经办人签字"),
    )  # fmt: skip
    rows = []
    for y in years:
        outcome = say(*OUTCOMES[y["outcome"]])
        nothing = [say(*NOTHING_ASKED)] if y["nothing_required"] else []
        after = say("; ", "；").join((*nothing, *map(labels.conclusion, dict.fromkeys(y["consequences"]))))
        required = "" if y["required"] is None else _amount(y["required"], y["unit"], labels, y["required_high"])
        total = _amount(y["total"], y["unit"], labels, y["total"])
        if y["carried"]:
            carried = _amount(y["carried"], y["unit"], labels, y["carried"])
            total += say(f", {carried} carried over", f"，另有结转 {carried}")
        outcome += say(f" ({after})", f"（{after}）") if after else ""
        sign = "<td class=sign></td>"
        rows.append((_whole(str(y["year"])), _cell(total), _whole(required), _cell(outcome), sign, sign))
    return _table(say("Yearly verification", "年度考核验证"), head, rows)


def _amount(value: Fraction, unit: str, labels: Labels, high: Fraction | None) -> str:
    """``30 credits``: of one person, different policies may count in different units."""
    return in_units(spread(value, high, labels.language), labels.unit(unit))


def _cell(text: str) -> str:
    return f"<td>{content(text)}</td>"


def _whole(*texts: str) -> str:
    """A cell of words, days or amounts, each in one line."""
    if max(map(len, texts), default=0) > LINE:
        return _cell(" – ".join(texts))
    if len(texts) < 2:
        return f"<td class=whole>{escape(''.join(texts))}</td>"
    return f"<td>{' – '.join(f'<span class=whole>{escape(text)}</span>' for text in texts)}</td>"


def _table(title: str, head: Iterable[str], rows: Iterable[tuple[str, ...]]) -> str:
    """A table below its title; cells are HTML."""
    heads = "".join(f'<th scope="col">{escape(h)}</th>' for h in head)
    body = "".join(f"<tr>{''.join(row)}</tr>" for row in rows)
    region = f'<h2>{title}</h2><div class="scroll" tabindex="0" role="group" aria-label="{title}">'
    return f"{region}<table><thead><tr>{heads}</tr></thead><tbody>{body}</tbody></table></div>"
