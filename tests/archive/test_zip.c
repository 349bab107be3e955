/* SPDX-License-Identifier: MIT */
/* ZIP archives as they come, sound and hostile. */
#include "books.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

/* Of what succeeds or fails for a reason that is tested elsewhere. */
static struct planche_error ignored;

#define COUNT(array) (sizeof(array) / sizeof((array)[0]))

static void put_zip(const char *path, const struct zip_entry *entries, size_t count)
{
    struct bytes zip = make_zip(entries, count, NULL, 0);
    bytes_write(&zip, path);
}

static void test_sound(void **state)
{
    (void)state;
    const struct zip_entry entries[] = {
        {.name = "z.txt", .data = "stored"},
        {.name = "folder/"},
        {.name = "folder/page 1.jpg", .data = "packed packed packed", .packed = true},
        {.name = "empty", .packed = true},
        {.name = "empty too"},
        {.name = "Archive.cbz/in a folder.txt", .data = "x", .mode = 0100600, .comment = "note"},
        {.name = "./a//b/./c", .data = "64", .zip64 = true},
        {.name = "win\\dows\\page.png", .data = "w"},
    };
    struct bytes zip = make_zip(entries, COUNT(entries), "the archive's comment", 0);
    bytes_write(&zip, "book");
    struct planche_archive *archive = open_book("book");
    struct planche_archive_entry entry;
    size_t size;
    bool end;
    assert_int_equal(planche_container_of("book"), PLANCHE_CONTAINER_ZIP);
    assert_memory_equal(planche_archive_comment(archive, &size), "the archive's comment", 21);
    assert_int_equal(size, 21);
    expect_entry(archive, "z.txt", "stored");
    expect_entry(archive, "folder", NULL);
    expect_entry(archive, "folder/page 1.jpg", "packed packed packed");
    expect_entry(archive, "empty", "");
    expect_entry(archive, "empty too", "");
    assert_int_equal(planche_archive_next(archive, &entry, &end, &ignored), PLANCHE_OK);
    assert_int_equal(entry.comment_size, 4);
    assert_memory_equal(entry.comment, "note", 4);
    assert_int_equal(entry.mtime, 1704110400); /* 2024-01-01 12:00 */
    expect_entry(archive, "a/b/c", "64");
    expect_entry(archive, "win/dows/page.png", "w");
    expect_entry(archive, NULL, NULL);
    expect_entry(archive, NULL, NULL);
    planche_archive_close(&archive);
    planche_archive_close(&archive);
    unlink("book");
}

static void test_names(void **state)
{
    (void)state;
    const struct zip_entry entries[] = {
        {.name = "\xe9\x9b\xaa.jpg", .utf8 = true},         /* as it should be */
        {.name = "na\xc3\xafve.jpg"},                       /* UTF-8 without saying so */
        {.name = "caf\x82.jpg"},                            /* code page 437 */
        {.name = "\xe3\xb0.jpg"},                           /* likewise, not UTF-8 */
        {.name = "?.jpg", .utf8_name = "\xe6\xbc\xab.jpg"}, /* Info-ZIP's */
    };
    put_zip("book", entries, COUNT(entries));
    struct planche_archive *archive = open_book("book");
    expect_entry(archive, "\xe9\x9b\xaa.jpg", "");
    expect_entry(archive, "na\xc3\xafve.jpg", "");
    expect_entry(archive, "caf\xc3\xa9.jpg", "");
    expect_entry(archive, "\xcf\x80\xe2\x96\x91.jpg", "");
    expect_entry(archive, "\xe6\xbc\xab.jpg", "");
    expect_entry(archive, NULL, NULL);
    planche_archive_close(&archive);
    unlink("book");
}

/* One archive's names, as they are and as they must come out. */
struct names {
    const char *raw[4], *plain[4];
};

