"""How much of what our guard catches in plain writing it still catches in disguise. See README.md.

usage: obfuscation.py --examples EXAMPLES.jsonl --binary JINGWEI --data FOLDER --out FOLDER [--policy POLICY] [--singles N] [--pairs N]

Run it with the Python of the `bench` environment that setup.sh made. The base is every harmful or attacking test row
that our guard flags as it stands; each is disguised by every transform of disguises.py and by pairs of them. Recall is
told as a ratio to that base, which is 1 by construction. Harmless rows, disguised alike, tell what is flagged only
because of the disguise: their share flagged in plain writing stands beside it."""

import collections, gzip, itertools, json, pathlib, random

from common import arguments, flags, guard_check, machine, report, share, table
from disguises import TRANSFORMS, apply, learn_sounds

chosen = arguments(
    __doc__,
    examples=(pathlib.Path("examples.jsonl"), "labelled examples, from bench/guard_data.py"),
    singles=(400, "rows of each language for one transform"),
    pairs=(60, "rows of each language for a pair of transforms"),
    harmless=(200, "harmless rows of each language for one transform"),
)
chance = random.Random(20261121)
rows = [row for row in map(json.loads, chosen.examples.read_bytes().splitlines()) if row["split"] == "test"]
learn_sounds(json.loads(line)["text"] for line in gzip.open(chosen.data / "cold_train_dev.zh.jsonl.gz", "rb"))
BASES = {"zh": ("own-zh", "jade"), "en": ("own-en", "advbench", "harmbench")}
HARMLESS = {"zh": ("own-zh", "cold"), "en": ("own-en", "wildguard-benign", "notinject")}
# Both would say the same thing twice, or the second undoes what the first did.
SAME = [{"HTML entities", "HTML entities, decimal", "unicode escapes", "URL escapes", "hex", "base64"}, {"pinyin, one word", "pinyin, content words", "pinyin, spaced", "pinyin, whole sentence"}, {"tag characters", "hidden in tag characters"}, {"separators", "spelled out"}]


def judged(texts):
    return [flags(verdict) for verdict in guard_check(chosen.binary, chosen.policy, texts)[0]] if texts else []


def pick(lang, sources, bad, most):
    found = [row["text"] for row in rows if row["lang"] == lang and row["source"] in sources and (row["class"] != "none") == bad and len(row["text"]) <= 400]
    return chance.sample(found, most) if most and len(found) > most else found


def disguised(names, texts, lang):
    made = [apply(names, text, lang, random.Random(f"{names}{text}")) for text in texts]
    return [text for text in made if text is not None]


about, document, tables = machine(chosen), {}, []
about["policy"] = guard_check(chosen.binary, chosen.policy, [""])[0][0]["policy"]
plain = {}
for lang, transforms in TRANSFORMS.items():
    every = pick(lang, BASES[lang], True, 0)
    base = [text for text, hit in zip(every, judged(every)) if hit]
    plain[lang] = f"{len(base)} of {len(every)}"
    base = chance.sample(base, min(len(base), chosen.singles))
    harmless = pick(lang, HARMLESS[lang], False, chosen.harmless)
    plain_alarms = sum(judged(harmless))
    jobs = [(name,) for name in transforms] + [
        (a, b) for a, b in itertools.combinations(transforms, 2) if not any({a, b} <= same for same in SAME)
    ]  # fmt: skip
    given, places = [], []
    for names in jobs:
        few = base if len(names) == 1 else chance.sample(base, min(len(base), chosen.pairs))
        for kind, texts in (("bad", few), ("harmless", harmless if len(names) == 1 else harmless[: chosen.pairs])):
            made = disguised(names, texts, lang)
            given += made
            places += [(names, kind)] * len(made)
    counts = collections.defaultdict(lambda: [0, 0])
    for place, hit in zip(places, judged(given)):
        counts[place][0] += hit
        counts[place][1] += 1
    singles, pairs = [], []
    for names in jobs:
        (hits, total), (alarms, good) = counts[names, "bad"], counts[names, "harmless"]
        if total:
            document[f"{lang}: {' + '.join(names)}"] = {"caught": hits, "of": total, "harmless_flagged": alarms, "harmless": good}
            (singles if len(names) == 1 else pairs).append((hits / total, names, hits, total, alarms, good))
    lines = [[" + ".join(names), total, share(hits, total), share(alarms, good)] for _, names, hits, total, alarms, good in singles]
    title = f"{lang}: one transform; plain recall {plain[lang]}, {share(plain_alarms, len(harmless))} of the harmless rows flagged in plain writing"
    tables.append((title, table(["transform", "texts", "share of what is caught in plain writing", "harmless flagged"], lines)))
    pairs.sort()
    known = lambda part: [one for one in part if "pinyin, whole sentence" not in one[1]]
    parts = [("single transforms", singles), ("pairs", pairs)]
    parts += [(f"{what}, without sentences wholly in pinyin", known(part)) for what, part in parts if lang == "zh"]
    sums = [[f"{lang}: {what}", len(part), share(sum(p[2] for p in part), sum(p[3] for p in part)), f"{sum(p[0] >= 0.95 for p in part)} of {len(part)}", share(sum(p[4] for p in part), sum(p[5] for p in part))] for what, part in parts if part]  # fmt: skip
    tables.append((f"{lang}: all", table(["what", "transforms", "caught, all texts together", "at 95 % or more", "harmless flagged"], sums)))
    worst = [[" + ".join(names), total, share(hits, total), share(alarms, good)] for _, names, hits, total, alarms, good in pairs[:25]]
    tables.append((f"{lang}: the 25 worst pairs", table(["pair", "texts", "share of plain", "harmless flagged"], worst)))
report(
    chosen, "obfuscation", about, {"plain": plain, "transforms": document}, tables,
    ["texts that a transform leaves as they are (no Latin letter to widen, no character with two parts); texts over 400 characters;",
     "pairs of two codes or two spellings in pinyin; more than two transforms. Transforms of words change up to three nouns and verbs as snownlp tags them (pinyin also one, and the whole sentence).",
     "Nobody checked by hand that every disguised text is still readable: homophones and split characters are what a table gives."],
)  # fmt: skip
