"""The desk: whole recordings at once, with scipy, pandas and (where it is installed) numba."""
