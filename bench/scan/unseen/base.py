"""Shared parts of generate.py: the case list, a small pickle assembler, protobuf, zip, tar and torch writers.

Everything is deterministic: no clock, no random numbers, no machine's paths.
"""
import hashlib, io, json, pathlib, shutil, struct, tarfile, zipfile, zlib

MARK = "JINGWEI-INERT"
CASES = []


def case(group, technique, name, expected, reason, hostile, twin):
    """hostile and twin: file name -> bytes, str or ("link", target)."""
    assert expected in ("block", "review")
    assert not any(c["id"] == f"{group}/{technique}/{name}" for c in CASES), name
    CASES.append({"id": f"{group}/{technique}/{name}", "group": group, "technique": technique, "expected": expected, "reason": reason, "hostile": hostile, "twin": twin})


# ---- pickle assembler -------------------------------------------------------

def proto(n): return b"\x80" + bytes([n])
def g(module, name): return b"c" + module.encode() + b"\n" + name.encode() + b"\n"  # GLOBAL
def u(text):  # BINUNICODE
    raw = text.encode("utf8"); return b"X" + struct.pack("<I", len(raw)) + raw
def su(text):  # SHORT_BINUNICODE
    raw = text.encode("utf8"); return b"\x8c" + bytes([len(raw)]) + raw
