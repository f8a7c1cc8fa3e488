"""How far long work is: what each command tells, where it is shown, and that nothing of it stays."""

from __future__ import annotations

import io
from collections.abc import Callable, Iterator
from contextlib import redirect_stderr
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest

from policyengine.cli import bar, main
from policyengine.messages import speak
from policyengine.progress import counted, heard_by, hearer, told
from tests.cli.conftest import Run

POLICY = Path("policies") / "shire"


class Terminal(io.StringIO):
    """What a person looks at."""

    def isatty(self) -> bool:
        return True


class Drawn:
    """In the place of what draws: every stage and percentage that it is told."""

    def __init__(self) -> None:
        self.tasks = [SimpleNamespace(start_time=0.0, completed=0.0, total=None)]
        self.told: list[tuple[str, str]] = []
        self.shown = False

    def add_task(self, _: str) -> None:
        pass

    def reset(self, _: int) -> None:
        self.tasks[0].completed = 0.0

    def update(self, _: int, *, completed: float, description: str, percent: str) -> None:
        self.tasks[0].completed = completed
        self.told.append((description, percent))

    def start(self) -> None:
        self.shown = True

    def stop(self) -> None:
        self.shown = False

    @property
    def stages(self) -> list[str]:
        return list(dict.fromkeys(stage for stage, _ in self.told))


