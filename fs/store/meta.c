// SPDX-License-Identifier: GPL-2.0-or-later
#include "fs/store/meta.h"

#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "fs/base/cleanup.h"
#include "fs/base/io.h"
#include "fs/base/kv.h"
#include "fs/base/name.h"

enum { META_MAX = 256 * 1024 };

struct meta *meta_new(const char *package, const char *version, const char *key)
{
	struct meta *meta;

	if (!name_is_package(package) || !name_is_version(version))
		return NULL;
	meta = calloc(1, sizeof(*meta));
	if (!meta)
		return NULL;
	meta->package = strdup(package);
	meta->version = strdup(version);
	meta->key = strdup(key);
	meta->previous = strdup("");
	if (!meta->package || !meta->version || !meta->key || !meta->previous) {
		meta_free(meta);
		return NULL;
	}
	return meta;
}

void meta_free(struct meta *meta)
{
	if (!meta)
		return;
	free(meta->package);
	free(meta->version);
	free(meta->key);
	free(meta->previous);
	strv_release(&meta->needs);
	strv_release(&meta->replaces);
	strv_release(&meta->uses);
	parts_release(&meta->parts);
	free(meta);
}

int meta_add_names(struct strv *list, const char *words)
{
	int r = strv_split(list, words, ", \t");

	if (r < 0)
		return r;
	for (size_t i = 0; i < list->n; i++)
		if (!name_is_package(list->v[i]))
			return -EINVAL;
	strv_sort(list);
	strv_uniq(list);
	return 0;
}

static const char *text(const struct kv *kv, const char *key)
{
	const char *value = kv_get(kv, key);

	return value ? value : "";
}

/* A count in decimal, nothing else around it. */
static int number(const struct kv *kv, const char *key, uint64_t *ret)
{
	const char *s = text(kv, key);
	char *end;

	if (*s < '0' || *s > '9')
		return -EBADMSG;
	errno = 0;
	*ret = strtoull(s, &end, 10);
	return errno || *end ? -EBADMSG : 0;
}

static int fill(struct meta *meta, const struct kv *kv)
{
	uint64_t sec, nsec;

	if (number(kv, "files", &meta->files) < 0 || number(kv, "bytes", &meta->bytes) < 0 ||
	    number(kv, "when", &sec) < 0 || number(kv, "when-nsec", &nsec) < 0 ||
	    nsec >= 1000000000 || (time_t)sec < 0)
		return -EBADMSG;
	meta->when = (struct timespec){ .tv_sec = sec, .tv_nsec = nsec };
	if (meta_add_names(&meta->needs, text(kv, "needs")) < 0 ||
	    meta_add_names(&meta->replaces, text(kv, "replaces")) < 0 ||
	    meta_add_names(&meta->uses, text(kv, "uses")) < 0 ||
	    parts_from_kv(&meta->parts, kv) < 0)
		return -EBADMSG;
	if (*text(kv, "previous") && !name_is_layer(text(kv, "previous")))
		return -EBADMSG;
	meta->watched = kv_get(kv, "uses");
	free(meta->previous);
	meta->previous = strdup(text(kv, "previous"));
	return meta->previous ? 0 : -ENOMEM;
}

int meta_read(int dir, struct meta **ret)
{
	autokv struct kv kv = { 0 };
	autofree char *data = NULL;
	struct meta *meta;
	size_t len = 0;
	int r;

	r = io_read_file(dir, "meta", META_MAX, &data, &len);
	if (r == 0)
		r = kv_parse(&kv, data, len, NULL);
	if (r < 0)
		return r;
	meta = meta_new(text(&kv, "package"), text(&kv, "version"), text(&kv, "key"));
	if (!meta)
		return -EBADMSG;
	r = fill(meta, &kv);
	if (r < 0) {
		meta_free(meta);
		return r;
	}
	*ret = meta;
	return 0;
}

int meta_write(int dir, const struct meta *meta)
{
	autokv struct kv kv = { 0 };
	autofree char *out = NULL;

	kv_set(&kv, "package", meta->package);
	kv_set(&kv, "version", meta->version);
	kv_set(&kv, "key", meta->key);
	kv_set(&kv, "previous", meta->previous);
	kv_set_words(&kv, "needs", &meta->needs);
	kv_set_words(&kv, "replaces", &meta->replaces);
	if (meta->watched)
		kv_set_words(&kv, "uses", &meta->uses);
	parts_to_kv(&meta->parts, &kv);
	kv_setf(&kv, "when", "%lld", (long long)meta->when.tv_sec);
	kv_setf(&kv, "when-nsec", "%ld", meta->when.tv_nsec);
	kv_setf(&kv, "files", "%" PRIu64, meta->files);
	kv_setf(&kv, "bytes", "%" PRIu64, meta->bytes);
	if (kv_error(&kv))
		return kv_error(&kv);
	out = kv_format(&kv);
	return out ? io_replace_file(dir, "meta", out, strlen(out)) : -ENOMEM;
}
