"""Data sets, archives and files that cost a reader much."""
import bz2, gzip, io, struct, tarfile, zipfile, zlib
import numpy
from pickles import plain
from base import GONE, HOST, add, floats, js, pair, tarred, torch_zip, weights, zipped

EVIL = b"cos\nsystem\n(S'echo jingwei'\ntR."

# Data sets
def arrow(extension, write):
    import pyarrow as pa
    field = pa.field("x", pa.int64(), metadata={b"ARROW:extension:name": extension[0], b"ARROW:extension:metadata": extension[1]} if extension else {b"unit": b"metres"})
    table = pa.Table.from_arrays([pa.array([1, 2, 3])], schema=pa.schema([field], metadata={b"made": b"2026-07"}))
    out = pa.BufferOutputStream()
    write(table, out)
    return out.getvalue().to_pybytes()
def parquet(t, o):
    import pyarrow.parquet as pq
    pq.write_table(t, o)
def ipc(t, o):
    import pyarrow as pa
    with pa.ipc.new_stream(o, t.schema) as w: w.write_table(t)
PY = b"arrow.py_extension_type", EVIL
pair("datasets/arrow-extension/parquet", "block", "a column's type is a pickle in the schema, which old pyarrow loads", lambda e: {"train-00000-of-00001.parquet": arrow(e, parquet)}, PY, None)
pair("datasets/arrow-extension/stream", "block", "the same in an Arrow stream, as data sets are kept", lambda e: {"data-00000-of-00001.arrow": arrow(e, ipc), "dataset_info.json": js({"features": {"x": {"dtype": "int64", "_type": "Value"}}}), "state.json": js({"_data_files": [{"filename": "data-00000-of-00001.arrow"}], "_fingerprint": "a1", "_format_type": None})}, PY, None)
def rows(n):
    import pyarrow as pa, pyarrow.parquet as pq
    out = pa.BufferOutputStream()
    column = pa.DictionaryArray.from_arrays(pa.array(numpy.zeros(n, "i4")), pa.array(["a" * 1000]))
    with pq.ParquetWriter(out, pa.schema([("x", column.type)]), compression="zstd", store_schema=False) as w: w.write_table(pa.table({"x": column}))
    return {"train.parquet": out.getvalue().to_pybytes()}
pair("datasets/row-bomb/dictionary", "block", "a small parquet file whose column has 8 GB of text, by a dictionary", rows, 8_000_000, 20)
def crc(data):
    c = 0xFFFFFFFF
    for b in data:
        c ^= b
        for _ in range(8): c = c >> 1 ^ (0x82F63B78 if c & 1 else 0)
    c ^= 0xFFFFFFFF
    return struct.pack("<I", (c >> 15 | c << 17) + 0xA282EAD8 & 0xFFFFFFFF)
def record(data, says=None):
    size = struct.pack("<Q", len(data) if says is None else says)
    return size + crc(size) + data + crc(data)
EXAMPLE = b"\n\x0f\n\r\n\x05label\x12\x04\x1a\x02\n\x00"
pair("datasets/lying-record/tfrecord", "block", "a record says 1 TiB, with the right checksum of that size", lambda n: {"train.tfrecord": record(EXAMPLE) + record(EXAMPLE, n)}, 1 << 40, None)
def webdataset(name, body): return {"shard-000000.tar": tarred([("000000.txt", "a cat"), ("000000.json", '{"label": 0}'), (name, body), ("000001.txt", "a dog"), ("000001.json", '{"label": 1}')])}
add("datasets/webdataset/pickled-sample", "block", "a sample of a shard is a pickle, which the decoder loads by its extension", webdataset("000000.pyd", EVIL), webdataset("000000.npy", plain(numpy.arange(3.))))
def member(name, kind=tarfile.REGTYPE, link="", **more):
    t = tarfile.TarInfo(name)
    t.type, t.linkname = kind, link
    for k, v in more.items(): setattr(t, k, v)
    return t
