/* SPDX-License-Identifier: MIT */
/* Writes the small model of the tests: make_model PATH makes PATH.param and PATH.bin. */
#include "support/tiny_model.h"

int main(int count, char **arguments)
{
    static struct tiny_model model;
    if (count != 2)
        return 2;
    tiny_model_make(&model, 2);
    return tiny_model_write(&model, arguments[1]) ? 0 : 1;
}
