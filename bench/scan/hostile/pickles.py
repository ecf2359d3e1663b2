"""Pickle programs: what the machine's opcodes can hide, ways round a call, pickles in pickles, dill and cloudpickle."""

import base64, bz2, codecs, gzip, lzma, marshal, zlib

from .case import BLOCK, REVIEW, one
from .opcodes import *  # noqa: F403 — the assembler is the language of this file

PATH = "model.pkl"


def opcode_cases():
    def add(name_, hostile, twin, reason, expected=BLOCK):
        return one("opcode", name_, expected, reason, PATH, hostile, twin)

    for version in range(6):
        # Protocols 0 and 1 have neither PROTO nor the later forms; a dict is written by hand.
        old = lambda call_: b"(dp0\nS'w'\nI1\nsS'extra'\n" + call_ + b"s." if version == 0 else program(checkpoint(text2("extra"), call_), version)
        zero = lambda module, attribute, *args: name(module, attribute) + b"(" + b"".join(args) + b"tR"
        evil = zero("posix", "system", string0(MARKER) if version < 4 else text(MARKER))
        good = zero("collections", "OrderedDict")
        yield add(f"global-reduce-protocol-{version}", old(evil), old(good), "a call of posix.system")
    pair = lambda shape, reason, name_, expected=BLOCK: add(name_, shape("os", "system", text(MARKER)), shape("collections", "Counter", text("abc")), reason, expected)
    yield pair(lambda m, a, x: carrying(call(stack_name(m, a), x), 4), "STACK_GLOBAL", "stack-global")
    yield pair(lambda m, a, x: carrying(instance(m, a, x)), "INST", "inst")
    yield pair(lambda m, a, x: carrying(object_of(name(m, a), x)), "OBJ", "obj")
    yield pair(lambda m, a, x: carrying(name(m, a) + many(x) + NEWOBJ), "NEWOBJ", "newobj")
    yield pair(lambda m, a, x: carrying(name(m, a) + many(x) + EMPTY_DICT + NEWOBJ_EX, 4), "NEWOBJ_EX", "newobj-ex")
    yield pair(lambda m, a, x: program(checkpoint() + call(name(m, a), x) + POP), "the call's value is popped", "popped-call")
    yield pair(lambda m, a, x: program(MARK + call(name(m, a), x) + POP_MARK + checkpoint()), "the call is thrown away with POP_MARK", "pop-mark-call")
    yield pair(lambda m, a, x: program(call(name(m, a), x) + POP + checkpoint()), "the call comes before the content", "payload-first")
    yield pair(lambda m, a, x: program(checkpoint() + MARK + name(m, a) + x + b"t0"), "the name is fetched and dropped, never called", "imported-only", REVIEW)
    yield pair(lambda m, a, x: program(call(name(m, a), x) + put(1) + POP + checkpoint(text2("extra"), get(1))), "the call's value lives in the memo", "memo-result")
    yield pair(lambda m, a, x: program(name(m, a) + put(7) + POP + checkpoint(text2("extra"), call(get(7), x))), "the callable lives in the memo", "memo-callable")
    yield pair(lambda m, a, x: program(name("collections", "OrderedDict") + put(3) + POP + name(m, a) + put(3) + POP + checkpoint(text2("extra"), call(get(3), x))), "the memo is written twice: the last one counts", "memo-overwritten")
    yield pair(lambda m, a, x: program(text(m) + put(0) + POP + text(a) + put(1) + POP + checkpoint(text2("extra"), call(get(0) + get(1) + STACK_GLOBAL, x)), 4), "STACK_GLOBAL takes its names from the memo", "names-in-memo")
    yield pair(lambda m, a, x: program(text("collections") + MEMOIZE + text("OrderedDict") + MEMOIZE + text(m) + put(0) + text(a) + put(1) + b"00" + b"00" + checkpoint(text2("extra"), call(get(0) + get(1) + STACK_GLOBAL, x)), 4), "MEMOIZE slots are overwritten with PUT", "memoize-then-put")
    yield pair(lambda m, a, x: program(text(m) + put(5) + POP + text(a) + MEMOIZE + POP + checkpoint(text2("extra"), call(get(5) + get(1) + STACK_GLOBAL, x)), 4), "MEMOIZE takes the memo's length, not the next number", "memoize-after-gap")
    yield pair(lambda m, a, x: carrying(call(text(m) + text("decoy") + POP + text(a) + STACK_GLOBAL, x), 4), "a decoy between the names is popped", "decoy-popped")
    yield pair(lambda m, a, x: carrying(call(text("decoy") + text(m) + text(a) + STACK_GLOBAL + b"\x86" + POP + text(m) + text(a) + STACK_GLOBAL, x), 4), "decoys in a dropped tuple", "decoy-tuple")
    yield pair(lambda m, a, x: carrying(call(string1(m) + string1(a) + STACK_GLOBAL, x), 4), "names as SHORT_BINSTRING", "binstring-names")
    yield pair(lambda m, a, x: carrying(call(string4(m) + string0(a) + STACK_GLOBAL, x), 4), "names as BINSTRING and STRING", "string-names")
    yield pair(lambda m, a, x: carrying(call(text0(m) + text0(a) + STACK_GLOBAL, x), 4), "names as UNICODE lines", "unicode-names")
    yield pair(lambda m, a, x: carrying(call(text8(m) + text8(a) + STACK_GLOBAL, x), 4), "names as BINUNICODE8", "long-names")
    yield pair(lambda m, a, x: carrying(call(b"V" + "".join(f"\\u{ord(c):04x}" for c in m).encode() + b"\n" + text(a) + STACK_GLOBAL, x), 4), "the module's name in \\u escapes", "escaped-names")
    yield pair(lambda m, a, x: carrying(call(b"S'" + "".join(f"\\x{ord(c):02x}" for c in m).encode() + b"'\n" + text(a) + STACK_GLOBAL, x), 4), "the module's name in \\x escapes", "hex-escaped-names")
    yield pair(lambda m, a, x: checkpoint(text2("extra"), call(name(m, a), x)) + STOP, "no PROTO opcode", "no-proto")
    yield add("proto-twice", b"\x80\x02\x80\x05" + checkpoint(text2("extra"), EVIL4) + b"\x80\x02" + STOP, b"\x80\x05" + checkpoint(text2("extra"), GOOD4) + STOP, "PROTO again in the middle, with a call")
    yield pair(lambda m, a, x: program(b"N0" * 5000 + checkpoint(text2("extra"), call(name(m, a), x))), "behind 10,000 opcodes that do nothing", "long-leader")
    yield pair(lambda m, a, x: program(b"K\x010" * 400000 + checkpoint(text2("extra"), call(name(m, a), x))), "behind 800,000 opcodes that do nothing", "very-long-leader")
    yield pair(lambda m, a, x: program(data(b"\0" * 3_000_000) + POP + checkpoint(text2("extra"), call(name(m, a), x))), "behind 3 MB of data", "behind-data")
    yield pair(lambda m, a, x: program(checkpoint()) + program(call(name(m, a), x)), "a second pickle behind the first", "second-stream")
    yield pair(lambda m, a, x: program(checkpoint()) * 40 + program(call(name(m, a), x)), "a 41st pickle", "late-stream")
    yield add("cut-after-call", program(EVIL + POP + checkpoint())[:-9], program(GOOD + POP + checkpoint()), "the call comes first, the end is cut off: loading fails after it ran")
    yield add("broken-tail", program(EVIL + POP)[:-1] + b"\xff\xfe\x00garbage", program(GOOD + POP + checkpoint()), "the call comes first and what follows is no opcode: loading fails after it ran")
    yield add("empty-stack-tail", program(EVIL + POP + POP + POP), program(GOOD + POP + checkpoint()), "the call comes first, then the stack runs empty")
    inner = checkpoint(text2("extra"), EVIL4) + STOP
    fine = checkpoint(text2("extra"), GOOD4) + STOP
    yield add("frame-straddles", b"\x80\x04" + frame(inner, len(inner) - 11), b"\x80\x04" + frame(fine), "a frame that ends within an opcode, with a call", BLOCK)
    yield add("frame-too-long", b"\x80\x04" + frame(inner, len(inner) + 1000), b"\x80\x04" + frame(fine), "a frame longer than the file, with a call", BLOCK)
    yield add("frame-lie-alone", b"\x80\x04" + frame(fine, len(fine) - 7), b"\x80\x04" + frame(fine), "a frame that ends within an opcode: readers disagree on what follows", REVIEW)
    yield add("appended-build", program(checkpoint())[:-1] + SYSTEM + text2(MARKER) + BUILD + STOP, program(checkpoint(text2("extra"), call(name("collections", "Counter")) + pairs(text2("a"), number(1)) + BUILD)), "one BUILD appended, on os.system itself", REVIEW)
    for letter, size in (("1", 1), ("2", 2), ("4", 4)):
        op = {"1": b"\x82", "2": b"\x83", "4": b"\x84"}[letter] + (5).to_bytes(size, "little")
        yield add(f"ext{letter}", carrying(call(op, text(MARKER))), carrying(call(name("collections", "Counter"), text("abc"))), f"EXT{letter}: the callable is a number in somebody's registry", REVIEW)
    yield add("extension-registered", program(call(name("copyreg", "add_extension"), text("os"), text("system"), number(5)) + POP + call(b"\x82\x05", text(MARKER))), carrying(GOOD), "the pickle registers os.system as an extension, then calls its number")
    yield add("persid", program(checkpoint(text2("extra"), b"Pos.system\n")), program(checkpoint(text2("extra"), text2("os.system"))), "a persistent id outside a torch archive: what it means is up to the loader", REVIEW)
    yield add("binpersid", program(checkpoint(text2("extra"), many(text2("module"), name("os", "system"), text2(MARKER)) + b"Q")), program(checkpoint(text2("extra"), many(text2("module"), name("collections", "OrderedDict"), text2("x")))), "a persistent id that carries os.system")
    dotted = [
        ("sklearn", "os.system"), ("torch", "os.system"), ("numpy", "os.system"), ("logging", "os.system"), ("pathlib", "os.system"), ("torch.serialization", "os.system"), ("collections", "_sys.modules"), ("joblib", "os.popen"), ("builtins", "str.__class__.__base__.__subclasses__"),
        ("transformers", "os.execv"), ("numpy.core.multiarray", "functools.os.system"), ("torch._utils", "torch.os.system"), ("random", "_os.system"), ("tempfile", "_os.unlink"), ("argparse", "_sys.exit"), ("site", "builtins.exec"), ("keras", "os.system"),
    ]
    for module, attribute in dotted:
        arguments = [] if "sub" in attribute or "modules" in attribute else [text(MARKER)]
        yield add(f"dotted-{module}.{attribute}", carrying(call(stack_name(module, attribute), *arguments), 4), carrying(GOOD4, 4), "a dotted name that goes through another module", REVIEW if attribute == "_sys.exit" else BLOCK)
    yield add("module-by-name", carrying(call(name("builtins", "getattr"), stack_name("torch", "os"), text("system")) + many(text(MARKER)) + REDUCE, 4), carrying(GOOD4, 4), "a module fetched as an attribute of another, then getattr")
    spelled = [("os\u200b", "system"), ("\uff4fs", "system"), ("os ", "system"), ("OS", "system"), ("os", "system\0"), ("", "system"), ("os.", "system"), ("os", ""), ("builtins", "__dict__"), ("builtins", "__getattribute__")]
    for index, (module, attribute) in enumerate(spelled):
        yield add(f"spelling-{index}", carrying(call(stack_name(module, attribute), text(MARKER)), 4), carrying(call(stack_name("collections", "Counter"), text("abc")), 4), f"the name is spelled {module!r}.{attribute!r}", REVIEW)
    computed = {
        "join": lambda parts: call(stack_name("builtins", "str.join"), text(""), items(*map(text, parts))),
        "rot13": lambda parts: call(name("codecs", "decode"), text(codecs.encode("".join(parts), "rot13")), text("rot13")),
        "hex": lambda parts: call(stack_name("builtins", "bytes.fromhex"), text("".join(parts).encode().hex())),
        "chr": lambda parts: call(stack_name("builtins", "str.__add__"), *map(text, ("".join(parts)[:-1], "".join(parts)[-1]))),
    }
    for how, make in computed.items():
        yield add(f"computed-name-{how}", carrying(call(make(["o", "s"]) + text("system") + STACK_GLOBAL, text(MARKER)), 4), carrying(call(text("collections") + text("Counter") + STACK_GLOBAL, text("abc")), 4), f"STACK_GLOBAL with a module name that the pickle computes ({how})", BLOCK)


