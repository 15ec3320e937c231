#!/usr/bin/env python3
"""Make a model directory of a CIFAR ResNet that PyTorch saved.

    scripts/pth-to-safetensors.py IN.th OUTDIR --arch resnet20 --labels airplane,automobile,...
        --mean 0.485,0.456,0.406 --std 0.229,0.224,0.225 [--size 32]

IN.th is a state dict or a dictionary that holds one as `state_dict`, `model` or `net`, of a network
with torchvision's names.  A leading `module.` goes, `linear` becomes `fc` and `shortcut` becomes
`downsample`; counters of batches are left out.  The labels are in the order of the classifier's
rows; mean and std are what the network's training images were normalized by.

Writes OUTDIR/config.json, model.safetensors and preprocessor_config.json (mean, std and size): what
acf-train takes as model.encoder, and acf-eval and acf-predict as MODEL.  Needs torch and safetensors.
"""
import argparse
import json
import pathlib
import sys

import safetensors.torch
import torch

import torch_resnet


def numbers(text):
    return [float(x) for x in text.split(",")]


def parse():
    parser = argparse.ArgumentParser(description=__doc__,
                                     formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("input", type=pathlib.Path)
    parser.add_argument("outdir", type=pathlib.Path)
    parser.add_argument("--arch", required=True, choices=sorted(torch_resnet.DEPTHS))
    parser.add_argument("--labels", required=True, type=lambda text: text.split(","))
    parser.add_argument("--mean", required=True, type=numbers)
    parser.add_argument("--std", required=True, type=numbers)
    parser.add_argument("--size", type=int, default=32)
    return parser.parse_args()


def state_of(path):
    try:
        tree = torch.load(path, map_location="cpu", weights_only=True)
    except Exception as problem:  # torch raises whatever lies below
        sys.exit(f"{path}: cannot be read as a PyTorch file of tensors: {problem}")
    for key in ("state_dict", "model", "net"):
        if isinstance(tree, dict) and isinstance(tree.get(key), dict):
            tree = tree[key]
            break
    if not isinstance(tree, dict) or not all(torch.is_tensor(v) for v in tree.values()):
        sys.exit(f"{path}: holds no dictionary of tensors")
    return tree


def our_name(name):
    name = name.removeprefix("module.")
    if name.startswith("linear."):
        name = "fc." + name.removeprefix("linear.")
    return name.replace(".shortcut.", ".downsample.")


def main():
    args = parse()
    state = {our_name(k): v.float().contiguous() for k, v in state_of(args.input).items()
             if not k.endswith("num_batches_tracked")}
    if "conv1.weight" not in state or "fc.weight" not in state:
        sys.exit(f"{args.input}: has no conv1.weight and fc.weight (or linear.weight)")
    classes, channels = state["fc.weight"].shape[0], state["conv1.weight"].shape[1]
    if len(args.labels) != classes:
        sys.exit(f"--labels names {len(args.labels)} classes, {args.input} has {classes}")
    if not len(args.mean) == len(args.std) == channels:
        sys.exit(f"--mean and --std have {len(args.mean)} and {len(args.std)} numbers, "
                 f"{args.input} takes {channels} channels")
    shortcut = "conv" if any(".downsample.0.weight" in k for k in state) else "pad"
    model = torch_resnet.CifarResNet((16, 32, 64), (torch_resnet.DEPTHS[args.arch],) * 3, classes,
                                     channels, shortcut)
    try:
        model.load_state_dict(state)  # every name and shape
    except RuntimeError as problem:
        sys.exit(f"{args.input}: is no {args.arch}: {problem}")

    args.outdir.mkdir(parents=True, exist_ok=True)
    files = {"config.json": torch_resnet.config(model, args.size, args.labels),
             "preprocessor_config.json": {
                 "do_normalize": True, "image_mean": args.mean, "image_std": args.std,
                 "do_resize": True, "size": {"height": args.size, "width": args.size},
                 "do_rescale": True, "rescale_factor": 1 / 255}}
    for name, tree in files.items():
        (args.outdir / name).write_text(json.dumps(tree, indent=2) + "\n", encoding="utf-8")
    safetensors.torch.save_file(torch_resnet.tensors(model), args.outdir / "model.safetensors",
                                {"format": "pt"})
    print(f"{args.outdir}: {args.arch}, {classes} classes, "
          f"{sum(p.numel() for p in model.parameters())} parameters, shortcut {shortcut}")


if __name__ == "__main__":
    main()
