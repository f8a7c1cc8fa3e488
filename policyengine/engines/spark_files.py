"""Files that a cluster sees in, one data frame of the columns that are known out; or why they can't be used."""

from __future__ import annotations

from collections.abc import Sequence
from functools import reduce
from typing import Any

from policyengine.diagnostics import Diagnostic, PolicyError, Span
from policyengine.messages import listed, many, say
from policyengine.records.header import Headers

INTEGERS = ("tinyint", "smallint", "int", "bigint")
_WANTED = {
    "records": {"person_id", "record_id"},
    "persons": {"person_id"},
    "circumstances": {"person_id", "kind"},
}


def opened(spark: Any, headers: Headers, paths: Sequence[str]) -> Any:
    """The rows of all files, one below the other; every cell of a CSV file is a text.

    Each file has a header of its own: a column is named as in the first file that has one for the same field. Rows of
    empty cells are none. Raises ``PolicyError`` (PE932) where a file can't be read, or does not fit the others.
    """
    names: dict[Any, str] = {}  # what headers stand for → the column's name
    kinds: dict[str, str] = {}
    return reduce(
        lambda one, other: one.unionByName(other, allowMissingColumns=True),
        [_known(path, _frame(spark, path), headers, names, kinds) for path in paths],
    )


def _frame(spark: Any, path: str) -> Any:
    """The file as Spark sees it; of a CSV file without the rows that hold nothing."""
    reader = spark.read
    try:
        if not path.lower().endswith((".csv", ".csv.gz")):
            found = reader.parquet(path)
            found.schema  # noqa: B018 - asks the server, which answers whether it can be read
            return found
        # enforceSchema: where the path is that of several files, Spark compares their headers
        reader = reader.options(header=True, inferSchema=False, enforceSchema=False)
        # a row with more cells than the header would lose them: it fails, which Spark sees where it reads whole rows
        reader = reader.options(mode="FAILFAST", columnPruning=False)
        found = reader.options(multiLine=True, quote='"', escape='"').csv(path)
        headers = [column.name for column in found.schema.fields]
        if not headers:
            return found
        cells = found.toDF(*(f"c{i}" for i in range(len(headers))))
        marks, strange = _counted(spark, path)
        if strange:
            raise PolicyError([_no_utf8(path, strange)])
        if _unclosed(marks, cells):
            raise PolicyError([_swallows(path)])
        return cells.filter(" OR ".join(f"TRIM({name}) <> ''" for name in cells.columns)).toDF(*headers)
    except PolicyError:
        raise
    except Exception as e:
        raise PolicyError([unread([path], str(e))]) from e


def _counted(spark: Any, path: str) -> tuple[int, int]:
    """The quotation marks of a CSV file, and its lines that are not UTF-8: in their cells Spark would read � without a
    word."""
    of_line = "LENGTH(value) - LENGTH(REPLACE(value, '\"', ''))"
    sums = (f"SUM(CAST({of_line} AS BIGINT))", "SUM(CAST(NOT IS_VALID_UTF8(value) AS BIGINT))")
    ((marks, strange),) = spark.read.text(path).selectExpr(*sums).collect()
    return marks or 0, strange or 0


def _unclosed(marks: int, cells: Any) -> bool:
    """Whether a quotation mark may never close: then the rows below it are one cell, and gone without a word.

    In a sound file they come in pairs; an odd one inside a cell that has none around it does no harm, unless there are
    cells of several lines too.
    """
    if not marks % 2:
        return False
    return bool(cells.filter(" OR ".join(f"{name} LIKE '%\n%'" for name in cells.columns)).limit(1).collect())


