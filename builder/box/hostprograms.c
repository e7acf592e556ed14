// SPDX-License-Identifier: GPL-2.0-or-later
#include "builder/box/hostprograms.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <unistd.h>

#include "builder/base/places.h"
#include "builder/base/proc.h"
#include "fs/base/cleanup.h"

enum {
	ANSWER_MAX = 4096,
	PATIENCE_SECONDS = 20,
};

void hostprograms_open(struct hostprograms *h, const char *home)
{
	*h = (struct hostprograms){ .path = HOSTPROGRAMS_PATH };
	known_open(&h->known, home);
}

void hostprograms_close(struct hostprograms *h)
{
	known_close(&h->known);
	strv_release(&h->names);
	strv_release(&h->versions);
}

char *hostprograms_find(const struct hostprograms *h, const char *name)
{
	autostrv struct strv all = { 0 };

	if (strv_split(&all, h->path, ":") < 0)
		return NULL;
	strv_foreach (folder, &all) {
		autofree char *path = places_join(*folder, name);

		if (path && access(path, X_OK) == 0)
			return take_ptr(path);
	}
	return NULL;
}

/* The first line of what it answers; the caller frees. NULL when it does not. */
static char *ask(const char *path)
{
	const char *argv[] = { path, "--version", NULL };
	char *env[] = { "PATH=" HOSTPROGRAMS_PATH, "LC_ALL=C", "HOME=/nonexistent", NULL };
	autofd int null = open("/dev/null", O_WRONLY | O_CLOEXEC);
	const struct proc p = { .argv = argv,
				.env = env,
				.dir = "/",
				.seconds = PATIENCE_SECONDS,
				.err = null,
				.patience = PATIENCE_SECONDS };
	autofree char *said = NULL;
	autostrv struct strv lines = { 0 };

	if (null < 0 || proc_read(&p, ANSWER_MAX, &said) != 0 ||
	    strv_split(&lines, said, "\r\n") < 0 || !lines.n)
		return NULL;
	return strdup(lines.v[0]);
}

/* It does not say: its bytes do. The caller frees. */
static char *bytes(struct known *known, int fd)
{
	char hex[DIGEST_HEX];

	return known_digest(known, fd, hex) < 0 ? NULL : strdup(hex);
}

static int find_out(struct hostprograms *h, const char *name, char **ret)
{
	autofree char *path = hostprograms_find(h, name);
	autofd int fd = path ? open(path, O_RDONLY | O_CLOEXEC) : -1;
	const char *kept = fd < 0 ? NULL : known_version(&h->known, fd);
	int r = 0;

	if (!path) {
		*ret = strdup("");
	} else if (kept) {
		*ret = strdup(kept);
	} else {
		*ret = ask(path);
		if (!*ret && fd >= 0)
			*ret = bytes(&h->known, fd);
		else if (*ret && fd >= 0)
			r = known_set_version(&h->known, fd, *ret);
	}
	return *ret ? r : -EIO;
}

int hostprograms_version(struct hostprograms *h, const char *name, const char **ret)
{
	autofree char *version = NULL;
	int r;

	for (size_t i = 0; i < h->names.n; i++)
		if (strcmp(h->names.v[i], name) == 0) {
			*ret = h->versions.v[i];
			return 0;
		}
	r = find_out(h, name, &version);
	if (r == 0)
		r = strv_add(&h->versions, version);
	if (r == 0)
		r = strv_add(&h->names, name);
	if (r == 0)
		*ret = h->versions.v[h->names.n - 1];
	return r;
}
