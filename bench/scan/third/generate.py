"""Writes the third set of hostile files, one folder a case, and a benign twin of each. usage: generate.py OUT

OUT/cases.jsonl has the fields of ../unseen's, so run.py reads it. Needs h5py, onnx, numpy, msgpack and flatbuffers: README.md.
"""
import collections, pathlib, sys
import frame, callables, streams, containers, graphs, weights, hub  # noqa: F401: each adds its cases to the frame's list

if __name__ == "__main__":
    out = pathlib.Path(sys.argv[1])
    frame.write_all(out)
    count = collections.Counter(c["group"] for c in frame.CASES)
    expected = collections.Counter(c["expected"] for c in frame.CASES)
    techniques = collections.Counter((c["group"], c["technique"]) for c in frame.CASES)
    print(f"{len(frame.CASES)} cases, {len(techniques)} techniques, at most {max(techniques.values())} each; {dict(expected)}")
    print(", ".join(f"{group} {number}" for group, number in sorted(count.items())))
