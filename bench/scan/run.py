"""Judges hostile files, their twins and real models with Jingwei and its peers. usage: run.py --out OUT [--binary JINGWEI] [--peers FOLDER] [--cases FOLDER] [--benign FOLDER] [--only NAME...] [--speed] [--holdout]

--cases is what generate.py wrote, --benign what benign.py wrote, --peers what setup.sh filled. Every case is one call; a peer
has 20 seconds for a case and 300 for a real file, then it is killed and that is its verdict. Answers are kept in
OUT/NAME.jsonl and not asked again (delete the file to ask again; Jingwei's is always asked anew).
--speed times the whole real folder through the command lines. Prints Markdown. The hold-out's outcomes are left out of
every table, and of the misses that are listed, unless --holdout is given: look at them once, when tuning is over.
"""

import argparse, json, os, pathlib, resource, select, statistics, subprocess, sys, time

HERE = pathlib.Path(__file__).resolve().parent
WORKER = HERE.parent.parent / "peers" / "scan_worker.py"
PEERS = ["picklescan", "modelscan", "fickling", "modelaudit-picklescan", "modelaudit", "aisbom"]
SEVERITY = ("unsupported", "pass", "incomplete", "crash", "timeout", "review", "block")
FLAGGED = ("block", "review")
NO_ANSWER = ("incomplete", "unsupported", "crash", "timeout")
QUIET = {"PROMPTFOO_DISABLE_TELEMETRY": "1", "AISBOM_NO_TELEMETRY": "1", "AISBOM_OFFLINE": "1", "DO_NOT_TRACK": "1"}  # no peer calls home
MEMORY = 12 << 30  # bytes that one peer may map: a bomb ends the peer and not the machine


class Worker:
    """A peer in its own process and environment; it is started again after a kill or a crash."""

    def __init__(self, name, folder):
        self.command = [str(folder / name / "bin" / "python"), str(WORKER), name]
        self.process = None

    def start(self):
        limit = lambda: resource.setrlimit(resource.RLIMIT_AS, (MEMORY, MEMORY))
        self.process = subprocess.Popen(self.command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, preexec_fn=limit, env={**os.environ, **QUIET, "PYTHONDONTWRITEBYTECODE": "1"}, cwd="/")
        if not self.read(120):
            raise OSError(f"{self.command[-1]} did not start: {' '.join(self.command)}")

    def read(self, timeout):
        ready, _, _ = select.select([self.process.stdout], [], [], timeout)
        return self.process.stdout.readline() if ready else None

    def stop(self):
        if self.process:
            self.process.kill()
            self.process.wait()
        self.process = None

    def judge(self, path, timeout):
        if not self.process:
            self.start()
        try:
            self.process.stdin.write(json.dumps(str(path)).encode() + b"\n")
            self.process.stdin.flush()
            line = self.read(timeout)
        except BrokenPipeError:
            line = b""
        if line:
            return json.loads(line)
        self.stop()
        return {"verdict": "timeout" if line is None else "crash", "detail": f"no answer within {timeout} s" if line is None else "the process ended", "wall_s": timeout if line is None else 0, "rss_mib": 0}


class Jingwei:
    """The program itself, one process a call. What its JSON means is decided here and nowhere else."""

    def __init__(self, binary, data):
        self.binary, self.data = binary, data

    def stop(self):
        pass

    def judge(self, path, timeout):
        start = time.perf_counter()
        process = subprocess.Popen([str(self.binary), "--data", str(self.data), "scan", "model", str(path), "--format", "json"], stdout=subprocess.PIPE, stderr=subprocess.PIPE)
        try:
            out, err = process.communicate(timeout=timeout)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()
            return {"verdict": "timeout", "detail": "", "wall_s": timeout, "rss_mib": 0}
        wall = round(time.perf_counter() - start, 4)
        try:
            report = json.loads(out)
            files = report["files"]
            verdict = max((jingwei_verdict(f) for f in files), key=SEVERITY.index, default="unsupported")
            detail = ", ".join(sorted({f["rule"] for f in report["findings"] if f["severity"] not in ("low", "info")}))[:300]
        except (ValueError, KeyError, TypeError) as error:
            verdict, detail = "crash", f"exit {process.returncode}: {error}: {err.decode(errors='replace')[-200:]}"
        return {"verdict": verdict, "detail": detail, "wall_s": wall, "rss_mib": 0}


def jingwei_verdict(file):
    return {"clean": "pass", "review": "review", "blocked": "block", "incomplete": "incomplete"}[file["verdict"]]


def judged(scanner, rows, store, timeout, label):
    """Answers for rows of (key, path, digest), from the store where it has one about the same bytes."""
    known = {}
    if store.exists():
        known = {r["key"]: r for r in map(json.loads, store.read_text().splitlines())}
    begun = time.perf_counter()
    with store.open("a") as file:
        for index, (key, path, digest) in enumerate(rows):
            if known.get(key, {}).get("of") == digest:
                continue
            known[key] = {"key": key, "of": digest, **scanner.judge(path, timeout)}
            file.write(json.dumps(known[key], ensure_ascii=False) + "\n")
            file.flush()
            if index % 200 == 0:
                print(f"{label}: {index}/{len(rows)} after {time.perf_counter() - begun:.0f} s", file=sys.stderr, flush=True)
    scanner.stop()
    return {key: known[key] for key, _, _ in rows}


