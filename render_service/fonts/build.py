"""Makes the committed font files from Debian's Noto packages; run by hand, never at run time.

`python -m render_service.fonts.build` (fontTools; Debian packages fonts-noto-cjk, fonts-noto-mono, fonts-noto-core).
Outlines and hints stay as they are: only glyphs and layout tables are dropped, so equal input gives equal bytes.
"""

import sys
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path

from fontTools import subset  # type: ignore[import-untyped]  # fontTools ships no types

from render_service.fonts.audit import write_metrics

NOTO = Path("/usr/share/fonts")
HERE = Path(__file__).parent
MAX_TOTAL_BYTES = 12 * 1024 * 1024


@dataclass(frozen=True)
class Cut:
    """One committed file: which face it is cut from and which code points stay."""

    name: str
    source: Path
    face: int
    code_points: frozenset[int]


def _ranges(*bounds: tuple[int, int]) -> frozenset[int]:
    return frozenset(point for first, last in bounds for point in range(first, last + 1))


# Extension A stands in GBK's successors and in rare names; the surrogate-plane extensions and Hangul cost 3 MB more.
CHINESE = _ranges((0x20, 0x312F), (0x3190, 0x9FFF), (0xF900, 0xFAFF), (0xFE30, 0xFE6F), (0xFF00, 0xFFEF))
LATIN = _ranges((0x20, 0x2FF), (0x370, 0x52F), (0x1E00, 0x2BFF), (0x2C60, 0x2C7F), (0xA640, 0xA69F), (0xA720, 0xA7FF))
SYMBOLS = _ranges((0x2000, 0x2BFF), (0x1F300, 0x1FAFF), (0x1D400, 0x1D7FF))

CUTS = (
    Cut("NotoSansSC-Regular.otf", NOTO / "opentype/noto/NotoSansCJK-Regular.ttc", 2, CHINESE),
    Cut("NotoSansMonoSC-ASCII.otf", NOTO / "opentype/noto/NotoSansCJK-Regular.ttc", 7, _ranges((0x20, 0x7E))),
    Cut("NotoSansMono-Regular.ttf", NOTO / "truetype/noto/NotoSansMono-Regular.ttf", 0, LATIN),
    Cut("NotoSansMath-Symbols.ttf", NOTO / "truetype/noto/NotoSansMath-Regular.ttf", 0, SYMBOLS),
    Cut("NotoSansSymbols2-Regular.ttf", NOTO / "truetype/noto/NotoSansSymbols2-Regular.ttf", 0, SYMBOLS),
)


def _options(face: int) -> subset.Options:
    options = subset.Options()
    options.font_number = face
    options.layout_features = []
    options.drop_tables += ["GSUB", "GPOS", "GDEF", "BASE", "MATH", "VORG", "vhea", "vmtx"]
    options.notdef_outline = True
    options.recalc_timestamp = False
    return options


def cut(piece: Cut, folder: Path) -> int:
    """Writes one subset into `folder` and returns its size in bytes."""
    options = _options(piece.face)
    font = subset.load_font(str(piece.source), options)
    subsetter = subset.Subsetter(options)
    subsetter.populate(unicodes=piece.code_points)
    subsetter.subset(font)
    target = folder / piece.name
    subset.save_font(font, str(target), options)
    return target.stat().st_size


def main(cuts: Iterable[Cut] = CUTS) -> int:
    """Builds every file and refuses a total above the repository's allowance."""
    total = 0
    for piece in cuts:
        size = cut(piece, HERE)
        total += size
        print(f"{piece.name}: {size} bytes")
    write_metrics()
    return int(total > MAX_TOTAL_BYTES)


if __name__ == "__main__":
    sys.exit(main())
