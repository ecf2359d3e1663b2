#!/usr/bin/env python3
"""Compares the packages that Jingwei lists with what other readers of the same lockfiles list.

Usage: compose_locks.py FOLDER LISTER
FOLDER holds real lockfiles in any depth, LISTER is the built example `list` of jingwei-compose.
The readers: `npm ls`, `cargo metadata` where the manifest lies beside, the `packaging` library for requirements, and tomllib, json or PyYAML with
a few lines of Python for the other notations. Prints one line per file and exits 1 on a difference.
"""

import json
import os
import re
import subprocess
import sys
import tomllib
from pathlib import Path

from packaging.requirements import InvalidRequirement, Requirement
from packaging.utils import canonicalize_name, parse_wheel_filename


def run(command, folder):
    done = subprocess.run(command, cwd=folder, capture_output=True, text=True, timeout=300)
    return done.stdout


def pins_of_requirements(path):
    """The names and versions that `packaging` reads from a pip-compile, export or freeze output."""
    text = re.sub(r"\\\n", " ", path.read_text())
    found = set()
    for line in text.splitlines():
        line = re.sub(r"(^|\s)#.*$", "", line).split(" --")[0].strip()
        if not line or line.startswith("-"):
            continue
        try:
            requirement = Requirement(line)
        except InvalidRequirement:
            continue
        pins = [s.version for s in requirement.specifier if s.operator in ("==", "===") and not s.version.endswith(".*")]
        version = pins[0] if pins else None
        if requirement.url and requirement.url.split("#")[0].endswith(".whl"):
            version = str(parse_wheel_filename(requirement.url.split("#")[0].rsplit("/", 1)[-1])[1])
        found.add((canonicalize_name(requirement.name), version))
    return found


def toml_packages(path, key="package"):
    document = tomllib.loads(path.read_text())
    return {(canonicalize_name(p["name"]), p.get("version")) for p in document[key]}


def cargo(path):
    if not (path.parent / "Cargo.toml").exists():
        return {(p["name"], p["version"]) for p in tomllib.loads(path.read_text())["package"]}
    document = json.loads(run(["cargo", "metadata", "--locked", "--format-version", "1", "--all-features"], path.parent))
    return {(p["name"], p["version"]) for p in document["packages"]}


def pipfile(path):
    document = json.loads(path.read_text())
    return {
        (canonicalize_name(name), entry["version"].removeprefix("=="))
        for part in ("default", "develop")
        for name, entry in document[part].items()
    }


def inspect(path):
    document = json.loads(path.read_text())
    return {(canonicalize_name(i["metadata"]["name"]), i["metadata"]["version"]) for i in document["installed"]}


def npm(path):
    """npm's own view: `npm ls --all` over the lockfile alone."""
    document = json.loads(run(["npm", "ls", "--all", "--json", "--long", "--package-lock-only"], path.parent))
    found = set()

    def walk(node):
        for name, child in node.get("dependencies", {}).items():
            if child.get("version"):
                found.add((child.get("name", name), child["version"]))
            walk(child)

    walk(document)
    return found


def yarn_berry(path):
    import yaml

    found = set()
    for key, entry in yaml.safe_load(path.read_text()).items():
        if key == "__metadata":
            continue
        name = re.match(r"(@?[^@]+)@", entry["resolution"]).group(1)
        if entry["linkType"] == "hard":
            found.add((name, str(entry["version"])))
    return found


def yarn_first(path):
    found = set()
    name = None
    for line in path.read_text().splitlines():
        if line and not line.startswith((" ", "#")):
            spec = line.rstrip(":").split(", ")[0].strip('"')
            match = re.match(r"(@?[^@]+)@(?:npm:(@?[^@]+)@)?", spec)
            name = match.group(2) or match.group(1)
        match = re.match(r'  version "(.*)"', line)
        if match:
            found.add((name, match.group(1)))
    return found


def pnpm(path):
    import yaml

    document = yaml.safe_load(path.read_text())
    old = str(document["lockfileVersion"]).startswith("5")
    pattern = r"/?(@?[^@]+)/([^/_]+)" if old else r"/?(@?[^@]+)@([^(]+)"
    return {re.match(pattern, key).groups() for key in document["packages"]}


def bun(path):
    text = re.sub(r",(\s*[}\]])", r"\1", path.read_text())
    found = set()
    for entry in json.loads(text)["packages"].values():
        match = re.match(r"(@?[^@]+)@(.*)", entry[0])
        found.add(match.groups())
    return found


PEERS = {
    "uv-lock": toml_packages,
    "poetry-lock": toml_packages,
    "pdm-lock": toml_packages,
    "pylock": lambda path: toml_packages(path, "packages"),
    "requirements": pins_of_requirements,
    "cargo-lock": cargo,
    "pipfile-lock": pipfile,
    "pip-inspect": inspect,
    "package-lock": npm,
    "pnpm-lock": pnpm,
    "bun-lock": bun,
    "yarn-lock": lambda path: yarn_berry(path) if "__metadata" in path.read_text() else yarn_first(path),
}


def main():
    folder, lister = Path(sys.argv[1]), os.path.abspath(sys.argv[2])
    paths = [str(p) for p in sorted(folder.rglob("*")) if p.is_file() and "node_modules" not in p.parts and "site-packages" not in p.parts]
    paths = [p for p in paths if Path(p).suffix in (".lock", ".json", ".toml", ".txt", ".yaml")]
    listed = subprocess.run([lister, *paths], capture_output=True, text=True, check=True).stdout
    differences = 0
    for line in listed.splitlines():
        ours = json.loads(line)
        if ours["kind"] not in PEERS:
            continue
        path = Path(ours["path"])
        theirs = PEERS[ours["kind"]](path)
        packages = [p for p in ours["packages"]]
        if ours["kind"] in ("yarn-lock", "bun-lock", "package-lock"):
            packages = [p for p in packages if p["source"]["from"] != "path"]
        mine = {(p["package"]["name"], p["package"].get("version")) for p in packages}
        same = mine == theirs
        differences += not same
        print(f"{'same' if same else 'DIFFERENT'}\t{ours['kind']}\t{len(mine)}\t{len(theirs)}\t{len(ours['links'])} links\t{path}")
        if not same:
            print("   only ours:", sorted(map(str, mine - theirs))[:8])
            print("   only theirs:", sorted(map(str, theirs - mine))[:8])
        for problem in ours["problems"]:
            print("   problem:", problem)
    sys.exit(differences > 0)


if __name__ == "__main__":
    main()