def shadow_cases():
    """Attributes written by the pickle itself, so that an innocent name means something else afterwards."""
    def add(name_, hostile, twin, reason, expected=BLOCK):
        return one("shadow", name_, expected, reason, PATH, hostile, twin)

    ordered = name("collections", "OrderedDict")
    fine = program(checkpoint(text2("extra"), call(ordered) + pairs(text2("_metadata"), GOOD) + BUILD))
    build = lambda target, *state: target + many(NONE, pairs(*state)) + BUILD
    yield add("build-on-function", program(build(stack_name("numpy", "prod"), text("a"), text("os")) + POP + carrying(EVIL4, 4)[2:-1], 4), fine, "BUILD writes an attribute of numpy.prod")
    yield add("build-attribute-only", program(build(stack_name("numpy", "prod"), text("a"), text("os")) + POP + checkpoint(), 4), fine, "BUILD writes an attribute of a global", REVIEW)
    yield add("setstate-shadowed", program(call(ordered) + pairs(text("__setstate__"), SYSTEM) + BUILD + text(MARKER) + BUILD), fine, "BUILD sets __setstate__ to os.system; the next BUILD calls it")
    yield add("setstate-slots", program(call(ordered) + many(NONE, pairs(text("__setstate__"), SYSTEM)) + BUILD + text(MARKER) + BUILD), fine, "the same through slot state")
    yield add("module-attribute", program(build(stack_name("collections", "abc"), text("OrderedDict"), SYSTEM) + POP + call(stack_name("collections", "abc.OrderedDict"), text(MARKER)), 4), fine, "BUILD writes into a module, then calls what it wrote")
    yield add("class-attribute", program(build(ordered, text("fromkeys"), SYSTEM) + POP + call(stack_name("collections", "OrderedDict.fromkeys"), text(MARKER)), 4), fine, "BUILD replaces a method of an allowed class, then calls it")
    yield add("modules-item", program(name("sys", "modules") + text("collections") + name("os", "path") + SETITEM + POP + call(name("collections", "system"), text(MARKER))), fine, "sys.modules is rewritten")
    yield add("builtins-item", program(name("builtins", "__dict__") + text("set") + SYSTEM + SETITEM + POP + call(name("builtins", "set"), text(MARKER))), fine, "builtins are rewritten: set means os.system")
    yield add("environment-item", program(name("os", "environ") + text("LD_PRELOAD") + text(NOWHERE) + SETITEM + POP + checkpoint()), fine, "an environment variable is set through SETITEM")
    yield add("path-append", program(name("sys", "path") + text(NOWHERE) + APPEND + POP + checkpoint()), fine, "sys.path is extended through APPEND")
    yield add("append-shadowed", program(call(ordered) + pairs(text("append"), SYSTEM) + BUILD + text(MARKER) + APPEND), fine, "append is set to os.system, and APPEND calls it")
    yield add("extend-shadowed", program(call(ordered) + pairs(text("extend"), SYSTEM) + BUILD + MARK + text(MARKER) + APPENDS), fine, "extend is set to os.system, and APPENDS calls it")
    yield add("add-shadowed", program(call(ordered) + pairs(text("add"), SYSTEM) + BUILD + MARK + text(MARKER) + ADDITEMS, 4), fine, "add is set to os.system, and ADDITEMS calls it")
    yield add("setattr-call", program(call(name("builtins", "setattr"), stack_name("collections", "abc"), text("Counter"), SYSTEM) + POP + call(stack_name("collections", "abc.Counter"), text(MARKER)), 4), fine, "setattr on a module")
    yield add("meta-path", program(name("sys", "meta_path") + GOOD + APPEND + POP + checkpoint()), fine, "the import machinery's finders are extended")
    yield add("dispatch-table", program(name("copyreg", "dispatch_table") + ordered + SYSTEM + SETITEM + POP + checkpoint()), fine, "the registry of picklers is rewritten")
    yield add("dict-of-module", program(call(name("builtins", "vars"), stack_name("collections", "abc")) + text("Counter") + SYSTEM + SETITEM + POP + call(stack_name("collections", "abc.Counter"), text(MARKER)), 4), fine, "a module's own dict is fetched with vars and written")
    yield add("torch-class", program(build(name("torch", "Size"), text("__new__"), SYSTEM) + POP + name("torch", "Size") + many(text(MARKER)) + NEWOBJ), fine, "an allowed class gets another __new__")


