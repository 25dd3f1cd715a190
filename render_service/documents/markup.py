"""Owns the way from HTML, and what becomes HTML first, to lines of text: one a block, ` | ` between table cells."""

import re
from collections.abc import Iterator
from dataclasses import dataclass, field

from markdown_it import MarkdownIt
from selectolax.lexbor import LexborHTMLParser, LexborNode

from render_service.documents.kinds import Kind
from render_service.documents.values import Decoded, InvalidDocument

# Without text of their own, or with text that no reader of the page sees.
SKIPPED = frozenset(
    (
        *("script", "style", "template", "noscript", "head", "svg", "math", "iframe", "object", "canvas", "audio"),
        *("video", "datalist", "select", "-comment", "!doctype"),
    )
)
BLOCKS = frozenset(
    (
        *("html", "body", "p", "div", "h1", "h2", "h3", "h4", "h5", "h6", "ul", "ol", "dl", "dt", "dd", "li"),
        *("table", "thead", "tbody", "tfoot", "tr", "td", "th", "caption", "section", "article", "header", "footer"),
        *("main", "aside", "nav", "blockquote", "pre", "figure", "figcaption", "address", "hr", "form", "fieldset"),
        *("legend", "details", "summary", "center"),
    )
)
CELLS = frozenset(("td", "th"))
LISTS = frozenset(("ul", "ol"))
# Elements without an end of their own, or whose end may be left out, do not nest by being repeated.
NESTING = re.compile(
    r"</?(?!(?:area|base|br|col|embed|hr|img|input|link|meta|source|track|wbr|p|li|dt|dd|td|th|tr|option"
    r"|thead|tbody|tfoot|colgroup|rt|rp)\b)[a-zA-Z]"
)
MAX_DEPTH = 10_000
CELL_GAP = " | "
INDENT = "  "
HIDDEN = re.compile(r"display\s*:\s*none|visibility\s*:\s*hidden", re.IGNORECASE)
SPACE = re.compile(r"[ \t\r\n\f]+")
# Scripts that write without spaces: a line end between two of their characters is no space.
DENSE = r"\u2e80-\u303f\u3040-\u30ff\u3400-\u4dbf\u4e00-\u9fff\uf900-\ufaff\uff00-\uff60\U00020000-\U0003ffff"
BROKEN_DENSE = re.compile(rf"(?<=[{DENSE}])[ \t]*\r?\n\s*(?=[{DENSE}])")


def decode_html(html: str, charset: str = "", media_type: str = Kind.HTML.value) -> Decoded:
    """The lines of an HTML page. What the page hides (scripts, hidden elements) is left out; hidden text is counted."""
    _refuse_depth(html)
    writer = _Writer()
    root = LexborHTMLParser(html).root
    if root is not None:
        for node, entering in _walk(root, writer):
            (writer.enter if entering else writer.leave)(node)
    writer.end_line()
    removed = {"hidden": writer.hidden} if writer.hidden else {}
    return Decoded("\n".join(writer.lines), media_type, charset, removed)


def _refuse_depth(html: str) -> None:
    """Building the tree takes quadratic time in its depth; no page that a person wrote comes near the bound."""
    depth = 0
    for tag in NESTING.finditer(html):
        depth = max(0, depth - 1) if tag.group().startswith("</") else depth + 1
        if depth > MAX_DEPTH:
            raise InvalidDocument(
                f"more than {MAX_DEPTH:,} elements stand inside one another: this is no page to be read"
            )


def decode_markdown(text: str, charset: str = "") -> Decoded:
    """The lines of a Markdown text, as those of the page that it makes."""
    parser = MarkdownIt("commonmark").enable(["table", "strikethrough"])
    return decode_html(parser.render(text), charset, Kind.MARKDOWN.value)


def unbroken(text: str) -> str:
    """Text with every run of white space as one space, none where a line was broken inside Chinese or Japanese."""
    return SPACE.sub(" ", BROKEN_DENSE.sub("", text))


