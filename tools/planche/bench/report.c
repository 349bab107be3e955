/* SPDX-License-Identifier: MIT */
/* Benchmark report: the measurements of one model, as a line of a table or of JSON. Rates are those
 * of the best run: other programs use the machine too, and the time they take is no property of the
 * engine. */
#include "bench/report.h"

#include "cli/json.h"
#include "cli/number.h"
#include "cli/terminal.h"

#include <math.h>
#include <stdio.h>
#include <string.h>

#define COLUMNS 79

static double pixels(const struct planche_cli_bench_report *m)
{
    return (double)m->width * m->height;
}

static double best_ms(const struct planche_cli_bench_report *m)
{
    return m->ms[0];
}

static double median_ms(const struct planche_cli_bench_report *m)
{
    return (m->ms[(m->runs - 1) / 2] + m->ms[m->runs / 2]) / 2.0;
}

/* GFLOP/s, counted as if convolutions were computed directly, whatever algorithm was used. */
static double rate(const struct planche_cli_bench_report *m, double ms)
{
    return 2.0 * m->info.macs_per_pixel * pixels(m) / (ms * 1e6);
}

static double gflops(const struct planche_cli_bench_report *m)
{
    return rate(m, best_ms(m));
}

static bool is_on_gpu(const struct planche_cli_bench_report *m)
{
    return m->info.device != NULL;
}

/* The higher of the two is nearer to the real peak: load from outside only lowers it. */
static double peak(const struct planche_cli_bench_report *m)
{
    return m->peak_before > m->peak_after ? m->peak_before : m->peak_after;
}

void planche_cli_bench_report_print_heading(void)
{
    printf("%-23s %5s %9s %9s %6s %8s %7s %5s\n", "MODEL", "SCALE", "BEST ms", "MEDIAN ms", "us/px",
           "PAGES/s", "GFLOP/s", "RATIO");
    fflush(stdout);
}

/* Columns that text fills; ends the line and begins another where the word would not fit. */
static int print_word(int column, const char *word)
{
    if (column > 2 && column + 2 + (int)strlen(word) > COLUMNS) {
        putchar('\n');
        column = 0;
    }
    return column + printf("%s%s", column > 0 ? ", " : "  ", word);
}

/* What was measured beside the times: two or three lines below those of the table. */
static void print_details(const struct planche_cli_bench_report *m)
{
    char word[160], bytes[32];
    snprintf(word, sizeof word, "%ux%u pixels", m->width, m->height);
    int column = print_word(0, word);
    snprintf(word, sizeof word, "%u thread%s", m->info.threads, m->info.threads == 1 ? "" : "s");
    column = print_word(column, word);
    snprintf(word, sizeof word, "%s %s", is_on_gpu(m) ? m->info.gpu_path : m->info.isa,
             m->info.precision);
    column = print_word(column, word);
    if (peak(m) > 0.0) {
        snprintf(word, sizeof word, "FMA peak %.1f GFLOP/s", peak(m));
        column = print_word(column, word);
    }
    snprintf(word, sizeof word, "memory %s",
             planche_cli_format_bytes(m->peak_bytes, bytes, sizeof bytes));
    column = print_word(column, word);
    snprintf(word, sizeof word, "RSS %s",
             planche_cli_format_bytes(m->rss_bytes, bytes, sizeof bytes));
    column = print_word(column, word);
    snprintf(word, sizeof word, "load %.1f ms", m->start_ms);
    column = print_word(column, word);
    if (is_on_gpu(m) && m->gpu_ms > 0.0) {
        snprintf(word, sizeof word, "%.2f ms of GPU time per page", m->gpu_ms);
        column = print_word(column, word);
        snprintf(word, sizeof word, "%.2f TFLOP/s", rate(m, m->gpu_ms) / 1e3);
        column = print_word(column, word);
        print_word(column, m->info.device);
    }
    putchar('\n');
}