def indirect_cases():
    """The callable is reached by way of others."""
    twin = carrying(call(name("builtins", "set"), items(number(1))))
    os_ = call(name("builtins", "__import__"), text("os"))
    system = call(name("builtins", "getattr"), os_, text("system"))
    ways = {
        "getattr-import": call(system, text(MARKER)),
        "importlib": call(call(name("builtins", "getattr"), call(name("importlib", "import_module"), text("os")), text("system")), text(MARKER)),
        "resolve-name": call(call(name("pkgutil", "resolve_name"), text("os:system")), text(MARKER)),
        "resolve-name-dotted": call(call(name("pkgutil", "resolve_name"), text("os.system")), text(MARKER)),
        "locate": call(call(name("pydoc", "locate"), text("os.system")), text(MARKER)),
        "attrgetter": call(call(call(name("operator", "attrgetter"), text("system")), os_), text(MARKER)),
        "methodcaller": call(call(name("operator", "methodcaller"), text("system"), text(MARKER)), os_),
        "operator-call": call(name("operator", "call"), SYSTEM, text(MARKER)),
        "itemgetter-modules": call(name("builtins", "getattr"), call(call(name("operator", "itemgetter"), text("os")), name("sys", "modules")), text("system")) + many(text(MARKER)) + REDUCE,
        "modules-get": call(stack_name("builtins", "dict.get"), name("sys", "modules"), text("os")),
        "modules-getattr-chain": call(call(name("builtins", "getattr"), call(stack_name("sys", "modules.get"), text("os")), text("system")), text(MARKER)),
        "partial": call(call(name("functools", "partial"), SYSTEM, text(MARKER))),
        "partial-uncalled": call(name("functools", "partial"), SYSTEM, text(MARKER)),
        "reduce": call(name("functools", "reduce"), name("builtins", "getattr"), items(os_, text("system"))) + many(text(MARKER)) + REDUCE,
        "partialmethod": call(name("functools", "partialmethod"), SYSTEM, text(MARKER)),
        "starmap": call(name("builtins", "list"), call(name("itertools", "starmap"), SYSTEM, items(many(text(MARKER))))),
        "accumulate": call(name("builtins", "list"), call(name("itertools", "accumulate"), items(number(1), number(2)), SYSTEM)),
        "takewhile": call(name("builtins", "list"), call(name("itertools", "takewhile"), SYSTEM, items(text(MARKER)))),
        "iter-sentinel": call(name("builtins", "next"), call(name("builtins", "iter"), SYSTEM, number(0))),
        "sorted-key": call(name("_functools", "reduce"), SYSTEM, items(text(MARKER), text("x"))),
        "defaultdict-factory": call(stack_name("collections", "defaultdict.__missing__"), call(name("collections", "defaultdict"), SYSTEM), text("x")),
        "defaultdict-holds": call(name("collections", "defaultdict"), SYSTEM),
        "ordereddict-fromkeys": call(name("builtins", "getattr"), name("collections", "OrderedDict"), text("__init__")) + many(GOOD) + REDUCE + POP + EVIL,
        "method-descriptor": call(stack_name("types", "MethodType"), SYSTEM, text(MARKER)) + EMPTY_TUPLE + REDUCE,
        "class-made": call(call(name("builtins", "type"), text("X"), many(), pairs(text("__call__"), SYSTEM))),
        "descriptor-get": call(stack_name("builtins", "property.fget"), SYSTEM),
        "atexit": call(name("atexit", "register"), SYSTEM, text(MARKER)),
        "finalize": call(name("weakref", "finalize"), name("builtins", "set"), SYSTEM, text(MARKER)),
        "thread": call(call(name("builtins", "getattr"), call(name("threading", "Thread"), NONE, SYSTEM, NONE, many(text(MARKER))), text("start"))),
        "timer": call(call(name("builtins", "getattr"), call(name("threading", "Timer"), number(0), SYSTEM, items(text(MARKER))), text("start"))),
        "low-level-thread": call(name("_thread", "start_new_thread"), SYSTEM, many(text(MARKER))),
        "process-target": call(name("multiprocessing", "Process"), NONE, SYSTEM, NONE, many(text(MARKER))),
        "pool-submit": call(call(name("builtins", "getattr"), call(stack_name("concurrent.futures", "ThreadPoolExecutor"), number(1)), text("submit")), SYSTEM, text(MARKER)),
        "exit-stack": call(call(name("builtins", "getattr"), call(name("contextlib", "ExitStack")), text("callback")), SYSTEM, text(MARKER)),
        "signal": call(name("signal", "signal"), number(14), SYSTEM),
        "audit-hook": call(name("sys", "addaudithook"), SYSTEM),
        "set-trace": call(name("sys", "settrace"), SYSTEM),
        "singledispatch": call(call(name("functools", "singledispatch"), SYSTEM), text(MARKER)),
        "lru-cache": call(call(call(name("functools", "lru_cache"), NONE), SYSTEM), text(MARKER)),
        "cmp-to-key": call(name("functools", "cmp_to_key"), SYSTEM),
        "formatter": call(stack_name("string", "Formatter.format"), call(name("string", "Formatter")), text("{0.__class__.__init__.__globals__}"), GOOD),
        "str-format": call(stack_name("builtins", "str.format"), text("{0.__class__.__init__.__globals__}"), GOOD),
        "forward-ref": call(name("typing", "ForwardRef"), text("__import__('os')")),
        "build-class": call(name("builtins", "__build_class__"), SYSTEM, text("X")),
        "globals": call(name("builtins", "globals")),
        "code-and-function": call(call(name("types", "FunctionType"), call(name("marshal", "loads"), data(marshal.dumps(None))), EMPTY_DICT)),
        "exec-partial-map": call(name("builtins", "list"), call(name("builtins", "map"), call(name("functools", "partial"), name("builtins", "exec")), items(text("0")))),
        "namedtuple": call(name("collections", "namedtuple"), text("X"), text("a b")),
        "dataclass": call(name("dataclasses", "make_dataclass"), text("X"), items(text("a"))),
        "scheduler": call(stack_name("sched", "scheduler.run"), call(name("sched", "scheduler"), SYSTEM, SYSTEM)),
        "caller-of-torch": call(name("torch.utils._pytree", "tree_map"), SYSTEM, items(text(MARKER))),
        "numpy-vectorize": call(call(name("numpy", "vectorize"), SYSTEM), items(text(MARKER))),
        "numpy-apply": call(name("numpy", "apply_along_axis"), SYSTEM, number(0), items(text(MARKER))),
        "numpy-frompyfunc": call(call(name("numpy", "frompyfunc"), SYSTEM, number(1), number(1)), text(MARKER)),
        "pandas-apply": call(stack_name("pandas", "Series.apply"), call(name("pandas", "Series"), items(text(MARKER))), SYSTEM),
        "sklearn-transformer": call(name("sklearn.preprocessing._function_transformer", "FunctionTransformer"), SYSTEM),
        "torch-rebuild-hooks": call(name("torch._tensor", "_rebuild_from_type_v2"), SYSTEM, name("torch", "Tensor"), many(text(MARKER)), NONE),
        "joblib-delayed": call(call(name("joblib.parallel", "delayed"), SYSTEM), text(MARKER)),
        "copyreg-reconstructor": call(name("copyreg", "_reconstructor"), name("subprocess", "Popen"), name("builtins", "object"), NONE),
        "copyreg-newobj": call(name("copyreg", "__newobj__"), name("subprocess", "Popen"), items(text(NOWHERE))),
        "weak-method-chain": call(name("builtins", "getattr"), call(name("builtins", "getattr"), name("collections", "OrderedDict"), text("__init__")), text("__globals__")),
        "subclasses": call(call(name("builtins", "getattr"), name("builtins", "object"), text("__subclasses__"))),
        "typing-overlay": call(name("operator", "attrgetter"), text("__class__.__base__.__subclasses__")) + many(GOOD) + REDUCE,
        "enum-missing": call(name("enum", "Enum"), text("X"), text("a")),
    }
    for consumer in ("list", "tuple", "set", "frozenset", "dict", "any", "all", "max", "min", "sum", "sorted", "bytes", "next", "enumerate"):
        ways[f"map-{consumer}"] = call(name("builtins", consumer), call(name("builtins", "map"), SYSTEM, items(text(MARKER))))
    ways["filter-list"] = call(name("builtins", "list"), call(name("builtins", "filter"), SYSTEM, items(text(MARKER))))
    ways["map-deque"] = call(name("collections", "deque"), call(name("builtins", "map"), SYSTEM, items(text(MARKER))))
    lenient = {"modules-get", "partial-uncalled", "partialmethod", "defaultdict-holds", "descriptor-get", "cmp-to-key", "forward-ref", "globals", "namedtuple", "dataclass", "weak-method-chain", "subclasses", "typing-overlay", "enum-missing", "class-made", "formatter", "str-format", "sklearn-transformer"}
    for name_, expression in ways.items():
        version = 4 if STACK_GLOBAL in expression else 2
        yield one("indirect", name_, REVIEW if name_ in lenient else BLOCK, f"reaches a callable by way of {name_.replace('-', ' ')}", PATH, carrying(expression, version), twin)


