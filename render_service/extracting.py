"""Owns what becomes of a document that takes its worker down with it: one more try, then the document is refused."""

from collections.abc import AsyncGenerator
from contextlib import aclosing

from render_service.documents import InvalidDocument
from render_service.jobs import ExtractJob, Result
from render_service.workers import Pool, RendererLost

TRIES = 2


async def extracting(pool: Pool, job: ExtractJob) -> AsyncGenerator[Result, None]:
    """The results of an extraction. Raises InvalidDocument where a second worker dies at it as well.

    A worker may die for another's reasons, so once is no proof; to say that the renderer was lost would make the caller
    try the same document on every other replica.
    """
    for _ in range(TRIES):
        begun = False
        try:
            async with aclosing(pool.results(job)) as results:
                async for result in results:
                    begun = True
                    yield result
            return
        except RendererLost:
            if begun:
                raise
    raise InvalidDocument("the document breaks the program that reads it: it is damaged, or made to do harm")
