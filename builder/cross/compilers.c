// SPDX-License-Identifier: GPL-2.0-or-later
#include "builder/cross/compilers.h"

#include <errno.h>
#include <fcntl.h>
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

#define TEXT_MAX (1 << 16)

/* A name, what is started for it, and with which first word. */
static const struct {
	const char *name, *program, *first;
	bool dates; /* understands -imacros */
} kinds[] = {
	{ "gcc", "gcc", NULL, true }, { "g++", "g++", NULL, true },
	{ "cc", "cc", NULL, true },   { "c++", "c++", NULL, true },
	{ "cpp", "gcc", "-E", true }, { "gfortran", "gfortran", NULL, false },
};

static void quote_all(struct text *t, const struct strv *words)
{
	if (strv_error(words) < 0)
		text_fail(t);
	strv_foreach (word, words) {
		text_add(t, " ");
		text_quote_sh(t, *word);
	}
}

/* What is not the board's, and where the word for it may stand. The file gets the line. */
static void add_guard(struct text *t, const char *notes)
{
	text_add(t, "refuse() {\n"
		    "\tlooks=$1; shift\n"
		    "\tprintf '%%s\\n' \"$looks: ${0##*/} $*\" >>");
	text_quote_sh(t, notes);
	text_add(
		t,
		"\n"
		"\techo \"xsysfs: '$looks' is of the machine that builds, not of the board: "
		"${0##*/} $*\" >&2\n"
		"\texit 1\n"
		"}\n"
		"before=\n"
		"for word; do\n"
		"\tpath=$before$word before=\n"
		"\tcase $word in\n"
		"\t-I|-L|-isystem|-idirafter|-iquote) continue ;;\n"
		"\t-o|-MF|-MT|-MQ|-Xlinker|-D|-U) before=$word ;;\n"
		"\tesac\n"
		"\tfor option in -I -L -isystem -idirafter -iquote; do path=${path#$option}; done\n"
		"\tcase $XSYSFS_PHASE:$path/ in\n"
		"\tinstall:*) ;;\n"
		"\t*:/usr/include/*|*:/usr/lib/*|*:/usr/lib32/*|*:/usr/lib64/*|*:/lib/*|*:/lib64/"
		"*)\n"
		"\t\trefuse \"$path\" \"$@\" ;;\n"
		"\tesac\n"
		"done\n");
}

/* What a package says to be in the prefix is on the mount there. */
static void add_prefix(struct text *t, const struct cross *c)
{
	const char *prefix = c->target->board->prefix;

	text_add(t, "root=");
	text_quote_sh(t, cross_root(c));
	text_add(t, "\nbefore=\nfor word; do\n\tshift\n\tcase $before$word in\n");
	text_add(t, "\t-I%s/*|-L%s/*) word=${word%%\"${word#-?}\"}$root${word#-?} ;;\n", prefix,
		 prefix);
	text_add(t, "\t-I=%s/*|-L=%s/*|-isystem=%s/*|-idirafter=%s/*) word=$root$word ;;\n", prefix,
		 prefix, prefix, prefix);
	text_add(t, "\t%s/*.so|%s/*.a) word=", prefix, prefix);
	text_quote_sh(t, c->sysroot);
	text_add(
		t,
		"$word ;;\n\tesac\n"
		"\tcase $word in -I|-L|-isystem|-idirafter) before=$word= ;; -o|-MF|-MT|-MQ|-D|-U) "
		"before=$word ;; *) before= ;; esac\n"
		"\tset -- \"$@\" \"$word\"\ndone\n");
}

/* Who only compiles, or asks the compiler something, has no use for words for the linker, and with
 * -r it would put a build-id where there must be none. */
static void add_words(struct text *t, const struct cross *c)
{
	autostrv struct strv link = { 0 };

	cross_link_words(c, &link);
	text_add(t, "link=yes\ntest $# -gt 1 || link=\nfor word; do\n"
		    "\tcase $word in -c|-S|-E|-r|-Wl,-r|-fsyntax-only) link= ;; esac\ndone\n"
		    "test -z \"$link\" || set -- -Wl,--build-id=sha1 \"$@\"");
	quote_all(t, &link);
	text_add(t, "\n");
}

