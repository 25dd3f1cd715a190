"""Owns what stands between two lines that become one: a space, nothing, or the hyphen of a word in two."""

import re
from collections.abc import Mapping

from render_service.documents.markup import DENSE

SOFT_HYPHEN = "\u00ad"
HYPHENS = ("-", "\u2010", SOFT_HYPHEN)
LAST_WORD = re.compile(r"[\w-]+$")
FIRST_WORD = re.compile(r"[\w-]+")
DENSE_END = re.compile(rf"[{DENSE}]$")
DENSE_START = re.compile(rf"[{DENSE}]")


def joint(line: str, following: str, words: Mapping[str, int]) -> str:
    """`line` with what joins it to `following`; `words` counts the words of the whole text.

    A hyphen at the end stays unless the text has the word without it, or a typesetter is known to have put it there
    (U+00AD) between two small letters and the text has no such compound.
    """
    if line.endswith(HYPHENS):
        return line[:-1] + ("-" if _is_compound(line, following, words) else "")
    dense = DENSE_END.search(line) and DENSE_START.match(following)
    return line if dense else line + " "


def _is_compound(line: str, following: str, words: Mapping[str, int]) -> bool:
    head = LAST_WORD.search(line[:-1])
    tail = FIRST_WORD.match(following)
    if not head or not tail:
        return True
    if words.get(f"{head.group()}-{tail.group()}", 0):
        return True
    if words.get(head.group() + tail.group(), 0):
        return False
    by_typesetter = line.endswith(SOFT_HYPHEN) and head.group()[-1].islower() and tail.group()[0].islower()
    return not by_typesetter
