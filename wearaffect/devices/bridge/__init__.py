"""Our own wire format: what firmware_bridge/ describes, read in Python."""
