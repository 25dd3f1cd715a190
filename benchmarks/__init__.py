"""Measurements: figures for docs/log.md, never for a test."""
