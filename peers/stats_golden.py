"""Writes the golden values that jingwei-stats is compared with. Needs scipy; run by hand when cases change:
python peers/stats_golden.py"""
import json, pathlib
from scipy import stats

here = pathlib.Path(__file__).parent.parent / "crates/jingwei-stats/testdata"
beta = []
for a, b in [(0.5, 0.5), (1, 1), (2, 2), (0.5, 3.5), (2, 5), (10, 1), (118, 4), (1, 121), (0.01, 900), (900, 100), (5000, 3)]:
    for x, p in [(1e-6, 0.001), (0.01, 0.025), (0.05, 0.05), (0.1, 0.1), (0.25, 0.25), (0.5, 0.5), (0.75, 0.75), (0.9, 0.9), (0.95, 0.95), (0.99, 0.975), (0.999, 0.999)]:
        d = stats.beta(a, b)
        beta.append(dict(a=float(a), b=float(b), x=x, cdf=float(d.cdf(x)), p=p, quantile=float(d.ppf(p))))
rates = []
for n in [1, 2, 10, 50, 120, 300, 730, 1000, 4000]:
    for k in sorted({0, 1, n // 20, n // 3, n - 1, n}):
        for level in [0.9, 0.95]:
            r = stats.binomtest(k, n)
            e, w = r.proportion_ci(level, "exact"), r.proportion_ci(level, "wilson")
            rates.append(dict(k=k, n=n, level=level, exact=[float(e.low), float(e.high)], wilson=[float(w.low), float(w.high)]))
(here / "beta_golden.json").write_text(json.dumps(beta, indent=0))
(here / "rates_golden.json").write_text(json.dumps(rates, indent=0))
