#!/bin/sh
# SPDX-License-Identifier: MIT
# install.sh BUILD [PREFIX]: builds what is installed, and nothing else, and installs it (under DESTDIR
# if that is set). As root it then tells the loader; where the loader will not find the library, it says
# what to do.
set -eu
build=$1
scripts=$(dirname "$0")
trap '"$scripts/give-back.sh" "$build"' EXIT
trap 'exit 1' HUP INT TERM # without these dash leaves out EXIT's
[ $# = 1 ] || meson configure "$build" -Dprefix="$("$scripts/expand-home.sh" "$2")"
# shellcheck disable=SC2046 # words on purpose
ninja -C "$build" $(meson introspect --targets "$build" | python3 -c '
import json, os, sys
for target in json.load(sys.stdin):
    if target["installed"]:
        print(os.path.relpath(target["filename"][0], sys.argv[1]))
' "$(realpath "$build")")
meson install -C "$build" --no-rebuild

[ -z "${DESTDIR:-}" ] || exit 0
lib=$(meson introspect --buildoptions "$build" | python3 -c '
import json, os, sys
value = {option["name"]: option["value"] for option in json.load(sys.stdin)}
print(os.path.join(value["prefix"], value["libdir"]))')
ldconfig=$(PATH=$PATH:/usr/sbin:/sbin command -v ldconfig) || exit 0
[ "$(id -u)" != 0 ] || "$ldconfig"
"$ldconfig" -p | grep -qF "$lib/libplanche.so" && exit 0
echo "The loader does not look into $lib for programs that use the library. Link them with"
echo "-Wl,-rpath,$lib, or run them with LD_LIBRARY_PATH=$lib. The planche command finds it."
