"""The columns that a file was found to have in; whether it is a file of another kind, in the place of one, out."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

from policyengine.diagnostics import Diagnostic
from policyengine.messages import say
from policyengine.records.raw import RawTable
from policyengine.records.schema import PURPOSES, PURPOSES_ZH

if TYPE_CHECKING:
    from policyengine.records.header import Headers

_WHO = frozenset(("record_id", "person_id"))
_WHO_AND_WHEN = _WHO | {"date", "start", "end"}


def misplaced(table: RawTable, names: Sequence[str], own: set[str], number: int, headers: Headers) -> list[Diagnostic]:
    """An error for a file of persons that says nothing but who, or one of circumstances that says nothing of them; and
    for one of records that says nothing but who and when, where it says which circumstance that is, or nothing but who,
    where it says more of that."""
    from policyengine.records.header import Headers

    if headers.purpose == "persons":
        mute = own == {"person_id"} and sum(map(bool, names)) > 1
    elif headers.purpose == "circumstances":
        mute = "kind" not in own
    else:
        mute = own <= _WHO_AND_WHEN and "kind" in Headers(headers.schema, "circumstances").known(names)
        mute = mute or (own <= _WHO and not Headers(headers.schema, "persons").known(names) <= _WHO)
    if not mute:
        return []
    others = [p for p in PURPOSES if p != headers.purpose]
    known = {p: len(Headers(headers.schema, p).known(names) - {"person_id"}) for p in others}
    likely = max(others, key=lambda p: known[p])
    wanted = [d.zh or d.id for d in headers.fields.values() if d.id != "person_id"]
    own_zh = PURPOSES_ZH[headers.purpose]
    text = say(
        f"given as the file of {headers.purpose}, but no column tells anything of them",
        f"作为{own_zh}文件给出，但没有一列说明{own_zh}",
    )
    if known[likely]:
        text += say(f"; it looks like the file of {likely}", f"；看起来是{PURPOSES_ZH[likely]}文件")
    hint = say(
        f"name the right file with --{headers.purpose} (columns: {', '.join(wanted)}), or map its columns",
        f"请用 --{headers.purpose} 指定正确的文件（列：{'、'.join(wanted)}），或在对照文件中指明各列",
    )
    if headers.purpose == "records":
        hint = say(
            f"name it with --{likely} (inspect: --as {likely}), and the file of records first",
            f"{PURPOSES_ZH[likely]}文件请用 --{likely} 给出（inspect 用 --as {likely}），学习记录文件写在前面",
        )
    return [Diagnostic("PE446", text, table.span(number), hint=hint)]
