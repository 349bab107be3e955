/* SPDX-License-Identifier: MIT */
/* Invariants of a pass are asserted: what would corrupt memory in a release stops a debug build. */
#include "backend/cpu/geometry.h"
#include "backend_test.h"

#include <signal.h>
#include <stdlib.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

#ifndef NDEBUG
static enum planche_status fetch(void *user, int64_t y, int64_t x, size_t count,
                                 float *const planes[PLANCHE_PLANES], struct planche_error *error)
{
    (void)user;
    (void)error;
    for (int p = 0; p < PLANCHE_PLANES; p++)
        for (size_t i = 0; i < count; i++)
            planes[p][i] = (float)((y + x + (int64_t)i) % 7) / 7;
    return PLANCHE_OK;
}

static void put(void *user, int64_t y, int64_t x, size_t count,
                const float *const planes[PLANCHE_PLANES])
{
    (void)user;
    (void)y;
    (void)x;
    (void)count;
    (void)planes;
}

static enum planche_status emit(void *user, int64_t y, int64_t x, size_t count,
                                struct planche_error *error)
{
    (void)user;
    (void)y;
    (void)x;
    (void)count;
    (void)error;
    return PLANCHE_OK;
}

/* The status of a page's only pass, with so many slots of every class less than planned. */
static enum planche_status run(struct planche_program *program, int64_t missing)
{
    const struct planche_plan_options options = {.workers = 1};
    const struct planche_page_io io = {.fetch = fetch, .put = put, .emit = emit};
    struct planche_pass_data data = {.pool = pool_of(1), .io = &io};
    struct planche_error error;
    struct planche_budget budget = {0};
    struct planche_plan *plan;
    struct planche_pass *pass;
    struct planche_pass_spec spec;
    enum planche_status status;
    if (planche_plan_create(&plan, program, 40, 60, &options, &budget, NULL, &error))
        return error.status;
    spec = planche_plan_spec(plan, 1);
    if (planche_pass_create(&pass, &spec, &budget, &error))
        return error.status;
    for (int c = 0; c < program->slot_class_count; c++)
        pass->slots[c].count -= pass->slots[c].count > missing ? missing : 0;
    status = planche_pass_run(pass, &data, &budget, &error);
    planche_pass_destroy(&pass);
    planche_plan_destroy(&plan);
    return status;
}

/* How a process ends that runs the pass. */
static int end_of(struct planche_program *program, int64_t missing)
{
    int end = 0;
    pid_t child = fork();
    assert_true(child >= 0);
    if (child == 0) {
        const struct rlimit none = {0, 0};
        setrlimit(RLIMIT_CORE, &none);
        signal(SIGABRT, SIG_DFL);
        close(STDERR_FILENO); /* the assertion's text */
        _exit(run(program, missing) == PLANCHE_OK ? 0 : 1);
    }
    assert_int_equal(waitpid(child, &end, 0), child);
    return end;
}
#endif

static void test_missing_slots(void **state)
{
    (void)state;
#ifdef NDEBUG
    print_message("SKIPPED: a build without assertions\n");
    skip();
#else
    int found = 0;
    for (uint64_t seed = 1; found < 3 && seed < 100; seed++) {
        struct network network;
        if (network_make_random(&network, seed)) {
            const struct isa portable = {.name = "portable"};
            struct planche_program *program = compile(&network, &portable, 1);
            if (program->levels == 0) {
                int end = end_of(program, 0);
                assert_true(WIFEXITED(end) && WEXITSTATUS(end) == 0);
                end = end_of(program, 1);
                assert_true(WIFSIGNALED(end) && WTERMSIG(end) == SIGABRT);
                found++;
            }
            planche_program_destroy(&program);
        }
        network_free(&network);
    }
    assert_int_equal(found, 3);
#endif
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_missing_slots),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
