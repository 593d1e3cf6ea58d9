# The usual names. Each line is what the README or docs/ tell you to type.
.PHONY: install check test bench evaluate demo

install:  ## everything for working on Attune, into the current virtual environment
	pip install -e '.[dev,postgres]' -c constraints.txt

check:  ## style, types, architecture
	ruff check . && ruff format --check . && mypy && lint-imports

test:  ## the tests; set ATTUNE_TEST_POSTGRES to run those on PostgreSQL too
	pytest

bench:  ## speed: the perceivers alone, then whole turns
	python -m affect bench && python benchmarks/turns.py

evaluate:  ## the model card's table, recomputed from the data sets
	python -m affect evaluate text

demo:  ## record the terminal session of the README anew
	python docs/record.py docs/terminal.svg
