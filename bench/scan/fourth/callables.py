"""Pickles that call a function of a library: what it is given reaches a program, code, an import, a loader or the network.

Every name was found in the library's own source (verify.py names). No argument names anything that exists.
"""
import bz2, lzma, zlib
from base import NOWHERE, SAY, URL, Call, bundle, case, checkpoint, dump, estimator, gz, plain, state_dict, torch_zip

CODE = "print('jingwei')"
MODULE = "jingwei_inert.module"
INNER = dump({"scores": [1, 2, 3]}, 4)

TABLE = {
    "vision": [
        ("mmengine.utils.package_utils:call_command", [["echo", "jingwei"]], "starts a program"),
        ("modelscope.ops.image_control_3d_portrait.torch_utils.persistence:_src_to_module", [CODE], "runs the text as a module"),
        ("yolov5.utils.downloads:curl_download", [URL, NOWHERE], "fetches a file and writes it where it is told"),
    ],
    "speech": [
        ("funasr.utils.dynamic_import:load_module_from_path", [NOWHERE + ".py"], "runs a file of Python"),
        ("speechbrain.utils.superpowers:run_shell", [SAY], "gives the text to a shell"),
        ("nemo.utils.model_utils:import_class_by_path", [MODULE + ".Model"], "imports what it names"),
    ],
    "reinforcement-learning": [
        ("d3rlpy.cli:_exec_to_create_env", [CODE], "runs the text"),
        ("d3rlpy.cli:_install_module", [["jingwei-example-invalid"], False, False], "installs a package"),
        ("labml.internal.manage.process:_load_module_main", [NOWHERE + ".py"], "runs a file of Python"),
    ],
    "recommenders": [
        ("cornac.models.recommender:Recommender.load", [NOWHERE], "loads another pickle"),
    ],
    "time-series": [
        ("sktime.registry._craft:craft", ["return __import__('jingwei_inert')"], "runs the text"),
        ("tsai.imports:import_file_as_module", [NOWHERE + ".py"], "runs a file of Python"),
        ("darts.timeseries:TimeSeries.from_pickle", [NOWHERE + ".pkl"], "loads another pickle"),
    ],
    "geography": [
        ("intake.catalog.utils:_j_getshell", [["echo", "jingwei"]], "starts a program"),
        ("leafmap.common:install_package", ["jingwei-example-invalid"], "installs a package"),
    ],
    "model-serving": [
        ("sglang.utils:execute_shell_command", [SAY], "starts a program"),
        ("fastchat.utils:run_cmd", [SAY], "gives the text to a shell"),
        ("langchain_community.llms.databricks:_load_pickled_fn_from_hex_string", [INNER.hex(), True], "loads a pickle out of a text"),
    ],
    "language-model-tools": [
        ("promptflow._core.tool_meta_generator:load_python_module", [CODE, None], "runs the text as a module"),
        ("llmcompressor.utils.helpers:import_from_path", [NOWHERE + ".py:run"], "runs a file of Python"),
    ],
    "data-frames": [
        ("vaex.misc.expressions:translate", ["__import__('jingwei_inert')"], "evaluates the text"),
        ("vaex.utils:os_open", [NOWHERE], "opens a file with the desktop's program"),
        ("distributed.preloading:_download_module", [URL + ".py"], "fetches Python and runs it"),
    ],
    "experiment-tracking": [
        ("aim.cli.utils:exec_cmd", [["echo", "jingwei"]], "starts a program"),
        ("guild.python_util:exec_script", [NOWHERE + ".py"], "runs a file of Python"),
    ],
    "pipelines": [
        ("kedro.framework.cli.utils:call", [["echo", "jingwei"]], "starts a program"),
        ("luigi.format:OutputPipeProcessWrapper", [["echo", "jingwei"]], "starts a program"),
        ("flytekit.extras.tasks.shell:subproc_execute", [["echo", "jingwei"]], "starts a program"),
    ],
    "physics": [
        ("cantera.cti2yaml:convert", [None, None, CODE], "runs the text"),
        ("pyiron_base.jobs.master.generic:get_function_from_string", ["def jingwei(x):\n    return x\n"], "runs the text"),
        ("fipy.tools.dimensions.physicalField:_findUnit", ["__import__('jingwei_inert')"], "evaluates the text"),
    ],
    "computation": [
        ("pytensor.link.utils:compile_function_src", ["def jingwei(): return 1", "jingwei"], "runs the text"),
        ("pulp.apis.coin_api:COINMP_DLL_load_dll", [[NOWHERE + ".so"]], "loads a native library"),
        ("qiskit.version:_minimal_ext_cmd", [["echo", "jingwei"]], "starts a program"),
    ],
    "life-sciences": [
        ("deepchem.utils.sequence_utils:system_call", [SAY], "gives the text to a shell"),
        ("stanza.utils.charlm.make_lm_data:xz_uncompressed_size", [NOWHERE + ".xz"], "starts a program"),
    ],
    "training": [
        ("fastcore.basics:exec_new", [CODE], "runs the text"),
        ("catalyst.contrib.utils.serialization:pickle_deserialize", [INNER], "loads a pickle out of bytes"),
    ],
    "notebooks": [
        ("panel.io.mime_render:exec_with_return", [CODE], "runs the text"),
        ("ipyparallel.util:_execute", [CODE], "runs the text"),
    ],
    "processes": [
        ("gevent.subprocess:run", [["echo", "jingwei"]], "starts a program"),
        ("pexpect.popen_spawn:PopenSpawn", [SAY], "starts a program"),
        ("multiprocess.spawn:_fixup_main_from_path", [NOWHERE + ".py"], "runs a file of Python"),
    ],
    "explanation": [
        ("alibi.saving:load_explainer", [NOWHERE, None], "loads another pickle"),
        ("evidently.cli.utils:_load_config_from_python", [None, NOWHERE + ".py"], "runs a file of Python"),
        ("skops.io._utils:_import_obj", [MODULE, "run"], "imports what it names"),
    ],
    # What is found in the wild: names that every tool knows, in the shapes that droppers have.
    "plain-names": [
        ("posix:system", [SAY], "gives the text to a shell"),
        ("nt:system", [SAY], "gives the text to a shell on Windows"),
        ("builtins:exec", ["import base64;exec(base64.b64decode('cHJpbnQoJ2ppbmd3ZWknKQ=='))"], "runs text that hides in base64"),
        ("subprocess:Popen", [["powershell", "-enc", "ZQBjAGgAbwA="]], "starts a program"),
        ("builtins:eval", ["__import__('urllib.request').request.urlopen('%s')" % URL], "evaluates a text that fetches"),
    ],
}


