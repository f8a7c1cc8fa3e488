"""Packs written into a temporary folder by tests: what is not given is the smallest that loads."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

from policyengine.diagnostics import Diagnostic
from policyengine.packs.model import Policy
from policyengine.packs.policies import load_policies

PACK = """\
pack: base
title: {zh: 基础, en: Base}
level: province
authority: 省厅
year_starts: 01-01
sources:
  law: {title: 办法, number: 〔2016〕1号, confidence: seen}
  old: {title: 旧办法, confidence: remembered}
vocabulary:
  terms:
    form: {training: 培训班, distance: {zh: 远程教育, aliases: [网络培训]}, publication: 发表出版作品}
    subject: {public: 公需科目, professional: 专业科目}
    sector: {accounting: 会计}
    circumstance: {maternity: {zh: 产假, leave: true}, illness: 病假}
    level: {national: 国家级, provincial: 省级, city: 市级}
  measures: {face_to_face: 面授}
  regimes: {medical: 继续医学教育}
  conclusions: {not_excellent: 不得评优}
  flags: {fee_charged: 收费}
fields:
  record:
    level: {zh: 级别, type: term}
    rank: {zh: 排名, type: number, min: 1, max: 9}
    cost: {zh: 费用, type: number, unit: yuan, min: 0, max: 100000, decimals: 2}
quantities:
  hours: {min: 0, max: 10000, decimals: 2}
  minutes: {min: 0, max: 600000}
"""

UPPER = """\
pack: upper
title: 上层
level: sector
authority: 行业主管部门
extends: base
applies: 行业 = 会计
sources:
  own: {title: 行业规定, number: 〔2018〕10号, confidence: seen}
"""


def rule(name: str, text: str, **keys: object) -> str:
    """One entry of a rules.yaml; the text goes in quotes where it needs them."""
    source = keys.pop("source", "law")
    lines = [f"- id: {name}", f"  cites: {{source: {source}, at: 第一条}}"]
    lines += [f"  {key.rstrip('_').replace('_', '-')}: {value}" for key, value in keys.items()]
    quoted = "'" + text.replace("'", "''") + "'"
    return "\n".join([*lines, f"  rule: {quoted}"]) + "\n"


def write(folder: Path, files: Mapping[str, str | bytes]) -> Path:
    """Write files (by their path inside ``folder``) and give the folder."""
    for name, content in files.items():
        path = folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(content if isinstance(content, bytes) else content.encode("utf-8"))
    return folder


def load(
    tmp_path: Path, rules: str = "", pack: str = PACK, **files: str | bytes
) -> tuple[Policy | None, list[Diagnostic]]:
    """The policy of one pack in ``policies/base``."""
    write(tmp_path / "policies" / "base", {"pack.yaml": pack, **({"rules.yaml": rules} if rules else {}), **files})
    found, problems = load_policies(tmp_path / "policies" / "base")
    return (found[0] if found else None), problems


def load_two(
    tmp_path: Path, base: str, upper: str, pack: str = UPPER, base_pack: str = PACK
) -> tuple[Policy | None, list[Diagnostic]]:
    """The policy of a chain of two."""
    write(tmp_path / "policies" / "base", {"pack.yaml": base_pack, "rules.yaml": base})
    write(tmp_path / "policies" / "upper", {"pack.yaml": pack, **({"rules.yaml": upper} if upper else {})})
    found, problems = load_policies(tmp_path / "policies" / "upper")
    return (found[0] if found else None), problems


def seen(problems: list[Diagnostic]) -> list[str]:
    """Codes with line and column: ``PE111 3:1``."""
    return [f"{d.code} {d.span.line}:{d.span.column}" if d.span else d.code for d in problems]
