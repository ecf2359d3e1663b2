"""Keras and HDF5, and the models of trees: XGBoost, LightGBM, CatBoost, PMML. Needs h5py."""
import base64, json, marshal, os, struct, tempfile
from base import SAY, URL, dump, flat, os_system, several, table, vector, zipped

# Keras 3

def layer(kind, module="keras.layers", registered=None, **config): return {"module": module, "class_name": kind, "config": config, "registered_name": registered, "name": config.get("name", kind.lower())}
DENSE = layer("Dense", name="dense", units=4, activation="relu", use_bias=True)
INPUT = layer("InputLayer", name="input", batch_shape=[None, 8], dtype="float32")


def h5(build):
    import h5py
    with tempfile.TemporaryDirectory() as folder:
        path = os.path.join(folder, "x.h5")
        with h5py.File(path, "w") as file: build(file, h5py)
        return open(path, "rb").read()


def weights(file, h5py=None):
    group = file.create_group("layers/dense/vars")
    group["0"] = [[.1, .2, .3, .4]] * 8
    group["1"] = [0., 0., 0., 0.]


WEIGHTS = h5(weights)
def keras(*layers, config=None, compiled=None, more=(), h5data=WEIGHTS):
    config = config or {"module": "keras", "class_name": "Sequential", "config": {"name": "sequential", "trainable": True, "layers": [INPUT, DENSE, *layers]}, "registered_name": None, "build_config": {"input_shape": [None, 8]}}
    if compiled: config = {**config, "compile_config": compiled}
    return {"model.keras": zipped([("metadata.json", b'{"keras_version": "3.8.0", "date_saved": "2026-05-01@10:00:00"}'), ("config.json", json.dumps(config).encode()), ("model.weights.h5", h5data), *more])}


LAMBDA = base64.b64encode(marshal.dumps(compile("print('jingwei')", "<lambda>", "exec"), 2)).decode()
several("keras", "classes-from-elsewhere", "block", [
    ("function-of-os", "a layer's activation is a function of another module", keras(layer("Dense", name="d2", units=2, activation={"module": "os", "class_name": "function", "config": "system", "registered_name": "system"})), keras(layer("Dense", name="d2", units=2, activation={"module": "builtins", "class_name": "function", "config": "relu", "registered_name": "relu"}))),
    ("lambda", "a Lambda layer with marshalled code", keras(layer("Lambda", name="l", function={"class_name": "__lambda__", "config": {"code": LAMBDA, "defaults": None, "closure": None}})), keras(layer("Dropout", name="l", rate=.2))),
    ("loss-elsewhere", "the compiled loss is a class of the standard library that starts programs", keras(compiled={"optimizer": "adam", "loss": {"module": "subprocess", "class_name": "Popen", "config": {"args": ["echo", "jingwei"]}, "registered_name": None}}), keras(compiled={"optimizer": "adam", "loss": {"module": "keras.losses", "class_name": "MeanSquaredError", "config": {"name": "mse"}, "registered_name": None}})),
    ("get-file", "an initializer is keras.utils.get_file, which fetches and unpacks", keras(layer("Dense", name="d2", units=2, kernel_initializer={"module": "keras.utils", "class_name": "get_file", "config": {"origin": URL, "fname": "/tmp/jingwei", "extract": True}, "registered_name": "get_file"})), keras(layer("Dense", name="d2", units=2, kernel_initializer={"module": "keras.initializers", "class_name": "GlorotUniform", "config": {"seed": 3}, "registered_name": None}))),
    ("enable-unsafe", "a layer is keras.config.enable_unsafe_deserialization, called before the Lambda after it", keras(layer("enable_unsafe_deserialization", "keras.config"), layer("Lambda", name="l", function={"class_name": "__lambda__", "config": {"code": LAMBDA, "defaults": None, "closure": None}})), keras(layer("BatchNormalization", name="bn", axis=-1, momentum=.99), layer("Dropout", name="l", rate=.1))),
])
several("keras", "layers-that-read", "block", [
    ("string-lookup", "StringLookup takes its vocabulary from a path", keras(layer("StringLookup", name="s", vocabulary="/root/.aws/credentials", num_oov_indices=1)), keras(layer("StringLookup", name="s", vocabulary=["red", "green", "blue"], num_oov_indices=1))),
    ("integer-lookup", "IntegerLookup takes its vocabulary from an address", keras(layer("IntegerLookup", name="s", vocabulary=URL + ".txt")), keras(layer("IntegerLookup", name="s", vocabulary=[10, 20, 30]))),
    ("saved-model-layer", "TFSMLayer loads a SavedModel from a path", keras(layer("TFSMLayer", name="t", filepath="//example.invalid/share/model", call_endpoint="serve")), keras(layer("Rescaling", name="t", scale=.00392, offset=0.))),
    ("torch-module", "TorchModuleWrapper unpickles its module", keras(layer("TorchModuleWrapper", name="t", module=base64.b64encode(dump(os_system(), 2)).decode())), keras(layer("Embedding", name="t", input_dim=100, output_dim=8))),
])
several("keras", "archive", "block", [
    ("asset-walks-out", "an asset's name walks out of the folder it is unpacked into", keras(more=[("assets/layers/../../../../../../tmp/jingwei.txt", b"a\n")]), keras(more=[("assets/layers/string_lookup/vocabulary.txt", b"a\nb\n")])),
    ("two-configs", "two configurations; the second one has a Lambda", keras(more=[("config.json", json.dumps({"module": "keras", "class_name": "Sequential", "config": {"name": "s", "layers": [INPUT, layer("Lambda", name="l", function={"class_name": "__lambda__", "config": {"code": LAMBDA, "defaults": None, "closure": None}})]}, "registered_name": None}).encode())]), keras(more=[("assets/config.json", b'{"labels": ["cat", "dog"]}')])),
])


