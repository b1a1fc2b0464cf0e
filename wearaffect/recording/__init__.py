"""One sitting on disk: readers of foreign formats, the journal, the session.

Owns bytes and their integrity. Refuses interpretation.
"""
