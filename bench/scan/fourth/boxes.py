"""Containers of pickles: torch's, joblib's and numpy's files, checkpoints of trainers, shards of data, databases, compression."""
import bz2, collections, io, lzma, sqlite3, struct, tempfile, zipfile, zlib
from base import SAY, Call, New, Pickler, Pid, Ref, bundle, case, dump, floats, gz, js, os_system, pb, safetensors, several, state_dict, tarred, tensor, torch_legacy, torch_zip, zipped

SYSTEM = Ref("posix:system")
CALL, CALM = os_system(), collections.OrderedDict(lr=.001, epochs=12)
W, S = state_dict(1)
weights = lambda extra, root="archive": torch_zip({**W, "extra": extra}, S, root=root)

# torch

several("torch", "rebuilds", "block", [
    ("from-type", "torch's _rebuild_from_type_v2 calls the function that it is given", {"pytorch_model.bin": weights(Call("torch._tensor:_rebuild_from_type_v2", SYSTEM, Ref("torch:Tensor"), (SAY,), {}))}, {"pytorch_model.bin": weights(Call("torch._tensor:_rebuild_from_type_v2", Ref("torch._utils:_rebuild_tensor_v2"), Ref("torch.nn.parameter:Parameter"), (Pid(("storage", Ref("torch:FloatStorage"), "0", "cpu", 64)), 0, (8, 8), (8, 1), False, collections.OrderedDict()), {}))}),
    ("hooks", "a tensor's backward hooks are an object whose making calls", {"pytorch_model.bin": weights(Call("torch._utils:_rebuild_tensor_v2", Pid(("storage", Ref("torch:FloatStorage"), "0", "cpu", 64)), 0, (8, 8), (8, 1), True, CALL))}, {"pytorch_model.bin": weights(tensor("0", (8, 8)))}),
    ("parameter-state", "a parameter rebuilt with a state that holds a call", {"model.pth": weights(Call("torch._utils:_rebuild_parameter_with_state", tensor("0", (8, 8)), True, collections.OrderedDict(), {"tag": CALL}))}, {"model.pth": weights(Call("torch._utils:_rebuild_parameter", tensor("0", (8, 8)), True, collections.OrderedDict()))}),
    ("storage-type", "the persistent id names eval as the storage's type and a call as its key", {"model.pth": torch_zip({"w": Pid(("storage", Ref("builtins:eval"), CALL, "cpu", 4))}, {"0": floats(4)})}, {"model.pth": torch_zip({"w": Pid(("storage", Ref("torch:FloatStorage"), "0", "cpu", 4))}, {"0": floats(4)})}),
])
several("torch", "module-sources", "block", [
    ("module-persistent-id", "review: a legacy file brings a module's source text with it", {"model.pt": torch_legacy(Pid(("module", Ref("torch.nn.modules.linear:Linear"), "/nonexistent/model.py", "import os; os.system('echo jingwei')")), {})}, {"model.pt": torch_legacy(W, S)}),
    ("whole-module", "review: a whole module of a class that comes with no library", {"model.pt": torch_zip(New("model_helpers.net:Net", state={"training": False, "_modules": collections.OrderedDict(), "run": "echo jingwei"}), {})}, {"model.pt": torch_zip(New("torch.nn.modules.linear:Identity", state={"training": False, "_parameters": {}, "_buffers": {}, "_modules": collections.OrderedDict()}), {})}),
    ("legacy-tail", "the list of storages' keys after the object is a call", {"model.pth": torch_legacy(W, S, after=dump(CALL, 2))}, {"model.pth": torch_legacy(W, S)}),
    ("fx-graph-module", "torch.fx makes a module of Python text", {"model.pt": torch_zip(Call("torch.fx.graph_module:reduce_graph_module", {"_code": "def forward(self, x):\n    print('jingwei')\n    return x\n", "_modules": {}}, "import os"), {})}, {"model.pt": torch_zip({"graph": "linear", "weights": W}, S)}),
])
several("torch", "trainers-files", "block", [
    ("distributed-metadata", "the .metadata of a distributed checkpoint is a pickle with a call", {"global_step100/.metadata": dump({"state_dict_metadata": {"w": "tensor"}, "planner_data": CALL}, 3), "global_step100/__0_0.distcp": weights(CALM)}, {"global_step100/.metadata": dump(New("torch.distributed.checkpoint.metadata:Metadata", state={"state_dict_metadata": {}, "planner_data": {"model": ("model",)}, "storage_data": {}}), 3), "global_step100/__0_0.distcp": weights(CALM)}),
    ("random-states", "accelerate's random_states_0.pkl calls", {"random_states_0.pkl": weights(CALL), "model.safetensors": safetensors()}, {"random_states_0.pkl": weights({"step": 100, "random_state": (3, tuple(range(30)), None)}), "model.safetensors": safetensors()}),
    ("training-args", "training_args.bin holds a call beside good weights", {"training_args.bin": torch_zip({"args": CALL, "lr": 5e-5}, {}, root="training_args"), "model.safetensors": safetensors(), "config.json": js({"model_type": "bert", "hidden_size": 64})}, {"training_args.bin": torch_zip(New("transformers.training_args:TrainingArguments", state={"output_dir": "out", "learning_rate": 5e-5, "num_train_epochs": 3, "optim": Call("transformers.training_args:OptimizerNames", "adamw_torch")}), {}, root="training_args"), "model.safetensors": safetensors(), "config.json": js({"model_type": "bert", "hidden_size": 64})}),
    ("zero-optimizer", "a DeepSpeed rank's optimizer state calls", {"zero_pp_rank_0_mp_rank_00_optim_states.pt": weights(CALL), "latest": "global_step100"}, {"zero_pp_rank_0_mp_rank_00_optim_states.pt": weights(CALM), "latest": "global_step100"}),
])
good = dump({**W, "extra": 1}, 2)
bad = dump({**W, "extra": CALL}, 2)
several("torch", "two-readers", "block", [
    ("two-data-pkl", "two members data.pkl: the last one calls, the first one is good", {"model.pt": torch_zip(None, S, pickled=good, more=[("archive/data.pkl", bad)])}, {"model.pt": torch_zip(None, S, pickled=good, more=[("archive/.format_version", b"1")])}),
    ("upper-case", "ARCHIVE/DATA.PKL calls beside the good one; torch's reader finds the folder of the first member", {"model.pt": zipped([("Archive/data.pkl", bad), ("archive/data.pkl", good)] + [(f"Archive/data/{k}", v) for k, v in S.items()] + [("Archive/version", b"3\n")])}, {"model.pt": zipped([("archive/data.pkl", good)] + [(f"archive/data/{k}", v) for k, v in S.items()] + [("archive/version", b"3\n")])}),
    ("constants", "TorchScript's constants.pkl calls", {"model.pt": zipped([("m/data.pkl", good), ("m/constants.pkl", dump((CALL,), 2)), ("m/version", b"3\n")] + [(f"m/data/{k}", v) for k, v in S.items()])}, {"model.pt": zipped([("m/data.pkl", good), ("m/constants.pkl", dump((), 2)), ("m/version", b"3\n")] + [(f"m/data/{k}", v) for k, v in S.items()])}),
    ("no-suffix", "a file without a suffix in a folder `data`, a torch zip with a call", {"data/00000001": weights(CALL)}, {"data/00000001": weights(CALM)}),
])

