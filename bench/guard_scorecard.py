"""Figures of the guard's built-in heads. usage: guard_scorecard.py TRAIN_HEADS MODEL EXAMPLES OUT [--apart SCORES...] [--reviews FILE...] [--evaluation N]

TRAIN_HEADS is the built example of that name; EXAMPLES is guard_data.py's file, of which the test rows are judged.
--apart takes files of `train_heads scores`, one per JADE fold, each of a model that never saw the fold's subclasses.
--evaluation says how many times figures were taken on these test rows, with this one.
--reviews takes plain texts, one a line, all benign: how many are flagged. Intervals are Wilson's at 95 %; those of F1
are from 2,000 drawings of the counts with a fixed seed."""

import argparse, hashlib, json, math, pathlib, random, subprocess, tempfile

parser = argparse.ArgumentParser()
for name in ("train_heads", "model", "examples", "out"):
    parser.add_argument(name)
parser.add_argument("--apart", nargs="*", default=[])
parser.add_argument("--reviews", nargs="*", default=[])
parser.add_argument("--evaluation", type=int, default=1)
arguments = parser.parse_args()
LEVELS = ("controversial", "unsafe")
generator = random.Random(1)


def lines(text):
    return [json.loads(line) for line in text.split("\n") if line]


def judged(path):
    found = subprocess.run([arguments.train_heads, "scores", arguments.model, path], capture_output=True, text=True, check=True)
    return lines(found.stdout)


def share(hits, of):
    if not of:
        return None
    z, p = 1.959964, hits / of
    middle, half = p + z * z / (2 * of), z * math.sqrt(p * (1 - p) / of + z * z / (4 * of * of))
    return {"hits": hits, "of": of, "share": round(p, 4), "low": round((middle - half) / (1 + z * z / of), 4), "high": round((middle + half) / (1 + z * z / of), 4)}


def f1(hits, positives, alarms, benign):
    def once(hits, alarms):
        return 2 * hits / max(1, hits + alarms + positives)

    def draw(hits, of):
        p = hits / of if of else 0
        return min(of, max(0, round(generator.gauss(hits, math.sqrt(of * p * (1 - p)))))) if of > 50 else sum(generator.random() < p for _ in range(of))

    drawn = sorted(once(draw(hits, positives), draw(alarms, benign)) for _ in range(2000))
    return {"f1": round(once(hits, alarms), 4), "low": round(drawn[50], 4), "high": round(drawn[1949], 4)}


def flagged(scores, head, level):
    return any((head in (None, h["head"])) and (h["severity"] == "unsafe" or h["severity"] == level) for h in scores["heads"])


def figures(positive, benign, head):
    """Recall, false-positive rate, precision, F1 at each threshold."""
    out = {}
    for level in LEVELS:
        hits, alarms = (sum(flagged(s, head, level) for _, s in rows) for rows in (positive, benign))
        out[level] = {"recall": share(hits, len(positive)), "false_positive_rate": share(alarms, len(benign)), "precision": share(hits, hits + alarms)}
        if positive and benign:
            out[level]["f1"] = f1(hits, len(positive), alarms, len(benign))
    return out


def auc(positive, benign, head):
    p = lambda rows: [next(h["probability"] for h in s["heads"] if h["head"] == head) for _, s in rows]
    ranked = sorted([(x, 1) for x in p(positive)] + [(x, 0) for x in p(benign)])
    below = wins = 0
    for _, kind in ranked:
        wins, below = (wins + below, below) if kind else (wins, below + 1)
    return round(wins / (len(positive) * len(benign)), 4) if positive and benign else None


def order(row):
    return hashlib.sha256(row[0]["text"].encode()).hexdigest()


def jade(rows):
    """JADE against as many benign Chinese texts: all of our own, filled up with posts that were held out."""
    positive = [r for r in rows if r[0]["source"] == "jade"]
    own = [r for r in rows if r[0]["source"] in ("own-zh", "dev") and r[0]["lang"] == "zh" and r[0]["severity"] == "safe"]
    posts = sorted((r for r in rows if r[0]["source"] == "cold"), key=order)
    return figures(positive, (own + posts)[: len(positive)], "harm") | {"own_benign": min(len(own), len(positive))}