pair("datasets/webdataset/link", "block", "a sample of a shard is a link to a file of the machine", lambda m: {"shard-000001.tar": tarred([("000000.txt", "a cat"), m, ("000001.txt", "a dog")])}, (member("000001.json", tarfile.SYMTYPE, GONE), b""), ("000001.json", b"{}"))
def zarr(codec, chunk, kind="|O"): return {"data.zarr/.zgroup": js({"zarr_format": 2}), "data.zarr/x/.zarray": js({"zarr_format": 2, "shape": [3], "chunks": [3], "dtype": kind, "compressor": None, "fill_value": 0 if kind != "|O" else None, "order": "C", "filters": codec}), "data.zarr/x/0": chunk}
add("datasets/zarr/pickle-codec", "block", "the chunks of a Zarr array are pickles, by the codec it names", zarr([{"id": "pickle", "protocol": 5}], EVIL), zarr(None, floats(3), "<f4"))
def references(target): return {"references.json": js({"version": 1, "refs": {".zgroup": '{"zarr_format": 2}', "x/.zarray": js({"zarr_format": 2, "shape": [3], "chunks": [3], "dtype": "<f4", "compressor": None, "fill_value": 0, "order": "C", "filters": None}), "x/0": target}}), "data.bin": floats(3)}
pair("datasets/zarr/references", "review", "a reference file takes a chunk from a file of the machine", references, ["file://" + GONE, 0, 12], ["data.bin", 0, 12])
pair("datasets/card-paths/files", "review", "the card of a data set takes its files from outside the folder and from an address", lambda p: {"README.md": f"---\nlicense: mit\nconfigs:\n- config_name: default\n  data_files:\n  - split: train\n    path: \"{p[0]}\"\n  - split: test\n    path: \"{p[1]}\"\n---\n# Animals\n", "train.csv": "name\ncat\n", "test.csv": "name\ndog\n"}, ("../../../../nonexistent/jingwei", HOST + "/test.csv"), ("train.csv", "test.csv"))

# Archives
pair("archives/tar-names/pax", "block", "an extended header gives a member another name, which leads out", lambda n: {"model.tar": tarred([(member("config.json", pax_headers={"path": n}), b"{}"), ("weights.bin", floats(8))])}, "../../../../nonexistent/jingwei", "config.json")
pair("archives/tar-names/hard-link", "block", "a hard link to a file of the machine, then a member written through it", lambda m: {"model.tar.gz": tarred([m, ("config.json", b"{}"), ("weights.bin", floats(8, 2))], True)}, (member("config.json", tarfile.LNKTYPE, "/nonexistent/jingwei"), b""), ("README", b"a model"))
pair("archives/tar-names/device", "review", "a member is a device: reading it never ends", lambda m: {"model.tar": tarred([m, ("weights.bin", floats(8, 3))])}, (member("vocab.txt", tarfile.CHRTYPE, devmajor=1, devminor=5), b""), ("vocab.txt", b"cat\n"))
def through(name): return {"model.zip": zipped([("weights", "/nonexistent" if name else "model.bin"), ("weights/jingwei.bin" if name else "model.bin", floats(8, 4))], links=("weights",) if name else ())}
pair("archives/zip-names/through-link", "block", "a link to a folder of the machine, then a member below it", through, True, False)
def backslash(n): return {"model.zip": zipped([("config.json", "{}"), (n, floats(8, 5))])}
pair("archives/zip-names/backslashes", "block", "a name that leads out on Windows", backslash, "..\\..\\..\\Startup\\jingwei.bat", "weights.bin")
def unicode_path(name):
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w") as z:
        info = zipfile.ZipInfo("weights.bin", (2026, 7, 1, 9, 0, 0))
        info.extra = struct.pack("<HHBI", 0x7075, 5 + len(name), 1, zlib.crc32(b"weights.bin")) + name.encode()
        z.writestr(info, floats(8, 6))
    return {"model.zip": out.getvalue()}
pair("archives/zip-names/second-name", "block", "the extra field for Unicode gives the member a second name, which leads out", unicode_path, "../../../../nonexistent/jingwei", "weights.bin")
def twice(second): return {"pytorch_model.bin": torch_zip(weights(3)[0], weights(3)[1], more=[("archive/data.pkl", second)] if second else ())}
add("archives/two-members/same-name", "block", "two members are named data.pkl: readers differ about which they take, and one calls os.system", twice(EVIL), twice(b""))
add("archives/two-members/nul", "block", "a NUL in a member's name hides its extension, the member starts a program", {"model.zip": zipped([("config.json", "{}"), ("m.pklN.json", EVIL)]).replace(b"m.pklN.json", b"m.pkl\0.json")}, {"model.zip": zipped([("config.json", "{}"), ("m.pklN.json", "{}")])})
def locked(flag):
    d = bytearray(zipped([("archive/data.pkl", EVIL if flag else b"\x80\x02}q\0."), ("archive/version", b"3\n")]))
    if flag:
        at = d.find(b"PK\1\2"); d[at + 8] |= 1; d[6] |= 1
    return {"model.pt": bytes(d)}
pair("archives/locked-flag/bit", "block", "a member is marked as locked, though it is not: torch reads it, scanners pass over it", locked, True, False)
def deep(n, data):
    for i in range(n): data = zipped([(f"{n - i}.zip" if i else "model.pkl", data)], zipfile.ZIP_DEFLATED)
    return {"model.zip": data}
add("archives/many-deep/zip", "block", "a pickle that starts a program, twelve archives deep", deep(12, EVIL), deep(3, b"\x80\x04}."))
def many(n, data):
    for i in range(n): data = gzip.compress(data, 9, mtime=0)
    return {"model.pkl" + ".gz" * min(n, 3): data}
add("archives/many-deep/gzip", "block", "a pickle that starts a program in eight layers of gzip", many(8, EVIL), many(2, b"\x80\x04}."))

