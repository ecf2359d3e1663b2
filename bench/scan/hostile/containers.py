"""Pickles in the containers that models come in, archives that lie, and bombs."""

import bz2, gzip, io, lzma, struct, tarfile, zlib

from .boxes import *  # noqa: F403
from .case import BLOCK, REVIEW, Case, Link, one
from .opcodes import *  # noqa: F403

BAD, FINE = carrying(EVIL), carrying(GOOD)
SAFE = call(name("collections", "Counter"), text2("abc"))


def objects_of(item):
    """The pickle of an array with one object."""
    empty = call(name("numpy.core.multiarray", "_reconstruct"), name("numpy", "ndarray"), many(number(0)), data(b"b"))
    return program(empty + many(number(1), many(number(1)), call(name("numpy", "dtype"), text2("O8"), FALSE, TRUE), FALSE, items(item)) + BUILD, 3)


def joblib_cases():
    for codec, pack in CODECS.items():
        if codec == "zf":
            yield one("joblib", "zf", BLOCK, "joblib's oldest compression with a call inside", "model.joblib", pack(BAD), pack(FINE))
            continue
        for where in ("before", "after"):
            yield one("joblib", f"{codec}-{where}", BLOCK, f"a call {where} the array's raw bytes, {codec}", "model.joblib" if codec == "raw" else f"model.pkl.{codec}", pack(joblib_of(**{where: EVIL})), pack(joblib_of(**{where: SAFE})))
    inner, plain = objects_of(EVIL), objects_of(text2("a"))
    yield one("joblib", "object-array", BLOCK, "an array of objects: a pickle in the array's place", "model.joblib", joblib_of(inside=inner, dtype="O8", shape=(1,)), joblib_of(inside=plain, dtype="O8", shape=(1,)))
    yield one("joblib", "object-array-lz4", BLOCK, "an array of objects in lz4", "model.lz4", lz4_of(joblib_of(inside=inner, dtype="O8", shape=(1,))), lz4_of(joblib_of(inside=plain, dtype="O8", shape=(1,))))
    yield one("joblib", "unaligned-after", BLOCK, "a call behind an array without alignment", "model.joblib", joblib_of(after=EVIL, aligned=False), joblib_of(after=SAFE, aligned=False))
    yield one("joblib", "large-after", BLOCK, "a call behind 2 MB of array", "model.joblib", joblib_of(after=EVIL, count=250_000), joblib_of(after=SAFE, count=250_000))
    decoy = b"".join(program(GOOD) for _ in range(8)).ljust(200, b"\0")[:200]
    yield one("joblib", "bytes-like-opcodes", BLOCK, "the array's bytes look like pickles; the call is behind them", "model.joblib", joblib_of(inside=decoy, count=25, after=EVIL), joblib_of(inside=decoy, count=25, after=SAFE))
    yield one("joblib", "shape-lies", BLOCK, "the shape says fewer bytes than the file has: the call lies where a reader of the shape goes on", "model.joblib", joblib_of(inside=bytes(8), count=1, after=EVIL), joblib_of(inside=bytes(8), count=1, after=SAFE))
    yield one("joblib", "shape-huge", REVIEW, "a shape of 2^62 elements", "model.joblib", joblib_of(shape=(1 << 31, 1 << 31)), joblib_of())
    yield one("joblib", "subclass", BLOCK, "os.system as the array's class", "model.joblib", b"\x80\x03" + pairs(text2("array"), wrapper((4,), subclass=SYSTEM)) + STOP, joblib_of())
    old = lambda file: b"\x80\x02" + pairs(text2("array"), call(name("joblib.numpy_pickle_compat", "NDArrayWrapper"), text2(file), name("numpy", "ndarray"))) + STOP
    yield Case("joblib", "outside-file", REVIEW, "an old wrapper that names an array file outside the folder", {"model.pkl": old("../../../../nonexistent/jingwei-inert.npy")}, {"model.pkl": old("model.pkl_01.npy"), "model.pkl_01.npy": npy_of("'<f8'", "(2,)", bytes(16))})
    yield one("joblib", "compressed-twice", BLOCK, "gzip in gzip", "model.pkl.gz", gzip.compress(gzip.compress(BAD, mtime=0), mtime=0), gzip.compress(gzip.compress(FINE, mtime=0), mtime=0))
    yield one("joblib", "second-member", BLOCK, "a second gzip member behind the first", "model.pkl.gz", gzip.compress(FINE, mtime=0) + gzip.compress(BAD, mtime=0), gzip.compress(FINE, mtime=0) + gzip.compress(FINE, mtime=0))


