"""Checks that the cases are what they say. usage: verify.py OUT [--torch PYTHON] [--steps names disassemble loads formats]

OUT is what generate.py wrote. Hostile pickles are loaded only with os.system and its like replaced by a recorder, in a
child process with little memory and a folder of its own: `loads` is for a machine that may be lost. `--torch` is a
Python with torch (../setup.sh: peer `torch`); without it the checkpoints are not loaded. What must be installed: README.md.
"""
import argparse, collections, importlib, io, json, os, pathlib, pickletools, subprocess, sys, tempfile, warnings, zipfile
warnings.simplefilter("ignore")
STEPS = ("names", "disassemble", "loads", "formats")
parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
parser.add_argument("out", type=pathlib.Path)
parser.add_argument("--torch")
parser.add_argument("--steps", nargs="*", choices=STEPS, default=STEPS)
chosen = parser.parse_args()
ROOT = chosen.out.resolve()
CASES = [json.loads(l) for l in open(ROOT / "cases.jsonl")]
path = lambda c, n=0: ROOT / c["folder"] / c["files"][n]
hostile = [c for c in CASES if not c["twin_of"]]; twins = [c for c in CASES if c["twin_of"]]
problems = []
def bad(c, why): problems.append((c["id"], str(why)[:230]))

def names():
    import pickles as p
    for rows in p.STD.values():
        for name, _ in rows[1]:
            m, q = name.split(":")
            try:
                o = importlib.import_module(m)
                for part in q.split("."): o = getattr(o, part)
                if not callable(o): problems.append((name, "not callable"))
            except Exception as e: problems.append((name, f"{type(e).__name__} {e}"))

def members(raw):
    """Every pickle stream of a file, roughly."""
    if raw[:2] == b"PK":
        for i in zipfile.ZipFile(io.BytesIO(raw)).infolist():
            if i.filename.endswith(".pkl"): yield zipfile.ZipFile(io.BytesIO(raw)).open(i).read()
    elif raw[:1] == b"\x80":
        yield raw

def disassemble():
    n = 0
    for c in CASES:
        if c["group"] in ("callable", "structure", "torch") and c["technique"] != "reader-harm":
            for f in c["files"]:
                for raw in members((ROOT / c["folder"] / f).read_bytes()):
                    out = io.StringIO()
                    try: pickletools.dis(raw, out); n += 1
                    except Exception as e: bad(c, f"dis: {e}")
    print("disassembled", n)

CHILD = r'''
import sys, os, io, pickle, json, resource
resource.setrlimit(resource.RLIMIT_AS, (3 << 30, 3 << 30)); resource.setrlimit(resource.RLIMIT_CPU, (20, 20)); resource.setrlimit(resource.RLIMIT_FSIZE, (1 << 20, 1 << 20))
hits = []
def rec(*a, **k): hits.append(repr(a)[:60]); return 0
import subprocess, builtins, runpy, posix, uuid, decimal, datetime, fractions, argparse, collections, codecs, encodings.latin_1, base64, zlib, random, types, marshal, asyncio, copyreg, importlib.machinery, re, json.decoder, pydoc, multiprocessing
try:
    import numpy, numpy.core.multiarray
except ImportError: pass
if sys.argv[2] == "torch": import torch, torch._utils, argparse, torch.nn.parameter
if sys.argv[2] == "yaml": import yaml
if sys.argv[2] == "joblib": import joblib, joblib.numpy_pickle
if sys.argv[2] == "msgpack": import msgpack, msgpack_numpy
real_exec = builtins.exec
def rexec(x, *a):
    if isinstance(x, str) and "JINGWEI" in x: hits.append("exec"); return
    return real_exec(x, *a)
os.system = rec; posix.system = rec; subprocess.getoutput = rec; subprocess.getstatusoutput = rec; runpy.run_path = rec; os.popen = rec
real_eval = builtins.eval; builtins.eval = lambda *a, **k: (hits.append("eval"), None)[1] if "JINGWEI" in str(a[0]) else real_eval(*a, **k)
builtins.exec = rexec
before = (len(sys.path), len(os.environ), len(sys.modules))
err = ""
try:
    if sys.argv[2] == "pickle": value = pickle.load(open(sys.argv[1], "rb"))
    elif sys.argv[2] == "joblib":
        import joblib, gzip; value = pickle.load(gzip.open(sys.argv[1])) if sys.argv[1].endswith("pkl.gz") else joblib.load(sys.argv[1]) if 1 else 0; pass
    elif sys.argv[2] == "numpy":
        import numpy; value = numpy.load(sys.argv[1], allow_pickle=True); value = {k: value[k] for k in value.files} if hasattr(value, "files") else value
    elif sys.argv[2] == "torch":
        import torch; value = torch.load(sys.argv[1], map_location="cpu")
    elif sys.argv[2] == "msgpack":
        import msgpack, msgpack_numpy; value = msgpack.unpackb(open(sys.argv[1], "rb").read(), object_hook=msgpack_numpy.decode)
    elif sys.argv[2] == "yaml":
        import yaml; value = yaml.unsafe_load(open(sys.argv[1])) if sys.argv[3] == "h" else yaml.safe_load(open(sys.argv[1]))
except BaseException as e: err = f"{type(e).__name__}: {e}"[:150]
import importlib.machinery, copyreg, json as j
if "jw_inert" in sys.modules: hits.append("sys.modules")
if len(sys.path) > before[0] and sys.path[-1] == "JINGWEI-INERT": hits.append("sys.path")
if "LD_PRELOAD" in os.environ: hits.append("environ")
if complex in copyreg.dispatch_table and copyreg.dispatch_table[complex] is rec: hits.append("dispatch")
if hasattr(builtins, "jw_inert") or hasattr(importlib.machinery, "jw_inert"): hits.append("attribute")
sys.__stdout__.write("\n" + json.dumps([hits, err]))
'''
def child(file, how, side, python=sys.executable):
    with tempfile.TemporaryDirectory() as folder: r = subprocess.run([python, "-c", CHILD, str(file), how, side], capture_output=True, text=True, timeout=120, cwd=folder, env={**os.environ, "OPENBLAS_NUM_THREADS": "1", "OMP_NUM_THREADS": "1"})
    try: return json.loads(r.stdout.strip().splitlines()[-1])
    except Exception: return [[], "child died " + r.stderr[-150:]]

