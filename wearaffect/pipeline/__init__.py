"""Wiring, live and offline, over the same chain and the same bundle. Refuses arithmetic."""