def carried(k, extra):
    """The thing beside a model, in one of ten containers: file name → bytes."""
    weights, storages = state_dict(k)
    plainly = dump(bundle(extra, k), 2 + k % 4)
    return [
        lambda: {"model.pkl": plainly},
        lambda: {"pytorch_model.bin": checkpoint(extra, k)},
        lambda: {"pipeline.joblib": zlib.compress(plainly)},
        lambda: {"model.pkl.gz": gz(plainly)},
        lambda: {"checkpoint.pth": checkpoint(extra, k, legacy=True)},
        lambda: {"classifier.sav": dump([estimator(k), extra], 0)},
        lambda: {"last.ckpt": torch_zip({"state_dict": weights, "hyper_parameters": {"lr": .001, "sampler": extra}, "pytorch-lightning_version": "2.4.0", "epoch": 3}, storages, root="last")},
        lambda: {"model.pkl.bz2": bz2.compress(plainly)},
        lambda: {"vectorizer.pickle": dump({"vocabulary_": {"good": 0, "bad": 1}, "idf_": extra}, 5)},
        lambda: {"features.pkl.xz": lzma.compress(plainly, preset=1)},
    ][k % 10]()


number = 0
for domain, rows in TABLE.items():
    for dotted, args, why in rows:
        name = dotted.replace(":", ".").lower().replace("_", "-").replace(".", "-").strip("-")[-60:].strip("-")
        case("library-calls", domain, name, "block", f"{dotted} {why}", carried(number, Call(dotted, *args)), carried(number, plain(number)))
        number += 1
