// SPDX-License-Identifier: GPL-2.0-or-later
#include "builder/target/toolchain.h"

#include <errno.h>
#include <fcntl.h>
#include <glob.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "builder/base/content.h"
#include "builder/base/known.h"
#include "builder/base/why.h"
#include "builder/box/box.h"
#include "builder/source/unpack.h"
#include "builder/target/crosstool.h"
#include "builder/target/debian.h"
#include "builder/target/runtime.h"
#include "builder/target/toolchain_ask.h"
#include "builder/target/toolchain_fetch.h"
#include "builder/target/toolchain_machine.h"
#include "builder/target/toolchain_make.h"
#include "fs/base/cleanup.h"
#include "fs/base/io.h"
#include "fs/base/log.h"
#include "fs/base/text.h"

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
	outer = text_of("%s.outer", aside);
	if (!outer)
		return why_errno(why, -ENOMEM, "%s", aside);
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

struct archived {
	const struct board *board;
	struct source_ways *ways;
};

static int make_of_archive(void *arg, const char *aside, char **why)
{
	const struct archived *a = arg;
	autofree char *archive = NULL;
	int r = toolchain_fetch(a->ways, a->board, &archive, why);

	if (r < 0)
		return r;
	log_note("unpacking the toolchain of %s", a->board->name);
	return unpack_layers(a->board, archive, aside, why);
}

static int have_it(struct toolchain *t, const struct board *board, struct source_ways *ways,
		   char **why)
{
	t->native = board->native;
	if (t->native) {
		t->dir = strdup("/usr");
		return t->dir ? 0 : why_errno(why, -ENOMEM, "%s", board->name);
	}
	if (board->toolchain) {
		t->dir = realpath(board->toolchain, NULL);
		if (!t->dir)
			return why_set(why, -errno, "%s:%u: no toolchain at '%s': %s", board->path,
				       board->toolchain_line, board->toolchain, strerror(errno));
		return 0;
	}
	if (board->crosstool)
		return crosstool_toolchain(board, ways, &t->dir, why);
	if (board->runtime)
		return runtime_toolchain(board, ways, &t->dir, why);
	if (board->debian)
		return debian_toolchain(board, ways, &t->dir, t->lock, why);
	t->dir = text_of("%s/%.16s", ways->places->toolchains, board->sha256);
	if (!t->dir)
		return why_errno(why, -ENOMEM, "%s", board->name);
	return toolchain_make(ways->places, t->dir, make_of_archive,
			      &(struct archived){ board, ways }, why);
}

/* Of the compiler and of its C library, as their files are; NULL: not to be kept. */
static char *what_counts(const struct toolchain *t)
{
	autofd int cc = open(t->cc, O_RDONLY | O_CLOEXEC);
	autofree char *program = cc < 0 ? NULL : known_inode(cc);
	autofree char *library = NULL;
	const char *root = t->native ? "" : t->sysroot;
	autofree char *path = root ? places_join(root, "usr/include/features.h") : NULL;
	autofd int fd = path ? open(path, O_RDONLY | O_CLOEXEC) : -1;

	if (!program || (root && !path))
		return NULL;
	library = fd < 0 ? strdup("") : known_inode(fd);
	return library ? text_of("of %s%s", program, library) : NULL;
}

static struct toolchain_asked how_to_ask(const struct toolchain *t, const char *home,
					 const char *about)
{
	return (struct toolchain_asked){
		.home = home,
		.cc = t->cc,
		.tree = t->dir,
		.sysroot = t->native ? NULL : t->sysroot,
		.about = about,
	};
}

static int ask(const struct toolchain *t, const char *home, const char *about,
	       const char *const *questions, size_t n, struct strv *answers, char **why)
{
	const struct toolchain_asked asked = how_to_ask(t, home, about);

	return toolchain_ask(&asked, questions, n, answers, why);
}

static int check_machine(const struct toolchain *t, const struct board *board, const char *home,
			 char **why)
{
	autofree char *about = what_counts(t);
	const struct toolchain_asked asked = how_to_ask(t, home, about);

	return toolchain_check_machine(t, board, &asked, why);
}

static int ask_macros(struct toolchain *t, const char *home, char **why)
{
	static const char *const question[] = { TOOLCHAIN_MACROS };
	autofree char *about = what_counts(t);
	autostrv struct strv answer = { 0 }, words = { 0 };
	int r = ask(t, home, about, question, 1, &answer, why);
	const char *major = NULL, *minor = "0";

	if (r < 0)
		return r;
	if (strv_split(&words, answer.v[0], " ") < 0)
		return why_errno(why, -ENOMEM, "%s", t->cc);
	for (size_t i = 0; i + 1 < words.n; i += 2) {
		const char *name = words.v[i], *value = words.v[i + 1];

		if (strcmp(name, "__SIZEOF_POINTER__") == 0)
			t->bits = atoi(value) * 8;
		else if (strcmp(name, "__BYTE_ORDER__") == 0)
			t->big_endian = strcmp(value, "__ORDER_BIG_ENDIAN__") == 0;
		else if (strcmp(name, "__GLIBC__") == 0)
			major = value;
		else if (strcmp(name, "__GLIBC_MINOR__") == 0)
			minor = value;
	}
	if (t->bits <= 0)
		return why_set(why, -EINVAL, "'%s' does not say how large a pointer is", t->cc);
	if (major)
		t->glibc = text_of("%s.%s", major, minor);
	return 0;
}

