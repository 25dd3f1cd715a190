"""A run is a process with a clock: what it has learnt is on disk when it ends, whoever ends it."""

import json
import lzma
import os
import random
import signal
import subprocess
import sys
import time

import pytest

WORDS = {"zh": "水泵电机阀门滤网轴承线缆保存数值为天元", "en": "pump engine valve filter bearing cable kept days"}
NARROW = """
from tests.training.narrow import narrow
from training import checkpoint, train
checkpoint.config = narrow
train.main()
"""
PATIENCE_S = 120


@pytest.fixture
def corpus(tmp_path):
    rng, folder = random.Random(1), tmp_path / "corpus"
    folder.mkdir()
    for lang, words in WORDS.items():
        pieces = words if lang == "zh" else [f"{word} " for word in words.split()]
        texts = ["# 1 A\n" + "\n".join("".join(rng.choices(pieces, k=12)) for _ in range(80)) for _ in range(4)]
        with lzma.open(folder / f"train_{lang}.jsonl.xz", "wt", encoding="utf-8") as file:
            file.writelines(json.dumps({"text": text}) + "\n" for text in texts)
    return folder


def test_a_run_that_is_asked_to_end_saves_first(corpus, tmp_path):
    out = tmp_path / "out"
    fields = {"--data": corpus, "--out": out, "--scale": 0.01, "--workers": 1, "--minutes": 60, "--save-every-s": 0}
    command = [sys.executable, "-c", NARROW, *(str(part) for field in fields.items() for part in field)]
    # A session of its own: a time limit's signal reaches all processes of it, those that make batches too.
    run = subprocess.Popen(command, stdout=subprocess.PIPE, text=True, start_new_session=True)
    try:
        until = time.monotonic() + PATIENCE_S
        while not (out / "progress.json").exists() and run.poll() is None and time.monotonic() < until:
            time.sleep(0.05)
        os.killpg(run.pid, signal.SIGTERM)
        said, _ = run.communicate(timeout=PATIENCE_S)
    finally:
        if run.poll() is None:
            os.killpg(run.pid, signal.SIGKILL)
    assert run.returncode == 0
    steps = int(said.split("done ", 1)[1].split(" ", 1)[0])
    assert json.loads((out / "progress.json").read_text())["step"] == steps > 0