# HDF5

def linked(make):
    def build(file, h5py):
        weights(file)
        make(file, h5py)
    return {"model.weights.h5": h5(build)}


def relative(file, h5py):
    file.create_dataset("layers/dense/vars/2", shape=(64,), dtype="u1", external=[("../../../../root/.netrc", 0, 32), ("weights.raw", 0, 32)])


def outside(file, h5py):
    file.create_dataset("layers/dense/vars/2", shape=(8,), dtype="u1", external=[("/etc/hostname", 0, 8)])


several("hdf5", "data-elsewhere", "block", [
    ("external-storage", "a data set's bytes lie in a file of the system", linked(outside), linked(lambda f, h: f.create_dataset("layers/dense/vars/2", data=[1.] * 8))),
    ("external-link", "a group is a link into another file", linked(lambda f, h: f.__setitem__("layers/dense/vars/2", h.ExternalLink("/nonexistent/private.h5", "/weights"))), linked(lambda f, h: f.__setitem__("layers/dense/vars/2", h.SoftLink("/layers/dense/vars/1")))),
    ("external-relative", "a data set is put together from two files, one of them outside the folder", linked(relative), linked(lambda f, h: f.create_dataset("layers/dense/vars/2", data=[2.] * 8, chunks=(4,)))),
    ("soft-ring", "review: soft links that lead round in a ring", linked(lambda f, h: (f.__setitem__("a", h.SoftLink("/b")), f.__setitem__("b", h.SoftLink("/a")))), linked(lambda f, h: f.__setitem__("a", h.SoftLink("/layers")))),
])
old = lambda config, training="{}": {"model.h5": h5(lambda f, h: (f.attrs.__setitem__("model_config", json.dumps(config)), f.attrs.__setitem__("training_config", training), f.attrs.__setitem__("keras_version", "2.15.0"), f.attrs.__setitem__("backend", "tensorflow"), weights(f)))}
seq = lambda *layers: {"class_name": "Sequential", "config": {"name": "sequential", "layers": [{"class_name": "InputLayer", "config": {"batch_input_shape": [None, 8], "dtype": "float32", "name": "i"}}, *layers, {"class_name": "Dense", "config": {"name": "dense", "units": 4, "activation": "relu"}}]}}
several("hdf5", "old-keras", "block", [
    ("lambda", "a Lambda layer's code in the old form", old(seq({"class_name": "Lambda", "config": {"name": "l", "function": [LAMBDA, None, None], "function_type": "lambda", "module": "__main__", "output_shape_type": "raw"}})), old(seq({"class_name": "Dropout", "config": {"name": "l", "rate": .3}}))),
    ("lambda-within", "the Lambda is inside a model inside a TimeDistributed layer", old(seq({"class_name": "TimeDistributed", "config": {"name": "t", "layer": {"class_name": "Functional", "config": {"layers": [{"class_name": "Lambda", "config": {"name": "l", "function": [LAMBDA, None, None], "function_type": "lambda"}}]}}}})), old(seq({"class_name": "TimeDistributed", "config": {"name": "t", "layer": {"class_name": "Dense", "config": {"name": "d", "units": 2, "activation": "tanh"}}}}))),
    ("unknown-class", "review: a layer of a class that no library has", old(seq({"class_name": "JingweiRunShell", "config": {"name": "r", "command": SAY}})), old(seq({"class_name": "LayerNormalization", "config": {"name": "r", "epsilon": .001}}))),
    ("pickled-attribute", "the training configuration is a pickle that calls", {"model.h5": h5(lambda f, h: (weights(f), f.attrs.__setitem__("optimizer_state", h.Empty("f4")), f.attrs.__setitem__("history", __import__("numpy").void(dump(os_system(), 4)))))}, {"model.h5": h5(lambda f, h: (weights(f), f.attrs.__setitem__("optimizer_state", h.Empty("f4")), f.attrs.__setitem__("history", "[0.91, 0.88, 0.87]")))}),
])

