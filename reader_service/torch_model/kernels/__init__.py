"""Triton kernels of the card's path. Nothing here is imported on a machine without a card (tests interpret them)."""
