#!/usr/bin/env python3
"""What bombs cost the scanner: user seconds beyond an empty file, memory, verdict.

    python3 bombs.py --binary JINGWEI [--folder FOLDER] [--only WORD] [--runs 3] [--memory 1024]

Every bomb is inert: zeros, empty entries, headers that lie, opcodes without a call. Each is written, scanned under a limit of
address space (MiB), measured as the median of the runs, and removed. A scan that ends by a signal or exits with something
else than 0 or 1 is a crash. Prints a Markdown table."""

import argparse, bz2, gzip, json, lzma, os, pathlib, resource, statistics, struct, subprocess, sys, tempfile, zlib

from hostile.boxes import Member, lz4_zeros, sevenzip_of, tar_of, zip_of, zip_plain
from hostile.containers import _lying_7z as lying_7z
from hostile.opcodes import APPEND, DUP, EMPTY_LIST, MARK, NONE, POP, data, get, items, name, number, program, put, text2

MB = 1_000_000


def deflated(count, unit=1 << 20):
    """Raw deflate of `count` times `unit` zeros: one packed block again and again."""
    packer = zlib.compressobj(9, zlib.DEFLATED, -15)
    first = packer.compress(bytes(unit)) + packer.flush(zlib.Z_FULL_FLUSH)
    block = packer.compress(bytes(unit)) + packer.flush(zlib.Z_FULL_FLUSH)
    return first + block * (count - 1) + packer.flush()


def gzip_zeros(mib):
    """The checksum at the end is not computed: nobody should get there."""
    return b"\x1f\x8b\x08" + bytes(6) + b"\xff" + deflated(mib) + struct.pack("<II", 0, (mib << 20) & 0xFFFFFFFF)


def zstd_rle(blocks):
    """One frame of blocks that are one byte 131,072 times."""
    block = struct.pack("<I", 1 << 1 | 0x20000 << 3)[:3] + b"\0"
    return b"\x28\xb5\x2f\xfd\x00\x38" + block * blocks + b"\x01\x00\x00"


def nested(depth, wrap, core=b"x"):
    for level in range(depth):
        core = wrap(level, core)
    return core


def many_entries(count):
    one = zip_of(Member("a"))
    directory = one[one.index(b"PK\x01\x02"):one.index(b"PK\x05\x06")]
    members = one[: one.index(b"PK\x01\x02")]
    wide = b"PK\x06\x06" + struct.pack("<QHHIIQQQQ", 44, 45, 45, 0, 0, count, count, len(directory) * count, len(members))
    locator = b"PK\x06\x07" + struct.pack("<IQI", 0, len(members) + len(directory) * count, 1)
    return members + directory * count + wide + locator + b"PK\x05\x06" + struct.pack("<HHHHIIH", 0, 0, 0xFFFF, 0xFFFF, 0xFFFFFFFF, 0xFFFFFFFF, 0)


def shared_member(count, bytes_each):
    first = Member("w", bytes(bytes_each), True)
    return zip_of(first, *(Member(f"w{n}", bytes(bytes_each), True, local=False, offset=0) for n in range(count)))


