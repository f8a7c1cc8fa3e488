"""The files of a new pack, as texts: answers and the pack below in, names and texts out, in Chinese or English."""

from __future__ import annotations

import os
from collections.abc import Iterable, Iterator
from fractions import Fraction
from pathlib import Path

from policyengine.language import tree
from policyengine.language.printer import print_condition, print_statement
from policyengine.language.quantities import UNITS, exact_text
from policyengine.language.vocabulary import Vocabulary, Word, vocabulary
from policyengine.plan.model import Plan
from policyengine.tools.new.case import Record, day_within, record_that_counts
from policyengine.tools.new.new import Answers, Base
from policyengine.tools.scalars import yaml_text

SCHEMAS = Path(__file__).resolve().parent.parent.parent / "packs"
Texts = Iterator[tuple[str, str]]
_TABLE = """```yaml
tables:
  paper_credits:
    file: tables/paper_credits.csv
    columns:
      level: {role: key, type: term, field: journal_level}
      rank: {role: key, type: number, match: range, field: author_rank}
      credits: {role: value, type: number, unit: credits}
      source: {role: note}
```
"""


class _Writer:
    """Writes one pack on one surface."""

    def __init__(self, answers: Answers, base: Base | None):
        self.answers, self.base = answers, base
        self.chinese = answers.surface == "zh"
        self.term = base.term if base and base.term else Word(answers.sector, "term", answers.name, of="sector")
        known = base.policy.vocabulary if base else vocabulary()
        more = () if base and base.term else (self.term,)
        if base is None:
            more = (*more, Word("training", "term", "培训班", of="form"))
        self.words: Vocabulary = vocabulary((*known.words, *more), known.fields.values())
        self.source = f"rules-{answers.since}"

    def either(self, en: str, zh: str) -> str:
        return zh if self.chinese else en

    def rule(self, statement: tree.Statement) -> str:
        """A sentence as a YAML value."""
        return yaml_text(print_statement(statement, self.words, self.answers.surface))

    def schema(self, name: str, deeper: int = 0) -> str:
        """The line by which editors find the schema, where the pack lies beside the program's sources."""
        place = self.answers.place.absolute()
        try:
            path = os.path.relpath(SCHEMAS / name, place.joinpath(*["x"] * deeper))
        except ValueError:  # on another drive of Windows
            return ""
        return f"# yaml-language-server: $schema={Path(path).as_posix()}\n" if path.count("..") <= 5 else ""

    # --- what the pack states -----------------------------------------------------------------------------------------

    def requirement(self) -> tuple[tree.Statement, str]:
        """The yearly minimum, over the base's where it may be, and why it stands so."""
        a = self.answers
        own = tree.Require(measure="total", figure=tree.Quantity(a.minimum, a.unit), window=tree.PerYears())
        if self.base is None or self.base.requirement is None:
            return own, ""
        name, below, change = self.base.requirement
        figure = below.figure
        assert isinstance(figure, tree.Quantity)
        worth = a.minimum * (a.rate if a.rate is not None else 1)
        shown = f"{exact_text(figure.value)} {self.unit(figure.unit)}"
        if change == "fixed":
            return own, self.either(f"{name} is fixed ({shown}): both hold", f"{name} 不得改变（{shown}）：两者都适用")
        if worth < figure.value and change != "delegated":
            return own, self.either(
                f"less than {name} asks ({shown}), which goes on to hold", f"低于 {name}（{shown}），后者仍然适用"
            )
        return tree.Override(rule=name, statement=own), self.either(
            f"stands for {name} ({shown}) for these people", f"对本行业人员替代 {name}（{shown}）"
        )

    def unit(self, name: str) -> str:
        return UNITS[name].zh if self.chinese else name

    def exchange(self) -> tree.Exchange | None:
        a = self.answers
        if a.rate is None or self.base is None or self.base.unit is None:
            return None
        return tree.Exchange(give=tree.Quantity(Fraction(1), a.unit), take=tree.Quantity(a.rate, self.base.unit))

    # --- the files ----------------------------------------------------------------------------------------------------

    def files(self) -> Texts:
        yield "pack.yaml", self.pack()
        yield "rules.yaml", self.rules()
        yield "tables/README.md", self.tables()
        yield "README.md", self.readme()

    def pack(self) -> str:
        a, e = self.answers, self.either
        applies = tree.Compare(tree.Field("sector"), "=", tree.Term(self.term.id))
        lines = [
            self.schema("pack.schema.json") + e(
                f"# {a.name}: who makes these rules, on which law, for whom, with which words (docs/packs.md).",
                f"# {a.name}：谁制定、依据什么、适用于谁、用哪些词（docs/packs.md）。",
            ),
            f"pack: {a.sector}",
            "title:",
            f"  zh: {yaml_text(a.name if self.chinese else self.term.zh or a.name)}",
            f"  en: {yaml_text(a.sector.replace('_', ' ') if self.chinese else a.name)}",
            "level: sector",
            f"authority: {yaml_text(a.authority)}",
            f"extends: {a.base or 'null'}",
            e("# For whom: everybody of this sector; a person whose sector is not known is undetermined.",
              "# 适用于谁：本行业人员；行业不详的人员，结论待定。"),
            f"applies: {yaml_text(print_condition(applies, self.words, a.surface))}",
            f"surface: {a.surface}",
            "",
            e("# Every document that a rule cites. confidence: seen (read) or remembered (then nothing calls it law).",
              "# 规则引用的每份文件。confidence：seen 已见原文；remembered 凭记忆（不得当作规定）。"),
            "sources:",
            f"  {self.source}:",
            f"    title: {yaml_text(a.title)}",
            f"    number: {yaml_text(a.number) if a.number else 'null'}",
            "    issued: null",
            "    in_force: null",
            f"    confidence: {a.confidence}",
        ]  # fmt: skip
        return "\n".join([*lines, *self.vocabulary(), ""])

    def vocabulary(self) -> Iterator[str]:
        e = self.either
        declared = self.base is not None and self.base.term is not None
        yield ""
        yield e("# Words that the packs below lack: activities, roles, levels, with aliases as people write them.",
                "# 上级政策包没有的词：学习形式、角色、级别等，连同人们常用的其他写法。")  # fmt: skip
        if not declared:
            yield "vocabulary:"
            yield "  terms:"
            yield f"    sector: {{{self.term.id}: {yaml_text(self.term.zh or self.term.id, flow=True)}}}"
            if self.base is None:
                yield "    form: {training: 培训班}"
        else:
            yield "# vocabulary:"
            yield "#   terms:"
        margin = "#     " if declared else "    # "
        yield margin + "form: {sector_meeting: {zh: 行业会议, aliases: [行业年会]}}"
        if self.base is None:
            yield ""
            yield e(
                "# Least and most that one record may hold; a row beyond is rejected.",
                "# 一条记录数量的范围，超出即退回。",
            )
            yield "quantities:"
            yield f"  {self.answers.unit}: {{min: 0, max: 10000, decimals: 2}}"
        yield ""
        yield e("# What the document says and no record can show, with the reason; every article has its place.",
                "# 文件写明而记录无法反映的内容及理由；每一条都要有去处。")  # fmt: skip
        yield "not_decidable: []"

    def rules(self) -> str:
        a, e = self.answers, self.either
        statement, why = self.requirement()
        lines = [
            self.schema("rules.schema.json")
            + e(
                "# One rule states one clause and cites it. An amendment: a new entry with the same id, its own from.",
                "# 一条规则写一个条款并注明出处。修订时以同一标识另立一条，写明 from。",
            ),
            "",
        ]
        exchange = self.exchange()
        if exchange is not None:
            lines += [
                e("# Whose rate this is the document must say; without it credits and hours are never compared.",
                  "# 依据哪一条换算，须注明出处；没有换算，学分与学时不能比较。"),
                *self.earlier(exchange),
                "- id: credit-rate",
                *self.cited(),
                f"  rule: {self.rule(exchange)}",
                "",
            ]  # fmt: skip
        if self.base is None:
            proof = tree.Present("evidence")
            lines += [
                e("# Which activities count, and on what proof.", "# 哪些活动算数，须有什么证明。"),
                "- id: recognise-training",
                *self.cited(),
                f"  rule: {self.rule(tree.Recognise(what=tree.What(('training',)), when=proof))}",
                "- id: stated",
                *self.cited(),
                f"  rule: {self.rule(tree.Convert(what=tree.What(('training',)), figure=tree.Stated(a.unit)))}",
                "",
            ]
        lines += [
            e("# What each person owes in a year.", "# 每人每年应完成多少。"),
            *([f"# {why}"] if why else []),
            "- id: annual-minimum",
            *self.cited(),
            e("  # A lower authority may ask for more, never for less: fixed, raise-only or delegated.",
              "  # 下级可以提高、不得降低：fixed、raise-only 或 delegated。"),
            "  change: raise-only",
            f"  rule: {self.rule(statement)}",
            "",
            *self.examples(),
        ]  # fmt: skip
        return "\n".join(lines) + "\n"

    def earlier(self, exchange: tree.Exchange) -> Iterator[str]:
        """The exchange for the years before the document, which the base judges in its own unit: a result has one unit.

        No law says it, so it is marked as remembered. Whether a figure in the base's unit meets one in the same unit
        does not hang on the rate.
        """
        e, own, below = self.either, self.unit(self.answers.unit), self.unit(exchange.take.unit)
        yield e("# For the years before the document; without this entry they come out undetermined.",
                "# 用于文件施行以前的年度；没有这一条，那些年度的结论为待定。")  # fmt: skip
        yield "- id: credit-rate"
        yield self.place_cited()
        yield "  from: null"
        yield f"  until: {self.answers.since - 1}"
        yield "  confidence: remembered"
        yield f"  rule: {self.rule(exchange)}"
        note = e(
            f"these years are counted in {below}; only to show them in {own} beside the others, at the document's rate",
            f"此前以{below}计；换算只为与以后各年同以{own}列出，比率沿用本文件",
        )
        yield f"  note: {yaml_text(note)}"

    def place_cited(self) -> str:
        return f"  cites: {{source: {self.source}, at: {yaml_text(self.answers.article, flow=True)}}}"

    def cited(self) -> Iterator[str]:
        yield self.place_cited()
        yield f"  from: {self.answers.since}"

    def examples(self) -> Iterator[str]:
        """Sentences to go on with, as comments."""
        e = self.either
        yield e("# Further sentences that documents of this kind hold (docs/language.md has all of them):",
                "# 此类文件还常写的内容（全部句式见 docs/language.md）：")  # fmt: skip
        unit, zh = self.answers.unit, UNITS[self.answers.unit].zh
        yield from (
            f"#   {line}"
            for line in (
                e(f"convert sector_meeting at … {unit} per day", f"折算 行业会议 每天 计 … {zh}"),
                e(f"cap sector_meeting at … {unit} per year", f"限额 行业会议 每年 合计 不超过 … {zh}"),
                e(
                    "expect professional at least 2/3 of total requirement per year",
                    f"一般要求 每年 专业科目 不少于 总{zh} 要求 的 2/3",
                ),
                e("excuse year when leave lasts at least 6 months", "免除 本年 当 休假 持续 不少于 6 个月"),
            )
        )

    def tables(self) -> str:
        return self.either(
            f"""# Tables

A table of the document (credits by level and rank, recognised providers, yearly themes) goes here as a CSV file that a
spreadsheet can edit, one row a line of the document, with its source. Declare it in pack.yaml:

{_TABLE}
and use it in a rule: `convert paper at paper_credits(journal_level, author_rank)`.
""",
            f"""# 表格

文件中的对照表（按级别和排名的学分、认定的施教机构、年度主题等）放在这里，存为 CSV，可用表格软件修改，
一行对应文件中的一行，并注明出处。在 pack.yaml 中声明：

{_TABLE}
在规则中使用：`折算 论文 按 paper_credits（期刊级别、作者排名）`。
""",
        )

    def readme(self) -> str:
        a, e = self.answers, self.either
        sure = e("seen", "已见原文") if a.confidence == "seen" else e("remembered, to be read", "凭记忆，待核对原文")
        number = f" {a.number}" if a.number else ""
        return e(
            f"""# {a.name}

{a.authority}: {a.title}{number} ({sure}).

| article | rule, or why there is none |
|---|---|
| {a.article} | annual-minimum |

## What to do next

1. Go through the document article by article; write a rule for each that decides something from records, and put the
   others under `not_decidable` in pack.yaml with the reason. Keep the table above true.
2. For each rule add a case to `tests/`, worked by hand: one that just meets it, one that just misses it.
3. `policyengine check`, `policyengine test --coverage --mutate`, `policyengine fmt` on this folder.
""",
            f"""# {a.name}

{a.authority}：{a.title}{number}（{sure}）。

| 条款 | 规则，或没有规则的理由 |
|---|---|
| {a.article} | annual-minimum |

## 接下来

1. 逐条阅读文件：能由记录判断的，写成规则；不能的，连同理由写入 pack.yaml 的 `not_decidable`。上表随之更新。
2. 每条规则在 `tests/` 中配手工核算的案例：一个恰好达到，一个略有不足。
3. 对本文件夹运行 `policyengine check`、`policyengine test --coverage --mutate`、`policyengine fmt`。
""",
        )

    def tests(self, plan: Plan) -> str:
        """Cases around the minimum, from what the pack's own plan makes of records."""
        a, e = self.answers, self.either
        units = (a.unit, *([self.base.unit] if self.base and self.base.unit else []))
        found = record_that_counts(plan, "annual-minimum", self.term.id, units, a.since)
        assert found is not None
        day = day_within(plan, a.since)
        head = self.schema("tests.schema.json", deeper=1) + e(
            "# Cases worked by hand: a person, records, and what must come out (docs/packs.md).",
            "# 手工核算的案例：人员、记录与应有的结果（docs/packs.md）。",
        )
        lines = [
            head,
            "",
            f"- case: {e('nothing registered, not met', '没有记录，未完成')}",
            f"  cites: {yaml_text(a.article)}",
            f"  person: {{{self.person(found)}}}",
            f"  period: {a.since}",
            "  records: []",
            "  expect:",
            f"    outcome: {e('not_met', '未完成')}",
            "    findings:",
            f"      annual-minimum: {{shortfall: {exact_text(found.owed)}}}",
        ]
        for record, name, outcome in self.around(found):
            lines += [
                "",
                f"- case: {name}",
                f"  cites: {yaml_text(a.article)}",
                f"  person: {{{self.person(found)}}}",
                f"  period: {a.since}",
                "  records:",
                f"    - {{{', '.join(self.cells(record.cells(day)))}}}",
                "  expect:",
                "    findings:",
                f"      annual-minimum: {{status: {outcome}}}",
            ]
        return "\n".join(lines) + "\n"

    def around(self, found: Record) -> Iterator[tuple[Record, str, str]]:
        """The record that just meets the minimum, and the one that just misses it."""
        e = self.either
        if found.form is None:
            return
        yield found, e("exactly the minimum, met", "恰好达到，完成"), e("met", "完成")
        yield found.less(), e("a little less, not met", "略有不足，未完成"), e("not_met", "未完成")

    def person(self, found: Record) -> str:
        """The person of a case as a mapping in one line."""
        zh = self.term.zh or self.term.id
        sector = self.either(f"sector: {self.term.id}", f"行业: {yaml_text(zh, flow=True)}")
        return ", ".join([sector, *self.cells(found.person)])

    def cells(self, facts: Iterable[tuple[str, str]]) -> Iterator[str]:
        """Facts as the entries of a mapping in one line."""
        for field, value in facts:
            decl = self.words.fields[field]
            name = self.either(field, decl.zh or field)
            if self.chinese and decl.type == "term":
                value = next((w.zh or w.id for w in self.words.terms_of(decl.owner) if w.id == value), value)
            if self.chinese and field == "unit":
                value = UNITS[value].zh
            if decl.type == "yes_no":
                value = self.either(value, {"yes": "是", "no": "否"}[value])
            yield f"{name}: {yaml_text(value, flow=True)}"


def files_of(answers: Answers, base: Base | None) -> Texts:
    """Name and text of every file of the pack but its tests."""
    return _Writer(answers, base).files()


def tests_of(answers: Answers, base: Base | None, plan: Plan) -> tuple[str, str]:
    """Name and text of the pack's tests, given the plan of its other files."""
    writer = _Writer(answers, base)
    return f"tests/{writer.either('minimum', '年度要求')}.yaml", writer.tests(plan)
