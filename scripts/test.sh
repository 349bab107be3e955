#!/bin/sh
# SPDX-License-Identifier: MIT
# test.sh BUILD [MESON-TEST-OPTION...]: runs the tests of a build folder, shows the log of those
# that fail, and ends with a line of counts.
set -eu
build=$1
shift
status=0
meson test -C "$build" --no-rebuild --print-errorlogs "$@" || status=$?
python3 "$(dirname "$0")/count-tests.py" "$build/meson-logs/testlog.json" || status=1
exit $status
