"""English questions about a value that a sentence holds, with the question word in front, as people ask them."""

from __future__ import annotations

import re
from random import Random

from training.documents.chance import listed, pick

_MODALS = "must|should|may|can|will|shall|might|is|are|was|were|has to|have to"
_ENDS = frozenset(
    listed(
        "must should may can will shall might is are was were has have had do does did to of and or in for on at by "
        "with from as if when where which that than then but so because while after before until unless under over "
        "into per be been not only also used given set it they you we this these those without within between during"
    )
)
_PREPOSITION = (
    r"(?:(?: |^)"
    r"(?P<prep>under|on|in|at|to|by|with|for|from|after|before|within|up to|at most|at least|below|above|over))?"
)
_CLAUSE = re.compile(
    rf"^(?P<subject>[A-Za-z][^,;]{{3,90}}?) (?P<modal>{_MODALS}) (?P<rest>[a-z][\w' -]{{1,80}}?)"
    rf"{_PREPOSITION}(?: (?:the|a|an|its|their|of))?(?P<named> (?!most|least|than|\w+ing)[a-z]{{3,12}})?$"
)
_SUBORDINATE = re.compile(r"\b(?:if|when|that|which|who|because|while|so|unless|than|where|is|are|was|must|can|will)\b")
_OPENERS = frozenset(
    listed(
        "There This These That Those It They If When Find Match In To Then What After Before Here As Generally Where "
        "How We You For With On At By So But And Note Also While Otherwise However I He She Once Since Because Its"
    )
)
_BEING = ("is", "are", "was", "were")
_PARTICIPLE = re.compile(
    r"(?:not |then |also |only )?(?:[a-z]+ed|set|kept|given|sent|written|held|taken|made|built|put|read)\b"
)
_VALUED = re.compile(
    rf"^(?P<noun>[a-z][a-z -]{{2,30}}?) (?P<verb>{_MODALS}|contains?|holds?|has|defines?|gives?|means?)\b"
)


def fronted(rng: Random, kind: str, left: str, value: str, right: str) -> str:
    """The question for a value between the words `left` and `right` of its clause; "" where none is found."""
    if "(" in left:
        return ""
    valued = _VALUED.match(right) if left in ("", "The", "the") else None
    if valued and not any(word.endswith("ed") or word in _ENDS for word in valued["noun"].split()):
        return f"{pick(rng, ('which', 'what'))} {right}"
    matched = _CLAUSE.match(left)
    if not matched:
        return ""
    noun, rest = _noun(right)
    if not _plain(matched, noun) or _SUBORDINATE.search(rest[:12]):
        return ""
    if matched["named"]:  # on port 80
        if not matched["prep"] or noun or kind == "amount":
            return ""
        noun, kind = matched["named"].strip(), "name"
    asked = _asked(rng, kind, value, noun)
    opened = f"{matched['prep']} {asked}" if matched["prep"] else asked
    subject = matched["subject"]
    first = subject.split(" ", 1)[0]
    if first in _LOWERED or (first.isalpha() and first.endswith("s") and first[1:].islower()):
        subject = subject[0].lower() + subject[1:]
    modal, _, more = matched["modal"].partition(" ")
    if more:  # has to, have to
        modal, subject = ("does" if modal == "has" else "do"), f"{subject} have to"
    return " ".join(f"{opened} {modal} {subject} {matched['rest']} {rest}".split())


def _plain(matched: re.Match[str], noun: str) -> bool:
    """Whether the clause is a whole statement that bears its question word in front."""
    subject, rest = matched["subject"], matched["rest"]
    if not subject[0].isupper() or subject.split(" ", 1)[0] in _OPENERS or not (matched["prep"] or noun):
        return False
    if _SUBORDINATE.search(subject) or _SUBORDINATE.search(rest) or len(rest.split()) > 6:
        return False
    return matched["modal"] not in _BEING or bool(matched["prep"] and _PARTICIPLE.match(rest))


def _asked(rng: Random, kind: str, value: str, noun: str) -> str:
    """The question words: which flag, how many seconds, when."""
    if noun and kind == "number" and noun.endswith("s"):
        return f"how many {noun}"
    if noun:
        return f"{pick(rng, ('which', 'what', 'which'))} {noun}"
    unit = value.lstrip("+-0123456789,. ")
    if kind == "amount" and unit and unit != "%":
        return f"how many {unit}"
    return pick(
        rng, {"amount": ("how much",), "number": ("what number", "how many"), "date": ("which date",)}.get(kind, _ANY)
    )


def _noun(right: str) -> tuple[str, str]:
    """The words that name what the value is, right after it, and the rest."""
    words = right.split()
    taken = 0
    while taken < min(3, len(words)) and words[taken].isalpha() and words[taken].islower():
        if words[taken] in _ENDS:
            break
        taken += 1
    if taken == 3 or (taken < len(words) and words[taken] not in _ENDS):
        taken = 0
    return " ".join(words[:taken]), " ".join(words[taken:])


_ANY = ("what", "which", "what")
_LOWERED = frozenset(listed("The This A An Each Every These Those If In For When Your Its All Some Such Most Any No"))
