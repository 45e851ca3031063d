#!/usr/bin/env bash
# Runs the C kernels and the owners' C under the address, undefined-behaviour and thread sanitizers: every kernel at every CPU level on
# random sizes, threads that share a product, pictures, HDF5 files in memory, watched maps. About a minute and a half of two cores, most of it for compiling.
#
# usage: ./Tests/Sanitizers/run.sh [--swift]
#   --swift   also the tests of the Swift owners of C, built with the address and the thread sanitizer in .build-sanitize-…: ten
#             minutes and more, most of them for building
set -eu
cd "$(dirname "$0")/../.."
tools="$(dirname "$(readlink -f "$(command -v swift)")")"
clang="$tools/clang"
# The toolchain's thread sanitizer wants libdispatch.
libraries="$tools/../lib/swift/linux"
link="-fuse-ld=lld -L$libraries -ldispatch -lBlocksRuntime -Wl,-rpath,$libraries -lm -lpthread"
folder="$(mktemp -d)"
trap 'rm -rf "$folder"' EXIT
kernels="-ISources/Compute/CKernels/include"
owners="-ISources/System/CSystem/include -ISources/System/CProcesses/include -ISources/Formats/CJPEG/include -ISources/Formats/CHDF5Memory/include $(pkg-config --cflags hdf5)"
runs=0

# usage: try NAME "FLAGS" ROUNDS-ALONE ROUNDS-THREADS ROUNDS-OWNERS
try() {
  echo "run.sh: $1"
  # Kernels read vectors at any alignment on purpose; what is fused stands in the source.
  # shellcheck disable=SC2086
  for file in Tests/Sanitizers/kernels.c Sources/Compute/CKernels/*.c; do
    echo "$file"
  done | xargs -P "$(nproc)" -I FILE sh -c \
    "'$clang' -O1 -g -ffp-contract=off $2 -w $kernels -c FILE -o '$folder'/\$(basename FILE).o"
  # shellcheck disable=SC2086
  "$clang" $2 "$folder"/*.o $link -o "$folder/kernels"
  # shellcheck disable=SC2086
  "$clang" -O1 -g $2 -w $owners -ITests/Sanitizers Tests/Sanitizers/owners.c \
    Sources/System/CSystem/*.c Sources/System/CProcesses/*.c \
    Sources/Formats/CJPEG/*.c Sources/Formats/CHDF5Memory/*.c $(pkg-config --libs hdf5) -ljpeg $link -o "$folder/owners"
  "$folder/kernels" alone "$3"
  "$folder/kernels" threads "$4"
  "$folder/owners" "$5"
  runs=$((runs + 3))
}

try "address and undefined behaviour" \
  "-fsanitize=address,undefined -fno-sanitize=alignment -fno-sanitize-recover=undefined" 300 10 60
try "threads" "-fsanitize=thread" 10 10 30

if [ "${1:-}" = --swift ]; then
  for sanitizer in address thread; do
    echo "run.sh: Swift owners, $sanitizer"
    swift test --sanitize=$sanitizer --scratch-path .build-sanitize-$sanitizer \
      --filter 'KernelsTests|HDF5Tests|JPEGTests|ArchivesTests|FilesTests|WorkersTests'
    runs=$((runs + 1))
  done
fi
echo "run.sh: $runs runs under the sanitizers, nothing found"
