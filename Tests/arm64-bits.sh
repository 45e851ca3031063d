#!/usr/bin/env bash
# Runs every C kernel on fixed inputs on this CPU, at each level it has, and on an emulated arm64: all must give the same bits.
#
# usage: ./Tests/arm64-bits.sh      (needs apt's gcc-aarch64-linux-gnu and qemu-user)
set -eu
cd "$(dirname "$0")/.."
for program in aarch64-linux-gnu-gcc qemu-aarch64; do
  command -v $program >/dev/null || { echo "arm64-bits.sh: apt-get install gcc-aarch64-linux-gnu qemu-user" >&2; exit 1; }
done
clang="$(dirname "$(readlink -f "$(command -v swift)")")/clang"
folder="$(mktemp -d)"
trap 'rm -rf "$folder"' EXIT
flags=(-O3 -fno-math-errno -ffp-contract=off -ISources/Compute/CKernels/include)
sources=(Sources/Compute/CKernels/*.c Tests/Arithmetic/kernel_bits.c)

"$clang" "${flags[@]}" "${sources[@]}" -lm -o "$folder/here"
for file in "${sources[@]}"; do
  "$clang" --target=aarch64-linux-gnu -isystem /usr/aarch64-linux-gnu/include "${flags[@]}" -c "$file" \
    -o "$folder/$(basename "$file").o"
done
aarch64-linux-gnu-gcc -static "$folder"/*.o -lm -o "$folder/arm64"

qemu-aarch64 "$folder/arm64" portable >"$folder/arm64.bits"
for level in portable avx2 avx512; do
  code=0
  "$folder/here" $level >"$folder/here.bits" || code=$?
  if [ $code -eq 2 ]; then continue; fi
  [ $code -eq 0 ] || exit $code
  diff "$folder/here.bits" "$folder/arm64.bits" || { echo "arm64-bits.sh: $level and arm64 differ" >&2; exit 1; }
  echo "arm64-bits.sh: $level and arm64 give the same bits, $(wc -l <"$folder/arm64.bits") results"
done
