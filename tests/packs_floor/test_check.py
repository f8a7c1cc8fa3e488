"""check, its reporters, schema and explain-code: what they print, and with which exit code."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path

import jsonschema
import pytest

from policyengine.diagnostics import Diagnostic, PolicyError, Related, Replacement, Span
from policyengine.tools.check import check
from policyengine.tools.reporters import as_github, as_human, as_json, as_sarif
from tests.packs_floor.folder import PACK, UPPER, rule, write

MINIMUM = rule("annual", "要求 每年 总学时 不少于 90 学时", change="raise-only")
LOWER = rule("annual", "override base/annual: require total at least 80 hours per year", source="own")

FOUND = [
    Diagnostic(
        "PE203", "this lowers a minimum", Span("policies/会计/rules.yaml", 14, 27, 14, 29), "raise it", "error",
        "  rule: x", (Related("base requires 90", Span("policies/base/rules.yaml", 3, 9)),), "〔2016〕1号 第一条"),
    Diagnostic("PE302", "50% of it: a gap,\nor so", Span("a.yaml", 3), None, "warning"),
    Diagnostic("PE170", "unused", None, "use it", "note"),
    Diagnostic("PE201", "“斑” is not declared", Span("政策/a.yaml", 7, 3, 7, 4), "did you mean 班?", "error",
               instead=Replacement(Span("政策/a.yaml", 7, 3, 7, 4), "班")),
]  # fmt: skip


def folder(tmp_path: Path) -> Path:
    return write(tmp_path / "policies", {
        "base/pack.yaml": PACK, "base/rules.yaml": MINIMUM, "upper/pack.yaml": UPPER, "upper/rules.yaml": LOWER,
    })  # fmt: skip


def run(*arguments: str, cwd: Path | None = None, **environment: str) -> subprocess.CompletedProcess[str]:
    env = {**os.environ, "LC_ALL": "C.UTF-8", "PYTHONPATH": str(Path.cwd()), **environment}
    command = [sys.executable, "-m", "policyengine.cli", *arguments]
    code = "import sys; from policyengine.cli import main; sys.argv[0] = 'policyengine'; main()"
    command = [sys.executable, "-c", code, *arguments]
    return subprocess.run(command, capture_output=True, text=True, encoding="utf-8", cwd=cwd, env=env, check=False)


# --- check ------------------------------------------------------------------------------------------------------------


def test_everything_that_is_wrong_is_told_once_in_order(tmp_path: Path) -> None:
    place = folder(tmp_path)
    write(place, {"base/rules-b.yaml": rule("b", "认定 培训班", from_="2016") + rule("b", "认定 培训班", from_="2017")})
    found = check([place])
    told = [(d.code, d.severity, d.span.line if d.span else 0) for d in found]
    assert told == [("PE301", "error", 7), ("PE134", "note", 5)], "the broken base is told once, where it is broken"
    assert found == sorted(found, key=lambda d: (d.span.file, d.span.line, d.span.column) if d.span else ("", 0, 0))


def test_what_nothing_uses_is_noted(tmp_path: Path) -> None:
    write(tmp_path / "policies", {"base/pack.yaml": PACK, "base/rules.yaml": MINIMUM})
    told = {d.message for d in check([tmp_path / "policies"]) if d.code == "PE170"}
    assert told == {
        "no rule of this pack states the measure face_to_face (measure …)",
        "no rule of this pack states the conclusion not_excellent (conclude …)",
        "no rule of this pack states the flag fee_charged (flag …)",
        "no rule of this pack delegates the regime medical",
        "no rule cites the source old",
    }


@pytest.mark.parametrize("rules", [{}, {"base/rules.yaml": "[]"}, {"base/rules.yaml.txt": MINIMUM}])
def test_a_pack_without_a_rule_is_remarked(rules: dict[str, str], tmp_path: Path) -> None:
    upper = {"upper/pack.yaml": UPPER}  # it extends the other, and needs none
    found = check([write(tmp_path / "policies", {"base/pack.yaml": PACK, **upper, **rules})])
    assert [(d.severity, d.span.file[-14:]) for d in found if d.code == "PE112" and d.span] == [
        ("warning", "base/pack.yaml")
    ]


def test_a_path_without_packs_is_no_finding_but_unusable(tmp_path: Path) -> None:
    with pytest.raises(PolicyError) as raised:
        check([tmp_path])
    assert [d.code for d in raised.value.diagnostics] == ["PE130"]


def test_the_shipped_packs_are_clean_and_checked_in_time() -> None:
    """Two seconds is the promise for all packs with proofs; the machine that runs tests may be busy."""
    begin = time.perf_counter()
    found = check(["policies"])
    assert time.perf_counter() - begin < 8
    assert [str(d) for d in found if d.severity == "error"] == []


def test_exit_codes(tmp_path: Path) -> None:
    place = folder(tmp_path)
    assert run("check", str(place / "base")).returncode == 0
    bad = run("check", str(place))
    assert bad.returncode == 1
    assert "error PE203" in bad.stdout
    assert "1 error," in bad.stderr
    nowhere = run("check", str(place / "nowhere"))
    assert nowhere.returncode == 2
    assert "PE130" in nowhere.stderr
    assert nowhere.stdout == ""


def test_without_a_path_the_policies_folder_is_checked(tmp_path: Path) -> None:
    folder(tmp_path)
    bad = run("check", cwd=tmp_path)
    assert bad.returncode == 1
    assert "policies/upper/rules.yaml:3:" in bad.stdout, "paths are relative to the working folder"


# --- reporters --------------------------------------------------------------------------------------------------------


def test_human_shows_line_caret_source_and_hint() -> None:
    assert as_human(FOUND[:1]) == (
        "policies/会计/rules.yaml:14:27: error PE203: this lowers a minimum\n"
        "    14 |   rule: x\n"
        "       |          ^\n"
        "  note: base requires 90 (policies/base/rules.yaml:3:9)\n"
        "  source: 〔2016〕1号 第一条\n"
        "  hint: raise it\n"
    )
    assert as_human([]) == ""


def test_json_is_a_list_of_objects() -> None:
    data = json.loads(as_json(FOUND))
    assert data[0]["file"] == "policies/会计/rules.yaml"
    assert (data[0]["line"], data[0]["column"], data[0]["end_column"]) == (14, 27, 29)
    assert data[0]["related"][0]["line"] == 3
    assert data[2]["file"] is None
    assert data[2]["instead"] is None
    place = {"file": "政策/a.yaml", "line": 7, "column": 3, "end_line": 7, "end_column": 4}
    assert data[3]["instead"] == {"text": "班", **place}
    assert json.loads(as_json([])) == []


def test_github_escapes_what_would_end_a_command() -> None:
    lines = as_github(FOUND).split("\n")
    assert lines[0] == (
        "::error file=policies/会计/rules.yaml,title=PE203,line=14,col=27::"
        "this lowers a minimum (〔2016〕1号 第一条) — raise it"
    )
    assert lines[1] == "::warning file=a.yaml,title=PE302,line=3::50%25 of it: a gap,%0Aor so"
    assert lines[2] == "::notice title=PE170::unused — use it"


@pytest.mark.parametrize("reporter", [as_human, as_github])
def test_a_name_commands_no_terminal_and_begins_no_line(reporter: Callable[[list[Diagnostic]], str]) -> None:
    named = Diagnostic("PE101", "it", Span("policies/\x1b]0;x\x07\u202ey\n::error::z/pack.yaml", 3))
    text = reporter([named])
    assert not {"\x1b", "\x07", "\u202e"} & set(text)
    assert [line[:8] for line in text.splitlines()] in (["policies"], ["::error "])


REGION = {
    "type": "object", "additionalProperties": False, "required": ["startLine"],
    "properties": {
        name: {"type": "integer", "minimum": 1} for name in ("startLine", "startColumn", "endLine", "endColumn")
    },
}  # fmt: skip
MESSAGE = {
    "type": "object", "required": ["text"], "additionalProperties": False, "properties": {"text": {"type": "string"}}
}  # fmt: skip
ARTIFACT = {
    "type": "object", "required": ["uri"], "additionalProperties": False,
    "properties": {"uri": {"type": "string", "pattern": "^[!-~]+$"}},
}  # fmt: skip
# Sections 3.55 to 3.57.
FIX = {
    "type": "object", "required": ["artifactChanges"], "additionalProperties": False,
    "properties": {"description": MESSAGE, "artifactChanges": {"type": "array", "minItems": 1, "items": {
        "type": "object", "required": ["artifactLocation", "replacements"], "additionalProperties": False,
        "properties": {"artifactLocation": ARTIFACT, "replacements": {"type": "array", "minItems": 1, "items": {
            "type": "object", "required": ["deletedRegion"], "additionalProperties": False,
            "properties": {"deletedRegion": REGION, "insertedContent": MESSAGE},
        }}},
    }}},
}  # fmt: skip
LOCATION = {
    "type": "object", "required": ["physicalLocation"], "additionalProperties": False,
    "properties": {
        "message": MESSAGE,
        "physicalLocation": {
            "type": "object", "required": ["artifactLocation"], "additionalProperties": False,
            "properties": {
                "region": REGION,
                "artifactLocation": ARTIFACT,
            },
        },
    },
}  # fmt: skip
# The part of SARIF 2.1.0 (OASIS, sections 3.13 to 3.30) that is written here: its own names, kinds and required keys.
SARIF = {
    "type": "object", "required": ["version", "runs"], "additionalProperties": False,
    "properties": {
        "$schema": {"type": "string", "format": "uri"},
        "version": {"const": "2.1.0"},
        "runs": {"type": "array", "minItems": 1, "items": {
            "type": "object", "required": ["tool", "results"], "additionalProperties": False,
            "properties": {
                "columnKind": {"enum": ["utf16CodeUnits", "unicodeCodePoints"]},
                "tool": {"type": "object", "required": ["driver"], "additionalProperties": False, "properties": {
                    "driver": {
                        "type": "object", "required": ["name"], "additionalProperties": False,
                        "properties": {
                            "name": {"type": "string"}, "version": {"type": "string"},
                            "rules": {"type": "array", "uniqueItems": True, "items": {
                                "type": "object", "required": ["id"], "additionalProperties": False,
                                "properties": {"id": {"type": "string"}, "shortDescription": MESSAGE},
                            }},
                        },
                    },
                }},
                "results": {"type": "array", "items": {
                    "type": "object", "required": ["message"], "additionalProperties": False,
                    "properties": {
                        "ruleId": {"type": "string"}, "ruleIndex": {"type": "integer", "minimum": -1},
                        "level": {"enum": ["none", "note", "warning", "error"]}, "message": MESSAGE,
                        "locations": {"type": "array", "items": LOCATION},
                        "relatedLocations": {"type": "array", "uniqueItems": True, "items": LOCATION},
                        "fixes": {"type": "array", "uniqueItems": True, "items": FIX},
                    },
                }},
            },
        }},
    },
}  # fmt: skip


def test_sarif_has_the_form_of_the_standard(tmp_path: Path) -> None:
    for diagnostics in ([], FOUND, check([folder(tmp_path)])):
        data = json.loads(as_sarif(diagnostics))
        jsonschema.Draft202012Validator(SARIF).validate(data)
        (one,) = data["runs"]
        assert len(one["results"]) == len(diagnostics)
        for result in one["results"]:
            assert one["tool"]["driver"]["rules"][result["ruleIndex"]]["id"] == result["ruleId"]
    first = json.loads(as_sarif(FOUND))["runs"][0]
    assert first["results"][0]["locations"][0]["physicalLocation"]["artifactLocation"]["uri"] == (
        "policies/%E4%BC%9A%E8%AE%A1/rules.yaml"
    )
    titles = {r["id"]: r["shortDescription"]["text"] for r in first["tool"]["driver"]["rules"]}
    assert titles["PE203"].startswith("lowers a minimum")
    assert [len(r.get("fixes", [])) for r in first["results"]] == [0, 0, 0, 1]
    (fix,) = first["results"][3]["fixes"]
    assert fix["description"]["text"] == "Change to “班”"
    (change,) = fix["artifactChanges"]
    assert change["artifactLocation"] == {"uri": "%E6%94%BF%E7%AD%96/a.yaml"}
    region = {"startLine": 7, "startColumn": 3, "endLine": 7, "endColumn": 4}
    assert change["replacements"] == [{"deletedRegion": region, "insertedContent": {"text": "班"}}]


# --- schema, explain-code ---------------------------------------------------------------------------------------------


def test_schema_prints_what_editors_read() -> None:
    for name in ("pack", "rules", "tests"):
        printed = run("schema", name)
        assert printed.returncode == 0
        jsonschema.Draft202012Validator.check_schema(json.loads(printed.stdout))
        assert printed.stdout == Path(f"policyengine/packs/{name}.schema.json").read_text(encoding="utf-8")
    assert run("schema", "packs").returncode == 2


def test_every_key_of_a_schema_is_described_in_both_languages() -> None:
    """Editors show the description while a key is being chosen."""

    def keys(part: object) -> list[tuple[str, dict[str, object]]]:
        if isinstance(part, list):
            return [found for item in part for found in keys(item)]
        if not isinstance(part, dict):
            return []
        own = list(part["properties"].items()) if isinstance(part.get("properties"), dict) else []
        return own + [found for value in part.values() for found in keys(value)]

    for name in ("pack", "rules", "tests"):
        schema = json.loads(Path(f"policyengine/packs/{name}.schema.json").read_text(encoding="utf-8"))
        for key, part in keys(schema):
            about = str(
                part.get("description") or schema["$defs"][str(part.get("$ref", ""))[8:]].get("description", "")
            )
            assert " / " in about, f"{name}: {key} lacks its description"
            assert any("一" <= c <= "鿿" for c in about.split(" / ")[0]), f"{name}: {key}"


def test_explain_code() -> None:
    page = run("explain-code", "pe203")
    assert page.returncode == 0
    assert page.stdout.startswith("# PE203: lowers a minimum that the base lets you only raise\n\n## What it means\n")
    chinese = run("explain-code", "pe203", "--lang", "zh")
    assert chinese.stdout.startswith("# PE203：降低了只许提高的标准\n\n## 含义\n")
    assert "PE203  降低了只许提高的标准\n" in run("explain-code", "--lang", "zh").stdout
    unknown = run("explain-code", "PE2O3")
    assert unknown.returncode == 2
    assert "PE203" in unknown.stderr
    assert "PE920" in unknown.stderr
    every = run("explain-code")
    assert every.returncode == 0
    assert "PE203  lowers a minimum" in every.stdout
    for word in ("../../pyproject", "PE", "203", "", "PE203.md"):
        assert run("explain-code", word).returncode == 2