static void test_legacy_names(void **state)
{
    (void)state;
    static const struct names cases[] = {
        /* Shift-JIS: its letters may end in a backslash, and a real one parts folders. */
        {{"\x95\x5c\x8e\x86.jpg", "\x96\x9f\x89\xe6\\01.jpg", "\x8f\x5c.jpg", "cover.jpg"},
         {"表紙.jpg", "漫画/01.jpg", "十.jpg", "cover.jpg"}},
        {{"\x83\x8f\x83\x93\x83s\x81[\x83X/\x91\xe6\x30\x31\x8a\xaa.jpg"},
         {"ワンピース/第01巻.jpg"}},
        /* Western names that are Shift-JIS by chance. */
        {{"Ast\x82rix \x85 l'\x82\x63ole.jpg"}, {"Astérix à l'école.jpg"}},
        {{"na\x8bve.jpg", "Gr\x94\xe1\x65.jpg"}, {"naïve.jpg", "Größe.jpg"}},
        {{"\x99r\x94m.jpg", "m\x8ame.jpg", "Mu\xa4\x65\x63\x61.jpg"},
         {"Öröm.jpg", "mème.jpg", "Muñeca.jpg"}},
        /* One that is not makes all of them code page 437; its letters are kept apart from '\\'. */
        {{"\x95\x5c\x8e\x86.jpg", "caf\x82.jpg", "caf\x82s\\1.jpg"},
         {"ò＼Äå.jpg", "café.jpg", "cafés/1.jpg"}},
        /* GBK, which stays the wrong letters, but in one piece. */
        {{"\xb5\xda\x30\x31\xbb\xb0.jpg", "\x81\x5c.jpg"}, {"╡┌01╗░.jpg", "ü＼.jpg"}},
    };
    for (size_t i = 0; i < COUNT(cases); i++) {
        struct zip_entry entries[4] = {0};
        size_t count = 0;
        for (; count < 4 && cases[i].raw[count]; count++)
            entries[count].name = cases[i].raw[count];
        put_zip("book", entries, count);
        struct planche_archive *archive = open_book("book");
        for (size_t j = 0; j < count; j++)
            expect_entry(archive, cases[i].plain[j], "");
        expect_entry(archive, NULL, NULL);
        planche_archive_close(&archive);
    }
    unlink("book");
}

static void test_prepended(void **state)
{
    (void)state;
    const struct zip_entry entry = {.name = "a", .data = "content"};
    for (int shifted = 0; shifted < 2; shifted++) {
        struct bytes file = {0}, zip = make_zip(&entry, 1, NULL, 0);
        if (shifted)
            bytes_text(&file, "PK\3\4 what came before");
        bytes_add(&file, zip.data, zip.size);
        bytes_text(&file, "what came behind");
        free(zip.data);
        bytes_write(&file, "book");
        struct planche_archive *archive = open_book("book");
        expect_entry(archive, "a", "content");
        expect_entry(archive, NULL, NULL);
        planche_archive_close(&archive);
    }
    unlink("book");
}

static void test_bad_names(void **state)
{
    (void)state;
    const struct {
        const char *name;
        size_t size;
        const char *words;
    } bad[] = {
        {"../evil", 0, "leads out of its folder"},
        {"a/../../evil", 0, "leads out of its folder"},
        {"a/..", 0, "leads out of its folder"},
        {"..\\evil", 0, "leads out of its folder"},
        {"/../evil", 0, "leads out of its folder"},
        {"C:..\\evil", 0, "leads out of its folder"},
        {"a\0b", 3, "has a NUL"},
        {"a\nb", 0, "\"; unpack it with another program, and take the folder"},
        {"a\x1b[31m", 0, "control characters"},
        {"a\xc2\x9b", 0, "control characters"},
        {".", 0, "is empty"},
    };
    for (size_t i = 0; i < COUNT(bad); i++) {
        const struct zip_entry entries[] = {
            {.name = "good"}, {.name = bad[i].name, .name_size = bad[i].size, .data = "x"}};
        put_zip("book", entries, COUNT(entries));
        expect_failure("book", PLANCHE_ERROR_DATA, bad[i].words);
    }
    const struct zip_entry none = {.name = ""};
    put_zip("book", &none, 1);
    expect_failure("book", PLANCHE_ERROR_DATA, "is empty");
    unlink("book");
}

static void test_long_names(void **state)
{
    (void)state;
    char name[PLANCHE_ENTRY_NAME_BYTES + 2];
    const struct zip_entry entry = {.name = name};
    memset(name, 'n', sizeof name);
    name[PLANCHE_ENTRY_NAME_BYTES + 1] = 0;
    put_zip("book", &entry, 1);
    expect_failure("book", PLANCHE_ERROR_DATA, "longer than 4096 bytes");
    name[PLANCHE_ENTRY_NAME_BYTES] = 0;
    put_zip("book", &entry, 1);
    struct planche_archive *archive = open_book("book");
    expect_entry(archive, name, "");
    planche_archive_close(&archive);
    for (size_t levels = 32; levels <= 33; levels++) {
        for (size_t i = 0; i < levels; i++)
            memcpy(name + 2 * i, "f/", 2);
        strcpy(name + 2 * levels, "page");
        put_zip("book", &entry, 1);
        if (levels == 33)
            expect_failure("book", PLANCHE_ERROR_DATA, "more than 32 folders");
        else
            assert_int_equal(read_all("book", &wide, NULL, NULL), PLANCHE_OK);
    }
    unlink("book");
}

