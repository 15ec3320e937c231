#!/usr/bin/env python3
"""The workloads of `make bench` in PyTorch: the same networks, batches, objective and updates.

    scripts/bench-pytorch.py tests/bench/workloads.json WORKLOAD [--pad batch|128|sorted]
        [--compile] [--runs N] [--seconds S] [--threads N]

Prints CSV with the columns of tests/bench/bench_step.c: rate (examples/s) and peak resident memory.
Text networks are transformers' BertForSequenceClassification with dropout as it is by default and
scaled dot-product attention; images are in channels_last.  --pad batch pads to the longest text of
the batch, 128 to that length, sorted (predictions only) sorts all texts by length first.  AdamW is
PyTorch's fused one, the gradient is clipped to norm 1, the objective is cross-entropy plus 0.5 times
the aligned contrastive loss in float32.  --compile runs the network through torch.compile (needs a
C++ compiler).

Needs torch 2.13 and transformers.  Random weights; nothing is loaded.
"""
import argparse
import json
import resource
import statistics
import sys
import time

import torch

import torch_resnet


def contrast(h, w, y, tau=0.1):
    """The aligned contrastive loss over instances h [N, d] and label embeddings w [K, d]."""
    n, k = h.shape[0], w.shape[0]
    u = torch.nn.functional.normalize(torch.cat([h, w]), dim=1)
    cls = torch.cat([y, torch.arange(k)])
    itself = torch.eye(n + k, dtype=torch.bool)
    positive = (cls[:, None] == cls[None, :]) & ~itself
    log_p = torch.log_softmax((u @ u.T / tau).masked_fill(itself, -torch.inf), dim=1)
    count = positive.sum(1)
    kept = count > 0
    per_anchor = -log_p.masked_fill(~positive, 0.0).sum(1)[kept] / count[kept]
    return per_anchor.mean()


def text_batches(lists, pad, vocab_size, classes, predict):
    if predict:
        lengths = [n for one in lists for n in one]
        if pad == "sorted":
            lengths.sort()
        lists = [lengths[at:at + 64] for at in range(0, len(lengths), 64)]
    batches = []
    for lengths in lists:
        width = 128 if pad == "128" else max(lengths)
        mask = torch.zeros(len(lengths), width, dtype=torch.long)
        for i, n in enumerate(lengths):
            mask[i, :n] = 1
        ids = torch.randint(vocab_size, mask.shape) * mask
        y = torch.arange(len(lengths)) % classes
        batches.append(({"input_ids": ids, "attention_mask": mask}, y))
    return batches


class Text(torch.nn.Module):
    def __init__(self, config, classes):
        super().__init__()
        import transformers
        config = dict(config, num_labels=classes)
        config.pop("model_type")
        self.net = transformers.BertForSequenceClassification(transformers.BertConfig(**config))
        self.W = self.net.classifier.weight

    def forward(self, x):
        h = self.net.bert(**x).pooler_output
        return h, self.net.classifier(self.net.dropout(h))


class Image(torch.nn.Module):
    def __init__(self, preset, classes):
        super().__init__()
        net = (torch_resnet.CifarResNet((64, 128, 256, 512), (2, 2, 2, 2), classes, shortcut="conv")
               if preset == "resnet18" else torch_resnet.preset(preset, classes))
        self.net = net.to(memory_format=torch.channels_last)
        self.W = self.net.fc.weight

    def forward(self, x):
        h = self.net.features(x)
        return h, self.net.fc(h)


def open_workload(w, everything, pad):
    torch.manual_seed(1)
    classes, predict = w["classes"], w.get("predict", False)
    if "encoder" in w:
        config = everything["encoders"][w["encoder"]]
        model = Text(config, classes)
        batches = text_batches(everything["lengths"][w["lengths"]], pad, config["vocab_size"],
                               classes, predict)
        optimizer = torch.optim.AdamW(model.parameters(), lr=2e-5, fused=True)
    else:
        model = Image(w["preset"], classes)
        x = torch.randn(w["batch"], 3, w["size"], w["size"])
        batches = [(x.to(memory_format=torch.channels_last), torch.arange(w["batch"]) % classes)]
        optimizer = torch.optim.SGD(model.parameters(), lr=0.1, momentum=0.9)
    return model, batches, optimizer


def train(model, forward, optimizer, x, y):
    h, logits = forward(x)
    loss = torch.nn.functional.cross_entropy(logits, y) + 0.5 * contrast(h, model.W, y)
    optimizer.zero_grad(set_to_none=True)
    loss.backward()
    torch.nn.utils.clip_grad_norm_(model.parameters(), 1.0)
    optimizer.step()
    return loss


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("workloads")
    parser.add_argument("workload")
    parser.add_argument("--pad", choices=["batch", "128", "sorted"], default="batch")
    parser.add_argument("--compile", action="store_true")
    parser.add_argument("--runs", type=int, default=5)
    parser.add_argument("--seconds", type=float, default=2.0)
    parser.add_argument("--threads", type=int, default=0)
    args = parser.parse_args()
    if args.threads:
        torch.set_num_threads(args.threads)
    with open(args.workloads, encoding="utf-8") as f:
        everything = json.load(f)
    w = everything["workloads"][args.workload]
    predict = w.get("predict", False)
    model, batches, optimizer = open_workload(w, everything, args.pad)
    model.train(not predict)
    forward = torch.compile(model, dynamic="encoder" in w) if args.compile else model

    def one_pass():
        for x, y in batches:
            if predict:
                with torch.inference_mode():
                    forward(x)
            else:
                train(model, forward, optimizer, x, y)

    one_pass()
    rates = []
    for _ in range(args.runs):
        passes, begin = 0, time.perf_counter()
        while passes == 0 or time.perf_counter() - begin < args.seconds:
            one_pass()
            passes += 1
        rates.append(passes * sum(len(y) for _, y in batches) / (time.perf_counter() - begin))
    with open("/proc/cpuinfo", encoding="utf-8") as f:
        cpu = next((line.split(":")[1].strip() for line in f if "model name" in line), "")
    name = args.workload + ("" if "preset" in w else " pad " + args.pad)
    name += " compiled" if args.compile else ""
    memory = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * 1024 / 1e6
    for quantity, unit, x in (("rate", "examples/s", rates), ("memory", "MB", [memory])):
        print(f'torch {torch.__version__},"{cpu}",mkl,{torch.get_num_threads()},{name},{quantity},'
              f'{unit},{statistics.median(x):.4g},{min(x):.4g},{max(x):.4g}')


if __name__ == "__main__":
    sys.exit(main())
