#!/usr/bin/env bash
# The whole loop on a real model: the assistant as it is, the same assistant behind the guard, the proof, and then
# the register served. `ONCE=1` stops after the proof.
set -euo pipefail
: "${JINGWEI:?}" "${PYTHON:?}" "${MODEL:?}"
here=examples/assistant
export JINGWEI_DATA="${JINGWEI_DATA:-.jingwei}"
say() { printf '\n== %s\n' "$*"; }

say "starting the model server / 启动模型服务"
log=$(mktemp)
coproc SERVER { exec "$PYTHON" peers/model_server.py "$here/deploy/server.toml" "$MODEL" 2>"$log"; }
stop() { [ -z "${SERVER_PID:-}" ] || kill "$SERVER_PID" 2>/dev/null || true; rm -f "$log"; }
trap stop EXIT
ready=
while read -r -t 60 line <&"${SERVER[0]}"; do
  case $line in ready*) ready=1; echo "$line"; break ;; esac
done
[ -n "$ready" ] || { echo "the model server did not start:" >&2; tail -n 20 "$log" >&2; exit 3; }

say "1/3 the assistant as it is / 无护栏"
"$JINGWEI" assess "$here/system.toml" --fail-on never

say "2/3 the same assistant behind Jingwei's guard / 有护栏"
"$JINGWEI" assess "$here/guarded.toml" --fail-on never

say "3/3 the proof / 核验证据"
"$JINGWEI" govern list
"$JINGWEI" ledger verify

if [ -n "${ONCE:-}" ]; then exit 0; fi
say "serving the register, the reports and the API; stop with Ctrl-C / 启动登记册、报告与 API"
exec 3>&- || true
"$JINGWEI" up --upstream "http://127.0.0.1:7811/v1"
