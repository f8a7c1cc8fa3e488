"""What lies on the workbench: the packs of a folder, files that were given, results made of them.

Everything that was given or made is in one temporary folder, which goes when the workbench is closed. Nothing that a
browser says is ever used as a path: packs are named by their ids, results by number, and of a file's name only the end
is kept.
"""

from __future__ import annotations

import os
import re
import shutil
from collections.abc import Sequence
from contextlib import chdir
from hashlib import sha256
from itertools import islice
from pathlib import Path
from threading import Lock
from typing import Any

from policyengine.diagnostics import Diagnostic, PolicyError
from policyengine.engines.reference import Periods
from policyengine.light import dataclass
from policyengine.messages import say
from policyengine.packs.document import read_document
from policyengine.packs.load import title_spoken
from policyengine.packs.roots import PACK_FILE, id_of, packs_under
from policyengine.packs.values import text_at
from policyengine.records.model import Reject
from policyengine.whole import whole_file

KINDS = {
    "records": ("records", "学习记录"), "persons": ("persons", "人员"), "circumstances": ("circumstances", "情形"),
    "mapping": ("mapping file", "对照文件"),
}  # fmt: skip
SHOWN = 200  # rejected cells on a page; the table has all
_BATCH = re.compile(r"[0-9a-f]{16}")
_UNFIT = re.compile(r'[\\/:*?"<>|\[\]\x00-\x1f\x7f]')  # no name of a file has these everywhere, or they are wildcards
_PIECE = 1 << 20


@dataclass(frozen=True, slots=True)
class PackName:
    """A pack of the folder, as lists show it."""

    id: str
    title: str
    level: str
    authority: str
    folder: Path


@dataclass(frozen=True, slots=True)
class Judged:
    """A result. ``summary``: its lines; ``rejects``: the first ``SHOWN`` of ``rejected`` cells; ``files``: what was
    given, by kind."""

    number: int
    title: str
    files: tuple[tuple[str, str], ...]
    summary: tuple[str, ...]
    remarks: tuple[Diagnostic, ...]
    rejects: tuple[Reject, ...]
    rejected: int
    folder: Path


