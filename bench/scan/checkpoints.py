"""Is a converted checkpoint the same, bit for bit, as what torch loads? usage: checkpoints.py make OUT [--benign FOLDER...] | checkpoints.py compare OUT --binary JINGWEI

`make` runs with a Python that has torch (setup.sh: peer `torch`). It takes every checkpoint of the real set that
torch.load(weights_only=True) accepts, writes further ones that are awkward (types, views, shared storages, old containers),
and keeps for each what torch saw: names, types, shapes and a hash of the bytes. `compare` needs no torch: it converts each
with Jingwei, reads the safetensors file by hand and compares. Names are paths of keys joined by dots.
"""

import argparse, hashlib, json, os, pathlib, shutil, struct, subprocess, sys, tempfile

SUFFIXES = (".pt", ".pth", ".bin", ".ckpt", ".tar", ".pkl")
TYPES = {"float64": "F64", "float32": "F32", "float16": "F16", "bfloat16": "BF16", "int64": "I64", "int32": "I32", "int16": "I16", "int8": "I8", "uint8": "U8", "bool": "BOOL", "complex64": "C64"}


# ---- make: with torch

def is_checkpoint(path):
    """torch's own containers; other pickles would keep its slow loader busy for minutes."""
    if not path.is_file() or path.suffix not in SUFFIXES:
        return False
    with path.open("rb") as file:
        front = file.read(64)
    return front.startswith(b"PK") or b"\x6c\xfc\x9c\x46\xf9\x20\x6a\xa8\x50\x19" in front


def tensors_of(value, path=()):
    """Every tensor of nested dicts, lists and tuples with its path."""
    import torch

    if isinstance(value, torch.Tensor):
        yield ".".join(path), value
    elif isinstance(value, dict):
        for key, part in value.items():
            yield from tensors_of(part, (*path, str(key)))
    elif isinstance(value, (list, tuple)):
        for index, part in enumerate(value):
            yield from tensors_of(part, (*path, str(index)))


def truth_of(path, own=False):
    """What torch sees: name → [type, shape, hash of the bytes in order]. Only files of our own are loaded in full: old
    torch's safe loader refuses a plain number beside the tensors."""
    import torch

    truth = {}
    for name, tensor in tensors_of(torch.load(path, map_location="cpu", weights_only=not own)):
        kind = TYPES[str(tensor.dtype).removeprefix("torch.")]
        flat = tensor.detach().resolve_conj().contiguous().clone()
        # numpy knows no bfloat16; a view of bytes knows no complex numbers, whose few storages are walked byte by byte
        raw = (bytes(flat.storage().untyped()) if flat.is_complex() else flat.reshape(-1).view(torch.uint8).numpy().tobytes()) if flat.numel() else b""
        if name in truth:
            raise ValueError(f"two tensors are named {name}")
        truth[name] = [kind, list(tensor.shape), hashlib.sha256(raw).hexdigest()]
    return truth


def awkward():
    """name → (object, arguments of torch.save)."""
    import torch

    torch.manual_seed(1)
    base = torch.arange(24, dtype=torch.float32)
    grid = base.reshape(4, 6)
    every = {name: (torch.arange(6) % 2).to(getattr(torch, name)) if name == "bool" else (torch.rand(6) * 100).to(getattr(torch, name)) for name in TYPES if name != "complex64"}
    module = torch.nn.Sequential(torch.nn.Conv2d(3, 8, 3), torch.nn.BatchNorm2d(8), torch.nn.Flatten(), torch.nn.Linear(8, 4))
    recurrent = torch.nn.LSTM(4, 8, 2, bidirectional=True)
    transformer = torch.nn.TransformerEncoderLayer(16, 2, 32)
    optimizer = torch.optim.Adam(module.parameters())
    module(torch.rand(2, 3, 3, 3)).sum().backward()
    optimizer.step()
    special = torch.tensor([float("nan"), float("inf"), -float("inf"), -0.0, 1e-45])
    tied = torch.rand(4, 3)
    old = {"_use_new_zipfile_serialization": False}
    return {
        "types": (every, {}), "types-legacy": (every, old), "module": (module.state_dict(), {}), "module-legacy": (module.state_dict(), old), "recurrent": (recurrent.state_dict(), {}), "transformer": (transformer.state_dict(), {}),
        "nested": ({"state_dict": module.state_dict(), "epoch": 3, "best": 0.5, "name": "net", "history": [torch.rand(2), torch.rand(3)], "pair": (torch.zeros(1), None)}, {}), "optimizer": ({"model": module.state_dict(), "optimizer": optimizer.state_dict()}, {}),
        "views": ({"whole": base, "row": grid[1], "column": grid[:, 2], "transposed": grid.t(), "step": base[1::3], "corner": grid[2:, 4:], "expanded": base[:1].expand(5)}, {}), "views-legacy": ({"whole": base, "transposed": grid.t(), "step": base[1::3]}, old),
        "shared": ({"embedding.weight": tied, "head.weight": tied, "view": tied[1:]}, {}), "shared-legacy": ({"embedding.weight": tied, "head.weight": tied}, old), "scalars": ({"zero": torch.tensor(0.5), "whole": torch.tensor(7), "truth": torch.tensor(True)}, {}), "empty": ({"none": torch.empty(0), "flat": torch.empty(0, 3), "full": torch.ones(1)}, {}),
        "special": ({"float": special, "half": special.half(), "brain": special.bfloat16()}, {}), "parameters": ({"a": torch.nn.Parameter(torch.rand(3)), "b": torch.nn.Parameter(torch.rand(2, 2), requires_grad=False)}, {}), "half": ({k: v.half() if v.is_floating_point() else v for k, v in module.state_dict().items()}, {}),
        "brain": ({k: v.bfloat16() if v.is_floating_point() else v for k, v in module.state_dict().items()}, {}), "protocol-4": (module.state_dict(), {"pickle_protocol": 4}), "dimensions": ({"deep": torch.rand(1, 2, 1, 2, 1, 2, 1, 2)}, {}), "many": ({f"layer.{n}.weight": torch.rand(3) for n in range(2000)}, {}), "large": ({"weight": torch.rand(1024, 2048)}, {}),
        "names": ({"层.权重": torch.rand(2), "with space": torch.rand(2), "a/b": torch.rand(1), "x" * 300: torch.rand(1)}, {}), "integers-as-keys": ({0: torch.rand(2), 1: torch.rand(2)}, {}), "list": ([torch.rand(2), torch.rand(3)], {}), "single": (torch.rand(5), {}), "channels-last": ({"weight": torch.rand(2, 3, 4, 5).contiguous(memory_format=torch.channels_last)}, {}),
    }


