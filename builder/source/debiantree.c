// SPDX-License-Identifier: GPL-2.0-or-later
#include "builder/source/debiantree.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <glob.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "builder/base/places.h"
#include "fs/base/text.h"
#include "builder/base/why.h"
#include "fs/base/cleanup.h"
#include "fs/base/io.h"
#include "fs/base/strv.h"

#define SCRIPT_MAX 4096
#define SCRIPT	   "/* GNU ld script"

struct tree {
	int dir; /* the toolchain's */
	const char *triple;
	char *sysroot;	 /* TRIPLE/sysroot */
	char *libraries; /* TRIPLE/sysroot/usr/lib */
	char *gcc;	 /* libexec/lib/gcc-cross/TRIPLE/12 */
	char *host;	 /* libexec/lib/x86_64-linux-gnu: of the building machine */
};

static void tree_release(struct tree *t)
{
	if (t->dir >= 0)
		close(t->dir);
	free(t->sysroot);
	free(t->libraries);
	free(t->gcc);
	free(t->host);
}

/* A formatted path relative to the folder. */
#define pathf(...)                                                \
	({                                                        \
		char *path_;                                      \
		asprintf(&path_, __VA_ARGS__) < 0 ? NULL : path_; \
	})

static int move(const struct tree *t, const char *from, const char *to)
{
	if (!from || !to)
		return -ENOMEM;
	return renameat(t->dir, from, t->dir, to) < 0 ? -errno : 0;
}

/* What the pattern (relative to the folder) fits; the caller calls globfree, whatever it returns.
 */
static int match(const char *dir, const char *pattern, glob_t *g)
{
	autofree char *full = places_join(dir, pattern);

	*g = (glob_t){ 0 };
	if (!full)
		return -ENOMEM;
	return glob(full, 0, NULL, g) == 0 ? 0 : -ENOENT;
}

/* The one path that the pattern fits, relative to the folder too. */
static int find(const char *dir, const char *pattern, char **ret)
{
	glob_t g;
	int r = match(dir, pattern, &g);

	if (r == 0 && g.gl_pathc != 1)
		r = -ENOENT;
	if (r == 0 && !(*ret = strdup(g.gl_pathv[0] + strlen(dir) + 1)))
		r = -ENOMEM;
	globfree(&g);
	return r;
}

/* The one folder that has all that the pattern fits. */
static int find_folder(const char *dir, const char *pattern, char **ret)
{
	glob_t g;
	int r = match(dir, pattern, &g);

	if (r == 0) {
		const char *first = g.gl_pathv[0] + strlen(dir) + 1;
		const char *last = g.gl_pathv[g.gl_pathc - 1] + strlen(dir) + 1;
		size_t n = strrchr(first, '/') - first;

		if (strncmp(first, last, n + 1) != 0 || strchr(last + n + 1, '/'))
			r = -ENOENT;
		else if (!(*ret = strndup(first, n)))
			r = -ENOMEM;
	}
	globfree(&g);
	return r;
}

/* ---- the C library's half, and the compiler's ---- */

static int split(struct tree *t, const char *raw)
{
	autofree char *usr = pathf("%s/usr", raw);
	autofree char *own = pathf("libexec/%s", t->triple);
	autofree char *include = pathf("%s/include", own);
	autofree char *lib = pathf("%s/lib", own);
	autofree char *usr_of_sysroot = pathf("%s/usr", t->sysroot);
	autofree char *include_of_sysroot = pathf("%s/include", usr_of_sysroot);
	autofree char *cxx_there = pathf("%s/c++", include_of_sysroot);
	autofree char *cxx = pathf("%s/c++", include);
	int r = usr_of_sysroot ? io_mkdir_p(t->dir, usr_of_sysroot, 0755) : -ENOMEM;

	if (r == 0)
		r = move(t, usr, "libexec");
	if (r == 0)
		r = io_remove_tree(t->dir, "libexec/share");
	if (r == 0)
		r = move(t, lib, t->libraries);
	if (r == 0)
		r = move(t, include, include_of_sysroot);
	if (r == 0)
		r = io_mkdir_p(t->dir, include, 0755);
	return r == 0 ? move(t, cxx_there, cxx) : r;
}

static int link_folders(const struct tree *t)
{
	autofree char *lib = pathf("%s/lib", t->sysroot);
	autofree char *lib64 = pathf("%s/lib64", t->sysroot);
	autofree char *usr_lib64 = pathf("%s/usr/lib64", t->sysroot);

	if (!lib || !lib64 || !usr_lib64)
		return -ENOMEM;
	if (symlinkat("usr/lib", t->dir, lib) < 0)
		return -errno;
	if (!strstr(t->triple, "64-"))
		return 0;
	return symlinkat("usr/lib", t->dir, lib64) < 0 || symlinkat("lib", t->dir, usr_lib64) < 0
		       ? -errno
		       : 0;
}

