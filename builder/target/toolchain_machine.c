// SPDX-License-Identifier: GPL-2.0-or-later
#include "builder/target/toolchain_machine.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "builder/base/why.h"
#include "fs/base/cleanup.h"
#include "fs/base/elf.h"
#include "fs/base/io.h"

/* What the compiler makes with the board's flags. */
static int read_object(const char *hex, struct elf_machine *ret)
{
	size_t n = strlen(hex) / 2;
	autofree char *bytes = malloc(n + 1);
	autofd int fd = -1;

	if (!bytes)
		return -ENOMEM;
	for (size_t i = 0; i < n; i++) {
		unsigned byte;

		if (sscanf(hex + 2 * i, "%2x", &byte) != 1)
			return -EBADMSG;
		bytes[i] = (char)byte;
	}
	fd = io_memory_file("object", bytes, n);
	if (fd < 0)
		return fd;
	return elf_machine(fd, NULL, ret) == 1 ? 0 : -EBADMSG;
}

/* One that chooses at run time is no excuse: a C library does that for a few functions, and all the
 * others are for its processor. */
static int check_library(const struct toolchain *t, const struct board *board,
			 const struct elf_machine *machine, const char *path, char **why)
{
	autofd int fd = *path == '/' ? open(path, O_RDONLY | O_CLOEXEC) : -1;
	char is[ELF_WORDS], wanted[ELF_WORDS];
	struct elf_machine m;
	enum elf_fit fit;

	if (fd < 0 || elf_machine(fd, machine, &m) != 1)
		return 0;
	fit = elf_fits(machine, &m);
	if (fit == ELF_FITS || (board->processor_newer && (fit == ELF_NEWER || fit == ELF_CHOOSES)))
		return 0;
	elf_words(&m, is);
	elf_words(machine, wanted);
	return why_set(
		why, -EINVAL,
		"%s:%u: what this toolchain links does not run on the board: its '%s' is for "
		"%s, and '%s' with 'cflags = %s' compiles for %s (take a toolchain whose "
		"libraries are for that processor, or a board for this one's)",
		board->path, board->toolchain_line, path, is, t->cc, board->cflags, wanted);
}

int toolchain_check_machine(const struct toolchain *t, const struct board *board,
			    const struct toolchain_asked *how, char **why)
{
	static const char *const questions[] = { TOOLCHAIN_OBJECT, "-print-file-name=crt1.o",
						 "-print-file-name=libc.so.6",
						 "-print-libgcc-file-name" };
	autostrv struct strv answers = { 0 };
	struct toolchain_asked asked = *how;
	struct elf_machine machine;
	int r;

	if (strncmp(t->triple, "arm", 3) != 0)
		return 0;
	asked.flags = board->cflags;
	r = toolchain_ask(&asked, questions, ARRAY_SIZE(questions), &answers, why);
	if (r < 0)
		return r;
	r = read_object(answers.v[0], &machine);
	if (r < 0)
		return why_errno(why, r, "'%s' does not say for which machine it compiles", t->cc);
	for (size_t i = 1; i < answers.n && r == 0; i++)
		r = check_library(t, board, &machine, answers.v[i], why);
	return r;
}