# joblib and numpy

def npy(descr, shape, data, version=1):
    text = ("{'descr': '%s', 'fortran_order': False, 'shape': %s, }" % (descr, shape)).encode()
    head = 10 if version == 1 else 12
    text += b" " * (-(head + len(text) + 1) % 64) + b"\n"
    return b"\x93NUMPY" + bytes([version, 0]) + struct.pack("<H" if version == 1 else "<I", len(text)) + text + data


def npz(arrays, method=zipfile.ZIP_DEFLATED): return zipped([(name + ".npy", data) for name, data in arrays.items()], method)


class Joblib(Pickler):
    """joblib's stream: a wrapper's state, then the array's raw bytes, then opcodes again."""
    def save(self, obj, save_persistent_id=True):
        if not isinstance(obj, Raw): return super().save(obj, save_persistent_id)
        kind = Call("numpy:dtype", obj.dtype, False, True, state=(3, "|" if "O" in obj.dtype else "<", None, None, None, -1, -1, 63 if "O" in obj.dtype else 0))
        super().save(New("joblib.numpy_pickle:NumpyArrayWrapper", state={"subclass": Ref("numpy:ndarray"), "shape": obj.shape, "order": "C", "dtype": kind, "allow_mmap": "O" not in obj.dtype, "numpy_array_alignment_bytes": 16}))
        self.framer.commit_frame(force=True) if self.proto >= 4 else None
        here = self.out.tell() + 1
        gap = -here % 16 if "O" not in obj.dtype else None
        (self.write if self.proto < 4 else self._file_write)((b"" if gap is None else bytes([gap]) + b"\xff" * gap) + obj.data)


