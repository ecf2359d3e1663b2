"""Are packages told affected, not affected or unknown as their versions say? usage: advisories.py prepare OUT | judge OUT --binary JINGWEI | pip-audit OUT | large OUT --binary JINGWEI

`prepare` needs the registries: it lists the released versions of every package that has an advisory, chooses those around
each border (last affected, first fixed, pre- and post-releases near them, the oldest, the newest), and writes lockfiles of
every kind; where the tool itself can lock, the tool does. `judge` needs no network: it scans them and compares with
advisories_truth.py, which never asks Jingwei. `pip-audit` shows what the peer prints for the same pins, `large` times an
import of 200,000 records and a scan of 2,000 packages. A row is one package at one version (or with one requirement)
against one advisory in one kind of file; it counts once, in however many files it stands.
"""

import argparse, collections, concurrent.futures, functools, json, os, pathlib, re, shutil, subprocess, sys, time, zipfile

from advisories_files import ranged, writers
from advisories_records import NO_VERSIONS, WRITTEN_VERSIONS
from advisories_tools import Cases, fill_cargo_index, install_wheels, lock_with_cargo, lock_with_node_tools, lock_with_pnpm, lock_with_python_tools, lock_with_uv, run
from advisories_truth import ALLOW, Order, Unreadable, catalog_advisories, other_advisories, write_records

HERE = pathlib.Path(__file__).resolve().parent
CATALOG = HERE.parent.parent / "catalog" / "advisories"
PYTHON_TOOLS = ["packaging", "univers", "uv", "poetry", "pipenv", "pip-audit"]
NODE_TOOLS = ["semver", "pnpm@9", "yarn@1", "@yarnpkg/cli-dist", "bun@1.2"]
SORT = "const s = require('semver'); process.stdout.write(JSON.stringify(JSON.parse(require('fs').readFileSync(0)).filter(v => s.valid(v)).sort(s.compare)))"


# ---- versions

def released(out, ecosystem, name):
    """Every version that the registry's own client tells of, in no order."""
    if ecosystem == "pypi":
        found = run(out / "tools/bin/python", "-m", "pip", "index", "versions", "--pre", name)
        listed = re.search(r"Available versions: (.*)", found.stdout)
        return listed.group(1).split(", ") if listed else []
    if ecosystem == "npm":
        return json.loads(run("npm", "view", name, "versions", "--json", cwd=out).stdout)
    if ecosystem == "cargo":
        # Cargo keeps what the index told it: one JSON object per version.
        folder = pathlib.Path(os.environ.get("CARGO_HOME", pathlib.Path.home() / ".cargo")) / "registry/index"
        entry = max(folder.glob(f"*/.cache/**/{name}"), key=lambda path: path.stat().st_mtime)
        lines = [json.loads(part) for part in entry.read_bytes().split(b"\0") if part.startswith(b'{"name"')]
        return [line["vers"] for line in lines if not line["yanked"]]
    return WRITTEN_VERSIONS[ecosystem, name]


def every_list(out, keys):
    """Asked once and kept."""
    store = out / "versions.json"
    if not store.exists():
        with concurrent.futures.ThreadPoolExecutor(4) as pool:
            lists = pool.map(lambda key: released(out, *key), keys)
        store.write_text(json.dumps([[*key, versions] for key, versions in zip(keys, lists)]))
    return {(eco, name): versions for eco, name, versions in json.loads(store.read_text())}


def apart(order, ecosystem, versions):
    """Those that can be read, and those that even the registry should not have taken."""
    good, bad = [], []
    for version in versions:
        try:
            order.compare(ecosystem, version, "0.0.0")
            good.append(version)
        except Unreadable:
            bad.append(version)
    return good, bad


def in_order(order, ecosystem, versions):
    if ecosystem in ("pypi", "maven", "debian"):
        return sorted(set(versions), key=functools.cmp_to_key(lambda a, b: order.compare(ecosystem, a, b)))
    # One call of node for all of them.
    back = {version.removeprefix("v"): version for version in versions}
    return [back[version] for version in order.ask_node(SORT, list(back))]


def is_stable(version):
    return re.fullmatch(r"v?[\d.]+(\+incompatible)?", version) is not None


