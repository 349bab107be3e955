#!/bin/sh
# SPDX-License-Identifier: MIT
# test.sh BUILD: installs the module with pip, offline, into a folder of the build folder, and tests
# it there; without a library in the build folder, with the system's. Skipped (77) where Python
# lacks what it needs, unless PLANCHE_REQUIRE_BINDINGS=1.
set -eu
build=$1
source=$(cd "$(dirname "$0")" && pwd)
work=$build/bindings/python

python=
for candidate in python3 /usr/bin/python3; do
    if $candidate -c "import setuptools, cffi, pip, wheel" 2>/dev/null; then
        python=$candidate && break
    fi
done
if [ -z "$python" ]; then
    echo "SKIPPED: python3 has no cffi, pip, setuptools or wheel; scripts/setup.sh bindings installs them" >&2
    [ "${PLANCHE_REQUIRE_BINDINGS:-}" != 1 ] || exit 1
    exit 77
fi

rm -rf "$work"
mkdir -p "$work"
cp -Rp "$source" "$work/source"
[ ! -e "$build/libplanche.so" ] || export PLANCHE_LIB_DIR="$build"
$python -m pip install --quiet --no-index --no-build-isolation --no-deps \
    --no-cache-dir --disable-pip-version-check --no-warn-script-location --root-user-action ignore \
    --target "$work/site" "$work/source"
# Not beside the sources, which Python would take instead of what was installed.
mv "$work/source/test_planche.py" "$work/source/test_docs.py" "$work/"
export LD_LIBRARY_PATH="$build${LD_LIBRARY_PATH:+:$LD_LIBRARY_PATH}" PYTHONPATH="$work/site"
$python "$work/test_planche.py"
if $python -c "import numpy" 2>/dev/null; then $python "$work/test_docs.py"; fi
