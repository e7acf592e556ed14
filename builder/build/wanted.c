// SPDX-License-Identifier: GPL-2.0-or-later
#include "builder/build/wanted.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "builder/base/why.h"
#include "builder/recipe/recipe_options.h"
#include "fs/base/cleanup.h"
#include "fs/base/log.h"

/* What the command line chooses comes behind what the board does. */
static int choose(struct request *q, const char *choice)
{
	struct strv *words = &q->board.target.board->words;
	size_t from = words->n;

	if (strchr(choice, '.')) {
		strv_add(words, choice);
	} else {
		for (char *const *package = q->want.packages; *package; package++)
			strv_addf(words, "%s.%s", *package, choice);
	}
	if (strv_error(words) < 0)
		return log_errno(-ENOMEM, "cannot plan");
	return from == words->n || recipe_option_is_choice(words->v[from])
		       ? 0
		       : log_error("'%s' chooses nothing: an option is chosen by OPTION=yes or "
				   "OPTION=no",
				   choice);
}

static int choose_all(struct request *q)
{
	int r = 0;

	for (size_t i = 0; q->want.choices && i < q->want.choices->n && r == 0; i++)
		r = choose(q, q->want.choices->v[i]);
	return r;
}

/* Whether a builder has made it, and it needs one of `wanted`. */
static bool needs_one(const struct installed *installed, const char *package,
		      const struct strv *wanted)
{
	const char *key = installed_key(installed, package);
	const char *needs = key && *key ? installed_needs(installed, package) : NULL;
	autostrv struct strv names = { 0 };

	strv_split(&names, needs ? needs : "", " ");
	strv_foreach (name, &names)
		if (strv_has(wanted, *name))
			return true;
	return false;
}

/* Those that need one, and those that need these, until there is no other. */
static int add_dependents(struct request *q)
{
	struct installed installed = { 0 };
	const char *where = target_where(&q->board.target);
	char *why = NULL;
	int r = where ? installed_read(&installed, q->want.places, where, &why) : 0;
	size_t before;

	do {
		before = q->wanted.n;
		strv_foreach (name, &installed.names)
			if (!strv_has(&q->wanted, *name) &&
			    needs_one(&installed, *name, &q->wanted))
				strv_add(&q->wanted, *name);
	} while (q->wanted.n > before);
	installed_release(&installed);
	return r < 0 ? why_log(why, r) : 0;
}

int wanted_find(struct request *q)
{
	int r = choose_all(q);

	for (char *const *name = q->want.packages; *name; name++)
		strv_add(&q->wanted, *name);
	if (r == 0 && q->want.rdeps)
		r = add_dependents(q);
	if (r == 0 && strv_error(&q->wanted) < 0)
		r = log_errno(-ENOMEM, "cannot plan");
	return r;
}
