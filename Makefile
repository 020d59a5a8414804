# `make first`, `make demo` and `make test` do all set-up on a fresh machine with Python 3.11 or
# newer. The environment is made once, in .venv, and again when pyproject.toml or constraints.txt
# changes.

PYTHON ?= python3
VENV ?= .venv
BIN := $(VENV)/bin
READY := $(VENV)/.made-of

.PHONY: first demo environment lint quick test docs slow clean-environment

demo: $(READY)
	$(BIN)/gains run --study demo

# Two trainings on synthetic cells, about two minutes on two cores.
first: $(READY)
	$(BIN)/gains run --study first --cores 2
	@echo
	@echo 'Table:       results/table3.csv (also .md and .tex)'
	@echo 'Report:      results/report.html (everything in one file)'
	@echo 'How sure:    results/table3.certainty.md'
	@echo 'Anomaly map: results/figure3.png'
	@echo 'Predictions: results/predictions.png'

environment: $(READY)

lint: $(READY)
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy
	$(BIN)/snakefmt --check Snakefile workflow
	$(BIN)/snakemake --lint
	$(BIN)/codespell

# The fast checks after an edit, without trainings and without the workflow.
quick: lint
	OMP_NUM_THREADS=1 $(BIN)/pytest --numprocesses 2 -m 'not (slow or methods or workflow)'

test: lint docs
	OMP_NUM_THREADS=1 $(BIN)/pytest --numprocesses 2 --dist loadfile --no-loadscope-reorder --durations=15

# The docs site, in site/. A broken link is an error.
docs: $(READY)
	$(BIN)/zensical build --clean --strict

# Trainings that take minutes: overfitting to a few images, and the whole demo.
slow: $(READY)
	OMP_NUM_THREADS=1 $(BIN)/pytest -m slow --timeout 0

$(READY): pyproject.toml constraints.txt
	@$(PYTHON) -c 'import sys; sys.version_info >= (3, 11) or sys.exit("expected Python 3.11 or newer, found " + sys.version.split()[0] + "; name one: make PYTHON=python3.11")'
	$(PYTHON) -m venv $(VENV)
	$(BIN)/python -m pip install --quiet --disable-pip-version-check --constraint constraints.txt --editable '.[dev]'
	touch $@

clean-environment:
	rm -rf $(VENV)