static void test_bad_entries(void **state)
{
    (void)state;
    const struct {
        struct zip_entry entry;
        enum planche_status status;
        const char *words;
    } bad[] = {
        {{.name = "e", .encrypted = true}, PLANCHE_ERROR_UNSUPPORTED, "e: is encrypted"},
        {{.name = "e", .method = 9}, PLANCHE_ERROR_UNSUPPORTED, "e: is packed by Deflate64"},
        {{.name = "e", .method = 77}, PLANCHE_ERROR_UNSUPPORTED, "unknown method (method 77)"},
        {{.name = "e", .mode = 0120777, .data = "/etc/passwd"},
         PLANCHE_ERROR_DATA,
         "e: is a symbolic link"},
        {{.name = "e", .mode = 0020666}, PLANCHE_ERROR_DATA, "e: is a device"},
        {{.name = "e", .mode = 0010666}, PLANCHE_ERROR_DATA, "special file"},
        {{.name = "e", .mode = 0040777}, PLANCHE_ERROR_DATA, "a folder and a file"},
        {{.name = "e", .data = "x", .lie_crc = 1}, PLANCHE_ERROR_DATA, "e: is damaged"},
        {{.name = "e", .data = "x", .packed = true, .lie_crc = 1},
         PLANCHE_ERROR_DATA,
         "e: is damaged"},
        {{.name = "e", .data = "xyz", .lie_size = 1}, PLANCHE_ERROR_DATA, "another size"},
        {{.name = "e", .data = "xyz", .lie_size = -1}, PLANCHE_ERROR_DATA, "another size"},
        {{.name = "e", .data = "xyz", .packed = true, .lie_size = 1},
         PLANCHE_ERROR_DATA,
         "another size"},
        {{.name = "e", .data = "xyz", .packed = true, .lie_size = -3},
         PLANCHE_ERROR_DATA,
         "another size"},
        {{.name = "e", .data = "xyz", .packed = true, .lie_packed = -1},
         PLANCHE_ERROR_DATA,
         "is cut short"},
        {{.name = "e", .data = "xyz", .packed = true, .lie_packed = 1},
         PLANCHE_ERROR_DATA,
         "overlaps"},
        {{.name = "e", .data = "xyz", .lie_packed = 1000000}, PLANCHE_ERROR_DATA, "does not lie"},
        {{.name = "e", .data = "xyz", .lie_start = 1000000}, PLANCHE_ERROR_DATA, "does not lie"},
        {{.name = "e", .data = "xyzw", .lie_start = 1}, PLANCHE_ERROR_DATA, "is not where"},
    };
    for (size_t i = 0; i < COUNT(bad); i++) {
        put_zip("book", &bad[i].entry, 1);
        expect_failure("book", bad[i].status, bad[i].words);
    }
    unlink("book");
}

/* Broken content of one entry leaves the others readable. */
static void test_going_on(void **state)
{
    (void)state;
    const struct zip_entry entries[] = {{.name = "a", .data = "x", .lie_crc = 1},
                                        {.name = "b", .data = "good"}};
    struct planche_archive_entry entry;
    struct planche_error error;
    char data[16];
    size_t got;
    bool end;
    put_zip("book", entries, COUNT(entries));
    struct planche_archive *archive = open_book("book");
    assert_int_equal(planche_archive_next(archive, &entry, &end, &error), PLANCHE_OK);
    assert_int_equal(planche_archive_read(archive, data, sizeof data, &got, &error), PLANCHE_OK);
    assert_int_equal(planche_archive_read(archive, data, sizeof data, &got, &error),
                     PLANCHE_ERROR_DATA);
    assert_int_equal(got, 0);
    expect_entry(archive, "b", "good");
    expect_entry(archive, NULL, NULL);
    planche_archive_close(&archive);
    unlink("book");
}

