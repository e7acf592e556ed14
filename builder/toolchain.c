// SPDX-License-Identifier: GPL-2.0-or-later
#include "builder/toolchain.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <glob.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#include "builder/known.h"
#include "builder/proc.h"
#include "builder/unpack.h"
#include "builder/why.h"
#include "fs/base/cleanup.h"
#include "fs/base/io.h"
#include "fs/base/log.h"

#define ANSWER_MAX (1 << 20)

void toolchain_release(struct toolchain *t)
{
	free(t->dir);
	free(t->cc);
	free(t->cross);
	free(t->triple);
	free(t->version);
	free(t->sysroot);
	free(t->glibc);
	*t = (struct toolchain){ 0 };
}

/* The one file that `pattern` (relative to `dir`) fits. */
static int find_one(const char *dir, const char *pattern, char **ret, char **why)
{
	autofree char *full = places_join(dir, pattern);
	glob_t g = { 0 };
	int r = 0;

	if (!full)
		return why_errno(why, -ENOMEM, "%s", pattern);
	if (glob(full, 0, NULL, &g) != 0 || g.gl_pathc == 0)
		r = why_set(why, -ENOENT, "there is no '%s' in '%s'", pattern, dir);
	else if (g.gl_pathc > 1)
		r = why_set(why, -EINVAL, "more than one '%s' in '%s'", pattern, dir);
	else if (!(*ret = strdup(g.gl_pathv[0])))
		r = why_errno(why, -ENOMEM, "%s", pattern);
	globfree(&g);
	return r;
}

/* chmod -R a-w, without following links. */
static int make_read_only(int parent, const char *name)
{
	autofd int fd = io_open_dir(parent, name);
	autodir DIR *d = fd < 0 ? NULL : fdopendir(dup(fd));
	struct dirent *e;
	struct stat st;

	if (!d)
		return fd < 0 ? fd : -errno;
	while ((errno = 0, e = readdir(d))) {
		int r = 0;

		if (strcmp(e->d_name, ".") == 0 || strcmp(e->d_name, "..") == 0)
			continue;
		if (fstatat(fd, e->d_name, &st, AT_SYMLINK_NOFOLLOW) < 0)
			return -errno;
		if (S_ISDIR(st.st_mode))
			r = make_read_only(fd, e->d_name);
		else if (S_ISREG(st.st_mode) && fchmodat(fd, e->d_name, st.st_mode & 0555, 0) < 0)
			r = -errno;
		if (r < 0)
			return r;
	}
	if (errno)
		return -errno;
	return fstat(fd, &st) < 0 || fchmod(fd, st.st_mode & 0555) < 0 ? -errno : 0;
}

/* The archive, or the one inside it, as the folder `aside`. */
static int unpack_layers(const struct board *board, const char *archive, const char *aside,
			 char **why)
{
	autofree char *outer = NULL;
	autofree char *inner = NULL;
	autofree char *reason = NULL;
	const char *slash;
	int r;

	if (!board->inner)
		return unpack_archive(archive, aside, NULL, NULL, why);
	if (asprintf(&outer, "%s.outer", aside) < 0) {
		outer = NULL;
		return why_errno(why, -ENOMEM, "%s", aside);
	}
	io_remove_tree(AT_FDCWD, outer);
	r = unpack_archive(archive, outer, NULL, NULL, why);
	if (r < 0)
		return r;
	/* the pattern may name the archive's only folder, which is not kept */
	slash = strchr(board->inner, '/');
	r = find_one(outer, board->inner, &inner, &reason);
	if (r < 0 && slash) {
		free(take_ptr(reason));
		r = find_one(outer, slash + 1, &inner, &reason);
	}
	if (r < 0)
		why_set(why, r, "%s:%u: inner archive: %s", board->path, board->toolchain_line,
			reason ? reason : "");
	else
		r = unpack_archive(inner, aside, NULL, NULL, why);
	io_remove_tree(AT_FDCWD, outer);
	return r;
}

/* One at a time: the second finds what the first has made. A descriptor, or -errno with `*why`. */
static int lock_toolchains(const char *toolchains, char **why)
{
	autofree char *path = places_join(toolchains, ".lock");
	autofd int fd = path ? open(path, O_RDWR | O_CREAT | O_CLOEXEC, 0644) : -1;

	if (fd < 0 || flock(fd, LOCK_EX) < 0)
		return why_errno(why, -errno, "cannot lock '%s'", toolchains);
	return take_fd(&fd);
}

