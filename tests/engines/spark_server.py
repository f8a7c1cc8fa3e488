"""A Spark Connect server for tests: from a package, on a free port, or one that ``SPARK_REMOTE`` names."""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import contextmanager


@contextmanager
def server() -> Iterator[str]:
    """The address of a server (``sc://host:port``) that sees the files of this machine."""
    if named := os.environ.get("SPARK_REMOTE"):  # such as that of an Apache Spark of one's own
        yield named
        return
    os.environ.setdefault("RUST_LOG", "error")
    from pysail.spark import SparkConnectServer

    own = SparkConnectServer(ip="127.0.0.1", port=0)
    own.start(background=True)
    host, port = own.listening_address
    try:
        yield f"sc://{host}:{port}"
    finally:
        own.stop()
