"""Runs each hot path against its peers in turns and prints a table. ./Tests/benchmark.sh builds first and then calls this."""
import argparse
import datetime
import glob
import json
import os
import shutil
import statistics
import subprocess
import sys
import tempfile

from players import Resident, Whole

HERE = os.path.dirname(os.path.abspath(__file__))
ROOT = os.path.dirname(os.path.dirname(HERE))
SHARED = os.environ.get("CAPTIONEER_SHARED_DATA") or os.path.join(ROOT, "..", "shared", "data")

parser = argparse.ArgumentParser(description="Times Captioneer's hot paths against their peers.")
parser.add_argument("--build", default=os.path.join(ROOT, ".build", "release"), help="folder of our executables")
parser.add_argument("--with-peers", action="store_true", help="install the peers into .peers first")
parser.add_argument("--peers-python", help="a Python that has the peers' libraries")
parser.add_argument("--photos", help="folder of JPEGs")
parser.add_argument("--only", help="paths, separated by commas")
parser.add_argument("--quick", action="store_true", help="less of everything: to try the benchmark")
parser.add_argument("--rounds", type=int)
parser.add_argument("--threads", default="1,2")
parser.add_argument("--json", default="benchmark.json", help="where the figures go")
parser.add_argument("--write", action="store_true", help="put the tables into README.md and docs/performance.md")
parser.add_argument("--from", dest="earlier", help="measure nothing: take the figures of this JSON file")
parser.add_argument("--work", help="folder for what is made on the way (default: a temporary one, removed)")
options = parser.parse_args()

rounds = options.rounds or 3
short_rounds = 3 * rounds  # of paths whose rounds take less than a second
python = options.peers_python or next(
    (path for path in [os.path.join(ROOT, ".peers", "bin", "python")] if os.path.exists(path)), None)
work = os.path.abspath(options.work or tempfile.mkdtemp(prefix="captioneer-benchmark-"))
os.makedirs(work, exist_ok=True)
log = open(os.path.join(work, "log.txt"), "w+")
records = []


def built(name):
    return os.path.join(options.build, name)


def ours(*arguments):
    return lambda threads: Resident([built("measure-kernels"), *arguments, "--threads", threads], threads, log)


def peer(*arguments):
    interpreter = python or (sys.executable if arguments[0] == "memcpy" else None)
    if interpreter is None:
        return None
    script = os.path.join(HERE, "peers.py")
    return lambda threads: Resident([interpreter, script, *arguments, "--threads", threads], threads, log)


def wanted(path):
    return not options.only or any(path.startswith(name) for name in options.only.split(","))


def play(path, unit, us, peers, target=None, count=None, limit=None, threads=None):
    """Lets us, each peer and the limit take turns; keeps the medians, and the median of the ratios pair by pair.

    limit: what makes the limit's player, and items of ours for each of its own."""
    if not wanted(path):
        return
    for thread_count in threads or [int(part) for part in options.threads.split(",")]:
        others, mine, bound = {}, None, None
        try:
            mine = us(thread_count)
            mine.warm_up()
            for name, make in peers.items():
                if make:
                    try:
                        others[name] = make(thread_count)
                        others[name].warm_up()
                    except Exception as error:  # a peer that is not there leaves a gap, not a failure
                        print("%s: %s left out: %s" % (path, name, error), file=sys.stderr)
                        others.pop(name, None)
            bound = limit[0](thread_count) if limit and limit[0] else None
            rates, shares, theirs, ratios = [], [], {name: [] for name in others}, {name: [] for name in others}
            load = os.getloadavg()[0]
            for _ in range(count or rounds):
                for name in others or {None: None}:
                    rates.append(mine.round())
                    if name:
                        theirs[name].append(others[name].round())
                        ratios[name].append(rates[-1] / theirs[name][-1])
                if bound:
                    shares.append(rates[-1] / (bound.round() * limit[1]))
            base = dict(path=path, threads=thread_count, unit=unit, ours=statistics.median(rates), ours_all=rates,
                        share_of_limit=statistics.median(shares) if shares else None, peak_bytes=mine.peak_bytes(), load=load)
            for name in others or {None: None}:
                record = dict(base, peer=name, target=target(name) if target and name else None)
                if name:
                    record.update(peer_rate=statistics.median(theirs[name]), peer_all=theirs[name],
                                  ratio=statistics.median(ratios[name]), ratios=ratios[name],
                                  peer_peak_bytes=others[name].peak_bytes(), setting=others[name].ready.get("setting"))
                records.append(record)
                show(record)
        except Exception as error:
            print("%s, %d threads: %s" % (path, thread_count, error), file=sys.stderr)
            continue
        finally:
            for player in [*others.values(), mine, bound]:
                if player:
                    player.close()


