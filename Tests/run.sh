#!/usr/bin/env bash
# Installs what is missing and runs every check: formatting, the floors, then the whole test suite.
#
# usage: ./Tests/run.sh [options of swift test, such as --filter StageTests]
#
# The suite runs the stages' executables, so it is built in release: the tests then take a fraction of the time, and
# they try what users run. CAPTIONEER_KILLS=20 kills the stages at more moments than the usual few.
set -eu
cd "$(dirname "$0")/.."

. pipelines/install.sh

echo "run.sh: formatting" >&2
swift format lint --strict --recursive --parallel Sources Tests Package.swift

echo "run.sh: floors" >&2
python3 Tests/Architecture/check.py
python3 Tests/Architecture/check.py --self-test

echo "run.sh: pages" >&2
python3 Tests/Architecture/pages.py
python3 Tests/Architecture/pages.py --self-test

echo "run.sh: tests" >&2
swift test -c release --disable-testable-imports "$@"
[ $# -eq 0 ] || exit 0

echo "run.sh: instruction counts" >&2
python3 Tests/Benchmarks/instructions.py "$(swift build -c release --show-bin-path)/measure-kernels"

echo "run.sh: faults" >&2
exec python3 Tests/Faults/campaign.py --short --jobs 2
