"""What tokenize-captions must give, in Python: compares a cache with it.

usage: python3 Tests/References/tokenize_reference.py CACHE.h5 train=captions.json [val=captions.json …]
needs: h5py, numpy
"""
import collections
import json
import string
import sys

import h5py
import numpy as np

REMOVE = str.maketrans("", "", string.punctuation)


def words(caption):
    return caption.lower().translate(REMOVE).split()


def vocabulary(captions, size):
    counts = collections.Counter(word for caption in captions for word in words(caption))
    ranked = sorted(counts, key=lambda word: (-counts[word], word))
    return ["<NULL>", "<START>", "<END>", "<UNK>"] + ranked[: size - 4]


def rows(captions, tokens, length):
    result = np.zeros((len(captions), length), np.int32)
    for row, caption in zip(result, captions):
        body = [tokens.get(word, 3) for word in words(caption)[: length - 2]]
        row[: len(body) + 2] = [1, *body, 2]
    return result


def compare(path, splits):
    with h5py.File(path) as cache:
        configuration = json.loads(cache.attrs["configuration"])
        found_words = list(cache["vocabulary"].asstr()[:])
        found_rows, lengths = cache["tokens"][:], cache["lengths"][:]
        ids, images = cache["caption_ids"][:], cache["image_ids"][:][cache["image_row"][:]]
    annotations = [json.load(open(file))["annotations"] for _, file in splits]
    training = next((n for n, (name, _) in enumerate(splits) if name == "train"), 0)
    wanted_words = vocabulary([a["caption"] for a in annotations[training]], configuration["vocabulary_size"])
    every = [a for part in annotations for a in part]
    tokens = {word: token for token, word in enumerate(wanted_words)}
    wanted_rows = rows([a["caption"] for a in every], tokens, configuration["length"])
    checks = {
        "vocabulary": found_words == wanted_words,
        "tokens": np.array_equal(found_rows, wanted_rows),
        "lengths": np.array_equal(lengths, (wanted_rows != 0).sum(1)),
        "caption ids": np.array_equal(ids, [a["id"] for a in every]),
        "images": np.array_equal(images, [a["image_id"] for a in every]),
    }
    for name, good in checks.items():
        print(("ok    " if good else "WRONG ") + name)
    print(f"{len(every)} captions, {len(wanted_words)} words")
    return all(checks.values())


if __name__ == "__main__":
    sys.exit(0 if compare(sys.argv[1], [argument.split("=", 1) for argument in sys.argv[2:]]) else 1)
