"""The frame of the fourth set: the list of cases, what writes it, and how pickles and other containers are put together.

Pickles are written by Python's own pickler, so memo, frames and protocols are those of real files. What it can't know
(names of libraries that are not installed, calls, tensors) are small marks in the object: Ref, Call, New, Pid and Raw.
"""
import collections, hashlib, io, json, pickle, shutil, struct, tarfile, zipfile, zlib

SAY = "echo jingwei"                       # what a program is told to do
NOWHERE = "/nonexistent/jingwei"           # a path that is not there
URL = "https://example.invalid/jingwei"    # a host that no resolver answers
CASES, OUT = [], []
STAMP = (2026, 6, 1, 12, 0, 0)


class Link(str):
    """The content of a file that is a symbolic link."""


def case(group, technique, name, expected, reason, hostile, twin):
    """Adds a case and its twin; both are mappings of file name to bytes, text or Link."""
    assert expected in ("block", "review"), expected
    assert hostile != twin and list(twin), name
    CASES.append((group, technique, name, expected, reason, hostile, twin))


def several(group, technique, expected, rows):
    """Rows are (name, reason, hostile, twin); a reason that begins with `review:` or `block:` has its own expectation."""
    for name, reason, hostile, twin in rows:
        word, colon, rest = reason.partition(": ")
        own = colon and word in ("block", "review")
        case(group, technique, name, word if own else expected, rest if own else reason, hostile, twin)


def put(folder, files):
    for name, data in files.items():
        path = folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        if isinstance(data, Link): path.symlink_to(str(data))
        else: path.write_bytes(data.encode() if isinstance(data, str) else data)


def digest(files):
    total = hashlib.sha256()
    for name in sorted(files):
        data = files[name]
        data = b"link:" + data.encode() if isinstance(data, Link) else data.encode() if isinstance(data, str) else data
        total.update(name.encode() + b"\0" + hashlib.sha256(data).digest())
    return total.hexdigest()


def write_all(out):
    """OUT/hostile, OUT/twins and OUT/cases.jsonl; what was there is removed."""
    for part in ("hostile", "twins"): shutil.rmtree(out / part, ignore_errors=True)
    out.mkdir(parents=True, exist_ok=True)
    seen, lines = set(), []
    for group, technique, name, expected, reason, hostile, twin in CASES:
        key = f"{group}/{technique}/{name}"
        assert key not in seen, key
        seen.add(key)
        for kind, files in (("hostile", hostile), ("twins", twin)):
            folder = f"{kind}/{key.replace('/', '-')}"
            put(out / folder, files)
            twin_of = key if kind == "twins" else None
            lines.append({"id": key + ("#twin" if twin_of else ""), "twin_of": twin_of, "group": group, "technique": technique, "folder": folder, "files": sorted(files), "digest": digest(files),
                          "expected": "clean" if twin_of else expected, "reason": "benign twin" if twin_of else reason, "holdout": False})
    (out / "cases.jsonl").write_text("".join(json.dumps(line, ensure_ascii=False) + "\n" for line in lines))


# Pickles

class Ref:
    """A global, module:name. One object a name, so that the memo finds it again."""
    known = {}
    def __new__(cls, dotted):
        if dotted not in cls.known:
            cls.known[dotted] = self = super().__new__(cls)
            self.dotted = dotted
        return cls.known[dotted]


class Call:
    """What comes of calling target with plain arguments, and a state that is set on it."""
    def __init__(self, target, *args, state=None, lists=(), pairs=()): self.target, self.args, self.state, self.lists, self.pairs = target, args, state, lists, pairs


class New(Call):
    """An object made by NEWOBJ (copyreg.__newobj__ below protocol 2)."""


class Pid:
    def __init__(self, value): self.value = value


class Raw:
    """Opcodes as they are. They leave one object on the stack."""
    def __init__(self, code): self.code = code


