#!/usr/bin/env python3
"""Write tests/golden/optim.json: ten updates by torch's optimizers, schedules by transformers.

    scripts/golden_optim.py > tests/golden/optim.json

Everything is float64.  Needs Python with torch and transformers.  Three tensors stand for the kinds
of slices: `weight` (encoder, layer 1 of 2, decays), `bias` (encoder, layer 0, does not decay) and
`head` (layer 3, its own rate); the rate of a group is multiplied by layer_decay^(3 - layer) and by
the schedule's factor.
"""

import json
import sys

import torch
import transformers

SHAPE = {"weight": 7, "bias": 3, "head": 5}
LAYER = {"weight": 1, "bias": 0, "head": 3}
UPDATES = 10

RUNS = [
    {"type": "adamw", "lr": 2e-3, "head_lr": 1e-2, "weight_decay": 0.01, "betas": [0.9, 0.999],
     "eps": 1e-8, "layer_decay": 1.0, "clip": 0.0},
    {"type": "adamw", "lr": 5e-3, "head_lr": 5e-3, "weight_decay": 0.3, "betas": [0.8, 0.95],
     "eps": 1e-3, "layer_decay": 0.7, "clip": 1.0},
    {"type": "adamw", "lr": 1e-2, "head_lr": 1e-1, "weight_decay": 0.0, "betas": [0.0, 0.9],
     "eps": 1e-6, "layer_decay": 1.0, "clip": 0.0},
    {"type": "sgd", "lr": 0.02, "head_lr": 0.1, "weight_decay": 5e-4, "momentum": 0.9,
     "nesterov": False, "layer_decay": 1.0, "clip": 0.0},
    {"type": "sgd", "lr": 0.02, "head_lr": 0.1, "weight_decay": 0.1, "momentum": 0.8,
     "nesterov": True, "layer_decay": 0.9, "clip": 2.0},
    {"type": "sgd", "lr": 0.05, "head_lr": 0.05, "weight_decay": 0.01, "momentum": 0.0,
     "nesterov": False, "layer_decay": 1.0, "clip": 0.0},
]

SCHEDULES = [
    {"type": "linear", "warmup": 0, "total": 12},
    {"type": "linear", "warmup": 4, "total": 15},
    {"type": "linear", "warmup": 6, "total": 6},
    {"type": "cosine", "warmup": 0, "total": 9},
    {"type": "cosine", "warmup": 5, "total": 20},
    {"type": "constant", "warmup": 0, "total": 5},
    {"type": "constant", "warmup": 3, "total": 8},
    {"type": "step", "warmup": 0, "total": 14, "milestones": [3, 8, 11], "gamma": 0.2},
    {"type": "step", "warmup": 0, "total": 14, "every": 4, "gamma": 0.5},
]


def factors(schedule):
    parameter = torch.nn.Parameter(torch.zeros(1))
    optimizer = torch.optim.SGD([parameter], lr=1.0)
    warmup, total = schedule["warmup"], schedule["total"]
    if schedule["type"] == "linear":
        scheduler = transformers.get_linear_schedule_with_warmup(optimizer, warmup, total)
    elif schedule["type"] == "cosine":
        scheduler = transformers.get_cosine_schedule_with_warmup(optimizer, warmup, total)
    elif schedule["type"] == "constant":
        scheduler = transformers.get_constant_schedule_with_warmup(optimizer, warmup)
    elif "milestones" in schedule:
        scheduler = torch.optim.lr_scheduler.MultiStepLR(
            optimizer, schedule["milestones"], schedule["gamma"])
    else:
        scheduler = torch.optim.lr_scheduler.StepLR(
            optimizer, schedule["every"], schedule["gamma"])
    out = []
    for _ in range(total):
        out.append(optimizer.param_groups[0]["lr"])
        optimizer.step()
        scheduler.step()
    return out


def updates(run, start, gradients, factor):
    """Values of all tensors after each update, gradient norms before clipping."""
    tensors = {name: torch.nn.Parameter(start[name].clone()) for name in SHAPE}
    groups = [{"params": [tensors[name]],
               "weight_decay": 0.0 if name == "bias" else run["weight_decay"]} for name in SHAPE]
    if run["type"] == "adamw":
        optimizer = torch.optim.AdamW(groups, lr=1.0, betas=tuple(run["betas"]), eps=run["eps"])
    else:
        optimizer = torch.optim.SGD(groups, lr=1.0, momentum=run["momentum"],
                                    nesterov=run["nesterov"])
    values, norms = [], []
    for t in range(UPDATES):
        for name, group in zip(SHAPE, optimizer.param_groups):
            base = run["head_lr"] if name == "head" else run["lr"]
            group["lr"] = base * run["layer_decay"] ** (3 - LAYER[name]) * factor[t]
            tensors[name].grad = gradients[t][name].clone()
        norms.append(float(torch.nn.utils.clip_grad_norm_(tensors.values(),
                                                          run["clip"] or float("inf"))))
        optimizer.step()
        values.append({name: tensors[name].tolist() for name in SHAPE})
    return values, norms


def main():
    torch.manual_seed(3)
    torch.set_default_dtype(torch.float64)
    # Starts and gradients are float32 numbers, so that both builds begin from the same.
    draw = lambda n: torch.randn(n, dtype=torch.float32).double()
    start = {name: draw(n) for name, n in SHAPE.items()}
    gradients = [{name: draw(n) for name, n in SHAPE.items()} for _ in range(UPDATES)]
    factor = factors({"type": "linear", "warmup": 3, "total": UPDATES + 1})[1:]
    out = {
        "made_by": f"scripts/golden_optim.py, torch {torch.__version__}, "
                   f"transformers {transformers.__version__}",
        "start": {name: x.tolist() for name, x in start.items()},
        "gradients": [{name: x.tolist() for name, x in g.items()} for g in gradients],
        "factors": factor,
        "runs": [],
        "schedules": [dict(s, factors=factors(s)) for s in SCHEDULES],
    }
    for run in RUNS:
        values, norms = updates(run, start, gradients, factor)
        out["runs"].append(dict(run, norms=norms, values=values))
    json.dump(out, sys.stdout, indent=None, separators=(",", ":"))
    print()


if __name__ == "__main__":
    main()
