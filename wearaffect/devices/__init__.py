"""Bytes in, chunks out: drivers found by entry point. Refuses processing."""
