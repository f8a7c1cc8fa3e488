"""The address of a place goes in; whether it is a database's or a cluster's, and how it may be shown, come out."""

from __future__ import annotations

import os
import re

_ADDRESS = re.compile(r"(?i)[a-z][a-z0-9+.-]+://")
_OF_PASSWORD = re.compile(r"(?is)([?&]\w*password=)(.*?)(?=&\w+=|$)")  # a password behind the question mark
_OF_TOKEN = re.compile(r"(?is)(;token=)([^;]*)")  # of a Spark Connect server


def is_address(place: str) -> bool:
    """Whether it says by which scheme it is reached (``s3a://``, ``hdfs://``, ``file://``), as the places of a cluster
    do, and is no path of this machine."""
    return "://" in place


def is_server(place: str) -> bool:
    """Whether the name is that of a PostgreSQL server."""
    return place.startswith(("postgresql://", "postgres://"))


def is_database(place: str) -> bool:
    """Whether the place is a status database rather than the folder of a result."""
    return is_server(place) or (place.endswith(".duckdb") and os.path.isfile(place))


def is_meant_for_one(place: str) -> bool:
    """Whether it is that, also in capitals, as no server is found."""
    return is_server(place.lower())


def shown(place: str) -> str:
    """The name of a file or server without a password or token, wherever in the address it stands."""
    if not _ADDRESS.match(place):
        return place
    head, at, tail = _OF_TOKEN.sub(r"\1…", _OF_PASSWORD.sub(r"\1…", place)).rpartition("@")
    return f"{head.partition('://')[0]}://…@{tail}" if at else tail


def secret(place: str) -> str:
    """What of a database server's address is password, as it is written there; empty without one."""
    address, *more = _OF_PASSWORD.split(place)
    given = address.partition("://")[2].rpartition("@")[0].partition(":")[2]
    return given + "".join(more[1::3])
