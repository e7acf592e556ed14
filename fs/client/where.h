// SPDX-License-Identifier: GPL-2.0-or-later
/* where.h - which xsysfs a command is about. The builder asks here, too.
 *
 * The first of these that says something:
 *   1. -C: a folder that is a mount, or lies on one; a state folder; or the name of a board
 *   2. where one stands: on a mount
 *   3. $XSYSFS: like -C
 *   4. the only mount of this user whose state lies in $XSYSFS_HOME, that of the board `native`
 *      aside: builds mount it by themselves, and it is meant by who names it
 *   5. for a command that needs no board: the only one of this user that was made by hand, with a
 *      state that is in nobody's home
 *
 * Whose mount it is the kernel says, whose state it is the file system, and who answers at its
 * control socket the kernel again (control.h). Another user's is refused: what his files, his
 * mount and his daemon say is what he wants us to believe. Root's may be believed.
 */
#pragma once

#include <sys/types.h>

#include "fs/base/kv.h"

#define WHERE_NATIVE "native" /* the board of tools for builds */

struct strv;
struct xs;

struct where {
	char *state; /* absolute */
	char *point; /* the mount point; NULL when nothing is mounted */
	uid_t user;  /* whose daemon is spoken to, besides root's */
};

#define autowhere cleanup(where_release)
void where_release(struct where *where);

/* ---- where.c: needs nothing of the engine ---- */

/* What '~' is: $HOME, else what the list of users has, as for a service. Lent. */
const char *where_user_home(void);

/* $XSYSFS_HOME, else $XDG_DATA_HOME/xsysfs, else ~/.local/share/xsysfs; absolute, the caller frees.
 * NULL: no memory. */
char *where_home(void);

/* Who knows the boards; says nothing. */
struct where_boards {
	/* The state folder of one. 0, -ENOENT when there is none of that name, or -errno. */
	int (*state_of)(void *arg, const char *name, char **ret);
	/* Their names. 0 or -errno. */
	int (*names)(void *arg, struct strv *ret);
	void *arg;
};

/* From -C (NULL: not given) and what else there is, see above; `boards` may be NULL. 0, or -errno,
 * said. `*ret` stays empty when nothing says which. */
int where_choose(const char *given, const struct where_boards *boards, struct where *ret);

/* The fifth. `*ret` stays empty when there is none. 0, or -errno, said. */
int where_by_hand(struct where *ret);

/* On which mount a file lies, though it be a dangling link or not there; `*ret` stays empty when it
 * lies on none. 0, or -errno, said. */
int where_of_file(const char *path, struct where *ret);

/* A connection to its daemon; -ENOTCONN when there is none. Says nothing. */
int where_connect(const struct where *where);

/* Is that the mount of a daemon that has died? Says so, and returns -errno. */
int where_refuse_dead(const char *state, const char *point, uid_t user);

/* The mount at `point` is `user`'s: when that is neither we nor root whose mount we may enter, says
 * whose it is and returns -EPERM. */
int where_refuse_mounted_by(const char *point, uid_t user);

/* ---- where_open.c: what a command does there ---- */

/* where_choose and where_by_hand: it is an error when there is none, and a board's state is asked
 * of the builder. Says what is wrong and returns -errno. */
int where_find(const char *given, struct where *ret);

/* Its views, to be looked at in this process; what a daemon does meanwhile shows. Says what is
 * wrong. */
int where_open(const struct where *where, struct xs **ret);

/* where_find and where_open in one. */
int where_open_given(const char *given, struct where *where, struct xs **ret);

/* Say that its daemon does not answer, and what to do; returns -ETIMEDOUT. */
int where_say_silent(const struct where *where);

/* Say why asking its daemon has failed: `message` as it has said it, which may be NULL; or that it
 * does not answer; or that we cannot do what `fmt` says. Returns r. */
int where_say_failed(const struct where *where, int r, const char *message, const char *fmt, ...)
	__attribute__((format(printf, 4, 5)));

/* Ask its daemon; without one, -ENOTCONN. Else the daemon's answer, and nothing said. */
int where_ask(const struct where *where, const char *verb, const char *key, const char *value,
	      struct kv *reply);
