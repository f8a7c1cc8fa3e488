"""The status database on a PostgreSQL server: rows go over with COPY, in one transaction, one publisher at a time."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from policyengine.diagnostics import Diagnostic, PolicyError, Span, not_installed
from policyengine.engines.compile import trees as t
from policyengine.messages import say

CHUNK = 1 << 20
_MARK = re.compile(r"\$(\d+)")


class Server:
    """A transaction on a server."""

    def __init__(self, session: Any, connection: Any, folder: Path):
        self._session, self._connection, self._folder = session, connection, folder

    def begin(self) -> None:
        """From here on all or nothing, and other publishers wait."""
        self._session.commit()
        self._session.execute("SELECT pg_advisory_xact_lock(7214309127)")  # any number, the same for all

    def rows(self, query: str, values: Sequence[Any] = ()) -> list[tuple[Any, ...]]:
        return list(self._run(query, values).fetchall())

    def change(self, statement: str, values: Sequence[Any] = ()) -> None:
        self._run(statement, values)

    def _run(self, statement: str, values: Sequence[Any]) -> Any:
        given = {f"v{n + 1}": v for n, v in enumerate(values)}
        marked = _MARK.sub(r"%(v\1)s", statement.replace("%", "%%")) if values else statement
        return self._session.execute(marked, given or None)

    def insert(self, table: str, query: Any) -> None:
        """Through a CSV file: DuckDB writes it, COPY reads it; memory stays flat on both sides."""
        from psycopg import sql

        path = self._folder / f"copy-{table}.csv"
        target = t.lit(str(path)).sql("duckdb")
        self._connection.execute(f"COPY ({query.sql('duckdb')}) TO {target} (FORMAT csv, HEADER false)")
        into = sql.SQL("COPY {} ({}) FROM STDIN (FORMAT csv)").format(
            sql.Identifier(table), sql.SQL(", ").join(map(sql.Identifier, t.names_of(query)))
        )
        try:
            with open(path, "rb") as file, self._session.cursor() as cursor, cursor.copy(into) as stream:
                while piece := file.read(CHUNK):
                    stream.write(piece)
        finally:
            path.unlink(missing_ok=True)

    def commit(self) -> None:
        self._session.commit()


@contextmanager
def opened(to: str, connection: Any, folder: Path) -> Iterator[Server]:
    """The database at ``to``, locked for other publishers, in a transaction that is undone unless it is committed."""
    psycopg = library()
    session = None
    try:
        session = psycopg.connect(to, connect_timeout=15)
        yield Server(session, connection, folder)
    except psycopg.Error as e:
        raise unusable(to, e) from None
    finally:
        if session is not None:
            session.close()


def library() -> Any:
    try:
        import psycopg
    except ImportError:
        text = say("PostgreSQL needs psycopg, which is not installed", "PostgreSQL 需要 psycopg，尚未安装")
        raise not_installed(text, "db") from None
    return psycopg


def unusable(to: str, problem: Exception) -> PolicyError:
    """What the server said, without the password of the address."""
    from policyengine.address import secret, shown

    password = secret(to)
    first = _without(password, " ".join(str(problem).split()))[:200] or type(problem).__name__
    text = say(f"the database server refused or went away: {first}", f"数据库服务器拒绝或中断：{first}")
    hint = say("nothing was changed; see that it runs and try again", "未作任何改动；请检查服务器后重试")
    if re.search(r"[@/?#&]|%(?![0-9A-Fa-f]{2})", password):  # taken for parts of the address
        hint = say(
            "nothing was changed; in a password @ is written %40, / %2F, ? %3F, # %23, & %26 and % %25",
            "未作任何改动；密码中的 @ 写作 %40，/ 写作 %2F，? 写作 %3F，# 写作 %23，& 写作 %26，% 写作 %25",
        )
    return PolicyError([Diagnostic("PE540", text, Span(shown(to)), hint)])


def _without(password: str, said: str) -> str:
    """The message without pieces of a password that were taken for a host, a port or an option."""

    def quoted(found: re.Match[str]) -> str:
        head, at, tail = found[2].rpartition("@")
        return f"{found[1]}…{at}{tail if at else ''}{found[1]}" if (head or tail) in password else found[0]

    return re.sub(r"([\"'])([^\"']+)\1", quoted, said)


def fetch(to: str, query: Any, path: Path) -> None:
    """The rows of a query as a CSV file without header."""
    psycopg = library()
    from psycopg import sql

    copy = sql.SQL("COPY ({}) TO STDOUT (FORMAT csv)").format(sql.SQL(query))
    try:
        with (
            psycopg.connect(to, connect_timeout=15) as session,
            session.cursor() as cursor,
            open(path, "wb") as file,
            cursor.copy(copy) as stream,
        ):
            for piece in stream:
                file.write(piece)
    except psycopg.Error as e:
        raise unusable(to, e) from None


def state(to: str) -> object:
    """What is current in the database, and how much is known of it: another one once somebody has published."""
    psycopg = library()
    facts = ", ".join(f"(SELECT count(*) FROM {table})" for table in ("results", "people", "activities"))
    try:
        with psycopg.connect(to, connect_timeout=15) as session:
            current = session.execute("SELECT period, result_id FROM current_coverage ORDER BY 1, 2").fetchall()
            return current, session.execute(f"SELECT {facts}").fetchall()
    except psycopg.Error as e:
        raise unusable(to, e) from None
