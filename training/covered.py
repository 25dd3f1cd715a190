"""Owns pages with words covered by grey boxes: what stands there is to be told from the words around it.

This teaches language, as masked language modelling does (Devlin et al. 2019, "BERT"), to the tower by the dense loss
and to the decoder by transcriptions. No page that is served has such a box, so that nothing is guessed there.
"""

from __future__ import annotations

import random
import re
from dataclasses import replace

import numpy as np

from render_service import fonts
from render_service.layout import PageLayout
from render_service.style import Flow
from training.laid import Ints, Laid

WIDE_BOX, NARROW_BOX = 0xE000, 0xE001
"""Private code points: a box as wide as a character of CJK, and one of half that width."""
SHARE = 0.25
"""Words that are covered."""
_WORD = re.compile(r"[A-Za-z]+|[\u4e00-\u9fff]{1,2}")


def covered(laid: Laid, flow: Flow, rng: random.Random) -> Laid:
    """The same pages with some of their words covered; numbers and marks, which nobody could tell, stay."""
    words = [m.span() for m in _WORD.finditer(laid.text, laid.start) if rng.random() < SHARE]
    places = np.array([at for span in words for at in range(*span)], np.int64)
    return replace(laid, pages=tuple(_boxed(page, places, flow) for page in laid.pages), covered=places)


def _boxed(page: PageLayout, places: Ints, flow: Flow) -> PageLayout:
    """One page whose characters at these offsets of the text are boxes."""
    wide = fonts.measure(page.code_points, flow) > 500  # thousandths of the font size
    boxes = np.where(wide, WIDE_BOX, NARROW_BOX).astype(page.code_points.dtype)
    return replace(page, code_points=np.where(np.isin(page.offsets, places), boxes, page.code_points))
