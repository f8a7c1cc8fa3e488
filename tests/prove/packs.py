"""Two packs on disk, a base and one above it, from a few sentences: what ``check`` says of them."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from pathlib import Path

from policyengine.diagnostics import Diagnostic
from policyengine.tools.check import check

BASE = """\
pack: {pack}
title: {{zh: 试验, en: Trial}}
level: {level}
authority: 某厅
extends: {extends}
applies: {applies}
year_starts: 01-01
surface: zh
sources:
  law: {{title: 关于某事的规定, number: 某发〔2016〕1号, confidence: seen}}
"""
WORDS = """\
vocabulary:
  terms:
    form: {training: 培训班, distance: 远程教育, paper: 论文, self_study: 自学成果}
    subject: {public: 公需科目, professional: 专业科目}
    sector: {accounting: 会计}
    employer_kind: {state_organ: 国家机关, enterprise: 企业}
    circumstance: {maternity: {zh: 产假, leave: true}, illness: {zh: 病假, leave: true}, posting: 驻外}
    level: {national: 国家级, provincial: 省级}
  measures: {lectures: 讲座量}
  conclusions: {not_excellent: 不得评优}
  flags: {fee_charged: 收费}
fields:
  record:
    author_rank: {zh: 作者排名, type: number, min: 1, max: 9}
    author_count: {zh: 作者人数, type: number, min: 1, max: 40}
    level: {zh: 级别, type: term}
    fee: {zh: 收费金额, type: number, unit: yuan, min: 0, max: 10000, decimals: 2}
quantities:
  minutes: {min: 0, max: 60000}
  hours: {min: 0, max: 1000, decimals: 1}
  credits: {min: 0, max: 1000, decimals: 1}
  characters: {min: 0, max: 1000000}
  items: {min: 0, max: 1000}
tables:
  credits_of:
    file: tables/credits.csv
    columns:
      level: {role: key, field: level, type: term}
      rank: {role: key, field: author_rank, type: number, match: range}
      hours: {role: value, type: number, unit: hours}
"""
CREDITS = "level,rank,hours\n国家级,1,20\n国家级,2-3,10\n省级,1-3,6\n"


def rules(entries: Iterable[tuple[str, str]], change: str) -> str:
    """``id``, sentence → rules.yaml."""
    lines = []
    for number, (name, text) in enumerate(entries, 1):
        lines += [f"- id: {name}", f"  cites: {{source: law, at: 第{number}条}}", "  from: 2016"]
        lines += [f"  change: {change}"] if change else []
        quoted = text.replace("'", "''")
        lines += [f"  rule: '{quoted}'"]
    return "\n".join(lines) + "\n"


def write(
    root: Path, base: Sequence[tuple[str, str]], upper: Sequence[tuple[str, str]] = (), applies: str = "行业 = 会计"
) -> Path:
    """policies/base and policies/upper; gives the folder of the upper one (of the base where there is none)."""
    folder = root / "policies" / "base"
    (folder / "tables").mkdir(parents=True)
    (folder / "pack.yaml").write_text(
        BASE.format(pack="base", level="province", extends="null", applies="null") + WORDS
    )
    (folder / "tables" / "credits.csv").write_text(CREDITS)
    (folder / "rules.yaml").write_text(rules(base, "raise-only"))
    if not upper:
        return folder
    folder = root / "policies" / "upper"
    folder.mkdir()
    (folder / "pack.yaml").write_text(BASE.format(pack="upper", level="sector", extends="base", applies=applies))
    (folder / "rules.yaml").write_text(rules(upper, "raise-only"))
    return folder


def complaints(folder: Path) -> list[Diagnostic]:
    """Errors and warnings of the pack, but for forms that one stage alone knows: a few sentences are no whole law."""
    return [d for d in check([folder]) if d.severity != "note" and d.code not in ("PE356", "PE357")]