static void print_layer(const struct planche_cli_bench_report *m,
                        const struct planche_layer_profile *layer, double total)
{
    double speed = layer->ms > 0.0 ? 2.0 * layer->macs / (layer->ms * 1e6) : 0.0;
    char rates[48];
    if (is_on_gpu(m))
        snprintf(rates, sizeof rates, " %8.2f", speed / 1e3);
    else
        snprintf(rates, sizeof rates, " %8.1f %6.2f", speed, peak(m) > 0.0 ? speed / peak(m) : 0.0);
    planche_cli_print("  %-28.28s %-12.12s %9.3f %6.1f%%%s", layer->name, layer->kind,
                      layer->ms / m->runs, total > 0.0 ? 100.0 * layer->ms / total : 0.0, rates);
}

/* What a driver's watchdog counts. */
static void print_longest(const struct planche_cli_bench_report *m)
{
    const struct planche_layer_profile *longest = &m->layers[0];
    for (size_t i = 1; i < m->layer_count; i++)
        if (m->layers[i].longest_ms > longest->longest_ms)
            longest = &m->layers[i];
    planche_cli_print("  longest dispatch: %.3f ms, of %s", longest->longest_ms, longest->name);
    putchar('\n');
}

static void print_layers(const struct planche_cli_bench_report *m)
{
    double total = 0.0;
    for (size_t i = 0; i < m->layer_count; i++)
        total += m->layers[i].ms;
    printf("\n  %-28s %-12s %9s %7s %8s%s\n", "LAYER", "KIND", "ms/page", "SHARE",
           is_on_gpu(m) ? "TFLOP/s" : "GFLOP/s", is_on_gpu(m) ? "" : "  RATIO");
    for (size_t i = 0; i < m->layer_count; i++)
        print_layer(m, &m->layers[i], total);
    printf("  %-28s %-12s %9.3f\n\n", "all", "", total / m->runs);
    if (is_on_gpu(m))
        print_longest(m);
}

void planche_cli_bench_report_print(const struct planche_cli_bench_report *m)
{
    char ratio[16] = "-";
    if (peak(m) > 0.0)
        snprintf(ratio, sizeof ratio, "%.2f", gflops(m) / peak(m));
    planche_cli_print("%-23s %5u %9.1f %9.1f %6.2f %8.3f %7.1f %5s", m->info.model, m->info.scale,
                      best_ms(m), median_ms(m), 1e3 * best_ms(m) / pixels(m), 1e3 / best_ms(m),
                      gflops(m), ratio);
    print_details(m);
    if (m->layer_count > 0)
        print_layers(m);
    fflush(stdout);
}

/* Rounded to six decimals. */
static json_t *number(double value)
{
    return json_real(round(value * 1e6) / 1e6);
}

static json_t *layers_json(const struct planche_cli_bench_report *m)
{
    json_t *array = json_array();
    for (size_t i = 0; i < m->layer_count; i++) {
        const struct planche_layer_profile *layer = &m->layers[i];
        json_t *object = json_object();
        json_object_set_new(object, "name", planche_cli_json_text(layer->name));
        json_object_set_new(object, "kind", planche_cli_json_text(layer->kind));
        json_object_set_new(object, "ms", number(layer->ms / m->runs));
        json_object_set_new(object, "macs", json_real(layer->macs / m->runs));
        json_object_set_new(object, "longest_ms",
                            is_on_gpu(m) ? number(layer->longest_ms) : json_null());
        json_array_append_new(array, object);
    }
    return array;
}

static void add_setup(json_t *object, const struct planche_cli_bench_report *m)
{
    json_object_set_new(object, "version", json_string(planche_version()));
    json_object_set_new(object, "model", planche_cli_json_text(m->info.model));
    json_object_set_new(object, "variant", planche_cli_json_text(m->info.variant));
    json_object_set_new(object, "scale", json_integer(m->info.scale));
    json_object_set_new(object, "denoise",
                        !m->has_level                 ? json_null()
                        : m->level == floor(m->level) ? json_integer((json_int_t)m->level)
                                                      : json_real(m->level));
    json_object_set_new(object, "se",
                        json_string(m->se == PLANCHE_SE_SAMPLED ? "sampled" : "exact"));
    json_object_set_new(object, "backend", planche_cli_json_text(m->info.backend));
    json_object_set_new(object, "device", planche_cli_json_text(m->info.device));
    json_object_set_new(object, "gpu_path", planche_cli_json_text(m->info.gpu_path));
    json_object_set_new(object, "isa", planche_cli_json_text(m->info.isa));
    json_object_set_new(object, "precision", planche_cli_json_text(m->info.precision));
    json_object_set_new(object, "threads", json_integer(m->info.threads));
    json_object_set_new(object, "budget_bytes", json_integer((json_int_t)m->info.memory));
    json_object_set_new(object, "width", json_integer(m->width));
    json_object_set_new(object, "height", json_integer(m->height));
    json_object_set_new(object, "macs_per_pixel", json_real(m->info.macs_per_pixel));
}

