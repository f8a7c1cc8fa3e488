"""The engine for clusters: the compiled queries on Spark, through Spark Connect. Trees go in, tables come out.

Everything that is worked out stands where the cluster keeps it: in a scratch folder that the cluster sees, or, for
inputs small enough to come from here, back in the client. Nothing but whole tables is ever named, and every name is a
temporary view of a session of our own.
"""

from __future__ import annotations

import socket
import sys
import warnings
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from datetime import date
from functools import partial
from typing import Any
from urllib.parse import urlsplit

from policyengine.address import shown
from policyengine.diagnostics import Diagnostic, PolicyError, installing, pip_install
from policyengine.engines.compile.aside import JudgeOne
from policyengine.engines.compile.axes import Column
from policyengine.engines.compile.host import Rows, column_of
from policyengine.engines.compile.whole import trace_of
from policyengine.engines.protocol import Periods, Selection
from policyengine.engines.spark_sql import spark_sql
from policyengine.messages import say
from policyengine.plan.model import Plan
from policyengine.records.model import Inputs
from policyengine.trace import Result

EXACT = {"spark.sql.ansi.enabled": "true", "spark.sql.caseSensitive": "true", "spark.sql.session.timeZone": "UTC"}
"""Overflows are errors, never other numbers; columns are told apart as their packs write them."""
PORT = 15002  # where Spark Connect listens if nothing else is said
PATIENCE = 10  # seconds


@contextmanager
def session(remote: str) -> Iterator[Any]:
    """A session of our own on the server at ``sc://host:port``.

    Raises ``PolicyError`` (PE930) where the client is not installed, the server can't be reached, does not count
    exactly, or is older than the client can speak to.
    """
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", FutureWarning)  # of the client, about versions of pandas that we do not use
        try:
            client = _client()
        except ImportError as e:
            raise PolicyError([_uninstalled()]) from e
        _knock(remote)
        try:
            opened_session = client.builder.remote(remote).create()
            for key, value in EXACT.items():
                opened_session.conf.set(key, value)
            opened_session.sql("SELECT 1").collect()
        except Exception as e:
            raise PolicyError([unreachable(remote, e)]) from e
        try:
            try_rows(opened_session)
            yield opened_session
        finally:
            opened_session.stop()


def _client() -> Any:
    """The client's class of sessions. Where the main program is no file, the client takes it for its own tests."""
    main = sys.modules["__main__"]
    nameless = not hasattr(main, "__file__")
    if nameless:
        main.__file__ = ""
    try:
        from pyspark.sql.connect.session import SparkSession
    finally:
        if nameless:
            del main.__file__
    return SparkSession


def _knock(remote: str) -> None:
    """Find out whether anybody listens at all: the client itself would go on trying for minutes."""
    place = urlsplit(remote)
    try:
        if place.scheme != "sc" or not place.hostname:
            raise ValueError(say("that is no address of a server", "这不是服务地址"))
        with socket.create_connection((place.hostname, place.port or PORT), timeout=PATIENCE):
            pass
    except (OSError, ValueError) as e:
        raise PolicyError([unreachable(remote, e)]) from e


def _uninstalled() -> Diagnostic:
    return Diagnostic(
        "PE930",
        say("the Spark client is not installed", "未安装 Spark 客户端"),
        hint=say("", "请执行 ") + installing("spark"),
    )


def unreachable(remote: str, fault: Exception) -> Diagnostic:
    """What is said where a server does not answer."""
    name = shown(remote)
    told = _first_line(fault).replace(remote, name)
    return Diagnostic(
        "PE930",
        say(f"no Spark Connect server answers at {name}: {told}",
            f"{name} 上没有 Spark Connect 服务应答：{told}"),
        hint=say("say --remote sc://host:port; the server listens on 15002 by default",
                 "请写 --remote sc://主机:端口；服务默认监听 15002 端口"),
    )  # fmt: skip


def _first_line(fault: Exception) -> str:
    """What a server says first; a stack of Java follows."""
    return next(iter(str(fault).strip().splitlines()), type(fault).__name__)


