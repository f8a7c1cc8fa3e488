"""One pack's folder in, the Pack as its author wrote it out, with everything that is wrong with its files.

pack.yaml is read first (who, which law, which words), then the tables, then every rules*.yaml.
"""

from __future__ import annotations

import hashlib
import os
from collections.abc import Iterator
from pathlib import Path

from policyengine.diagnostics import Diagnostic, Span, failed
from policyengine.language.parser import parse_condition
from policyengine.language.vocabulary import Vocabulary
from policyengine.messages import say, spoken
from policyengine.packs.document import Document, read_document, shown
from policyengine.packs.model import NotDecidable, Pack, Rule, Table
from policyengine.packs.nodes import Listing, Mapping, Node, Scalar
from policyengine.packs.roots import PACK_FILE, root_of, yaml_files
from policyengine.packs.rules import (
    Context,
    Entry,
    find_source,
    read_rules,
    read_sources,
    source_problems,
    version_problems,
)
from policyengine.packs.shape import did_you_mean, meant, only, shape_problems
from policyengine.packs.tables import read_table
from policyengine.packs.values import YearStart, optional_at, pairs_at, text_at, text_of, texts_at
from policyengine.packs.words import chain_vocabulary, read_bounds, read_fields, read_words, vocabulary_problems


def load_pack(
    folder: Path, base: Pack | None, document: Document | None = None
) -> tuple[Pack | None, list[Diagnostic]]:
    """The pack in ``folder``, on top of ``base``, whose words it may use; None where an error keeps it from governing.

    ``document``: its pack.yaml, where that has been read already. What is wrong with one rule does not hide what is
    wrong with the others.
    """
    if document is None:
        document, problems = read_document(folder / PACK_FILE)
        if document is None:
            return None, problems
    problems = shape_problems(document, document.root, "pack")
    return (None, problems) if problems else _Loader(folder, document, base).load()


class _Loader:
    """The state of loading one pack: what is known so far, and what was found wrong."""

    def __init__(self, folder: Path, document: Document, base: Pack | None):
        self.folder, self.document, self.base = folder, document, base
        self.root = document.root
        self.problems: list[Diagnostic] = []
        self.files: list[tuple[str, bytes]] = [(PACK_FILE, document.raw)]
        self.id = text_at(self.root, "pack")
        self.sources = read_sources(self._at("sources"))
        self.problems += source_problems(document, self._at("sources"))
        self.year_start = _year_start(self.root, base)

    def _at(self, key: str) -> Node | None:
        return self.root.get(key) if isinstance(self.root, Mapping) else None

    def load(self) -> tuple[Pack | None, list[Diagnostic]]:
        inherited = self.base.vocabulary if self.base else None
        words, problems = read_words(self.document, inherited)
        fields, more = read_fields(self.document, inherited)
        bounds, wrong = read_bounds(self.document)
        self.problems += [*problems, *more, *wrong]
        vocabulary = chain_vocabulary(inherited, words, fields)
        self.problems += vocabulary_problems(self.document, words, fields, vocabulary)
        regimes = self._regimes(vocabulary)
        applies = self._at("applies")
        condition = None
        if isinstance(applies, Scalar):
            condition, problems = parse_condition(applies.text, vocabulary, self.document.place(applies))
            self.problems += problems
        tables = self._tables(vocabulary)
        rules = self._rules(vocabulary)
        not_decidable = tuple(self._not_decidable())
        if failed(self.problems):
            return None, self.problems
        pack = Pack(
            id=self.id,
            title=title_of(self.root),
            folder=shown(self.folder),
            extends=optional_at(self.root, "extends"),
            authority=text_at(self.root, "authority"),
            level=text_at(self.root, "level"),
            year_start=self.year_start,
            applies=condition,
            regimes=regimes,
            sources=self.sources,
            words=words,
            fields=fields,
            bounds=bounds,
            tables=tables,
            rules=rules,
            not_decidable=not_decidable,
            digest=_digest(self.files),
            files=tuple(name for name, _ in self.files),
            vocabulary=vocabulary,
            applies_place=self.document.place(applies) if isinstance(applies, Scalar) else None,
        )
        return pack, self.problems

    def _regimes(self, vocabulary: Vocabulary) -> tuple[str, ...]:
        node = self._at("regimes")
        for item in node.items if isinstance(node, Listing) else ():
            name = text_of(item) or ""
            if vocabulary.find("regime", name) is None:
                known = [w.id for w in vocabulary.by_kind("regime")]
                near = did_you_mean(name, known)
                hint = (
                    meant(near)
                    if near
                    else say("a regime is declared in the pack that delegates it", "授权领域由作出授权的政策包声明")
                )
                self.problems.append(
                    self.document.problem(
                        "PE145",
                        say(f"{name} is no regime of the chain", f"{name} 不是本链的授权领域"),
                        item,
                        hint=hint,
                        instead=self.document.instead(item, name, only(name, known, near)),
                    )
                )
        return texts_at(self.root, "regimes")

    def _tables(self, vocabulary: Vocabulary) -> dict[str, Table]:
        tables: dict[str, Table] = {}
        root = root_of(self.folder)
        for key, node in pairs_at(self.root, "tables"):
            table, data, problems = read_table(self.document, key, node, self.folder, root, vocabulary, self.year_start)
            self.problems += problems
            self.files.append((text_at(node, "file"), data))
            if table is not None:
                tables[table.id] = table
        return tables

    def _rules(self, vocabulary: Vocabulary) -> tuple[Rule, ...]:
        context = Context(self.id, self.sources, vocabulary, self.year_start)
        entries: list[Entry] = []
        paths = self._rule_files()
        for path in paths:
            document, problems = read_document(path)
            self.problems += problems
            if document is not None:
                self.files.append((path.name, document.raw))
                found, problems = read_rules(document, context)
                entries += found
                self.problems += problems
        self.problems += version_problems(entries)
        return tuple(e.rule for e in entries if e.rule is not None)

    def _rule_files(self) -> list[Path]:
        """rules*.yaml by name; other YAML files of the folder and below are read by nobody, which is said."""
        known, root = [], root_of(self.folder).resolve()
        for path in yaml_files(self.folder):
            inside = path.relative_to(self.folder)
            if inside.parent == Path("tests"):
                continue
            if inside != Path(PACK_FILE) and (path.parent != self.folder or not path.name.startswith("rules")):
                self.problems.append(_not_read(path, inside))
            elif not Path(os.path.realpath(path)).is_relative_to(root):
                self.problems.append(_leads_outside(path, root))
            elif inside != Path(PACK_FILE):
                known.append(path)
        return known

    def _not_decidable(self) -> Iterator[NotDecidable]:
        node = self._at("not_decidable")
        for item in node.items if isinstance(node, Listing) else ():
            where = item.get("source") if isinstance(item, Mapping) else None
            source, problems = find_source(self.document, optional_at(item, "source"), where or item, self.sources)
            self.problems += problems
            if source is not None:
                yield NotDecidable(text_at(item, "at"), text_at(item, "why"), source.id)