def chosen(order, ecosystem, versions, advisories):
    """Versions around every border, the first and last, and the pairs of affected and fixed release."""
    picked, pairs = {versions[0], versions[len(versions) // 2], versions[-1]}, []
    for advisory in advisories:
        for end in advisory.ends():
            before = [v for v in versions if order.compare(ecosystem, v, end) < 0]
            after = versions[len(before) :]
            picked.update(before[-2:] + after[:3])
            picked.update([v for v in before if is_stable(v)][-1:] + [v for v in after if is_stable(v)][:2])
        pair = last_pair(order, advisory, [v for v in versions if is_stable(v)]) or last_pair(order, advisory, versions)
        if pair:
            pairs.append(pair)
            picked.update(pair)
    return [v for v in versions if v in picked], pairs


def last_pair(order, advisory, versions):
    """The latest release that is affected and has one after it that is not, with that one."""
    hits = [advisory.affects(order, v) for v in versions]
    borders = [at for at in range(1, len(versions)) if hits[at - 1] and not hits[at]]
    return (versions[borders[-1] - 1], versions[borders[-1]]) if borders else None


# ---- lockfiles

def slots_of(table, ecosystem):
    """slot → [(name, version)]; no package stands twice in one."""
    names = {name: entry for (eco, name), entry in table.items() if eco == ecosystem}
    slots = {}
    for at in range(max(len(entry["versions"]) for entry in names.values())):
        slots[f"real-{at:02}"] = [(n, e["versions"][at]) for n, e in names.items() if at < len(e["versions"])]
    paired = {n: e["pairs"][-1] for n, e in names.items() if e["pairs"]}
    slots["last-affected"], slots["first-fixed"] = ([(n, p[at]) for n, p in paired.items()] for at in (0, 1))
    if ecosystem == "pypi":
        slots["local-affected"], slots["local-fixed"] = [(n, p[0] + "+cu121") for n, p in paired.items()], [(n, p[1] + "+local.1") for n, p in paired.items()]
        slots["spelled-affected"], slots["spelled-fixed"] = [(n, "v" + p[0]) for n, p in paired.items()], [(n, p[1] + ".0") for n, p in paired.items()]
        slots["by-name"] = [("litellm", "1.82.7")]
        slots["no-version-real"] = [(n, e["unreadable"][0]) for n, e in names.items() if e["unreadable"]]
    if ecosystem == "npm":
        slots["build"] = [(n, p[0] + "+build.7") for n, p in paired.items()]
    for at, text in enumerate(NO_VERSIONS[ecosystem]):
        slots[f"no-version-{at}"] = [(n, text) for n in names]
    return slots


def write_all(cases, table):
    for ecosystem, kinds in writers().items():
        for slot, rows in slots_of(table, ecosystem).items():
            for kind, write in kinds.items():
                # In a manifest such a text is a range or a tag; yarn berry writes what it resolved to, which is a version.
                if rows and not (slot.startswith("no-version") and (", pinned" in kind and "requirements" not in kind or kind == "yarn berry")):
                    cases.add(ecosystem, kind, slot, write(rows), rows, "written")


# ---- ranges

def requirements_of(ecosystem, entry):
    """What an author may ask for around the last border."""
    if not entry["pairs"]:
        return []
    last, first = entry["pairs"][-1]
    if ecosystem == "pypi":
        return [f"<{first}", f">={first}", f"<={last}", f"!={last},<={last}", f">{last}", f"~={last}", f"~={first}", f">={entry['versions'][0]}", f"=={last.rsplit('.', 1)[0]}.*", ""]
    if ecosystem == "npm":
        return [f"<{first}", f">={first}", f"^{last}", f"^{first}", f"~{last}", f"~{first}", f"{entry['versions'][0]} - {last}", f"{first.split('.')[0]}.x", f"<{last} || >={first}", "*"]
    return [f"<{first}", f">={first}", last, f"~{last}", f"~{first}", f"^{first}", f">={last}, <{first}", "*"]


def write_ranges(cases, table):
    for ecosystem in ("pypi", "npm", "cargo"):
        asked = {name: requirements_of(ecosystem, entry) for (eco, name), entry in table.items() if eco == ecosystem}
        for at in range(max(map(len, asked.values()))):
            rows = [(name, texts[at]) for name, texts in asked.items() if at < len(texts)]
            for kind, files in ranged(ecosystem, rows).items():
                cases.add(ecosystem, kind, f"range-{at}", files, rows, "written", "range")


def allowed_versions(order, ecosystem, versions, requirement):
    """Of the released versions those that the requirement lets in, as pip, npm and Cargo would; `None` where it is no requirement."""
    if ecosystem == "pypi":
        from packaging.specifiers import SpecifierSet

        return list(SpecifierSet(requirement).filter(versions))
    text = requirement if ecosystem == "npm" else ", ".join("^" + part if part[0].isdigit() else part for part in requirement.split(", ")).replace(",", " ")
    return order.ask_node(ALLOW, [[versions, text]])[0]


def write_every(cases, table):
    """All releases of all packages in one file, where the notation lets a package stand in it at several versions."""
    for ecosystem, kind in (("pypi", "requirements, pinned"), ("npm", "pnpm-lock v9"), ("cargo", "Cargo.lock v4")):
        rows = [(name, version) for (eco, name), entry in table.items() if eco == ecosystem for version in entry["all"]]
        cases.add(ecosystem, kind, "every", writers()[ecosystem][kind](rows), rows, "every release", "every release")


# ---- prepare

def all_advisories():
    own, unreachable = catalog_advisories(CATALOG)
    return own + other_advisories(), unreachable


def with_tools(out):
    """Goes on in the Python that has the tools."""
    if pathlib.Path(sys.prefix).resolve() != (out / "tools").resolve():
        sys.exit(subprocess.run([str(out / "tools/bin/python"), *sys.argv]).returncode)


def prepare(out):
    shutil.rmtree(out / "files", ignore_errors=True)
    out.mkdir(parents=True, exist_ok=True)
    if not (out / "tools").exists():
        run(sys.executable, "-m", "venv", out / "tools", check=True)
        run(out / "tools/bin/python", "-m", "pip", "install", "--quiet", "--no-cache-dir", *PYTHON_TOOLS, check=True, timeout=900)
        (out / "node").mkdir(exist_ok=True)
        run("npm", "install", "--silent", "--no-audit", "--no-fund", *NODE_TOOLS, cwd=out / "node", check=True, timeout=900)
        (out / "node" / "package.json").touch()
    with_tools(out)
    advisories, _ = all_advisories()
    by_package = collections.defaultdict(list)
    for advisory in advisories:
        by_package[advisory.ecosystem, advisory.name].append(advisory)
    order, table, troubles = Order(out / "node"), {}, []
    fill_cargo_index(out, [name for eco, name in by_package if eco == "cargo"])
    lists = every_list(out, list(by_package))
    for (ecosystem, name), versions in lists.items():
        own = by_package[ecosystem, name]
        if ecosystem in ("npm", "cargo", "go"):
            order.learn([(v, end) for v in versions for advisory in own for end in [*advisory.ends(), "0.0.0"]])
        versions, unreadable = apart(order, ecosystem, versions)
        versions = in_order(order, ecosystem, versions)
        if not versions:
            troubles.append((name, "the registry tells no version"))
            continue
        picked, pairs = chosen(order, ecosystem, versions, own)
        table[ecosystem, name] = {"versions": picked, "pairs": pairs, "all": versions, "unreadable": unreadable}
    cases = Cases(out)
    write_all(cases, table)
    write_ranges(cases, table)
    write_every(cases, table)
    slots = slots_of(table, "pypi")
    for slot, rows in slots.items():
        if slot.startswith(("real", "last", "first")):
            troubles += lock_with_uv(cases, out, slot, rows)
    for slot in ("last-affected", "first-fixed"):
        troubles += lock_with_python_tools(cases, out, slot, slots[slot])
        troubles += install_wheels(cases, out, slot, slots[slot])
    for slot, rows in slots_of(table, "npm").items():
        if slot.startswith(("real", "last", "first")):
            troubles += lock_with_pnpm(cases, out, slot, rows)
        if slot in ("last-affected", "first-fixed"):
            troubles += lock_with_node_tools(cases, out, slot, rows)
    known = {name for eco, name in by_package if eco == "cargo"}
    for (ecosystem, name), entry in table.items():
        for version in {v for pair in entry["pairs"] for v in pair} if ecosystem == "cargo" else ():
            troubles += lock_with_cargo(cases, out, name, version, known)
    listed = [{"ecosystem": eco, "name": name, **entry} for (eco, name), entry in table.items()]
    (out / "cases.json").write_text(json.dumps({"cases": cases.rows, "packages": listed, "troubles": troubles}, indent=1) + "\n")
    shutil.rmtree(out / "work", ignore_errors=True)
    print(f"{len(cases.rows)} folders, {len(table)} packages, {sum(len(e['versions']) for e in table.values())} versions")
    for where, what in troubles:
        print(f"- {where}: {what}")


# ---- judge

def jingwei(binary, out, *arguments):
    return subprocess.run([str(binary), "--data", "data", *map(str, arguments)], cwd=out, capture_output=True, text=True)


def answers(binary, out, folder):
    """(file, package, version or requirement) → {name of a fault: standing}. What the JSON means is told here and nowhere else."""
    found = jingwei(binary, out, "scan", "packages", folder, "--format", "json", "--all", "--fail-on", "never")
    try:
        document = json.loads(found.stdout)
    except ValueError:
        sys.exit(f"{folder}: exit {found.returncode}: {found.stderr[-400:]}")
    table = collections.defaultdict(dict)
    for match in document["matches"]:
        package = match["located"]["package"]
        asked = package.get("version") if package.get("version") is not None else match["located"].get("requirement") or ""
        for path in {path.rsplit(":", 1)[0] for path in match["located"]["paths"]}:
            for id in match["ids"]:
                table[path, package["ecosystem"], package["name"], same_requirement(asked)][id] = match["standing"]["standing"]
    problems = [f["message"]["en"] if isinstance(f.get("message"), dict) else str(f) for f in document["report"]["findings"] if f.get("rule") == "package.unreadable"]
    return table, problems


def same_requirement(text):
    """Spaces say nothing, and `*` asks for nothing."""
    text = re.sub(r"\s+", "", text)
    return "" if text == "*" else text


class Score(collections.Counter):
    def cells(self):
        share = lambda a, b: f"{a / (a + b):.4f}" if a + b else "–"
        tp, fp, fn = self["TP"], self["FP"], self["FN"]
        return [sum(self.values()), tp, fp, fn, self["TN"], share(tp, fp), share(tp, fn), self["unknown"], self["rightly unknown"], self["not listed"]]


HEAD = ["n", "TP", "FP", "FN", "TN", "precision", "recall", "unknown, though it can be told", "rightly unknown", "not listed"]


def outcome(truth, verdict):
    """`truth`: True, False, or None where nothing can be told."""
    if verdict is None:
        return "FN" if truth else "not listed"
    if verdict == "unknown":
        return "rightly unknown" if truth is None else "unknown"
    if truth is None:
        return "FP" if verdict == "affected" else "FN"
    return {(True, True): "TP", (False, True): "FP", (True, False): "FN", (False, False): "TN"}[truth, verdict == "affected"]


def truth_of(order, advisory, version):
    try:
        return advisory.affects(order, version)
    except Unreadable:
        return None


def truth_of_range(order, advisory, versions):
    """Of what is allowed: all are affected, none is, or it depends."""
    hits = {advisory.affects(order, v) for v in versions}
    return hits.pop() if len(hits) == 1 else None


def judge(out, binary):
    with_tools(out)
    advisories, unreachable = all_advisories()
    document = json.loads((out / "cases.json").read_text())
    released_versions = {(p["ecosystem"], p["name"]): p["all"] for p in document["packages"]}
    by_package = collections.defaultdict(list)
    for advisory in advisories:
        by_package[advisory.ecosystem, advisory.name].append(advisory)
    shutil.rmtree(out / "data", ignore_errors=True)
    taken = jingwei(binary, out, "scan", "advisories", "import", *write_records(out / "records"))
    if taken.returncode:
        sys.exit(f"import: {taken.stderr}")
    order = Order(out / "node")
    pairs = [(v, end) for case in document["cases"] if case["ecosystem"] in ("npm", "cargo", "go") and case["what"] != "range" for n, v in case["rows"] for a in by_package[case["ecosystem"], n] for end in a.ends()]
    pairs += [(v, end) for (eco, n), vs in released_versions.items() if eco in ("npm", "cargo") for v in vs for a in by_package[eco, n] for end in a.ends()]
    order.learn(pairs)
    scores, kinds, wrong, problems, allowed, seen = collections.defaultdict(Score), collections.defaultdict(Score), [], [], {}, set()
    for folder, group in grouped(document["cases"]):
        table, told = answers(binary, out, folder)
        problems += [(folder, text) for text in told]
        met = set()
        for case in group:
            ecosystem, what = case["ecosystem"], case["what"]
            files = [str(p.relative_to(out)) for p in sorted((out / case["folder"]).rglob("*")) if p.is_file()]
            for name, version in case["rows"]:
                if what == "range" and (ecosystem, name, version) not in allowed:
                    allowed[ecosystem, name, version] = allowed_versions(order, ecosystem, released_versions[ecosystem, name], version)
                keys = [key for file in files if (key := (file, ecosystem, name, same_requirement(version))) in table]
                met.update(keys)
                for advisory in by_package[ecosystem, name]:
                    verdict = next((s for key in keys for id, s in table[key].items() if id in advisory.ids), None)
                    if what == "range":
                        if not allowed[ecosystem, name, version]:
                            continue
                        truth = truth_of_range(order, advisory, allowed[ecosystem, name, version])
                    else:
                        truth = truth_of(order, advisory, version)
                    result = outcome(truth, verdict)
                    row = (ecosystem, case["kind"], case["made"], what, name, version, min(advisory.ids), result)
                    if row in seen:
                        continue
                    seen.add(row)
                    scores[what, ecosystem][result] += 1
                    kinds[ecosystem, case["kind"], case["made"]][result] += 1
                    if result in ("FP", "FN", "not listed") or (result == "unknown" and what != "range"):
                        wrong.append((result, case["kind"], case["made"], case["folder"].rsplit("/", 1)[-1], name, version, min(advisory.ids), f"told {verdict}, is {truth}"))
        for key in table.keys() - met:
            for id, standing in table[key].items():
                if standing == "affected":
                    wrong.append(("unasked", "", "", *key, id, standing))
    print_tables(scores, kinds, document, unreachable, advisories)
    print_wrong(wrong, problems)


def grouped(cases):
    groups = collections.defaultdict(list)
    for case in cases:
        groups[case["folder"].rsplit("/", 1)[0]].append(case)
    return sorted(groups.items())


def table_of(head, rows):
    return "\n".join(["| " + " | ".join(head) + " |", "|" + "---|" * len(head), *("| " + " | ".join(map(str, row)) + " |" for row in rows)])


def print_tables(scores, kinds, document, unreachable, advisories):
    names = {"pypi": "PyPI", "npm": "npm", "cargo": "crates.io", "go": "Go", "maven": "Maven", "debian": "Debian"}
    packages = collections.Counter(p["ecosystem"] for p in document["packages"])
    paired = collections.Counter(p["ecosystem"] for p in document["packages"] if p["pairs"])
    sources = collections.Counter(a.source for a in advisories)
    print(f"{len(document['packages'])} packages ({', '.join(f'{names[e]} {n}' for e, n in packages.items())}), with a pair of releases {sum(paired.values())} ({', '.join(f'{names[e]} {n}' for e, n in paired.items())}); advisories: {', '.join(f'{s} {n}' for s, n in sources.items())}; the catalog's entries on products that no lockfile names: {unreachable}\n")
    rows = []
    for what in ("pinned", "every release", "range"):
        mine = {eco: score for (w, eco), score in scores.items() if w == what}
        total = sum(mine.values(), Score())
        rows += [[what, names[eco], *Score(score).cells()] for eco, score in mine.items()]
        rows.append([what, "**all**", *Score(total).cells()])
    print(table_of(["versions", "ecosystem", *HEAD], rows))
    print("\n" + table_of(["ecosystem", "kind of file", "made", *HEAD], [[names[e], kind, made, *score.cells()] for (e, kind, made), score in sorted(kinds.items())]))


def print_wrong(wrong, problems):
    seen = collections.Counter((w[0], w[1], w[3]) for w in wrong)
    print(f"\n{len(wrong)} rows to look at" + (":" if wrong else ""))
    for key, count in seen.most_common():
        sample = next(w for w in wrong if (w[0], w[1], w[3]) == key)
        print(f"- {count} × {' · '.join(map(str, sample))}")
    for text, count in collections.Counter(re.sub(r"`[^`]*`", "`…`", text) for _, text in problems).most_common(12):
        print(f"- file not read whole, {count} ×: {text}")


# ---- large

def measured(*command, cwd):
    start = time.perf_counter()
    with open(cwd / "output", "wb") as output:
        process = subprocess.Popen(list(map(str, command)), cwd=cwd, stdout=output, stderr=subprocess.STDOUT)
        _, status, usage = os.wait4(process.pid, 0)
    return time.perf_counter() - start, usage.ru_utime + usage.ru_stime, usage.ru_maxrss / 1024, os.waitstatus_to_exitcode(status)


def large(out, binary, records, packages):
    """Every package has some records; those of package n end at n.1.0, so that n.0.9 is affected and n.1.0 is not."""
    folder = out / "large"
    shutil.rmtree(folder, ignore_errors=True)
    (folder / "app").mkdir(parents=True)
    names = records // 4
    with zipfile.ZipFile(folder / "all.zip", "w", zipfile.ZIP_DEFLATED, compresslevel=6) as archive:
        for at in range(records):
            name, major = f"package-{at % names}", at % names % 50
            record = {"schema_version": "1.7.0", "id": f"BENCH-{at:06}", "modified": "2026-01-01T00:00:00Z", "published": "2026-01-01T00:00:00Z", "aliases": [f"CVE-2026-{at:06}"], "summary": f"a made-up fault of {name}", "details": f"A text of the usual length about {name}. " * 12, "severity": [{"type": "CVSS_V3", "score": "CVSS:3.1/AV:N/AC:L/PR:N/UI:N/S:U/C:H/I:H/A:H"}]}
            record["affected"] = [{"package": {"ecosystem": "PyPI", "name": name, "purl": f"pkg:pypi/{name}"}, "ranges": [{"type": "ECOSYSTEM", "events": [{"introduced": "0"}, {"fixed": f"{major}.1.0"}]}], "versions": [f"{major}.0.{n}" for n in range(10)]}]
            record["references"] = [{"type": "WEB", "url": f"https://example.com/{at}/{n}"} for n in range(4)]
            archive.writestr(f"BENCH-{at:06}.json", json.dumps(record))
    rows = [(f"package-{at * 7 % names}", at * 7 % names % 50, at % 2) for at in range(packages)]
    (folder / "app/requirements.txt").write_text("".join(f"{n}=={major}.{'1.0' if fixed else '0.9'}\n" for n, major, fixed in rows))
    taken = measured(binary, "--data", "data", "scan", "advisories", "import", "all.zip", cwd=folder)
    scans = [measured(binary, "--data", "data", "scan", "packages", "app", "--format", "json", "--all", "--fail-on", "never", cwd=folder) for _ in range(3)]
    standings = collections.Counter(m["standing"]["standing"] for m in json.loads((folder / "output").read_bytes())["matches"])
    of = collections.Counter(at % names for at in range(records))
    expected = collections.Counter()
    for name, _, fixed in set(rows):
        expected["not-affected" if fixed else "affected"] += of[int(name.split("-")[1])]
    scan = sorted(scans)[1]
    size = lambda path: f"{path.stat().st_size / 1e6:.0f} MB"
    print(table_of(["what", "wall", "CPU", "peak memory"], [
        [f"import of {records:,} records ({size(folder / 'all.zip')} zip → {size(folder / 'data/advisories.store')} store)", f"{taken[0]:.1f} s", f"{taken[1]:.1f} s", f"{taken[2]:.0f} MiB"],
        [f"scan of {packages:,} packages against them, median of 3", f"{scan[0]:.2f} s", f"{scan[1]:.2f} s", f"{scan[2]:.0f} MiB"],
    ]))
    print(f"\nbinary: {binary}, exit {taken[3]} and {scan[3]}; matches {dict(standings)}, expected {dict(expected)}")
    shutil.rmtree(folder)


def pip_audit(out):
    """The peer on the same pins: with its own source (PyPI's JSON), and with OSV's."""
    folder = next(out.glob("files/pypi/requirements-pinned-written/last-affected"))
    for label, more in [("pip-audit", []), ("pip-audit -s osv", ["-s", "osv"])]:
        found = run(out / "tools/bin/pip-audit", "-r", folder / "requirements.txt", "--no-deps", "--disable-pip", "--progress-spinner", "off", *more)
        text = [line for line in (found.stderr + found.stdout).splitlines() if line.strip() and not line.startswith("WARNING")]
        shown = text[:4] if found.returncode == 0 else text[-1:]
        print(f"\n{label}: exit {found.returncode}, {len(folder.joinpath('requirements.txt').read_text().splitlines())} affected packages; it prints\n" + "\n".join("    " + line[:200] for line in shown))


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("command", choices=["prepare", "judge", "large", "pip-audit"])
    parser.add_argument("out", type=pathlib.Path)
    parser.add_argument("--binary", type=lambda text: pathlib.Path(text).resolve())
    parser.add_argument("--records", type=int, default=200_000)
    parser.add_argument("--packages", type=int, default=2_000)
    given = parser.parse_args()
    out = given.out.absolute()
    if given.command == "prepare":
        prepare(out)
    elif given.command == "judge":
        judge(out, given.binary)
    elif given.command == "large":
        large(out, given.binary, given.records, given.packages)
    else:
        pip_audit(out)


if __name__ == "__main__":
    main()
