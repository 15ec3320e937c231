#!/usr/bin/env python3
"""Make tests/golden/metrics.json: evaluation figures of random predictions, by scikit-learn, scipy
and numpy, for tests/golden/test_metrics_golden.c.  The tests themselves need no Python.

    python3 scripts/golden_metrics.py > tests/golden/metrics.json

Scores are multiples of a power of two, so that they are the same numbers in float and double.
"""
import json
import sys
import warnings

import numpy as np
import scipy
import sklearn
from scipy.optimize import brentq
from scipy.spatial.distance import pdist
from scipy.special import log_softmax, softmax
from scipy.stats import pearsonr, spearmanr
from sklearn import metrics as skm

warnings.filterwarnings("ignore")
rng = np.random.default_rng(20230604)


def grid(x, step=64):
    return np.round(np.asarray(x) * step) / step


def expected_calibration_error(prob, pred, gold, bins=15):
    conf = prob[np.arange(len(gold)), pred]
    edges = np.linspace(0, 1, bins + 1)
    total = 0.0
    for lo, hi in zip(edges[:-1], edges[1:]):
        inside = (conf > lo) & (conf <= hi)
        if inside.any():
            gap = conf[inside].mean() - (pred[inside] == gold[inside]).mean()
            total += inside.sum() / len(gold) * abs(gap)
    return total


def temperature(scores, gold):
    def slope(beta):
        p = softmax(beta * scores, axis=1)
        return ((p * scores).sum(1) - scores[np.arange(len(gold)), gold]).mean()

    return 1 / brentq(slope, 0.01, 100, xtol=1e-15, rtol=1e-14)


def intervals(draw, n, draws=20000):
    """Plain resampling: low, high and the spread of the draws, of which a 1,000-draw interval's
    Monte Carlo error is a fraction."""
    found = {}
    for _ in range(draws):
        for name, x in draw(rng.integers(0, n, n)).items():
            found.setdefault(name, []).append(x)
    return {k: [*np.percentile(v, [2.5, 97.5]), np.std(v)] for k, v in found.items()}


def classes(n, K, spread, step=64, unseen=(), unpredicted=()):
    gold = rng.choice([k for k in range(K) if k not in unseen], n)
    scores = grid(rng.normal(size=(n, K)) + spread * np.eye(K)[gold], step)
    scores[:, list(unpredicted)] = scores.min(1, keepdims=True) - 0.25
    pred = scores.argmax(1)
    prob = softmax(scores, axis=1)
    labels = list(range(K))
    f1 = skm.f1_score(gold, pred, pos_label=1, average="binary") if K == 2 else skm.f1_score(
        gold, pred, average="macro", zero_division=0)
    value = {
        "accuracy": skm.accuracy_score(gold, pred),
        "balanced_accuracy": skm.balanced_accuracy_score(gold, pred),
        "f1": f1,
        "macro_f1": skm.f1_score(gold, pred, average="macro", zero_division=0),
        "micro_f1": skm.f1_score(gold, pred, average="micro"),
        "weighted_f1": skm.f1_score(gold, pred, average="weighted", zero_division=0),
        "mcc": skm.matthews_corrcoef(gold, pred),
        "log_loss": -log_softmax(scores, axis=1)[np.arange(n), gold].mean(),
        "brier": skm.brier_score_loss(gold, prob[:, 1]) if K == 2 else
        ((prob - np.eye(K)[gold]) ** 2).sum(1).mean(),
        "ece": expected_calibration_error(prob, pred, gold),
        "temperature": temperature(scores, gold),
    }
    assert abs(value["log_loss"] - skm.log_loss(gold, prob, labels=labels)) < 1e-9
    value["loss"] = value["log_loss"]
    if K == 2:
        value["auroc"] = skm.roc_auc_score(gold, scores[:, 1] - scores[:, 0])
    if K >= 10:
        assert all((row == row[g]).sum() == 1 for row, g in zip(scores, gold))  # no ties
        value["top5_accuracy"] = skm.top_k_accuracy_score(gold, scores, k=5, labels=labels)
    p, r, f, s = skm.precision_recall_fscore_support(gold, pred, labels=labels, zero_division=0)

    def draw(rows):
        g, q = gold[rows], pred[rows]
        hit = g == q
        recall = [hit[g == k].mean() for k in np.unique(g)]
        matrix = np.bincount(g * K + q, minlength=K * K).reshape(K, K)
        right, support, asked = np.diag(matrix), matrix.sum(1), matrix.sum(0)
        f = 2 * right / np.maximum(support + asked, 1)
        there = support + asked > 0
        # Gorodkin's R_K: the correlation of the two indicator matrices
        cov = n * right.sum() - (support * asked).sum()
        size = (n * n - (asked**2).sum()) * (n * n - (support**2).sum())
        return {"accuracy": hit.mean(), "balanced_accuracy": np.mean(recall),
                "f1": f[1] if K == 2 else f[there].mean(), "macro_f1": f[there].mean(),
                "weighted_f1": (f * support).sum() / n,
                "mcc": cov / np.sqrt(float(size)) if size > 0 else 0.0}

    return {
        "n": n, "K": K, "gold": gold.tolist(), "scores": scores.ravel().tolist(), "value": value,
        "precision": p.tolist(), "recall": r.tolist(), "class_f1": f.tolist(),
        "support": s.tolist(),
        "confusion": skm.confusion_matrix(gold, pred, labels=labels).ravel().tolist(),
        "interval": intervals(draw, n),
    }


