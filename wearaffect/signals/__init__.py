"""What runs live, in NumPy alone: stages, windows, quality, features, rest enrolment, the chain.

Owns everything between a chunk and a window with features. Refuses scipy, radios and files.
"""
