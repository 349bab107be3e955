#!/bin/sh
# SPDX-License-Identifier: MIT
# configure.sh FOLDER [MESON-OPTION...]: configures a build folder, anew or with changed options. What
# counts only for a new one, like --cross-file=FILE, is left out for one that is there.
set -eu
folder=$1
shift
[ -f "$folder/build.ninja" ] || exec meson setup "$folder" "$@"
for word; do
    shift
    case $word in -D*) set -- "$@" "$word" ;; esac
done
[ $# = 0 ] || meson configure "$folder" "$@"