def nested_cases():
    inner = program(EVIL)
    loads = lambda raw: call(name("pickle", "loads"), raw)
    decoded = lambda module, attribute, raw: call(name(module, attribute), raw)

    def add(name_, make, reason, expected=BLOCK):
        return one("nested", name_, expected, reason, PATH, carrying(make(inner)), carrying(data(bytes(range(64)))))

    for loader in ("pickle.loads", "_pickle.loads", "cPickle.loads", "torch.storage._load_from_bytes", "dill.loads", "dill._dill.loads", "cloudpickle.loads", "pandas.compat.pickle_compat.loads"):
        module, attribute = loader.rsplit(".", 1)
        yield add("literal-" + loader, lambda raw: call(name(module, attribute), data(raw)), f"{loader} on bytes in the pickle")
    yield add("base64", lambda raw: loads(decoded("base64", "b64decode", text2(base64.b64encode(raw).decode()))), "a pickle in base64")
    yield add("base85", lambda raw: loads(decoded("base64", "b85decode", text2(base64.b85encode(raw).decode()))), "a pickle in base85")
    yield add("hex", lambda raw: loads(decoded("binascii", "unhexlify", text2(raw.hex()))), "a pickle in hexadecimal")
    yield add("zlib", lambda raw: loads(decoded("zlib", "decompress", data(zlib.compress(raw, 9)))), "a pickle in zlib")
    yield add("gzip", lambda raw: loads(decoded("gzip", "decompress", data(gzip.compress(raw, mtime=0)))), "a pickle in gzip")
    yield add("bz2", lambda raw: loads(decoded("bz2", "decompress", data(bz2.compress(raw)))), "a pickle in bzip2")
    yield add("lzma", lambda raw: loads(decoded("lzma", "decompress", data(lzma.compress(raw)))), "a pickle in xz")
    yield add("codecs", lambda raw: loads(call(name("_codecs", "encode"), text2(raw.decode("latin1")), text2("latin1"))), "a pickle in text that _codecs.encode turns into bytes")
    yield add("base64-zlib", lambda raw: loads(decoded("zlib", "decompress", decoded("base64", "b64decode", text2(base64.b64encode(zlib.compress(raw)).decode())))), "a pickle in zlib in base64")
    yield add("bytesio", lambda raw: call(name("torch", "load"), call(name("_io", "BytesIO"), data(raw))), "torch.load on bytes in the pickle")
    yield add("unpickler", lambda raw: call(stack_name("builtins", "getattr"), call(name("pickle", "Unpickler"), call(name("io", "BytesIO"), data(raw))), text2("load")) + EMPTY_TUPLE + REDUCE, "pickle.Unpickler(...).load")
    yield add("joblib-bytesio", lambda raw: call(name("joblib", "load"), call(name("io", "BytesIO"), data(raw))), "joblib.load on bytes in the pickle")
    yield add("numpy-bytesio", lambda raw: call(name("numpy", "load"), call(name("io", "BytesIO"), data(raw)), NONE, TRUE), "numpy.load with pickles allowed")
    yield add("marshal", lambda raw: call(name("marshal", "loads"), data(marshal.dumps(0))), "marshal.loads on bytes in the pickle")
    yield add("frombuffer", lambda raw: loads(call(stack_name("builtins", "bytearray"), data(raw))), "a pickle in a bytearray")
    for depth in (2, 4, 8):
        def deep(raw, depth=depth):
            for _ in range(depth - 1):
                raw = program(loads(data(raw)))
            return loads(data(raw))
        yield add(f"depth-{depth}", deep, f"a pickle in a pickle, {depth} deep")
    yield add("bytes-unused", lambda raw: data(raw), "a pickle with a call lies in the data, and nothing here loads it", REVIEW)
    yield add("text-unused", lambda raw: text2(base64.b64encode(raw * 6).decode()), "a pickle with a call lies in base64 in the data, and nothing here loads it", REVIEW)
    buffer = b"\x96" + len(inner).to_bytes(8, "little") + inner
    yield one("nested", "bytearray8", BLOCK, "pickle.loads on BYTEARRAY8", PATH, carrying(loads(buffer), 5), carrying(b"\x96" + (4).to_bytes(8, "little") + b"abcd", 5))
    yield one("nested", "binbytes8", BLOCK, "pickle.loads on BINBYTES8", PATH, carrying(loads(b"\x8e" + len(inner).to_bytes(8, "little") + inner), 4), carrying(b"\x8e" + (4).to_bytes(8, "little") + b"abcd", 4))
    yield one("nested", "next-buffer", REVIEW, "NEXT_BUFFER: the bytes come from outside the file", PATH, carrying(b"\x97\x98", 5), carrying(data(b"abcd"), 5))


