#!/bin/sh
# SPDX-License-Identifier: MIT
# From a bare clone to an enlarged page: installs, builds, enlarges the sample page into demo/ with the
# networks that are built in, and draws a before/after picture beside it.
set -eu
cd "$(dirname "$0")/.."
build=${BUILD:-build}
page=samples/page.png

scripts/setup.sh build
scripts/build.sh "$build"
mkdir -p demo
cp "$page" demo/before.png
echo "Enlarging $page ..."
scripts/measure.py "$build/tools/planche/planche" --overwrite demo/before.png -o demo/after.png
"$build/tools/planche/planche" preview --overwrite --quiet -m auto demo/before.png -o demo/before-after.png >/dev/null
echo "Before:       $PWD/demo/before.png"
echo "After:        $PWD/demo/after.png"
echo "Side by side: $PWD/demo/before-after.png (part of the page; left: Lanczos, right: Planche)"
echo "To install:   sudo make install, or make install PREFIX=\$HOME/.local"
