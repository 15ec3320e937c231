#!/usr/bin/env python3
"""Fine-tune a BERT-family encoder on SST-2 in PyTorch: the recipe that acf-train is held against.

    scripts/parity_torch.py --data SST-2_DIR --encoder HF_DIR --results FILE.jsonl \\
        [--loss ce --loss acf] [--seeds 1 2 3 4 5]

One epoch of 20,000 training examples (stratified), batch 32, AdamW 2e-5 (head 1e-3), weight decay
0.01 on all but biases and LayerNorm, linear schedule with warm-up over 6 % of the updates, clip
1.0, dropout 0.1, 128 tokens, pooler output.  `acf` is CE + 0.5 contrast with tau 0.1; the contrast sees
the pooler output before dropout.  The accuracy on dev is given for both heads: argmax of W h + b,
and argmax of the cosine to the rows of W.

The same command for acf-train:

    acf-train --config configs/sst2.yaml --set data.dir=SST-2_DIR --set model.encoder=HF_DIR \\
        --set data.max_train_samples=20000 --set train.epochs=1 --set model.label_init=normal \\
        --set loss.type=ce --set train.seed=1 --set save.dir=RUN

Needs torch and transformers.  FILE.jsonl gets one line per finished run; give a path outside the
project.  A run that FILE.jsonl already holds is not done again.

A batch is sorted by length and goes through the encoder in --pieces pieces, each padded to its own
longest text: the same mathematics as one padded batch (nothing in BERT couples examples), with
about half the padding.  --pieces 1 is the plain way.
"""
import argparse
import collections
import json
import math
import os
import pathlib
import random
import statistics
import sys
import time

os.environ.setdefault("OMP_WAIT_POLICY", "PASSIVE")  # threads that spin slow a busy machine down

import torch
import transformers

import torch_reference as ref


def read_sst2(path):
    with open(path, encoding="utf-8", newline="\n") as f:
        rows = [line.rstrip("\n").split("\t") for line in f]
    return [r[0] for r in rows[1:]], [int(r[1]) for r in rows[1:]]


def stratified(labels, want, rng):
    """`want` row numbers with the classes in the proportion of `labels`."""
    by_class = collections.defaultdict(list)
    for i, y in enumerate(labels):
        by_class[y].append(i)
    chosen = []
    for y in sorted(by_class):
        rng.shuffle(by_class[y])
        chosen += by_class[y][:round(want * len(by_class[y]) / len(labels))]
    return chosen


def features_of(model, ids, pieces):
    """Pooler outputs [N, d] of token id lists, in their order."""
    order = sorted(range(len(ids)), key=lambda i: len(ids[i]))
    size = math.ceil(len(ids) / pieces)
    parts = []
    for at in range(0, len(order), size):
        piece = [ids[i] for i in order[at:at + size]]
        longest = max(map(len, piece))
        tokens = torch.tensor([x + [0] * (longest - len(x)) for x in piece])
        mask = torch.tensor([[1] * len(x) + [0] * (longest - len(x)) for x in piece])
        parts.append(model.bert(input_ids=tokens, attention_mask=mask).pooler_output)
    back = torch.empty(len(order), dtype=torch.long)
    back[torch.tensor(order)] = torch.arange(len(order))
    return torch.cat(parts)[back]


@torch.no_grad()
def evaluate(model, ids, labels, pieces):
    model.eval()
    w = model.classifier.weight
    linear = label = 0
    for at in range(0, len(ids), 64):
        h = features_of(model, ids[at:at + 64], pieces)
        y = torch.tensor(labels[at:at + 64])
        linear += int((model.classifier(h).argmax(1) == y).sum())
        label += int(((ref.unit_rows(h) @ ref.unit_rows(w).T).argmax(1) == y).sum())
    model.train()
    return linear / len(ids), label / len(ids)


