"""A kept law is used only where loading again would give the same; whatever else changes, it is loaded again."""

from __future__ import annotations

import errno
import json
import os
import pickle
from collections.abc import Callable
from pathlib import Path

import pytest

from policyengine.cache import keep_whole
from policyengine.diagnostics import PolicyError
from policyengine.messages import speak
from policyengine.packs import roots
from policyengine.tools.evaluate import kept, select
from policyengine.tools.evaluate.select import Law, load_law
from policyengine.tools.fmt import format_packs
from policyengine.tools.result import manifest
from tests.tools.world import write_world


@pytest.fixture
def loads(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> list[str]:
    """An empty cache, and the paths that were really loaded."""
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "cache"))
    monkeypatch.delenv(kept.OFF, raising=False)
    seen: list[str] = []
    real = select._load

    def load(path: str | Path) -> Law:
        seen.append(str(path))
        return real(path)

    monkeypatch.setattr(select, "_load", load)
    return seen


@pytest.fixture
def world(tmp_path: Path) -> Path:
    return write_world(tmp_path / "world")


@pytest.mark.parametrize("path", ["policies", "policies/shire", "policies/mill"])
def test_the_same_law(loads: list[str], world: Path, path: str) -> None:
    first = load_law(world / path)
    again = load_law(world / path)
    assert len(loads) == 1
    assert again == first
    assert [r.key for p in again.plans for r in p.rules()] == [r.key for p in first.plans for r in p.rules()]
    places = [[r.rule.span for p in law.plans for r in p.rules()] for law in (first, again)]
    assert places[0] == places[1]


def _write(path: Path, text: str) -> None:
    """Write a file so that not even its time of change tells."""
    before = path.stat() if path.exists() else None
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(text)
    if before is not None:
        os.utime(path, ns=(before.st_atime_ns, before.st_mtime_ns))


def _replace(path: Path, old: str, new: str) -> None:
    assert old in path.read_text()
    _write(path, path.read_text().replace(old, new))


CHANGES: dict[str, Callable[[Path], None]] = {
    "a figure": lambda w: _replace(w / "policies/shire/rules.yaml", "at least 90", "at least 95"),
    "a new rules file": lambda w: _write(
        w / "policies/shire/rules-more.yaml",
        "- id: more\n  cites: {source: act, at: art. 9}\n  rule: require professional at least 1 hours per year\n",
    ),
    "a word of the pack": lambda w: _replace(w / "policies/shire/pack.yaml", "自学成果", "自学笔记"),
    "a second base of that name": lambda w: _write(
        w / "policies/other/pack.yaml", (w / "policies/shire/pack.yaml").read_text()
    ),
    "the base gone": lambda w: (w / "policies/shire/pack.yaml").unlink(),
}


@pytest.mark.parametrize("change", CHANGES)
@pytest.mark.parametrize("path", ["policies", "policies/mill"])
def test_any_change_is_seen(loads: list[str], world: Path, path: str, change: str) -> None:
    load_law(world / path)
    CHANGES[change](world)
    try:
        load_law(world / path)
    except PolicyError:
        assert change in ("a second base of that name", "the base gone")
    assert len(loads) == 2


def test_a_pack_more_in_a_folder_of_packs(loads: list[str], world: Path) -> None:
    load_law(world / "policies")
    for name in ("pack.yaml", "rules.yaml"):
        text = (world / "policies/mill" / name).read_text().replace("mill", "farm")
        _write(world / "policies/farm" / name, text)
    assert len(load_law(world / "policies").policies) == 3
    assert len(loads) == 2


def test_remarks_are_kept_in_the_language_spoken(loads: list[str], world: Path) -> None:
    (world / "policies/shire/notes.yaml").write_text("a: b\n")  # a file that nobody reads is remarked on
    said = {}
    try:
        for language in ("en", "zh", "en", "zh"):
            speak(language)
            said.setdefault(language, []).append([d.message for d in load_law(world / "policies/shire").remarks])
    finally:
        speak("en")
    assert said["en"][0] == said["en"][1] != said["zh"][0] == said["zh"][1]
    assert len(loads) == 2


