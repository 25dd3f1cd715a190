"""What the render tests share: a short way from text to pages with the real fonts."""

from collections.abc import Callable
from functools import partial

import pytest

from render_service import fonts
from render_service.layout import PageLayout, layout
from render_service.linebreak import break_opportunities
from render_service.shaping import shaper
from render_service.style import Style

LayOut = Callable[[str, Style], list[PageLayout]]


@pytest.fixture(scope="session")
def lay_out() -> LayOut:
    def pages(text: str, style: Style) -> list[PageLayout]:
        measure = partial(fonts.measure, flow=style.flow)
        return list(layout(text, style, measure, break_opportunities, shaper(style.flow)))

    return pages
