"""``fmt`` on packs: both surfaces, what stays, what is refused, and the command."""

from __future__ import annotations

import itertools
import random
import shutil
from collections.abc import Callable
from pathlib import Path

import pytest
from click.testing import CliRunner

from policyengine.cli import main
from policyengine.language.printer import print_statement
from policyengine.packs.policies import load_policies
from policyengine.tools.fmt import format_file, format_packs, write
from tests.prove import small
from tests.prove.packs import write as pack
from tests.words import VOCABULARY

SHIPPED = Path(__file__).parents[2] / "policies"


@pytest.fixture
def shipped(tmp_path: Path) -> Path:
    return Path(shutil.copytree(SHIPPED, tmp_path / "policies"))


def laid_out(folder: Path, surface: str | None = None) -> dict[str, bytes]:
    """Format everything in the folder; gives the files' bytes afterwards."""
    files, problems = format_packs([folder], surface)
    assert problems == []
    for file in files:
        assert file.after is not None, file.problems
        write(file)
    return {f.path.name + str(n): f.path.read_bytes() for n, f in enumerate(files)}


def test_the_shipped_packs_are_in_canonical_layout() -> None:
    files, problems = format_packs([SHIPPED])
    assert problems == []
    assert [f.path for f in files if f.changed or f.after is None] == []


def test_there_and_back_is_the_same_bytes(shipped: Path) -> None:
    chinese = laid_out(shipped, "zh")
    english = laid_out(shipped, "en")
    assert english != chinese
    assert laid_out(shipped, "en") == english
    assert laid_out(shipped, "zh") == chinese


def test_the_meaning_stays(shipped: Path) -> None:
    before = {p.id: [(g.key, g.statement) for g in p.governing] for p in load_policies(shipped)[0]}
    laid_out(shipped, "en")
    after, problems = load_policies(shipped)
    assert not [d for d in problems if d.severity == "error"]
    assert {p.id: [(g.key, g.statement) for g in p.governing] for p in after} == before


def test_generated_rules_in_every_style(tmp_path: Path) -> None:
    """Rules in any YAML style become one form, idempotently, and the same from either language."""
    r = random.Random(7)
    words = small.words()
    path = tmp_path / "rules.yaml"
    for number in range(25):
        statement = small.read(r.choice(small.GENERATED)(r))
        forms = set()
        for surface, style in itertools.product(("zh", "en"), STYLES):
            text = print_statement(statement, words, surface)
            path.write_text(f"# {number}\n- id: a  # note\n  rule: {STYLES[style](text)}\n\n# end\n", encoding="utf-8")
            file = format_file(path, words, "zh")
            assert file.after is not None, file.problems
            forms.add(file.after)
            path.write_bytes(file.after)
            assert not format_file(path, words, "zh").changed
        assert len(forms) == 1, forms


STYLES: dict[str, Callable[[str], str]] = {
    "single": lambda text: "'" + text.replace("'", "''") + "'",
    "double": lambda text: f'"{text}"',
    "wide": lambda text: "'" + text.replace("'", "''").replace(" ", "  ") + "'",
    "literal": lambda text: f"|\n    {text}",
    "folded": lambda text: f">-\n    {text}",
    "a word to a line": lambda text: ">\n      " + text.replace(" ", "\n      "),
}


def test_comments_blank_lines_and_keys_stay(tmp_path: Path) -> None:
    folder = pack(tmp_path, [("it", "要求每年总学时不少于90学时")])
    text = (
        "# 规则\n\n- cites: {source: law, at: '一'}   # 出处\n  rule: 要求每年总学时不少于90学时 # 年度\n  id: it\n\n\n"
        "- {id: two, cites: {source: law, at: 二}, rule: 限额自学成果每年不超过50学时}\n  # 末尾\n"
    )
    (folder / "rules.yaml").write_text(text, encoding="utf-8")
    files, _ = format_packs([folder])
    after = next(f.after for f in files if f.path.name == "rules.yaml")
    assert after is not None
    assert after.decode() == (
        "# 规则\n\n- cites: {source: law, at: '一'}   # 出处\n  rule: 要求 每年 总学时 不少于 90 学时  # 年度\n"
        "  id: it\n\n\n"
        "- {id: two, cites: {source: law, at: 二}, rule: 限额 自学成果 每年 不超过 50 学时}\n  # 末尾\n"
    )


