"""One peer of the model scanner's benchmark: paths in, verdicts out. usage: scan_worker.py PEER

Runs in the peer's own environment, called by bench/scan/run.py. Each line of standard input is a JSON string, a file or
folder; each line of standard output is `{"verdict": …, "detail": …, "wall_s": …, "rss_mib": …}`. Verdicts: `block`, `review`,
`pass`, `incomplete` (the peer says that it could not look at everything), `unsupported` (it looked at nothing).
What a peer means by its own words is decided here and nowhere else. What a library prints goes to standard error."""

import json, os, pathlib, resource, sys, time

_out = os.fdopen(os.dup(1), "w", encoding="utf-8")
os.dup2(2, 1)
ORDER = ("unsupported", "pass", "incomplete", "review", "block")


def files_of(path):
    path = pathlib.Path(path)
    return sorted(p for p in path.rglob("*") if p.is_file()) if path.is_dir() else [path]


def worst(verdicts):
    """The most severe of (verdict, detail); a folder of nothing that the peer reads is unsupported."""
    return max(verdicts, key=lambda v: ORDER.index(v[0]), default=("unsupported", "no file"))


def picklescan():
    from picklescan import scanner

    extensions = scanner._zip_file_extensions | scanner._pickle_file_extensions | scanner._pytorch_file_extensions

    def judge(path):
        # The command with a folder takes files by their extension; a single file is judged by the same rule.
        if pathlib.Path(path).is_dir():
            found = scanner.scan_directory_path(path)
        elif pathlib.Path(path).suffix in extensions:
            found = scanner.scan_file_path(path)
        else:
            return "unsupported", "extension"
        names = ", ".join(sorted(f"{g.module}.{g.name}" for g in found.globals if g.safety.value != "innocuous"))[:200]
        if any(g.safety.value == "dangerous" for g in found.globals) or found.issues_count:
            return "block", names
        if any(g.safety.value == "suspicious" for g in found.globals):
            return "review", names
        if found.scan_err:
            return "incomplete", "scan error"
        return ("pass", "") if found.scanned_files else ("unsupported", "no file taken")

    return judge


def modelscan():
    from modelscan.modelscan import ModelScan

    def judge(path):
        found = ModelScan().scan(path)
        severities = found["summary"]["total_issues_by_severity"]
        detail = "; ".join(str(i.get("description", "")) for i in found["issues"])[:200]
        if severities["CRITICAL"] or severities["HIGH"]:
            return "block", detail
        if severities["MEDIUM"] or severities["LOW"]:
            return "review", detail
        if found["errors"]:
            return "incomplete", str(found["errors"][0])[:200]
        return ("pass", "") if found["summary"]["scanned"]["total_scanned"] else ("unsupported", "no file taken")

    return judge


def fickling():
    import zipfile

    from fickling.analysis import Severity
    from fickling.loader import scan_file, scan_zip_archive

    def one(path):
        if zipfile.is_zipfile(path):
            results = list(scan_zip_archive(str(path), graceful=True).values())
        else:
            results = [scan_file(str(path), graceful=True)]
        if not results:
            return "unsupported", "no pickle"
        verdicts = []
        for result in results:
            if result.results and result.severity > Severity.SUSPICIOUS:
                verdicts.append(("block", result.severity.name))
            elif result.results and result.severity > Severity.LIKELY_SAFE:
                verdicts.append(("review", result.severity.name))
            elif result.errors:
                verdicts.append(("incomplete", str(result.errors[0])[:200]))
            else:
                verdicts.append(("pass", ""))
        return worst(verdicts)

    return lambda path: worst([one(file) for file in files_of(path)])


def modelaudit():
    os.environ["PROMPTFOO_DISABLE_TELEMETRY"] = "1"
    from modelaudit.core import scan_model_directory_or_file

    def judge(path):
        found = scan_model_directory_or_file(path, timeout=3600, cache_enabled=False)
        severities = {getattr(i.severity, "value", str(i.severity)) for i in found.issues}
        detail = "; ".join(i.message for i in found.issues if getattr(i.severity, "value", "") in ("critical", "warning"))[:200]
        if "critical" in severities:
            return "block", detail
        if "warning" in severities:
            return "review", detail
        if not found.success or found.has_errors:
            return "incomplete", "; ".join(i.message for i in found.issues)[:200]
        return ("pass", "") if found.files_scanned else ("unsupported", "no file taken")

    return judge


def modelaudit_picklescan():
    import modelaudit_picklescan as engine

    def one(path):
        found = engine.scan_file(str(path))
        detail = "; ".join(f.message for f in found.findings)[:200]
        if found.verdict.value in ("malicious", "suspicious"):
            return ("block" if found.verdict.value == "malicious" else "review"), detail
        if found.verdict.value == "clean" and found.status.value == "complete":
            return "pass", ""
        return "incomplete", found.status.value

    return lambda path: worst([one(file) for file in files_of(path)])


def aisbom():
    import tempfile

    from aisbom.scanner import DeepScanner

    def judge(path):
        path = pathlib.Path(path)
        with tempfile.TemporaryDirectory() as folder:
            if path.is_file():  # it reads folders only: the file is put into one of its own
                os.link(path, pathlib.Path(folder) / path.name)
            scanner = DeepScanner(folder if path.is_file() else str(path))
            scanner.scan()
        verdicts = []
        for artifact in scanner.artifacts:
            risk = str(artifact.get("risk_level", "UNKNOWN"))
            word = risk.split(" ")[0].upper()
            unread = any(part in risk.lower() for part in ("incomplete", "unreadable", "unscanned"))
            verdicts.append((("block" if word in ("CRITICAL", "HIGH") else "incomplete" if unread or word == "UNKNOWN" else "review" if word == "MEDIUM" else "pass"), risk[:200]))
        if not verdicts and scanner.errors:
            return "incomplete", str(scanner.errors[0])[:200]
        return worst(verdicts)

    return judge


def main():
    judge = {"picklescan": picklescan, "modelscan": modelscan, "fickling": fickling, "modelaudit": modelaudit, "modelaudit-picklescan": modelaudit_picklescan, "aisbom": aisbom}[sys.argv[1]]()
    print(json.dumps({"ready": True}), file=_out, flush=True)
    for line in sys.stdin:
        path = json.loads(line)
        start = time.perf_counter()
        try:
            verdict, detail = judge(path)
        except BaseException as error:  # a peer that raises did not judge: its command ends with a trace
            if isinstance(error, KeyboardInterrupt):
                raise
            verdict, detail = "crash", f"{type(error).__name__}: {error}"[:200]
        rss = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
        print(json.dumps({"verdict": verdict, "detail": detail, "wall_s": round(time.perf_counter() - start, 4), "rss_mib": round(rss, 1)}), file=_out, flush=True)


main()
