"""Owns the one loop over attempts: tenacity runs it, the ladder's `next_step` decides, one deadline bounds it."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from typing import TypeVar

from tenacity import AsyncRetrying, RetryCallState

from gateway.deadline import Deadline
from gateway.errors import GatewayError
from gateway.ladder import Action, Outcome, Rung, Step, next_step

Result = TypeVar("Result")
Decide = Callable[[GatewayError, int], Step]
Take = Callable[[GatewayError, Step], Awaitable[None]]

NO_LADDER = Rung("only", 0)


def attempts(decide: Decide, take: Take, deadline: Deadline) -> AsyncRetrying:
    """The loop. `decide` gets the error of an attempt and its number and must be pure; `take` acts on the step.

    It ends with the last error when the step is to give up, or when the wait would outlast the deadline. What is not
    a GatewayError ends it at once: bugs, cancellation, a generator that is closed.
    """

    def step(state: RetryCallState) -> Step:
        error = state.outcome.exception() if state.outcome else None
        if not isinstance(error, GatewayError):
            return Step(Action.GIVE_UP if error else Action.GO_ON)
        return decide(error, state.attempt_number)

    async def act(state: RetryCallState) -> None:
        error = state.outcome.exception() if state.outcome else None
        assert isinstance(error, GatewayError)
        await take(error, step(state))

    return AsyncRetrying(
        retry=lambda state: step(state).action not in (Action.GO_ON, Action.GIVE_UP),
        wait=lambda state: step(state).wait_s,
        stop=lambda state: state.upcoming_sleep >= deadline.remaining_s(),
        before_sleep=act,
        reraise=True,
    )


def stubborn(deadline: Deadline) -> AsyncRetrying:
    """The loop for what has no rungs: it is only ever tried again as it is."""

    def decide(error: GatewayError, attempt: int) -> Step:
        return next_step(NO_LADDER, Outcome(error.reason, error.retry_after_s), attempt)

    async def take(_error: GatewayError, _step: Step) -> None:
        """As it is."""

    return attempts(decide, take, deadline)


async def persist(call: Callable[[], Awaitable[Result]], deadline: Deadline) -> Result:
    """The result of `call`, tried again while its errors say that this helps. Raises the last error."""

    async def attempt() -> Result:  # tenacity awaits what it sees to be a coroutine function, which a lambda is not
        return await call()

    return await stubborn(deadline)(attempt)
