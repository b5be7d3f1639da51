#!/usr/bin/python3
"""Makes the networks that Falcon is tried on, with random weights from a fixed seed.

    models/make.py --narrow DIR        few channels and layers, small images: the fixtures in models/narrow
    models/make.py --graphs DIR        full size without weights: the fixtures in models/graphs
    models/make.py --full DIR [NAME…]  full size with weights (2.5 GB for all)

Needs Debian's python3-torch (1.13), python3-torchvision (0.14) and python3-onnx (1.12). Beside the
networks a `suite.json` tells their inputs, how they were exported and their multiply-accumulates for
one example, which are counted here from the products that PyTorch computes, not from the graph.
"""
import argparse
import contextlib
import json
import math
import os
import sys
import warnings

import numpy as np
import onnx
import torch
import torchvision
from onnx import TensorProto, helper, numpy_helper
from torch import nn
from torch.utils._python_dispatch import TorchDispatchMode
from torchvision.models import convnext, regnet

CLASSES = 10
ZEROS = "zeros.bin"  # what the weights of --graphs claim to lie in


# ---------------------------------------------------------------- narrow copies of fixed architectures


@contextlib.contextmanager
def narrow(divisor):
    """Layers made inside have their channels divided; images of 3 channels and the classes stay."""

    def less(channels):
        return channels if channels in (1, 3, CLASSES) else max(1, round(channels / divisor))

    conv, linear, norm = nn.Conv2d.__init__, nn.Linear.__init__, nn.BatchNorm2d.__init__

    def narrow_conv(self, inputs, outputs, *args, groups=1, **kwargs):
        depthwise = groups == inputs and groups > 1
        few = less(inputs) if depthwise else math.gcd(groups, math.gcd(less(inputs), less(outputs)))
        conv(self, less(inputs), less(outputs), *args, groups=few, **kwargs)

    def narrow_linear(self, inputs, outputs, *args, **kwargs):
        linear(self, less(inputs), less(outputs), *args, **kwargs)

    def narrow_norm(self, channels, *args, **kwargs):
        norm(self, less(channels), *args, **kwargs)

    nn.Conv2d.__init__, nn.Linear.__init__, nn.BatchNorm2d.__init__ = (
        narrow_conv,
        narrow_linear,
        narrow_norm,
    )
    try:
        yield
    finally:
        nn.Conv2d.__init__, nn.Linear.__init__, nn.BatchNorm2d.__init__ = conv, linear, norm


def narrowed(divisor, make):
    def model():
        with narrow(divisor):
            return make()

    return model


# ------------------------------------------------------------------------------------ text and series


class Encoder(nn.Module):
    """nn.TransformerEncoder on token ids with a mask of what is padding; a linear head on the mean."""

    def __init__(self, words, length, width, heads, hidden, layers, classes):
        super().__init__()
        self.words = nn.Embedding(words, width)
        self.places = nn.Embedding(length, width)
        layer = nn.TransformerEncoderLayer(width, heads, hidden, activation="gelu")
        self.encoder = nn.TransformerEncoder(layer, layers, enable_nested_tensor=False)
        self.head = nn.Linear(width, classes)

    def forward(self, ids, mask):
        places = torch.arange(ids.shape[1]).unsqueeze(0)
        x = self.words(ids) + self.places(places)
        x = self.encoder(x.transpose(0, 1), src_key_padding_mask=mask == 0).transpose(0, 1)
        weight = mask.unsqueeze(-1).to(x.dtype)
        return self.head((x * weight).sum(1) / weight.sum(1))


