// SPDX-License-Identifier: GPL-2.0-or-later
/* where.h - which xsysfs a command is about. */
#pragma once

#include "fs/base/kv.h"

struct xs;

struct where {
	char *state; /* absolute */
	char *point; /* the mount point; NULL when nothing is mounted */
};

#define autowhere cleanup(where_release)
void where_release(struct where *where);

/* From -C (NULL: not given), else $XSYSFS, else the only mount there is. Says what is wrong and
 * returns -errno. */
int where_find(const char *given, struct where *ret);

/* A connection to its daemon; -ENOTCONN when there is none. Says nothing. */
int where_connect(const struct where *where);

/* Its views, to be looked at in this process; what a daemon does meanwhile shows. Says what is
 * wrong. */
int where_open(const struct where *where, struct xs **ret);

/* where_find and where_open in one. */
int where_open_given(const char *given, struct where *where, struct xs **ret);

/* Ask its daemon; without one, -ENOTCONN. Else the daemon's answer, and nothing said. */
int where_ask(const struct where *where, const char *verb, const char *key, const char *value,
	      struct kv *reply);
