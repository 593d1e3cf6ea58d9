# The usual names. Each line is what the README or docs/ tell you to type.
.PHONY: install check test test-vllm bench evaluate demo

install:  ## everything for working on Attune, into the current virtual environment
	pip install -e '.[dev,postgres]' -c constraints.txt

check:  ## style, types, architecture
	ruff check . && ruff format --check . && mypy && lint-imports

test:  ## the tests; set ATTUNE_TEST_POSTGRES to run those on PostgreSQL too
	pytest

VLLM ?= $(HOME)/.cache/attune-vllm
test-vllm: $(VLLM)/ready  ## the LLM client against a real vLLM, on the processor (3.4 GB, minutes)
	ATTUNE_TEST_VLLM=$(VLLM)/bin/python pytest tests/affect/test_real_servers.py -k Vllm

$(VLLM)/ready:
	python tests/servers/vllm_cpu.py $(VLLM) && touch $@

bench:  ## speed: the perceivers alone, then whole turns
	python -m affect bench && python benchmarks/turns.py

evaluate:  ## the model card's table, recomputed from the data sets
	python -m affect evaluate text

demo:  ## record the terminal session of the README anew
	python docs/record.py docs/terminal.svg
