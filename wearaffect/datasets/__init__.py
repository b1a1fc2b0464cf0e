"""Public corpora as labelled sessions, and splits by person.

Owns labels and who may be trained on together. Refuses pickles of strangers and row-wise splits.
"""
