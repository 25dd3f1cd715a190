"""Owns the numbers that Word counts by itself ("1.1", "第三条"): the file's text lacks them, so they are put there.

What mammoth makes of them is a plain list, which loses their form and the levels above.
"""

import io
import zipfile
from collections.abc import Mapping
from dataclasses import dataclass, field
from xml.etree import ElementTree
from xml.etree.ElementTree import Element

BODY, NUMBERING, STYLES = "word/document.xml", "word/numbering.xml", "word/styles.xml"
W = "{http://schemas.openxmlformats.org/wordprocessingml/2006/main}"
LEVELS = 9
LONGEST_STYLE_CHAIN = 16
CHINESE_DIGITS = "零一二三四五六七八九"
ROMAN = (
    *((1000, "m"), (900, "cm"), (500, "d"), (400, "cd"), (100, "c"), (90, "xc"), (50, "l"), (40, "xl")),
    *((10, "x"), (9, "ix"), (5, "v"), (4, "iv"), (1, "i")),
)
UNCOUNTED = frozenset(("bullet", "none"))


@dataclass(frozen=True)
class Level:
    """How one level of a list counts: `form` holds %1 … %9 for the numbers of the levels, all plain where `legal`."""

    number_format: str = "decimal"
    form: str = ""
    start: int = 1
    legal: bool = False


@dataclass
class Count:
    """How far a list has come, by level."""

    levels: Mapping[int, Level]
    at: dict[int, int] = field(default_factory=dict)

    def step(self, index: int) -> str:
        """The label of the next paragraph on a level; the levels below begin anew."""
        level = self.levels.get(index, Level())
        self.at = {other: number for other, number in self.at.items() if other <= index}
        self.at[index] = self.at.get(index, level.start - 1) + 1
        label = level.form
        for other in range(LEVELS):
            above = self.levels.get(other, Level())
            number_format = "decimal" if level.legal else above.number_format
            label = label.replace(f"%{other + 1}", numeral(self.at.get(other, above.start), number_format))
        return label


def with_numbers(data: bytes) -> bytes:
    """The DOCX with the numbers of its lists as text; as it is where it counts nothing. Raises ParseError."""
    with zipfile.ZipFile(io.BytesIO(data)) as source:
        if NUMBERING not in source.namelist():
            return data
        body = ElementTree.fromstring(source.read(BODY))
        styles = ElementTree.fromstring(source.read(STYLES)) if STYLES in source.namelist() else Element("none")
        _number(body, _counts(ElementTree.fromstring(source.read(NUMBERING))), _style_lists(styles))
        out = io.BytesIO()
        with zipfile.ZipFile(out, "w", zipfile.ZIP_STORED) as target:
            for entry in source.infolist():
                text = ElementTree.tostring(body) if entry.filename == BODY else None
                if text is not None or entry.filename.endswith((".xml", ".rels")):  # pictures are not read anyway
                    target.writestr(entry.filename, source.read(entry) if text is None else text)
        return out.getvalue()


def numeral(number: int, number_format: str) -> str:
    """A number as a list writes it; formats that are not known count 1, 2, 3."""
    if number_format.endswith("Letter"):
        letters = chr(ord("a") + (number - 1) % 26) * ((number - 1) // 26 + 1) if number > 0 else "0"
        return letters.upper() if number_format.startswith("upper") else letters
    if number_format.endswith("Roman"):
        roman = _roman(number)
        return roman.upper() if number_format.startswith("upper") else roman
    if "ounting" in number_format and 0 < number < 100:
        return _chinese(number)
    if number_format.startswith("decimalEnclosedCircle") and 0 < number <= 20:
        return chr(0x2460 + number - 1)
    return f"{number:02}" if number_format == "decimalZero" else str(number)


def _roman(number: int) -> str:
    pieces = []
    for value, letters in ROMAN:
        pieces.append(letters * (number // value))
        number %= value
    return "".join(pieces)


def _chinese(number: int) -> str:
    tens, ones = divmod(number, 10)
    head = "" if not tens else "十" if tens == 1 else CHINESE_DIGITS[tens] + "十"
    return head + (CHINESE_DIGITS[ones] if ones else "")


def _counts(numbering: Element) -> dict[str, Count]:
    """Every list by its number; lists of one kind go on counting where the other stopped, unless one starts anew."""
    kinds = {_get(kind, "abstractNumId"): Count(_levels(kind)) for kind in numbering.iter(f"{W}abstractNum")}
    counts: dict[str, Count] = {}
    for each in numbering.iter(f"{W}num"):
        kind = kinds.get(_value(each, "abstractNumId"), Count({}))
        anew = each.find(f"{W}lvlOverride") is not None
        counts[_get(each, "numId")] = Count(kind.levels) if anew else kind
    return counts


def _levels(kind: Element) -> dict[int, Level]:
    return {int(_get(level, "ilvl") or 0): _level(level) for level in kind.iter(f"{W}lvl")}


def _level(level: Element) -> Level:
    return Level(
        number_format=_value(level, "numFmt") or "decimal",
        form=_value(level, "lvlText"),
        start=int(_value(level, "start") or 1),
        legal=level.find(f"{W}isLgl") is not None,
    )


def _style_lists(styles: Element) -> dict[str, tuple[str, int]]:
    """List and level of every style that has one, its own or that of a style it is based on."""
    by_id = {_get(style, "styleId"): style for style in styles.iter(f"{W}style")}
    found: dict[str, tuple[str, int]] = {}
    for name, style in by_id.items():
        each: Element | None = style
        for _ in range(LONGEST_STYLE_CHAIN):
            if each is None:
                break
            if place := _place(each):
                found[name] = place
                break
            each = by_id.get(_value(each, "basedOn"))
    return found


def _place(holder: Element) -> tuple[str, int] | None:
    """List and level that the properties of a paragraph or style name."""
    properties = holder.find(f"{W}pPr/{W}numPr")
    if properties is None or not _value(properties, "numId"):
        return None
    return _value(properties, "numId"), int(_value(properties, "ilvl") or 0)


def _number(body: Element, counts: Mapping[str, Count], styles: Mapping[str, tuple[str, int]]) -> None:
    for paragraph in body.iter(f"{W}p"):
        style = paragraph.find(f"{W}pPr/{W}pStyle")
        place = _place(paragraph) or styles.get(_get(style, "val") if style is not None else "")
        if place is None or place[0] not in counts:
            continue
        count, index = counts[place[0]], place[1]
        if count.levels.get(index, Level()).number_format not in UNCOUNTED:
            _label(paragraph, count.step(index))


def _label(paragraph: Element, label: str) -> None:
    """Puts the label before the paragraph's text, and takes the paragraph out of its list."""
    properties = paragraph.find(f"{W}pPr")
    assert properties is not None, "a paragraph in a list has properties"
    for place in properties.findall(f"{W}numPr"):
        properties.remove(place)
    out = ElementTree.SubElement(properties, f"{W}numPr")
    for name in ("ilvl", "numId"):
        ElementTree.SubElement(out, f"{W}{name}", {f"{W}val": "0"})
    run = Element(f"{W}r")
    ElementTree.SubElement(run, f"{W}t", {"{http://www.w3.org/XML/1998/namespace}space": "preserve"}).text = f"{label} "
    paragraph.insert(list(paragraph).index(properties) + 1, run)


def _value(holder: Element, name: str) -> str:
    child = holder.find(f"{W}{name}")
    return _get(child, "val") if child is not None else ""


def _get(element: Element, name: str) -> str:
    return element.get(f"{W}{name}", "")
