"""Forms of regular English verbs with what belongs to them ("keep" is not regular; "listen on" is); Chinese has one."""

from __future__ import annotations

from training.documents.chance import listed

_IRREGULAR = {
    "keep": "kept", "sleep": "slept", "hold": "held", "send": "sent", "bind": "bound", "run": "ran", "begin": "began",
    "lose": "lost", "draw": "drew", "bear": "bore", "show": "showed", "wake": "woke", "burst": "burst", "set": "set",
    "withstand": "withstood", "write": "wrote", "cost": "cost", "read": "read", "stand": "stood", "drive": "drove",
    "say": "said",
}  # fmt: skip


def infinitive(verb: str) -> str:
    """The verb as it is."""
    return verb


def third(verb: str) -> str:
    """The verb of a third person: listens on."""
    if not verb.isascii():
        return verb
    first, gap, rest = verb.partition(" ")
    if first.endswith(("s", "sh", "ch", "x", "o")):
        return first + "es" + gap + rest
    return (first[:-1] + "ies" if first.endswith("y") and first[-2] not in "aeiou" else first + "s") + gap + rest


def past(verb: str) -> str:
    """The verb in the past: listened on."""
    if not verb.isascii():
        return verb
    first, gap, rest = verb.partition(" ")
    return _past(first) + gap + rest


def _past(verb: str) -> str:
    if verb in _IRREGULAR:
        return _IRREGULAR[verb]
    if verb.endswith("e"):
        return verb + "d"
    if verb.endswith("y") and verb[-2] not in "aeiou":
        return verb[:-1] + "ied"
    return verb + (verb[-1] if verb in _DOUBLED else "") + "ed"


def participle(verb: str) -> str:
    """The verb in the passive: drawn."""
    return _PARTICIPLES.get(verb) or past(verb)


_PARTICIPLES = {"draw": "drawn", "bear": "borne", "show": "shown", "write": "written", "drive": "driven"}
_DOUBLED = frozenset(listed("ship drop map stop trip log scan pin wrap permit emit transmit"))
