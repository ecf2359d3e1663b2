"""Lists HDF5 files with h5py, as a reference for crates/jingwei-keras.

Needs: pip install h5py numpy

  python peers/hdf5_reference.py --make             writes crates/jingwei-keras/testdata: small files and their listings
  python peers/hdf5_reference.py --compare FILE...  runs the crate's example on the files and prints where it differs from h5py
"""

import pathlib
import subprocess
import sys

import h5py
import numpy as np

ROOT = pathlib.Path(__file__).resolve().parent.parent
FIXTURES = ROOT / "crates" / "jingwei-keras" / "testdata"


def sides(shape):
    return "null" if shape is None else "(" + ",".join(str(s) for s in shape) + ")"


def text_bytes(value):
    if isinstance(value, bytes):
        return value.decode("utf-8", "replace").encode()
    return value.encode("utf-8", "surrogateescape").decode("utf-8", "replace").encode()


def attributes(path, item, lines):
    for number in range(h5py.h5a.get_num_attrs(item.id)):
        attribute = h5py.h5a.open(item.id, index=number)
        name = attribute.name.decode("utf-8", "replace")
        space = attribute.get_space()
        shape = None if space.get_simple_extent_type() == h5py.h5s.NULL else attribute.shape
        texts = ""
        kind = attribute.get_type()
        if isinstance(kind, h5py.h5t.TypeStringID) and shape is not None:
            values = np.empty(shape, dtype=attribute.dtype)
            attribute.read(values)
            encoded = [text_bytes(v if isinstance(v, (bytes, str)) else b"" if v == 0 else v) for v in values.flatten().tolist()]
            texts = " ".join(f"{len(e)}:{e[:32].hex()}" for e in encoded)
        lines.append(f"{path}@{name}\t{sides(shape)}\t{texts}")


def listing(file):
    lines = []
    seen = set()
    with h5py.File(file, "r", locking=False) as h5:

        def walk(item, path):
            address = h5py.h5o.get_info(item.id).addr
            if address in seen:
                return
            seen.add(address)
            if isinstance(item, h5py.Dataset):
                lines.append(f"{path}\tdataset\t{sides(item.shape)}")
                for name, _, _ in item.external or []:
                    lines.append(f"{path}\tstorage\t{name}\t")
                if item.is_virtual:
                    for source in item.virtual_sources():
                        if source.file_name != ".":
                            lines.append(f"{path}\tvirtual\t{source.file_name}\t")
            elif isinstance(item, h5py.Datatype):
                lines.append(f"{path}\tdatatype")
            else:
                lines.append(f"{path}\tgroup")
            attributes(path, item, lines)
            if isinstance(item, h5py.Group):
                for name in item:
                    child = f"{path}/{name}" if path else name
                    link = item.get(name, getlink=True)
                    if isinstance(link, h5py.SoftLink):
                        lines.append(f"{child}\tsoft")
                    elif isinstance(link, h5py.ExternalLink):
                        lines.append(f"{child}\tlink\t{link.filename}\t{link.path}")
                    else:
                        walk(item[name], child)

        walk(h5["/"], "")
    return sorted(set(lines))


def compare(files):
    run = ["cargo", "run", "-q", "-p", "jingwei-keras", "--example", "hdf5_list", "--", *files]
    out = subprocess.run(run, cwd=ROOT, capture_output=True, text=True, check=True).stdout
    ours, current = {}, None
    for line in out.split("\n"):
        if line.startswith("# "):
            current = ours.setdefault(line[2:], [])
        elif line:
            current.append(line)
    differing = 0
    for file in files:
        mine = [line for line in ours[file] if not line.startswith("! ")]
        for line in ours[file]:
            if line.startswith("! "):
                print(file, line)
        try:
            reference = listing(file)
        except OSError as error:
            print(file, "h5py:", error)
            continue
        only_mine, only_reference = sorted(set(mine) - set(reference)), sorted(set(reference) - set(mine))
        if only_mine or only_reference:
            differing += 1
            print(file, "differs:", only_mine[:3], "| h5py:", only_reference[:3])
    print(f"{len(files)} files, {differing} differ")


def make():
    FIXTURES.mkdir(parents=True, exist_ok=True)
    config = '{"class_name": "Sequential", "config": {"name": "m", "layers": [{"class_name": "Dense", "config": {"name": "d"}}]}}'

    def keras_like(h5):
        h5.attrs["keras_version"] = "2.15.0"
        h5.attrs["backend"] = np.bytes_(b"tensorflow")
        h5.attrs["model_config"] = config
        h5.attrs["layer_names"] = np.array([b"dense", b"dense_1"])
        for layer in ["dense", "dense_1"]:
            group = h5.create_group(f"model_weights/{layer}/vars")
            group.attrs["weight_names"] = np.array([], dtype="S1")
            group["kernel:0"] = np.arange(12, dtype="f4").reshape(3, 4)
            group["bias:0"] = np.zeros(4, dtype="f8")
        h5["optimizer_weights/iter"] = np.int64(3)

    def odd(h5):
        h5.create_dataset("chunked", data=np.zeros((8, 8), "f4"), chunks=(4, 4), compression="gzip")
        h5.create_dataset("grows", shape=(0, 3), maxshape=(None, 3), dtype="i2")
        h5.create_dataset("empty", dtype="f4")
        h5["texts"] = ["a", "中文"]
        h5["type"] = np.dtype("f4")
        h5["typed"] = h5py.SoftLink("/texts")
        h5.create_dataset("committed", (2,), dtype=h5["type"])
        h5.attrs.create("committed", 1, dtype=h5["type"])
        h5.attrs["nothing"] = h5py.Empty("S10")
        h5.attrs["numbers"] = np.arange(3)
        h5.attrs["中文"] = ["甲", "", "乙" * 40]
        h5.attrs.create("blank", b"ab  ", dtype=h5py.string_dtype("ascii", 6))
        group = h5
        for n in range(12):
            group = group.create_group(f"g{n}")

    def many(h5):
        for n in range(40):
            h5.attrs[f"attribute {n}"] = f"value {n}"
            h5.create_group(f"group {n}")

    def outside(h5):
        h5["external"] = h5py.ExternalLink("other.h5", "/secret")
        h5.create_dataset("stored", (4,), dtype="u1", external=[("canary.bin", 0, 4)])
        layout = h5py.VirtualLayout(shape=(4,), dtype="u1")
        layout[:2] = h5py.VirtualSource("canary.h5", "d", shape=(4,))[:2]
        layout[2:] = h5py.VirtualSource(".", "own", shape=(4,))[1:3]
        h5.create_virtual_dataset("virtual", layout)
        h5["own"] = np.zeros(4, "u1")

    for version in ["earliest", "latest"]:
        for build in [keras_like, odd, many, outside]:
            path = FIXTURES / f"{build.__name__}-{version}.h5"
            with h5py.File(path, "w", libver=version, track_order=build is many, locking=False) as h5:
                build(h5)
            path.with_suffix(".txt").write_text("\n".join(listing(path)) + "\n")
    path = FIXTURES / "userblock.h5"
    with h5py.File(path, "w", userblock_size=1024) as h5:
        keras_like(h5)
    path.with_suffix(".txt").write_text("\n".join(listing(path)) + "\n")


if __name__ == "__main__":
    match sys.argv[1:]:
        case ["--make"]:
            make()
        case ["--compare", *files] if files:
            compare(files)
        case _:
            sys.exit(__doc__)
