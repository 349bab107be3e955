#!/bin/sh
# SPDX-License-Identifier: MIT
# The library's ABI against that of the last release, by abidiff (abigail-tools).
#
# abi.sh BUILD              compares with the last git tag; builds both, with debug information, in
#                           BUILD/abi. No tag: says so and succeeds.
# abi.sh compare OLD NEW [OLD_HEADERS NEW_HEADERS]
#                           compares two shared libraries that have debug information
#
# Fails on incompatible changes (a function or field that went, moved or changed its type) unless the
# soname changed too, or the minor version did while the major one is 0 (RELEASING.md; ABI_MAY_BREAK=1
# says so to compare). Functions more and fields more at the end of a struct are fine: every public
# struct says its size.
set -eu

here=$(dirname "$0")
# abidiff's exit status is a set of bits: 1 and 2 errors, 4 a change, 8 an incompatible one. It calls
# a field that moved only a change.
ABI_ERROR=3 ABI_CHANGE=12

soname() {
    readelf -d "$1" | sed -n 's/.*(SONAME).*\[\(.*\)\]/\1/p'
}

compare() {
    old=$1 new=$2 status=0
    if [ $# -eq 4 ]; then
        set -- --headers-dir1 "$3" --headers-dir2 "$4" --drop-private-types
    else
        set --
    fi
    abidiff --no-default-suppression --suppressions "$here/abi.supp" --no-added-syms "$@" \
        "$old" "$new" || status=$?
    if [ $((status & ABI_ERROR)) -ne 0 ]; then
        echo "abi: abidiff failed ($status)" >&2
        return 1
    elif [ $((status & ABI_CHANGE)) -eq 0 ]; then
        echo "abi: compatible"
    elif [ "$(soname "$old")" != "$(soname "$new")" ]; then
        echo "abi: incompatible, and the soname changed from $(soname "$old") to $(soname "$new")"
    elif [ "${ABI_MAY_BREAK:-0}" = 1 ]; then
        echo "abi: incompatible, as a new minor version may be while the major one is 0"
    else
        echo "abi: incompatible changes, but the soname is still $(soname "$new")" >&2
        return 1
    fi
}

# build_library SOURCE BUILD
build_library() {
    rm -rf "$2"
    if ! { meson setup "$2" "$1" -Dbuildtype=debugoptimized -Dtests=disabled &&
        meson compile -C "$2" planche:shared_library; } >"$2.log" 2>&1; then
        tail -20 "$2.log" >&2
        echo "abi: $1 does not build" >&2
        return 1
    fi
}

against_tag() {
    mkdir -p "$1/abi"
    build=$(cd "$1" && pwd)
    cd "$here/.."
    here=scripts
    if ! tag=$(git describe --tags --abbrev=0 2>/dev/null); then
        echo "abi: no release is tagged yet: nothing to compare with"
        return 0
    fi
    "$here/setup.sh" abi
    version=$(sed -n "s/^  version: '\(.*\)',/\1/p" meson.build)
    echo "abi: comparing $version with $tag"
    case $version in
    "${tag#v}") ;;
    0.*) [ "${version%.*}" = "$(echo "${tag#v}" | sed 's/\.[0-9]*$//')" ] || ABI_MAY_BREAK=1 ;;
    esac
    rm -rf "$build/abi"
    mkdir -p "$build/abi/source"
    git archive "$tag" | tar -x -C "$build/abi/source"
    build_library "$build/abi/source" "$build/abi/old"
    build_library . "$build/abi/new"
    compare "$build"/abi/old/libplanche.so "$build"/abi/new/libplanche.so \
        "$build/abi/source/include" include
}

case ${1-} in
compare) shift && compare "$@" ;;
"" | -*) sed -n '3,15s/^# \{0,1\}//p' "$0" >&2 && exit 2 ;;
*) against_tag "$1" ;;
esac
