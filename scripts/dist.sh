#!/bin/sh
# SPDX-License-Identifier: MIT
# dist.sh BUILD: makes the release's tarball from the commit that is checked out, unpacks it in a folder of its own,
# builds it there with warnings as errors and runs its quick tests. Its path is printed last. The folder of its build is
# named as BUILD is, if that is in this tree: then sources have the paths that ccache has seen them by.
set -eu
build=$1
here=$(cd "$(dirname "$0")" && pwd)
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
meson dist -C "$build" --no-tests --formats xztar >/dev/null
tarball=$(ls -t "$build"/meson-dist/planche-*.tar.xz | head -n 1)
tar -C "$work" -xf "$tarball"
cd "$work"/planche-*
case $build in
/* | *..*) build=build ;;
esac
meson setup "$build" -Dtests=enabled -Dwerror=true >/dev/null
ninja -C "$build"
PLANCHE_TEST_QUICK=1 scripts/test.sh "$build" --suite unit --suite headers --suite layering --suite api \
    --no-suite native --no-suite programs
cd "$here/.."
echo "$tarball"
