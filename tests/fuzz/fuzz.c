// SPDX-License-Identifier: GPL-2.0-or-later
#include "tests/fuzz/fuzz.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/xattr.h>
#include <unistd.h>

#include "fs/base/cleanup.h"
#include "fs/base/io.h"
#include "fs/base/strv.h"

unsigned choose(struct choices *c, unsigned n)
{
	unsigned byte = c->p < c->end ? *c->p++ : 0;

	return byte % n;
}

uint32_t choose_number(struct choices *c)
{
	uint32_t n = 0;

	for (int i = 0; i < 4; i++)
		n = n << 8 | choose(c, 256);
	return n;
}

bool choices_left(const struct choices *c)
{
	return c->p < c->end;
}

void fuzz_trace(const char *fmt, ...)
{
	va_list ap;

	if (!getenv("FUZZ_TRACE"))
		return;
	va_start(ap, fmt);
	vfprintf(stderr, fmt, ap);
	va_end(ap);
	fputc('\n', stderr);
}

void fuzz_fail(const char *fmt, ...)
{
	va_list ap;

	fputs("fuzz: ", stderr);
	va_start(ap, fmt);
	vfprintf(stderr, fmt, ap);
	va_end(ap);
	fputc('\n', stderr);
	abort();
}

static char folder[PATH_MAX];
static struct stat top; /* "/" as it was: nobody has any business there */

static void leave_for_good(void)
{
	if (*folder && chdir("/") == 0)
		io_remove_tree(AT_FDCWD, folder);
}

void fuzz_enter(void)
{
	const char *where = getenv("TMPDIR");

	if (!*folder) {
		if (!where)
			where = access("/dev/shm", W_OK) == 0 ? "/dev/shm" : "/var/tmp";
		snprintf(folder, sizeof(folder), "%s/xsysfs-fuzz.XXXXXX", where);
		if (!mkdtemp(folder))
			fuzz_fail("no folder: %s", strerror(errno));
		stat("/", &top);
		atexit(leave_for_good);
		umask(022);
	}
	fuzz_leave();
	if ((mkdir(folder, 0755) < 0 && errno != EEXIST) || chdir(folder) < 0)
		fuzz_fail("no folder: %s", strerror(errno));
}

void fuzz_leave(void)
{
	struct stat st;

	if (stat("/", &st) < 0 || st.st_mode != top.st_mode)
		fuzz_fail("the fuzzer has changed what is outside of its folder");
	if (chdir("/") < 0 || io_remove_tree(AT_FDCWD, folder) < 0)
		fuzz_fail("cannot remove '%s': %s", folder, strerror(errno));
}

bool fuzz_is_inside(const char *path)
{
	autofree char *way = strdup(path);
	struct stat st;

	if (*path == '/')
		return false;
	for (char *slash = strchr(way, '/'); slash; slash = strchr(slash + 1, '/')) {
		*slash = '\0';
		if (lstat(way, &st) == 0 && !S_ISDIR(st.st_mode))
			return false;
		*slash = '/';
	}
	return true;
}

void fuzz_dirs(const char *path)
{
	if (fuzz_is_inside(path))
		io_mkdir_p(AT_FDCWD, path, 0755);
}

void fuzz_parent(const char *path)
{
	autofree char *dir = strdup(path);
	char *slash = strrchr(dir, '/');

	if (!slash)
		return;
	*slash = '\0';
	fuzz_dirs(dir);
}

void fuzz_put(const char *path, const void *data, size_t size)
{
	autofd int fd = -1;

	fuzz_parent(path);
	if (!fuzz_is_inside(path))
		return;
	fd = open(path, O_WRONLY | O_CREAT | O_TRUNC | O_NOFOLLOW | O_NONBLOCK, 0644);
	if (fd >= 0)
		io_write_all(fd, data, size);
}

void fuzz_text(const char *path, const char *text)
{
	fuzz_put(path, text, strlen(text));
}

static uint64_t mix(uint64_t hash, const void *data, size_t size)
{
	const uint8_t *p = data;

	for (size_t i = 0; i < size; i++)
		hash = (hash ^ p[i]) * UINT64_C(0x100000001b3);
	return hash;
}

static uint64_t hash_entry(const char *path, uint64_t hash);

static uint64_t hash_dir(const char *path, uint64_t hash)
{
	autodir DIR *d = opendir(path);
	autostrv struct strv names = { 0 };
	struct dirent *e;

	while (d && (e = readdir(d)))
		if (strcmp(e->d_name, ".") != 0 && strcmp(e->d_name, "..") != 0)
			strv_add(&names, e->d_name);
	strv_sort(&names);
	for (size_t i = 0; i < names.n; i++) {
		autofree char *child = NULL;

		if (asprintf(&child, "%s/%s", path, names.v[i]) < 0)
			fuzz_fail("no memory");
		hash = hash_entry(child, hash);
	}
	return hash;
}

static uint64_t hash_contents(const char *path, uint64_t hash)
{
	autofd int fd = open(path, O_RDONLY | O_NOFOLLOW);
	char buf[4096];
	ssize_t n;

	while (fd >= 0 && (n = read(fd, buf, sizeof(buf))) > 0)
		hash = mix(hash, buf, n);
	return hash;
}

static uint64_t hash_entry(const char *path, uint64_t hash)
{
	char list[1024], value[1024];
	struct stat st;
	ssize_t n;

	if (lstat(path, &st) < 0)
		return hash;
	hash = mix(hash, path, strlen(path) + 1);
	hash = mix(hash, &st.st_mode, sizeof(st.st_mode));
	hash = mix(hash, &st.st_size, sizeof(st.st_size));
	hash = mix(hash, &st.st_ino, sizeof(st.st_ino));
	hash = mix(hash, &st.st_ctim, sizeof(st.st_ctim));
	n = llistxattr(path, list, sizeof(list));
	if (n > 0)
		hash = mix(hash, list, n);
	if (S_ISDIR(st.st_mode))
		return hash_dir(path, hash);
	if (S_ISREG(st.st_mode))
		return hash_contents(path, hash);
	n = S_ISLNK(st.st_mode) ? readlink(path, value, sizeof(value)) : 0;
	return n > 0 ? mix(hash, value, n) : hash;
}

uint64_t fuzz_hash(const char *path)
{
	return hash_entry(path, UINT64_C(0xcbf29ce484222325));
}
