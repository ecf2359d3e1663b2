"""How many texts of 100 characters a second are searched for 65,000 words, by one core. See README.md.

usage: keywords.py --binary JINGWEI --data FOLDER --peers FOLDER --out FOLDER [--policy POLICY] [--texts N]

The texts are made here: posts of COLD joined and cut to exactly 100 characters, half of them with a word of the lexicon
put in. Ours is measured twice: as the engine (`jingwei guard bench`, where this build has it) and as a user's whole
command (`guard check --jsonl`, less its start). `--policy` is a policy with the lexicon's pack; without it a policy is
written whose one rule names all words. `--emit FILE` writes the texts and leaves."""

import gzip, json, os, pathlib, random, shlex, subprocess, sys, tempfile, unicodedata

from common import arguments, flags, guard_check, guard_cpu_ms, jsonl, machine, median, number, peer, report, table, wants

chosen = arguments(
    __doc__,
    texts=(1000, "how many texts"),
    emit=(pathlib.Path(""), "write the texts here, as JSON lines, and leave"),
    sample=(20, "texts for the peers that need tens of milliseconds or more each"),
)
LENGTH = 100


def rows(name):
    return [json.loads(line) for line in gzip.open(chosen.data / name, "rb")]


words = sorted({row["word"].strip() for row in rows("lexicon_65k.zh.jsonl.gz")} - {""})
random = random.Random(65)
posts = [row["text"] for row in rows("cold_train_dev.zh.jsonl.gz") if row["label"] == "benign"]
long_words = [word for word in words if 2 <= len(word) <= 12 and word == unicodedata.normalize("NFKC", word)]
texts, inserted = [], []
while len(texts) < chosen.texts:
    text = ""
    while len(text) < LENGTH:
        text += random.choice(posts)
    text, word = text[:LENGTH], random.choice(long_words) if len(texts) % 2 else ""
    if word:
        at = random.randrange(LENGTH - len(word))
        text = (text[:at] + word + text[at + len(word) :])[:LENGTH]
    texts.append(text)
    inserted.append(bool(word))
if str(chosen.emit) != ".":
    chosen.emit.write_bytes(jsonl({"id": number, "text": text} for number, text in enumerate(texts)))
    sys.exit()


def policy_of(folder):
    path = folder / "words.toml"
    text = "kind = 'guard-policy'\nversion = 1\nid = 'bench-words'\ntitle = { zh = '词表', en = 'Words' }\n"
    text += "block_message = { zh = '不', en = 'No' }\n[[rule]]\nid = 'words'\ntitle = { zh = '词', en = 'Words' }\n"
    text += "direction = 'both'\naction = 'block'\nseverity = 'high'\n[rule.when]\nkind = 'words'\nzh = [\n"
    quoted = (json.dumps(word, ensure_ascii=False).replace("\x7f", "\\u007f") for word in words)
    path.write_text(text + "".join(word + ",\n" for word in quoted) + "]\n")
    return path


def engine(policy, folder):
    """What `jingwei guard bench` says, or None where this build has no such command."""
    given = folder / "texts.jsonl"
    given.write_bytes(jsonl({"id": number, "text": text} for number, text in enumerate(texts)))
    command = [str(chosen.binary), "--data", str(folder / "data"), "guard", "bench", "--policy", str(policy), "--texts", str(given), "--format", "json"]
    runs = []
    for _ in range(chosen.rounds):
        done = subprocess.run(command, capture_output=True, text=True)
        if done.returncode:
            print(f"`{shlex.join(command)}`: {done.stderr.strip()[:300]}", file=sys.stderr)
            return None
        runs.append(json.loads(done.stdout))
    return runs


def ms_of(run):
    """Processor time of one text: from texts per processor second, else from nanoseconds a text."""
    for key, value in run.items():
        if "cpu" in key and "texts" in key:
            return 1000 / value
    for key, value in run.items():
        if "ns" in key.split("_"):
            return value / 1e6
    sys.exit(f"`guard bench` tells neither texts a second nor nanoseconds a text, but {', '.join(run)}")


