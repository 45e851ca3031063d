"""What a Python user writes for each hot path. A round for each line on standard input, as measure-kernels does.

usage: peers.py PEER [--threads N] [--photos FOLDER] ...   (in an environment that has the libraries)"""
import argparse
import json
import os
import sys
import time
from concurrent.futures import ThreadPoolExecutor

parser = argparse.ArgumentParser()
parser.add_argument("peer")
parser.add_argument("--threads", type=int, default=1)
parser.add_argument("--photos")
parser.add_argument("--limit", type=int, default=200)
parser.add_argument("--weights")
parser.add_argument("--batch", type=int, default=250)
parser.add_argument("--hidden", type=int, default=512)
parser.add_argument("--checkpoint")
parser.add_argument("--cache")
parser.add_argument("--repeats", type=int, default=1)
options = parser.parse_args()
SIZE, WORDS, WIDTH, CAPTIONS = 112, 864, 17, 10_000


def decoding():
    import io
    import numpy
    names = sorted(name for name in os.listdir(options.photos) if name.endswith((".jpg", ".jpeg")))
    files = []
    for name in names[:options.limit]:
        with open(os.path.join(options.photos, name), "rb") as file:
            files.append(file.read())
    pool = ThreadPoolExecutor(options.threads)
    if options.peer.startswith("pillow"):
        from PIL import Image

        def decode(data):
            with Image.open(io.BytesIO(data)) as image:
                if options.peer == "pillow-draft":
                    image.draft("RGB", (SIZE, SIZE))
                return numpy.asarray(image.convert("RGB").resize((SIZE, SIZE), Image.BILINEAR))
    else:
        import cv2
        cv2.setNumThreads(1)
        flag = cv2.IMREAD_COLOR if options.peer == "opencv-full" else cv2.IMREAD_REDUCED_COLOR_4

        def decode(data):
            image = cv2.imdecode(numpy.frombuffer(data, numpy.uint8), flag)
            return cv2.cvtColor(cv2.resize(image, (SIZE, SIZE), interpolation=cv2.INTER_AREA), cv2.COLOR_BGR2RGB)

    def part(first):
        for index in range(first, len(files), options.threads):
            decode(files[index])

    def run():
        list(pool.map(part, range(options.threads)))
        return len(files)
    return run


def mobilenet():
    import torch
    import torchvision
    from safetensors.torch import load_file
    torch.set_num_threads(options.threads)
    network = torchvision.models.mobilenet_v2(weights=None)
    network.load_state_dict(load_file(options.weights), strict=False)
    return torch, network.features.eval()


def torch_features():
    torch, network = mobilenet()
    images = torch.rand(options.batch, 3, SIZE, SIZE)
    batch = options.batch
    if options.peer == "torch-best":
        import torch.nn.utils.fusion as fusion
        for block in network.modules():
            names = [name for name, _ in block.named_children()]
            for first, second in zip(names, names[1:]):
                convolution, norm = block._modules[first], block._modules[second]
                if isinstance(convolution, torch.nn.Conv2d) and isinstance(norm, torch.nn.BatchNorm2d):
                    block._modules[first] = fusion.fuse_conv_bn_eval(convolution, norm)
                    block._modules[second] = torch.nn.Identity()
        network = network.to(memory_format=torch.channels_last)
        images = images.to(memory_format=torch.channels_last)
        batch = 8

    def run():
        with torch.inference_mode():
            for begin in range(0, len(images), batch):
                network(images[begin:begin + batch]).mean((2, 3))
        return len(images)
    return run


