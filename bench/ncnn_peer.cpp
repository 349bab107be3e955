/* SPDX-License-Identifier: MIT */
/* ncnn as a library on pieces of a page, as bench/libraries.py builds and calls it:
 *   ncnn_peer PARAM BIN IN OUT INPUT HEIGHT WIDTH PIECES THREADS RUNS SECONDS OUTPUT
 * IN and OUT are the names of the network's input and output. INPUT has PIECES x 3 x HEIGHT x WIDTH
 * floats. All of ncnn's options but the threads are its defaults.
 * Prints the times of at most RUNS runs over all pieces, which end early once SECONDS have passed;
 * OUTPUT (- for none) gets the result of the last run. */
#include "net.h"

#include <chrono>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <vector>

static double now_ms()
{
    const auto now = std::chrono::steady_clock::now().time_since_epoch();
    return std::chrono::duration<double, std::milli>(now).count();
}

[[noreturn]] static void fail(const char *what)
{
    std::fprintf(stderr, "%s\n", what);
    std::exit(1);
}

/* A piece: three planes, whose distance is ncnn's choice. */
static ncnn::Mat read_piece(std::FILE *file, int height, int width)
{
    ncnn::Mat piece(width, height, 3);
    const size_t count = static_cast<size_t>(width) * static_cast<size_t>(height);
    if (piece.empty())
        fail("there is no memory for the input");
    for (int c = 0; c < 3; c++) {
        float *plane = piece.channel(c);
        if (std::fread(plane, sizeof(float), count, file) != count)
            fail("the input is too short");
    }
    return piece;
}

static void write_pieces(const char *path, const std::vector<ncnn::Mat> &pieces)
{
    std::FILE *file = std::fopen(path, "wb");
    if (!file)
        fail("the output cannot be written");
    for (const ncnn::Mat &piece : pieces)
        for (int c = 0; c < piece.c; c++) {
            const size_t count = static_cast<size_t>(piece.w) * static_cast<size_t>(piece.h);
            const float *plane = piece.channel(c);
            if (std::fwrite(plane, sizeof(float), count, file) != count)
                fail("the output cannot be written");
        }
    if (std::fclose(file) != 0)
        fail("the output cannot be written");
}

static ncnn::Mat run_piece(const ncnn::Net &net, const char *in, const char *out,
                           const ncnn::Mat &piece)
{
    ncnn::Extractor extractor = net.create_extractor();
    ncnn::Mat result;
    if (extractor.input(in, piece) != 0 || extractor.extract(out, result) != 0 || result.empty())
        fail("the network gives no result");
    return result;
}

int main(int argc, char **argv)
{
    if (argc < 13)
        fail("usage: see the top of ncnn_peer.cpp");
    const int height = std::atoi(argv[6]), width = std::atoi(argv[7]), count = std::atoi(argv[8]);
    const int runs = std::atoi(argv[10]);
    const double limit_ms = 1e3 * std::atof(argv[11]), loading = now_ms();
    ncnn::Net net;
    net.opt.num_threads = std::atoi(argv[9]);
    if (net.load_param(argv[1]) != 0 || net.load_model(argv[2]) != 0)
        fail("the network cannot be loaded");
    const double load_ms = now_ms() - loading;
    std::FILE *file = std::fopen(argv[5], "rb");
    if (!file)
        fail("the input cannot be read");
    std::vector<ncnn::Mat> pieces, results;
    for (int i = 0; i < count; i++)
        pieces.push_back(read_piece(file, height, width));
    std::fclose(file);
    std::printf("{\"version\": \"%s\", \"load_ms\": %.3f, \"runs_ms\": [", NCNN_VERSION_STRING,
                load_ms);
    double spent = 0;
    for (int run = 0; run < runs && (run == 0 || spent < limit_ms); run++) {
        results.clear();
        const double start = now_ms();
        for (const ncnn::Mat &piece : pieces)
            results.push_back(run_piece(net, argv[3], argv[4], piece));
        const double took = now_ms() - start;
        std::printf("%s%.3f", run ? ", " : "", took);
        spent += took;
    }
    std::printf("], \"shape\": [1, %d, %d, %d]}\n", results[0].c, results[0].h, results[0].w);
    if (std::strcmp(argv[12], "-") != 0)
        write_pieces(argv[12], results);
    return 0;
}