static int unpack_toolchain(const struct board *board, struct source_ways *ways, const char *dir,
			    char **why)
{
	autofd int lock = lock_toolchains(ways->places->toolchains, why);
	autofree char *archive = NULL;
	autofree char *aside = NULL;
	int r;

	if (lock < 0 || access(dir, F_OK) == 0)
		return lock < 0 ? lock : 0;
	r = source_get_toolchain(ways, board, &archive, why);
	if (r < 0)
		return r;
	if (asprintf(&aside, "%s.new", dir) < 0) {
		aside = NULL;
		return why_errno(why, -ENOMEM, "%s", dir);
	}
	io_remove_tree(AT_FDCWD, aside); /* of somebody who was killed */
	log_note("unpacking the toolchain of %s", board->name);
	r = unpack_layers(board, archive, aside, why);
	if (r == 0 && (r = make_read_only(AT_FDCWD, aside)) < 0)
		why_errno(why, r, "cannot make '%s' read-only", aside);
	if (r == 0 && rename(aside, dir) < 0)
		r = why_errno(why, -errno, "cannot rename to '%s'", dir);
	io_remove_tree(AT_FDCWD, aside);
	return r;
}

static int have_it(struct toolchain *t, const struct board *board, struct source_ways *ways,
		   char **why)
{
	if (board->toolchain) {
		t->dir = realpath(board->toolchain, NULL);
		if (!t->dir)
			return why_set(why, -errno, "%s:%u: no toolchain at '%s': %s", board->path,
				       board->toolchain_line, board->toolchain, strerror(errno));
		return 0;
	}
	if (asprintf(&t->dir, "%s/%.16s", ways->places->toolchains, board->sha256) < 0) {
		t->dir = NULL;
		return why_errno(why, -ENOMEM, "%s", board->name);
	}
	return access(t->dir, F_OK) == 0 ? 0 : unpack_toolchain(board, ways, t->dir, why);
}

/* What the compiler prints for one or two arguments, its last line break taken off. */
static int ask(const struct toolchain *t, const char *arg, const char *arg2, char **ret, char **why)
{
	const char *argv[] = { t->cc, arg, arg2, NULL };
	autofree char *words = NULL;
	int status = proc_read(&(struct proc){ .argv = argv }, ANSWER_MAX, ret);
	size_t n;

	if (status < 0)
		return why_errno(why, status, "cannot run '%s'", t->cc);
	if (status != 0) {
		words = proc_words(status);
		return why_set(why, -EINVAL, "'%s %s' failed: %s", t->cc, arg, words ? words : "");
	}
	n = strlen(*ret);
	while (n && (*ret)[n - 1] == '\n')
		(*ret)[--n] = '\0';
	return 0;
}

/* What the preprocessor has defined behind `program`. NULL when it does not like it. */
static char *macros_of(const struct toolchain *t, const char *program)
{
	const char *argv[] = { t->cc, "-dM", "-E", "-x", "c", NULL, "-", NULL };
	autofree char *sysroot = NULL;
	autofree char *macros = NULL;
	autofd int in = memfd_create("ask.c", MFD_CLOEXEC);
	autofd int err = open("/dev/null", O_WRONLY | O_CLOEXEC);

	if (in < 0 || asprintf(&sysroot, "--sysroot=%s", t->sysroot) < 0) {
		sysroot = NULL;
		return NULL;
	}
	argv[5] = sysroot;
	if (io_write_all(in, program, strlen(program)) < 0 || lseek(in, 0, SEEK_SET) < 0 ||
	    proc_read(&(struct proc){ .argv = argv, .in = in, .err = err }, ANSWER_MAX, &macros) !=
		    0)
		return NULL;
	return take_ptr(macros);
}

static int ask_macros(struct toolchain *t, char **why)
{
	autofree char *own = macros_of(t, "");
	autofree char *library = macros_of(t, "#include <features.h>\n");
	int size = 0, major = 0, minor = 0;
	char *line, *rest;

	for (rest = own; (line = strsep(&rest, "\n"));) {
		sscanf(line, "#define __SIZEOF_POINTER__ %d", &size);
		if (strcmp(line, "#define __BYTE_ORDER__ __ORDER_BIG_ENDIAN__") == 0)
			t->big_endian = true;
	}
	for (rest = library; (line = strsep(&rest, "\n"));) {
		sscanf(line, "#define __GLIBC__ %d", &major);
		sscanf(line, "#define __GLIBC_MINOR__ %d", &minor);
	}
	if (size == 0)
		return why_set(why, -EINVAL, "'%s' does not say how large a pointer is", t->cc);
	t->bits = size * 8;
	if (major && asprintf(&t->glibc, "%d.%d", major, minor) < 0)
		t->glibc = NULL;
	return 0;
}

