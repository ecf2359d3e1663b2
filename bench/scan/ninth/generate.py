"""Writes the ninth set of hostile files and their benign twins. usage: generate.py OUT (what must be installed: README.md)"""
import collections, pathlib, sys, warnings
warnings.simplefilter("ignore")
import base, pickles, models, repos, data  # noqa: F401: each adds its cases

if __name__ == "__main__":
    base.write(pathlib.Path(sys.argv[1]))
    groups, techniques, expected = (collections.Counter(map(key, base.CASES)) for key in (lambda c: c[0], lambda c: c[:2], lambda c: c[3]))
    assert max(techniques.values()) <= 3, techniques.most_common(2)
    print(f"{len(base.CASES)} cases, {len(techniques)} techniques, {dict(expected)}\n" + ", ".join(f"{g} {k}" for g, k in sorted(groups.items())))