def openvino_features():
    import numpy
    import openvino
    torch, network = mobilenet()

    class Pooled(torch.nn.Module):
        def __init__(self):
            super().__init__()
            self.network = network

        def forward(self, images):
            return self.network(images).mean((2, 3))

    core = openvino.Core()
    images = numpy.random.default_rng(0).random((options.batch, 3, SIZE, SIZE), numpy.float32)

    def candidate(hint, batch):
        model = openvino.convert_model(Pooled().eval(), example_input=torch.rand(batch, 3, SIZE, SIZE))
        model.reshape([batch, 3, SIZE, SIZE])
        compiled = core.compile_model(model, "CPU", {
            "INFERENCE_NUM_THREADS": options.threads, "PERFORMANCE_HINT": hint, "INFERENCE_PRECISION_HINT": "f32",
            "ENABLE_CPU_PINNING": False})
        parts = [images[begin:begin + batch] for begin in range(0, options.batch // batch * batch, batch)]
        if hint == "LATENCY":
            request = compiled.create_infer_request()

            def run():
                for part in parts:
                    request.infer({0: part}, share_inputs=True)
                return len(parts) * batch
        else:
            queue = openvino.AsyncInferQueue(compiled)

            def run():
                for part in parts:
                    queue.start_async({0: part}, share_inputs=True)
                queue.wait_all()
                return len(parts) * batch
        run()
        begin = time.perf_counter()
        items = run()
        return items / (time.perf_counter() - begin), run, "%s, batch %d" % (hint, batch)

    found = [candidate(hint, batch) for hint in ("LATENCY", "THROUGHPUT") for batch in (1, 8, 16)]
    best = max(found, key=lambda one: one[0])
    return best[1], {"setting": best[2]}


def training():
    import numpy
    import torch
    from torch.nn import functional
    torch.set_num_threads(options.threads)
    random = numpy.random.default_rng(0)
    counts = numpy.clip(numpy.round(random.normal(10.5, 2, CAPTIONS)), 6, 15).astype(int)
    share = 1 / numpy.arange(1, WORDS - 3)
    share /= share.sum()
    rows = numpy.zeros((CAPTIONS, WIDTH), numpy.int64)
    for row, count in zip(rows, counts):
        row[0], row[count + 1] = 1, 2
        row[1:count + 1] = 4 + random.choice(WORDS - 4, count, p=share)
    tokens, features = torch.from_numpy(rows), torch.rand(CAPTIONS, 1280)
    hidden, batch = options.hidden, options.batch

    def normal(*shape, fan):
        return torch.nn.Parameter(torch.randn(*shape) / fan ** 0.5)

    class Loop(torch.nn.Module):
        """The course's: one step after the other, padded."""

        def __init__(self):
            super().__init__()
            self.project, self.score = torch.nn.Linear(1280, hidden), torch.nn.Linear(hidden, WORDS)
            self.table = normal(WORDS, 256, fan=WORDS)
            self.input, self.recur = normal(256, hidden, fan=256), normal(hidden, hidden, fan=hidden)
            self.bias = torch.nn.Parameter(torch.zeros(hidden))

        def forward(self, x, captions):
            state, states = self.project(x), []
            words = self.table[captions[:, :-1]]
            for step in range(WIDTH - 1):
                state = torch.tanh(words[:, step] @ self.input + state @ self.recur + self.bias)
                states.append(state)
            scores = self.score(torch.stack(states, 1))
            return functional.cross_entropy(
                scores.flatten(0, 1), captions[:, 1:].flatten(), ignore_index=0, reduction="sum") / len(captions)

    class Packed(torch.nn.Module):
        """nn.RNN on packed sequences."""

        def __init__(self):
            super().__init__()
            self.project, self.score = torch.nn.Linear(1280, hidden), torch.nn.Linear(hidden, WORDS)
            self.table, self.network = torch.nn.Embedding(WORDS, 256), torch.nn.RNN(256, hidden, batch_first=True)

        def forward(self, x, captions):
            lengths, order = (captions[:, 1:] != 0).sum(1).sort(descending=True)
            captions, state = captions[order], self.project(x)[order].unsqueeze(0)
            pack = torch.nn.utils.rnn.pack_padded_sequence
            states, _ = self.network(pack(self.table(captions[:, :-1]), lengths, batch_first=True), state)
            targets = pack(captions[:, 1:], lengths, batch_first=True).data
            return functional.cross_entropy(self.score(states.data), targets, reduction="sum") / len(captions)

    class Hand(Loop):
        """The same gradients derived by hand, packed; no autograd."""

        @torch.no_grad()
        def forward(self, x, captions):
            lengths, order = (captions[:, 1:] != 0).sum(1).sort(descending=True)
            captions, x = captions[order], x[order]
            live = [int((lengths > step).sum()) for step in range(int(lengths[0]))]
            begin = [sum(live[:step]) for step in range(len(live) + 1)]
            spans = [slice(begin[step], begin[step + 1]) for step in range(len(live))]
            inputs = torch.cat([captions[:count, step] for step, count in enumerate(live)])
            targets = torch.cat([captions[:count, step + 1] for step, count in enumerate(live)])
            first = self.project(x)
            states = torch.addmm(self.bias, self.table, self.input)[inputs]
            before, state = torch.empty_like(states), first
            for span, count in zip(spans, live):
                before[span] = state[:count]
                state = states[span].addmm_(state[:count], self.recur).tanh_()
            chances = torch.log_softmax(self.score(states), 1)
            loss = -chances.gather(1, targets.unsqueeze(1)).sum() / len(captions)
            slope = chances.exp_()
            slope[torch.arange(len(targets)), targets] -= 1
            slope /= len(captions)
            self.score.weight.grad, self.score.bias.grad = slope.t() @ states, slope.sum(0)
            down, carry = slope @ self.score.weight, None
            for span, count in zip(reversed(spans), reversed(live)):
                part = down[span]
                if carry is not None:
                    part[:len(carry)] += carry
                part *= 1 - states[span].square()
                carry = part @ self.recur.t()
            self.recur.grad = before.t() @ down
            words = torch.zeros(WORDS, hidden).index_add_(0, inputs, down)
            self.bias.grad, self.input.grad = words.sum(0), self.table.t() @ words
            self.table.grad = words @ self.input.t()
            self.project.weight.grad, self.project.bias.grad = carry.t() @ x, carry.sum(0)
            return loss

    model = {"torch-loop": Loop, "torch-packed": Packed, "torch-hand": Hand}[options.peer]()
    adam = torch.optim.Adam(model.parameters(), 1e-3, fused=options.peer != "torch-loop")
    order, place = torch.randperm(CAPTIONS), [0]

    def run():
        if place[0] + batch > CAPTIONS:
            place[0] = 0
        chosen = order[place[0]:place[0] + batch]
        place[0] += batch
        adam.zero_grad()
        loss = model(features[chosen], tokens[chosen])
        if loss.requires_grad:
            loss.backward()
        adam.step()
        loss.item()
        return 1
    return run


def greedy():
    import torch
    torch.set_num_threads(options.threads)
    hidden = options.hidden
    if options.checkpoint:
        from safetensors.torch import load_file
        p = {name: value.float() for name, value in load_file(options.checkpoint).items()}
    else:
        p = {"featureProjector.weight": torch.randn(hidden, 1280) / 36, "featureProjector.bias": torch.zeros(hidden),
             "wordEmbedding.W_embed": torch.randn(WORDS, 256) / 29, "rnnNetwork.Wx": torch.randn(256, hidden) / 16,
             "rnnNetwork.Wh": torch.randn(hidden, hidden) / 23, "rnnNetwork.b": torch.zeros(hidden),
             "outProjector.weight": torch.randn(WORDS, hidden) / 23, "outProjector.bias": torch.zeros(WORDS)}
    if options.cache:
        import h5py
        with h5py.File(options.cache) as file:
            features = torch.from_numpy(file["pooled"][:250])
    else:
        features = torch.rand(250, 1280)
    linear = torch.nn.functional.linear

    def run():
        with torch.inference_mode():
            for begin in range(0, 250, options.batch):
                x = features[begin:begin + options.batch]
                state = linear(x, p["featureProjector.weight"], p["featureProjector.bias"])
                word, said = torch.ones(len(x), dtype=torch.long), []
                for _ in range(WIDTH - 1):
                    state = torch.tanh(p["wordEmbedding.W_embed"][word] @ p["rnnNetwork.Wx"] + state @ p["rnnNetwork.Wh"]
                                       + p["rnnNetwork.b"])
                    word = linear(state, p["outProjector.weight"], p["outProjector.bias"]).argmax(1)
                    said.append(word)
                torch.stack(said, 1)
        return 250
    return run


def gather():
    import h5py
    import numpy
    file = h5py.File(options.cache)
    rows = file["pooled"]
    order = numpy.random.default_rng(0).permutation(len(rows))
    batches = order[:len(rows) // options.batch * options.batch].reshape(-1, options.batch)
    if options.peer == "h5py-sorted":
        batches = batches[:len(batches) // 10]

        def one(chosen):
            rows[numpy.sort(chosen)]
    else:
        mapped = numpy.memmap(options.cache, numpy.float32, "r", rows.id.get_offset(), rows.shape)

        def one(chosen):
            mapped[chosen]
    pool = ThreadPoolExecutor(options.threads)

    def run():
        if options.threads == 1:
            for chosen in batches:
                one(chosen)
        else:
            list(pool.map(one, batches))
        return batches.size
    return run


def memcpy():
    import ctypes
    size = 1 << 28
    source, target = (ctypes.create_string_buffer(size) for _ in range(2))
    pool = ThreadPoolExecutor(options.threads)
    part = size // options.threads

    def copy(index):
        ctypes.memmove(ctypes.addressof(target) + index * part, ctypes.addressof(source) + index * part, part)

    def run():
        list(pool.map(copy, range(options.threads)))
        return size // 1_000_000
    return run


makers = {"memcpy": memcpy, "torch-eager": torch_features, "torch-best": torch_features, "openvino": openvino_features,
          "torch-loop": training, "torch-packed": training, "torch-hand": training, "torch-greedy": greedy,
          "h5py-sorted": gather, "numpy-memmap": gather}
made = makers.get(options.peer, decoding)()
run, about = made if isinstance(made, tuple) else (made, {})
print(json.dumps({"ready": True, **about}), flush=True)
for _ in sys.stdin:
    begin = time.perf_counter()
    items = sum(run() for _ in range(options.repeats))
    print(json.dumps({"seconds": time.perf_counter() - begin, "items": items}), flush=True)
