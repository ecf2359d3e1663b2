"""Killed with SIGKILL at half of 20,000 attempts and started again: time to the next request, duplicates, the target's own count."""

import collections, json, os, pathlib, signal, subprocess, tempfile, time

from common import Organism, arguments, load, median, processor, run_command, save, spread, table, write_questions, write_suite

QUESTIONS = 1000
BEHAVIOUR = "seed = 3\n[refuses]\nzh = 0.5\nen = 0.5\n[latency]\nmedian_ms = 50\nspread = 0.0\nmost_ms = 50\n"


def keys_in(journal):
    """The keys of whole lines whose attempt did not end in an error, and whether the last line is torn."""
    raw = journal.read_bytes()
    lines = raw.split(b"\n")
    attempts = [json.loads(line).get("attempt") for line in lines[:-1] if line]
    return [attempt["key"] for attempt in attempts if attempt and attempt["outcome"] != "error"], bool(lines[-1])


def start(command):
    return subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE)


def once(chosen, size, folder):
    questions, suite, data = folder / "questions.jsonl", folder / "resume.toml", folder / "data"
    write_questions(questions, QUESTIONS)
    write_suite(suite, size // QUESTIONS)
    with Organism(chosen.binary, folder / "organism", behaviour=BEHAVIOUR) as organism:
        command = run_command(chosen.binary, data, suite, questions, organism.url, chosen.at_once)
        process = start(command)
        while organism.counts()["requests"] < size // 2:
            time.sleep(0.01)
        process.send_signal(signal.SIGKILL)
        process.wait()
        time.sleep(0.5)
        journal = next(data.rglob("journal.jsonl"))
        kept, torn = keys_in(journal)
        asked = organism.counts()["requests"]

        begun = time.perf_counter()
        process = start(command)
        while organism.counts()["requests"] == asked:
            time.sleep(0.002)
            if process.poll() is not None:
                raise SystemExit(f"the resumed run ended at once: {process.stderr.read().decode()}")
        first, first_cpu = time.perf_counter() - begun, processor(process.pid)
        told = process.stderr.read().decode()
        _, status, usage = os.wait4(process.pid, 0)
        wall, counts = time.perf_counter() - begun, organism.counts()
        keys, _ = keys_in(journal)
    twice = [key for key, count in collections.Counter(keys).items() if count > 1]
    return {
        "kept": len(kept), "torn_line": torn, "in_flight_at_kill": asked - len(kept), "first_request_s": first, "first_request_cpu_s": first_cpu, "rest_s": wall,
        "rest_cpu_s": usage.ru_utime + usage.ru_stime, "rss_mib": usage.ru_maxrss / 1024, "exit": os.waitstatus_to_exitcode(status), "stderr": told[-500:],
        "journal_keys": len(keys), "duplicates": len(twice), "requests": counts["requests"], "distinct": counts["distinct_keys"], "load": load(),
        "exact": len(set(keys)) == size and counts["distinct_keys"] == size and counts["requests"] == size + asked - len(kept),
    }


def main():
    chosen = arguments(__doc__, rounds=(5, "rounds"), at_once=(200, "attempts in flight"), size=(20_000, "attempts"))
    rounds = []
    for _ in range(chosen.rounds):
        with tempfile.TemporaryDirectory() as folder:
            rounds.append(once(chosen, chosen.size, pathlib.Path(folder)))
    save(chosen, "resume", rounds)
    head = ["attempts kept", "in flight at the kill", "s to the first new request", "CPU s until then", "CPU s of the rest", "RSS MiB", "duplicates in the journal", "distinct keys at the target", "requests at the target", "= attempts + in flight", "load"]
    rows = [[
        r["kept"], r["in_flight_at_kill"], f"{r['first_request_s']:.2f}", f"{r['first_request_cpu_s']:.2f}", f"{r['rest_cpu_s']:.2f}", f"{r['rss_mib']:.0f}",
        r["duplicates"], r["distinct"], r["requests"], "yes" if r["exact"] else "**no**", r["load"],
    ] for r in rounds]
    print(table(head, rows))
    print(f"\nto the first new request: {spread(r['first_request_s'] for r in rounds)} s; duplicates {sum(r['duplicates'] for r in rounds)}")


main()