@dataclass
class _List:
    """An open list; `number` is that of its next item, 0 in a list without numbers."""

    number: int = 0

    def marker(self) -> str:
        if not self.number:
            return "- "
        self.number += 1
        return f"{self.number - 1}. "


@dataclass
class _Writer:
    """Lines as they grow. A block's end is a line's end, but inside a table cell, where it is a space."""

    lines: list[str] = field(default_factory=list)
    hidden: int = 0
    _pieces: list[str] = field(default_factory=list)
    _prefix: str = ""
    _lists: list[_List] = field(default_factory=list)
    _rows: list[list[str]] = field(default_factory=list)
    _verbatim: int = 0

    def enter(self, node: LexborNode) -> None:
        tag = node.tag
        if tag == "-text":
            self._pieces.append(node.text_content or "")
        elif tag in BLOCKS:
            self._end_block()
            self._open(node, tag or "")
        elif tag == "br":
            self._pieces.append("\n" if self._verbatim else " ") if self._rows or self._verbatim else self.end_line()
        elif tag == "img":
            self._pieces.append(node.attributes.get("alt") or "")

    def leave(self, node: LexborNode) -> None:
        tag = node.tag
        if tag not in BLOCKS:
            return
        if tag in CELLS and self._rows:
            self._rows[-1].append(unbroken("".join(self._pieces)).strip())
            self._pieces.clear()
            return
        self._end_block()
        if tag == "tr" and self._rows:
            cells = self._rows.pop()
            if any(cells):
                self.lines.append(CELL_GAP.join(cells))
        elif tag in LISTS and self._lists:
            self._lists.pop()
        elif tag == "pre":
            self._verbatim -= 1

    def end_line(self) -> None:
        """Ends the line that is being written, if anything is on it."""
        raw = "".join(self._pieces)
        self._pieces.clear()
        text = raw.strip("\r\n") if self._verbatim else unbroken(raw).strip()
        if text.strip():
            self.lines.append(self._prefix + text)
            self._prefix = ""

    def _end_block(self) -> None:
        if self._rows:
            self._pieces.append(" ")
        else:
            self.end_line()

    def _open(self, node: LexborNode, tag: str) -> None:
        if tag in LISTS:
            start = node.attributes.get("start") or ""
            self._lists.append(_List((int(start) if start.isdecimal() else 1) if tag == "ol" else 0))
        elif tag == "li":
            self._prefix = INDENT * (len(self._lists) - 1) + (self._lists[-1].marker() if self._lists else "- ")
        elif tag == "tr" and _holds_data(node):
            self._rows.append([])
        elif tag == "pre":
            self._verbatim += 1


def _holds_data(row: LexborNode) -> bool:
    """Whether a row is one of a table, not of a layout: several cells, none of them with a table inside."""
    cells = row.css("td, th")
    return len(cells) > 1 and row.css_first("table") is None


def _walk(root: LexborNode, writer: _Writer) -> Iterator[tuple[LexborNode, bool]]:
    """Every node that counts, when it is entered and when it is left; without recursion, since pages nest at will."""
    node: LexborNode | None = root
    open_nodes: list[LexborNode] = []
    while node is not None:
        if _counts(node, writer):
            yield node, True
            if node.child is not None:
                open_nodes.append(node)
                node = node.child
                continue
            yield node, False
        while node is not None and node.next is None:
            node = open_nodes.pop() if open_nodes else None
            if node is not None:
                yield node, False
        node = node.next if node is not None else None


def _counts(node: LexborNode, writer: _Writer) -> bool:
    if node.tag in SKIPPED:
        return False
    if node.tag == "-text":
        return True
    attributes = node.attributes
    if "hidden" in attributes or HIDDEN.search(attributes.get("style") or ""):
        writer.hidden += len((node.text() or "").strip())
        return False
    return True
