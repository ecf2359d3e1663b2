#!/usr/bin/env bash
# All measurements of the probe, as Markdown. usage: run.sh JINGWEI COVERAGE_EXAMPLE PEERS OUT [PYTHON MODEL]
# PEERS is what setup.sh filled; peers that are not there are left out. With PYTHON (that has xllamacpp) and MODEL the
# real model is asked too. A script that fails is told and the others go on.
set -uo pipefail
[ $# -eq 4 ] || [ $# -eq 6 ] || { echo "usage: run.sh JINGWEI COVERAGE_EXAMPLE PEERS OUT [PYTHON MODEL]" >&2; exit 2; }
jingwei=$1 example=$2 peers=$3 out=$4 failed=0
here=$(dirname "$0")
mkdir -p "$out"
measure() {
  echo; echo "### $1"; echo
  python3 "$here/$1.py" --binary "$jingwei" --peers "$peers" --out "$out" "${@:2}" | tee "$out/$1.md" || { echo "$1 failed" >&2; failed=1; }
}
python3 "$here/../order.py" --check "$jingwei" || { echo "the list of functions is old: bench/order.py makes it again; memory is told too high" >&2; failed=1; }
measure throughput
measure resume
measure coverage --example "$example"
[ $# -eq 4 ] || measure real --python "$5" --model "$6" --suites quick red-team:2:plain,role-play,persuasion,suppression,chinese,crescendo
exit "$failed"
