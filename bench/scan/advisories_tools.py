"""Lockfiles by the tools that make them: uv, poetry, pipenv, pip, npm, pnpm, yarn, bun and cargo. All of it needs the registries.

uv and pnpm can be told that no package needs another, so they lock every package at once; the others follow dependencies
and get few packages. Each function adds what came out to the cases and gives what went wrong.
"""

import json, os, pathlib, re, shutil, subprocess, sys, tomllib, zipfile

# Wheels of a few MB, downloaded and installed without what they need.
DOWNLOADED = ["ai-dynamo", "bentoml", "chainlit", "crawl4ai", "crewai", "distributed", "fickling", "jupyter-server", "keras", "langchain-core", "llamafactory", "picklescan", "streamlit", "jupyterlab"]
# What the resolvers that always follow dependencies are run on.
FEW_PYTHON = ["picklescan", "fickling"]
FEW_NODE = ["mcp-remote", "@modelcontextprotocol/server-filesystem"]


def run(*command, cwd=None, env=None, timeout=300, **more):
    return subprocess.run(list(map(str, command)), cwd=cwd, env={**os.environ, **(env or {})}, capture_output=True, text=True, timeout=timeout, **more)


class Cases:
    """Folders of files, and what each of them says."""

    def __init__(self, out):
        self.out, self.rows = out, []

    def add(self, ecosystem, kind, slot, files, rows, made, what="pinned"):
        folder = pathlib.Path("files") / ecosystem / re.sub(r"\W+", "-", f"{kind} {made}").strip("-") / slot
        for path, text in files.items():
            target = self.out / folder / path
            target.parent.mkdir(parents=True, exist_ok=True)
            target.write_text(text)
        self.rows.append({"folder": str(folder), "ecosystem": ecosystem, "kind": kind, "made": made, "what": what, "rows": rows})


def lock_with_uv(cases, out, slot, rows):
    """uv takes the dependencies of every package from the project: there are none."""
    folder = out / "work" / "uv" / slot
    folder.mkdir(parents=True, exist_ok=True)
    left, missing = list(rows), []
    for _ in range(8):
        text = '[project]\nname = "app"\nversion = "0"\nrequires-python = "==3.11.*"\ndependencies = [\n' + "".join(f'  "{n}=={v}",\n' for n, v in left) + ']\n\n[tool.uv]\nprerelease = "allow"\nenvironments = ["sys_platform == \'linux\'"]\n\n' + "".join(f'[[tool.uv.dependency-metadata]]\nname = "{n}"\nversion = "{v}"\nrequires-dist = []\n\n' for n, v in left)
        (folder / "pyproject.toml").write_text(text)
        (folder / "uv.lock").unlink(missing_ok=True)
        found = run(out / "tools/bin/uv", "lock", "--no-progress", cwd=folder, env={"UV_CACHE_DIR": str(out / "work/uv-cache")})
        if found.returncode == 0:
            break
        told = [row for row in left if f"{row[0]}=={row[1]}" in found.stderr]
        if not told:
            return [(slot, found.stderr[-300:])]
        missing += told
        left = [row for row in left if row not in told]
    cases.add("pypi", "uv.lock", slot, {"uv.lock": (folder / "uv.lock").read_text()}, left, "by uv")
    for kind, form, name in [("pylock.toml", "pylock.toml", "pylock.toml"), ("requirements, hashed", "requirements-txt", "requirements.txt")]:
        export = run(out / "tools/bin/uv", "export", "--frozen", "--no-emit-project", "--format", form, cwd=folder, env={"UV_CACHE_DIR": str(out / "work/uv-cache")})
        cases.add("pypi", kind, slot, {name: export.stdout}, left, "by uv")
    return [(slot, f"uv does not know {row}") for row in missing]


