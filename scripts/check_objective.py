#!/usr/bin/env python3
"""Compare tests/objective and tests/objective-double with autograd on random batches.

    scripts/check_objective.py [--cases 400] [--seed 1] [--float PROGRAM] [--double PROGRAM]

The reference below is the definition of each term, written out anchor by anchor, in float64; its
gradients are PyTorch's.  Judged as: loss 1e-5 relative and per tensor max|a - b| <= 1e-5 max|b|
for the float program (1e-4 when tau < 0.05), 1e-9 for the double one.  Needs Python with PyTorch
(pip install torch) and the two programs (make tests/objective tests/objective-double).  Prints the
worst case of each kind; exits 1 when any is over its limit.
"""

import argparse
import json
import math
import pathlib
import random
import subprocess
import sys

try:
    import torch
except ImportError:
    sys.exit("check_objective.py: needs PyTorch in this Python: pip install torch")

ROOT = pathlib.Path(__file__).resolve().parent.parent

# Which points are anchors and which are contrasts: instances I, labels L.
BLOCKS = {
    "ce": [], "mse": [],
    "cosine_ce": [("I", "L")], "icl": [("I", "L")], "lcl": [("L", "I")], "scl": [("I", "I")],
    "paco": [("I", "IL")], "acf": [("IL", "IL")], "lacon": [("I", "L"), ("L", "I")],
}
PRESET = {"ce": (1, 0, 0), "cosine_ce": (0, 1, 0), "lacon": (0, 1, 0.1), "mse": (1, 0, 0)}


def contrast(U, cls, N, block, form, tau, rho):
    """Value, excess (None without an anchor) and kept anchors of one block."""
    M = len(cls)
    part = lambda letters: [i for i in range(M) if ("I" if i < N else "L") in letters]
    S = U @ U.T / tau
    losses, entropies, pairs = [], [], []
    for i in part(block[0]):
        A = [j for j in part(block[1]) if j != i]
        P = [j for j in A if cls[j] == cls[i]]
        if not P:
            continue
        if form == "supcon":
            t = torch.tensor([rho if p >= N else 1.0 for p in P], dtype=torch.float64)
            t = t / t.sum()
            losses.append(-(t * (S[i, P] - torch.logsumexp(S[i, A], 0))).sum())
            entropies.append(-(t * t.log()).sum())
        else:
            negatives = [j for j in A if cls[j] != cls[i]]
            losses.append(torch.zeros((), dtype=torch.float64))
            for p in P:
                pairs.append(-S[i, p] + torch.logsumexp(S[i, [p] + negatives], 0))
    if not losses:
        return U.sum() * 0, None, 0
    if form == "ntxent":
        value = torch.stack(pairs).mean()
        return value, value, len(losses)
    value = torch.stack(losses).mean()
    return value, value - torch.stack(entropies).mean(), len(losses)


def correlation(H, y, kind):
    """|Sigma - I|_F of the columns of H, or of their residuals from the class means."""
    N = len(H)
    zero = H.sum() * 0
    if N < 3 or (kind == "within" and N - len(set(y)) < 2):
        return zero
    if kind == "feature":
        R = H - H.mean(0)
    else:
        same = torch.tensor([[float(a == b) for b in y] for a in y], dtype=torch.float64)
        R = H - same / same.sum(1, keepdim=True) @ H
    keep = (R.norm(dim=0) > 1e-6 * H.norm(dim=0)).nonzero().flatten()
    R = R[:, keep]
    X = R / R.norm(dim=0)
    sigma = X.T @ X
    square = ((sigma - torch.eye(len(keep), dtype=torch.float64)) ** 2).sum()
    return zero if square <= 1e-10 * len(keep) else square.sqrt()


