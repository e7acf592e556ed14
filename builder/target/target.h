// SPDX-License-Identifier: GPL-2.0-or-later
/* target.h - what is built for: a board, its toolchain, the mount, the launcher. Each fact of them
 * is here and nowhere else.
 *
 * A board that is named (--board) brings its mount, a mount that is named (-C) its board. Where
 * neither is, the mount is found as for every command (fs/client/where.h), and brings its board. A
 * mount belongs to the board whose state it is of; one that somebody made by hand to none, and may
 * be used with any. -C and --board that do not go together are an error.
 */
#pragma once

#include "builder/target/board.h"
#include "builder/target/launcher.h"
#include "builder/target/toolchain.h"
#include "fs/client/where.h"

struct recipeset_words;

struct target {
	struct board *board;
	struct where where;	    /* its state is NULL where nothing has been mounted yet */
	struct toolchain toolchain; /* once it is opened: target_open_toolchain */
	char sysroot[DIGEST_HEX];   /* of what is under the mount: target_identify; "" before */
	struct launcher launcher;   /* its name is NULL when there is none: target_open_launcher */
};

#define autotarget cleanup(target_release)
void target_release(struct target *t);

/* `where` is what -C names, `name` the board; NULL when it is not named. 0 or -errno, said. */
int target_find(struct target *t, const struct places *places, const char *where, const char *name);

/* Have its toolchain there. 0 or -errno, said. */
int target_open_toolchain(struct target *t, struct source_ways *ways);

/* Mount it where its board says, when it is not mounted; of several who want to, one does. 0 or
 * -errno, said. */
int target_mount(struct target *t, const struct places *places);

/* The same for `xsysfs mount`: at the mount point that the board has, and with these options of -o
 * (NULL: none). 1 when it was there already, 0, or -errno, said. */
int target_mount_there(const struct target *t, const struct places *places, const char *options);

/* Become the one who serves it, in the foreground. Returns -errno, said. */
int target_exec_mount(const struct target *t, const struct places *places, const char *options);

/* Is something of ours at its board's mount point? 1, 0, or -errno, said: a mount whose daemon has
 * died, or another user's. */
int target_is_mounted(const struct target *t);

/* The words in which recipes are read for `board` (NULL: none), and for the board of tools, which
 * becomes `*native`, where there is one. Lent from both. 0 or -errno with `*why`. */
int target_words(const struct places *places, const struct board *board, struct board **native,
		 struct recipeset_words *ret, char **why);

/* Find out, by content, what builds see of the toolchain, and of the sysroot `below` the mount
 * (NULL: there is none). 0 or -errno, said. */
int target_identify(struct target *t, const char *below, struct known *known);

/* Have that launcher in front of the compilers; NULL: the board's. As launcher_open. 0 or -errno,
 * said. */
int target_open_launcher(struct target *t, const char *name, const struct places *places,
			 bool boxed);

/* Whose state that is, for board_free; NULL: no board's. 0 or -errno. */
int target_board_of(const struct places *places, const char *state, struct board **ret);

/* Its mount point, else its state, lent: what `xsysfs -C` takes. NULL: nowhere. */
const char *target_where(const struct target *t);