def sg(module, name): return su(module) + su(name) + b"\x93"  # STACK_GLOBAL
def by(raw): return b"B" + struct.pack("<I", len(raw)) + raw  # BINBYTES
def i(n): return b"J" + struct.pack("<i", n)
def tup(*parts): return b"(" + b"".join(parts) + b"t"
def call(function, *args): return function + tup(*args) + b"R"
def enc(value):
    """A plain value as opcodes."""
    if value is None: return b"N"
    if value is True: return b"\x88"
    if value is False: return b"\x89"
    if isinstance(value, int): return i(value) if -2**31 <= value < 2**31 else b"\x8a" + (lambda r: bytes([len(r)]) + r)(value.to_bytes((value.bit_length() // 8) + 1, "little", signed=True))
    if isinstance(value, float): return b"G" + struct.pack(">d", value)
    if isinstance(value, str): return u(value)
    if isinstance(value, bytes): return by(value)
    if isinstance(value, tuple): return tup(*map(enc, value))
    if isinstance(value, list): return b"](" + b"".join(map(enc, value)) + b"e"
    if isinstance(value, dict): return b"}(" + b"".join(enc(k) + enc(v) for k, v in value.items()) + b"u"
    if isinstance(value, Op): return value.raw
    raise TypeError(value)
class Op:
    def __init__(self, raw): self.raw = raw
def G(dotted):
    module, name = dotted.split(":"); return g(module, name)
def pk(body, n=2): return proto(n) + body + b"."
def wrap(body, n=2):
    """The body's value as one entry of an ordinary dict of a model."""
    return proto(n) + b"}(" + u("format") + u("jw-model") + u("classes") + enc(["cat", "dog"]) + u("state") + body + u("epoch") + i(3) + b"u."


# benign callables that honest files call, with arguments of the same kind
BENIGN = [
    ("collections:OrderedDict", ([("weight", 1)],)), ("collections:Counter", (["a", "b"],)), ("builtins:frozenset", (["a"],)), ("decimal:Decimal", ("1.25",)), ("builtins:complex", (1.0, 2.0)),
    ("datetime:date", (b"\x07\xe8\x01\x02",)), ("datetime:timedelta", (1, 2, 3)), ("collections:deque", ([], 5)), ("builtins:set", (["a", "b"],)), ("fractions:Fraction", ("3/4",)), ("uuid:UUID", ("12345678123456781234567812345678",)), ("builtins:bytearray", (b"abc",)),
]
def benign(k):
    name, args = BENIGN[k % len(BENIGN)]
    return G(name) + enc(args) + b"R"


# ---- protobuf ---------------------------------------------------------------

def varint(n):
    n &= (1 << 64) - 1
    out = b""
    while True:
        out += bytes([n & 127 | (128 if n > 127 else 0)]); n >>= 7
        if not n: return out
def pv(field, n): return varint(field << 3) + varint(n)
def pb(field, raw):
    raw = raw.encode() if isinstance(raw, str) else raw
    return varint(field << 3 | 2) + varint(len(raw)) + raw
def pm(field, key, value): return pb(field, pb(1, key) + pb(2, value))  # map entry


# ---- archives ---------------------------------------------------------------

def zipped(members, method=zipfile.ZIP_STORED, mutate=None):
    """members: list of (name or ZipInfo, bytes)."""
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w", method) as archive:
        import warnings
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            for name, data in members:
                info = name if isinstance(name, zipfile.ZipInfo) else zipfile.ZipInfo(name, (1980, 1, 1, 0, 0, 0))
                if not isinstance(name, zipfile.ZipInfo): info.compress_type = method
                info.create_system = 3
                archive.writestr(info, data)
    return out.getvalue()
def zlink(name, target):
    info = zipfile.ZipInfo(name, (1980, 1, 1, 0, 0, 0)); info.create_system = 3; info.external_attr = 0o120777 << 16
    return info, target.encode()
def tarred(members, format=tarfile.GNU_FORMAT, mode="w"):
    """members: list of (name, bytes) or a ready (TarInfo, bytes)."""
    out = io.BytesIO()
    with tarfile.open(fileobj=out, mode="w", format=format) as archive:
        for name, data in members:
            info = name if isinstance(name, tarfile.TarInfo) else tarfile.TarInfo(name)
            if not isinstance(name, tarfile.TarInfo) or info.type == tarfile.REGTYPE: info.size = len(data)
            archive.addfile(info, io.BytesIO(data) if info.isreg() else None)
    return out.getvalue()
def tlink(name, target, kind=tarfile.SYMTYPE):
    info = tarfile.TarInfo(name); info.type = kind; info.linkname = target
    return info, b""
def gz(raw, level=6):
    c = zlib.compressobj(level, zlib.DEFLATED, 31)
    return c.compress(raw) + c.flush()


# ---- torch ------------------------------------------------------------------

def tensor(key, shape, strides, storage="FloatStorage", offset=0):
    count = 1
    for n in shape: count *= n
    pid = tup(u("storage"), g("torch", storage), u(key), u("cpu"), i(count)) + b"Q"
    return g("torch._utils", "_rebuild_tensor_v2") + tup(pid, i(offset), enc(tuple(shape)), enc(tuple(strides)), b"\x89", g("collections", "OrderedDict") + b")R") + b"R"
def state(extra=b""):
    """The opcodes of a state dict of one linear layer; extra: further key and value opcodes."""
    return g("collections", "OrderedDict") + b")R(" + u("weight") + tensor("0", (2, 3), (3, 1)) + u("bias") + tensor("1", (2,), (1,)) + extra + b"u"
FLOATS = [struct.pack("<6f", *(.1, -.2, .3, .4, -.5, .6)), struct.pack("<2f", .01, -.02)]
def torch_zip(body, root="archive", more=(), method=zipfile.ZIP_STORED, raw=False):
    data = body if raw else pk(body)
    return zipped([(f"{root}/data.pkl", data), (f"{root}/data/0", FLOATS[0]), (f"{root}/data/1", FLOATS[1]), (f"{root}/version", b"3\n"), *more], method)
def torch_legacy(body, magic=None, version=None, system=None, keys=None, tail=b"", after=b""):
    def t(key, shape, strides):
        count = 1
        for n in shape: count *= n
        pid = tup(u("storage"), g("torch", "FloatStorage"), u(key), u("cpu"), i(count), b"N") + b"Q"
        return g("torch._utils", "_rebuild_tensor_v2") + tup(pid, i(0), enc(tuple(shape)), enc(tuple(strides)), b"\x89", g("collections", "OrderedDict") + b")R") + b"R"
    body = body if body is not None else g("collections", "OrderedDict") + b")R(" + u("weight") + t("0", (2, 3), (3, 1)) + u("bias") + t("1", (2,), (1,)) + b"u" + after
    return ((magic or pk(enc(0x1950A86A20F9469CFC6C))) + (version or pk(enc(1001))) + (system or pk(enc({"protocol_version": 1001, "little_endian": True, "type_sizes": {"short": 2, "int": 4, "long": 4}})))
            + pk(body) + (keys or pk(enc(["0", "1"]))) + struct.pack("<q", 6) + FLOATS[0] + struct.pack("<q", 2) + FLOATS[1] + tail)


# ---- numpy ------------------------------------------------------------------

def npy(descr, shape, data, version=1, fortran=False):
    text = f"{{'descr': {descr}, 'fortran_order': {fortran}, 'shape': {shape}, }}"
    size = 10 if version == 1 else 12
    text = text + " " * (-(len(text) + 1 + size) % 64) + "\n"
    head = struct.pack("<H", len(text)) if version == 1 else struct.pack("<I", len(text))
    return b"\x93NUMPY" + bytes([version, 0]) + head + text.encode("utf8" if version == 3 else "latin1") + data
PLAIN_NPY = npy("'<f4'", "(2, 3)", FLOATS[0])


# ---- writing ----------------------------------------------------------------

def write(folder, files):
    rows = []
    for name, data in sorted(files.items()):
        path = folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        if isinstance(data, tuple):
            path.symlink_to(data[1]); raw = b"link:" + data[1].encode()
        else:
            raw = data.encode() if isinstance(data, str) else data
            path.write_bytes(raw)
        rows.append((name, hashlib.sha256(raw).hexdigest()))
    return [name for name, _ in rows], hashlib.sha256("".join(f"{n}\0{h}\n" for n, h in rows).encode()).hexdigest()


def write_all(out):
    for side in ("hostile", "twins"):
        shutil.rmtree(out / side, ignore_errors=True)
    out.mkdir(parents=True, exist_ok=True)
    with open(out / "cases.jsonl", "w") as lines:
        for c in sorted(CASES, key=lambda c: c["id"]):
            for side in ("hostile", "twins"):
                twin, folder = side == "twins", f"{side}/{c['id'].replace('/', '-')}"
                files, digest = write(out / folder, c["twin" if twin else "hostile"])
                lines.write(json.dumps({"id": c["id"] + ("#twin" if twin else ""), "twin_of": c["id"] if twin else None, "group": c["group"], "technique": c["technique"], "folder": folder, "files": files, "digest": digest, "expected": "clean" if twin else c["expected"], "reason": "benign twin" if twin else c["reason"], "holdout": False}) + "\n")