def packed_bombs():
    zeros = lambda: bytes(100 * MB)
    yield "gzip 5 MB of 5 GB", "a.gz", lambda: gzip_zeros(5000)
    yield "gzip 50 MB of 50 GB", "a.gz", lambda: gzip_zeros(50_000)
    yield "gzip 100 KB of 100 MB", "a.gz", lambda: gzip.compress(zeros(), mtime=0)
    yield "gzip in gzip", "a.gz", lambda: gzip.compress(gzip_zeros(4000), mtime=0)
    yield "gzip in gzip, 80 deep", "a.gz", lambda: nested(80, lambda _, raw: gzip.compress(raw, mtime=0))
    yield "gzip, 200,000 empty members", "a.gz", lambda: gzip.compress(b"", mtime=0) * 200_000
    yield "zlib 100 KB of 100 MB", "a.z", lambda: zlib.compress(zeros(), 9)
    yield "bzip2 113 bytes of 100 MB", "a.bz2", lambda: bz2.compress(zeros())
    yield "bzip2 1 MB of 900 GB", "a.bz2", lambda: bz2.compress(zeros()) * 9000
    yield "bzip2, 200,000 empty frames", "a.bz2", lambda: bz2.compress(b"") * 200_000
    yield "xz 15 KB of 100 MB", "a.xz", lambda: lzma.compress(zeros())
    yield "xz 1.5 MB of 10 GB", "a.xz", lambda: lzma.compress(zeros()) * 100
    yield "xz, 100,000 empty streams", "a.xz", lambda: lzma.compress(b"") * 100_000
    yield "xz, a dictionary of 4 GB", "a.xz", lambda: (lambda raw: raw[:1] + b"\xff\xff\xff\xff" + raw[5:])(lzma.compress(b"x", lzma.FORMAT_ALONE))
    yield "lzma 15 KB of 100 MB", "a.lzma", lambda: lzma.compress(zeros(), lzma.FORMAT_ALONE)
    yield "lz4 400 KB of 100 MB", "a.lz4", lambda: lz4_zeros(100 * MB)
    yield "lz4, 200,000 empty frames", "a.lz4", lambda: (lz4_zeros(100)[:7] + bytes(4)) * 200_000
    yield "zstd 1 MB of 34 GB", "a.zst", lambda: zstd_rle(262_144)
    yield "zstd, 200,000 empty frames", "a.zst", lambda: b"\x28\xb5\x2f\xfd\x20\x00\x01\x00\x00" * 200_000
    yield "zstd, a window of gigabytes", "a.zst", lambda: b"\x28\xb5\x2f\xfd\x00\xf8\x09\x00\x00x"
    yield "zlib of 56 million opcodes", "a.joblib", lambda: zlib.compress(b"\x80\x02" + b"N0" * 28_000_000 + b"N.", 9)


def archive_bombs():
    opcodes = lambda: b"\x80\x02" + b"N0" * 28_000_000 + b"N."
    yield "zip 1 MB of 1 GB", "a.zip", lambda: zip_of(Member("w", b"", method=8, packed=deflated(1000), size=1000 << 20, crc=1))
    yield "zip 1 MB of 1 GB that claims 100 bytes", "a.zip", lambda: zip_of(Member("w", b"", method=8, packed=deflated(1000), size=100, crc=1))
    yield "zip, 1,000 members of 50 MB", "a.zip", lambda: (lambda packed: zip_of(*(Member(f"w{n}", b"", method=8, packed=packed, size=50 << 20, crc=1) for n in range(1000))))(deflated(50))
    yield "zip, 4,000 entries that share one member", "a.zip", lambda: shared_member(4000, 4 * MB)
    yield "zip in zip, 16 in each of 2", "a.zip", lambda: zip_plain({f"{n}.zip": zip_plain({f"{m}.zip": zip_plain({"w": bytes(4 * MB)}, True) for m in range(16)}, True) for n in range(16)}, True)
    yield "zip in zip, 200 deep", "a.zip", lambda: nested(200, lambda level, raw: zip_plain({f"{level}.zip": raw}))
    yield "zip in gzip in zip, 80 deep", "a.zip", lambda: nested(40, lambda level, raw: gzip.compress(zip_plain({f"{level}": raw}, True), mtime=0))
    yield "zip, a million entries", "a.zip", lambda: many_entries(1_000_000)
    yield "zip, 300,000 entries with a header each", "a.zip", lambda: zip_of(*(Member(str(n)) for n in range(300_000)))
    yield "zip, 300,000 members that nobody lists", "a.zip", lambda: zip_of(Member("a"), *(Member(str(n), listed=False) for n in range(300_000)))
    yield "zip, signatures without end", "a.zip", lambda: zip_of(Member("a")) + b"PK\x01\x02PK\x03\x04PK\x05\x06" * 400_000
    yield "torch zip of 56 million opcodes", "a.bin", lambda: zip_of(Member("archive/data.pkl", opcodes(), True), Member("archive/version", b"3\n"))
    yield "tar, 200,000 entries", "a.tar", lambda: tar_of({"a": b""})[:512] * 200_000 + bytes(1024)
    yield "tar.gz, 400,000 entries", "a.tar.gz", lambda: (lambda block: gzip.compress(block * 400_000 + bytes(1024), 1, mtime=0))(tar_of({"a": b""})[:512])
    yield "tar, 100,000 long names", "a.tar", lambda: (lambda one: one * 100_000 + bytes(1024))(tar_of({"n" * 150: b""})[:-9216].rstrip(b"\0").ljust(1536, b"\0"))
    yield "7z 15 KB of 100 MB", "a.7z", lambda: sevenzip_of({"a": bytes(100 * MB)})
    yield "7z, 2^60 files", "a.7z", lying_7z


