"""Words of a vocabulary in, those out that would share a column of decisions with another: subjects and measures have
columns of their own there (``tools/result/tables.py``)."""

from __future__ import annotations

from collections.abc import Iterator

from policyengine.language.vocabulary import Vocabulary, Word

FIXED = ("person_id", "period", "policy", "outcome", "total", "required_total", "shortfall_total", "capped_off",
         "advisories", "consequences")  # fmt: skip
ENDS = ("_num", "_den", "_exact")  # a figure without a finite decimal takes more than one column


def shared_columns(vocabulary: Vocabulary) -> Iterator[tuple[Word, str]]:
    """Subjects and measures with the column that has a meaning already; of two words the later one."""
    subjects = vocabulary.terms_of("subject")
    taken = set(FIXED)
    for word in vocabulary.words:
        if word.kind == "measure":
            columns = [word.id]
        elif word in subjects:
            columns = [word.id, f"required_{word.id}", f"shortfall_{word.id}"]
        else:
            continue
        both = next((c for c in columns if c in taken or c.endswith(ENDS)), None)
        if both is not None:
            yield word, both
        taken.update(columns)
