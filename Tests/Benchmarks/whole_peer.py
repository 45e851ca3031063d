"""Photographs to a trained captioner, written well in Python.

usage: whole_peer.py PHOTOS TRAIN_JSON VAL_JSON WEIGHTS CACHE EPOCHS THREADS"""
import collections
import json
import os
import string
import sys
from concurrent.futures import ThreadPoolExecutor

import h5py
import numpy
import torch
import torchvision
from safetensors.torch import load_file, save_file
from torch.nn import functional
from torch.nn.utils.fusion import fuse_conv_bn_eval
from torchvision.io import ImageReadMode, decode_jpeg, read_file
from torchvision.transforms.v2.functional import resize

photos, train, val, weights, cache, epochs, threads = sys.argv[1:]
threads = int(threads)
torch.manual_seed(1)

images, captions = [], []
for split, path in enumerate((train, val)):
    with open(path) as file:
        content = json.load(file)
    places = {one["id"]: len(images) + number for number, one in enumerate(content["images"])}
    images += [one["file_name"] for one in content["images"]]
    captions += [(split, places[one["image_id"]], one["caption"]) for one in content["annotations"]]

torch.set_num_threads(1)
with ThreadPoolExecutor(threads) as pool:
    pixels = torch.stack(list(pool.map(lambda name: resize(
        decode_jpeg(read_file(os.path.join(photos, name)), ImageReadMode.RGB), [112, 112], antialias=True), images)))
torch.set_num_threads(threads)

drop = str.maketrans("", "", string.punctuation)
texts = [text.lower().translate(drop).split() for _, _, text in captions]
counts = collections.Counter(word for (split, _, _), words in zip(captions, texts) if split == 0 for word in words)
vocabulary = ["<NULL>", "<START>", "<END>", "<UNK>"] + sorted(counts, key=lambda word: (-counts[word], word))[:860]
index = {word: number for number, word in enumerate(vocabulary)}
tokens = torch.zeros(len(texts), 17, dtype=torch.long)
for row, words in zip(tokens, texts):
    line = [1] + [index.get(word, 3) for word in words[:15]] + [2]
    row[:len(line)] = torch.tensor(line)
splits, rows = (torch.tensor([one[column] for one in captions]) for column in (0, 1))

network = torchvision.models.mobilenet_v2()
network.load_state_dict(load_file(weights), strict=False)
network = network.features.eval()
for block in network.modules():
    names = [name for name, _ in block.named_children()]
    for first, second in zip(names, names[1:]):
        if isinstance(block._modules[second], torch.nn.BatchNorm2d):
            block._modules[first] = fuse_conv_bn_eval(block._modules[first], block._modules[second])
            block._modules[second] = torch.nn.Identity()
network = network.to(memory_format=torch.channels_last)
mean = torch.tensor([0.485, 0.456, 0.406]).view(1, 3, 1, 1) * 255
deviation = torch.tensor([0.229, 0.224, 0.225]).view(1, 3, 1, 1) * 255
with h5py.File(cache, "w") as file, torch.inference_mode():
    pooled = file.create_dataset("pooled", (len(images), 1280), "f4")
    for begin in range(0, len(images), 16):
        batch = ((pixels[begin:begin + 16] - mean) / deviation).to(memory_format=torch.channels_last)
        pooled[begin:begin + 16] = network(batch).mean((2, 3)).numpy()
with h5py.File(cache) as file:
    features = torch.from_numpy(file["pooled"][:])


class Captioner(torch.nn.Module):
    def __init__(self, hidden=512):
        super().__init__()
        self.project, self.score = torch.nn.Linear(1280, hidden), torch.nn.Linear(hidden, len(vocabulary))
        self.table = torch.nn.Embedding(len(vocabulary), 256)
        self.network = torch.nn.RNN(256, hidden, batch_first=True)

    def forward(self, x, captions):
        states, _ = self.network(self.table(captions[:, :-1]), self.project(x).unsqueeze(0))
        return functional.cross_entropy(self.score(states).flatten(0, 1), captions[:, 1:].flatten(), ignore_index=0,
                                        reduction="sum") / len(captions)


model = Captioner()
adam = torch.optim.Adam(model.parameters(), 1e-3, fused=True)
ours, held_out = (splits == 0).nonzero()[:, 0], (splits == 1).nonzero()[:, 0]
for epoch in range(int(epochs)):
    for chosen in ours[torch.randperm(len(ours))].split(250):
        adam.zero_grad()
        loss = model(features[rows[chosen]], tokens[chosen])
        loss.backward()
        adam.step()
    with torch.no_grad():
        checked = model(features[rows[held_out]], tokens[held_out])
    print(epoch + 1, loss.item(), checked.item())
    save_file(model.state_dict(), cache + ".safetensors")
