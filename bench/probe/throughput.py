"""Processor time, memory and disk of one attempt: ours and the peers' on one organism, 50 ms an answer, 200 at once.

Only the client is measured: the organism is a process of its own. Two sizes are run; their difference is what an attempt
costs, start-up left out. All judge refusals by words and write the transcript to disk; cache, telemetry and displays are off."""

import json, os, pathlib, shutil, sys, tempfile

from common import PEERS, Organism, arguments, bytes_in, load, measured, median, run_command, save, spread, table, write_questions, write_suite

QUESTIONS = 1000
OURS = (2_000, 20_000)
THEIRS = (250, 1_000)
# It starts a process for each.
GARAK_AT_ONCE = 32
BEHAVIOUR = "seed = 3\n[refuses]\nzh = 0.5\nen = 0.5\n[latency]\nmedian_ms = 50\nspread = 0.0\nmost_ms = 50\n"


def jingwei(chosen, organism, size, folder):
    questions, suite, data = folder / "questions.jsonl", folder / "throughput.toml", folder / "data"
    write_questions(questions, min(size, QUESTIONS))
    write_suite(suite, max(1, size // QUESTIONS))
    told = measured(run_command(chosen.binary, data, suite, questions, organism.url, chosen.at_once), folder)
    told["written"] = bytes_in(data)
    return told


def peer(name):
    """A runner of `peers/`: it is told the address, the questions, how many at once and the folder to write to."""

    def run(chosen, organism, size, folder):
        questions, out = folder / "questions.jsonl", folder / "out"
        write_questions(questions, size)
        out.mkdir()
        python = chosen.peers / name / "bin" / "python"
        if name == "promptfoo":
            python = pathlib.Path(sys.executable)
        environment = {**os.environ, "HOME": str(folder), "XDG_DATA_HOME": str(folder), "XDG_CACHE_HOME": str(folder), "XDG_CONFIG_HOME": str(folder)}
        at_once = min(chosen.at_once, GARAK_AT_ONCE) if name == "garak" else chosen.at_once
        command = [str(python), str(PEERS / f"probe_{name}.py"), organism.url, str(questions), str(at_once), str(out), str(chosen.peers / name)]
        told = measured(command, folder, env=environment)
        told["written"] = bytes_in(out)
        return told

    return run


def installed(chosen, name):
    return (chosen.peers / name / ("node_modules/promptfoo" if name == "promptfoo" else "bin/python")).exists()


def sample(chosen, runner, size):
    with tempfile.TemporaryDirectory() as folder:
        folder = pathlib.Path(folder)
        with Organism(chosen.binary, folder / "organism", behaviour=BEHAVIOUR) as organism:
            told = runner(chosen, organism, size, folder)
            counts = organism.counts()
    told |= {"size": size, "asked": counts["requests"], "most_at_once": counts["max_in_flight"], "load": load()}
    # promptfoo says 100 where an assertion failed.
    if told["code"] not in (0, 100) or counts["requests"] != size:
        print(f"! exit {told['code']}, {counts['requests']} requests for {size} attempts\n{told['err'][-2000:]}", file=sys.stderr)
    told["out"], told["err"] = told["out"][:200], told["err"][-2000:]
    return told


def main():
    chosen = arguments(__doc__, rounds=(5, "rounds of ours"), peer_rounds=(3, "rounds of each peer"), at_once=(200, "attempts in flight"), only=([], "only these"))
    tools = {"jingwei": (jingwei, OURS, chosen.rounds)}
    tools |= {name: (peer(name), THEIRS, chosen.peer_rounds) for name in ("inspect", "promptfoo", "pyrit", "garak") if installed(chosen, name)}
    rows, kept = [], {}
    for name, (runner, sizes, rounds) in tools.items():
        if chosen.only and name not in chosen.only:
            continue
        small, large = ([sample(chosen, runner, size) for _ in range(rounds)] for size in sizes)
        kept[name] = {"small": small, "large": large}
        slopes = [(b["cpu_s"] - a["cpu_s"]) * 1e3 / (sizes[1] - sizes[0]) for a, b in zip(small, large)]
        rows.append([
            name, f"{sizes[0]} / {sizes[1]}", spread(slopes, 3), spread((one["cpu_s"] * 1e3 / sizes[1] for one in large), 3),
            f"{median(one['rss_mib'] for one in large):.0f}", f"{median(one['tree_mib'] for one in large):.0f}", f"{median(one['written'] for one in large) / sizes[1]:.0f}",
            "/".join(sorted({str(one["most_at_once"]) for one in large})), spread((one["wall_s"] for one in large), 1),
            "yes" if all(one["asked"] == one["size"] for one in small + large) else "**no**", large[-1]["load"],
        ])
        save(chosen, f"throughput-{name}", kept[name])
    head = ["tool", "attempts", "CPU ms an attempt, marginal", "with start-up", "peak RSS MiB, one process", "the tree's Pss MiB", "bytes written an attempt", "most in flight", "wall s", "requests = attempts", "load"]
    print(table(head, rows))


main()
