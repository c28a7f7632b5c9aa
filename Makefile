# make run    start everything with the demo brand          make lint   what reads the code
# make test   all tests, the browser's included             make web    build the front ends (needs Node)
# make bench  the figures of bench/RESULTS.md               make lock   pin the requirements anew
.DEFAULT_GOAL := run
.PHONY: run test bench lint web lock ready developing browser clean
SHELL := /bin/sh
PYTHON ?= $(shell for p in python3.11 python3.12 python3.13 python3; do command -v $$p && break; done)
VENV := .venv
BIN := $(VENV)/bin
PIP := PIP_ROOT_USER_ACTION=ignore PIP_DISABLE_PIP_VERSION_CHECK=1 $(BIN)/python -m pip
PYTEST_OPTIONS ?= -n 2 --durations=30

run: ready
	@exec $(BIN)/regulars serve --demo

ready: $(VENV)/ready-to-run
developing: $(VENV)/ready-to-test

$(BIN)/python:
	@test -n "$(PYTHON)" && $(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' \
	  || { echo "Regulars needs Python 3.11 or later (PYTHON=/path/to/python). 需要 Python 3.11 或更高版本。"; exit 1; }
	@$(PYTHON) -m venv $(VENV) \
	  || { rm -rf $(VENV); echo "Python's venv module is incomplete; on Debian: apt install python3-venv."; exit 1; }

$(VENV)/ready-to-run: requirements/run.txt pyproject.toml | $(BIN)/python
	@echo "Installing what Regulars needs, once. 正在安装依赖(仅第一次)。"
	@$(PIP) install --quiet --require-hashes -r requirements/run.txt
	@$(PIP) install --quiet --no-deps --no-build-isolation -e .
	@touch $@

$(VENV)/ready-to-test: requirements/dev.txt $(VENV)/ready-to-run
	@echo "Installing what the tests need, once."
	@$(PIP) install --quiet --require-hashes -r requirements/dev.txt
	@touch $@

# Debian's Chromium and Chinese letters for it, where they may be installed; without them the browser tests are skipped.
browser:
	@if command -v chromium >/dev/null 2>&1 && fc-list :lang=zh 2>/dev/null | grep -q .; then :; \
	elif [ "$$(id -u)" = 0 ] && command -v apt-get >/dev/null 2>&1; then \
	  { apt-get update -qq && DEBIAN_FRONTEND=noninteractive apt-get install -y -qq --no-install-recommends \
	    chromium fonts-noto-cjk fontconfig >/dev/null; } \
	  || echo "Chromium could not be installed (apt-get, above): tests/browser is skipped."; \
	else echo "tests/browser is skipped: it needs chromium and fonts-noto-cjk, which only root may install here."; fi

test: developing browser
	@$(BIN)/python -m pytest $(PYTEST_OPTIONS)

bench: developing
	@$(BIN)/python -m bench

lint: developing
	@$(BIN)/ruff check .
	@$(BIN)/ruff format --check .
	@$(BIN)/mypy
	@$(BIN)/lint-imports

web:
	@for part in console portal; do \
	  (cd web/$$part && npm ci --no-audit --no-fund && npm run check && npm test -- --passWithNoTests && npm run build) || exit 1; done

lock: developing
	@cd requirements && for part in run dev spark factors alike; do \
	  case $$part in factors | alike) with="--constraint run.txt";; *) with=;; esac; \
	  ../$(BIN)/uv pip compile --quiet --universal --python-version 3.11 $$with \
	  --generate-hashes --no-emit-index-url --no-annotate --no-header $$part.in -o $$part.txt; done

clean:
	@test ! -x $(BIN)/python || $(BIN)/python -m regulars.project.embedded stop || true
	@rm -rf $(VENV) .pytest_cache .mypy_cache .ruff_cache .hypothesis .import_linter_cache .make
