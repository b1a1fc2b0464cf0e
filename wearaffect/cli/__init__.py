"""Parsing and printing, one file a command. Refuses logic."""
