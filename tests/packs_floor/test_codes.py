"""Every code that is raised has its page, every page its code, and the list in the documentation is theirs."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from policyengine.messages import speak
from policyengine.tools.codes import CHINESE, FOLDER, SECTIONS, codes, listing, page, title

SOURCES = sorted(Path("policyengine").rglob("*.py"))


def raised() -> dict[str, Path]:
    """Codes in quotes in the program, with a file that has them."""
    found: dict[str, Path] = {}
    for path in SOURCES:
        for code in re.findall(r"""["'](PE\d{3})["']""", path.read_text(encoding="utf-8")):
            found.setdefault(code, path)
    return found


def test_every_code_has_its_page_and_every_page_its_code() -> None:
    known = raised()
    assert sorted(set(known) - set(codes())) == [], "codes without a page in policyengine/codes/"
    assert sorted(set(codes()) - set(known)) == [], "pages of codes that nothing raises"


@pytest.mark.parametrize("code", codes())
def test_a_page_has_its_form(code: str) -> None:
    text = page(code, "en")
    assert text is not None
    headings = _headings(text)
    assert re.fullmatch(rf"# {code}: [^.]+", headings[0])
    assert headings[1:] == [f"## {name}" for name in SECTIONS]
    parts = re.split(r"^## .*$", text, flags=re.MULTILINE)
    assert all(part.strip() for part in parts[1:])
    assert "```" in parts[2], "the example stands as it would in the file"
    whole = (FOLDER / f"{code}.md").read_text(encoding="utf-8")
    assert all(t.endswith("\n") and not t.endswith("\n\n") for t in (text, whole))


def _headings(text: str) -> list[str]:
    return re.findall(r"^#+ .*$", re.sub(r"```.*?```", "", text, flags=re.DOTALL), re.MULTILINE)


@pytest.mark.parametrize("code", codes())
def test_a_page_in_chinese_says_the_same_with_the_same_example(code: str) -> None:
    english, text = page(code, "en"), page(code, "zh")
    assert english is not None
    assert text is not None
    headings = _headings(text)
    assert re.fullmatch(rf"# {code}：[^。]+", headings[0])
    assert headings[1:] == [f"## {name}" for name in (CHINESE[0], "示例", CHINESE[1])]
    parts = re.split(r"^## .*$", text, flags=re.MULTILINE)[1:]
    assert all(re.search("[一-鿿]", part) for part in (headings[0], parts[0], parts[2]))
    assert parts[1].strip().startswith("```")
    assert parts[1].strip() in english
    assert len(text) - len(parts[1]) > (len(english) - len(parts[1])) / 8, "nothing is left out"


def test_the_page_and_the_title_are_in_the_language_spoken() -> None:
    for language in ("en", "zh"):
        speak(language)
        assert page("PE203") == page("PE203", language)
        assert title("PE203") == title("PE203", language)
    assert title("PE203") == "降低了只许提高的标准"
    speak("en")


def test_nothing_else_lies_there() -> None:
    assert sorted(p.name for p in FOLDER.iterdir()) == [f"{code}.md" for code in codes()]


def test_the_list_in_the_documentation_is_made_from_the_pages() -> None:
    written = Path("docs/diagnostics.md").read_text(encoding="utf-8")
    assert written == listing(), "python -m policyengine.tools.codes > docs/diagnostics.md"
