"""The words a rule may use: a pack's terms and fields with their Chinese and English names, and the core fields.

``Vocabulary`` is what the parser, the printer and the readers share. A word has one id (English, snake_case) and
any number of surface forms. Two words with one surface form are told apart by their place in the sentence.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import field
from fractions import Fraction
from functools import cached_property
from typing import Literal

from policyengine.diagnostics import Span
from policyengine.language.forms import Forms, fold
from policyengine.light import dataclass

Kind = Literal["term", "field", "table", "measure", "regime", "conclusion", "flag"]
FieldType = Literal["term", "text", "number", "date", "yes_no", "year", "unit"]


@dataclass(frozen=True, slots=True)
class Word:
    """A declared name. ``of``: for a term, the id of the enumerated field that it is a value of."""

    id: str
    kind: Kind
    zh: str | None = None
    aliases: tuple[str, ...] = ()
    of: str | None = None
    leave: bool = False  # for terms of ``circumstance``: counts as leave
    span: Span | None = field(default=None, compare=False)

    def surface(self, surface: str) -> str:
        """The canonical form on ``zh`` or ``en``."""
        return self.zh or self.id if surface == "zh" else self.id


@dataclass(frozen=True, slots=True)
class FieldDecl:
    """A column: what it belongs to, its type, and the bounds that make sums provably finite.

    ``of``: ``record``, ``person`` or ``derived``. ``minimum``/``maximum``/``decimals`` for numbers; ``unit`` for
    quantities (a unit id of ``quantities.py``). ``required``: reading rejects a row without it.
    """

    id: str
    of: Literal["record", "person", "derived"]
    type: FieldType
    zh: str | None = None
    aliases: tuple[str, ...] = ()
    unit: str | None = None
    minimum: Fraction | None = None
    maximum: Fraction | None = None
    decimals: int = 0
    required: bool = False
    terms: str | None = None  # id of the field whose vocabulary this one shares (``designated_by`` → ``party``)
    span: Span | None = field(default=None, compare=False)

    @property
    def owner(self) -> str:
        """The field whose vocabulary it has: itself, or the one that it shares that of."""
        return self.terms or self.id

    def least_above(self, minus: Fraction) -> Fraction:
        """The least by which a value within the bounds may exceed ``minus``."""
        least = (self.minimum or Fraction(0)) - minus
        step = Fraction(1, 10**self.decimals)
        return least if least > 0 else (minus // step + 1) * step - minus


def names_of(word: Word | FieldDecl) -> tuple[str, ...]:
    """Every way to write it: its id, its Chinese name, its aliases."""
    return tuple(name for name in (word.id, word.zh, *word.aliases) if name)


def _core(of: str, rows: str) -> list[FieldDecl]:
    """Rows ``id type zh alias,alias``."""
    fields = []
    for row in rows.strip().splitlines():
        name, kind, zh, *aliases = row.split()
        fields.append(FieldDecl(name, of, kind, zh, tuple(aliases[0].split(",")) if aliases else ()))  # type: ignore[arg-type]
    return fields


# The canonical columns of docs/interfaces: what every pack and every reader knows.
CORE_FIELDS: tuple[FieldDecl, ...] = tuple(
    _core(
        "record",
        """
        record_id text 记录编号 编号,登记编号,流水号
        person_id text 人员编号 身份证号,身份证号码,身份证,证件号码,工号,人员ID
        date date 日期 活动日期,学习日期,登记日期,完成日期
        start date 开始日期 起始日期,开始时间,起始时间
        end date 结束日期 截止日期,结束时间,终止日期
        form term 学习形式 形式,学习方式,继续教育形式,类别
        subject term 科目 科目类别,学习科目,科目类型
        title text 名称 活动名称,课程名称,学习内容,内容,题目,项目名称
        quantity number 数量 时长,学习量,学时数
        unit unit 单位 计量单位,数量单位
        evidence text 学习证明 证明,证书编号,证明材料,证书号
        result term 考核结果 考试结果,考核情况,结果
        approved yes_no 单位认可 单位批准,是否认可,经单位认可
        provider text 施教机构 培训机构,机构
        """,
    )
    + _core(
        "person",
        """
        name text 姓名 名字
        sector term 行业 系统,所属行业
        region term 地区 行政区划,所在地区,市州
        employer text 用人单位 工作单位,单位名称,所在单位
        employer_kind term 单位性质 单位类型,单位类别
        title_level term 职称级别 职称等级,职称,专业技术职务级别
        joined date 入职日期 入职时间,joining
        """,
    )
    + _core("person", "circumstance term 情形 情况")
    + _core("derived", "days number 天数\nfull_months number 整月数")
)
CORE_TERMS: tuple[Word, ...] = (
    Word("passed", "term", "合格", ("通过", "及格", "pass"), of="result"),
    Word("failed", "term", "不合格", ("未通过", "不及格", "fail"), of="result"),
)


@dataclass(frozen=True)
class Vocabulary:
    """All words in force for a pack and its chain. Build with ``vocabulary(...)``."""

    words: tuple[Word, ...]
    fields: Mapping[str, FieldDecl]

    @cached_property
    def forms(self) -> Forms[tuple[Word, ...]]:
        """Every surface form with the words that have it: id (also written with spaces), Chinese name, aliases."""
        forms: dict[str, list[Word]] = {}
        for word in self.words:
            for form in dict.fromkeys(
                fold(f) for f in (word.id, word.id.replace("_", " "), word.zh, *word.aliases) if f
            ):
                forms.setdefault(form, []).append(word)
        return Forms({form: tuple(words) for form, words in forms.items()})

    @cached_property
    def _owned(self) -> dict[str | None, list[Word]]:
        """The terms, by the list that they are of."""
        found: dict[str | None, list[Word]] = {}
        for word in self.words:
            if word.kind == "term":
                found.setdefault(word.of, []).append(word)
        return found

    @cached_property
    def _named(self) -> dict[tuple[Kind, str], list[Word]]:
        """The words, by kind and id."""
        found: dict[tuple[Kind, str], list[Word]] = {}
        for word in self.words:
            found.setdefault((word.kind, word.id), []).append(word)
        return found

    def by_kind(self, kind: Kind) -> list[Word]:
        return [w for w in self.words if w.kind == kind]

    def terms_of(self, field_id: str) -> list[Word]:
        """The terms an enumerated field may take, following ``FieldDecl.terms``."""
        decl = self.fields.get(field_id)
        return self.owned_by(decl.owner if decl else field_id)

    def owned_by(self, owner: str | None) -> list[Word]:
        """The terms of a list, which several fields may share."""
        return [*self._owned.get(owner, ())]

    def named(self, kind: Kind, word_id: str) -> list[Word]:
        """The words of a kind with this id: terms of several lists may have one."""
        return [*self._named.get((kind, word_id), ())]

    def field_of(self, term: str) -> str | None:
        """The enumerated field that a term belongs to; None when undeclared or in several."""
        owners = {w.of for w in self.named("term", term)}
        return owners.pop() if len(owners) == 1 else None

    def find(self, kind: Kind, word_id: str) -> Word | None:
        return next(iter(self.named(kind, word_id)), None)


def vocabulary(words: Iterable[Word] = (), fields: Iterable[FieldDecl] = ()) -> Vocabulary:
    """The core fields and terms with ``words`` and ``fields`` laid over them; later ones of one id replace earlier."""
    decls = {f.id: f for f in CORE_FIELDS}
    decls.update({f.id: f for f in fields})
    every = {(w.kind, w.of, w.id): w for w in CORE_TERMS}
    every.update({("field", None, f.id): Word(f.id, "field", f.zh, f.aliases) for f in decls.values()})
    every.update({(w.kind, w.of, w.id): w for w in words})
    return Vocabulary(tuple(every.values()), decls)
