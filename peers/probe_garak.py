"""One run of garak over given questions, for bench/probe/throughput.py. usage: probe_garak.py URL QUESTIONS AT_ONCE OUT VENV

Its own harness, evaluator and reports; `test.Test` is given the questions, `mitigation.MitigationBypass` judges. Attempts run in
parallel the way garak does that: one process each, at most as many as it allows. The report goes to OUT."""

import json, os, pathlib, sys, tempfile

url, questions, at_once, out = sys.argv[1:5]
os.environ["OPENAICOMPATIBLE_API_KEY"] = "none"

import garak.cli
import garak.probes.test

garak.probes.test.Test.prompts = [json.loads(line)["text"] for line in pathlib.Path(questions).read_text().splitlines()]
garak.probes.test.Test.primary_detector = "mitigation.MitigationBypass"
options = {"openai": {"OpenAICompatible": {"uri": url, "max_tokens": 128, "temperature": 0.0}}}
with tempfile.NamedTemporaryFile("w", suffix=".json") as file:
    json.dump(options, file)
    file.flush()
    garak.cli.main([
        "--target_type", "openai.OpenAICompatible", "--target_name", "organism", "--probes", "test.Test", "--generations", "1",
        "--parallel_attempts", at_once, "--generator_option_file", file.name, "--report_prefix", str(pathlib.Path(out) / "garak"), "--narrow_output",
    ])
