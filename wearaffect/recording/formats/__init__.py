"""Recordings that other makers' software wrote, each format in a module of its own.

A reader gives the same `Session` as ours: device units, rates as recorded, gaps as gaps, presses
and annotations as markers; what it had to leave out stands in `Session.repairs`.
"""
