# setup · demo · test · bench · soak · fuzz · test-bluez · console · dist; nothing else needs to be known.
PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
INSTALLED := $(VENV)/.installed
PEERS := .venv-bench
BENCHMARKS := eda pulse recording live eda_lag quality agreement detection recovery gap_filling e4_zip results_table

# Recordings beside the checkout are used where they are, and tests that need them skip elsewhere.
WEARAFFECT_DATA ?= ../shared/data
ifneq ($(wildcard $(WEARAFFECT_DATA)/.),)
export WEARAFFECT_DATA := $(abspath $(WEARAFFECT_DATA))
else
unexport WEARAFFECT_DATA
endif

.PHONY: setup demo test packages bench soak fuzz test-bluez console dist
.DEFAULT_GOAL := demo

setup: $(INSTALLED)

$(INSTALLED): pyproject.toml constraints.txt
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11) and "Python 3.11 or newer is needed; name one: make PYTHON=python3.11")'
	$(PYTHON) -m venv $(VENV)
	$(BIN)/python -m pip install --disable-pip-version-check -c constraints.txt -e '.[dev]'
	@touch $@

demo: setup
	$(BIN)/wearaffect demo --out out/demo

# One thread a worker: two workers with all cores each would only wait for one another.
test: setup packages
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy
	$(BIN)/lint-imports
	OMP_NUM_THREADS=1 $(BIN)/pytest -n auto --maxprocesses 4 --dist loadfile

packages:
	@.ci/packages

# Ours against the named peers, which have an environment of their own; some minutes. One of them
# alone: make bench BENCHMARKS=pulse
bench: $(PEERS)/.installed setup
	set -e; for name in $(BENCHMARKS); do echo "== $$name"; $(PEERS)/bin/python benchmarks/$$name.py; done
	$(BIN)/python benchmarks/live_page.py

$(PEERS)/.installed: benchmarks/peers.txt pyproject.toml
	$(PYTHON) -m venv $(PEERS)
	$(PEERS)/bin/python -m pip install --disable-pip-version-check -r benchmarks/peers.txt
	$(PEERS)/bin/python -m pip install --disable-pip-version-check --no-deps flirt==0.0.2 -e .
	@touch $@

# Eight virtual wearables for a minute of real time, a hundred disconnects, LSL across processes;
# journals killed, cut, damaged and out of disk; a day in simulated time. Twenty minutes.
soak: setup
	$(BIN)/python benchmarks/soak.py
	$(BIN)/python benchmarks/soak_lsl.py
	$(BIN)/python benchmarks/durability.py
	$(BIN)/python benchmarks/soak_day.py

# Arbitrary bytes to every decoder, a minute each.
fuzz: setup
	$(BIN)/python benchmarks/fuzz.py

# Unmodified bleak, BlueZ's own daemon and a Linux kernel in an emulator; some two minutes.
test-bluez: setup
	$(BIN)/python benchmarks/bluez.py

# The page of `wearaffect serve`; what comes out is committed. Needs node 20.19 or newer.
console:
	cd console && npm ci && npm run build

dist: setup
	$(BIN)/python -m build --outdir dist
