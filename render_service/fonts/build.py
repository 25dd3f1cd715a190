"""Makes the committed font files from Debian's Noto packages; run by hand, never at run time.

`python -m render_service.fonts.build EMOJI.ttf` (fontTools; Debian packages fonts-noto-cjk, fonts-noto-mono,
fonts-noto-core; Noto Emoji from npm's @expo-google-fonts/noto-emoji). Outlines stay as they are: only glyphs, layout
tables and, for scripts that are shaped, hints are dropped, so equal input gives equal bytes.
"""

import sys
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path

from fontTools import subset  # type: ignore[import-untyped]  # fontTools ships no types

from render_service.fonts.audit import write_metrics
from render_service.fonts.faces import FOLDER, SCRIPTS

NOTO = Path("/usr/share/fonts")
CJK = NOTO / "opentype/noto/NotoSansCJK-Regular.ttc"
MAX_TOTAL_BYTES = 12_000_000


@dataclass(frozen=True)
class Cut:
    """One committed file: which face it is cut from and which code points stay."""

    name: str
    source: Path
    face: int
    code_points: frozenset[int]
    features: tuple[str, ...] = ()
    hinted: bool = True


def _ranges(*bounds: tuple[int, int]) -> frozenset[int]:
    return frozenset(point for first, last in bounds for point in range(first, last + 1))


# Extension A stands in GBK's successors and in rare names; the surrogate-plane extensions and Hangul cost 3 MB more.
CHINESE = _ranges((0x20, 0x312F), (0x3190, 0x9FFF), (0xF900, 0xFAFF), (0xFE30, 0xFE6F), (0xFF00, 0xFFEF))
LATIN = _ranges((0x20, 0x36F), (0x370, 0x52F), (0x1E00, 0x2BFF), (0x2C60, 0x2C7F), (0xA640, 0xA69F), (0xA720, 0xA7FF))
SYMBOLS = _ranges((0x2000, 0x2BFF), (0x1F300, 0x1FAFF), (0x1D400, 0x1D7FF))

# The two thousand syllables of KS X 1001, in which Korean is written, and the letters; all eleven thousand cost 1.1 MB.
KOREAN = frozenset(
    ord(char)
    for pair in (bytes((row, cell)) for row in range(0xB0, 0xC9) for cell in range(0xA1, 0xFF))
    for char in pair.decode("euc_kr", "ignore")
) | _ranges((0x3131, 0x318E))
# What joins and marks in every script: joiners, the dotted circle that bears a mark alone.
JOINERS = frozenset((0x200C, 0x200D, 0x25CC))

SIMPLE_CUTS = (
    Cut("NotoSansSC-Regular.otf", CJK, 2, CHINESE),
    Cut("NotoSansMonoSC-ASCII.otf", CJK, 7, _ranges((0x20, 0x7E))),
    Cut(
        "NotoSansMono-Regular.ttf", NOTO / "truetype/noto/NotoSansMono-Regular.ttf", 0, LATIN, ("ccmp", "mark", "mkmk")
    ),
    Cut("NotoSansMath-Symbols.ttf", NOTO / "truetype/noto/NotoSansMath-Regular.ttf", 0, SYMBOLS),
    Cut("NotoSansSymbols2-Regular.ttf", NOTO / "truetype/noto/NotoSansSymbols2-Regular.ttf", 0, SYMBOLS),
    Cut("NotoSansKR-Syllables.otf", CJK, 1, KOREAN),
)


def _cuts(emoji: Path) -> Iterable[Cut]:
    yield from SIMPLE_CUTS
    yield Cut("NotoEmoji-Regular.ttf", emoji, 0, _ranges((0x20, 0x10FFFF)), ("*",), hinted=False)
    for script in SCRIPTS:
        source = NOTO / "truetype/noto" / script.face.file
        yield Cut(source.name, source, 0, _ranges(*script.blocks) | JOINERS, ("*",), hinted=False)


def _options(piece: Cut) -> subset.Options:
    options = subset.Options()
    options.font_number = piece.face
    options.notdef_outline = True
    options.recalc_timestamp = False
    options.layout_features = list(piece.features)
    if not piece.hinted:  # at these sizes hints of curved scripts only thicken
        options.hinting, options.name_IDs, options.glyph_names = False, [], False
    if not piece.features:
        options.drop_tables += ["GSUB", "GPOS", "GDEF", "BASE", "MATH", "VORG", "vhea", "vmtx"]
    return options


def cut(piece: Cut, folder: Path) -> int:
    """Writes one subset into `folder` and returns its size in bytes."""
    options = _options(piece)
    font = subset.load_font(str(piece.source), options)
    subsetter = subset.Subsetter(options)
    subsetter.populate(unicodes=piece.code_points)
    subsetter.subset(font)
    target = folder / piece.name
    subset.save_font(font, str(target), options)
    return target.stat().st_size


def main(emoji: str) -> int:
    """Builds every file and refuses a total above the repository's allowance."""
    total = 0
    for piece in _cuts(Path(emoji)):
        size = cut(piece, FOLDER)
        total += size
        print(f"{piece.name}: {size} bytes")
    write_metrics()
    return int(total > MAX_TOTAL_BYTES)


if __name__ == "__main__":
    sys.exit(main(*sys.argv[1:]))
