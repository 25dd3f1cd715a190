"""Owns how a long document is read in groups of pages: the split, what each group is asked, how evidence finds back.

The merging of the answers themselves stands in `answers`.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

from gateway.answers import GroupAnswer, Progress, Question, Stage, Task
from gateway.documents import Manifest, Page, PageSize

# A transcription is hardly longer than its text: one token a character and an anchor a line, and room for the rest.
SPARE_TOKENS = 64
# Some readers take a token a character, and their summaries quote. A reader keeps memory for twice 512 tokens free
# behind the largest document that it admits, so that with the prompt this much always fits.
SUMMARY_TOKENS = (512, 960)


@dataclass(frozen=True)
class Group:
    """Pages first … last - 1 of a document."""

    first: int
    last: int


@dataclass(frozen=True)
class GroupLimits:
    """Most pages in one context (0: any) and most vision tokens that the card ever admits (0: unknown)."""

    pages: int = 0
    vision_tokens: int = 0


def split(manifest: Manifest, limits: GroupLimits) -> tuple[Group, ...]:
    """Successive groups, all but the last equally long, none longer than the limits allow; one page at least."""
    count = len(manifest.pages)
    most = min(limits.pages or count, count)
    if limits.vision_tokens and manifest.vision_tokens:
        most = max(1, min(most, limits.vision_tokens * count // manifest.vision_tokens))
    return tuple(Group(first, min(first + most, count)) for first in range(0, count, most))


def nearest_line(group: Group, question: Question) -> float:
    """The most of the question that stands around any line of the group, in 0..1."""
    return max((near for page in question.nearness[group.first : group.last] for near in page), default=0.0)


def nearest_first(groups: Sequence[Group], question: Question) -> list[Group]:
    """The groups with the nearest lines first; as they come where nothing is known of any."""
    return sorted(groups, key=lambda group: -nearest_line(group, question))


def pages_in(groups: Sequence[Group]) -> int:
    """How many pages they have together."""
    return sum(group.last - group.first for group in groups)


def pages_of(group: Group, pages: Sequence[Page]) -> list[Page]:
    """The group's pages, counted from 0 as every document of the reader is."""
    return [replace(page, index=index) for index, page in enumerate(pages[group.first : group.last])]


def sizes_of(group: Group, manifest: Manifest) -> tuple[PageSize, ...]:
    """The group's sizes; text ranges stay those of the whole document."""
    return manifest.pages[group.first : group.last]


def question_for(group: Group, question: Question, manifest: Manifest) -> Question:
    """What the group is asked: the question with what is known of the group's lines, a transcription with as many
    tokens as its text can take, a summary with as many as its text has characters, within bounds, if none are named."""
    if question.task is Task.ASK:
        return replace(question, nearness=question.nearness[group.first : group.last])
    sizes = sizes_of(group, manifest)
    characters = sizes[-1].text_end - sizes[0].text_start
    if question.task is Task.SUMMARIZE:
        least, limit = SUMMARY_TOKENS
        return replace(question, max_new_tokens=question.max_new_tokens or min(limit, max(least, characters)))
    most = characters + sum(len(size.line_starts) for size in sizes) + SPARE_TOKENS
    return replace(question, max_new_tokens=min(most, question.max_new_tokens or most))


def left_to_say(question: Question, answers: Sequence[GroupAnswer]) -> Question | None:
    """The question for the next group, where groups are told one after another: within what the caller allowed in all.

    None when that is used up.
    """
    if not question.max_new_tokens or question.task is Task.ASK:
        return question
    left = question.max_new_tokens - sum(answer.usage.completion_tokens for answer in answers)
    return replace(question, max_new_tokens=left) if left > 0 else None


def in_document(group: Group, answer: GroupAnswer) -> GroupAnswer:
    """The answer with its evidence's pages counted in the document."""
    evidence = tuple(replace(found, page=found.page + group.first) for found in answer.evidence)
    return replace(answer, evidence=evidence)


def vision_in_document(before: int, progress: Progress, manifest: Manifest) -> Progress:
    """The progress, where it counts pages, counted in the document of which so many were seen before."""
    if progress.stage is not Stage.VISION:
        return progress
    return replace(progress, done=progress.done + before, total=len(manifest.pages))
