# Needs only make and Python 3.11 or newer. Make's own time stamps decide what has to be installed anew.
.DEFAULT_GOAL := help
.PHONY: help run test test-scaled check format messages bench fuzz crash load drill crawl audit lock browser redis

PYTHON := .venv/bin/python
UV := .venv/bin/uv
PORT ?= 8000
ARGS ?=
JOBS ?= auto

help: ## list the targets
	@sed -n 's/^\([a-z-]*\):.*## /  make \1\t/p' Makefile | expand -t 20

run: .venv/.base ## a working calendar with demo content on http://localhost:8000 (PORT=…); Ctrl-C stops it
	@if [ ! -e .env ] && [ -z "$$DEBUG$$SECRET_KEY" ]; then \
	  printf '# Made by make run: a local trial. See .env.example before people rely on it.\nDEBUG=1\n' > .env; fi
	@exec $(PYTHON) manage.py serve --demo --port $(PORT) $(ARGS)

test: .venv/.dev .venv/.oracle browser redis ## every test (ARGS="-k name" for some)
	@$(PYTHON) -m pytest -n $(JOBS) --dist loadfile --no-loadscope-reorder $(ARGS)

test-scaled: .venv/.dev .venv/.oracle browser redis ## every test once more, on PostgreSQL and Redis
	@$(PYTHON) -m tests.scaled -n $(JOBS) --dist loadfile --no-loadscope-reorder $(ARGS)

check: .venv/.dev ## formatter, linter, types, system checks, migrations
	@$(PYTHON) -m ruff format --check --quiet . || { echo "Not formatted: run make format." >&2; exit 1; }
	@$(PYTHON) -m ruff check --quiet .
	@DEBUG=1 APPOINTMENT_ENV_FILE=/dev/null $(PYTHON) -m mypy project scheduling sync
	@DJANGO_SETTINGS_MODULE=tests.settings $(PYTHON) manage.py check
	@DJANGO_SETTINGS_MODULE=tests.settings $(PYTHON) manage.py makemigrations --check --dry-run

format: .venv/.dev ## let the formatter and the linter mend what they can
	@$(PYTHON) -m ruff check --fix --quiet . ; $(PYTHON) -m ruff format --quiet .

messages: .venv/.dev ## bring the catalogues of translations up to date with the code, and compile them
	@$(PYTHON) -m tests.messages

bench: .venv/.dev .venv/.oracle browser ## the benchmarks, as ratios
	@$(PYTHON) -m tests.bench

fuzz: .venv/.dev .venv/.fuzz ## requests of every kind against the API, as its description has it (FUZZ_EXAMPLES=…)
	@$(PYTHON) -m tests.fuzz

crash: .venv/.dev ## kill -9 at random under load, then nothing may be lost (ARGS="--seconds 300 --database postgresql")
	@$(PYTHON) -m tests.crash $(ARGS)

load: .venv/.dev ## 1,000 open calendars, 50 requests a second, 100,000 events (ARGS="--data FOLDER" keeps the data)
	@$(PYTHON) -m tests.load $(ARGS)

drill: .venv/.dev ## backup under load, destroy, restore, compare; full disk; SIGTERM (ARGS="--database postgresql")
	@$(PYTHON) -m tests.drill $(ARGS)

crawl: .venv/.dev ## every page as a stranger, users, staff and a superuser: policy, headers, secrets, other people's data
	@$(PYTHON) -m tests.crawl $(ARGS)

audit: .venv/.audit ## known weaknesses in what we install (asks PyPI); a step before each release
	@for lock in scaled dev; do .venv/audit/bin/pip-audit --strict --require-hashes --disable-pip --progress-spinner off -r requirements/$$lock.txt || exit 1; done

