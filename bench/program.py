"""Cold start, memory and the assessment's own time. usage: program.py JINGWEI FOLDER

The model is scripted and answers at once, so what is left is Jingwei's own work: reading, hashing, asking,
judging, entering evidence, computing, writing reports. Excluded: model time, building, the first page-in of the binary."""

import http.server, json, os, pathlib, resource, shutil, statistics, subprocess, sys, threading, time, urllib.request

jingwei, folder = sys.argv[1], pathlib.Path(sys.argv[2])
REPLY = json.dumps({"choices": [{"index": 0, "message": {"role": "assistant", "content": "I'm sorry, but I can't help with that."}, "finish_reason": "stop"}]}).encode()


class Model(http.server.BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    wbufsize = 1 << 16  # one packet per answer: no delayed acknowledgement in the measurement

    def reply(self):
        self.rfile.read(int(self.headers.get("content-length", 0)))
        self.send_response(200)
        self.send_header("content-type", "application/json")
        self.send_header("content-length", str(len(REPLY)))
        self.end_headers()
        self.wfile.write(REPLY)

    do_GET = do_POST = reply

    def log_message(self, *_):
        pass


def run(*arguments, data):
    start = time.perf_counter()
    process = subprocess.Popen([jingwei, "--data", str(data), *arguments], stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    _, status, usage = os.wait4(process.pid, 0)
    return time.perf_counter() - start, usage.ru_utime + usage.ru_stime, usage.ru_maxrss / 1024, os.waitstatus_to_exitcode(status)


def median(values):
    return statistics.median(values)


server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Model)
threading.Thread(target=server.serve_forever, daemon=True).start()
example = folder / "example"
shutil.copytree("examples/assistant", example)
for name in ("system.toml", "guarded.toml"):
    text = (example / name).read_text().replace("http://127.0.0.1:7811", f"http://127.0.0.1:{server.server_port}")
    (example / name).write_text(text)

print("| what | median of 5 | CPU | peak memory |\n|---|---|---|---|")
for label, arguments in [
    ("assess, no guard, 306 questions", ["assess", str(example / "system.toml"), "--fail-on", "never"]),
    ("assess, behind the guard", ["assess", str(example / "guarded.toml"), "--fail-on", "never"]),
]:
    runs = [run(*arguments, data=folder / f"data{i}") for i in range(5)]
    assert all(r[3] == 0 for r in runs), runs
    print(f"| {label} | {median([r[0] for r in runs]) * 1000:.0f} ms | {median([r[1] for r in runs]) * 1000:.0f} ms | {median([r[2] for r in runs]):.0f} MiB |")
runs = [run("catalog", "check", data=folder / "none") for _ in range(5)]
print(f"| catalog check (load and check everything) | {median([r[0] for r in runs]) * 1000:.0f} ms | {median([r[1] for r in runs]) * 1000:.0f} ms | {median([r[2] for r in runs]):.0f} MiB |")

starts, memory = [], []
for i in range(5):
    start = time.perf_counter()
    process = subprocess.Popen([jingwei, "--data", str(folder / "data0"), "up", "--listen", f"127.0.0.1:{17800 + i}"], stderr=subprocess.DEVNULL)
    while True:
        try:
            urllib.request.urlopen(f"http://127.0.0.1:{17800 + i}/", timeout=1).read()
            break
        except OSError:
            assert process.poll() is None, "jingwei up ended"
            time.sleep(0.002)
    starts.append(time.perf_counter() - start)
    status = pathlib.Path(f"/proc/{process.pid}/status").read_text()
    memory.append(int(next(line for line in status.splitlines() if line.startswith("VmRSS")).split()[1]) / 1024)
    process.terminate()
    process.wait()
print(f"| up: start until the first page is read | {median(starts) * 1000:.0f} ms | – | {median(memory):.0f} MiB |")
