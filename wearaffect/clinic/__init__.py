"""What a clinician holds: the session report. Refuses owning data."""
