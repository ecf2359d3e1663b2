"""Reads the twins with their own readers, and loads pickles with a recorder. usage: verify.py OUT [--names FOLDER]

Twins of pickles are loaded by Python's own unpickler (classes of libraries that are not installed are stand-ins): they must
load to the end. Hostile pickles must name the function of the case before they end. --names: FOLDER has a folder a library
with its unpacked wheel; every name of callables.py must be defined there. Readers that are not installed are left out.
"""
import argparse, bz2, collections, gzip, importlib, io, json, lzma, os, pathlib, pickle, sys, tarfile, warnings, zipfile, zlib

warnings.simplefilter("ignore")
problems, done, PARTS = [], collections.Counter(), ("library-calls", "streams", "nested", "functions", "torch")
SAFE = {"builtins": "set frozenset bytearray slice range complex int float str list dict tuple object", "collections": "OrderedDict Counter defaultdict deque", "_codecs": "encode", "numpy": "dtype ndarray", "numpy.core.multiarray": "_reconstruct scalar"}


class StandIn:
    def __new__(cls, *a, **k): return object.__new__(cls)
    def __init__(self, *a, **k): pass
    def __call__(self, *a, **k): return StandIn()
    def __setstate__(self, state): pass
    def __getattr__(self, name): raise AttributeError(name)
    def append(self, x): pass
    def extend(self, x): pass
    def __setitem__(self, k, v): pass
    def __hash__(self): return 7


class Recorder(pickle._Unpickler):
    def find_class(self, module, name):
        self.named = getattr(self, "named", [])
        self.named.append(f"{module}:{name}")
        if name in SAFE.get(module, "").split():
            found = importlib.import_module(module)
            return getattr(found, name)
        return type(name, (StandIn,), {})
    def persistent_load(self, pid): return StandIn()


def streams(name, data):
    """The pickles in a file, through compression and zip."""
    for how in (gzip.decompress, bz2.decompress, lzma.decompress, zlib.decompress):
        try: return streams(name, how(data))
        except Exception: pass
    if data[:2] == b"PK": return [zipfile.ZipFile(io.BytesIO(data)).read(n) for n in zipfile.ZipFile(io.BytesIO(data)).namelist() if n.endswith(".pkl")]
    return [data] if name.endswith((".pkl", ".pickle", ".sav", ".dill", ".pt", ".pth", ".joblib")) or data[:1] == b"\x80" else []


def unpickle(case, path):
    for data in streams(path.name, path.read_bytes()):
        stream, named = io.BytesIO(data), []
        try:
            for _ in range(5 if path.suffix == ".pth" and path.read_bytes()[:2] != b"PK" else 1):  # a legacy file of torch has five, then its storages
                unpickler = Recorder(stream)
                try: unpickler.load()
                finally: named += getattr(unpickler, "named", [])
            done["pickle loaded to the end"] += 1
        except Exception as error:
            done["pickle broke off"] += 1
            if case["twin_of"]: problems.append((case["id"], path.name, f"{type(error).__name__}: {error}"[:120]))
        if not case["twin_of"] and case["group"] == "library-calls" and case["reason"].split()[0] not in named: problems.append((case["id"], "does not name its function", named))


def module(name):
    try: return importlib.import_module(name)
    except Exception: return None


def need(name):
    found = module(name)
    if found is None: raise ImportError(name)
    return found


