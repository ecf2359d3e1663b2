"""Writes the golden values that jingwei-stats is compared with. Run by hand when cases change, with
scipy==1.17.1 numpy==2.4.6 statsmodels==0.15.0 krippendorff==0.9.0:
python peers/stats_golden.py"""
import json, math, pathlib
import krippendorff
import numpy as np
import statsmodels.api as sm
from scipy import stats
from statsmodels.stats import contingency_tables, inter_rater, multitest, proportion

here = pathlib.Path(__file__).parent.parent / "crates/jingwei-stats/testdata"
chance = np.random.default_rng(20_260_101)


def write(name, value):
    (here / f"{name}_golden.json").write_text(json.dumps(value, indent=0))


def exact(hits, tries, level):
    """Clopper and Pearson, for counts that need not be whole."""
    tail = (1 - level) / 2
    low = float(stats.beta.ppf(tail, hits, tries - hits + 1)) if hits > 0 else 0.0
    high = float(stats.beta.ppf(1 - tail, hits + 1, tries - hits)) if hits < tries else 1.0
    return low, high


def beta():
    rows = []
    for a, b in [(0.5, 0.5), (1, 1), (2, 2), (0.5, 3.5), (2, 5), (10, 1), (118, 4), (1, 121), (0.01, 900), (900, 100), (5000, 3)]:
        for x, p in [(1e-6, 0.001), (0.01, 0.025), (0.05, 0.05), (0.1, 0.1), (0.25, 0.25), (0.5, 0.5), (0.75, 0.75), (0.9, 0.9), (0.95, 0.95), (0.99, 0.975), (0.999, 0.999)]:
            d = stats.beta(a, b)
            rows.append(dict(a=float(a), b=float(b), x=x, cdf=float(d.cdf(x)), p=p, quantile=float(d.ppf(p))))
    write("beta", rows)


