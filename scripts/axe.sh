#!/bin/sh
# SPDX-License-Identifier: MIT
# axe.sh: fetches axe-core, which checks that a page can be used by everybody, for the tests of the
# main page of planche serve. It is kept in the cache folder, and not fetched again.
set -eu
version=4.10.2
digest=9ea2d2d6917da998122bdacfd3b473e31ead53f4b87146c716a12edf89158100
folder=${XDG_CACHE_HOME:-$HOME/.cache}/planche-tests
file=$folder/axe-$version.min.js
[ ! -f "$file" ] || exit 0
command -v npm >/dev/null 2>&1 || { echo "axe.sh: there is no npm" >&2 && exit 1; }
mkdir -p "$folder"
work=$(mktemp -d "$folder/fetch.XXXXXX")
trap 'rm -rf "$work"' EXIT
(cd "$work" && npm pack --silent "axe-core@$version" >/dev/null)
echo "$digest  $work/axe-core-$version.tgz" | sha256sum -c --quiet -
tar -xzf "$work/axe-core-$version.tgz" -C "$work" package/axe.min.js
mv "$work/package/axe.min.js" "$file"
