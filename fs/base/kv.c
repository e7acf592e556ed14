// SPDX-License-Identifier: GPL-2.0-or-later
#include "fs/base/kv.h"

#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "fs/base/cleanup.h"
#include "fs/base/text.h"

void kv_release(struct kv *kv)
{
	strv_release(&kv->keys);
	strv_release(&kv->values);
	kv->error = 0;
}

static bool key_is_valid(const char *key)
{
	static const char allowed[] = "abcdefghijklmnopqrstuvwxyz0123456789-_.";

	return *key && key[strspn(key, allowed)] == '\0';
}

const char *kv_get(const struct kv *kv, const char *key)
{
	for (size_t i = 0; i < kv->keys.n; i++)
		if (strcmp(kv->keys.v[i], key) == 0)
			return kv->values.v[i];
	return NULL;
}

int kv_error(const struct kv *kv)
{
	return kv->error;
}

static int failed(struct kv *kv, int r)
{
	if (!kv->error)
		kv->error = r;
	return r;
}

static int set(struct kv *kv, const char *key, const char *value)
{
	int r;

	if (!value)
		return -ENOMEM;
	if (!key_is_valid(key) || strchr(value, '\n') || *value == ' ')
		return -EINVAL;
	if (kv_get(kv, key))
		return -EEXIST;
	r = strv_add(&kv->keys, key);
	if (r < 0)
		return r;
	r = strv_add(&kv->values, value);
	if (r < 0) { /* keep both lists as long as each other */
		free(kv->keys.v[--kv->keys.n]);
		kv->keys.v[kv->keys.n] = NULL;
	}
	return r;
}

int kv_set(struct kv *kv, const char *key, const char *value)
{
	int r = set(kv, key, value);

	return r < 0 ? failed(kv, r) : 0;
}

int kv_setf(struct kv *kv, const char *key, const char *fmt, ...)
{
	autofree char *value = NULL;
	va_list ap;

	va_start(ap, fmt);
	value = text_of_list(fmt, ap);
	va_end(ap);
	return kv_set(kv, key, value);
}

int kv_set_words(struct kv *kv, const char *key, const struct strv *words)
{
	autofree char *value = strv_join(words, " ");

	return kv_set(kv, key, value);
}

/* `line` is a copy that may be cut up. */
static int parse_line(struct kv *kv, char *line)
{
	char *eq = strchr(line, '=');
	char *end = eq;
	int r;

	if (!eq)
		return -EBADMSG;
	while (end > line && end[-1] == ' ')
		end--;
	*end = '\0';
	eq += 1 + strspn(eq + 1, " ");
	r = kv_set(kv, line, eq);
	return r == -EINVAL || r == -EEXIST ? -EBADMSG : r;
}

int kv_parse(struct kv *kv, const char *text, size_t len, unsigned *line)
{
	const char *end = text + len;
	unsigned number = 0;

	if (line)
		*line = 0;
	if (memchr(text, '\0', len))
		return -EBADMSG;
	while (text < end) {
		const char *nl = memchr(text, '\n', end - text);
		size_t n = (nl ? nl : end) - text;
		autofree char *copy = strndup(text, n);
		int r = 0;

		number++;
		if (!copy)
			return -ENOMEM;
		if (*copy && *copy != '#')
			r = parse_line(kv, copy);
		if (r < 0) {
			if (line)
				*line = number;
			return r;
		}
		text += n + 1;
	}
	return 0;
}

char *kv_format(const struct kv *kv)
{
	struct strv lines = { 0 };
	char *text = NULL;

	for (size_t i = 0; i < kv->keys.n; i++)
		strv_addf(&lines, "%s = %s\n", kv->keys.v[i], kv->values.v[i]);
	if (!kv->error)
		text = strv_join(&lines, "");
	strv_release(&lines);
	return text;
}