rows = [row for row in judged(arguments.examples) if row[0]["split"] == "test"]
safe = lambda r: r[0]["severity"] == "safe"
card = {"kind": "jingwei/guard-heads-scorecard", "version": 1, "evaluation": arguments.evaluation, "model_sha256": hashlib.sha256(pathlib.Path(arguments.model).read_bytes()).hexdigest(), "heads": [], "either_head": [], "classes": [], "over_defence": [], "jade": {}}
for head in ("injection", "harm"):
    for lang in ("zh", "en"):
        mine = [r for r in rows if r[0]["lang"] == lang and (r[0]["head"] == head or safe(r))]
        for source in ["*"] + sorted({r[0]["source"] for r in mine}):
            these = [r for r in mine if source in ("*", r[0]["source"])]
            positive, benign = [r for r in these if not safe(r)], [r for r in these if safe(r)]
            card["heads"].append({"head": head, "lang": lang, "source": source, "auc": auc(positive, benign, head)} | figures(positive, benign, head))
        for name in sorted({r[0]["class"] for r in mine} - {"none", "?"}):
            these = [r for r in mine if r[0]["class"] == name]
            hit = [s for _, s in these if flagged(s, head, "controversial")]
            right = sum(any(h["head"] == head and h["class"] == name for h in s["heads"]) for s in hit)
            card["classes"].append({"head": head, "lang": lang, "class": name, "recall": share(len(hit), len(these)), "class_right": share(right, len(hit))})

# A guard blocks what any head flags, whatever the authors of the set called it.
for source in ("s-labs", "neuralchemy"):
    these = [r for r in rows if r[0]["source"] == source and r[0]["lang"] == "en"]
    card["either_head"].append({"source": source, "lang": "en"} | figures([r for r in these if not safe(r)], [r for r in these if safe(r)], None))


def over_defence(name, rows):
    card["over_defence"].append({"source": name} | {level: share(sum(flagged(s, None, level) for _, s in rows), len(rows)) for level in LEVELS})


for source in sorted({r[0]["source"] for r in rows if safe(r)}):
    over_defence(source, [r for r in rows if safe(r) and r[0]["source"] == source])
over_defence("benign_hard", [r for r in rows if r[0]["source"] in ("notinject", "wildguard-benign")])
for path in arguments.reviews:
    texts = [line.strip() for line in pathlib.Path(path).read_text(errors="replace").splitlines() if line.strip()]
    example = lambda text: {"text": text, "lang": "zh", "head": "harm", "class": "none", "severity": "safe", "source": "plain", "split": "test"}
    with tempfile.NamedTemporaryFile("w", suffix=".jsonl") as file:
        file.writelines(json.dumps(example(text)) + "\n" for text in texts)
        file.flush()
        over_defence(pathlib.Path(path).stem, judged(file.name))
card["jade"]["same_subclasses"] = jade(rows)
apart = []
for path in arguments.apart:
    apart += [r for r in lines(pathlib.Path(path).read_text()) if r[0]["split"] == "test"]
if apart:
    # Benign rows come once per fold: every fold's positives stand against benign texts that its own model judged.
    folds = len(arguments.apart)
    positive = [r for r in apart if r[0]["source"] == "jade"]
    own = [r for r in apart if r[0]["source"] in ("own-zh", "dev") and r[0]["lang"] == "zh" and safe(r)]
    posts = sorted((r for r in apart if r[0]["source"] == "cold"), key=order)
    benign = (own + posts)[: len(positive)]
    card["jade"]["subclasses_apart"] = figures(positive, benign, "harm") | {"own_benign": min(len(own), len(positive)), "folds": folds}
pathlib.Path(arguments.out).write_text(json.dumps(card, indent=1) + "\n")