# XGBoost

def xgb(left=(1, -1, -1), right=(2, -1, -1), split=(0, 0, 0), features=4, nodes=3, objective="binary:logistic", trees=1, text=None, **more):
    tree = {"base_weights": [.0, -.4, .5], "categories": [], "categories_nodes": [], "categories_segments": [], "categories_sizes": [], "default_left": [1, 0, 0], "id": 0, "left_children": list(left), "right_children": list(right), "loss_changes": [3., .0, .0], "parents": [2147483647, 0, 0],
            "split_conditions": [.5, -.12, .15], "split_indices": list(split), "split_type": [0, 0, 0], "sum_hessian": [9., 4., 5.], "tree_param": {"num_deleted": "0", "num_feature": str(features), "num_nodes": str(nodes), "size_leaf_vector": "1"}}
    return {"learner": {"attributes": {**more}, "feature_names": ["age", "sex", "height", "weight"], "feature_types": ["float"] * 4, "gradient_booster": {"model": {"cats": {"enc": [], "feature_segments": [], "sorted_idx": []}, "gbtree_model_param": {"num_parallel_tree": "1", "num_trees": str(trees)}, "iteration_indptr": [0, 1], "tree_info": [0], "trees": [tree]}, "name": "gbtree"},
            "learner_model_param": {"base_score": "5E-1", "boost_from_average": "1", "num_class": "0", "num_feature": str(features), "num_target": "1"}, "objective": {"name": objective, "reg_loss_param": {"scale_pos_weight": "1"}}}, "version": [2, 1, 3]}


TYPED = {**dict.fromkeys(("base_weights", "loss_changes", "split_conditions", "sum_hessian"), "d"), **dict.fromkeys(("default_left", "split_type"), "U"), **dict.fromkeys(("categories_segments", "categories_sizes"), "L"),
         **dict.fromkeys(("left_children", "right_children", "parents", "split_indices", "categories", "categories_nodes", "feature_segments", "sorted_idx"), "l")}
PACKED = {"d": ">f", "U": ">B", "L": ">q", "l": ">i"}


def ubj(v, key=""):
    """UBJSON as XGBoost writes it: counted lists, and typed ones for the arrays of a tree."""
    if isinstance(v, dict): return b"{" + b"".join(b"L" + struct.pack(">q", len(k)) + k.encode() + ubj(x, k) for k, x in v.items()) + b"}"
    if isinstance(v, bytes): return v
    if isinstance(v, str): return b"SL" + struct.pack(">q", len(v)) + v.encode()
    if isinstance(v, int): return b"i" + struct.pack(">b", v) if -128 <= v < 128 else b"L" + struct.pack(">q", v)
    kind = TYPED.get(key)
    if kind: return b"[$" + kind.encode() + b"#L" + struct.pack(">q", len(v)) + b"".join(struct.pack(PACKED[kind], x) for x in v)
    return b"[#L" + struct.pack(">q", len(v)) + b"".join(map(ubj, v))


