#!/usr/bin/env python3
"""Train 20 updates with acf-train and the same ones in PyTorch, and compare losses and gradients.

    scripts/compare_steps.py --data SST-2_DIR --encoder HF_DIR --work NEW_DIR [--loss acf] \\
        [--set loss.cor.weight=0.1]...

runs acf-train twice, without dropout,

    acf-train --config configs/sst2.yaml --set data.dir=... --set model.encoder=... \\
        --set model.dropout=0 --set loss.type=acf --set train.steps=0 \\
        --set save.dir=NEW_DIR/initial
    acf-train (the same) --set train.steps=20 --set log.every=1 --set save.dir=NEW_DIR/run \\
        --dump-step 1-20 NEW_DIR/step-%d.safetensors

then starts PyTorch from the model of the first run, feeds it the batches that the second one
dumped, and takes the same 20 updates.  Exit 1 when a loss or one of its parts differs by more than
1e-4, a learning rate by more than 1e-6 of itself, or a gradient of the first update by more than 1e-4 of the largest value
of its tensor.  --reuse compares what NEW_DIR holds already.  NEW_DIR belongs outside the project.

Needs torch, transformers and safetensors.
"""
import argparse
import json
import math
import pathlib
import subprocess
import sys

import safetensors.torch
import torch
import transformers

import torch_reference as ref

ROOT = pathlib.Path(__file__).resolve().parent.parent
LOSS_TOL, GRAD_TOL, RATE_TOL = 1e-4, 1e-4, 1e-6


def train(args):
    args.work.mkdir(parents=True)
    common = [args.programs / "acf-train", "--config", args.config]
    for key, value in {"data.dir": args.data.resolve(), "model.encoder": args.encoder.resolve(),
                       "model.dropout": 0, "loss.type": args.loss,
                       "train.threads": args.threads}.items():
        common += ["--set", f"{key}={value}"]
    for override in args.set:
        common += ["--set", override]
    runs = [["--set", "train.steps=0", "--set", f"save.dir={args.work / 'initial'}"],
            ["--set", f"train.steps={args.steps}", "--set", "log.every=1",
             "--set", f"save.dir={args.work / 'run'}",
             "--dump-step", f"1-{args.steps}", args.work / "step-%d.safetensors"]]
    for how in runs:
        command = [str(x) for x in common + how]
        print(" ".join(command), flush=True)
        subprocess.run(command, check=True, stdout=subprocess.DEVNULL)


def dotted(tree, prefix=""):
    """Nested mappings as {"train.optimizer.lr": value}."""
    flat = {}
    for key, value in tree.items():
        if isinstance(value, dict):
            flat.update(dotted(value, f"{prefix}{key}."))
        else:
            flat[prefix + key] = value
    return flat


def resolved_config(args):
    """What the run used, from --print-config-like config.yaml of its directory."""
    import yaml

    with open(args.work / "run" / "config.yaml", encoding="utf-8") as f:
        return dotted(yaml.safe_load(f))


def loss_keys(config):
    kind = config["loss.type"]
    keys = ref.preset(kind, float(config["loss.tau"]), float(config["loss.lambda"]))
    keys.update({"ce": float(config["loss.ce"]), "form": config["loss.form"],
                 "label_weight": float(config["loss.label_weight"])})
    if kind != "ce" and config["loss.cor.type"] == "feature":
        keys["cor"] = float(config["loss.cor.weight"])
    return keys


def worse(a, b):
    """The larger of two differences; a NaN, once met, stays."""
    return b if math.isnan(b) or b > a else a


def padded(dump):
    """Right-padded ids, types and mask of a packed batch."""
    start = dump["start"].tolist()
    spans = list(zip(start, start[1:]))
    longest = max(b - a for a, b in spans)
    fill = lambda x: torch.nn.functional.pad(x, (0, longest - len(x)))
    types = dump.get("token_type_ids", torch.zeros_like(dump["input_ids"]))  # absent: no pairs
    return {"input_ids": torch.stack([fill(dump["input_ids"][a:b]) for a, b in spans]),
            "token_type_ids": torch.stack([fill(types[a:b]) for a, b in spans]),
            "attention_mask": torch.stack([fill(torch.ones(b - a, dtype=torch.long))
                                           for a, b in spans])}


