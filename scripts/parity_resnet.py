#!/usr/bin/env python3
"""Compare training of ResNets with PyTorch, step by step, on a fixed batch without augmentation.

    make tests/network tests/network-double
    scripts/parity_resnet.py [--model DIR] [--pixels FILE] [--batch 32]

Without --model: ResNet-20 (padded shortcuts), the same with projections, and ResNet-18, all from
random weights; DIR is a model directory of a CIFAR ResNet, for example one of pth-to-safetensors.py.
Batches are made up unless FILE, a safetensors file, holds one: pixels [N, C, 32, 32], normalized,
and labels [N].

In float32, where a ReLU's input lies within rounding of 0, one side lets the gradient through and
the other does not, which moves a gradient by as much as a percent: neither is wrong, and both are
equally far from the result in float64.  So the float build's gradients are judged on a small batch
in which no such input is nearer to 0 than 1e-6 (one is looked for), and all else is judged in the
double build as well.

Demands: float: logits to 1e-4 of the largest, loss to 1e-5, every gradient to 1e-4 (largest
difference by the largest element of the tensor), and, on the batch of FILE, running statistics after
ten updates of SGD at learning rate 0.01 to 1e-4; double: all of these to 1e-9.  Of ResNet-18, which
magnifies rounding more, float gradients are not judged.  Needs torch and safetensors; exit 1 when
something differs.
"""
import argparse
import copy
import json
import os
import pathlib
import subprocess
import sys
import tempfile

os.environ.setdefault("OMP_WAIT_POLICY", "PASSIVE")

import safetensors.torch
import torch

import torch_resnet

ROOT = pathlib.Path(__file__).resolve().parent.parent
UPDATES, RATE = 10, 0.01
CLASSES = 10


def models(args):
    torch.manual_seed(4)
    if args.model:
        tree = json.loads((args.model / "config.json").read_text(encoding="utf-8"))
        model = torch_resnet.CifarResNet(tree["hidden_sizes"], tree["depths"], len(tree["id2label"]),
                                         tree["num_channels"], tree["shortcut"],
                                         tree["embedding_size"])
        model.load_state_dict(safetensors.torch.load_file(args.model / "model.safetensors"))
        return [(str(args.model), model)]
    make = torch_resnet.CifarResNet
    return [("resnet20", make((16, 32, 64), (3, 3, 3), CLASSES)),
            ("resnet20 with projections", make((16, 32, 64), (3, 3, 3), CLASSES, shortcut="conv")),
            ("resnet18", make((64, 128, 256, 512), (2, 2, 2, 2), CLASSES, shortcut="conv"))]


def theirs(model, pixels, labels):
    out = {}
    with torch.no_grad():
        out["logits"] = model.eval()(pixels)
    model.train()
    optimizer = torch.optim.SGD(model.parameters(), lr=RATE)
    losses = []
    for k in range(UPDATES):
        loss = torch.nn.functional.cross_entropy(model(pixels), labels)
        optimizer.zero_grad()
        loss.backward()
        if k == 0:
            out.update({"grad." + n: p.grad.clone() for n, p in model.named_parameters()})
        optimizer.step()
        losses.append(loss.item())
    out["loss"] = torch.tensor(losses, dtype=pixels.dtype)
    out.update({"final." + n: x.clone() for n, x in torch_resnet.tensors(model).items()})
    return out


def ours(program, model, pixels, labels):
    with tempfile.TemporaryDirectory() as scratch:
        scratch = pathlib.Path(scratch)
        names = [str(k) for k in range(model.fc.out_features)]
        tree = torch_resnet.config(model, pixels.shape[2], names)
        (scratch / "config.json").write_text(json.dumps(tree), encoding="utf-8")
        safetensors.torch.save_file(torch_resnet.tensors(model), scratch / "model.safetensors")
        safetensors.torch.save_file({"pixels": pixels, "labels": labels}, scratch / "in")
        command = [program, scratch, scratch / "in", scratch / "out", UPDATES, RATE]
        subprocess.run([str(c) for c in command], check=True)
        return safetensors.torch.load_file(scratch / "out")


