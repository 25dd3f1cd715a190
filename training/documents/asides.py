"""Owns lines that look like headings and are none: the label of a note, terms above their explanations."""

from __future__ import annotations

from random import Random

from training.documents import names
from training.documents.chance import listed, pick, some, upto, words
from training.documents.document import Lang

_LABELS = {
    "zh": words("注意/警告/提示/说明/备注/重要/小贴士/Warning/Note/示例"),
    "en": words("Warning/Note/Tip/Important/Caution/Note:/Example/Hint/Attention"),
}
_KEYS = listed("Ctrl Alt Shift CtrlShift CtrlAlt Shift+Ctrl+ Ctrl+ Alt+ Ctrl+Shift+")
_LONE = listed("F1 F2 F5 F6 F11 F12 Space Tab Esc Backspace Del Home End PageUp PageDown Enter")
LABELLED, TERMED = 0.15, 0.15
"""Shares of the runs of lines that have labels between them, and terms above each."""
_LONGEST_TERM = {"zh": 8, "en": 4}
_MOST_LABELS = 3


def with_asides(rng: Random, lang: Lang, lines: list[str]) -> list[str]:
    """The lines, at times with labels above some of them or as a list of terms with explanations."""
    roll = rng.random()
    if roll < LABELLED:
        above = set(some(rng, range(len(lines)), upto(rng, 1, _MOST_LABELS)))
        return [f"{pick(rng, _LABELS[lang])}\n{line}" if at in above else line for at, line in enumerate(lines)]
    if roll < LABELLED + TERMED:
        sort = rng.random()
        return [f"{_term(rng, lang, line, sort)}\n{line}" for line in lines]
    return lines


def _term(rng: Random, lang: Lang, line: str, sort: float) -> str:
    """A key, an option, a name, or words of the line that explains it; terms of one list are of one sort."""
    if sort < 0.25:
        return pick(rng, _LONE) if rng.random() < 0.3 else pick(rng, _KEYS) + pick(rng, "ABCDEFGHIJKLMNOPQRSTUVWXYZ")
    if sort < 0.4:
        return f"--{names.latin(rng)}"
    if sort < 0.55:
        return names.identifier(rng)
    longest = _LONGEST_TERM[lang]
    if lang == "zh":
        start = upto(rng, 0, max(0, len(line) - longest))
        return line[start : start + upto(rng, 2, longest)].strip("，。；：、（）() ") or names.identifier(rng)
    spoken = line.split()
    start = upto(rng, 0, max(0, len(spoken) - longest))
    taken = " ".join(spoken[start : start + upto(rng, 1, longest)]).strip(",.;:() ")
    return taken[:1].upper() + taken[1:] or names.identifier(rng)