class Writes:
    """For a pure Python pickler: the marks above. joblib's pickler has it, too."""
    def named(self, ref):
        module, name = ref.dotted.split(":")
        if self.proto >= 4:
            self.save(module); self.save(name); self.write(pickle.STACK_GLOBAL)
        else: self.write(b"c" + module.encode() + b"\n" + name.encode() + b"\n")
        self.memoize(ref)

    def save(self, obj, save_persistent_id=True):
        if not isinstance(obj, (Ref, Call, Pid, Raw)): return super().save(obj, save_persistent_id)
        known = self.memo.get(id(obj))
        if known is not None: return self.write(self.get(known[0]))
        self.kept = getattr(self, "kept", [])
        self.kept.append(obj)
        if isinstance(obj, Raw): return self.write(obj.code)
        if isinstance(obj, Ref): return self.named(obj)
        if isinstance(obj, Pid):
            self.save(obj.value)
            return self.write(pickle.BINPERSID)
        target = Ref(obj.target) if isinstance(obj.target, str) else obj.target
        args = tuple(obj.args)
        if isinstance(obj, New) and self.proto < 2: target, args, isnew = Ref("copy_reg:__newobj__"), (target, *args), False
        else: isnew = isinstance(obj, New)
        self.save(target); self.save(args)
        self.write(pickle.NEWOBJ if isnew else pickle.REDUCE)
        self.memoize(obj)
        if obj.lists: self._batch_appends(iter(obj.lists))
        if obj.pairs: self._batch_setitems(iter(obj.pairs))
        if obj.state is not None: self.save(obj.state); self.write(pickle.BUILD)


class Pickler(Writes, pickle._Pickler): pass


def dump(obj, protocol=4):
    out = io.BytesIO()
    Pickler(out, protocol).dump(obj)
    return out.getvalue()


# Calls of a few plain things that benign files have, too.
def os_system(text=SAY): return Call("posix:system", text)


# Objects as real publishers pickle them

def floats(n, seed=7):
    """n small float32 values as bytes, the same every time and not all alike."""
    out, x = bytearray(), seed * 2654435761 & 0xFFFFFFFF or 1
    for _ in range(n):
        x = (x * 1664525 + 1013904223) & 0xFFFFFFFF
        out += struct.pack("<f", (x / 0xFFFFFFFF - .5) * .2)
    return bytes(out)


def array(shape, seed=3, dtype="f4"):
    """A numpy array as numpy's own reduce writes it."""
    shape = shape if isinstance(shape, tuple) else (shape,)
    count = 1
    for side in shape: count *= side
    data = floats(count, seed) if dtype == "f4" else b"".join(struct.pack("<d", v[0]) for v in struct.iter_unpack("<f", floats(count, seed)))
    kind = Call("numpy:dtype", dtype, False, True, state=(3, "<", None, None, None, -1, -1, 0))
    return Call("numpy.core.multiarray:_reconstruct", Ref("numpy:ndarray"), (0,), b"b", state=(1, shape, kind, False, data))


def estimator(k=0, **more):
    """A scikit-learn estimator with fitted arrays: one of four."""
    n = 8 + k % 5
    name, state = [
        ("sklearn.linear_model._logistic:LogisticRegression", {"penalty": "l2", "dual": False, "tol": .0001, "C": 1.0, "fit_intercept": True, "intercept_scaling": 1, "class_weight": None, "random_state": 0, "max_iter": 200, "solver": "lbfgs", "verbose": 0, "warm_start": False, "n_jobs": None, "l1_ratio": None, "classes_": array(2, 1, "f8"), "coef_": array((1, n), k, "f8"), "intercept_": array(1, k, "f8"), "n_features_in_": n}),
        ("sklearn.preprocessing._data:StandardScaler", {"with_mean": True, "with_std": True, "copy": True, "mean_": array(n, k, "f8"), "scale_": array(n, k + 1, "f8"), "var_": array(n, k + 2, "f8"), "n_features_in_": n}),
        ("sklearn.cluster._kmeans:KMeans", {"n_clusters": 3, "init": "k-means++", "n_init": 10, "max_iter": 300, "tol": .0001, "verbose": 0, "random_state": 0, "copy_x": True, "algorithm": "lloyd", "cluster_centers_": array((3, n), k, "f8"), "inertia_": 12.5, "n_iter_": 7}),
        ("sklearn.svm._classes:LinearSVC", {"dual": True, "tol": .0001, "C": .5, "multi_class": "ovr", "fit_intercept": True, "intercept_scaling": 1, "class_weight": None, "verbose": 0, "random_state": 0, "max_iter": 1000, "penalty": "l2", "loss": "squared_hinge", "coef_": array((2, n), k, "f8"), "intercept_": array(2, k, "f8"), "n_iter_": 113}),
    ][k % 4]
    return New(name, state={**state, **more, "_sklearn_version": "1.5.2"})