def make_batch(model, size, seed):
    """Smooth pictures: neighbouring pixels are alike, as in photographs."""
    generator = torch.Generator().manual_seed(seed)
    coarse = torch.randn(size, model.conv1.in_channels, 8, 8, generator=generator)
    pixels = torch.nn.functional.interpolate(coarse, size=32, mode="bilinear").contiguous()
    return pixels, torch.randint(0, model.fc.out_features, (size,), generator=generator)


def margin(model, pixels):
    """The smallest distance of a ReLU's input from 0 in training."""
    nearest = [1.0]
    relu = torch.relu

    def watching(x):
        nearest[0] = min(nearest[0], x.abs().min().item())
        return relu(x)

    torch.relu = watching
    try:
        with torch.no_grad():
            copy.deepcopy(model).double().train()(pixels.double())
    finally:
        torch.relu = relu
    return nearest[0]


def clear_batch(model):
    for size in (8, 4, 2):
        for seed in range(30):
            pixels, labels = make_batch(model, size, seed)
            if margin(model, pixels) > 1e-6:
                return pixels, labels
    sys.exit("FAIL: no batch without an input of a ReLU near 0")


def difference(got, want):
    return ((got - want).abs().max() / want.abs().max()).item()


def compare(name, got, want, limits):
    """limits: of logits, loss, gradients, statistics; None is not judged."""
    assert set(got) == set(want), set(got) ^ set(want)

    def worst(select):
        return max((difference(got[k], want[k]), k) for k in want if select(k))

    statistics = worst(lambda k: k.startswith("final.") and "running" in k)
    gradient = worst(lambda k: k.startswith("grad."))
    logits = difference(got["logits"], want["logits"])
    loss = abs(got["loss"][0] - want["loss"][0]).item()
    print(f"  {name}, batch {len(want['logits'])}: logits {logits:.1e}, loss {loss:.1e}, gradients "
          f"{gradient[0]:.1e} ({gradient[1][5:]}), after ten updates statistics "
          f"{statistics[0]:.1e} ({statistics[1][6:]})")
    found = (logits, loss, gradient[0], statistics[0])
    return all(limit is None or x <= limit for x, limit in zip(found, limits))


def check(args, name, model):
    print(name)
    ok = True
    if name != "resnet18":
        pixels, labels = clear_batch(model)
        got = ours(args.program, model, pixels, labels)
        want = theirs(copy.deepcopy(model), pixels, labels)
        ok = compare("float", got, want, (1e-4, 1e-5, 1e-4, None))
    if args.pixels:
        batch = safetensors.torch.load_file(args.pixels)
        pixels, labels = batch["pixels"].float(), batch["labels"]
    else:
        pixels, labels = make_batch(model, args.batch, 6)
    got = ours(args.program, model, pixels, labels)
    want = theirs(copy.deepcopy(model), pixels, labels)
    ok = compare("float", got, want, (1e-4, 1e-5, None, 1e-4 if args.pixels else None)) and ok
    double = copy.deepcopy(model).double()
    got = ours(f"{args.program}-double", double, pixels.double(), labels)
    want = theirs(double, pixels.double(), labels)
    return compare("double", got, want, (1e-9,) * 4) and ok


def main():
    parser = argparse.ArgumentParser(description=__doc__,
                                     formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--model", type=pathlib.Path)
    parser.add_argument("--pixels", type=pathlib.Path)
    parser.add_argument("--batch", type=int, default=32)
    parser.add_argument("--program", type=pathlib.Path, default=ROOT / "tests" / "network")
    args = parser.parse_args()
    results = [check(args, name, model) for name, model in models(args)]
    sys.exit(0 if all(results) else "FAIL: beyond the limits")


if __name__ == "__main__":
    main()
