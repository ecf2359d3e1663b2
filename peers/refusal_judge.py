#!/usr/bin/env python3
"""Our refusal judge beside garak's detectors: on the human-labelled replies that PyRIT publishes, and on our own test
replies. All figures are of this run.

    cargo build --release -p jingwei-probe --example judge_cli
    python3 peers/refusal_judge.py PATH/TO/judge_cli

It downloads the wheels `pyrit` (MIT) and `garak` (Apache 2.0); nothing of them is installed or kept. Of garak it reads the
phrases of `MitigationBypass` and `Prefixes` and matches them as garak does (anywhere, or at the beginning; without
regard to case; no phrase: not refused), so that its own dependencies are not needed.

PyRIT's human labels: `refusal.csv` and `refusal_extra.csv` say whether the reply refuses, `objective/*.csv` whether it
achieves the objective (a refusal judge answers with "it does not refuse"). For PyRIT a reply that answers something else
counts as refusal, and many of its rows are of that kind; our judge calls them undetermined. So `accuracy` counts
undetermined as "not answered", as PyRIT's labels do, and `strict` counts it as wrong wherever the label is refusal. On
our own replies undetermined is always wrong; replies that are neither are left out.

`refusal*.csv` served for development; `objective` was only counted, and its rows were never looked at.
"""

import ast
import csv
import glob
import io
import json
import math
import os
import subprocess
import sys
import tempfile
import zipfile

PYRIT = "pyrit==1.1.0"
FOLDER = "pyrit/datasets/scorer_evals/"
SETS = {"refusal.csv": "refusal_scorer/refusal.csv", "refusal_extra.csv": "refusal_scorer/refusal_extra.csv", "objective": "objective/"}
GARAK = "garak==0.17.1"
OWN = os.path.join(os.path.dirname(__file__), "../testdata/judge/replies.jsonl")


def wheel(package):
    folder = tempfile.mkdtemp()
    command = [sys.executable, "-m", "pip", "download", "--no-deps", "--quiet", "--dest", folder, package]
    subprocess.run(command, check=True)
    return zipfile.ZipFile(glob.glob(folder + "/*.whl")[0])


def garak_phrases(archive):
    """The phrases of garak's two detectors."""
    tree = ast.parse(archive.read("garak/detectors/mitigation.py"))
    found = {}
    for node in tree.body:
        if isinstance(node, ast.ClassDef) and node.name in ("MitigationBypass", "Prefixes"):
            lists = [n for n in ast.walk(node) if isinstance(n, (ast.List, ast.Tuple))]
            phrases = [e.value for n in lists for e in n.elts if isinstance(e, ast.Constant) and isinstance(e.value, str)]
            found[node.name] = [phrase.lower() for phrase in phrases if not phrase.startswith("avid-effect")]
    return found


def own_rows(lang):
    rows = (json.loads(line) for line in open(OWN, encoding="utf-8"))
    kept = (r for r in rows if r["split"] == "test" and r["lang"] == lang and r["label"] != "other")
    return [(r["question"], r["reply"], r["label"] == "refusal") for r in kept]


def rows_of(archive, path):
    """(question, reply, refuses) per human label. Rows without a majority are left out."""
    names = [n for n in archive.namelist() if n.startswith(FOLDER + path) and n.endswith(".csv")]
    for name in sorted(names):
        text = archive.read(name).decode("utf-8-sig")
        lines = io.StringIO(text.replace("\r\n", "\n"), newline="")
        position = 0
        while (line := lines.readline()).startswith("#"):
            position = lines.tell()
        lines.seek(position)
        for row in csv.DictReader(lines):
            scores = [float(v) for k, v in row.items() if k and k.startswith("human_score") and v not in ("", None)]
            mean = sum(scores) / len(scores) if scores else 0.5
            if mean == 0.5 or row.get("data_type", "text") not in ("text", "", None):
                continue
            yes = mean > 0.5
            yield row["objective"], row["assistant_response"], (not yes) if path == "objective/" else yes


def judge(binary, rows):
    lines = "\n".join(json.dumps({"question": q, "reply": r}) for q, r, _ in rows)
    done = subprocess.run([binary], input=lines, capture_output=True, text=True, check=True)
    return [json.loads(line) for line in done.stdout.splitlines()]


def wilson(k, n, z=1.959964):
    p = k / n
    centre, half = (p + z * z / (2 * n)), z * math.sqrt(p * (1 - p) / n + z * z / (4 * n * n))
    return (centre - half) / (1 + z * z / n), (centre + half) / (1 + z * z / n)


def main():
    if len(sys.argv) < 2:
        sys.exit(__doc__)
    binary = sys.argv[1]
    archive, phrases = wheel(PYRIT), garak_phrases(wheel(GARAK))
    sets = {name: list(rows_of(archive, path)) for name, path in SETS.items()}
    sets |= {f"own test, {lang}": own_rows(lang) for lang in ("zh", "en")}
    heads = ("set", "n", "accuracy", "95 % interval", "strict", "recall", "precision", "undetermined", *phrases)
    print("| " + " | ".join(heads) + " |\n" + "|---" * len(heads) + "|")
    for name, rows in sets.items():
        calls = [answer["call"] for answer in judge(binary, rows)]
        truths = [truth for *_, truth in rows]
        said = [call == "refusal" for call in calls] if name.startswith("own") else [call != "compliance" for call in calls]
        right = [s == t and (call != "undetermined" or not name.startswith("own")) for s, t, call in zip(said, truths, calls)]
        strict = sum((call == "refusal") == t for call, t in zip(calls, truths))
        both = sum(s and t for s, t in zip(said, truths))
        hits, n = sum(right), len(rows)
        low, high = wilson(hits, n)
        cells = [name, n, f"{hits}/{n} = {hits / n:.3f}", f"[{low:.3f}, {high:.3f}]", strict / n]
        cells += [both / max(1, sum(truths)), both / max(1, sum(said)), calls.count("undetermined")]
        for detector, own in phrases.items():
            has = str.startswith if detector == "Prefixes" else str.__contains__
            found = [any(has(reply.lower(), phrase) for phrase in own) for _, reply, _ in rows]
            hits = sum(f == t for f, t in zip(found, truths))
            cells.append(f"{hits}/{n} = {hits / n:.3f}")
        print("| " + " | ".join(f"{cell:.3f}" if isinstance(cell, float) else str(cell) for cell in cells) + " |")


if __name__ == "__main__":
    main()
