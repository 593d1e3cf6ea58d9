"""Figures of speed that anyone can print again."""