lock: .venv/bin/uv ## pin the newest versions that pyproject.toml allows (UPGRADE=--upgrade to move on)
	@compile="$(UV) pip compile --quiet --generate-hashes --universal --no-header --no-emit-index-url --python-version 3.11"; \
	set -e; \
	$$compile $(UPGRADE) pyproject.toml -o requirements/base.txt; \
	$$compile $(UPGRADE) pyproject.toml -c requirements/base.txt --group dev -o requirements/dev.txt; \
	$$compile $(UPGRADE) pyproject.toml -c requirements/base.txt --all-extras -o requirements/scaled.txt; \
	$$compile $(UPGRADE) requirements/oracle.in -o requirements/oracle.txt; \
	$$compile $(UPGRADE) requirements/fuzz.in -o requirements/fuzz.txt; \
	$$compile $(UPGRADE) requirements/audit.in -o requirements/audit.txt

# --- the environment ----------------------------------------------------------------------------
.venv/bin/uv: requirements/uv.txt
	@if ! $(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' 2>/dev/null; then \
	  rm -rf .venv; \
	  for python in python3.13 python3.12 python3.11 python3; do \
	    $$python -c 'import sys; sys.exit(sys.version_info < (3, 11))' 2>/dev/null || continue; \
	    $$python -m venv .venv >/dev/null && break || rm -rf .venv; \
	  done; \
	  [ -e .venv ] || { echo "Python 3.11 or newer with its venv module is needed (Debian: apt install python3-venv)." >&2; exit 1; }; \
	fi
	@$(PYTHON) -m pip install --quiet --disable-pip-version-check --require-hashes -r requirements/uv.txt
	@touch $@

.venv/.base: requirements/base.txt .venv/bin/uv
	@if [ -e .venv/.dev ]; then $(MAKE) --no-print-directory .venv/.dev; \
	else $(UV) pip sync --quiet --require-hashes --python $(PYTHON) requirements/base.txt; fi
	@touch $@

.venv/.dev: requirements/dev.txt .venv/bin/uv
	@$(UV) pip sync --quiet --require-hashes --python $(PYTHON) requirements/dev.txt
	@touch .venv/.base $@

# A recurrence engine to compare ours with, apart from ours because it wants an older dateutil.
.venv/.oracle: requirements/oracle.txt .venv/bin/uv
	@$(PYTHON) -m venv --clear .venv/oracle >/dev/null
	@$(UV) pip sync --quiet --require-hashes --python .venv/oracle/bin/python requirements/oracle.txt
	@touch $@

.venv/.fuzz: requirements/fuzz.txt .venv/bin/uv
	@$(PYTHON) -m venv --clear .venv/fuzz >/dev/null
	@$(UV) pip sync --quiet --require-hashes --python .venv/fuzz/bin/python requirements/fuzz.txt
	@touch $@

.venv/.audit: requirements/audit.txt .venv/bin/uv
	@$(PYTHON) -m venv --clear .venv/audit >/dev/null
	@$(UV) pip sync --quiet --require-hashes --python .venv/audit/bin/python requirements/audit.txt
	@touch $@

browser: .venv/.dev
	@for name in chromium chromium-browser google-chrome; do command -v $$name >/dev/null && exit 0; done; \
	root=$$([ "$$(id -u)" != 0 ] || echo --with-deps); \
	$(PYTHON) -m playwright install $$root chromium >/dev/null 2>&1 && exit 0; \
	[ "$$root" ] && apt-get update --quiet --quiet && DEBIAN_FRONTEND=noninteractive apt-get install --yes --quiet chromium >/dev/null && exit 0; \
	echo "The tests need a browser: install Chromium so that 'chromium' is on the PATH." >&2; exit 1

redis: .venv/.dev
	@{ [ -x .venv/bin/redis-server ] || command -v redis-server >/dev/null; } && exit 0; \
	[ "$$(id -u)" = 0 ] && apt-get update --quiet --quiet && DEBIAN_FRONTEND=noninteractive apt-get install --yes --quiet redis-server >/dev/null && exit 0; \
	echo "The tests need Redis: install it so that 'redis-server' is on the PATH." >&2; exit 1
