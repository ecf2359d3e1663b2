"""Loads pickles in children with a recorder, reads twins with their own readers. usage: verify.py CASES [--hostile] [--names FOLDER of unpacked wheels]

An audit hook stops and records what a case starts or opens. Names of libraries that are not here get stand-ins, whose calls are
recorded. Only for a machine that may be lost.
"""
import argparse, collections, gzip, importlib.abc, importlib.machinery, io, json, lzma, os, pathlib, pickle, re, resource, signal, sys, tarfile, tempfile, types, warnings, zipfile, zlib

warnings.simplefilter("ignore")
hits, own = [], "?"
WORDS = re.compile(r"jingwei|example\.invalid")


def watch(event, arguments):
    said = repr(arguments)[:3000]
    if event in ("os.system", "subprocess.Popen", "os.posix_spawn", "socket.connect") or event in ("open", "exec", "compile", "import", "urllib.Request", "ctypes.dlopen", "marshal.loads") and WORDS.search(said.replace(own, "")):
        hits.append(event)
        raise RuntimeError("recorded")


class StandIn:
    """A name of a library that is not here."""
    def __init__(self, *a, **k): self.called(a)
    @classmethod
    def called(cls, a):
        if WORDS.search(repr(a)) or any(a and x is os.system for x in a): hits.append(f"call of {cls.__module__}:{cls.__qualname__}")
    def __setstate__(self, state): self.state = state
    def __call__(self, *a, **k): return self
    def __hash__(self): return 7


class Module(types.ModuleType):
    def __getattr__(self, name):
        if name.startswith("__"): raise AttributeError(name)
        return type(name, (StandIn,), {"__module__": self.__name__})


class Finder(importlib.abc.MetaPathFinder, importlib.abc.Loader):
    def find_spec(self, name, path=None, target=None): return None if WORDS.search(name) or not allowed else importlib.machinery.ModuleSpec(name, self, is_package=True)
    def create_module(self, spec): return Module(spec.name)
    def exec_module(self, module): pass


allowed = False


class Unpickler(pickle._Unpickler):
    def persistent_load(self, pid): return ("storage", pid[2])


def unzstd(data): return __import__("zstandard").ZstdDecompressor().decompress(data)


def parts(name, data, depth=0):
    """Pickles and arrays within a file: (name, bytes)."""
    if depth > 4: return
    for how in (gzip.decompress, lzma.decompress, zlib.decompress, unzstd):
        try: yield from parts(name, how(data), depth + 1); return
        except Exception: pass
    if zipfile.is_zipfile(io.BytesIO(data)) and not data.startswith(b"\x80"):
        archive = zipfile.ZipFile(io.BytesIO(data))
        for info in archive.infolist():
            inner = archive.open(info).read()
            if inner[:1] in (b"\x80", b"P") or info.filename.endswith((".npy", "data", "_obj")): yield from parts(info.filename, inner, depth + 1)
            for text in re.findall(rb'":serialized:": "([^"]+)"', inner) if info.filename == "data" else []: yield "base64", __import__("base64").b64decode(text)
    elif name.endswith(".tar"):
        for m in tarfile.open(fileobj=io.BytesIO(data)).getmembers(): yield from parts(m.name, tarfile.open(fileobj=io.BytesIO(data)).extractfile(m).read(), depth + 1)
    elif name.endswith(".db"):
        import sqlite3
        for (value,) in sqlite3.connect(name).execute("SELECT value FROM cache"): yield name, value
    elif data[:1] == b"(" and name.endswith(".pkl"): yield name, data
    elif data[:1] in (b"\x80",) or data[:6] == b"\x93NUMPY": yield name, data


def load(path):
    names = 0
    for name, data in parts(path.name, path.read_bytes()):
        names += 1
        if data[:6] == b"\x93NUMPY": import numpy; numpy.load(io.BytesIO(data), allow_pickle=True)
        elif "joblib" in path.name or "head" in path.name or path.suffix == ".skops":
            import joblib
            with tempfile.NamedTemporaryFile(suffix=path.name, dir=".") as f:
                f.write(data); f.flush(); joblib.load(f.name)
        else:
            stream = io.BytesIO(data)
            for _ in range(5 if b"\x6c\xfc\x9c\x46\xf9" in data[:20] else 2 if name == "storages" else 1): Unpickler(stream).load()
    return names