/* ---- what is linked with ---- */

/* Nobody sees it before the whole toolchain is there. */
static int write_file(int dir, const char *name, mode_t mode, const char *text)
{
	autofd int fd = -1;

	if (unlinkat(dir, name, 0) < 0 && errno != ENOENT)
		return -errno;
	fd = openat(dir, name, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, mode);
	return fd < 0 ? -errno : io_write_all(fd, text, strlen(text));
}

/* In the scripts of the linker: names as they are in the sysroot, which ld puts before them. */
static int mend_script(const struct tree *t, int libraries, const char *name)
{
	autofree char *text = NULL;
	autofree char *wrong = pathf("/usr/%s/lib/", t->triple);
	autostrv struct strv parts = { 0 };
	autofree char *right = NULL;
	const char *from, *at;
	size_t len;
	int r = io_read_file(libraries, name, SCRIPT_MAX, &text, &len);

	if (r < 0 || strncmp(text, SCRIPT, strlen(SCRIPT)) != 0)
		return r == -EFBIG ? 0 : r;
	if (!wrong)
		return -ENOMEM;
	for (from = text; (at = strstr(from, wrong)); from = at + strlen(wrong))
		if (strv_addn(&parts, from, at - from) < 0 || strv_add(&parts, "/usr/lib/") < 0)
			return -ENOMEM;
	if (!parts.n)
		return 0;
	right = strv_add(&parts, from) < 0 ? NULL : strv_join(&parts, "");
	return right ? write_file(libraries, name, 0644, right) : -ENOMEM;
}

static int mend_scripts(const struct tree *t)
{
	autofd int fd = io_open_dir(t->dir, t->libraries);
	autodir DIR *d = fd < 0 ? NULL : fdopendir(dup(fd));
	struct dirent *e;
	struct stat st;
	int r = d ? 0 : fd < 0 ? fd : -errno;

	while (r == 0 && (errno = 0, e = readdir(d)))
		if (fstatat(fd, e->d_name, &st, AT_SYMLINK_NOFOLLOW) == 0 && S_ISREG(st.st_mode) &&
		    st.st_size < SCRIPT_MAX)
			r = mend_script(t, fd, e->d_name);
	return r == 0 && errno ? -errno : r;
}

/* gcc's own folder has libNAME.so for its run time, which leads to where the library no longer is,
 * and beside it libNAME.a, which gcc would then link without a word. Both go to the library. */
static int bring_runtime(int gcc, int libraries, const char *name)
{
	autofree char *target = NULL;
	autofree char *archive = pathf("%.*s.a", (int)(strlen(name) - 3), name);
	autofd int fd = openat(gcc, name, O_PATH | O_NOFOLLOW | O_CLOEXEC);
	const char *base;
	int r = fd < 0 ? -errno : io_readlink(fd, &target);

	if (r < 0 || !archive)
		return r < 0 ? r : -ENOMEM;
	base = strrchr(target, '/') ? strrchr(target, '/') + 1 : target;
	if (faccessat(libraries, base, F_OK, 0) < 0)
		return 0;
	if (unlinkat(gcc, name, 0) < 0 || symlinkat(base, libraries, name) < 0)
		return -errno;
	return renameat(gcc, archive, libraries, archive) < 0 && errno != ENOENT ? -errno : 0;
}

static int bring_runtimes(const struct tree *t)
{
	autofd int gcc = io_open_dir(t->dir, t->gcc);
	autofd int libraries = io_open_dir(t->dir, t->libraries);
	autodir DIR *d = gcc < 0 ? NULL : fdopendir(dup(gcc));
	autostrv struct strv names = { 0 };
	struct dirent *e;
	int r = d && libraries >= 0 ? 0 : -ENOENT;

	while (r == 0 && (errno = 0, e = readdir(d))) {
		size_t n = strlen(e->d_name);

		if (e->d_type == DT_LNK && n > 3 && strcmp(e->d_name + n - 3, ".so") == 0)
			r = strv_add(&names, e->d_name);
	}
	if (r == 0 && errno)
		r = -errno;
	strv_foreach (name, &names)
		if (r == 0)
			r = bring_runtime(gcc, libraries, *name);
	return r;
}

/* ---- what is started ---- */

/* Compilers and linkers, also those with a version at their end. */
static bool takes_sysroot(const char *tool)
{
	static const char *const tools[] = { "gcc", "g++",    "cpp",	"gfortran",
					     "ld",  "ld.bfd", "ld.gold" };

	for (size_t i = 0; i < ARRAY_SIZE(tools); i++) {
		size_t n = strlen(tools[i]);

		if (strncmp(tool, tools[i], n) == 0 &&
		    (!tool[n] || (tool[n] == '-' && tool[n + 1] >= '0' && tool[n + 1] <= '9')))
			return true;
	}
	return false;
}