/* Two files of one name are both there, the later with a number that no other name has. */
static void test_twice(void **state)
{
    (void)state;
    const struct zip_entry twice[] = {{.name = "a/b.c"},
                                      {.name = "a/b (2).c"},
                                      {.name = "a//b.c"},
                                      {.name = "a/b.c", .data = "x"},
                                      {.name = "/a/b (2).c"}};
    const struct zip_entry within[] = {{.name = "a"}, {.name = "a/b"}};
    const struct zip_entry covered[] = {{.name = "a/b"}, {.name = "a"}};
    const struct zip_entry folders[] = {{.name = "a/b"}, {.name = "a/"}, {.name = "a/"}};
    static const char *const names[][2] = {{"a/b.c", NULL},
                                           {"a/b (2).c", NULL},
                                           {"a/b (3).c", "a/b.c"},
                                           {"a/b (4).c", "a/b.c"},
                                           {"a/b (2) (2).c", "a/b (2).c"}};
    struct planche_archive_entry entry;
    struct planche_error error;
    bool end;
    put_zip("book", twice, COUNT(twice));
    struct planche_archive *archive = open_book("book");
    for (size_t i = 0; i < COUNT(twice); i++) {
        assert_int_equal(planche_archive_next(archive, &entry, &end, &error), PLANCHE_OK);
        assert_string_equal(entry.name, names[i][0]);
        assert_int_equal(entry.again != NULL, names[i][1] != NULL);
        if (entry.again)
            assert_string_equal(entry.again, names[i][1]);
    }
    expect_entry(archive, NULL, NULL);
    planche_archive_close(&archive);
    put_zip("book", within, COUNT(within));
    expect_failure("book", PLANCHE_ERROR_DATA, "a/b: lies in a folder that is a file");
    put_zip("book", covered, COUNT(covered));
    expect_failure("book", PLANCHE_ERROR_DATA, "a: a file and a folder of the archive");
    put_zip("book", folders, COUNT(folders));
    archive = open_book("book");
    expect_entry(archive, "a/b", "");
    expect_entry(archive, NULL, NULL);
    planche_archive_close(&archive);
    unlink("book");
}

/* So many that to look for free numbers takes long are no accident. */
static void test_repeats(void **state)
{
    (void)state;
    struct zip_entry *entries = test_calloc(1002, sizeof *entries);
    for (size_t i = 0; i < 1002; i++)
        entries[i].name = "page.jpg";
    put_zip("book", entries, 1001);
    assert_int_equal(read_all("book", &wide, NULL, NULL), PLANCHE_OK);
    put_zip("book", entries, 1002);
    expect_failure("book", PLANCHE_ERROR_DATA, "more than 1000 entries have the name of another");
    test_free(entries);
    unlink("book");
}

static void take_line(void *user, enum planche_log_level level, const char *message)
{
    assert_int_equal(level, PLANCHE_LOG_WARNING);
    strcat(strcat(user, message), "\n");
}

/* Names are made relative, as unzip and 7-Zip do, and one line says so. */
static void test_roots(void **state)
{
    (void)state;
    static const struct {
        const char *name, *plain;
    } cases[] = {{"/1.jpg", "1.jpg"},        {"\\2.jpg", "2.jpg"},    {"//x/3.jpg", "x/3.jpg"},
                 {"C:\\4.jpg", "4.jpg"},     {"./d:/5.jpg", "5.jpg"}, {"C:D:6.jpg", "6.jpg"},
                 {"/C:/e/7.jpg", "e/7.jpg"}, {".//8.jpg", "8.jpg"},   {"\\\\h\\9.jpg", "h/9.jpg"}};
    struct zip_entry entries[COUNT(cases)] = {{0}};
    char lines[1024] = "";
    const struct planche_log log = {.fn = take_line, .user = lines};
    struct planche_archive *archive;
    struct planche_error error;
    for (size_t i = 0; i < COUNT(cases); i++)
        entries[i].name = cases[i].name;
    put_zip("book", entries, COUNT(cases));
    assert_int_equal(planche_archive_open(&archive, "book", &wide, NULL, &log, NULL, &error),
                     PLANCHE_OK);
    for (size_t i = 0; i < COUNT(cases); i++)
        expect_entry(archive, cases[i].plain, "");
    expect_entry(archive, NULL, NULL);
    planche_archive_close(&archive);
    assert_string_equal(lines,
                        "book: has names that begin at the root or with a drive letter, which is "
                        "left out (\"/1.jpg\" is taken for \"1.jpg\")\n");
    unlink("book");
}

