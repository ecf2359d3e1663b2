"""Checks that the cases are what they say. usage: verify.py OUT [--torch PYTHON] [--wheels FOLDER] [--steps names loads formats]

names: every callable of callables.py is in its library's published source (FOLDER has a folder a library with its unpacked
wheel) or in the standard library. loads: files are loaded by the real loader with a recorder (loader.py). formats: twins
are read by the format's own reader. What must be installed: README.md.
"""
import argparse, ast, collections, importlib, json, pathlib, subprocess, sys, tarfile, warnings, zipfile

HERE = pathlib.Path(__file__).resolve().parent
warnings.simplefilter("ignore")
READERS = ("gguf", "h5py", "jinja2", "jinja2.sandbox", "msgpack", "onnx", "safetensors", "safetensors.numpy", "sentencepiece", "tokenizers", "yaml", "lightgbm", "py7zr")
problems = []


def defined(body, parts):
    """Whether a dotted name is defined, imported or assigned at the top of a module or class."""
    for node in body:
        inner = [] if not isinstance(node, (ast.If, ast.Try, ast.With)) else node.body + getattr(node, "orelse", []) + [s for h in getattr(node, "handlers", []) for s in h.body]
        if inner and defined(inner, parts): return True
        if isinstance(node, (ast.FunctionDef, ast.ClassDef, ast.AsyncFunctionDef)) and node.name == parts[0]: return len(parts) == 1 or defined(node.body, parts[1:])
        if len(parts) == 1 and isinstance(node, (ast.Import, ast.ImportFrom)) and any((a.asname or a.name) == parts[0] for a in node.names): return True
        if len(parts) == 1 and isinstance(node, ast.Assign) and any(isinstance(t, ast.Name) and t.id == parts[0] for t in node.targets): return True
    return False


def names(wheels):
    import callables
    rows = [d for _, _, rows in callables.TABLE.values() for d, _ in rows] + [d for rows in callables.BY_NAME.values() for d, _ in rows]
    for dotted in rows:
        module, name = dotted.split(":")
        if module.split(".")[0] in sys.stdlib_module_names or module == "numpy":
            try:
                found = importlib.import_module(module)
                for part in name.split("."): found = getattr(found, part)
            except (ImportError, AttributeError) as error: problems.append((dotted, error))
            continue
        files = [f for library in wheels.iterdir() for f in (library / (module.replace(".", "/") + ".py"), library / module.replace(".", "/") / "__init__.py") if f.exists()]
        if not any(defined(ast.parse(f.read_text(errors="replace")).body, name.split(".")) for f in files): problems.append((dotted, "not in the source"))
    print("names:", len(rows))


def reader_of(case):
    """Which loader takes the case's first file, or none."""
    suffix, technique = pathlib.Path(case["files"][0]).suffix, case["technique"]
    if technique in ("tables-attributes", "zarr-pickle-codec", "skops"): return {"tables-attributes": "tables", "zarr-pickle-codec": "zarr", "skops": "skops"}[technique]
    if technique in ("script-code", "torch-package", "small-stream-large-object", "odd-members", "archive-in-archive", "mlflow-models", "exhaustion-by-call", "numbers-that-lie", "process-state"): return None
    if case["group"] == "hdf5" and technique == "data-elsewhere": return "hdf5"
    if technique == "yaml-factories": return "yaml" if "speechbrain" in case["id"] else None
    if case["group"] not in ("streams", "archives", "containers", "torch", "callables"): return None
    if suffix in (".pt", ".pth"): return "torch"
    if suffix == ".npy": return "numpy"
    if technique == "joblib-arrays": return "joblib"
    return "pickle" if suffix in (".pkl", ".pickle", ".joblib", ".gz", ".xz", ".bz2") else None


def loads(root, cases, python, how_many):
    for torch in (False, True):
        rows = [(c, how) for c in cases for how in [reader_of(c)] if how and (how == "torch") == torch]
        if torch and not python: continue
        asked = "".join(json.dumps([str(root / c["folder"] / ("w" if how == "zarr" and "/" in c["files"][0] else c["files"][0])), how]) + "\n" for c, how in rows)
        done = subprocess.run([python if torch else sys.executable, str(HERE / "loader.py"), "torch,torch._utils" if torch else "numpy,joblib,socket,ssl,logging.config,concurrent.futures.thread,multiprocessing.context"], input=asked, capture_output=True, text=True)
        for (c, how), line in zip(rows, done.stdout.splitlines()):
            hits, problem = json.loads(line)
            missing = "No module named" in problem or "Can't get attribute" in problem and "torch" in problem
            if c["twin_of"]: word = "twin loads" if not hits and not problem else "twin fails"
            else: word = "triggers" if hits else "library not here" if missing else "no trace"
            how_many[f"{how}: {word}"] += 1
            if word in ("twin fails", "no trace"): problems.append((c["id"], word, hits, problem))
            if word == "triggers": confirmed.append(c["id"])


