/* SPDX-License-Identifier: MIT */
/* Books: whole comics, page by page through an engine. */
#ifndef PLANCHE_BOOK_H
#define PLANCHE_BOOK_H

#include <planche/engine.h>

#ifdef __cplusplus
extern "C" {
#endif

enum planche_container {
    PLANCHE_CONTAINER_AUTO = 0, /* output: by its name's extension, else by the input's container */
    PLANCHE_CONTAINER_ZIP = 1,  /* CBZ */
    PLANCHE_CONTAINER_FOLDER = 2,
    PLANCHE_CONTAINER_EPUB = 3,
    PLANCHE_CONTAINER_RAR = 4, /* CBR; from here on only read */
    PLANCHE_CONTAINER_7Z = 5,  /* CB7 */
    PLANCHE_CONTAINER_TAR = 6, /* CBT, packed or not */
    PLANCHE_CONTAINER_PDF = 7
};

/* The container that a path is: a file by its content, a folder if anything is in it; AUTO: it is
 * no book. */
PLANCHE_API enum planche_container planche_container_of(const char *path);
/* True if a file is a ZIP of books: by their names, there are archives in it and no images.
 * planche_engine_run_book makes its books one by one; readers open them if the output is a folder.
 * Of a file that cannot be read it is false. */
PLANCHE_API int planche_book_is_library(const char *path);
/* "cbz", "epub", "cbr", "cb7", "cbt", "pdf"; "" for folders and AUTO. */
PLANCHE_API const char *planche_container_extension(enum planche_container container);

/* What happens to a page that cannot be enlarged, and to any other entry that is damaged. A file in
 * a folder that cannot be read at all cannot be kept: it is left out, unless the book fails. */
enum planche_on_error {
    PLANCHE_ON_ERROR_KEEP = 0, /* the original takes its place */
    PLANCHE_ON_ERROR_SKIP = 1, /* it is left out */
    PLANCHE_ON_ERROR_FAIL = 2  /* the book fails */
};

/* What happens to an output that is a folder with something in it. Each file is replaced as a
 * whole, files that no entry becomes stay, and a page that an earlier run has kept goes when it is
 * made. Whether a page is up to date its mark says (planche_provenance_read); of files without one,
 * their time, which is that of their source. */
enum planche_existing {
    PLANCHE_EXISTING_FAIL = 0,   /* the book fails (EXISTS), unless page->overwrite is set */
    PLANCHE_EXISTING_ADD = 1,    /* what is not there is made; EXISTS if pages would be added to
                                    those of another book: none of this one's is there */
    PLANCHE_EXISTING_UPDATE = 2, /* and what was made from another source or with another model */
    PLANCHE_EXISTING_REPLACE = 3 /* everything is made; so it is with page->overwrite */
};

/* Outcome of an entry of a book. */
enum planche_book_outcome {
    PLANCHE_BOOK_ENLARGED = 0,
    PLANCHE_BOOK_DUPLICATE = 1,        /* the same bytes as a page before it: made once */
    PLANCHE_BOOK_RESUMED = 2,          /* made by an earlier run that was interrupted */
    PLANCHE_BOOK_ALREADY_ENLARGED = 3, /* kept: Planche made it */
    PLANCHE_BOOK_LARGE = 4,            /* kept: above skip_above */
    PLANCHE_BOOK_FAILED = 5, /* status and message say why; on_error what took its place */
    PLANCHE_BOOK_COPIED = 6, /* not a page */
    /* Of a folder that was there before: see planche_existing. */
    PLANCHE_BOOK_UP_TO_DATE = 7,     /* made by an earlier run, and left */
    PLANCHE_BOOK_OTHER_SETTINGS = 8, /* left: made with another model */
    PLANCHE_BOOK_SOURCE_CHANGED = 9, /* left: made from what the source was before */
    PLANCHE_BOOK_DROPPED = 10,       /* left out: Thumbs.db, __MACOSX, thumbnails and their kind */
    PLANCHE_BOOK_UNSELECTED = 11     /* left out: see planche_book_options.pages */
};
/* Capacity of outcomes[]: more than there are, so that a new outcome moves no field. */
#define PLANCHE_BOOK_OUTCOMES 16

/* Outcome of one entry of a book. */
struct planche_book_page {
    size_t struct_size;
    size_t index;            /* of the entry in the book, from 0 */
    const char *name;        /* in the input */
    const char *output_name; /* in the output; NULL: left out */
    enum planche_book_outcome outcome;
    enum planche_status status; /* of a failure */
    const char *message;        /* of a failure; else NULL */
    uint64_t input_bytes, output_bytes;
    const struct planche_page_result *result; /* of a page that was enlarged now; never NULL */
};

/* Called once for each entry, in the book's order, after the output is complete. The struct and all
 * that it points to are valid during the call only. */
typedef void (*planche_book_page_fn)(void *user, const struct planche_book_page *page);

/* Progress of a book. Its strings are valid during the callback only. */
struct planche_book_progress {
    size_t struct_size;
    size_t pages;      /* images in the book */
    size_t done;       /* of them */
    double done_parts; /* done, and the finished parts of the pages in flight */
    int writing;       /* all pages are made; the output is being put together */
    const char *name;  /* of the entry that made progress; NULL: none */
    size_t index;      /* of that entry, as planche_book_page.index */
    double part;       /* of that entry, 0..1; 1: it has ended, well or not */
    int computed;      /* not 0: the engine makes it; 0: it is passed over, or only read so far */
};
/* Reports progress. Called from any thread, but never from two at once; after every few rows of any
 * page, hundreds of times a page. */
typedef void (*planche_book_progress_fn)(void *user, const struct planche_book_progress *progress);

/* Called before a page of a book begins, and after it has ended. */
typedef void (*planche_book_turn_fn)(void *user);

/* Makes a page of a book in the place of the engine, on another machine, say. It does what
 * planche_engine_run_file(engine, input, output, options, result, error) does: OK, and output lies
 * there, and result says what it is; or an error. input and output are files in the book's work
 * folder; a file that is at output already is replaced, not written into: it may have a second
 * name. name is the page's, for messages. Called from several threads at once. It calls
 * options->progress several times a second, by which it learns that the book is to stop:
 * options->cancel is requested then, and it returns CANCELLED soon. */
typedef enum planche_status (*planche_book_make_fn)(void *user, const char *name, const char *input,
                                                    const char *output,
                                                    const struct planche_page_options *options,
                                                    struct planche_page_result *result,
                                                    struct planche_error *error);

/* Options of a book. The caller owns all that they point to, until the call returns. */
struct planche_book_options {
    size_t struct_size;
    /* NULL: defaults. progress is not used; format AUTO is WebP, in an EPUB the page's own; in a
     * folder cover.jpg and its kind, which readers look for, keep their names and formats. cancel,
     * priority and deadline_ms hold for the whole book: after either end the next run continues. */
    const struct planche_page_options *page;
    enum planche_container container; /* of the output */
    enum planche_on_error on_error;
    uint32_t skip_above; /* pages with a longer side than this many pixels are kept; 0: none */
    int again;           /* enlarge pages that Planche made */
    int fresh;           /* forget what an interrupted run has made */
    /* Limits against decompression bombs: entries, unpacked bytes of one entry and of all, and
     * unpacked bytes for each byte of the archive. 0: 100,000, 1 GiB, 256 GiB, 1000. */
    uint64_t max_entries, max_entry_bytes, max_bytes, max_ratio;
    planche_book_page_fn on_page;
    planche_book_progress_fn on_progress;
    void *user;
    enum planche_existing existing;
    /* Pages keep their own formats where these can be written; others become page->format. */
    int keep_format;
    /* planche_book_inspect: read the beginnings of pages only, which is enough for their sizes.
     * Pages with the same bytes are not noticed then, input_bytes stays 0, and the pages of a PDF,
     * which have no header, have a width and height of 0. */
    int headers_only;
    uint64_t memory; /* most bytes that planche_book_inspect takes; 0: as planche_engine_defaults
                        says. An engine that runs a book has its own budget */
    /* Selection: the output has these pages only, and nothing that is no page. Pages are counted
     * from 1 in the order in which readers show them, an EPUB's own, else that of the names. An
     * EPUB becomes a CBZ or a folder. */
    const char *pages; /* "3-5,12,20-"; NULL: all */
    unsigned sample;   /* so many of them, evenly spread; 0: all */
    /* Turns: planche_engine_run_book calls begin_page on one of its threads before a page takes
     * memory and computes, and end_page once it has ended, well or not; of several pages at once if
     * the engine makes several. begin_page may wait, for who makes other pages on the machine that
     * go first; it must return soon when page->cancel is requested. NULL: not called. */
    planche_book_turn_fn begin_page, end_page;
    /* Who makes the pages in the place of the engine, which then only says what is to be made; and
     * how many at once, 1..1024. NULL: the engine makes them. */
    planche_book_make_fn make_page;
    unsigned makers;
};
#define PLANCHE_BOOK_OPTIONS_INIT PLANCHE_STRUCT_INIT(struct planche_book_options)
/* The same for languages without macros: see PLANCHE_STRUCT_INIT. */
PLANCHE_API void planche_book_options_init(struct planche_book_options *out, size_t size);

/* Outcome of a book, filled in by the call; it points to nothing. */
struct planche_book_result {
    size_t struct_size;
    enum planche_container container;       /* of the output */
    size_t pages;                           /* images */
    uint64_t input_bytes, output_bytes;     /* files; of a folder, of all files in it */
    size_t outcomes[PLANCHE_BOOK_OUTCOMES]; /* number of entries with each planche_book_outcome */
    int no_pages; /* not 0: the call failed (DATA) for that alone, and the book can be read */
};
#define PLANCHE_BOOK_RESULT_INIT PLANCHE_STRUCT_INIT(struct planche_book_result)
/* The same for languages without macros: see PLANCHE_STRUCT_INIT. */
PLANCHE_API void planche_book_result_init(struct planche_book_result *out, size_t size);

/* Enlarges the book at input (an archive, a PDF or a folder) into output, which appears complete
 * under its name or not at all. What is finished lies meanwhile in a folder ".NAME.planche" beside
 * it; a run that was interrupted, or failed for lack of space, leaves it there, and the next one
 * with the same options goes on from it and ends with the same bytes. OK does not mean that every
 * page was enlarged: see outcomes; if all pages have failed, the book fails. Errors: those of
 * planche_engine_run_file, CANCELLED and DEADLINE among them, and DATA if no page is found, nor in
 * the books in it; what is wrong with one page only follows on_error. */
PLANCHE_API enum planche_status planche_engine_run_book(const struct planche_engine *engine,
                                                        const char *input, const char *output,
                                                        const struct planche_book_options *options,
                                                        struct planche_book_result *result,
                                                        struct planche_error *error);

/* Removes the work folder of a book that is complete, and nothing else: one stays if a run is
 * killed between giving the book its name and removing the folder. planche_engine_run_book does
 * this itself; call this function if you find the book there and do not run it again. */
PLANCHE_API void planche_book_tidy(const char *output);

/* Inspects a book without an engine, and writes nothing. on_page is called for every entry with the
 * outcome that planche_engine_run_book would give it, as far as its bytes and its header tell
 * (planche_page_predict tells what follows from its size). Of its result only input_width,
 * input_height and, as format, the input's format are set. Errors: as planche_engine_run_book; but
 * books in the book are not looked into, so they count as having pages. */
PLANCHE_API enum planche_status planche_book_inspect(const char *input,
                                                     const struct planche_book_options *options,
                                                     struct planche_book_result *result,
                                                     struct planche_error *error);

#ifdef __cplusplus
}
#endif
#endif
