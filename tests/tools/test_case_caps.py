"""What a case says of caps adds up: what came to a cap, less what it cut, is what it left."""

from __future__ import annotations

from pathlib import Path

import pytest

from policyengine.tools.evaluate.evaluate import Files, evaluate_files
from policyengine.tools.evaluate.select import load_law
from policyengine.tools.explain.explain import explain_files
from policyengine.tools.explain.text import text_of_case
from policyengine.tools.explain.written import explain_result
from policyengine.tools.result.read import read_result
from policyengine.tools.result.result import save
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


# The millers' table has 60 hours, the shire's article 50, which is kept beside it: of 80 hours that article cuts 30.
# Recognised are papers that both say are: the second lacks the shire's proof.
MILL = """\
- id: self-study-cap
  cites: {source: rules, at: rule 2}
  rule: "override shire/self-study-cap: cap self_study, publication at most(this year) per year"
- id: recognise-training
  cites: {source: rules, at: rule 3}
  rule: "override shire/recognise-training: recognise training, publication, visit when fee is missing or fee > 0 yuan"
"""
KEPT_LINES = (
    "├─ cap self_study, publication at most(this year) per year; cap self_study, publication at 50 hours per year: "
    "80 claimed, 30 cut    self-study-cap, rule 2; self-study-cap, art. 3",
    '│  └─ R2 2016-05-06 publication "B" 9000 characters: no evidence    recognise-training, art. 1',
)


def test_what_is_kept_beside_an_override_is_cited_where_it_decides(tmp_path: Path) -> None:
    world = write_world(tmp_path)
    rules = world / "policies/shire/rules.yaml"
    text = rules.read_text(encoding="utf-8")
    for name in ("self-study-cap", "recognise-training"):
        text = text.replace(f"- id: {name}\n", f"- id: {name}\n  change: raise-only\n")
    rules.write_text(text, encoding="utf-8")
    pack = world / "policies/mill/pack.yaml"
    columns = "{year: {role: year}, hours: {role: value, type: number, unit: hours}}"
    more = f"tables:\n  most: {{file: most.csv, columns: {columns}}}\n"
    pack.write_text(pack.read_text(encoding="utf-8") + more, encoding="utf-8")
    (world / "policies/mill/most.csv").write_text("year,hours\n2016,60\n", encoding="utf-8")
    (world / "policies/mill/rules.yaml").write_text(MILL, encoding="utf-8")
    rows = [
        "R1,X,2016-05-05,publication,public,A,40000,characters,c,,,",
        "R2,X,2016-05-06,publication,public,B,9000,characters,,,,",
    ]
    (tmp_path / "own.csv").write_text("\n".join([HEADER, *rows]) + "\n", encoding="utf-8")
    law, files = load_law(world / "policies/mill"), Files((str(tmp_path / "own.csv"),))
    (case,), _ = explain_files(law, files, "X", (2016, 2016))
    lines = text_of_case(case).splitlines()
    assert set(KEPT_LINES) <= set(lines)
    written = read_result(save(evaluate_files(law, files, (2016, 2016)), tmp_path / "out"))
    (tmp_path / "own.csv").unlink()
    (alone,), _ = explain_result(written, "X")
    assert KEPT_LINES[0] in text_of_case(alone).splitlines()
