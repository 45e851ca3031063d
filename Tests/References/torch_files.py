"""Small files of torch.save: both containers, several protocols, views, and a pickle that asks for os.system.

usage: python torch_files.py        (torch) writes torch_*.pth beside itself
"""
import collections
import os

import torch

here = os.path.dirname(os.path.abspath(__file__))
base = torch.arange(24, dtype=torch.float32).reshape(2, 3, 4)
state = collections.OrderedDict(
    whole=base,
    turned=base.permute(2, 0, 1),  # strides 1, 12, 4
    part=base[1, 1:, ::2],  # offset 16, strides 4, 2
    row=base[0, 0].expand(3, 4),  # strides 0, 1
    half=torch.tensor([0.5, -2], dtype=torch.float16),
    brain=torch.tensor([1.5, -3], dtype=torch.bfloat16),
    parameter=torch.nn.Parameter(torch.tensor([1.0, 2.0])),
    scalar=torch.tensor(3.25),
    empty=torch.zeros(0, 5),
    num_batches_tracked=torch.tensor(7),
)


class Evil:
    def __reduce__(self):
        return os.system, ("touch /tmp/captioneer-was-here",)


def save(name, value, **options):
    torch.save(value, os.path.join(here, f"torch_{name}.pth"), **options)


save("zip", state)
save("legacy", state, _use_new_zipfile_serialization=False)
save("protocol4", {"state_dict": state, "epoch": 3, "rate": 0.5, "names": ["a", "b"]}, pickle_protocol=4)
save("evil", {"a": Evil()})
save("evil_legacy", {"a": Evil()}, _use_new_zipfile_serialization=False)
save("module", torch.nn.Linear(2, 1))