/* A launcher finds the compiler by its name, further on in PATH. */
static void add_start(struct text *t, const struct cross *c, const char *name, const char *program)
{
	if (c->launcher) {
		text_add(t, "links=");
		text_quote_sh(t, c->launcher);
		text_add(t, "\nif test -x \"$links/%s%s\"; then\n\tPATH=$links:",
			 c->target->toolchain.cross, program);
		text_quote_sh(t, c->tools);
		text_add(t, "/bin:$PATH\n\tprogram=$links/%s%s\nfi\n", c->target->toolchain.cross,
			 program);
	}
	text_add(t, "exec \"$program\"%s%s", *name ? " " : "", name);
}

char *compilers_text(const struct cross *c, const char *name, const char *program,
		     const char *first)
{
	autostrv struct strv words = { 0 };
	struct text t = { 0 };

	cross_search_words(c, &words);
	text_add(&t, "#!/bin/sh\n# %s%s, with what it takes to find what is on the mount\nprogram=",
		 c->target->toolchain.cross, name);
	text_quote_sh(&t, c->tools);
	text_add(&t, "/bin/%s%s\n", c->target->toolchain.cross, program);
	if (c->host_paths)
		add_guard(&t, c->host_paths);
	if (strcmp(c->target->board->prefix, "/usr") != 0)
		add_prefix(&t, c);
	if (!first)
		add_words(&t, c);
	add_start(&t, c, first ? first : "", program);
	if (!c->target->toolchain.native) {
		text_add(&t, " --sysroot=");
		text_quote_sh(&t, c->sysroot);
	}
	text_add(&t, "%s%s \"$@\"", c->extra && *c->extra ? " " : "", c->extra ? c->extra : "");
	quote_all(&t, &words);
	text_add(&t, "\n");
	return text_finish(&t);
}

/* By a rename: somebody may be running it. */
static int write_program(const char *dir, const char *name, const char *wanted)
{
	autofree char *path = places_join(dir, name);
	autofree char *aside = NULL;
	autofree char *there = NULL;
	int r;

	if (!path || !(aside = text_of("%s.%d", path, (int)getpid())))
		return -ENOMEM;
	if (io_read_file(AT_FDCWD, path, TEXT_MAX, &there, NULL) == 0 &&
	    strcmp(there, wanted) == 0 && access(path, X_OK) == 0)
		return 0;
	r = places_scratch(dir, strrchr(aside, '/') + 1, wanted);
	if (r == 0 && (chmod(aside, 0755) < 0 || rename(aside, path) < 0))
		r = -errno;
	return r;
}

static bool toolchain_has(const struct toolchain *t, const char *program)
{
	autofree char *path = NULL;

	path = text_of("%s/bin/%s%s", t->dir, t->cross, program);
	return path && access(path, X_OK) == 0;
}

static int list_one(const struct cross *c, size_t i, struct strv *names, struct strv *texts)
{
	autofree char *text = NULL;
	struct cross own = *c;

	if (!toolchain_has(&c->target->toolchain, kinds[i].program))
		return 0;
	if (!kinds[i].dates)
		own.extra = NULL;
	text = compilers_text(&own, kinds[i].name, kinds[i].program, kinds[i].first);
	if (!text || strv_add(texts, text) < 0)
		return -ENOMEM;
	return strv_addf(names, "%s%s", c->target->toolchain.cross, kinds[i].name);
}

int compilers_list(const struct cross *c, struct strv *names, struct strv *texts)
{
	autofree char *pkg_config = cross_pkg_config(c);
	int r = pkg_config ? 0 : -ENOMEM;

	for (size_t i = 0; i < ARRAY_SIZE(kinds) && r == 0; i++)
		r = list_one(c, i, names, texts);
	if (r == 0)
		r = strv_add(texts, pkg_config);
	return r == 0 ? strv_addf(names, "%spkg-config", c->target->toolchain.cross) : r;
}

int compilers_write(const struct cross *c, const char *dir, char **why)
{
	autostrv struct strv names = { 0 }, texts = { 0 };
	int r = compilers_list(c, &names, &texts);

	if (r == 0)
		r = io_mkdir_p(AT_FDCWD, dir, 0755);
	for (size_t i = 0; i < names.n && r == 0; i++)
		r = write_program(dir, names.v[i], texts.v[i]);
	return r < 0 ? why_errno(why, r, "cannot write the compilers' names to '%s'", dir) : 0;
}
