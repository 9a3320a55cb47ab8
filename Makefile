# The commands of Mingdu. Needs git, make and python3.11 with venv; `make` alone lists the targets.

PYTHON ?= python3.11
BIN := .venv/bin
READY := .venv/.ready
PEERS := .venv/.peers
PAGES := web/node_modules/.pages
WEB := $(wildcard web/package*.json web/.npmrc web/pages/*)
# The machine's Node when it is new enough, else the one that PyPI brings.
NODE_FITS := $(shell node -e 'process.exit(parseInt(process.versions.node) >= 20 ? 0 : 1)' 2>/dev/null && echo yes)
NPM := $(if $(NODE_FITS),npm,PATH="$(CURDIR)/$(BIN):$$PATH" $(BIN)/npm)
FAST := $(wildcard tests/core tests/wire tests/rulebook tests/town tests/tidy tests/test_tidy.py)
SECOND_DATABASE := $(or $(MINGDU_PG_BIN),/usr/lib/postgresql/15/bin)

export PIP_DISABLE_PIP_VERSION_CHECK := 1

.PHONY: help setup demo check test test-fast test-all second-database journeys bench shots clean

help:
	@echo "make setup      install everything into .venv"
	@echo "make demo       start the whole system with its simulated town; Ctrl-C stops it"
	@echo "make check      formatting, types, import contracts, tidy rules"
	@echo "make test       all tests but the long ones (test-fast: those without a database)"
	@echo "make test-all   the long tests, foreign peers, and the database tests on PostgreSQL 15"
	@echo "make bench      speed, each against a named peer in the same run"
	@echo "make journeys   browser journeys          make shots   pictures of the pages"
	@echo "make clean      remove what setup and checks made inside this folder; data stays"

setup: $(READY) $(PAGES)

# The stamp makes a second run instant; every file is checked against its hash.
$(READY): requirements/test.txt pyproject.toml
	@command -v $(PYTHON) >/dev/null || { echo "Python 3.11 is missing: apt-get install python3.11 python3.11-venv"; exit 1; }
	@$(PYTHON) -c "import ensurepip, venv" 2>/dev/null || { echo "Python's venv is missing: apt-get install python3.11-venv"; exit 1; }
	@$(PYTHON) -m venv .venv
	@$(BIN)/python -m pip install -qq --require-hashes -r requirements/test.txt
	@$(BIN)/python -m pip install -qq --no-deps --no-build-isolation --editable .
	@touch $(READY)

# Styles, scripts and icons of the pages; they depend on the templates, whose classes they hold.
TEMPLATES := $(shell find src -name '*.html' -o -path '*/templatetags/*.py' -o -name forms.py)
$(PAGES): $(WEB) $(TEMPLATES) | $(READY)
	@$(if $(NODE_FITS),true,$(BIN)/python -m pip install -qq --require-hashes -r requirements/node.txt)
	@cd web && { [ package-lock.json -ot node_modules/.installed ] || { $(NPM) ci --ignore-scripts --no-progress --silent && touch node_modules/.installed; }; }
	@cd web && $(NPM) run --silent pages
	@touch $(PAGES)

# Foreign peers that the long tests and the benches measure against; the product never imports them.
$(PEERS): $(READY) requirements/extras.txt
	@$(BIN)/python -m pip install -qq --require-hashes -r requirements/extras.txt
	@touch $(PEERS)

demo: setup
	@$(BIN)/mingdu demo

check: setup
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy
	$(BIN)/lint-imports --no-logo
	$(BIN)/pytest -q tests/test_tidy.py tests/tidy tests/test_contracts.py

test: setup
	$(BIN)/pytest -m "not long"

test-fast: setup
	$(BIN)/pytest -q -m "not long and not database" $(FAST)

# The long tests come last, so that the output ends with their summary.
test-all: setup $(PEERS)
	@$(MAKE) --no-print-directory second-database
	$(BIN)/pytest -m long

second-database: $(READY)
	@if [ ! -x "$(SECOND_DATABASE)/postgres" ] && [ "$$(id -u)" = 0 ]; then \
		apt-get update -qq && DEBIAN_FRONTEND=noninteractive apt-get install -qq -y --no-install-recommends postgresql-15; \
	fi
	@if [ -x "$(SECOND_DATABASE)/postgres" ]; then \
		MINGDU_PG_BIN="$(SECOND_DATABASE)" $(BIN)/pytest -m database; \
	elif [ "$$(id -u)" = 0 ]; then \
		echo "PostgreSQL 15 could not be installed: set MINGDU_PG_BIN to the folder of its programs." >&2; exit 1; \
	else \
		echo "The database tests were not run on PostgreSQL 15: apt-get install postgresql-15, or set MINGDU_PG_BIN."; \
	fi

journeys:
	@echo "0 browser journeys: there are no pages to walk through yet."

bench: $(PEERS)
	@$(BIN)/python -m bench

shots:
	@echo "0 pictures: there are no pages to look at yet."

clean:
	@rm -rf .venv build dist src/*.egg-info .pytest_cache .ruff_cache .mypy_cache .hypothesis .import_linter_cache
	@find src tests bench -name __pycache__ -type d -prune -exec rm -rf {} +
