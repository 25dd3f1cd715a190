"""Services as child processes: awaited by what they tell, ended on every way out."""

import asyncio
import json
import os
import select
from pathlib import Path

import pytest

from gateway import local_stack
from gateway.local_stack import Service, ServiceDied

TOY = "tests.gateway.toy_service"


def has_ended(pid: int) -> bool:
    """Gone, or killed and not yet collected by its parent."""
    try:
        state = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0]
    except (FileNotFoundError, ProcessLookupError):
        return True
    return state in "ZX"


async def started(behaviour: str) -> tuple[Service, list[str]]:
    heard: list[str] = []
    service = Service(TOY, heard.append)
    await service.start({"TOY": behaviour})
    return service, heard


def pid_in(heard: list[str], event: str) -> int:
    said = [json.loads(line) for line in heard if line.startswith("{")]
    return next(line["pid"] for line in said if line["event"] == event)


async def test_a_service_tells_its_port_and_when_it_serves_and_is_ended():
    service, heard = await started("serve")
    assert await service.port() == 4711
    await service.serving()
    await service.end()
    assert "not json" in heard
    assert has_ended(pid_in(heard, "listening"))


async def test_a_service_that_dies_at_start_gives_its_last_lines():
    service, _ = await started("die")
    with pytest.raises(ServiceDied, match=r"toy_service ended with status 3: no weights here$"):
        await service.port()
    with pytest.raises(ServiceDied):
        await service.serving()
    await service.end()


@pytest.mark.parametrize(
    ("log", "told"),
    [
        pytest.param(['{"event": "cannot listen", "level": "error", "error": "taken"}'], "taken", id="error"),
        pytest.param(['{"event": "no graphs", "level": "error"}', '{"event": "draining"}'], "no graphs", id="event"),
        pytest.param(["Traceback:", "ValueError: 7", '{"event": "x", "level": "warning"}'], "ValueError: 7", id="fall"),
        pytest.param(['{"event": "draining", "level": "info"}', "", "[1]"], "[1]", id="no object"),
        pytest.param(['{"event": "draining", "level": "info"}'], "", id="nothing"),
    ],
)
def test_the_last_error_of_a_log_is_why_it_ended(log, told):
    assert local_stack._last_error(log) == told


async def test_a_log_that_nobody_heard_comes_along_with_the_death():
    service = Service(TOY)
    await service.start({"TOY": "die"})
    with pytest.raises(ServiceDied) as caught:
        await service.serving()
    await service.end()
    assert caught.value.unheard == ("no weights here",)


async def test_a_service_that_will_not_end_is_killed(monkeypatch):
    monkeypatch.setattr(local_stack, "END_LIMIT_S", 0.1)
    service, heard = await started("stubborn")
    await service.serving()
    await service.end()
    assert has_ended(pid_in(heard, "listening"))


async def test_nothing_that_a_service_started_outlives_it():
    service, heard = await started("parent")
    await service.serving()
    child = os.pidfd_open(pid_in(heard, "child"))
    await service.end()
    ended, _, _ = select.select([child], [], [], 10)  # it has been killed: the kernel may take a moment
    os.close(child)
    assert ended


async def test_a_line_without_end_does_not_silence_the_rest():
    service, heard = await started("babble")
    await service.serving()
    assert "not json" in heard
    await service.end()


async def test_a_service_that_dies_later_ends_what_relies_on_it():
    service, heard = await started("serve")
    await service.serving()

    async def rely() -> None:
        async with local_stack.as_long_as_all_live((service,)):
            os.kill(pid_in(heard, "listening"), 9)
            await asyncio.Event().wait()

    with pytest.raises(ServiceDied, match=r"toy_service was ended by SIGKILL$"):
        await rely()
    await service.end()


async def test_what_fails_while_services_live_is_told_as_it_is():
    service, _ = await started("serve")
    await service.serving()

    async def fail() -> None:
        async with local_stack.as_long_as_all_live((service,)):
            raise KeyError("mine")

    with pytest.raises(KeyError, match="mine"):
        await fail()
    await service.end()
