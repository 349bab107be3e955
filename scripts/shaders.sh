#!/bin/sh
# SPDX-License-Identifier: MIT
# shaders.sh [GLSLANG]: compiles the shaders of the Vulkan backend into the SPIR-V that is kept
# beside them. Needs a glslang that knows cooperative matrices (15 or later).
set -eu
exec python3 -B "$(dirname "$0")/../src/backend/vulkan/shaders/spirv.py" build \
    "${1:-glslangValidator}"