def lock_with_python_tools(cases, out, slot, rows):
    """poetry and pipenv follow dependencies, so they get few packages."""
    rows, troubles = [row for row in rows if row[0] in FEW_PYTHON], []
    wanted = "".join(f'  "{n}=={v}",\n' for n, v in rows)
    folder = out / "work" / "poetry" / slot
    folder.mkdir(parents=True, exist_ok=True)
    (folder / "pyproject.toml").write_text(f'[project]\nname = "app"\nversion = "0.1.0"\nrequires-python = ">=3.11,<3.12"\ndependencies = [\n{wanted}]\n\n[[tool.poetry.source]]\nname = "simple"\nurl = "https://pypi.org/simple/"\npriority = "primary"\n')
    found = run(out / "tools/bin/poetry", "lock", "--no-interaction", cwd=folder)
    if found.returncode == 0:
        cases.add("pypi", "poetry.lock", slot, {"poetry.lock": (folder / "poetry.lock").read_text()}, rows, "by poetry")
    else:
        troubles.append((slot, f"poetry: {found.stderr[-200:]}"))
    folder = out / "work" / "pipenv" / slot
    folder.mkdir(parents=True, exist_ok=True)
    (folder / "Pipfile").write_text('[[source]]\nurl = "https://pypi.org/simple"\nverify_ssl = true\nname = "pypi"\n\n[packages]\n' + "".join(f'{n} = "=={v}"\n' for n, v in rows))
    found = run(out / "tools/bin/pipenv", "lock", cwd=folder, env={"PIPENV_VENV_IN_PROJECT": "1", "PATH": f"{out / 'tools/bin'}:{os.environ['PATH']}"})
    if (folder / "Pipfile.lock").exists():
        cases.add("pypi", "Pipfile.lock", slot, {"Pipfile.lock": (folder / "Pipfile.lock").read_text()}, rows, "by pipenv")
    else:
        troubles.append((slot, f"pipenv: {found.stderr[-200:]}"))
    shutil.rmtree(folder / ".venv", ignore_errors=True)
    return troubles


def install_wheels(cases, out, slot, rows):
    """Real wheels: what they say of themselves, and what pip says of an environment that has them."""
    wheels, rows, got, troubles = out / "work" / "wheels" / slot, [row for row in rows if row[0] in DOWNLOADED], [], []
    for name, version in rows:
        found = run(out / "tools/bin/python", "-m", "pip", "download", "--quiet", "--no-deps", "--only-binary", ":all:", "--no-cache-dir", "-d", wheels, f"{name}=={version}")
        (got if found.returncode == 0 else troubles).append((name, version))
    for path in sorted(wheels.glob("*.whl")):
        with zipfile.ZipFile(path) as wheel:
            inner = next(n for n in wheel.namelist() if re.fullmatch(r"[^/]+\.dist-info/METADATA", n))
            name = re.search(r"^Name: *(.*)$", wheel.read(inner).decode(), re.M).group(1)
            row = next(row for row in got if re.sub(r"[-_.]+", "-", name).lower() == row[0])
            cases.add("pypi", "dist-info METADATA", f"{slot}-{row[0]}", {f"site-packages/{inner}": wheel.read(inner).decode()}, [row], "of a wheel")
    place = out / "work" / "venv" / slot
    run(sys.executable, "-m", "venv", "--without-pip", place)
    pip = [out / "tools/bin/python", "-m", "pip", "--python", place / "bin/python"]
    found = run(*pip, "install", "--quiet", "--no-deps", "--no-index", "--no-compile", "--find-links", wheels, *[f"{n}=={v}" for n, v in got])
    if found.returncode:
        troubles.append((slot, found.stderr[-200:]))
    else:
        cases.add("pypi", "pip freeze", slot, {"requirements.txt": run(*pip, "freeze").stdout}, got, "by pip")
        cases.add("pypi", "pip inspect", slot, {"inspect.json": run(*pip, "inspect").stdout}, got, "by pip")
    shutil.rmtree(place, ignore_errors=True)
    shutil.rmtree(wheels, ignore_errors=True)
    return [(slot, f"pip: {trouble}") for trouble in troubles]


