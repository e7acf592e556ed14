// SPDX-License-Identifier: GPL-2.0-or-later
#include "builder/build/installed.h"

#include <errno.h>
#include <fcntl.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

#include "builder/base/json.h"
#include "builder/base/proc.h"
#include "builder/base/why.h"
#include "fs/base/cleanup.h"
#include "fs/base/io.h"
#include "fs/base/text.h"

#define UNKNOWN	   "?"
#define ANSWER_MAX (64 << 20)
#define STACK_MAX  (4 << 20)
#define COLUMNS	   7

/* What is known of packages: lists side by side. */
static void columns(struct installed *i, struct strv *ret[static COLUMNS])
{
	struct strv *const all[COLUMNS] = { &i->names, &i->versions, &i->keys, &i->layers,
					    &i->parts, &i->needs,    &i->uses };

	memcpy(ret, all, sizeof(all));
}

static void packages_release(struct installed *i)
{
	struct strv *all[COLUMNS];

	columns(i, all);
	for (int c = 0; c < COLUMNS; c++)
		strv_release(all[c]);
	free(i->by_name);
	i->by_name = NULL;
}

void installed_release(struct installed *i)
{
	free(i->sysroot);
	free(i->state);
	packages_release(i);
	*i = (struct installed){ 0 };
}

/* `xsysfs -C WHERE VERB --json [PACKAGE]`, whose own message has been said when it fails. */
static int ask_of(const struct places *places, const char *where, const char *verb,
		  const char *package, json_t **ret, char **why)
{
	const char *argv[] = { places->xsysfs, "-C", where, verb, "--json", package, NULL };
	autofree char *out = NULL;
	autofree char *words = NULL;
	int status = proc_read(&(struct proc){ .argv = argv }, ANSWER_MAX, &out);

	if (status < 0)
		return why_errno(why, status, "cannot run '%s'", places->xsysfs);
	words = proc_words(status);
	if (status != 0)
		return why_set(why, -EIO, "'xsysfs -C %s %s' failed: %s", where, verb,
			       words ? words : "");
	*ret = json_loads(out, 0, NULL);
	return *ret ? 0
		    : why_set(why, -EBADMSG, "'xsysfs %s --json' does not answer in JSON", verb);
}

int installed_ask(const struct places *places, const char *where, const char *verb, json_t **ret,
		  char **why)
{
	return ask_of(places, where, verb, NULL, ret, why);
}

static int take(const json_t *object, const char *key, struct strv *ret)
{
	const char *s = json_string_value(json_object_get(object, key));

	return strv_add(ret, s ? s : "");
}

static int take_list(const json_t *object, const char *key, const char *glue, struct strv *ret)
{
	autostrv struct strv words = { 0 };
	autofree char *text = NULL;
	const json_t *word;
	size_t i;

	json_array_foreach(json_object_get(object, key), i, word)
	{
		if (json_string_value(word) && strv_add(&words, json_string_value(word)) < 0)
			return -ENOMEM;
	}
	text = strv_join(&words, glue);
	return text ? strv_add(ret, text) : -ENOMEM;
}

/* What is not known is no list, not an empty one. */
static int take_uses(const json_t *package, struct strv *ret)
{
	return json_object_get(package, "uses") ? take_list(package, "uses", " ", ret)
						: strv_add(ret, UNKNOWN);
}

static char *string_of(const json_t *object, const char *key)
{
	const char *s = json_string_value(json_object_get(object, key));

	return s && *s ? armour_take(s) : NULL;
}

static int compare(const void *a, const void *b, void *names)
{
	const struct strv *all = names;

	return strcmp(all->v[*(const size_t *)a], all->v[*(const size_t *)b]);
}

static int sort(struct installed *i)
{
	i->by_name = calloc(i->names.n + 1, sizeof(*i->by_name));
	if (!i->by_name)
		return -ENOMEM;
	for (size_t n = 0; n < i->names.n; n++)
		i->by_name[n] = n;
	qsort_r(i->by_name, i->names.n, sizeof(*i->by_name), compare, &i->names);
	return 0;
}

/* The packages of a list, or the one that is named, into an empty `i`. */
static int read_list(struct installed *i, const struct places *places, const char *where,
		     const char *only, char **why)
{
	autojson json_t *list = NULL;
	const json_t *package;
	size_t at;
	int r = ask_of(places, where, "list", only, &list, why);

	if (r < 0)
		return r;
	json_array_foreach(list, at, package)
	{
		if (take(package, "package", &i->names) < 0 ||
		    take(package, "version", &i->versions) < 0 ||
		    take(package, "layer", &i->layers) < 0 || take(package, "key", &i->keys) < 0 ||
		    take_list(package, "parts", "\n", &i->parts) < 0 ||
		    take_list(package, "needs", " ", &i->needs) < 0 ||
		    take_uses(package, &i->uses) < 0)
			return why_errno(why, -ENOMEM, "%s", where);
	}
	return sort(i) < 0 ? why_errno(why, -ENOMEM, "%s", where) : 0;
}