def compare_gradients(model, dump):
    """Largest difference of each gradient in units of its largest value; prints the worst."""
    grads = {n: p.grad for n, p in model.named_parameters()}
    lacking = sorted(set(grads) - set(dump))
    if lacking:
        sys.exit(f"the dump lacks the gradients of {', '.join(lacking)}")
    top = max(float(g.abs().max()) for g in grads.values())
    rows = []
    for name, g in grads.items():
        # A gradient that is identically 0 (key bias, b without CE) is judged by the largest of all.
        scale = float(g.abs().max())
        if scale < 1e-6 * top:
            scale = top
        rows.append((float((dump[name] - g).abs().max()) / scale, name))
    rows.sort(key=lambda row: math.inf if math.isnan(row[0]) else row[0], reverse=True)
    print("update 1: largest gradient differences, by max-norm of each tensor")
    for difference, name in rows[:5]:
        print(f"  {difference:.2e}  {name}")
    return rows[0][0]


def run_torch(args, config):
    model = transformers.AutoModelForSequenceClassification.from_pretrained(
        args.work / "initial" / "best", hidden_dropout_prob=0.0, attention_probs_dropout_prob=0.0,
        classifier_dropout=None)
    model.train()
    keys = loss_keys(config)
    betas = config["train.optimizer.betas"]
    optimizer = ref.make_optimizer(
        model, float(config["train.optimizer.lr"]), float(config["train.optimizer.head_lr"]),
        float(config["train.optimizer.weight_decay"]), tuple(map(float, betas)),
        float(config["train.optimizer.eps"]))
    warmup = float(config["train.schedule.warmup"])
    warmup = math.ceil(warmup * args.steps) if warmup < 1 else int(warmup)
    rates = {}
    with open(args.work / "run" / "metrics.jsonl", encoding="utf-8") as f:
        for event in map(json.loads, f):
            if event["event"] == "train":
                rates[event["step"]] = event["lr"], event["lr_head"]

    worst_loss = worst_rate = worst_grad = 0.0
    for k in range(1, args.steps + 1):
        dump = safetensors.torch.load_file(args.work / f"step-{k}.safetensors")
        h = model.bert(**padded(dump)).pooler_output
        logits = model.classifier(h)
        loss, parts = ref.objective(h, logits, model.classifier.weight, dump["labels"].long(),
                                    keys)
        optimizer.zero_grad()
        loss.backward()
        if k == 1:
            worst_grad = compare_gradients(model, dump)
            print("update  loss ours    loss torch   difference  gradient norm")
        norm = torch.nn.utils.clip_grad_norm_(model.parameters(), float(config["train.clip"]))
        factor = ref.linear_factor(k - 1, args.steps, warmup)
        ref.set_lr(optimizer, factor)
        optimizer.step()

        ours, theirs = dump["loss"].item(), loss.item()
        worst_loss = worse(worst_loss, abs(ours - theirs))
        for name, value in parts.items():
            worst_loss = worse(worst_loss, abs(dump[name].item() - value.item()))
        for rate, base in zip(rates[k], ("lr", "head_lr")):
            want = float(config[f"train.optimizer.{base}"]) * factor
            worst_rate = worse(worst_rate, abs(rate - want) / max(want, 1e-12))
        print(f"{k:6}  {ours:.8f}  {theirs:.8f}  {abs(ours - theirs):.2e}    {norm.item():.5f}")
    return worst_loss, worst_grad, worst_rate


def main():
    parser = argparse.ArgumentParser(description=__doc__,
                                     formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--data", type=pathlib.Path, required=True, help="of train.tsv, dev.tsv")
    parser.add_argument("--encoder", type=pathlib.Path, required=True)
    parser.add_argument("--work", type=pathlib.Path, required=True, help="directory to make")
    parser.add_argument("--config", type=pathlib.Path, default=ROOT / "configs" / "sst2.yaml")
    parser.add_argument("--programs", type=pathlib.Path, default=ROOT, help="where acf-train is")
    parser.add_argument("--loss", default="acf", choices=["ce", *ref.BLOCKS])
    parser.add_argument("--set", action="append", default=[], metavar="KEY=VALUE")
    parser.add_argument("--steps", type=int, default=20)
    parser.add_argument("--threads", type=int, default=2)
    parser.add_argument("--reuse", action="store_true", help="WORK holds the runs already")
    args = parser.parse_args()
    torch.set_num_threads(args.threads)
    transformers.logging.set_verbosity_error()

    if not args.reuse:
        train(args)
    loss, grad, rate = run_torch(args, resolved_config(args))
    failed = False
    for what, value, limit in (("loss", loss, LOSS_TOL), ("gradient", grad, GRAD_TOL),
                               ("learning rate", rate, RATE_TOL)):
        good = value <= limit
        failed |= not good
        print(f"{'ok  ' if good else 'FAIL'} {what}: largest difference {value:.2e}, "
              f"limit {limit:g}")
    return int(failed)


if __name__ == "__main__":
    sys.exit(main())