def table(head, rows):
    return "\n".join(["| " + " | ".join(head) + " |", "|" + "---|" * len(head), *("| " + " | ".join(map(str, row)) + " |" for row in rows)])


def share(hits, of):
    return f"{hits}/{of} = {hits / of * 100:.1f} %" if of else "–"


def case_tables(cases, answers):
    """`answers`: name → key → answer. The first table is all there is to say; the second says where."""
    hostile, twins = [c for c in cases if not c["twin_of"]], [c for c in cases if c["twin_of"]]
    must = [c for c in hostile if c["expected"] == "block"]
    rows = []
    for name, given in answers.items():
        verdict = lambda c: given[c["id"]]["verdict"]
        count = lambda members, words: sum(verdict(c) in words for c in members)
        apart = sum(SEVERITY.index(verdict(c)) > SEVERITY.index(given[c["id"] + "#twin"]["verdict"]) and verdict(c) in FLAGGED for c in hostile)
        rows.append([
            name, share(count(must, ("block",)), len(must)), share(count(must, FLAGGED), len(must)), share(count(hostile, FLAGGED), len(hostile)), share(apart, len(hostile)), count(twins, ("block",)), count(twins, ("review",)),
            " / ".join(str(count(hostile, (word,))) for word in NO_ANSWER), f"{max(given[c['id']]['wall_s'] for c in hostile):.2f} s",
        ])
    head = ["scanner", "must block: blocked", "must block: blocked or held", "all: blocked or held", "all: told apart from its twin", "twins blocked", "twins held", "incomplete / unsupported / crash / time-out", "slowest"]
    out = [table(head, rows)]
    groups = sorted({c["group"] for c in hostile})
    rows = []
    for group in groups:
        members = [c for c in hostile if c["group"] == group]
        cells = []
        for given in answers.values():
            words = [given[c["id"]]["verdict"] for c in members]
            alarms = sum(given[c["id"] + "#twin"]["verdict"] in FLAGGED for c in members)
            cells.append(f"{words.count('block')} + {words.count('review')}" + (f" ({alarms})" if alarms else ""))
        rows.append([group, len(members), *cells])
    out.append("By group: blocked + held (alarms on twins).\n\n" + table(["group", "cases", *answers], rows))
    return "\n\n".join(out)


def benign_table(manifest, answers):
    rows, size = [], sum(f["size"] for f in manifest)
    for name, given in answers.items():
        words = [given[f["path"]]["verdict"] for f in manifest]
        read = sum(w not in ("unsupported",) for w in words)
        rows.append([name, share(words.count("block"), len(words)), share(words.count("review"), len(words)), words.count("pass"), " / ".join(str(words.count(w)) for w in NO_ANSWER), share(words.count("block") + words.count("review"), read), f"{sum(given[f['path']]['wall_s'] for f in manifest):.1f} s", f"{max(given[f['path']]['rss_mib'] for f in manifest):.0f} MiB"])
    head = ["scanner", "blocked", "held", "passed", "incomplete / unsupported / crash / time-out", "alarms of what it reads", "time, file by file", "memory of the process"]
    kinds = {}
    for file in manifest:
        kinds.setdefault(file["kind"], []).append(file)
    by_kind = []
    for kind, files in sorted(kinds.items(), key=lambda item: -sum(f["size"] for f in item[1])):
        words = [[given[f["path"]]["verdict"] for f in files] for given in answers.values()]
        by_kind.append([kind, len(files), f"{sum(f['size'] for f in files) / 1e6:.1f}", *(f"{w.count('block')} + {w.count('review')}" for w in words)])
    return f"{len(manifest)} files, {size / 1e6:.0f} MB.\n\n" + table(head, rows) + "\n\nBy kind of file: blocked + held.\n\n" + table(["kind", "files", "MB", *answers], by_kind)


def commands(peers, binary, data, benign):
    """The command lines for a folder, as their documentation gives them."""
    path, tool = str(benign), lambda peer, name: str(peers / peer / "bin" / name)
    return {
        "jingwei": [str(binary), "--data", str(data), "scan", "model", path, "--format", "json"] if binary else None, "picklescan": [tool("picklescan", "picklescan"), "-p", path], "modelscan": [tool("modelscan", "modelscan"), "scan", "-p", path, "-r", "json"],
        "modelaudit": [tool("modelaudit", "modelaudit"), "scan", path, "--format", "json", "--no-cache"], "aisbom": [tool("aisbom", "aisbom"), "scan", path, "--no-fail-on-risk", "--output", str(data / "aisbom.json")],
    }


