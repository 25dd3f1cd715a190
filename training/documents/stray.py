"""Words of running text put around what matters, so that no frame is there to be learnt by heart.

Statements and questions of this sort are seldom sentences. What is to be found in them are the names and the value, by
being the same characters and by standing together; what stands between them is whatever some text has.
"""

from __future__ import annotations

import re
from random import Random

from training.documents.chance import listed, pick, some, upto
from training.documents.document import Lang

_STRETCH = {"zh": re.compile("[\u4e00-\u9fff]{4,}"), "en": re.compile(r"(?<!\w)[a-z]{2,12}(?: [a-z]{2,12}){2,}(?!\w)")}
_LINKS = {
    "zh": listed(
        '为 是 即 系 ： : ＝ = → ， 定为 记作 取 归 到 计 达 止于 标着 给出 一直是 等于 采用 改成 仍是 ， —— ｜ ( 「 "'
    ),
    "en": listed('is was = : at of to as equals reads says -> remains being shows with , by carries ( " | --'),
}
_CLOSING = {"(": ")", "「": "」", '"': '"'}
_ENDS = {"zh": ("。", "。", "。", "；", "", "，", " "), "en": (".", ".", ".", ";", "", ",", " -")}
_BREAKS = {"zh": ("，", "，", "。", "；", "、", "（", " "), "en": (",", ",", ";", ".", " and", " (", " -")}
_SHORT = {"zh": (0, 0, 0, 1, 2, 3, 5, 8), "en": (0, 0, 0, 1, 2, 3, 5)}


class Words:
    """Pieces of one text: `some` of them in a row are a phrase. A text without any has the language's links."""

    def __init__(self, rng: Random, lang: Lang, text: str) -> None:
        self.rng, self.lang = rng, lang
        found: list[str] = _STRETCH[lang].findall(text)
        self.stretches: list[list[str]] = [list(one) if lang == "zh" else one.split() for one in found]

    def phrase(self, count: int) -> str:
        """So many consecutive words, or characters in Chinese; fewer where no stretch drawn has them."""
        if not count or not self.stretches:
            return ""
        stretch = pick(self.rng, self.stretches)
        first = upto(self.rng, 0, max(0, len(stretch) - count))
        return ("" if self.lang == "zh" else " ").join(stretch[first : first + count])

    def name(self) -> str:
        """A phrase of the length of a name."""
        return self.phrase(pick(self.rng, (2, 3, 4, 4, 5, 6) if self.lang == "zh" else (1, 1, 2, 2, 3)))

    def some(self) -> str:
        """A phrase of no words or a few."""
        return self.phrase(pick(self.rng, _SHORT[self.lang]))

    def joined(self, *parts: str) -> str:
        """The parts with blanks between them where the language has any."""
        if self.lang == "zh":
            return "".join(parts)
        return re.sub(r" ([,;.:)])", r"\1", " ".join(part.strip() for part in parts if part.strip()))

    def before(self, value: str) -> str:
        """What leads to a value: a link, at times with words before it; words alone where the value stands out."""
        if value[0].isdigit() and self.rng.random() < 0.3:
            return self.some()
        return self.joined(self.some() if self.rng.random() < 0.4 else "", pick(self.rng, _LINKS[self.lang]))

    def after(self, value: str, link: str) -> str:
        """What follows a value: what its link opened is closed, then a break and words, or an end."""
        closed = _CLOSING.get(link[-1:], "")
        if self.rng.random() < 0.45:
            return closed + pick(self.rng, _ENDS[self.lang])
        mark = pick(self.rng, _BREAKS[self.lang])
        if closed or not (value[-1].isdigit() and self.rng.random() < 0.3):
            words = self.phrase(upto(self.rng, 2, 7))
            return closed + self.joined(mark, words) + ("）" if mark == "（" else ")" if mark == " (" else "")
        return self.joined("", self.phrase(upto(self.rng, 1, 6)))

    def asked(self, names: list[str], word: str) -> str:
        """A question that has the names in any order among other words, and the question word at either end."""
        parts: list[str] = [self.some()]
        for name in some(self.rng, names, len(names)):
            parts += [name, pick(self.rng, _BREAKS[self.lang][:2]) if self.rng.random() < 0.15 else "", self.some()]
        front = self.rng.random() < (0.5 if self.lang == "en" else 0.15)
        parts = [word, *parts] if front else [*parts, word]
        return self.joined(*parts)
