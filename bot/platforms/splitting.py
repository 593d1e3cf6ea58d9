"""Splitting a reply into parts that a platform takes, without breaking what stands in it."""