class CausalBlock(nn.Module):
    def __init__(self, width, heads, length):
        super().__init__()
        self.heads = heads
        self.norm1, self.norm2 = nn.LayerNorm(width), nn.LayerNorm(width)
        self.qkv, self.out = nn.Linear(width, 3 * width), nn.Linear(width, width)
        self.up, self.down = nn.Linear(width, 4 * width), nn.Linear(4 * width, width)
        self.register_buffer("past", torch.tril(torch.ones(length, length, dtype=torch.bool)))

    def forward(self, x):
        b, t, c = x.shape
        q, k, v = self.qkv(self.norm1(x)).split(c, dim=2)
        q, k, v = (y.view(b, t, self.heads, c // self.heads).transpose(1, 2) for y in (q, k, v))
        scores = q @ k.transpose(-2, -1) / math.sqrt(c // self.heads)
        scores = scores.masked_fill(self.past[:t, :t] == 0, float("-inf"))
        y = (scores.softmax(-1) @ v).transpose(1, 2).reshape(b, t, c)
        x = x + self.out(y)
        return x + self.down(nn.functional.gelu(self.up(self.norm2(x))))


class Causal(nn.Module):
    """A decoder like GPT-2; words and output share their weights (tied)."""

    def __init__(self, words, length, width, heads, layers):
        super().__init__()
        self.words = nn.Embedding(words, width)
        self.places = nn.Embedding(length, width)
        self.blocks = nn.ModuleList(CausalBlock(width, heads, length) for _ in range(layers))
        self.norm = nn.LayerNorm(width)

    def forward(self, ids):
        x = self.words(ids) + self.places(torch.arange(ids.shape[1]).unsqueeze(0))
        for block in self.blocks:
            x = block(x)
        return self.norm(x) @ self.words.weight.t()


class Recurrent(nn.Module):
    """Embedding, LSTM or GRU, a linear head on the last step."""

    def __init__(self, kind, words, width, hidden, layers, both, classes):
        super().__init__()
        self.words = nn.Embedding(words, width)
        self.cells = kind(width, hidden, layers, batch_first=True, bidirectional=both)
        self.head = nn.Linear(2 * hidden if both else hidden, classes)

    def forward(self, ids):
        steps, _ = self.cells(self.words(ids))
        return self.head(steps[:, -1])


# ------------------------------------------------------------------------------------------ the suite


class Entry:
    """How a network is made and exported.

    image: side of the square images; or inputs: {name: (shape of an example, greatest id + 1)}.
    """

    def __init__(self, name, small, full, opset, image=None, size=224, inputs=None, sizes=None,
                 fixed=False, separate=False, fold=True, half=False, external=False, nameless=False):
        self.name, self.small, self.full, self.opset = name, small, full, opset
        self.image, self.size = image, size
        self.inputs, self.sizes = inputs, sizes
        self.fixed, self.separate, self.fold = fixed, separate, fold
        self.half, self.external, self.nameless = half, external, nameless

    def examples(self, count, is_small):
        if self.image:
            side = self.image if is_small else self.size
            return {"input": torch.randn(count, 3, side, side)}
        described = self.inputs if is_small else self.sizes
        values = {}
        for name, (shape, ids) in described.items():
            value = torch.randint(0, ids, (count, *shape))
            if name == "mask":  # every example begins with a token
                value[:, 0] = 1
            values[name] = value
        return values


V = torchvision.models
Swin = V.SwinTransformer
Blocks = torchvision.models.efficientnet.MBConvConfig


def small_vgg():
    net = V.VGG(V.vgg.make_layers([6, "M", 8, "M", 12, 12, "M", 16, 16, "M", 16, 16, "M"], True),
                num_classes=CLASSES)
    net.avgpool = nn.AdaptiveAvgPool2d((2, 2))
    net.classifier[0] = nn.Linear(64, 48)
    net.classifier[3] = nn.Linear(48, 48)
    net.classifier[6] = nn.Linear(48, CLASSES)
    return net


def small_resnext():
    return V.ResNet(V.resnet.Bottleneck, [1, 1, 1, 1], CLASSES, groups=4, width_per_group=32)


def small_convnext():
    blocks = [convnext.CNBlockConfig(8, 12, 1), convnext.CNBlockConfig(12, 16, 1),
              convnext.CNBlockConfig(16, 24, 2), convnext.CNBlockConfig(24, None, 1)]
    return V.ConvNeXt(blocks, num_classes=CLASSES)


def small_swin():
    return Swin([4, 4], 12, [1, 2], [2, 4], [4, 4], num_classes=CLASSES)


def small_densenet():
    return V.DenseNet(6, (2, 3, 4, 3), 12, bn_size=2, num_classes=CLASSES)


def small_efficientnet():
    rows = [Blocks(1, 3, 1, 32, 16, 1, 1.0, 1.0), Blocks(6, 3, 2, 16, 24, 2, 1.0, 1.0),
            Blocks(6, 5, 2, 24, 40, 2, 1.0, 1.0), Blocks(6, 3, 2, 40, 80, 2, 1.0, 1.0)]
    with narrow(5):
        return V.EfficientNet(rows, 0.2, num_classes=CLASSES, last_channel=240)


def small_mobilenet_v2():
    rows = [[1, 16, 1, 1], [6, 24, 2, 2], [6, 32, 2, 2], [6, 64, 2, 2], [6, 96, 1, 1]]
    with narrow(6):
        return V.MobileNetV2(CLASSES, inverted_residual_setting=rows)


def small_regnet():
    blocks = regnet.BlockParams.from_init_params(6, 8, 8.0, 2.0, 4, se_ratio=0.25)
    return V.RegNet(blocks, CLASSES, stem_width=8)


def small_vit():
    return V.VisionTransformer(32, 8, 2, 2, 32, 64, num_classes=CLASSES)


SUITE = [
    Entry("resnet18", narrowed(16, lambda: V.resnet18(num_classes=CLASSES)), V.resnet18, 11,
          image=32, half=True),
    Entry("resnet50", narrowed(32, lambda: V.ResNet(V.resnet.Bottleneck, [2, 2, 2, 2], CLASSES)),
          V.resnet50, 13, image=32, separate=True),
    Entry("resnext50_32x4d", narrowed(32, small_resnext), V.resnext50_32x4d, 9, image=32),
    Entry("densenet121", small_densenet, V.densenet121, 13, image=32),
    Entry("vgg16_bn", small_vgg, V.vgg16_bn, 9, image=64, separate=True),
    Entry("googlenet", narrowed(16, lambda: googlenet(CLASSES)), lambda: googlenet(1000), 11,
          image=64),
    Entry("inception_v3", narrowed(32, lambda: inception(CLASSES)), lambda: inception(1000), 13,
          image=96, size=299, fixed=True),
    Entry("squeezenet1_1", narrowed(8, lambda: V.squeezenet1_1(num_classes=CLASSES)),
          V.squeezenet1_1, 7, image=64, fixed=True),
    Entry("shufflenet_v2_x1_0",
          narrowed(8, lambda: V.ShuffleNetV2([2, 2, 2], [24, 64, 128, 192, 512], CLASSES)),
          V.shufflenet_v2_x1_0, 11, image=32),
    Entry("mobilenet_v2", small_mobilenet_v2, V.mobilenet_v2, 9, image=32, fixed=True),
    Entry("mobilenet_v3_small",
          narrowed(12, lambda: V.mobilenet_v3_small(num_classes=CLASSES)), V.mobilenet_v3_small, 16,
          image=32),
    Entry("mnasnet1_0", narrowed(20, lambda: V.mnasnet1_0(num_classes=CLASSES)), V.mnasnet1_0, 13,
          image=32, separate=True),
    Entry("efficientnet_b0", small_efficientnet, V.efficientnet_b0, 11, image=32),
    Entry("regnet_y_400mf", small_regnet, V.regnet_y_400mf, 13, image=32, external=True),
    Entry("convnext_tiny", small_convnext, V.convnext_tiny, 17, image=32),
    Entry("vit_b_16", small_vit, V.vit_b_16, 16, image=32, fixed=True),
    Entry("swin_t", small_swin, V.swin_t, 13, image=32, nameless=True),
    Entry("encoder", lambda: Encoder(60, 16, 32, 4, 64, 2, 3),
          lambda: Encoder(30522, 128, 768, 12, 3072, 6, 2), 14,
          inputs={"ids": ((12,), 60), "mask": ((12,), 2)},
          sizes={"ids": ((128,), 30522), "mask": ((128,), 2)}),
    Entry("causal", lambda: Causal(50, 16, 32, 4, 2), lambda: Causal(50257, 256, 768, 12, 6), 13,
          inputs={"ids": ((12,), 50)}, sizes={"ids": ((128,), 50257)}, fold=False),
    Entry("lstm", lambda: Recurrent(nn.LSTM, 40, 16, 24, 2, False, 4),
          lambda: Recurrent(nn.LSTM, 20000, 256, 512, 2, False, 2), 11,
          inputs={"ids": ((10,), 40)}, sizes={"ids": ((64,), 20000)}),
    Entry("gru", lambda: Recurrent(nn.GRU, 40, 16, 16, 1, True, 4),
          lambda: Recurrent(nn.GRU, 20000, 256, 512, 1, True, 2), 16,
          inputs={"ids": ((10,), 40)}, sizes={"ids": ((64,), 20000)}),
]


def googlenet(classes):
    return V.GoogLeNet(classes, aux_logits=False, init_weights=False)


def inception(classes):
    return V.Inception3(classes, aux_logits=False, init_weights=False)


# Networks whose totals are published.
GRAPHS = ["resnet18", "resnet50", "vgg16_bn", "inception_v3", "mobilenet_v2", "efficientnet_b0",
          "regnet_y_400mf", "vit_b_16"]


# ------------------------------------------------------------------------------------ weights and MACs


def enliven(net, entry, is_small):
    """BatchNorm statistics from random inputs, then off a little; scales and biases off 1 and 0."""
    norms = [layer for layer in net.modules() if isinstance(layer, nn.modules.batchnorm._BatchNorm)]
    with torch.no_grad():
        for norm in norms:
            norm.momentum = None  # the mean over what follows
            norm.weight.uniform_(0.5, 1.5)
            norm.bias.normal_(0, 0.1)
        for layer in net.modules():
            if isinstance(layer, nn.LayerNorm):
                layer.weight.uniform_(0.5, 1.5)
                layer.bias.normal_(0, 0.1)
            if isinstance(layer, convnext.CNBlock):
                layer.layer_scale.uniform_(0.5, 1.5)  # 1e-6 at the start would hide the block
        if hasattr(net, "class_token"):
            net.class_token.normal_(0, 0.5)
        for name in ("heads", "head"):  # the vision transformer's head begins at zero
            head = getattr(net, name, None)
            if isinstance(head, nn.Sequential):
                head[-1].weight.normal_(0, 0.1)
        if norms:
            net.train()
            net(*entry.examples(16 if is_small else 4, is_small).values())
        for norm in norms:
            norm.running_mean.add_(0.05 * torch.randn_like(norm.running_mean))
            norm.running_var.mul_(torch.empty_like(norm.running_var).uniform_(0.8, 1.25))


class Products(TorchDispatchMode):
    """Counts multiply-accumulates of the products that are computed."""

    def __init__(self):
        super().__init__()
        self.weights = 0
        self.activations = 0

    def __torch_dispatch__(self, function, types, args=(), kwargs=None):
        result = function(*args, **(kwargs or {}))
        name = str(function)
        if "convolution" in name:
            self.weights += result.numel() * args[1][0].numel()
        elif name.startswith(("aten.mm", "aten.addmm")):
            left = args[-2] if name.startswith("aten.mm") else args[1]
            self.weights += result.numel() * left.shape[-1]
        elif name.startswith(("aten.bmm", "aten.baddbmm")):
            left = args[0] if name.startswith("aten.bmm") else args[1]
            self.activations += result.numel() * left.shape[-1]
        return result


def count(net, entry, is_small):
    products = Products()
    with products:  # with gradients on, attention is computed in parts that can be counted
        net(*entry.examples(1, is_small).values())
    return products


# --------------------------------------------------------------------------------------------- export


def export(net, entry, is_small, path):
    values = entry.examples(1 if entry.fixed else 2, is_small)
    axes = None
    if not entry.fixed:
        axes = {name: {0: "batch"} for name in list(values) + ["output"]}
    mode = torch.onnx.TrainingMode.PRESERVE if entry.separate else torch.onnx.TrainingMode.EVAL
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        torch.onnx.export(net, tuple(values.values()), path, input_names=list(values),
                          output_names=["output"], dynamic_axes=axes, opset_version=entry.opset,
                          training=mode, do_constant_folding=entry.fold)


def to_half(model):
    """Everything between the inputs and the outputs in float16."""
    graph = model.graph
    for tensor in graph.initializer:
        if tensor.data_type == TensorProto.FLOAT:
            tensor.CopyFrom(numpy_helper.from_array(
                numpy_helper.to_array(tensor).astype(np.float16), tensor.name))
    first, last = graph.input[0].name, graph.output[0].name
    for node in graph.node:
        node.input[:] = [first + "_half" if name == first else name for name in node.input]
        node.output[:] = [last + "_half" if name == last else name for name in node.output]
    graph.node.insert(0, helper.make_node("Cast", [first], [first + "_half"], to=TensorProto.FLOAT16))
    graph.node.append(helper.make_node("Cast", [last + "_half"], [last], to=TensorProto.FLOAT))
    del graph.value_info[:]


def to_numbers(model):
    """No node has a name, values between nodes are numbered."""
    graph = model.graph
    kept = {value.name for value in [*graph.input, *graph.output, *graph.initializer]} | {""}
    numbers = {}
    for node in graph.node:
        node.name = ""
        for names in (node.input, node.output):
            names[:] = [name if name in kept else numbers.setdefault(name, str(len(numbers)))
                        for name in names]
    del graph.value_info[:]


def without_weights(model):
    """Large constants refer to a file of zeros instead, one behind the other."""
    end = 0
    for tensor in model.graph.initializer:
        if tensor.data_type == TensorProto.FLOAT and len(tensor.raw_data) > 256:
            size = len(tensor.raw_data)
            tensor.ClearField("raw_data")
            tensor.data_location = TensorProto.EXTERNAL
            for key, value in (("location", ZEROS), ("offset", str(end)), ("length", str(size))):
                tensor.external_data.add(key=key, value=value)
            end += size
    del model.graph.value_info[:]


def write(entry, kind, folder):
    is_small = kind == "narrow"
    torch.manual_seed(20240307)
    net = (entry.small if is_small else entry.full)()
    if kind != "graphs":
        enliven(net, entry, is_small)
    net.eval()
    products = count(net, entry, is_small)
    path = os.path.join(folder, entry.name + ".onnx")
    export(net, entry, is_small, path)
    weights = sum(p.numel() for p in net.parameters())
    model = onnx.load(path)
    if is_small and (entry.half or entry.nameless):
        (to_half if entry.half else to_numbers)(model)
        onnx.save(model, path)
    elif kind == "graphs":
        without_weights(model)
        onnx.save(model, path)
    elif entry.external:
        os.remove(path)
        onnx.save(model, path, save_as_external_data=True, size_threshold=256,
                  location=entry.name + ".weights")
    print("%-20s %9d bytes %12d parameters %15d MACs" % (
        entry.name, os.path.getsize(path), weights, products.weights + products.activations))
    inputs = [{"name": name, "type": "float" if value.is_floating_point() else "id",
               "shape": list(value.shape[1:]),
               "ids": 0 if entry.image else (entry.inputs if is_small else entry.sizes)[name][1]}
              for name, value in entry.examples(1, is_small).items()]
    return {"name": entry.name, "opset": entry.opset, "fixedBatch": entry.fixed,
            "float16": is_small and entry.half, "parameters": weights, "macs": products.weights,
            "activationMacs": products.activations, "inputs": inputs}


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawTextHelpFormatter)
    kinds = parser.add_mutually_exclusive_group(required=True)
    for kind in ("narrow", "graphs", "full"):
        kinds.add_argument("--" + kind, metavar="DIR")
    parser.add_argument("names", metavar="NAME", nargs="*", help="only these networks")
    args = parser.parse_args()
    kind = next(kind for kind in ("narrow", "graphs", "full") if getattr(args, kind))
    folder = getattr(args, kind)
    os.makedirs(folder, exist_ok=True)
    known = GRAPHS if kind == "graphs" else [entry.name for entry in SUITE]
    unknown = [name for name in args.names if name not in known]
    if unknown:
        sys.exit("no network '%s'; there are %s" % (unknown[0], ", ".join(known)))
    torch.set_num_threads(1)
    chosen = args.names or known
    rows = [write(entry, kind, folder) for entry in SUITE if entry.name in chosen]
    suite = os.path.join(folder, "suite.json")
    if args.names and os.path.exists(suite):
        with open(suite) as file:
            rows += [row for row in json.load(file) if row["name"] not in args.names]
    order = [entry.name for entry in SUITE]
    rows.sort(key=lambda row: order.index(row["name"]))
    with open(suite, "w") as file:
        file.write("[\n" + ",\n".join(json.dumps(row) for row in rows) + "\n]\n")


if __name__ == "__main__":
    main()