def number(value):
    return "–" if value is None else "{:,.0f}".format(value) if value >= 100 else "%.3g" % value


def cells(record):
    target = record["target"]
    verdict = "" if not target or not record.get("ratio") else " ✓" if record["ratio"] >= target else " ✗ (%g)" % target
    share = record["share_of_limit"]

    def megabytes(value):
        return "–" if not value else "%.0f" % (value / 1e6)
    return [record["path"], str(record["threads"]), number(record["ours"]) + " " + record["unit"],
            record["peer"] or "–", number(record.get("peer_rate")),
            "%.2f%s" % (record["ratio"], verdict) if record.get("ratio") else "–",
            "%.0f %%" % (100 * share) if share else "–",
            megabytes(record["peak_bytes"]), megabytes(record.get("peer_peak_bytes"))]


HEAD = ["path", "threads", "ours", "peer", "peer's", "ratio (target)", "of the limit", "our MB", "peer's MB"]


def show(record):
    print("  ".join(cells(record)), flush=True)


def markdown(head, rows):
    return "".join("| " + " | ".join(row) + " |\n" for row in [head, ["---"] * len(head)] + rows)


def table():
    return markdown(HEAD, [cells(record) for record in records])


# What the README shows of the summary.
SHOWN = [("whole", "torchvision+torch"), ("features", "openvino"), ("training b250 h512", "torch-packed")]


def summary(shown=None):
    """A line for each path and peer, or for those that are `shown`."""
    rows = []
    for record in records:
        if record["threads"] != 1 or not record.get("ratio") or (shown and (record["path"], record["peer"]) not in shown):
            continue
        two = next((other for other in records if other["threads"] == 2 and other["path"] == record["path"]
                    and other["peer"] == record["peer"]), None)
        target = record["target"]

        def ratio(one):
            if not one or not one.get("ratio"):
                return "–"
            return ("**%.2f**" if target and one["ratio"] >= target else "%.2f") % one["ratio"]
        rows.append([record["path"], record["peer"], number(record["ours"]) + " " + record["unit"], ratio(record),
                     number(two and two["ours"]), ratio(two), "–" if not target else "%g" % target,
                     "%.0f / %.0f" % (record["peak_bytes"] / 1e6, record["peer_peak_bytes"] / 1e6)])
    return markdown(["path", "peer", "ours, 1 thread", "ratio", "ours, 2 threads", "ratio", "target", "peak MB, ours / peer"], rows)


def put(path, text):
    """Replaces what stands between the marks in a file of the repository."""
    path = os.path.join(ROOT, path)
    with open(path) as file:
        before, _, rest = file.read().partition("<!-- figures -->\n")
        _, mark, after = rest.partition("<!-- end of figures -->\n")
    if not mark:
        raise SystemExit("%s: the marks of the figures are missing" % path)
    with open(path, "w") as file:
        file.write(before + "<!-- figures -->\n" + text + mark + after)


def targets(**values):
    return lambda name: values.get(name.replace("-", "_"))


def photographs():
    if options.photos:
        return options.photos
    if os.path.isdir(os.path.join(SHARED, "photos")):
        return os.path.join(SHARED, "photos")
    scenes = os.path.join(work, "scenes")
    Whole([[built("generate-scenes"), "--output", scenes]], 1, 1, log).round()
    return max({os.path.dirname(path) for path in glob.glob(scenes + "/**/*.jpg", recursive=True)})