class Raw:
    def __init__(self, shape, dtype, data): self.shape, self.dtype, self.data = shape, dtype, data


def joblib(obj):
    out = io.BytesIO()
    pickler = Joblib(out, 3)
    pickler.out = out
    pickler.dump(obj)
    return out.getvalue()


def model(extra, k=0): return {"name": "LogisticRegression", "coef": Raw((3, 8), "f8", b"".join(struct.pack("<d", i / 7) for i in range(24))), "extra": extra, "intercept": Raw((2,), "f8", struct.pack("<dd", .1, .2))}
def lz4(data):
    head = b"\x60\x40"
    return b"\x04\x22\x4d\x18" + head + bytes([xxh32(head) >> 8 & 255]) + struct.pack("<I", len(data) | 1 << 31) + data + bytes(4)


def xxh32(data):
    """XXH32 of fewer than four bytes, as the frame's header needs it."""
    m, h = 0xFFFFFFFF, (0x165667B1 + len(data)) & 0xFFFFFFFF
    for byte in data:
        h = (h + byte * 0x165667B1) & m
        h = ((h << 11 | h >> 21) & m) * 0x9E3779B1 & m
    h = (h ^ h >> 15) * 0x85EBCA77 & m
    h = (h ^ h >> 13) * 0xC2B2AE3D & m
    return h ^ h >> 16


def zstd(data): return b"\x28\xb5\x2f\xfd\xa0" + struct.pack("<I", len(data)) + struct.pack("<I", len(data) << 3 | 1)[:3] + data


for name, how in (("zlib", zlib.compress), ("gzip", gz), ("xz", lambda d: lzma.compress(d, preset=1)), ("lzma-alone", lambda d: lzma.compress(d, format=lzma.FORMAT_ALONE, preset=1)), ("lz4", lz4)):
    case("joblib", "after-the-array", name, "block", "a call after an array's raw bytes, compressed by " + name, {"model.joblib": how(joblib(model(CALL)))}, {"model.joblib": how(joblib(model(CALM)))})
