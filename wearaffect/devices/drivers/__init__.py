"""Drivers, one file each, found by entry point; none knows another."""
