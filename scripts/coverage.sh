#!/bin/sh
# SPDX-License-Identifier: MIT
# coverage.sh BUILD: runs the quick tests of a build with -Db_coverage=true and prints how many lines of src/ they
# reach, with every file under 80 %. Exit status 1 if the tests fail or all of src/ is under 80 %.
set -eu
build=$1
here=$(dirname "$0")
"$here/setup.sh" coverage
find "$build" -name '*.gcda' -delete
# The long tests and those of the whole command run slowly with counters in every kernel, and reach little more.
PLANCHE_TEST_QUICK=2 PLANCHE_TEST_SLOWER=4 "$here/test.sh" "$build" --no-suite layering --no-suite headers \
    --no-suite oom --no-suite native --no-suite e2e
# Threads count without atomics, so that some numbers come out negative: they are no reason to fail.
# Instruction sets that the machine lacks would count as not reached: the portable kernels stand for all.
gcovr --root "$here/.." --object-directory "$build" --gcov-ignore-parse-errors --filter 'src/' \
    --exclude '.*_(neon|avx2|avx512|avx512bf16|amx|avxvnni|avx512vnni)\.c' --exclude 'src/kernels/.*_body\.h' \
    --exclude-unreachable-branches --json-summary "$build/coverage.json" \
    >"$build/coverage.log" 2>&1 || { tail -n 20 "$build/coverage.log" >&2 && exit 1; }
python3 "$here/coverage.py" "$build/coverage.json"
