# The commands of Mingdu. Needs git, make and python3.11 with venv; `make` alone lists the targets.

PYTHON ?= python3.11
BIN := .venv/bin
READY := .venv/.ready
PEERS := .venv/.peers
PAGES := web/node_modules/.pages
FIELD := web/node_modules/.field
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

setup: $(READY) $(PAGES) $(FIELD)

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

# The field app; its types come from the API, so a changed one is built and checked anew.
FIELD_FROM := $(shell find web/field -type f -not -name schema.ts -not -path '*/node_modules/*') $(wildcard src/mingdu/faces/api/*.py)
$(FIELD): $(FIELD_FROM) | $(PAGES)
	@cd web && $(NPM) run --silent field
	@touch $(FIELD)

# Foreign peers that the long tests and the benches measure against; the product never imports them.
$(PEERS): $(READY) requirements/extras.txt requirements/samples.txt
	@$(BIN)/python -m pip install -qq --require-hashes -r requirements/extras.txt
	@$(BIN)/python -m pip install -qq --require-hashes --no-deps -r requirements/samples.txt
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
	@cd web && $(NPM) run --silent field:test
	$(BIN)/pytest -m "not long and not browser"

test-fast: setup
	$(BIN)/pytest -q -m "not long and not database and not browser" $(FAST)

# The long tests come last, so that the output ends with their summary.
test-all: setup $(PEERS)
	@$(MAKE) --no-print-directory second-database
	@$(BROWSER)
	$(BIN)/pytest -m "long and not browser"
	$(BIN)/pytest -m browser tests/journeys

second-database: $(READY)
	@if [ ! -x "$(SECOND_DATABASE)/postgres" ] && [ "$$(id -u)" = 0 ]; then \
		apt-get update -qq && DEBIAN_FRONTEND=noninteractive apt-get install -qq -y --no-install-recommends postgresql-15; \
	fi
	@if [ -x "$(SECOND_DATABASE)/postgres" ]; then \
		MINGDU_PG_BIN="$(SECOND_DATABASE)" $(BIN)/pytest -m "database and not browser"; \
	elif [ "$$(id -u)" = 0 ]; then \
		echo "PostgreSQL 15 could not be installed: set MINGDU_PG_BIN to the folder of its programs." >&2; exit 1; \
	else \
		echo "The database tests were not run on PostgreSQL 15: apt-get install postgresql-15, or set MINGDU_PG_BIN."; \
	fi

# As root the browser and its letters are installed; without a browser the journeys are deselected, which is said.
BROWSER = if [ "$$(id -u)" = 0 ] && ! command -v chromium >/dev/null; then \
	apt-get update -qq && DEBIAN_FRONTEND=noninteractive apt-get install -qq -y --no-install-recommends chromium fonts-noto-cjk; fi

journeys: setup
	@$(BROWSER)
	$(BIN)/pytest -m browser tests/journeys

bench: $(PEERS)
	@$(BIN)/python -m bench

shots: setup
	@$(BROWSER)
	$(BIN)/python tests/journeys/shots.py

clean:
	@rm -rf .venv build dist src/*.egg-info .pytest_cache .ruff_cache .mypy_cache .hypothesis .import_linter_cache
	@find src tests bench -name __pycache__ -type d -prune -exec rm -rf {} +
