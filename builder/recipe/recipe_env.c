// SPDX-License-Identifier: GPL-2.0-or-later
#include "builder/recipe/recipe_env.h"

#include <ctype.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "builder/base/ini.h"
#include "builder/base/why.h"
#include "builder/recipe/recipe.h"
#include "fs/base/cleanup.h"
#include "fs/base/near.h"

#define NAME_LETTERS "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789_"

/* What [env] may use of what phases find; the rest is nobody's business. */
const char *const recipe_variables[] = {
	"AR",
	"AS",
	"BUILD_DIR",
	"BUILD_TRIPLE",
	"CC",
	"CFLAGS",
	"CPP",
	"CPPFLAGS",
	"CXX",
	"CXXFLAGS",
	"F77",
	"FC",
	"FCFLAGS",
	"FFLAGS",
	"HOME",
	"HOST_ARCH",
	"HOST_BITNESS",
	"HOST_CFLAGS",
	"HOST_CPU",
	"HOST_LDFLAGS",
	"HOST_TRIPLE",
	"HOST_TRIPLE_LIB_DIR",
	"HOST_TRIPLE_NO_VENDOR",
	"LD",
	"LDFLAGS",
	"NATIVE_PREFIX",
	"NM",
	"OBJCOPY",
	"OBJDUMP",
	"PATH",
	"PREFIX",
	"RANLIB",
	"READELF",
	"RECIPE_DIR",
	"SOURCE_DIR",
	"STRIP",
	"SYSROOT",
	"TMPDIR",
	NULL,
};

size_t recipe_variable(const char *at, const char **name, size_t *len)
{
	bool braces = at[1] == '{';

	*name = at + 1 + braces;
	*len = strspn(*name, NAME_LETTERS);
	if (at[1] == '$')
		return 2;
	if (braces && (*name)[*len] != '}')
		*len = 0;
	return *len ? 1 + *len + 2 * braces : 0;
}

static int check_variables(const struct ini *ini, const struct ini_entry *e, char **why)
{
	for (const char *at = e->value; (at = strchr(at, '$'));) {
		const char *name, *near;
		size_t len, n = recipe_variable(at, &name, &len);
		autofree char *word = strndup(name, len);
		size_t i = 0;

		if (!word)
			return -ENOMEM;
		while (recipe_variables[i] && strcmp(recipe_variables[i], word) != 0)
			i++;
		near = recipe_variables[i] ? NULL : near_word(word, recipe_variables);
		if (n && len && !recipe_variables[i])
			return ini_refuse(why, ini, e->line,
					  "there is no variable '$%s'%s%s%s ('$$' is one "
					  "dollar)",
					  word, near ? ", did you mean '$" : "", near ? near : "",
					  near ? "'?" : "");
		at += n ? n : 1;
	}
	return 0;
}

int recipe_take_settings(const struct ini *ini, const char *section, struct strv *ret, char **why)
{
	bool env = strcmp(section, "env") == 0;

	for (size_t i = 0; i < ini->n; i++) {
		const struct ini_entry *e = &ini->entries[i];
		size_t n = strspn(e->key, NAME_LETTERS);
		int r;

		if (!*e->key || strcmp(e->section, section) != 0)
			continue;
		if (env && n && strcmp(e->key + n, "+") == 0)
			n++;
		if (isdigit((unsigned char)e->key[0]) || e->key[n])
			return ini_refuse(why, ini, e->line, "'%s' is no name for a variable",
					  e->key);
		r = env ? check_variables(ini, e, why) : 0;
		if (r == 0)
			r = strv_addf(ret, "%s=%s", e->key, e->value);
		if (r < 0)
			return r;
	}
	strv_sort(ret);
	return 0;
}
