#!/usr/bin/env bash
# Measures what bench/RESULTS.md tells. Prints markdown. Needs a release build and the example's model.
set -euo pipefail
cd "$(dirname "$0")/.."
target=${CARGO_TARGET_DIR:-target}
jingwei=$target/release/jingwei
folder=$(mktemp -d)
trap 'rm -rf "$folder"; [ -z "${server:-}" ] || kill "$server" 2>/dev/null || true' EXIT
echo "machine: $(nproc) cores, $(uname -m), load $(cut -d' ' -f1-3 /proc/loadavg), $(rustc --version)"

echo; echo "## ledger"
cargo run --quiet --release --locked -p jingwei-ledger --example ledger_bench -- "$folder/ledger"
echo; echo "## API"
cargo run --quiet --release --locked -p jingwei-api --example api_bench
echo; echo "## store"
cargo run --quiet --release --locked -p jingwei-store --example store_bench
echo; echo "## gateway"
cargo run --quiet --release --locked -p jingwei-gateway --example gateway_bench

echo; echo "## program"
echo "binary: $(stat -c %s "$jingwei") bytes"
python3 bench/program.py "$jingwei" "$folder"

echo; echo "## probe"
cargo build --quiet --release --locked -p jingwei-probe --example coverage
bash bench/probe/run.sh "$jingwei" "$target/release/examples/coverage" "${PROBE_PEERS:-$folder/no-peers}" "$folder/probe" "${PYTHON:-.models/venv/bin/python}" "${MODEL:-examples/assistant/model/SmolLM2-135M-Instruct.Q4_1.gguf}"
