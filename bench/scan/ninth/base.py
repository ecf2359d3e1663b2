"""The frame of the ninth set, taken over from an earlier one: cases, how they are written, and small writers of containers.

Pickles are written by the interpreter's own (C) pickler, joblib, numpy, dill and cloudpickle. A function of a library that is
not installed is a stand-in class in a stand-in module, which exists only while something is written.
"""
import contextlib, gzip, hashlib, importlib, io, json, pathlib, pickle, random, shutil, struct, sys, tarfile, types, zipfile

SAY, GONE, HOST = "echo jingwei", "/nonexistent/jingwei", "https://example.invalid/jingwei"
Files = dict  # name → bytes, text or Link
CASES: list[tuple] = []
REAL = {"numpy", "sklearn", "joblib", "dill", "cloudpickle", "pandas", "scipy", *sys.stdlib_module_names}


class Link(str):
    """The target of a symbolic link."""


def add(name: str, expected: str, reason: str, hostile: Files, twin: Files):
    """`name` is group/technique/case."""
    assert expected in ("block", "review") and name.count("/") == 2 and hostile != twin and sorted(hostile) and sorted(twin), name
    CASES.append((*name.split("/"), expected, reason, hostile, twin))


def pair(name: str, expected: str, reason: str, make, evil, good):
    """One maker, once with the hostile and once with the plain part."""
    add(name, expected, reason, make(evil), make(good))


def raw(data) -> bytes: return b"link:" + data.encode() if isinstance(data, Link) else data.encode() if isinstance(data, str) else data


def write(out: pathlib.Path):
    for part in ("hostile", "twins"): shutil.rmtree(out / part, ignore_errors=True)
    out.mkdir(parents=True, exist_ok=True)
    seen, lines = set(), []
    for group, technique, name, expected, reason, hostile, twin in CASES:
        key = f"{group}/{technique}/{name}"
        assert key not in seen, key
        seen.add(key)
        for part, files in (("hostile", hostile), ("twins", twin)):
            is_twin, folder = part == "twins", f"{part}/{key.replace('/', '-')}"
            for path, data in files.items():
                target = out / folder / path
                target.parent.mkdir(parents=True, exist_ok=True)
                if isinstance(data, Link): target.symlink_to(data)
                else: target.write_bytes(raw(data))
            digest = hashlib.sha256(b"".join(n.encode() + b"\0" + hashlib.sha256(raw(d)).digest() for n, d in sorted(files.items()))).hexdigest()
            lines.append({"id": key + "#twin" * is_twin, "twin_of": key if is_twin else None, "group": group, "technique": technique, "folder": folder, "files": sorted(files), "digest": digest,
                          "expected": "clean" if is_twin else expected, "reason": "benign twin" if is_twin else reason, "holdout": False})
    (out / "cases.jsonl").write_text("".join(json.dumps(line, ensure_ascii=False) + "\n" for line in lines))


# Pickles

FAKES: dict[str, type] = {}


def G(dotted: str):
    """module:name, the real object where the library is here, else a stand-in of that name."""
    module, name = dotted.split(":")
    if module.split(".")[0] in REAL:
        with contextlib.suppress(ImportError, AttributeError):  # Python's own of other systems and versions get stand-ins
            found = importlib.import_module(module)
            for part in name.split("."): found = getattr(found, part)
            return found
    if dotted not in FAKES:
        FAKES[dotted] = type(name.split(".")[-1], (), {"__module__": module, "__qualname__": name})
        if "." in name: FAKES.setdefault(f"{module}:{name.split('.')[0]}", type(name.split(".")[0], (), {"__module__": module}))
    return FAKES[dotted]


@contextlib.contextmanager
def fakes():
    """Stand-in modules, for as long as a pickler looks names up."""
    kept = dict(sys.modules)
    for dotted, obj in FAKES.items():
        module, name = dotted.split(":")
        parts = module.split(".")
        for i in range(len(parts)):
            here = ".".join(parts[:i + 1])
            if not getattr(sys.modules.get(here), "stand_in", False): sys.modules[here] = types.ModuleType(here); sys.modules[here].stand_in = True
        if "." not in name: setattr(sys.modules[module], name, obj)
    for dotted, obj in FAKES.items():
        module, _, name = dotted.partition(":")
        if "." in name: setattr(FAKES[f"{module}:{name.split('.')[0]}"], name.split(".")[1], obj)
    try: yield
    finally:
        for key in [k for k in sys.modules if getattr(sys.modules[k], "stand_in", False)]:
            if key in kept: sys.modules[key] = kept[key]
            else: del sys.modules[key]


class Call:
    """Pickled as a call of a function, named module:name or given."""
    def __init__(self, function, *args, state=None): self.parts = (G(function) if isinstance(function, str) else function, args, *((state,) if state is not None else ()))
    def __reduce__(self): return self.parts


def obj(dotted: str, **state):
    """An instance with its state, as pickle's default writes it."""
    made = object.__new__(G(dotted))
    made.__dict__.update(state)
    return made


G("torch:FloatStorage")


class Storage:
    def __init__(self, key, count): self.key, self.count = key, count


class Torch(pickle.Pickler):
    def persistent_id(self, o): return ("storage", G("torch:FloatStorage"), str(o.key), "cpu", o.count) if isinstance(o, Storage) else None


def dumps(value, protocol=4, pickler=pickle.Pickler) -> bytes:
    out = io.BytesIO()
    with fakes(): pickler(out, protocol).dump(value)
    return out.getvalue()


def op(*parts) -> bytes:
    """Opcodes by hand: bytes as they are, text as SHORT_BINUNICODE."""
    return b"".join(p if isinstance(p, bytes) else b"\x8c" + bytes([len(p.encode())]) + p.encode() for p in parts)