def rates():
    rows = []
    for n in [1, 2, 10, 50, 120, 300, 730, 1000, 4000]:
        for k in sorted({0, 1, n // 20, n // 3, n - 1, n}):
            for level in [0.9, 0.95]:
                r = stats.binomtest(k, n)
                e, w = r.proportion_ci(level, "exact"), r.proportion_ci(level, "wilson")
                rows.append(dict(k=k, n=n, level=level, exact=[float(e.low), float(e.high)], wilson=[float(w.low), float(w.high)]))
    write("rates", rows)


def normal():
    write("normal", dict(
        normal_cdf=[(z, float(stats.norm.cdf(z))) for z in [-38.0, -20.0, -8.0, -3.0, -2.6, -2.4, -1.0, -0.1, 0.0, 0.5, 1.96, 2.5, 3.0, 6.0]],
        normal_quantile=[(p, float(stats.norm.ppf(p))) for p in [1e-300, 1e-20, 1e-6, 0.001, 0.025, 0.3, 0.5, 0.8, 0.975, 0.9999]],
        student_t_quantile=[(p, v, float(stats.t.ppf(p, v))) for p in [0.001, 0.1, 0.6, 0.9, 0.95, 0.975, 0.995, 0.9999]
                            for v in [1.0, 2.0, 3.5, 10.0, 29.0, 100.0, 729.0, 9999.0, 10001.0, 1e6]]))


def binomial():
    rows = []
    for n in [1, 2, 15, 16, 120, 1000, 4000, 1_000_000]:
        for p in [1e-6, 0.01, 0.3, 0.5, 0.96]:
            for k in sorted({0, 1, n // 3, n // 2, round(n * p), n - 1, n}):
                d = stats.binom(n, p)
                rows.append((k, n, p, float(d.pmf(k)), float(d.cdf(k)), float(d.sf(k - 1))))
    write("binomial", rows)


def random_stream():
    """xoshiro256++ from a seed spread by SplitMix64, from their definitions."""
    whole = (1 << 64) - 1
    rotate = lambda x, by: ((x << by) | (x >> (64 - by))) & whole
    rows = []
    for seed in [0, 1, 42, whole]:
        s = []
        for i in range(1, 5):
            z = (seed + i * 0x9E3779B97F4A7C15) & whole
            z = ((z ^ (z >> 30)) * 0xBF58476D1CE4E5B9) & whole
            z = ((z ^ (z >> 27)) * 0x94D049BB133111EB) & whole
            s.append(z ^ (z >> 31))
        numbers = []
        for _ in range(8):
            numbers.append((rotate((s[0] + s[3]) & whole, 23) + s[0]) & whole)
            t = (s[1] << 17) & whole
            s[2] ^= s[0]; s[3] ^= s[1]; s[1] ^= s[2]; s[0] ^= s[3]; s[2] ^= t
            s[3] = rotate(s[3], 45)
        rows.append((seed, numbers))
    write("random", rows)


def cluster():
    """The measured design effect from statsmodels' cluster-robust variance of a mean; the interval as cluster.rs states it."""
    def variance_ratio(k, n):
        p, m, total = k.sum() / n.sum(), len(n), n.sum()
        return m / (m - 1) * ((k - p * n) ** 2).sum() / total**2 * (total - 1) / (p * (1 - p))

    cases = [[(0, 10)] * 73, [(10, 10)] * 20, [(1, 2), (0, 5)], [(0, 5)] * 9 + [(5, 5)], [(0, 5)] * 30 + [(1, 5)], [(2, 4)] * 12,
             [(0, 1)] * 40 + [(1, 1)] * 3, [(3, 10)], [(0, 3), (7, 9), (2, 2), (1, 30)]]
    for m, size, p in [(10, 5, 0.1), (50, 5, 0.05), (200, 3, 0.5), (30, 40, 0.8)]:
        sizes = chance.integers(1, size + 1, m)
        cases.append([(int(chance.binomial(n, r)), int(n)) for n, r in zip(sizes, chance.beta(2 * p, 2 * (1 - p), m))])
    rows = []
    for clusters in cases:
        k, n = np.array(clusters).T
        p, total, m = k.sum() / n.sum(), int(n.sum()), len(n)
        measured = None
        if m > 1 and 0 < p < 1:
            tries = np.concatenate([[1.0] * a + [0.0] * (b - a) for a, b in clusters])
            fit = sm.OLS(tries, np.ones(total)).fit(cov_type="cluster", cov_kwds=dict(groups=np.repeat(np.arange(m), n)))
            measured = float(fit.bse[0] ** 2 / (p * (1 - p) / (total - 1)))
        for level in [0.9, 0.95]:
            if m == total:
                effective = float(total)
            elif m == 1:
                effective = 1.0
            else:
                mean = total / m
                effect = max(1.0, variance_ratio(np.append(k, [mean, 0.0]), np.append(n, [mean, mean])))
                q = (1 + level) / 2
                effective = float(np.clip(total / effect * (stats.t.ppf(q, total - 1) / stats.t.ppf(q, m - 1)) ** 2, 1, total))
            low, high = exact(p * effective, effective, level) if p < 1 else (exact(effective, effective, level)[0], 1.0)
            rows.append(dict(clusters=clusters, level=level, measured=measured, effective=effective, lower=low, upper=high))
    write("cluster", rows)


def bootstrap():
    rows = []
    for m, p in [(40, 0.3), (60, 0.1), (100, 0.7)]:
        n = chance.integers(1, 8, m)
        k = chance.binomial(n, chance.beta(3 * p, 3 * (1 - p), m))
        ratio = lambda k, n, axis=-1: np.sum(k, axis) / np.sum(n, axis)
        limits = {}
        for method in ["percentile", "BCa"]:
            r = stats.bootstrap((k, n), ratio, paired=True, n_resamples=50_000, method=method, rng=np.random.default_rng(1)).confidence_interval
            limits[method.lower()] = (float(r.low), float(r.high))
        rows.append(dict(clusters=[(float(a), float(b)) for a, b in zip(k, n)], **limits))
    write("bootstrap", rows)


def differences():
    independent = []
    for k1, n1, k2, n2 in [(56, 70, 48, 80), (9, 10, 3, 10), (6, 7, 2, 7), (5, 56, 0, 29), (0, 10, 0, 20), (0, 10, 0, 10), (10, 10, 0, 20), (10, 10, 0, 10), (0, 730, 5, 730), (900, 1000, 870, 1000)]:
        for level in [0.9, 0.95, 0.99]:
            low, high = proportion.confint_proportions_2indep(k1, n1, k2, n2, method="newcomb", alpha=1 - level)
            independent.append((k1, n1, k2, n2, level, float(low), float(high)))
    paired = []
    for a, b, c, d in [(36, 12, 2, 0), (1, 1, 7, 12), (212, 144, 256, 707), (59, 6, 16, 80), (20, 12, 2, 16), (0, 29, 0, 1), (0, 30, 0, 0), (2, 8, 9, 1), (54, 0, 0, 0), (30, 0, 0, 24), (1, 0, 0, 3)]:
        for level in [0.9, 0.95]:
            n = a + b + c + d
            first, second = (a + b) / n, (a + c) / n
            l1, u1 = stats.binomtest(a + b, n).proportion_ci(level, "wilson")
            l2, u2 = stats.binomtest(a + c, n).proportion_ci(level, "wilson")
            margins = (a + b) * (c + d) * (a + c) * (b + d)
            cross = a * d - b * c
            phi = (max(cross - n / 2, 0) if cross > 0 else cross) / math.sqrt(margins) if margins else 0.0
            down = math.sqrt((first - l1) ** 2 - 2 * phi * (first - l1) * (u2 - second) + (u2 - second) ** 2)
            up = math.sqrt((second - l2) ** 2 - 2 * phi * (second - l2) * (u1 - first) + (u1 - first) ** 2)
            paired.append((a, b, c, d, level, float(max(first - second - down, -1)), float(min(first - second + up, 1))))
    write("differences", dict(independent=independent, paired=paired))


def mcnemar():
    rows = []
    for b, c in [(0, 0), (0, 1), (0, 5), (0, 6), (1, 1), (1, 7), (5, 15), (12, 2), (10, 10), (11, 10), (59, 30), (121, 59), (400, 460), (3, 2000)] + [tuple(map(int, r)) for r in chance.integers(0, 60, (12, 2))]:
        mid = min(1.0, 2 * stats.binom.cdf(min(b, c), b + c, 0.5) - stats.binom.pmf(min(b, c), b + c, 0.5))
        rows.append((b, c, min(1.0, float(contingency_tables.mcnemar([[7, b], [c, 11]], exact=True).pvalue)) if b + c else 1.0, float(mid)))
    write("mcnemar", rows)


def corrected():
    """Lang and Reiczigel by their formula; the melded limits from a million draws."""
    z, draws = stats.norm.ppf(0.975), 1_000_000
    belief = lambda a, b: chance.beta(a, b, draws) if a > 0 and b > 0 else np.full(draws, float(b <= 0))

    def share(p, se, sp):
        gain, above = se + sp - 1, p + sp - 1
        return np.where(gain > 0, np.clip(above / np.where(gain > 0, gain, 1), 0, 1), (above > 0).astype(float))

    rows = []
    for (k, n), (tp, pos, tn, neg) in [((30, 300), (90, 100, 95, 100)), ((0, 300), (90, 100, 95, 100)), ((300, 300), (90, 100, 95, 100)), ((15, 300), (99, 100, 100, 100)),
                                       ((150, 300), (24, 30, 27, 30)), ((5, 100), (240, 300, 57, 60)), ((700, 1000), (150, 200, 160, 200)), ((4, 130), (50, 100, 199, 200)),
                                       ((27, 650), (50, 100, 199, 200)), ((1, 20), (20, 20, 20, 20)), ((0, 20), (20, 20, 20, 20)), ((970, 1000), (190, 200, 196, 200))]:
        p, total = (k + z * z / 2) / (n + z * z), n + z * z
        se, sp, pos2, neg2 = (tp + 1) / (pos + 2), (tn + 1) / (neg + 2), pos + 2, neg + 2
        centre = (p + sp - 1) / (se + sp - 1)
        shift = 2 * z * z * (centre * se * (1 - se) / pos2 - (1 - centre) * sp * (1 - sp) / neg2)
        half = z * math.sqrt(p * (1 - p) / total + centre**2 * se * (1 - se) / pos2 + (1 - centre) ** 2 * sp * (1 - sp) / neg2) / (se + sp - 1)
        value = min(1.0, max(0.0, (k / n + tn / neg - 1) / (tp / pos + tn / neg - 1)))
        low = share(belief(k, n - k + 1), belief(tp + 1, pos - tp), belief(tn, neg - tn + 1))
        high = share(belief(k + 1, n - k), belief(tp, pos - tp + 1), belief(tn + 1, neg - tn))
        rows.append(dict(observed=(k, n), judge=(tp, pos, tn, neg),
                         lang_reiczigel=(float(np.clip(centre + shift - half, 0, value)), float(np.clip(centre + shift + half, value, 1))),
                         melded=(float(min(value, np.quantile(low, 0.025))), float(max(value, np.quantile(high, 0.975))))))
    write("corrected", rows)


def hits():
    rows = []
    for n in [1, 2, 5, 10, 100, 2000, 100_000]:
        for c in sorted({0, 1, n // 50, n // 3, n - 1, n}):
            for k in sorted({1, 2, 10, n // 2, n} - {0}):
                if k <= n:
                    rest, all_ways = math.comb(n - c, k), math.comb(n, k)
                    rows.append((c, n, k, (all_ways - rest) / all_ways))
    write("hits", rows)


def multiple():
    rows = []
    for p in [[0.03], [0.01, 0.02, 0.03, 0.04], [0.04, 0.001, 0.04, 0.9, 0.0], [1.0, 1.0, 1.0], [0.5, 0.5, 0.01, 0.01], [float(x) for x in chance.random(30) ** 3]]:
        rows.append(dict(p=p, holm=multitest.multipletests(p, method="holm")[1].tolist(), fdr_bh=multitest.multipletests(p, method="fdr_bh")[1].tolist()))
    write("multiple", rows)


def kappa():
    cohen = []
    for table in [[[20, 5], [10, 15]], [[44, 5, 1], [7, 20, 3], [9, 5, 6]], [[30, 1], [0, 2]], [[100, 3, 0, 1], [2, 50, 4, 0], [1, 3, 20, 2], [0, 0, 1, 9]], [[5, 20], [15, 4]], [[397, 3], [2, 98]]]:
        r = inter_rater.cohens_kappa(table)
        cohen.append((table, float(r.kappa), float(r.kappa_low), float(r.kappa_upp)))
    fleiss = []
    for raters, categories, answers in [(14, 5, 10), (3, 2, 40), (2, 3, 25), (5, 4, 12)]:
        table = chance.multinomial(raters, chance.dirichlet([0.5] * categories), answers)
        fleiss.append((table.tolist(), float(inter_rater.fleiss_kappa(table))))
    write("kappa", dict(cohen=cohen, fleiss=fleiss))


def agreement():
    # Four observers and twelve units with gaps: the layout of Krippendorff's worked example.
    gap = np.nan
    tables = [np.array([[1, 2, 3, 3, 2, 1, 4, 1, 2, gap, gap, gap], [1, 2, 3, 3, 2, 2, 4, 1, 2, 5, gap, 3],
                        [gap, 3, 3, 3, 2, 3, 4, 2, 2, 5, 1, gap], [1, 2, 3, 3, 2, 4, 4, 1, 2, 5, 1, gap]], float)]
    for raters, units, top, missing in [(2, 30, 2, 0.0), (3, 25, 4, 0.2), (5, 40, 7, 0.4), (2, 60, 3, 0.1)]:
        truth = chance.integers(0, top, units)
        table = np.where(chance.random((raters, units)) < 0.7, truth, chance.integers(0, top, (raters, units))).astype(float)
        table[chance.random((raters, units)) < missing] = gap
        tables.append(table)
    rows = []
    for table in tables:
        values = {m: float(krippendorff.alpha(reliability_data=table, level_of_measurement=m)) for m in ["nominal", "ordinal", "interval"]}
        rows.append(dict(units=[[None if math.isnan(v) else float(v) for v in unit] for unit in table.T], **values))
    write("krippendorff", rows)


def planning():
    def tries_for(rate, half, level):
        low, high = 1, 10**8
        while low < high:
            middle = (low + high) // 2
            bounds = exact(min(rate * middle, middle), middle, level)
            low, high = (low, middle) if bounds[1] - bounds[0] <= 2 * half else (middle + 1, high)
        return low

    def margins(at_least, p, n):
        found = []
        for level in [0.9, 0.95]:
            if at_least:
                passing = [k for k in range(1, n + 1) if exact(k, n, level)[0] >= p]
                found.append(min(passing, default=None))
            else:
                passing = [k for k in range(n) if exact(k, n, level)[1] <= p]
                found.append(max(passing, default=None))
        return (at_least, p, n, *found)

    pairs = [(0.1, 0.2), (0.5, 0.6), (0.9, 0.95), (0.01, 0.05), (0.3, 0.8), (0.05, 0.0)]
    write("planning", dict(
        half_width=[(r, h, l, tries_for(r, h, l)) for r, h, l in [(0.5, 0.05, 0.95), (0.0, 0.01, 0.95), (1.0, 0.01, 0.95), (0.1, 0.02, 0.95), (0.9, 0.02, 0.9), (0.5, 0.5, 0.95), (0.02, 0.001, 0.99)]],
        power=[(a, b, n, float(proportion.power_proportions_2indep(a - b, b, n, return_results=False))) for a, b in pairs for n in [20, 200]],
        tell_apart=[(a, b, w, float(proportion.samplesize_proportions_2indep_onetail(a - b, b, w))) for a, b in pairs for w in [0.8, 0.95]],
        margins=[margins(side, p, n) for side in [True, False] for p, n in [(0.9, 10), (0.9, 1000), (0.95, 300), (0.05, 300), (0.05, 59), (0.05, 58), (0.5, 7), (0.96, 1000), (0.001, 500), (0.999, 500)]]))


for case in [beta, rates, normal, binomial, random_stream, cluster, bootstrap, differences, mcnemar, corrected, hits, multiple, kappa, agreement, planning]:
    case()
