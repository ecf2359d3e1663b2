"""How well our guard and its peers tell attacks and harm from the rest, on the same texts. See README.md.

usage: accuracy.py --examples EXAMPLES.jsonl --binary JINGWEI --peers FOLDER --out FOLDER [--policy POLICY] [--limit N]

EXAMPLES is what bench/guard_data.py writes; only its rows of split `test` are read. A text is flagged where our guard
would block it or ask for a confirmation; our policy is the built-in baseline unless `--policy` names another."""

import collections, json, pathlib, sys

from common import arguments, flags, guard_check, guard_cpu_ms, machine, median, number, peer, report, share, table, wants

chosen = arguments(
    __doc__,
    examples=(pathlib.Path("examples.jsonl"), "labelled examples, from bench/guard_data.py"),
    limit=(0, "at most so many rows of a source and label, for a quick look; 0: all"),
)
rows, taken = [], collections.Counter()
for line in chosen.examples.read_bytes().splitlines():
    row = json.loads(line)
    if row["split"] != "test":
        continue
    row["bad"] = row["class"] != "none" and row["severity"] != "safe"
    key = (row["source"], row["lang"], row["head"], row["bad"])
    taken[key] += 1
    if not chosen.limit or taken[key] <= chosen.limit:
        rows.append(row)
if not rows:
    sys.exit(f"{chosen.examples} has no rows of split `test`")


def of(*sources, **wanted):
    return [i for i, row in enumerate(rows) if row["source"] in sources and all(row[k] == v for k, v in wanted.items())]


SETS = {
    "s-labs test (injection, en)": of("s-labs"),
    "neuralchemy core test (injection, en)": of("neuralchemy"),
    "yanismiraoui (injection, attacks only)": of("yanismiraoui"),
    "in the wild (jailbreaks, attacks only)": of("inthewild"),
    "benign_hard, held-out half (benign only)": of("notinject", "wildguard-benign"),
    "… NotInject part": of("notinject"),
    "… plain benign part": of("wildguard-benign"),
    "COLD benign, hold-out (benign only)": of("cold"),
    "JADE hold-out (harm, zh, harmful only)": of("jade"),
    "JADE hold-out + COLD benign (harm, zh)": of("jade", "cold"),
    "JADE hold-out + own zh benign (harm, zh)": of("jade") + of("own-zh", head="harm", bad=False),
    "own test, harm, zh": of("own-zh", head="harm"),
    "own test, harm, en": of("own-en", head="harm"),
    "own test, injection, zh": of("own-zh", head="injection"),
    "own test, injection, en": of("own-en", head="injection"),
    "development questions kept aside, zh": of("dev", lang="zh"),
    "development questions kept aside, en": of("dev", lang="en"),
    "AdvBench, HarmBench hold-out (harm, en, harmful only)": of("advbench", "harmbench"),
}


def figures(picked, flagged):
    tp = sum(flagged[i] and rows[i]["bad"] for i in picked)
    fp = sum(flagged[i] and not rows[i]["bad"] for i in picked)
    bad = sum(rows[i]["bad"] for i in picked)
    good = len(picked) - bad
    precision = tp / (tp + fp) if bad and tp + fp else None
    f1 = 2 * tp / (2 * tp + fp + bad - tp) if bad and good else None
    return {"bad": bad, "good": good, "tp": tp, "fp": fp, "precision": precision if good else None, "f1": f1}


about = machine(chosen)
texts = [row["text"] for row in rows]
answers, cpu, packages = {}, {}, {}
if wants(chosen, "jingwei"):
    verdicts, _ = guard_check(chosen.binary, chosen.policy, texts)
    about["policy"] = verdicts[0]["policy"]
    answers["jingwei"] = [flags(verdict) for verdict in verdicts]
    # The label of a set is about one head: a harmful wish that is no injection counts as benign in an injection set.
    answers["jingwei, rules of the head"] = [
        any(hit["action"] in ("confirm", "block") and ("injection" in hit["rule"]) == (row["head"] == "injection") for hit in verdict["hits"])
        for verdict, row in zip(verdicts, rows)
    ]
for name in ("securevector", "litellm", "gorget"):
    if wants(chosen, name):
        settings = {"task": "accuracy", "rounds": 0}
        result = peer(chosen, name, settings, [{"text": row["text"], "head": row["head"]} for row in rows])
        if result:
            answers[name] = [answer["flagged"] for answer in result[0]]
            packages |= result[1]["packages"]

# Processor time on the same few texts for everybody: a hundred spread over each kind of text.
sample = {"injection, en": of("s-labs", "neuralchemy"), "benign, zh": of("cold")}
for kind, picked in sample.items():
    picked = picked[:: max(1, len(picked) // 100)][:100]
    for name in answers:
        if name == "jingwei, rules of the head":
            continue
        if name == "jingwei":
            rounds = guard_cpu_ms(chosen.binary, chosen.policy, [texts[i] for i in picked], chosen.rounds)
        else:
            settings = {"task": "accuracy", "rounds": chosen.rounds, "sample": 100}
            rounds = peer(chosen, name, settings, [{"text": texts[i], "head": rows[i]["head"]} for i in picked])[1]["cpu_ms"]
        length = sum(len(texts[i].encode()) for i in picked) / max(1, len(picked))
        cpu.setdefault(kind, {})[name] = {"ms": rounds, "texts": len(picked), "mean_bytes": length}

document, lines = {}, []
for title, picked in SETS.items():
    for name, flagged in answers.items() if picked else ():
        got = figures(picked, flagged)
        document.setdefault(title, {})[name] = got
        recall, fpr = share(got["tp"], got["bad"]), share(got["fp"], got["good"])
        lines.append([title, f"{got['bad']} / {got['good']}", name, number(got["precision"]), recall, number(got["f1"]), fpr])
head = ["set", "bad / benign", "detector", "precision", "recall", "F1", "benign flagged"]
speed = [[kind, f"{got['mean_bytes']:.0f}", name, number(median(got["ms"]), 4)] for kind, by in cpu.items() for name, got in by.items()]
report(
    chosen, "accuracy", about, {"sets": document, "cpu_ms": cpu, "packages": packages},
    [("Accuracy (95 % Wilson intervals)", table(head, lines)),
     (f"Processor time of one text, median of {chosen.rounds} rounds", table(["texts", "mean bytes", "detector", "CPU ms"], speed))],
    ["detectors whose weights are on a model hub (LLM Guard's and gorget's classifiers, Prompt Guard, Llama Guard, Qwen3Guard, prismguard's own model);",
     "start of each process; for ours reading and writing of JSON is counted, for the peers it is not.",
     "LiteLLM: the categories it ships for the head that is asked about. gorget: BanSubstrings with its own list, InvisibleText.",
     f"Packages: {', '.join(f'{name} {version}' for name, version in packages.items())}."],
)  # fmt: skip
