"""Writes hostile model files that do nothing, each with a benign twin. usage: generate.py OUT

OUT/hostile/CASE/ and OUT/twins/CASE/ hold the files, OUT/cases.jsonl says what each case is: id, group, technique, files,
expected verdict (`block`, `review`, `clean`), reason, and whether it belongs to the hold-out (one in five, by a hash of
the id). `block` is the must-block set (B1): code would run or the file attacks its reader. `review` (B2): holding it for
a person is enough. The bytes are the same each time. Payloads name a callable and give it a marker; nothing here loads
what was written, and nothing that is written does harm when loaded. Needs h5py (setup.sh: peer `make`).
"""

import argparse, hashlib, json, os, pathlib, shutil, sys

from hostile import containers, gadgets, graphs, pickles, texts
from hostile.case import CLEAN, Link


def write(folder, files):
    for name, content in files.items():
        path = folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        if isinstance(content, Link):
            os.symlink(content.target, path)
        else:
            path.write_bytes(content)


def digest(files):
    """A short hash of names and contents: an answer about other bytes is not used again."""
    whole = hashlib.sha256()
    for name in sorted(files):
        content = files[name]
        whole.update(f"{name}>{content.target}\n".encode() if isinstance(content, Link) else f"{name}={hashlib.sha256(content).hexdigest()}\n".encode())
    return whole.hexdigest()[:16]


def row(case, side, expected):
    files = case.hostile if side == "hostile" else case.twin
    return {
        "id": case.id if side == "hostile" else case.id + "#twin", "twin_of": None if side == "hostile" else case.id, "group": case.group, "technique": case.name, "folder": f"{side if side == 'hostile' else 'twins'}/{case.folder}",
        "files": sorted(files), "digest": digest(files), "expected": expected, "reason": case.reason if side == "hostile" else "the same shape with ordinary content", "holdout": case.held_out,
    }


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("out", type=pathlib.Path)
    out = parser.parse_args().out
    rows, seen = [], set()
    for side in ("hostile", "twins"):
        shutil.rmtree(out / side, ignore_errors=True)
    for module in (pickles, gadgets, containers, graphs, texts):
        for case in module.cases():
            if case.folder in seen:
                sys.exit(f"two cases of one name: {case.folder}")
            seen.add(case.folder)
            write(out / "hostile" / case.folder, case.hostile)
            write(out / "twins" / case.folder, case.twin)
            rows += [row(case, "hostile", case.expected), row(case, "twin", CLEAN)]
    (out / "cases.jsonl").write_text("".join(json.dumps(r, ensure_ascii=False) + "\n" for r in rows))
    hostile = [r for r in rows if not r["twin_of"]]
    groups = {}
    for r in hostile:
        groups.setdefault(r["group"], []).append(r)
    print(f"{len(hostile)} cases with a twin each, {sum(r['expected'] == 'block' for r in hostile)} must be blocked, {sum(r['holdout'] for r in hostile)} held out")
    for group, members in sorted(groups.items()):
        print(f"  {group}: {len(members)}")


if __name__ == "__main__":
    main()