def child(path, end):
    global allowed
    for what, limit in ((resource.RLIMIT_AS, 6 << 30), (resource.RLIMIT_CPU, 15), (resource.RLIMIT_FSIZE, 1 << 22)): resource.setrlimit(what, (limit, limit))
    signal.alarm(20)
    problem, count = "", 0
    folder = tempfile.mkdtemp()
    for other in path.parent.iterdir():
        if other.is_file(): (pathlib.Path(folder) / other.name).write_bytes(other.read_bytes())
    os.chdir(folder); sys.path.insert(0, folder)
    sys.meta_path.append(Finder()); allowed = True
    sys.addaudithook(watch)
    try: count = load(path)
    except BaseException as error: problem, count = f"{type(error).__name__}: {error}"[:140], 1
    os.write(end, json.dumps([hits, problem, count]).encode())
    os._exit(0)


def read(case, path):
    """A twin by its own reader; says which."""
    import importlib
    need, low = importlib.import_module, path.name.lower()
    if low.endswith(".onnx"):
        onnx = need("onnx")
        onnx.checker.check_model(str(path))
        need("onnxruntime").InferenceSession(str(path), providers=["CPUExecutionProvider"]).run(None, {"x": need("numpy").zeros((1, 4), "f4")})
        return "onnx, onnxruntime"
    if low.endswith(".onnxjson"): need("onnx").load(path); return "onnx as JSON"
    if low.endswith(".gguf"): need("gguf").GGUFReader(str(path)); return "gguf"
    if low.endswith(".safetensors"): need("safetensors.numpy").load_file(path); return "safetensors"
    if low.endswith(".keras"):
        os.environ["KERAS_BACKEND"] = "tensorflow"
        need("keras").saving.load_model(path, safe_mode=True); return "keras"
    if low.endswith(".h5"): need("h5py").File(path).visititems(lambda n, x: None); return "h5py"
    if low == "saved_model.pb":
        tf = need("tensorflow")
        from tensorflow.core.protobuf import saved_model_pb2
        graph = saved_model_pb2.SavedModel.FromString(path.read_bytes()).meta_graphs[0].graph_def
        with tf.Graph().as_default(): tf.import_graph_def(graph)
        return "tensorflow, graph"
    if low.endswith(".tflite"): need("tensorflow").lite.Interpreter(model_path=str(path)).allocate_tensors(); return "tflite"
    if low == "openvino_model.xml": need("openvino").Core().read_model(str(path)); return "openvino"
    if low == "tokenizer.json": need("tokenizers").Tokenizer.from_file(str(path)).encode("the safe"); return "tokenizers"
    if case["group"] == "boosters": need("lightgbm").Booster(model_file=str(path)).predict([[.1, .2]]); return "lightgbm, predicted"
    if "spoiled" in case["technique"]:
        model = need("joblib").load(path)
        model.query([[.1, .2]], 2) if hasattr(model, "query") else model.predict([[.1, .2, .3]] * 2); return "scikit-learn, predicted"
    if low.endswith(".parquet"): need("pyarrow.parquet").read_table(path); return "pyarrow"
    if low.endswith(".arrow"): need("pyarrow").ipc.open_stream(path).read_all(); return "pyarrow"
    if low.endswith(".tfrecord"): list(need("tensorflow").compat.v1.io.tf_record_iterator(str(path))); return "tensorflow, records"
    if low.endswith(".msgpack"): need("msgpack").unpackb(path.read_bytes()); return "msgpack"
    if low.endswith(".npz") or low.endswith(".npy") and case["group"] == "containers" and "header" in case["technique"]: need("numpy").load(path, allow_pickle=True); return "numpy"
    if low == "tokenizer.model": need("sentencepiece").SentencePieceProcessor(model_file=str(path)).encode("a b"); return "sentencepiece"
    if low == "saved_model.pbtxt":
        from tensorflow.core.protobuf import saved_model_pb2
        need("google.protobuf.text_format").Parse(path.read_text(), saved_model_pb2.SavedModel()); return "tensorflow, text"
    if low in ("plans.json", "config.json") and "bomb" not in case["technique"]: json.loads(path.read_text()); return "json"
    templates = [path.read_text()] if low.endswith(".jinja") else []
    if low == "tokenizer_config.json":
        found = json.loads(path.read_text()).get("chat_template", [])
        templates = [found] if isinstance(found, str) else [t["template"] for t in found]
    for t in templates: need("jinja2.sandbox").ImmutableSandboxedEnvironment().from_string(t).render(messages=[{"role": "user", "content": "hello"}], tools=[], raise_exception=print, strftime_now=lambda f: "1 Jul")
    if templates: return "jinja2"
    if low.endswith((".json", ".ipynb")): json.loads(path.read_text()); return "json"
    if low.endswith((".yaml", ".yml")) and "hparams" not in low: need("yaml").safe_load(path.read_text()); return "yaml"
    if low.endswith((".zip", ".mar", ".pt2", ".pt", ".pth", ".bin")) and path.read_bytes()[:2] == b"PK": assert zipfile.ZipFile(path).testzip() is None; return "zip"
    if low.endswith((".tar.gz", ".tar")): tarfile.open(path).getmembers(); return "tar"
    return None


