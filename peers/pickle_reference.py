"""Writes the golden file that jingwei-pickle is compared with: what CPython's own unpickler imports and calls for many
generated pickles of all protocols, and for such pickles with opcodes changed. Nothing is imported: `find_class` gives
inert recorders, and the opcodes that call are overridden to record. Only pickles that CPython follows to the end are kept.
Needs nothing: python peers/pickle_reference.py > crates/jingwei-pickle/tests/reference.json"""
import io, json, pickle, pickletools, random, sys, types

random.seed(20261121)


class Recorder:
    """An imported name. Hashable, has whatever attribute is asked for, and does nothing."""

    def __init__(self, name):
        self.name, self.calls = name, 0


class Result:
    def append(self, value): pass
    def extend(self, values): pass
    def add(self, value): pass
    def __setitem__(self, key, value): pass


class Tracer(pickle._Unpickler):
    dispatch = dict(pickle._Unpickler.dispatch)

    def __init__(self, data):
        super().__init__(io.BytesIO(data), encoding="latin1")
        self.imports = {}

    def find_class(self, module, name):
        return self.imports.setdefault((module, name), Recorder(name))

    def persistent_load(self, pid):
        return Result()

    def called(self, callable, arguments):
        if type(arguments) is not tuple or not isinstance(callable, Recorder):
            raise pickle.UnpicklingError("not a call of a name")
        callable.calls += 1
        # What protocols 0 and 1 rebuild with: the class that it makes counts as called, too.
        if callable.name == "_reconstructor" and arguments and isinstance(arguments[0], Recorder):
            arguments[0].calls += 1
        return Result()

    def reduce(self):
        arguments = self.stack.pop()
        self.stack[-1] = self.called(self.stack[-1], arguments)

    def newobj(self):
        arguments = self.stack.pop()
        self.append(self.called(self.stack.pop(), arguments))

    def newobj_ex(self):
        self.stack.pop()
        arguments = self.stack.pop()
        self.append(self.called(self.stack.pop(), arguments))

    def obj(self):
        arguments = self.pop_mark()
        callable = arguments.pop(0)
        self.append(self.called(callable, tuple(arguments)))

    def inst(self):
        module, name = self.readline()[:-1].decode("ascii"), self.readline()[:-1].decode("ascii")
        callable = self.find_class(module, name)
        self.append(self.called(callable, tuple(self.pop_mark())))

    def build(self):
        self.stack.pop()
        if not isinstance(self.stack[-1], Result):
            raise pickle.UnpicklingError("state for what was not called")

    dispatch[pickle.REDUCE[0]] = reduce
    dispatch[pickle.NEWOBJ[0]] = newobj
    dispatch[pickle.NEWOBJ_EX[0]] = newobj_ex
    dispatch[pickle.OBJ[0]] = obj
    dispatch[pickle.INST[0]] = inst
    dispatch[pickle.BUILD[0]] = build


def make_class(n):
    module = types.ModuleType(f"golden.part{n % 3}")
    sys.modules.setdefault("golden", types.ModuleType("golden"))
    module = sys.modules.setdefault(module.__name__, module)
    kind = n % 5
    body = {"__module__": module.__name__}
    if kind == 1:
        body["__reduce__"] = lambda self: (type(self), (1, "two"), {"a": 3.0}, iter([4, 5]), iter([("k", 6)]))
        body["__init__"] = lambda self, *a: None
        body["append"] = lambda self, v: None
        body["extend"] = lambda self, v: None
        body["__setitem__"] = lambda self, k, v: None
    if kind == 2:
        body["__getnewargs_ex__"] = lambda self: ((7,), {"key": 8})
        body["__new__"] = lambda cls, *a, **k: object.__new__(cls)
    if kind == 3:
        body["__slots__"] = ("x", "y")
        body["__getstate__"] = lambda self: (None, {"x": 1})
        body["__setstate__"] = lambda self, state: None
    if kind == 4:
        body["__getnewargs__"] = lambda self: (9, 10)
        body["__new__"] = lambda cls, *a: object.__new__(cls)
    made = type(f"Class{n}", (), body)
    made.__qualname__ = made.__name__ = f"Class{n}"
    setattr(module, made.__name__, made)
    return made


