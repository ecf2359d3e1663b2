"""What all parts share: the frame of ../unseen/base.py, and carriers that put a pickle body into a container.

The frame's list of cases is the one list: nothing of ../unseen but base.py is imported, so only our cases are in it.
"""
import bz2, itertools, lzma, pathlib, sys, zlib
sys.path.append(str(pathlib.Path(__file__).resolve().parent.parent / "unseen"))
from base import *  # noqa: F401,F403
from base import BENIGN, CASES, G, MARK, Op, benign, by, call, case, enc, g, gz, i, npy, pb, pk, proto, pv, sg, state, su, tarred, tlink, torch_legacy, torch_zip, tup, u, varint, wrap, write_all, zipped  # noqa: F401

HOST = "jingwei.invalid"  # a name that no resolver answers


# What most structural cases reach for: each takes one text, and opens, runs, imports or connects to what it names.
PAYLOADS = ["webbrowser:open", "idlelib.calltip:get_entity", "ftplib:FTP", "distutils.core:run_setup", "imaplib:IMAP4", "pydoc:importfile", "logging:FileHandler", "zipapp:get_interpreter", "poplib:POP3", "cProfile:run"]
turn = itertools.cycle(PAYLOADS)
def other(): return G(next(turn))
def hit(): return other() + tup(u(MARK)) + b"R"
def evil(n=4): return wrap(hit(), n)


def ref(dotted):
    """module:name as opcodes; a dotted name needs STACK_GLOBAL, which walks attributes."""
    module, name = dotted.split(":")
    return sg(module, name) if "." in name else G(dotted)


def do(dotted, *args):
    """A call of dotted with plain values or ready opcodes (bytes in Op)."""
    return ref(dotted) + enc(tuple(args)) + b"R"


def carried(k, body, n=2):
    """The body in one of eight containers: file name -> bytes."""
    dumped = wrap(body, n)
    name, data = [
        ("model.pkl", pk(body, n)), ("model.pickle", dumped), ("pytorch_model.pt", torch_zip(pk(state(u("extra") + body), n), raw=True)), ("pipeline.joblib", dumped),
        ("model.pkl.gz", gz(dumped)), ("checkpoint.pth", torch_legacy(None, after=body + b"0") if n < 4 else torch_zip(pk(state(u("optimizer") + body), n), root="checkpoint", raw=True)),
        ("vectors.npy", npy("'|O'", "(1,)", pk(body, n))), ("model.pkl.xz", lzma.compress(dumped, preset=6)),
    ][k % 8]
    return {name: data}


def pickled(group, technique, name, expected, reason, k, body, calm=None, n=None):
    """A case of one pickle body; its twin has benign callables in the same container, or `calm`."""
    n = n or (4 if b"\x93" in body or b"\x94" in body else 2 + k % 2)
    case(group, technique, name, expected, reason, carried(k, body, n), carried(k, calm if calm is not None else benign(k), n))


def several(group, technique, expected, rows):
    """rows: name, reason, hostile files, twin files; the reason may begin with another expectation and a colon."""
    for name, reason, hostile, twin in rows:
        word, _, rest = reason.partition(": ")
        case(group, technique, name, word if word in ("block", "review") else expected, rest if word in ("block", "review") else reason, hostile, twin)
