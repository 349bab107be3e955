#!/bin/sh
# SPDX-License-Identifier: MIT
# uninstall.sh BUILD PREFIX: removes what install.sh installs (under DESTDIR if that is set), and folders
# of Planche's own that are empty then. The names are those of an installation into a temporary folder:
# meson does not list what its installation scripts write, nor the files of a folder that it copies.
set -eu
build=$1
scripts=$(dirname "$0")
prefix=$("$scripts/expand-home.sh" "$2")
for path in "$prefix" "${DESTDIR:-/}"; do
    case $path in
    /*) ;;
    *) echo "uninstall: PREFIX and DESTDIR must be absolute paths, not '$path'" >&2 && exit 2 ;;
    esac
done
[ -f "$build/build.ninja" ] || {
    echo "uninstall: there is no build in $build, which knows what is installed: run make build first" >&2
    exit 1
}
stage=$(mktemp -d "${TMPDIR:-/tmp}/planche-uninstall-XXXXXX")
trap 'rm -rf "$stage"; "$scripts/give-back.sh" "$build"' EXIT
trap 'exit 1' HUP INT TERM # without these dash leaves out EXIT's
DESTDIR=$stage/root meson install -C "$build" --no-rebuild --quiet >"$stage/log" 2>&1 || {
    echo "uninstall: $build does not say what is installed: $(grep -m 1 '^[A-Za-z]*E[Rr][Rr][Oo][Rr]: ' "$stage/log" ||
        tail -n 1 "$stage/log"): run make build first, or this with sudo, if it was installed so" >&2
    exit 1
}
# The prefix of that installation. Meson's option is another already if it was changed after the last build.
from=$(find "$stage/root" -name planche.pc -exec sed -n 's/^prefix=//p' {} + | sed 's/\\\(.\)/\1/g')
[ -d "$stage/root$from" ]
python3 - "$stage/root$from" "${DESTDIR:-}$prefix" <<'END'
import os
import sys

stage, top = sys.argv[1:]


def is_place_of(folder, place):
    """Links within the prefix are followed (lib64), but none out of it, and none of a folder of Planche's own."""
    parts = folder.split(os.sep)
    own = parts.index("planche") if "planche" in parts else len(parts)
    standard = os.path.realpath(os.path.join(top, *parts[:own]))
    return (os.path.realpath(place) == os.path.join(standard, *parts[own:])
            and os.path.commonpath([standard, os.path.realpath(top)]) == os.path.realpath(top))


def remove():
    removed, changed = 0, set()
    for source, folders, names in os.walk(stage, topdown=False):
        folder = os.path.normpath(os.path.relpath(source, stage))
        place = os.path.normpath(os.path.join(top, folder))
        if not os.path.isdir(place):
            continue
        if not is_place_of(folder, place):
            if names:
                print(f"{place} is left as it is: it leads to {os.path.realpath(place)}")
            continue
        paths = [os.path.join(place, name) for name in names]
        paths = [path for path in paths if os.path.islink(path) or os.path.isfile(path)]
        for path in paths:
            os.remove(path)
        removed += len(paths)
        if paths or any(os.path.join(source, name) in changed for name in folders):
            changed.add(source)
            if "planche" in folder.split(os.sep) and not os.listdir(place):
                os.rmdir(place)
    return removed


try:
    count = remove()
except OSError as error:
    advice = ": run it as who has installed it, with sudo perhaps" if isinstance(error, PermissionError) else ""
    sys.exit(f"uninstall: {error.filename}: {error.strerror}{advice}")
print(f"{count} files are removed from {top}" if count else f"Nothing is installed in {top}")
END
[ -z "${DESTDIR:-}" ] && [ "$(id -u)" = 0 ] || exit 0
ldconfig=$(PATH=$PATH:/usr/sbin:/sbin command -v ldconfig) || exit 0
"$ldconfig"
