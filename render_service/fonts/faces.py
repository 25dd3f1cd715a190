"""Names the font files in the order in which they are looked through, and what each needs to be drawn. Data alone."""

from dataclasses import dataclass
from pathlib import Path

FOLDER = Path(__file__).parent


@dataclass(frozen=True)
class Face:
    """A font file; its letters join, change places or bear marks where it is `shaped`, and words are drawn whole.

    `scale` is its size relative to font_px and `baseline_em` the way from the top of the line box to the baseline,
    both chosen so that tall scripts stay in the box; None: the rule of the Chinese face holds.
    """

    file: str
    scale: float = 1.0
    shaped: bool = False
    baseline_em: float | None = None


@dataclass(frozen=True)
class Script:
    """A script with a face of its own: its name in Noto's file names, its blocks, its size and baseline."""

    name: str
    blocks: tuple[tuple[int, int], ...]
    scale: float
    baseline_em: float

    @property
    def face(self) -> Face:
        """The face of the script."""
        return Face(f"NotoSans{self.name}-Regular.ttf", self.scale, True, self.baseline_em)


ARABIC_BLOCKS = ((0x600, 0x6FF), (0x750, 0x77F), (0x8A0, 0x8FF), (0xFB50, 0xFDFF), (0xFE70, 0xFEFC))
GEORGIAN_BLOCKS = ((0x10A0, 0x10FF), (0x1C90, 0x1CBF), (0x2D00, 0x2D2F))
# Sizes and baselines follow from the extents of running text at 100 px: ascent plus descent fill one em.
SCRIPTS = (
    Script("Hebrew", ((0x590, 0x5FF), (0xFB1D, 0xFB4F)), 1.0, 0.79),
    Script("Arabic", ARABIC_BLOCKS, 0.8, 0.72),
    Script("Devanagari", ((0x900, 0x97F), (0xA8E0, 0xA8FF)), 0.86, 0.77),
    Script("Bengali", ((0x980, 0x9FF),), 0.88, 0.82),
    Script("Gurmukhi", ((0xA00, 0xA7F),), 0.92, 0.83),
    Script("Gujarati", ((0xA80, 0xAFF),), 0.92, 0.83),
    Script("Oriya", ((0xB00, 0xB7F),), 0.85, 0.77),
    Script("Tamil", ((0xB80, 0xBFF),), 0.85, 0.73),
    Script("Telugu", ((0xC00, 0xC7F),), 0.78, 0.7),
    Script("Kannada", ((0xC80, 0xCFF),), 0.85, 0.72),
    Script("Malayalam", ((0xD00, 0xD7F),), 0.88, 0.77),
    Script("Sinhala", ((0xD80, 0xDFF),), 0.82, 0.79),
    Script("Thai", ((0xE00, 0xE7F),), 0.82, 0.82),
    Script("Lao", ((0xE80, 0xEFF),), 0.88, 0.77),
    Script("Myanmar", ((0x1000, 0x109F),), 0.74, 0.71),
    Script("Khmer", ((0x1780, 0x17FF),), 0.86, 0.77),
    Script("Armenian", ((0x530, 0x58F), (0xFB13, 0xFB17)), 1.0, 0.78),
    Script("Georgian", GEORGIAN_BLOCKS, 1.0, 0.78),
)

# Faces in the order of their index in metrics.npz.
MONO_ASCII, CHINESE, MONO, MATH, SYMBOLS, KOREAN, EMOJI = range(7)
FACES = (
    Face("NotoSansMonoSC-ASCII.otf"),
    Face("NotoSansSC-Regular.otf"),
    Face("NotoSansMono-Regular.ttf", 5 / 6),  # its advance is 0.6 em, a cell's 0.5
    Face("NotoSansMath-Symbols.ttf"),
    Face("NotoSansSymbols2-Regular.ttf"),
    Face("NotoSansKR-Syllables.otf"),
    Face("NotoEmoji-Regular.ttf", 0.8, False, 0.78),
    *(script.face for script in SCRIPTS),
)
BLANK, MISSING = 254, 255