/* Add the sha256 of the file that the compiler answers with; one that it does not have is none. */
static int add_identity(const struct toolchain *t, const char *question, struct known *known,
			struct strv *lines, char **why)
{
	autofree char *sysroot = NULL;
	autofree char *path = NULL;
	autofd int fd = -1;
	char hex[DIGEST_HEX];
	int r;

	if (asprintf(&sysroot, "--sysroot=%s", t->sysroot) < 0) {
		sysroot = NULL;
		return why_errno(why, -ENOMEM, "%s", t->cc);
	}
	r = ask(t, sysroot, question, &path, why);
	if (r < 0)
		return r;
	fd = *path == '/' ? open(path, O_RDONLY | O_CLOEXEC) : -1;
	if (fd < 0)
		return 0;
	r = known_digest(known, fd, hex);
	if (r == 0)
		r = strv_addf(lines, "%s %s", question, hex);
	return r < 0 ? why_errno(why, r, "cannot read '%s'", path) : 0;
}

static int identify(struct toolchain *t, const struct places *places, char **why)
{
	static const char *const questions[] = {
		"-print-prog-name=cc1", "-print-prog-name=cc1plus",   "-print-prog-name=as",
		"-print-prog-name=ld",	"-print-file-name=libc.so.6", "-print-file-name=libgcc.a",
	};
	autostrv struct strv lines = { 0 };
	cleanup(known_close) struct known known;
	autofree char *text = NULL;
	int r = strv_addf(&lines, "%s %s", t->triple, t->version);

	known_open(&known, places->home);
	for (size_t i = 0; i < ARRAY_SIZE(questions) && r == 0; i++) {
		r = add_identity(t, questions[i], &known, &lines, why);
		if (r < 0)
			return r;
	}
	text = r == 0 ? strv_join(&lines, "\n") : NULL;
	if (!text)
		return why_errno(why, -ENOMEM, "%s", t->cc);
	r = digest_of_data(text, strlen(text), t->identity);
	return r < 0 ? why_errno(why, r, "%s", t->cc) : 0;
}

static int find_sysroot(struct toolchain *t, const struct board *board, char **why)
{
	autofree char *said = NULL;
	int r;

	if (board->sysroot)
		said = strdup(board->sysroot);
	else if ((r = ask(t, "-print-sysroot", NULL, &said, why)) < 0)
		return r;
	if (!said || !*said || strcmp(said, "/") == 0)
		return why_set(why, -EINVAL,
			       "%s:%u: '%s' has no sysroot of its own (say "
			       "'sysroot = DIR' in [toolchain])",
			       board->path, board->toolchain_line, t->cc);
	t->sysroot = realpath(said, NULL);
	return t->sysroot ? 0 : why_errno(why, -errno, "no sysroot at '%s'", said);
}

int toolchain_open(struct toolchain *t, const struct board *board, struct source_ways *ways,
		   char **why)
{
	autofree char *reason = NULL;
	const char *base;
	int r = have_it(t, board, ways, why);

	if (r < 0)
		return r;
	r = find_one(t->dir, "bin/*-gcc", &t->cc, &reason);
	if (r < 0)
		return why_set(why, r, "%s:%u: this is no toolchain: %s", board->path,
			       board->toolchain_line, reason ? reason : "");
	base = strrchr(t->cc, '/') + 1;
	t->cross = strndup(base, strlen(base) - strlen("gcc"));
	if (!t->cross)
		return why_errno(why, -ENOMEM, "%s", t->cc);
	r = ask(t, "-dumpmachine", NULL, &t->triple, why);
	if (r == 0)
		r = ask(t, "-dumpversion", NULL, &t->version, why);
	if (r == 0)
		r = find_sysroot(t, board, why);
	if (r == 0)
		r = ask_macros(t, why);
	return r == 0 ? identify(t, ways->places, why) : r;
}
