"""The vocabulary everything else is written in: units, time, streams, windows, estimates, errors.

Owns the words that two rooms share. Refuses anything but NumPy and the standard library.
"""
