"""What a case says of caps adds up: what came to a cap, less what it cut, is what it left."""

from __future__ import annotations

from pathlib import Path

import pytest

from policyengine.tools.case_text import text_of_case
from policyengine.tools.evaluate import Files
from policyengine.tools.explain import explain_files
from policyengine.tools.select import load_law
from tests.tools.world import HEADER, write_world

NARROW, WIDE = "cap training at 10 hours per year", "cap training, visit at 18 hours per year"
ALL = "cap records at 12 hours per year"
# The caps, what was done in that order, and the lines of the caps.
CAPS = [
    ((WIDE,), "training 20, visit 16", {WIDE: "36 claimed, 18 cut"}),
    (
        (NARROW, WIDE),
        "training 20, visit 16",
        {NARROW: "20 claimed, 10 cut", WIDE: "26 of 36 claimed reached it, 8 cut"},
    ),
    (
        (NARROW, WIDE),
        "training 20, visit 16, training 5",
        {NARROW: "25 claimed, 15 cut", WIDE: "26 of 41 claimed reached it, 8 cut"},
    ),
    # the row does not say how much of the 18 each of the two cut
    ((NARROW, WIDE), "visit 16, training 20", {f"{NARROW}; {WIDE}": "18 cut"}),
    ((NARROW, WIDE), "visit 16, training 20, visit 6", {f"{NARROW}; {WIDE}": "18 cut", WIDE: "6 cut"}),
    ((NARROW, ALL), "training 20, visit 16", {NARROW: "20 claimed, 10 cut", ALL: "14 cut"}),
    ((NARROW, ALL), "visit 11, training 20", {f"{NARROW}; {ALL}": "19 cut"}),
    ((WIDE, ALL), "visit 9, training 9, training 2", {ALL: "6 cut", WIDE: "20 claimed, 2 cut"}),
]  # fmt: skip


@pytest.mark.parametrize(("caps", "done", "said"), CAPS)
def test_what_came_to_a_cap(tmp_path: Path, caps: tuple[str, ...], done: str, said: dict[str, str]) -> None:
    world = write_world(tmp_path)
    sentences = ["recognise records", "convert records at stated hours", *caps, "expect total at least 1 hour per year"]
    rules = (f"- id: r{n}\n  cites: {{source: act, at: a}}\n  rule: {s}\n" for n, s in enumerate(sentences))
    (world / "policies/shire/rules.yaml").write_text("".join(rules), encoding="utf-8")
    each = [d.split() for d in done.split(", ")]
    rows = [f"R{n},X,2016-05-{n + 10},{form},,,{hours},hours,,,," for n, (form, hours) in enumerate(each)]
    (tmp_path / "own.csv").write_text("\n".join([HEADER, *rows]) + "\n", encoding="utf-8")
    files = Files((str(tmp_path / "own.csv"),))
    (case,), _ = explain_files(load_law(world / "policies/shire"), files, "X", (2016, 2016))
    lines = [line.lstrip("├─└ ") for line in text_of_case(case).splitlines()]
    told = dict(line.partition("    ")[0].split(": ", 1) for line in lines if line.startswith("cap "))
    assert told == said


# "open": it counts if it is approved. At least is what is cut without those; at most, what each row may lose, added up.
OPEN = [
    ("self_study 49, self_study 3 open, publication 6", "58 claimed, 5–9 cut"),  # 5 of 49 and 6
    # 10 where it is recognised, none where it is not
    ("self_study 60 open", "60 claimed, 0–60 cut"),
]


@pytest.mark.parametrize(("done", "said"), OPEN)
def test_a_record_that_may_not_count_is_not_surely_cut(tmp_path: Path, done: str, said: str) -> None:
    world = write_world(tmp_path)
    rows = []
    for n, (form, hours, *open_) in enumerate(d.split() for d in done.split(", ")):
        characters = int(hours) * (500 if form == "publication" else 1000)
        approved = "" if open_ else "yes"
        rows.append(f"R{n},X,2016-05-{n + 10},{form},,,{characters},characters,c,passed,{approved},")
    (tmp_path / "own.csv").write_text("\n".join([HEADER, *rows]) + "\n", encoding="utf-8")
    files = Files((str(tmp_path / "own.csv"),))
    (case,), _ = explain_files(load_law(world / "policies/shire"), files, "X", (2016, 2016))
    assert f"cap self_study, publication at 50 hours per year: {said}    " in text_of_case(case)
