"""Keeping a Bluetooth device connected; bleak has its one door here."""
