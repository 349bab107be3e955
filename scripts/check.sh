#!/bin/sh
# SPDX-License-Identifier: MIT
# check.sh BUILD: static checks of the tree: layering and countable rules, layout, spelling, cppcheck,
# clang-tidy with the flags of a build folder. All run even when one fails. The versions of Debian 12 decide:
# others find other things, so where they are installed a check is skipped, loudly.
set -u
build=$1
here=$(dirname "$0")
failed=

sources() {
    git ls-files --cached --others --exclude-standard "$@"
}

# check NAME COMMAND...
check() {
    name=$1
    shift
    if "$@"; then echo "$name: passed"; else failed="$failed $name" && echo "$name: FAILED"; fi
}

is_version() { # VERSION TOOL
    "$2" --version 2>/dev/null | grep -q "$1" && return 0
    echo "$2 $1 is not here: its check is SKIPPED." >&2
    return 1
}

layout() {
    # shellcheck disable=SC2046 # names without spaces
    "$here/format.sh" --check $(sources '*.c' '*.h' '*.cpp' '*.hpp')
}

spelling() {
    # shellcheck disable=SC2046
    codespell --ignore-words-list=crate $(sources '*.c' '*.h' '*.cpp' '*.hpp' '*.rs' '*.md' '*.py' '*.sh' \
        '*.def' '*.1' '*.build' '*.comp' '*.glsl' Makefile .ci/run)
}

# The kernels are generated from bodies by macros, which takes it minutes and finds nothing.
run_cppcheck() {
    # shellcheck disable=SC2046
    cppcheck --quiet -j "$(nproc)" --std=c11 --enable=warning,portability,performance --inline-suppr \
        --error-exitcode=1 -I include -I src -I tools/planche -D__GNUC__ \
        --suppressions-list="$here/cppcheck.supp" \
        $(sources 'src/*.c' 'tools/*.c' | grep -v '^src/kernels/')
}

# Each file once: many are parts of several programs. Its command is that of the first.
once() {
    python3 -c 'import json, sys
commands = json.load(sys.stdin)
json.dump(list({command["file"]: command for command in reversed(commands)}.values()), sys.stdout)'
}

# Kernels of one instruction set share their bodies with the portable ones. The analyzer follows 75000 states of a
# function, not 225000: that takes less than half of the time, and finds all but one of what earlier commits mended. The
# largest files come first, so that no processor is left with them in the end.
run_clang_tidy() {
    once <"$build/compile_commands.json" >"$commands/compile_commands.json"
    sources 'src/*.c' 'tools/*.c' | grep -vE '_(neon|avx2|avx512|avx512bf16|amx|avxvnni|avx512vnni)\.c$' |
        xargs ls -S | xargs -P "$(nproc)" -n 4 clang-tidy -p "$commands" --quiet --extra-arg=-UNDEBUG \
            --extra-arg=-Xclang --extra-arg=-analyzer-config \
            --extra-arg=-Xclang --extra-arg=max-nodes=75000 2>/dev/null
}

commands=$(mktemp -d) # of clang-tidy
trap 'rm -rf "$commands"' EXIT
trap 'exit 1' HUP INT TERM # without these dash leaves out EXIT's
"$here/setup.sh" check format || exit 1
check layering python3 "$here/../tests/layering/check.py" "$here/.."
check layout layout
check spelling spelling
if is_version 2.10 cppcheck; then check cppcheck run_cppcheck; fi
if is_version "version 14\." clang-tidy; then check clang-tidy run_clang_tidy; fi
[ -z "$failed" ] || { echo "failed:$failed" >&2 && exit 1; }
