"""Which personal data and keys our guard and its peers find, and what they take for some. See README.md.

usage: pii.py --binary JINGWEI --peers FOLDER --out FOLDER [--each N] [--policy POLICY]

Every value is made up here (values.py) and stands in Chinese and English sentences, with and without a space where it
meets Chinese characters. A value is found where a hit of its kind covers all of it (of a number with a
country code: all after the code); a hit of a kind on anything else
is a false alarm of that kind. Without `--policy` ours has one rule for each kind that this build knows (`guard schema`);
a policy of one's own must name its rules `pii.KIND`."""

import collections, json, pathlib, random, subprocess, tempfile

from common import arguments, guard_check, guard_cpu_ms, machine, median, number, peer, report, share, table, wants
from values import KINDS, SECRETS, WRONG, harmless

chosen = arguments(__doc__, each=(60, "values of each kind"))
random = random.Random(20261121)
CARRIERS = {
    "zh": [("您好，我的资料是", "，请尽快处理。"), ("登记信息：", "。谢谢"), ("客户发来了", "这条内容"), ("把", "改成新的"), ("（", "）已经核对过了")],
    "en": [("Please note ", " in the ticket."), ("The record says ", ", thanks."), ("I got ", " from the form"), ("Value: ", ""), ("Is (", ") still valid?")],
}  # fmt: skip


def carry(value, lang):
    before, after = random.choice(CARRIERS[lang])
    if lang == "zh" and random.random() < 0.5:
        before, after = before + " ", " " + after
    text = before + value + after
    start = len(before) + (len(value) - len(value.removeprefix("+86").lstrip()) if value.startswith("+86") else 0)
    return {"text": text, "lang": lang, "start": start, "end": len(before) + len(value), "tight": lang == "zh" and not before.endswith(" ")}


items = []
for kind, make in KINDS.items():
    for count in range(chosen.each):
        lang = "en" if count % 3 == 2 and kind not in ("address", "plate-number") else "zh"
        items.append({**carry(make(random), lang), "kind": kind})
