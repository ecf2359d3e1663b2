"""Writes the fourth set of hostile files, one folder a case, and a benign twin of each. usage: generate.py OUT

OUT/cases.jsonl has the fields of ../unseen's and ../third's, so run.py reads it. What must be installed: README.md.
"""
import collections, pathlib, sys
import base, callables, streams, boxes, tensors, graphs, learners, hub, words, folders  # noqa: F401: each adds its cases to the frame's list

if __name__ == "__main__":
    base.write_all(pathlib.Path(sys.argv[1]))
    groups, techniques, expected = (collections.Counter(key(c) for c in base.CASES) for key in (lambda c: c[0], lambda c: c[:2], lambda c: c[3]))
    print(f"{len(base.CASES)} cases, {len(techniques)} techniques, at most {max(techniques.values())} each; {dict(expected)}")
    print(", ".join(f"{group} {number}" for group, number in sorted(groups.items())))
