"""Whether anything forbidden leaves a streamed reply, and what is held back for it. See README.md.

usage: stream.py --binary JINGWEI --data FOLDER --peers FOLDER --out FOLDER [--policy POLICY]

A scripted model behind our gateway sends each reply exactly as the case says; LiteLLM's content filter gets the same
chunks through its own streaming hook, in-process. Leaked is what the caller has read of the forbidden item before the
stop, or in spite of it. Words are blocked, values masked, by both. `--policy` names another policy for the last table."""

import collections, concurrent.futures, gzip, http.client, http.server, json, pathlib, random, socket, subprocess, sys, tempfile, threading, time

from common import arguments, machine, peer, report, share, table, wants
from stream_cases import PATTERNS, WORDS, bytes_of, cases, chunks_of, harmless_cases, held, leaked, texts_of, tokens_of

chosen = arguments(__doc__, three=(10, "sampled cuts into three chunks, per item and field"), replies=(60, "harmless replies for what is held"))
WRITES = {}  # model name of a case: the writes of the scripted model


class Model(http.server.BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    wbufsize = 0

    def do_POST(self):
        self.connection.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        asked = json.loads(self.rfile.read(int(self.headers["content-length"])))
        self.send_response(200)
        self.send_header("content-type", "text/event-stream")
        self.send_header("transfer-encoding", "chunked")
        self.end_headers()
        writes = WRITES[asked["model"]]
        try:
            for number, piece in enumerate(writes):
                if number:
                    time.sleep(0.0005)  # so that the gateway reads the pieces apart
                self.wfile.write(f"{len(piece):x}\r\n".encode() + piece + b"\r\n")
            self.wfile.write(b"0\r\n\r\n")
        except (BrokenPipeError, ConnectionResetError):
            self.close_connection = True  # the gateway stopped the reply

    def do_GET(self):
        body = b'{"object":"list","data":[]}'
        self.send_response(200)
        self.send_header("content-type", "application/json")
        self.send_header("content-length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *_):
        pass


class Server(http.server.ThreadingHTTPServer):
    daemon_threads = True
    request_queue_size = 64


def free_port():
    with socket.socket() as one:
        one.bind(("127.0.0.1", 0))
        return one.getsockname()[1]


class Gateway:
    """`jingwei up` before the scripted model."""

    def __init__(self, upstream, policy, folder):
        self.port = free_port()
        command = [chosen.binary, "--data", folder / "data", "--allow-private", "up", "--listen", f"127.0.0.1:{free_port()}", "--gateway", f"127.0.0.1:{self.port}"]
        command += ["--upstream", f"http://127.0.0.1:{upstream}/v1"] + (["--policy", policy] if policy else [])
        self.log = open(folder / "up.log", "wb")
        self.process = subprocess.Popen([str(part) for part in command], stdout=self.log, stderr=self.log)
        until = time.time() + 60
        while True:
            try:
                socket.create_connection(("127.0.0.1", self.port), timeout=1).close()
                break
            except OSError:
                if self.process.poll() is not None or time.time() > until:
                    sys.exit(f"`jingwei up` did not come up: {(folder / 'up.log').read_text()[-800:]}")
                time.sleep(0.05)
        self.own = threading.local()

    def play_all(self, names, at_once=8):
        """What a caller reads of each reply, in order. Several at once, since each waits for the network's acknowledgements."""
        with concurrent.futures.ThreadPoolExecutor(at_once) as pool:
            return list(pool.map(self.play, names))

    def play(self, name):
        """The events that a caller reads, and whether the reply was stopped."""
        body = json.dumps({"model": name, "stream": True, "n": 2, "messages": [{"role": "user", "content": "hello"}]})
        if not hasattr(self.own, "connection"):
            self.own.connection = http.client.HTTPConnection("127.0.0.1", self.port, timeout=30)
        self.own.connection.request("POST", "/v1/chat/completions", body, {"content-type": "application/json"})
        answer = self.own.connection.getresponse().read()
        events, stopped = [], False
        for block in answer.split(b"\n\n"):
            line = next((line[5:].strip() for line in block.split(b"\n") if line.startswith(b"data:")), b"")
            if line and line != b"[DONE]":
                event = json.loads(line)
                if "error" in event:
                    raise RuntimeError(f"the gateway told an error: {line[:300]!r}")
                if "jingwei" in event:
                    stopped = True
                else:
                    events.append(event)
        return events, stopped

    def close(self):
        self.process.terminate()
        self.process.wait()
        self.log.close()


def policy_of(folder):
    words = "".join(f"{lang} = {json.dumps(list, ensure_ascii=False)}\n" for lang, list in WORDS.items())
    path = folder / "stream.toml"
    path.write_text(
        "kind = 'guard-policy'\nversion = 1\nid = 'bench-stream'\ntitle = { zh = '流', en = 'Stream' }\nblock_message = { zh = '不', en = 'No' }\n"
        "[[rule]]\nid = 'words'\ntitle = { zh = '词', en = 'Words' }\ndirection = 'output'\naction = 'block'\nseverity = 'high'\n[rule.when]\nkind = 'words'\n" + words
        + "[[rule]]\nid = 'personal'\ntitle = { zh = '个人', en = 'Personal' }\ndirection = 'output'\naction = 'redact'\nseverity = 'high'\nwhen = { kind = 'pii', kinds = ['resident-id', 'mobile', 'bank-card', 'email'] }\n"
        "[[rule]]\nid = 'keys'\ntitle = { zh = '密钥', en = 'Keys' }\ndirection = 'output'\naction = 'redact'\nseverity = 'high'\nwhen = { kind = 'secret' }\n"
    )  # fmt: skip
    return path


def posts():
    """Harmless replies in both languages, streamed in pieces as models do."""
    chance = random.Random(11)
    read = lambda name: [json.loads(line) for line in gzip.open(chosen.data / name, "rb")]
    zh = [row["text"] for row in read("cold_train_dev.zh.jsonl.gz") if row["label"] == "benign" and len(row["text"]) >= 60]
    en = [row["text"] for row in read("benign_hard.en.jsonl.gz") if len(row["text"]) >= 80 and row["text"].isascii()]
    for text in chance.sample(zh, chosen.replies // 2) + chance.sample(en, chosen.replies // 2):
        yield {"text": text[:600], "field": "content", "chunks": chunks_of("content", tokens_of(text[:600], chance))}


# What is played: (where it counts, case, writes). Writes of the byte suite are cut in every byte of the item.
plain = list(cases(three=chosen.three)) + list(harmless_cases())
in_bytes, seen = [], set()
for case in plain:
    what = (case["name"], case["field"])
    if case["group"] == "harmless" or case["field"] == "tool arguments" or what in seen:
        continue
    seen.add(what)
    for ascii in (False, True):
        whole = chunks_of(case["field"], [case["before"] + case["text"] + case["after"]])
        body = bytes_of(whole, ascii)
        begin, end = (body.index(json.dumps(part, ensure_ascii=ascii)[1:-1].encode()) for part in (case["text"], case["after"]))
        step = max(1, (end - begin) // 60)
        in_bytes += [({**case, "cuts": "bytes", "chunks": whole}, [body[:at], body[at:]]) for at in range(begin + 1, end, step)]


def judge(case, events, stopped, got):
    if case["group"] == "harmless":
        texts = texts_of(events)
        whole = (texts.get("content"), texts.get("second choice")) if case["field"] == "both choices" else texts.get(case["field"])
        got["harmless"]["cases"] += 1
        got["harmless"]["stopped or changed"] += stopped or whole != case["text"]
        return
    count = leaked(case, events)
    for key in ((case["group"], case["field"]), (case["group"], f"cut: {case['cuts'] if case['cuts'] in (1, 2, 'bytes') else 'each character'}")):
        got[key]["cases"] += 1
        got[key]["leaking"] += count > 0
        got[key]["characters"] += count
        got[key]["whole"] += count == len(case["text"])
    if count:
        # For whoever looks for the reason: which items in which fields, and one case of each.
        got["leaks"][case["name"] + " | " + case["field"]] += 1
        pieces = json.dumps([texts_of([one]) for one in case["chunks"]], ensure_ascii=False)
        got["example", case["name"]] = got["example", case["name"]] or collections.Counter({f"{pieces[-300:]} leaked {count}": 1})


def holding(case, events, got):
    after, late = held(case, events)
    got["after"] += after
    got["late"] += late
    # For whoever looks for the reason: what stands around the character that waited longest.
    worst = max(late, default=0)
    if worst > 1 and len(late) == len(case["text"]):
        at = late.index(worst)
        got["longest"].append([worst, case["text"][max(0, at - 12) : at + 24]])


about, results, holds, packages = machine(chosen), {}, {}, {}
replies = list(posts())
for number, case in enumerate([*plain, *replies]):
    WRITES[f"case-{number}"] = [f"data: {json.dumps({**one, 'created': at + 1}, ensure_ascii=False)}\n\n".encode() for at, one in enumerate(case["chunks"])] + [b"data: [DONE]\n\n"]
WRITES |= {f"bytes-{number}": writes for number, (_, writes) in enumerate(in_bytes)}
if wants(chosen, "jingwei"):
    server = Server(("127.0.0.1", 0), Model)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    with tempfile.TemporaryDirectory() as folder:
        folder = pathlib.Path(folder)
        gateway = Gateway(server.server_port, policy_of(folder), folder)
        got, holding_got = collections.defaultdict(collections.Counter), collections.defaultdict(list)
        for case, (events, stopped) in zip(plain, gateway.play_all(f"case-{number}" for number in range(len(plain)))):
            judge(case, events, stopped, got)
        for (case, _), (events, stopped) in zip(in_bytes, gateway.play_all(f"bytes-{number}" for number in range(len(in_bytes)))):
            judge(case, events, stopped, got)
        of_replies = [f"case-{number}" for number in range(len(plain), len(plain) + len(replies))]
        for case, (events, _) in zip(replies, gateway.play_all(of_replies)):
            holding(case, events, holding_got)
        gateway.close()
        results["jingwei"], holds["jingwei, words and values"] = got, holding_got
        holding_got, stops = collections.defaultdict(list), 0
        gateway = Gateway(server.server_port, chosen.policy, folder)
        for case, (events, stopped) in zip(replies, gateway.play_all(of_replies)):
            stops += stopped
            if not stopped:
                holding(case, events, holding_got)
        gateway.close()
        holds[f"jingwei, {chosen.policy.stem if chosen.policy else 'built-in baseline'} ({stops} of {len(replies)} stopped)"] = holding_got
    server.shutdown()
if wants(chosen, "litellm"):
    settings = {"task": "stream", "rounds": 0, "words": WORDS["zh"] + WORDS["en"], "patterns": PATTERNS}
    answer = peer(chosen, "litellm", settings, [{"chunks": case["chunks"]} for case in [*plain, *replies]])
    if answer:
        got, holding_got, packages = collections.defaultdict(collections.Counter), collections.defaultdict(list), answer[1]["packages"]
        for case, one in zip(plain, answer[0]):
            judge(case, one["events"], one["stopped"], got)
        for case, one in zip(replies, answer[0][len(plain) :]):
            holding(case, one["events"], holding_got)
        results["litellm"], holds["LiteLLM content filter"] = got, holding_got

lines, summary, waits = [], [], []
for name, got in results.items():
    by_field = {key: value for key, value in got.items() if isinstance(key, tuple) and key[0] != "example" and not key[1].startswith("cut: ")}
    spoken = ("content", "second choice")
    for part, wanted in [
        ("as written, in answers", lambda group, field: group != "disguised" and field in spoken),
        ("as written, in reasoning and arguments of tool calls", lambda group, field: group != "disguised" and field not in spoken),
        ("disguised", lambda group, field: group == "disguised"),
    ]:
        picked = [value for key, value in by_field.items() if wanted(*key)]
        total = {key: sum(value[key] for value in picked) for key in ("cases", "leaking", "characters", "whole")}
        summary.append([name, part, total["cases"], share(total["leaking"], total["cases"]), total["characters"], total["whole"]])
    harmless = got["harmless"]
    summary.append([name, "harmless", harmless["cases"], f"{harmless['stopped or changed']} stopped or changed", "–", "–"])
    for (group, what), value in sorted(item for item in got.items() if isinstance(item[0], tuple) and item[0][0] != "example"):
        lines.append([group, what, name, value["cases"], value["leaking"], value["characters"], value["whole"]])
lines.sort()
for name, got in holds.items():
    after, late = sorted(got["after"]), sorted(got["late"])
    if after:
        at = lambda values, share: values[min(len(values) - 1, int(share * len(values)))]
        waits.append([name, len(after), f"{sum(after) / len(after):.2f}", at(after, 0.99), after[-1], f"{sum(late) / max(1, len(late)):.2f}", at(late, 0.5), at(late, 0.99), late[-1]])
document = {
    "results": {name: {" | ".join(key) if isinstance(key, tuple) else key: dict(value) for key, value in got.items()} for name, got in results.items()},
    "held": {name: {"after_each_chunk": got["after"], "late_by_chunks": dict(collections.Counter(got["late"])), "longest": sorted(got["longest"], reverse=True)[:20]} for name, got in holds.items()},
    "packages": packages, "cases": {"chunks": len(plain), "bytes": len(in_bytes)},
}  # fmt: skip
report(
    chosen, "stream", about, document,
    [("Leaks and false stops", table(["guard", "items", "cases", "with a leak", "characters leaked", "whole items leaked"], summary)),
     ("By field and by cut", table(["items", "field or cut", "guard", "cases", "with a leak", "characters leaked", "whole items leaked"], lines)),
     (f"What harmless replies wait for ({len(replies)} replies in pieces of a word or 1–3 characters)", table(["guard", "pieces", "held characters, mean", "p99", "most", "late by pieces, mean", "p50", "p99", "most"], waits))],
    ["time on the wire (see the gateway's own benchmark); Anthropic and Responses events, which the gateway does not serve;",
     "cuts inside a character and inside an event for LiteLLM: its hook gets events that are whole; its proxy around the hook (HTTP, tool call scan of whole replies);",
     "LiteLLM has neither Chinese identity numbers nor validators: it was given expressions for every kind. Disguised items it does not claim to find.",
     f"Packages: {', '.join(f'{name} {version}' for name, version in packages.items())}."],
)  # fmt: skip