def bundle(extra, k=0):
    """What most publishers pickle: a dictionary of an estimator, its columns and a note; `extra` sits among them."""
    return {"model": estimator(k), "columns": ["age", "height", "weight", "sex", "smoker"][: 3 + k % 3], "threshold": .5 + k / 100, "extra": extra, "trained": "2026-05-0%d" % (1 + k % 9)}


def plain(k=0):
    """A benign thing in the place of the hostile one."""
    return [collections.Counter({"yes": 310, "no": 290}), collections.OrderedDict(lr=.001, epochs=12), array((2, 3), k), {"acc": .93, "f1": .91}, estimator(k + 1), {"vocabulary": ["the", "of", "and"], "size": 3}][k % 6]


# torch

def tensor(key, shape, dtype="Float"):
    count = 1
    for side in shape: count *= side
    stride, left = [], count
    for side in shape:
        left //= side
        stride.append(left)
    return Call("torch._utils:_rebuild_tensor_v2", Pid(("storage", Ref(f"torch:{dtype}Storage"), str(key), "cpu", count)), 0, tuple(shape), tuple(stride), False, collections.OrderedDict())


SHAPES = [[("conv1.weight", (8, 3, 3, 3)), ("conv1.bias", (8,)), ("fc.weight", (4, 8)), ("fc.bias", (4,))], [("embed.weight", (32, 8)), ("lstm.weight_ih_l0", (32, 8)), ("head.weight", (2, 8))],
          [("encoder.0.weight", (16, 8)), ("encoder.0.bias", (16,)), ("decoder.weight", (8, 16))]]


def state_dict(k=0):
    """A state dictionary and its storages: key → bytes."""
    shapes = SHAPES[k % len(SHAPES)]
    sizes = [1] * len(shapes)
    for index, (_, shape) in enumerate(shapes):
        for side in shape: sizes[index] *= side
    return collections.OrderedDict((name, tensor(i, shape)) for i, (name, shape) in enumerate(shapes)), {str(i): floats(size, k + i + 1) for i, size in enumerate(sizes)}


def torch_zip(obj, storages, root="archive", protocol=2, more=(), pickled=None):
    members = [(f"{root}/data.pkl", pickled if pickled is not None else dump(obj, protocol)), (f"{root}/byteorder", b"little")]
    members += [(f"{root}/data/{key}", data) for key, data in storages.items()]
    return zipped([*members, (f"{root}/version", b"3\n"), (f"{root}/.data/serialization_id", b"0636457737946401051300000027264239692310"), *more])


