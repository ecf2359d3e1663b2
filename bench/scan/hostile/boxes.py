"""Writers of containers that can lie: zip, tar, 7z, lz4, zstd, joblib, npy, torch. Everything is byte for byte the same each time."""

import bz2, gzip, io, lzma, struct, tarfile, zlib

from .opcodes import *  # noqa: F403


class Member:
    """A zip member. What the local header says can differ from what the directory says."""

    def __init__(self, name, content=b"", deflate=False, *, method=None, flags=0, local_flags=None, local_name=None, crc=None, size=None, packed=None, attributes=0, listed=True, local=True, extra=b"", offset=None):
        self.name, self.content = name.encode("utf-8", "surrogateescape") if isinstance(name, str) else name, content
        self.local_name = self.name if local_name is None else local_name.encode()
        self.method = (8 if deflate else 0) if method is None else method
        compressor = zlib.compressobj(9, zlib.DEFLATED, -15)
        self.packed = packed if packed is not None else compressor.compress(content) + compressor.flush() if self.method == 8 else content
        self.flags, self.local_flags = flags, flags if local_flags is None else local_flags
        self.crc = zlib.crc32(content) if crc is None else crc
        self.size = len(content) if size is None else size
        self.attributes, self.listed, self.local, self.extra, self.offset = attributes, listed, local, extra, offset


def zip_of(*members, prefix=b"", comment=b"", suffix=b"", count=None):
    body, directory = bytearray(prefix), bytearray()
    listed = [m for m in members if m.listed]
    for m in members:
        here = len(body) if m.offset is None else m.offset
        fields = (m.method, 0, 0x21, m.crc & 0xFFFFFFFF, min(len(m.packed), 0xFFFFFFFE), min(m.size, 0xFFFFFFFE))
        if m.local:
            body += b"PK\x03\x04" + struct.pack("<HHHHHIIIHH", 20, m.local_flags, *fields, len(m.local_name), 0) + m.local_name + m.packed
        if m.listed:
            directory += b"PK\x01\x02" + struct.pack("<HHHHHHIIIHHHHHII", 0x031E, 20, m.flags, *fields, len(m.name), len(m.extra), 0, 0, 0, m.attributes, here) + m.name + m.extra
    number_of = len(listed) if count is None else count
    end = b"PK\x05\x06" + struct.pack("<HHHHIIH", 0, 0, min(number_of, 0xFFFF), min(number_of, 0xFFFF), len(directory), len(body), len(comment)) + comment
    return bytes(body + directory + end + suffix)


def zip_plain(files, deflate=False):
    return zip_of(*(Member(n, c, deflate) for n, c in files.items()))


def tar_of(files, mode="", links=()):
    """`files`: name → content. `links`: (name, type, target)."""
    out = io.BytesIO()
    with tarfile.open(fileobj=out, mode="w", format=tarfile.GNU_FORMAT) as archive:
        for name_, content in files.items():
            info = tarfile.TarInfo(name_)
            info.size = len(content)
            archive.addfile(info, io.BytesIO(content))
        for name_, kind, target in links:
            info = tarfile.TarInfo(name_)
            info.type, info.linkname = kind, target
            archive.addfile(info)
    raw = out.getvalue()
    return {"": lambda: raw, "gz": lambda: gzip.compress(raw, mtime=0), "bz2": lambda: bz2.compress(raw), "xz": lambda: lzma.compress(raw)}[mode]()


def number7z(value):
    """7z's number of one to nine bytes."""
    for extra in range(8):
        if value < 1 << (7 * (extra + 1)):
            low = value & ((1 << (8 * extra)) - 1)
            return bytes([(0xFF00 >> extra) & 0xFF | value >> (8 * extra)]) + low.to_bytes(extra, "little")
    return b"\xff" + value.to_bytes(8, "little")


def sevenzip_of(files, compress=True):
    """A 7z archive with one folder, copied or in LZMA2."""
    raw = b"".join(files.values())
    if compress:
        packed = lzma.compress(raw, lzma.FORMAT_RAW, filters=[{"id": lzma.FILTER_LZMA2, "dict_size": 1 << 20}])
        coder = b"\x21\x21\x01\x10"  # LZMA2 with one property byte: a dictionary of 1 MiB
    else:
        packed, coder = raw, b"\x01\x00"
    sizes = [len(content) for content in files.values()]
    sums = [zlib.crc32(content) for content in files.values()]
    streams = b"\x06" + number7z(0) + number7z(1) + b"\x09" + number7z(len(packed)) + b"\x00"
    streams += b"\x07\x0b" + number7z(1) + b"\x00" + number7z(1) + coder + b"\x0c" + number7z(len(raw)) + b"\x00"
    streams += b"\x08" + (b"\x0d" + number7z(len(files)) if len(files) != 1 else b"")
    streams += (b"\x09" + b"".join(map(number7z, sizes[:-1])) if len(files) > 1 else b"") + b"\x0a\x01" + b"".join(struct.pack("<I", s) for s in sums) + b"\x00\x00"
    names = b"\x00" + b"".join(n.encode("utf-16-le") + b"\0\0" for n in files)
    header = b"\x01\x04" + streams + b"\x05" + number7z(len(files)) + b"\x11" + number7z(len(names)) + names + b"\x00\x00"
    start = struct.pack("<QQI", len(packed), len(header), zlib.crc32(header))
    return b"7z\xbc\xaf\x27\x1c\x00\x04" + struct.pack("<I", zlib.crc32(start)) + start + packed + header


