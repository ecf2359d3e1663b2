"""Pickles: callables, structure, and the containers of torch, joblib and numpy."""
from base import *
import bz2, lzma, base64, marshal

# technique -> (reason, [(module:name, arguments)]). Callables of the standard library are checked to exist by verify.py.
SYS = g("os", "system")
INNER = pk(call(SYS, u(MARK)))
STR = Op(g("builtins", "str"))
def method(name, on, *args):
    """operator.methodcaller(name, *args)(on)"""
    return Op(call(call(g("operator", "methodcaller"), u(name), *map(enc, args)), on))
STD = {
    "std-run-code": ("runs code that the file holds or names", [
        ("test.support.script_helper:assert_python_ok", ("-c", f"'{MARK}'")), ("timeit:repeat", (f"'{MARK}'",)), ("dataclasses:_create_fn", ("f", [f"a='{MARK}'"], ["pass"])), ("site:addsitedir", (MARK,)), ("doctest:testfile", (MARK, False)), ("distutils.core:run_setup", (MARK,)),
        ("test.support:run_in_subinterp", (f"'{MARK}'",)), ("idlelib.calltip:get_entity", (f"'{MARK}'",)), ("multiprocessing.spawn:import_main_path", (MARK,)), ("imp:load_source", (MARK, MARK)), ("builtins:compile", (f"'{MARK}'", MARK, "exec")),
    ]),
    "std-start-process": ("starts a process", [
        ("_posixsubprocess:fork_exec", ([MARK], [MARK.encode()], True, (4,), None, None, -1, -1, -1, -1, -1, -1, 3, 4, True, False, -1, None, None, None, -1, None, True)), ("asyncio.runners:run", (Op(call(g("asyncio.subprocess", "create_subprocess_shell"), u(MARK))),)),
        ("os:posix_spawnp", (MARK, [MARK], {})), ("os:spawnlp", (0, MARK, MARK)), ("ensurepip:_run_pip", ([MARK],)), ("pydoc:pipepager", ("x", MARK)), ("test.support.script_helper:spawn_python", ("-c", f"'{MARK}'")), ("subprocess:getstatusoutput", (MARK,)),
    ]),
    "std-write-file": ("writes, moves or deletes a file", [
        ("py_compile:compile", (MARK,)), ("compileall:compile_file", (MARK,)), ("zipapp:create_archive", (MARK, MARK + ".pyz")), ("tempfile:_mkstemp_inner", (MARK, "a", "b", 66, STR)), ("shutil:move", (MARK, MARK + "2")), ("wave:open", (MARK, "wb")),
        ("tarfile:TarFile.open", (MARK, "w")), ("sqlite3:connect", (MARK + ".db",)), ("dbm.dumb:open", (MARK, "c")), ("mailbox:mbox", (MARK,)), ("venv:create", (MARK,)), ("gzip:GzipFile", (MARK, "wb")),
    ]),
    "std-read-file": ("reads another file", [
        ("linecache:getlines", (MARK,)), ("imghdr:what", (MARK,)), ("netrc:netrc", (MARK,)), ("tokenize:open", (MARK,)), ("xml.etree.ElementTree:parse", (MARK,)), ("mimetypes:read_mime_types", (MARK,)), ("filecmp:cmp", (MARK, MARK)), ("zipfile:is_zipfile", (MARK,)),
    ]),
    "std-import": ("imports a module that the file names", [
        ("logging.config:_resolve", (MARK,)), ("test.support.import_helper:import_module", (MARK,)), ("xml.sax:make_parser", ([MARK],)), ("importlib.resources:files", (MARK,)), ("pydoc:safeimport", (MARK,)), ("test.support.import_helper:import_fresh_module", (MARK,)),
    ]),
    "std-network": ("opens a connection", [
        ("socket:create_connection", (("example.invalid", 9),)), ("poplib:POP3", ("example.invalid",)), ("nntplib:NNTP", ("example.invalid",)), ("imaplib:IMAP4", ("example.invalid",)), ("multiprocessing.connection:Client", (("example.invalid", 9),)), ("xml.sax:parse", ("http://example.invalid/", Op(g("xml.sax.handler", "ContentHandler") + b")R"))),
    ]),
    "std-hook": ("registers or starts something that runs later", [
        ("atexit:register", (Op(SYS), MARK)), ("weakref:finalize", (Op(g("collections", "Counter")), Op(SYS), MARK)), ("_thread:start_new_thread", (Op(SYS), (MARK,))),
        ("signal:signal", (14, Op(SYS))), ("sys:setprofile", (Op(SYS),)), ("codecs:register", (Op(SYS),)), ("sys:addaudithook", (Op(SYS),)), ("gc:callbacks.append", (Op(SYS),)),
    ]),
}
LIB = {
    "lib-run-code": ("a library's function that runs code given as text", [
        ("numpy.f2py.crackfortran:myeval", (f"'{MARK}'",)), ("numpy.distutils.exec_command:exec_command", (MARK,)), ("pandas.core.computation.eval:eval", (f"'{MARK}'",)), ("PIL.ImageMath:unsafe_eval", (f"'{MARK}'",)), ("torch.utils.cpp_extension:load_inline", (MARK, MARK)), ("yaml:unsafe_load", (f"!!python/object/apply:os.system ['{MARK}']",)),
        ("IPython.utils.process:system", (MARK,)), ("setuptools._distutils.spawn:spawn", ([MARK],)), ("pytest:main", ([MARK],)), ("matplotlib.testing:subprocess_run_for_testing", ([MARK],)), ("numexpr:evaluate", (f"'{MARK}'",)),
    ]),
    "lib-load-model": ("a library's loader that runs what another file holds", [
        ("nltk.data:load", (MARK + ".pickle",)), ("networkx.readwrite.gpickle:read_gpickle", (MARK,)), ("sentence_transformers:SentenceTransformer", (MARK,)), ("transformers:pipeline", (MARK,)), ("datasets:load_dataset", (MARK,)), ("mlflow.sklearn:load_model", (MARK,)),
        ("joblib.numpy_pickle_compat:load_compatibility", (MARK,)), ("gensim.utils:unpickle", (MARK,)), ("spacy.util:load_model", (MARK,)), ("statsmodels.iolib.smpickle:load_pickle", (MARK,)), ("flair.models:SequenceTagger.load", (MARK,)), ("ultralytics:YOLO", (MARK,)),
    ]),
    "lib-bytes-in-bytes": ("unpickles bytes that the file holds", [
        ("multiprocessing.reduction:ForkingPickler.loads", (INNER,)), ("lib2to3.pgen2.grammar:Grammar.loads", (Op(g("collections", "Counter") + b")R"), INNER)), ("distributed.protocol.pickle:loads", (INNER,)), ("jsonpickle:decode", (json.dumps({"py/reduce": [{"py/function": "os.system"}, {"py/tuple": [MARK]}]}),)),
        ("pandas.compat.pickle_compat:loads", (INNER,)), ("pickle:_loads", (INNER,)),
    ]),
    "lib-native": ("loads a native library", [("numpy.ctypeslib:load_library", (MARK, ".")), ("torch.ops:load_library", (MARK,)), ("torch.classes:load_library", (MARK,)), ("tensorflow:load_op_library", (MARK,)), ("_ctypes:dlopen", (MARK, 1)), ("ctypes:PyDLL", (MARK,))]),
    "lib-file": ("a library's function that reads or writes a file", [("numpy:memmap", (MARK, "uint8", "w+", 0, 4)), ("numpy:savetxt", (MARK, [1])), ("numpy:fromfile", (MARK,)), ("scipy.io:savemat", (MARK, {"a": 1})), ("pandas.io.common:get_handle", (MARK, "w")), ("h5py:File", (MARK, "w")), ("skimage.io:imsave", (MARK, [[1]]))]),
    "lib-fetch": ("a library's function that fetches from the network", [("huggingface_hub:hf_hub_download", (MARK, "x")), ("torch.hub:download_url_to_file", ("http://example.invalid/x", MARK)), ("wget:download", ("http://example.invalid/x",)), ("tensorflow.keras.utils:get_file", (MARK, "http://example.invalid/x")), ("sklearn.datasets:fetch_openml", (MARK,)), ("gdown:download", ("http://example.invalid/x", MARK))]),
}


