#!/usr/bin/env bash
# All five measurements of the guard, as Markdown. usage: run.sh JINGWEI DATA PEERS OUT
# OUT holds examples.jsonl of bench/guard_data.py already; a script that fails is told and the others go on.
set -uo pipefail
[ $# -eq 4 ] || { echo "usage: run.sh JINGWEI DATA PEERS OUT" >&2; exit 2; }
jingwei=$1 data=$2 peers=$3 out=$4 failed=0
here=$(dirname "$0")
mkdir -p "$out"
for script in accuracy keywords pii stream obfuscation; do
  python=python3
  [ "$script" = obfuscation ] && python=$peers/bench/bin/python
  arguments=(--binary "$jingwei" --data "$data" --peers "$peers" --out "$out")
  case $script in accuracy | obfuscation) arguments+=(--examples "$out/examples.jsonl") ;; esac
  echo; echo "## $script"; echo
  "$python" "$here/$script.py" "${arguments[@]}" | tee "$out/$script.md" || { echo "$script failed" >&2; failed=1; }
done
exit "$failed"
