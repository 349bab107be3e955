/* SPDX-License-Identifier: MIT */
/* Functions of the C library, in the versions that glibc 2.28 has: the newer ones of 2.29 do not
 * set errno, and are the same otherwise. scripts/static.sh links with --wrap. */
#if defined(__x86_64__)
#define BASE "GLIBC_2.2.5"
#elif defined(__aarch64__)
#define BASE "GLIBC_2.17"
#endif

#define ONE(name)                                                                                  \
    double old_##name(double);                                                                     \
    double __wrap_##name(double);                                                                  \
    __asm__(".symver old_" #name "," #name "@" BASE);                                              \
    double __wrap_##name(double x)                                                                 \
    {                                                                                              \
        return old_##name(x);                                                                      \
    }

ONE(exp)
ONE(log)
ONE(log2)

double old_pow(double, double);
double __wrap_pow(double, double);
__asm__(".symver old_pow,pow@" BASE);
double __wrap_pow(double x, double y)
{
    return old_pow(x, y);
}