def numpy_cases():
    objects = npy_of("'|O'", "(1,)", objects_of(EVIL))
    plain = npy_of("'|O'", "(1,)", objects_of(text2("a")))
    numbers = npy_of("'<f8'", "(2,)", bytes(16))
    yield one("numpy", "npy-object", BLOCK, "an array of objects with a call", "x.npy", objects, plain)
    yield one("numpy", "npz-object", BLOCK, "an npz member of objects with a call", "x.npz", zip_plain({"a.npy": objects}), zip_plain({"a.npy": plain}))
    yield one("numpy", "npz-object-deflated", BLOCK, "a compressed npz member of objects with a call", "x.npz", zip_plain({"a.npy": numbers, "b.npy": objects}, True), zip_plain({"a.npy": numbers, "b.npy": plain}, True))
    yield one("numpy", "npz-raw-pickle", BLOCK, "an npz member that is a plain pickle", "x.npz", zip_plain({"a.npy": numbers, "b": BAD}), zip_plain({"a.npy": numbers, "b": FINE}))
    yield Case("numpy", "npy-is-pickle", BLOCK, "a file named .npy that is a pickle: numpy falls back to loading it", {"x.npy": BAD}, {"x.pkl": FINE})
    yield one("numpy", "npy-structured-object", BLOCK, "a structured type with an object field", "x.npy", npy_of("[('a', '<f8'), ('b', '|O')]", "(1,)", program(items(EVIL), 3)), npy_of("[('a', '<f8'), ('b', '<i4')]", "(1,)", bytes(12)))
    yield one("numpy", "npy-version-3", BLOCK, "format 3.0 with objects", "x.npy", npy_of("'|O'", "(1,)", program(items(EVIL), 3), 3), npy_of("'<f8'", "(2,)", bytes(16), 3))
    yield one("numpy", "header-code", REVIEW, "a header that is code instead of a literal", "x.npy", npy_of("", "", b"", header="{'descr': __import__('os').getcwd(), 'fortran_order': False, 'shape': (1,), }"), numbers)
    yield one("numpy", "header-nested", REVIEW, "a header of 30,000 brackets: evaluators crash", "x.npy", npy_of("", "", b"", 2, header="[" * 30_000 + "]" * 30_000), numbers)
    yield one("numpy", "shape-huge", REVIEW, "a shape of 2^80 elements", "x.npy", npy_of("'<f8'", f"({1 << 40}, {1 << 40})", bytes(16)), numbers)
    yield one("numpy", "shape-negative", REVIEW, "a negative shape", "x.npy", npy_of("'<f8'", "(-2,)", bytes(16)), numbers)
    yield one("numpy", "trailing-pickle", REVIEW, "a pickle with a call behind the array: read by a second load", "x.npy", numbers + BAD, numbers)
    yield one("numpy", "header-cut", REVIEW, "a header longer than the file", "x.npy", b"\x93NUMPY\x02\x00" + struct.pack("<I", 1 << 30) + b"{", numbers)
    yield one("numpy", "npz-slip", BLOCK, "an npz member named ../", "x.npz", zip_plain({"../../jingwei-inert.npy": numbers}), zip_plain({"a.npy": numbers}))