for kind, make in WRONG.items():
    items += [{**carry(make(random), "zh" if count % 2 else "en"), "kind": None, "near": kind} for count in range(chosen.each // 2)]
items += [{**carry(harmless(random), "zh" if count % 2 else "en"), "kind": None} for count in range(chosen.each * 5)]


def policy_of(folder):
    """One rule for each kind that this build knows, so that a verdict tells the kind."""
    schema = json.loads(subprocess.run([str(chosen.binary), "guard", "schema"], capture_output=True, check=True).stdout)
    known = {name for part in ("PersonalKind", "SecretKind") for name in constants(schema.get("$defs", schema.get("definitions", {})).get(part, {}))}
    rules = []
    for kind in KINDS:
        if kind in known:
            when = "secret" if kind in SECRETS else "pii"
            rules.append(f"[[rule]]\nid = 'pii.{kind}'\ntitle = {{ zh = '类', en = 'Kind' }}\ndirection = 'both'\naction = 'redact'\nseverity = 'low'\nwhen = {{ kind = '{when}', kinds = ['{kind}'] }}\n")
    path = folder / "pii.toml"
    path.write_text("kind = 'guard-policy'\nversion = 1\nid = 'bench-pii'\ntitle = { zh = '个人信息', en = 'Personal data' }\nblock_message = { zh = '不', en = 'No' }\n" + "".join(rules))
    return path, [kind for kind in KINDS if kind not in known]


def constants(node):
    if isinstance(node, dict):
        yield from [node["const"]] if isinstance(node.get("const"), str) else []
        yield from node.get("enum", [])
        for part in node.get("oneOf", []):
            yield from constants(part)


def ours(folder):
    policy, unknown = (chosen.policy, []) if chosen.policy else policy_of(folder)
    texts = [item["text"] for item in items]
    verdicts, _ = guard_check(chosen.binary, policy, texts)
    answers = []
    for item, verdict in zip(items, verdicts):
        encoded = item["text"].encode()
        place = lambda at: len(encoded[:at].decode(errors="ignore"))
        answers.append({"hits": [
            {"kind": hit["rule"].split(".", 1)[1], "start": place(hit["span"]["start"]), "end": place(hit["span"]["end"])}
            for hit in verdict["hits"] if hit["rule"].startswith("pii.")
        ]})  # fmt: skip
    return answers, guard_cpu_ms(chosen.binary, policy, texts[::10], chosen.rounds), unknown


def is_kind(hit, kind):
    return hit["kind"] == kind or (hit["kind"] == "secret" and kind in SECRETS)


def score(answers):
    got = collections.defaultdict(lambda: {"values": 0, "found": 0, "tight": 0, "tight_found": 0, "false": 0})
    for item, answer in zip(items, answers):
        covers = [hit for hit in answer["hits"] if hit["start"] <= item["start"] and hit["end"] >= item["end"] and is_kind(hit, item["kind"])]
        if item["kind"]:
            one = got[item["kind"]]
            one["values"] += 1
            one["found"] += bool(covers)
            one["tight"] += item["tight"]
            one["tight_found"] += item["tight"] and bool(covers)
        for kind in {hit["kind"] for hit in answer["hits"] if not item["kind"] or not is_kind(hit, item["kind"])}:
            got["any key" if kind == "secret" else kind]["false"] += 1
    return got


about, document, packages, cpu, notes = machine(chosen), {}, {}, {}, []
detectors = {}
if wants(chosen, "jingwei"):
    with tempfile.TemporaryDirectory() as folder:
        answers, cpu["jingwei"], unknown = ours(pathlib.Path(folder))
        detectors["jingwei"] = answers
        notes += [f"kinds that this build does not know: {', '.join(unknown)};"] if unknown else []
for label, name, settings in [
    ("Presidio, as shipped", "presidio", {}),
    ("Presidio, telephone region CN", "presidio", {"regions": "cn"}),
    ("gorget, expressions and Secrets", "gorget", {}),
    ("LiteLLM content filter, built-in patterns", "litellm", {}),
]:
    if wants(chosen, name):
        result = peer(chosen, name, {"task": "pii", "rounds": chosen.rounds, "sample": 100, **settings}, items)
        if result:
            detectors[label], cpu[label] = result[0], result[1]["cpu_ms"]
            packages |= result[1]["packages"]
for label, answers in detectors.items():
    document[label] = score(answers)
totals, lines = [], []
for label, got in document.items():
    values, found, false = (sum(one[key] for one in got.values()) for key in ("values", "found", "false"))
    claimed = sum(one["values"] for one in got.values() if one["found"])
    precision = number(found / (found + false) if found + false else None)
    totals.append([label, share(found, values), share(found, claimed), false, precision, number(median(cpu[label]), 4)])
for kind in [*KINDS, "any key"]:
    ones = [got[kind] for got in document.values()]
    if any(one["values"] or one["false"] for one in ones):
        cell = lambda one: f"{one['found']} of {one['values']}; {one['tight_found']} of {one['tight']}; {one['false']}"
        lines.append([kind, *map(cell, ones)])
report(
    chosen, "pii", about, {"kinds": document, "cpu_ms": cpu, "packages": packages, "items": len(items)},
    [(f"All kinds: {sum(1 for i in items if i['kind'])} values, {sum(1 for i in items if not i['kind'])} texts without one", table(["detector", "recall", "recall on the kinds it finds at all", "false alarms", "precision", "CPU ms a text"], totals)),
     ("By kind: found; found against Chinese characters without a space; false alarms", table(["kind", *document], lines))],
    [*notes, "names and places that only a language model finds (Presidio's and gorget's need a model of a hub); kinds that a peer does not have count against its recall and are seen as 0 %.",
     "gorget's Secrets tells no kind and counts for every kind of key. For ours reading and writing of JSON is counted.",
     f"Packages: {', '.join(f'{name} {version}' for name, version in packages.items())}."],
)  # fmt: skip