def forked(work):
    take, give = os.pipe()
    pid = os.fork()
    if not pid:
        null = os.open(os.devnull, os.O_WRONLY)
        os.dup2(null, 1); os.dup2(null, 2)
        work(give); os._exit(0)
    os.close(give)
    with os.fdopen(take) as answer: said = answer.read()
    return json.loads(said) if said else None, os.waitpid(pid, 0)[1]


def reading(case, path, end):
    signal.alarm(30)
    resource.setrlimit(resource.RLIMIT_AS, (8 << 30, 8 << 30))
    try: said = [read(case, path), ""]
    except ImportError as error: said = [f"not installed: {error}"[:60], ""]
    except BaseException as error: said = [None, f"{type(error).__name__}: {error}"[:160].replace("\n", " ")]
    os.write(end, json.dumps(said).encode())


if __name__ == "__main__":
    parser = argparse.ArgumentParser()
    parser.add_argument("cases", type=pathlib.Path)
    parser.add_argument("--names", type=pathlib.Path)
    parser.add_argument("--hostile", action="store_true", help="also what own readers say of hostile files")
    chosen = parser.parse_args()
    for name in ("numpy", "joblib", "sklearn.pipeline", "sklearn.tree", "pandas", "dill", "cloudpickle", "h5py", "onnx", "jinja2.sandbox", "tensorflow" if not chosen.names else "json"): __import__(name)
    root, count, done = chosen.cases.resolve(), collections.Counter(), collections.Counter()
    own = str(root)
    for case in map(json.loads, (root / "cases.jsonl").read_text().splitlines()):
        results = []
        for file in case["files"]:
            path = root / case["folder"] / file
            if path.is_symlink() or not path.is_file(): continue
            if case["group"] in ("functions", "streams", "containers", "libraries"):
                said, status = forked(lambda end: child(path, end))
                results.append((file, *(said or [[], f"ended with status {status}", 1])))
            if case["twin_of"] or chosen.hostile:
                said, status = forked(lambda end: reading(case, path, end))
                said = said or [None, f"ended with status {status}"]
                if said[0] and case["twin_of"]: done[said[0]] += 1
                if said[1]: print("reader:", case["id"], file, said[1])
        if results and any(r[3] for r in results):
            found, bad = [h for r in results for h in r[1]], [r[2] for r in results if r[2]]
            word = ("twin loads" if not found and not bad else "twin fails") if case["twin_of"] else "triggers" if found else "no trace"
            count[word] += 1
            if word in ("twin fails", "no trace"): print(word, case["id"], found, bad)
    if chosen.names:
        import pickles
        for dotted in (row[1] for rows in pickles.LIBRARY.values() for row in rows if isinstance(row[1], str)):
            module, _, name = dotted.partition(":")
            files = [p for p in chosen.names.glob(f"{module.replace('.', '/')}*") if p.suffix == ".py"] + list(chosen.names.glob(f"{module.replace('.', '/')}/__init__.py"))
            if module.split(".")[0] not in sys.stdlib_module_names: done["name in the source" if any(re.search(rf"(def|class) {name.split('.')[-1]}\b", p.read_text(errors="replace")) for p in files) else "name NOT found: " + dotted] += 1
    print(dict(count)); print(dict(done))
