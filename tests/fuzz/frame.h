/*
 * What the fuzz targets share.  A target is a file fuzz_NAME.c with one function, fuzz_one, which
 * hands any bytes to a reader and asks of its answer what must hold.  libFuzzer calls it with bytes
 * of its own (make fuzz), replay.c with the files of corpus/NAME (make test).
 *
 * The readers take paths, so the bytes are written to files in memory (/dev/shm).
 */
#ifndef ACF_TESTS_FRAME_H
#define ACF_TESTS_FRAME_H

#include <stddef.h>
#include <stdint.h>

typedef struct fuzz_bytes {
    const uint8_t *at;
    size_t len;
} fuzz_bytes;

/* The target.  All memory it takes is given back when it returns; frame.c sees to that. */
void fuzz_one(fuzz_bytes in);

/* Called once before, where a target defines it. */
void fuzz_start(void) __attribute__((weak));

/* Taken off the front: one byte (0 when there is none), or what comes before the next 0xFE (which
 * no text holds), all of it when there is none. */
uint8_t fuzz_byte(fuzz_bytes *in);
fuzz_bytes fuzz_part(fuzz_bytes *in);

/* Write a file of the scratch directory, whose path is the answer and lives until the end; at most
 * 32 names, "DIR/FILE" makes DIR. */
const char *fuzz_file(const char *name, fuzz_bytes content);

/* A directory of the scratch directory. */
const char *fuzz_dir(const char *name);

/* A text as bytes. */
fuzz_bytes fuzz_text(const char *text);

/* The entry points of libFuzzer, which replay.c calls, too. */
int LLVMFuzzerInitialize(int *argc, char ***argv);
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

#endif
