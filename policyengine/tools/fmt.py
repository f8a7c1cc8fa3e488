"""``fmt``: pack files in, the same files in canonical layout out. Only the texts of rules and conditions are written
anew.

A rule is parsed and printed on the surface that the pack names (or that is asked for); its YAML around it stays. A file
with a rule that can't be read is left as it is. The result is parsed again and must say the same, else it is not
written.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, replace
from functools import cache
from pathlib import Path

from policyengine.diagnostics import Diagnostic, Span, failed
from policyengine.language.parser import parse_condition, parse_statement
from policyengine.language.printer import print_condition, print_statement
from policyengine.language.tree import Condition, Statement
from policyengine.language.vocabulary import Vocabulary
from policyengine.messages import say
from policyengine.packs.document import Document, parse_document, read_document, shown
from policyengine.packs.nodes import Listing, Mapping, Node, Scalar
from policyengine.packs.roots import PACK_FILE, Look, find_pack, ids_under, is_yaml, packs_under, rule_files
from policyengine.packs.values import optional_at
from policyengine.packs.words import chain_vocabulary, read_fields, read_words
from policyengine.tools.scalars import Edit, replaced
from policyengine.whole import whole_file

DEEPEST = 8  # packs in a chain


@dataclass(frozen=True, slots=True)
class Formatted:
    """One file. ``after`` None: left as it is, for the reasons in ``problems``."""

    path: Path
    before: bytes
    after: bytes | None
    problems: tuple[Diagnostic, ...] = ()

    @property
    def changed(self) -> bool:
        return self.after is not None and self.after != self.before


@dataclass(frozen=True, slots=True)
class _Text:
    """A rule or condition in a file: its value, the indentation of its key, what it says, how it is printed."""

    scalar: Scalar
    indent: int
    tree: Statement | Condition
    printed: str


@dataclass(frozen=True, slots=True)
class Words:
    """The words of a pack and the surface that it is written in."""

    vocabulary: Vocabulary
    surface: str


Found = tuple[Words | None, list[Diagnostic]]
_Below = Callable[[Path, int], Found]


def format_packs(paths: Iterable[Path], surface: str | None = None) -> tuple[list[Formatted], list[Diagnostic]]:
    """The files of packs, folders of packs, or single files, formatted; nothing is written.

    ``surface``: ``zh`` or ``en``; None: each pack's own. Errors: PE601 (nothing to format there), and those of reading.
    """
    result: list[Formatted] = []
    problems: list[Diagnostic] = []
    words: dict[Path, Found] = {}
    words_of = words_by_folder()
    seen: set[Path] = set()
    for path in paths:
        files = list(_files(path))
        if not files:
            said = say(
                f"{shown(path)} holds no pack and is no file of one", f"{shown(path)} 不是政策包，也不是其中的文件"
            )
            hint = say(
                "name a pack's folder, a folder of packs, or a rules*.yaml",
                "请指定政策包文件夹、其上级文件夹或 rules*.yaml",
            )
            problems.append(Diagnostic("PE601", said, Span(shown(path)), hint))
        for file in files:
            if file.absolute() in seen:
                continue
            seen.add(file.absolute())
            folder = file.parent
            if folder not in words:
                words[folder] = words_of(folder)
                problems += words[folder][1]
            known = words[folder][0]
            if known is not None:
                result.append(format_file(file, known.vocabulary, surface or known.surface))
    return result, problems


def format_file(path: Path, vocabulary: Vocabulary, surface: str) -> Formatted:
    """One pack.yaml or rules*.yaml."""
    document, problems = read_document(path)
    if document is None:
        return Formatted(path, path.read_bytes() if path.is_file() else b"", None, tuple(problems))
    texts, problems = _texts(document, vocabulary, surface)
    if failed(problems):
        return Formatted(path, document.raw, None, tuple(problems))
    after = _laid_out(document, texts, texts)
    if after is None or not _says_the_same(after, texts, vocabulary, surface, document.file):
        return Formatted(path, document.raw, None, (_refused(document, texts, vocabulary, surface),))
    return Formatted(path, document.raw, _encoded(after, document.raw))


def _laid_out(document: Document, texts: list[_Text], chosen: list[_Text]) -> str | None:
    """The file's text with the ``chosen`` of its rules in canonical form; in quotes where a plain value would be read
    otherwise. None: some rule would say something else.
    """
    edits = [Edit(t.scalar, t.indent, t.printed) for t in chosen]
    wanted = [t.printed if t in chosen else t.scalar.text for t in texts]
    for quoted in (False, True):
        after = replaced(document.text, edits, quoted)
        again, _ = parse_document(after.encode(), document.file)
        if again is not None and [s.text for s, _, _ in rule_texts(again)] == wanted:
            return after
    return None


def _refused(document: Document, texts: list[_Text], vocabulary: Vocabulary, surface: str) -> Diagnostic:
    """Names the first rule that can't be laid out by itself."""
    said = say("this file could not be laid out without changing what it says", "无法在不改变含义的前提下整理此文件")
    for text in texts:
        after = _laid_out(document, texts, [text])
        if after is None or not _says_the_same(after, texts, vocabulary, surface, document.file):
            hint = say("it was left as it is; write this rule on one line", "文件已保持原样；请将这条规则写在一行内")
            return replace(document.problem("PE602", said, text.scalar), hint=hint)
    hint = say("it was left as it is; write its rules one to a line", "已保持原样；请将每条规则写在一行内")
    return Diagnostic("PE602", said, Span(document.file), hint)


