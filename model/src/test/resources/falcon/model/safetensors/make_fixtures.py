"""Writes the files of this folder. Needs safetensors and numpy; the names say which version wrote them."""

import pathlib

import numpy
import safetensors
import safetensors.numpy

HERE = pathlib.Path(__file__).parent
VERSION = "safetensors" + ".".join(safetensors.__version__.split(".")[:2])

safetensors.numpy.save_file(
    {
        "conv.weight": numpy.arange(24, dtype=numpy.float32).reshape(2, 3, 2, 2) / 8,
        "conv.bias": numpy.array([-1.5, 2.25]),
        "half": numpy.array([0.5, 65504], dtype=numpy.float16),
        "count": numpy.array(7, dtype=numpy.int64),
        "mask": numpy.array([True, False, True]),
        "empty": numpy.zeros((0, 4), dtype=numpy.uint8),
    },
    HERE / f"mixed-{VERSION}.safetensors",
    metadata={"format": "pt", "falcon.border": "4", "Größe": "\u00fcber \"alles\""},
)
