/* SPDX-License-Identifier: MIT */
/* Moves a shader's uniform block to a storage buffer. Words as in the SPIR-V specification, 2.3,
 * "Physical Layout of a SPIR-V Module and Instruction". */
#include "backend/vulkan/spirv.h"

#define HEADER_WORDS 5u
#define UNIFORM      2u
#define STORAGE      12u
#define TYPE_POINTER 32u
#define VARIABLE     59u

void planche_spirv_use_storage(uint32_t *code, size_t words)
{
    for (size_t at = HEADER_WORDS, size; at < words; at += size) {
        uint32_t operation = code[at] & 0xffff;
        size = code[at] >> 16;
        if (size == 0 || size > words - at)
            return; /* no instruction: the driver will say so */
        /* Where an instruction has its storage class. */
        size_t place = operation == TYPE_POINTER ? 2 : operation == VARIABLE ? 3 : 0;
        if (place > 0 && place < size && code[at + place] == UNIFORM)
            code[at + place] = STORAGE;
    }
}