def try_rows(opened_session: Any) -> None:
    """Send a row there. A client asks a server that is older than itself for settings which that does not have.

    Raises ``PolicyError`` (PE930) where the server does not take it.
    """
    import pyspark

    try:
        opened_session.createDataFrame(_table({"n": "BIGINT"}, [(1,)])).collect()
    except Exception as e:
        told, server, client = _first_line(e), opened_session.version, pyspark.__version__
        text = say(f"the server (Spark {server}) does not take rows from this client ({client}): {told}",
                   f"服务器（Spark {server}）不接受此客户端（{client}）的数据：{told}")  # fmt: skip
        way = pip_install(f"pyspark-client=={server}")
        hint = say(f"install the client of the server's version: {way}", f"请安装与服务器版本相同的客户端：{way}")
        raise PolicyError([Diagnostic("PE930", text, hint=hint)]) from e


class SparkHost:
    """Runs trees on one Spark session. ``scratch``: a folder that the cluster writes to; None: rows that are kept come
    back to the client, which is for small inputs."""

    def __init__(self, spark: Any, scratch: str | None = None):
        self.spark, self.scratch = spark, scratch
        self._names: set[str] = set()
        self._loaded: dict[str, tuple[Mapping[str, Any], list[Any]]] = {}  # rows that are not on the server yet
        self._kept = 0
        self._scratched: list[tuple[str, Any]] = []

    def columns(self, table: str) -> Mapping[str, Column]:
        self._hand_over([table])
        found = {}
        for column in self.spark.table(table).schema.fields:
            kind = column.dataType.simpleString()
            if kind not in _PLAIN and not kind.startswith("decimal"):
                raise PolicyError([_strange(table, column.name, kind)])
            found[column.name] = column_of(column.name, kind)
        return found

    def keep(self, name: str, query: Any) -> None:
        found = self.frame(query)
        if self.scratch is None:
            table = _typed(found.toArrow())
            self.view(name, self._frame_of(table, lambda: found.schema))
            return
        self._kept += 1  # a name may be kept again while queries over its first rows are still to run
        self.store(name, found, f"{self.scratch}/{self._kept:03}_{name}")

    def store(self, name: str, frame: Any, path: str) -> None:
        """Write a data frame where the cluster keeps it, and name what was written."""
        for column in frame.schema.fields:
            if column.dataType.simpleString() == "void":  # Parquet has no column without a type
                frame = frame.withColumn(column.name, frame[column.name].cast("bigint"))
        frame.write.mode("error").parquet(path)
        self.view(name, self.spark.read.schema(frame.schema).parquet(path))
        if self.scratch is not None and path.startswith(self.scratch):
            self._scratched.append((path, frame.schema))

    def rows(self, query: Any) -> list[tuple[Any, ...]]:
        return list(self.stream(query))

    def stream(self, query: Any) -> Iterator[tuple[Any, ...]]:
        table = self.frame(query).toArrow()
        wholes = [_whole(column.type) for column in table.schema]
        for batch in table.to_batches(max_chunksize=50_000):
            columns = [
                [None if v is None else int(v) for v in column.to_pylist()] if whole else column.to_pylist()
                for column, whole in zip(batch.columns, wholes, strict=True)
            ]
            yield from zip(*columns, strict=True)

    def load(self, name: str, columns: Mapping[str, Any], rows: Rows) -> None:
        self._loaded[name] = (columns, list(rows))

    def append(self, name: str, columns: Mapping[str, Any], rows: Rows) -> None:
        if name not in self._loaded:
            raise KeyError(name)
        self._loaded[name][1].extend(rows)

    def drop(self, name: str) -> None:
        self._loaded.pop(name, None)
        if name in self._names:
            self.spark.catalog.dropTempView(name)
            self._names.discard(name)

    def close(self) -> None:
        for name in list(self._names):
            self.drop(name)
        for path, shape in self._scratched:  # Spark Connect can empty a folder of files, not remove it
            self.spark.createDataFrame([], shape).write.mode("overwrite").parquet(path)
        self._scratched.clear()

    def frame(self, query: Any) -> Any:
        """A query as a data frame of Spark's."""
        from sqlglot import exp

        self._hand_over(self._loaded if isinstance(query, str) else [t.name for t in query.find_all(exp.Table)])
        return self.spark.sql(spark_sql(query))

    def view(self, name: str, frame: Any) -> None:
        """Name a data frame."""
        frame.createOrReplaceTempView(name)
        self._names.add(name)

    def _hand_over(self, names: Iterable[str]) -> None:
        """Loaded tables that are asked for, on the server; rows are added to one before it is asked for first."""
        for name in list(names):
            if name in self._loaded:
                columns, rows = self._loaded.pop(name)
                self.view(name, self._frame_of(_table(columns, rows), partial(_shape, columns)))

    def _frame_of(self, table: Any, shape: Callable[[], Any]) -> Any:
        """An Arrow table on the server; the client can't infer the columns of one without rows."""
        return self.spark.createDataFrame(table) if table.num_rows else self.spark.createDataFrame([], shape())