def _says_the_same(after: str, texts: list[_Text], vocabulary: Vocabulary, surface: str, file: str) -> bool:
    again, _ = parse_document(after.encode(), file)
    if again is None:
        return False
    parsed, problems = _texts(again, vocabulary, surface)
    return not failed(problems) and [t.tree for t in parsed] == [t.tree for t in texts]


def _encoded(text: str, raw: bytes) -> bytes:
    """With the byte order mark and the line ends that the file had."""
    mark = b"\xef\xbb\xbf" if raw.startswith(b"\xef\xbb\xbf") else b""
    if b"\r\n" in raw and raw.count(b"\r\n") == raw.count(b"\n"):
        text = text.replace("\n", "\r\n")
    return mark + text.encode()


# --- what is written anew --------------------------------------------------------------------------------------------


def rule_texts(document: Document) -> Iterator[tuple[Scalar, int, bool]]:
    """The values that are rules (True) or conditions (False), with the indentation of their keys, in the file's
    order.
    """
    root = document.root
    entries: list[tuple[Node, str, bool]] = [(root, "applies", False)]
    if isinstance(root, Listing):
        entries = [(item, "rule", True) for item in root.items]
    known: set[int] = set()
    for node, name, rule in entries:
        if not isinstance(node, Mapping):
            continue
        value, key = node.get(name), node.key(name)
        if isinstance(value, Scalar) and key is not None and value.start not in known:
            known.add(value.start)  # an alias stands where its anchor does
            yield value, key.column - 1, rule


def _texts(document: Document, vocabulary: Vocabulary, surface: str) -> tuple[list[_Text], list[Diagnostic]]:
    texts: list[_Text] = []
    problems: list[Diagnostic] = []
    for scalar, indent, rule in rule_texts(document):
        place = document.place(scalar)
        parsed: Statement | Condition | None
        if rule:
            statement, found = parse_statement(scalar.text, vocabulary, place)
            parsed, printed = statement, print_statement(statement, vocabulary, surface) if statement else ""
        else:
            condition, found = parse_condition(scalar.text, vocabulary, place)
            parsed, printed = condition, print_condition(condition, vocabulary, surface) if condition else ""
        problems += found
        if parsed is not None:
            texts.append(_Text(scalar, indent, parsed, printed))
    return texts, problems


# --- which files, which words ----------------------------------------------------------------------------------------


def _files(path: Path) -> Iterator[Path]:
    """The files of packs at ``path`` that hold rules or conditions."""
    if path.is_file():
        if path.name == PACK_FILE or (path.name.startswith("rules") and is_yaml(path)):
            yield path
        return
    if path.is_dir():
        for folder in packs_under(path):
            yield folder / PACK_FILE
            yield from rule_files(folder)


def words_by_folder() -> Callable[[Path], Found]:
    """Gives the words of the chain that ends in a folder, whatever its rules are like; what it has read it remembers,
    since many packs have one base."""
    look = cache(ids_under)
    below: _Below = cache(lambda folder, depth: _words_of(folder, depth, below, look))
    return lambda folder: below(folder, 0)


def _words_of(folder: Path, depth: int, below: _Below, look: Look) -> Found:
    """``below``: the same of the pack below; ``look``: which packs there are."""
    document, problems = read_document(folder / PACK_FILE)
    if document is None:
        return None, problems
    name = optional_at(document.root, "extends")
    inherited: Words | None = None
    if name is not None and depth < DEEPEST:
        found, _ = find_pack(name, folder, look)
        if len(found) != 1:
            where = document.root.get("extends") if isinstance(document.root, Mapping) else None
            said = say(f"there is no pack {name} to take words from", f"找不到所依据的政策包 {name}")
            return None, [document.problem("PE131", said, where or document.root)]
        inherited, problems = below(Path(shown(found[0])), depth + 1)
        if inherited is None:
            return None, problems
    own = inherited.vocabulary if inherited else None
    words, wrong = read_words(document, own)
    fields, more = read_fields(document, own)
    problems = [*problems, *wrong, *more]
    if failed(problems):
        return None, problems
    surface = optional_at(document.root, "surface") or (inherited.surface if inherited else "zh")
    return Words(chain_vocabulary(own, words, fields), surface), []


def write(file: Formatted) -> None:
    """Put a file's new text in its place: whole, or not at all."""
    assert file.after is not None
    with whole_file(file.path) as new:  # a link keeps pointing where it did
        new.write_bytes(file.after)
