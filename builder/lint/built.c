// SPDX-License-Identifier: GPL-2.0-or-later
/* What a build shows: options that nobody knew, packages that were not used, libraries that were
 * and are not said. */
#include <errno.h>
#include <fcntl.h>
#include <fts.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "builder/base/why.h"
#include "builder/lint/lint.h"
#include "fs/base/cleanup.h"
#include "fs/base/io.h"
#include "fs/base/text.h"

enum { LOG_MAX = 16 << 20 };

/* ---- options ---- */

/* Autoconf, at the end: "configure: WARNING: unrecognized options: --a, --with-b". */
static int add_autoconf(const char *line, struct strv *ret)
{
	static const char words[] = "unrecognized options: ";
	const char *at = strstr(line, "WARNING: ");

	at = at ? strstr(at, words) : NULL;
	return at ? strv_split(ret, at + strlen(words), ", ") : 0;
}

/* CMake, at the end: "Manually-specified variables were not used by the project:", an empty line
 * and a variable a line, all indented. */
static int add_cmake(const char *line, int *at, struct strv *ret)
{
	const char *word = line + strspn(line, " ");

	if (strstr(line, "Manually-specified variables were not used by the project")) {
		*at = 1;
		return 0;
	}
	if (*at == 1 && !*word)
		*at = 2;
	else if (*at == 2 && *word && word > line)
		return strv_add(ret, word);
	else
		*at = 0;
	return 0;
}

static int read_unknown(char *log, struct strv *ret)
{
	int at = 0, r = 0;
	char *line;

	while (r == 0 && (line = strsep(&log, "\n"))) {
		r = add_autoconf(line, ret);
		if (r == 0)
			r = add_cmake(line, &at, ret);
	}
	return r;
}

/* Is it among the recipe's own? The usual command says more than every project knows. */
static bool is_own(const struct strv *options, const char *unknown)
{
	size_t n = strlen(unknown);

	strv_foreach (option, options) {
		const char *name = strncmp(*option, "-D", 2) == 0 ? *option + 2 : *option;

		if (strncmp(name, unknown, n) == 0 && strchr("=:", name[n]))
			return true;
	}
	return false;
}

static int find_options(struct lint *l, const struct recipe *recipe)
{
	autostrv struct strv unknown = { 0 }, own = { 0 };
	autofree char *path = NULL;
	autofree char *log = NULL;
	unsigned line = lint_line(recipe, "build", "options");
	int r;

	path = text_of("%s/%s/log/configure.log", l->work, recipe->name);
	if (!path)
		return -ENOMEM;
	if (io_read_file(AT_FDCWD, path, LOG_MAX, &log, NULL) < 0)
		return 0; /* it has no such phase, or its log has gone */
	r = strv_split(&own, recipe->options[PHASE_CONFIGURE], " \t'\"");
	if (r == 0)
		r = read_unknown(log, &unknown);
	strv_sort(&unknown); /* configure says it at its begin and at its end */
	strv_uniq(&unknown);
	strv_foreach (option, &unknown)
		if (r == 0 && is_own(&own, *option))
			r = lint_find(l, recipe->path, line, "configure knows no option '%s'",
				      *option);
	return r;
}

/* ---- needs ---- */

static bool has_word(const char *words, const char *word)
{
	autostrv struct strv all = { 0 };

	return strv_split(&all, words, " ") == 0 && strv_has(&all, word);
}

static int find_unused(struct lint *l, const struct recipe *recipe)
{
	const char *had = installed_needs(l->installed, recipe->name);
	const char *uses = installed_uses(l->installed, recipe->name);
	int r = 0;

	strv_foreach (need, &recipe->needs)
		if (r == 0 && uses && has_word(had, *need) && !has_word(uses, *need))
			r = lint_find(l, recipe->path, recipe->needs_line,
				      "'%s' is not used: nothing of it was read while '%s' was "
				      "built",
				      *need, recipe->name);
	return r;
}

