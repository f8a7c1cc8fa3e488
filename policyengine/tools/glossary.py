"""docs/glossary.md: the words of the language, the core fields, the units, the words of the packs; 中文, English, id.

Made from the grammar, the vocabulary and ``policies/``: ``python -m policyengine.tools.glossary > docs/glossary.md``.
"""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path

from policyengine.language.examples import EXAMPLES
from policyengine.language.grammar import grammar
from policyengine.language.quantities import UNITS
from policyengine.language.vocabulary import CORE_FIELDS, CORE_TERMS, FieldDecl, Word
from policyengine.packs.document import read_document
from policyengine.packs.load import load_pack
from policyengine.packs.model import Pack
from policyengine.packs.roots import PACK_FILE
from policyengine.packs.values import text_at

CONCEPTS = """
政策包 | pack | a folder of law as one authority made it: rules, words, tables, tests
链 | chain | packs on top of each other, from the national one down; together they make a policy
规则版本 | rule version | a rule as it was in force for a stretch of time: `sichuan/annual-hours@2016`
年度 | period | a year of the policy, from its year start; several years where a requirement says so
周期 | cycle | a block of years that a requirement asks as a whole (`每 5 年`), decided when its last year ends
学习记录 | record | one activity of one person, a row of a records file
台账 | ledger | what became of every record: converted, counted, by which rules, or why not
结果 | result | what one evaluation writes: decisions, findings, ledger, rejects, flags, missing facts and manifest
结论项 | finding | one requirement applied to one person and period: required, achieved, short by
结论 | decision | one person, period and policy: met, not_met, excused, undetermined or in_progress
完成 | met | every firm requirement is met, whatever the missing facts turn out to be
未完成 | not_met | a firm requirement is not met, whatever the missing facts turn out to be
已免除 | excused | what is not met is excused
待定 | undetermined | missing facts decide; the decision lists them
进行中 | in_progress | the window has not ended, and what it asks for is not there yet or may still be lost
提示 | advisory | a shortfall of what the law only generally expects
后果 | consequence | what `conclude` rules say of the outcome of a period, or of one requirement, in one year or several
退回 | reject | a row that could not be read as a record; it stands in `rejects`
有待核实 | in need of review | a record of which a missing fact decides whether or how much it counts
上下限 | bounds | the least and the most that an amount can be under every completion of the missing facts
评定 | judge | what is done with people: their records, period by period, under a policy
上级政策包 | base pack | the pack that one extends; its authority stands above, a pack on top of it is lower (下级)
标识 | id | what packs, rules, words and documents are called in files; 编号 is of people and records
案例 | case | a person, records and what must come out, worked by hand
应完成、尚缺 | required, short by | of a requirement; over a maximum 超出
限额扣减 | cut by a cap | what a cap takes of a record; 核减 is of a requirement
假名 | pseudonym | what `evaluate --pseudonymise` writes for a person's id
继续教育情况数据库 | status database | what `publish` writes into
"""
_VOCABULARY = (("measure", "Measures 计量项"), ("regime", "Delegated regimes 授权领域"),
               ("conclusion", "Consequences 后果"), ("flag", "Flags 标记"), ("table", "Tables 表"))  # fmt: skip


def glossary(policies: Path) -> str:
    """The whole page; ``policies``: the folder with ``sectors`` and the pack that they extend."""
    field_head = ("中文", "id", "type", "of", "aliases")
    parts = [
        "# Glossary · 词汇表",
        "Made by `python -m policyengine.tools.glossary`; a test keeps it so. A thing has one name in the grammar, "
        "in columns, messages and results.",
        _section("Concepts · 概念", ("中文", "English", ""), _concepts()),
        _section("Verbs · 动词", ("中文", "English", "例", "example"), _verbs()),
        _section("Words of sentences · 句中用词", ("中文", "English", "also understood"), _keywords()),
        _section("Units · 单位", ("中文", "id", "also understood"), _units()),
        _section("Fields that every pack has · 通用字段", field_head, _fields(CORE_FIELDS)),
        _section("Terms that every pack has · 通用词条", ("中文", "id", "of", "aliases"), _terms(CORE_TERMS)),
    ]
    for pack in _packs(policies):
        parts += _pack(pack)
    return "\n\n".join(parts) + "\n"


def _section(title: str, head: tuple[str, ...], rows: Iterable[Iterable[str]], level: int = 2) -> str:
    lines = [f"{'#' * level} {title}", "", _row(head), _row("---" for _ in head), *map(_row, rows)]
    return "\n".join(lines)


def _row(cells: Iterable[str]) -> str:
    return "| " + " | ".join(c.strip().replace("|", "\\|") for c in cells) + " |"


def _code(words: Iterable[str]) -> str:
    return " ".join(f"`{w}`" for w in words)


def _concepts() -> list[list[str]]:
    return [line.split(" | ") for line in CONCEPTS.strip().splitlines()]


def _verbs() -> list[list[str]]:
    verbs = list(EXAMPLES.items())
    pairs = zip(verbs[::2], verbs[1::2], strict=True)
    return [[zh, en, f"`{chinese}`", f"`{english}`"] for (en, english), (zh, chinese) in pairs]


def _keywords() -> list[list[str]]:
    """Keywords that have a form in both languages, and what else is understood."""
    rows = []
    for name, forms in grammar().forms.items():
        en, zh = ([f for f in forms if f.isascii() == ascii_] for ascii_ in (True, False))
        if en and zh and not name.startswith("_RECOGNISE"):
            rows.append([zh[0], en[0], _code([*en[1:], *zh[1:]])])
    return sorted(rows, key=lambda row: row[1])


def _units() -> list[list[str]]:
    return [[u.zh, f"`{u.id}`", _code(u.aliases)] for u in UNITS.values()]


def _fields(fields: Iterable[FieldDecl]) -> list[list[str]]:
    def kind(f: FieldDecl) -> str:
        return f"{f.type}, {f.unit}" if f.unit else f.type

    return [[f.zh or "", f"`{f.id}`", kind(f), f.of, _code(f.aliases)] for f in fields]


def _terms(words: Iterable[Word]) -> list[list[str]]:
    return [[w.zh or "", f"`{w.id}`", f"`{w.of}`", _code(w.aliases)] for w in words]


def _packs(policies: Path) -> list[Pack]:
    sectors = [folder for folder in sorted((policies / "sectors").iterdir()) if folder.is_dir()]
    first, _ = read_document(sectors[0] / PACK_FILE)
    base, _ = load_pack(policies / text_at(first.root, "extends"), None) if first else (None, [])
    packs = [base, *(load_pack(folder, base)[0] for folder in sectors)]
    return [p for p in packs if p is not None]


def _pack(pack: Pack) -> list[str]:
    """The words that a pack declares itself."""
    parts = [f"## {pack.id} · {pack.title.get('zh', pack.id)}"]
    if pack.fields:
        parts.append(_section("Fields 字段", ("中文", "id", "type", "of", "aliases"), _fields(pack.fields), 3))
    if terms := [w for w in pack.words if w.kind == "term"]:
        parts.append(_section("Terms 词条", ("中文", "id", "of", "aliases"), _terms(terms), 3))
    for kind, title in _VOCABULARY:
        if words := [w for w in pack.words if w.kind == kind]:
            rows = [[w.zh or "", f"`{w.id}`", _code(w.aliases)] for w in words]
            parts.append(_section(title, ("中文", "id", "aliases"), rows, 3))
    return parts if len(parts) > 1 else []


if __name__ == "__main__":
    print(glossary(Path(__file__).resolve().parents[2] / "policies"), end="")
