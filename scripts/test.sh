#!/bin/sh
# SPDX-License-Identifier: MIT
# test.sh BUILD [MESON-TEST-OPTION...]: runs the tests of a build folder, shows the log of those
# that fail, and ends with a line of counts. Time limits are stretched by how slow the machine is
# now (slowness.py), and by PLANCHE_TEST_SLOWER, a whole number, for builds that are slower. With
# PLANCHE_TEST_BUILDS=1 it builds first, and no more than what those tests need. MESON_TESTTHREADS is how
# many run at once: one more than processors otherwise, as some wait most of the time.
set -eu
build=$1
shift
status=0
slowness=$(($("$(dirname "$0")/slowness.py") * ${PLANCHE_TEST_SLOWER:-1}))
export PLANCHE_TEST_SLOWNESS=$slowness
[ "${PLANCHE_TEST_BUILDS:-0}" = 1 ] || set -- --no-rebuild "$@"
meson test -C "$build" --num-processes "${MESON_TESTTHREADS:-$(($(nproc) + 1))}" --print-errorlogs \
    --timeout-multiplier "$slowness" "$@" || status=$?
python3 "$(dirname "$0")/count-tests.py" "$build/meson-logs/testlog.json" || status=1
exit $status