def torch_cases():
    path = "pytorch_model.bin"

    def add(name_, hostile, twin, reason, expected=BLOCK, file=path):
        return one("torch", name_, expected, reason, file, hostile, twin)

    yield add("data-pkl", torch_zip(EVIL), torch_zip(SAFE), "a call in data.pkl")
    yield add("data-pkl-protocol-4", zip_of(*torch_members(program(state_dict(text2("extra"), EVIL4), 4))), zip_of(*torch_members(program(state_dict(text2("extra"), GOOD4), 4))), "a call in data.pkl, STACK_GLOBAL")
    yield add("data-pkl-deflated", zip_of(Member("archive/data.pkl", torch_pickle(EVIL), True), *torch_members(b"")[1:]), zip_of(Member("archive/data.pkl", torch_pickle(SAFE), True), *torch_members(b"")[1:]), "a call in a compressed data.pkl")
    for inside, reason in (("archive/extra.pkl", "a second pickle"), ("archive/notes", "a pickle without an extension"), ("archive/.data/.hidden", "a pickle in a hidden folder"), ("archive/image.png", "a pickle named .png"), ("other/data.pkl", "a second data.pkl in another root"), ("archive/DATA.PKL", "DATA.PKL beside data.pkl"), ("archive/data.pkl ", "a name that ends in a space"), ("archive/code/x.pkl", "a pickle among code"), ("config.p", "a pickle named config.p")):
        yield add(f"member-{inside.strip().replace('/', '-')}{'-space' if inside.endswith(' ') else ''}", torch_zip(b"", Member(inside, BAD)), torch_zip(b"", Member(inside, FINE)), reason)
    storage = [m if not m.name.endswith(b"data/0") else Member("archive/data/0", BAD.ljust(16, b"\0")) for m in torch_members(torch_pickle())]
    yield add("storage-is-pickle", zip_of(*storage), torch_zip(), "a storage whose bytes are a pickle with a call", REVIEW)
    yield add("member-npy", torch_zip(b"", Member("archive/x.npy", npy_of("'|O'", "(1,)", program(items(EVIL), 3)))), torch_zip(b"", Member("archive/x.npy", npy_of("'<f8'", "(2,)", bytes(16)))), "an object array among the members")
    yield add("member-zip", torch_zip(b"", Member("archive/more", zip_plain({"data.pkl": BAD}))), torch_zip(b"", Member("archive/more", zip_plain({"data.pkl": FINE}))), "an archive among the members")
    for file in ("model.safetensors", "model.onnx", "weights.txt", "photo.jpg", "config.json", "model.gguf", "weights", "README.md", "model.h5"):
        yield Case("torch", f"named-{file}", BLOCK, f"a torch archive named {file}", {file: torch_zip(EVIL)}, {path: torch_zip(SAFE)})
    for file in ("model.safetensors", "config.p", "model.txt", "vocab", "model.onnx", "index.html", "model.h5"):
        yield Case("torch", f"pickle-named-{file}", BLOCK, f"a pickle named {file}", {file: BAD}, {"model.pkl": FINE})
    yield add("junk-prefix", torch_zip(EVIL, prefix=b"#!/bin/true\n" + b"\0" * 300), torch_zip(SAFE), "junk before the archive")
    yield add("pickle-then-zip", BAD + torch_zip(SAFE), torch_zip(SAFE), "a pickle with a call, and an archive behind it: which is read depends on the reader")
    yield add("zip-then-pickle", torch_zip(SAFE, suffix=BAD), torch_zip(SAFE), "an archive, and a pickle with a call behind it", REVIEW)
    yield add("two-archives", torch_zip(EVIL) + torch_zip(SAFE), torch_zip(SAFE), "an archive with a call before another archive", REVIEW)
    yield add("comment-archive", torch_zip(EVIL, comment=torch_zip(SAFE)[-60:-22]), torch_zip(SAFE, comment=b"made by hand"), "a call, and a comment made of directory records")
    fake = zip_of(Member("archive/data.pkl", FINE))
    yield add("two-ends", torch_zip(EVIL, comment=fake), torch_zip(SAFE), "two end records: readers disagree on the directory")
    yield add("crc", zip_of(Member("archive/data.pkl", torch_pickle(EVIL), crc=1), *torch_members(b"")[1:]), torch_zip(SAFE), "a call in a member with a wrong checksum: torch reads it all the same")
    for flag in (0x1, 0x20, 0x40, 0x2000):
        yield add(f"flag-{flag:x}", zip_of(Member("archive/data.pkl", torch_pickle(EVIL), flags=flag), *torch_members(b"")[1:]), torch_zip(SAFE), f"a call in a member with flag {flag:#x}: other readers give up")
    yield add("flag-local-1", zip_of(Member("archive/data.pkl", torch_pickle(EVIL), local_flags=1), *torch_members(b"")[1:]), torch_zip(SAFE), "the local header says encrypted, the directory does not")
    yield add("local-name", zip_of(Member("archive/data.pkl", torch_pickle(EVIL), local_name="archive/data.txt"), *torch_members(b"")[1:]), torch_zip(SAFE), "the local header has another name than the directory")
    yield add("directory-name", zip_of(Member("archive/data.txt", torch_pickle(EVIL), local_name="archive/data.pkl"), *torch_members(b"")[1:]), torch_zip(SAFE), "the directory has another name than the local header")
    yield add("duplicate-last", zip_of(*torch_members(torch_pickle(SAFE)), Member("archive/data.pkl", torch_pickle(EVIL))), torch_zip(SAFE), "data.pkl twice: the second one calls")
    yield add("duplicate-first", zip_of(Member("archive/data.pkl", torch_pickle(EVIL)), *torch_members(torch_pickle(SAFE))), torch_zip(SAFE), "data.pkl twice: the first one calls")
    yield add("unlisted", torch_zip(SAFE, Member("archive/more.pkl", BAD, listed=False)), torch_zip(SAFE, Member("archive/more.pkl", FINE)), "a member that the directory does not list", REVIEW)
    yield add("only-unlisted", zip_of(*torch_members(torch_pickle(SAFE)), Member("archive/data.pkl", torch_pickle(EVIL), listed=False)), torch_zip(SAFE), "a data.pkl with a call that the directory does not list", REVIEW)
    yield add("method-99", zip_of(Member("archive/data.pkl", torch_pickle(EVIL), method=99), *torch_members(b"")[1:]), torch_zip(SAFE), "a member in a compression that nobody here can read", REVIEW)
    yield add("size-lies", zip_of(Member("archive/data.pkl", torch_pickle(EVIL), size=10), *torch_members(b"")[1:]), torch_zip(SAFE), "the directory says 10 bytes, the member has more", REVIEW)
    yield add("size-huge", zip_of(Member("archive/data.pkl", torch_pickle(EVIL), size=0xFFFFFFF0), *torch_members(b"")[1:]), torch_zip(SAFE), "the directory says 4 GB", REVIEW)
    yield add("offset-outside", zip_of(*torch_members(torch_pickle(SAFE)), Member("archive/x", BAD, offset=0x7FFFFFFF)), torch_zip(SAFE), "a member that lies behind the end of the file", REVIEW)
    yield add("directory-cut", torch_zip(EVIL)[:-30], torch_zip(SAFE), "the end of the archive is cut off", REVIEW)
    yield add("control-name", torch_zip(EVIL, Member("archive/\x1b[2J\x1b]0;x\x07.pkl", BAD)), torch_zip(SAFE, Member("archive/說明.txt", b"x")), "a member name with terminal escapes, and a call")
    yield add("bidi-name", torch_zip(b"", Member("archive/\u202egnp.lkp", FINE)), torch_zip(b"", Member("archive/المثال.txt", b"x")), "a member name that shows another extension than it has", REVIEW)
    for label, inside in (("up", "../../jingwei-inert.pth"), ("absolute", "/nonexistent/jingwei-inert"), ("backslash", "..\\..\\jingwei-inert"), ("drive", "C:\\jingwei-inert"), ("deep", "archive/data/../../../jingwei-inert")):
        yield add("slip-" + label, torch_zip(b"", Member(inside, b"x")), torch_zip(b"", Member("archive/notes.txt", b"x")), f"a member named {inside}")
    yield add("symlink-member", torch_zip(b"", Member("archive/link", b"/nonexistent/jingwei-inert", attributes=0xA1FF0000)), torch_zip(b"", Member("archive/link", b"plain text", attributes=0x81A40000)), "a member that is a symbolic link out of the archive")
    yield add("legacy", torch_legacy(EVIL), torch_legacy(SAFE), "the old format: a call in the third pickle")
    yield add("legacy-sysinfo", torch_legacy(info=EVIL), torch_legacy(), "the old format: a call in the system information")
    yield add("legacy-behind", torch_legacy(suffix=BAD), torch_legacy(), "the old format: a pickle with a call behind the storages", REVIEW)
    yield add("legacy-magic", torch_legacy(EVIL, magic=0x1950A86A20F9469CFC6D), torch_legacy(SAFE), "the old format with a wrong magic number, and a call")
    for where in ("sys_info", "pickle", "tensors"):
        yield add(f"tar-{where}", torch_tar(EVIL, where), torch_tar(), f"the oldest format: a call in {where}")
    forward = "class Model(Module):\n  __parameters__ = []\n  __buffers__ = []\n  training : bool\n  def forward(self: __torch__.Model,\n    x: Tensor) -> Tensor:\n    %s\n    return x\n"
    harmless = torchscript(forward % "y = torch.relu(x)")
    script = lambda line, **more: torchscript(forward % line, **more)
    yield add("script-from-file", script('y = torch.from_file("/nonexistent/jingwei-inert", True, 16)'), harmless, "TorchScript that maps a file", file="model.pt")
    yield add("script-save", script('_0 = ops.aten.save(x, "/nonexistent/jingwei-inert")'), harmless, "TorchScript that writes a file", file="model.pt")
    yield add("script-custom-op", script("y = ops.jingwei_inert.run(x)"), harmless, "TorchScript with an operator of a library that is not torch's", REVIEW, "model.pt")
    yield add("script-constants", script("y = torch.relu(x)", constants=program(many(EVIL))), script("y = torch.relu(x)", constants=program(many(text2("a")))), "a call in constants.pkl", file="model.pt")
    yield add("script-data", script("y = torch.relu(x)", data_pkl=program(EVIL)), harmless, "a call in TorchScript's data.pkl", file="model.pt")
    yield add("script-loop", script("while True:\n      x = torch.relu(x)"), harmless, "TorchScript that never ends", REVIEW, "model.pt")
    yield add("script-extra", script("y = torch.relu(x)", extra=[Member("model/extra/hook.py", b"import os\nos.system('echo jingwei-inert')\n")]), script("y = torch.relu(x)", extra=[Member("model/extra/labels.txt", b"cat\ndog\n")]), "a Python file among the extra files", REVIEW, "model.pt")
    package = lambda code, extern: zip_plain({"pkg/.data/extern_modules": extern, "pkg/model/model.pkl": program(name("net", "Net") + EMPTY_TUPLE + NEWOBJ), "pkg/net.py": code, "pkg/.data/version": b"6\n"})
    yield one("torch", "package", BLOCK, "torch.package: code that runs os.system when the model is loaded", "model.pt", package(b"import os\nos.system('echo jingwei-inert')\nclass Net: pass\n", b"os\n"), torch_zip(SAFE))


