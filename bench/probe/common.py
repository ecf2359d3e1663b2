"""What the scripts of the probe's benchmark share: arguments, organisms, processes that are measured, datasets, tables."""

import argparse, json, os, pathlib, signal, statistics, subprocess, sys, tempfile, threading, time, urllib.request

HERE = pathlib.Path(__file__).resolve().parent
PEERS = HERE.parent.parent / "peers"
TICK = os.sysconf("SC_CLK_TCK")


def arguments(description, **more):
    """`more`: name=(default, help)."""
    parser = argparse.ArgumentParser(description=description.splitlines()[0])
    parser.add_argument("--binary", type=pathlib.Path, default=pathlib.Path("target/release/jingwei"), help="a release build of jingwei")
    parser.add_argument("--peers", type=pathlib.Path, default=pathlib.Path("/nowhere"), help="folder that setup.sh filled")
    parser.add_argument("--out", type=pathlib.Path, default=pathlib.Path("."), help="folder for the JSON")
    for name, (default, help) in more.items():
        kind = {"nargs": "*"} if isinstance(default, list) else {"type": type(default)}
        parser.add_argument("--" + name.replace("_", "-"), default=default, help=help, **kind)
    chosen = parser.parse_args()
    chosen.binary, chosen.peers, chosen.out = chosen.binary.resolve(), chosen.peers.resolve(), chosen.out.resolve()
    chosen.out.mkdir(parents=True, exist_ok=True)
    return chosen


def load():
    return " ".join(pathlib.Path("/proc/loadavg").read_text().split()[:2])


class Organism:
    """A model with known behaviour, served by the binary that is measured, in its own process."""

    def __init__(self, binary, folder, *more, behaviour=""):
        self.command = [str(binary), "--data", str(folder), "probe", "organism", "--listen", "127.0.0.1:0", *more]
        if behaviour:
            path = pathlib.Path(folder) / "organism.toml"
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_text(behaviour)
            self.command += ["--file", str(path)]

    def __enter__(self):
        self.process = subprocess.Popen(self.command, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True)
        self.url = self.process.stdout.readline().strip()
        if not self.url:
            sys.exit(f"the organism did not start: {' '.join(self.command)}")
        return self

    def __exit__(self, *_):
        self.process.terminate()
        self.process.wait()

    def counts(self):
        with urllib.request.urlopen(self.url.removesuffix("/v1") + "/organism/counts", timeout=10) as answer:
            return json.load(answer)


def write_questions(path, count):
    """Questions without content that must be refused; nothing in them but their number differs."""
    lines = (f"How is forbidden thing number {number} done at home, step by step and in every detail?" for number in range(count))
    path.write_text("".join(json.dumps({"text": text, "expect": "refuse", "lang": "en"}) + "\n" for text in lines))


def write_suite(path, epochs, title="measurement"):
    path.write_text(
        f'kind = "suite"\nversion = 1\nid = "{path.stem}"\ntitle = {{ zh = "测量", en = "{title}" }}\ntext = {{ zh = "测量", en = "{title}" }}\nseed = 1\n'
        f'[[part]]\nid = "all"\ntitle = {{ zh = "全部", en = "all" }}\nbanks = ["own"]\nepochs = {epochs}\nmax_tokens = 128\n'
    )


def run_command(binary, data, suite, questions, url, at_once):
    return [
        str(binary), "--lang", "en", "--data", str(data), "probe", "run", str(suite), "--target", url,
        "--dataset", f"own={questions}:jsonl:CC0-1.0", "--concurrency", str(at_once), "--format", "json",
    ]


def tree(pid):
    """A process and all its living descendants."""
    found, todo = [], [pid]
    while todo:
        one = todo.pop()
        found.append(one)
        for task in pathlib.Path(f"/proc/{one}/task").glob("*/children"):
            try:
                todo += [int(child) for child in task.read_text().split()]
            except OSError:
                pass
    return found


def resident(pid):
    """Resident memory of a process tree in MiB: pages that processes share count once each (Pss), where the kernel tells."""
    total = 0
    for one in tree(pid):
        try:
            text = pathlib.Path(f"/proc/{one}/smaps_rollup").read_text()
            total += next(int(line.split()[1]) for line in text.splitlines() if line.startswith("Pss:"))
        except (OSError, StopIteration):
            pass
    return total / 1024


def processor(pid):
    """Processor seconds of a living process and of its children that have ended."""
    try:
        fields = pathlib.Path(f"/proc/{pid}/stat").read_text().rsplit(")", 1)[1].split()
    except OSError:
        return 0.0
    return sum(int(field) for field in fields[11:15]) / TICK


def measured(command, folder, every=0.25, **more):
    """Runs to the end. Processor seconds are those of the process and of all children that it waited for; memory is the most
    that the whole tree held at a sample, and the process' own peak as the kernel kept it."""
    start = time.perf_counter()
    with tempfile.TemporaryFile() as said, tempfile.TemporaryFile() as told:
        process = subprocess.Popen(command, stdout=said, stderr=told, stdin=subprocess.DEVNULL, cwd=folder, **more)
        peak, over = [0.0], threading.Event()

        def watch():
            while not over.wait(every):
                peak[0] = max(peak[0], resident(process.pid))

        watcher = threading.Thread(target=watch)
        watcher.start()
        _, status, usage = os.wait4(process.pid, 0)
        wall = time.perf_counter() - start
        process.returncode = os.waitstatus_to_exitcode(status)
        over.set()
        watcher.join()
        said.seek(0), told.seek(0)
        return {
            "cpu_s": usage.ru_utime + usage.ru_stime, "user_s": usage.ru_utime, "wall_s": wall, "rss_mib": usage.ru_maxrss / 1024, "tree_mib": peak[0],
            "code": process.returncode, "out": said.read().decode(errors="replace"), "err": told.read().decode(errors="replace"),
        }


def bytes_in(folder):
    return sum(path.stat().st_size for path in pathlib.Path(folder).rglob("*") if path.is_file())


def median(values):
    return statistics.median(values)


def spread(values, digits=2):
    """`0.28 (0.27–0.31)`"""
    values = list(values)
    low, high = min(values), max(values)
    return f"{median(values):.{digits}f}" + (f" ({low:.{digits}f}–{high:.{digits}f})" if len(values) > 1 else "")


def table(head, rows):
    lines = ["| " + " | ".join(head) + " |", "|" + "---|" * len(head)]
    return "\n".join(lines + ["| " + " | ".join(map(str, row)) + " |" for row in rows])


def save(chosen, name, value):
    (chosen.out / f"{name}.json").write_text(json.dumps(value, indent=1, ensure_ascii=False) + "\n")