bool planche_cli_bench_report_print_json(const struct planche_cli_bench_report *m)
{
    json_t *object = json_object(), *runs = json_array();
    bool has_peak = peak(m) > 0.0, timed = m->gpu_ms > 0.0;
    for (unsigned i = 0; i < m->runs; i++)
        json_array_append_new(runs, number(m->ms[i]));
    add_setup(object, m);
    json_object_set_new(object, "load_ms", number(m->start_ms));
    json_object_set_new(object, "runs_ms", runs);
    json_object_set_new(object, "best_ms", number(best_ms(m)));
    json_object_set_new(object, "median_ms", number(median_ms(m)));
    json_object_set_new(object, "us_per_pixel", number(1e3 * best_ms(m) / pixels(m)));
    json_object_set_new(object, "pages_per_second", number(1e3 / best_ms(m)));
    json_object_set_new(object, "gflops", number(gflops(m)));
    json_object_set_new(object, "gpu_ms", timed ? number(m->gpu_ms) : json_null());
    json_object_set_new(object, "gpu_gflops", timed ? number(rate(m, m->gpu_ms)) : json_null());
    json_object_set_new(object, "peak_gflops_before", number(m->peak_before));
    json_object_set_new(object, "peak_gflops_after", number(m->peak_after));
    json_object_set_new(object, "peak_gflops", has_peak ? number(peak(m)) : json_null());
    json_object_set_new(object, "ratio", has_peak ? number(gflops(m) / peak(m)) : json_null());
    json_object_set_new(object, "weight_bytes", json_integer((json_int_t)m->info.weight_bytes));
    json_object_set_new(object, "peak_bytes", json_integer((json_int_t)m->peak_bytes));
    json_object_set_new(object, "peak_rss_bytes", json_integer((json_int_t)m->rss_bytes));
    json_object_set_new(object, "page_bytes", json_integer((json_int_t)m->page_bytes));
    if (m->layer_count > 0)
        json_object_set_new(object, "profile", layers_json(m));
    return planche_cli_json_print(object);
}

void planche_cli_bench_path_print_heading(void)
{
    printf("%-6s %-23s %5s %9s %9s %8s  %s\n", "PATH", "MODEL", "SCALE", "GPU ms", "BEST ms",
           "TFLOP/s", "DEVICE");
    fflush(stdout);
}

void planche_cli_bench_path_print(const struct planche_cli_bench_report *m,
                                  enum planche_gpu_path path)
{
    const char *name = planche_gpu_path_name(path);
    bool instead = m->info.gpu_path == NULL || strcmp(m->info.gpu_path, name) != 0;
    double ms = m->gpu_ms > 0.0 ? m->gpu_ms : best_ms(m);
    planche_cli_print("%-6s %-23s %5u %9.2f %9.1f %8.2f  %s%s%s", name, m->info.model,
                      m->info.scale, m->gpu_ms, best_ms(m), rate(m, ms) / 1e3,
                      m->info.device != NULL ? m->info.device : "CPU", instead ? ", by " : "",
                      !instead                   ? ""
                      : m->info.gpu_path != NULL ? m->info.gpu_path
                                                 : m->info.backend);
    if (m->layer_count > 0)
        print_layers(m);
    fflush(stdout);
}

bool planche_cli_bench_path_print_lack(const char *model, enum planche_gpu_path path,
                                       const char *reason, bool json)
{
    if (!json) {
        planche_cli_print("%-6s %-23s %s", planche_gpu_path_name(path), model, reason);
        return true;
    }
    json_t *object = json_object();
    json_object_set_new(object, "model", planche_cli_json_text(model));
    json_object_set_new(object, "gpu_path", json_string(planche_gpu_path_name(path)));
    json_object_set_new(object, "lacks", planche_cli_json_text(reason));
    return planche_cli_json_print(object);
}