def callables():
    k = 0
    for table in (STD, LIB):
        for technique, (reason, rows) in table.items():
            for n, (name, args) in enumerate(rows):
                body = lambda f, a: G(f) + enc(a) + b"R"
                other, plain = BENIGN[k % len(BENIGN)]; k += 1
                short = name.replace(":", ".")
                form = 3 if "." in name.split(":")[1] else n % 4
                if form == 0: hostile, twin, file = pk(body(name, args), 3), pk(body(other, plain), 3), "model.pkl"
                elif form == 1: hostile, twin, file = wrap(body(name, args), 4), wrap(body(other, plain), 4), "classifier.pickle"
                elif form == 2: hostile, twin, file = torch_zip(state(u("extra") + body(name, args))), torch_zip(state(u("extra") + body(other, plain) if other.startswith("collections:O") else u("extra") + g("collections", "OrderedDict") + b")R")), "model.pt"
                else:
                    m, q = name.split(":"); om, oq = other.split(":")
                    hostile, twin, file = pk(sg(m, q) + enc(args) + b"R", 4), pk(sg(om, oq) + enc(plain) + b"R", 4), "estimator.joblib"
                case("callable", technique, short, "block", reason, {file: hostile}, {file: twin})
    review = [("os:getcwd", ()), ("platform:node", ()), ("getpass:getuser", ()), ("locale:setlocale", (0, "C")), ("time:sleep", (0,)), ("jw_company_models.scorer:Scorer", (1,)), ("sys:getrecursionlimit", ()), ("socket:gethostname", ())]
    for n, (name, args) in enumerate(review):
        other, plain = BENIGN[n]
        case("callable", "needless-name", name.replace(":", "."), "review", "calls what no model needs, or a name that nobody knows", {"model.pkl": wrap(G(name) + enc(args) + b"R", 2)}, {"model.pkl": wrap(G(other) + enc(plain) + b"R", 2)})


