"""The county's results as folders, and a PostgreSQL server of the test's own."""

from __future__ import annotations

import contextlib
import os
import shutil
import socket
import subprocess
import tempfile
import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest

from policyengine.tools.result.result import save
from tests.stats.conftest import judged
from tests.stats.world import write_county


@pytest.fixture(scope="session")
def county(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return write_county(tmp_path_factory.mktemp("county"))


@pytest.fixture(scope="session")
def results(county: Path, tmp_path_factory: pytest.TempPathFactory) -> dict[str, Path]:
    """Folders: ``both`` years, ``2016``, ``2017``."""
    folder = tmp_path_factory.mktemp("results")
    spans = {"both": (2016, 2017), "2016": (2016, 2016), "2017": (2017, 2017)}
    return {
        n: save(judged(county, *span), folder / n, "parquet" if n == "both" else "csv") for n, span in spans.items()
    }


def binaries() -> Path | None:
    """Where Debian's package postgresql, or anybody else's, has put the server."""
    found = sorted(Path("/usr/lib/postgresql").glob("*/bin/postgres"), key=lambda p: int(p.parts[4].partition(".")[0]))
    if found:
        return found[-1].parent
    named = shutil.which("postgres")
    return Path(named).resolve().parent if named else None


@dataclass
class Server:
    """A server in a folder; ``url`` names its database."""

    folder: Path
    programs: Path
    port: int = 0

    @property
    def url(self) -> str:
        return f"postgresql://clerk@127.0.0.1:{self.port}/postgres"

    @property
    def log(self) -> Path:
        return self.folder.with_suffix(".log")

    def _as_owner(self, *command: str, **options: object) -> subprocess.Popen[bytes]:
        """The server refuses to run as root: then it runs as the package's user."""
        if os.geteuid() == 0:
            command = ("runuser", "-u", "postgres", "--", *command)
        with self.log.open("ab") as log:
            return subprocess.Popen(command, stdout=log, stderr=log, **options)  # type: ignore[call-overload,no-any-return]

    def make(self) -> None:
        self.folder.mkdir(parents=True, exist_ok=True)
        if os.geteuid() == 0:
            shutil.chown(self.folder, "postgres")
        data = str(self.folder / "data")
        run = self._as_owner(
            str(self.programs / "initdb"), "-D", data, "-U", "clerk", "-A", "trust", "-E", "UTF8", "-N"
        )
        assert run.wait(120) == 0, "initdb failed"

    def start(self) -> None:
        """On a port that is free now: somebody else may have taken an earlier one in the meantime."""
        with socket.socket() as free:
            free.bind(("127.0.0.1", 0))
            self.port = free.getsockname()[1]
        # the system is never killed here, so what was written need not be on the disk: recovery is short on a busy one
        where = ["-k", str(self.folder), "-p", str(self.port), "-h", "127.0.0.1", "-c", "fsync=off"]
        self.process = self._as_owner(str(self.programs / "postgres"), "-D", str(self.folder / "data"), *where)
        for _ in range(1200):
            if self.process.poll() is not None:  # what was killed has not let go of its memory yet
                self.process = self._as_owner(str(self.programs / "postgres"), "-D", str(self.folder / "data"), *where)
            with contextlib.suppress(OSError), socket.create_connection(("127.0.0.1", self.port), 1):
                if self._answers():
                    return
            time.sleep(0.1)
        raise AssertionError(f"the PostgreSQL server did not start: {self.log.read_text()[-2000:]}")

    def _answers(self) -> bool:
        import psycopg

        try:
            with psycopg.connect(self.url, connect_timeout=5):
                return True
        except psycopg.Error:
            return False

    def kill(self) -> None:
        """As the power goes: no farewell, no clean end."""
        if self.process.poll() is not None:
            return
        pid = int((self.folder / "data" / "postmaster.pid").read_text().split()[0])
        children = subprocess.run(["pgrep", "-P", str(pid)], capture_output=True, text=True).stdout.split()
        for process in (pid, *map(int, children)):
            with contextlib.suppress(ProcessLookupError):
                os.kill(process, 9)
        self.process.wait(30)


@pytest.fixture(scope="session")
def server() -> Iterator[Server]:
    """A running server. In CI the package is expected; elsewhere a machine without it can't run these tests."""
    programs = binaries()
    if programs is None:
        if os.environ.get("CI"):
            pytest.fail("PostgreSQL is not installed: apt-get install postgresql")
        pytest.skip("no PostgreSQL server program on this machine (Debian: apt-get install postgresql)")
    # not in pytest's own folder, which every run anew shuts to the server's user
    with tempfile.TemporaryDirectory(prefix="policyengine-pg-", ignore_cleanup_errors=True) as folder:
        Path(folder).chmod(0o711)
        made = Server(Path(folder) / "server", programs)
        made.make()
        made.start()
        yield made
        made.kill()