def formats(root, cases, how_many):
    for module in READERS:
        try: importlib.import_module(module); globals()[module.split(".")[0]] = sys.modules[module.split(".")[0]]
        except ImportError: how_many[f"{module}: not installed"] += 1
    for c in (c for c in cases if c["twin_of"]):
        for name in c["files"]:
            path = root / c["folder"] / name
            if path.is_symlink(): continue
            try:
                low = name.lower()
                if low.endswith(".onnx"): onnx.checker.check_model(str(path)); kind = "onnx"
                elif low.endswith(".gguf"): gguf.GGUFReader(str(path)); kind = "gguf"
                elif low.endswith(".safetensors"): safetensors.numpy.load_file(path) if c["group"] in ("safetensors", "archives") else None; kind = "safetensors"
                elif low.endswith((".h5", ".hdf5")) and c["group"] == "hdf5": h5py.File(path).visititems(lambda n, node: None); kind = "hdf5"
                elif low.endswith((".keras", ".mar", ".skops", ".npz", ".whl", ".pt2")): assert zipfile.ZipFile(path).testzip() is None; kind = "zip"
                elif low.endswith(".nemo"): tarfile.open(path).getnames(); kind = "tar"
                elif low.endswith(".msgpack"): msgpack.unpackb(path.read_bytes(), strict_map_key=False); kind = "msgpack"
                elif low == "tokenizer.json": tokenizers.Tokenizer.from_file(str(path)); kind = "tokenizer"
                elif low == "tokenizer.model": sentencepiece.SentencePieceProcessor(model_file=str(path)); kind = "sentencepiece"
                elif low.endswith((".json", ".ipynb", ".zarray")) and c["technique"] != "another-suffix": json.loads(path.read_text()); kind = "json"
                elif low.endswith((".yaml", ".yml")) and c["technique"] != "yaml-factories": list(yaml.safe_load_all(path.read_text())); kind = "yaml"
                elif low.endswith(".jinja"): jinja2.sandbox.ImmutableSandboxedEnvironment().from_string(path.read_text()).render(messages=[{"role": "user", "content": "x"}], strftime_now=lambda f: "2026"); kind = "template"
                elif low == "model.txt" and c["group"] == "trees":
                    lightgbm.Booster(model_file=str(path)).predict([[.1]]); kind = "lightgbm"
                elif low.endswith(".7z"):
                    py7zr.SevenZipFile(path).test(); kind = "7z"
                else: continue
                how_many[f"{kind}: twin reads"] += 1
            except NameError:
                how_many["twins not read: reader not installed"] += 1
            except Exception as error:
                problems.append((c["id"], name, f"{type(error).__name__}: {error}"[:150]))


confirmed = []
if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("out", type=pathlib.Path)
    parser.add_argument("--torch")
    parser.add_argument("--wheels", type=pathlib.Path)
    parser.add_argument("--steps", nargs="*", choices=("names", "loads", "formats"), default=("names", "loads", "formats"))
    chosen = parser.parse_args()
    root = chosen.out.resolve()
    cases = [json.loads(line) for line in (root / "cases.jsonl").read_text().splitlines()]
    how_many = collections.Counter()
    if "names" in chosen.steps and chosen.wheels: names(chosen.wheels)
    if "loads" in chosen.steps: loads(root, cases, chosen.torch, how_many)
    if "formats" in chosen.steps: formats(root, cases, how_many)
    digests = collections.Counter(c["digest"] for c in cases)
    same = [c["id"] for c in cases if c["twin_of"] and c["digest"] == next(d["digest"] for d in cases if d["id"] == c["twin_of"])]
    print("twins equal to their case:", same, "hostile cases with the same bytes:", sum(n - 1 for n in collections.Counter(c["digest"] for c in cases if not c["twin_of"]).values()))
    for line in sorted(how_many.items()): print(" ", *line)
    print(len(set(confirmed)), "cases triggered by their real loader;", len(problems), "problems")
    for problem in problems: print(" ", *problem)
