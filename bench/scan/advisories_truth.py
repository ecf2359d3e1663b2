"""Who is affected, by tools that are not Jingwei: `packaging` (PEP 440), npm's `semver`, univers (Maven), dpkg (Debian).

A version is held against the ranges as the advisory's own file states them. Nothing here asks whether these ranges are
right about the software. Order decides and nothing else, as OSV wants it: a pre-release of the fixed version is affected.
A local label of PEP 440 is passed over unless the range names one, as PEP 440 itself does for `<=` and `>=`.
"""

import functools, json, pathlib, re, subprocess, tomllib

from advisories_records import RUSTSEC, SYNTHETIC

ECOSYSTEM = {"PyPI": "pypi", "npm": "npm", "Go": "go", "Maven": "maven", "Debian": "debian"}
COMPARE = """
const semver = require('semver');
const order = ([a, b]) => semver.valid(a) && semver.valid(b) ? semver.compare(a, b) : null;
process.stdout.write(JSON.stringify(JSON.parse(require('fs').readFileSync(0)).map(order)));
"""
ALLOW = """
const semver = require('semver');
const allowed = ([versions, text]) => semver.validRange(text) === null ? null : versions.filter(v => semver.satisfies(v, text));
process.stdout.write(JSON.stringify(JSON.parse(require('fs').readFileSync(0)).map(allowed)));
"""


class Unreadable(Exception):
    """No version of its scheme."""


class Order:
    """Compares versions of one ecosystem. `node` is the folder in which npm installed `semver`."""

    def __init__(self, node):
        self.node, self.known = node, {}

    def ask_node(self, program, rows):
        return json.loads(subprocess.run(["node", "-e", program], input=json.dumps(rows), capture_output=True, text=True, check=True, cwd=self.node).stdout)

    def learn(self, pairs):
        """Asks node once for many pairs of SemVer."""
        pairs = sorted({(plain(a), plain(b)) for a, b in pairs})
        self.known.update(zip(pairs, self.ask_node(COMPARE, pairs)))

    def compare(self, ecosystem, a, b):
        """Below, equal or above 0. `b` is the end of a range."""
        if ecosystem == "pypi":
            return pep440(a, b)
        if ecosystem == "maven":
            return maven(a, b)
        if ecosystem == "debian":
            return debian(a, b)
        pair = (plain(a), plain(b))
        if pair not in self.known:
            self.learn([pair])
        if self.known[pair] is None:
            raise Unreadable(a)
        return self.known[pair]


def plain(version):
    """Go writes `v`; SemVer does not."""
    return version.removeprefix("v")


def pep440(a, b):
    from packaging.version import InvalidVersion, Version

    try:
        a, b = Version(a), Version(b)
    except InvalidVersion as error:
        raise Unreadable(str(error)) from error
    if not b.local:
        a = Version(a.public)
    return (a > b) - (a < b)


def maven(a, b):
    from univers.versions import MavenVersion

    a, b = MavenVersion(a), MavenVersion(b)
    return (a > b) - (a < b)


@functools.lru_cache(maxsize=None)
def debian(a, b):
    ask = lambda how: subprocess.run(["dpkg", "--compare-versions", a, how, b], stderr=subprocess.DEVNULL).returncode == 0
    return 0 if ask("eq") else -1 if ask("lt") else 1


class Advisory:
    """`ids`: all its names. `spans`: (low, low is inside, high, high is inside), `None` for no end. `safe`: Cargo requirements, each of which clears."""

    def __init__(self, ids, ecosystem, name, spans=(), versions=(), safe=None, source="catalog"):
        self.ids, self.ecosystem, self.name, self.source = set(ids), ecosystem, name, source
        self.spans, self.versions, self.safe = list(spans), list(versions), safe

    def ends(self):
        ends = [end for low, _, high, _ in self.spans for end in (low, high) if end]
        return ends + self.versions + [end for requirement in self.safe or () for low, _, high, _ in [cargo_span(requirement)] for end in (low, high) if end]

    def affects(self, order, version):
        """Whether it does; raises Unreadable where that cannot be told."""
        inside = lambda span: in_span(order, self.ecosystem, version, span)
        if self.safe is not None:
            return not any([inside(cargo_span(requirement)) for requirement in self.safe])
        listed = [order.compare(self.ecosystem, version, one) == 0 for one in self.versions]
        return any(listed) or any([inside(span) for span in self.spans])


