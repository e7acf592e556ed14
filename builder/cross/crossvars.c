// SPDX-License-Identifier: GPL-2.0-or-later
#include "builder/cross/crossfiles.h"

#include <errno.h>
#include <string.h>

#include "fs/base/cleanup.h"

/* By their names in the folder of compilers.h. FC and F77 also where the toolchain has none: a
 * configure would take the machine's. */
static const char *const compilers[][2] = { { "CC", "gcc" },
					    { "CXX", "g++" },
					    { "CPP", "cpp" },
					    { "FC", "gfortran" },
					    { "F77", "gfortran" } };

static int add_flags(struct strv *env, const struct board *b)
{
	static const char *const names[] = { "CFLAGS", "CXXFLAGS", "FCFLAGS", "FFLAGS" };

	for (size_t i = 0; i < ARRAY_SIZE(names); i++)
		strv_addf(env, "%s=-O2%s%s", names[i], *b->cflags ? " " : "", b->cflags);
	strv_add(env, "CPPFLAGS=");
	return strv_addf(env, "LDFLAGS=%s", b->ldflags);
}

static int add_pkg_config(struct strv *env, const struct cross *c)
{
	autostrv struct strv folders = { 0 };
	autofree char *all = NULL;
	int r = cross_pc_folders(c, &folders);

	if (r == 0 && !(all = strv_join(&folders, ":")))
		r = -ENOMEM;
	if (r == 0)
		r = strv_addf(env, "PKG_CONFIG_SYSROOT_DIR=%s", c->sysroot);
	if (r == 0)
		r = strv_addf(env, "PKG_CONFIG_LIBDIR=%s", all);
	return r == 0 ? strv_add(env, CROSS_PC_RULES "=1") : r;
}

int cross_variables(const struct cross *c, struct strv *env)
{
	const struct toolchain *t = &c->target->toolchain;

	strv_addf(env, "SYSROOT=%s", c->sysroot);
	strv_addf(env, "HOST_TRIPLE=%s", t->triple);
	for (size_t i = 0; i < ARRAY_SIZE(compilers); i++)
		strv_addf(env, "%s=%s%s", compilers[i][0], t->cross, compilers[i][1]);
	for (size_t i = 0; cross_tools[i][0]; i++)
		strv_addf(env, "%s=%s%s", cross_tools[i][0], t->cross, cross_tools[i][1]);
	add_flags(env, c->target->board);
	return add_pkg_config(env, c);
}
