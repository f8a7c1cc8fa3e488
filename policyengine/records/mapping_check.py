"""What a mapping file says against what there is: the columns and terms of the law, the sheets and headers of files.

An entry that fits nothing would silently have the right column unread. One that fits in one of several files is right.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import field
from types import MappingProxyType

from policyengine.diagnostics import Diagnostic, Severity, Span
from policyengine.light import dataclass
from policyengine.messages import listed, say
from policyengine.records.header import MAPPED, Headers
from policyengine.records.mapping import FileMapping, of_colon
from policyengine.records.naming import plain
from policyengine.records.schema import PURPOSES, Purpose, Schema

MANY = 500  # names that near ones are looked for among


def _wrong(mapping: FileMapping, path: tuple[str, ...], text: str, hint: str, severity: Severity) -> Diagnostic:
    return Diagnostic("PE408", text, Span(mapping.file, *mapping.places.get(path, ())), hint=hint, severity=severity)


def _near(word: str, known: Iterable[str], en: str, zh: str) -> str:
    from difflib import get_close_matches

    names = list(dict.fromkeys(known))[:MANY]
    if not names:
        return ""  # their first rows may be data, which is not shown
    near = get_close_matches(word[:100], names, 3, 0.5)
    if near:
        return say("did you mean ", "是不是：") + listed(near) + say("?", "？")
    return say(f"{en}: ", f"{zh}：") + listed(names, 20)


# --- against the law --------------------------------------------------------------------------------------------------


def unknown(schema: Schema) -> list[Diagnostic]:
    """An error for each column, field and term that the law does not know."""
    mapping = schema.mapping
    columns = {f: d for p in PURPOSES for f, d in schema.columns(p).items()}
    found = [
        _no_column(mapping, path, columns, {n: f for f, d in columns.items() for n in (d.zh or f, *d.aliases)})
        for path in [
            *(("columns", f) for f in mapping.columns),
            *(("values", f) for f in mapping.values),
            *(("units", f) for f in mapping.units),
            *(("wide", header, f) for header, values in mapping.wide.items() for f in values),
            *(("aliases", "columns", f) for f in mapping.column_aliases),
        ]
        if path[-1] not in columns
    ]
    found += _said_before(mapping)
    owners = {d.owner for d in columns.values() if d.type == "term"}
    for owner, terms in mapping.term_aliases.items():
        path = ("aliases", "terms", owner)
        if owner not in owners:
            found.append(_no_column(mapping, path, owners))
            continue
        known, names = schema.known_terms(owner)
        for term in terms:
            if not known(term):
                text = say(f"{owner} has no term {term}", f"{owner} 没有“{term}”这一项")
                hint = _near(term, names, "it has", "有")
                found.append(_wrong(mapping, (*path, term), text, hint, "error"))
    return found


def _said_before(mapping: FileMapping) -> Iterator[Diagnostic]:
    """An error for each column that an entry of ``wide:`` gives anew: one of two would be taken without a word."""
    for header, values in mapping.wide.items():
        for column in values:
            if column == "quantity":
                text = say(f"the cells of {header} are the quantity", f"“{header}”列的单元格就是数量")
                hint = say("say with unit: what they are counted in", "请用 unit: 写明单位")
            elif column in mapping.values:
                text = say(f"{column} stands both in values and in wide", f"{column} 同时列在 values 和 wide 中")
                hint = say("keep one of the two", "请保留其中一处")
            else:
                continue
            yield _wrong(mapping, ("wide", header, column), text, hint, "error")


def _no_column(
    mapping: FileMapping, path: tuple[str, ...], known: Iterable[str], names: Mapping[str, str] = MappingProxyType({})
) -> Diagnostic:
    """``names``: what a column is called in files → its id, which alone may stand here."""
    meant = [names[path[-1]]] if path[-1] in names else sorted(known)
    text = say(f"there is no column {path[-1]}", f"没有 {path[-1]} 这一列")
    there = "there is" if len(meant) == 1 else "there are"
    hint = of_colon(path[-1]) or _near(path[-1], meant, there, "可用")
    return _wrong(mapping, path, text, hint, "error")


# --- against the files ------------------------------------------------------------------------------------------------


@dataclass(slots=True)
class Met:
    """What the files have shown so far: entries of the mapping file that fit, and headers and sheets as they stand."""

    entries: set[tuple[str, str]] = field(default_factory=set)
    headers: dict[str, None] = field(default_factory=dict)
    sheets: dict[str, None] = field(default_factory=dict)
    purposes: set[Purpose] = field(default_factory=set)
    _seen: set[tuple[Purpose, str]] = field(default_factory=set)

    def table(self, names: Iterable[str], headers: Headers, shown: bool = True) -> None:
        """Take note of the headers of a table; not ``shown``: of cells that may be headers, or anybody's data."""
        mapping = headers.schema.mapping
        for name in names:
            if shown and name:
                self.headers[name] = None
            if not name or (headers.purpose, name) in self._seen:
                continue
            self._seen.add((headers.purpose, name))
            self.entries |= {("columns", t.field) for t in headers.targets(name) if t.rank == MAPPED}
            word = plain(name)
            self.entries |= {("wide", h) for h in mapping.wide if plain(h) == word}
            self.entries |= {("ignore", h) for h in mapping.ignore if plain(h) and word.startswith(plain(h))}

    def unmatched(self, schema: Schema) -> list[Diagnostic]:
        """An error for each entry that is in none of the files; for a column to be ignored a warning does."""
        mapping, found = schema.mapping, list[Diagnostic]()
        if not self._seen and not self.sheets:
            return []  # no file could be looked at
        fields = {f for p in self.purposes for f in schema.columns(p)}

        def look(kind: str, key: str, path: tuple[str, ...], known: Collection[str], severity: Severity) -> None:
            if (kind, key) not in self.entries and (self._seen or kind == "sheets"):
                found.append(_nowhere(mapping, path, known, kind == "sheets", severity))

        for field_id, header in mapping.columns.items():
            if field_id in fields:
                look("columns", field_id, ("columns", field_id, header), self.headers, "error")
        for header in mapping.wide if "records" in self.purposes else ():
            look("wide", header, ("wide", header), self.headers, "error")
        for sheet in mapping.sheets:
            look("sheets", sheet, ("sheets", sheet), self.sheets, "error")
        for header in mapping.ignore:
            look("ignore", header, ("ignore", header), self.headers, "warning")
        return found


