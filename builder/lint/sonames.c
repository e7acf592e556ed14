// SPDX-License-Identifier: GPL-2.0-or-later
#include "builder/lint/sonames.h"

#include <errno.h>
#include <fcntl.h>
#include <fts.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "builder/base/why.h"
#include "fs/base/cleanup.h"
#include "fs/base/elf.h"
#include "fs/base/text.h"

static void cleanup_fts(FTS **f)
{
	int saved = errno;

	if (*f)
		fts_close(*f);
	errno = saved;
}
#define autofts cleanup(cleanup_fts)

void sonames_release(struct sonames *s)
{
	for (size_t i = 0; i < s->n_uses; i++) {
		free(s->uses[i].package);
		free(s->uses[i].path);
		strv_release(&s->uses[i].needed);
	}
	free(s->uses);
	strv_release(&s->names);
	strv_release(&s->packages);
	strv_release(&s->system);
	*s = (struct sonames){ 0 };
}

static int add_use(struct sonames *s, const char *package, const char *path,
		   struct elf_facts *facts)
{
	struct soname_use *all = reallocarray(s->uses, s->n_uses + 1, sizeof(*all));
	struct soname_use *use;

	if (!all)
		return -ENOMEM;
	s->uses = all;
	use = &all[s->n_uses++];
	*use = (struct soname_use){ strdup(package), strdup(path), facts->needed };
	facts->needed = (struct strv){ 0 };
	return use->package && use->path ? 0 : -ENOMEM;
}

/* `path` is below the root. */
static int read_file(struct sonames *s, const char *package, const char *full, const char *path)
{
	cleanup(elf_facts_release) struct elf_facts facts = { 0 };
	autofd int fd = open(full, O_RDONLY | O_NOFOLLOW | O_NONBLOCK | O_CLOEXEC);
	const char *slash = strrchr(path, '/'), *base = slash ? slash + 1 : path;
	int r = fd < 0 ? -errno : elf_read(fd, &facts);

	if (r <= 0)
		return r;
	/* who is linked with one that says no name has its file's */
	if (facts.is_linked && facts.is_dynamic && !facts.soname && strstr(base, ".so"))
		facts.soname = strdup(base);
	if (facts.is_linked && facts.soname) {
		r = strv_add(&s->names, facts.soname);
		if (r == 0)
			r = strv_add(&s->packages, package);
	}
	return r < 0 || !facts.needed.n ? r : add_use(s, package, path, &facts);
}

static int read_layer(struct sonames *s, const char *package, char *root, char **why)
{
	char *const roots[] = { root, NULL };
	autofts FTS *f = fts_open(roots, FTS_PHYSICAL | FTS_NOCHDIR | FTS_XDEV, NULL);
	FTSENT *e;
	int r = 0;

	if (!f)
		return why_errno(why, -errno, "cannot read '%s'", root);
	while (r >= 0 && (errno = 0, e = fts_read(f)))
		if (e->fts_info == FTS_F)
			r = read_file(s, package, e->fts_path, e->fts_path + strlen(root) + 1);
	if (r >= 0 && errno)
		r = -errno;
	return r < 0 ? why_errno(why, r, "cannot read '%s'", root) : 0;
}

/* Names are enough: what the linker has taken from there it has taken by name. */
static int read_system(struct sonames *s, const char *sysroot)
{
	char *const roots[] = { (char *)sysroot, NULL };
	autofts FTS *f = fts_open(roots, FTS_PHYSICAL | FTS_NOCHDIR | FTS_NOSTAT, NULL);
	FTSENT *e;
	int r = 0;

	if (!f)
		return -errno;
	while (r == 0 && (e = fts_read(f)))
		if (e->fts_info != FTS_D && e->fts_info != FTS_DP && strstr(e->fts_name, ".so"))
			r = strv_add(&s->system, e->fts_name);
	return r;
}

int sonames_read(struct sonames *s, const struct installed *installed, char **why)
{
	int r = 0;

	for (size_t i = 0; i < installed->names.n && r == 0; i++) {
		autofree char *root = NULL;

		root = text_of("%s/layers/%s/root", installed->state, installed->layers.v[i]);
		if (!root)
			return why_errno(why, -ENOMEM, "%s", installed->names.v[i]);
		r = read_layer(s, installed->names.v[i], root, why);
	}
	if (r == 0 && installed->sysroot && (r = read_system(s, installed->sysroot)) < 0)
		why_errno(why, r, "cannot read '%s'", installed->sysroot);
	return r;
}

int sonames_add_machine(struct sonames *s)
{
	static const char *const names[] = {
		"ld-linux-aarch64.so.1", "ld-linux-x86-64.so.2",
		"libatomic.so.1",	 "libc.so.6",
		"libcrypt.so.1",	 "libdl.so.2",
		"libgcc_s.so.1",	 "libgfortran.so.5",
		"libgomp.so.1",		 "libm.so.6",
		"libpthread.so.0",	 "libquadmath.so.0",
		"libresolv.so.2",	 "librt.so.1",
		"libstdc++.so.6",	 "libutil.so.1",
	};

	return strv_add_words(&s->system, names, ARRAY_SIZE(names));
}

const char *sonames_find(const struct sonames *s, const char *soname)
{
	for (size_t i = 0; i < s->names.n; i++)
		if (strcmp(s->names.v[i], soname) == 0)
			return s->packages.v[i];
	return sonames_is_system(s, soname) ? "" : NULL;
}

bool sonames_is_system(const struct sonames *s, const char *soname)
{
	return strv_has(&s->system, soname);
}
