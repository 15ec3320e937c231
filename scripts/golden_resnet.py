#!/usr/bin/env python3
"""Make the golden files of the ResNets: two tiny random models and what PyTorch computes with them.

    scripts/golden_resnet.py [OUT_DIR]        default: tests/golden of this project

Writes OUT_DIR/tiny-resnet/ (a Hugging Face model directory, ResNetForImageClassification with
bottleneck blocks), OUT_DIR/tiny-resnet-cifar/ (a CIFAR ResNet with padded shortcuts under
torchvision's names) and OUT_DIR/tiny-resnet.safetensors, computed from their weights in float64:

    pixels [N, 3, H, W], labels [N]
    CASE/eval_logits [N, K]                  by the running statistics
    CASE/features [N, d], logits, loss       by those of the batch
    CASE/grad.NAME                           gradients of the loss
    CASE/state.NAME                          running statistics after that one pass
    CASE/sgd_loss [10], CASE/final.NAME      ten updates of SGD on that batch, and all after them

CASE is hf (cross-entropy; SGD with nesterov) or cifar (CE + 0.5 acf at tau 0.1 + 0.1 Cor-Reg; SGD
without, and weight decay on all parameters).  Needs torch and transformers; the tests that read the
files need no Python.
"""
import argparse
import copy
import json
import pathlib

import safetensors.torch
import torch
import transformers

import torch_reference as ref
import torch_resnet

SIZE, CLASSES, UPDATES = 21, 3, 10
LABELS = (0, 2, 1, 0, 2)


def scatter(model, seed):
    """Away from the start, where all gammas are 1 and betas 0."""
    torch.manual_seed(seed)
    with torch.no_grad():
        for name, p in model.named_parameters():
            p += 0.2 * torch.randn_like(p)
        for name, p in model.named_buffers():
            if name.endswith("running_mean"):
                p.normal_(0, 0.3)
            elif name.endswith("running_var"):
                p.uniform_(0.5, 2)
    return model


def hf_model():
    torch.manual_seed(1)
    names = ["no", "maybe", "yes"]
    config = transformers.ResNetConfig(
        embedding_size=4, hidden_sizes=[8, 16], depths=[2, 1], layer_type="bottleneck",
        num_labels=CLASSES, id2label=dict(enumerate(names)),
        label2id={n: i for i, n in enumerate(names)})
    return scatter(transformers.ResNetForImageClassification(config), 2)


def cifar_model():
    torch.manual_seed(3)
    return scatter(torch_resnet.CifarResNet((4, 10), (2, 1), CLASSES), 4)


def head_of(model):
    return model.fc if hasattr(model, "fc") else model.classifier[1]


def features_of(model, pixels):
    if hasattr(model, "features"):
        return model.features(pixels)
    return model.resnet(pixels).pooler_output.flatten(1)


def loss_of(model, pixels, labels, acf):
    weights = ref.preset("acf" if acf else "ce")
    weights["cor"] = 0.1 if acf else 0.0
    features = features_of(model, pixels)
    logits = head_of(model)(features)
    loss, _ = ref.objective(features, logits, head_of(model).weight, labels, weights)
    return features, logits, loss


def state_of(model):
    return {n: p for n, p in model.state_dict().items() if not n.endswith("num_batches_tracked")}


def run_sgd(model, pixels, labels, acf):
    decay, rest = [], []
    for p in model.parameters():
        (decay if p.dim() > 1 or acf else rest).append(p)
    groups = [{"params": decay, "weight_decay": 0.01}, {"params": rest, "weight_decay": 0.0}]
    optimizer = torch.optim.SGD([g for g in groups if g["params"]], lr=0.01, momentum=0.9,
                                nesterov=not acf)
    losses = []
    for _ in range(UPDATES):
        loss = loss_of(model, pixels, labels, acf)[2]
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
        losses.append(loss.item())
    print("ten updates: loss", *(f"{x:.6f}" for x in losses))
    return losses


def run_case(model, pixels, labels, acf):
    model = copy.deepcopy(model).double()
    out = {"eval_logits": head_of(model)(features_of(model.eval(), pixels))}
    trained = copy.deepcopy(model)
    features, logits, loss = loss_of(model.train(), pixels, labels, acf)
    loss.backward()
    out.update(features=features, logits=logits, loss=loss.reshape(1))
    out.update({"grad." + n: p.grad for n, p in model.named_parameters()})
    out.update({"state." + n: p for n, p in state_of(model).items() if "running" in n})
    losses = run_sgd(trained.train(), pixels, labels, acf)
    out["sgd_loss"] = torch.tensor(losses, dtype=torch.float64)
    out.update({"final." + n: p for n, p in state_of(trained).items()})
    return {k: v.detach().clone() for k, v in out.items()}


def main():
    parser = argparse.ArgumentParser(description=__doc__,
                                     formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("out", nargs="?", type=pathlib.Path,
                        default=pathlib.Path(__file__).resolve().parent.parent / "tests" / "golden")
    out = parser.parse_args().out
    torch.set_num_threads(1)

    hf, cifar = hf_model(), cifar_model()
    hf.save_pretrained(out / "tiny-resnet")
    directory = out / "tiny-resnet-cifar"
    directory.mkdir(parents=True, exist_ok=True)
    text = json.dumps(torch_resnet.config(cifar, SIZE, ["no", "maybe", "yes"]), indent=2)
    (directory / "config.json").write_text(text + "\n", encoding="utf-8")
    safetensors.torch.save_file(torch_resnet.tensors(cifar), directory / "model.safetensors",
                                {"format": "pt"})

    torch.manual_seed(5)
    pixels = torch.randn(len(LABELS), 3, SIZE, SIZE).double()
    labels = torch.tensor(LABELS)
    tensors = {"pixels": pixels, "labels": labels}
    for case, model in (("hf", hf), ("cifar", cifar)):
        results = run_case(model, pixels, labels, acf=case == "cifar")
        tensors.update({f"{case}/{k}": v for k, v in results.items()})
    made_by = {"made_by": "scripts/golden_resnet.py", "torch": torch.__version__,
               "transformers": transformers.__version__}
    safetensors.torch.save_file(tensors, out / "tiny-resnet.safetensors", made_by)
    for path in sorted(out.glob("tiny-resnet*")):
        files = sorted(path.iterdir()) if path.is_dir() else [path]
        for file in files:
            print(f"{file.stat().st_size:8} {file}")


if __name__ == "__main__":
    main()