def _known(path: str, frame: Any, headers: Headers, names: dict[Any, str], kinds: dict[str, str]) -> Any:
    """The columns of one file that are fields. ``names``, ``kinds``: names and types of those of the files before."""
    kept: dict[str, int] = {}  # name → place in the file
    fields = set()
    for place, column in enumerate(frame.schema.fields):
        targets = headers.targets(column.name)
        if not targets:
            continue
        fields.add(targets[0].field)
        name = names.setdefault(tuple((target.field, target.unit) for target in targets), column.name)
        if name in kept:
            raise PolicyError([twice([path], column.name)])
        kept[name] = place
        kind = column.dataType.simpleString()
        before = kinds.setdefault(name, kind)
        if kind != before and not {kind, before} <= {*INTEGERS}:
            raise PolicyError([_unlike(path, column.name, kind, before)])
    lacking = sorted(_WANTED[headers.purpose] - fields)
    if headers.purpose == "records" and not {"date", "end"} & fields:
        lacking.append("date")
    if lacking:
        raise PolicyError([_lacking(path, lacking)])
    cells = frame.toDF(*(f"c{i}" for i in range(len(frame.columns))))
    return cells.select(*(f"c{place}" for place in kept.values())).toDF(*kept)


# --- files that can't be used -----------------------------------------------------------------------------------------


def complain(code: str, paths: Sequence[str], said: tuple[str, str], hint: tuple[str, str]) -> Diagnostic:
    """``paths``: one file, or several, one of which it is."""
    file = ", ".join(paths[:3]) + (", …" if len(paths) > 3 else "")
    return Diagnostic(code, say(*said), Span(file), say(*hint))


def unread(paths: Sequence[str], fault: str) -> Diagnostic:
    told = (fault.strip().splitlines() or [""])[0][:300]
    return complain(
        "PE932", paths, (f"the cluster can't read this: {told}", f"集群无法读取：{told}"),
        ("name a CSV file (.csv) or a Parquet file or folder that the cluster sees; "
         "in CSV, every row has as many cells as the header",
         "请指定集群可见的 CSV（.csv）或 Parquet 文件、文件夹；CSV 各行的单元格数须与表头一致"),
    )  # fmt: skip


def twice(paths: Sequence[str], column: str) -> Diagnostic:
    return complain(
        "PE932", paths, (f"it is not clear what the column {column} is", f"无法确定 {column} 列的含义"),
        ("give each field one column, named as in docs/records.md", "每个字段只用一列，列名见 docs/records.md"),
    )  # fmt: skip


def _swallows(path: str) -> Diagnostic:
    return complain(
        "PE932", [path],
        ("a quotation mark is not closed, so that the rows below it would be taken for one cell",
         "有一个引号没有闭合，其后各行会被当作一个单元格"),
        ("look for a cell of several lines, and close its quotation mark; inside a cell write each mark twice",
         "请查找含有多行的单元格，补上引号；单元格内的引号请写两个"),
    )  # fmt: skip


def _no_utf8(path: str, lines: int) -> Diagnostic:
    return complain(
        "PE932", [path],
        (f"{many(lines, 'line is', 'lines are')} not UTF-8", f"有 {lines} 行不是 UTF-8 编码"),
        ("save the file as UTF-8 on the cluster", "请在集群上将该文件存为 UTF-8"),
    )  # fmt: skip


def _lacking(path: str, fields: Sequence[str]) -> Diagnostic:
    names = listed(fields)
    hint = ("name the column as in docs/records.md", "请按 docs/records.md 命名该列")
    if "record_id" in fields:
        hint = ("on a cluster every row needs an id of its own", "在集群上每行须有自己的编号")
    return complain("PE932", [path], (f"there is no column for {names}", f"缺少列：{names}"), hint)


def _unlike(path: str, column: str, kind: str, before: str) -> Diagnostic:
    return complain(
        "PE932", [path],
        (f"the column {column} is {kind} here and {before} in a file before",
         f"{column} 列在此为 {kind}，在之前的文件中为 {before}"),
        ("store it in all files as the same type", "请在所有文件中用同一类型存储"),
    )  # fmt: skip