def xxh32(raw, seed=0):
    """The checksum of lz4's frame header."""
    mask, primes = 0xFFFFFFFF, (2654435761, 2246822519, 3266489917, 668265263, 374761393)
    turn = lambda x, r: ((x << r) | (x >> (32 - r))) & mask
    at, total = 0, (seed + primes[4]) & mask
    if len(raw) >= 16:
        lanes = [(seed + primes[0] + primes[1]) & mask, (seed + primes[1]) & mask, seed, (seed - primes[0]) & mask]
        while at + 16 <= len(raw):
            for lane in range(4):
                lanes[lane] = turn((lanes[lane] + int.from_bytes(raw[at : at + 4], "little") * primes[1]) & mask, 13) * primes[0] & mask
                at += 4
        total = sum(turn(lane, bits) for lane, bits in zip(lanes, (1, 7, 12, 18))) & mask
    total = (total + len(raw)) & mask
    while at + 4 <= len(raw):
        total = turn((total + int.from_bytes(raw[at : at + 4], "little") * primes[2]) & mask, 17) * primes[3] & mask
        at += 4
    for byte in raw[at:]:
        total = turn((total + byte * primes[4]) & mask, 11) * primes[0] & mask
    total = ((total ^ total >> 15) * primes[1]) & mask
    total = ((total ^ total >> 13) * primes[2]) & mask
    return total ^ total >> 16


def lz4_of(raw):
    """A frame of stored blocks."""
    descriptor = b"\x60\x70"
    blocks = b"".join(struct.pack("<I", len(raw[at : at + 4_000_000]) | 0x8000_0000) + raw[at : at + 4_000_000] for at in range(0, len(raw), 4_000_000))
    return b"\x04\x22\x4d\x18" + descriptor + bytes([xxh32(descriptor) >> 8 & 0xFF]) + blocks + b"\0\0\0\0"