def loads():
    done = collections.Counter()
    for c in CASES:
        file, how, python = path(c), None, sys.executable
        if c["group"] == "structure" and c["technique"] != "reader-harm": how = "pickle"
        elif c["group"] == "callable" and c["twin_of"]: how = "torch" if file.suffix == ".pt" else "pickle"
        elif c["group"] == "torch" and not file.suffix == ".jit": how = "torch"
        elif c["group"] == "arrays": how = "numpy" if c["technique"] == "object-array" else "joblib"
        elif c["group"] == "msgpack" and c["technique"] == "numpy": how = "msgpack"
        elif c["technique"] == "yaml-tag": how = "yaml"
        if not how: continue
        if how == "torch" and not chosen.torch: continue
        if how == "torch": python = chosen.torch
        hits, err = child(file, how, "t" if c["twin_of"] else "h", python)
        done[how] += 1
        if c["twin_of"]:
            if hits or err: bad(c, f"twin: {hits} {err}")
        elif c["expected"] == "block" and not hits: bad(c, f"no hit: {err}")
        elif c["expected"] == "review" and hits: bad(c, f"review but hit: {hits}")
    print("loaded", dict(done))

def formats():
    import h5py, onnx, gguf, safetensors.numpy, jinja2, jinja2.sandbox, skops.io, yaml, tarfile
    n = collections.Counter()
    for c in CASES:
        twin = bool(c["twin_of"])
        try:
            if c["group"] == "onnx":
                f = str(ROOT / c["folder"] / "model.onnx")
                m = onnx.load(f, load_external_data=False) if "deep" not in c["id"] or twin else None
                if twin and c["technique"] != "runtime-file": onnx.checker.check_model(f)
            elif c["group"] == "gguf" and twin: gguf.GGUFReader(str(path(c)))
            elif c["group"] == "safetensors" and twin: safetensors.numpy.load_file(path(c))
            elif c["group"] == "keras":
                for f in c["files"]:
                    p = ROOT / c["folder"] / f
                    if p.suffix == ".keras":
                        z = zipfile.ZipFile(p); json.loads(z.read("config.json")); h5py.File(io.BytesIO(z.read("model.weights.h5")))
                    elif p.suffix in (".h5", ".hdf5"): h5py.File(p)
            elif c["group"] == "skops" and twin: skops.io.load(path(c), trusted=skops.io.get_untrusted_types(file=path(c)))
            elif c["group"] == "template":
                p = path(c)
                if p.suffix == ".gguf": text = bytes(gguf.GGUFReader(str(p)).fields["tokenizer.chat_template"].parts[-1]).decode()
                elif p.suffix == ".json":
                    text = json.loads(p.read_text())["chat_template"]; text = text if isinstance(text, str) else text[1]["template"]
                else: text = p.read_text()
                if c["technique"] == "exhaustion" and not twin: continue
                hits = []
                real = os.popen, os.system; os.popen = os.system = lambda *a: hits.append(a) or ""
                def stop(message): raise jinja2.TemplateError(message)
                kw = dict(messages=[{"role": "user", "content": "invoice"}], bos_token="<s>", eos_token="</s>", add_generation_prompt=True, tools=None, raise_exception=stop, strftime_now=lambda f: "2027")
                try:
                    out = (jinja2.sandbox.ImmutableSandboxedEnvironment if twin else jinja2.Environment)().from_string(text).render(**kw)
                except (jinja2.TemplateNotFound, TypeError) as e:
                    if twin or c["technique"] != "file-include": raise
                    out = ""
                finally: os.popen, os.system = real
                if not twin and c["expected"] == "block" and c["technique"] != "file-include" and not hits and not any(x in out for x in ("built-in", "__builtins__", "<class 'object'>", "<module")): bad(c, f"no hit; out={out[:100]!r}")
            elif c["group"] == "archive" and twin:
                p = path(c)
                if p.suffix in (".zip", ".npz"): assert zipfile.ZipFile(p).testzip() is None
                elif p.suffix in (".tar", ".nemo"): tarfile.open(p).getnames()
            elif c["group"] == "config" and twin:
                for f in c["files"]:
                    if f.endswith((".yaml",)) : yaml.safe_load((ROOT / c["folder"] / f).read_text())
                    if f.endswith(".json"): json.loads((ROOT / c["folder"] / f).read_text())
            n[c["group"]] += 1
        except Exception as e: bad(c, f"{type(e).__name__}: {e}")
    print("formats", dict(n))

for step in chosen.steps: globals()[step]()
ids = collections.Counter(c["digest"] for c in hostile); print("hostile cases with the same bytes:", sum(v - 1 for v in ids.values()))
print(len(problems), "problems")
for p in problems: print(" ", *p)
