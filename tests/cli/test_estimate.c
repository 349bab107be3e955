/* SPDX-License-Identifier: MIT */
/* The estimate of the time left, on simulated runs: what it says after two pages against what the
 * run then takes. */
#include "support/testing.h"

#include "enlarge/estimate.h"

#include <math.h>
#include <stdint.h>

#define PAGES 60
#define STEP  0.2 /* seconds between two updates */

/* A simulated run: pages in their order, so many at once, which share the machine. */
struct simulation {
    double pixels[PAGES];
    bool passed[PAGES]; /* takes no time */
    double speed;       /* pixels per second */
    double fixed;       /* seconds of each page beside */
    double slower_from; /* seconds from which on the machine is half as fast; 0: never */
    unsigned jobs;
    double book_seconds; /* at the end of each book of ten pages nothing is computed for so long; 0:
                            no books */
    /* Its state. */
    double part[PAGES], now, done;
    size_t ended, computed;
    double idle_until;
    struct planche_cli_estimate estimate;
};

/* Uneven pages: 0.4 to 2.5 times 1.5 million pixels, by a linear congruential generator. */
static void make_pages(struct simulation *s, uint32_t seed)
{
    for (size_t i = 0; i < PAGES; i++) {
        seed = seed * 1664525u + 1013904223u;
        s->pixels[i] = 1.5e6 * (0.4 + 2.1 * (seed >> 8) / 16777216.0);
    }
}

static double pixels_left(const struct simulation *s)
{
    double left = 0.0;
    for (size_t i = 0; i < PAGES; i++)
        left += s->passed[i] ? 0.0 : s->pixels[i] * (1.0 - s->part[i]);
    return left;
}

static void end_page(struct simulation *s, size_t page)
{
    s->part[page] = 1.0;
    s->ended++;
    if (s->passed[page])
        return;
    s->computed++;
    planche_cli_estimate_page(&s->estimate, s->pixels[page]);
}

/* Pages in flight, of those before limit. */
static unsigned count_in_flight(const struct simulation *s, size_t limit)
{
    unsigned count = 0;
    for (size_t i = 0; i < limit && i < PAGES && count < s->jobs; i++)
        count += s->part[i] < 1.0 && !s->passed[i];
    return count > 0 ? count : 1;
}

/* One step of all pages in flight. A page of a book begins when the book before has ended. */
static void step(struct simulation *s)
{
    double speed = s->speed * (s->slower_from > 0.0 && s->now >= s->slower_from ? 0.5 : 1.0);
    size_t before = s->ended;
    size_t limit = s->book_seconds > 0.0 ? (s->ended / 10 + 1) * 10 : PAGES;
    bool computing = s->now >= s->idle_until;
    unsigned jobs = 0, most = count_in_flight(s, limit);
    s->now += STEP;
    for (size_t i = 0; computing && i < limit && i < PAGES && jobs < most; i++) {
        if (s->part[i] >= 1.0)
            continue;
        double seconds = s->pixels[i] / speed + s->fixed;
        double more = s->passed[i] ? 1.0 : STEP / seconds / most;
        jobs += !s->passed[i];
        more = more < 1.0 - s->part[i] ? more : 1.0 - s->part[i];
        s->done += s->passed[i] ? 0.0 : more * s->pixels[i];
        s->part[i] += more;
        if (s->part[i] >= 1.0 - 1e-9)
            end_page(s, i);
    }
    planche_cli_estimate_update(&s->estimate, s->now, s->done, computing);
    if (s->book_seconds > 0.0 && s->ended / 10 > before / 10) {
        s->idle_until = s->now + s->book_seconds;
        planche_cli_estimate_book(&s->estimate);
    }
}

/* Runs until so many pages have been computed, and returns the estimate then. */
static double run_pages(struct simulation *s, size_t pages)
{
    while (s->computed < pages && s->ended < PAGES)
        step(s);
    return planche_cli_estimate_left(&s->estimate, pixels_left(s),
                                     s->book_seconds > 0.0 ? (PAGES - s->ended) / 10 : 0);
}

