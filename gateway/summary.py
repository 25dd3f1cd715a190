"""Owns how a summary's text becomes title, outline and key facts. Tolerant: no form is prescribed to a model."""

from __future__ import annotations

import re

from gateway.answers import Summary

DECORATION = re.compile(r"^(?:#{1,6}\s+|[-*•·]\s+|\*\*)+|\*\*$|\*\*(?=[:：])")
MARKED = re.compile(r"#{1,6}\s")
TITLE = re.compile(r"(?:title|标题|题目)\s*[:：]\s*", re.IGNORECASE)
OUTLINE = re.compile(r"(?:outline|contents|sections|structure|大纲|提纲|目录|结构)\s*[:：]?$", re.IGNORECASE)
FACTS = re.compile(
    r"(?:key\s*(?:facts|points)|facts|main\s*points|关键(?:事实|信息|要点)|要点|事实|主要内容)\s*[:：]?$", re.IGNORECASE
)
# "Supply voltage: 24 V" states something, "1. Scope" names a section.
FACT = re.compile(r"[^:：|]{1,60}(?:[:：]\s*\S|\s\|\s)")


def summary_of(text: str) -> Summary:
    """The first line is the title. The others are outline or facts: by the heading above them that says so, else as
    headings are marked, else by their look."""
    lines = [(raw, line) for raw in map(str.strip, text.splitlines()) if (line := DECORATION.sub("", raw).strip())]
    if not lines:
        return Summary()
    outline: list[str] = []
    facts: list[str] = []
    section: list[str] | None = None
    (_, title), *rest = lines
    marked = any(MARKED.match(raw) for raw, _ in rest)
    for raw, line in rest:
        if OUTLINE.match(line):
            section = outline
        elif FACTS.match(line):
            section = facts
        elif section is not None:
            section.append(line)
        else:
            is_heading = MARKED.match(raw) if marked else not FACT.match(line)
            (outline if is_heading else facts).append(line)
    return Summary(TITLE.sub("", title), tuple(outline), tuple(facts))
