"""Owns the encodings of a page image: our own PNG (8-bit grey, filter 0, fast deflate) and raw rows.

Filters cost time and bytes on pages of text, and the fastest deflate level loses little: measured, see docs/log.md.
"""

import struct

import numpy as np
import numpy.typing as npt
from isal import isal_zlib

from render_service.style import ImageFormat

PNG_TYPE = "image/png"
L8_TYPE = "application/vnd.glyphstream.l8"
LEVEL = 1
SIGNATURE = b"\x89PNG\r\n\x1a\n"
GREY_8_BIT = (8, 0, 0, 0, 0)  # bit depth, colour type, compression, filter method, no interlace

Pixels = npt.NDArray[np.uint8]


def encode_image(pixels: Pixels, image_format: ImageFormat) -> tuple[str, bytes]:
    """Media type and bytes of a page of shape (height, width)."""
    if image_format is ImageFormat.L8:
        return L8_TYPE, pixels.tobytes()
    return PNG_TYPE, encode_png(pixels)


def encode_png(pixels: Pixels) -> bytes:
    """A PNG of a grey page of shape (height, width)."""
    height, width = pixels.shape
    rows = np.empty((height, width + 1), np.uint8)
    rows[:, 0] = 0  # the first byte of each row names its filter: none
    rows[:, 1:] = pixels
    header = struct.pack(">II5B", width, height, *GREY_8_BIT)
    body = isal_zlib.compress(rows, LEVEL)
    return b"".join((SIGNATURE, _chunk(b"IHDR", header), _chunk(b"IDAT", body), _chunk(b"IEND", b"")))


def _chunk(kind: bytes, data: bytes) -> bytes:
    return struct.pack(">I", len(data)) + kind + data + struct.pack(">I", isal_zlib.crc32(data, isal_zlib.crc32(kind)))