def floats(n, seed=1): return struct.pack(f"<{n}f", *(random.Random(seed).uniform(-.1, .1) for _ in range(n)))


def estimator(k=0):
    import numpy
    from sklearn import linear_model, pipeline, preprocessing, tree
    r = numpy.random.RandomState(k)
    x, y = r.rand(24, 3 + k % 3), numpy.arange(24) % 2
    made = [preprocessing.StandardScaler(), tree.DecisionTreeClassifier(max_depth=2, random_state=0), linear_model.Ridge(), pipeline.make_pipeline(preprocessing.MinMaxScaler(), linear_model.RidgeClassifier())][k % 4]
    made.fit(x, y)
    if k % 4 == 1:  # the padding of a tree's nodes is whatever memory held
        state = made.tree_.__getstate__()
        nodes = state["nodes"]
        body = numpy.frombuffer(nodes.tobytes(), "u1").reshape(len(nodes), -1).copy()
        body[:, max(offset + kind.itemsize for kind, offset in nodes.dtype.fields.values()):] = 0
        made.tree_.__setstate__({**state, "nodes": body.view(nodes.dtype).reshape(-1)})
    return made


def weights(k=0):
    """A state dictionary and its storages."""
    import collections
    shapes = [("encoder.weight", (8, 4 + k % 3)), ("encoder.bias", (8,)), ("head.weight", (2, 8))]
    out, data = collections.OrderedDict(), {}
    for i, (name, shape) in enumerate(shapes):
        n = shape[0] * (shape[1] if len(shape) > 1 else 1)
        out[name] = Call("torch._utils:_rebuild_tensor_v2", Storage(i, n), 0, shape, (shape[1], 1) if len(shape) > 1 else (1,), False, collections.OrderedDict())
        data[str(i)] = floats(n, i + k)
    return out, data


def torch_zip(value, data=None, root="archive", more=(), pickled=None) -> bytes:
    members = [(f"{root}/data.pkl", pickled or dumps(value, 2, Torch)), (f"{root}/byteorder", b"little"), *((f"{root}/data/{k}", v) for k, v in (data or {}).items()), (f"{root}/version", b"3\n"), *more]
    return zipped(members)


def checkpoint(extra, k=0, **more) -> bytes:
    """Weights with something beside them."""
    tensors, data = weights(k)
    return torch_zip({"epoch": 3 + k, "state_dict": tensors, "extra": extra}, data, **more)


def legacy(value, data, keys=None, info=None) -> bytes:
    parts = [dumps(v, 2, Torch) for v in (0x1950A86A20F9469CFC6C, 1001, info or {"protocol_version": 1001, "little_endian": True, "type_sizes": {"short": 2, "int": 4, "long": 4}}, value, keys or sorted(data))]
    return b"".join(parts) + b"".join(struct.pack("<q", len(v) // 4) + v for _, v in sorted(data.items()))


def joblib_dump(value, compress=0) -> bytes:
    import joblib
    out = io.BytesIO()
    with fakes(): joblib.dump(value, out, compress=compress, protocol=4)
    return out.getvalue()


# Containers

def zipped(members, method=zipfile.ZIP_STORED, links=()) -> bytes:
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w") as archive:
        for name, data in members:
            info = zipfile.ZipInfo(name, (2026, 7, 1, 9, 0, 0))
            info.compress_type, info.external_attr = method, (0o120777 if name in links else 0o100644) << 16
            archive.writestr(info, data)
    return out.getvalue()


def tarred(members, compress=False) -> bytes:
    """Members are (name or TarInfo, bytes)."""
    out = io.BytesIO()
    with tarfile.open(fileobj=out, mode="w") as archive:
        for name, data in members:
            info = name if isinstance(name, tarfile.TarInfo) else tarfile.TarInfo(name)
            data = raw(data)
            info.size, info.mtime = len(data), 1782000000
            archive.addfile(info, io.BytesIO(data))
    return gzip.compress(out.getvalue(), mtime=0) if compress else out.getvalue()


def js(value) -> str: return json.dumps(value, indent=2, ensure_ascii=False) + "\n"


def pb(*fields) -> bytes:
    """Protobuf: (number, int | float | text | bytes)."""
    def varint(n):
        n, out = n & (1 << 64) - 1, b""
        while n > 127: out, n = out + bytes([n & 127 | 128]), n >> 7
        return out + bytes([n])
    out = b""
    for number, v in fields:
        if isinstance(v, int): out += varint(number << 3) + varint(v)
        elif isinstance(v, float): out += varint(number << 3 | 5) + struct.pack("<f", v)
        else: out += varint(number << 3 | 2) + varint(len(raw(v))) + raw(v)
    return out


def safetensors(meta=None, header=None, tail=b"", k=0) -> bytes:
    data, rows = b"", {"__metadata__": {"format": "pt", **(meta or {})}}
    for i, (name, shape) in enumerate([("model.embed.weight", [16, 4]), ("model.head.weight", [2, 4]), ("model.head.bias", [2])]):
        part = floats(shape[0] * (shape[1] if len(shape) > 1 else 1), i + k)
        rows[name] = {"dtype": "F32", "shape": shape, "data_offsets": [len(data), len(data) + len(part)]}
        data += part
    if header: header(rows)
    text = json.dumps(rows).encode()
    text += b" " * (-len(text) % 8)
    return struct.pack("<Q", len(text)) + text + data + tail


def h5(fill) -> bytes:
    import h5py
    out = io.BytesIO()
    with h5py.File(out, "w") as file: fill(file)
    return out.getvalue()
