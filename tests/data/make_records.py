"""Makes the files of ``records/`` that are no plain UTF-8 text: other encodings, damaged bytes, workbooks, Parquet.

    python tests/data/make_records.py

The files are committed; this script says how they came about. It needs openpyxl, duckdb, xlwt and odfpy (the last two
only here: pip install xlwt odfpy). Damaged and hand-written packages are made from bytes.
"""
# ruff: noqa: E501

from __future__ import annotations

import datetime
import zipfile
from pathlib import Path
from typing import Any

HERE = Path(__file__).parent / "records"
HEADER = "人员编号,学习日期,学习形式,学时,名称\n"
DAY = datetime.date(2016, 3, 5)


def texts() -> None:
    (HERE / "bom.csv").write_bytes("﻿".encode() + (HEADER + "P1,2016-03-05,培训班,12,好\n").encode())
    (HERE / "gbk.csv").write_bytes((HEADER + "P1,2016-03-05,培训班,12,好\n").encode("gbk"))
    (HERE / "gb18030.csv").write_bytes((HEADER + "P1,2016-03-05,培训班,12,𠮷㐂\n").encode("gb18030"))
    (HERE / "gbk-short.csv").write_bytes(
        "编号,人员编号\n模,P1\n".encode("gbk")
    )  # 模 in GBK is also a character of UTF-8
    (HERE / "utf16.txt").write_bytes((HEADER + "P1,2016-03-05,培训班,12,好\n").replace(",", "\t").encode("utf-16"))
    rows = [
        "P1,2016-03-05,培训班,12,好\n".encode(),
        b"P2,2016-03-06,training,8,\xff\xfe\n",
        "P3,2016-03-07,培训班,4,好\n".encode(),
    ]
    (HERE / "broken-utf8.csv").write_bytes(HEADER.encode() + b"".join(rows))
    bad_gbk = [HEADER.encode("gbk"), "P1,2016-03-05,培训班,12,好\n".encode("gbk"), b"P2,2016-03-06,training,8,\xff\n"]
    (HERE / "broken-gbk.csv").write_bytes(b"".join(bad_gbk))
    (HERE / "nul.csv").write_bytes(
        HEADER.encode() + "P1,2016-03-05,培训班,12,好\0坏\nP2,2016-03-06,培训班,8,好\n".encode()
    )
    (HERE / "old-mac.csv").write_bytes(
        (HEADER + "P1,2016-03-05,培训班,12,好\nP2,2016-03-06,培训班,8,好").replace("\n", "\r").encode()
    )
    (HERE / "mixed-ends.csv").write_bytes(
        HEADER.encode() + "P1,2016-03-05,培训班,12,好\r\nP2,2016-03-06,培训班,8,好\nP3,2016-03-07,培训班,4,好".encode()
    )


def workbook(
    name: str, sheets: dict[str, list[list[Any]]], merged: dict[str, list[str]] | None = None, **more: Any
) -> None:
    import openpyxl

    book = openpyxl.Workbook()
    book.remove(book.active)
    if more.get("calendar_1904"):
        book.epoch = datetime.datetime(1904, 1, 1)
    for title, rows in sheets.items():
        sheet = book.create_sheet(title)
        for row in rows:
            sheet.append(row)
        for area in (merged or {}).get(title, []):
            sheet.merge_cells(area)
        if title in more.get("hidden", ()):
            sheet.sheet_state = "hidden"
    book.properties.created = book.properties.modified = datetime.datetime(2020, 1, 1)
    book.save(HERE / name)


