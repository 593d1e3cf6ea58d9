"""The commands of `python -m affect`, one file a group; `affect/cli.py` puts them together."""
