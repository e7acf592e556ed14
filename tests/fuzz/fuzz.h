// SPDX-License-Identifier: GPL-2.0-or-later
/* fuzz.h - what all fuzzers share: the input as a stream of choices, and a folder to play in.
 *
 * A fuzzer ends by abort() when something is wrong (fuzz_fail), as the sanitizers do; FUZZ_TRACE=1
 * in the environment prints what it does.
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);
int LLVMFuzzerInitialize(int *argc, char ***argv);
size_t LLVMFuzzerMutate(uint8_t *data, size_t size, size_t max_size);
size_t LLVMFuzzerCustomMutator(uint8_t *data, size_t size, size_t max_size, unsigned seed);

/* The input, taken byte by byte; zeros behind its end. */
struct choices {
	const uint8_t *p, *end;
};

unsigned choose(struct choices *c, unsigned n); /* 0 to n - 1, n at most 256 */
uint32_t choose_number(struct choices *c);
bool choices_left(const struct choices *c);

void fuzz_trace(const char *fmt, ...) __attribute__((format(printf, 1, 2)));
_Noreturn void fuzz_fail(const char *fmt, ...) __attribute__((format(printf, 1, 2)));
#define fuzz_check(claim)                                                                   \
	do {                                                                                \
		if (!(claim))                                                               \
			fuzz_fail("%s:%d: '%s' does not hold", __FILE__, __LINE__, #claim); \
	} while (0)

/* An empty folder for one input, the current one until fuzz_leave, on a file system in memory where
 * there is one (TMPDIR chooses another). */
void fuzz_enter(void);
void fuzz_leave(void);

/* Is the way to `path` in it one of folders only? A fuzzer puts symlinks anywhere, "/" among their
 * targets, and what it puts behind one would be put into the machine. */
bool fuzz_is_inside(const char *path);

/* Files in it; what cannot be made (a name of an enemy's may be anything) is not there. */
void fuzz_put(const char *path, const void *data, size_t size);
void fuzz_text(const char *path, const char *text);
void fuzz_dirs(const char *path);
void fuzz_parent(const char *path);

/* One hash over all names, types, modes, sizes, contents, targets, user xattrs, inode numbers and
 * times of change below `path`: equal before and after means untouched. */
uint64_t fuzz_hash(const char *path);