/* Whether a build that needs `needs` sees the package: all that these need, too. 1, 0, -ENOMEM. */
static int is_seen(const struct lint *l, const struct strv *needs, const char *package)
{
	autostrv struct strv seen = { 0 };

	strv_add_all(&seen, needs);
	for (size_t i = 0; i < seen.n; i++) {
		const char *more = installed_needs(l->installed, seen.v[i]);
		autostrv struct strv names = { 0 };

		strv_split(&names, more ? more : "", " ");
		strv_foreach (name, &names)
			if (!strv_has(&seen, *name))
				strv_add(&seen, *name);
		if (strv_error(&names) < 0)
			return -ENOMEM;
	}
	return strv_error(&seen) < 0 ? -ENOMEM : strv_has(&seen, package);
}

/* Of a package that the build could not see, and the sysroot has it as well: it is the sysroot's.
 */
static int is_from_system(const struct lint *l, const struct recipe *recipe, const char *soname,
			  const char *from)
{
	int r = sonames_is_system(l->sonames, soname) ? is_seen(l, &recipe->needs, from) : 1;

	return r < 0 ? r : !r;
}

static int find_one(struct lint *l, const struct recipe *recipe, const char *path,
		    const char *soname, struct strv *said)
{
	const char *from = sonames_find(l->sonames, soname);
	int r;

	if (strv_has(said, soname) ||
	    (from && (!*from || strcmp(from, recipe->name) == 0 || strv_has(&recipe->needs, from))))
		return 0;
	r = from ? is_from_system(l, recipe, soname, from) : 0;
	if (r != 0)
		return r < 0 ? r : 0;
	if (strv_add(said, soname) < 0)
		return -ENOMEM;
	if (!from)
		return lint_find(l, recipe->path, 1,
				 "'/%s' is linked with '%s', which neither a package nor the "
				 "sysroot has",
				 path, soname);
	return lint_find(l, recipe->path, recipe->needs_line,
			 "'/%s' is linked with '%s' of '%s': name it in [needs]", path, soname,
			 from);
}

static int find_undeclared(struct lint *l, const struct recipe *recipe)
{
	autostrv struct strv said = { 0 };
	int r = 0;

	for (size_t i = 0; i < l->sonames->n_uses && r == 0; i++) {
		const struct soname_use *use = &l->sonames->uses[i];

		if (strcmp(use->package, recipe->name) != 0)
			continue;
		strv_foreach (soname, &use->needed)
			if (r == 0)
				r = find_one(l, recipe, use->path, *soname, &said);
	}
	return r;
}

/* ---- programs that run as another user ---- */

static int find_set_id(struct lint *l, const struct recipe *recipe)
{
	autofree char *root = text_of("%s/layers/%s/root", l->installed->state,
				      installed_layer(l->installed, recipe->name));
	char *const roots[] = { root, NULL };
	int r = 0;
	FTSENT *e;
	FTS *f;

	if (!root)
		return -ENOMEM;
	if (!recipe->fixups[FIXUP_SET_ID])
		return 0;
	f = fts_open(roots, FTS_PHYSICAL | FTS_NOCHDIR | FTS_XDEV, NULL);
	if (!f)
		return -errno;
	while (r == 0 && (errno = 0, e = fts_read(f))) {
		const char *what =
			e->fts_info == FTS_F ? fixup_set_id(e->fts_statp->st_mode) : NULL;

		if (what)
			r = lint_find(l, recipe->path, 1,
				      "'/%s' is %s, and staged so: 'set-id = no' in [fix-ups] "
				      "says that it is meant",
				      e->fts_path + strlen(root) + 1, what);
	}
	if (r == 0)
		r = -errno;
	fts_close(f);
	return r;
}

int lint_built(struct lint *l, const struct recipe *recipe, char **why)
{
	int r = find_options(l, recipe);

	if (r == 0)
		r = find_unused(l, recipe);
	if (r == 0)
		r = find_undeclared(l, recipe);
	if (r == 0)
		r = find_set_id(l, recipe);
	return r < 0 ? why_errno(why, r, "%s", recipe->path) : 0;
}
