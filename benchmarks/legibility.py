"""Owns the question whether pages can be read at all: OCR that knows nothing of us, by character error rate.

Chinese is read line by line by RapidOCR, English page by page by tesseract, each enlarged as such programs want it.
White space is folded, and punctuation by width, since neither program tells them apart.
"""

import io
import shutil
import subprocess
from collections.abc import Iterator
from itertools import pairwise
from typing import Any

import numpy as np
import numpy.typing as npt
from PIL import Image
from rapidfuzz.distance import Levenshtein

from benchmarks.prose import prose
from render_service import jobs
from render_service.style import Flow, ImageFormat, Style

ENLARGED = 4
FOLDED = str.maketrans("，；：", ",;:")
STYLES = {
    "zh": [
        Style(Flow.PROPORTIONAL, 12, 16, 448, 448, 0, 28, 0, ImageFormat.L8),
        Style(Flow.CELLS, 12, 12, 448, 448, 0, 28, 0, ImageFormat.L8),
    ],
    "en": [
        Style(Flow.PROPORTIONAL, 10, 13, 588, 840, 0, 28, 4, ImageFormat.L8),
        Style(Flow.CELLS, 10, 14, 588, 840, 0, 28, 4, ImageFormat.L8),
    ],
}
CHARACTERS = {"zh": 1_500, "en": 6_000}

Pixels = npt.NDArray[np.uint8]


def legibility() -> None:
    """Prints a line a style, or what is missing."""
    readers = {"zh": _rapid(), "en": "tesseract" if shutil.which("tesseract") else None}
    for language, styles in STYLES.items():
        if readers[language] is None:
            print(f"{language} is not read: no program to read it with")
            continue
        for style in styles:
            errors, characters = _errors(language, style, readers[language])
            name = f"{style.flow.name.lower()} {style.font_px}/{style.line_height_px} px"
            print(f"{language} {name}: {errors / characters:.2%} of {characters} characters misread")


def _errors(language: str, style: Style, reader: Any) -> tuple[int, int]:
    text = prose(language, CHARACTERS[language])
    errors = characters = 0
    for truth, pixels in _pages(text, style) if language == "en" else _lines(text, style):
        read = _by_tesseract(pixels) if language == "en" else _by_rapid(reader, pixels)
        errors += Levenshtein.distance(_folded(truth), _folded(read))
        characters += len(_folded(truth))
    return errors, characters


def _folded(text: str) -> str:
    return "".join(text.split()).translate(FOLDED)


def _images(text: str, style: Style) -> Iterator[tuple[jobs.PageImage, Pixels]]:
    for page in jobs.render(text.encode(), style):
        if isinstance(page, jobs.PageImage):
            yield page, np.frombuffer(page.image, np.uint8).reshape(page.size.height, page.size.width)


def _pages(text: str, style: Style) -> Iterator[tuple[str, Pixels]]:
    for page, pixels in _images(text, style):
        yield text[page.size.text_start : page.size.text_end], np.pad(pixels, 14, constant_values=255)


def _lines(text: str, style: Style) -> Iterator[tuple[str, Pixels]]:
    """Lines with some paper around; short ones with much of it, or the program sees dots at their end."""
    for page, pixels in _images(text, style):
        bounds = [page.size.text_start + start for start in page.size.line_starts]
        for row, (start, stop) in enumerate(pairwise([*bounds, page.size.text_end])):
            line = pixels[row * style.line_height_px : (row + 1) * style.line_height_px]
            ink = np.flatnonzero((line < 255).any(axis=0))
            if ink.size:
                right = max(6, 8 * style.line_height_px - int(ink[-1]))
                yield text[start:stop], np.pad(line[:, : ink[-1] + 1], ((3, 3), (6, right)), constant_values=255)


def _enlarged(pixels: Pixels) -> Image.Image:
    height, width = pixels.shape
    return Image.fromarray(pixels).resize((width * ENLARGED, height * ENLARGED), Image.Resampling.BICUBIC)


def _by_tesseract(pixels: Pixels) -> str:
    image = io.BytesIO()
    _enlarged(pixels).save(image, "PNG")
    command = ["tesseract", "-", "-", "-l", "eng", "--psm", "6"]
    done = subprocess.run(command, input=image.getvalue(), capture_output=True, check=True)
    return done.stdout.decode()


def _by_rapid(reader: Any, pixels: Pixels) -> str:
    grey = np.asarray(_enlarged(pixels))
    found, _ = reader(np.stack([grey] * 3, axis=-1), use_det=False, use_cls=False)
    return "".join(text for text, _ in found or ())


def _rapid() -> Any:
    try:
        from rapidocr_onnxruntime import RapidOCR
    except ImportError:
        return None
    return RapidOCR()