_PLAIN = ("string", "tinyint", "smallint", "int", "bigint", "date", "boolean", "array<string>", "void")


def _strange(table: str, column: str, kind: str) -> Diagnostic:
    return Diagnostic(
        "PE931",
        say(f"the column {column} of {table} is {kind}, which does not say exactly what was written",
            f"{table} 的 {column} 列类型为 {kind}，不能准确表示所填内容"),
        hint=say("store it as STRING, DATE, BOOLEAN, a whole number or DECIMAL",
                 "请存为 STRING、DATE、BOOLEAN、整数或 DECIMAL 类型"),
    )  # fmt: skip


def _whole(type_: Any) -> bool:
    """Whether a column is a decimal that holds whole numbers, such as a sum."""
    import pyarrow as pa

    return bool(pa.types.is_decimal(type_)) and type_.scale == 0


def _typed(table: Any) -> Any:
    """A table whose columns all have a type: those without a value are whole numbers."""
    import pyarrow as pa

    for place, column in enumerate(table.schema):
        if pa.types.is_null(column.type):
            table = table.set_column(place, column.name, table.column(place).cast(pa.int64()))
    return table


def _table(columns: Mapping[str, Any], rows: Sequence[Any]) -> Any:
    """Rows that were worked out here as an Arrow table."""
    import pyarrow as pa

    lists: list[Sequence[Any]] = list(zip(*rows, strict=True)) if rows else [() for _ in columns]
    arrays = [pa.array(list(values), _arrow(type_)) for values, type_ in zip(lists, columns.values(), strict=True)]
    return pa.table(arrays, names=list(columns))


def _shape(columns: Mapping[str, Any]) -> str:
    """Columns of ``Host.load`` as Spark declares them."""
    kinds = {"VARCHAR": "STRING", "INTEGER": "BIGINT", "VARCHAR[]": "ARRAY<STRING>"}
    texts = {name: type_ if isinstance(type_, str) else "VARCHAR" for name, type_ in columns.items()}
    return ", ".join(f"`{name}` {kinds.get(type_, type_)}" for name, type_ in texts.items())


def _arrow(type_: Any) -> Any:
    """A type of ``Host.load`` as Arrow's; enumerations are texts."""
    import pyarrow as pa

    if not isinstance(type_, str) or type_ == "VARCHAR":
        return pa.string()
    if type_.startswith("DECIMAL"):
        digits, scale = (int(n) for n in type_[8:-1].split(","))
        return pa.decimal128(digits, scale)
    return {
        "BIGINT": pa.int64(),
        "INTEGER": pa.int64(),
        "BOOLEAN": pa.bool_(),
        "DATE": pa.date32(),
        "VARCHAR[]": pa.list_(pa.string()),
    }[type_]


def evaluate_all(
    plans: Sequence[Plan],
    inputs: Inputs,
    periods: Periods | None = None,
    as_of: date | None = None,
    selection: Selection | None = None,
    judge: JudgeOne | None = None,
    spark: Any = None,
    scratch: str | None = None,
) -> Result | None:
    """Judge everybody in ``inputs``, which go up to the server: as ``duckdb.evaluate_all``, with the same rows.

    ``spark``: a session (``session``). None where a plan says what only the reference evaluator can judge.
    """
    return trace_of(plans, SparkHost(spark, scratch), inputs, periods, as_of, selection, judge)