static int find_sysroot(struct toolchain *t, const struct board *board, const char *said,
			char **why)
{
	unsigned line = board->sysroot ? board->sysroot_line : board->toolchain_line;
	struct stat st;
	int r = 0;

	if (!said || !*said || strcmp(said, "/") == 0)
		return why_set(why, -EINVAL,
			       "%s:%u: '%s' has no sysroot of its own (say "
			       "'sysroot = DIR' in [toolchain])",
			       board->path, board->toolchain_line, t->cc);
	t->sysroot = realpath(said, NULL);
	if (!t->sysroot || stat(t->sysroot, &st) < 0)
		r = -errno;
	else if (!S_ISDIR(st.st_mode))
		r = -ENOTDIR;
	return r < 0 ? why_errno(why, r, "%s:%u: cannot use the sysroot '%s'", board->path, line,
				 said)
		     : 0;
}

/* Packages are all that a mount of native ones shows: the rest is the machine's. */
static int make_base(struct toolchain *t, const char *home, const struct board *board, char **why)
{
	autofree char *base = NULL;
	autofree char *prefix = NULL;
	int r;

	base = text_of("%s/%s/base", home, board->name);
	prefix = base ? text_of("%s%s", base, board->prefix) : NULL;
	r = prefix ? io_mkdir_p(AT_FDCWD, prefix, 0755) : -ENOMEM;
	if (r == 0 && !(t->sysroot = realpath(base, NULL)))
		r = -errno;
	return r < 0 ? why_errno(why, r, "cannot make '%s'", base ? base : board->name) : 0;
}

static int ask_names(struct toolchain *t, const struct board *board, const char *home, char **why)
{
	static const char *const questions[] = { "-dumpmachine", "-dumpversion", "-print-sysroot" };
	autofree char *about = what_counts(t);
	autostrv struct strv answers = { 0 };
	size_t n = ARRAY_SIZE(questions) - (board->sysroot || t->native);
	int r = ask(t, home, about, questions, n, &answers, why);

	if (r < 0)
		return r;
	t->triple = strdup(answers.v[0]);
	t->version = strdup(answers.v[1]);
	if (!t->triple || !t->version)
		return why_errno(why, -ENOMEM, "%s", t->cc);
	if (t->native)
		return make_base(t, home, board, why);
	return find_sysroot(t, board, board->sysroot ? board->sysroot : answers.v[2], why);
}

/* The index of the one that all others are links to; n: there is none. */
static size_t the_real_one(char *const *paths, size_t n)
{
	autofree char *real = realpath(paths[0], NULL);
	size_t found = n;

	for (size_t i = 0; i < n; i++) {
		autofree char *other = realpath(paths[i], NULL);

		if (!real || !other || strcmp(real, other) != 0)
			return n;
		if (strcmp(strrchr(real, '/'), strrchr(paths[i], '/')) == 0)
			found = i;
	}
	return found;
}

/* Crosstool-NG gives a compiler a second name, which is a link, when it is asked to. */
static int find_compiler(struct toolchain *t, const struct board *board, char **why)
{
	autofree char *name = NULL;
	autofree char *full = NULL;
	glob_t g = { 0 };
	size_t i = 0;
	int r = 0;

	name = t->native ? strdup("bin/gcc") : text_of("bin/%s-gcc", board->triple ?: "*");
	full = name ? places_join(t->dir, name) : NULL;
	if (!full)
		return why_errno(why, -ENOMEM, "%s", t->dir);
	if (glob(full, 0, NULL, &g) != 0 || g.gl_pathc == 0)
		r = why_set(why, -ENOENT, "there is no '%s' in '%s'", name, t->dir);
	else if (g.gl_pathc > 1 && (i = the_real_one(g.gl_pathv, g.gl_pathc)) == g.gl_pathc)
		r = why_set(why, -EINVAL, "more than one '%s' in '%s' (say which: 'triple = %.*s')",
			    name, t->dir,
			    (int)(strlen(strrchr(g.gl_pathv[0], '/')) - strlen("/-gcc")),
			    strrchr(g.gl_pathv[0], '/') + 1);
	else if (!(t->cc = strdup(g.gl_pathv[i])))
		r = why_errno(why, -ENOMEM, "%s", name);
	globfree(&g);
	return r;
}

/* What is linked with a newer C library does not start with an older one. */
static int check_glibc(const struct toolchain *t, const struct board *board, char **why)
{
	if (!t->glibc || !board->glibc || board->glibc_newer ||
	    strverscmp(t->glibc, board->glibc) <= 0)
		return 0;
	return why_set(
		why, -EINVAL,
		"%s:%u: the toolchain's glibc %s is newer than the Pi's %s, where programs of "
		"it may not start (take another toolchain, or say 'glibc-newer = allow' in "
		"[target])",
		board->path, board->toolchain_line, t->glibc, board->glibc);
}

