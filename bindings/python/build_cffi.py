# SPDX-License-Identifier: MIT
"""Makes planche._planche, which calls libplanche. The declarations are taken from the installed
headers, so they cannot differ from these; the compiler checks them once more.

The library is where PLANCHE_INCLUDE_DIR and PLANCHE_LIB_DIR say, else where pkg-config says."""
import os
import re
import subprocess
import sys

from cffi import FFI

# In the order in which they include each other.
HEADERS = ("error", "log", "types", "gpu", "cancel", "model", "page", "engine", "image", "book",
           "job", "version")
CALLBACKS = """
extern "Python" void planche_py_progress(void *user, double done);
extern "Python" void planche_py_log(void *user, enum planche_log_level level, const char *message);
"""


def pkg_config(*arguments):
    try:
        result = subprocess.run(["pkg-config", *arguments, "planche"], capture_output=True,
                                text=True, check=True)
    except (OSError, subprocess.CalledProcessError) as error:
        problem = (getattr(error, "stderr", "") or str(error)).strip()
        sys.exit(f"libplanche was not found: {problem}\nInstall it, or set PLANCHE_INCLUDE_DIR "
                 "(the folder that has planche/planche.h) and PLANCHE_LIB_DIR (the folder of "
                 "libplanche.so).")
    return [word[2:] for word in result.stdout.split()]


def folders():
    include, lib = os.environ.get("PLANCHE_INCLUDE_DIR"), os.environ.get("PLANCHE_LIB_DIR")
    includes = [include] if include else pkg_config("--cflags-only-I") + ["/usr/include"]
    libs = [lib] if lib else pkg_config("--libs-only-L")
    for folder in includes:
        if os.path.exists(os.path.join(folder, "planche", "planche.h")):
            return folder, includes, libs
    return sys.exit(f"there is no planche/planche.h in {', '.join(includes)}")


def declarations(folder):
    """What cffi understands of the headers, and constants for the macros that are numbers."""
    text = ""
    for name in HEADERS:
        with open(os.path.join(folder, "planche", name + ".h"), encoding="utf-8") as file:
            text += file.read().replace("\\\n", " ")
    text = re.sub(r"/\*.*?\*/", "", text, flags=re.S)
    numbers = dict(re.findall(r"(?m)^#define (PLANCHE_\w+) +(0x[0-9a-f]+u?|\d+|UINT32_MAX) *$", text))
    lines, in_cpp = [], False
    for line in text.split("\n"):
        if line.startswith("#"):
            in_cpp = "ifdef __cplusplus" in line or (in_cpp and "#e" not in line)
        elif not in_cpp:
            lines.append(line.replace("PLANCHE_API ", ""))
    code = "\n".join(lines)
    for name, value in numbers.items():
        code = code.replace(f"[{name}]", f"[{value}]")
    return code + "".join(f"#define {name} ...\n" for name in numbers)


include_folder, include_folders, lib_folders = folders()
ffi = FFI()
ffi.cdef(declarations(include_folder) + CALLBACKS)
ffi.set_source("planche._planche", "#include <planche/planche.h>\n", libraries=["planche"],
               include_dirs=include_folders, library_dirs=lib_folders)