def reference(case):
    loss = case["loss"]
    kind = loss["type"]
    leaf = lambda x: torch.tensor(x, dtype=torch.float64, requires_grad=True)
    H, W, b = leaf(case["H"]), leaf(case["W"]), leaf(case["b"])
    y, N, K = case["y"], len(case["H"]), len(case["W"])
    ce0, lambda0, reg0 = PRESET.get(kind, (1, 0.5, 0))
    weight = {"ce": loss.get("ce", ce0), "lambda": loss.get("lambda", lambda0),
              "reg": loss.get("label_reg", reg0), "cor": loss.get("cor", {}).get("weight", 0)}
    logits = (H * torch.tensor(case["keep"], dtype=torch.float64)) @ W.T + b

    out = {"n_anchor": 0, "excess": None, "logits": logits}
    zero = H.sum() * 0 + W.sum() * 0 + b.sum() * 0
    if kind == "mse":
        ce = ((logits[:, 0] - torch.tensor(y, dtype=torch.float64)) ** 2).mean()
        parts = {"ce": ce, "contrast": zero, "cor": zero, "label_reg": zero}
        total = ce
    else:
        v = loss.get("class_weights")
        ce = torch.nn.functional.cross_entropy(
            logits, torch.tensor(y), label_smoothing=loss.get("label_smoothing", 0.0),
            weight=None if v is None else torch.tensor(v, dtype=torch.float64))
        E = W / W.norm(dim=1, keepdim=True)
        U = torch.cat([H / H.norm(dim=1, keepdim=True), E])
        value = zero
        for block in BLOCKS[kind]:
            term, excess, n = contrast(U, y + list(range(K)), N, block, loss.get("form", "supcon"),
                                       loss.get("tau", 0.1), loss.get("label_weight", 1.0))
            value = value + term
            out["n_anchor"] += n
            if excess is not None:
                out["excess"] = excess + (out["excess"] or 0)
        off = ~torch.eye(K, dtype=torch.bool)
        cosines = (E @ E.T)[off]
        ler = (torch.exp(1 + cosines) - 1).mean() if weight["reg"] else zero
        cor_type = loss.get("cor", {}).get("type", "feature")
        cor = zero
        if BLOCKS[kind] and cor_type == "label":
            cor = (cosines ** 2).mean()
        elif BLOCKS[kind] and cor_type != "none":
            cor = correlation(H, y, cor_type)
        parts = {"ce": ce, "contrast": value, "cor": cor, "label_reg": ler}
        total = (weight["ce"] * ce + weight["lambda"] * value + weight["cor"] * cor +
                 weight["reg"] * ler)
    (total + zero).backward()
    out.update({"loss": total, "d_H": H.grad, "d_W": W.grad, "d_b": b.grad})
    out.update({"loss_" + key: part for key, part in parts.items()})
    return out


def random_case(rng, number):
    kind = list(BLOCKS)[number % len(BLOCKS)]
    N, d = rng.randint(1, 14), rng.randint(2, 24)
    K = 1 if kind == "mse" else rng.randint(2, 12)
    f32 = lambda x: float(torch.tensor(x, dtype=torch.float32))
    scale = 10 ** rng.uniform(-1, 1)
    matrix = lambda n, m, s: [[f32(rng.gauss(0, s)) for _ in range(m)] for _ in range(n)]
    case = {"H": matrix(N, d, scale), "W": matrix(K, d, 10 ** rng.uniform(-1.5, 0.5)),
            "b": [f32(rng.gauss(0, 0.3)) for _ in range(K)],
            "keep": [[0.0 if rng.random() < 0.1 else f32(1 / 0.9) for _ in range(d)]
                     for _ in range(N)]}
    used = rng.sample(range(K), rng.randint(1, K))  # some classes absent
    case["y"] = ([f32(rng.gauss(0, 1)) for _ in range(N)] if kind == "mse"
                 else [rng.choice(used) for _ in range(N)])
    loss = {"type": kind, "tau": math.exp(rng.uniform(math.log(0.001), math.log(10))),
            "form": rng.choice(["supcon", "ntxent"])}
    if loss["form"] == "supcon" and rng.random() < 0.5:
        loss["label_weight"] = math.exp(rng.uniform(math.log(0.05), math.log(100)))
    if rng.random() < 0.7:
        loss["cor"] = {"type": rng.choice(["feature", "within", "label", "none"]),
                       "weight": rng.choice([0.0, rng.uniform(0.01, 2)])}
    for key, low, high in (("ce", 0, 2), ("lambda", 0, 2), ("label_reg", 0, 1)):
        if rng.random() < 0.4:
            loss[key] = rng.choice([0.0, rng.uniform(low, high)])
    if kind != "mse" and rng.random() < 0.3:
        loss["class_weights"] = [rng.uniform(0.1, 5) for _ in range(K)]
    if rng.random() < 0.3:
        loss["label_smoothing"] = rng.uniform(0, 0.5)
    case["loss"] = loss
    return case


