#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""From the shaders' sources to the SPIR-V that the library contains.

spirv.py build GLSLANG       compiles all of them into spirv/, and notes what from in its manifest
spirv.py check               exit status 1 if a source, an include or an option has changed since
spirv.py check --self-test   exit status 1 if such changes go unseen
spirv.py embed OUT DEPFILE   writes the SPIR-V as C arrays (what the build runs)

The shaders are those of shaders.def. Each is compiled for f32 and f16 activations, unless a line
"// variants: f16" in its source says otherwise; "// target: vulkan1.3" takes the place of
vulkan1.2.
"""
import hashlib
import os
import re
import shutil
import subprocess
import sys
import tempfile

HERE = os.path.dirname(os.path.abspath(__file__))
VARIANTS = ["f32", "f16"]
MANIFEST_HEAD = "# variant, sha256 of source with includes and options, sha256 of SPIR-V\n"


def read(path):
    with open(path, "rb") as stream:
        return stream.read()


def shader_names(root):
    """The shaders of the list, in its order; those without a source are not written yet."""
    text = read(os.path.join(root, "..", "shaders.def")).decode()
    text = re.sub(r"/\*.*?\*/", "", text, flags=re.S)
    return re.findall(r"^\s*PLANCHE_SHADER\((\w+)", text, flags=re.M)


def setting(source, key, default):
    match = re.search(rb"^// " + key + rb": *(.*?) *$", source, flags=re.M)
    return match.group(1).decode() if match else default


def jobs(root):
    """(variant's name, source, compiler options) of everything there is to compile."""
    for name in shader_names(root):
        path = os.path.join(root, name.lower() + ".comp")
        if not os.path.isfile(path):
            continue
        source = read(path)
        target = setting(source, b"target", "vulkan1.2")
        for variant in setting(source, b"variants", " ".join(VARIANTS)).split():
            options = ["--target-env", target, f"-DPLANCHE_F16={VARIANTS.index(variant)}"]
            yield f"{name.lower()}_{variant}", path, options


def sources_of(path, seen=None):
    """The file and all it includes, once each, in the order of their first mention."""
    seen = seen if seen is not None else []
    if path not in seen and os.path.isfile(path):
        seen.append(path)
        for name in re.findall(rb'^\s*#\s*include\s+"([^"]+)"', read(path), flags=re.M):
            sources_of(os.path.join(os.path.dirname(path), name.decode()), seen)
    return seen


def digest_of_source(path, options):
    digest = hashlib.sha256(" ".join(options).encode())
    for source in sources_of(path):
        digest.update(hashlib.sha256(read(source)).digest())
    return digest.hexdigest()


def digest_of_file(path):
    return hashlib.sha256(read(path)).hexdigest() if os.path.isfile(path) else "missing"


def current_manifest(root):
    """What the manifest should be, by variant."""
    return {name: f"{name} {digest_of_source(path, options)} "
                  f"{digest_of_file(os.path.join(root, 'spirv', name + '.spv'))}"
            for name, path, options in jobs(root)}


def build(root, compiler):
    out = os.path.join(root, "spirv")
    shutil.rmtree(out, ignore_errors=True)
    os.makedirs(out)
    failures = 0
    for name, path, options in jobs(root):
        spirv = os.path.join(out, name + ".spv")
        command = [compiler, "-V", "--quiet", "-S", "comp", *options, "-o", spirv, path]
        failures += subprocess.run(command, check=False).returncode != 0
    with open(os.path.join(out, "manifest.txt"), "w", encoding="utf-8") as stream:
        stream.write(MANIFEST_HEAD)
        stream.writelines(line + "\n" for line in sorted(current_manifest(root).values()))
    return 1 if failures else 0


def problems(root):
    """What in spirv/ does not belong to the sources."""
    out = os.path.join(root, "spirv")
    manifest = os.path.join(out, "manifest.txt")
    lines = read(manifest).decode().splitlines()[1:] if os.path.isfile(manifest) else []
    noted = {line.split()[0]: line for line in lines}
    current = current_manifest(root)
    for name in sorted(noted.keys() | current.keys()):
        if noted.get(name) != current.get(name) or noted[name].endswith(" missing"):
            yield f"{name}.spv is not what its source makes: run scripts/shaders.sh"
    present = os.listdir(out) if os.path.isdir(out) else []
    for name in sorted(set(present) - {"manifest.txt"} - {name + ".spv" for name in current}):
        yield f"spirv/{name} belongs to no shader"


def check(root):
    found = list(problems(root))
    for problem in found:
        print(problem)
    print(f"{len(current_manifest(root))} shaders checked, {len(found)} problems")
    return 1 if found else 0


def uses_matrices(words):
    """Whether OpCapability CooperativeMatrixKHR is among the first instructions."""
    at = 5
    while at < len(words) and words[at] & 0xFFFF == 17:
        if words[at + 1] == 6022:
            return True
        at += words[at] >> 16
    return False


def embed(root, out, depfile):
    """Words are numbers in the C file, so byte order is the compiler's business."""
    folder = os.path.join(root, "spirv")
    # The folder itself: files may come and go.
    arrays, rows, inputs = [], [], [folder if os.path.isdir(folder) else root]
    for name in shader_names(root):
        for index, variant in enumerate(VARIANTS):
            label = f"{name.lower()}_{variant}"
            path = os.path.join(folder, label + ".spv")
            if not os.path.isfile(path):
                continue
            code = read(path)
            words = [int.from_bytes(code[at:at + 4], "little") for at in range(0, len(code), 4)]
            lines = [", ".join(f"{word:#x}" for word in words[at:at + 12])
                     for at in range(0, len(words), 12)]
            arrays.append(f"static const uint32_t {label}[] = {{\n" + ",\n".join(lines) + "};\n")
            matrix = "true" if uses_matrices(words) else "false"
            rows.append(f"    [PLANCHE_SHADER_{name}][{index}] = "
                        f"{{{label}, sizeof {label}, {matrix}}},\n")
            inputs.append(path)
    with open(out, "w", encoding="utf-8") as stream:
        stream.write('#include "backend/vulkan/spirv.h"\n\n' + "\n".join(arrays) +
                     "\nconst struct planche_spirv planche_spirv[PLANCHE_SHADER_COUNT][2] = {\n" +
                     "".join(rows) + "};\n")
    with open(depfile, "w", encoding="utf-8") as stream:
        stream.write(out.replace(" ", "\\ ") + ": " +
                     " ".join(path.replace(" ", "\\ ") for path in inputs) + "\n")
    return 0


def write(path, content):
    with open(path, "w", encoding="utf-8") as stream:
        stream.write(content)


def self_test():
    """Every change to a small tree must be seen by check; the compiler is a copier."""
    changes = {"a.comp": "changed", "common.glsl": "changed", "spirv/a_f32.spv": "changed",
               "../shaders.def": "PLANCHE_SHADER(B)\n", "spirv/stray.spv": "",
               "spirv/manifest.txt": MANIFEST_HEAD}
    failures = 0
    for changed in [None, *changes]:
        with tempfile.TemporaryDirectory() as folder:
            root = os.path.join(folder, "shaders")
            os.mkdir(root)
            write(os.path.join(folder, "shaders.def"), "PLANCHE_SHADER(A)\n")
            write(os.path.join(root, "a.comp"), '#include "common.glsl"\n')
            write(os.path.join(root, "common.glsl"), "int x;\n")
            compiler = os.path.join(folder, "copier")
            write(compiler, '#!/bin/sh\nwhile [ "$1" != -o ]; do shift; done\ncp "$3" "$2"\n')
            os.chmod(compiler, 0o755)
            failures += build(root, compiler)
            if changed:
                write(os.path.join(root, changed), changes[changed])
            if bool(list(problems(root))) != bool(changed):
                print(f"changed {changed}: check finds {list(problems(root))}")
                failures += 1
    print(f"{len(changes)} changes, {failures} failures")
    return 1 if failures else 0


def main():
    arguments = sys.argv[1:]
    if len(arguments) == 2 and arguments[0] == "build":
        return build(HERE, arguments[1])
    if arguments == ["check"]:
        return check(HERE)
    if arguments == ["check", "--self-test"]:
        return self_test()
    if len(arguments) == 3 and arguments[0] == "embed":
        return embed(HERE, arguments[1], arguments[2])
    sys.exit(__doc__)


if __name__ == "__main__":
    sys.exit(main())
