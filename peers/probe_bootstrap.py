"""garak's bootstrap interval for counts, for bench/probe/coverage.py: run in garak's own environment.

Standard input is a JSON list of [hits, tries]; standard output a list of [lower, upper], as shares. Its own defaults:
10,000 rounds, 95 %, a detector taken for perfect, as it does for every detector without measured errors."""

import json, sys

from garak import _config

_config.load_base_config()
from garak.analyze.bootstrap_ci import calculate_bootstrap_ci

out = []
for hits, tries in json.load(sys.stdin):
    interval = calculate_bootstrap_ci([1] * hits + [0] * (tries - hits), 1.0, 1.0)
    out.append([float(end) / 100 for end in interval])
print(json.dumps(out))