def both(name, reason, **how): return [(name, reason, {"model.json": json.dumps(xgb(**how))}, {"model.json": json.dumps(xgb(seed=name))}), (name + "-ubj", reason, {"model.ubj": ubj(xgb(**how))}, {"model.ubj": ubj(xgb(seed=name))})]
several("trees", "xgboost-nodes", "block", [
    *both("ring", "a node's children lead back to the root: prediction never ends", left=(1, 0, -1), right=(2, 0, -1)),
    *both("child-outside", "a child lies outside the tree: the reader walks out of memory", left=(1 << 30, -1, -1)),
    ("feature-outside", "a split asks for feature 2³⁰ of four", {"model.json": json.dumps(xgb(split=(1 << 30, 0, 0)))}, {"model.json": json.dumps(xgb(seed="split"))}),
])
many = xgb(); many["learner"]["gradient_booster"]["model"]["trees"][0]["split_conditions"] = b"[$d#L" + struct.pack(">q", 1 << 60)
deep = b"{L" + struct.pack(">q", 7) + b"learner" + b"[" * 200000
several("trees", "xgboost-numbers", "block", [
    ("array-length", "an array of 2⁶⁰ floats in UBJSON", {"model.ubj": ubj(many)}, {"model.ubj": ubj(xgb(seed="array"))}),
    ("nested", "lists nested two hundred thousand deep", {"model.ubj": deep}, {"model.ubj": ubj(xgb(seed="deep"))}),
    ("nodes-and-arrays", "review: the tree says a thousand million nodes and has three", {"model.json": json.dumps(xgb(nodes=10 ** 9))}, {"model.json": json.dumps(xgb(seed="nodes"))}),
])

# LightGBM and CatBoost

def lgb(left="-1 -3", right="1 -2", leaves=3, split="0 2", params="", cats="", values="0.1 -0.2 0.3", head="tree"):
    return {"model.txt": f"{head}\nversion=v4\nnum_class=1\nnum_tree_per_iteration=1\nlabel_index=0\nmax_feature_idx=3\nobjective=binary sigmoid:1\nfeature_names=age sex height weight\nfeature_infos=[0:99] [0:1] [0:2] [0:200]\ntree_sizes=330\n\n"
            f"Tree=0\nnum_leaves={leaves}\nnum_cat={1 if cats else 0}\nsplit_feature={split}\nsplit_gain=5 2\nthreshold=0.5 1.5\ndecision_type={'1 2' if cats else '2 2'}\nleft_child={left}\nright_child={right}\nleaf_value={values}\nleaf_weight=9 8 7\nleaf_count=90 80 70\ninternal_value=0 0.1\ninternal_weight=0 15\ninternal_count=240 150\n{cats}is_linear=0\nshrinkage=0.1\n\n\nend of trees\n\nfeature_importances:\nage=1\nheight=1\n\nparameters:\n[boosting: gbdt]\n[objective: binary]\n[learning_rate: 0.1]\n[num_leaves: 3]\n{params}end of parameters\n\npandas_categorical:null\n"}


several("trees", "lightgbm", "block", [
    ("ring", "a child leads back to its parent", lgb(left="1 0", right="1 0"), lgb(values="0.1 -0.3 0.3")),
    ("leaf-outside", "a leaf outside the list of values", lgb(left="-2000000 -3"), lgb(values="0.1 -0.4 0.3")),
    ("leaf-count", "a tree of two thousand million leaves", lgb(leaves=2 ** 31 - 1), lgb(values="0.1 -0.5 0.3")),
    ("categories-outside", "the bounds of categories lie outside the list of bits", lgb(cats="cat_boundaries=0 40000000\ncat_threshold=4\n"), lgb(cats="cat_boundaries=0 1\ncat_threshold=1\n", split="1 2")),
    ("parameters", "review: the parameters of the training name files to read and hosts to join", lgb(params="[data: /root/.ssh/id_ed25519]\n[machines: example.invalid:12400]\n[output_model: /root/.bashrc]\n"), lgb(params="[data: ]\n[bagging_fraction: 0.8]\n")),
])


