"""Loads files in children of its own and says what the file did. For verify.py: reads JSON rows (path, how) from standard input.

An audit hook stops and records every event (a file opened, text compiled, a program started, a connection made) that has
the inert marker or the unreachable host in its arguments; the few callables that most cases name are replaced by a
recorder. Children have little memory, time and file size. Only for a machine that may be lost.
"""
import bz2, code, ctypes, gzip, json, lzma, os, pickle, profile, pty, random, resource, shutil, signal, sys, tempfile, warnings, webbrowser

warnings.simplefilter("ignore")
WORDS = ("JINGWEI-INERT", "jingwei.invalid", "jw_inert", "/etc/hostname", "/etc/passwd")
hits = []


def record(*arguments, **more):
    hits.append(repr(arguments)[:60])


def watch(event, arguments):
    if event in ("socket.connect", "socket.getaddrinfo", "socket.bind") or event not in ("pickle.find_class", "marshal.loads", "object.__getattr__") and any(word in repr(arguments)[:3000] for word in WORDS):
        hits.append(event)
        raise RuntimeError("recorded")


def opened(path):
    for opener in (gzip.open, lzma.open, bz2.open):
        try:
            file = opener(path)
            file.peek(1)
            return file
        except (OSError, EOFError, lzma.LZMAError):
            pass
    return open(path, "rb")


def load(path, how):
    if how == "pickle":
        return pickle.load(opened(path))
    if how == "torch":
        return torch.load(path, map_location="cpu")
    if how == "joblib":
        return joblib.load(path)
    if how == "numpy":
        value = numpy.load(path, allow_pickle=True)
        return {name: value[name] for name in value.files} if hasattr(value, "files") else value
    if how == "tables":
        import tables
        file = tables.open_file(path)
        for node in file.walk_nodes():
            [node._v_attrs[name] for name in node._v_attrs._v_attrnames]
            node.read() if hasattr(node, "read") else None
    if how == "zarr":
        import zarr
        return zarr.open(path)["x"][:]
    if how == "skops":
        import skops.io
        return skops.io.load(path, trusted=skops.io.get_untrusted_types(file=path))
    if how == "yaml":
        from hyperpyyaml import load_hyperpyyaml
        return load_hyperpyyaml(open(path))
    if how == "hdf5":
        import h5py
        file = h5py.File(path)
        found = []
        file.visititems(lambda name, node: found.append(node[:8] if hasattr(node, "shape") else None))


def child(path, how, end):
    resource.setrlimit(resource.RLIMIT_AS, (8 << 30, 8 << 30)); resource.setrlimit(resource.RLIMIT_CPU, (15, 15)); resource.setrlimit(resource.RLIMIT_FSIZE, (1 << 20, 1 << 20))
    signal.alarm(20)
    problem = ""
    with tempfile.TemporaryDirectory() as folder:
        os.chdir(folder)
        registered = len(sys.meta_path) + len(sys.path_hooks)
        webbrowser.open = shutil.rmtree = pty.spawn = code.interact = os.popen = os.execvp = profile.run = record
        sys.addaudithook(watch)
        try:
            load(path, how)
        except BaseException as error:
            problem = f"{type(error).__name__}: {error}"[:120]
        if len(sys.meta_path) + len(sys.path_hooks) != registered: hits.append("import hooks")
        os.write(end, json.dumps([hits, problem]).encode())
        os.chdir("/")
    os._exit(0)


if __name__ == "__main__":
    for name in sys.argv[1].split(","):
        globals()[name] = __import__(name)
    sys.setrecursionlimit(3000)
    for line in sys.stdin:
        path, how = json.loads(line)
        readable, end = os.pipe()
        pid = os.fork()
        if not pid:
            null = os.open(os.devnull, os.O_WRONLY); os.dup2(null, 1); os.dup2(null, 2)
            child(path, how, end)
        os.close(end)
        with os.fdopen(readable, errors="replace") as answer: said = answer.read()
        _, status = os.waitpid(pid, 0)
        try: answered = json.JSONDecoder().raw_decode(said)[0]  # a child of the child may have answered, too
        except ValueError: answered = [[], f"the reader ended with status {status}"]
        print(json.dumps(answered), flush=True)