/* DIR/NAME, from which the toolchain's folder is `up`, starts libexec/bin/PROGRAM. */
static int write_script(const struct tree *t, int dir, const char *name, const char *up,
			const char *program)
{
	const char *tool = program + strlen(t->triple) + 1;
	struct text script = { 0 };
	autofree char *text = NULL;

	text_add(&script,
		 "#!/bin/sh\n"
		 "# %s of Debian's, with its libraries%s\n"
		 "d=${0%%/*}/%s\n"
		 "test -d \"$d/libexec\" || d=$(dirname \"$(readlink -f \"$0\")\")/%s\n"
		 "LD_LIBRARY_PATH=$d/%s exec \"$d/libexec/bin/%s\"",
		 program, takes_sysroot(tool) ? " and its sysroot" : "", up, up, t->host, program);
	if (takes_sysroot(tool))
		text_add(&script, " --sysroot=\"$d/%s\"", t->sysroot);
	text_add(&script, " \"$@\"\n");
	text = text_finish(&script);
	return text ? write_file(dir, name, 0755, text) : -ENOMEM;
}

static int list_programs(const struct tree *t, struct strv *names)
{
	autofd int fd = io_open_dir(t->dir, "libexec/bin");
	autodir DIR *d = fd < 0 ? NULL : fdopendir(dup(fd));
	size_t n = strlen(t->triple);
	struct dirent *e;
	int r = d ? 0 : fd < 0 ? fd : -errno;

	while (r == 0 && (errno = 0, e = readdir(d)))
		if (strncmp(e->d_name, t->triple, n) == 0 && e->d_name[n] == '-')
			r = strv_add(names, e->d_name);
	return r == 0 && errno ? -errno : r;
}

/* T-gcc-12 is T-gcc as well, where that is not another program. */
static int write_programs(const struct tree *t)
{
	const char *version = strrchr(t->gcc, '/') + 1;
	autostrv struct strv names = { 0 };
	autofd int bin = -1;
	int r = list_programs(t, &names);

	if (r == 0)
		r = io_mkdir_p(t->dir, "bin", 0755);
	bin = r == 0 ? io_open_dir(t->dir, "bin") : r;
	if (bin < 0)
		return bin;
	strv_foreach (name, &names) {
		size_t n = strlen(*name), m = strlen(version);
		autofree char *usual = n > m && strcmp(*name + n - m, version) == 0
					       ? strndup(*name, n - m - 1)
					       : NULL;

		if (r == 0)
			r = write_script(t, bin, *name, "..", *name);
		if (r == 0 && usual && !strv_has(&names, usual))
			r = write_script(t, bin, usual, "..", *name);
	}
	return r;
}

/* gcc looks for as and ld in TRIPLE/bin, where they go without their triple. */
static int write_tools(const struct tree *t)
{
	autofree char *tools = pathf("libexec/%s/bin", t->triple);
	autofd int fd = tools ? io_open_dir(t->dir, tools) : -ENOMEM;
	autodir DIR *d = fd < 0 ? NULL : fdopendir(dup(fd));
	autostrv struct strv names = { 0 };
	struct dirent *e;
	int r = d ? 0 : fd < 0 ? fd : -errno;

	while (r == 0 && (errno = 0, e = readdir(d)))
		if (*e->d_name != '.')
			r = strv_add(&names, e->d_name);
	if (r == 0 && errno)
		r = -errno;
	strv_foreach (name, &names) {
		autofree char *program = pathf("%s-%s", t->triple, *name);

		if (r == 0)
			r = program ? write_script(t, fd, *name, "../../..", program) : -ENOMEM;
	}
	return r;
}

int debiantree_compose(const char *dir, const char *raw, const char *triple, char **why)
{
	cleanup(tree_release) struct tree t = {
		.dir = io_open_dir(AT_FDCWD, dir),
		.triple = triple,
	};
	autofree char *gcc = pathf("libexec/lib/gcc-cross/%s/*", triple);
	int r;

	t.sysroot = pathf("%s/sysroot", triple);
	t.libraries = pathf("%s/sysroot/usr/lib", triple);
	r = t.sysroot && t.libraries && gcc ? 0 : -ENOMEM;
	if (t.dir < 0)
		r = t.dir;
	if (r == 0)
		r = split(&t, raw);
	if (r == 0)
		r = find(dir, gcc, &t.gcc);
	if (r == 0)
		r = find_folder(dir, "libexec/lib/*/libbfd-*.so", &t.host);
	if (r == 0)
		r = link_folders(&t);
	if (r == 0)
		r = mend_scripts(&t);
	if (r == 0)
		r = bring_runtimes(&t);
	if (r == 0)
		r = write_programs(&t);
	if (r == 0)
		r = write_tools(&t);
	if (r == 0)
		r = io_remove_tree(t.dir, raw);
	return r < 0 ? why_errno(why, r, "the packages do not have what makes a toolchain for '%s'",
				 triple)
		     : 0;
}
