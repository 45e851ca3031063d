#!/usr/bin/env bash
# Compiles the C kernels for arm64, where the portable ones become NEON: no error, no warning. It runs nothing.
#
# usage: ./Tests/compile-arm64.sh      (needs apt's libc6-dev-arm64-cross, for the C library's headers)
set -eu
cd "$(dirname "$0")/../Sources/Compute/CKernels"
clang="$(dirname "$(readlink -f "$(command -v swift)")")/clang"
[ -d /usr/aarch64-linux-gnu/include ] || { echo "compile-arm64.sh: apt-get install libc6-dev-arm64-cross" >&2; exit 1; }
for file in *.c; do
  "$clang" --target=aarch64-linux-gnu -isystem /usr/aarch64-linux-gnu/include -O3 -fno-math-errno -Wall -Wextra -Werror \
    -Iinclude -c "$file" -o /dev/null
  echo "$file"
done
