"""A file of a pack, the place of a word in it, and what an editor would ask of both."""

from __future__ import annotations

from pathlib import Path

from policyengine.lsp.library import Library, PackFile, chain, folder_of
from policyengine.packs.document import Document, read_document

POLICIES = Path(__file__).parents[2] / "policies"


def opened(path: Path) -> tuple[Document, list[PackFile], Library]:
    document, said = read_document(path)
    folder = folder_of(path)
    assert document is not None, said
    assert folder is not None
    return document, chain(folder), Library()


def place(document: Document, line_with: str, word: str) -> tuple[int, int]:
    """Line and column of the first ``word`` in the first line with a text."""
    line = next(i for i, text in enumerate(document.text.split("\n"), 1) if line_with in text)
    column = document.text.split("\n")[line - 1].index(word) + 1
    return line, column
