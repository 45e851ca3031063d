"""Compares the pixels of an images cache with Pillow's, photograph by photograph.

usage: python3 Tests/References/check_pixels.py cache/run/images.h5 PHOTOGRAPHS [COUNT]
needs: h5py, numpy, Pillow 13

In `exact` mode the largest difference must be at most 1 and 99.9 % of the values identical; in `fast` mode the mean absolute
difference must be at most 1.5 levels.
"""
import json
import sys

import h5py
import numpy as np
from PIL import Image, ImageOps

cache, folder = h5py.File(sys.argv[1], "r"), sys.argv[2]
configuration = json.loads(cache.attrs["configuration"])
size, fit, resampling = (configuration[key] for key in ("size", "fit", "resampling"))
statuses = cache["ledger/statuses"].asstr()[:]
names = cache["ledger/file_names"].asstr()[:][statuses != "skipped"]
count = min(int(sys.argv[3]) if len(sys.argv) > 3 else len(names), len(names))

largest, identical, values, means = 0, 0, 0, []
for row in range(count):
    image = ImageOps.exif_transpose(Image.open(f"{folder}/{names[row]}")).convert("RGB")
    shape, method = (size, size), Image.Resampling.BILINEAR
    expected = {
        "stretch": lambda: image.resize(shape, method),
        "crop": lambda: ImageOps.fit(image, shape, method),
        "pad": lambda: ImageOps.pad(image, shape, method),
    }[fit]()
    difference = np.abs(cache["images"][row].astype(int) - np.asarray(expected).transpose(2, 0, 1))
    largest = max(largest, difference.max())
    identical += np.count_nonzero(difference == 0)
    values += difference.size
    means.append(difference.mean())

share, mean = identical / values, np.mean(means)
print(f"{count} photographs, {resampling}, {fit}, {size} x {size}: largest difference {largest}, {share:.6%} identical,")
print(f"mean absolute difference {mean:.4f} levels (worst photograph {max(means):.4f})")
fits = mean <= 1.5 if resampling == "fast" else largest <= 1 and share >= 0.999
print("ok" if fits else "WRONG")
sys.exit(not fits)
