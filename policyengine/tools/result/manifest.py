"""What a result was made from: policies, inputs and options go in, the manifest of the result comes out.

It holds every rule version with its text, citation, file and line, so that a result can be read without its packs.
No clock: the same inputs and policies give the same manifest.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from policyengine import __version__
from policyengine.language import tree
from policyengine.language.printer import print_statement
from policyengine.language.references import looks_back, requirements_asked
from policyengine.language.vocabulary import Vocabulary
from policyengine.packs.model import Governing, Pack, Policy, Rule
from policyengine.plan.model import Plan
from policyengine.plan.names import RuleNames, unwrapped
from policyengine.records.files import STDIN, find_files
from policyengine.tools.explain.case import labels_of, note_of
from policyengine.tools.result.tally import Tally
from policyengine.tools.result.write import FORM, MARK


def manifest_of(
    policies: Sequence[Policy],
    plans: Sequence[Plan],
    tally: Tally,
    roles: Mapping[str, Sequence[str]],
    engine: str,
    options: Mapping[str, Any],
) -> dict[str, Any]:
    """The manifest without the part on tables. ``roles``: records, persons, circumstances → the files named."""
    return {
        MARK: FORM,
        "engine": {"name": engine, "version": __version__},
        "options": dict(options),
        "rows": {"in": tally.rows, "records": tally.records, "rejected": tally.rejected, "persons": tally.people},
        "outcomes": tally.outcomes,
        # what an office should look at: records that count nothing for want of a rule, people without a policy, notes
        "warnings": {**tally.reasons, **({"notes": list(tally.notes)} if tally.notes else {})},
        "inputs": _inputs(tally.digests, roles),
        "policies": [_policy(policy, plan) for policy, plan in zip(policies, plans, strict=True)],
        "packs": [_pack(p) for p in {p.id: p for policy in policies for p in policy.packs}.values()],
        "rules": rules_of(policies),
    }


def _inputs(digests: Mapping[str, str], roles: Mapping[str, Sequence[str]]) -> list[dict[str, str]]:
    """Each file in every role that it was given in: one workbook may have records, persons and circumstances."""
    files = {role: _files(names) for role, names in roles.items()}
    return [
        {"role": role, "file": file, "sha256": sha}
        for file, sha in sorted(digests.items())
        for role in [r for r, given in files.items() if file in given] or ["records"]
    ]


def _files(names: Sequence[str]) -> set[str]:
    """The files that are named, also as a folder or by a pattern, as messages name them."""
    streamed = {STDIN} if "-" in names else set()
    return {*names, *streamed, *(s.shown for name in names if name != "-" for s in find_files([name])[0])}


def _policy(policy: Policy, plan: Plan) -> dict[str, Any]:
    return {
        "id": policy.id,
        "packs": [p.id for p in policy.packs],
        "unit": plan.unit,
        "year_starts": f"{plan.year_start[0]:02}-{plan.year_start[1]:02}",
        "sha256": policy.digest,
        "labels": labels_of(policy.vocabulary),
    }


def _pack(pack: Pack) -> dict[str, Any]:
    return {
        "id": pack.id,
        "title": dict(pack.title),
        "level": pack.level,
        "authority": pack.authority,
        "folder": pack.folder,
        "sha256": pack.digest,
    }


def rules_of(policies: Iterable[Policy]) -> list[dict[str, Any]]:
    """Every rule version that governs under some policy, or is overridden or dropped by one of its rules, by key."""
    found: dict[str, dict[str, Any]] = {}
    for policy in policies:
        names = RuleNames.of(policy)
        for laid in policy.laid:
            for rule in (laid.rule, *laid.over):
                if rule.key not in found:  # a base's rules are those of every policy over it
                    found[rule.key] = {**rule_entry(rule, policy.vocabulary), **_asks(rule, names), "policies": []}
                entry = found[rule.key]
                if policy.id not in entry["policies"]:
                    entry["policies"].append(policy.id)
            over = [r.key for r in laid.over]
            if not isinstance(laid, Governing):
                found[laid.rule.key]["drops"] = over
            elif over:
                found[laid.rule.key] |= {"overrides": over, "stricter_governs": laid.keeps_stricter}
    return [found[key] for key in sorted(found)]


def _asks(rule: Rule, names: RuleNames) -> dict[str, Any]:
    """The requirements that a conclusion names, and how many years or cycles it looks at, of the period or of one of
    them."""
    when = unwrapped(rule).when
    asked = requirements_asked(when)
    found = sorted({names.find(test.rule, rule.pack) or test.rule for test in asked if test.rule})
    back = [
        {
            "cycles" if one.cycles else "years": one.many,
            "of": one.rule and (names.find(one.rule, rule.pack) or one.rule),
        }
        for one in looks_back(when)
    ]
    return {**({"asks": found} if found else {}), **({"looks_back": back} if back else {})}


def rule_entry(rule: Rule, vocabulary: Vocabulary) -> dict[str, Any]:
    """One rule version: its text as written and on both surfaces, what it cites, and where it stands."""
    note, before = note_of(rule, vocabulary), _years_before(unwrapped(rule))
    return {
        "key": rule.key,
        "pack": rule.pack,
        "id": rule.id,
        "kind": note.kind,
        "name": note.concludes,
        "text": rule.text,
        "zh": print_statement(rule.statement, vocabulary, "zh"),
        "en": print_statement(rule.statement, vocabulary, "en"),
        "cites": {
            "source": rule.cites.source,
            "title": rule.cites.title,
            "number": rule.cites.number,
            "at": rule.cites.at,
        },
        "said": note.said,
        "about": list(note.about) if note.about is not None else None,
        **({"block": list(note.block)} if note.block is not None else {}),
        **({"years_before": before} if before else {}),
        "confidence": rule.confidence,
        "from": rule.start.isoformat() if rule.start else None,
        "until": rule.until.isoformat() if rule.until else None,
        "change": rule.change,
        "file": rule.span.file if rule.span else None,
        "line": rule.span.line if rule.span else None,
    }


def _years_before(statement: tree.Statement) -> int:
    """How many years before its own the window of a requirement or a cap may reach."""
    match getattr(statement, "window", None):
        case tree.AnyYears(count=count):
            return count - 1
        case tree.Within(months=months):
            return -(-months // 12)
    return 0
