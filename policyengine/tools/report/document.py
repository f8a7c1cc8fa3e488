"""What every page of ours is: a title and a body go in, one self-contained HTML file comes out."""

from __future__ import annotations

from collections.abc import Iterator
from html import escape
from importlib.resources import files

from policyengine.messages import spoken

# nothing is loaded from anywhere, even if a cell of the data should try
POLICY = "default-src 'none'; style-src 'unsafe-inline'; script-src 'unsafe-inline'; img-src data:"


def part(name: str) -> str:
    """A file of the page as it lies in the package."""
    return files("policyengine.tools.report").joinpath(name).read_text("utf-8")


def document(title: str, body: Iterator[str], script: str = "") -> Iterator[str]:
    """A whole HTML file."""
    language = "zh-CN" if spoken() == "zh" else "en"
    yield f'<!doctype html>\n<html lang="{language}">\n<head>\n<meta charset="utf-8">\n'
    yield f'<meta http-equiv="Content-Security-Policy" content="{POLICY}">\n'
    yield '<meta name="viewport" content="width=device-width, initial-scale=1">\n'
    yield f"<title>{escape(title)}</title>\n<style>\n{part('page.css')}</style>\n</head>\n<body>\n"
    yield from body
    if script:
        yield f"<script>\n{script}</script>\n"
    yield "</body>\n</html>\n"
