// SPDX-License-Identifier: GPL-2.0-or-later
/* elf.h - what ELF files and static archives say of themselves. The one door to libelf.
 *
 * Files are a stranger's: what is truncated or lies about its offsets is no ELF file for us.
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>

#include <stdint.h>

#include "fs/base/strv.h"

/* Which machine code is for. */
struct elf_machine {
	uint16_t machine; /* EM_... of <elf.h> */
	bool is_64, is_big_endian;
	enum elf_float {
		ELF_FLOAT_ANY, /* it does not say, or there is only one way */
		ELF_FLOAT_SOFT,
		ELF_FLOAT_HARD,
	} floats;     /* how functions of ARM pass floating point numbers */
	int level;    /* of ARM's processors, in their order; 0: it does not say */
	bool chooses; /* has functions that are chosen at run time (STT_GNU_IFUNC) */
};

enum elf_fit {
	ELF_FITS,
	ELF_OTHER_MACHINE,
	ELF_OTHER_FLOATS,
	ELF_NEWER,   /* code for a newer processor */
	ELF_CHOOSES, /* too, but it may know where it runs */
};

/* "aarch64", "arm hard float v7". */
#define ELF_WORDS 64
void elf_words(const struct elf_machine *m, char words[static ELF_WORDS]);

/* How code fits the machine of `board`. */
enum elf_fit elf_fits(const struct elf_machine *board, const struct elf_machine *code);

/* Why it does not fit, as the end of a sentence that begins with the file: "is for x86-64, ...". */
#define ELF_MISFIT 256
void elf_misfit(const struct elf_machine *board, const struct elf_machine *code,
		char line[static ELF_MISFIT]);

/* Which machine an ELF file is for; of a static archive the member that fits `board` worst (NULL:
 * the first). 1; 0 when the file is neither, or an archive of something else. */
int elf_machine(int fd, const struct elf_machine *board, struct elf_machine *ret);

struct elf_facts {
	bool is_dynamic;    /* a shared library, or a program that uses some */
	bool is_linked;	    /* a library or a program, not an object file */
	bool has_debug;	    /* sections with debugging information */
	bool has_symbols;   /* beside those that the loader wants */
	char *build_id;	    /* in hex; NULL: none */
	char *soname;	    /* NULL: none */
	char *rpath;	    /* DT_RUNPATH, else DT_RPATH; NULL: none */
	bool rpath_is_old;  /* it is DT_RPATH, which LD_LIBRARY_PATH does not come before */
	bool has_more;	    /* something is behind what its head tells of: a program's own data */
	struct strv needed; /* DT_NEEDED */
};

void elf_facts_release(struct elf_facts *f);

/* 1; 0 when the file is no ELF file; -ENOMEM. Does not care for the file's offset. */
int elf_read(int fd, struct elf_facts *ret);

/* How much of a library or a program is ever loaded: the bytes up to there. Behind it are names for
 * debuggers. 0 when the file is neither. */
size_t elf_loaded_size(int fd);

/* Whether the file is a static library whose members carry times, owners or modes that the next
 * build would not repeat. Other archives of the same form, Debian's packages say, are none. */
bool elf_archive_is_dated(int fd);