OBJ = g("argparse", "Namespace") + b")\x81"  # an object with attributes, as torch checkpoints hold
DUE = "runs os.system"
# marshal of compile("'JINGWEI-INERT'", "jw", "exec") by CPython 3.11
CODE = bytes.fromhex("630000000000000000000000000100000000000000f30a000000970064005a006401530029027a0d4a494e475745492d494e4552544e2901da075f5f646f635f5fa900f300000000da026a77fa083c6d6f64756c653e720500000001000000730e000000f003010101d8000f800f800f800f7203000000")


def structure():
    def c(technique, name, reason, hostile, twin, n=2, expected="block", file="model.pkl"):
        hostile = hostile if hostile[:1] == b"\x80" or n is None else pk(hostile, n)
        twin = twin if twin[:1] == b"\x80" or n is None else pk(twin, n)
        case("structure", technique, name, expected, reason, {file: hostile}, {file: twin})
    attr = lambda key, value: OBJ + b"}" + u(key) + value + b"sb"
    # calls without a call: opcodes that look an attribute up on an object that the file made
    t = "call-by-lookup"
    c(t, "append", f"APPEND calls the object's own append: {DUE}", attr("append", SYS) + u(MARK) + b"a", b"]" + u(MARK) + b"a")
    c(t, "appends-extend", f"APPENDS calls the object's own extend: {DUE}", attr("append", SYS) + b"(" + u(MARK) + u(MARK) + b"e", b"](" + u(MARK) + u(MARK) + b"e")
    c(t, "additems-add", f"ADDITEMS calls the object's own add: {DUE}", attr("add", SYS) + b"(" + u(MARK) + b"\x90", b"\x8f(" + u(MARK) + b"\x90", 4)
    c(t, "setstate", f"BUILD calls the object's own __setstate__: {DUE}", attr("__setstate__", SYS) + u(MARK) + b"b", attr("weights", u("w")) + b"}" + u("name") + u(MARK) + b"sb")
    c(t, "setstate-eval", "BUILD calls __setstate__, which is eval", attr("__setstate__", g("builtins", "eval")) + u(f"'{MARK}'") + b"b", attr("weights", u("w")) + b"}" + u("name") + u(MARK) + b"sb")
    c(t, "append-proto4", f"the same with protocol 4: {DUE}", sg("argparse", "Namespace") + b")\x81\x94}" + su("append") + sg("os", "system") + b"sb" + su(MARK) + b"a", b"]\x94" + su(MARK) + b"a", 4)
    # writes into objects of the interpreter
    t = "write-interpreter"
    od = lambda key, value: g("collections", "OrderedDict") + b")R" + key + value + b"s"
    c(t, "environ", "writes the process's environment", g("os", "environ") + u("LD_PRELOAD") + u(MARK) + b"s", od(u("LD_PRELOAD"), u(MARK)))
    c(t, "sys-path", "adds a folder to the import path", g("sys", "path") + u(MARK) + b"a", b"]" + u(MARK) + b"a")
    c(t, "sys-modules", "replaces a module", g("sys", "modules") + u("jw_inert") + SYS + b"s", od(u("jw_inert"), g("collections", "Counter")))
    c(t, "dispatch-table", "changes how every later object is pickled", g("copyreg", "dispatch_table") + g("builtins", "complex") + SYS + b"s", od(g("builtins", "complex"), g("collections", "Counter")))
    c(t, "builtins-dict", "replaces a builtin", g("builtins", "__dict__") + u("jw_inert") + SYS + b"s", od(u("jw_inert"), g("collections", "Counter")))
    c(t, "module-attribute", "BUILD sets an attribute of a module", g("importlib", "machinery") + b"N}" + u("jw_inert") + SYS + b"s\x86b", OBJ + b"N}" + u("jw_inert") + g("collections", "Counter") + b"s\x86b")
    # extension registry: poison it and use the code
    t = "extension-code"
    reg = g("copyreg", "_inverted_registry") + i(200) + tup(u("os"), u("system")) + b"s0"
    c(t, "poisoned-ext1", f"registers a code and uses it: {DUE}", reg + b"\x82\xc8" + tup(u(MARK)) + b"R", od(i(200), tup(u("os"), u("path"))) + b"0" + g("collections", "Counter") + tup(b"]" + u(MARK) + b"a") + b"R")
    c(t, "poisoned-ext2", f"registers a code and uses it: {DUE}", g("copyreg", "_inverted_registry") + i(1000) + tup(u("os"), u("system")) + b"s0" + b"\x83\xe8\x03" + tup(u(MARK)) + b"R", od(i(1000), tup(u("os"), u("path"))) + b"0" + g("collections", "Counter") + b")R")
    c(t, "add-extension", f"copyreg.add_extension, then EXT4: {DUE}", call(g("copyreg", "add_extension"), u("os"), u("system"), i(70000)) + b"0" + b"\x84" + struct.pack("<i", 70000) + tup(u(MARK)) + b"R", call(g("collections", "deque"), b"]") + b"0" + g("collections", "Counter") + b")R")
    c(t, "unknown-ext1", "an extension code that no reader knows", wrap(b"\x82\x07" + b")R"), wrap(g("collections", "Counter") + b")R"), expected="review")
    # the name reached by a dotted path through a module that models use
    t = "dotted-path"
    for n, (m, q) in enumerate([("collections", "_sys.modules"), ("json", "codecs.builtins.eval"), ("argparse", "_os.system"), ("uuid", "os.system"), ("random", "_os.system"), ("datetime", "sys.modules")]):
        use = tup(u(f"'{MARK}'")) + b"R" if "modules" not in q else u("jw_inert") + u(MARK) + b"s"
        tm, tq, tu = [("collections", "OrderedDict", b")R" + u("jw_inert") + u(MARK) + b"s"), ("builtins", "frozenset", tup(b"]" + u("a") + b"a") + b"R"), ("collections", "Counter", tup(u("ab")) + b"R"), ("uuid", "UUID", tup(u("12345678" * 4)) + b"R"), ("fractions", "Fraction", tup(u("3/4")) + b"R"), ("collections", "OrderedDict", b")R" + u("jw_inert") + u(MARK) + b"s")][n]
        c(t, f"{m}-{q}", "reaches what it wants by a path through a harmless module", sg(m, q) + use, sg(tm, tq) + tu, 4)
    # strings that only the reader puts together
    t = "spelled-name"
    pl = b"(" + u(MARK) + b"tR"
    c(t, "string-escapes", f"the module's name in escapes: {DUE}", b"S'\\x6f\\163'\n" + b"S'\\x73yst\\145m'\n" + b"\x93" + pl, b"S'\\x63ollection\\163'\n" + b"S'\\x43ount\\145r'\n" + b"\x93" + pl, 4)
    c(t, "unicode-escapes", f"the module's name in unicode escapes: {DUE}", b"V\\u006f\\u0073\n" + b"V\\u0073ystem\n" + b"\x93" + pl, b"V\\u0063ollections\n" + b"V\\u0043ounter\n" + b"\x93" + pl, 4)
    c(t, "memo-late", f"the name stands before the model and is fetched from the memo: {DUE}", u("os") + b"r\x00\x10\x00\x00" + b"0" + u("system") + b"r\x01\x10\x00\x00" + b"0" + b"j\x00\x10\x00\x00j\x01\x10\x00\x00\x93" + pl, u("collections") + b"r\x00\x10\x00\x00" + b"0" + u("Counter") + b"r\x01\x10\x00\x00" + b"0" + b"j\x00\x10\x00\x00j\x01\x10\x00\x00\x93" + pl, 4)
    c(t, "memo-twice", f"the memo's place is written twice: {DUE}", u("collections") + b"q\x00" + b"0" + u("os") + b"q\x00" + b"0" + b"h\x00" + u("system") + b"\x93" + pl, u("os") + b"q\x00" + b"0" + u("collections") + b"q\x01" + b"0" + b"h\x01" + u("Counter") + b"\x93" + pl, 4)
    c(t, "dup", f"the callable is doubled and the copy is used: {DUE}", SYS + b"2" + pl + b"\x86", g("collections", "Counter") + b"2" + pl + b"\x86")
    c(t, "popmark", f"the call stands in a part that POP_MARK throws away: {DUE}", b"(" + call(SYS, u(MARK)) + b"1" + enc({"a": 1}), b"(" + call(g("collections", "Counter"), u(MARK)) + b"1" + enc({"a": 1}))
    # old names that readers map to new ones
    t = "python2-name"
    for m, q, bm, bq, arg in [("__builtin__", "eval", "__builtin__", "set", u(f"'{MARK}'")), ("commands", "getoutput", "UserDict", "UserDict", u(MARK)), ("cPickle", "loads", "__builtin__", "bytearray", by(pk(call(SYS, u(MARK))))), ("__builtin__", "execfile", "__builtin__", "frozenset", u(MARK)), ("itertools", "imap", "__builtin__", "xrange", None), ("anydbm", "open", "copy_reg", "_reconstructor", u(MARK))]:
        if q == "imap":
            h = call(g("collections", "deque"), call(g("itertools", "imap"), SYS, b"]" + u(MARK) + b"a")); tw = call(g("collections", "deque"), call(g("__builtin__", "xrange"), i(3)))
        elif bq == "_reconstructor":
            h = call(g(m, q), arg); tw = call(g(bm, bq), g("__builtin__", "dict"), g("__builtin__", "dict"), b"}")
        else:
            h = call(g(m, q), arg); tw = call(g(bm, bq), b"}" if bq == "UserDict" else arg)
        c(t, f"{m}-{q}", "a name of Python 2 that readers map to what runs", h, tw, expected="review" if q == "execfile" else "block")
    # a call handed on by harmless functions
    t = "handed-on"
    lst = lambda *x: b"](" + b"".join(x) + b"e"
    c(t, "reduce-call", f"reduce with operator.call: {DUE}", call(g("functools", "reduce"), g("operator", "call"), lst(SYS, u(MARK))), call(g("collections", "OrderedDict"), lst(tup(u("a"), i(2)))))
    c(t, "defaultdict", f"a default factory that is called by a look-up: {DUE}", call(g("operator", "getitem"), call(g("collections", "defaultdict"), call(g("functools", "partial"), SYS, u(MARK))), u("a")), call(g("collections", "defaultdict"), g("builtins", "list")))
    c(t, "iter-next", f"iter with a callable, drained by deque: {DUE}", call(g("collections", "deque"), call(g("itertools", "starmap"), SYS, lst(tup(u(MARK))))), call(g("collections", "deque"), lst(tup(u(MARK)))))
    c(t, "partial-key", f"a partial with the key of max, made by NEWOBJ_EX: {DUE}", g("functools", "partial") + tup(g("builtins", "max"), lst(u(MARK))) + b"}" + u("key") + SYS + b"s\x92)R", g("collections", "deque") + tup(lst(u(MARK))) + b"}" + u("maxlen") + i(4) + b"s\x92", 4)
    c(t, "counter-map", f"a Counter over a map: {DUE}", call(g("collections", "Counter"), call(g("builtins", "map"), SYS, lst(u(MARK)))), call(g("collections", "Counter"), lst(u(MARK))))
    c(t, "ordereddict-filter", f"an OrderedDict over a filter: {DUE}", call(g("collections", "OrderedDict"), call(g("builtins", "filter"), SYS, lst(u(MARK)))), call(g("collections", "OrderedDict"), lst(tup(u(MARK), i(1)))))
    # bytes that only become a pickle by decoding
    t = "packed-payload"
    inner = pk(call(SYS, u(MARK)))
    plain = b"label-names:" + b",".join(b"class%03d" % n for n in range(40))
    latin = lambda raw: call(g("_codecs", "encode"), u(raw.decode("latin1")), u("latin1"))
    c(t, "codecs-latin1", "unpickles bytes written as text", call(g("_pickle", "loads"), latin(inner)), latin(plain))
    c(t, "base64", "unpickles decoded base64", call(g("_pickle", "loads"), call(g("base64", "b64decode"), by(base64.b64encode(inner)))), by(base64.b64encode(plain)), 3)
    c(t, "zlib", "unpickles what zlib unpacks", call(g("pickle", "loads"), call(g("zlib", "decompress"), by(zlib.compress(inner)))), by(zlib.compress(plain)), 3)
    c(t, "marshal-code", "builds a function from marshalled code and calls it", call(call(g("types", "FunctionType"), call(g("marshal", "loads"), by(CODE)), b"}")), by(plain), 3)
    c(t, "bytes-reduce-ex", "unpickles a bytearray", call(g("_pickle", "loads"), call(g("builtins", "bytearray"), by(inner))), call(g("builtins", "bytearray"), by(plain)), 3)
    c(t, "reversed", "unpickles bytes that stand backwards", call(g("_pickle", "loads"), call(g("builtins", "bytes"), call(g("builtins", "reversed"), by(inner[::-1])))), call(g("builtins", "bytearray"), by(inner[::-1])), 3)
    # shapes that hurt the reader
    t = "reader-harm"
    c(t, "memo-index", "a memo index of two thousand million asks for 32 GB", enc([1]) + b"r\xff\xff\xff\x7f", enc([1]) + b"r\xff\x00\x00\x00")
    c(t, "bytearray8", "an array of 2^44 bytes is asked for before it is read", b"\x96" + struct.pack("<Q", 1 << 44) + b"abc", b"\x96" + struct.pack("<Q", 3) + b"abc", 5)
    c(t, "deep-tuples", "two hundred thousand nested tuples overflow the stack when compared or freed", b")" + b"\x85" * 200000, b")" + b"\x85" * 20, expected="review")
    c(t, "range-list", "builds a list of 10^11 numbers", call(g("builtins", "list"), call(g("builtins", "range"), enc(10**11))), call(g("builtins", "list"), call(g("builtins", "range"), i(10))))
    c(t, "bytes-zero", "asks for 2^40 zero bytes", call(g("builtins", "bytearray"), enc(1 << 40)), call(g("builtins", "bytearray"), i(16)))
    c(t, "repeat-text", "repeats a text until memory ends", call(g("operator", "mul"), u("a"), enc(1 << 40)), call(g("collections", "Counter"), u("a")))