def workbooks() -> None:
    head = ["人员编号", "学习形式", "学习日期", "学时"]
    workbook(
        "sheet-titles.xlsx",
        {"记录": [["继续教育登记表", None, None, None], ["人员编号", "学习形式", "学习时间", None, "学时"],
                [None, None, "开始日期", "结束日期", None], ["P1", "培训班", DAY, datetime.date(2016, 3, 8), 24]]},
        {"记录": ["A1:E1", "A2:A3", "B2:B3", "C2:D2", "E2:E3"]},
    )  # fmt: skip
    workbook(
        "sheet-merged.xlsx",
        {"Sheet1": [head, ["P1", "培训班", DAY, 12], [None, "讲座", datetime.date(2016, 3, 6), "2小时"], [None, None, None, None],
                    ["P2", "培训班", DAY, 16], ["P3", "培训班", DAY, None]]},
        {"Sheet1": ["A2:A4", "D5:D6"]},
    )  # fmt: skip
    workbook(
        "sheets.xlsx",
        {"2015": [head, ["P1", "培训班", datetime.date(2015, 3, 5), 12]], "说明": [["填表说明"], ["请逐项填写"]],
         "2016": [head, ["P1", "培训班", DAY, 8]], "旧": [head, ["P9", "培训班", DAY, 1]]},
        hidden=("旧",),
    )  # fmt: skip
    workbook(
        "sheet-dates.xlsx",
        {"S": [head, ["P1", "培训班", datetime.datetime(2016, 3, 5, 14, 30), 1], ["P2", "培训班", 42434, 1],
               ["P3", "培训班", "2016年3月5日", 1], ["P4", "培训班", datetime.time(14, 30), 1]]},
    )  # fmt: skip
    workbook("sheet-1904.xlsx", {"S": [head, ["P1", "培训班", DAY, 1], ["P2", "培训班", 40972, 1]]}, calendar_1904=True)
    workbook(
        "sheet-numbers.xlsx",
        {"S": [head, [510101190001010019, "培训班", DAY, 1], [1001, "培训班", DAY, 0.1 + 0.2], ["P3", "培训班", DAY, "12学时"],
               ["P4", "培训班", DAY, True], ["P5", "培训班", DAY, 1 / 3], ["P6", "培训班", DAY, datetime.timedelta(minutes=90)]]},
    )  # fmt: skip
    workbook(
        "sheet-errors.xlsx",
        {"S": [[*head, "学习证明"], ["P1", "培训班", DAY, "#N/A", "C1"], ["P2", "培训班", DAY, 2, "#REF!"],
               ["P3", "培训班", DAY, "=1+1", "C3"], ["P4", "培训班", DAY, 4, "C4"]]},
    )  # fmt: skip
    whole = (HERE / "sheet-dates.xlsx").read_bytes()
    (HERE / "sheet-cut-off.xlsx").write_bytes(whole[: len(whole) // 2])
    sparse()


def sparse() -> None:
    """Two cells as far apart as a sheet allows: 17 thousand million cells if laid out."""
    source, target = HERE / "sheet-dates.xlsx", HERE / "sheet-sparse.xlsx"
    with zipfile.ZipFile(source) as old, zipfile.ZipFile(target, "w", zipfile.ZIP_DEFLATED) as new:
        for part in old.infolist():
            data = old.read(part)
            if part.filename == "xl/worksheets/sheet1.xml":
                far = b'<row r="1048576"><c r="XFD1048576" t="inlineStr"><is><t>x</t></is></c></row></sheetData>'
                data = data.replace(b"</sheetData>", far)
            new.writestr(zipfile.ZipInfo(part.filename, (2020, 1, 1, 0, 0, 0)), data, zipfile.ZIP_DEFLATED)


def old_formats() -> None:
    import xlwt
    from odf.opendocument import OpenDocumentSpreadsheet
    from odf.table import Table, TableCell, TableRow
    from odf.text import P

    book = xlwt.Workbook(encoding="utf-8")
    sheet = book.add_sheet("记录")
    day = xlwt.easyxf(num_format_str="YYYY-MM-DD")
    for column, title in enumerate(["人员编号", "学习形式", "学习日期", "学时"]):
        sheet.write(0, column, title)
    sheet.write_merge(1, 2, 0, 0, "P1")
    for row, (form, on, hours) in enumerate([("培训班", DAY, 12), ("讲座", datetime.date(2016, 3, 6), "2学时")], 1):
        sheet.write(row, 1, form)
        sheet.write(row, 2, on, day)
        sheet.write(row, 3, hours)
    book.save(str(HERE / "old.xls"))

    document = OpenDocumentSpreadsheet()
    table = Table(name="记录")

    def cell(value: Any) -> Any:
        if isinstance(value, datetime.date):
            made = TableCell(valuetype="date", datevalue=value.isoformat())
        elif isinstance(value, int | float):
            made = TableCell(valuetype="float", value=value)
        else:
            made = TableCell(valuetype="string")
        made.addElement(P(text=str(value)))
        return made

    for row in [
        ["人员编号", "学习形式", "学习日期", "学时"],
        ["P1", "培训班", DAY, 12.5],
        ["P2", "讲座", "2016.3.6", "90分钟"],
    ]:
        line = TableRow()
        for value in row:
            line.addElement(cell(value))
        table.addElement(line)
    empty = TableRow(numberrowsrepeated=1048573)  # what LibreOffice writes below the last row
    empty.addElement(TableCell(numbercolumnsrepeated=1024))
    table.addElement(empty)
    document.spreadsheet.addElement(table)
    document.save(str(HERE / "libre.ods"))


def parquet() -> None:
    import duckdb

    typed = """
        SELECT * FROM (VALUES
            ('R1', 'P1', DATE '2016-03-05', 'training', 12.50::DECIMAL(10, 2), 'hours', TRUE, 1::DOUBLE),
            ('R2', 'P1', DATE '2016-03-06', 'lecture', 99999.00, 'hours', NULL, 101),
            ('R3', NULL, DATE '2016-03-07', 'lecture', 1.00, 'hours', FALSE, NULL),
            ('R4', 'P2', DATE '1816-03-07', 'lecture', 1.00, 'hours', FALSE, NULL),
            ('R5', 'P2', DATE '2016-03-08', 'fishing', 1.00, 'minutes', FALSE, 2)
        ) t(record_id, person_id, "end", form, quantity, unit, approved, author_rank)"""
    duckdb.sql(f"COPY ({typed}) TO '{HERE / 'typed.parquet'}'")
    loose = """
        SELECT * FROM (VALUES
            (1001.0::DOUBLE, TIMESTAMP '2016-03-05 14:30:00', '12学时', 0.1::DOUBLE),
            (1002.0, TIMESTAMP '2016-03-06 00:00:00', '7.5', 0.30000000000000004),
            (NULL, NULL, NULL, NULL)
        ) t("人员编号", "学习日期", "数量", "个人承担比例")"""
    duckdb.sql(f"COPY ({loose}) TO '{HERE / 'loose.parquet'}'")
    whole = (HERE / "typed.parquet").read_bytes()
    (HERE / "cut-off.parquet").write_bytes(whole[: len(whole) // 2])


if __name__ == "__main__":
    texts()
    workbooks()
    old_formats()
    parquet()