several("joblib", "arrays-of-objects", "block", [
    ("object-array", "an array of objects is a pickle within joblib's stream", {"encoder.joblib": joblib({"classes_": Raw((2,), "O8", dump(Call("numpy.core.multiarray:_reconstruct", Ref("numpy:ndarray"), (0,), b"b", state=(1, (1,), Call("numpy:dtype", "O8", False, True, state=(3, "|", None, None, None, -1, -1, 63)), False, [CALL])), 2))})}, {"encoder.joblib": joblib({"classes_": Raw((2,), "O8", dump(Call("numpy.core.multiarray:_reconstruct", Ref("numpy:ndarray"), (0,), b"b", state=(1, (2,), Call("numpy:dtype", "O8", False, True, state=(3, "|", None, None, None, -1, -1, 63)), False, ["low", "high"])), 2))})}),
    ("array-names-a-file", "an old wrapper reads its array from a file outside the folder", {"model.pkl": dump(New("joblib.numpy_pickle_compat:NDArrayWrapper", state={"filename": "../../../../etc/hostname", "subclass": Ref("numpy:ndarray"), "allow_mmap": True}), 2)}, {"model.pkl": dump(New("joblib.numpy_pickle_compat:NDArrayWrapper", state={"filename": "model.pkl_01.npy", "subclass": Ref("numpy:ndarray"), "allow_mmap": True}), 2), "model.pkl_01.npy": npy("<f4", "(4,)", floats(4))}),
    ("shape-that-lies", "review: an array that says more bytes than the file has", {"model.joblib": joblib({"coef": Raw((1 << 40,), "f8", bytes(64))})}, {"model.joblib": joblib({"coef": Raw((8,), "f8", bytes(64))})}),
    ("named-data", "a joblib file under the name of plain data", {"embeddings.dat": gz(joblib(model(CALL)))}, {"embeddings.dat": gz(joblib(model(CALM)))}),
])
OBJ = dump(CALL, 3)
several("numpy", "objects-in-arrays", "block", [
    ("npz-one-of-five", "one of five arrays holds objects that call", {"stats.npz": npz({"mean": npy("<f4", "(4,)", floats(4)), "std": npy("<f4", "(4,)", floats(4, 8)), "labels": npy("|O", "(1,)", OBJ), "count": npy("<i8", "()", struct.pack("<q", 9)), "max": npy("<f4", "(4,)", floats(4, 6))})}, {"stats.npz": npz({"mean": npy("<f4", "(4,)", floats(4)), "std": npy("<f4", "(4,)", floats(4, 8)), "labels": npy("<U4", "(2,)", "low\0high".encode("utf-32-le")), "count": npy("<i8", "()", struct.pack("<q", 9)), "max": npy("<f4", "(4,)", floats(4, 6))})}),
    ("version-three", "a header of version 3 with objects", {"labels.npy": npy("|O", "(1,)", OBJ, 3)}, {"labels.npy": npy("<U4", "(2,)", "low\0high".encode("utf-32-le"), 3)}),
    ("field-of-record", "a record's field is of objects", {"table.npy": b"\x93NUMPY\x01\0v\0" + b"{'descr': [('id', '<i8'), ('meta', 'O')], 'fortran_order': False, 'shape': (1,), }".ljust(117) + b"\n" + OBJ}, {"table.npy": b"\x93NUMPY\x01\0v\0" + b"{'descr': [('id', '<i8'), ('meta', '<f4')], 'fortran_order': False, 'shape': (1,), }".ljust(117) + b"\n" + bytes(12)}),
    ("member-without-npy", "review: a member of the archive that is no array but a pickle", {"state.npz": zipped([("w.npy", npy("<f4", "(4,)", floats(4))), ("meta", OBJ)])}, {"state.npz": zipped([("w.npy", npy("<f4", "(4,)", floats(4))), ("meta.npy", npy("<f4", "(2,)", floats(2)))])}),
])

# Shards of data sets, databases, tables

MDS = lambda sample, encoding: struct.pack("<III", 1, 12, 12 + 4 + len(sample)) + struct.pack("<I", len(sample)) + sample
mds_index = lambda encoding: js({"version": 2, "shards": [{"column_encodings": [encoding], "column_names": ["features"], "column_sizes": [None], "compression": None, "format": "mds", "hashes": [], "raw_data": {"basename": "shard.00000.mds", "bytes": 64, "hashes": {}}, "samples": 1, "size_limit": 67108864, "version": 2, "zip_data": None}]})


def sqlite(rows, schema):
    with tempfile.TemporaryDirectory() as folder:
        path = folder + "/x.db"
        db = sqlite3.connect(path)
        db.executescript(schema)
        for statement, values in rows: db.execute(statement, values)
        db.commit(); db.execute("VACUUM"); db.close()
        data = bytearray(open(path, "rb").read())
    data[96:100] = struct.pack(">I", 3040001)
    return bytes(data)


