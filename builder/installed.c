// SPDX-License-Identifier: GPL-2.0-or-later
#include "builder/installed.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "builder/json.h"
#include "builder/proc.h"
#include "builder/why.h"
#include "fs/base/cleanup.h"

#define UNKNOWN	   "?"
#define ANSWER_MAX (64 << 20)

static void packages_release(struct installed *i)
{
	strv_release(&i->names);
	strv_release(&i->versions);
	strv_release(&i->keys);
	strv_release(&i->layers);
	strv_release(&i->parts);
	strv_release(&i->needs);
	strv_release(&i->uses);
}

void installed_release(struct installed *i)
{
	free(i->mountpoint);
	free(i->sysroot);
	free(i->state);
	packages_release(i);
	*i = (struct installed){ 0 };
}

/* `xsysfs -C WHERE VERB --json`, whose own message has been said when it fails. */
int installed_ask(const struct places *places, const char *where, const char *verb, json_t **ret,
		  char **why)
{
	const char *argv[] = { places->xsysfs, "-C", where, verb, "--json", NULL };
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

static char *text_of(const json_t *object, const char *key)
{
	const char *s = json_string_value(json_object_get(object, key));

	return s && *s ? strdup(s) : NULL;
}

int installed_refresh(struct installed *i, const struct places *places, const char *where,
		      char **why)
{
	autojson json_t *list = NULL;
	const json_t *package;
	size_t at;
	int r = installed_ask(places, where, "list", &list, why);

	if (r < 0)
		return r;
	packages_release(i);
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
	return 0;
}

int installed_read(struct installed *i, const struct places *places, const char *where, char **why)
{
	autojson json_t *status = NULL;
	int r = installed_ask(places, where, "status", &status, why);

	if (r < 0)
		return r;
	i->mountpoint = text_of(status, "mountpoint");
	i->sysroot = text_of(status, "sysroot");
	i->state = text_of(status, "state");
	return installed_refresh(i, places, where, why);
}

static const char *value_of(const struct installed *i, const struct strv *values,
			    const char *package)
{
	for (size_t n = 0; n < i->names.n; n++)
		if (strcmp(i->names.v[n], package) == 0)
			return values->v[n];
	return NULL;
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