def serializer_cases():
    """What dill and cloudpickle write for functions and classes: code objects."""
    code = call(name("types", "CodeType"), number(0), number(0), number(0), number(0), number(1), number(67), data(b"d\x00S\x00"), many(NONE), many(), many(), text("x"), text("x"), number(1), data(b""))
    dill_code = call(name("dill._dill", "_create_code"), number(0), number(0), number(0), data(b"d\x00S\x00"), many(NONE))
    cloud_code = call(name("cloudpickle.cloudpickle", "_builtin_type"), text2("CodeType"))
    rows = {
        "dill-function": call(name("dill._dill", "_create_function"), dill_code, EMPTY_DICT, text2("x"), NONE, NONE),
        "dill-function-called": call(call(name("dill._dill", "_create_function"), dill_code, EMPTY_DICT)),
        "dill-type": call(name("dill._dill", "_create_type"), call(name("dill._dill", "_load_type"), text2("TypeType")), text2("X"), many(), EMPTY_DICT),
        "dill-load-type": call(call(name("dill._dill", "_load_type"), text2("CodeType")), number(0)),
        "dill-import-module": call(call(name("builtins", "getattr"), call(name("dill._dill", "_import_module"), text2("os")), text2("system")), text2(MARKER)),
        "dill-import-dotted": call(call(name("dill._dill", "_import_module"), text2("os.system")), text2(MARKER)),
        "dill-get-attr": call(call(name("dill._dill", "_get_attr"), call(name("dill._dill", "_import_module"), text2("os")), text2("system")), text2(MARKER)),
        "dill-eval-repr": call(name("dill._dill", "_eval_repr"), text2("0")),
        "dill-create-filehandle": call(name("dill._dill", "_create_filehandle"), text2(NOWHERE), text2("w"), number(0), FALSE, NONE, number(0), NONE, NONE),
        "dill-old-name": call(name("dill.dill", "_create_function"), dill_code, EMPTY_DICT),
        "dill-session": call(name("dill._dill", "_restore_modules"), text2("x"), EMPTY_DICT),
        "cloudpickle-function": call(name("cloudpickle.cloudpickle", "_make_function"), call(cloud_code, number(0)), EMPTY_DICT, text2("x"), NONE, NONE),
        "cloudpickle-function-called": call(call(name("cloudpickle.cloudpickle", "_make_function"), code, EMPTY_DICT, text2("x"), NONE, NONE)),
        "cloudpickle-subimport": call(call(name("builtins", "getattr"), call(name("cloudpickle.cloudpickle", "subimport"), text2("os")), text2("system")), text2(MARKER)),
        "cloudpickle-dynamic-subimport": call(name("cloudpickle.cloudpickle", "dynamic_subimport"), text2("x"), pairs(text2("a"), SYSTEM)),
        "cloudpickle-class": call(name("cloudpickle.cloudpickle", "_make_skeleton_class"), call(name("cloudpickle.cloudpickle", "_builtin_type"), text2("type")), text2("X"), many(), EMPTY_DICT, text2("id"), NONE),
        "cloudpickle-fast": call(name("cloudpickle.cloudpickle_fast", "_make_function"), code, EMPTY_DICT, text2("x"), NONE, NONE),
        "cloudpickle-loky": call(name("joblib.externals.cloudpickle.cloudpickle", "_make_function"), code, EMPTY_DICT, text2("x"), NONE, NONE),
        "cloudpickle-getsetattr": call(name("cloudpickle.cloudpickle", "_function_setstate"), SYSTEM, many(EMPTY_DICT, EMPTY_DICT)),
        "cloudpickle-ray": call(name("ray.cloudpickle.cloudpickle", "_make_function"), code, EMPTY_DICT, text2("x"), NONE, NONE),
    }
    twin = carrying(call(name("builtins", "set"), items(number(1))))
    for name_, expression in rows.items():
        yield one("serializer", name_, BLOCK, f"rebuilds code: {name_.replace('-', ' ')}", PATH, carrying(expression), twin)
    cell = call(name("cloudpickle.cloudpickle", "_make_empty_cell"))
    yield one("serializer", "cloudpickle-cell", REVIEW, "names cloudpickle's helpers", PATH, carrying(cell), twin)


