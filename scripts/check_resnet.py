#!/usr/bin/env python3
"""Exchange ResNets with transformers, and compare logits.

    make tests/network
    scripts/check_resnet.py theirs          random ResNetForImageClassification of four kinds, written
                                            by save_pretrained, read by us
    scripts/check_resnet.py ours MODEL      a model directory of a run with the ImageNet stem, read by
                                            AutoModelForImageClassification without missing,
                                            unexpected or mismatched weights

On 4 random images logits must differ by less than 1e-4 of the largest.  Needs torch, transformers and
safetensors; exit 1 when something differs.
"""
import os
import pathlib
import subprocess
import sys
import tempfile

os.environ.setdefault("OMP_WAIT_POLICY", "PASSIVE")

import safetensors.torch
import torch
import transformers

PROGRAM = pathlib.Path(__file__).resolve().parent.parent / "tests" / "network"
LIMIT = 1e-4
KINDS = {
    "resnet18": {"layer_type": "basic", "depths": [2, 2, 2, 2], "hidden_sizes": [64, 128, 256, 512]},
    "resnet50": {"depths": [3, 4, 6, 3], "hidden_sizes": [256, 512, 1024, 2048]},
    "first version, early stride": {"depths": [1, 2], "hidden_sizes": [32, 64],
                                    "downsample_in_bottleneck": True,
                                    "downsample_in_first_stage": True},
    "grey": {"layer_type": "basic", "depths": [1, 1], "hidden_sizes": [24, 40], "num_channels": 1,
             "embedding_size": 24},
}


def ours(directory, pixels):
    with tempfile.TemporaryDirectory() as scratch:
        scratch = pathlib.Path(scratch)
        labels = torch.zeros(len(pixels), dtype=torch.int64)
        safetensors.torch.save_file({"pixels": pixels, "labels": labels}, scratch / "in")
        subprocess.run([str(c) for c in (PROGRAM, directory, scratch / "in", scratch / "out", 0, 0)],
                       check=True)
        return safetensors.torch.load_file(scratch / "out")["logits"]


def compare(what, directory, side):
    model, info = transformers.AutoModelForImageClassification.from_pretrained(
        directory, output_loading_info=True)
    for key in ("missing_keys", "unexpected_keys", "mismatched_keys"):
        left = [k for k in info[key] if "num_batches_tracked" not in str(k)]
        if left:
            sys.exit(f"FAIL {what}: {key}: {sorted(left)}")
    pixels = torch.randn(4, model.config.num_channels, side, side)
    with torch.no_grad():
        want = model.eval()(pixels).logits
    got = ours(directory, pixels)
    worst = ((got - want).abs().max() / want.abs().max()).item()
    print(f"{what}: {want.shape[1]} logits of 4 images of {side} x {side}: {worst:.1e}")
    return worst < LIMIT


def scatter(model):
    with torch.no_grad():
        for name, p in [*model.named_parameters(), *model.named_buffers()]:
            if "normalization" in name and p.dtype == torch.float32:
                p.uniform_(0.5, 1.5) if not name.endswith(("bias", "mean")) else p.normal_(0, 0.2)
    return model


def main():
    torch.manual_seed(1)
    if len(sys.argv) == 3 and sys.argv[1] == "ours":
        sys.exit(0 if compare("ours", sys.argv[2], 64) else 1)
    if sys.argv[1:] != ["theirs"]:
        sys.exit(__doc__)
    ok = True
    for kind, keys in KINDS.items():
        with tempfile.TemporaryDirectory() as directory:
            config = transformers.ResNetConfig(num_labels=5, **keys)
            scatter(transformers.ResNetForImageClassification(config)).save_pretrained(directory)
            for side in (64, 97):
                ok = compare(kind, directory, side) and ok
    sys.exit(0 if ok else "FAIL: beyond 1e-4")


if __name__ == "__main__":
    main()