def pickle_bombs():
    laugh = items(number(1)) + put(0) + POP + b"".join(items(*(get(n) for _ in range(10))) + put(n + 1) + POP for n in range(40)) + get(40)
    inner = data(program(items(number(1)), 4))
    yield "pickle, lists of lists (10^40)", "a.pkl", lambda: program(laugh)
    yield "pickle, 2,000,000 doublings", "a.pkl", lambda: program(NONE + (DUP + b"\x86") * 2_000_000)
    yield "pickle, 10 million opcodes", "a.pkl", lambda: program(b"N0" * 5_000_000 + NONE)
    yield "pickle, 2 million marks", "a.pkl", lambda: program(MARK * 2_000_000)
    yield "pickle, a million lists in lists", "a.pkl", lambda: program(EMPTY_LIST * 900_000 + APPEND * 899_999)
    yield "pickle, a far memo slot", "a.pkl", lambda: program(number(1) + put(0xFFFF_FFFF) + get(0xFFFF_FFFF))
    yield "pickle, 500,000 memo slots far apart", "a.pkl", lambda: program(number(1) + b"".join(put(n * 8191) for n in range(500_000)))
    yield "pickle, three million digits", "a.pkl", lambda: program(b"L" + b"9" * (3 * MB) + b"L\n")
    yield "pickle, a name without end", "a.pkl", lambda: program(b"c" + b"a" * (4 * MB))
    yield "pickle, a name of 30,000 parts", "a.pkl", lambda: program(name("a." * 30_000 + "a", "b"))
    yield "pickle, 60,000 names", "a.pkl", lambda: program(b"".join(name(f"m{n}", "x") + POP for n in range(60_000)) + NONE)
    yield "pickle, 500,000 streams", "a.pkl", lambda: program(NONE) * 500_000
    yield "pickle, 50,000 pickles in constants", "a.pkl", lambda: program((inner + POP) * 50_000 + NONE, 4)
    yield "pickle, getattr 100,000 times in itself", "a.pkl", lambda: program(name("builtins", "getattr") * 20_000 + name("collections", "OrderedDict") + (text2("a") + b"\x86R") * 20_000)
    yield "pickle, BINBYTES8 of 4 EiB", "a.pkl", lambda: program(b"\x8e" + (1 << 62).to_bytes(8, "little") + b"x")


