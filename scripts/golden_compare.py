#!/usr/bin/env python3
"""Make tests/golden/compare.json: tests of paired differences, by scipy, scikit-learn and numpy, for
tests/golden/test_compare_golden.c.  The tests themselves need no Python.

    python3 scripts/golden_compare.py > tests/golden/compare.json

Needs scipy >= 1.13, scikit-learn, numpy, and three minutes.  Exact tests come from scipy (McNemar as a binomial test);
what is resampled is enumerated completely on small samples: every resample, every swap.
"""
import itertools
import json
import sys
import warnings

import numpy as np
import scipy
import sklearn
from scipy import stats
from sklearn import metrics as skm

warnings.filterwarnings("ignore")
rng = np.random.default_rng(20230604)
DRAWS = 10000  # of acf-eval: what the quantiles' Monte Carlo error follows from


def sign_flip(values):
    """P(|S| >= |sum|) by a dictionary of sums: nothing of binomials."""
    mass = {0: 1.0}
    for v in values:
        new = {}
        for s, p in mass.items():
            for t in (s + v, s - v):
                new[t] = new.get(t, 0.0) + p / 2
        mass = new
    seen = abs(sum(values))
    return min(1.0, sum(p for s, p in mass.items() if abs(s) >= seen))


def sign_flips():
    out = []
    for n, top in [(1, 1), (6, 3), (40, 2), (60, 5), (25, 9)]:
        values = rng.integers(-top, top + 1, n) + rng.integers(0, 2, n)
        values = [int(v) for v in values if abs(v) <= top]
        out.append({"values": values, "max": top, "p": sign_flip(values)})
    return out


def mcnemar():
    return [{"b": b, "c": c, "p": stats.binomtest(min(b, c), b + c).pvalue if b + c else 1.0}
            for b, c in [(0, 0), (0, 1), (5, 5), (1, 9), (12, 3), (40, 61), (0, 30), (700, 811),
                         (3000, 3100)]]


def wilcoxon():
    out = []

    def add(d, **how):
        p = stats.wilcoxon(d, zero_method="wilcox", **how).pvalue
        out.append({"d": list(map(float, d)), "exact": how.get("method") != "asymptotic",
                    "p": float(p)})

    for n in (1, 2, 5, 10, 25, 50):
        add(rng.normal(0.3, 1, n), method="exact")
    add(np.concatenate([rng.normal(0.5, 1, 8), [0, 0]])[rng.permutation(10)], method="exact")
    every = stats.PermutationMethod(n_resamples=np.inf)
    for n in (4, 7, 12):  # ties, all sign changes enumerated
        d = np.round(rng.normal(0.5, 1, n) * 2) / 2
        add(d[d != 0], method=every)
    for n, step in ((51, 1000), (80, 4), (200, 10)):
        add(np.round(rng.normal(0.15, 1, n) * step) / step, method="asymptotic", correction=True)
    add(np.concatenate([np.ones(30), -np.ones(30)]), method="asymptotic", correction=True)
    return out


def student():
    out = []
    for n in (2, 3, 5, 10):
        d = rng.normal(0.4, 1, n)
        test = stats.ttest_1samp(d, 0)
        ci = test.confidence_interval(0.95)
        error = d.std(ddof=1) * np.sqrt(1 / n + 1 / (n - 1))  # folds: Nadeau and Bengio
        half = stats.t.ppf(0.975, n - 1) * error
        out.append({"d": d.tolist(), "p": float(test.pvalue), "ci": [ci.low, ci.high],
                    "fold_p": float(2 * stats.t.sf(abs(d.mean() / error), n - 1)),
                    "fold_ci": [d.mean() - half, d.mean() + half]})
    return out


def holm():
    out = []
    for n in (1, 2, 5, 9):
        p = np.round(rng.uniform(0, 1, n) ** 3, 3)
        # by definition: test i is rejected at a when all smaller ones pass their own limits
        adjusted = []
        for i in range(n):
            rank = np.argsort(p, kind="stable")
            worst = 0.0
            for j, k in enumerate(rank):
                worst = max(worst, (n - j) * p[k])
                if k == i:
                    break
            adjusted.append(min(1.0, worst))
        out.append({"p": p.tolist(), "holm": adjusted})
    return out