def lz4_zeros(count):
    """One block that grows into `count` zeros: a literal, then a match of distance one."""
    length = count - 1 - 5 - 4  # the block ends with five literals
    more = length - 15
    block = b"\x1f\x00\x01\x00" + b"\xff" * (more // 255) + bytes([more % 255]) + b"\x50" + b"\0" * 5
    descriptor = b"\x60\x70"
    return b"\x04\x22\x4d\x18" + descriptor + bytes([xxh32(descriptor) >> 8 & 0xFF]) + struct.pack("<I", len(block)) + block + b"\0\0\0\0"


def zstd_of(raw):
    """A frame of raw blocks."""
    out = b"\x28\xb5\x2f\xfd\x20" if len(raw) < 256 else b"\x28\xb5\x2f\xfd\xa0"
    out += bytes([len(raw)]) if len(raw) < 256 else struct.pack("<I", len(raw))
    parts = [raw[at : at + 100_000] for at in range(0, len(raw), 100_000)] or [b""]
    for index, part in enumerate(parts):
        out += (len(part) << 3 | (index == len(parts) - 1)).to_bytes(3, "little") + part
    return out


def old_joblib_of(raw):
    """joblib before 0.10: `ZF`, the length in hexadecimal, zlib."""
    return b"ZF" + hex(len(raw)).encode().ljust(19) + zlib.compress(raw)


CODECS = {
    "raw": lambda raw: raw, "zlib": lambda raw: zlib.compress(raw, 3), "gz": lambda raw: gzip.compress(raw, mtime=0), "bz2": bz2.compress, "xz": lzma.compress,
    "lzma": lambda raw: lzma.compress(raw, lzma.FORMAT_ALONE), "lz4": lz4_of, "zf": old_joblib_of,
}


def wrapper(shape, dtype="f8", order="C", subclass=name("numpy", "ndarray"), aligned=True):
    """joblib's description of an array whose bytes follow in the stream."""
    kind = call(name("numpy", "dtype"), text2(dtype), FALSE, TRUE) + many(number(3), text2("|" if dtype == "O8" else "<"), NONE, NONE, NONE, number(-1), number(-1), number(63 if dtype == "O8" else 0)) + BUILD
    state = [text2("subclass"), subclass, text2("shape"), many(*map(number, shape)), text2("order"), text2(order), text2("dtype"), kind, text2("allow_mmap"), FALSE if dtype == "O8" else TRUE]
    state += [text2("numpy_array_alignment_bytes"), number(16)] if aligned else []
    return name("joblib.numpy_pickle", "NumpyArrayWrapper") + EMPTY_TUPLE + NEWOBJ + pairs(*state) + BUILD


def joblib_of(before=b"", inside=None, after=b"", count=4, aligned=True, dtype="f8", shape=None):
    """A pickled dict with one array: its wrapper, then its bytes, then the rest of the program."""
    head = b"\x80\x03" + EMPTY_DICT + (text2("before") + before + SETITEM if before else b"") + text2("array") + wrapper(shape or (count,), dtype, aligned=aligned)
    raw = b"".join(struct.pack("<d", x / 4) for x in range(count)) if inside is None else inside
    gap = b""
    if aligned and dtype != "O8":
        pad = 16 - (len(head) + 1) % 16  # what joblib writes so that the bytes start at a multiple of 16
        gap = bytes([pad]) + b"\xff" * pad
    return head + gap + raw + SETITEM + (text2("after") + after + SETITEM if after else b"") + STOP


def npy_of(descr, shape, raw, version=1, header=None):
    text_ = header if header is not None else "{'descr': %s, 'fortran_order': False, 'shape': %s, }" % (descr, shape)
    head = text_.encode("latin1" if version < 3 else "utf8")
    size = 10 if version == 1 else 12
    head += b" " * ((-size - len(head) - 1) % 64) + b"\n"
    return b"\x93NUMPY" + bytes([version, 0]) + struct.pack("<H" if version == 1 else "<I", len(head)) + head + raw


def tensor(key="0", shape=(2, 2), storage="FloatStorage", offset=0, strides=(2, 1), count=4):
    """How torch writes a tensor into data.pkl."""
    reference = many(text2("storage"), name("torch", storage), text2(key), text2("cpu"), number(count)) + b"Q"
    return call(name("torch._utils", "_rebuild_tensor_v2"), reference, number(offset), many(*map(number, shape)), many(*map(number, strides)), FALSE, call(name("collections", "OrderedDict")))


def state_dict(*more):
    return call(name("collections", "OrderedDict")) + MARK + text2("layer.weight") + tensor() + b"".join(more) + SETITEMS


def torch_pickle(extra=b""):
    return program(state_dict(*([text2("extra"), extra] if extra else [])))


FLOATS = struct.pack("<4f", 0.5, -0.25, 1.0, 2.0)


def torch_members(data_pkl, root="archive"):
    return [Member(f"{root}/data.pkl", data_pkl), Member(f"{root}/byteorder", b"little"), Member(f"{root}/data/0", FLOATS), Member(f"{root}/version", b"3\n"), Member(f"{root}/.data/serialization_id", b"1234567890123456789012345678901234567890")]


def torch_zip(extra=b"", *more, root="archive", **options):
    return zip_of(*torch_members(torch_pickle(extra), root), *more, **options)


def torch_legacy(extra=b"", info=b"", magic=0x1950A86A20F9469CFC6C, suffix=b""):
    """The file of torch before 1.6: five pickles, then each storage with its length."""
    number_ = b"\x8a\x0a" + magic.to_bytes(10, "little")
    about = pairs(text2("protocol_version"), number(1001), text2("little_endian"), TRUE, text2("type_sizes"), pairs(text2("short"), number(2), text2("int"), number(4), text2("long"), number(4)), *([text2("extra"), info] if info else []))
    reference = many(text2("storage"), name("torch", "FloatStorage"), text2("0"), text2("cpu"), number(4), NONE) + b"Q"
    weights = call(name("torch._utils", "_rebuild_tensor_v2"), reference, number(0), many(number(2), number(2)), many(number(2), number(1)), FALSE, call(name("collections", "OrderedDict")))
    content = call(name("collections", "OrderedDict")) + MARK + text2("layer.weight") + weights + (text2("extra") + extra if extra else b"") + SETITEMS
    return b"".join(map(program, (number_, number(1001), about, content, items(text2("0"))))) + struct.pack("<Q", 4) + FLOATS + suffix


def torch_tar(payload=b"", where="pickle"):
    """The file of torch before 0.2: a tar of sys_info, pickle, storages and tensors."""
    body = lambda base, which: program(pairs(*base, *([text2("extra"), payload] if payload and where == which else [])))
    storages = program(number(1)) + program(many(text2("0"), text2("cpu"), name("torch", "FloatStorage"))) + struct.pack("<Q", 4) + FLOATS
    tensors = program(number(0)) + (program(payload) if payload and where == "tensors" else b"")
    return tar_of({"sys_info": body([text2("protocol_version"), number(1000)], "sys_info"), "pickle": body([text2("weights"), items(number(1))], "pickle"), "storages": storages, "tensors": tensors})


def torchscript(code, constants=b"", data_pkl=b"", extra=()):
    data_pkl = data_pkl or program(name("__torch__", "Model") + EMPTY_TUPLE + NEWOBJ + pairs(text2("training"), FALSE) + BUILD)
    files = {"model/data.pkl": data_pkl, "model/code/__torch__.py": code.encode(), "model/constants.pkl": constants or program(EMPTY_TUPLE), "model/version": b"6\n", "model/byteorder": b"little"}
    return zip_of(*(Member(n, c) for n, c in files.items()), *extra)
