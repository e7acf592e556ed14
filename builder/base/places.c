// SPDX-License-Identifier: GPL-2.0-or-later
#include "builder/base/places.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "fs/base/cleanup.h"
#include "fs/base/io.h"
#include "fs/base/log.h"
#include "fs/base/text.h"
#include "fs/client/where.h"

void places_release(struct places *p)
{
	free(p->home);
	searchpath_release(&p->recipes);
	searchpath_release(&p->patches);
	searchpath_release(&p->boards);
	free(p->toolchains);
	free(p->sources);
	free(p->prefix);
	free(p->data);
	free(p->self);
	free(p->xsysfs);
	strv_release(&p->mirrors);
	*p = (struct places){ 0 };
}

char *places_join(const char *dir, const char *name)
{
	return text_of("%s/%s", dir, name);
}

int places_write(const char *dir, const char *name, const char *text)
{
	autofd int fd = open(dir, O_RDONLY | O_DIRECTORY | O_CLOEXEC);

	return fd < 0 ? -errno : io_replace_file(fd, name, text, strlen(text));
}

int places_scratch(const char *dir, const char *name, const char *text)
{
	autofree char *path = places_join(dir, name);
	autofd int fd = -1;

	if (!path)
		return -ENOMEM;
	fd = open(path, O_WRONLY | O_CREAT | O_TRUNC | O_NOFOLLOW | O_CLOEXEC, 0644);
	return fd < 0 ? -errno : io_write_all(fd, text, strlen(text));
}

/* The program in out/ of a checkout has no other folders than the checkout's; who says one of them
 * himself, or stands in it, has it as his own. */
static bool is_checkouts(const struct searchpath *path, const char *name, const char *beside)
{
	if (access(beside, F_OK) < 0 || searchpath_is_same(beside, name))
		return false;
	strv_foreach (dir, &path->dirs)
		if (searchpath_is_same(beside, *dir))
			return false;
	return true;
}

/* ./NAME, and the one that came with the program. */
static int find_data(const struct places *p, struct searchpath *path, const char *name)
{
	autofree char *installed = places_join(p->data, name);
	autofree char *checkout = text_of("%s/%s", p->prefix, name);

	if (!installed || !checkout)
		return -ENOMEM;
	return searchpath_finish(path, name,
				 access(p->data, F_OK) < 0 && is_checkouts(path, name, checkout)
					 ? checkout
					 : installed);
}

static int find_programs(struct places *p)
{
	char path[PATH_MAX];
	ssize_t n = readlink("/proc/self/exe", path, sizeof(path) - 1);
	char *slash;

	if (n < 0)
		return log_errno(-errno, "cannot read '/proc/self/exe'");
	path[n] = '\0';
	p->self = strdup(path);
	slash = strrchr(path, '/');
	*slash = '\0';
	p->xsysfs = places_join(path, "xsysfs");
	/* PREFIX/share/xsysfs beside PREFIX/bin, wherever that was installed or moved to */
	p->prefix = strndup(path, strrchr(path, '/') - path);
	p->data = p->prefix ? places_join(p->prefix, "share/xsysfs") : NULL;
	return p->self && p->xsysfs && p->data ? 0 : -ENOMEM;
}

int places_init(struct places *p)
{
	int r = find_programs(p);

	if (r < 0)
		return r;
	p->home = where_home();
	if (!p->home)
		return -ENOMEM;
	p->toolchains = places_join(p->home, "toolchains");
	p->sources = places_join(p->home, "sources");
	if (!p->toolchains || !p->sources || find_data(p, &p->recipes, "recipes") < 0 ||
	    find_data(p, &p->patches, "patches") < 0 || find_data(p, &p->boards, "boards") < 0)
		return -ENOMEM;
	return 0;
}

int places_make(const struct places *p)
{
	int r = io_mkdir_p(AT_FDCWD, p->toolchains, 0755);

	if (r == 0)
		r = io_mkdir_p(AT_FDCWD, p->sources, 0755);
	return r < 0 ? log_errno(r, "cannot make folders in '%s' ($XSYSFS_HOME names another)",
				 p->home)
		     : 0;
}

bool places_is_below(const char *path, const char *dir)
{
	size_t n = strlen(dir);

	return strncmp(path, dir, n) == 0 && (path[n] == '/' || !path[n]);
}
