#!/bin/sh
# SPDX-License-Identifier: MIT
# test.sh: tests the client with the command that PLANCHE names. Skipped (77) where Node is older than
# 18 or is not there, unless PLANCHE_REQUIRE_BINDINGS=1.
set -eu
here=$(cd "$(dirname "$0")" && pwd)
if ! node -e 'process.exit(parseInt(process.versions.node) >= 18 ? 0 : 1)' 2>/dev/null; then
    echo "SKIPPED: there is no Node 18; scripts/setup.sh bindings installs it" >&2
    [ "${PLANCHE_REQUIRE_BINDINGS:-}" != 1 ] || exit 1
    exit 77
fi
exec node "$here/test.js"