static int read_all(struct installed *i, const struct places *places, const char *where, char **why)
{
	packages_release(i);
	return read_list(i, places, where, NULL, why);
}

/* Where `package` is among the names; (size_t)-1 when it is not. */
static size_t find(const struct installed *i, const char *package)
{
	size_t from = 0, to = i->by_name ? i->names.n : 0;

	while (from < to) {
		size_t mid = from + (to - from) / 2;
		int c = strcmp(i->names.v[i->by_name[mid]], package);

		if (c == 0)
			return i->by_name[mid];
		if (c < 0)
			from = mid + 1;
		else
			to = mid;
	}
	return (size_t)-1;
}

/* What is known of the package `from` has, which is one, comes in the place of what was known. */
static int put(struct installed *i, struct installed *from)
{
	size_t at = from->names.n == 1 ? find(i, from->names.v[0]) : 0;
	struct strv *to[COLUMNS], *one[COLUMNS];

	if (from->names.n != 1)
		return -EBADMSG;
	columns(i, to);
	columns(from, one);
	for (int c = 0; c < COLUMNS; c++) {
		if (at == (size_t)-1) {
			if (strv_add(to[c], one[c]->v[0]) < 0)
				return -ENOMEM;
		} else {
			char *old = to[c]->v[at];

			to[c]->v[at] = one[c]->v[0];
			one[c]->v[0] = old;
		}
	}
	if (at != (size_t)-1)
		return 0;
	free(i->by_name);
	i->by_name = NULL;
	return sort(i);
}

/* Are the layers in STATE/stack those that we know of? */
static bool knows_all(const struct installed *i, const char *stack)
{
	autostrv struct strv there = { 0 };
	autostrv struct strv known = { 0 };
	bool same;

	if (strv_split(&there, stack, "\n") < 0 || !there.n || there.n - 1 != i->layers.n ||
	    strv_add_all(&known, &i->layers) < 0 || strv_add(&known, there.v[0]) < 0)
		return false;
	strv_sort(&there);
	strv_sort(&known);
	same = true;
	for (size_t n = 0; n < known.n && same; n++)
		same = strcmp(known.v[n], there.v[n]) == 0;
	return same;
}

/* Is a layer that may be the package's in the stack? Else asking for it would say that it is not
 * there. */
static bool has_layer_of(const char *stack, const char *package)
{
	autofree char *begin = NULL;

	begin = text_of("\n%s-", package);
	return begin && strstr(stack, begin);
}

/* Read that one alone, and look whether it was all. Any doubt is a "no". */
static bool refresh_one(struct installed *i, const struct places *places, const char *where,
			const char *package)
{
	struct installed one = { 0 };
	autofree char *path = i->state ? places_join(i->state, "stack") : NULL;
	autofree char *stack = NULL;
	autofree char *why = NULL;
	bool done;

	if (!path || io_read_file(AT_FDCWD, path, STACK_MAX, &stack, NULL) < 0)
		return false;
	if (!package)
		return knows_all(i, stack);
	done = has_layer_of(stack, package) && read_list(&one, places, where, package, &why) == 0 &&
	       put(i, &one) == 0 && knows_all(i, stack);
	installed_release(&one);
	return done;
}

int installed_refresh(struct installed *i, const struct places *places, const char *where,
		      const char *package, char **why)
{
	return refresh_one(i, places, where, package) ? 0 : read_all(i, places, where, why);
}

int installed_read(struct installed *i, const struct places *places, const char *where, char **why)
{
	autojson json_t *status = NULL;
	int r = installed_ask(places, where, "status", &status, why);

	if (r < 0)
		return r;
	i->sysroot = string_of(status, "sysroot");
	i->state = string_of(status, "state");
	return read_all(i, places, where, why);
}

static const char *value_of(const struct installed *i, const struct strv *values,
			    const char *package)
{
	size_t at = find(i, package);

	return at == (size_t)-1 ? NULL : values->v[at];
}

const char *installed_key(const struct installed *i, const char *package)
{
	return value_of(i, &i->keys, package);
}

const char *installed_parts(const struct installed *i, const char *package)
{
	return value_of(i, &i->parts, package);
}

const char *installed_needs(const struct installed *i, const char *package)
{
	return value_of(i, &i->needs, package);
}

const char *installed_uses(const struct installed *i, const char *package)
{
	const char *uses = value_of(i, &i->uses, package);

	return uses && strcmp(uses, UNKNOWN) == 0 ? NULL : uses;
}

const char *installed_layer(const struct installed *i, const char *package)
{
	return value_of(i, &i->layers, package);
}

const char *installed_version(const struct installed *i, const char *package)
{
	return value_of(i, &i->versions, package);
}