def make(out, benign):
    import torch

    shutil.rmtree(out, ignore_errors=True)
    out.mkdir(parents=True)
    rows, refused = [], []
    for folder in benign:
        for path in sorted(filter(is_checkpoint, folder.rglob("*"))):
            try:
                truth = truth_of(path)
            except Exception as error:  # what torch does not load safely is not compared
                refused.append([str(path.relative_to(folder)), f"{type(error).__name__}: {error}"[:120]])
                continue
            if truth:
                name = "real-" + "-".join(path.relative_to(folder).parts).replace(" ", "_")
                os.symlink(path.resolve(), out / name)
                rows.append({"file": name, "source": "real", "tensors": truth})
    for name, (value, options) in awkward().items():
        file = f"made-{name}.pt"
        torch.save(value, out / file, **options)
        rows.append({"file": file, "source": "made", "tensors": truth_of(out / file, own=True)})
    (out / "truth.json").write_text(json.dumps({"torch": torch.__version__, "checkpoints": rows, "refused": refused}, indent=1) + "\n")
    real = [r for r in rows if r["source"] == "real"]
    print(f"torch {torch.__version__}: {len(real)} real and {len(rows) - len(real)} made checkpoints, {sum(len(r['tensors']) for r in rows)} tensors; refused by torch: {len(refused)}")
    for path, why in refused:
        print(f"  {path}: {why}")


# ---- compare: without torch

def converted(binary, checkpoint, folder):
    """Runs the conversion and gives the safetensors file. The command line's shape is told here and nowhere else."""
    target = folder / "out.safetensors"
    command = [str(binary), "--data", str(folder / "data"), "scan", "model", str(checkpoint), "--convert", str(target)]
    found = subprocess.run(command, capture_output=True, text=True, timeout=120)
    if not target.exists():
        raise OSError(f"exit {found.returncode}: {(found.stderr or found.stdout).strip()[-300:]}")
    return target


def read_safetensors(path):
    raw = path.read_bytes()
    size = struct.unpack_from("<Q", raw)[0]
    header = json.loads(raw[8 : 8 + size])
    header.pop("__metadata__", None)
    data = memoryview(raw)[8 + size :]
    return {name: [entry["dtype"], entry["shape"], hashlib.sha256(data[slice(*entry["data_offsets"])]).hexdigest()] for name, entry in header.items()}


def differences(truth, found):
    out = [f"missing: {name}" for name in truth if name not in found] + [f"added: {name}" for name in found if name not in truth]
    for name in truth.keys() & found.keys():
        out += [f"{name}: {what} {found[name][at]} instead of {truth[name][at]}" for at, what in enumerate(("type", "shape", "bytes")) if found[name][at] != truth[name][at]]
    return sorted(out)


def compare(out, binary):
    truth, equal, tensors, wrong = json.loads((out / "truth.json").read_text()), 0, 0, []
    for row in truth["checkpoints"]:
        with tempfile.TemporaryDirectory() as folder:
            try:
                found = differences(row["tensors"], read_safetensors(converted(binary, out / row["file"], pathlib.Path(folder))))
            except (OSError, ValueError, KeyError, struct.error, subprocess.TimeoutExpired) as error:
                found = [f"not converted: {error}"]
        if found:
            wrong.append((row["file"], found))
        else:
            equal, tensors = equal + 1, tensors + len(row["tensors"])
    print(f"{equal} of {len(truth['checkpoints'])} checkpoints are bit-equal to torch {truth['torch']}, {tensors} tensors")
    for file, found in wrong:
        print(f"- {file}: {'; '.join(found[:4])}{f' and {len(found) - 4} more' if len(found) > 4 else ''}")
    return bool(wrong)


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("what", choices=["make", "compare"])
    parser.add_argument("out", type=pathlib.Path)
    parser.add_argument("--benign", type=pathlib.Path, nargs="*", default=[])
    parser.add_argument("--binary", type=pathlib.Path, default=pathlib.Path("target/release/jingwei"))
    chosen = parser.parse_args()
    sys.exit(make(chosen.out, chosen.benign) if chosen.what == "make" else compare(chosen.out, chosen.binary.resolve()))


if __name__ == "__main__":
    main()
