// SPDX-License-Identifier: GPL-2.0-or-later
#include "builder/phase.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/utsname.h>

#include "builder/crossfiles.h"
#include "fs/base/cleanup.h"

/* "aarch64-unknown-linux-gnu" without its second of four parts. */
static char *without_vendor(const char *triple)
{
	const char *first = strchr(triple, '-');
	const char *second = first ? strchr(first + 1, '-') : NULL;
	char *s;

	if (!second || !strchr(second + 1, '-'))
		return strdup(triple);
	return asprintf(&s, "%.*s%s", (int)(first - triple), triple, second) < 0 ? NULL : s;
}

static int add_host(const struct board *b, const struct toolchain *t, struct strv *env)
{
	autofree char *short_triple = without_vendor(t->triple);
	struct utsname machine = { 0 };
	int r;

	if (!short_triple)
		return -ENOMEM;
	uname(&machine);
	r = strv_addf(env, "HOST_ARCH=%.*s", (int)strcspn(t->triple, "-"), t->triple);
	if (r == 0)
		r = strv_addf(env, "HOST_TRIPLE=%s", t->triple);
	if (r == 0)
		r = strv_addf(env, "HOST_TRIPLE_NO_VENDOR=%s", short_triple);
	if (r == 0)
		r = strv_addf(env, "HOST_TRIPLE_LIB_DIR=%s", b->libdir);
	if (r == 0)
		r = strv_addf(env, "HOST_BITNESS=%d", t->bits);
	if (r == 0)
		r = strv_addf(env, "HOST_CPU=%s", b->cpu);
	if (r == 0)
		r = strv_addf(env, "HOST_CFLAGS=%s", b->cflags);
	if (r == 0)
		r = strv_addf(env, "HOST_LDFLAGS=%s", b->ldflags);
	return r == 0 ? strv_addf(env, "BUILD_TRIPLE=%s-linux-gnu", machine.machine) : r;
}

/* __DATE__ is SOURCE_DATE_EPOCH's since gcc 7; before that, a file says what it is. */
char *phase_date_words(const struct toolchain *t, const struct phase_folders *f)
{
	char *words;

	if (atoi(t->version) >= 7)
		return strdup("");
	return asprintf(&words, " -Wno-builtin-macro-redefined -imacros %s/" PHASE_DATES, f->work) <
			       0
		       ? NULL
		       : words;
}

/* The compilers bring the paths of the sysroot with them, so that they are there whatever a
 * makefile does with CFLAGS, and so that the flags, which packages write into what they install
 * (.pc, .la,
 * *-config), name no path of this machine. */
static int add_tools(const struct board *b, const struct toolchain *t,
		     const struct phase_folders *f, struct strv *env)
{
	static const char *const compilers[][2] = { { "CC", "gcc" }, { "CXX", "g++" } };
	autofree char *dates = phase_date_words(t, f);
	int r = dates ? strv_addf(env, "CPP=%sgcc -E --sysroot=" PHASE_SYSROOT, t->cross) : -ENOMEM;

	for (size_t i = 0; i < ARRAY_SIZE(compilers) && r == 0; i++)
		r = strv_addf(env,
			      "%s=%s%s --sysroot=" PHASE_SYSROOT " -Wl,-rpath-link," PHASE_SYSROOT
			      "%s/%s%s",
			      compilers[i][0], t->cross, compilers[i][1], b->prefix, b->libdir,
			      dates);
	for (size_t i = 0; cross_tools[i][0] && r == 0; i++)
		r = strv_addf(env, "%s=%s%s", cross_tools[i][0], t->cross, cross_tools[i][1]);
	return r;
}

/* gcc does not look into /usr/local/include of a sysroot by itself; ld does look into the lib
 * beside it. "=" stands for the sysroot. */
