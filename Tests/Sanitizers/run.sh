#!/usr/bin/env bash
# Runs the C kernels under the address and undefined-behaviour sanitizers on random shapes. About two minutes.
#
# usage: ./Tests/Sanitizers/run.sh
set -eu
cd "$(dirname "$0")/../../Sources/Compute/CKernels"
clang="$(dirname "$(readlink -f "$(command -v swift)")")/clang"
program="$(mktemp)"
trap 'rm -f "$program"' EXIT
# Kernels read vectors at any alignment on purpose.
"$clang" -O2 -g -fsanitize=address,undefined -fno-sanitize=alignment -fno-sanitize-recover=undefined -w -Iinclude \
  ../../../Tests/Sanitizers/matrix_product.c convolution*.c matrix_product.c dispatch.c -lm -o "$program" 2>/dev/null
"$program"
