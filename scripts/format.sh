#!/bin/sh
# SPDX-License-Identifier: MIT
# format.sh [--check] FILE...: lays files out with clang-format 14, whose layout is the project's;
# other versions differ in details.
set -eu
here=$(dirname "$0")
tool=
for candidate in clang-format-14 clang-format; do
    command -v $candidate >/dev/null 2>&1 || continue
    case $($candidate --version) in
    *"version 14."*) tool=$candidate && break ;;
    esac
done
if [ -z "$tool" ]; then
    "$here/setup.sh" format
    tool=clang-format
    case $($tool --version) in
    *"version 14."*) ;;
    *) echo "Layout is checked with clang-format 14, which is not here: skipped." >&2 && exit 0 ;;
    esac
fi
if [ "$1" = --check ]; then
    shift
    $tool --dry-run --Werror "$@"
    echo "$# files are laid out well"
else
    $tool -i "$@"
fi