/* An entry's own header says that it is packed, which it is not. */
static void test_headers(void **state)
{
    (void)state;
    const struct zip_entry entries[] = {{.name = "a", .data = "content"}};
    char lines[512] = "";
    const struct planche_log log = {.fn = take_line, .user = lines};
    struct planche_archive *archive;
    struct planche_error error;
    struct bytes zip = make_zip(entries, COUNT(entries), NULL, 0);
    zip.data[8] = 8;
    bytes_write(&zip, "book");
    assert_int_equal(planche_archive_open(&archive, "book", &wide, NULL, &log, NULL, &error),
                     PLANCHE_OK);
    expect_entry(archive, "a", "content");
    planche_archive_close(&archive);
    assert_non_null(strstr(lines, "book: a: its own header and the ZIP's directory disagree"));
    unlink("book");
}

/* What the directory says of their number is what old programs got wrong. */
static void test_count(void **state)
{
    (void)state;
    const struct zip_entry entries[] = {{.name = "a"}, {.name = "b"}};
    struct planche_archive *archive;
    struct planche_error error;
    for (int lie = -2; lie <= 1; lie++) {
        char lines[256] = "", expected[256] = "";
        const struct planche_log log = {.fn = take_line, .user = lines};
        struct bytes zip = make_zip(entries, COUNT(entries), NULL, lie);
        bytes_write(&zip, "book");
        assert_int_equal(planche_archive_open(&archive, "book", &wide, NULL, &log, NULL, &error),
                         PLANCHE_OK);
        expect_entry(archive, "a", "");
        expect_entry(archive, "b", "");
        expect_entry(archive, NULL, NULL);
        planche_archive_close(&archive);
        if (lie)
            snprintf(expected, sizeof expected, "book: says that it has %d entries; it has 2\n",
                     2 + lie);
        assert_string_equal(lines, expected);
    }
    unlink("book");
}

/* A file that loses its end while it is read ends the book, with the reason: what is missing is no
 * damage that stays. */
static void test_shrinking(void **state)
{
    (void)state;
    struct planche_archive_entry entry;
    struct planche_error error;
    bool end;
    const struct zip_entry entries[] = {{.name = "a", .data = "one"}, {.name = "b", .data = "two"}};
    for (int within = 0; within < 2; within++) { /* an entry's header, or its content */
        char data[8];
        size_t got;
        put_zip("book", entries, COUNT(entries));
        struct planche_archive *archive = open_book("book");
        expect_entry(archive, "a", "one");
        assert_int_equal(planche_archive_next(archive, &entry, &end, &error), PLANCHE_OK);
        assert_int_equal(truncate("book", 34 + (within ? 32 : 10)), 0);
        assert_int_equal(planche_archive_read(archive, data, sizeof data, &got, &error),
                         PLANCHE_ERROR_IO);
        assert_string_equal(error.message, "book: b: cannot be read: it has become shorter");
        planche_archive_close(&archive);
    }
    unlink("book");
}

/* Many entries that unpack the same bytes; and one that begins inside another. */
static void test_overlaps(void **state)
{
    (void)state;
    char inner[300];
    struct zip_entry same[] = {{.name = "a", .data = "content"}, {.name = "b", .data = "content"}};
    same[1].central_only = true;
    same[1].lie_start = -38; /* the first's local header and content */
    put_zip("book", same, COUNT(same));
    expect_failure("book", PLANCHE_ERROR_DATA, "overlap");
    const struct zip_entry small = {.name = "b", .data = "x"};
    struct bytes zip = make_zip(&small, 1, NULL, 0);
    memset(inner, 'i', sizeof inner);
    memcpy(inner + 10, zip.data, 32);
    free(zip.data);
    struct zip_entry nested[] = {{.name = "a", .data = inner, .size = sizeof inner}, small};
    nested[1].central_only = true;
    nested[1].lie_start = -290; /* the header inside the first's content */
    put_zip("book", nested, COUNT(nested));
    expect_failure("book", PLANCHE_ERROR_DATA, "overlap");
    unlink("book");
}

