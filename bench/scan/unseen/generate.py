"""Hostile cases of an author who had not read the scanner, each with a benign twin. usage: generate.py OUT

OUT/hostile/CASE/ and OUT/twins/CASE/ hold the files, OUT/cases.jsonl says what each case is, with the fields of the older
generator (../generate.py); no case is held out. Nothing is run: callables are named and given the text JINGWEI-INERT. The
same run gives the same bytes. Needs h5py, onnx, numpy, msgpack and flatbuffers (versions in README.md).
"""

import argparse, collections, pathlib

import base, files, pickles


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("out", type=pathlib.Path)
    out = parser.parse_args().out
    pickles.build()
    files.build()
    base.write_all(out)
    print(f"{len(base.CASES)} cases with a twin each, {sum(c['expected'] == 'block' for c in base.CASES)} must be blocked")
    for group, count in sorted(collections.Counter(c["group"] for c in base.CASES).items()):
        print(f"  {group}: {count}")


if __name__ == "__main__":
    main()
