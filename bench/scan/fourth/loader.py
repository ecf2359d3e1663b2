"""Loads the cases of Python's own loaders in children and says what they did. usage: loader.py OUT

An audit hook stops what a case starts (a program, a file that is opened, text that is compiled, a connection) and records
it. Children have little memory and time. Only for a machine that may be lost.
"""
import bz2, collections, gzip, io, json, lzma, os, pathlib, pickle, resource, signal, sys, tempfile, warnings, zlib

warnings.simplefilter("ignore")
GROUPS = ("streams", "nested", "functions", "joblib", "numpy", "compressed")
WORDS = ("jingwei", "hostname", "example.invalid")
hits, own = [], ""  # own: where the cases lie, whose files are no hits


def watch(event, arguments):
    said = repr(arguments)[:4000]
    if event in ("os.system", "subprocess.Popen", "socket.connect", "webbrowser.open") or event in ("open", "compile", "exec", "import", "os.exec", "urllib.Request") and any(word in said for word in WORDS) and not said.startswith("('" + own):
        hits.append(event)
        raise RuntimeError("recorded")


def opened(data):
    for how in (gzip.decompress, bz2.decompress, lzma.decompress, zlib.decompress):
        try: return opened(how(data))
        except Exception: pass
    return data


def load(case, path):
    if path.suffix in (".npy", ".npz"):
        import numpy
        value = numpy.load(io.BytesIO(path.read_bytes()), allow_pickle=True)
        return {n: value[n] for n in value.files} if hasattr(value, "files") else value
    if case["group"] == "joblib":
        import joblib
        return joblib.load(io.BytesIO(opened(path.read_bytes())))
    data = path.read_bytes()
    if path.suffix == ".zst":
        import zstandard
        data = zstandard.ZstdDecompressor().decompress(data, max_output_size=1 << 20)
    if path.suffix == ".lz4":
        import lz4.frame
        data = lz4.frame.decompress(data)
    stream = io.BytesIO(opened(data))
    while stream.tell() < len(stream.getvalue()):
        value = pickle.load(stream)
        while stream.getvalue()[stream.tell():stream.tell() + 1] == b"\0": stream.read(1)


def child(case, path, end):
    for what, limit in ((resource.RLIMIT_AS, 4 << 30), (resource.RLIMIT_CPU, 4), (resource.RLIMIT_FSIZE, 1 << 20)): resource.setrlimit(what, (limit, limit))
    signal.alarm(5)
    problem = ""
    with tempfile.TemporaryDirectory() as folder:
        os.chdir(folder)
        sys.addaudithook(watch)
        try: load(case, path)
        except BaseException as error: problem = f"{type(error).__name__}: {error}"[:110]
        os.write(end, json.dumps([hits, problem]).encode())
        os.chdir("/")
    os._exit(0)


if __name__ == "__main__":
    for name in ("numpy", "joblib", "webbrowser", "dill", "cloudpickle", "sklearn.linear_model", "sklearn.cluster", "sklearn.svm", "sklearn.tree", "sklearn.feature_extraction.text", "pandas", "subprocess"):
        try: __import__(name)  # before the hook watches, and once for all children
        except ImportError: pass
    root, count = pathlib.Path(sys.argv[1]).resolve(), collections.Counter()
    own = str(root)
    for case in map(json.loads, (root / "cases.jsonl").read_text().splitlines()):
        if case["group"] not in GROUPS: continue
        take, end = os.pipe()
        pid = os.fork()
        if not pid:
            null = os.open(os.devnull, os.O_WRONLY)
            os.dup2(null, 1); os.dup2(null, 2)
            child(case, root / case["folder"] / case["files"][0], end)
        os.close(end)
        with os.fdopen(take) as answer: said = answer.read()
        _, status = os.waitpid(pid, 0)
        found, problem = json.loads(said) if said else ([], f"the reader ended with status {status}")
        missing = "No module named" in problem
        word = "library not here" if missing else ("twin loads" if not found and not problem else "twin fails") if case["twin_of"] else "triggers" if found else "harms" if "MemoryError" in problem or "status" in problem else "no trace"
        count[word] += 1
        if word in ("twin fails", "no trace"): print(" ", case["id"], word, found, problem)
    print(dict(count))