class Desk:
    """One workbench. Whatever judges or reads results does so for one request at a time, in the folder of the files
    (``one_at_a_time``, ``chdir``): so results and messages name a file as the person knows it."""

    def __init__(self, policies: Path, folder: Path):
        self.policies, self.folder = policies.absolute(), folder
        self.results: list[Judged] = []
        self.judging = "", 0.0  # the files in hand, and the share of them that is done
        self.one_at_a_time = Lock()

    # --- packs ------------------------------------------------------------------------------------------------------

    def packs(self) -> list[PackName]:
        """The packs that can be named: those whose pack.yaml has an id, each id once."""
        found: dict[str, PackName] = {}
        for folder in packs_under(self.policies):
            name = id_of(folder)
            document, _ = read_document(folder / PACK_FILE)
            root = document.root if document is not None else None
            title = title_spoken(root) if root is not None else ""
            if name is not None:
                found.setdefault(
                    name, PackName(name, title, text_at(root, "level"), text_at(root, "authority"), folder)
                )
        return list(found.values())

    def pack(self, name: str) -> PackName | None:
        return next((p for p in self.packs() if p.id == name), None)

    # --- files ------------------------------------------------------------------------------------------------------

    def receive(self, batch: str, kind: str, name: str, content: Any, length: int) -> None:
        """Keep a file that the browser sends: so many bytes of ``content``.

        Raises ``PolicyError`` (PE940) where it can't be one of ours.
        """
        if _BATCH.fullmatch(batch) is None or kind not in KINDS:
            raise unusable(say("this is no file of the form", "这不是表单中的文件"))
        target = self._place(batch, kind) / _name(name)
        target.parent.mkdir(parents=True, exist_ok=True)
        if target.exists() or (kind != "records" and any(target.parent.iterdir())):
            raise unusable(
                say(
                    f"a file {target.name} was given twice, or two of one name",
                    f"文件 {target.name} 给出了两次，或有两个同名文件",
                )
            )
        with whole_file(target) as path, path.open("wb") as stream:
            while length > 0:
                piece = content.read(min(length, _PIECE))
                if not piece:
                    raise unusable(say("the file did not arrive whole", "文件没有完整到达"))
                stream.write(piece)
                length -= len(piece)

    def given(self, batch: str) -> dict[str, list[Path]]:
        """The files of a form, by kind, each by its name."""
        if _BATCH.fullmatch(batch) is None:
            return {}
        places = {kind: self._place(batch, kind) for kind in KINDS}
        return {kind: sorted(place.iterdir()) for kind, place in places.items() if place.is_dir()}

    def share_of(self, batch: str) -> float | None:
        """How much of the files of a form is judged; None while they wait for what was asked before."""
        name, share = self.judging
        return share if name == batch else None

    def forget(self, batch: str) -> None:
        """Remove the files of a form that came to nothing."""
        if _BATCH.fullmatch(batch) is not None:
            shutil.rmtree(self.folder / batch, ignore_errors=True)

    def _place(self, batch: str, kind: str) -> Path:
        return self.folder / batch / kind

    # --- judging ----------------------------------------------------------------------------------------------------

    def judge(self, batch: str, policy: str, periods: Periods | None) -> Judged:
        """Judge the files of a form by a pack, or (``policy`` empty) each person by the pack that applies to them.

        Raises ``PolicyError`` as ``evaluate`` does, PE940 where there is no such pack or nothing to judge.
        """
        from policyengine.tools.evaluate.evaluate import Files
        from policyengine.tools.evaluate.into import evaluate_into
        from policyengine.tools.evaluate.select import load_law
        from policyengine.tools.result.result import Wish
        from policyengine.tools.result.summary import summary_lines

        files = self.given(batch)
        if not files.get("records"):
            raise unusable(say("no records were given", "没有给出学习记录"))
        pack = self.pack(policy) if policy else None
        if policy and pack is None:
            raise unusable(say(f"there is no pack {policy}", f"没有政策包 {policy}"))
        law = load_law(str(pack.folder if pack else self.policies))
        remarks: tuple[Diagnostic, ...] = ()
        unread: tuple[Reject, ...] = ()
        rejected = 0

        def read(rejects: Sequence[Reject], told: tuple[Diagnostic, ...]) -> None:
            nonlocal remarks, unread, rejected
            remarks, unread, rejected = told, tuple(islice(rejects, SHOWN)), len(rejects)

        def heard(share: float | None, step: str) -> None:
            self.judging = batch, share or 0.0

        made = self.folder / batch
        inside = {kind: [str(p.relative_to(made)) for p in paths] for kind, paths in files.items()}
        asked = Files(tuple(inside.pop("records")), **{kind: paths[0] for kind, paths in inside.items() if paths})
        with chdir(made):
            tally = evaluate_into(law, asked, "result", Wish(), periods, read=read, progress=heard)
        judged = Judged(
            len(self.results) + 1,
            pack.title if pack else say("each by the pack that applies", "各按所适用的政策包"),
            tuple((kind, p.name) for kind, paths in files.items() for p in paths),
            tuple(summary_lines(tally)),
            remarks,
            unread,
            rejected,
            made / "result",
        )
        self.results.append(judged)
        return judged

    def result(self, number: int) -> Judged | None:
        return self.results[number - 1] if 0 < number <= len(self.results) else None


def _name(name: str) -> str:
    """The last part of a file's name, without what a file can't be called. What is cut is told apart by some digits of
    the whole: months of one register may differ only in the end of a long name."""
    last = re.split(r"[\\/]", name)[-1]
    plain = _UNFIT.sub("_", last).strip(" .") or "file"
    stem, suffix = os.path.splitext(plain)
    if len(stem) > 60 or len(suffix) > 10:  # a name has 255 bytes at most, a character of it up to four
        return f"{stem[:51]}~{sha256(plain.encode()).hexdigest()[:8]}{suffix[:10]}"
    return plain


def unusable(text: str) -> PolicyError:
    """PE940: the browser asked for what the workbench can't do."""
    return PolicyError([Diagnostic("PE940", text, hint=say("reload the page and try again", "请刷新页面后重试"))])
