"""`python -m affect`: see `affect/cli.py`."""

from __future__ import annotations

from affect.cli import app


def main() -> None:
    """Run the command line."""
    app(prog_name="python -m affect")


if __name__ == "__main__":
    main()
