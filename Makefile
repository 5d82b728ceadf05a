# The tasks of the project; `make` alone prints them.
PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
PIP := $(BIN)/python -m pip install --quiet --disable-pip-version-check

.PHONY: help demo test check bench docs clean

help: ## print this list
	@grep -E '^[a-z]+:.*## ' Makefile | sed -E 's/^([a-z]+):.*## /\1\t/' | while IFS="$$(printf '\t')" read -r name text; do printf '  make %-8s %s\n' "$$name" "$$text"; done

demo: $(VENV)/.ready ## set up .venv and evaluate the sample predictions
	$(BIN)/losscli compute --loss mse sample_data/diabetes_preds.csv -o table
	@echo
	$(BIN)/losscli compare --loss mae --loss huber:delta=10 --loss pinball:tau=0.8 sample_data/diabetes_preds.parquet -o table
	@echo
	$(BIN)/losscli compare --loss mae -t y_true -p pred_baseline -p pred_candidate sample_data/diabetes.csv -o table

test: $(VENV)/.test-ready ## run the tests
	$(BIN)/python -m pytest -n auto $(ARGS)

check: $(VENV)/.check-ready ## lint, types, import rules, docs in step with the code
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy
	$(BIN)/python -m pytest tests/test_imports.py
	$(BIN)/python docs/generate.py --check

bench: $(VENV)/.bench-ready ## time losscli beside other tools and scripts; writes docs/benchmarks.md
	$(BIN)/python benchmarks/run.py $(ARGS)

docs: $(VENV)/.ready ## write the generated pages and tables again
	$(BIN)/python docs/generate.py

clean: ## remove the environment and caches
	rm -rf $(VENV) .mypy_cache .ruff_cache .pytest_cache .hypothesis build dist

$(VENV)/bin/python:
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' || { echo "Python 3.11 or newer is needed: make PYTHON=python3.12" >&2; exit 1; }
	$(PYTHON) -m venv $(VENV)

$(VENV)/.ready: $(VENV)/bin/python pyproject.toml
	$(PIP) --editable .
	@touch $@

$(VENV)/.test-ready: $(VENV)/.ready
	$(PIP) --editable '.[test]'
	@touch $@

$(VENV)/.check-ready: $(VENV)/.test-ready
	$(PIP) --editable '.[test,check]'
	@touch $@

$(VENV)/.bench-ready: $(VENV)/.ready
	$(PIP) --editable '.[bench]'
	@touch $@
