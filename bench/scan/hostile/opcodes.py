"""A tiny assembler for pickle programs. Every function gives the bytes of an expression that leaves one value on the stack
(or of one opcode), and programs are made by joining them. Nothing here loads a pickle, and the callables that programs
name get the marker below or a path that does not exist: what is written would do nothing if somebody loaded it."""

import struct

MARKER = "echo jingwei-inert"
NOWHERE = "/nonexistent/jingwei-inert"

MARK, STOP, POP, POP_MARK, DUP, REDUCE, BUILD, NEWOBJ, NEWOBJ_EX = b"(", b".", b"0", b"1", b"2", b"R", b"b", b"\x81", b"\x92"
APPEND, APPENDS, SETITEM, SETITEMS, ADDITEMS, MEMOIZE, STACK_GLOBAL = b"a", b"e", b"s", b"u", b"\x90", b"\x94", b"\x93"
NONE, TRUE, FALSE, EMPTY_DICT, EMPTY_LIST, EMPTY_TUPLE, EMPTY_SET = b"N", b"\x88", b"\x89", b"}", b"]", b")", b"\x8f"


def proto(version):
    return b"\x80" + bytes([version]) if version >= 2 else b""


def frame(body, length=None):
    return b"\x95" + struct.pack("<Q", len(body) if length is None else length) + body


def text(value):
    """Text of any length; short text in the short form of protocol 4."""
    raw = value.encode("utf-8", "surrogatepass")
    return b"\x8c" + bytes([len(raw)]) + raw if len(raw) < 256 else b"X" + struct.pack("<I", len(raw)) + raw


def text2(value):
    """Text as protocols 1 to 3 write it."""
    raw = value.encode()
    return b"X" + struct.pack("<I", len(raw)) + raw


def text0(value):
    return b"V" + value.encode("raw-unicode-escape") + b"\n"


def text8(value):
    raw = value.encode()
    return b"\x8d" + struct.pack("<Q", len(raw)) + raw


def string0(value):
    return b"S'" + value.encode() + b"'\n"


def string1(value):
    return b"U" + bytes([len(value)]) + value.encode()


def string4(value):
    return b"T" + struct.pack("<i", len(value)) + value.encode()


def data(value):
    return b"C" + bytes([len(value)]) + value if len(value) < 256 else b"B" + struct.pack("<I", len(value)) + value


def number(value):
    if 0 <= value < 256:
        return b"K" + bytes([value])
    return b"J" + struct.pack("<i", value) if -(1 << 31) <= value < 1 << 31 else b"\x8a\x08" + struct.pack("<q", value)


def real(value):
    return b"G" + struct.pack(">d", value)


def put(index):
    return b"q" + bytes([index]) if index < 256 else b"r" + struct.pack("<I", index)


def get(index):
    return b"h" + bytes([index]) if index < 256 else b"j" + struct.pack("<I", index)


def name(module, attribute):
    """GLOBAL, the form of protocols 0 to 3."""
    return b"c" + module.encode() + b"\n" + attribute.encode() + b"\n"


def stack_name(module, attribute):
    return text(module) + text(attribute) + STACK_GLOBAL


def many(*values):
    """A tuple."""
    if len(values) < 4:
        return b"".join(values) + (b")", b"\x85", b"\x86", b"\x87")[len(values)]
    return MARK + b"".join(values) + b"t"


def items(*values):
    """A list."""
    return EMPTY_LIST + (MARK + b"".join(values) + APPENDS if values else b"")


def pairs(*values):
    """A dict from keys and values by turns."""
    return EMPTY_DICT + (MARK + b"".join(values) + SETITEMS if values else b"")


def call(function, *arguments):
    return function + many(*arguments) + REDUCE


def instance(module, attribute, *arguments):
    return MARK + b"".join(arguments) + b"i" + module.encode() + b"\n" + attribute.encode() + b"\n"


def object_of(function, *arguments):
    return MARK + function + b"".join(arguments) + b"o"


def value_of(plain):
    """A plain Python value as an expression."""
    if plain is None or plain is True or plain is False:
        return {None: NONE, True: TRUE, False: FALSE}[plain]
    if isinstance(plain, bytes):
        return data(plain)
    if isinstance(plain, str):
        return text2(plain)
    if isinstance(plain, int):
        return number(plain)
    if isinstance(plain, float):
        return real(plain)
    if isinstance(plain, tuple):
        return many(*map(value_of, plain))
    if isinstance(plain, list):
        return items(*map(value_of, plain))
    return pairs(*(value_of(part) for pair in plain.items() for part in pair))


def program(body, version=2):
    return proto(version) + body + STOP


def checkpoint(*more):
    """What a small training script saves: a dict with numbers and lists, and more keys and values behind them."""
    return pairs(text2("epoch"), number(3), text2("loss"), real(0.25), text2("weights"), items(*(real(x / 8) for x in range(8))), *more)


def carrying(expression, version=2):
    """A checkpoint that holds the expression beside its ordinary content."""
    return program(checkpoint(text2("extra"), expression), version)


SYSTEM = name("os", "system")
EVIL = call(SYSTEM, text2(MARKER))
EVIL4 = call(stack_name("os", "system"), text(MARKER))
GOOD = call(name("collections", "OrderedDict"))
GOOD4 = call(stack_name("collections", "OrderedDict"))
