"""Callables that do harm when a pickle calls them: one case for each. The arguments are markers."""

from .case import BLOCK, REVIEW, one
from .opcodes import MARKER, NOWHERE, call, carrying, checkpoint, frame, instance, many, name, number, object_of, program, stack_name, text2, value_of

URL = "http://127.0.0.1:9/jingwei-inert"
CODE = "0  # jingwei-inert"

# family: rows of (module.name, arguments); a dotted name has a colon behind its module
BLOCKED = {
    "process": [
        ("posix:system", (MARKER,)), ("nt:system", (MARKER,)), ("os:system", (MARKER,)), ("os:popen", (MARKER,)), ("os:execv", (NOWHERE, ["x"])), ("os:execvp", (NOWHERE, ["x"])),
        ("os:spawnv", (1, NOWHERE, ["x"])), ("os:posix_spawn", (NOWHERE, ["x"], {})), ("os:startfile", (NOWHERE,)), ("posix:fork", ()), ("subprocess:Popen", ([NOWHERE],)), ("subprocess:run", ([NOWHERE],)),
        ("subprocess:call", ([NOWHERE],)), ("subprocess:check_output", ([NOWHERE],)), ("subprocess:getoutput", (MARKER,)), ("commands:getoutput", (MARKER,)), ("pty:spawn", (NOWHERE,)), ("_posixsubprocess:fork_exec", ([NOWHERE],)),
        ("_winapi:CreateProcess", (NOWHERE,)), ("asyncio.subprocess:create_subprocess_shell", (MARKER,)), ("asyncio.unix_events:_UnixSubprocessTransport._start", (MARKER,)), ("distutils.spawn:spawn", ([NOWHERE],)),
        ("multiprocessing.util:spawnv_passfds", (NOWHERE, [], [])), ("_pyrepl.pager:pipe_pager", ("x", MARKER)), ("_pyrepl.pager:tempfile_pager", ("x", MARKER)), ("_aix_support:_read_cmd_output", (MARKER,)), ("_osx_support:_read_output", (MARKER,)),
        ("_osx_support:_find_build_tool", (MARKER,)), ("uuid:_get_command_stdout", (NOWHERE, "x")), ("imaplib:IMAP4_stream", (MARKER,)), ("mailcap:findmatch", ({}, "x")), ("pydoc:pipepager", ("x", MARKER)), ("pydoc:tempfilepager", ("x", MARKER)),
        ("webbrowser:GenericBrowser", (NOWHERE,)), ("platform:popen", (MARKER,)), ("test.support.script_helper:assert_python_ok", ("-c", CODE)), ("sh:Command", (NOWHERE,)), ("invoke.context:Context.run", (MARKER,)), ("invoke:run", (MARKER,)),
        ("plumbum.cmd:sh", ("-c", MARKER)), ("pexpect:spawn", (MARKER,)), ("torch.utils.collect_env:run", (MARKER,)), ("numpy.distutils.exec_command:exec_command", (MARKER,)), ("setuptools._distutils.spawn:spawn", ([NOWHERE],)),
        ("pip._internal.cli.main:main", (["install", "jingwei-inert"],)), ("pip:main", (["install", "jingwei-inert"],)), ("ensurepip:_run_pip", ([],)), ("venv:create", (NOWHERE,)),
    ],
    "code": [
        ("builtins:eval", (CODE,)), ("builtins:exec", (CODE,)), ("builtins:compile", (CODE, "x", "eval")), ("__builtin__:eval", (CODE,)), ("__builtin__:execfile", (NOWHERE,)), ("timeit:timeit", (CODE,)), ("timeit:main", ([CODE],)), ("cProfile:run", (CODE,)), ("cProfile:runctx", (CODE, {}, {})),
        ("profile:run", (CODE,)), ("pdb:run", (CODE,)), ("bdb:Bdb.run", (CODE,)), ("doctest:debug_script", (CODE,)), ("trace:Trace.run", (CODE,)), ("code:InteractiveInterpreter.runcode", (CODE,)), ("code:interact", ()), ("runpy:run_path", (NOWHERE,)),
        ("runpy:_run_code", (CODE, {})), ("runpy:run_module", ("jingwei_inert",)), ("idlelib.pyshell:ModifiedInterpreter.runcode", (CODE,)), ("idlelib.run:Executive.runcode", (CODE,)), ("idlelib.autocomplete:AutoComplete.get_entity", (CODE,)),
        ("idlelib.debugobj:ObjectTreeItem.SetText", (CODE,)), ("lib2to3.pgen2.pgen:ParserGenerator", (NOWHERE,)), ("lib2to3.pgen2.grammar:Grammar.loads", (b"x",)), ("types:CodeType", (0, 0, 0, 0, 0, 0, b"")), ("types:FunctionType", (None, {})), ("marshal:loads", (b"N",)),
        ("_testcapi:run_in_subinterp", (CODE,)), ("tkinter:Tcl", ()), ("rlcompleter:Completer.attr_matches", ("x.y",)), ("typing:_eval_type", (None, {}, {})), ("logging.config:_resolve", ("os.system",)),
        ("logging.config:dictConfig", ({"version": 1},)), ("pstats:Stats", (NOWHERE,)), ("numpy.testing._private.utils:runstring", (CODE, {})), ("numpy.testing:rundocs", (NOWHERE,)), ("numpy.f2py.crackfortran:getlincoef", (CODE, {})), ("numpy.f2py.crackfortran:param_eval", (CODE, {}, {}, None)),
        ("numpy.f2py.capi_maps:load_f2cmap_file", (NOWHERE,)), ("pandas:eval", (CODE,)), ("pandas.core.computation.eval:eval", (CODE,)), ("pandas.core.frame:DataFrame.query", (None, CODE)), ("sympy:sympify", (CODE,)),
        ("sympy.parsing.sympy_parser:parse_expr", (CODE,)), ("numexpr:evaluate", (CODE,)), ("torch.jit.unsupported_tensor_ops:execWrapper", (CODE, {}, {})), ("torch.fx.experimental.symbolic_shapes:ShapeEnv.evaluate_guards_expression", (None, CODE, [])),
        ("torch._dynamo.guards:GuardBuilder.get", (None, CODE)), ("torch._inductor.codecache:compile_file", (NOWHERE, NOWHERE, [NOWHERE])), ("torch.utils.bottleneck.__main__:run_cprofile", (CODE, {})), ("torch.utils.bottleneck.__main__:run_autograd_prof", (CODE, {})),
        ("torch.utils._config_module:ConfigModule.load_config", (None, b"x")), ("torch.distributed.rpc.internal:_run_function", (None,)), ("torch.utils.data.datapipes.utils.decoder:basichandlers", ("pyd", b"x")), ("torch.fx.graph_module:_exec_with_source", (CODE, {})),
        ("torch.fx.graph_module:reduce_graph_module", ({}, "")), ("torch.package.package_importer:PackageImporter", (NOWHERE,)), ("jinja2:Template", ("{{ 0 }}",)), ("jinja2.nativetypes:native_concat", ([CODE],)), ("mako.template:Template", (CODE,)), ("tornado.template:Template", (CODE,)),
        ("transformers.dynamic_module_utils:get_class_from_dynamic_module", ("x.Y", "jingwei/inert")), ("IPython:embed", ()), ("IPython.core.interactiveshell:InteractiveShell.run_cell", (None, CODE)), ("werkzeug.debug.console:_InteractiveConsole.runcode", (None, CODE)),
        ("celery.utils.imports:symbol_by_name", ("os:system",)), ("django.utils.module_loading:import_string", ("os.system",)),
    ],
    "loader": [
        ("pickle:loads", (b"N.",)), ("_pickle:loads", (b"N.",)), ("pickle:_loads", (b"N.",)), ("_pickle:Unpickler", (None,)), ("cPickle:loads", (b"N.",)), ("shelve:open", (NOWHERE,)), ("dill:loads", (b"N.",)), ("dill:load", (None,)), ("cloudpickle:loads", (b"N.",)),
        ("joblib:load", (NOWHERE,)), ("joblib.numpy_pickle:load", (NOWHERE,)), ("torch:load", (NOWHERE,)), ("torch.serialization:load", (NOWHERE,)), ("torch.storage:_load_from_bytes", (b"N.",)), ("torch.jit:load", (NOWHERE,)), ("torch.hub:load", ("jingwei/inert", "x")),
        ("torch.hub:load_state_dict_from_url", (URL,)), ("numpy:load", (NOWHERE,)), ("pandas:read_pickle", (NOWHERE,)), ("pandas.io.pickle:read_pickle", (URL,)), ("keras.models:load_model", (NOWHERE,)), ("tensorflow.keras.models:load_model", (NOWHERE,)), ("tensorflow:load_op_library", (NOWHERE,)),
        ("mlflow.pyfunc:load_model", (NOWHERE,)), ("skops.io:load", (NOWHERE,)), ("yaml:unsafe_load", ("x",)), ("yaml:load", ("x",)), ("jsonpickle:decode", ("{}",)), ("multiprocessing.connection:_ForkingPickler.loads", (b"N.",)), ("multiprocessing.reduction:ForkingPickler.loads", (b"N.",)),
        ("distributed.protocol.pickle:loads", (b"N.",)), ("ray.cloudpickle:loads", (b"N.",)), ("statsmodels.iolib.smpickle:load_pickle", (NOWHERE,)), ("networkx:read_gpickle", (NOWHERE,)), ("gensim.utils:unpickle", (NOWHERE,)), ("sklearn.externals.joblib:load", (NOWHERE,)), ("huggingface_hub:snapshot_download", ("jingwei/inert",)),
        ("transformers:AutoModel.from_pretrained", ("jingwei/inert",)), ("datasets:load_dataset", ("jingwei/inert",)), ("diffusers:DiffusionPipeline.from_pretrained", ("jingwei/inert",)),
    ],
    "import": [
        ("builtins:__import__", ("jingwei_inert",)), ("importlib:import_module", ("jingwei_inert",)), ("importlib:__import__", ("jingwei_inert",)), ("importlib:reload", (None,)), ("importlib._bootstrap:_gcd_import", ("jingwei_inert",)), ("importlib.util:spec_from_file_location", ("x", NOWHERE)), ("imp:load_source", ("x", NOWHERE)),
        ("imp:load_dynamic", ("x", NOWHERE)), ("_imp:create_dynamic", (None,)), ("zipimport:zipimporter", (NOWHERE,)), ("pkgutil:resolve_name", ("os:system",)), ("pydoc:locate", ("os.system",)), ("pydoc:importfile", (NOWHERE,)), ("site:addsitedir", (NOWHERE,)), ("importlib.machinery:SourceFileLoader", ("x", NOWHERE)),
    ],
    "native": [
        ("ctypes:CDLL", (NOWHERE,)), ("ctypes:PyDLL", (NOWHERE,)), ("ctypes:LibraryLoader", (None,)), ("_ctypes:dlopen", (NOWHERE,)), ("cffi:FFI", ()), ("torch.ops:load_library", (NOWHERE,)), ("torch.utils.cpp_extension:load", ("x", [NOWHERE])), ("numpy.ctypeslib:load_library", (NOWHERE, NOWHERE)),
        ("torch.classes:load_library", (NOWHERE,)), ("sqlite3:connect", (NOWHERE,)), ("cupy:RawModule", (CODE,)),
    ],
    "file": [
        ("builtins:open", (NOWHERE, "w")), ("io:open", (NOWHERE, "w")), ("_io:open", (NOWHERE, "w")), ("_io:FileIO", (NOWHERE, "w")), ("io:FileIO", (NOWHERE,)), ("os:open", (NOWHERE, 1)), ("os:remove", (NOWHERE,)), ("os:unlink", (NOWHERE,)), ("os:rename", (NOWHERE, NOWHERE)), ("os:chmod", (NOWHERE, 0)), ("os:symlink", (NOWHERE, NOWHERE)),
        ("os:putenv", ("JINGWEI", "inert")), ("os:kill", (0, 0)), ("shutil:rmtree", (NOWHERE,)), ("shutil:copyfile", (NOWHERE, NOWHERE)), ("shutil:move", (NOWHERE, NOWHERE)), ("shutil:unpack_archive", (NOWHERE,)), ("pathlib:Path.write_text", (None, "x")), ("pathlib:Path.unlink", (None,)), ("logging:FileHandler", (NOWHERE,)),
        ("distutils.file_util:write_file", (NOWHERE, ["x"])), ("dbm:open", (NOWHERE, "n")), ("zipfile:ZipFile", (NOWHERE, "w")), ("tarfile:open", (NOWHERE,)), ("gzip:open", (NOWHERE, "w")), ("codecs:open", (NOWHERE, "w")), ("numpy:save", (NOWHERE, 0)),
        ("torch:save", (0, NOWHERE)), ("torch:from_file", (NOWHERE,)),
    ],
    "network": [
        ("urllib.request:urlopen", (URL,)), ("urllib.request:urlretrieve", (URL, NOWHERE)), ("http.client:HTTPConnection", ("127.0.0.1:9",)), ("socket:socket", ()), ("socket:create_connection", (("127.0.0.1", 9),)), ("smtplib:SMTP", ("127.0.0.1", 9)), ("ftplib:FTP", ()), ("poplib:POP3", ("127.0.0.1", 9)), ("telnetlib:Telnet", ()),
        ("ssl:get_server_certificate", (("127.0.0.1", 9),)), ("xmlrpc.client:ServerProxy", (URL,)), ("requests:get", (URL,)), ("requests.api:post", (URL,)), ("httpx:get", (URL,)), ("aiohttp:ClientSession", ()), ("asyncio:open_connection", ("127.0.0.1", 9)), ("paramiko:SSHClient", ()), ("webbrowser:open", (URL,)),
        ("socketserver:TCPServer", (("127.0.0.1", 9), None)), ("http.server:test", ()), ("multiprocessing.managers:BaseManager", ()), ("multiprocessing.connection:Client", (("127.0.0.1", 9),)), ("torch.distributed.rpc:init_rpc", ("x",)), ("boto3:client", ("s3",)), ("pymongo:MongoClient", (URL,)),
    ],
}
# Names that no model needs and that do little by themselves: to be held for review is enough.
REVIEWED = [
    ("tempfile:mktemp", ()), ("gc:get_objects", ()), ("antigravity:geohash", ("x",)), ("this:s", ()), ("os:getcwd", ()), ("os:listdir", (NOWHERE,)), ("os.path:exists", (NOWHERE,)), ("platform:uname", ()), ("getpass:getuser", ()), ("sys:exit", (0,)), ("os:_exit", (0,)), ("time:sleep", (1,)), ("builtins:input", ("x",)),
    ("builtins:breakpoint", ()), ("faulthandler:_sigsegv", ()), ("warnings:warn", ("x",)), ("builtins:print", ("x",)), ("jingwei_unknown_package.layers:Attention", (4,)), ("__main__:MyModel", ()), ("models.network:Net", ()), ("secrets:token_hex", (8,)), ("inspect:stack", ()), ("traceback:print_stack", ()), ("locale:setlocale", (0, "C")),
    ("random:seed", (0,)), ("threading:current_thread", ()), ("unittest.mock:patch", ("os.system",)), ("atexit:unregister", (None,)), ("decimal:getcontext", ()), ("resource:setrlimit", (0, (0, 0))),
    ("typing:get_type_hints", (None,)), ("numba:jit", ()), ("numpy:fromfile", (NOWHERE,)), ("numpy:memmap", (NOWHERE,)), ("linecache:getlines", (NOWHERE,)), ("pandas:read_csv", (NOWHERE,)), ("xml.etree.ElementTree:parse", (NOWHERE,)), ("configparser:ConfigParser.read", (None, NOWHERE)), ("netrc:netrc", (NOWHERE,)), ("fileinput:input", (NOWHERE,)), ("concurrent.futures.process:ProcessPoolExecutor", (1,)), ("fabric:Connection", ("localhost",)),
]
# What ordinary checkpoints call; a twin has the shape of its case with one of these in its place.
ORDINARY = [
    ("collections:OrderedDict", ()), ("builtins:set", ([1, 2],)), ("_codecs:encode", ("abc", "latin1")), ("builtins:complex", (1.0, 2.0)), ("builtins:bytearray", (b"abc",)), ("builtins:frozenset", ([1, 2],)), ("collections:Counter", ({"a": 1},)), ("numpy:dtype", ("f4", 0, 1)),
    ("builtins:slice", (0, 4, 1)), ("builtins:range", (0, 4, 1)), ("datetime:date", (b"\x07\xe8\x01\x01",)), ("torch:Size", ((2, 3),)), ("torch:device", ("cpu",)), ("decimal:Decimal", ("1.5",)), ("collections:deque", ([1, 2],)), ("fractions:Fraction", ("1/2",)),
]
OPCODES = ["name", "stack-name", "instance", "object", "framed"]


