"""The workshop: torch, the physics-informed network, plain models, training, export.

Owns everything that changes weights. Refuses being imported by anything that serves.
"""