int toolchain_open(struct toolchain *t, const struct board *board, struct source_ways *ways,
		   char **why)
{
	autofree char *reason = NULL;
	const char *base;
	int r = have_it(t, board, ways, why);

	if (r < 0)
		return r;
	r = find_compiler(t, board, &reason);
	if (r < 0 && t->native)
		return why_set(why, r,
			       "%s:%u: this machine has no compiler ('apt-get install gcc g++')",
			       board->path, board->toolchain_line);
	if (r < 0)
		return why_set(why, r, "%s:%u: this is no toolchain: %s", board->path,
			       board->toolchain_line, reason ? reason : "");
	base = strrchr(t->cc, '/') + 1;
	t->cross = strndup(base, strlen(base) - strlen("gcc"));
	if (!t->cross)
		return why_errno(why, -ENOMEM, "%s", t->cc);
	r = ask_names(t, board, ways->places->home, why);
	if (r == 0)
		r = ask_macros(t, ways->places->home, why);
	if (r == 0)
		r = check_machine(t, board, ways->places->home, why);
	return r == 0 ? check_glibc(t, board, why) : r;
}

/* Add the sha256 of the file that the compiler has said, if it lies outside of the folder; one that
 * it does not have is none. */
static int add_elsewhere(const struct toolchain *t, const char *question, const char *said,
			 struct known *known, struct strv *lines, char **why)
{
	autofree char *beside = NULL;
	autofree char *path = NULL;
	autofd int fd = -1;
	char hex[DIGEST_HEX];
	int r;

	if (t->native && *said != '/') /* it is found in PATH */
		beside = text_of("%s/bin/%s", t->dir, said);
	if (beside || *said == '/')
		path = realpath(beside ? beside : said, NULL);
	fd = path && (t->native || !places_is_below(path, t->dir))
		     ? open(path, O_RDONLY | O_CLOEXEC)
		     : -1;
	if (fd < 0)
		return 0;
	r = known_digest(known, fd, hex);
	if (r == 0)
		r = strv_addf(lines, "%s %s", question, hex);
	return r < 0 ? why_errno(why, r, "cannot read '%s'", path) : 0;
}

const char *toolchain_inside(const struct toolchain *t)
{
	return t->native ? t->dir : BOX_TOOLCHAIN;
}

/* Of the machine's own, its parts that are asked for by name have to do: /usr is no compiler's. */
static int hash_folder(const struct toolchain *t, struct known *known, char hex[static DIGEST_HEX],
		       char **why)
{
	autofd int fd = t->native ? open(t->cc, O_RDONLY | O_CLOEXEC) : -1;
	int r;

	if (!t->native)
		r = content_hash(t->dir, known, hex);
	else
		r = fd < 0 ? -errno : known_digest(known, fd, hex);
	return r < 0 ? why_errno(why, r, "cannot read all of '%s'", t->native ? t->cc : t->dir) : 0;
}

int toolchain_identify(struct toolchain *t, struct known *known, char **why)
{
	static const char *const questions[] = {
		"-print-prog-name=cc1",	      "-print-prog-name=cc1plus",
		"-print-prog-name=f951",      "-print-prog-name=collect2",
		"-print-prog-name=as",	      "-print-prog-name=ld",
		"-print-file-name=libc.so.6", "-print-file-name=libgcc.a",
		"-print-file-name=crt1.o",    "-print-file-name=specs",
		"-print-prog-name=lto1",      "-print-file-name=libstdc++.so",
	};
	autostrv struct strv lines = { 0 }, answers = { 0 };
	autofree char *text = NULL;
	char hex[DIGEST_HEX];
	int r = hash_folder(t, known, hex, why);

	if (r < 0)
		return r;
	r = ask(t, known->dir, hex, questions, ARRAY_SIZE(questions), &answers, why);
	if (r < 0)
		return r;
	r = strv_addf(&lines, "%s %s %s", t->triple, t->version, hex);
	for (size_t i = 0; i < ARRAY_SIZE(questions) && r == 0; i++) {
		r = add_elsewhere(t, questions[i], answers.v[i], known, &lines, why);
		if (r < 0)
			return r;
	}
	text = r == 0 ? strv_join(&lines, "\n") : NULL;
	if (!text)
		return why_errno(why, -ENOMEM, "%s", t->cc);
	r = digest_of_data(text, strlen(text), t->identity);
	return r < 0 ? why_errno(why, r, "%s", t->cc) : 0;
}

int toolchain_identify_sysroot(const char *sysroot, const char *mountpoint, struct known *known,
			       char hex[static DIGEST_HEX], char **why)
{
	int r;

	if (mountpoint && places_is_below(sysroot, mountpoint)) {
		strcpy(hex, "under its own mount");
		return 0;
	}
	r = content_hash(sysroot, known, hex);
	return r < 0 ? why_errno(why, r, "cannot read all of '%s'", sysroot) : 0;
}
