"""The first bytes of a file in; what it is, where it is surely no table, and what to do with it, out."""

from __future__ import annotations

from policyengine.diagnostics import Diagnostic, Span
from policyengine.messages import say

_OTHER_DATA = ("write it as Parquet or CSV", "请另存为 Parquet 或 CSV")
_STATUS = (
    ("this is a database of DuckDB, as publish writes one", "这是 DuckDB 数据库（如 publish 写出的）"),
    (
        "stats and report read it; here name the records files, or for explain the folder of a result",
        "请用 stats、report 读取；此处请指定学习记录文件，explain 也可指定结果文件夹",
    ),
)
# what files begin with, what they are, how to mend it
_KINDS = (
    (
        (b"\x1f\x8b", b"\x28\xb5\x2f\xfd", b"\xfd7zXZ\0", b"7z\xbc\xaf\x27\x1c", b"Rar!\x1a\x07"),
        ("this is a compressed file", "这是压缩文件"),
        ("unpack it first, and give what is in it", "请先解压，再给出其中的文件"),
    ),
    (
        # of Excel 2, 3 and 4, and of others that write the records alone
        (b"\x09\0\x04\0", b"\x09\x02\x06\0", b"\x09\x04\x06\0", b"\x09\x08\x08\0", b"\x09\x08\x10\0"),
        ("this is a workbook of a very old Excel", "这是很旧的 Excel 工作簿"),
        ("open it in a spreadsheet program and save it as XLSX", "请用表格软件打开后另存为 XLSX"),
    ),
    (
        (b"\x89PNG\r\n\x1a\n", b"\xff\xd8\xff"),
        ("this is a picture, not a table", "这是图片，不是表格"),
        ("ask for the table itself, as XLSX or CSV", "请索取表格本身（XLSX 或 CSV）"),
    ),
    (
        (b"%PDF-",),
        ("this is a PDF, not a table", "这是 PDF，不是表格"),
        ("ask for the table that it was printed from, as XLSX or CSV", "请索取生成它的表格（XLSX 或 CSV）"),
    ),
    (
        (b"PARE",),
        ("the Parquet file is encrypted", "Parquet 文件已加密"),
        ("write it without encryption", "请不加密另存"),
    ),
    ((b"ARROW1\0\0",), ("this is an Arrow file", "这是 Arrow 文件"), _OTHER_DATA),
    ((b"SQLite format 3\0",), ("this is a database of SQLite", "这是 SQLite 数据库"), _OTHER_DATA),
    (
        (b"\xff\xfe\0\0", b"\0\0\xfe\xff"),
        ("this is UTF-32 text", "这是 UTF-32 文本"),
        ("save it as UTF-8", "请另存为 UTF-8"),
    ),
)


def is_foreign(head: bytes) -> bool:
    """Whether the file begins as none that can be read does."""
    return _is_duckdb(head) or any(head.startswith(magics) for magics, _, _ in _KINDS)


def _is_duckdb(head: bytes) -> bool:
    """Whether it is one, by what stands behind the checksum that it begins with."""
    return head[8:12] == b"DUCK" and b"\0" in head


def foreign(head: bytes, shown: str) -> Diagnostic:
    """Why the file, which is foreign, can't be read."""
    found = ((message, hint) for magics, message, hint in _KINDS if head.startswith(magics))
    return unreadable(shown, *(_STATUS if _is_duckdb(head) else next(found)))


def unreadable(shown: str, message: tuple[str, str], hint: tuple[str, str]) -> Diagnostic:
    """A file as such can't be read (PE406): why, and how to mend it, in English and Chinese."""
    return Diagnostic("PE406", say(*message), Span(shown), hint=say(*hint))
