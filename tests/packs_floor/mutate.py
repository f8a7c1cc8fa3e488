"""Damages packs and rule texts at random and checks them: nothing may crash or hang, and every mistake has its place.

python -m tests.packs_floor.mutate 600        # for ten minutes; prints every file that does, and keeps it
"""

from __future__ import annotations

import random
import shutil
import sys
import tempfile
import time
from pathlib import Path

from policyengine.diagnostics import PolicyError, human
from policyengine.language.parser import TextPlace, parse_condition, parse_statement
from policyengine.packs.policies import load_policies
from policyengine.tools.check import of_policy

POLICIES = Path(__file__).parents[2] / "policies"
PIECES = [
    ": ", "- ", "{", "}", "[", "]", '"', "'", "null", "~", "\n", "  ", "&a ", "*a", "!x ", "|\n", ">-\n", "#", ",",
    "、", "；", "0", "999999999999", "-1", "2016-02-30", "1e9", "true", "id: ", "rule: ", "当 ", "（", "/0", "%", "@",
    "\t", "不少于", "at least", "每年", "per", "and", "not", "unknown", "未知", "\u202e", "\0",
]  # fmt: skip
SLOW = 30  # seconds that nothing may take


def mutated(data: bytes, rng: random.Random) -> bytes:
    """``data`` with a few random changes: stretches cut, doubled, or replaced by pieces of YAML and of the language."""
    found = bytearray(data)
    for _ in range(rng.randint(1, 4)):
        at = rng.randrange(len(found) + 1)
        match rng.randrange(5):
            case 0:
                del found[at : at + rng.randint(1, 20)]
            case 1:
                found[at:at] = rng.choice(PIECES).encode()
            case 2:
                found[at : at + rng.randint(1, 6)] = rng.choice(PIECES).encode()
            case 3 if found:
                found[at % len(found)] ^= 1 << rng.randrange(8)
            case _:
                other = rng.randrange(len(found) + 1)
                found[at:at] = found[other : other + rng.randint(1, 80)]
    return bytes(found)


def _check_packs(folder: Path) -> None:
    try:
        policies, said = load_policies(folder)
        for d in said:
            human(d)
        for policy in policies:
            for d in of_policy(policy):
                human(d)
    except PolicyError as e:
        for d in e.diagnostics:
            human(d)


def main(seconds: float, seed: int = 2016) -> int:
    """How many packs and texts were not survived within the time, half of it for each."""
    rng = random.Random(seed)
    kept = Path(tempfile.mkdtemp(prefix="survivors-"))
    folder = kept / "policies"
    shutil.copytree(POLICIES, folder)
    files = sorted(p for p in folder.rglob("*") if p.suffix in (".yaml", ".csv") and "tests" not in p.parts)
    policies, _ = load_policies(POLICIES)
    rules = [(g.rule.text, p.vocabulary) for p in policies for g in p.governing]
    packs, texts, bad = 0, 0, 0
    start = time.monotonic()
    while (now := time.monotonic() - start) < seconds:
        of_packs = now < seconds / 2
        begun = time.monotonic()
        try:
            if of_packs:
                packs += 1
                path = rng.choice(files)
                before = path.read_bytes()
                data = mutated(before, rng)
                path.write_bytes(data)
                _check_packs(folder)
                path.write_bytes(before)
            else:
                texts += 1
                text, vocabulary = rng.choice(rules)
                data = mutated(text.encode(), rng)
                shown = data.decode("utf-8", "replace")
                for parse in (parse_statement, parse_condition):
                    node, said = parse(shown, vocabulary, TextPlace(shown, "rules.yaml"))
                    assert (node is None) == any(d.severity == "error" for d in said)
                    assert all(d.span is not None for d in said)
            assert time.monotonic() - begun < SLOW, "too slow"
        except Exception as e:
            bad += 1
            name = f"{bad}-{path.name if of_packs else 'text'}"
            (kept / name).write_bytes(data)
            if of_packs:
                path.write_bytes(before)
            print(f"{kept / name}: {path if of_packs else ''}: {type(e).__name__}: {e}", flush=True)
    print(f"{packs} packs and {texts} texts, {bad} not survived")
    return bad


if __name__ == "__main__":
    sys.exit(1 if main(float(sys.argv[1])) else 0)
