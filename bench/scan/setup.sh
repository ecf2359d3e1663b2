#!/usr/bin/env bash
# Installs the peers of the model scanner's benchmark, each in its own environment. usage: setup.sh FOLDER [PEER...]
#
# Everything comes from the Python package index by name, with pinned versions and the peer's best documented install.
# Two are no scanners: `make` has what generate.py needs, `torch` is a Python with torch for checkpoints.py. That one is
# Debian's build for processors, unpacked into its folder and not installed: the package index has only builds with
# gigabytes of graphics libraries. It calls FOLDER/torch/python. What was installed is written to FOLDER/PEER.txt; a peer
# that cannot be installed, or not within ten minutes, is told and left out, and the others go on.
set -uo pipefail
folder=${1:?usage: setup.sh FOLDER [PEER...]}
shift
python=${PYTHON:-python3}
chosen=("$@")
[ ${#chosen[@]} -gt 0 ] || chosen=(make picklescan modelscan fickling modelaudit modelaudit-picklescan aisbom)
mkdir -p "$folder"
folder=$(cd "$folder" && pwd)

pip() { timeout 600 "$folder/$1/bin/pip" install --quiet --no-cache-dir --disable-pip-version-check "${@:2}"; }

debian_torch() {
  local here=$folder/torch package
  mkdir -p "$here/debs/partial" "$here/root" &&
    timeout 600 apt-get install --yes --no-install-recommends --download-only -o "Dir::Cache::archives=$here/debs" python3-torch || return 1
  for package in "$here"/debs/*.deb; do dpkg -x "$package" "$here/root" || return 1; done
  rm -rf "$here/debs" "$here/root/usr/share/doc" "$here/root/usr/share/locale"
  cat >"$here/python" <<'SCRIPT'
#!/usr/bin/env bash
root=$(cd "$(dirname "$0")" && pwd)/root
lib=$root/usr/lib/x86_64-linux-gnu
export LD_LIBRARY_PATH=$root/lib/x86_64-linux-gnu:$lib:$lib/blas:$lib/lapack:$root/usr/lib PYTHONPATH=$root/usr/lib/python3/dist-packages
exec /usr/bin/python3 "$@"
SCRIPT
  chmod +x "$here/python" && "$here/python" -c "import torch"
}

install() {
  [ "$1" != torch ] || { debian_torch; return; }
  "$python" -m venv "$folder/$1" || return 1
  case $1 in
    make) pip make h5py==3.16.0 "numpy<3" ;;
    picklescan) pip picklescan picklescan==1.0.5 py7zr numpy ;;
    modelscan) pip modelscan "modelscan[h5py]==0.8.8" tensorflow-cpu ;; # its tensorflow extra without the graphics libraries
    fickling) pip fickling fickling==0.1.12 typing_extensions ;; # which it imports and does not ask for
    modelaudit) pip modelaudit "modelaudit[onnx,h5,safetensors,sevenzip]==0.2.54" ;;
    modelaudit-picklescan) pip modelaudit-picklescan modelaudit-picklescan==0.1.12 ;;
    aisbom) pip aisbom aisbom-cli==1.7.0 ;;
    *) echo "unknown peer $1" >&2 && return 2 ;;
  esac
}

failed=0
for peer in "${chosen[@]}"; do
  start=$SECONDS
  if (install "$peer") 2>"$folder/$peer.log" >&2; then
    find "$folder/$peer" -maxdepth 5 -name '*.dist-info' -printf '%f\n' | sed 's/\.dist-info$//; s/-/==/' | sort >"$folder/$peer.txt"
    echo "$peer: $(du -sm "$folder/$peer" | cut -f1) MiB in $((SECONDS - start)) s"
  else
    echo "$peer: not installed after $((SECONDS - start)) s: $(grep -v '^$' "$folder/$peer.log" | tail -1)" >&2
    failed=1
  fi
done
exit "$failed"