def regression(n):
    gold = grid(rng.uniform(0, 5, n), 4)
    pred = grid(gold + rng.normal(size=n), 8)

    def draw(rows):
        g, q = gold[rows], pred[rows]
        return {"pearson": np.corrcoef(g, q)[0, 1], "spearman": spearmanr(g, q)[0],
                "mse": ((g - q) ** 2).mean()}

    mse = skm.mean_squared_error(gold, pred)
    return {"n": n, "gold": gold.tolist(), "pred": pred.tolist(),
            "value": {"pearson": pearsonr(gold, pred)[0], "spearman": spearmanr(gold, pred)[0],
                      "mse": mse, "loss": mse},
            "interval": intervals(draw, n, 5000)}


def space(n, d, K):
    gold = rng.integers(0, K, n)
    W = grid(rng.normal(size=(K, d)))
    h = grid(rng.normal(size=(n, d)) + W[gold] + 0.5)
    u = h / np.linalg.norm(h, axis=1, keepdims=True)
    e = W / np.linalg.norm(W, axis=1, keepdims=True)
    linear, label = rng.integers(0, K, n), rng.integers(0, K, n)
    square = pdist(u) ** 2
    same = pdist(gold[:, None].astype(float)) == 0
    sigma = np.linalg.svd(h - h.mean(0), compute_uv=False)
    p = sigma / sigma.sum()
    p = p[p > 1e-12]
    return {"n": n, "d": d, "K": K, "gold": gold.tolist(), "linear": linear.tolist(),
            "label": label.tolist(), "features": h.ravel().tolist(), "W": W.ravel().tolist(),
            "value": {"agreement": (linear == label).mean(),
                      "label_cosine": (u * e[gold]).sum(1).mean(),
                      "alignment": square[same].mean(),
                      "uniformity": np.log(np.exp(-2 * square).mean()),
                      "mean_cosine": (1 - square / 2).mean(),
                      "effective_rank": np.exp(-(p * np.log(p)).sum())}}


fixture = {
    "made_by": "scripts/golden_metrics.py, scikit-learn %s, scipy %s, numpy %s" % (
        sklearn.__version__, scipy.__version__, np.__version__),
    "classes": [classes(60, 2, 1.0, step=4), classes(80, 5, 1.5, unseen=[3], unpredicted=[1]),
                classes(50, 12, 2.0, step=1024)],
    "regression": [regression(40)],
    "space": [space(30, 6, 4), space(8, 12, 3)],
}
json.dump(fixture, sys.stdout, separators=(",", ":"))
print()
