#!/bin/sh
# SPDX-License-Identifier: MIT
# models.sh BUILD [NAME...]: fetches models (default: all) into the cache with the planche that was
# built; what is there is not fetched again.
set -eu
planche=$1/tools/planche/planche
here=$(dirname "$0")
shift
[ $# -gt 0 ] || set -- --all
fetch() {
    "$planche" models fetch "$@"
}
# Only a fetch that has something to do needs an address, which npm knows where PLANCHE_MODELS_URL does not name one.
if [ -n "${PLANCHE_MODELS_URL-}" ] || command -v npm >/dev/null 2>&1; then
    fetch "$@"
else
    fetch "$@" 2>/dev/null || { "$here/setup.sh" models && fetch "$@"; }
fi
