#!/usr/bin/env bash
# Installs the peers of the probe's benchmark, each in its own environment. usage: setup.sh FOLDER [PEER...]
#
# Everything comes from the package registries by name. garak is installed without its own list of dependencies, which
# brings torch; what its one probe and detector import is named here. promptfoo needs Node 22, which npm has as a package.
# A peer that cannot be installed, or not within ten minutes, is told and left out, and the others go on.
set -uo pipefail
folder=${1:?usage: setup.sh FOLDER [PEER...]}
shift
python=${PYTHON:-python3}
chosen=("$@")
[ ${#chosen[@]} -gt 0 ] || chosen=(inspect garak promptfoo pyrit)
mkdir -p "$folder"
folder=$(cd "$folder" && pwd)

pip() { timeout 600 "$folder/$1/bin/pip" install --quiet --disable-pip-version-check "${@:2}"; }

install() {
  case $1 in
    promptfoo)
      mkdir -p "$folder/promptfoo" && cd "$folder/promptfoo" &&
        timeout 600 npm install --no-audit --no-fund --silent node@22 promptfoo@0.121.20 @libsql/linux-x64-gnu
      ;;
    inspect) "$python" -m venv "$folder/inspect" && pip inspect inspect_ai==0.3.285 openai ;;
    pyrit) "$python" -m venv "$folder/pyrit" && pip pyrit pyrit==1.1.0 ;;
    garak)
      "$python" -m venv "$folder/garak" && pip garak --no-deps garak==0.17.1 &&
        pip garak openai backoff colorama tqdm nltk numpy xdg-base-dirs cmd2==2.4.3 avidtools==0.1.2 markdown langdetect \
          tiktoken ftfy jinja2 jsonpath-ng wn==0.9.5 lorem==0.1.1 zalgolib ecoji mikeshardmind-base2048 \
          py-markdown-table PyYAML requests psutil python-magic deepl==1.17.0 httpx pillow rapidfuzz aiohttp
      ;;
    *) echo "unknown peer $1" >&2 && return 2 ;;
  esac
}

failed=0
for peer in "${chosen[@]}"; do
  start=$SECONDS
  if (install "$peer") 2>"$folder/$peer.log" >&2; then
    echo "$peer: $(du -sm "$folder/$peer" | cut -f1) MiB in $((SECONDS - start)) s"
  else
    echo "$peer: not installed after $((SECONDS - start)) s: $(grep -v '^$' "$folder/$peer.log" | tail -1)" >&2
    failed=1
  fi
done
exit "$failed"
