/* SPDX-License-Identifier: MIT */
/* Peak FLOP/s of the CPU, measured. The loops are in assembly: a compiler would remove arithmetic
 * whose result is not used, and the measurement would be of the compiler's code. */
#include "bench/peak_flops.h"

#include "os/clock.h"

#include <pthread.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

/* Executes the loop body `steps` times. */
typedef void (*loop_fn)(uint64_t steps);

/* A loop of one instruction set. */
struct loop {
    const char *isa;
    loop_fn run;
    double flops; /* of a step */
};

#if defined(__x86_64__)

/* Twelve independent dependency chains: two FMA units with a latency of 4 or 5 cycles need ten. */
#define CHAINS(op)                                                                                 \
    op("4") op("5") op("6") op("7") op("8") op("9") op("10") op("11") op("12") op("13") op("14")   \
        op("15")
#define CLOBBERS                                                                                   \
    "xmm0", "xmm4", "xmm5", "xmm6", "xmm7", "xmm8", "xmm9", "xmm10", "xmm11", "xmm12", "xmm13",    \
        "xmm14", "xmm15", "cc"

#define FMA_YMM(n) "vfmadd231ps %%ymm0, %%ymm0, %%ymm" n "\n\t"
#define FMA_ZMM(n) "vfmadd231ps %%zmm0, %%zmm0, %%zmm" n "\n\t"
#define CLEAR(n)   "xorps %%xmm" n ", %%xmm" n "\n\t"

/* Keeps the values normal: denormal numbers would be slow. */
static const float factor = 0.5f;

#define FMA_LOOP(name, r, op)                                                                      \
    static void name(uint64_t steps)                                                               \
    {                                                                                              \
        __asm__ volatile("vzeroall\n\t"                                                            \
                         "vbroadcastss %1, %%" r "0\n"                                             \
                         "1:\n\t" CHAINS(op) "dec %0\n\t"                                          \
                                             "jnz 1b\n\t"                                          \
                                             "vzeroupper"                                          \
                         : "+r"(steps)                                                             \
                         : "m"(factor)                                                             \
                         : CLOBBERS);                                                              \
    }
FMA_LOOP(run_avx2, "ymm", FMA_YMM)
FMA_LOOP(run_avx512, "zmm", FMA_ZMM)

/* SSE2 has no fused multiply-add: as many multiplications as additions. */
static void run_sse2(uint64_t steps)
{
#define ADD(n) "addps %%xmm0, %%xmm" n "\n\t"
#define MUL(n) "mulps %%xmm0, %%xmm" n "\n\t"
    __asm__ volatile(CHAINS(CLEAR) "movss %1, %%xmm0\n\t"
                                   "shufps $0, %%xmm0, %%xmm0\n"
                                   "1:\n\t" ADD("4") MUL("5") ADD("6") MUL("7") ADD("8") MUL("9")
                                       ADD("10") MUL("11") ADD("12") MUL("13") ADD("14")
                                           MUL("15") "dec %0\n\t"
                                                     "jnz 1b"
                     : "+r"(steps)
                     : "m"(factor)
                     : CLOBBERS);
#undef ADD
#undef MUL
}

static const struct loop loops[] = {
    {"amx", run_avx512, 12 * 16 * 2}, /* of f32 here too, so that ratios are comparable */
    {"avx512", run_avx512, 12 * 16 * 2},
    {"avx2", run_avx2, 12 * 8 * 2},
    {"portable", run_sse2, 12 * 4},
};
#define LOOPS (sizeof loops / sizeof *loops)

#elif defined(__aarch64__)

static void run_neon(uint64_t steps)
{
#define FMLA(n)  "fmla v" n ".4s, v0.4s, v0.4s\n\t"
#define CLEAR(n) "movi v" n ".4s, #0\n\t"
/* Sixteen independent dependency chains: four units with a latency of 4 cycles. */
#define CHAINS(op)                                                                                 \
    op("16") op("17") op("18") op("19") op("20") op("21") op("22") op("23") op("24") op("25")      \
        op("26") op("27") op("28") op("29") op("30") op("31")
    __asm__ volatile(
        "fmov v0.4s, #0.5\n\t" CHAINS(CLEAR) "1:\n\t" CHAINS(FMLA) "subs %0, %0, #1\n\t"
                                                                   "b.ne 1b"
        : "+r"(steps)
        :
        : "v0", "v16", "v17", "v18", "v19", "v20", "v21", "v22", "v23", "v24", "v25", "v26", "v27",
          "v28", "v29", "v30", "v31", "cc");
}

/* Every AArch64 CPU has NEON: compilers use it for portable C too. */
static const struct loop loops[] = {
    {"neon", run_neon, 16 * 4 * 2},
    {"portable", run_neon, 16 * 4 * 2},
};
#define LOOPS (sizeof loops / sizeof *loops)

#else

static const struct loop loops[] = {{"", NULL, 0}};
#define LOOPS 1

#endif

/* Steps are counted per window of time, and the best window counts: other programs use the machine
 * too. All threads use the same windows, so that none needs to wait until all have started. */
#define WINDOWS     15
#define WINDOW_MS   20.0
#define START_MS    10.0
#define CHUNK_STEPS 4000 /* some 10 microseconds */

struct worker {
    pthread_t thread;
    const struct loop *loop;
    double start_ms;
    uint64_t chunks[WINDOWS];
};

static void *work(void *user)
{
    struct worker *worker = user;
    for (;;) {
        worker->loop->run(CHUNK_STEPS);
        double window = (planche_clock_ms() - worker->start_ms) / WINDOW_MS;
        if (window >= WINDOWS)
            return NULL;
        if (window >= 0.0)
            worker->chunks[(unsigned)window]++;
    }
}

static double best_window(const struct worker *workers, unsigned count)
{
    uint64_t best = 0;
    for (unsigned window = 0; window < WINDOWS; window++) {
        uint64_t chunks = 0;
        for (unsigned i = 0; i < count; i++)
            chunks += workers[i].chunks[window];
        best = chunks > best ? chunks : best;
    }
    return (double)best * CHUNK_STEPS * workers->loop->flops / (WINDOW_MS * 1e6);
}

static double measure(const struct loop *loop, unsigned threads)
{
    struct worker *workers = calloc(threads, sizeof *workers);
    if (workers == NULL)
        return 0.0;
    double start_ms = planche_clock_ms() + START_MS;
    unsigned started = 0;
    while (started < threads) {
        struct worker *worker = &workers[started];
        *worker = (struct worker){.loop = loop, .start_ms = start_ms};
        if (pthread_create(&worker->thread, NULL, work, worker) != 0)
            break;
        started++;
    }
    for (unsigned i = 0; i < started; i++)
        pthread_join(workers[i].thread, NULL);
    double rate = started == threads ? best_window(workers, started) : 0.0;
    free(workers);
    return rate;
}

double planche_cli_peak_flops(const char *isa, unsigned threads)
{
    for (size_t i = 0; i < LOOPS; i++) {
        if (strcmp(loops[i].isa, isa) == 0)
            return measure(&loops[i], threads);
    }
    return 0.0;
}