def training_flops(batch, hidden, words=864, word_vector=256, mean_steps=11.5):
    """Of the products that no padding wastes: forward and two backward, and no gradient to the features."""
    rows = batch * mean_steps
    return 2 * (3 * (words * word_vector * hidden + rows * hidden * (hidden + words)) + 2 * batch * 1280 * hidden)


def kernels():
    product, copying = ours("product", "--batch", 2048), peer("memcpy")
    play("limit: sgemm 2048³", "MFLOP/s", product, {})
    play("limit: memcpy", "MB/s", copying, {})
    few = ["--limit", 40 if options.quick else 150]
    if any(wanted(path) for path in ("limit: libjpeg 1/1", "limit: libjpeg 1/4", "decode exact", "decode fast")):
        photos = ["--photos", photographs(), *few]
        play("limit: libjpeg 1/1", "images/s", ours("jpeg-full", *photos), {})
        play("limit: libjpeg 1/4", "images/s", ours("jpeg-quarter", *photos), {})
        play("decode exact", "images/s", ours("decode-exact", *photos),
             {name: peer(name, *photos) for name in ("pillow", "opencv-full")}, targets(pillow=1.4),
             limit=(ours("jpeg-full", *photos), 1), count=short_rounds)
        play("decode fast", "images/s", ours("decode-fast", *photos),
             {name: peer(name, *photos) for name in ("pillow-draft", "opencv-reduced")}, targets(opencv_reduced=1.0),
             limit=(ours("jpeg-quarter", *photos), 1), count=short_rounds)
    weights = os.path.join(SHARED, "weights", "mobilenet_v2.safetensors")
    if os.path.exists(weights):
        size = ["--weights", weights, "--batch", 64 if options.quick else 240]
        play("features", "images/s", ours("features", *size),
             {name: peer(name, *size) for name in ("torch-eager", "torch-best", "openvino")}, targets(openvino=1.1),
             limit=(product, 1 / 162))
    for batch, hidden in ((250, 512), (400, 1024)):
        size = ["--batch", batch, "--hidden", hidden, "--repeats", 3 if options.quick else 8]
        play("training b%d h%d" % (batch, hidden), "steps/s", ours("training", *size),
             {name: peer(name, *size) for name in ("torch-loop", "torch-packed", "torch-hand")},
             targets(torch_loop=2.0, torch_packed=1.5, torch_hand=1.0),
             limit=(product, 1e6 / training_flops(batch, hidden)))
    trained = os.path.join(work, "ours")
    checkpoint = os.path.join(trained, "captioner", "captioner.safetensors")
    model = ["--checkpoint", checkpoint, "--cache", trained + "/features.h5"] if os.path.exists(checkpoint) else []
    for batch, goal in ((1, 2.5), (10, None), (250, 2.0)):
        size = ["--batch", batch, "--repeats", 1 if batch == 1 else 4, *model]
        play("greedy b%d" % batch, "captions/s", ours("greedy", *size), {"torch-greedy": peer("torch-greedy", *size)},
             targets(torch_greedy=goal), count=short_rounds)
    if wanted("gather"):
        cache = os.path.join(work, "rows.h5")
        if not os.path.exists(cache):
            rows = 10_000 if options.quick else 100_000
            Whole([[built("measure-kernels"), "make-cache", "--cache", cache, "--rows", rows]], 1, 1, log).round()
        play("gather", "rows/s", ours("gather", "--cache", cache),
             {name: peer(name, "--cache", cache) for name in ("numpy-memmap", "h5py-sorted")}, targets(numpy_memmap=1.0),
             limit=(copying, 1e6 / 5120), count=short_rounds)


def large_captions(source, factor):
    """The same captions `factor` times under other ids."""
    path = os.path.join(work, "captions_%d.json" % factor)
    if not os.path.exists(path):
        subprocess.run([sys.executable, os.path.join(HERE, "large_captions.py"), source, str(factor), path], check=True)
    return path


