"""Documents of numbered parts: specifications with chapters and sections, contracts with articles and items."""

from __future__ import annotations

from training.documents import names, say
from training.documents.chance import pick, some, upto, words
from training.documents.frames import Frame, frames
from training.documents.grids import caption, grid
from training.documents.page import Page
from training.documents.prose import cast, paragraph
from training.documents.telling import rule, tell
from training.documents.titles import Numbering, title
from training.documents.values import numeral_zh


def manual(page: Page) -> None:
    """A title, what is known about the document, then chapters of sections with sentences of several values."""
    rng, lang = page.rng, page.lexicon.lang
    texts, tables = frames(f"spec_{lang}", lang), frames(f"tables_{lang}", lang)
    page.genre = [*texts, *some(rng, tables, 3)]
    subjects = cast(page) if rng.random() < 0.6 else [page.entity(page.domain()) for _ in range(3)]
    _front(page, subjects)
    numbering, chapter = Numbering(rng, lang), 0
    numbering.sections = True
    left = list(some(rng, texts, len(texts)))
    while not page.full:
        chapter += 1
        parent = numbering.chapter(page, chapter, title(page, subjects))
        for section in range(1, upto(rng, 2, 6) + 1):
            if not left:
                left = list(some(rng, texts, len(texts)))
            _section(page, numbering, (chapter, section, parent), [left.pop(), *some(rng, tables, 1)], subjects)
            if page.full:
                break
        page.put("\n")


def _front(page: Page, subjects: list[str]) -> None:
    """The title and a few lines about the document."""
    page.head(title(page, subjects))
    rng = page.rng
    for frame in frames(f"front_{page.lexicon.lang}", page.lexicon.lang):
        if rng.random() < 0.5:
            tell(page, frame)
            page.put("\n")
    page.put("\n")


def _section(
    page: Page, numbering: Numbering, place: tuple[int, int, int], kinds: list[Frame], subjects: list[str]
) -> None:
    """A section named after what its first frame tells."""
    rng, frame = page.rng, kinds[0]
    chapter, section, parent = place
    opened = numbering.section(page, (chapter, section), _named(page, frame), parent)
    items = rng.random() < 0.2 and not frame.once
    deep = not items and not frame.once and rng.random() < 0.25 and numbering.deep
    for number in range(1, 1 + (1 if frame.once else upto(rng, 2, 4) if items else upto(rng, 1, 2))):
        if deep:
            numbering.subsection(page, (chapter, section, number), _named(page, frame), opened)
        page.put(f"（{number}）" if items and page.lexicon.lang == "zh" else f"({number}) " if items else "")
        _beside(page)
        tell(page, frame)
        page.space()
        _beside(page)
        page.put("\n")
        if rng.random() < 0.25:
            paragraph(page, subjects)
    if rng.random() < 0.2:
        page.put(caption(page, kinds[1], f"{chapter}-{section}") + "\n")
        grid(page, kinds[1], upto(rng, 3, 8))


def _beside(page: Page) -> None:
    """At times a sentence without values: a rule that can be asked for, or filler."""
    roll = page.rng.random()
    if roll < 0.3:
        rule(page)
    elif roll < 0.45:
        page.filler()


def _named(page: Page, frame: Frame) -> str:
    """A heading for the frame, not used before if that is easy."""
    for _ in range(4):
        name = pick(page.rng, frame.tags).replace("_", " ")
        if all(heading.title != name for heading in page.headings):
            return name
    return f"{name} {names.brand_zh(page.rng) if page.lexicon.lang == 'zh' else names.latin(page.rng)}"


_KINDS = {
    "zh": words(
        "服务合同/采购合同/维护合同/租赁合同/建设合同/委托开发合同/供货协议/外包服务协议/技术咨询合同/运营协议"
    ),
    "en": words("Service Agreement/Supply Contract/Lease/Licence Agreement/Framework Agreement/Consulting Agreement"),
}


def agreement(page: Page) -> None:
    """A contract: parties, then articles with numbered items of several amounts and terms, at times a schedule."""
    rng, lang = page.rng, page.lexicon.lang
    every = frames(f"contract_{lang}", lang)
    page.genre = list(every)
    brand = names.brand_zh(rng) if lang == "zh" else names.latin(rng).capitalize() + " "
    page.head(brand + pick(rng, _KINDS[lang]))
    page.put("\n")
    for frame in frames(f"parties_{lang}", lang):
        if rng.random() < 0.85:
            tell(page, frame)
            page.put("\n")
    subjects = [page.entity(page.domain()) for _ in range(3)]
    left, article, style = list(some(rng, every, len(every))), 0, rng.random()
    while left and not page.full:
        article += 1
        _article(page, article, left, (style, subjects))
    while not page.full:
        page.put("\n")
        paragraph(page, subjects)
        _schedule(page, article)


def _article(page: Page, article: int, left: list[Frame], style: tuple[float, list[str]]) -> None:
    rng, chinese = page.rng, page.lexicon.lang == "zh"
    name = pick(rng, left[-1].tags)
    kin = [frame for frame in left if name in frame.tags][-4:]
    head, label, unit = _numbered(article, chinese, style[0])
    page.put("\n")
    page.heading("", head, name.replace("_", " "), (label, unit, -1))
    for number, frame in enumerate(kin, 1):
        left.remove(frame)
        page.put(f"{article}.{number} " if style[0] < 0.7 else f"（{number}）" if chinese else f"({number}) ")
        tell(page, frame)
        page.put("\n")
        before = page.at
        _beside(page)
        if page.at > before:
            page.put("\n")
        elif rng.random() < 0.25:
            subject = pick(rng, style[1])
            attribute = pick(rng, page.domain_of[subject].attributes)
            if (subject, attribute.key) not in page.stated:
                say.fact(page, subject, attribute)
                page.put("\n")
    if rng.random() < 0.12:
        _schedule(page, article)


def _schedule(page: Page, number: int) -> None:
    frame = pick(page.rng, frames(f"tables_{page.lexicon.lang}", page.lexicon.lang))
    page.put(caption(page, frame, str(number)) + "\n")
    grid(page, frame, upto(page.rng, 3, 9))


def _numbered(article: int, chinese: bool, style: float) -> tuple[str, str, str]:
    """An article's number as written, as referred to, and its unit."""
    if not chinese:
        unit = "Article" if style < 0.5 else "Clause" if style < 0.8 else "Section"
        return f"{unit} {article}. ", f"{unit.lower()} {article}", unit.lower()
    numeral = numeral_zh(article)
    if style < 0.8:
        return f"第{numeral}条 ", f"第{numeral}条", "条"
    return f"{numeral}、", f"第{numeral}部分", "部分"