static void test_limits(void **state)
{
    (void)state;
    char *zeroes = calloc(1, 4000000);
    const struct zip_entry bomb = {.name = "bomb", .data = zeroes, .size = 4000000, .packed = true};
    struct zip_entry liar = bomb;
    liar.lie_size = 10 - 4000000;
    const struct zip_entry many[] = {{.name = "1", .data = "12345"},
                                     {.name = "2", .data = "12345"},
                                     {.name = "3", .data = "12345"}};
    struct planche_archive_limits limits = wide;
    put_zip("book", &bomb, 1);
    limits.ratio = 500;
    expect_failure_within("book", &limits, PLANCHE_ERROR_LIMIT, "bomb: up to here");
    limits = wide;
    limits.entry_bytes = 3999999;
    expect_failure_within("book", &limits, PLANCHE_ERROR_LIMIT, "bomb: unpacks to more");
    limits.entry_bytes = 4000000;
    limits.total_bytes = 100000;
    expect_failure_within("book", &limits, PLANCHE_ERROR_LIMIT, "bomb: up to here");
    /* What it says of its size is not what is believed. */
    put_zip("book", &liar, 1);
    expect_failure_within("book", &limits, PLANCHE_ERROR_DATA, "bomb: has another size");
    put_zip("book", many, COUNT(many));
    limits = wide;
    limits.entries = 2;
    expect_failure_within("book", &limits, PLANCHE_ERROR_LIMIT, "more than 2 entries");
    limits.entries = 3;
    limits.total_bytes = 15;
    assert_int_equal(read_all("book", &limits, NULL, NULL), PLANCHE_OK);
    limits.total_bytes = 14;
    expect_failure_within("book", &limits, PLANCHE_ERROR_LIMIT, "3: up to here");
    free(zeroes);
    unlink("book");
}

/* Every way to cut a ZIP short is an error. */
static void test_cut_short(void **state)
{
    (void)state;
    const struct zip_entry entries[] = {{.name = "a", .data = "content"},
                                        {.name = "b", .data = "content", .packed = true}};
    struct bytes zip = make_zip(entries, COUNT(entries), "comment", 0);
    for (size_t size = 4; size < zip.size - 7; size++) {
        struct bytes cut = {0};
        bytes_add(&cut, zip.data, size);
        bytes_write(&cut, "book");
        expect_failure("book", PLANCHE_ERROR_DATA, "cut short");
    }
    free(zip.data);
    unlink("book");
}

static void test_volumes(void **state)
{
    (void)state;
    const struct zip_entry entry = {.name = "a", .data = "content"};
    struct bytes zip = make_zip(&entry, 1, NULL, 0);
    zip.data[zip.size - 18] = 3; /* this volume's number */
    bytes_write(&zip, "book");
    expect_failure("book", PLANCHE_ERROR_UNSUPPORTED, "several volumes");
    struct bytes first = {0};
    bytes_32(&first, 0x08074b50);
    bytes_text(&first, "the first volume, without a directory");
    bytes_write(&first, "book");
    expect_failure("book", PLANCHE_ERROR_UNSUPPORTED, "several volumes");
    unlink("book");
}

/* Each byte of a small archive turned round: no crash, no leak, an error or something sound. */
static void test_any_byte(void **state)
{
    (void)state;
    const struct zip_entry entries[] = {
        {.name = "a", .data = "content", .zip64 = true, .utf8_name = "b"},
        {.name = "c", .data = "content", .packed = true, .comment = "c"}};
    struct bytes zip = make_zip(entries, COUNT(entries), "comment", 0);
    for (size_t i = 0; i < zip.size; i++)
        for (int turn = 0; turn < 2; turn++) {
            struct planche_budget budget;
            struct planche_error error;
            struct bytes copy = {0};
            bytes_add(&copy, zip.data, zip.size);
            copy.data[i] ^= turn ? 0xff : 0x01;
            bytes_write(&copy, "book");
            planche_budget_init(&budget, 2 << 20);
            (void)read_all("book", &wide, &budget, &error);
            assert_int_equal(budget.used, 0);
        }
    free(zip.data);
    unlink("book");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_sound),        cmocka_unit_test(test_names),
        cmocka_unit_test(test_legacy_names), cmocka_unit_test(test_prepended),
        cmocka_unit_test(test_bad_names),    cmocka_unit_test(test_long_names),
        cmocka_unit_test(test_bad_entries),  cmocka_unit_test(test_going_on),
        cmocka_unit_test(test_twice),        cmocka_unit_test(test_shrinking),
        cmocka_unit_test(test_overlaps),     cmocka_unit_test(test_limits),
        cmocka_unit_test(test_cut_short),    cmocka_unit_test(test_volumes),
        cmocka_unit_test(test_any_byte),     cmocka_unit_test(test_repeats),
        cmocka_unit_test(test_roots),        cmocka_unit_test(test_count),
        cmocka_unit_test(test_headers),
    };
    return cmocka_run_group_tests(tests, enter_folder, leave_folder);
}