def archive_cases():
    boxed = {
        "zip": lambda raw: zip_plain({"model.pkl": raw}), "zip-deflated": lambda raw: zip_plain({"model.pkl": raw}, True), "zip-in-zip": lambda raw: zip_plain({"a.zip": zip_plain({"b.zip": zip_plain({"model.pkl": raw})})}), "tar": lambda raw: tar_of({"model.pkl": raw}),
        "tar-gz": lambda raw: tar_of({"model.pkl": raw}, "gz"), "tar-bz2": lambda raw: tar_of({"model.pkl": raw}, "bz2"), "tar-xz": lambda raw: tar_of({"model.pkl": raw}, "xz"), "gz": lambda raw: gzip.compress(raw, mtime=0), "bz2": bz2.compress, "xz": lzma.compress, "lz4": lz4_of, "zstd": zstd_of,
        "7z": lambda raw: sevenzip_of({"model.pkl": raw}), "7z-stored": lambda raw: sevenzip_of({"model.pkl": raw}, False), "7z-two": lambda raw: sevenzip_of({"a.txt": b"hello", "model.pkl": raw}), "zip-of-tar-of-gz": lambda raw: zip_plain({"a.tar": tar_of({"b.gz": gzip.compress(raw, mtime=0)})}),
        "7z-in-zip": lambda raw: zip_plain({"a.7z": sevenzip_of({"model.pkl": raw})}), "zip-in-gz": lambda raw: gzip.compress(zip_plain({"model.pkl": raw}), mtime=0), "xz-of-zstd-of-lz4": lambda raw: lzma.compress(zstd_of(lz4_of(raw))), "lzma": lambda raw: lzma.compress(raw, lzma.FORMAT_ALONE), "zlib": zlib.compress,
    }
    outer = {"zip-deflated": "zip", "zip-in-zip": "zip", "tar-gz": "tar.gz", "tar-bz2": "tar.bz2", "tar-xz": "tar.xz", "zstd": "zst", "7z-stored": "7z", "7z-two": "7z", "zip-of-tar-of-gz": "zip", "7z-in-zip": "zip", "zip-in-gz": "zip.gz", "xz-of-zstd-of-lz4": "xz", "zlib": "z"}
    for name_, pack in boxed.items():
        yield one("archive", "pickle-in-" + name_, BLOCK, f"a pickle with a call in {name_.replace('-', ' ')}", "model." + outer.get(name_, name_), pack(BAD), pack(FINE))
    yield Case("archive", "7z-named-bin", BLOCK, "a 7z archive named pytorch_model.bin (nullifAI)", {"pytorch_model.bin": sevenzip_of({"data.pkl": BAD})}, {"model.7z": sevenzip_of({"data.pkl": FINE})})
    yield Case("archive", "7z-torch", BLOCK, "a torch archive within 7z, named .pt", {"model.pt": sevenzip_of({"model.pt": torch_zip(EVIL)})}, {"model.7z": sevenzip_of({"model.pt": torch_zip(SAFE)})})
    yield one("archive", "torch-in-tar-gz", BLOCK, "a torch archive in tar.gz", "model.tar.gz", tar_of({"m/pytorch_model.bin": torch_zip(EVIL), "m/config.json": b"{}"}, "gz"), tar_of({"m/pytorch_model.bin": torch_zip(SAFE), "m/config.json": b"{}"}, "gz"))
    yield one("archive", "mar", BLOCK, "a TorchServe archive whose handler runs a command", "model.mar", zip_plain({"MAR-INF/MANIFEST.json": b'{"model":{"handler":"handler.py","serializedFile":"model.pt"}}', "handler.py": b"import os\nos.system('echo jingwei-inert')\n", "model.pt": torch_zip(SAFE)}), zip_plain({"MAR-INF/MANIFEST.json": b'{"model":{"handler":"image_classifier","serializedFile":"model.pt"}}', "model.pt": torch_zip(SAFE)}))
    nemo = lambda text_: tar_of({"./model_config.yaml": text_, "./model_weights.ckpt": torch_zip(SAFE)})
    yield one("archive", "nemo-target", BLOCK, "a NeMo archive whose configuration names os.system as a class (CVE-2025-23304)", "model.nemo", nemo(b"target: nemo.collections.asr.models.EncDecCTCModel\npreprocessor:\n  _target_: os.system\n  command: echo jingwei-inert\n"), nemo(b"target: nemo.collections.asr.models.EncDecCTCModel\npreprocessor:\n  _target_: nemo.collections.asr.modules.AudioToMelSpectrogramPreprocessor\n  window: hann\n"))
    yield one("archive", "nemo-weights", BLOCK, "a NeMo archive whose weights hold a call", "model.nemo", tar_of({"./model_config.yaml": b"a: 1\n", "./model_weights.ckpt": torch_zip(EVIL)}), nemo(b"a: 1\n"))
    plain_tar = tar_of({"model.txt": b"x", "sub/a.txt": b"y"})
    links = {
        "slip": dict(files={"../../jingwei-inert": b"x"}), "absolute": dict(files={"/nonexistent/jingwei-inert": b"x"}), "symlink": dict(files={}, links=[("out", tarfile.SYMTYPE, "/nonexistent/jingwei-inert")]), "symlink-up": dict(files={}, links=[("out", tarfile.SYMTYPE, "../../../x")]),
        "symlink-then-file": None, "hardlink": dict(files={}, links=[("out", tarfile.LNKTYPE, "/nonexistent/jingwei-inert")]), "device": dict(files={}, links=[("dev", tarfile.CHRTYPE, "")]), "fifo": dict(files={}, links=[("pipe", tarfile.FIFOTYPE, "")]),
    }
    for name_, how in links.items():
        raw = tar_of(**how) if how else tar_of({"a": b""}, links=[("out", tarfile.SYMTYPE, "/nonexistent")])[:-1024 * 9] + tar_of({"out/jingwei-inert": b"x"})
        yield one("archive", "tar-" + name_, REVIEW if name_ in ("device", "fifo") else BLOCK, f"a tar member that is or leads outside: {name_}", "model.tar", raw, plain_tar)
    yield one("archive", "tar-size-lies", REVIEW, "a tar member larger than the file", "model.tar", plain_tar[:124] + b"77777777777\0" + plain_tar[136:], plain_tar)
    yield one("archive", "tar-behind-end", BLOCK, "a tar with a pickle with a call behind its end", "model.tar", tar_of({"a.txt": b"x"}) + tar_of({"model.pkl": BAD}), tar_of({"a.txt": b"x", "model.pkl": FINE}))
    for name_, cut in (("zip", zip_plain({"model.pkl": BAD}, True)), ("gz", gzip.compress(BAD * 40, mtime=0)), ("xz", lzma.compress(BAD * 40)), ("7z", sevenzip_of({"model.pkl": BAD * 40})), ("tar", tar_of({"model.pkl": BAD * 40}))):
        yield one("archive", f"{name_}-cut", REVIEW, f"a {name_} that ends in the middle", f"model.{name_}", cut[: len(cut) * 2 // 3 if name_ != "tar" else 1200], boxed[name_](FINE))
    for name_, target in (("outside", "../../../../nonexistent/jingwei-inert.bin"), ("absolute", "/nonexistent/jingwei-inert.bin"), ("loop", "weights.bin")):
        yield Case("archive", f"folder-symlink-{name_}", REVIEW, f"a symbolic link in the folder: {name_}", {"config.json": b"{}", "weights.bin": Link(target)}, {"config.json": b"{}", "weights.bin": torch_zip(SAFE)})


def bomb_cases():
    small = {"zip": zip_plain({"data.pkl": FINE}, True), "gz": gzip.compress(FINE, mtime=0), "bz2": bz2.compress(FINE), "xz": lzma.compress(FINE), "lz4": lz4_of(FINE), "7z": sevenzip_of({"data.pkl": FINE}), "tar": tar_of({"a": b"x"})}
    opcodes = b"\x80\x02" + b"N0" * 28_000_000 + b"N."
    zeros = bytes(100_000_000)
    rows = [
        ("zip-opcodes", "pytorch_model.bin", zip_of(Member("archive/data.pkl", opcodes, True), Member("archive/version", b"3\n")), "58 KB that grow into 56 million opcodes", "zip"),
        ("zip-zeros", "model.zip", zip_plain({"weights.bin": zeros}, True), "100 KB that grow into 100 MB", "zip"),
        ("zip-nested", "model.zip", zip_plain({f"{n}.zip": zip_plain({f"{m}.zip": zip_plain({"w": bytes(4_000_000)}, True) for m in range(16)}, True) for n in range(16)}, True), "archives in archives: 1 GB at the bottom", "zip"),
        ("zip-deep", "model.zip", _nested(60), "60 archives in one another", "zip"),
        ("zip-overlap", "model.zip", zip_of(Member("w", bytes(2_000_000), True), *(Member(f"w{n}", bytes(2_000_000), True, local=False, offset=0) for n in range(400))), "400 entries that share one member: 800 MB", "zip"),
        ("zip-entries", "model.zip", zip_of(Member("a", b""), *(Member(str(n), b"", local=False, offset=0) for n in range(60_000))), "60,000 entries", "zip"),
        ("zip-count-lies", "model.zip", zip_of(Member("a.pkl", BAD), count=65_535), "the end record counts 65,535 entries, there is one", "zip"),
        ("gz-zeros", "model.pkl.gz", gzip.compress(zeros, mtime=0), "100 KB that grow into 100 MB", "gz"), ("gz-opcodes", "model.pkl.gz", gzip.compress(opcodes, mtime=0), "a pickle of 56 million opcodes", "gz"), ("bz2-zeros", "model.pkl.bz2", bz2.compress(zeros), "113 bytes that grow into 100 MB", "bz2"),
        ("xz-zeros", "model.pkl.xz", lzma.compress(zeros), "15 KB that grow into 100 MB", "xz"), ("lz4-zeros", "model.lz4", lz4_zeros(100_000_000), "400 KB that grow into 100 MB", "lz4"), ("7z-zeros", "model.7z", sevenzip_of({"a.pkl": zeros}), "15 KB that grow into 100 MB", "7z"),
        ("zlib-zeros", "model.pkl.z", zlib.compress(zeros, 9), "100 KB that grow into 100 MB", "gz"), ("gz-gz", "model.gz", gzip.compress(gzip.compress(zeros, mtime=0), mtime=0), "gzip in gzip", "gz"), ("tar-entries", "model.tar.gz", gzip.compress(tar_of({str(n): b"" for n in range(20_000)}), mtime=0), "20,000 entries", "tar"),
        ("7z-files-lie", "model.7z", _lying_7z(), "a header that counts 2^60 files", "7z"), ("xz-dictionary", "model.xz", lzma.compress(b"x", lzma.FORMAT_ALONE)[:1] + b"\xff\xff\xff\xff" + lzma.compress(b"x", lzma.FORMAT_ALONE)[5:], "a dictionary of 4 GB", "xz"),
        ("zstd-window", "model.zst", b"\x28\xb5\x2f\xfd\x00\xf8" + b"\x09\x00\x00x", "a window of gigabytes", "gz"),
    ]
    for name_, path, hostile, reason, twin in rows:
        yield one("bomb", name_, REVIEW, reason, path, hostile, small[twin])


def _nested(depth):
    raw = zip_plain({"data.pkl": BAD})
    for level in range(depth):
        raw = zip_plain({f"{level}.zip": raw})
    return raw


def _lying_7z():
    header = b"\x01\x05" + number7z(1 << 60) + b"\x00"
    start = struct.pack("<QQI", 0, len(header), zlib.crc32(header))
    return b"7z\xbc\xaf\x27\x1c\x00\x04" + struct.pack("<I", zlib.crc32(start)) + start + header


def cases():
    for group in (joblib_cases, numpy_cases, torch_cases, archive_cases, bomb_cases):
        yield from group()
