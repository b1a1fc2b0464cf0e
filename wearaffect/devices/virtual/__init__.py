"""Wearables without hardware, on a radio inside the process: for tests and for integrators."""
