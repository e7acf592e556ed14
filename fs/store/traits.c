// SPDX-License-Identifier: GPL-2.0-or-later
#include "fs/store/traits.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/xattr.h>

#include "fs/base/cleanup.h"
#include "fs/base/strv.h"
#include "fs/store/special.h"
#include "fs/store/tag.h"
#include "fs/store/whiteout.h"

static bool begins(const char *name, const char *prefix)
{
	return strncmp(name, prefix, strlen(prefix)) == 0;
}

/* Is the attribute of that name part of the file? */
static bool is_trait(const char *name)
{
	static const char *const single[] = { "security.capability", "system.posix_acl_access",
					      "system.posix_acl_default", SPECIAL_XATTR };
	static const char *const marks[] = { TAG_XATTR_PREFIX, OVERLAY_XATTR_PREFIX,
					     "trusted.xsysfs.", "trusted.overlay." };

	for (size_t i = 0; i < ARRAY_SIZE(single); i++)
		if (strcmp(name, single[i]) == 0)
			return true;
	for (size_t i = 0; i < ARRAY_SIZE(marks); i++)
		if (begins(name, marks[i]))
			return false;
	return begins(name, "user.") || begins(name, "trusted.");
}

/* Their names, sorted. `path` is one in proc(5), which stands for a descriptor. */
static int list(const char *path, struct strv *ret)
{
	autofree char *names = NULL;
	ssize_t n = listxattr(path, NULL, 0);
	int r = 0;

	if (n <= 0)
		return n < 0 && errno != EOPNOTSUPP ? -errno : 0;
	names = malloc(n);
	if (!names)
		return -ENOMEM;
	n = listxattr(path, names, n);
	if (n < 0)
		return -errno;
	for (const char *name = names; r == 0 && name < names + n; name += strlen(name) + 1)
		if (is_trait(name))
			r = strv_add(ret, name);
	strv_sort(ret);
	return r;
}

/* The name, how long its value is, and the value. */
static int add(struct digest *d, const char *path, const char *name)
{
	ssize_t n = getxattr(path, name, NULL, 0);
	autofree char *value = n < 0 ? NULL : malloc(n + 1);
	char size[24];
	int r;

	if (n < 0)
		return -errno;
	if (!value)
		return -ENOMEM;
	n = getxattr(path, name, value, n);
	if (n < 0)
		return -errno;
	snprintf(size, sizeof(size), "%zd", n);
	r = digest_add(d, name, strlen(name) + 1);
	if (r == 0)
		r = digest_add(d, size, strlen(size) + 1);
	return r < 0 ? r : digest_add(d, value, n);
}

static int hash(const char *path, const struct strv *names, char hex[static DIGEST_HEX])
{
	struct digest *d = digest_new();
	int r = d ? 0 : -ENOMEM;

	for (size_t i = 0; r == 0 && i < names->n; i++)
		r = add(d, path, names->v[i]);
	if (r == 0)
		r = digest_hex(d, hex);
	digest_free(d);
	return r;
}

int traits_hash(int fd, char hex[static DIGEST_HEX])
{
	autostrv struct strv names = { 0 };
	char path[32];
	int r;

	snprintf(path, sizeof(path), "/proc/self/fd/%d", fd);
	*hex = '\0';
	r = list(path, &names);
	return r < 0 || !names.n ? r : hash(path, &names, hex);
}

int traits_same(int a, int b)
{
	char hex_a[DIGEST_HEX] = "", hex_b[DIGEST_HEX] = "";
	int r = traits_hash(a, hex_a);

	if (r == 0)
		r = traits_hash(b, hex_b);
	return r < 0 ? r : strcmp(hex_a, hex_b) == 0;
}