def _nowhere(
    mapping: FileMapping, path: tuple[str, ...], known: Collection[str], sheet: bool, severity: Severity
) -> Diagnostic:
    if sheet:
        text = say(f"none of the files has a sheet {path[-1]}", f"各文件中都没有工作表“{path[-1]}”")
        if not known:
            hint = say("none is a workbook; leave sheets: out", "其中没有工作簿；请删去 sheets:")
            return _wrong(mapping, path, text, hint, severity)
        return _wrong(mapping, path, text, _near(path[-1], known, "their sheets are", "工作表有"), severity)
    text = say(f"none of the files has a column {path[-1]}", f"各文件中都没有“{path[-1]}”列")
    return _wrong(mapping, path, text, _near(path[-1], known, "their columns are", "列有"), severity)


def left_out(mapping: FileMapping, file: str, sheets: Sequence[str], some_read: bool) -> list[Diagnostic]:
    """What there is to say of sheets that the mapping file does not name: an error where none of the file is left."""
    if not sheets:
        return []
    names = listed(sheets, 20)
    if some_read:
        text = say(
            f"sheets that the mapping file does not name are not read: {names}",
            f"对照文件未列出的工作表未读取：{names}",
        )
        return [Diagnostic("PE440", text, Span(file), severity="warning")]
    text = say(
        f"the mapping file names no sheet of this workbook, which has: {names}",
        f"对照文件未列出此工作簿的任何工作表（有：{names}）",
    )
    hint = say(f"correct sheets: in {mapping.file}, or leave it out", f"请更正 {mapping.file} 中的 sheets:，或将其删去")
    return [Diagnostic("PE408", text, Span(file), hint=hint)]
