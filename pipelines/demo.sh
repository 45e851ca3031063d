#!/usr/bin/env bash
# Builds Captioneer and shows what it does, offline: draws scenes, caches them, trains a captioner and lets it describe scenes it never saw.
set -euo pipefail
cd "$(dirname "$0")/.."
source pipelines/install.sh

started=$SECONDS
echo "== Building (the first time takes minutes) =="
swift build -c release
echo "== Built in $((SECONDS - started)) s. Running pipelines/demo.yaml =="
.build/release/run-pipeline pipelines/demo.yaml
captioner=cache/demo/rnn-h256-b100-lr0.001-s1

echo
echo "== What the captioner says about scenes it never saw =="
code=0
.build/release/score-captions --results $captioner/results.json --scenes cache/demo/scenes --minimum 0.8 || code=$?
cat <<TEXT

Photographs and captions   cache/demo/scenes
Caches                     cache/demo/images.h5, captions.h5, features.h5 (schema: cache/README.md)
Captioner                  $captioner/captioner.safetensors, log.csv, loss.svg
Captions                   $captioner/results.json
All of it in $((SECONDS - started)) s.

Your own photographs (COCO captions JSON, torchvision's mobilenet_v2 weights as .pth or .safetensors):
  .build/release/run-pipeline pipelines/seed-rnn-512.yaml \\
    --set photos=FOLDER --set train=captions_train.json --set val=captions_val.json --set weights=mobilenet_v2-b0353104.pth
TEXT
exit $code
