"""The one line that the log gets for an answer."""

import pytest
from structlog.testing import capture_logs

from gateway.answers import Completed, FinishReason, GroupAnswer, Memory, Timings, Usage
from gateway.documents import Document, Figures, Header
from gateway.report import CPU_BOUND, DENSE, advice, answered

GB = 1_000_000_000


def completed(peak_bytes: int, timings: Timings | None = None, on_gpu: bool = True) -> Completed:
    memory = Memory(measured_peak_bytes=peak_bytes, on_gpu=on_gpu)
    answer = GroupAnswer(FinishReason.STOP, Usage(1560), timings or Timings(), memory, found=True)
    figures = Figures("comfortable", 14, 12, 1560, 364, 280, 0)
    return Completed(answer, Document("d", Header(), 9, "text/plain", figures=figures))


def test_an_answer_is_one_line_with_pages_input_and_memory():
    with capture_logs() as lines:
        answered(completed(6_820_000_000), 0)
    (line,) = lines
    assert line["rendered_pages"] == "12 of 364x280px"
    assert line["vlm_input"] == "364x280"
    assert line["gpu_mem"] == "6.82GB"
    assert (line["rung"], line["vision_tokens"], line["advice"]) == ("comfortable", 1560, "")


SLOW = Timings(ttft_ms=9000, vision_ms=100)


@pytest.mark.parametrize(
    ("answer", "usual_bytes", "said"),
    [
        pytest.param(completed(int(9.5 * GB)), 10 * GB, DENSE, id="above 94 % of the usual"),
        pytest.param(completed(9 * GB), 10 * GB, "", id="below 94 %"),
        pytest.param(completed(4 * GB, SLOW), 10 * GB, CPU_BOUND, id="little memory, slow elsewhere"),
        pytest.param(completed(4 * GB, Timings(ttft_ms=9000, vision_ms=8000)), 10 * GB, "", id="slow in the reader"),
        pytest.param(completed(9 * GB, on_gpu=False), 1 * GB, "", id="no card"),
        pytest.param(completed(9 * GB), 0, "", id="nobody said what is usual"),
    ],
)
def test_the_advice(answer, usual_bytes, said):
    assert advice(answer, usual_bytes) == said
