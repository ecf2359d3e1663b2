"""Which functions of a release build run at all: the list that the linker puts side by side. usage: order.py [--check] JINGWEI

The kernel maps the pages around each one that is touched, so 5 MiB of functions that are strewn over 43 MiB of code take 21 MiB of
memory. `crates/jingwei/build.rs` hands the list to the linker. Names hold a digest of toolchain, profile and dependencies, none of
the code in a function: after an update of these make the list again. Names that are no longer there cost nothing and win nothing; `--check` tells how many of
the list are in a program, and fails below nine in ten.

Needs valgrind. What runs: suites against an organism, begun, broken off and gone on with; scans of files in all formats that the
fuzz targets know."""

import pathlib, re, subprocess, sys, tempfile

HERE = pathlib.Path(__file__).resolve().parent
sys.path.insert(0, str(HERE / "probe"))
from common import Organism, run_command, write_questions, write_suite  # noqa: E402

ROOT = HERE.parent
LIST = ROOT / "crates/jingwei/order/x86_64-unknown-linux-gnu.txt"
AT_ONCE = 32
# Below this share of names that a program has, the list is to be made again.
ENOUGH = 0.9


def functions_of(command, folder):
    """Names of the functions of the program that a command runs, of the main program and of C code alike."""
    out = folder / "callgrind.out"
    watched = ["valgrind", "--tool=callgrind", f"--callgrind-out-file={out}", "--demangle=no", "--compress-strings=no", *command]
    subprocess.run(watched, cwd=ROOT, stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    names = re.findall(r"^c?fn=(\S+)", out.read_text(), re.MULTILINE)
    out.unlink()
    # Recursion is told by a number after the name.
    return {re.sub(r"'\d+$", "", name) for name in names}


def symbols(binary):
    lines = subprocess.run(["nm", "--defined-only", str(binary)], capture_output=True, text=True, check=True).stdout.splitlines()
    return {name for _, kind, name in (line.split() for line in lines) if kind in "tTwW"}


def check(binary):
    listed = LIST.read_text().split()
    there = len(symbols(binary).intersection(listed))
    print(f"{LIST.relative_to(ROOT)}: {there} of {len(listed)} functions are in {binary.name}")
    return 0 if there >= ENOUGH * len(listed) else 1


def main():
    binary = pathlib.Path(sys.argv[-1]).resolve()
    if "--check" in sys.argv:
        sys.exit(check(binary))
    with tempfile.TemporaryDirectory() as folder:
        folder = pathlib.Path(folder)
        questions, suite, data = folder / "questions.jsonl", folder / "order.toml", folder / "data"
        write_questions(questions, 200)
        write_suite(suite, 2)
        with Organism(binary, folder / "organism") as organism:
            own = run_command(binary, data, suite, questions, organism.url, AT_ONCE)
            quick = [str(binary), "--data", str(data), "probe", "run", "quick", "--target", organism.url, "--concurrency", str(AT_ONCE)]
            own = functions_of([*own, "--max-requests", "100"], folder) | functions_of(own, folder)
            quick = functions_of(quick, folder)
        scan = functions_of([str(binary), "--data", str(data), "scan", "model", str(ROOT / "fuzz/corpus")], folder)
    # What commands share stands together, and with it what the plainest run needs besides.
    used, known = (own, quick, scan), symbols(binary)
    groups = {}
    for name in sorted(known & set().union(*used)):
        groups.setdefault(tuple(name not in names for names in used), []).append(name)
    LIST.parent.mkdir(exist_ok=True)
    LIST.write_text("".join(f"{name}\n" for _, names in sorted(groups.items()) for name in names))
    print(f"{LIST.relative_to(ROOT)}: {sum(map(len, groups.values()))} functions")


main()
