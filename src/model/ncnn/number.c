/* SPDX-License-Identifier: MIT */
/* Parser of numbers in .param files. strtod would follow the locale of the program that uses the
 * library. */
#include "model/ncnn/format.h"

#include <math.h>

static const char *parse_digits(const char *text, double *mantissa, int *digits)
{
    for (; *text >= '0' && *text <= '9'; text++, (*digits)++)
        *mantissa = *mantissa * 10 + (*text - '0');
    return text;
}

/* "e-03"; false if text is not an exponent that ends the number. */
static bool parse_exponent(const char *text, int *exponent)
{
    double value = 0;
    int digits = 0, sign = 1;
    text++;
    if (*text == '-' || *text == '+')
        sign = *text++ == '-' ? -1 : 1;
    text = parse_digits(text, &value, &digits);
    *exponent = sign * (int)fmin(value, 9999);
    return *text == '\0' && digits > 0;
}

bool planche_ncnn_number(const char *text, double *value, bool *integer)
{
    double mantissa = 0;
    int whole = 0, fraction = 0, exponent = 0;
    bool negative = *text == '-';
    text += *text == '-' || *text == '+';
    text = parse_digits(text, &mantissa, &whole);
    *integer = *text == '\0';
    if (*text == '.')
        text = parse_digits(text + 1, &mantissa, &fraction);
    if (whole + fraction == 0)
        return false;
    if ((*text == 'e' || *text == 'E') && !parse_exponent(text, &exponent))
        return false;
    if (*text != '\0' && *text != 'e' && *text != 'E')
        return false;
    exponent -= fraction;
    mantissa = exponent < 0 ? mantissa / pow(10, -exponent) : mantissa * pow(10, exponent);
    *value = negative ? -mantissa : mantissa;
    return isfinite(*value);
}
