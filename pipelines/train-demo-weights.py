"""Trains the small MobileNetV2 of the demo on drawn scenes and writes pipelines/demo-weights.safetensors.

    swift build -c release --product generate-scenes
    .build/release/generate-scenes --train 9000 --validation 600 --seed 20261123 --output /tmp/demo-scenes
    python3 pipelines/train-demo-weights.py /tmp/demo-scenes pipelines/demo-weights.safetensors 8

About 15 minutes on two cores. needs: torch, torchvision, pillow, numpy, safetensors

The network is torchvision's mobilenet_v2(width_mult=0.35) with linear heads on the pooled feature, one for each thing a scene's truth names.
Only `features.*` is kept, batch norm folded into the convolutions, as float16.
"""
import json
import sys

import numpy as np
import torch
from PIL import Image
from safetensors.torch import save_file
from torch import nn
from torch.nn import functional
from torchvision.models import mobilenet_v2
from torchvision.ops.misc import Conv2dNormActivation

SEED, EPOCHS, BATCH, RATE = 1, int(sys.argv[3]) if len(sys.argv) > 3 else 8, 64, 3e-3
folder, output = sys.argv[1:3]
torch.manual_seed(SEED)
torch.set_num_threads(2)
rng = np.random.default_rng(SEED)


def load(name):
    with open(f"{folder}/{name}.json") as file:
        return json.load(file)


truth = {t["image_id"]: t for t in load("scenes")}


def fields(t):
    second = t["second"] or {"shape": "none", "color": "none"}
    return (t["main"]["color"], t["main"]["shape"], t["size"], t["position"], t["background"], second["color"], second["shape"])


NAMES = ("color", "shape", "size", "position", "background", "second color", "second shape")
labels = [sorted({fields(t)[n] for t in truth.values()}) for n in range(len(NAMES))]


def split(name):
    images = load(f"captions_{name}")["images"]
    pixels = np.stack([
        np.asarray(Image.open(f"{folder}/images/{i['file_name']}").convert("RGB").resize((112, 112), Image.BILINEAR))
        for i in images
    ])
    targets = torch.tensor([[l.index(f) for l, f in zip(labels, fields(truth[i["id"]]))] for i in images])
    return torch.from_numpy(pixels).permute(0, 3, 1, 2), targets


MEAN = torch.tensor([0.485, 0.456, 0.406]).view(1, 3, 1, 1)
STD = torch.tensor([0.229, 0.224, 0.225]).view(1, 3, 1, 1)


def prepare(pixels):
    return ((pixels.float() / 255 - MEAN) / STD).contiguous(memory_format=torch.channels_last)


class Net(nn.Module):
    def __init__(self):
        super().__init__()
        self.features = mobilenet_v2(weights=None, width_mult=0.35).features
        self.heads = nn.ModuleList(nn.Linear(1280, len(l)) for l in labels)

    def forward(self, x):
        pooled = self.features(x).mean((2, 3))
        return [head(pooled) for head in self.heads]


def accuracy(net, pixels, targets):
    net.eval()
    with torch.no_grad():
        right = [
            torch.stack([o.argmax(1) for o in net(prepare(pixels[i:i + 200]))], 1) == targets[i:i + 200]
            for i in range(0, len(pixels), 200)
        ]
    return dict(zip(NAMES, torch.cat(right).float().mean(0).tolist()))


def fold(net):
    """Batch norm into the convolution before it; the norm that remains is the identity (weight 1, bias = shift, mean 0, variance 1)."""
    state = {}
    modules = dict(net.features.named_modules())
    convolutions = [(n, m) for n, m in modules.items() if isinstance(m, nn.Conv2d)]
    for name, convolution in convolutions:
        head, _, last = name.rpartition(".")
        norm_name = f"{head}.{int(last) + 1}" if head else str(int(last) + 1)
        norm = modules[norm_name]
        scale = norm.weight / torch.sqrt(norm.running_var + norm.eps)
        state[f"features.{name}.weight"] = convolution.weight * scale.view(-1, 1, 1, 1)
        size = len(scale)
        state[f"features.{norm_name}.weight"] = torch.ones(size) * (1 + norm.eps) ** 0.5
        state[f"features.{norm_name}.bias"] = norm.bias - norm.running_mean * scale
        state[f"features.{norm_name}.running_mean"] = torch.zeros(size)
        state[f"features.{norm_name}.running_var"] = torch.ones(size)
    return {k: v.detach().half().contiguous() for k, v in state.items()}


pixels, targets = split("train")
held_pixels, held_targets = split("val")
net = Net().to(memory_format=torch.channels_last)
optimizer = torch.optim.AdamW(net.parameters(), lr=RATE, weight_decay=1e-2)
steps = EPOCHS * (len(pixels) // BATCH)
schedule = torch.optim.lr_scheduler.OneCycleLR(optimizer, RATE, total_steps=steps)
for epoch in range(EPOCHS):
    net.train()
    total = 0.0
    order = rng.permutation(len(pixels))
    for start in range(0, len(order) - BATCH + 1, BATCH):
        rows = order[start:start + BATCH]
        loss = sum(functional.cross_entropy(o, targets[rows][:, n]) for n, o in enumerate(net(prepare(pixels[rows]))))
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
        schedule.step()
        total += loss.item()
    shares = accuracy(net, held_pixels, held_targets)
    print(f"epoch {epoch + 1} loss {total / (len(order) // BATCH):.4f}", {k: round(v, 4) for k, v in shares.items()}, flush=True)
    if sys.argv[4:] != ["--no-save"]:
        save_file(fold(net), output, metadata={"about": "Captioneer's demo only: MobileNetV2 0.35 trained on drawn scenes", "seed": str(SEED)})