def torch_places():
    t, HOOK = "torch", call(SYS, u(MARK))
    def c(technique, name, reason, hostile, twin, file="pytorch_model.bin", expected="block"):
        case("torch", technique, name, expected, reason, hostile if isinstance(hostile, dict) else {file: hostile}, twin if isinstance(twin, dict) else {file: twin})
    od = g("collections", "OrderedDict") + b")R"
    # which of the five pickles of the old container
    t = "legacy-pickle"
    c(t, "magic", "the first pickle computes the magic number", torch_legacy(None, magic=pk(HOOK + b"0" + enc(0x1950A86A20F9469CFC6C))), torch_legacy(None), "a.pth")
    c(t, "version", "the second pickle runs code", torch_legacy(None, version=pk(HOOK + b"0" + enc(1001))), torch_legacy(None), "b.pth")
    c(t, "system", "the third pickle runs code", torch_legacy(None, system=pk(enc({"little_endian": True, "hook": Op(HOOK)}))), torch_legacy(None), "c.pth")
    c(t, "keys", "the list of storages runs code", torch_legacy(None, keys=pk(enc(["0", "1", Op(HOOK)]))), torch_legacy(None, keys=pk(enc(["0", "1"]))), "d.pth")
    c(t, "metadata", "the _metadata of the state dict runs code", torch_legacy(None, after=b"}" + u("_metadata") + HOOK + b"sb"), torch_legacy(None, after=b"}" + u("_metadata") + od + b"sb"), "e.pth")
    # persistent ids and storage types
    t = "persistent-id"
    pid = lambda kind: tup(u("storage"), kind, u("0"), u("cpu"), i(6)) + b"Q"
    rebuild = lambda p: g("torch._utils", "_rebuild_tensor_v2") + tup(p, i(0), enc((2, 3)), enc((3, 1)), b"\x89", od) + b"R"
    c(t, "storage-type", "the storage's type comes out of a call", torch_zip(enc({"w": Op(rebuild(pid(call(g("builtins", "eval"), u(f"'{MARK}'")))))})), torch_zip(enc({"w": Op(rebuild(pid(g("torch", "FloatStorage"))))})))
    c(t, "location", "the storage's place comes out of a call", torch_zip(enc({"w": Op(rebuild(tup(u("storage"), g("torch", "FloatStorage"), u("0"), HOOK, i(6)) + b"Q"))})), torch_zip(enc({"w": Op(rebuild(tup(u("storage"), g("torch", "FloatStorage"), u("0"), u("cuda:0"), i(6)) + b"Q"))})))
    c(t, "hooks", "the tensor's backward hooks run code", torch_zip(enc({"w": Op(g("torch._utils", "_rebuild_tensor_v2") + tup(pid(g("torch", "FloatStorage")), i(0), enc((2, 3)), enc((3, 1)), b"\x89", call(g("collections", "OrderedDict"), call(g("builtins", "map"), SYS, b"]" + u(MARK) + b"a"))) + b"R")})), torch_zip(enc({"w": Op(rebuild(pid(g("torch", "FloatStorage"))))})))
    c(t, "from-type", "torch._tensor._rebuild_from_type_v2 is given another function", torch_zip(enc({"w": Op(g("torch._tensor", "_rebuild_from_type_v2") + tup(SYS, g("torch", "Tensor"), tup(u(MARK)), b"}") + b"R")})), torch_zip(enc({"w": Op(g("torch._tensor", "_rebuild_from_type_v2") + tup(g("torch._utils", "_rebuild_tensor_v2"), g("torch.nn.parameter", "Parameter"), tup(pid(g("torch", "FloatStorage")), i(0), enc((2, 3)), enc((3, 1)), b"\x89", od), b"}") + b"R")})))
    c(t, "out-of-storage", "a view that is larger than its storage: it reads the process's memory in readers that do not check", torch_zip(enc({"w": Op(tensor("0", (4000, 4000), (4000, 1))[:0] + g("torch._utils", "_rebuild_tensor_v2") + tup(pid(g("torch", "FloatStorage")), i(0), enc((4000, 4000)), enc((4000, 1)), b"\x89", od) + b"R")})), torch_zip(enc({"w": Op(rebuild(pid(g("torch", "FloatStorage"))))})), expected="review")
    # other members of the new container
    t = "zip-member"
    good = state()
    c(t, "two-roots", "a second folder with a data.pkl of its own", torch_zip(good, more=[("zzz/data.pkl", pk(HOOK)), ("zzz/version", b"3\n")]), torch_zip(good, more=[("archive/.data/serialization_id", b"0" * 40)]), expected="review")
    c(t, "duplicate", "data.pkl stands twice in the archive and the readers differ", torch_zip(HOOK, more=[("archive/data.pkl", pk(good))]), torch_zip(good, more=[("archive/byteorder", b"little")]))
    c(t, "constants", "the constants of a TorchScript archive run code", torch_zip(good, more=[("archive/constants.pkl", pk(HOOK))]), torch_zip(good, more=[("archive/constants.pkl", pk(b")"))]), "model.jit", "review")
    c(t, "deflated", "the pickle is packed, which torch never does", torch_zip(HOOK, method=zipfile.ZIP_DEFLATED), torch_zip(good))
    c(t, "storage-member", "a storage that is a pickle which runs code, and a pickle that loads it", zipped([("archive/data.pkl", pk(enc({"w": Op(call(g("torch.storage", "_load_from_bytes"), by(torch_legacy(HOOK)))) }))), ("archive/version", b"3\n")]), zipped([("archive/data.pkl", pk(enc({"w": Op(call(g("torch.storage", "_load_from_bytes"), by(torch_legacy(tup(u("storage"), g("torch", "FloatStorage"), u("0"), u("cpu"), i(6), b"N") + b"Q", keys=pk(enc(["0"]))))))}))), ("archive/version", b"3\n")]))
    c(t, "backslash", "the member's name is written with backslashes", zipped([("archive\\data.pkl", pk(HOOK)), ("archive/data.pkl", pk(good)), ("archive/data/0", FLOATS[0]), ("archive/data/1", FLOATS[1]), ("archive/version", b"3\n")]), torch_zip(good), expected="review")
    # checkpoints as trainers write them
    t = "checkpoint-part"
    def lightning(part=od, hyper=OBJ + b"}" + u("lr") + enc(.1) + b"sb", callbacks=b"}", optimizer=b"}"):
        return torch_zip(enc({"epoch": 3, "global_step": 900, "pytorch-lightning_version": "2.2.0", "state_dict": Op(state()), "loops": {}, "callbacks": Op(callbacks), "optimizer_states": [Op(optimizer)], "lr_schedulers": [Op(part)], "hyper_parameters": Op(hyper)}))
    evil = OBJ + b"}" + u("lr") + call(g("builtins", "getattr"), g("importlib", "_bootstrap"), u("_call_with_frames_removed")) + tup(SYS, u(MARK)) + b"R" + b"sb"
    for n, kw in [("hyper", {"hyper": evil}), ("callbacks", {"callbacks": enc({"ModelCheckpoint": Op(HOOK)})}), ("optimizer", {"optimizer": enc({"state": {}, "param_groups": [Op(call(g("subprocess", "getoutput"), u(MARK)))]})}), ("scheduler", {"part": g("functools", "partial") + tup(SYS, u(MARK)) + b"R" + b")R"}), ("type", {"hyper": call(g("pydoc", "locate"), u("os.system")) + tup(u(MARK)) + b"R"})]:
        c(t, f"lightning-{n}", f"a Lightning checkpoint that runs code in its {n}", lightning(**kw), lightning(), "last.ckpt")
    c(t, "trainer-args", "the arguments of a training run code", {"training_args.bin": torch_zip(call(g("runpy", "run_path"), u(MARK)))}, {"training_args.bin": torch_zip(OBJ + b"}" + u("learning_rate") + enc(5e-5) + b"sb")})