def catboost(splits=(0,), sizes=(1,), starts=(0,), leaves=(.1, -.1), borders=(.5,), flat_index=0, parts=(), info=(("params", '{"loss_function": "Logloss"}'),), length=None):
    def build(b):
        version = b.CreateString("FlabuffersModel_v1")
        names = [b.CreateString("age")]
        limits = vector(b, borders, "f32")
        feature = table(b, (1, "i32", 0), (2, "i32", flat_index), (3, "ref", limits), (4, "ref", names[0]))
        features = vector(b, [feature])
        values = vector(b, leaves, "f64")
        arrays = [vector(b, x, "i32") for x in (splits, sizes, starts)]
        trees = table(b, (0, "i32", 1), (1, "ref", arrays[0]), (2, "ref", arrays[1]), (3, "ref", arrays[2]), (5, "ref", features), (8, "ref", values))
        rows = []
        for key, text in info:
            k, t = b.CreateString(key), b.CreateString(text)
            rows.append(table(b, (0, "ref", k), (1, "ref", t)))
        rows = vector(b, rows)
        ids = [b.CreateString(p) for p in parts]
        ids = vector(b, ids)
        return table(b, (0, "ref", version), (1, "ref", trees), (2, "ref", rows), (3, "ref", ids))
    core = flat(build)
    return {"model.cbm": b"CBM1" + struct.pack("<I", len(core) if length is None else length) + core}


several("trees", "catboost", "block", [
    ("split-outside", "a tree's split lies outside the list of borders", catboost(splits=(1 << 30,)), catboost(leaves=(.2, -.1))),
    ("deep-tree", "a tree of depth 60 has 2⁶⁰ leaves", catboost(sizes=(60,)), catboost(leaves=(.3, -.1))),
    ("unknown-part", "review: a part of the model that no reader knows", catboost(parts=("jingwei_shell_provider_v1",)), catboost(info=(("params", '{"loss_function": "RMSE"}'), ("model_guid", "1-2-3-4")))),
])
PMML = '<PMML xmlns="http://www.dmg.org/PMML-4_4" version="4.4"><Header copyright="2026 Example GmbH"><Application name="SkLearn2PMML"/></Header><DataDictionary numberOfFields="1"><DataField name="age" optype="continuous" dataType="double"/></DataDictionary>%s<RegressionModel functionName="regression"><MiningSchema><MiningField name="age"/></MiningSchema><RegressionTable intercept="0.3"><NumericPredictor name="age" coefficient="0.7"/></RegressionTable></RegressionModel></PMML>\n'
pmml = lambda head="", more="": {"model.pmml": '<?xml version="1.0" encoding="UTF-8"?>\n' + head + PMML % more}
several("trees", "pmml", "block", [
    ("parameter-entity", "a parameter entity fetches a definition from elsewhere", pmml('<!DOCTYPE PMML [<!ENTITY % d SYSTEM "' + URL + '.dtd"> %d;]>\n'), pmml(more="<!-- a linear model -->")),
    ("include", "XInclude puts a file into the model", pmml(more='<Extension xmlns:xi="http://www.w3.org/2001/XInclude"><xi:include href="file:///etc/hostname" parse="text"/></Extension>'), pmml(more='<Extension name="trained" value="2026-05-01"/>')),
    ("java-function", "a derived field calls a class of Java", pmml(more='<TransformationDictionary><DerivedField name="r" optype="categorical" dataType="string"><Apply function="java.lang.Runtime.getRuntime.exec"><Constant>echo jingwei</Constant></Apply></DerivedField></TransformationDictionary>'), pmml(more='<TransformationDictionary><DerivedField name="r" optype="continuous" dataType="double"><Apply function="ln"><FieldRef field="age"/></Apply></DerivedField></TransformationDictionary>')),
])
