# Everything a developer runs. `make test` sets up what it needs and runs every test.

PYTHON ?= python3
CARGO ?= cargo
VENV := .venv
BIN := $(VENV)/bin
# The tools of `make lint` that are not in every toolchain.
TOOLS := target/tools
CARGO_DENY_VERSION := 0.20.2
RUFF_VERSION := 0.17.6
MYPY_VERSION := 2.4.1

.PHONY: test test-rust test-python lint demo bench clean

test: test-rust test-python

test-rust:
	$(CARGO) test --workspace --locked

test-python: $(VENV)/.installed tests/node_modules/.installed
	$(CARGO) build --locked
	$(BIN)/pip install --quiet --force-reinstall --no-deps ./python-shim
	ARGALA_BIN=target/debug/argala $(BIN)/pytest -c tests/pyproject.toml --rootdir tests tests

$(VENV)/bin/pip:
	$(PYTHON) -m venv $(VENV)

$(VENV)/.installed: tests/requirements.txt | $(VENV)/bin/pip
	$(BIN)/pip install --quiet --requirement tests/requirements.txt
	touch $@

tests/node_modules/.installed: tests/package-lock.json
	npm ci --prefix tests --no-audit --no-fund
	touch $@

lint: $(BIN)/ruff $(BIN)/mypy $(TOOLS)/bin/cargo-deny
	$(CARGO) fmt --all --check
	$(CARGO) clippy --workspace --all-targets --locked -- --deny warnings
	RUSTDOCFLAGS="--deny warnings" $(CARGO) doc --workspace --no-deps --locked --quiet
	$(TOOLS)/bin/cargo-deny --locked check licenses bans sources
	@# Advisories come from a database that must be fetched; without a network the rest still counts.
	$(TOOLS)/bin/cargo-deny --locked check advisories || \
		! $(TOOLS)/bin/cargo-deny --locked fetch db >/dev/null 2>&1
	$(BIN)/ruff check python-shim tests
	$(BIN)/ruff format --check python-shim tests
	cd python-shim && ../$(BIN)/mypy python

$(BIN)/ruff: | $(VENV)/bin/pip
	$(BIN)/pip install --quiet ruff==$(RUFF_VERSION)

$(BIN)/mypy: | $(VENV)/bin/pip
	$(BIN)/pip install --quiet mypy==$(MYPY_VERSION)

$(TOOLS)/bin/cargo-deny:
	$(CARGO) install cargo-deny --locked --quiet --version $(CARGO_DENY_VERSION) --root $(TOOLS)

demo:
	$(CARGO) run --release --locked -- demo

bench:
	$(CARGO) bench --workspace --locked

clean:
	$(CARGO) clean
	rm -rf $(VENV) tests/node_modules
