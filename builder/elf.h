// SPDX-License-Identifier: GPL-2.0-or-later
/* elf.h - what ELF files and static archives say of themselves. The one door to libelf.
 *
 * Files are a stranger's: what is truncated or lies about its offsets is no ELF file for us.
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>

#include "fs/base/strv.h"

struct elf_facts {
	bool is_dynamic;    /* a shared library, or a program that uses some */
	bool is_linked;	    /* a library or a program, not an object file */
	bool has_debug;	    /* sections with debugging information */
	char *build_id;	    /* in hex; NULL: none */
	char *soname;	    /* NULL: none */
	char *rpath;	    /* DT_RUNPATH, else DT_RPATH; NULL: none */
	struct strv needed; /* DT_NEEDED */
};

void elf_facts_release(struct elf_facts *f);

/* 1; 0 when the file is no ELF file; -ENOMEM. Does not care for the file's offset. */
int elf_read(int fd, struct elf_facts *ret);

/* How much of a library or a program is ever loaded: the bytes up to there. Behind it are names for
 * debuggers. 0 when the file is neither. */
size_t elf_loaded_size(int fd);

/* Whether the file is a static archive whose members carry times, owners or modes that the next
 * build would not repeat. */
bool elf_archive_is_dated(int fd);
