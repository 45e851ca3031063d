"""Features of torchvision's mobilenet_v2 with weights that a formula gives, so that no weights need be kept.

usage: python mobilenet_v2.py        (torch, torchvision, numpy, safetensors) writes mobilenet_v2.safetensors beside itself
"""
import os

import numpy as np
import torch
import torchvision
from safetensors.numpy import save_file


def mixed(count, seed):
    """count numbers in 0 ... 1 from a hash of index and seed; the same in FeatureNetworksTests."""
    h = (np.arange(count, dtype=np.uint64) * 2654435761 + seed * 40503 + 12345) & 0xFFFFFFFF
    h ^= h >> 15
    h = h * 2246822519 & 0xFFFFFFFF
    h ^= h >> 13
    return h


def weights(model):
    state = {}
    names = [n for n in model.state_dict() if n.startswith("features.") and not n.endswith("num_batches_tracked")]
    for seed, name in enumerate(names):
        shape = tuple(model.state_dict()[name].shape)
        u = mixed(int(np.prod(shape)), seed).astype(np.float64) / 2**32
        if len(shape) == 4:
            values = (u - 0.5) * 2 * np.sqrt(6 / np.prod(shape[1:]))
        elif name.endswith("weight") or name.endswith("running_var"):
            values = 0.5 + u
        else:
            values = (u - 0.5) * 0.4
        state[name] = torch.from_numpy(values.astype(np.float32).reshape(shape))
    return state


out = {}
torch.set_num_threads(1)
for width, height, columns in [(0.35, 112, 112), (1.0, 64, 96), (0.75, 50, 71), (1.4, 33, 32)]:
    model = torchvision.models.mobilenet_v2(width_mult=width).eval()
    model.load_state_dict(weights(model), strict=False)
    model.double()
    pixels = (mixed(2 * 3 * height * columns, 999) >> 24).reshape(2, 3, height, columns).astype(np.float64)
    x = torch.from_numpy(pixels) / 255
    mean = torch.tensor([0.485, 0.456, 0.406], dtype=torch.float64).view(1, 3, 1, 1)
    deviation = torch.tensor([0.229, 0.224, 0.225], dtype=torch.float64).view(1, 3, 1, 1)
    with torch.no_grad():
        grid = model.features((x - mean) / deviation)
    name = f"{width}_{height}x{columns}"
    out[name + ".pooled"] = grid.mean((2, 3)).float().numpy()
    out[name + ".grid"] = np.ascontiguousarray(grid[:, ::40].float().numpy())
    with torch.no_grad():
        single = model.float().features(((x - mean) / deviation).float())
    error = float((single - grid).abs().max() / grid.max())  # what f32 costs torch itself
    print(name, f"torch f32 against f64: {error:.1e}", grid.shape)
save_file(out, os.path.join(os.path.dirname(os.path.abspath(__file__)), "mobilenet_v2.safetensors"))
