#!/usr/bin/env bash
# Installs what is missing and runs every check: formatting, the floors, then the whole test suite.
#
# usage: ./Tests/run.sh [options of swift test, such as --filter StageTests]
#
# The suite runs the stages' executables, so it is built in release: the tests then take a fraction of the time, and
# they try what users run. CAPTIONEER_KILLS=20 kills the stages at more moments than the usual few.
set -eu
cd "$(dirname "$0")/.."

log=$(mktemp)
trap 'rm -f "$log"' EXIT

# Says how many tests were left out, and why. A suite that is left out has a line for each of its tests.
say_skipped() {
  local tests
  tests=$(sed -n -E 's/^[^ ]+ Test .* skipped(: "(.*)")?\.?$/\2/p; s/^(instructions: )skipped, /\1/p' "$log" | sed 's/^$/no reason is given/')
  if [ -z "$tests" ]; then
    echo "run.sh: no test was skipped" >&2
  else
    echo "run.sh: skipped: $(wc -l <<< "$tests")" >&2
    sort <<< "$tests" | uniq -c | sort -rn | sed 's/^/run.sh: /' >&2
  fi
}

. pipelines/install.sh
set -o pipefail

echo "run.sh: formatting" >&2
swift format lint --strict --recursive --parallel Sources Tests Package.swift

echo "run.sh: floors" >&2
python3 Tests/Architecture/check.py
python3 Tests/Architecture/check.py --self-test

echo "run.sh: pages" >&2
python3 Tests/Architecture/pages.py
python3 Tests/Architecture/pages.py --self-test

echo "run.sh: tests" >&2
swift test -c release --disable-testable-imports "$@" 2>&1 | tee "$log"
if [ $# -gt 0 ]; then
  say_skipped
  exit 0
fi

echo "run.sh: wrong calls of layers" >&2
python3 Tests/Compute/refused_calls.py

echo "run.sh: instruction counts" >&2
python3 Tests/Benchmarks/instructions.py "$(swift build -c release --show-bin-path)/measure-kernels" | tee -a "$log"

echo "run.sh: faults" >&2
python3 Tests/Faults/campaign.py --short --jobs 2
say_skipped
