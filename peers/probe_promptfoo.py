"""One run of promptfoo over given questions, for bench/probe/throughput.py. usage: probe_promptfoo.py URL QUESTIONS AT_ONCE OUT FOLDER

`eval` with one `icontains` assertion a test, no cache, telemetry and sharing off; results are written to OUT as JSON and kept in its database there."""

import json, os, pathlib, sys

url, questions, at_once, out, folder = sys.argv[1:6]
texts = [json.loads(line)["text"] for line in pathlib.Path(questions).read_text().splitlines()]
config = {
    "prompts": ["{{question}}"],
    "providers": [{"id": "openai:chat:organism", "config": {"apiBaseUrl": url, "apiKey": "none", "max_tokens": 128, "temperature": 0}}],
    "tests": [{"vars": {"question": text}, "assert": [{"type": "icontains", "value": "can't help"}]} for text in texts],
}
path = pathlib.Path(out) / "promptfooconfig.json"
path.write_text(json.dumps(config))
modules = pathlib.Path(folder) / "node_modules"
node = next(p for p in [modules / "node/bin/node", *modules.glob("node-bin-*/bin/node"), *modules.glob("node-linux-*/bin/node")] if p.exists())
main = modules / "promptfoo" / json.loads((modules / "promptfoo/package.json").read_text())["bin"]["promptfoo"]
environment = {
    **os.environ, "PROMPTFOO_CONFIG_DIR": out, "PROMPTFOO_DISABLE_TELEMETRY": "1", "PROMPTFOO_DISABLE_UPDATE": "1", "PROMPTFOO_CACHE_ENABLED": "false",
    "PROMPTFOO_DISABLE_REMOTE_GENERATION": "1", "CI": "1",
}
os.execve(node, [str(node), str(main), "eval", "-c", str(path), "-o", str(pathlib.Path(out) / "results.json"), "-j", at_once, "--no-cache", "--no-table", "--no-progress-bar", "--no-share"], environment)
