#!/bin/sh
# SPDX-License-Identifier: MIT
# uninstall.sh BUILD PREFIX: removes what install.sh installs (under DESTDIR if that is set), and the
# folders that are empty then. ninja's own "uninstall" knows the last installation alone, also that of
# a test, and not the manual's section 3.
set -eu
python3 - "$@" <<'END'
import json
import os
import shutil
import subprocess
import sys

build, prefix = sys.argv[1:]


def ask(what):
    return json.loads(subprocess.run(["meson", "introspect", what, build], check=True, capture_output=True).stdout)


option = {row["name"]: row["value"] for row in ask("--buildoptions")}
top = os.environ.get("DESTDIR", "") + prefix
paths = [os.path.join(top, os.path.relpath(path, option["prefix"])) for path in ask("--installed").values()]
section = os.path.join(top, option["mandir"], "man3")
if os.path.isdir(section):
    paths += [os.path.join(section, name) for name in os.listdir(section) if name.lower().startswith("planche")]
removed = 0
for path in paths:
    if os.path.islink(path) or os.path.isfile(path):
        os.remove(path)
        removed += 1
    elif os.path.isdir(path):
        shutil.rmtree(path)
        removed += 1
    folder = os.path.dirname(path)
    while len(folder) > len(top) and os.path.isdir(folder) and not os.listdir(folder):
        os.rmdir(folder)
        folder = os.path.dirname(folder)
print(f"{removed} files and folders are removed from {top}" if removed else f"Nothing is installed in {top}")
END
[ -n "${DESTDIR:-}" ] || [ "$(id -u)" != 0 ] || PATH=$PATH:/usr/sbin:/sbin ldconfig
