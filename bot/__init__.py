"""Talking: knows platforms and people, and puts the other two packages to work."""
