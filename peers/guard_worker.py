"""What the peers of the guard's benchmark share: items in, one answer each, then processor time in rounds.

A worker runs in its peer's own environment, called by the scripts of bench/guard. Standard input is JSON lines: first
`{"task": …, "rounds": 5, "sample": 100, …}`, then the items. Standard output is one JSON line per item and a last one
`{"cpu_ms": [per item, one number a round], "packages": {name: version}}`. What a library prints goes to standard error."""

import importlib.metadata, json, os, sys, time

_out = os.fdopen(os.dup(1), "w", encoding="utf-8")
os.dup2(2, 1)


def read():
    lines = [json.loads(line) for line in sys.stdin.buffer if line.strip()]
    return lines[0], lines[1:]


def work(settings, items, judge, packages):
    """Judges every item once, then a sample of them again, round by round, with the processor time of this process."""
    for item in items:
        print(json.dumps(judge(item), ensure_ascii=False), file=_out)
    sample = items[:: max(1, len(items) // max(1, settings.get("sample", 100)))][: settings.get("sample", 100)]
    rounds = []
    for _ in range(settings.get("rounds", 5) if sample else 0):
        begun = time.process_time_ns()
        for item in sample:
            judge(item)
        rounds.append((time.process_time_ns() - begun) / 1e6 / len(sample))
    versions = {name: importlib.metadata.version(name) for name in packages}
    print(json.dumps({"cpu_ms": rounds, "packages": versions}), file=_out, flush=True)