def read(case, path):
    """Reads a twin with its own reader; says which."""
    low, group = path.name.lower(), case["group"]
    if low.endswith(".onnx") and path.stat().st_size > 100:
        need("onnx").checker.check_model(str(path))
        return "onnx"
    if low.endswith(".gguf") and group in ("gguf", "templates"): need("gguf").GGUFReader(str(path)); return "gguf"
    if low.endswith(".safetensors"): need("safetensors.numpy").load_file(path); return "safetensors"
    if low.endswith((".h5", ".hdf5")): need("h5py").File(path).visititems(lambda n, x: None); return "h5py"
    if low.endswith(".keras"):
        os.environ["KERAS_BACKEND"] = "jax"
        config = json.loads(zipfile.ZipFile(path).read("config.json"))
        need("keras").saving.deserialize_keras_object(config, safe_mode=True) if "compile_config" not in config else None
        return "keras, configuration"
    if low.endswith(".tflite"): need("ai_edge_litert.interpreter").Interpreter(model_path=str(path)); return "tflite"
    if low.endswith(".xml") and group == "openvino": need("openvino").Core().read_model(str(path)); return "openvino"
    if low.endswith((".mlmodel", ".mlpackage")): need("coremltools").proto.Model_pb2.Model().ParseFromString(path.read_bytes()); return "coreml, protobuf"
    if low == "tokenizer.json": need("tokenizers").Tokenizer.from_file(str(path)).encode("the safe of and"); return "tokenizers"
    if low == "tokenizer.model": need("sentencepiece").SentencePieceProcessor(model_file=str(path)).encode("the of"); return "sentencepiece"
    if group == "trees" and low in ("model.json", "model.ubj"):
        xgb = need("xgboost")
        booster = xgb.Booster(model_file=str(path))
        booster.predict(xgb.DMatrix([[1, 0, 2, 3]], feature_names=["age", "sex", "height", "weight"]))
        return "xgboost"
    if low == "model.txt": need("lightgbm").Booster(model_file=str(path)).predict([[1, 0, 2, 3]]); return "lightgbm"
    if low.endswith(".cbm"):
        model = need("catboost").CatBoost()
        model.load_model(str(path)); model.predict([[.2]])
        return "catboost"
    if low.endswith((".npy", ".npz")): (lambda v: [v[n] for n in v.files] if hasattr(v, "files") else v)(need("numpy").load(path)); return "numpy"
    if group == "joblib" and low.endswith((".joblib", ".dat")): need("joblib").load(path); return "joblib"
    if low.endswith(".arrow"): need("pyarrow").ipc.open_file(str(path)).read_all(); return "arrow"
    if low.endswith(".parquet") or low == "_common_metadata": need("pyarrow.parquet").read_table(str(path)); return "parquet"
    if low.endswith((".db", ".sqlite")): __import__("sqlite3").connect(path).execute("select * from sqlite_master").fetchall(); return "sqlite"
    if low.endswith(".zst"): need("zstandard").ZstdDecompressor().decompress(path.read_bytes(), max_output_size=1 << 20); return "zstandard"
    if low.endswith(".lz4"): need("lz4.frame").decompress(path.read_bytes()); return "lz4"
    if low.endswith((".zip", ".pt", ".pt2", ".mar", ".skops", ".whl", ".bin")) and path.read_bytes()[:2] == b"PK" and case["technique"] != "two-readings": assert zipfile.ZipFile(path).testzip() is None; return "zip"
    if low.endswith((".tar.gz", ".nemo", ".tar")): tarfile.open(path).getmembers(); return "tar"
    if low.endswith(".jinja"):
        need("jinja2.sandbox").ImmutableSandboxedEnvironment(trim_blocks=True).from_string(path.read_text()).render(messages=[{"role": "user", "content": "hello"}], bos_token="<s>", eos_token="</s>", add_generation_prompt=True, raise_exception=lambda m: m, strftime_now=lambda f: "202605")
        return "jinja2"
    if low.endswith((".json", ".ipynb")) and low != ".markers": json.loads(path.read_text()); return "json"
    if low.endswith((".yaml", ".yml")) and "hyperparams" not in low: list(need("yaml").safe_load_all(path.read_text())); return "yaml"
    return None


def apart(case, path):
    """read() in a child, because native readers may end the process."""
    take, give = os.pipe()
    pid = os.fork()
    if not pid:
        null = os.open(os.devnull, os.O_WRONLY)
        os.dup2(null, 1); os.dup2(null, 2)
        try:
            reader = read(case, path)
            said = (f"{reader}: twins read" if reader else "", "")
        except ImportError as error: said = (f"{error}: not installed", "")
        except BaseException as error: said = ("", f"{type(error).__name__}: {error}"[:140].replace("\n", " "))
        os.write(give, json.dumps(said).encode())
        os._exit(0)
    os.close(give)
    with os.fdopen(take) as answer: said = answer.read()
    _, status = os.waitpid(pid, 0)
    return json.loads(said) if said else ("", f"the reader ended with status {status}")


def names(folder):
    import callables
    for dotted, _, _ in (row for rows in callables.TABLE.values() for row in rows):
        where, _, name = dotted.partition(":")
        if where.split(".")[0] in sys.builtin_module_names + ("subprocess", "nt"): continue
        files = [f for library in folder.iterdir() for f in (library / (where.replace(".", "/") + ".py"), library / where.replace(".", "/") / "__init__.py") if f.exists()]
        if not any(f"def {part}" in f.read_text(errors="replace") or f"class {part}" in f.read_text(errors="replace") for f in files for part in [name.split(".")[-1]]): problems.append((dotted, "not in the source"))
        else: done["names found in the source"] += 1


if __name__ == "__main__":
    for name in ("numpy", "onnx", "h5py", "tokenizers", "joblib"): module(name)  # once, for all children
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("out", type=pathlib.Path)
    parser.add_argument("--names", type=pathlib.Path)
    chosen = parser.parse_args()
    if chosen.names: names(chosen.names)
    cases = [json.loads(line) for line in (chosen.out / "cases.jsonl").read_text().splitlines()]
    for case in cases:
        for name in case["files"]:
            path = chosen.out / case["folder"] / name
            if path.is_symlink(): continue
            if case["group"] in PARTS:
                unpickle(case, path)
                continue
            if not case["twin_of"]: continue
            word, problem = apart(case, path)
            if word: done[word] += 1
            if problem: problems.append((case["id"], name, problem))
    digest = collections.Counter(c["digest"] for c in cases if not c["twin_of"])
    print("hostile cases with the same bytes:", sum(n - 1 for n in digest.values()))
    for row in sorted(done.items()): print(" ", *row)
    print(len(problems), "problems")
    for problem in problems: print(" ", *problem)