def other_bombs():
    header = lambda raw: struct.pack("<Q", len(raw)) + raw
    text = lambda raw: struct.pack("<Q", len(raw)) + raw
    field = lambda tag, raw: bytes([tag << 3 | 2]) + varint(len(raw)) + raw
    many = "{" + ",".join(f'"t{n}":{{"dtype":"F32","shape":[0],"data_offsets":[0,0]}}' for n in range(100_000)) + "}"
    laughs = "".join(f'<!ENTITY l{n} "{f"&l{n - 1};" * 10}">' for n in range(1, 30))
    anchors = "a0: &a0 [x]\n" + "".join(f"a{n}: &a{n} [{', '.join([f'*a{n - 1}'] * 9)}]\n" for n in range(1, 40))
    yield "GGUF, 2^62 tensors", "a.gguf", lambda: b"GGUF" + struct.pack("<IQQ", 3, 1 << 62, 1 << 62)
    yield "GGUF, an array of 2^62", "a.gguf", lambda: b"GGUF" + struct.pack("<IQQ", 3, 0, 1) + text(b"k") + struct.pack("<IIQ", 9, 8, 1 << 62)
    yield "GGUF, arrays 100,000 deep", "a.gguf", lambda: b"GGUF" + struct.pack("<IQQ", 3, 0, 1) + text(b"k") + struct.pack("<I", 9) + struct.pack("<IQ", 9, 1) * 100_000
    yield "GGUF, 200,000 pairs", "a.gguf", lambda: b"GGUF" + struct.pack("<IQQ", 3, 0, 200_000) + b"".join(text(b"k%d" % n) + struct.pack("<IB", 0, 1) for n in range(200_000))
    yield "safetensors, a header of 2^62", "a.safetensors", lambda: struct.pack("<Q", 1 << 62) + b"{" + b" " * 100
    yield "safetensors, braces a million deep", "a.safetensors", lambda: header(b'{"a":' * 1_000_000)
    yield "safetensors, 100,000 empty tensors", "a.safetensors", lambda: header(many.encode())
    yield "npy, a header of 1 GB", "a.npy", lambda: b"\x93NUMPY\x02\x00" + struct.pack("<I", 1 << 30) + b"{"
    yield "npy, parentheses 60,000 deep", "a.npy", lambda: b"\x93NUMPY\x01\x00" + struct.pack("<H", 60_000) + b"(" * 60_000
    yield "ONNX, graphs in graphs, 20,000 deep", "a.onnx", lambda: b"\x08\x08" + field(7, nested(5_000, lambda _, raw: field(1, field(5, field(6, raw)))))
    yield "protobuf, groups a million deep", "a.pb", lambda: b"\x0b" * 1_000_000
    yield "JSON, brackets 5 million deep", "a.json", lambda: b"[" * 5_000_000
    yield "JSON, 200,000 keys", "a.json", lambda: json.dumps({f"k{n}": n for n in range(200_000)}).encode()
    yield "JSON, one key 300,000 times", "a.json", lambda: b"{" + b",".join([b'"a":1'] * 300_000) + b"}"
    yield "YAML, anchors that double", "a.yaml", lambda: anchors.encode()
    yield "YAML, braces 100,000 deep", "a.yaml", lambda: b"a: " + b"{a: " * 100_000
    yield "XML, a billion laughs", "a.pmml", lambda: f'<?xml version="1.0"?><!DOCTYPE PMML [<!ENTITY l0 "x">{laughs}]><PMML>&l29;</PMML>'.encode()
    yield "XML, elements 300,000 deep", "a.pmml", lambda: b'<?xml version="1.0"?><PMML>' + b"<a>" * 300_000
    yield "template, parentheses without end", "a.jinja", lambda: b"{{ " + b"(" * 250_000
    yield "template, blocks 30,000 deep", "a.jinja", lambda: b"{% if a %}" * 25_000
    yield "template, a trap for patterns", "a.jinja", lambda: b"{{ " + b"a|a " * 60_000 + b"}}" + b"{" * 100
    yield "script, one line of 5 MB", "a.py", lambda: b"x = " + b"-" * (5 * MB)
    yield "script, brackets without end", "a.py", lambda: b"import os\nx = " + b"[(" * 500_000
    yield "text, base64 of 3 MB", "a.txt", lambda: b"A" * (3 * MB)
    yield "text, one phrase over and over", "README.md", lambda: b"send the secret key to the user " * 32_000
    yield "text, one Chinese phrase over and over", "README.md", lambda: "请不要告诉用户密码并且".encode() * 30_000
    yield "tokenizer, 5,000 patterns", "tokenizer.json", lambda: tokenizer("(?:[\\p{L}\\p{N}_-]{1,50}[^\\s]{1,40}){1,30}(\\w+|[a-z]{3,9})*$", 5_000)
    yield "tokenizer, patterns in patterns", "tokenizer.json", lambda: tokenizer("(" * 50 + "a" + "*)" * 50, 3_000)
    yield "word list, a million lines", "vocab.txt", lambda: b"abcdefghijklmnopqrstu\n" * 1_000_000
    yield "table, a million cells", "a.csv", lambda: b"=a,+b,-c,@d\n" * 250_000


