"""Headings: titles drawn from the word lists and the ways in which chapters and sections are numbered."""

from __future__ import annotations

from random import Random

from training.documents.chance import pick
from training.documents.lexicon import fill
from training.documents.page import Page
from training.documents.values import numeral_zh


def title(page: Page, subjects: list[str]) -> str:
    """A heading's title, not used before in this document if that is easy."""
    rng, lexicon = page.rng, page.lexicon
    for _ in range(4):
        text = fill(rng, pick(rng, lexicon.titles), lexicon.slots).replace("{s}", pick(rng, subjects))
        if all(heading.title != text for heading in page.headings):
            break
    return text if lexicon.lang == "zh" or not text.split(" ", 1)[0].isalpha() else text[0].upper() + text[1:]


class Numbering:
    """One document's way of numbering: fixed when it begins."""

    def __init__(self, rng: Random, lang: str) -> None:
        self.lang = lang
        self.sections = rng.random() < 0.6
        self.marks = ("# ", "## ") if rng.random() < 0.3 else ("", "")
        self.style = int(rng.random() * (6 if lang == "zh" else 5))
        self.gap = pick(rng, (" ", "　", "  ")) if lang == "zh" else " "

    def chapter(self, page: Page, number: int, title: str) -> int:
        """Write a chapter heading."""
        head, label, unit = self._chapter(number, title)
        return page.heading(self.marks[0], head, title, (label, unit, -1))

    def section(self, page: Page, number: tuple[int, int], title: str, parent: int) -> int:
        """Write the heading of section (chapter, section)."""
        head, label, unit = self._section(number, title)
        return page.heading(self.marks[1], head, title, (label, unit, parent))

    @property
    def deep(self) -> bool:
        """Whether sections can have numbered parts."""
        return self.style not in ((3, 5) if self.lang == "zh" else (4,))

    def subsection(self, page: Page, number: tuple[int, int, int], title: str, parent: int) -> int:
        """Write the heading of a part of a section, numbered as (chapter, section, part)."""
        shown = ".".join(map(str, number))
        label, unit = (f"section {shown}", "section") if self.lang == "en" else (f"{shown} 节", "节")
        return page.heading(self.marks[1] and "### ", f"{shown} ", title, (label, unit, parent))

    def _chapter(self, number: int, title: str) -> tuple[str, str, str]:
        if self.lang == "en":
            return (
                (f"Chapter {number}. ", f"chapter {number}", "chapter"),
                (f"{number}. ", f"section {number}", "section"),
                (f"{number} ", f"section {number}", "section"),
                (f"Part {number}: ", f"part {number}", "part"),
                ("", f'the section "{title}"', "section"),
            )[self.style]
        numeral = numeral_zh(number)
        return (
            (f"第{numeral}章{self.gap}", f"第{numeral}章", "章"),
            (f"{number}. ", f"第{number}节", "节"),
            (f"{number}{self.gap}", f"第{number}节", "节"),
            (f"{numeral}、", f"第{numeral}部分", "部分"),
            (f"第{number}章{self.gap}", f"第{number}章", "章"),
            ("", f"“{title}”一节", "节"),
        )[self.style]

    def _section(self, number: tuple[int, int], title: str) -> tuple[str, str, str]:
        chapter, section = number
        if self.lang == "en":
            if self.style == 4:
                return "", f'the section "{title}"', "section"
            return f"{chapter}.{section} ", f"section {chapter}.{section}", "section"
        if self.style == 5:
            return "", f"“{title}”一节", "节"
        if self.style == 3:
            return f"（{numeral_zh(section)}）", f"“{title}”一节", "节"
        return f"{chapter}.{section} ", f"{chapter}.{section} 节", "节"