def figure(metric, gold, pred):
    if metric == "accuracy":
        return float(np.mean(gold == pred))
    if metric == "f1":
        return skm.f1_score(gold, pred, zero_division=0)
    if metric == "macro_f1":
        return skm.f1_score(gold, pred, average="macro", zero_division=0)
    if metric == "balanced_accuracy":
        return float(np.mean([np.mean(pred[gold == k] == k) for k in np.unique(gold)]))
    if metric == "mcc":
        return skm.matthews_corrcoef(gold, pred)
    if metric == "mse":
        return float(np.mean((gold - pred) ** 2))
    if len(np.unique(gold)) < 2 or len(np.unique(pred)) < 2:
        return np.nan
    return float(stats.pearsonr(gold, pred)[0] if metric == "pearson" else
                 stats.spearmanr(gold, pred)[0])


def quantile_bounds(d, weight):
    """Between which values the 2.5 % and 97.5 % quantiles of DRAWS draws lie, five standard errors
    of a quantile's rank either way."""
    order = np.argsort(d)
    d, cum = d[order], np.cumsum(weight[order]) / weight.sum()

    def at(q):
        return float(d[min(len(d) - 1, np.searchsorted(cum, q))])

    off = 5 * np.sqrt(0.025 * 0.975 / DRAWS)
    return [at(0.025 - off), at(0.025 + off), at(0.975 - off), at(0.975 + off)]


def summarize(d, weight):
    d, weight = np.array(d), np.array(weight, float)
    keep = ~np.isnan(d)
    d, weight = d[keep], weight[keep]
    total = weight.sum()
    side = min(weight[d <= 1e-12].sum(), weight[d >= -1e-12].sum()) / total
    return {"bounds": quantile_bounds(d, weight), "p": min(1.0, 2 * side)}


def resamples(n):
    """Every multiset of n of n examples with how many sequences give it."""
    from math import factorial
    for rows in itertools.combinations_with_replacement(range(n), n):
        ways = factorial(n)
        for k in np.unique(rows, return_counts=True)[1]:
            ways //= factorial(int(k))
        yield np.array(rows), ways


def paired(metric, parts, crossed):
    """parts: [(gold, a, b)].  All resamples, all swaps."""
    S = len(parts)

    def gap(s, rows):
        g, a, b = (x[rows] for x in parts[s])
        return figure(metric, g, b) - figure(metric, g, a)

    # distribution of each part's gap under resampling; when crossed, of all gaps together
    d, weight = [], []
    if crossed:
        for rows, ways in resamples(len(parts[0][0])):
            gaps = [gap(s, rows) for s in range(S)]
            for drawn in itertools.product(range(S), repeat=S):
                d.append(np.mean([gaps[s] for s in drawn]))
                weight.append(ways)
    else:
        each = []
        for s in range(S):
            table = {}
            for rows, ways in resamples(len(parts[s][0])):
                v = round(gap(s, rows), 12)
                table[v] = table.get(v, 0) + ways
            total = sum(table.values())
            each.append([(v, w / total) for v, w in table.items()])
        for drawn in itertools.product(range(S), repeat=S):
            for combo in itertools.product(*[each[s] for s in drawn]):
                d.append(np.mean([v for v, _ in combo]))
                weight.append(np.prod([w for _, w in combo]))
    boot = summarize(d, weight)

    def swapped(s, flips):
        g, a, b = parts[s]
        return (figure(metric, g, np.where(flips, a, b)) - figure(metric, g, np.where(flips, b, a)))

    seen = np.mean([swapped(s, np.zeros(len(parts[s][0]), bool)) for s in range(S)])
    far, all_ = 0.0, 0.0
    if crossed:
        n = len(parts[0][0])
        for flips in itertools.product((False, True), repeat=n):
            v = np.mean([swapped(s, np.array(flips)) for s in range(S)])
            if not np.isnan(v):
                far, all_ = far + (abs(v) >= abs(seen) - 1e-9), all_ + 1
    else:
        tables = []
        for s in range(S):
            n = len(parts[s][0])
            table = {}
            for flips in itertools.product((False, True), repeat=n):
                v = round(swapped(s, np.array(flips)), 12)
                table[v] = table.get(v, 0) + 1
            tables.append(table)
        for combo in itertools.product(*[t.items() for t in tables]):
            w = np.prod([float(c) for _, c in combo])
            v = np.mean([v for v, _ in combo])
            far, all_ = far + w * (abs(v) >= abs(seen) - 1e-9), all_ + w
    return {
        "metric": metric, "crossed": crossed, "K": 0 if parts[0][0].dtype == float else
        int(max(max(map(np.max, p)) for p in parts)) + 1,
        "parts": [{"gold": g.tolist(), "first": a.tolist(), "second": b.tolist()}
                  for g, a, b in parts],
        "first": [figure(metric, g, a) for g, a, b in parts],
        "second": [figure(metric, g, b) for g, a, b in parts],
        "difference": float(seen), "bootstrap": boot, "swap_p": far / all_,
    }


