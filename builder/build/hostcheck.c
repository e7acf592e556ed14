// SPDX-License-Identifier: GPL-2.0-or-later
#include "builder/build/hostcheck.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "builder/box/hostprograms.h"
#include "builder/recipe/recipeset.h"
#include "fs/base/cleanup.h"
#include "fs/base/log.h"
#include "fs/base/text.h"

struct lacking {
	struct strv lines;    /* what is said of each */
	struct strv packages; /* that have those that are not there */
	bool too_old;	      /* others are */
};

static void lacking_release(struct lacking *l)
{
	strv_release(&l->lines);
	strv_release(&l->packages);
}

/* Why it will not do; the caller frees. NULL: it does, or there is no memory (`*r`). `*missing`: it
 * is not there at all. */
static char *find_fault(struct hostprograms *host, const char *name, const char *least,
			bool *missing, int *r)
{
	autofree char *number = NULL;
	const char *version;
	char *fault = NULL;

	*r = hostprograms_version(host, name, &version);
	if (*r < 0)
		return NULL;
	number = hostprograms_number(version);
	*missing = !*version;
	if (*missing)
		fault = text_of("'%s'%s%s", name, *least ? " >= " : "", least);
	else if (*least && !number)
		fault = text_of("'%s' >= %s (this one does not say its version)", name, least);
	else if (*least && strverscmp(number, least) < 0)
		fault = text_of("'%s' >= %s (the one that is here, %s, is too old)", name, least,
				number);
	else
		return NULL;
	*r = fault ? 0 : -ENOMEM;
	return fault;
}

static int look_at(const struct recipe *recipe, struct hostprograms *host, struct lacking *l)
{
	int r = 0;

	for (size_t i = 0; i < recipe->host.n && r == 0; i++) {
		const char *name = recipe->host.v[i];
		bool missing = false;
		autofree char *fault =
			find_fault(host, name, recipe->host_least.v[i], &missing, &r);

		if (!fault)
			continue;
		strv_addf(&l->lines, "%s:%u: %s", recipe->path, recipe->host_line, fault);
		if (missing)
			r = strv_add(&l->packages, hostprograms_package(name));
		else
			l->too_old = true;
	}
	return r;
}

static int say(struct lacking *l)
{
	autofree char *lines = NULL;
	autofree char *packages = NULL;

	strv_sort(&l->lines);
	strv_uniq(&l->lines); /* a recipe may be there for two boards */
	strv_sort(&l->packages);
	strv_uniq(&l->packages);
	lines = strv_join(&l->lines, "; ");
	packages = strv_join(&l->packages, " ");
	if (!lines || !packages)
		return -ENOMEM;
	log_error("this machine lacks programs that builds call: %s (%s%s%s%s%s)", lines,
		  *packages ? "try 'apt-get install " : "", packages, *packages ? "'" : "",
		  *packages && l->too_old ? "; " : "",
		  l->too_old ? "builds look for newer ones in " HOSTPROGRAMS_PATH : "");
	return -ENOENT;
}

int hostcheck(const struct recipeset *set, struct hostprograms *host)
{
	cleanup(lacking_release) struct lacking lacking = { 0 };
	int r = 0;

	strv_foreach (node, &set->order)
		if (r == 0)
			r = look_at(recipeset_find(set, *node), host, &lacking);
	if (r == 0 && lacking.lines.n)
		r = say(&lacking);
	return r == 0 || r == -ENOENT ? r : log_errno(r, "cannot look for programs");
}
