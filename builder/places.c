// SPDX-License-Identifier: GPL-2.0-or-later
#include "builder/places.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "fs/base/cleanup.h"
#include "fs/base/io.h"
#include "fs/base/log.h"

void places_release(struct places *p)
{
	free(p->home);
	free(p->recipes);
	free(p->patches);
	free(p->boards);
	free(p->toolchains);
	free(p->sources);
	free(p->self);
	free(p->xsysfs);
	strv_release(&p->mirrors);
	*p = (struct places){ 0 };
}

char *places_join(const char *dir, const char *name)
{
	char *path;

	return asprintf(&path, "%s/%s", dir, name) < 0 ? NULL : path;
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

static char *home_dir(void)
{
	const char *s = getenv("XSYSFS_HOME");
	const char *user = getenv("HOME");
	char *dir;

	if (s && *s == '/')
		return strdup(s);
	if (s && *s) { /* other processes with other folders will read it */
		autofree char *cwd = getcwd(NULL, 0);

		return cwd ? places_join(cwd, s) : NULL;
	}
	s = getenv("XDG_DATA_HOME");
	if (s && *s == '/')
		return places_join(s, "xsysfs");
	return asprintf(&dir, "%s/.local/share/xsysfs", user && *user == '/' ? user : "/root") < 0
		       ? NULL
		       : dir;
}

/* The folder `name` of data: ./NAME when it is there, else the installed one. */
static int find_data(char **dir, const char *name)
{
	struct stat st;

	if (*dir)
		return 0;
	if (stat(name, &st) == 0 && S_ISDIR(st.st_mode))
		*dir = strdup(name);
	else
		*dir = places_join(DATADIR, name);
	return *dir ? 0 : -ENOMEM;
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
	return p->self && p->xsysfs ? 0 : -ENOMEM;
}

int places_init(struct places *p)
{
	int r = find_programs(p);

	if (r < 0)
		return r;
	p->home = home_dir();
	if (!p->home)
		return -ENOMEM;
	p->toolchains = places_join(p->home, "toolchains");
	p->sources = places_join(p->home, "sources");
	if (!p->toolchains || !p->sources || find_data(&p->recipes, "recipes") < 0 ||
	    find_data(&p->patches, "patches") < 0 || find_data(&p->boards, "boards") < 0)
		return -ENOMEM;
	r = io_mkdir_p(AT_FDCWD, p->toolchains, 0755);
	if (r == 0)
		r = io_mkdir_p(AT_FDCWD, p->sources, 0755);
	return r < 0 ? log_errno(r, "cannot make folders in '%s'", p->home) : 0;
}
