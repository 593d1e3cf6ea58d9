"""From words, voices and faces to estimates. So far words alone are read."""