def tokenizing():
    source = os.path.join(SHARED, "captions_large.json.gz")
    if not wanted("tokenize") or not os.path.exists(source):
        return
    plain = os.path.join(work, "captions_large.json")
    with open(plain, "wb") as file:
        subprocess.run(["gzip", "-dc", source], stdout=file, check=True)
    for path in [plain] + ([] if options.quick else [large_captions(plain, 4)]):
        size = os.path.getsize(path) / 1e6
        out = os.path.join(work, "tokens.h5")

        def us(threads, path=path, size=size):
            command = [built("tokenize-captions"), "--split", "train=" + path, "--output", out, "--force", "--quiet",
                       "--threads", threads]
            return Whole([command], size, threads, log)

        def them(threads, path=path, size=size):
            return Whole([[python, os.path.join(HERE, "tokenize_peer.py"), path, out + ".py.h5"]], size, threads, log)
        play("tokenize %.0f MB" % size, "MB/s", us, {"orjson": them if python else None}, targets(orjson=2.0))


def starting():
    for stage in ("decode-images", "tokenize-captions", "extract-features", "train-captioner", "caption-images",
                  "generate-scenes", "score-captions", "run-pipeline"):
        play("start " + stage, "starts/s", lambda threads: Whole([[built(stage), "--help"]], 1, threads, log), {},
             threads=[1], count=10)
    if python:
        play("start, import torch", "starts/s", lambda threads: Whole([[python, "-c", "import torch"]], 1, threads, log),
             {}, threads=[1])


def whole():
    annotations = [os.path.join(SHARED, name) for name in ("captions_train.json", "captions_val.json")]
    weights = os.path.join(SHARED, "weights", "mobilenet_v2.safetensors")
    if not wanted("whole") or not all(os.path.exists(path) for path in annotations + [weights]):
        return
    photos, out, epochs = photographs(), os.path.join(work, "ours"), 1 if options.quick else 10

    def fresh():
        shutil.rmtree(out, ignore_errors=True)
        os.makedirs(out)

    def us(threads):
        splits = ["--split", "train=" + annotations[0], "--split", "val=" + annotations[1]]
        rest = ["--quiet", "--threads", threads]
        return Whole([
            [built("decode-images"), *splits, "--images", photos, "--output", out + "/images.h5", *rest],
            [built("tokenize-captions"), *splits, "--output", out + "/captions.h5", *rest],
            [built("extract-features"), "--images-cache", out + "/images.h5", "--weights", weights, "--output",
             out + "/features.h5", *rest],
            [built("train-captioner"), "--captions", out + "/captions.h5", "--features", out + "/features.h5", "--epochs",
             epochs, "--output", out + "/captioner", *rest]], 60, threads, log, fresh)

    def them(threads):
        command = [python, os.path.join(HERE, "whole_peer.py"), photos, *annotations, weights,
                   os.path.join(work, "python.h5"), epochs, threads]
        return Whole([command], 60, threads, log)
    play("whole", "runs/min", us, {"torchvision+torch": them if python else None}, lambda name: 3.0)
    for record in records:
        if record["path"] == "whole" and record.get("peer_peak_bytes"):
            print("whole: our peak memory is %.2f of the peer's" % (record["peak_bytes"] / record["peer_peak_bytes"]))


def measure():
    begun = datetime.datetime.now()
    whole()
    kernels()
    tokenizing()
    starting()
    with open("/proc/cpuinfo") as file:
        processor = next((line.split(":")[1].strip() for line in file if line.startswith("model name")), "unknown")
    with open(options.json, "w") as file:
        json.dump(dict(processor=processor, processors=os.cpu_count(), begun=begun.isoformat(timespec="seconds"),
                       rounds=rounds, quick=options.quick, records=records), file, indent=1)


if options.earlier:
    with open(options.earlier) as file:
        records = json.load(file)["records"]
else:
    measure()
print("\n" + table())
if options.write:
    put("docs/performance.md", summary() + "\nEvery path on each number of threads:\n\n" + table())
    put("README.md", summary(SHOWN))
log.close()
if not options.work:
    shutil.rmtree(work)
