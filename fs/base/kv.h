// SPDX-License-Identifier: GPL-2.0-or-later
/* kv.h - "key = value" lines: the form of a layer's meta and of control messages.
 *
 * Our own state, so a strict reader: a line without '=', an empty or unprintable key, a key that
 * comes twice or a NUL byte is -EBADMSG, never a guess. Empty lines and lines that start with '#'
 * are passed over. Values are one line each and may be empty.
 */
#pragma once

#include <stddef.h>

#include "fs/base/strv.h"

struct kv {
	struct strv keys;
	struct strv values;
	int error; /* of the first kv_set that failed */
};

#define autokv cleanup(kv_release)
void kv_release(struct kv *kv);

/* Returns 0, -EBADMSG (`*line`, when given, is the line's number from 1) or -ENOMEM. */
int kv_parse(struct kv *kv, const char *text, size_t len, unsigned *line);

/* 0, or what the first kv_set or kv_setf returned that failed: who sets many need not look at
 * each. */
int kv_error(const struct kv *kv);

/* All lines as one string; the caller frees. NULL: no memory, or kv_error. */
char *kv_format(const struct kv *kv);

/* `value` NULL: there was no memory to make it. Returns 0, -EINVAL for a value with a line break or
 * a leading blank, or a malformed key, -EEXIST, -ENOMEM. */
int kv_set(struct kv *kv, const char *key, const char *value);
int kv_setf(struct kv *kv, const char *key, const char *fmt, ...)
	__attribute__((format(printf, 3, 4)));
/* The strings with blanks between them. */
int kv_set_words(struct kv *kv, const char *key, const struct strv *words);

/* The value of `key`, lent; NULL when it is not there. */
const char *kv_get(const struct kv *kv, const char *key);
