"""Documents become clean text, and clean text becomes page images. CPU only, stateless; needs no torch."""
