"""An evaluation and a secret key go in, the same evaluation comes out with persons' ids made unrecognisable.

The same person has the same pseudonym wherever the same key is used (HMAC-SHA256), so years join. What rejected
rows held is left out: it may be a name or an id in a form that nobody could read. So is what warnings show of ids: the
first and last characters of one or two people's, beside the pseudonyms of few, may tell who they are.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

from policyengine.diagnostics import Diagnostic, PolicyError, Span
from policyengine.messages import say
from policyengine.records.model import Reject
from policyengine.records.personal import pseudonymiser
from policyengine.tools.evaluate.evaluate import TABLES, Evaluation
from policyengine.trace import Result

_NUMBERS = re.compile(r"\d{17}[\dXx]|\d{15}")  # identity numbers within a text
_MASKED = re.compile(r"[^\s,、：(（]*\*[^\s,、(（]*")  # ids as messages show them: 510101********0016


def pseudonymised(evaluation: Evaluation, key_file: str | Path) -> Evaluation:
    """The evaluation with pseudonyms. Raises ``PolicyError`` PE565 where the key has fewer than 16 bytes."""
    hide = _hiding(key_file)
    inputs = evaluation.inputs
    result = Result(*(_renamed(rows(evaluation.result), hide) for rows in TABLES))
    persons = {hide(i): replace(p, person_id=hide(i), facts=_facts(p.facts, hide)) for i, p in inputs.persons.items()}
    rejects = tuple(_hidden(r, hide) for r in inputs.rejects)
    warnings = tuple(_MASKED.sub("…", _NUMBERS.sub(lambda m: hide(m[0]), w)) for w in inputs.warnings)
    shown = replace(inputs, persons=persons, rejects=rejects, warnings=warnings)
    return replace(evaluation, result=result, inputs=shown, pseudonymised=True)


def _hiding(key_file: str | Path) -> Callable[[str], str]:
    try:
        return pseudonymiser(Path(key_file).read_bytes().strip())
    except ValueError:
        text = say("the key is too short: at least 16 bytes are needed", "密钥过短：至少需要 16 字节")
        hint = "openssl rand -hex 32 > pseudonyms.key"
        raise PolicyError([Diagnostic("PE565", text, Span(str(key_file)), hint)]) from None


def _renamed(rows: tuple[Any, ...], hide: Callable[[str], str]) -> Any:
    """The rows with pseudonyms, in their order; that of persons is the order of pseudonyms."""
    names = {row.person_id: hide(row.person_id) for row in rows}
    return tuple(sorted((replace(r, person_id=names[r.person_id]) for r in rows), key=lambda r: r.person_id))


def _facts(facts: Any, hide: Callable[[str], str]) -> dict[str, Any]:
    kept = {k: v for k, v in facts.items() if k != "name"}
    return {**kept, "person_id": hide(kept["person_id"])} if "person_id" in kept else kept


def _hidden(reject: Reject, hide: Callable[[str], str]) -> Reject:
    def clean(text: str) -> str:
        if reject.value and len(reject.value) > 1:
            text = text.replace(reject.value, "…")
        return _NUMBERS.sub(lambda m: hide(m[0]), text)

    return replace(
        reject, value=None, reason=clean(reject.reason), reason_zh=clean(reject.reason_zh), hint=clean(reject.hint),
        hint_zh=clean(reject.hint_zh), record_id=clean(reject.record_id) if reject.record_id else reject.record_id,
    )  # fmt: skip
