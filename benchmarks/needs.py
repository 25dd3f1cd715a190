"""Owns what the renderer's benchmark is better with: Debian packages and the extra `bench`, named before it begins."""

import shutil
from importlib.util import find_spec
from pathlib import Path

# What Debian's fonts-wqy-microhei installs: the baselines draw Chinese with it.
FONT = Path("/usr/share/fonts/truetype/wqy/wqy-microhei.ttc")
BASELINES = ("fonts-wqy-microhei", "poppler-utils", "pdf2image", "reportlab")
DEBIAN = {
    "fonts-wqy-microhei": FONT.exists,
    "poppler-utils": lambda: bool(shutil.which("pdftoppm")),
    "tesseract-ocr": lambda: bool(shutil.which("tesseract")),
}
PYTHON = ("matplotlib", "pdf2image", "rapidocr_onnxruntime", "reportlab")


def missing() -> list[str]:
    """Names of packages that are not installed."""
    return [name for name, there in DEBIAN.items() if not there()] + [name for name in PYTHON if not find_spec(name)]


def told(gone: list[str]) -> str:
    """How to mend it, in one line a means."""
    system, python = [name for name in gone if name in DEBIAN], [name for name in gone if name in PYTHON]
    lines = [f"missing, so something is left out: {', '.join(gone)}"]
    lines += [f"  apt-get install {' '.join(system)}"] if system else []
    lines += ["  make .venv/.bench (or: pip install --constraint constraints.txt '.[render,bench]')"] if python else []
    return "\n".join(lines)
