"""Packs the same four files with Python's own tools and with py7zr, lz4 and zstandard, into this folder.

    pip install py7zr==1.1.4 lz4==4.4.5 zstandard==0.25.0 && python make.py

The test `golden` opens each file and compares every content with what was packed.
"""

import bz2
import gzip
import io
import lzma
import pathlib
import tarfile
import zipfile
import zlib

import lz4.frame
import py7zr
import zstandard

HERE = pathlib.Path(__file__).parent
FILES = {
    "archive/data.pkl": b"\x80\x02}q\x00.",
    "archive/data/0": bytes(range(256)) * 4,
    "README.md": "模型卡\n".encode() * 3,
    "empty": b"",
}
STREAM = FILES["archive/data/0"] + FILES["README.md"]


class Unseekable(io.RawIOBase):
    """Makes zipfile write data descriptors."""

    def __init__(self):
        self.bytes = io.BytesIO()

    def writable(self):
        return True

    def write(self, data):
        return self.bytes.write(data)


def write(name, data):
    (HERE / name).write_bytes(data)


def zips():
    for name, method in [("stored", 0), ("deflate", 8), ("bzip2", 12), ("lzma", 14)]:
        buffer = io.BytesIO()
        with zipfile.ZipFile(buffer, "w", method) as archive:
            for path, data in FILES.items():
                archive.writestr(zipfile.ZipInfo(path), data, compress_type=method)
        write(f"{name}.zip", buffer.getvalue())
    streamed = Unseekable()
    with zipfile.ZipFile(streamed, "w", 8) as archive:
        for path, data in FILES.items():
            with archive.open(zipfile.ZipInfo(path), "w", force_zip64=True) as member:
                member.write(data)
    write("streamed64.zip", streamed.bytes.getvalue())
    write("behind.zip", b"#!/usr/bin/env python3\n" + (HERE / "deflate.zip").read_bytes())


def tars():
    for name, form in [("ustar", tarfile.USTAR_FORMAT), ("gnu", tarfile.GNU_FORMAT), ("pax", tarfile.PAX_FORMAT)]:
        last = "e" * 80 if name == "ustar" else "长" * 40
        buffer = io.BytesIO()
        with tarfile.open(fileobj=buffer, mode="w", format=form) as archive:
            for path, data in {**FILES, "d" * 60 + "/" + last: b"long"}.items():
                info = tarfile.TarInfo(path)
                info.size = len(data)
                archive.addfile(info, io.BytesIO(data))
            for path, kind, target in [
                ("link", tarfile.SYMTYPE, "README.md"),
                ("hard", tarfile.LNKTYPE, "archive/data.pkl"),
                ("folder", tarfile.DIRTYPE, ""),
            ]:
                info = tarfile.TarInfo(path)
                info.type, info.linkname = kind, target
                archive.addfile(info)
        write(f"{name}.tar.gz", gzip.compress(buffer.getvalue(), mtime=0))


def sevens():
    filters = {
        "default": None,
        "lzma": [{"id": py7zr.FILTER_LZMA}],
        "delta": [{"id": py7zr.FILTER_DELTA}, {"id": py7zr.FILTER_LZMA2, "preset": 6}],
        "bzip2": [{"id": py7zr.FILTER_BZIP2}],
        "deflate": [{"id": py7zr.FILTER_DEFLATE}],
        "copy": [{"id": py7zr.FILTER_COPY}],
        "zstd": [{"id": py7zr.FILTER_ZSTD}],
        "ppmd": [{"id": py7zr.FILTER_PPMD, "order": 6, "mem": 24}],
    }
    settings = {name: {"filters": chain} for name, chain in filters.items()}
    settings["locked"] = {"password": "x"}
    settings["locked-names"] = {"password": "x", "header_encryption": True}
    for name, options in settings.items():
        with py7zr.SevenZipFile(HERE / f"{name}.7z", "w", **options) as archive:
            for path, data in FILES.items():
                archive.writestr(data, path)


def streams():
    write("twice.gz", gzip.compress(STREAM, mtime=0) * 2)
    write("twice.bz2", bz2.compress(STREAM) * 2)
    write("twice.xz", lzma.compress(STREAM) + bytes(4) + lzma.compress(STREAM))
    write("once.lzma", lzma.compress(STREAM, format=lzma.FORMAT_ALONE))
    write("once.zlib", zlib.compress(STREAM))
    write("once.z", b"ZF" + hex(len(STREAM)).ljust(19).encode() + zlib.compress(STREAM))
    linked = lz4.frame.compress(STREAM)
    write("twice.lz4", linked + lz4.frame.compress(STREAM, content_checksum=True, block_linked=False))
    skipped = b"\x50\x2a\x4d\x18\x03\x00\x00\x00abc"
    packed = zstandard.ZstdCompressor(write_checksum=True).compress(STREAM)
    write("twice.zst", packed + skipped + packed)


if __name__ == "__main__":
    zips()
    tars()
    sevens()
    streams()