def timed(command, timeout=900):
    """Wall and processor seconds and the highest resident memory of a process and the children that it waited for."""
    start = time.perf_counter()
    process = subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, env={**os.environ, **QUIET}, cwd="/")
    while time.perf_counter() - start < timeout:
        pid, status, usage = os.wait4(process.pid, os.WNOHANG)
        if pid:
            process.returncode = os.waitstatus_to_exitcode(status)
            return {"wall": time.perf_counter() - start, "cpu": usage.ru_utime + usage.ru_stime, "user": usage.ru_utime, "rss": usage.ru_maxrss / 1024, "code": process.returncode}
        time.sleep(0.005)
    process.kill()
    process.wait()
    return None


def speed_table(chosen, names, manifest):
    rows, results = [], {}
    for name, command in commands(chosen.peers, chosen.binary, chosen.out, chosen.benign).items():
        if command is None or name not in names or not pathlib.Path(command[0]).exists():
            continue
        runs = []
        while len(runs) < (5 if not runs or runs[0]["wall"] < 30 else 1):
            run = timed(command)
            if run is None:
                break
            runs.append(run)
        results[name] = runs
        middle = lambda key: statistics.median(r[key] for r in runs)
        rows.append([name, len(runs), f"{middle('wall'):.2f} s", f"{middle('user'):.2f} s", f"{middle('rss'):.0f} MiB", runs[-1]["code"]] if runs else [name, 0, "> 900 s", "–", "–", "time-out"])
    (chosen.out / "speed.json").write_text(json.dumps(results, indent=1) + "\n")
    load = " ".join(pathlib.Path("/proc/loadavg").read_text().split()[:2])
    return f"The whole real folder, {sum(f['size'] for f in manifest) / 1e6:.0f} MB, by the command line; load {load}.\n\n" + table(["scanner", "runs", "wall, median", "user, median", "peak memory", "exit code"], rows)


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--out", type=pathlib.Path, required=True)
    for name in ("binary", "peers", "cases", "benign"):
        parser.add_argument("--" + name, type=pathlib.Path)
    parser.add_argument("--only", nargs="*")
    parser.add_argument("--speed", action="store_true")
    parser.add_argument("--holdout", action="store_true", help="show the hold-out, too")
    parser.add_argument("--misses", action="store_true", help="list Jingwei's misses and false alarms")
    chosen = parser.parse_args()
    chosen.out.mkdir(parents=True, exist_ok=True)
    chosen.out = chosen.out.resolve()
    chosen.peers = chosen.peers.absolute() if chosen.peers else pathlib.Path("/nonexistent")
    chosen.cases, chosen.benign = (p.resolve() if p else None for p in (chosen.cases, chosen.benign))
    names = [n for n in ["jingwei", *PEERS] if not chosen.only or n in chosen.only]
    scanners = {n: Worker(n, chosen.peers) for n in names if n != "jingwei" and (chosen.peers / n).exists()}
    if chosen.binary and "jingwei" in names:
        scanners = {"jingwei": Jingwei(chosen.binary.resolve(), chosen.out / "data"), **scanners}
        for stale in chosen.out.glob("jingwei.*.jsonl"):
            stale.unlink()

    def ask(rows, what, timeout):
        return {n: judged(s, rows, chosen.out / f"{n}.{what}.jsonl", timeout, f"{n} {what}") for n, s in scanners.items()}

    if chosen.cases:
        cases = [json.loads(line) for line in (chosen.cases / "cases.jsonl").read_text().splitlines()]
        answers = ask([(c["id"], chosen.cases / c["folder"], c["digest"]) for c in cases], "cases", 20)
        shown = cases if chosen.holdout else [c for c in cases if not c["holdout"]]
        print(f"### Hostile files and their twins{'' if chosen.holdout else ', hold-out not shown'}\n")
        print(case_tables(shown, answers))
        if chosen.holdout:
            print("\nThe hold-out alone:\n\n" + case_tables([c for c in cases if c["holdout"]], answers))
        if chosen.misses and "jingwei" in answers:
            for c in shown:
                found = answers["jingwei"][c["id"]]
                wrong = found["verdict"] in FLAGGED if c["expected"] == "clean" else found["verdict"] not in (("block",) if c["expected"] == "block" else FLAGGED)
                if wrong:
                    print(f"- {c['id']}: {found['verdict']}, expected {c['expected']}: {found['detail']}")
        print()
    if chosen.benign:
        manifest = json.loads((chosen.benign / "manifest.json").read_text())["files"]
        answers = ask([(f["path"], chosen.benign / f["path"], f["sha256"][:16]) for f in manifest], "benign", 300)
        print("### Real model files out of Python packages\n\n" + benign_table(manifest, answers))
        if chosen.misses and "jingwei" in answers:
            for f in manifest:
                if answers["jingwei"][f["path"]]["verdict"] != "pass":
                    print(f"- {f['path']}: {answers['jingwei'][f['path']]}")
        print()
        if chosen.speed:
            print("### Speed\n\n" + speed_table(chosen, names, manifest))


if __name__ == "__main__":
    main()
