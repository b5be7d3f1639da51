"""Writes the checkpoints of this folder. Needs torch; the file names say which version wrote them."""

import collections
import pathlib
import pickle
import zipfile

import torch

HERE = pathlib.Path(__file__).parent
VERSION = "torch" + ".".join(torch.__version__.split("+")[0].split(".")[:2])


def path(name):
    return HERE / f"{name}-{VERSION}.pt"


def save(name, content, **options):
    torch.save(content, path(name), **options)


def weights():
    """Two small layers, the second scaled so that no two tensors are alike."""
    return collections.OrderedDict(
        [
            ("conv.weight", torch.arange(24, dtype=torch.float32).reshape(2, 3, 2, 2) / 8),
            ("conv.bias", torch.tensor([-1.5, 2.25])),
            ("bn.num_batches_tracked", torch.tensor(7)),
        ]
    )


def model():
    torch.manual_seed(1)
    net = torch.nn.Sequential(torch.nn.Conv2d(1, 2, 3), torch.nn.BatchNorm2d(2))
    with torch.no_grad():
        for i, tensor in enumerate(net.state_dict().values()):
            tensor.fill_(i)
    return net


save("zip", weights())
save("zip-protocol4", weights(), pickle_protocol=4)
save("zip-protocol5", weights(), pickle_protocol=5)
save("legacy", weights(), _use_new_zipfile_serialization=False)
save("module", model().state_dict())

net = model()
optimizer = torch.optim.SGD(net.parameters(), lr=0.1, momentum=0.9)
net(torch.ones(1, 1, 4, 4)).sum().backward()
optimizer.step()
scheduler = torch.optim.lr_scheduler.MultiStepLR(optimizer, [1, 2])
nested = {
    "epoch": 3,
    "arch": "tiny",
    "best": 91.5,
    "state_dict": weights(),
    "optimizer": optimizer.state_dict(),
    "scheduler": scheduler.state_dict(),
    "device": torch.device("cpu"),
    "size": torch.Size([1, 2]),
    "names": {"a", "b"},
    "frozen": frozenset(["a"]),
    "nothing": None,
    "big": 2**80,
}
save("nested", nested)
save("nested-legacy", nested, _use_new_zipfile_serialization=False)

base = torch.arange(12, dtype=torch.float32)
save(
    "views",
    collections.OrderedDict(
        [
            ("transposed", base.reshape(3, 4).t()),
            ("slice", base[5:9]),
            ("column", base.reshape(3, 4)[:, 1]),
            ("expanded", base[2:3].expand(3)),
            ("permuted", base.reshape(2, 3, 2).permute(2, 0, 1)),
            ("scalar", base[11]),
            ("empty", base.reshape(3, 4)[:0]),
            ("tied", base),
        ]
    ),
)
save(
    "types",
    collections.OrderedDict(
        [(str(t)[6:], torch.tensor([0, 1, 2]).to(t)) for t in (
            torch.float32, torch.float64, torch.float16, torch.bfloat16, torch.int64, torch.int32,
            torch.int16, torch.int8, torch.uint8, torch.bool, torch.uint16, torch.uint32,
            torch.uint64)]
        + [("parameter", torch.nn.Parameter(torch.tensor([0.5, -0.5])))]
    ),
)
save("complex", {"c": torch.tensor([1j])})
save("whole-model", model())
save("no-weights", {"epoch": 3, "arch": "tiny"})


class Malicious:
    def __reduce__(self):
        import os

        return os.system, ("touch /tmp/falcon-was-here",)


save("malicious", {"state_dict": weights(), "extra": Malicious()})
save("malicious-legacy", {"w": Malicious()}, _use_new_zipfile_serialization=False)
(HERE / "plain.pkl").write_bytes(pickle.dumps({"a": 1}, protocol=2))
with zipfile.ZipFile(path("zip")) as source, zipfile.ZipFile(
    path("compressed"), "w", zipfile.ZIP_DEFLATED
) as target:
    for info in source.infolist():
        date = zipfile.ZipInfo(info.filename)
        date.compress_type = zipfile.ZIP_DEFLATED
        target.writestr(date, source.read(info))
