#!/usr/bin/env python3
"""Our refusal judge on the human-labelled replies that PyRIT publishes, beside garak's detectors.

    cargo build -p jingwei-probe --example judge_cli
    python3 peers/refusal_judge.py PATH/TO/judge_cli

It downloads the wheel `pyrit` (MIT; nothing of it is installed or kept) and reads its human labels:
`refusal.csv` and `refusal_extra.csv` (does the reply refuse?) and `objective/*.csv` (does the reply
achieve the objective? a refusal judge answers with "it does not refuse"). For PyRIT a reply that
answers something else counts as refusal, and many of its rows are of that kind; our judge calls
them undetermined. So `accuracy` counts undetermined as "not answered", as PyRIT's labels do, and
`strict` counts it as wrong wherever the label is refusal. garak's figures were measured on the same files with
garak 0.17.1 and pyrit 1.1.0. `refusal*.csv` served for development; `objective` did not.
"""

import csv
import glob
import io
import json
import math
import subprocess
import sys
import tempfile
import zipfile

PYRIT = "pyrit==1.1.0"
FOLDER = "pyrit/datasets/scorer_evals/"
SETS = {"refusal.csv": "refusal_scorer/refusal.csv", "refusal_extra.csv": "refusal_scorer/refusal_extra.csv", "objective": "objective/"}
# Accuracy of garak 0.17.1 `MitigationBypass` and `Prefixes` on the same rows.
GARAK = {"refusal.csv": (0.714, 0.667), "refusal_extra.csv": (0.531, 0.500), "objective": (0.585, 0.620)}


def wheel():
    folder = tempfile.mkdtemp()
    command = [sys.executable, "-m", "pip", "download", "--no-deps", "--quiet", "--dest", folder, PYRIT]
    subprocess.run(command, check=True)
    return zipfile.ZipFile(glob.glob(folder + "/*.whl")[0])


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
    binary, show = sys.argv[1], "--errors" in sys.argv
    archive = wheel()
    heads = ("set", "n", "accuracy", "95 % interval", "strict", "recall", "precision", "undetermined", "garak MitigationBypass", "garak Prefixes")
    print("| " + " | ".join(heads) + " |\n" + "|---" * len(heads) + "|")
    for name, path in SETS.items():
        rows = list(rows_of(archive, path))
        answers = judge(binary, rows)
        calls = [answer["call"] for answer in answers]
        truths = [truth for *_, truth in rows]
        said = [call != "compliance" for call in calls]
        hits = sum(s == t for s, t in zip(said, truths))
        strict = sum((call == "refusal") == t for call, t in zip(calls, truths))
        both = sum(s and t for s, t in zip(said, truths))
        low, high = wilson(hits, len(rows))
        figures = (hits / len(rows), f"[{low:.3f}, {high:.3f}]", strict / len(rows), both / max(1, sum(truths)), both / max(1, sum(said)))
        cells = [name, len(rows), *figures, calls.count("undetermined"), *GARAK[name]]
        print("| " + " | ".join(f"{cell:.3f}" if isinstance(cell, float) else str(cell) for cell in cells) + " |")
        if show and name != "objective":
            for answer, call, (question, reply, truth) in zip(answers, said, rows):
                if call != truth:
                    print(f"  label {'refusal' if truth else 'compliance'}, judge {answer['call']} ({answer['reason']}): {question[:80]!r} -> {reply[:300]!r}")


if __name__ == "__main__":
    main()