CACHE = "CREATE TABLE Settings (key TEXT NOT NULL UNIQUE, value); CREATE TABLE Cache (rowid INTEGER PRIMARY KEY, key BLOB, raw INTEGER, store_time REAL, expire_time REAL, mode INTEGER, filename TEXT, value BLOB);"
cache = lambda mode, value: sqlite([("INSERT INTO Settings VALUES ('eviction_policy','least-recently-stored')", ()), ("INSERT INTO Cache VALUES (1,'embedding',1,1.0,NULL,?,NULL,?)", (mode, value))], CACHE)
several("shards", "samples-that-are-pickles", "block", [
    ("webdataset-pyd", "webdataset unpickles members named .pyd", {"shard-000000.tar": tarred([("000.jpg", b"\xff\xd8\xff\xe0" + bytes(64)), ("000.pyd", OBJ)])}, {"shard-000000.tar": tarred([("000.jpg", b"\xff\xd8\xff\xe0" + bytes(64)), ("000.json", b'{"label": 3}')])}),
    ("streaming-pkl-column", "MosaicML streaming unpickles a column whose encoding is pkl", {"index.json": mds_index("pkl"), "shard.00000.mds": MDS(OBJ, "pkl")}, {"index.json": mds_index("str"), "shard.00000.mds": MDS(b"a line of text", "str")}),
    ("litdata-pickle", "litdata unpickles items of the format `pickle`", {"index.json": js({"chunks": [{"chunk_bytes": 64, "chunk_size": 1, "dim": None, "filename": "chunk-0-0.bin"}], "config": {"compression": None, "data_format": ["pickle"], "data_spec": "[1, {\"type\": null, \"context\": null, \"children_spec\": []}]"}}), "chunk-0-0.bin": struct.pack("<III", 1, 12, 16 + len(OBJ)) + struct.pack("<I", len(OBJ)) + OBJ}, {"index.json": js({"chunks": [{"chunk_bytes": 64, "chunk_size": 1, "dim": None, "filename": "chunk-0-0.bin"}], "config": {"compression": None, "data_format": ["str"], "data_spec": "[1, {\"type\": null, \"context\": null, \"children_spec\": []}]"}}), "chunk-0-0.bin": struct.pack("<III", 1, 12, 16 + 14) + struct.pack("<I", 14) + b"a line of text"}),
    ("tfrecord-bytes", "review: a feature of a TFRecord is a pickle with a call", {"train-00000.tfrecord": (lambda b: struct.pack("<QI", len(b), 0) + b + bytes(4))(pb((1, pb((1, pb((1, "sample"), (2, pb((1, pb((1, OBJ)))))))))))}, {"train-00000.tfrecord": (lambda b: struct.pack("<QI", len(b), 0) + b + bytes(4))(pb((1, pb((1, pb((1, "sample"), (2, pb((1, pb((1, b"a line of text")))))))))))}),
])
several("shards", "databases", "block", [
    ("diskcache", "diskcache unpickles values of mode 4", {"cache.db": cache(4, OBJ)}, {"cache.db": cache(1, b'{"vector": [0.1, 0.2]}')}),
    ("sqlitedict", "sqlitedict unpickles its values", {"embeddings.sqlite": sqlite([("INSERT INTO unnamed VALUES ('model', ?)", (OBJ,))], "CREATE TABLE unnamed (key TEXT PRIMARY KEY, value BLOB);")}, {"embeddings.sqlite": sqlite([("INSERT INTO unnamed VALUES ('model', ?)", (dump({"dim": 3}, 4),))], "CREATE TABLE unnamed (key TEXT PRIMARY KEY, value BLOB);")}),
    ("shelve-dumb", "a shelf in three files, whose values are pickles", {"vocab.dat": OBJ.ljust(512, b"\0"), "vocab.dir": f"'model', (0, {len(OBJ)})\n", "vocab.bak": f"'model', (0, {len(OBJ)})\n"}, {"vocab.dat": dump({"a": 1}, 4).ljust(512, b"\0"), "vocab.dir": f"'model', (0, {len(dump({'a': 1}, 4))})\n", "vocab.bak": f"'model', (0, {len(dump({'a': 1}, 4))})\n"}),
    ("faiss-index", "index.pkl of a vector store calls", {"index.faiss": b"IxF2" + struct.pack("<iqqq", 4, 2, 1 << 20, 1 << 20) + b"\1" + struct.pack("<i", 1) + struct.pack("<q", 8) + floats(8), "index.pkl": dump(({"docstore": CALL}, {0: "a"}), 4)}, {"index.faiss": b"IxF2" + struct.pack("<iqqq", 4, 2, 1 << 20, 1 << 20) + b"\1" + struct.pack("<i", 1) + struct.pack("<q", 8) + floats(8), "index.pkl": dump(({"docstore": {"a": "text"}}, {0: "a"}), 4)}),
])


