"""A place in a pack and a new name in, what changes in which files out; or the sentence that says why it can't.

Nothing is changed on trust: the packs are read again with the new name, and must have no mistake, and name the same
things in the same places, but for the one that is called otherwise now.
"""

from __future__ import annotations

import os
from collections.abc import Iterable, Mapping
from pathlib import Path

from policyengine.diagnostics import Diagnostic, Replacement, Span, failed, replaced
from policyengine.language.names import kind_name
from policyengine.light import dataclass
from policyengine.lsp.library import Library, folder_of
from policyengine.lsp.mentions import Mention, Thing, mentioned_at, mentions
from policyengine.messages import say
from policyengine.packs.document import held
from policyengine.packs.policies import load_policies
from policyengine.packs.roots import root_of
from policyengine.tools.check import of_policy

_OF_RECORDS = ("term", "field")


class Refused(Exception):
    """Why something can't be called otherwise, for people."""


@dataclass(frozen=True, slots=True)
class Name:
    """What stands at a place: the thing, the name of it that is written there, and where."""

    mention: Mention
    every: tuple[Mention, ...]
    root: Path

    @property
    def changed(self) -> list[Mention]:
        """Where it is called so."""
        mine = self.mention
        return [m for m in self.every if (m.thing, m.name) == (mine.thing, mine.name)]


def name_at(file: Path, texts: Mapping[str, bytes], library: Library, line: int, column: int) -> Name | None:
    """The name at a place of a pack's file; None where there is none. ``texts``: of unsaved files, by real path."""
    folder = folder_of(file)
    if folder is None:
        return None
    root = root_of(folder)
    with held(texts):
        every = tuple(mentions(root, library))
    here = mentioned_at(every, file, line, column)
    if not here:
        return None
    if len({m.thing for m in here}) > 1:
        kinds = say(" or ", "或").join(dict.fromkeys(kind_name(m.thing[0]) for m in here))
        raise Refused(say(f"“{here[0].written}” can be a {kinds} here", f"此处的“{here[0].written}”可以是{kinds}"))
    kind, name = here[0].thing
    if kind in _OF_RECORDS:
        raise Refused(
            say(
                f"{name} is what files of records and persons say: give it the new name in pack.yaml (zh: …), and keep"
                f" the old one under aliases",
                f"{name} 是学习记录和人员文件中的写法：请在 pack.yaml 中写新名称（zh: …），并把旧名称留在 aliases 中",
            )
        )
    return Name(here[0], every, root)


def renamed(name: Name, new: str, texts: Mapping[str, bytes], library: Library) -> list[Replacement]:
    """What to write where, in all files. Raises ``Refused``."""
    new, root = new.strip(), name.root
    places: dict[Span, Replacement] = {}
    for m in name.changed:
        instead = m.instead(new) if new else None
        if instead is None:
            raise Refused(
                say(f"“{new}” can't be written at {m.span}: letters, figures, - and _, without other signs",
                    f"无法在 {m.span} 写“{new}”：名称只用文字、数字、- 和 _，不含其他符号")
            )  # fmt: skip
        places[m.span] = instead
    with held(texts):
        before = _wrong(root)
    if before is not None:
        raise Refused(
            say(f"mend this first, {before.span}: {before.message}", f"请先改正 {before.span}：{before.message}")
        )
    documents = {m.document.file: m.document.text for m in name.changed}
    for instead in sorted(places.values(), key=lambda r: (r.span.line, r.span.column), reverse=True):
        documents[instead.span.file] = replaced(documents[instead.span.file], instead)
    after = {**texts, **{os.path.realpath(file): text.encode() for file, text in documents.items()}}
    with held(after):
        wrong = _wrong(root)
        if wrong is not None:
            raise Refused(f"{wrong.code} {wrong.span}: {wrong.message}")
        now = tuple(mentions(root, library))
    _same(name, new, now)
    return list(places.values())


def _wrong(root: Path) -> Diagnostic | None:
    """The first mistake of the packs."""
    policies, said = load_policies(root)
    found: Iterable[Diagnostic] = (*said, *(d for policy in policies for d in of_policy(policy)))
    return next((d for d in found if failed([d])), None)


def _same(name: Name, new: str, now: tuple[Mention, ...]) -> None:
    """Refuses where some place would name something else than before."""
    kind, old = name.mention.thing
    pack, _, id_ = old.partition("/")
    own = name.mention.name == id_.replace("_", " ")
    other: Thing = (kind, f"{pack}/{new}") if own else name.mention.thing
    if own and other != name.mention.thing and any(m.thing == other for m in name.every):
        raise Refused(say(f"there is a {_kind(kind)} {other[1]} already", f"已有{_kind(kind)} {other[1]}"))
    wanted = [other if m.thing == name.mention.thing else m.thing for m in name.every]
    for was, thing, m in zip(name.every, wanted, now, strict=False):
        if m.thing != thing:
            raise Refused(
                say(f"“{m.written}” at {was.span} would then mean {m.thing[1]}",
                    f"{was.span} 处的“{m.written}”就会指 {m.thing[1]}")
            )  # fmt: skip
    if len(now) != len(wanted):
        raise Refused(say(f"with “{new}” rules would be read otherwise", f"写作“{new}”，规则的读法会改变"))


def _kind(kind: str) -> str:
    if kind == "rule":
        return say("rule", "规则")
    return say("document of law", "文件") if kind == "source" else kind_name(kind)