def in_span(order, ecosystem, version, span):
    low, low_inside, high, high_inside = span
    above = low is None or order.compare(ecosystem, version, low) >= (0 if low_inside else 1)
    below = high is None or order.compare(ecosystem, version, high) <= (0 if high_inside else -1)
    return above and below


@functools.lru_cache(maxsize=None)
def cargo_span(requirement):
    """Cargo's own meaning of `>= 1.2, < 2`: `<=1.2` holds all of 1.2, `^0.3.26` ends before 0.4.0."""
    low, low_inside, high, high_inside = None, True, None, False
    for part in requirement.split(","):
        operator, text = re.fullmatch(r"\s*(>=|<=|>|<|\^|=)\s*([^\s]+)\s*", part).groups()
        numbers = [int(n) for n in text.split("-")[0].split(".")]
        full = text if len(numbers) == 3 else ".".join(map(str, (numbers + [0, 0])[:3]))
        step = lambda kept: ".".join(map(str, (numbers[: kept - 1] + [numbers[kept - 1] + 1] + [0, 0])[:3]))
        if operator in (">=", "^", "="):
            low = full
        if operator == "<":
            high = full
        elif operator == "<=":
            high, high_inside = (full, True) if len(numbers) == 3 else (step(len(numbers)), False)
        elif operator == "=":
            high, high_inside = full, True
        elif operator == "^":
            high = step(next((at + 1 for at, n in enumerate(numbers) if n), len(numbers)))
        elif operator == ">":
            low, low_inside = full, False
    return low, low_inside, high, high_inside


def events_to_spans(events):
    spans, low = [], None
    for kind, version in events:
        if kind == "introduced":
            low = None if version == "0" else version
            spans.append((low, True, None, False))
        else:
            spans[-1] = (low, True, version, kind == "last_affected")
    return spans


def catalog_advisories(folder):
    """The catalog's own, and how many entries no lockfile can meet."""
    found, unreachable = {}, 0
    for path in sorted(pathlib.Path(folder).glob("*.toml")):
        document = tomllib.loads(path.read_text())
        for entry in document["package"]:
            if entry["ecosystem"] == "generic":
                unreachable += 1
                continue
            key = (document["id"], entry["ecosystem"], entry["name"])
            advisory = found.setdefault(key, Advisory([document["id"], *document["aliases"]], entry["ecosystem"], entry["name"]))
            advisory.versions += entry.get("versions", [])
            low, high = entry.get("introduced"), entry.get("fixed") or entry.get("last_affected")
            if low or high:
                advisory.spans.append((None if low == "0" else low, True, high, "last_affected" in entry))
    return list(found.values()), unreachable


def other_advisories():
    out = [Advisory([id], "cargo", name, safe=patched + unaffected, source="RustSec") for id, name, patched, unaffected in RUSTSEC]
    for id, ecosystem, name, _, ranges, versions in SYNTHETIC:
        spans = [span for events in ranges for span in events_to_spans(events)]
        out.append(Advisory([id], ECOSYSTEM[ecosystem.split(":")[0]], name, spans, versions, source="synthetic"))
    return out


def write_records(folder):
    """The other advisories as files that an import takes: RustSec's markdown, OSV's JSON."""
    rustsec, osv = folder / "rustsec", folder / "osv"
    for id, name, patched, unaffected in RUSTSEC:
        path = rustsec / "crates" / name / f"{id}.md"
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(f'```toml\n[advisory]\nid = "{id}"\npackage = "{name}"\ndate = "{id[8:12]}-01-01"\n\n[versions]\npatched = {json.dumps(patched)}\nunaffected = {json.dumps(unaffected)}\n```\n\n# {name}\n')
    osv.mkdir(parents=True, exist_ok=True)
    for id, ecosystem, name, kind, ranges, versions in SYNTHETIC:
        affected = {"package": {"ecosystem": ecosystem, "name": name}, "ranges": [{"type": kind, "events": [{k: v} for k, v in events]} for events in ranges], "versions": versions}
        record = {"schema_version": "1.7.0", "id": id, "modified": "2026-01-01T00:00:00Z", "summary": f"made up for a measurement, about {name}", "affected": [affected]}
        (osv / f"{id}.json").write_text(json.dumps(record))
    return [rustsec, osv]
