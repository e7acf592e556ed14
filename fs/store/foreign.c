// SPDX-License-Identifier: GPL-2.0-or-later
#include "fs/store/foreign.h"

#include <errno.h>
#include <fcntl.h>
#include <fnmatch.h>
#include <linux/openat2.h>
#include <stdlib.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "fs/base/cleanup.h"
#include "fs/store/layer.h"
#include "fs/store/tree.h"

struct search {
	const struct layer *layer;
	const struct elf_machine *machines;
	size_t n;
	const struct strv *allowed;
	struct strv *problems;
};

/* As a program that has `root` for its own would open it. */
static int open_in(int root, const char *path)
{
	struct open_how how = { .flags = O_RDONLY | O_CLOEXEC | O_NONBLOCK,
				.resolve = RESOLVE_IN_ROOT | RESOLVE_NO_MAGICLINKS };

	return syscall(SYS_openat2, root, path, &how, sizeof(how));
}

static void add_machine(int root, const char *path, struct elf_machine *machines, size_t *n)
{
	autofd int fd = open_in(root, path);
	struct elf_machine m;

	if (fd < 0 || *n == FOREIGN_MACHINES || elf_machine(fd, NULL, &m) != 1)
		return;
	m.level = 0; /* a library may be for less than its board */
	for (size_t i = 0; i < *n; i++)
		if (elf_fits(&machines[i], &m) == ELF_FITS)
			return;
	machines[(*n)++] = m;
}

/* libc.so.6 in a folder, or in one of its folders (lib/TRIPLE). */
static void look_into(int root, const char *dir, struct elf_machine *machines, size_t *n)
{
	autofd int fd = open_in(root, dir);
	autodir DIR *d = fd < 0 ? NULL : fdopendir(fd);
	struct dirent *e;

	if (!d)
		return;
	take_fd(&fd);
	while ((e = readdir(d))) {
		autofree char *path = tree_join(dir, e->d_name);
		autofree char *library = path ? tree_join(path, "libc.so.6") : NULL;

		if (library && *e->d_name != '.' && e->d_type != DT_REG && e->d_type != DT_LNK)
			add_machine(root, library, machines, n);
		if (path && (fnmatch("libc.so.6", e->d_name, 0) == 0 ||
			     fnmatch("ld-musl-*.so.1", e->d_name, 0) == 0))
			add_machine(root, path, machines, n);
	}
}

size_t foreign_machines(int root, struct elf_machine machines[static FOREIGN_MACHINES])
{
	static const char *const folders[] = { "lib", "lib64", "lib32", "usr/lib", "usr/lib64" };
	size_t n = 0;

	for (size_t i = 0; i < ARRAY_SIZE(folders); i++)
		look_into(root, folders[i], machines, &n);
	return n;
}

bool foreign_is_allowed(const struct strv *patterns, const char *path)
{
	strv_foreach (pattern, patterns)
		if (fnmatch(*pattern, path, 0) == 0)
			return true;
	return false;
}

static int look(const struct tree_entry *e, void *arg)
{
	struct search *s = arg;
	char why[ELF_MISFIT];
	struct elf_machine m;
	autofd int fd = -1;

	if (e->whiteout || !S_ISREG(e->st.st_mode) || foreign_is_allowed(s->allowed, e->path))
		return 0;
	fd = layer_open(s->layer, e->path, O_RDONLY);
	if (fd < 0 || elf_machine(fd, &s->machines[0], &m) != 1)
		return fd == -EACCES || fd >= 0 ? 0 : fd;
	for (size_t i = 0; i < s->n; i++)
		if (elf_fits(&s->machines[i], &m) == ELF_FITS)
			return 0;
	elf_misfit(&s->machines[0], &m, why);
	return strv_addf(s->problems, "'%s' %s", e->path, why);
}

int foreign_find(const struct layer *layer, const struct elf_machine *machines, size_t n,
		 const struct strv *allowed, struct strv *problems)
{
	struct search s = { layer, machines, n, allowed, problems };

	return n ? tree_walk(layer, look, &s) : 0;
}