CLASSES = [make_class(n) for n in range(15)]


def value(depth, shared):
    if shared and random.random() < 0.2:
        return random.choice(shared)
    kind = random.randrange(17 if depth else 9)
    if kind == 0: return random.choice([None, True, False, ..., NotImplemented])
    if kind == 1: return random.choice([0, 1, 255, 256, 65535, 65536, -1, 2**31, -(2**31), 2**63, -(2**70), 10**40])
    if kind == 2: return random.choice([0.0, -1.5, 1e300, float("inf")])
    if kind == 3: return random.choice(["", "plain", "é漢字😀", "line\nbreak\\u0041", "x" * 300, "\ud800"])
    if kind == 4: return random.choice([b"", b"bytes", bytes(range(256)), b"y" * 300])
    if kind == 5: return random.choice(CLASSES)
    if kind == 6: return bytearray(b"array")
    if kind == 7: return complex(1, 2)
    if kind == 8: return random.randrange(1000)
    size = random.randrange(5)
    if kind in (9, 10): made = [value(depth - 1, shared) for _ in range(size)]
    elif kind == 11: made = tuple(value(depth - 1, shared) for _ in range(size))
    elif kind in (12, 13): made = {random.choice(["a", "b", 3, (4, 5), None]): value(depth - 1, shared) for _ in range(size)}
    elif kind == 14: made = random.choice([set, frozenset])(random.sample(range(20), size))
    else:
        chosen = random.choice(CLASSES)
        made = chosen.__new__(chosen)
        if hasattr(made, "__dict__"):
            made.__dict__["inner"] = value(depth - 1, shared)
            if random.random() < 0.2: made.__dict__["self"] = made
    shared.append(made)
    return made


def opcodes(data):
    positions = [at for _, _, at in pickletools.genops(data)] + [len(data)]
    return [data[a:b] for a, b in zip(positions, positions[1:])]


EXTRA = [b"0", b"1", b"2", b"(", b"N", b")", b"]", b"}", b"\x94", b"t", b"l", b"d", b"\x85", b"\x86", b"a", b"s", b"e", b"u", b"R", b"b",
         b"o", b"h\x00", b"h\x01", b"q\x00", b"q\x05", b"p7\n", b"g7\n", b"r\x09\x00\x00\x00", b"cgolden.part0\nClass0\n", b"igolden.part1\nClass1\n",
         b"\x8c\x0cgolden.part2\x8c\x06Class2\x93", b"Ppersistent\n", b"Q", b"S'it\\'s'\n", b"V\\u00e9\n", b"I-12\n", b"L99L\n", b"F1.5\n", b"I01\n", b"\x8f", b"\x90", b"\x91"]


def changed(parts):
    parts = list(parts)
    for _ in range(random.randrange(1, 5)):
        at = random.randrange(len(parts))
        choice = random.random()
        if choice < 0.25: del parts[at]
        elif choice < 0.6: parts.insert(at, random.choice(EXTRA))
        elif choice < 0.8: parts.insert(at, random.choice(parts))
        else: parts[at] = random.choice(parts)
        if not parts: break
    return b"".join(part for part in parts if part[:1] != b"\x95")


def reference(data):
    tracer = Tracer(data)
    try:
        tracer.load()
    except Exception:
        return None
    if tracer._file_read(1):
        return None
    return [[module, name, recorder.calls] for (module, name), recorder in tracer.imports.items()]


def main():
    cases, seen = [], set()
    def keep(data):
        imports = reference(data)
        if imports is not None and data not in seen and len(data) < 2000:
            seen.add(data)
            cases.append({"hex": data.hex(), "imports": imports})
    while len(cases) < 240:
        try:
            data = pickle.dumps(value(3, []), random.randrange(6))
        except Exception:
            continue
        keep(data)
    originals = [opcodes(bytes.fromhex(case["hex"])) for case in cases]
    while len(cases) < 600:
        keep(changed(random.choice(originals)))
    print("[\n" + ",\n".join(json.dumps(case) for case in cases) + "\n]")


main()
