"""Starts a surface of Attune."""