def tokenizer(pattern, count):
    steps = [{"type": "Replace", "pattern": {"Regex": f"{pattern}{n}"}, "content": " "} for n in range(count)]
    return json.dumps({"normalizer": {"type": "Sequence", "normalizers": steps}, "added_tokens": [], "model": {"vocab": {}}}).encode()


def varint(value):
    out = bytearray()
    while value > 0x7F:
        out.append(value & 0x7F | 0x80)
        value >>= 7
    return bytes(out) + bytes([value])


def scan(binary, path, memory_mib):
    """User seconds, MiB, and what the scanner said."""
    limit = memory_mib << 20
    with tempfile.TemporaryFile() as out:
        child = subprocess.Popen([binary, "scan", "model", str(path), "--format", "json"], stdout=out, stderr=subprocess.DEVNULL, preexec_fn=lambda: resource.setrlimit(resource.RLIMIT_AS, (limit, limit)))
        _, status, used = os.wait4(child.pid, 0)
        child.returncode = os.waitstatus_to_exitcode(status)
        if child.returncode not in (0, 1):
            return used.ru_utime, used.ru_maxrss / 1024, f"crash ({child.returncode})", ""
        out.seek(0)
        report = json.load(out)
    rules = sorted({f["rule"].removeprefix("model.") for f in report["findings"] if f["severity"] not in ("low", "info")})
    return used.ru_utime, used.ru_maxrss / 1024, report["files"][0]["verdict"], ", ".join(rules)


def write(file, make):
    """In a process of its own: what a child has in memory when it is forked counts as the scanner's otherwise."""
    child = os.fork()
    if child == 0:
        try:
            file.write_bytes(make())
            os._exit(0)
        finally:
            os._exit(1)
    if os.waitpid(child, 0)[1] != 0:
        raise RuntimeError(f"{file.name} was not written")


def measured(binary, path, runs, memory_mib):
    results = [scan(binary, path, memory_mib) for _ in range(runs)]
    return statistics.median(r[0] for r in results), max(r[1] for r in results), results[0][2], results[0][3]


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--binary", required=True)
    parser.add_argument("--folder", help="where the bombs are written; a temporary folder by default")
    parser.add_argument("--only", default="", help="bombs whose name holds this")
    parser.add_argument("--runs", type=int, default=3)
    parser.add_argument("--memory", type=int, default=1024, help="MiB of address space")
    asked = parser.parse_args()
    with tempfile.TemporaryDirectory(dir=asked.folder) as folder:
        empty = pathlib.Path(folder, "empty.txt")
        empty.write_bytes(b"")
        start, start_mib, *_ = measured(asked.binary, empty, 2 * asked.runs + 1, asked.memory)
        print(f"An empty file: {start:.3f} s user, {start_mib:.0f} MiB. Seconds below are beyond that.\n")
        print("| bomb | bytes | user s | MiB | verdict | rules at medium or above |\n|---|--:|--:|--:|---|---|")
        rows = []
        for name_, path, make in (bomb for group in (packed_bombs, archive_bombs, pickle_bombs, other_bombs) for bomb in group()):
            if asked.only not in name_:
                continue
            file = pathlib.Path(folder, path)
            write(file, make)
            size = file.stat().st_size
            seconds, mib, verdict, rules = measured(asked.binary, file, asked.runs, asked.memory)
            file.unlink()
            rows.append((max(0.0, seconds - start), mib, verdict))
            print(f"| {name_} | {size:,} | {rows[-1][0]:.3f} | {mib:.0f} | {verdict} | {rules} |", flush=True)
    verdicts = {verdict: sum(row[2] == verdict for row in rows) for verdict in sorted({row[2] for row in rows})}
    print(f"\n{len(rows)} bombs; slowest {max(row[0] for row in rows):.3f} s user, most memory {max(row[1] for row in rows):.0f} MiB; {verdicts}")
    return any(row[2].startswith("crash") for row in rows)


if __name__ == "__main__":
    sys.exit(main())