def torch_legacy(obj, storages, protocol=2, after=None):
    info = {"protocol_version": 1001, "little_endian": True, "type_sizes": {"short": 2, "int": 4, "long": 4}}
    parts = [dump(0x1950A86A20F9469CFC6C, protocol), dump(1001, protocol), dump(info, protocol), dump(obj, protocol), dump(sorted(storages), protocol) if after is None else after]
    return b"".join(parts) + b"".join(struct.pack("<q", len(data) // 4) + data for _, data in sorted(storages.items()))


def checkpoint(extra, k=0, legacy=False, **more):
    """A training checkpoint with `extra` beside the weights."""
    weights, storages = state_dict(k)
    obj = {"epoch": 12 + k, "state_dict": weights, "optimizer": {"state": {}, "param_groups": [{"lr": .001, "betas": (.9, .999), "params": [0, 1, 2]}]}, "extra": extra}
    return torch_legacy(obj, storages) if legacy else torch_zip(obj, storages, **more)


# Archives

def zipped(members, method=zipfile.ZIP_STORED, links=()):
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w") as archive:
        for name, data in members:
            info = zipfile.ZipInfo(name, STAMP)
            info.compress_type = method
            info.external_attr = (0o120777 if name in links else 0o100644) << 16
            archive.writestr(info, data)
    return out.getvalue()


def tarred(members, mode="w", kind=None, form=tarfile.PAX_FORMAT):
    """Members are (name, bytes) or (TarInfo, bytes)."""
    out = io.BytesIO()
    with tarfile.open(fileobj=out, mode="w", format=form) as archive:
        for name, data in members:
            info = name if isinstance(name, tarfile.TarInfo) else tarfile.TarInfo(name)
            info.size, info.mtime = len(data), 1780000000
            archive.addfile(info, io.BytesIO(data))
    return gz(out.getvalue()) if mode == "gz" else out.getvalue()


def gz(data, name=b"", extra=b""):
    body = zlib.compressobj(6, zlib.DEFLATED, -15)
    flags = (4 if extra else 0) | (8 if name else 0)
    head = b"\x1f\x8b\x08" + bytes([flags]) + b"\0\0\0\0\0\x03" + (struct.pack("<H", len(extra)) + extra if extra else b"") + (name + b"\0" if name else b"")
    return head + body.compress(data) + body.flush() + struct.pack("<II", zlib.crc32(data), len(data) & 0xFFFFFFFF)


# Protobuf

def varint(n):
    out = bytearray()
    n &= (1 << 64) - 1
    while n > 127:
        out.append(n & 127 | 128)
        n >>= 7
    return bytes(out) + bytes([n])


def pb(*fields):
    """Fields are (number, value): integers as varints, floats as fixed32, text and bytes by length."""
    out = b""
    for number, value in fields:
        if isinstance(value, bool) or isinstance(value, int): out += varint(number << 3) + varint(int(value))
        elif isinstance(value, float): out += varint(number << 3 | 5) + struct.pack("<f", value)
        else:
            value = value.encode() if isinstance(value, str) else value
            out += varint(number << 3 | 2) + varint(len(value)) + value
    return out


def js(value): return json.dumps(value, indent=2, ensure_ascii=False) + "\n"


# Safetensors

def safetensors(tensors=None, meta=None, header=None, tail=b"", data=None):
    """Tensors are name → (dtype, shape, bytes)."""
    tensors = tensors if tensors is not None else {"embed.weight": ("F32", [16, 8], floats(128, 2)), "head.weight": ("F32", [4, 8], floats(32, 5)), "head.bias": ("F32", [4], floats(4, 9))}
    rows, body = {"__metadata__": meta or {"format": "pt"}}, b""
    for name, (dtype, shape, content) in tensors.items():
        rows[name] = {"dtype": dtype, "shape": shape, "data_offsets": [len(body), len(body) + len(content)]}
        body += content
    text = header if header is not None else json.dumps(rows, separators=(",", ":"))
    text = text.encode() if isinstance(text, str) else text
    text += b" " * (-len(text) % 8)
    return struct.pack("<Q", len(text)) + text + (body if data is None else data) + tail


# Flatbuffers, by their builder

def flat(build, ident=None):
    """`build` gets a builder and gives the root's offset."""
    import flatbuffers
    b = flatbuffers.Builder(1024)
    root = build(b)
    b.Finish(root, file_identifier=ident) if ident else b.Finish(root)
    return bytes(b.Output())


def table(b, *slots):
    """A table of (slot, kind, value): kind is u8, u32, i32, i64, f32, bool or ref. Nested things must be made before."""
    add = {"u8": b.PrependUint8Slot, "i8": b.PrependInt8Slot, "u32": b.PrependUint32Slot, "i32": b.PrependInt32Slot, "u64": b.PrependUint64Slot, "i64": b.PrependInt64Slot, "f32": b.PrependFloat32Slot, "bool": b.PrependBoolSlot, "u16": b.PrependUint16Slot}
    b.StartObject(1 + max([slot for slot, _, _ in slots], default=0))
    for slot, kind, value in slots:
        if kind == "ref": b.PrependUOffsetTRelativeSlot(slot, value, 0)
        else: add[kind](slot, value, None if kind not in ("bool",) else False)
    return b.EndObject()


def vector(b, items, kind="ref"):
    width = {"ref": 4, "i32": 4, "u32": 4, "f32": 4, "u8": 1, "i64": 8, "f64": 8, "u64": 8}[kind]
    b.StartVector(width, len(items), width)
    for item in reversed(list(items)):
        {"ref": b.PrependUOffsetTRelative, "i32": b.PrependInt32, "u32": b.PrependUint32, "f32": b.PrependFloat32, "u8": b.PrependUint8, "i64": b.PrependInt64, "f64": b.PrependFloat64, "u64": b.PrependUint64}[kind](item)
    return b.EndVector()
