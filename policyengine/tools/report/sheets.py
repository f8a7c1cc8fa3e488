"""Rows of values go in, an XLSX workbook for an office comes out: frozen header, filters, colours, harmless cells."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path
from typing import Any

from policyengine.diagnostics import Diagnostic, PolicyError
from policyengine.messages import say
from policyengine.records.books import rows_of_book, save_book
from policyengine.tools.result.formats import SHEET_ROWS, _cell, openpyxl_there
from policyengine.whole import whole_file

COLOURS = {"met": "D5EDDB", "not_met": "F8D4D0", "excused": "DCE6F4", "undetermined": "FFF0C9", "in_progress": "E8E8E8"}
_FORBIDDEN = str.maketrans(dict.fromkeys("[]:*?/\\", " "))  # in names of sheets
WIDEST = 60


class Workbook:
    """Sheets written row by row (memory stays flat), then the file as a whole."""

    def __init__(self) -> None:
        self._openpyxl = openpyxl_there()
        self._book = self._openpyxl.Workbook(write_only=True)
        self._names: set[str] = set()

    def sheet(
        self,
        title: str,
        head: Sequence[str],
        rows: Iterable[Sequence[Any]],
        colour: tuple[int, Mapping[str, str]] | None = None,
        wide: Mapping[int, int] | None = None,
    ) -> None:
        """A sheet. ``colour``: a column (from 0) and the colour of a row by that column's text. ``wide``: widths."""
        from openpyxl.utils import get_column_letter

        sheet = self._book.create_sheet(self._name(title))
        sheet.freeze_panes = "B2"
        for place, text in enumerate(head):
            width = (wide or {}).get(place, min(WIDEST, max(9, 2 * len(text) + 2)))
            sheet.column_dimensions[get_column_letter(place + 1)].width = width
        last = get_column_letter(max(len(head), 1))
        if colour is not None:
            self._colour(sheet, colour, last)
        with rows_of_book(self._book):
            sheet.append([self._head(sheet, text) for text in head])
            count = 1
            for row in rows:
                count += 1
                if count > SHEET_ROWS:
                    raise PolicyError([_too_many(title)])
                sheet.append([_cell(v) for v in row])
        sheet.auto_filter.ref = f"A1:{last}{count}"

    def _colour(self, sheet: Any, colour: tuple[int, Mapping[str, str]], last: str) -> None:
        """Conditional colours, so that a row keeps its meaning when it is sorted or its outcome is edited."""
        from openpyxl.formatting.rule import FormulaRule
        from openpyxl.styles import PatternFill
        from openpyxl.utils import get_column_letter

        column = get_column_letter(colour[0] + 1)
        for text, shade in colour[1].items():
            quoted = text.replace('"', '""')
            fill = PatternFill(bgColor=shade, fill_type="solid")
            rule = FormulaRule(formula=[f'${column}2="{quoted}"'], fill=fill)
            sheet.conditional_formatting.add(f"A2:{last}{SHEET_ROWS}", rule)

    def _head(self, sheet: Any, text: str) -> Any:
        from openpyxl.cell import WriteOnlyCell
        from openpyxl.styles import Alignment, Font, PatternFill

        cell = WriteOnlyCell(sheet, value=_cell(text))
        cell.font = Font(bold=True, color="FFFFFF")
        cell.fill = PatternFill("solid", fgColor="1F4E79")
        cell.alignment = Alignment(vertical="center", wrap_text=True)
        return cell

    def _name(self, title: str) -> str:
        """At most 31 characters, each name once."""
        base = title.translate(_FORBIDDEN).strip("' ")[:28] or "sheet"
        name, number = base, 2
        while name in self._names:
            name, number = f"{base} {number}", number + 1
        self._names.add(name)
        return name

    def save(self, path: Path) -> None:
        """The file appears whole or not at all, and is the same for the same rows."""
        with rows_of_book(self._book), whole_file(path) as new:
            save_book(self._book, new)


def _too_many(title: str) -> Diagnostic:
    message = say(f"{title} has more rows than a sheet can hold", f"“{title}”的行数超过工作表的上限")
    return Diagnostic("PE907", message, hint=say("write HTML or CSV instead", "请改用 HTML 或 CSV"))
