"""CIFAR ResNets in PyTorch, with torchvision's names: what the project's are compared with.

A module of the scripts beside it; needs torch.
"""
import torch
from torch import nn

DEPTHS = {"resnet20": 3, "resnet32": 5, "resnet44": 7, "resnet56": 9, "resnet110": 18}


class PadShortcut(nn.Module):
    """Every second pixel; the new channels are zeros, half before and half behind."""

    def __init__(self, extra):
        super().__init__()
        self.extra = extra

    def forward(self, x):
        return nn.functional.pad(x[:, :, ::2, ::2], (0, 0, 0, 0, self.extra // 2, self.extra // 2))


class Block(nn.Module):
    def __init__(self, inputs, outputs, stride, shortcut):
        super().__init__()
        self.conv1 = nn.Conv2d(inputs, outputs, 3, stride, 1, bias=False)
        self.bn1 = nn.BatchNorm2d(outputs)
        self.conv2 = nn.Conv2d(outputs, outputs, 3, 1, 1, bias=False)
        self.bn2 = nn.BatchNorm2d(outputs)
        self.downsample = None
        if stride != 1 or inputs != outputs:
            self.downsample = PadShortcut(outputs - inputs) if shortcut == "pad" else nn.Sequential(
                nn.Conv2d(inputs, outputs, 1, stride, bias=False), nn.BatchNorm2d(outputs))

    def forward(self, x):
        y = torch.relu(self.bn1(self.conv1(x)))
        y = self.bn2(self.conv2(y))
        return torch.relu(y + (x if self.downsample is None else self.downsample(x)))


class CifarResNet(nn.Module):
    """features() is the mean over all pixels of the last block; forward() the logits."""

    def __init__(self, widths, depths, classes, channels=3, shortcut="pad", stem=None):
        super().__init__()
        stem = stem or widths[0]
        self.conv1 = nn.Conv2d(channels, stem, 3, 1, 1, bias=False)
        self.bn1 = nn.BatchNorm2d(stem)
        self.stages = len(widths)
        inputs = stem
        for s, (width, depth) in enumerate(zip(widths, depths)):
            blocks = []
            for k in range(depth):
                blocks.append(Block(inputs, width, 2 if s > 0 and k == 0 else 1, shortcut))
                inputs = width
            setattr(self, f"layer{s + 1}", nn.Sequential(*blocks))
        self.fc = nn.Linear(inputs, classes)
        for m in self.modules():
            if isinstance(m, nn.Conv2d):
                nn.init.kaiming_normal_(m.weight, mode="fan_out", nonlinearity="relu")

    def features(self, x):
        x = torch.relu(self.bn1(self.conv1(x)))
        for s in range(self.stages):
            x = getattr(self, f"layer{s + 1}")(x)
        return x.mean((2, 3))

    def forward(self, x):
        return self.fc(self.features(x))


def preset(name, classes, channels=3):
    return CifarResNet((16, 32, 64), (DEPTHS[name],) * 3, classes, channels)


def config(model, image_size, labels):
    """The config.json of a CifarResNet as the project writes it."""
    stages = [getattr(model, f"layer{s + 1}") for s in range(model.stages)]
    widths = [stage[0].conv2.out_channels for stage in stages]
    projects = any(isinstance(m, nn.Conv2d) and m.kernel_size == (1, 1) for m in model.modules())
    return {"model_type": "resnet-cifar", "num_channels": model.conv1.in_channels,
            "image_size": image_size, "embedding_size": model.conv1.out_channels,
            "hidden_sizes": widths, "depths": [len(stage) for stage in stages],
            "layer_type": "basic", "hidden_act": "relu", "downsample_in_first_stage": False,
            "downsample_in_bottleneck": False, "shortcut": "conv" if projects else "pad",
            "id2label": {str(i): name for i, name in enumerate(labels)},
            "label2id": {name: i for i, name in enumerate(labels)}}


def tensors(model):
    """The state as the project's model.safetensors holds it."""
    return {k: v.detach().clone().contiguous() for k, v in model.state_dict().items()
            if not k.endswith("num_batches_tracked")}