def run(args, kind, seed, train, dev):
    torch.manual_seed(seed)
    rng = random.Random(seed)
    model = transformers.AutoModelForSequenceClassification.from_pretrained(
        args.encoder, num_labels=2, hidden_dropout_prob=args.dropout,
        attention_probs_dropout_prob=args.dropout)
    torch.nn.init.normal_(model.classifier.weight, std=0.02)
    torch.nn.init.zeros_(model.classifier.bias)
    model.train()
    optimizer = ref.make_optimizer(model, args.lr, args.head_lr, 0.01, fused=True)
    objective = ref.preset(kind, args.tau, args.lam)

    rows = stratified(train[1], args.examples, rng)
    rng.shuffle(rows)
    updates = math.ceil(len(rows) / args.batch)
    if args.max_updates:
        updates = min(updates, args.max_updates)
    warmup = math.ceil(0.06 * updates)
    step_s, cpu_s, losses = [], [], []
    begun = time.perf_counter()
    for k in range(updates):
        tick, cpu_tick = time.perf_counter(), time.process_time()
        batch = rows[k * args.batch:(k + 1) * args.batch]
        y = torch.tensor([train[1][i] for i in batch])
        h = features_of(model, [train[0][i] for i in batch], args.pieces)
        logits = model.classifier(model.dropout(h))
        loss, _ = ref.objective(h, logits, model.classifier.weight, y, objective)
        optimizer.zero_grad()
        loss.backward()
        torch.nn.utils.clip_grad_norm_(model.parameters(), 1.0)
        ref.set_lr(optimizer, ref.linear_factor(k, updates, warmup))
        optimizer.step()
        losses.append(loss.item())
        step_s.append(time.perf_counter() - tick)
        cpu_s.append(time.process_time() - cpu_tick)
        if (k + 1) % 50 == 0:
            print(f"{kind} seed {seed} update {k + 1}/{updates} "
                  f"loss {statistics.mean(losses[-50:]):.4f} "
                  f"{statistics.median(step_s[-50:]) * 1e3:.0f} ms/update", flush=True)
    linear, label = evaluate(model, *dev, args.pieces)
    return {"loss": kind, "seed": seed, "updates": updates, "dev_linear": linear,
            "dev_label": label, "train_loss_last_100": statistics.mean(losses[-100:]),
            "median_update_s": statistics.median(step_s),
            "median_update_cpu_s": statistics.median(cpu_s),
            "wall_s": time.perf_counter() - begun, "load": os.getloadavg()[0],
            "torch": torch.__version__, "transformers": transformers.__version__}


def table(done):
    print(f"{'loss':6} {'seeds':>5}  linear head         label head")
    for kind in sorted({d["loss"] for d in done}):
        cells = []
        runs = [d for d in done if d["loss"] == kind]
        for head in ("dev_linear", "dev_label"):
            values = [100 * d[head] for d in runs]
            spread = statistics.stdev(values) if len(values) > 1 else 0.0
            cells.append(f"{statistics.mean(values):6.2f} +- {spread:.2f}")
        print(f"{kind:6} {len(runs):5}  {cells[0]:18}  {cells[1]}")


def main():
    parser = argparse.ArgumentParser(description=__doc__,
                                     formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--data", type=pathlib.Path, required=True, help="of train.tsv, dev.tsv")
    parser.add_argument("--encoder", required=True, help="Hugging Face model directory")
    parser.add_argument("--results", type=pathlib.Path, required=True, help="JSON lines, appended")
    parser.add_argument("--loss", action="append", choices=["ce", *ref.BLOCKS])
    parser.add_argument("--seeds", type=int, nargs="+", default=[1, 2, 3, 4, 5])
    parser.add_argument("--examples", type=int, default=20000)
    parser.add_argument("--batch", type=int, default=32)
    parser.add_argument("--lr", type=float, default=2e-5)
    parser.add_argument("--head-lr", type=float, default=1e-3)
    parser.add_argument("--tau", type=float, default=0.1)
    parser.add_argument("--lam", type=float, default=0.5)
    parser.add_argument("--dropout", type=float, default=0.1)
    parser.add_argument("--max-length", type=int, default=128)
    parser.add_argument("--pieces", type=int, default=4)
    parser.add_argument("--threads", type=int, default=2)
    parser.add_argument("--max-updates", type=int, help="stop early: to time updates")
    args = parser.parse_args()
    torch.set_num_threads(args.threads)
    transformers.logging.set_verbosity_error()

    tokenizer = transformers.AutoTokenizer.from_pretrained(args.encoder)
    splits = []
    for name in ("train.tsv", "dev.tsv"):
        texts, labels = read_sst2(args.data / name)
        ids = tokenizer(texts, truncation=True, max_length=args.max_length, padding=False)
        splits.append((ids["input_ids"], labels))
        tokens = statistics.mean(map(len, splits[-1][0]))
        print(f"{name}: {len(texts)} rows, {tokens:.1f} tokens each")

    done = []
    if args.results.exists():
        done = [json.loads(line) for line in args.results.read_text().splitlines()]
    for seed in args.seeds:
        for kind in args.loss or ["ce", "acf"]:
            if any(d["loss"] == kind and d["seed"] == seed for d in done):
                continue
            result = run(args, kind, seed, *splits)
            print(json.dumps(result), flush=True)
            with open(args.results, "a", encoding="utf-8") as f:
                f.write(json.dumps(result) + "\n")
            done.append(result)
    table(done)
    return 0


if __name__ == "__main__":
    sys.exit(main())