/* Compares what is said after some pages with what the rest takes. */
static void assert_good(struct simulation *s, size_t pages, double tolerance, const char *what)
{
    double said = run_pages(s, pages), from = s->now;
    while (s->ended < PAGES)
        step(s);
    double took = s->now - from;
    if (!(fabs(said - took) <= tolerance * took))
        fail_msg("%s: %.1f s are said after %zu pages, and it takes %.1f s", what, said, pages,
                 took);
}

static struct simulation make(uint32_t seed, unsigned jobs)
{
    struct simulation s = {.speed = 1e5, .fixed = 0.5, .jobs = jobs};
    make_pages(&s, seed);
    planche_cli_estimate_start(&s.estimate, 0.0);
    return s;
}

static void test_uneven_pages(void **state)
{
    (void)state;
    for (uint32_t seed = 1; seed <= 20; seed++) {
        for (unsigned jobs = 1; jobs <= 4; jobs *= 2) {
            struct simulation s = make(seed, jobs);
            assert_good(&s, 2, 0.2, "uneven pages");
        }
    }
}

static void test_fast_and_slow_pages(void **state)
{
    (void)state;
    struct simulation fast = make(3, 2), slow = make(4, 1);
    fast.speed = 6e6;
    fast.fixed = 0.02;
    assert_good(&fast, 6, 0.2, "fast pages"); /* two take less than a second */
    slow.speed = 8e3;
    assert_good(&slow, 2, 0.2, "pages of three minutes");
}

/* Pages that are left as they are, and those that an earlier run has made, come at once. */
static void test_pages_passed_over(void **state)
{
    (void)state;
    for (uint32_t seed = 1; seed <= 10; seed++) {
        struct simulation kept = make(seed, 2), resumed = make(seed, 1);
        for (size_t i = 0; i < PAGES; i++) {
            kept.passed[i] = i % 3 != 0;
            resumed.passed[i] = i < 40;
        }
        assert_good(&kept, 2, 0.2, "pages that are kept");
        assert_good(&resumed, 2, 0.2, "a resumed run");
    }
}

/* The time that books take beside their pages is known after the first. */
static void test_books(void **state)
{
    (void)state;
    struct simulation s = make(5, 2);
    s.book_seconds = 30.0;
    assert_good(&s, 11, 0.15, "books");
}

/* When the machine gets other work, the estimate follows. */
static void test_a_machine_that_gets_slower(void **state)
{
    (void)state;
    struct simulation s = make(6, 1);
    s.slower_from = 300.0;
    run_pages(&s, 10);
    assert_true(s.now < 300.0);
    assert_good(&s, 40, 0.2, "a slower machine");
}

static void test_unknown(void **state)
{
    (void)state;
    struct planche_cli_estimate estimate;
    planche_cli_estimate_start(&estimate, 100.0);
    assert_true(planche_cli_estimate_left(&estimate, 5.0, 3) < 0.0);
    assert_true(planche_cli_estimate_page_seconds(&estimate) < 0.0);
    assert_true(planche_cli_estimate_left(&estimate, 0.0, 0) == 0.0);
    planche_cli_estimate_update(&estimate, 100.5, 10.0, true); /* too early to say */
    assert_true(planche_cli_estimate_left(&estimate, 5.0, 0) < 0.0);
    planche_cli_estimate_update(&estimate, 102.0, 40.0, true);
    assert_true(fabs(planche_cli_estimate_left(&estimate, 20.0, 0) - 1.0) < 0.02);
    /* A clock that goes back, and time that nobody worked in, change nothing. */
    planche_cli_estimate_update(&estimate, 90.0, 40.0, true);
    planche_cli_estimate_restart(&estimate, 500.0, 40.0);
    assert_true(fabs(planche_cli_estimate_left(&estimate, 20.0, 0) - 1.0) < 0.02);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_uneven_pages),
        cmocka_unit_test(test_fast_and_slow_pages),
        cmocka_unit_test(test_pages_passed_over),
        cmocka_unit_test(test_books),
        cmocka_unit_test(test_a_machine_that_gets_slower),
        cmocka_unit_test(test_unknown),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
