# Pacenote's chores; `make` alone lists them. Stamps in .venv make a second run instant.
PYTHON ?= python3.11
BIN := .venv/bin
.DEFAULT_GOAL := help
.PHONY: help up test check bench fmt clean

help: ## list the chores
	@sed -n 's/^\([a-z]*\):.*## /\1\t/p' $(MAKEFILE_LIST) | expand -t 8

up: .venv/.product ## set up what is missing and run everything (PORT, PACENOTE_DATA)
	@exec $(BIN)/python manage.py up

test: .venv/.tools .venv/.browser ## every test on SQLite, the web's and the circle on PostgreSQL too
	@tests/run

check: .venv/.tools ## format, lint, types, import contracts, migrations
	$(BIN)/ruff format --check .
	$(BIN)/ruff check .
	$(BIN)/mypy
	$(BIN)/lint-imports
	$(BIN)/python manage.py makemigrations --check --dry-run
	$(BIN)/pytest -q tests/test_contracts.py

bench: .venv/.tools ## the benchmarks, each against its peer: one table, a quarter of an hour
	$(BIN)/python -m benchmarks.suite

fmt: .venv/.tools ## format the code and fix what can be fixed
	$(BIN)/ruff format .
	$(BIN)/ruff check --fix .

clean: ## forget the environment and the caches (never the data)
	rm -rf .venv .mypy_cache .ruff_cache .pytest_cache .import_linter_cache

.venv/.product: requirements.txt requirements-backbone.txt
	test -x $(BIN)/python || $(PYTHON) -m venv .venv
	$(BIN)/pip install -r requirements.txt
	$(BIN)/pip install --no-deps -r requirements-backbone.txt
	touch $@

.venv/.tools: .venv/.product requirements-dev.txt
	$(BIN)/pip install -r requirements-dev.txt
	touch $@

.venv/.browser: .venv/.tools
	command -v chromium >/dev/null || { test "$$(id -u)" = 0 && apt-get update -qq && apt-get install -y -qq chromium; } \
		|| echo "no Chromium and no right to install it: browser tests will be skipped"
	touch $@