@pytest.fixture
def terminal(monkeypatch: pytest.MonkeyPatch) -> Iterator[Terminal]:
    """A terminal to be put in the place of stderr, where no moment passes before something is shown."""
    monkeypatch.setenv("TERM", "xterm")
    monkeypatch.setenv("COLUMNS", "100")
    monkeypatch.delenv("NO_COLOR", raising=False)
    for name in ("LC_ALL", "LC_MESSAGES", "LANG"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setattr(bar, "MOMENT", 0.0)
    monkeypatch.setattr(bar, "OFTEN", 0.0)
    yield Terminal()
    speak("en")


@pytest.fixture
def drawn(terminal: Terminal, monkeypatch: pytest.MonkeyPatch) -> Drawn:
    one = Drawn()
    monkeypatch.setattr(bar, "_drawn", lambda _: one)
    return one


def command(stderr: io.StringIO, *arguments: object) -> int:
    """Run one command line with this stderr; its exit code."""
    with redirect_stderr(stderr), pytest.raises(SystemExit) as ended:
        main([str(a) for a in arguments])
    return int(ended.value.code or 0)


@pytest.fixture
def large(world: Path) -> Path:
    """Records of more than what is read at once."""
    path = world / "large.csv"
    rows = (f"R{n},P{n // 8},2016-05-04,training,public,{'x' * 40},10,hours,E1\n" for n in range(16_000))
    path.write_text("record_id,person_id,date,form,subject,title,quantity,unit,evidence\n" + "".join(rows), "utf-8")
    return path


@pytest.fixture
def out(run: Run, world: Path) -> Path:
    path = world / "out"
    done = run("evaluate", world / "records.csv", "--policy", world / POLICY, "--out", path, "--engine", "reference")
    assert done.code == 0
    return path


READ = ["checking that nothing was changed", "reading files", "reading the result's tables"]
COMMANDS: list[tuple[str, list[str]]] = [
    ("verify {out}", ["counting decisions.csv", "counting ledger.csv", "comparing the tables"]),
    ("stats {out} --out {to}/s.json", [*READ, "making the statistical tables"]),
    ("stats {out} --by form", [*READ, "making the statistical tables"]),
    ("report {out} --out {to}/r.html", [*READ, "making the statistical tables", "putting the ledger in order",
                                        "writing people"]),
    ("report {out} --out {to}/r.xlsx", ["writing people"]),
    ("report {out} --certificates --out {to}/c.html", ["writing people"]),
    ("publish {out} --to {to}/s.duckdb", [*READ, "making the statistical tables", "writing the database's tables",
                                          "seeing whom other results decide about"]),
    ("explain {large} --policy {policy} --person P1", ["reading large.csv"]),
    ("inspect {large} --policy {policy}", ["reading large.csv"]),
    ("diff {policies} {policies} --policy shire --records {large}", ["reading large.csv", "judging by OLD",
                                                                     "judging by NEW"]),
    ("test {policy} --mutate", ["trying changes"]),
    ("evaluate {large} --policy {policy} --engine reference", ["reading large.csv", "judging"]),
    ("verify {out} --lang zh", ["清点 ledger.csv", "核对各表"]),
]  # fmt: skip


@pytest.mark.parametrize(("line", "stages"), COMMANDS, ids=[line for line, _ in COMMANDS])
def test_what_a_command_tells(
    line: str, stages: list[str], drawn: Drawn, out: Path, large: Path, world: Path, tmp_path: Path, terminal: Terminal
) -> None:
    places = {"out": out, "to": tmp_path, "large": large, "policy": world / POLICY, "policies": world / "policies"}
    assert command(terminal, *(word.format(**places) for word in line.split())) == 0
    assert [s for s in stages if s not in drawn.stages] == []
    assert all(percent in ("", *(f"{n} %" for n in range(100))) for _, percent in drawn.told)
    assert not drawn.shown


def test_bytes_that_were_read_of_those_there_are(drawn: Drawn, large: Path, world: Path, terminal: Terminal) -> None:
    """16,000 lines, of which each word is 512 further: 3.2 % of the file."""
    command(terminal, "explain", large, "--policy", world / POLICY, "--person", "P1", "--period", "2016")
    percents = [int(p.removesuffix(" %")) for stage, p in drawn.told if stage == "reading large.csv"]
    assert len(percents) == 16_000 // 512
    assert percents == sorted(percents)
    assert all(abs(p - 3.2 * n) < 2 for n, p in enumerate(percents, 1))


def test_a_bar_is_drawn_and_gone_before_what_is_said(terminal: Terminal, out: Path) -> None:
    assert command(terminal, "verify", out) == 0
    drawing, said = terminal.getvalue().rsplit("\x1b[2K", 1)
    assert "comparing the records" in drawing
    assert said == f"{out}: sound\n"


def _interrupted() -> None:
    with bar.progress():
        told(0.5, "reading [/b] {x}.csv")  # a name of a file that what draws could take for its own words
        raise KeyboardInterrupt


def test_a_bar_is_gone_when_the_work_fails(terminal: Terminal) -> None:
    with redirect_stderr(terminal), pytest.raises(KeyboardInterrupt):
        _interrupted()
    drawing, rest = terminal.getvalue().rsplit("\x1b[2K", 1)
    assert "reading [/b] {x}.csv" in drawing
    assert "50 %" in drawing
    assert rest == ""
    assert hearer() is None


def _never(_: bool) -> Any:
    raise AssertionError("there is nothing to draw")


@pytest.mark.parametrize(
    ("moment", "settings", "stream"),
    [
        (60.0, {}, Terminal),  # short work
        (0.0, {"NO_COLOR": "1"}, Terminal),
        (0.0, {"TERM": "dumb"}, Terminal),
        (0.0, {}, io.StringIO),  # a pipe or a log
    ],
)
def test_where_nothing_is_shown(
    moment: float, settings: dict[str, str], stream: Callable[[], io.StringIO], terminal: Terminal, out: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:  # fmt: skip
    for name, value in settings.items():
        monkeypatch.setenv(name, value)
    shown = stream()
    monkeypatch.setattr(bar, "MOMENT", moment)
    monkeypatch.setattr(bar, "_drawn", _never)
    assert command(shown, "verify", out) == 0
    assert shown.getvalue() == f"{out}: sound\n"


def test_what_goes_to_stdout_stays_there(terminal: Terminal, capsys: pytest.CaptureFixture[str]) -> None:
    with redirect_stderr(terminal), bar.progress():
        told(None, "reading")
        print("data")
    assert capsys.readouterr().out == "data\n"


COUNTED: list[tuple[int, object, int, list[float | None]]] = [
    # items, how many there are said to be, every how manyth is told: the shares
    (4, 4, 1, [0, 0.25, 0.5, 0.75]),
    (4, 4, 3, [0, 0.75]),
    (4, 2, 1, [0, 0.5, 1, None]),  # there are more than the manifest says: no share is known
    (2, None, 1, [None, None]),
    (2, "2", 1, [None, None]),
    (2, 0, 1, [None, None]),
    (0, 0, 1, []),
]


@pytest.mark.parametrize(("items", "total", "every", "shares"), COUNTED)
def test_shares(items: int, total: object, every: int, shares: list[float | None]) -> None:
    heard: list[float | None] = []
    with heard_by(lambda share, _: heard.append(share)):
        assert list(counted(range(items), total, "rows", every=every)) == list(range(items))
    assert heard == shares


def test_nobody_hears() -> None:
    told(0.5, "rows")
    assert list(counted(range(3), 3, "rows")) == [0, 1, 2]
