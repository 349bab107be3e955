#!/bin/sh
# SPDX-License-Identifier: MIT
# abi.sh ABI_SCRIPT COMPILER...: scripts/abi.sh tells changes that break callers from changes that
# do not, on libraries of a few lines.
set -eu
script=$1
shift
command -v abidiff >/dev/null || { echo "no abidiff" && exit 77; }
folder=$(mktemp -d "${TMPDIR:-/tmp}/planche-abi-XXXXXX")
trap 'rm -rf "$folder"' EXIT

# library NAME SONAME TEXT COMPILER...
library() {
    name=$1 soname=$2 text=$3
    shift 3
    printf '%s\n' "$text" >"$folder/$name.c"
    "$@" -g -shared -fPIC -Wl,-soname,"$soname" -o "$folder/$name.so" "$folder/$name.c"
}

first='struct s { long size; int a; }; int f(struct s *s); int f(struct s *s) { return s->a; }'
moved='struct s { long size; long b; int a; }; int f(struct s *s); int f(struct s *s) { return s->a; }'
grown='struct s { long size; int a; long b; }; int f(struct s *s); int f(struct s *s) { return s->a; }'
more="$first int g(void); int g(void) { return 0; }"
library old libx.so.0 "$first" "$@"
library moved libx.so.0 "$moved" "$@"
library grown libx.so.0 "$grown" "$@"
library renamed libx.so.1 "$moved" "$@"
library more libx.so.0 "$more" "$@"

# expect WHAT STATUS OLD NEW
expect() {
    status=0
    said=$("$script" compare "$folder/$3.so" "$folder/$4.so" 2>&1) || status=$?
    [ "$status" -eq "$2" ] || { echo "$1: $said" && exit 1; }
}
expect "the same library" 0 old old
expect "a function more" 0 old more
expect "a function less" 1 more old
expect "a field more at the end" 0 old grown
expect "a field less" 1 grown old
expect "a field that moved" 1 old moved
expect "a field that moved, and another soname" 0 old renamed
export ABI_MAY_BREAK=1
expect "a field that moved, in a new minor version" 0 old moved
