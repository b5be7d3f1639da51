#!/usr/bin/env python3
"""From PyTorch to Falcon and back: export, prune, load, fine-tune with the mask held.

    python3 examples/pytorch/roundtrip.py FOLDER

makes a small network, exports it as people do, prunes it to half of its multiply-accumulates and loads the result into the
same module, all in FOLDER. It needs PyTorch and NumPy (Debian: python3-torch, python3-onnx) and takes some seconds. The steps
also run one by one: `roundtrip.py FOLDER export`, then ./falcon, then `roundtrip.py FOLDER check`.
"""
import copy
import pathlib
import subprocess
import sys

import numpy
import torch
from torch import nn

FALCON = pathlib.Path(__file__).resolve().parents[2] / "falcon"


class Network(nn.Module):
    """Layers that an exporter changes: it folds bn1 and bn2 into the convolutions before them, transposes `mix` and the
    attention's in_proj, and puts the LSTM's gates in another order."""

    def __init__(self):
        super().__init__()
        self.conv1 = nn.Conv2d(3, 8, 3, padding=1, bias=False)
        self.bn1 = nn.BatchNorm2d(8)
        self.conv2 = nn.Conv2d(8, 8, 3, padding=1, groups=2)
        self.bn2 = nn.BatchNorm2d(8, eps=1e-3)
        self.up = nn.ConvTranspose2d(8, 8, 2, stride=2)
        self.bn3 = nn.BatchNorm2d(8)
        self.mix = nn.Linear(8, 8)
        self.attention = nn.MultiheadAttention(8, 2, batch_first=True)
        self.memory = nn.LSTM(8, 8, batch_first=True)
        self.head = nn.Linear(8, 4)

    def forward(self, x):
        x = torch.relu(self.bn1(self.conv1(x)))
        x = x + torch.relu(self.bn2(self.conv2(x)))
        x = torch.relu(self.bn3(self.up(x)))
        tokens = self.mix(x.mean(3).transpose(1, 2))
        tokens = tokens + self.attention(tokens, tokens, tokens, need_weights=False)[0]
        return self.head(self.memory(tokens)[0].mean(1))


def samples(count, seed):
    return torch.randn(count, 3, 8, 8, generator=torch.Generator().manual_seed(seed))


def steps(model, count, masks):
    """Training steps towards made-up targets; zeros of the masks stay zero."""
    parameters = dict(model.named_parameters())
    optimizer = torch.optim.SGD(model.parameters(), lr=0.05, momentum=0.9, weight_decay=1e-4)
    for step in range(count):
        inputs = samples(32, step)
        labels = (inputs.mean((1, 2, 3)) > 0).long() + 2 * (inputs[:, 0, 0, 0] > 0).long()
        optimizer.zero_grad()
        nn.functional.cross_entropy(model(inputs), labels).backward()
        optimizer.step()
        with torch.no_grad():  # after every step: momentum and weight decay revive zeros, too
            for name, kept in masks.items():
                parameters[name].mul_(kept)


def export(folder):
    torch.manual_seed(1)
    model = Network()
    steps(model.train(), 20, {})
    torch.save(model.state_dict(), folder / "model.pth")
    torch.onnx.export(
        model.eval(), samples(1, 0), str(folder / "net.onnx"), input_names=["input"], output_names=["output"],
        dynamic_axes={"input": {0: "batch"}, "output": {0: "batch"}})
    numpy.savez(folder / "samples.npz", input=samples(128, 100).numpy())


def prune(folder):
    subprocess.run(
        [FALCON, "prune", folder / "net.onnx", "--data", folder / "samples.npz", "--macs", "50%", "--method", "falcon",
         "--names", folder / "model.pth", "--out", folder / "run"],
        check=True)


def check(folder):
    model = Network()
    model.load_state_dict(torch.load(folder / "run" / "pytorch-weights.pth"))
    masks = torch.load(folder / "run" / "pytorch-mask.pth")

    # The outputs are those of the pruned ONNX network: whoever has ONNX Runtime compares these with it.
    inputs = samples(16, 200)
    with torch.no_grad():
        outputs = model.eval()(inputs)
    numpy.save(folder / "inputs.npy", inputs.numpy())
    numpy.save(folder / "outputs.npy", outputs.numpy())
    try:
        import onnxruntime
    except ImportError:
        print("not compared with the ONNX network: there is no onnxruntime here")
    else:
        session = onnxruntime.InferenceSession(str(folder / "run" / "model.onnx"))
        expected = session.run(None, {"input": inputs.numpy()})[0]
        assert numpy.abs(outputs.numpy() - expected).max() < 1e-4
        print("outputs are those of the pruned ONNX network")

    parameters = dict(model.named_parameters())
    for name, kept in masks.items():
        assert kept.dtype == torch.bool and kept.shape == parameters[name].shape, name
        assert not parameters[name][~kept].any(), name
    before = copy.deepcopy(model.state_dict())
    steps(model.train(), 5, masks)
    zeros = sum(int((~kept).sum()) for kept in masks.values())
    for name, kept in masks.items():
        assert not parameters[name][~kept].any(), name
        assert (parameters[name] != before[name]).any(), name
    print(f"fine-tuned: {len(masks)} tensors, {zeros} zeros are still zero")


def main():
    folder = pathlib.Path(sys.argv[1])
    folder.mkdir(parents=True, exist_ok=True)
    todo = {"export": export, "prune": prune, "check": check}
    for name in sys.argv[2:] or todo:
        todo[name](folder)


if __name__ == "__main__":
    main()
