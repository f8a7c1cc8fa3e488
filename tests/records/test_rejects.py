"""Rejects that stand in a file are those that were found, wherever they are looked at."""

from __future__ import annotations

from pathlib import Path

import pytest

from policyengine.records import rejects as module
from policyengine.records.model import Reject
from policyengine.records.rejects import Rejects

SLICES = [slice(None), slice(2, None), slice(3, None), slice(4, 5), slice(1, 6, 2), slice(7, None), slice(9, None),
          slice(5, 2), slice(-2, None)]  # fmt: skip


def _reject(n: int) -> Reject:
    return Reject(
        "登记.csv", None, n, None if n % 2 else "日期", "\ud800 ,\n" if n == 4 else str(n), "PE420", "why", "so"
    )


@pytest.mark.parametrize("kept", [False, True])
@pytest.mark.parametrize("count", [0, 1, 2, 3, 4, 6, 7, 8])
def test_they_are_as_a_list(count: int, kept: bool, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "AT_ONCE", 3)
    plain = [_reject(n) for n in range(count)]
    rejects = Rejects(tmp_path if kept else None)
    rejects.extend(plain)
    assert (tmp_path / "rejects").exists() == (kept and count >= 3)
    assert len(rejects) == count
    assert bool(rejects) == bool(count)
    assert list(rejects) == list(rejects) == plain
    for some in SLICES:
        assert rejects[some] == plain[some], some
    for at in range(-count, count):
        assert rejects[at] == plain[at]
    with pytest.raises(IndexError):
        rejects[count]


@pytest.mark.parametrize("kept", [False, True])
@pytest.mark.parametrize("left", [0, 1, 3, 7])
def test_some_are_dropped(left: int, kept: bool, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "AT_ONCE", 3)
    rejects = Rejects(tmp_path if kept else None)
    rejects.extend(_reject(n) for n in range(8))
    rejects.drop(lambda r: r.row >= left)
    rejects.extend(_reject(n) for n in range(8, 12))
    assert list(rejects) == [_reject(n) for n in (*range(left), *range(8, 12))]
    rejects.drop(lambda _: True, first=left)
    assert list(rejects) == [_reject(n) for n in range(left)]
