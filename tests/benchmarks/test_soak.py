"""The soak tells what went wrong, and growth from a level."""

import random
from collections.abc import AsyncIterator
from types import SimpleNamespace

import pytest
from glyphstream.client import Completed, TextDelta

from benchmarks.soak import Caller, Tally, growth


class Careless:
    """A client of services that answer everything, and end as often as they are told to."""

    def __init__(self, ends: int) -> None:
        self.ends = ends

    async def answer(self, *_: object) -> None:
        pass

    async def read(self, *_: object) -> AsyncIterator[object]:
        yield TextDelta(text="so")
        for _number in range(self.ends):
            yield Completed()

    ask = transcribe = read

    async def delete(self, _document_id: str) -> None:
        pass

    async def estimate(self, _upload: object) -> object:
        return SimpleNamespace(document=SimpleNamespace(document_id="one", pages=1))

    async def pages(self, _document_id: str) -> AsyncIterator[object]:
        yield "page"


@pytest.mark.parametrize(("ends", "said"), [(0, "no end"), (2, "follows the end"), (1, "not refused")])
async def test_what_does_not_end_as_it_should_is_told(ends, said):
    tally = Tally()
    caller = Caller(Careless(ends), tally, random.Random(0))
    for _ in range(200):
        await caller.one()
    assert any(said in line for line in tally.wrong)
    assert tally.ended["ended otherwise"] == len(tally.wrong)


def test_growth_is_told_from_the_second_quarter_to_the_last():
    mib = 2**20
    samples = [(float(second), (100 if second < 25 else 200 if second <= 50 else 300) * mib) for second in range(101)]
    assert growth(samples) == (200.0, 300.0, 300.0)
