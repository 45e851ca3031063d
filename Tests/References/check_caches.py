"""Opens a run's caches with h5py and checks them against cache/README.md.

usage: python3 Tests/References/check_caches.py cache/seed-rnn-512
needs: h5py, numpy
"""
import json
import pathlib
import re
import sys

import h5py
import numpy as np

folder = sys.argv[1]
failures = []


def expect(condition, what):
    print(("ok    " if condition else "WRONG ") + what)
    if not condition:
        failures.append(what)


def open_cache(name, form):
    file = h5py.File(f"{folder}/{name}.h5", "r")
    expect(file.attrs["format"] == form, f"{name}.h5 says it is {form}")
    configuration = json.loads(file.attrs["configuration"])
    expect(len(file.attrs["fingerprint"]) == 64, f"{name}.h5 fingerprint {file.attrs['fingerprint'][:12]}…")
    return file, configuration


def dataset(file, name, dtype, shape):
    found = file[name]
    fits = found.dtype == dtype and len(found.shape) == len(shape)
    fits = fits and all(want in (None, have) for want, have in zip(shape, found.shape))
    expect(fits, f"{name}: {found.dtype} {found.shape}")
    expect(found.chunks is None, f"{name} is contiguous")
    return found


images, configuration = open_cache("images", "captioneer.images")
pixels = dataset(images, "images", np.uint8, (None, 3, None, None))
rows = len(pixels)
image_ids = dataset(images, "image_ids", np.int64, (rows,))[:]
split = dataset(images, "split", np.uint8, (rows,))[:]
expect(len(set(image_ids)) == rows, "image ids are unique")
expect(np.all(np.diff(split.astype(int)) >= 0), "rows are grouped by split")
statuses = images["ledger/statuses"].asstr()[:]
expect(np.sum(statuses != "skipped") == rows, f"the ledger's {len(statuses)} lines account for the {rows} rows")

captions, _ = open_cache("captions", "captioneer.captions")
tokens = dataset(captions, "tokens", np.int32, (None, None))[:]
lengths = dataset(captions, "lengths", np.int32, (len(tokens),))[:]
image_row = dataset(captions, "image_row", np.int32, (len(tokens),))[:]
vocabulary = captions["vocabulary"].asstr()[:]
expect(list(vocabulary[:4]) == ["<NULL>", "<START>", "<END>", "<UNK>"], f"vocabulary of {len(vocabulary)} words")
expect(tokens.min() >= 0 and tokens.max() < len(vocabulary), "tokens are in the vocabulary")
expect(np.all(tokens[:, 0] == 1) and np.all(tokens[np.arange(len(tokens)), lengths - 1] == 2), "rows begin and end")
expect(np.all((tokens != 0).sum(1) == lengths), "lengths count the words")
caption_images = captions["image_ids"][:]
expect(set(image_ids) <= set(caption_images[image_row]), "every image has a caption")

features, _ = open_cache("features", "captioneer.features")
pooled = dataset(features, "pooled", features["pooled"].dtype, (rows, 1280))
expect(np.array_equal(features["image_ids"][:], image_ids), "features stand in the order of the images")
if "grid" in features:
    grid = dataset(features, "grid", features["grid"].dtype, (rows, 1280, None, None))
    mean = grid[:50].astype(np.float64).mean((2, 3))
    expect(np.abs(mean - pooled[:50]).max() < 1e-2, "the grid's mean is the pooled feature")

# The tables of cache/README.md name exactly what is there; integrity/NAME is said once for all.
page = (pathlib.Path(__file__).parents[2] / "cache/README.md").read_text()
for name, file in ("images", images), ("captions", captions), ("features", features):
    section = page.split(f"\n## {name}.h5\n")[1].split("\n## ")[0]
    rows = re.findall(r"^\| (`[^|]*) \|", section, re.M)
    named = {found for row in rows for found in re.findall(r"`([^`]+)`", row)} - (set() if "grid" in file else {"grid"})
    there = set()
    file.visititems(lambda path, item: there.add(path) if isinstance(item, h5py.Dataset) else None)
    there = {path for path in there if path.removeprefix("integrity/") == path or path.removeprefix("integrity/") not in there}
    expect(named == there, f"{name}.h5 holds what its table names: {sorted(named ^ there) or len(there)}")
    attributes = {found for row in re.findall(r"^\| (`[^|]*) \|", page.split("| root attribute")[1].split("\n\n")[0], re.M)
                  for found in re.findall(r"`([^`]+)`", row)}
    expect(attributes == set(file.attrs), f"{name}.h5 has the root attributes that are named")

sys.exit(1 if failures else 0)