def answers(n, K, right, gold=None):
    gold = rng.integers(0, K, n) if gold is None else gold
    pick = [np.where(rng.uniform(size=n) < r, gold, rng.integers(0, K, n)) for r in right]
    return (gold, *pick)


def numbers(n, gold=None):
    gold = np.round(rng.uniform(0, 5, n) * 4) / 4 if gold is None else gold
    return (gold, *[np.round((gold + rng.normal(0, s, n)) * 8) / 8 for s in (1.5, 0.7)])


def seeds(n, K, right, count):
    first = answers(n, K, right)
    return [first] + [answers(n, K, right, first[0]) for _ in range(count - 1)]


def pairs():
    number_seeds = [numbers(7)]
    number_seeds.append(numbers(7, number_seeds[0][0]))
    return [
        paired("accuracy", [answers(8, 3, (0.3, 0.8))], True),
        paired("accuracy", seeds(7, 2, (0.4, 0.7), 2), True),
        paired("accuracy", [answers(4, 2, (0.2, 0.8)), answers(5, 2, (0.3, 0.8))], False),
        paired("accuracy", seeds(6, 4, (0.1, 0.9), 3), True),
        paired("f1", [answers(9, 2, (0.1, 0.8))], True),
        paired("mcc", seeds(7, 2, (0.1, 0.8), 2), True),
        paired("macro_f1", [answers(8, 3, (0.2, 0.8))], True),
        paired("balanced_accuracy", [answers(5, 3, (0.2, 0.8)), answers(4, 3, (0.2, 0.8))], False),
        paired("pearson", [numbers(8)], True),
        paired("spearman", number_seeds, True),
        paired("mse", [numbers(5), numbers(4)], False),
    ]


def groups():
    """Every draw of groups, then of members."""
    out = []
    for sizes in ([3], [2, 3], [1, 2, 2]):
        x = [np.round(rng.normal(0.3, 1, k), 3) for k in sizes]
        d, weight = [], []
        means = [[np.mean(m) for m in itertools.product(g, repeat=len(g))] for g in x]
        for drawn in itertools.product(range(len(x)), repeat=len(x)):
            for combo in itertools.product(*[means[g] for g in drawn]):
                d.append(np.mean(combo))
                weight.append(1 / np.prod([len(means[g]) for g in drawn]))
        out.append({"groups": [g.tolist() for g in x], **summarize(d, weight)})
    return out


fixture = {
    "made_by": "scripts/golden_compare.py, scipy %s, scikit-learn %s, numpy %s" % (
        scipy.__version__, sklearn.__version__, np.__version__),
    "sign_flip": sign_flips(), "mcnemar": mcnemar(), "wilcoxon": wilcoxon(), "student": student(),
    "holm": holm(), "paired": pairs(), "groups": groups(),
}
json.dump(fixture, sys.stdout, separators=(",", ":"))
print()
