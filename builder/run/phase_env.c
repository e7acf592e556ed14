// SPDX-License-Identifier: GPL-2.0-or-later
#include "builder/run/phase.h"

#include <errno.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/utsname.h>

#include "builder/base/times.h"
#include "builder/box/hostprograms.h"
#include "builder/cross/crossfiles.h"
#include "fs/base/cleanup.h"
#include "fs/base/text.h"

/* "aarch64-unknown-linux-gnu" without its second of four parts. */
static char *without_vendor(const char *triple)
{
	const char *first = strchr(triple, '-');
	const char *second = first ? strchr(first + 1, '-') : NULL;
	if (!second || !strchr(second + 1, '-'))
		return strdup(triple);
	return text_of("%.*s%s", (int)(first - triple), triple, second);
}

static int add_host(const struct board *b, const struct toolchain *t, struct strv *env)
{
	autofree char *short_triple = without_vendor(t->triple);
	struct utsname machine = { 0 };

	if (!short_triple)
		return -ENOMEM;
	uname(&machine);
	strv_addf(env, "HOST_ARCH=%.*s", (int)strcspn(t->triple, "-"), t->triple);
	strv_addf(env, "HOST_TRIPLE_NO_VENDOR=%s", short_triple);
	strv_addf(env, "HOST_TRIPLE_LIB_DIR=%s", b->libdir);
	strv_addf(env, "HOST_BITNESS=%d", t->bits);
	strv_addf(env, "HOST_CPU=%s", b->cpu);
	strv_addf(env, "HOST_CFLAGS=%s", b->cflags);
	strv_addf(env, "HOST_LDFLAGS=%s", b->ldflags);
	return strv_addf(env, "BUILD_TRIPLE=%s-linux-gnu", machine.machine);
}

/* __DATE__ is SOURCE_DATE_EPOCH's since gcc 7; before that, a file says what it is. __FILE__ may be
 * told to leave the work folder out since gcc 8. */
char *phase_macro_words(const struct toolchain *t, const struct box_folders *f)
{
	int version = atoi(t->version);

	if (version < 7)
		return text_of(" -Wno-builtin-macro-redefined -imacros %s/" PHASE_DATES, f->work);
	return version < 8 ? strdup("") : text_of(" -fmacro-prefix-map=%s=.", f->work);
}

char *phase_source(const struct recipe *recipe, const struct box_folders *f)
{
	return recipe->subdir ? places_join(f->src, recipe->subdir) : strdup(f->src);
}

static int add_folders(const struct recipe *recipe, const struct board *b,
		       const struct box_folders *f, struct strv *env)
{
	autofree char *src = phase_source(recipe, f);

	if (!src)
		return -ENOMEM;
	strv_add(env, "DESTDIR=" PHASE_SYSROOT);
	strv_addf(env, "PREFIX=%s", b->prefix);
	strv_addf(env, "SOURCE_DIR=%s", src);
	strv_addf(env, "BUILD_DIR=%s", recipe->in_tree ? src : f->build);
	strv_addf(env, "RECIPE_DIR=%s", f->recipe);
	strv_addf(env, "CONFIG_SITE=%s/config.site", f->work);
	return strv_error(env);
}

static char **find_variable(const struct strv *env, const char *name, size_t len)
{
	strv_foreach (setting, env)
		if (strncmp(*setting, name, len) == 0 && (*setting)[len] == '=')
			return setting;
	return NULL;
}

/* With the values of variables for their names; the caller frees. NULL: no memory. */
static char *expand(const struct strv *env, const char *value)
{
	autostrv struct strv parts = { 0 };
	const char *at;

	while ((at = strchr(value, '$'))) {
		const char *name;
		size_t len, n = recipe_variable(at, &name, &len);
		char **found = len ? find_variable(env, name, len) : NULL;

		if (strv_addn(&parts, value, at - value + (n == 0 || len == 0)) < 0 ||
		    (found && strv_add(&parts, *found + len + 1) < 0))
			return NULL;
		value = at + (n ? n : 1);
	}
	return strv_add(&parts, value) < 0 ? NULL : strv_join(&parts, "");
}

static int set_variable(struct strv *env, const char *name, size_t len, bool add, const char *value)
{
	char **found = find_variable(env, name, len), *setting;

	if (!found)
		return strv_addf(env, "%.*s=%s", (int)len, name, value);
	setting = add && (*found)[len + 1] ? text_of("%s %s", *found, value)
					   : text_of("%.*s=%s", (int)len, name, value);
	if (!setting)
		return -ENOMEM;
	free(*found);
	*found = setting;
	return 0;
}

/* The recipe's own. All are made of what there is without them. */
/* For others, another Python on the board is no other build. */
static int add_python(const struct phase_plan *p, struct strv *env)
{
	if (p->recipe->system != RECIPE_PYTHON)
		return 0;
	if (p->target->board->python)
		strv_addf(env, "HOST_PYTHON=%s", p->target->board->python);
	return strv_addf(env, "BOARD_PYTHON=%s/" PHASE_PYTHON, p->inside->work);
}

static int add_own(const struct recipe *recipe, struct strv *env)
{
	autostrv struct strv values = { 0 };
	int r = 0;

	strv_foreach (setting, &recipe->env) {
		autofree char *value = expand(env, strchr(*setting, '=') + 1);

		if (!value || strv_add(&values, value) < 0)
			return -ENOMEM;
	}
	for (size_t i = 0; i < recipe->env.n && r == 0; i++) {
		const char *name = recipe->env.v[i];
		size_t len = strcspn(name, "+=");

		r = set_variable(env, name, len, name[len] == '+', values.v[i]);
	}
	return r;
}

int phase_environment(const struct phase_plan *p, struct strv *env)
{
	const struct box_folders *folders = p->inside;
	const struct toolchain *toolchain = &p->target->toolchain;
	const struct recipe *recipe = p->recipe;
	const struct board *board = p->target->board;
	const struct cross cross = { .target = p->target, .sysroot = PHASE_SYSROOT };
	const char *native = folders->native;
	int r;

	strv_addf(env, "PATH=%s/" PHASE_BIN ":%s%s%s/bin:" HOSTPROGRAMS_PATH, folders->work,
		  native ? native : "", native ? "/bin:" : "", folders->toolchain);
	if (native)
		strv_addf(env, "NATIVE_PREFIX=%s", native);
	strv_addf(env, "HOME=%s/tmp", folders->work);
	strv_addf(env, "TMPDIR=%s/tmp", folders->work);
	strv_add(env, "LC_ALL=C");
	strv_add(env, "TZ=UTC");
	strv_add(env, "TERM=dumb");
	strv_addf(env, "SOURCE_DATE_EPOCH=%jd", (intmax_t)times_epoch(p->epoch));
	strv_addf(env, "JOBS=%d", p->jobs);
	r = add_host(board, toolchain, env);
	if (r == 0)
		r = add_folders(recipe, board, folders, env);
	if (r == 0)
		r = cross_variables(&cross, env);
	strv_add(env, "PKG_CONFIG=pkg-config");
	strv_addf(env, "CMAKE_TOOLCHAIN_FILE=%s/" PHASE_CMAKE, folders->work);
	strv_addf(env, "MESON_CROSS_FILE=%s/" PHASE_MESON, folders->work);
	if (r == 0)
		r = add_python(p, env);
	if (r == 0)
		r = add_own(recipe, env);
	return r == 0 ? strv_error(env) : r;
}
