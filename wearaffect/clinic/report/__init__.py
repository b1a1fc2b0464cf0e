"""The session report: one self-contained page about what was recorded, and what was made of it."""