def test_another_version_of_the_program_loads_again(
    loads: list[str], world: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    load_law(world / "policies/shire")
    monkeypatch.setattr(kept, "__version__", "0.0.0")
    load_law(world / "policies/shire")
    assert len(loads) == 2


def test_switched_off_or_nowhere_to_keep(loads: list[str], world: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv(kept.OFF, "off")
    load_law(world / "policies/shire")
    load_law(world / "policies/shire")
    monkeypatch.delenv(kept.OFF)
    monkeypatch.setenv("XDG_CACHE_HOME", str(world / "records.csv"))
    load_law(world / "policies/shire")
    load_law(world / "policies/shire")
    assert len(loads) == 4


@pytest.mark.parametrize("home", [{"XDG_CACHE_HOME": "cache"}, {"XDG_CACHE_HOME": "~/cache"}, {}])
def test_nothing_is_kept_in_the_current_folder(
    home: dict[str, str], loads: list[str], world: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Whose home is not known has ``~`` for it: a folder of that name was made wherever a command was run."""
    monkeypatch.delenv("XDG_CACHE_HOME")
    for name, value in home.items():
        monkeypatch.setenv(name, value)
    monkeypatch.setattr(os.path, "expanduser", lambda path: path)
    monkeypatch.chdir(world)
    before = set(world.iterdir())
    load_law(world / "policies/shire")
    load_law(world / "policies/shire")
    assert (len(loads), set(world.iterdir())) == (2, before)


def test_a_file_that_can_not_be_read_any_more_keeps_nothing(
    loads: list[str], world: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A law that was loaded is one: removed since, or where the program's folder can't be listed, it is not kept."""

    def refused(*_: object) -> None:
        raise PermissionError(errno.EACCES, "denied")

    monkeypatch.setattr(os, "scandir", refused)
    assert [load_law(world / "policies/shire").policies[0].id for _ in range(2)] == ["shire", "shire"]
    assert len(loads) == 2


@pytest.mark.parametrize("step", ["write_bytes", "replace"])
def test_what_can_not_be_kept_leaves_nothing(
    step: str, loads: list[str], world: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The disk is full; on Windows, another process has the file open that is to be replaced."""

    def refused(place: Path, *content: bytes) -> None:
        if step == "write_bytes":
            place.touch()
        raise OSError(errno.ENOSPC, "full")

    load_law(world / "policies/mill")  # the grammar is kept
    file = kept._file(str(world / "policies/shire"))
    assert file is not None
    before = set(file.parent.iterdir())
    monkeypatch.setattr(*((Path, step) if step == "write_bytes" else (os, step)), refused)
    assert load_law(world / "policies/shire").policies[0].id == "shire"
    assert set(file.parent.iterdir()) == before


@pytest.mark.skipif(os.name != "posix", reason="links need no right here")
def test_what_is_kept_is_not_written_through_a_link_of_a_name_that_others_foresaw(tmp_path: Path) -> None:
    file, others = tmp_path / "a.law", tmp_path / "others"
    others.write_text("theirs")
    file.with_suffix(f".{os.getpid()}").symlink_to(others)
    keep_whole(file, b"ours")
    assert (file.read_bytes(), others.read_text()) == (b"ours", "theirs")


def test_what_lies_there_is_not_trusted(loads: list[str], world: Path) -> None:
    """Damaged, cut short, or made to run something: it is as if nothing were there."""
    path = str(world / "policies/shire")
    load_law(path)
    file = kept._file(path)
    assert file is not None
    good = file.read_bytes()
    head = good.partition(b"\n")[0]

    class Evil:
        def __reduce__(self) -> tuple[object, ...]:
            return os.mkdir, (str(world / "evil"),)

    import hashlib

    evil = pickle.dumps(Evil())
    signed = json.dumps({**json.loads(head), "sha256": hashlib.sha256(evil).hexdigest()}).encode()
    for bad in (b"", b"{}\n", good[:-10], good[:500] + b"x" + good[501:], signed + b"\n" + evil):
        file.write_bytes(bad)
        loads.clear()
        assert load_law(path).policies[0].id == "shire"
        assert len(loads) == 1
    assert not (world / "evil").exists()


@pytest.fixture
def crowd(world: Path) -> int:
    """Twenty more packs over the shire."""
    for number in range(20):
        place = world / "policies" / f"mill{number}"
        place.mkdir()
        text = (world / "policies/mill/pack.yaml").read_text(encoding="utf-8")
        (place / "pack.yaml").write_text(text.replace("pack: mill\n", f"pack: mill{number}\n"), encoding="utf-8")
        rules = (world / "policies/mill/rules.yaml").read_text(encoding="utf-8")
        (place / "rules.yaml").write_text(rules, encoding="utf-8")
    return 22


def test_a_pack_is_not_opened_for_every_other(
    loads: list[str], world: Path, crowd: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    opened: list[Path] = []
    id_of = roots.id_of
    monkeypatch.setattr(roots, "id_of", lambda folder: (opened.append(folder), id_of(folder))[1])
    policies = world / "policies"
    for work in (load_law, load_law, lambda path: format_packs([path])):
        opened.clear()
        work(policies)
        assert crowd <= len(opened) <= 2 * crowd  # once to load, and once to say what the law was made from
    assert len(loads) == 1


def test_a_rule_of_a_base_is_printed_once_for_all_packs_over_it(
    loads: list[str], world: Path, crowd: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    law = load_law(world / "policies")
    assert len(law.policies) == crowd
    printed: list[str] = []
    entry = manifest.rule_entry
    monkeypatch.setattr(manifest, "rule_entry", lambda rule, words: (printed.append(rule.key), entry(rule, words))[1])
    rules = manifest.rules_of(law.policies)
    assert sorted(printed) == [r["key"] for r in rules]
    shire = [r for r in rules if r["pack"] == "shire"]
    assert any(len(r["policies"]) == crowd for r in shire)
