"""Forward models from papers, in NumPy: skin conductance, pulse, motion, a synthetic participant.

Owns equations and their constants. Refuses fitting, learning and I/O.
"""