def peak_memory(policy):
    """Most resident memory of one `guard check` over all texts, in MiB. The kernel counts what a process had before it became
    another program, so a small one starts it."""
    start = "import os, sys; pid = os.posix_spawn(sys.argv[1], sys.argv[1:], os.environ); print(os.wait4(pid, 0)[2].ru_maxrss, file=sys.stderr)"
    command = [sys.executable, "-c", start, str(chosen.binary.resolve()), "guard", "check", "--jsonl", "--policy", str(policy)]
    with tempfile.TemporaryFile() as given:
        given.write(jsonl({"id": 0, "text": text} for text in texts))
        given.seek(0)
        done = subprocess.run(command, stdin=given, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE, text=True)
    return int(done.stderr.split()[-1]) / 1024


about, lines, document = machine(chosen), [], {"texts": len(texts), "words": len(words)}
found_all = lambda answers: f"{sum(got for got, word in zip(answers, inserted) if word)} of {sum(inserted[: len(answers)])}"
others = lambda answers: sum(got for got, word in zip(answers, inserted) if not word)


def row(name, normalises, ms, answers, note=""):
    document[name] = {"cpu_ms": ms, "flagged_inserted": found_all(answers), "flagged_others": others(answers), "texts": len(answers)}
    found = found_all(answers) if answers else "–"
    lines.append([name, normalises, number(1000 * median(ms), 2), f"{1000 / median(ms):,.0f}", found, note])


if wants(chosen, "jingwei"):
    with tempfile.TemporaryDirectory() as folder:
        folder = pathlib.Path(folder)
        policy = chosen.policy or policy_of(folder)
        verdicts, _ = guard_check(chosen.binary, policy, texts)
        about["policy"] = verdicts[0]["policy"]
        flagged = [flags(verdict) for verdict in verdicts]
        runs = engine(policy, folder)
        if runs:
            document["guard_bench"] = runs
            row("jingwei, engine (`guard bench`)", "all", [ms_of(run) for run in runs], flagged)
        else:
            lines.append(["jingwei, engine (`guard bench`)", "all", "pending", "pending", "–", "this build has no `guard bench`"])
        ms = guard_cpu_ms(chosen.binary, policy, texts, chosen.rounds, repeat=20)
        memory = peak_memory(policy)
        document["peak_mib"] = memory
        row("jingwei, whole command (`guard check --jsonl`)", "all", ms, flagged, f"JSON in and out counted; peak memory {memory:.0f} MiB")
given = [{"word": word} for word in words] + [{"text": text} for text in texts]
few = [{"word": word} for word in words] + [{"text": text} for text in texts[: chosen.sample]]
packages = {}
for name, label, settings, items, normalises, note in [
    ("bench", "ahocorasick_rs, ContiguousNFA", {"implementation": "ContiguousNFA"}, given, "none", "bare automaton called from Python: a floor, no peer"),
    ("bench", "ahocorasick_rs, DFA", {"implementation": "DFA"}, given, "none", "the same"),
    ("litellm", "LiteLLM content filter, blocked words", {}, few, "case", f"{chosen.sample} texts, in-process"),
    ("gorget", "gorget BanSubstrings", {}, few, "case", f"{chosen.sample} texts, in-process"),
]:
    if not wants(chosen, name):
        continue
    count = sum("text" in item for item in items)
    result = peer(chosen, name, {"task": "keyword", "rounds": chosen.rounds, "sample": count, **settings}, items)
    if result:
        packages |= result[1]["packages"]
        row(label, normalises, result[1]["cpu_ms"], [answer["flagged"] for answer in result[0]], note)
head = ["what", "normalisation", "CPU µs a text", "texts/s a core", "texts with a word put in, flagged", "note"]
report(
    chosen, "keywords", about, {**document, "packages": packages},
    [(f"{len(words):,} words, {len(texts)} texts of {LENGTH} characters, median of {chosen.rounds} rounds", table(head, lines))],
    ["building of the automaton and start of the process (for `guard check` the run over one empty text is taken off);",
     "houbb/sensitive-word (Java, not on this registry): its own figure is 62,900 texts/s with all conversions on, on another machine.",
     "An inserted word may fall out of view where cutting to length cut it, or where a longer normal form swallows it.",
     f"Packages: {', '.join(f'{name} {version}' for name, version in packages.items())}."],
)  # fmt: skip