def calling(full, arguments, form):
    """One program that calls a name, in one of the ways that picklers have."""
    module, attribute = full.split(":")
    plain = list(map(value_of, arguments))
    if form == "instance" and "." not in attribute:
        return carrying(instance(module, attribute, *plain), 0)
    if form == "object" and "." not in attribute:
        return carrying(object_of(name(module, attribute), *plain), 2)
    if form in ("stack-name", "framed") or "." in attribute:
        body = checkpoint(text2("extra"), call(stack_name(module, attribute), *plain)) + b"."
        return b"\x80\x04" + (frame(body) if form == "framed" else body)
    return carrying(call(name(module, attribute), *plain))


def cases():
    rows = [("gadget-" + family, full, arguments, BLOCK) for family, members in BLOCKED.items() for full, arguments in members]
    rows += [("gadget-review", full, arguments, REVIEW) for full, arguments in REVIEWED]
    for index, (group, full, arguments, expected) in enumerate(rows):
        form = OPCODES[index % len(OPCODES)]
        benign, plain = ORDINARY[(index * 7 + index // 16) % len(ORDINARY)]
        if form in ("instance", "object") and plain == ():
            benign, plain = ORDINARY[1]  # INST and OBJ of a bare OrderedDict are what no pickler writes
        path = ["model.pkl", "pytorch_model.bin", "weights.dat", "last.ckpt"][index % 4]
        reason = f"calls {full.replace(':', '.')}" if expected == BLOCK else f"names {full.replace(':', '.')}, which no model needs to load"
        yield one(group, full.replace(":", "."), expected, reason, path, calling(full, arguments, form), calling(benign, plain, form))
