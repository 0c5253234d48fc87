# Almagest. `make demo` shows everything, `make test` checks everything; both set up what they need first.

PYTHON ?= python3
PORT ?= 8000
# DEMO=load stops after loading instead of serving.
DEMO ?= serve
# LEGACY=30000 simulates so many Legacy Surveys sources too, and finds the dwarf galaxies among them.
LEGACY ?= 0
# OUTLIERS=4000 simulates so many spectra of galaxies too, and finds the unusual spectra among all.
OUTLIERS ?= 0

BIN := .venv/bin
INSTALLED := .venv/installed
STATIC := static_root/staticfiles.json
STATIC_SOURCES := $(shell find platform/almagest/*/static -type f -not -path '*/vendor/*' 2>/dev/null)
PIP := $(BIN)/python -m pip --disable-pip-version-check --quiet

.PHONY: demo test setup static lint lock clean

demo: setup static
	@$(BIN)/python manage.py demo --port $(PORT) $(if $(filter load,$(DEMO)),--load-only) --legacy $(LEGACY) --outliers $(OUTLIERS)

# pytest comes last and prints last: its closing line is the outcome. Two processes share the tests, each with servers of its
# own; whoever is done takes over half of what the other has not begun.
test: setup static lint
	@$(BIN)/python -m pytest -n 2 --dist worksteal

setup: $(INSTALLED)

static: $(STATIC)

lint: setup
	@$(BIN)/ruff check --quiet .
	@$(BIN)/ruff format --check --quiet .
	@$(BIN)/lint-imports --no-logo

$(INSTALLED): requirements.lock pyproject.toml
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' \
		|| { echo "error: Almagest needs Python 3.11 or newer; name one with 'make PYTHON=python3.12 ...'"; exit 1; }
	@test -x $(BIN)/pip || $(PYTHON) -m venv .venv \
		|| { rm -rf .venv; echo "error: Python cannot make a virtual environment: apt-get install python3-venv"; exit 1; }
	@echo "Installing the pinned packages into .venv (a few minutes, once)"
	@$(PIP) install --requirement requirements.lock
	@$(PIP) install --no-deps --no-build-isolation --editable .
	@touch $@

$(STATIC): $(INSTALLED) package.json package-lock.json platform/almagest/server/static_files.py $(STATIC_SOURCES)
	@$(BIN)/python manage.py build_static
	@touch $@

# Newest versions that pyproject.toml allows, resolved together, written down exactly.
lock:
	rm -rf build/lock
	$(PYTHON) -m venv build/lock
	build/lock/bin/pip install hatchling ".[web,services,classical,keras,torch,dev]"
	{ grep '^#' requirements.lock; build/lock/bin/pip freeze --exclude almagest | sed 's/+cpu$$//'; } > build/requirements.lock
	mv build/requirements.lock requirements.lock
	rm -rf build/lock
	npm install --package-lock-only --ignore-scripts --omit-lockfile-registry-resolved

# Data in ALMAGEST_HOME stay.
clean:
	rm -rf .venv node_modules static_root build platform/almagest/web/static/vendor
	find . -name __pycache__ -type d -prune -exec rm -rf {} +
