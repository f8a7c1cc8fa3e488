"""The tests/*.yaml of a pack in, cases out: a person, records as in a spreadsheet, and what must come out of them.

Names (rules, measures, conclusions, terms) may be Chinese or English and are given as ids. Cells stay text: the runner
reads them as it reads a records file. Errors: PE180 (a name that the policy lacks), PE181 (a case that can't be run).
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from datetime import date
from fractions import Fraction
from pathlib import Path

from policyengine.diagnostics import Diagnostic, Span
from policyengine.language.vocabulary import Kind
from policyengine.messages import listed, say
from policyengine.packs.cells import surface_forms
from policyengine.packs.document import MAX_PROBLEMS, Document, enough, read_document
from policyengine.packs.model import Policy
from policyengine.packs.nodes import Listing, Node, Scalar
from policyengine.packs.nodes import Mapping as MappingNode
from policyengine.packs.roots import case_files
from policyengine.packs.rules import no_day
from policyengine.packs.shape import did_you_mean, meant, of_full_width, shape_problems
from policyengine.packs.values import canonical, day_of, optional_at, pairs_at, text_at, text_of

PERSON_ID = "P1"  # of the person of every case

OUTCOMES = {
    "完成": "met",
    "未完成": "not_met",
    "已免除": "excused",
    "待定": "undetermined",
    "进行中": "in_progress",
}
REASONS = {
    "计入": "counted",
    "限额扣减": "capped",
    "重复": "duplicate",
    "不予认定": "rejected",
    "未列形式": "not_recognised",
    "缺少事实": "missing_fact",
    "无折算标准": "no_conversion",
    "无换算标准": "no_exchange",
    "不在期间": "outside_period",
    "规则冲突": "ambiguous",
}

AMOUNTS = {
    "total",
    "required",
    "shortfall",
    "capped_off",
    "days_left",
    "required_before",
    "required_base",
    "achieved",
    "carried",
    "counted",
    "converted",
}
_RULES = {"recognise_rule", "convert_rule", "assign_rule", "cap_rule", "because", "advisories"}
_AT_LEAST = {"missing", "because"}  # lists of which more may come out than is named

Bounds = tuple[Fraction | None, Fraction | None]
Wanted = str | Bounds | tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Expected:
    """One figure or word that must come out.

    ``path``: where it stands: ``("total",)``, ``("findings", rule, "shortfall")``, ``("records", record, "reason")``,
    ``("subjects", term)``, ``("measures", name)``. ``wanted``: [least, most] for amounts (equal where one figure is
    given, None unbounded), an id for words, ids for lists; ``at_least``: of a list, more may come out. Rules are named
    without their pack where the test does so. ``span``: in the test file.
    """

    path: tuple[str, ...]
    wanted: Wanted
    at_least: bool = False
    span: Span | None = field(default=None, compare=False)


@dataclass(frozen=True, slots=True)
class Case:
    """One case. ``records`` and ``person``: field id → cell, as text; a record has its ``record_id``.

    ``circumstances``: kind, first and last day. ``expected``: by period label (``2016``, ``2016..2020``).
    """

    name: str
    file: str
    span: Span
    person: Mapping[str, str]
    circumstances: tuple[tuple[str, date | None, date | None], ...]
    records: tuple[Mapping[str, str], ...]
    expected: Mapping[str, tuple[Expected, ...]]
    as_of: date | None = None
    cites: str | None = None
    note: str | None = None

    @property
    def periods(self) -> tuple[int, int]:
        """The first and the last year that must be evaluated."""
        years = [int(y) for label in self.expected for y in label.split("..")]
        return min(years), max(years)


def load_tests(folder: Path, policy: Policy) -> tuple[tuple[Case, ...], list[Diagnostic]]:
    """All cases of the pack in ``folder``; with errors in some, the others are given."""
    cases: list[Case] = []
    problems: list[Diagnostic] = []
    for path in case_files(folder):
        document, found = read_document(path)
        problems += found
        if document is not None:
            some, found = read_cases(document, policy)
            cases += some
            problems += found
    return tuple(cases), problems


def read_cases(document: Document, policy: Policy) -> tuple[list[Case], list[Diagnostic]]:
    """The cases of one file."""
    root = document.root
    if not isinstance(root, Listing):
        return [], shape_problems(document, root, "tests")
    cases: list[Case] = []
    problems: list[Diagnostic] = []
    names: dict[str, Node] = {}
    words = _Words(document, policy)
    for node in root.items:
        if len(problems) >= MAX_PROBLEMS:
            problems.append(enough(document.file))
            break
        wrong = shape_problems(document, node, "tests", "case")
        if not wrong and isinstance(node, MappingNode):
            case, wrong = _case(document, node, words)
            name = text_at(node, "case")
            if name in names:
                wrong.append(
                    document.problem(
                        "PE181",
                        say(f"two cases are called “{name}”", f"有两个案例都叫“{name}”"),
                        node,
                        hint=say("rename one", "请改其中一个的名称"),
                    )
                )
            names[name] = node
            if case is not None:
                cases.append(case)
        problems += wrong
    return cases, problems


def _case(document: Document, node: MappingNode, words: _Words) -> tuple[Case | None, list[Diagnostic]]:
    problems: list[Diagnostic] = []

    def wrong(message: str, where: Node, hint: str) -> None:
        problems.append(document.problem("PE181", message, where, hint=hint))

    records = tuple(words.records(node))
    expected: dict[str, tuple[Expected, ...]] = {}
    period, expect = optional_at(node, "period"), node.get("expect")
    if expect is not None and period is None:
        hint = say(
            "add period: 2016, or write expect_by_period: {2016: …}",
            "请添加 period: 2016，或写 expect_by_period: {2016: …}",
        )
        wrong(say("this case expects something of no period", "本案例没有写明年度"), expect, hint)
    elif expect is not None and period is not None:
        expected[period] = tuple(words.expected(expect))
    for key, value in pairs_at(node, "expect_by_period"):
        expected[key.text.strip()] = tuple(words.expected(value))
    if not expected and not problems:
        hint = say("add expect: {outcome: …}", "请添加 expect: {outcome: …}")
        wrong(say("this case expects nothing", "本案例没有写应有的结果"), node, hint)
    for label in expected:
        if (years := label.split("..")) != sorted(years):
            message = say(f"the period {label} runs backwards", f"年度 {label} 前后颠倒")
            wrong(message, node.get("period") or node, say("exchange the two years", "请对调两个年度"))
    ids = [r["record_id"] for r in records]
    for twice in (i for i, times in Counter(ids).items() if times > 1):
        message = say(f"two records are called {twice}", f"有两条记录都叫 {twice}")
        wrong(message, node.get("records") or node, say("give each its own id", "请分别取编号"))
    person = words.cells(node.get("person"), "person")
    words.speaks_of(ids)
    problems += words.taken()
    if problems:
        return None, problems
    case = Case(
        name=text_at(node, "case"),
        file=document.file,
        span=document.span(node),
        person=person,
        circumstances=tuple(words.circumstances(node)),
        records=records,
        expected=expected,
        as_of=day_of(text_at(node, "as_of")),
        cites=optional_at(node, "cites"),
        note=optional_at(node, "note"),
    )
    problems = words.taken()
    return (None if problems else case), problems


_COLUMN_ZH = {"record": "学习记录文件的列", "person": "人员文件的列"}


class _Words:
    """Resolves names in tests against the policy, and collects what it does not know."""

    def __init__(self, document: Document, policy: Policy):
        self.document, self.vocabulary = document, policy.vocabulary
        self.problems: list[Diagnostic] = []
        rules = [rule for pack in policy.packs for rule in pack.rules]
        self.rules = {r.name: r.name for r in rules} | {r.id: r.id for r in rules}
        self.columns_of = {
            of: surface_forms(f for f in policy.vocabulary.fields.values() if f.of == of) for of in ("record", "person")
        }
        self.of_record: list[tuple[Scalar, str]] = []

    def taken(self) -> list[Diagnostic]:
        problems, self.problems = self.problems, []
        return problems

    def records(self, node: MappingNode) -> Iterator[Mapping[str, str]]:
        """Records as field id → cell text; one without an id is R1, R2, … by its place."""
        listing = node.get("records")
        for number, item in enumerate(listing.items if isinstance(listing, Listing) else (), 1):
            cells = self.cells(item, "record")
            yield {"record_id": cells.pop("record_id", f"R{number}"), **cells}

    def cells(self, node: Node | None, of: str) -> dict[str, str]:
        """Columns must be ones that readers know; each once, in whatever language."""
        cells: dict[str, str] = {}
        for key, value in pairs_at(node):
            name = (
                "record_id"
                if key.text == "id"
                else self._find(key, self.columns_of[of], say(f"column of the {of}s file", _COLUMN_ZH[of]), node)
            )
            if name in cells:
                said = say(f"“{key.text}” is {name}, which is given already", f"“{key.text}”就是 {name}，已经写过")
                self.problems.append(
                    self.document.problem("PE181", said, key, hint=say("keep one of the two", "请保留一个"))
                )
            if (text := text_of(value)) is not None:
                cells[name] = text
        return cells

    def speaks_of(self, ids: list[str]) -> None:
        """Every record of which something is expected must be there."""
        for key, name in self.of_record:
            if name not in ids:
                self._unknown(key, name, {i: i for i in ids}, say("record of this case", "本案例的记录"))
        self.of_record = []

    def circumstances(self, node: MappingNode) -> Iterator[tuple[str, date | None, date | None]]:
        listing = node.get("circumstances")
        for item in listing.items if isinstance(listing, Listing) else ():
            kind = item.get("kind") if isinstance(item, MappingNode) else None
            assert isinstance(kind, Scalar)
            name = self._find(kind, self._terms("circumstance"), say("circumstance", "情形"))
            days = [self._day(item, key) for key in ("from", "to")]
            yield name, days[0], days[1]

    def _day(self, item: Node, key: str) -> date | None:
        text = optional_at(item, key)
        day = day_of(text) if text else None
        if text and day is None and isinstance(item, MappingNode):
            self.problems.append(no_day(self.document, text, item.get(key) or item))
        return day

    def expected(self, node: Node, path: tuple[str, ...] = ()) -> Iterator[Expected]:
        """Everything that a mapping under ``expect`` says, as one flat list."""
        for key, value in pairs_at(node):
            name = key.text
            if name == "flags":
                yield Expected(
                    (*path, name), self._list(value, self._words("flag"), say("flag", "标记")), span=self._span(value)
                )
            elif path == () and name in ("findings", "records"):
                for inner, part in pairs_at(value):
                    of = inner.text
                    if name == "findings":
                        of = self._find(inner, self.rules, say("rule of the chain", "本链的规则"), value)
                    else:
                        self.of_record.append((inner, of))
                    yield from self.expected(part, (name, of))
            elif path == () and name in ("subjects", "measures"):
                known = self._terms("subject") if name == "subjects" else self._words("measure")
                for inner, part in pairs_at(value):
                    kind = say("subject", "科目") if name == "subjects" else say("measure", "计量项")
                    of = self._find(inner, known, kind, value)
                    yield Expected((name, of), self._amount(part), span=self._span(part))
            else:
                yield self._single(key, value, path)

    def _single(self, key: Scalar, value: Node, path: tuple[str, ...]) -> Expected:
        name = key.text
        wanted: Wanted
        if name in AMOUNTS:
            wanted = self._amount(value)
        elif name in ("outcome", "status"):
            text = text_of(value) or ""
            wanted = OUTCOMES.get(text, text)
        elif name == "reason":
            text = text_of(value) or ""
            wanted = REASONS.get(text, text)
        elif name in ("consequences", "possible"):
            wanted = self._list(value, self._words("conclusion"), say("conclusion", "结论"))
        elif name in ("because", "advisories"):
            wanted = self._list(value, self.rules, say("rule of the chain", "本链的规则"))
        elif name in _RULES:
            wanted = "+".join(self._rule(value, part) for part in (text_of(value) or "").split("+") if part)
        elif name == "circumstance":
            assert isinstance(value, Scalar)
            wanted = self._find(value, self._terms("circumstance"), say("circumstance", "情形"))
        else:
            wanted = self._list(value, None, "")
        return Expected((*path, name), wanted, name in _AT_LEAST, self._span(value))

    def _rule(self, node: Node, name: str) -> str:
        assert isinstance(node, Scalar)
        plain = name.strip().partition("@")[0]
        self._find(node._replace(text=plain), self.rules, say("rule of the chain", "本链的规则"))
        return name.strip()

    def _amount(self, node: Node) -> Bounds:
        if isinstance(node, Listing):
            low, high = (_exact(text_of(item)) for item in node.items)
            return low, high
        value = _exact(text_of(node))
        return value, value

    def _list(self, node: Node, known: Mapping[str, str] | None, kind: str) -> tuple[str, ...]:
        items = node.items if isinstance(node, Listing) else (node,)
        found = [item for item in items if isinstance(item, Scalar) and not item.is_null]
        return tuple(item.text.strip() if known is None else self._find(item, known, kind) for item in found)

    def _terms(self, field_id: str) -> dict[str, str]:
        return surface_forms(self.vocabulary.terms_of(field_id))

    def _words(self, kind: Kind) -> dict[str, str]:
        return surface_forms(self.vocabulary.by_kind(kind))

    def _find(self, node: Scalar, known: Mapping[str, str], kind: str, among: Node | None = None) -> str:
        """``among``: where the node is a key, what it is a key of."""
        found = known.get(canonical(node.text)) or known.get(node.text)
        if found is None:
            self._unknown(node, node.text, known, kind, among)
        return found or node.text

    def _unknown(self, node: Scalar, name: str, known: Mapping[str, str], kind: str, among: Node | None = None) -> None:
        from policyengine.language.hints import sure

        near = did_you_mean(name, known)
        hint = meant(near) if near else say("known: ", "可用的：") + listed(sorted(known)[:12])
        hint = of_full_width() if "：" in name else hint
        given = {known.get(canonical(key.text)) for key, _ in pairs_at(among)}
        one = (
            near
            if near and sure(canonical(name), {form: form for form in known}, near) and known[near] not in given
            else None
        )
        said = say(f"“{name}” is no {kind}", f"“{name}”不是{kind}")
        instead = self.document.instead(node, name, one)
        self.problems.append(self.document.problem("PE180", said, node, hint=hint, instead=instead))

    def _span(self, node: Node) -> Span:
        return self.document.span(node)


def _exact(text: str | None) -> Fraction | None:
    """A checked amount; None for null."""
    return None if text is None else Fraction(text)
