#!/bin/sh
# SPDX-License-Identifier: MIT
# deb.sh FOLDER [DPKG-BUILDPACKAGE-OPTION...]: makes Debian's packages of the commit that is checked out, in FOLDER.
# `deb.sh FOLDER --source-only` makes what dpkg-buildpackage takes, and does not run it: the original tarball and
# the unpacked tree with debian/ in it, whose path is printed; `--tree-only` makes that tree alone.
set -eu
mkdir -p "$1"
folder=$(realpath "$1")
shift
cd "$(dirname "$0")/.."
version=$(sed -n "1s/.*(\(.*\)-[^-]*).*/\1/p" packaging/debian/changelog)
grep -q "version: '$version'" meson.build ||
    { echo "deb.sh: packaging/debian/changelog is not of the version in meson.build" >&2 && exit 1; }
[ -z "$(git status --porcelain)" ] || echo "deb.sh: changes that are not committed are left out" >&2
tree=$folder/planche-$version
rm -rf "$tree"
git archive --format=tar --prefix="planche-$version/" HEAD >"$folder/orig.tar"
tar -C "$folder" -xf "$folder/orig.tar"
[ "${1-}" = --tree-only ] || xz -T1 -6 -c "$folder/orig.tar" >"$folder/planche_$version.orig.tar.xz"
rm "$folder/orig.tar"
cp -r packaging/debian "$tree/debian"
case "${1-}" in
--source-only | --tree-only) echo "$tree" && exit 0 ;;
esac
scripts/setup.sh build deb
cd "$tree"
dpkg-buildpackage -us -uc -b "$@"
ls ..
