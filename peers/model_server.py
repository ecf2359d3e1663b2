"""Serves the example's real model on loopback through llama.cpp (package xllamacpp), OpenAI-compatible.

usage: model_server.py CONFIG.toml MODEL.gguf
Prints `ready <url>` when it answers, and ends with its parent (when standard input closes) or on SIGTERM."""

import pathlib, signal, sys, threading, time, tomllib, urllib.request

import xllamacpp as xlc


def main() -> None:
    config = tomllib.loads(pathlib.Path(sys.argv[1]).read_text())["server"]
    params = xlc.CommonParams()
    params.model.path = sys.argv[2]
    params.hostnames = [config["host"]] if hasattr(params, "hostnames") else None
    params.port = config["port"]
    params.n_parallel = config["parallel"]
    params.n_ctx = config["context"] * config["parallel"]
    params.cpuparams.n_threads = config["threads"]
    params.cpuparams_batch.n_threads = config["threads"]
    server = xlc.Server(params)
    url = f"http://{config['host']}:{config['port']}"
    for _ in range(600):
        try:
            if urllib.request.urlopen(f"{url}/health", timeout=1).status == 200:
                break
        except OSError:
            time.sleep(0.1)
    else:
        sys.exit(f"the model server did not answer at {url} within a minute")
    print(f"ready {url}", flush=True)
    stop = threading.Event()
    signal.signal(signal.SIGTERM, lambda *_: stop.set())
    signal.signal(signal.SIGINT, lambda *_: stop.set())
    threading.Thread(target=lambda: (sys.stdin.read(), stop.set()), daemon=True).start()
    stop.wait()
    del server


main()
