# Needs Python 3.11 or later and make (3.81 of macOS too); everything else is put into .venv.
# ARGS is passed on: make test ARGS='-k atomic'. PORT or BIND says where to serve: make run PORT=8001.

SHELL := /bin/sh
.DEFAULT_GOAL := help
.DELETE_ON_ERROR:

# The first that runs, is new enough and can make a virtual environment: a name on the PATH may be
# a shim with nothing behind it.
PYTHON ?= $(shell for python in python3.13 python3.12 python3.11 python3; do \
	$$python -c 'import sys, ensurepip; sys.exit(sys.version_info < (3, 11))' >/dev/null 2>&1 \
	&& echo $$python && break; done)

VENV_PYTHON := .venv/bin/python
INSTALL := $(VENV_PYTHON) -m pip install -qq --disable-pip-version-check -c constraints.txt

.PHONY: help run test test-api test-hostile test-browser test-ha demo bench bench-addresses bench-listing check lint types format pins clean

help: ## Show this list
	@awk -F ':.*## ' '/^[a-z-]+:.*## / {printf "  make %-15s %s\n", $$1, $$2}' Makefile

run: .venv/.run ## Serve on 127.0.0.1:8000 with a demo organization, a token and two curl commands
	@exec $(VENV_PYTHON) -m demo.start

test: .venv/.dev ## Run the tests on SQLite and PostgreSQL (ARGS='-k atomic' for some)
	@$(VENV_PYTHON) -m pytest $(ARGS)

test-api: .venv/.api ## Fuzz the API by its own description and call it with a generated client
	@$(VENV_PYTHON) -m pytest tests_api $(ARGS)

test-hostile: .venv/.dev ## Attack a running server: 20,000 mutated requests, hostile paths, headers and framing
	@$(VENV_PYTHON) -m pytest tests_hostile $(ARGS)

test-browser: .venv/.browser ## Try the bulk upsert on /docs in a headless Chromium, all other hosts blocked
	@$(VENV_PYTHON) -m pytest tests_browser $(ARGS)

test-ha: .venv/.dev ## Kill the primary of a Patroni cluster under load: no acknowledged write is lost
	@$(VENV_PYTHON) -m pytest tests_ha -s --timeout 600 $(ARGS)

demo: .venv/.run ## Send 1,055 real addresses to a fresh server and check every figure
	@$(VENV_PYTHON) -m demo.tour

bench: .venv/.bench ## Measure the service against floors and peers (ARGS='--quick', '--write docs/performance.md')
	@$(VENV_PYTHON) -m bench $(ARGS)

bench-addresses: .venv/.dev ## Measure the address key: precision, recall, addresses per second (ARGS="--write docs/addresses.md")
	@$(VENV_PYTHON) -m bench.addresses $(ARGS)

bench-listing: .venv/.dev ## Measure pages of 100,000 item-units at any depth, on SQLite and PostgreSQL
	@$(VENV_PYTHON) -m bench.listing $(ARGS)

check: lint types ## Lint and type-check

lint: .venv/.dev ## Check style and format
	@$(VENV_PYTHON) -m ruff check .
	@$(VENV_PYTHON) -m ruff format --check .

types: .venv/.dev ## Check types
	@$(VENV_PYTHON) -m mypy

format: .venv/.dev ## Format the code and mend what ruff can mend
	@$(VENV_PYTHON) -m ruff check --fix-only --quiet .
	@$(VENV_PYTHON) -m ruff format .

pins: .venv/.dev ## Renew constraints.txt (ARGS=--upgrade for the newest versions)
	@$(INSTALL) uv
	@$(VENV_PYTHON) -m uv pip compile requirements-api.txt requirements-browser.txt \
		requirements-bench.txt --universal --python-version 3.11 \
		--no-header --no-annotate --quiet $(ARGS) -o constraints.txt
	@{ echo "# Exact versions of requirements*.txt for Python 3.11 and later, made by 'make pins'."; \
		cat constraints.txt; } > constraints.new && mv constraints.new constraints.txt

clean: ## Remove .venv and all caches; instance/ with its data stays
	@rm -rf .venv .pytest_cache .mypy_cache .ruff_cache .hypothesis test-output
	@find . -name __pycache__ -type d -prune -exec rm -rf {} +

.venv/bin/python:
	@test -n "$(PYTHON)" || { $(NO_PYTHON); exit 1; }
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' || { $(NO_PYTHON); exit 1; }
	@$(PYTHON) -c 'import ensurepip' 2>/dev/null || { $(NO_VENV); exit 1; }
	@$(PYTHON) -m venv --clear .venv || { rm -rf .venv; $(NO_VENV); exit 1; }

.venv/.run: requirements.txt constraints.txt .venv/bin/python
	@echo "Installing what the service needs into .venv; this happens once."
	@$(INSTALL) -r requirements.txt
	@touch $@

.venv/.bench: requirements-bench.txt .venv/.dev
	@$(INSTALL) -r requirements-bench.txt
	@touch $@

.venv/.dev: requirements-dev.txt .venv/.run
	@echo "Installing what working on it needs into .venv; this happens once."
	@$(INSTALL) -r requirements-dev.txt
	@touch $@

.venv/.api: requirements-api.txt .venv/.dev
	@echo "Installing what the API tests need into .venv; this happens once."
	@$(INSTALL) -r requirements-api.txt
	@touch $@

.venv/.browser: requirements-browser.txt .venv/.dev
	@echo "Installing what the browser test needs into .venv; this happens once."
	@$(INSTALL) -r requirements-browser.txt
	@touch $@

NO_PYTHON = for line in \
	"This needs Python 3.11 or later with its venv module, and found none that works." \
	"Debian, Ubuntu: apt install python3 python3-venv. macOS: brew install python@3.13." \
	"If you have one under another name: make PYTHON=/path/to/python3 ..."; \
	do echo "$$line" >&2; done

NO_VENV = for line in \
	"$(PYTHON) cannot make a virtual environment." \
	"Debian, Ubuntu: apt install python3-venv (or the one of your version, as python3.12-venv)." \
	"Or name another Python: make PYTHON=/path/to/python3 ..."; \
	do echo "$$line" >&2; done
