# Set-up is part of every target: Python 3.11 with venv is all that is assumed; uv is used where it is there.
PYTHON ?= python3
BIN := .venv/bin
ifeq ($(OS),Windows_NT)
BIN := .venv/Scripts
endif
INSTALL := $(if $(shell command -v uv 2>/dev/null),uv pip install --quiet --python $(BIN)/python,$(BIN)/python -m pip install --quiet --disable-pip-version-check)

.PHONY: run test lint bench check lock clean
run: .venv/.run
	@$(BIN)/python -m bot run

check: .venv/.run
	@$(BIN)/python -m bot check

test: .venv/.dev
	$(BIN)/python -m pytest -n auto

lint: .venv/.dev
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy

bench: .venv/.dev
	$(BIN)/python -m bench

# What the service and its sandbox need; said on stderr, so that piped output stays clean.
.venv/.run: pyproject.toml requirements.lock
	@echo "Setting up .venv (once) …" >&2
	@test -x $(BIN)/python || $(PYTHON) -m venv .venv
	@$(INSTALL) -c requirements.lock -e '.[sandbox]' >&2
	@touch $@

.venv/.dev: .venv/.run
	@$(INSTALL) -c requirements.lock -e '.[dev]' >&2
	@touch $@

# Exact versions of everything, for every platform. Needs uv.
lock:
	uv pip compile --quiet --universal --all-extras --python-version 3.11 --no-emit-index-url --no-annotate -o requirements.lock pyproject.toml

clean:
	rm -rf .venv build *.egg-info .pytest_cache .mypy_cache .ruff_cache
