"""What the scripts of the guard's benchmark share: arguments, our guard and its peers over the same texts, intervals, tables."""

import argparse, json, math, os, pathlib, platform, shlex, statistics, subprocess, sys, tempfile, time

HERE = pathlib.Path(__file__).resolve().parent
PEERS = HERE.parent.parent / "peers"


def arguments(description, **more):
    """`more`: name=(default, help) or name=(default, help, choices)."""
    parser = argparse.ArgumentParser(description=description.splitlines()[0])
    parser.add_argument("--binary", type=pathlib.Path, default=pathlib.Path("target/release/jingwei"), help="a release build of jingwei")
    parser.add_argument("--policy", type=pathlib.Path, help="policy of our guard; by default the one that the script names")
    parser.add_argument("--data", type=pathlib.Path, default=pathlib.Path("../shared/data"), help="folder of the data sets that developers are handed")
    parser.add_argument("--peers", type=pathlib.Path, default=pathlib.Path("/nowhere"), help="folder that setup.sh filled")
    parser.add_argument("--out", type=pathlib.Path, default=pathlib.Path("."), help="folder for the JSON")
    parser.add_argument("--rounds", type=int, default=5, help="rounds of everything that is timed")
    parser.add_argument("--only", nargs="*", default=[], help="only these detectors")
    for name, (default, help) in more.items():
        parser.add_argument("--" + name.replace("_", "-"), type=type(default), default=default, help=help)
    chosen = parser.parse_args()
    chosen.out.mkdir(parents=True, exist_ok=True)
    return chosen


def wants(chosen, name):
    return not chosen.only or name in chosen.only


def wilson(hits, total, z=1.96):
    """The Wilson score interval of a share, 95 %."""
    if not total:
        return (0.0, 1.0)
    share, square = hits / total, z * z
    middle = (share + square / (2 * total)) / (1 + square / total)
    half = z / (1 + square / total) * math.sqrt(share * (1 - share) / total + square / (4 * total * total))
    return (max(0.0, middle - half), min(1.0, middle + half))


def share(hits, total):
    """`93.1 % [91.8, 94.2]`"""
    if not total:
        return "–"
    low, high = wilson(hits, total)
    return f"{100 * hits / total:.1f} % [{100 * low:.1f}, {100 * high:.1f}]"


def table(head, rows):
    lines = ["| " + " | ".join(head) + " |", "|" + "---|" * len(head)]
    return "\n".join(lines + ["| " + " | ".join(map(str, row)) + " |" for row in rows])


def jsonl(items):
    return "".join(json.dumps(item, ensure_ascii=False) + "\n" for item in items).encode()


def guard_check(binary, policy, texts, direction="input"):
    """Our verdicts on these texts, in order, and the processor seconds of the one process that gave them."""
    command = [str(binary), "guard", "check", "--jsonl", "--direction", direction]
    command += ["--policy", str(policy)] if policy else []
    with tempfile.TemporaryFile() as given, tempfile.TemporaryFile() as answered, tempfile.TemporaryDirectory() as folder:
        given.write(jsonl({"id": number, "text": text} for number, text in enumerate(texts)))
        given.seek(0)
        process = subprocess.Popen([*command, "--data", folder], stdin=given, stdout=answered, stderr=subprocess.PIPE)
        told = process.stderr.read().decode()
        _, status, usage = os.wait4(process.pid, 0)
        process.returncode = os.waitstatus_to_exitcode(status)
        answered.seek(0)
        verdicts = [json.loads(line) for line in answered]
    if process.returncode not in (0, 1) or len(verdicts) != len(texts):
        sys.exit(f"`{shlex.join(command)}` gave {len(verdicts)} verdicts on {len(texts)} texts, exit {process.returncode}: {told.strip()}")
    return verdicts, usage.ru_utime + usage.ru_stime


def guard_cpu_ms(binary, policy, texts, rounds, repeat=20):
    """Processor time of one text, by round: the run over all texts less the run over one empty text."""
    out = []
    for _ in range(rounds):
        empty = min(guard_check(binary, policy, [""])[1] for _ in range(3))
        out.append(max(0.0, guard_check(binary, policy, list(texts) * repeat)[1] - empty) * 1e3 / (len(texts) * repeat))
    return out


def flags(verdict):
    return verdict["action"] in ("confirm", "block")


def peer(chosen, name, settings, items):
    """Answers of a peer in its own environment, or None where it is not installed or fails; the summary last."""
    python = chosen.peers / name / "bin" / "python"
    worker = {"bench": "ahocorasick"}.get(name, name)
    if not python.exists():
        print(f"{name}: not installed in {chosen.peers}, left out", file=sys.stderr)
        return None
    given = jsonl([settings, *items])
    done = subprocess.run([str(python), str(PEERS / f"guard_{worker}.py")], input=given, capture_output=True, check=False)
    lines = done.stdout.splitlines()
    if done.returncode or not lines:
        print(f"{name}: failed: {done.stderr.decode()[-600:]}", file=sys.stderr)
        return None
    answers = [json.loads(line) for line in lines]
    return answers[:-1], answers[-1]


def machine(chosen):
    """One paragraph that says what was measured with what, under what load."""
    version = subprocess.run([str(chosen.binary), "--version"], capture_output=True, text=True, check=True).stdout.strip()
    shown = [pathlib.Path(sys.argv[0]).name, *sys.argv[1:]]
    return {
        "command": shlex.join(shown), "machine": f"{os.cpu_count()} cores, {platform.machine()}, Python {platform.python_version()}",
        "load": [round(value, 2) for value in os.getloadavg()], "jingwei": version, "when": time.strftime("%Y-%m-%d", time.gmtime()),
    }  # fmt: skip


def report(chosen, name, about, document, tables, excluded):
    """Prints the tables with everything a reader needs to make them again, and writes the JSON."""
    document = {"about": about, "excluded": excluded, **document}
    (chosen.out / f"{name}.json").write_text(json.dumps(document, ensure_ascii=False, indent=1) + "\n")
    print(f"`{about['command']}`\n\n{about['machine']}; load {about['load']} before, {[round(v, 2) for v in os.getloadavg()]} after; {about['jingwei']}; {about['when']}")
    for title, text in tables:
        print(f"\n### {title}\n\n{text}")
    print("\nExcluded: " + " ".join(excluded))


def median(values):
    return statistics.median(values) if values else None


def number(value, digits=3):
    return "–" if value is None else f"{value:.{digits}f}"