static int add_flags(const struct board *b, struct strv *env)
{
	bool usual = strcmp(b->prefix, "/usr") == 0;
	bool searched =
		(usual || strcmp(b->prefix, "/usr/local") == 0) && strcmp(b->libdir, "lib") == 0;
	const char *space = *b->cflags ? " " : "";
	int r = strv_addf(env, "CFLAGS=-O2%s%s", space, b->cflags);

	if (r == 0)
		r = strv_addf(env, "CXXFLAGS=-O2%s%s", space, b->cflags);
	if (r == 0)
		r = strv_addf(env, "CPPFLAGS=%s%s%s",
			      usual ? "" : "-isystem =", usual ? "" : b->prefix,
			      usual ? "" : "/include");
	if (r < 0)
		return r;
	if (searched)
		return strv_addf(env, "LDFLAGS=%s", b->ldflags);
	return strv_addf(env, "LDFLAGS=-L=%s/%s%s%s", b->prefix, b->libdir, *b->ldflags ? " " : "",
			 b->ldflags);
}

static int add_pkg_config(const struct board *b, struct strv *env)
{
	int r = strv_add(env, "PKG_CONFIG=pkg-config");

	if (r == 0)
		r = strv_add(env, "PKG_CONFIG_SYSROOT_DIR=" PHASE_SYSROOT);
	if (r < 0)
		return r;
	return strv_addf(env,
			 "PKG_CONFIG_LIBDIR=" PHASE_SYSROOT "%s/%s/pkgconfig:" PHASE_SYSROOT
			 "%s/share/pkgconfig:" PHASE_SYSROOT "/usr/lib/pkgconfig:" PHASE_SYSROOT
			 "/usr/share/pkgconfig",
			 b->prefix, b->libdir, b->prefix);
}

static int add_folders(const struct recipe *recipe, const struct board *b,
		       const struct phase_folders *f, struct strv *env)
{
	int r = strv_add(env, "SYSROOT=" PHASE_SYSROOT);

	if (r == 0)
		r = strv_add(env, "DESTDIR=" PHASE_SYSROOT);
	if (r == 0)
		r = strv_addf(env, "PREFIX=%s", b->prefix);
	if (r == 0)
		r = strv_addf(env, "SOURCE_DIR=%s", f->src);
	if (r == 0)
		r = strv_addf(env, "BUILD_DIR=%s", recipe->in_tree ? f->src : f->build);
	if (r == 0)
		r = strv_addf(env, "RECIPE_DIR=%s", f->recipe);
	if (r == 0)
		r = strv_addf(env, "CONFIG_SITE=%s/config.site", f->work);
	return r;
}

int phase_environment(const struct phase_plan *p, struct strv *env)
{
	const struct phase_folders *folders = p->inside;
	const struct toolchain *toolchain = p->toolchain;
	const struct recipe *recipe = p->recipe;
	const struct board *board = p->board;
	const char *first = p->launcher ? p->launcher : "";
	int r = strv_addf(env, "PATH=%s%s%s/bin:/usr/bin:/bin:/usr/sbin:/sbin", first,
			  *first ? ":" : "", folders->toolchain);

	if (r == 0)
		r = strv_addf(env, "HOME=%s/tmp", folders->work);
	if (r == 0)
		r = strv_addf(env, "TMPDIR=%s/tmp", folders->work);
	if (r == 0)
		r = strv_add(env, "LC_ALL=C");
	if (r == 0)
		r = strv_add(env, "TZ=UTC");
	if (r == 0)
		r = strv_add(env, "TERM=dumb");
	if (r == 0)
		r = strv_addf(env, "SOURCE_DATE_EPOCH=%lld", p->epoch);
	if (r == 0)
		r = strv_addf(env, "JOBS=%d", p->jobs);
	if (r == 0)
		r = add_host(board, toolchain, env);
	if (r == 0)
		r = add_folders(recipe, board, folders, env);
	if (r == 0)
		r = add_tools(board, toolchain, folders, env);
	if (r == 0)
		r = add_flags(board, env);
	if (r == 0)
		r = add_pkg_config(board, env);
	if (r == 0)
		r = strv_addf(env, "CMAKE_TOOLCHAIN_FILE=%s/" PHASE_CMAKE, folders->work);
	if (r == 0)
		r = strv_addf(env, "MESON_CROSS_FILE=%s/" PHASE_MESON, folders->work);
	strv_foreach (setting, &recipe->env)
		if (r == 0)
			r = strv_add(env, *setting);
	return r;
}
