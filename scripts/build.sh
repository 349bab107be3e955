#!/bin/sh
# SPDX-License-Identifier: MIT
# build.sh FOLDER [MESON-OPTION...]: configures a build folder, anew or with changed options, and
# builds it.
set -eu
"$(dirname "$0")/configure.sh" "$@"
ninja -C "$1"