def test_line_ends_and_the_byte_order_mark_stay(tmp_path: Path) -> None:
    folder = pack(tmp_path, [("it", "要求每年总学时不少于90学时")])
    path = folder / "rules.yaml"
    path.write_bytes(b"\xef\xbb\xbf" + path.read_bytes().replace(b"\n", b"\r\n"))
    laid_out(folder)
    after = path.read_bytes()
    assert after.startswith(b"\xef\xbb\xbf")
    assert after.count(b"\r\n") == after.count(b"\n")
    assert "要求 每年 总学时 不少于 90 学时".encode() in after


def test_a_file_with_a_mistake_is_left_as_it_is(tmp_path: Path) -> None:
    folder = pack(tmp_path, [("it", "要求每年总学时不少于90学时")])
    (folder / "rules-more.yaml").write_text(
        "- {id: b, cites: {source: law, at: 二}, rule: 限额 自学成果 每年 不超过 50 学}\n"
    )
    before = (folder / "rules-more.yaml").read_bytes()
    files, problems = format_packs([folder])
    broken = next(f for f in files if f.path.name == "rules-more.yaml")
    assert problems == []
    assert broken.after is None
    assert broken.problems[0].span is not None
    assert broken.problems[0].span.file.endswith("rules-more.yaml")
    assert broken.before == before
    assert next(f for f in files if f.path.name == "rules.yaml").changed


def test_the_rule_that_cannot_be_laid_out_is_named(tmp_path: Path) -> None:
    folder = pack(tmp_path, [("it", "要求每年总学时不少于90学时")])
    rules = folder / "rules-more.yaml"
    rules.write_text(
        "- {id: a, cites: {source: law, at: 一}, rule: 限额 自学成果 每年 不超过 50 学时}\n"
        "- id: b\n  cites: {source: law, at: 二}\n  ? rule\n  : |\n    限额 自学成果 每年 不超过 40 学时\n"
    )
    (problem,) = format_file(rules, VOCABULARY, "zh").problems
    assert problem.span is not None
    assert (problem.code, problem.span.line) == ("PE602", 5)
    assert problem.hint == "it was left as it is; write this rule on one line"


def test_a_text_over_two_lines_keeps_its_line_break(tmp_path: Path) -> None:
    """In a block ``|`` the break is part of the text; the rest of the rule is laid out."""
    rules = tmp_path / "rules.yaml"
    rules.write_text(
        "- id: a\n  rule: |\n    不予认定 自学成果\n    当 考核结果=不合格 理由「须\n    合格」\n  note: n\n"
    )
    found = format_file(rules, VOCABULARY, "zh")
    assert found.problems == ()
    assert found.after is not None
    assert found.after.decode() == (
        '- id: a\n  rule: "不予认定 自学成果 当 考核结果 = 不合格 理由「须\\n合格」"\n  note: n\n'
    )
    rules.write_bytes(found.after)
    assert not format_file(rules, VOCABULARY, "zh").changed


# --- the command ------------------------------------------------------------------------------------------------------


def run(*arguments: str) -> tuple[int, str, str]:
    result = CliRunner().invoke(main, ["fmt", *arguments])
    return result.exit_code, result.stdout, result.stderr


def test_check_lists_and_writes_nothing(tmp_path: Path) -> None:
    folder = pack(tmp_path, [("it", "要求每年总学时不少于90学时")])
    before = (folder / "rules.yaml").read_bytes()
    assert run("--check", str(folder))[:2] == (1, f"{folder / 'rules.yaml'}\n")
    assert (folder / "rules.yaml").read_bytes() == before
    assert run(str(folder))[:2] == (0, f"{folder / 'rules.yaml'}\n")
    assert run("--check", str(folder))[:2] == (0, "")
    assert run("--check", "--surface", "en", str(folder))[0] == 1


def test_single_files_as_a_hook_gives_them(tmp_path: Path) -> None:
    folder = pack(tmp_path, [("it", "要求每年总学时不少于90学时")])
    code, out, _ = run("--check", str(folder / "rules.yaml"))
    assert (code, out) == (1, f"{folder / 'rules.yaml'}\n")


@pytest.mark.parametrize("name", ["nowhere", "records.csv"])
def test_nothing_to_format_there(name: str, tmp_path: Path) -> None:
    (tmp_path / "records.csv").write_text("a,b\n")
    code, out, err = run(str(tmp_path / name))
    assert (code, out) == (2, "")
    assert "PE601" in err


def test_a_link_stays_a_link(tmp_path: Path) -> None:
    folder = pack(tmp_path, [("it", "要求每年总学时不少于90学时")])
    real = folder / "real.txt"
    (folder / "rules.yaml").rename(real)
    (folder / "rules.yaml").symlink_to(real)
    assert run(str(folder))[0] == 0
    assert (folder / "rules.yaml").is_symlink()
    assert "要求 每年" in real.read_text()
