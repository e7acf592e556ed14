// SPDX-License-Identifier: GPL-2.0-or-later
#include "builder/base/searchpath.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "fs/base/cleanup.h"
#include "fs/base/text.h"

void searchpath_release(struct searchpath *p)
{
	strv_release(&p->dirs);
	*p = (struct searchpath){ 0 };
}

int searchpath_add(struct searchpath *p, const char *dir)
{
	int r = strv_add(&p->dirs, dir);

	if (r == 0)
		p->n_own++;
	return r;
}

bool searchpath_is_same(const char *a, const char *b)
{
	struct stat one, other;

	return strcmp(a, b) == 0 || (stat(a, &one) == 0 && stat(b, &other) == 0 &&
				     one.st_dev == other.st_dev && one.st_ino == other.st_ino);
}

int searchpath_finish(struct searchpath *p, const char *here, const char *installed)
{
	autostrv struct strv added = p->dirs;
	struct stat st;
	int r = 0;

	*p = (struct searchpath){ 0 };
	strv_foreach (dir, &added)
		if (r == 0 && !searchpath_is_same(*dir, installed))
			r = searchpath_add(p, *dir);
	if (r == 0 && !added.n && stat(here, &st) == 0 && S_ISDIR(st.st_mode) &&
	    !searchpath_is_same(here, installed))
		r = searchpath_add(p, here);
	if (r == 0 && (!p->n_own || access(installed, F_OK) == 0))
		r = strv_add(&p->dirs, installed);
	return r;
}

static bool has(const char *dir, const char *name, const char *file)
{
	autofree char *path = NULL;

	path = text_of("%s/%s%s%s", dir, name, file ? "/" : "", file ?: "");
	return path && access(path, F_OK) == 0;
}

static const char *find_from(const struct searchpath *p, size_t i, const char *name,
			     const char *file)
{
	for (; i < p->dirs.n; i++)
		if (has(p->dirs.v[i], name, file))
			return p->dirs.v[i];
	return NULL;
}

const char *searchpath_find(const struct searchpath *p, const char *name, const char *file)
{
	return find_from(p, 0, name, file);
}

const char *searchpath_hidden(const struct searchpath *p, const char *dir, const char *name,
			      const char *file)
{
	for (size_t i = 0; i < p->dirs.n; i++)
		if (strcmp(p->dirs.v[i], dir) == 0)
			return find_from(p, i + 1, name, file);
	return NULL;
}

bool searchpath_is_own(const struct searchpath *p, const char *dir)
{
	for (size_t i = 0; i < p->n_own; i++)
		if (strcmp(p->dirs.v[i], dir) == 0)
			return true;
	return false;
}

size_t searchpath_some(const struct searchpath *p)
{
	return p->n_own ? p->n_own : p->dirs.n;
}

char *searchpath_said(const struct searchpath *p)
{
	autofree char *inner = strv_join(&p->dirs, "', '");

	return inner ? text_of("'%s'", inner) : NULL;
}