def arrow(metadata):
    """An Arrow file with one column that has this metadata."""
    import pyarrow
    sink = pyarrow.BufferOutputStream()
    schema = pyarrow.schema([pyarrow.field("feature", pyarrow.binary(), metadata=metadata)])
    with pyarrow.ipc.new_file(sink, schema) as writer: writer.write(pyarrow.record_batch([pyarrow.array([b"abc", b"def"])], schema=schema))
    return sink.getvalue().to_pybytes()


def parquet(metadata, table=None):
    import pyarrow, pyarrow.parquet
    sink = pyarrow.BufferOutputStream()
    schema = pyarrow.schema([pyarrow.field("feature", pyarrow.binary(), metadata=metadata)], metadata=table)
    pyarrow.parquet.write_table(pyarrow.table([pyarrow.array([b"abc", b"def"])], schema=schema), sink, compression="none")
    return sink.getvalue().to_pybytes()


PY = {b"ARROW:extension:name": b"arrow.py_extension_type", b"ARROW:extension:metadata": OBJ}
ID = {b"ARROW:extension:name": b"arrow.json", b"ARROW:extension:metadata": b""}
several("shards", "arrow", "block", [
    ("py-extension-type", "a column's type is a pickle, which older pyarrow loads", {"data.arrow": arrow(PY)}, {"data.arrow": arrow({b"unit": b"cm"})}),
    ("parquet-extension-type", "the same in a Parquet file", {"train.parquet": parquet(PY)}, {"train.parquet": parquet({b"unit": b"cm"})}),
    ("petastorm-unischema", "petastorm unpickles the schema in the table's metadata", {"_common_metadata": parquet(None, {b"dataset-toolkit.unischema.v1": OBJ})}, {"_common_metadata": parquet(None, {b"pandas": b'{"index_columns": [], "columns": []}'})}),
])
several("compressed", "rare-codecs", "block", [
    ("zstd", "a pickle in a zstd frame", {"model.pkl.zst": zstd(dump(bundle(CALL), 4))}, {"model.pkl.zst": zstd(dump(bundle(CALM), 4))}),
    ("lz4", "a pickle in an lz4 frame", {"model.pkl.lz4": lz4(dump(bundle(CALL), 4))}, {"model.pkl.lz4": lz4(dump(bundle(CALM), 4))}),
    ("gzip-two-members", "the second member of a gzip file completes the pickle with a call", {"model.pkl.gz": gz(dump([1, CALL], 2)[:9]) + gz(dump([1, CALL], 2)[9:])}, {"model.pkl.gz": gz(dump([1, CALM], 2)[:9]) + gz(dump([1, CALM], 2)[9:])}),
    ("three-times", "gzip of bzip2 of xz", {"model.pkl.xz.bz2.gz": gz(bz2.compress(lzma.compress(dump(bundle(CALL), 4), preset=1)))}, {"model.pkl.xz.bz2.gz": gz(bz2.compress(lzma.compress(dump(bundle(CALM), 4), preset=1)))}),
])
