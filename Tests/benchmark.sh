#!/usr/bin/env bash
# Times every hot path against its peers, in turns, on 1 and on 2 threads: see docs/performance.md.
#
# usage: ./Tests/benchmark.sh [--with-peers | --peers-python PATH] [--photos FOLDER] [--only NAME[,NAME]] [--quick]
#                             [--rounds N] [--threads 1,2] [--json FILE] [--from FILE] [--write] [--work FOLDER]
#
# --with-peers makes the virtual environment .peers from PyPI; without peers the limits (sgemm, libjpeg, memcpy) still are
# measured. Photographs: ../shared/data/photos where it is there, else generated scenes.
set -eu
cd "$(dirname "$0")/.."

[ "${1:-}" != "--help" ] || exec python3 Tests/Benchmarks/benchmark.py --help

for argument in "$@"; do
  if [ "$argument" = "--with-peers" ] && [ ! -x .peers/bin/torchrun ]; then
    echo "benchmark.sh: installing the peers into .peers" >&2
    python3 -m venv .peers
    .peers/bin/pip install --quiet numpy pillow opencv-python-headless h5py safetensors orjson psutil onnx onnxruntime \
      openvino torch torchvision
  fi
done

echo "benchmark.sh: building in release" >&2
for product in measure-kernels generate-scenes decode-images tokenize-captions extract-features train-captioner \
  caption-images score-captions run-pipeline; do
  swift build -c release --product "$product" >&2
done

exec python3 Tests/Benchmarks/benchmark.py --build "$(swift build -c release --show-bin-path)" "$@"
