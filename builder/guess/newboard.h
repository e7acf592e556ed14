// SPDX-License-Identifier: GPL-2.0-or-later
/* newboard.h - a board for a Pi that was asked what it is. */
#pragma once

#include <stdbool.h>

/* What a Pi says of itself; each may be NULL or 0 where it does not say. */
struct newboard {
	char *machine; /* of the kernel, as uname -m has it; programs may have fewer bits */
	char *part;    /* of its processor, as /proc/cpuinfo has it: "0xd08" */
	char *model;   /* "Raspberry Pi 4 Model B Rev 1.4" */
	char *system;  /* "Debian GNU/Linux 12 (bookworm)" */
	char *glibc;   /* "2.36" */
	char *python;  /* "3.11" */
	int bits;      /* of its programs */
};

/* What is run there by its sh: a line "WORD ANSWER" for each. */
extern const char newboard_question[];

void newboard_release(struct newboard *n);

/* Take in the answers, which may be anything. 0; -EINVAL with `*why` when they are no Pi's, or not
 * all that is needed; -ENOMEM. */
int newboard_read(struct newboard *n, const char *answers, char **why);

/* The same by what a person knows: which Pi ("zero", "3"), the bits of its system, and the release
 * of Debian or Raspberry Pi OS. 0; -EINVAL with `*why`; -ENOMEM. */
int newboard_know(struct newboard *n, const char *model, const char *bits, const char *release,
		  char **why);

/* The text of its board: which toolchain there is for it, and what is known of it. NULL with
 * `*why`: there is none, or no memory; the caller frees. `from` is whom was asked, for people. */
char *newboard_text(const struct newboard *n, const char *from, char **why);
