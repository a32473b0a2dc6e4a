# Everything a developer runs. `make test` sets up what it needs and runs every test.

PYTHON ?= python3
CARGO ?= cargo
VENV := .venv
# Client libraries that can't live beside the newest `mcp`.
VENV_LEGACY := .venv-legacy
BIN := $(VENV)/bin
# The tools of `make lint` that are not in every toolchain.
TOOLS := target/tools
CARGO_DENY_VERSION := 0.20.2
CARGO_FUZZ_VERSION := 0.13.2
# What `make fuzz` runs, and for how long each.
FUZZ_TARGETS ?= $(patsubst fuzz/fuzz_targets/%.rs,%,$(wildcard fuzz/fuzz_targets/*.rs))
FUZZ_SECONDS ?= 60
RUFF_VERSION := 0.17.6
MYPY_VERSION := 2.4.1
MATURIN_VERSION := 1.16.0

# Built once and installed wherever tests need the package. `dev` shares most with `cargo build`; what is published is
# built, and tested, by `make wheel` and `make test-wheel`.
PACKAGE := target/package
WHEELS := target/wheels
PYTEST := -c tests/pyproject.toml --rootdir tests
# The tests that need what lives in $(VENV_LEGACY).
LEGACY_TESTS := $(patsubst %,tests/frameworks/test_%.py,langchain mcp_adapters crewai)
# What type checkers read: the package, the examples, and what a checker should make of the public API. A file is read
# where the frameworks that it imports live.
LEGACY_TYPED := $(patsubst %,python-shim/python/argala/frameworks/%.py,_langchain _injected_arguments _crewai) \
	$(patsubst %,examples/python/%.py,langchain_agent crewai_tool)
TYPED := $(filter-out $(LEGACY_TYPED),$(wildcard $(patsubst %,%/*.py, \
	python-shim/python/argala python-shim/python/argala/frameworks examples/python tests/typing)))
MYPY := MYPYPATH=python-shim/python $(BIN)/mypy --config-file python-shim/pyproject.toml
PYRIGHT := tests/node_modules/.bin/pyright
# The Pythons that `make test-wheel` tests the wheel with; one that isn't there is told of.
PYTHONS ?= python3.10 python3.11 python3.12 python3.13

.PHONY: test test-rust test-python chaos wheel test-wheel lint types conformance demo bench bench-python fuzz clean

test: test-rust test-python

# The same cases every time, so that a change is judged by what it changes; `make fuzz` looks for new ones.
test-rust: export PROPTEST_RNG_SEED ?= 20261122
test-rust:
	$(CARGO) test --workspace --locked

test-python: $(VENV)/.installed $(VENV_LEGACY)/.installed tests/node_modules/.installed $(BIN)/maturin $(BIN)/mypy
	$(CARGO) build --workspace --bins --locked
	rm -rf $(PACKAGE)
	cd python-shim && ../$(BIN)/maturin build --profile dev --locked --quiet --out ../$(PACKAGE)
	$(BIN)/pip install --quiet --force-reinstall --no-deps $(PACKAGE)/*.whl
	$(VENV_LEGACY)/bin/pip install --quiet --force-reinstall --no-deps $(PACKAGE)/*.whl
	@# Is the compiled module what `_argala.pyi` says?
	$(BIN)/python -m mypy.stubtest argala._argala
	ARGALA_BIN=target/debug/argala $(BIN)/pytest $(PYTEST) $(addprefix --ignore=,$(LEGACY_TESTS)) tests
	$(VENV_LEGACY)/bin/pytest $(PYTEST) $(LEGACY_TESTS)

# Every fault in its full size, over and over; ten minutes at most. What has come of it stands in target/chaos.md.
# CHAOS_SEED repeats a run's choices, though not its races. (`make test` has each fault once, in a smaller size.)
chaos: export CHAOS_SECONDS ?= 240
chaos: $(VENV)/.installed
	$(CARGO) build --bins --locked
	ARGALA_BIN=target/debug/argala timeout 600 $(BIN)/pytest $(PYTEST) tests/chaos

# What is published: a wheel for this machine, and the sources. (.github/workflows/wheels.yml builds them for all.)
wheel: $(BIN)/maturin
	rm -rf $(WHEELS)
	@# The sources alone need another lock file than the workspace, so `--locked` and `--sdist` don't go together.
	cd python-shim && ../$(BIN)/maturin sdist --out ../$(WHEELS)
	cd python-shim && ../$(BIN)/maturin build --release --locked --out ../$(WHEELS)

# The package's tests with each Python, and whole sessions with the gateway that the wheel brings.
test-wheel: wheel $(VENV)/.installed
	PYTHON=$(PYTHON) sh tests/wheel/smoke.sh $(WHEELS)/*.whl
	sh tests/wheel/each.sh $(WHEELS)/*.whl $(PYTHONS)
	ARGALA_BIN=$$(ls -d $(WHEELS)/tested/*/bin/argala | tail -n 1) $(BIN)/pytest $(PYTEST) -q \
		tests/sessions/test_calls.py tests/sessions/test_check.py tests/sessions/test_processes.py \
		tests/sessions/test_strict_reading.py
	@# The sources, as they are where no wheel fits.
	CARGO_TARGET_DIR=$(CURDIR)/target PYTHON=$(PYTHON) sh tests/wheel/smoke.sh $(WHEELS)/*.tar.gz

$(VENV)/bin/pip:
	$(PYTHON) -m venv $(VENV)

$(VENV)/.installed: tests/requirements.txt tests/requirements-package.txt | $(VENV)/bin/pip
	$(BIN)/pip install --quiet --requirement tests/requirements.txt
	touch $@

$(VENV_LEGACY)/.installed: tests/requirements-legacy.txt tests/requirements-package.txt
	$(PYTHON) -m venv $(VENV_LEGACY)
	$(VENV_LEGACY)/bin/pip install --quiet --requirement $<
	touch $@

tests/node_modules/.installed: tests/package-lock.json
	npm ci --prefix tests --no-audit --no-fund
	touch $@

lint: $(BIN)/ruff $(BIN)/mypy $(TOOLS)/bin/cargo-deny types
	$(CARGO) fmt --all --check
	$(CARGO) fmt --manifest-path fuzz/Cargo.toml --check
	$(CARGO) clippy --workspace --all-targets --locked -- --deny warnings
	@# Without libFuzzer, whose build needs a C++ compiler.
	$(CARGO) check --manifest-path fuzz/Cargo.toml --no-default-features --locked
	RUSTDOCFLAGS="--deny warnings" $(CARGO) doc --workspace --no-deps --locked --quiet
	$(TOOLS)/bin/cargo-deny --locked check licenses bans sources
	@# Advisories come from a database that must be fetched; without a network the rest still counts.
	$(TOOLS)/bin/cargo-deny --locked check advisories || \
		! $(TOOLS)/bin/cargo-deny --locked fetch db >/dev/null 2>&1
	$(BIN)/ruff check python-shim tests
	$(BIN)/ruff format --check python-shim tests
	$(BIN)/ruff check --config tests/pyproject.toml --ignore ANN401 examples
	$(BIN)/ruff format --config tests/pyproject.toml --check examples

# Needs no build: `_argala.pyi` stands for the compiled module, and `make test-python` holds the two together.
types: $(BIN)/mypy $(VENV)/.installed $(VENV_LEGACY)/.installed tests/node_modules/.installed
	$(MYPY) --python-executable $(BIN)/python $(TYPED)
	$(MYPY) --python-executable $(VENV_LEGACY)/bin/python $(LEGACY_TYPED)
	$(PYRIGHT) --pythonpath $(BIN)/python $(TYPED)
	$(PYRIGHT) --pythonpath $(VENV_LEGACY)/bin/python $(LEGACY_TYPED)

$(BIN)/ruff: | $(VENV)/bin/pip
	$(BIN)/pip install --quiet ruff==$(RUFF_VERSION)

$(BIN)/mypy: | $(VENV)/bin/pip
	$(BIN)/pip install --quiet mypy==$(MYPY_VERSION)

$(BIN)/maturin: | $(VENV)/bin/pip
	$(BIN)/pip install --quiet maturin==$(MATURIN_VERSION)

$(TOOLS)/bin/cargo-deny:
	$(CARGO) install cargo-deny --locked --quiet --version $(CARGO_DENY_VERSION) --root $(TOOLS)

# Writes docs/conformance.md.
conformance: $(VENV)/.installed tests/node_modules/.installed
	$(CARGO) build --workspace --bins --locked
	cd tests && ARGALA_BIN=../target/debug/argala ../$(BIN)/python -m conformance.table

demo:
	$(CARGO) run --release --locked -- demo

bench:
	$(CARGO) bench --workspace --locked

# The cost of a guarded Python call, in that of the first Argala, whose wheel is for CPython 3.11 on Linux alone.
BENCH := target/bench-python
bench-python: $(BIN)/maturin
	rm -rf $(BENCH)
	cd python-shim && ../$(BIN)/maturin build --release --locked --quiet --out ../$(BENCH)
	$(BIN)/pip install --quiet --no-deps --target $(BENCH)/argala $(BENCH)/*.whl
	-$(BIN)/pip install --quiet --no-deps --target $(BENCH)/original --only-binary :all: --implementation cp \
		--python-version 3.11 --abi cp311 --platform manylinux2014_x86_64 argala==0.0.0
	$(BIN)/python python-shim/benches/overhead.py --argala $(BENCH)/argala --original $(BENCH)/original

# libFuzzer drives each target by what of the code its inputs reach. Needs a C++ compiler. What it finds lies in
# fuzz/artifacts, what it learnt in fuzz/corpus.
fuzz: $(TOOLS)/bin/cargo-fuzz
	@for target in $(FUZZ_TARGETS); do \
		echo "== $$target: $(FUZZ_SECONDS) s"; \
		PATH="$(CURDIR)/$(TOOLS)/bin:$$PATH" $(CARGO) fuzz run --sanitizer none $$target -- \
			-max_total_time=$(FUZZ_SECONDS) -max_len=4096 -timeout=10 -rss_limit_mb=4096 -verbosity=0 \
			-print_final_stats=1 || exit 1; \
	done

$(TOOLS)/bin/cargo-fuzz:
	$(CARGO) install cargo-fuzz --locked --quiet --version $(CARGO_FUZZ_VERSION) --root $(TOOLS)

clean:
	$(CARGO) clean
	rm -rf $(VENV) $(VENV_LEGACY) tests/node_modules
