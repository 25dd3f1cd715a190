"""What holds for each of the three processes, started alone."""

import json
import socket
import subprocess
import sys

import pytest

MODULES = ("render_service", "reader_service", "gateway")


@pytest.mark.parametrize("module", MODULES)
def test_a_port_that_is_taken_is_one_line_and_status_69(module):
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        port = taken.getsockname()[1]
        ended = subprocess.run(
            [sys.executable, "-m", module, "--port", str(port)], capture_output=True, text=True, check=False
        )
    assert ended.returncode == 69, ended.stderr
    # grpc's core, which has a line of its own for it, writes no JSON.
    (line,) = (json.loads(line) for line in ended.stderr.splitlines() if line.startswith("{"))
    assert "Traceback" not in ended.stderr
    assert (line["level"], line["error"].startswith(f"cannot listen at 127.0.0.1:{port}")) == ("error", True)
