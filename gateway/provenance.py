"""Owns where an answer is said to stand: where the reader points, else where its words do."""

from __future__ import annotations

from collections.abc import Sequence

from gateway.answers import Evidence, GroupAnswer, Question, Task
from gateway.documents import PageSize
from gateway.passages import VERBATIM_SCORE, locate, on_page, stands_on


def evidence_of(
    answer: GroupAnswer, question: Question, told: str, text: str, pages: Sequence[PageSize]
) -> tuple[Evidence, ...]:
    """The evidence of an answer `told` about `text`.

    Pages that the reader names and that hold the answer word for word are believed. Where none does, but the text has
    it elsewhere, that place comes first. A reader that names nothing is helped out by the place most like its answer.
    """
    if question.task is not Task.ASK or not answer.found or not pages:
        return answer.evidence
    if any(_holds(told, text, pages, evidence) for evidence in answer.evidence):
        return answer.evidence
    found = locate(text, question.text, told)
    if found is None or (answer.evidence and found.score < VERBATIM_SCORE):
        return answer.evidence
    return (on_page(found, pages), *answer.evidence)


def _holds(told: str, text: str, pages: Sequence[PageSize], evidence: Evidence) -> bool:
    return evidence.page < len(pages) and stands_on(told, text, pages[evidence.page])
