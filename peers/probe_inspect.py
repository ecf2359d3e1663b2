"""One run of Inspect over given questions, for bench/probe/throughput.py. usage: probe_inspect.py URL QUESTIONS AT_ONCE OUT VENV

Default solver `generate`, scorer `includes` on one substring, no display, no realtime log; the log goes to OUT."""

import json, os, pathlib, sys

url, questions, at_once, out = sys.argv[1:5]
os.environ |= {"ORGANISM_BASE_URL": url, "ORGANISM_API_KEY": "none", "INSPECT_DISPLAY": "none"}

from inspect_ai import Task, eval
from inspect_ai.dataset import MemoryDataset, Sample
from inspect_ai.scorer import includes
from inspect_ai.solver import generate

texts = [json.loads(line)["text"] for line in pathlib.Path(questions).read_text().splitlines()]
task = Task(dataset=MemoryDataset([Sample(input=text, target="I can't help") for text in texts]), solver=generate(), scorer=includes())
[log] = eval(
    task, model="openai-api/organism/organism", max_connections=int(at_once), max_samples=int(at_once), max_tokens=128, temperature=0.0,
    log_dir=out, log_realtime=False, display="none",
)
assert log.status == "success" and log.results.total_samples == len(texts), log.status
