// SPDX-License-Identifier: GPL-2.0-or-later
#include "builder/source/debianlock.h"

#include <errno.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "fs/base/cleanup.h"
#include "fs/base/strv.h"
#include "fs/base/text.h"

/* Of the building machine: what the compilers are linked with, beside what every Debian has. */
static const struct {
	const char *name;
	bool bare; /* also without a number behind it */
} host_libraries[] = {
	{ "libgmp", false },	{ "libisl", false },	 { "libjansson", false },
	{ "libmpc", false },	{ "libmpfr", false },	 { "libzstd", false },
	{ "libsframe", false }, { "libbinutils", true }, /* the libsframe of Debian 12 */
};

static const struct debian_target targets[] = {
	{ "aarch64-linux-gnu", "arm64" },
	{ "arm-linux-gnueabihf", "armhf" },
	{ "arm-linux-gnueabi", "armel" },
	{ "riscv64-linux-gnu", "riscv64" },
};

const struct debian_target *debianlock_target(const char *triple)
{
	for (size_t i = 0; i < ARRAY_SIZE(targets); i++)
		if (strcmp(targets[i].triple, triple) == 0)
			return &targets[i];
	return NULL;
}

static void package_release(struct debian_package *p)
{
	free(p->name);
	free(p->version);
	free(p->arch);
	free(p->url);
	*p = (struct debian_package){ 0 };
}

void debianlock_release(struct debian_lock *l)
{
	for (size_t i = 0; i < l->n; i++)
		package_release(&l->v[i]);
	free(l->v);
	*l = (struct debian_lock){ 0 };
}

static bool is_word(const char *s)
{
	return s && *s && *s != '.' && *s != '-' &&
	       !s[strspn(s, "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789.+~:-")];
}

static bool is_hash(const char *s)
{
	return strlen(s) == DIGEST_HEX - 1 && !s[strspn(s, "0123456789abcdef")];
}

/* `p` is taken, whether it is added or not. */
static int add(struct debian_lock *l, struct debian_package *p)
{
	struct debian_package *v;

	if (!is_word(p->name) || !is_word(p->version) || !is_word(p->arch)) {
		package_release(p);
		return -EBADMSG;
	}
	v = reallocarray(l->v, l->n + 1, sizeof(*v));
	if (!v) {
		package_release(p);
		return -ENOMEM;
	}
	l->v = v;
	l->v[l->n++] = *p;
	return 0;
}

static int by_name(const void *a, const void *b)
{
	const struct debian_package *p = a, *q = b;

	return strcmp(p->name, q->name) ?: strcmp(p->arch, q->arch);
}

static int finish(struct debian_lock *l)
{
	autofree char *text = NULL;

	if (!l->n)
		return -ENOENT;
	qsort(l->v, l->n, sizeof(*l->v), by_name);
	text = debianlock_text(l);
	return text ? digest_of_data(text, strlen(text), l->hash) : -ENOMEM;
}

static int read_line(struct debian_lock *l, const char *line)
{
	struct debian_package p = { 0 };
	autofree char *hash = NULL;
	int n = sscanf(line, "%ms %ms %ms %ms", &p.name, &p.version, &p.arch, &hash);

	if (n != 4 || !is_hash(hash)) {
		package_release(&p);
		return -EBADMSG;
	}
	memcpy(p.sha256, hash, DIGEST_HEX);
	return add(l, &p);
}

int debianlock_read(struct debian_lock *l, const char *text)
{
	autostrv struct strv lines = { 0 };
	int r = strv_split(&lines, text, "\n");

	strv_foreach (line, &lines)
		if (r == 0)
			r = read_line(l, *line);
	if (r == 0)
		r = finish(l);
	return r == -ENOENT ? -EBADMSG : r;
}

static bool belongs(const char *name, const struct debian_target *target)
{
	autofree char *cross = NULL;
	size_t n = strlen(name), m;

	if (strstr(name, target->triple))
		return true;
	cross = text_of("-%s-cross", target->arch);
	m = cross ? strlen(cross) : 0;
	if (m && n > m && strcmp(name + n - m, cross) == 0)
		return true;
	for (size_t i = 0; i < ARRAY_SIZE(host_libraries); i++) {
		const char *library = host_libraries[i].name;
		char next;

		m = strlen(library);
		if (strncmp(name, library, m) != 0)
			continue;
		next = name[m];
		if ((next >= '0' && next <= '9') || (host_libraries[i].bare && !next))
			return true;
	}
	return false;
}

/* apt writes what a version has of colons as %3a. */
static char *unescape(char *s)
{
	char *colon = s ? strstr(s, "%3a") : NULL;

	if (colon) {
		*colon = ':';
		memmove(colon + 1, colon + 3, strlen(colon + 3) + 1);
	}
	return s;
}

/* 'URI' FILE SIZE SHA256:HASH */
static int read_uri(struct debian_lock *l, const char *line, const struct debian_target *target)
{
	struct debian_package p = { 0 };
	autofree char *file = NULL;
	autofree char *hash = NULL;
	unsigned long long size;

	if (sscanf(line, "'%m[^']' %ms %llu SHA256:%ms", &p.url, &file, &size, &hash) != 4 ||
	    sscanf(file, "%m[^_]_%m[^_]_%m[^_.].deb", &p.name, &p.version, &p.arch) != 3 ||
	    !is_hash(hash)) {
		package_release(&p);
		return *line == '\'' ? -EBADMSG : 0;
	}
	p.version = unescape(p.version);
	p.size = size;
	memcpy(p.sha256, hash, DIGEST_HEX);
	if (belongs(p.name, target))
		return add(l, &p);
	package_release(&p);
	return 0;
}

int debianlock_of_uris(struct debian_lock *l, const char *uris, const struct debian_target *target)
{
	autostrv struct strv lines = { 0 };
	int r = strv_split(&lines, uris, "\n");

	strv_foreach (line, &lines)
		if (r == 0)
			r = read_uri(l, *line, target);
	return r == 0 ? finish(l) : r;
}

int debianlock_locate(struct debian_lock *l, const struct debian_lock *archive)
{
	for (size_t i = 0; i < l->n; i++)
		for (size_t j = 0; j < archive->n && !l->v[i].url; j++)
			if (strcmp(l->v[i].sha256, archive->v[j].sha256) == 0) {
				l->v[i].url = strdup(archive->v[j].url);
				l->v[i].size = archive->v[j].size;
				if (!l->v[i].url)
					return -ENOMEM;
			}
	return 0;
}

char *debianlock_text(const struct debian_lock *l)
{
	autostrv struct strv lines = { 0 };

	for (size_t i = 0; i < l->n; i++)
		if (strv_addf(&lines, "%s %s %s %s\n", l->v[i].name, l->v[i].version, l->v[i].arch,
			      l->v[i].sha256) < 0)
			return NULL;
	return strv_join(&lines, "");
}

char *debianlock_file(const struct debian_package *p)
{
	const char *colon = strchr(p->version, ':');
	char *file;
	int n = colon ? asprintf(&file, "%s_%.*s%%3a%s_%s.deb", p->name, (int)(colon - p->version),
				 p->version, colon + 1, p->arch)
		      : asprintf(&file, "%s_%s_%s.deb", p->name, p->version, p->arch);

	return n < 0 ? NULL : file;
}
