"""`python -m affect`: analyze, train, evaluate, bench, models (`affect/commands`, a file each).

Each command imports what it needs when it runs, so that `--help` is quick. Errors of the house
become one sentence on standard error and an exit code (see `affect/commands/telling.py`).
"""

from __future__ import annotations

import typer

from affect.commands.analyze import analyze
from affect.commands.evaluate import evaluate
from affect.commands.shipped import bench, models
from affect.commands.train import train
from affect.examples import ending

app = typer.Typer(
    help="Attune's feeling half: read the affect of words, voices and faces; train, measure and "
    "time the models.",
    no_args_is_help=True,
    add_completion=False,
    rich_markup_mode=None,
    pretty_exceptions_enable=False,
    context_settings={"help_option_names": ["-h", "--help"], "max_content_width": 100},
)
app.command(
    epilog=ending(
        "python -m affect analyze 'I got the job!'",
        "python -m affect analyze --voice note.ogg --face me.jpg --json",
        "python -m affect analyze --batch posts.csv --time-column at -o read.csv",
    )
)(analyze)
app.command(
    epilog=ending(
        "python -m affect train voice --base whisper-base --run runs/voice",
        "python -m affect train text --tune 8 --epochs 1",
    )
)(train)
app.command(
    epilog=ending("python -m affect evaluate text --data ../shared/data --json"),
)(evaluate)
app.command(
    epilog=ending(
        "python -m affect bench all --json",
        "python -m affect bench writer --against generate",
    )
)(bench)
app.command(
    epilog=ending(
        "python -m affect models",
        "python -m affect models --markdown > docs/models.md",
    )
)(models)
