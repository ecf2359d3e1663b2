"""How often the 95 % interval that a run prints holds the true rate, over runs of organisms whose rate is known.

The runs are made in process by the example `coverage` of jingwei-probe: the same plan, judge and summary as `probe run`. Wilson's
interval and garak's bootstrap are computed from the same counts. Twice: on what the organism did, as a judge would see it that never errs, and on what our judge said."""

import functools, json, math, pathlib, subprocess, sys

from common import PEERS, arguments, save, table


def wilson(hits, total, z=1.959964):
    share, square = hits / total, z * z
    middle = (share + square / (2 * total)) / (1 + square / total)
    half = z / (1 + square / total) * math.sqrt(share * (1 - share) / total + square / (4 * total * total))
    # At no hit and at all hits the ends are 0 and 1, not within rounding of them.
    return (0.0 if hits == 0 else middle - half, 1.0 if hits == total else middle + half)


def binomial(k, n, p):
    return math.comb(n, k) * p**k * (1 - p) ** (n - k)


@functools.cache
def clopper_pearson(k, n):
    """By bisection on the tails."""

    def solve(holds):
        low, high = 0.0, 1.0
        for _ in range(60):
            middle = (low + high) / 2
            low, high = (middle, high) if holds(middle) else (low, middle)
        return (low + high) / 2

    lower = 0.0 if k == 0 else solve(lambda p: sum(binomial(i, n, p) for i in range(k, n + 1)) < 0.025)
    upper = 1.0 if k == n else solve(lambda p: sum(binomial(i, n, p) for i in range(0, k + 1)) > 0.025)
    return lower, upper


def exact_coverage(interval, n, p):
    """The coverage of an interval for independent tries, without chance: the sum over all counts."""
    total = 0.0
    for k in range(n + 1):
        low, high = interval(k, n)
        total += binomial(k, n, p) if low <= p <= high else 0.0
    return total


def bootstrap(chosen, pairs):
    python = chosen.peers / "garak" / "bin" / "python"
    if not python.exists():
        return {}
    wanted = sorted(set(pairs))
    run = subprocess.run([python, PEERS / "probe_bootstrap.py"], input=json.dumps(wanted), capture_output=True, text=True)
    if run.returncode:
        print(f"garak's bootstrap did not run: {run.stderr[-500:]}", file=sys.stderr)
        return {}
    return dict(zip(wanted, json.loads(run.stdout.splitlines()[-1])))


def main():
    chosen = arguments(__doc__, seeds=(200, "organisms of each kind"), example=("target/release/examples/coverage", "the built example"))
    told = subprocess.run([chosen.example, str(chosen.seeds)], check=True, capture_output=True, text=True)
    runs = [json.loads(line) for line in told.stdout.splitlines()]
    garak = bootstrap(chosen, [(run[by]["k"], run[by]["n"]) for run in runs for by in ("judged", "done")])
    groups = {}
    for run in runs:
        groups.setdefault((run["questions"], run["epochs"], run["decided"], run["p"]), []).append(run)
    rows, kept = [], []
    for (questions, epochs, decided, p), members in groups.items():
        def holds(by, interval):
            hits = sum(low <= p <= high for low, high in (interval(run[by]) for run in members))
            return f"{100 * hits / len(members):.1f}"

        intervals = {"ours": lambda row: (row["lower"], row["upper"]), "wilson": lambda row: wilson(row["k"], row["n"])}
        intervals |= {"garak": lambda row: garak[row["k"], row["n"]]} if garak else {}
        shares = {by: {name: holds(by, interval) for name, interval in intervals.items()} for by in ("done", "judged")}
        exact = f"{100 * exact_coverage(clopper_pearson, 200, p):.1f} / {100 * exact_coverage(wilson, 200, p):.1f}" if epochs == 1 else "–"
        width = sum(run["done"]["upper"] - run["done"]["lower"] for run in members) / len(members)
        wrong = sum(run["judged_otherwise"] for run in members) / sum(questions * epochs for _ in members)
        method = {1: "one sample each", 5: "samples independent" if decided == "by-sample" else "samples of a question alike"}[epochs]
        done, judged = shares["done"], shares["judged"]
        rows.append([f"{questions} × {epochs}, {method}", p, f"**{done['ours']}**", done["wilson"], done.get("garak", "–"), exact, f"{100 * width:.1f}", f"**{judged['ours']}**", judged["wilson"], judged.get("garak", "–"), f"{100 * wrong:.1f} %"])
        kept.append({"questions": questions, "epochs": epochs, "decided": decided, "p": p, "seeds": len(members), "holds_percent": shares, "width": width, "judged_otherwise": wrong})
    save(chosen, "coverage", kept)
    head = ["questions × epochs", "true rate", "ours on what was done, %", "Wilson", "garak's bootstrap", "calculated: Clopper–Pearson / Wilson", "mean width of ours, points", "ours on what was judged, %", "Wilson", "garak's bootstrap", "judged wrongly"]
    print(table(head, rows))


main()
