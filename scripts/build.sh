#!/bin/sh
# SPDX-License-Identifier: MIT
# build.sh FOLDER [MESON-OPTION...]: configures a build folder, anew or with changed options, and
# builds it.
set -eu
folder=$1
shift
if [ -f "$folder/build.ninja" ]; then
    [ $# = 0 ] || meson configure "$folder" "$@"
else
    meson setup "$folder" "$@"
fi
ninja -C "$folder"
