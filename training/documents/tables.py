"""Tables and records: entities by attributes with bars, aligned columns, commas or tabs, and lists of properties."""

from __future__ import annotations

from training.documents.chance import pick, some, upto
from training.documents.lexicon import Attribute, Domain
from training.documents.page import Page

_NAMES_ZH = ("名称", "对象", "项目", "条目", "名目", "编目")
_NAMES_EN = ("name", "item", "entry", "object")


_COMMAS = 2  # the style of a table whose cells are set off by commas


def width(text: str) -> int:
    """Half-width cells that the text takes."""
    return sum(2 if ord(char) > 0x2E80 else 1 for char in text)


def table(page: Page) -> None:
    """A table of two to seven new entities of one domain."""
    domain = page.domain()
    grid(page, domain, [page.entity(domain) for _ in range(upto(page.rng, 2, 7))])


def grid(page: Page, domain: Domain, subjects: list[str]) -> None:
    """A table of the subjects by two to four attributes of their domain."""
    rng = page.rng
    columns = [(a, pick(rng, a.names)) for a in some(rng, domain.attributes, upto(rng, 2, 4))]
    style = int(rng.random() * 4)
    first = pick(rng, _NAMES_ZH if page.lexicon.lang == "zh" else _NAMES_EN)
    rows = [[subject, *(attribute.make(rng) for attribute, _ in columns)] for subject in subjects]
    if style == _COMMAS:
        rows = [[cell.replace(",", "") for cell in row] for row in rows]
    cells = [[first, *(name for _, name in columns)], *rows]
    widths = [max(width(row[index]) for row in cells) + 2 for index in range(len(columns) + 1)]
    for number, row in enumerate(cells):
        page.put("| " if style == 0 else "")
        for index, cell in enumerate(row):
            if number and index:
                page.value(row[0], columns[index - 1][0], cell)
            else:
                page.put(cell)
            page.put(_after(style, widths[index] - width(cell), index == len(row) - 1))
        page.put("\n")
        if number == 0 and style == 0:
            page.put("|" + "---|" * len(row) + "\n")


def _after(style: int, room: int, last: bool) -> str:
    """What follows a cell: bars, blanks that align, a comma or a tab."""
    if last:
        return " |" if style == 0 else ""
    return (" | ", " " * room, ",", "\t")[style]


_JOINTS_ZH = ("：", "：", ": ", " = ", "　", "——")
_JOINTS_EN = (": ", ": ", " = ", " - ", ":\t")
_BULLETS = ("", "", "- ", "* ", "· ", "  ", "• ")


def cards(page: Page, count: int) -> None:
    """Cards: an entity on a line, then its properties one a line."""
    rng, chinese = page.rng, page.lexicon.lang == "zh"
    joint, bullet = pick(rng, _JOINTS_ZH if chinese else _JOINTS_EN), pick(rng, _BULLETS)
    head = pick(
        rng, ("【{s}】", "{s}", "{s}：", "名称：{s}", "[{s}]") if chinese else ("{s}", "[{s}]", "{s}:", "Name: {s}")
    )
    for _ in range(count):
        domain = page.domain()
        subject = page.entity(domain)
        page.put(head.replace("{s}", subject) + "\n")
        for attribute in some(rng, domain.attributes, upto(rng, 2, 7)):
            _property(page, subject, attribute, (bullet, joint))
        page.put("\n")


def _property(page: Page, subject: str, attribute: Attribute, style: tuple[str, str]) -> None:
    bullet, joint = style
    page.put(bullet + pick(page.rng, attribute.names) + joint)
    page.value(subject, attribute, attribute.make(page.rng))
    page.put("\n")


def records(page: Page) -> None:
    """A document of tables and cards."""
    while not page.full:
        if page.rng.random() < 0.5:
            table(page)
            page.put("\n")
        else:
            cards(page, upto(page.rng, 1, 4))