def run(program, cases):
    text = "\n".join(json.dumps(case) for case in cases)
    done = subprocess.run([program], input=text, capture_output=True, text=True, check=False)
    if done.returncode != 0:
        sys.exit(f"{program}: exit {done.returncode}: {done.stderr.strip()}")
    return [json.loads(line) for line in done.stdout.splitlines()]


def errors(got, want):
    """Relative errors of the losses and of each tensor."""
    for key in ("loss", "loss_ce", "loss_contrast", "loss_cor", "loss_label_reg", "excess"):
        if want[key] is None or got[key] is None:
            yield key, 0.0 if want[key] is None and got[key] is None else math.inf
            continue
        value = float(torch.as_tensor(want[key]).detach())
        yield key, abs(got[key] - value) / max(abs(value), 1e-6)
    yield "n_anchor", 0.0 if got["n_anchor"] == want["n_anchor"] else math.inf
    largest = max(float(want[key].abs().max()) for key in ("d_H", "d_W", "d_b"))
    for key in ("logits", "d_H", "d_W", "d_b"):
        b = want[key].detach()
        miss = float((torch.tensor(got[key], dtype=torch.float64) - b).abs().max())
        scale = float(b.abs().max())
        # A gradient that cancels to rounding is measured against the whole.
        yield key, miss / max(scale, 1e-9 * largest, 1e-30) if miss > 0 else 0.0


def main():
    args = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    args.add_argument("--cases", type=int, default=400)
    args.add_argument("--seed", type=int, default=1)
    args.add_argument("--float", default=str(ROOT / "tests/objective"))
    args.add_argument("--double", default=str(ROOT / "tests/objective-double"))
    args = args.parse_args()

    torch.set_num_threads(1)
    rng = random.Random(args.seed)
    cases = [random_case(rng, i) for i in range(args.cases)]
    wanted = [reference(case) for case in cases]
    n_bad = 0
    for name, program in (("float", args.float), ("double", args.double)):
        worst = {}
        for case, got, want in zip(cases, run(program, cases), wanted):
            sharp = case["loss"]["tau"] < 0.05 and BLOCKS[case["loss"]["type"]]
            for key, error in errors(got, want):
                limit = 1e-9 if name == "double" else 1e-4 if sharp and key[:2] == "d_" else 1e-5
                kind = (key, "tau < 0.05" if sharp else "tau >= 0.05")
                if error > worst.get(kind, (-1.0,))[0]:
                    worst[kind] = (error, limit, case["loss"])
                if not error <= limit:
                    n_bad += 1
        for (key, range_), (error, limit, loss) in sorted(worst.items()):
            mark = "" if error <= limit else "   OVER"
            print(f"{name:6} {key:14} {range_:11} {error:9.2e} of {limit:g}  {loss['type']}{mark}")
            if mark:
                print("      ", json.dumps(loss))
    print(f"{len(cases)} cases, {n_bad} numbers over their limit")
    return 1 if n_bad else 0


if __name__ == "__main__":
    sys.exit(main())
