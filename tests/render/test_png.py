"""A page survives its encoding."""

import io

import numpy as np
from hypothesis import given
from hypothesis import strategies as st
from PIL import Image

from render_service.png import L8_TYPE, PNG_TYPE, encode_image
from render_service.style import ImageFormat


@given(st.integers(1, 40), st.integers(1, 40), st.randoms())
def test_a_png_decodes_to_the_pixels_it_was_made_of(height, width, random):
    pixels = np.frombuffer(random.randbytes(height * width), np.uint8).reshape(height, width)
    media_type, data = encode_image(pixels, ImageFormat.PNG)
    with Image.open(io.BytesIO(data)) as image:
        image.verify()
    with Image.open(io.BytesIO(data)) as image:
        assert image.mode == "L"
        assert (np.asarray(image) == pixels).all()
    assert media_type == PNG_TYPE


def test_raw_rows_are_the_pixels():
    pixels = np.arange(6, dtype=np.uint8).reshape(2, 3)
    assert encode_image(pixels, ImageFormat.L8) == (L8_TYPE, bytes(range(6)))
