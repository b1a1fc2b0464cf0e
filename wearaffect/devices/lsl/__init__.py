"""The lab streaming layer; liblsl has its one door here."""