# Bombs
ZEROS = bytes(1 << 26)
def streams(pack, count): return pack(ZEROS) * count if count > 1 else pack(bytes(1000))
pair("bombs/joined-streams/bzip2", "block", "a file of a few kB unfolds to 13 GB: many streams in one", lambda n: {"weights.bin.bz2": streams(lambda d: bz2.compress(d, 9), n)}, 200, 1)
def zstd(d):
    import zstandard
    return zstandard.ZstdCompressor(level=3).compress(d)
pair("bombs/joined-streams/zstd", "block", "a small file unfolds to 13 GB", lambda n: {"model.bin.zst": streams(zstd, n)}, 200, 1)
pair("bombs/twice-packed/gzip", "block", "gzip in gzip: a file of some kB unfolds to 26 GB", lambda n: {"weights.bin.gz": gzip.compress(streams(lambda d: gzip.compress(d, 9, mtime=0), n), 9, mtime=0)}, 400, 1)
def shared(n):
    """Fifield's form: each member's data are the next one's head, quoted, and its data."""
    zeros, packer = ZEROS[:1 << 24], zlib.compressobj(9, zlib.DEFLATED, -15)
    stream, prefix, heads = packer.compress(zeros) + packer.flush(), b"", []
    for i in reversed(range(n)):
        name = f"data/{i:04}".encode()
        head = struct.pack("<HHHHHIIIHH", 20, 0, 8, 0, 23777, zlib.crc32(zeros, zlib.crc32(prefix)), len(stream), len(prefix) + len(zeros), len(name), 0)
        local = b"PK\3\4" + head + name
        heads.append((head, name, len(local + stream)))
        prefix, stream = local + prefix, b"\0" + struct.pack("<HH", len(local), len(local) ^ 0xFFFF) + local + stream
    body = stream[5:]
    central = b"".join(b"PK\1\2" + struct.pack("<H", 20) + head + struct.pack("<HHHII", 0, 0, 0, 0, len(body) - size) + name for head, name, size in reversed(heads))
    return {"dataset.zip": body + central + b"PK\5\6" + struct.pack("<HHHHIIH", 0, 0, n, n, len(central), len(body), 0)}
add("bombs/shared-bytes/zip", "block", "250 members share the same bytes: 40 kB unfold to 4 GB", shared(250), {"dataset.zip": zipped([(f"data/{i:04}", bytes(1000)) for i in range(3)], zipfile.ZIP_DEFLATED)})
def npz_bomb(n):
    head = f"{{'descr': '<f4', 'fortran_order': False, 'shape': ({n >> 2},), }}".encode()
    head += b" " * (-(len(head) + 11) % 64) + b"\n"
    return {"features.npz": zipped([("x.npy", b"\x93NUMPY\1\0" + struct.pack("<H", len(head)) + head + bytes(n))], zipfile.ZIP_DEFLATED)}
pair("bombs/packed-arrays/npz", "review", "an .npz of 500 kB whose one array has 512 MB", npz_bomb, 1 << 29, 1 << 12)
def msgpack(parts): return {"flax_model.msgpack": parts}
def text(s): return bytes([0xA0 | len(s)]) + s.encode()
def array(shape, data): inner = b"\x93" + bytes([0x90 | len(shape)]) + b"".join(b"\xcf" + struct.pack(">Q", n) for n in shape) + text("float32") + b"\xc4" + bytes([len(data)]) + data; return b"\xc7" + bytes([len(inner), 1]) + inner
flax = lambda kernel: msgpack(b"\x81" + text("params") + b"\x82" + text("kernel") + kernel + text("bias") + array([2], floats(2)))
pair("bombs/message-pack/count", "block", "a list of 2**32 less one values in a file of a hundred bytes", flax, b"\xdd\xff\xff\xff\xff" + b"\xc0" * 8, array([2, 2], floats(4)))
pair("bombs/message-pack/shape", "review", "an array's shape says 2**60 values for 16 bytes", flax, array([1 << 30, 1 << 30], floats(4)), array([4, 1], floats(4)))
def sparse(real):
    """A GNU sparse member: its map says where the data lie and how long the file is said to be."""
    t = bytearray(tarfile.TarInfo("weights.bin").tobuf(tarfile.GNU_FORMAT))
    t[124:136], t[156:157] = b"%011o\0" % 512, b"S"
    t[386:398], t[398:410] = b"%011o\0" % 0, b"%011o\0" % 512
    t[482:483], t[483:495] = b"\0", (b"\x80" + real.to_bytes(11, "big") if real >> 33 else b"%011o\0" % real)
    t[148:156] = b" " * 8
    t[148:156] = b"%06o\0 " % sum(t)
    return {"model.tar": bytes(t) + bytes(512) + bytes(1024)}
pair("bombs/holes/tar", "block", "a sparse member says 1 PB for its 512 bytes", sparse, 1 << 50, 512)
