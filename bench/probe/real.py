"""A real model before and behind the guard: `probe run` on SmolLM2 through llama.cpp's server (peers/model_server.py).

usage: real.py --binary JINGWEI --python VENV/bin/python --model MODEL.gguf --out FOLDER. Reports are left in FOLDER."""

import json, pathlib, subprocess, tempfile, time

from common import PEERS, arguments, load, save, table

SERVER = '[server]\nhost = "127.0.0.1"\nport = {port}\nparallel = 1\ncontext = 2048\nthreads = 1\n'


def percent(value):
    return f"{100 * value:.1f}"


def shown(row):
    if row is None:
        return "–"
    return f"{row['k']}/{row['n']} = {percent(row['value'])} % [{percent(row['interval']['lower'])}, {percent(row['interval']['upper'])}]"


def main():
    chosen = arguments(
        __doc__, python=("python3", "Python with xllamacpp"), model=("examples/assistant/model/SmolLM2-135M-Instruct.Q4_1.gguf", "the model"),
        port=(7815, "port of the model's server"), suites=([], "SUITE, SUITE:LIMIT or SUITE:LIMIT:PART,PART"),
    )
    folder = pathlib.Path(tempfile.mkdtemp())
    (folder / "server.toml").write_text(SERVER.format(port=chosen.port))
    server = subprocess.Popen([chosen.python, PEERS / "model_server.py", folder / "server.toml", chosen.model], stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True)
    assert server.stdout.readline().startswith("ready"), "the model server did not start"
    try:
        for spec in chosen.suites or ["quick"]:
            suite, limit, parts = (spec.split(":") + ["", ""])[:3]
            out = chosen.out / suite
            command = [chosen.binary, "--lang", "en", "--data", folder / "data", "probe", "run", suite, "--target", f"http://127.0.0.1:{chosen.port}/v1", "--guard", "builtin", "--concurrency", "1", "--out", out, "--format", "json"]
            command += ["--limit", limit] if limit else []
            command += [word for part in parts.split(",") if part for word in ("--only", part)]
            start = time.perf_counter()
            run = subprocess.run(list(map(str, command)), capture_output=True, text=True)
            wall = time.perf_counter() - start
            if run.returncode not in (0, 1):
                print(f"{suite}: exit {run.returncode}: {run.stderr[-800:]}")
                continue
            (chosen.out / f"{suite}.out.json").write_text(run.stdout)
            tell(spec, json.loads(run.stdout)["result"]["summary"], wall)
    finally:
        server.stdin.close()
        server.wait(20)


def tell(spec, summary, wall):
    print(f"\n**{spec}** ({wall / 60:.1f} min, load {load()})\n")
    arms = {arm["arm"]: arm for arm in summary["arms"]}
    print("; ".join(f"{name}: success {a['success']}, failure {a['failure']}, undetermined {a['undetermined']}, error {a['error']}" for name, a in arms.items()) + "\n")
    rates = {(row["rate"], row["by"], row["name"], row["arm"]): row for row in summary["rates"]}
    deltas = {(row["rate"], row["by"], row["name"]): row for row in summary["deltas"]}
    rows = []
    for rate, by, name in sorted({key[:3] for key in rates}, key=lambda key: (key[1] != "all", key[1], key[0], key[2])):
        wanted = by == "all" or (by == "part" and rate in ("attack_success_rate", "over_refusal_rate"))
        if not wanted:
            continue
        before, behind = (rates.get((rate, by, name, arm)) for arm in ("undefended", "defended"))
        delta = deltas.get((rate, by, name))
        p = f"{delta['p']:.3g} ({delta['only_first']}:{delta['only_second']}); Holm {delta['p_holm']:.3g}" if delta else "–"
        rows.append([rate.replace("_", " "), name or "all", shown(before), shown(behind), p])
    print(table(["rate", "part", "no guard", "behind `builtin`", "McNemar p (only before : only behind)"], rows))


main()
