"""The page under construction: text as it is written, with the places of facts, sentences and headings."""

from __future__ import annotations

from random import Random
from typing import TYPE_CHECKING, NamedTuple

from training.documents.chance import pick
from training.documents.document import Span
from training.documents.kinds import Kinds
from training.documents.lexicon import Attribute, Domain, Lexicon, entity, fill

if TYPE_CHECKING:
    from training.documents.cells import Index, Passage, Placed
    from training.documents.frames import Frame
    from training.documents.telling import Told


class Fact(NamedTuple):
    """A value in the text: whose, which property, where, under which heading (-1: none)."""

    subject: str
    attribute: Attribute
    value: str
    start: int
    heading: int


class Heading(NamedTuple):
    """A heading line: how one refers to it, what its unit is called, its title, its place, its parent (-1: none)."""

    label: str
    unit: str
    title: str
    start: int
    end: int
    parent: int


class Page:
    """A document while it is written. Owns the text, the record of what stands where, and the names already used."""

    def __init__(self, rng: Random, lexicon: Lexicon, characters: int) -> None:
        self.rng = rng
        self.lexicon = lexicon
        self.characters = characters
        self.parts: list[str] = []
        self.at = 0
        self.facts: list[Fact] = []
        self.headings: list[Heading] = []
        self.sentences: list[tuple[int, int]] = []
        self.open: int = -1
        self.names: list[str] = []
        self.domain_of: dict[str, Domain] = {}
        self.stated: set[tuple[str, str]] = set()
        self.told: list[Told] = []
        self.genre: list[Frame] = []  # frames that a document of this sort could tell
        self.kinds = Kinds(rng, lexicon.lang)
        self.stated_names: set[str] = set()  # of what may be defined once: classes, functions, clauses
        self.title: Span | None = None
        self.cells: list[Placed] = []
        self.index: Index | None = None  # of the cells, made when they are asked for
        self.passages: list[Passage] = []
        self.unanswered: list[str] = []  # bare questions that the page looks like answering
        self.objects: list[str] = []  # of acts
        self.rows: list[str] = []  # the names of rows and of programs' parts
        self.played: dict[str, list[str]] = {}  # the names of the roles that a subject has

    @property
    def full(self) -> bool:
        """Whether the wanted size is reached."""
        return self.at >= self.characters

    def put(self, text: str) -> None:
        """Write text; the blank after a sentence is taken back at the end of a line."""
        if text[:1] == "\n" and self.parts and self.parts[-1] == " ":
            self.at -= len(self.parts.pop())
        self.parts.append(text)
        self.at += len(text)

    def value(self, subject: str, attribute: Attribute, value: str) -> None:
        """Write a value and remember that it is the subject's attribute."""
        self.facts.append(Fact(subject, attribute, value, self.at, self.open))
        self.stated.add((subject, attribute.key))
        self.put(value)

    def sentence(self, start: int) -> None:
        """Remember what was written since `start` as one sentence."""
        self.sentences.append((start, self.at))

    def heading(self, marks: str, number: str, title: str, reference: tuple[str, str, int]) -> int:
        """Write a heading line; reference is its label, its unit and its parent. Returns its index, now open."""
        self.put(marks)
        start = self.at
        self.put(number + title)
        label, unit, parent = reference
        self.headings.append(Heading(label, unit, title, start, self.at, parent))
        self.open = len(self.headings) - 1
        self.put("\n")
        return self.open

    def head(self, title: str) -> None:
        """Write the document's title line."""
        self.title = (self.at, self.at + len(title))
        self.put(title + "\n")

    def outline(self) -> tuple[tuple[int, int, int], ...]:
        """The headings in order as (start, end, level)."""
        levels: list[int] = []
        for heading in self.headings:
            levels.append(1 if heading.parent < 0 else levels[heading.parent] + 1)
        return tuple((h.start, h.end, level) for h, level in zip(self.headings, levels, strict=True))

    def entity(self, domain: Domain) -> str:
        """A name of the domain that neither contains nor is contained in a name of this document."""
        for _ in range(8):
            name = entity(self.rng, self.lexicon, domain)
            if not any(name in other or other in name for other in self.names):
                break
        self.names.append(name)
        self.domain_of[name] = domain
        return name

    def domain(self) -> Domain:
        """One of the language's domains."""
        return pick(self.rng, self.lexicon.domains)

    def filler(self) -> None:
        """Write a sentence without values."""
        start = self.at
        text = fill(self.rng, pick(self.rng, self.lexicon.filler), self.lexicon.slots)
        self.put(text[0].upper() + text[1:] + self.lexicon.stop)
        self.sentence(start)
        self.space()

    def space(self) -> None:
        """Separate two sentences as the language does."""
        if self.lexicon.lang == "en":
            self.put(" ")

    def text(self) -> str:
        """What has been written."""
        return "".join(self.parts)
