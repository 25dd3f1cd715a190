"""References of interfaces: numbered functions with role, parameters, answer and errors, between chapters of text."""

from __future__ import annotations

from training.documents.chance import pick, some, upto
from training.documents.frames import Frame, frames, tagged
from training.documents.grids import caption, grid
from training.documents.page import Page
from training.documents.prose import cast, paragraph
from training.documents.telling import rule, tell
from training.documents.titles import title
from training.documents.values import numeral_zh

_LISTS = {"zh": ("参数：", "参数说明", "入参："), "en": ("Parameters:", "Arguments:", "Takes:")}
_ERRORS = {"zh": ("错误码：", "可能的错误：", "异常："), "en": ("Errors: ", "Fails with: ", "Errors: ")}
_VERBS_EN = (
    "Reading",
    "Creating",
    "Changing",
    "Removing",
    "Listing",
    "Moving",
    "Sharing",
    "Closing",
    "Copying",
    "Locking",
)
_VERBS_ZH = ("读取", "新建", "修改", "删除", "查询", "移动", "共享", "关闭", "复制", "锁定", "提交", "订阅")


def reference(page: Page) -> None:
    """A title, a chapter or two of text, then chapters of functions."""
    rng, lang = page.rng, page.lexicon.lang
    texts = frames(f"spec_{lang}", lang)
    page.genre = [*frames(f"api_{lang}", lang), *some(rng, texts, 6)]
    subjects = cast(page) if rng.random() < 0.3 else [page.entity(page.domain()) for _ in range(2)]
    page.head(title(page, subjects))
    for frame in frames(f"front_{lang}", lang):
        if rng.random() < 0.4:
            tell(page, frame)
            page.put("\n")
    chapter, by_name = upto(rng, 0, 4), rng.random() < 0.5
    while not page.full:
        chapter += 1
        parent = _chapter(page, chapter, title(page, subjects))
        left = list(some(rng, texts, 8))
        for section in range(1, upto(rng, 3, 9)):
            if chapter % 3 == 1 and left:
                frame = left.pop()
                _heading(page, (chapter, section, parent), pick(rng, frame.tags).replace("_", " "))
                tell(page, frame)
                page.space()
                for _ in range(upto(rng, 0, 2)):
                    rule(page)
                page.put("\n\n")
            else:
                _function(page, (chapter, section, parent), by_name)
            if page.full:
                break
        if rng.random() < 0.2:
            paragraph(page, subjects)


def _chapter(page: Page, number: int, name: str) -> int:
    if page.lexicon.lang == "en":
        return page.heading("", f"{number} ", name, (f"chapter {number}", "chapter", -1))
    numeral = numeral_zh(number)
    return page.heading("", f"第{numeral}章 ", name, (f"第{numeral}章", "章", -1))


def _heading(page: Page, place: tuple[int, int, int], name: str) -> None:
    chapter, section, parent = place
    number = f"{chapter}.{section}"
    label = f"section {number}" if page.lexicon.lang == "en" else f"{number} 节"
    page.heading("", f"{number} ", name, (label, "section" if page.lexicon.lang == "en" else "节", parent))


def _function(page: Page, place: tuple[int, int, int], by_name: bool) -> None:
    """A function: named by its identifier, or by what it does."""
    rng, lang = page.rng, page.lexicon.lang
    fn = page.kinds.make("apifunction") if by_name else _doing(page)
    if fn in page.stated_names:
        return
    page.stated_names.add(fn)
    _heading(page, place, fn)
    spoken = fn if by_name or lang == "zh" else fn[0].lower() + fn[1:]
    given = {"fn": spoken}
    for part, chance in (("call", 0.0 if by_name else 0.9), ("role", 0.8), ("text", 0.8)):
        if rng.random() < chance:
            tell(page, pick(rng, _part(page, part)), given=given)
            page.put("\n")
    page.put(pick(rng, _LISTS[lang]) + "\n")
    for frame in [pick(rng, _part(page, "param")) for _ in range(upto(rng, 1, 4))]:
        tell(page, frame, given=given)
        page.put("\n")
    if rng.random() < 0.7:
        tell(page, pick(rng, _part(page, "answer")), given=given)
        page.put("\n")
    _failures(page, given)
    if rng.random() < 0.05:
        frame = pick(rng, frames(f"tables_{lang}", lang))
        page.put(caption(page, frame, f"{place[0]}.{place[1]}") + "\n")
        grid(page, frame, upto(rng, 3, 7))
    page.put("\n")


def _failures(page: Page, given: dict[str, str]) -> None:
    rng, lang = page.rng, page.lexicon.lang
    page.put(pick(rng, _ERRORS[lang]))
    for index in range(upto(rng, 1, 3)):
        page.put(("；" if lang == "zh" else "; ") if index else "")
        tell(page, pick(rng, _part(page, "error")), given=given)
    page.put("。\n" if lang == "zh" else ".\n")


def _part(page: Page, name: str) -> tuple[Frame, ...]:
    return tagged(f"api_{page.lexicon.lang}", page.lexicon.lang, name)


def _doing(page: Page) -> str:
    """What a function does, as its section is called."""
    rng = page.rng
    if page.lexicon.lang == "zh":
        return pick(rng, _VERBS_ZH) + page.kinds.make("thingzh") + page.kinds.make("endzh")
    thing = page.kinds.make("thing")
    return f"{pick(rng, _VERBS_EN)} {pick(rng, ('a ', 'the ', 'every ', ''))}{thing}" + pick(
        rng, ("", " " + page.kinds.make("noun"))
    )