def _leads_outside(path: Path, root: Path) -> Diagnostic:
    """PE136 for a file of a pack that is a link."""
    message = say(
        f"{path.name} is a link that leads outside of {shown(root)}",
        f"{path.name} 是指向 {shown(root)} 之外的链接",
    )
    hint = say("put the file itself into the pack's folder", "请把文件本身放进本包")
    return Diagnostic("PE136", message, Span(shown(path)), hint=hint)


def _not_read(path: Path, inside: Path) -> Diagnostic:
    """PE135 for a YAML file that lies at ``inside`` in the pack."""
    hint = say("rename it (rules-….yaml), or move it out of the pack", "请改名（rules-….yaml），或移出本包")
    if len(inside.parts) > 1:
        hint = say(
            "put it beside pack.yaml as rules-….yaml, cases into tests/, or move it out of the pack",
            "规则请放在 pack.yaml 旁（rules-….yaml），案例放在 tests/ 中；其他文件请移出本包",
        )
    said = say(
        f"{inside.as_posix()} is not read: rules stand in rules*.yaml beside pack.yaml",
        f"{inside.as_posix()} 不会被读取：规则写在 pack.yaml 旁的 rules*.yaml 中",
    )
    return Diagnostic("PE135", said, Span(shown(path)), hint=hint, severity="warning")


def title_spoken(root: Node) -> str:
    """A pack's title in the language spoken, else in Chinese."""
    titles = title_of(root)
    return titles.get(spoken()) or titles.get("zh") or ""


def title_of(root: Node) -> dict[str, str]:
    """A pack's title by language."""
    node = root.get("title") if isinstance(root, Mapping) else None
    if isinstance(node, Mapping):
        return {key.text: text for key, value in node.pairs if (text := text_of(value)) is not None}
    return {"zh": text_of(node) or ""}


def _year_start(root: Node, base: Pack | None) -> YearStart:
    """Month and day on which a year begins: the pack's own, else the chain's, else 1 January."""
    text = optional_at(root, "year_starts")
    if text is not None:
        month, _, day = text.partition("-")
        return int(month), int(day)
    return base.year_start if base and base.year_start else (1, 1)


def _digest(files: list[tuple[str, bytes]]) -> str:
    """Of everything that governs: names and bytes, in a fixed order, with the line ends of git's own: what it checks
    out on Windows is the same law."""
    total = hashlib.sha256()
    for name, written in sorted(files):
        data = written.replace(b"\r\n", b"\n")
        total.update(f"{name}\0{len(data)}\0".encode())
        total.update(data)
    return total.hexdigest()