def arrays():
    HOOK = call(SYS, u(MARK))
    objects = lambda body: g("numpy.core.multiarray", "_reconstruct") + tup(g("numpy", "ndarray"), tup(i(0)), b"C\x01b") + b"R" + tup(i(1), tup(i(2)), g("numpy", "dtype") + tup(u("O8"), b"\x89", b"\x88") + b"R" + tup(i(3), u("|"), b"NNN", i(-1), i(-1), i(63)) + b"b", b"\x89", b"](" + body + b"e") + b"b"
    bad, good = pk(objects(HOOK + u("b")), 3), pk(objects(u("a") + u("b")), 3)
    def c(technique, name, reason, hostile, twin, file, expected="block"): case("arrays", technique, name, expected, reason, {file: hostile}, {file: twin})
    t = "object-array"
    for version in (1, 2, 3):
        c(t, f"npy-version-{version}", "an array of objects is a pickle", npy("'|O'", "(2,)", bad, version), npy("'|O'", "(2,)", good, version), "embeddings.npy")
    c(t, "npy-structured", "a field of the record is an object", npy("[('id', '<i4'), ('name', '|O')]", "(2,)", bad), npy("[('id', '<i4'), ('name', '|O')]", "(2,)", good), "records.npy")
    c(t, "npz-second", "the second array of the archive is a pickle", zipped([("weights.npy", PLAIN_NPY), ("names.npy", npy("'|O'", "(2,)", bad))]), zipped([("weights.npy", PLAIN_NPY), ("names.npy", npy("'|O'", "(2,)", good))]), "model.npz")
    c(t, "npz-no-suffix", "a member without .npy whose bytes are a pickle", zipped([("weights.npy", PLAIN_NPY), ("labels", pk(HOOK))]), zipped([("weights.npy", PLAIN_NPY), ("labels", b"cat\ndog\n")]), "model.npz", "review")
    # joblib: packed streams in parts
    t = "packed-stream"
    half = 40
    whole, fine = wrap(HOOK, 3), wrap(benign(0), 3)
    c(t, "gzip-members", "the pickle goes on in the second gzip member", gz(whole[:half]) + gz(whole[half:]), gz(fine[:half]) + gz(fine[half:]), "model.pkl.gz")
    c(t, "bzip2-streams", "the pickle goes on in the second bzip2 stream", bz2.compress(whole[:half]) + bz2.compress(whole[half:]), bz2.compress(fine[:half]) + bz2.compress(fine[half:]), "model.joblib.bz2")
    c(t, "xz-streams", "the pickle goes on in the second xz stream", lzma.compress(whole[:half]) + lzma.compress(whole[half:]), lzma.compress(fine[:half]) + lzma.compress(fine[half:]), "model.joblib.xz")
    c(t, "lzma-alone", "the old container of lzma", lzma.compress(whole, lzma.FORMAT_ALONE), lzma.compress(fine, lzma.FORMAT_ALONE), "model.joblib.lzma")
    c(t, "zlib-stored", "zlib without packing, in a file with another suffix", zlib.compress(whole, 0), zlib.compress(fine, 0), "model.dat")
    c(t, "gzip-name", "gzip with a name and a comment in its head", b"\x1f\x8b\x08\x18" + bytes(6) + b"model.txt\0weights\0" + gz(whole)[10:], b"\x1f\x8b\x08\x18" + bytes(6) + b"model.txt\0weights\0" + gz(fine)[10:], "model.gz")
    # what joblib's own wrapper carries
    t = "joblib-wrapper"
    def wrapper(dtype, after, subclass=g("numpy", "ndarray")):
        return g("joblib.numpy_pickle", "NumpyArrayWrapper") + b")\x81}(" + u("subclass") + subclass + u("shape") + tup(i(2)) + u("order") + u("C") + u("dtype") + g("numpy", "dtype") + tup(u(dtype), b"\x89", b"\x88") + b"R" + u("allow_mmap") + b"\x89" + u("numpy_array_alignment_bytes") + (i(16) if dtype == "f4" else b"N") + b"ub" + after
    pad = lambda head: (lambda n: bytes([n]) + b"\xff" * n)(16 - (len(head) + 1) % 16)
    def stream(tail):
        head = proto(3) + b"}(" + u("coef") + wrapper("f4", b"")
        return head + pad(head) + FLOATS[1] + tail
    c(t, "after-array", "the call stands after the raw bytes of an array", stream(u("x") + HOOK + b"u."), stream(u("x") + benign(2) + b"u."), "model.joblib")
    c(t, "object-array", "an array of objects: the reader starts another pickle", proto(3) + b"}(" + u("coef") + wrapper("O8", b"") + bad + u("x") + i(1) + b"u.", proto(3) + b"}(" + u("coef") + wrapper("O8", b"") + good + u("x") + i(1) + b"u.", "model.joblib")
    c(t, "subclass", "the wrapper's class of array comes out of a call", proto(3) + b"}(" + u("coef") + wrapper("f4", b"", call(g("builtins", "eval"), u(f"'{MARK}'"))) + b"u.", stream(u("x") + i(1) + b"u."), "model.joblib")
    def named(kind, file, **more):
        return pk(g("joblib.numpy_pickle", kind) + b")\x81" + enc({"filename": file, "subclass": G2("numpy:ndarray"), "allow_mmap": False, **more}) + b"b", 3)
    G2 = lambda name: Op(G(name))
    case("arrays", t, "old-wrapper", "block", "NDArrayWrapper names a file elsewhere", {"model.joblib": named("NDArrayWrapper", "/etc/" + MARK)}, {"model.joblib": named("NDArrayWrapper", "model.joblib_01.npy"), "model.joblib_01.npy": PLAIN_NPY})
    extra = {"init_args": (Op(g("numpy", "ndarray")), (0,), b"b"), "state": (1, (2, 3), Op(g("numpy", "dtype") + tup(u("f4"), b"\x89", b"\x88") + b"R"), False)}
    packed = b"ZF" + b"%-19s" % hex(len(FLOATS[0])).encode() + zlib.compress(FLOATS[0])
    case("arrays", t, "zndarray", "block", "ZNDArrayWrapper names a file elsewhere", {"model.joblib": named("ZNDArrayWrapper", "../../" + MARK, **extra)}, {"model.joblib": named("ZNDArrayWrapper", "model.joblib_01.npy.z", **extra), "model.joblib_01.npy.z": packed})


def build():
    callables(); structure(); torch_places(); arrays()
