"""Client side of glyphstream: the generated stubs and the asynchronous client."""