def burden_cases():
    """Programs that attack whoever reads them: time and memory."""
    small = carrying(GOOD)
    laugh = items(number(1)) + put(0) + POP + b"".join(items(*(get(n) for _ in range(10))) + put(n + 1) + POP for n in range(40)) + get(40)
    rows = {
        "billion-laughs": (program(laugh), "lists of lists: 10^40 items when walked"),
        "tuple-doubling": (program(number(1) + (DUP + b"\x86") * 60), "60 doublings: 2^60 leaves"),
        "set-doubling": (program(EMPTY_TUPLE + (DUP + b"\x86") * 200, 4), "200 doublings"),
        "memo-far": (program(number(1) + put(0xFFFF_FFFF) + get(0xFFFF_FFFF)), "a memo slot far away: memory for 4 billion slots"),
        "marks": (program(MARK * 2_000_000), "two million marks"),
        "nest": (program(EMPTY_LIST * 200_000 + APPEND * 199_999), "lists nested 200,000 deep"),
        "nest-tuple": (program(NONE + b"\x85" * 1_000_000), "tuples nested a million deep"),
        "digits": (program(b"L" + b"9" * 3_000_000 + b"L\n"), "a number of three million digits"),
        "int-digits": (program(b"I" + b"9" * 1_000_000 + b"\n"), "INT with a million digits"),
        "long4": (program(b"\x8b" + (0x7FFF_FFFF).to_bytes(4, "little") + b"\x01"), "LONG4 that claims 2 GB"),
        "long4-negative": (program(b"\x8b" + (0x8000_0001).to_bytes(4, "little")), "LONG4 with a negative length"),
        "bytes8": (program(b"\x8e" + (1 << 62).to_bytes(8, "little") + b"x"), "BINBYTES8 that claims 4 EiB"),
        "bytearray8": (program(b"\x96" + (1 << 40).to_bytes(8, "little"), 5), "BYTEARRAY8 that claims 1 TiB"),
        "text8": (program(b"\x8d" + (1 << 63).to_bytes(8, "little"), 4), "BINUNICODE8 that claims 8 EiB"),
        "frame8": (b"\x80\x04" + frame(b"N.", (1 << 63) - 1), "FRAME that claims 8 EiB"),
        "global-line": (program(b"c" + b"a" * 4_000_000), "GLOBAL without an end of line"),
        "many-globals": (program(b"".join(name("m%d" % n, "x") + POP for n in range(60_000)) + NONE), "60,000 different names"),
        "protocol-255": (b"\x80\xffN.", "a protocol that does not exist"),
        "bad-opcode": (b"\x80\x04\xf0\xf1\xf2N.", "opcodes that do not exist"),
        "no-stop": (program(checkpoint())[:-1], "no STOP"),
        "stack-empty": (b"\x80\x020000.", "the stack runs empty"),
        "get-unset": (program(get(9)), "a memo slot that was never written"),
        "bad-utf8": (program(b"X\x02\0\0\0\xff\xfe"), "text that is not UTF-8"),
    }
    for name_, (hostile, reason) in rows.items():
        yield one("burden", "pickle-" + name_, REVIEW, reason, PATH, hostile, small)


def cases():
    for group in (opcode_cases, shadow_cases, indirect_cases, nested_cases, serializer_cases, burden_cases):
        yield from group()
