"""Owns how a summary's text becomes title, outline and key facts. Tolerant: no form is prescribed to a model."""

from __future__ import annotations

import re

from gateway.answers import Summary

DECORATION = re.compile(r"^(?:#{1,6}\s+|[-*•·]\s+|\*\*)+|\*\*$|\*\*(?=[:：])")
TITLE = re.compile(r"(?:title|标题|题目)\s*[:：]\s*", re.IGNORECASE)
OUTLINE = re.compile(r"(?:outline|contents|sections|structure|大纲|提纲|目录|结构)\s*[:：]?$", re.IGNORECASE)
FACTS = re.compile(
    r"(?:key\s*(?:facts|points)|facts|main\s*points|关键(?:事实|信息|要点)|要点|事实|主要内容)\s*[:：]?$", re.IGNORECASE
)
# "Supply voltage: 24 V" states something, "1. Scope" names a section.
FACT = re.compile(r"[^:：|]{1,60}(?:[:：]\s*\S|\s\|\s)")


def summary_of(text: str) -> Summary:
    """The first line is the title. Lines under a heading that says so, else by their look, are outline or facts."""
    lines = [line for line in (DECORATION.sub("", raw.strip()).strip() for raw in text.splitlines()) if line]
    if not lines:
        return Summary()
    outline: list[str] = []
    facts: list[str] = []
    section: list[str] | None = None
    for line in lines[1:]:
        if OUTLINE.match(line):
            section = outline
        elif FACTS.match(line):
            section = facts
        elif section is not None:
            section.append(line)
        else:
            (facts if FACT.match(line) else outline).append(line)
    return Summary(TITLE.sub("", lines[0]), tuple(outline), tuple(facts))
