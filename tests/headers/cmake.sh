#!/bin/sh
# SPDX-License-Identifier: MIT
# cmake.sh SOURCE BUILD PREFIX LIBDIR VERSION: installs into an empty folder and moves it, then builds a caller with
# CMake's find_package, and runs it.
set -eu
source=$1 build=$2 prefix=$3 libdir=$4 version=$5
command -v cmake >/dev/null || { echo "skipped: no cmake" && exit 77; }
root=$(mktemp -d "${TMPDIR:-/tmp}/planche-cmake-XXXXXX")
trap 'rm -rf "$root"' EXIT
meson install -C "$build" --no-rebuild --quiet --destdir "$root/first"
mv "$root/first$prefix" "$root/moved"
mkdir "$root/caller"
cp "$source" "$root/caller/use.c"
cat >"$root/caller/CMakeLists.txt" <<END
cmake_minimum_required(VERSION 3.13)
project(caller C)
find_package(planche \${WANTED} REQUIRED)
add_executable(use use.c)
target_link_libraries(use planche::planche)
END
configure() {
    cmake -S "$root/caller" -B "$root/build-$1" -DCMAKE_PREFIX_PATH="$root/moved" -DWANTED="$1" \
        -DCMAKE_LIBRARY_ARCHITECTURE="${libdir#lib/}" >"$root/log" 2>&1
}
configure "$version" || { cat "$root/log" && exit 1; }
cmake --build "$root/build-$version" >"$root/log" 2>&1 || { cat "$root/log" && exit 1; }
LD_LIBRARY_PATH=$root/moved/$libdir "$root/build-$version/use"
# Another series is refused.
! configure 77.0 || { echo "version 77.0 was found" && exit 1; }
grep -q 'planche' "$root/log"