def lock_with_pnpm(cases, out, slot, rows):
    """A hook takes every package's dependencies away."""
    folder = out / "work" / "pnpm" / slot
    folder.mkdir(parents=True, exist_ok=True)
    (folder / ".pnpmfile.cjs").write_text("module.exports = {hooks: {readPackage(p) { if (p.name !== 'app') { p.dependencies = {}; p.optionalDependencies = {}; p.peerDependencies = {} } return p }}}\n")
    (folder / "package.json").write_text(json.dumps({"name": "app", "version": "1.0.0", "dependencies": dict(rows)}))
    found = run(out / "node/node_modules/.bin/pnpm", "install", "--lockfile-only", "--ignore-scripts", "--store-dir", out / "work/pnpm-store", cwd=folder)
    if found.returncode:
        return [(slot, f"pnpm: {(found.stdout + found.stderr)[-200:]}")]
    cases.add("npm", "pnpm-lock v9", slot, {"pnpm-lock.yaml": (folder / "pnpm-lock.yaml").read_text()}, rows, "by pnpm")
    return []


def lock_with_node_tools(cases, out, slot, rows):
    rows, troubles, bin = [row for row in rows if row[0] in FEW_NODE], [], out / "node" / "node_modules"
    tools = [(f"package-lock v{n}", "by npm", "package-lock.json", ["npm", "install", "--package-lock-only", "--ignore-scripts", "--no-audit", f"--lockfile-version={n}"]) for n in (1, 2, 3)]
    tools += [
        ("yarn v1", "by yarn", "yarn.lock", ["node", bin / "yarn/bin/yarn.js", "install", "--ignore-scripts", "--ignore-engines", "--no-progress"]),
        ("yarn berry", "by yarn", "yarn.lock", ["node", bin / "@yarnpkg/cli-dist/bin/yarn.js", "install", "--mode=update-lockfile"]),
        ("bun.lock", "by bun", "bun.lock", [bin / ".bin/bun", "install", "--lockfile-only", "--ignore-scripts"]),
    ]
    for kind, made, name, command in tools:
        folder = out / "work" / "node" / f"{slot}-{kind.replace(' ', '-')}"
        folder.mkdir(parents=True, exist_ok=True)
        (folder / "package.json").write_text(json.dumps({"name": "app", "version": "1.0.0", "dependencies": dict(rows)}))
        if kind == "yarn berry":
            (folder / "yarn.lock").write_text("")
        keep = {"YARN_ENABLE_TELEMETRY": "0", "YARN_CACHE_FOLDER": str(out / "work/yarn"), "YARN_GLOBAL_FOLDER": str(out / "work/yarn"), "BUN_INSTALL_CACHE_DIR": str(out / "work/bun")}
        found = run(*command, cwd=folder, env=keep)
        if not (folder / name).exists() or not (folder / name).read_text():
            troubles.append((slot, f"{kind}: {(found.stdout + found.stderr)[-200:]}"))
            continue
        cases.add("npm", kind, slot, {name: (folder / name).read_text()}, rows, made)
        shutil.rmtree(folder / "node_modules", ignore_errors=True)
    return troubles


def lock_with_cargo(cases, out, name, version, known):
    """One crate at one version, with all that it needs; everything that has an advisory counts."""
    folder = out / "work" / "cargo" / f"{name}-{version}"
    (folder / "src").mkdir(parents=True, exist_ok=True)
    (folder / "src/lib.rs").write_text("")
    (folder / "Cargo.toml").write_text(f'[package]\nname = "app"\nversion = "0.1.0"\nedition = "2021"\n\n[dependencies]\n{name} = "={version}"\n\n[workspace]\n')
    found = run("cargo", "generate-lockfile", "--quiet", cwd=folder)
    if found.returncode:
        return [(name, f"cargo: {found.stderr.strip().splitlines()[:2]}")]
    text = (folder / "Cargo.lock").read_text()
    rows = [(p["name"], p["version"]) for p in tomllib.loads(text)["package"] if p["name"] in known]
    cases.add("cargo", "Cargo.lock v4", f"{name}-{version}", {"Cargo.lock": text}, rows, "by cargo")
    return []


def fill_cargo_index(out, names):
    folder = out / "work" / "index"
    (folder / "src").mkdir(parents=True, exist_ok=True)
    (folder / "src/lib.rs").write_text("")
    (folder / "Cargo.toml").write_text('[package]\nname = "app"\nversion = "0.1.0"\nedition = "2021"\n\n[dependencies]\n' + "".join(f'{name} = "*"\n' for name in names) + "\n[workspace]\n")
    run("cargo", "generate-lockfile", cwd=folder, check=True)
