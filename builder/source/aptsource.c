// SPDX-License-Identifier: GPL-2.0-or-later
#include "builder/source/aptsource.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "builder/base/places.h"
#include "builder/base/why.h"
#include "fs/base/cleanup.h"
#include "fs/base/log.h"
#include "fs/base/text.h"

/* A release that the machine does not run may be the one that has the version. */
#define OTHER_SUITES "stable oldstable oldoldstable"

void aptsource_release(struct aptsource *a)
{
	apt_release(&a->apt);
	*a = (struct aptsource){ 0 };
}

static int write_list(const struct aptsource *a, const char *more_suites, char **why)
{
	const struct apt_wanted wanted = { .type = "deb-src", .more = more_suites };

	return apt_write_list(&a->apt, &wanted, why);
}

static int update(struct aptsource *a, char **why)
{
	/* else lists that cannot be had are no failure; of the other releases a mirror may lack one
	 */
	const char *mode = a->widened ? "-q" : "-oAPT::Update::Error-Mode=any";
	const char *argv[] = { "apt-get", mode, "update", NULL };
	autofree char *out = NULL;
	int r;

	log_note("asking apt which sources Debian's archive has%s",
		 a->widened ? " in its other releases" : "");
	r = apt_run(&a->apt, argv, &out, why);
	a->updated = a->updated || r == 0;
	return r;
}

/* apt's lines are 'URI' FILE SIZE HASH; the upstream tarball is FILE's .orig.tar.*. */
static int pick_orig(char *lines, char **uri, char **file)
{
	char *line;

	while ((line = strsep(&lines, "\n"))) {
		autofree char *from = NULL;
		autofree char *name = NULL;
		size_t n;

		if (sscanf(line, "'%m[^']' %ms", &from, &name) != 2)
			continue;
		n = strlen(name);
		if (!strstr(name, ".orig.tar.") || strchr(name, '/') ||
		    (n > 4 && strcmp(name + n - 4, ".asc") == 0))
			continue;
		*uri = take_ptr(from);
		*file = take_ptr(name);
		return 0;
	}
	return -ENOENT;
}

static int ask(struct aptsource *a, const char *package, const char *version, char **uri,
	       char **file, char **why)
{
	autofree char *what = NULL;
	autofree char *out = NULL;
	int r;

	what = text_of("%s=%s", package, version);
	if (!what)
		return why_errno(why, -ENOMEM, "apt");
	const char *argv[] = { "apt-get", "--print-uris", "--only-source", "source", what, NULL };

	r = apt_run(&a->apt, argv, &out, why);
	if (r < 0)
		return r;
	r = pick_orig(out, uri, file);
	return r < 0 ? why_set(why, r, "apt knows no upstream tarball of '%s'", what) : 0;
}

/* Lists with more in them, and the question again. What went wrong before is forgotten. */
static int ask_again(struct aptsource *a, const char *package, const char *version, char **uri,
		     char **file, char **why)
{
	int r;

	free(*why);
	r = write_list(a, a->widened ? OTHER_SUITES : "", why);
	if (r == 0)
		r = update(a, why);
	if (r < 0 && a->updated) { /* it can be reached: those releases it has not */
		free(*why);
		r = 0;
	}
	if (r < 0) {
		autofree char *reason = *why;

		a->failed = true;
		return why_set(why, r,
			       "Debian's archive cannot be reached, and apt's lists at hand have "
			       "no '%s %s': %s; try 'apt-get update', or put the archive into a "
			       "folder: --sources DIR",
			       package, version, reason ? reason : strerror(-r));
	}
	return ask(a, package, version, uri, file, why);
}

/* Which versions there are, with commas between them; NULL: none. The caller frees. */
static char *versions_of(const struct aptsource *a, const char *package)
{
	const char *argv[] = { "apt-cache", "--only-source", "showsrc", package, NULL };
	autofree char *out = NULL;
	autofree char *why = NULL;
	autostrv struct strv versions = { 0 };
	char *rest, *line;

	if (apt_run(&a->apt, argv, &out, &why) < 0)
		return NULL;
	for (rest = out; (line = strsep(&rest, "\n"));)
		if (strncmp(line, "Version: ", 9) == 0 && !strv_has(&versions, line + 9) &&
		    strv_add(&versions, line + 9) < 0)
			return NULL;
	return versions.n ? strv_join(&versions, ", ") : NULL;
}

/* How long the upstream's part of a version is: all in front of Debian's revision (deb-version(7)).
 */
static size_t release_length(const char *version)
{
	const char *dash = strrchr(version, '-');

	return dash ? (size_t)(dash - version) : strlen(version);
}

/* Debian goes on, and has the version no more; of the same release its tarball is the same file. */
static int ask_for_release(struct aptsource *a, const char *package, const char *version,
			   char **uri, char **file, char **why)
{
	autofree char *said = versions_of(a, package);
	autostrv struct strv versions = { 0 };
	size_t n = release_length(version);

	if (strv_split(&versions, said ? said : "", ", ") < 0)
		return -ENOMEM;
	strv_foreach (other, &versions) {
		if (release_length(*other) != n || strncmp(*other, version, n) != 0)
			continue;
		free(take_ptr(*why));
		if (ask(a, package, *other, uri, file, why) == 0)
			return 0;
	}
	return -ENOENT;
}

static int say_absent(const struct aptsource *a, const char *package, const char *version,
		      char **why)
{
	autofree char *versions = versions_of(a, package);

	free(*why);
	if (versions)
		return why_set(why, -ENOENT,
			       "Debian's archive has no source '%s %s' any more, but: %s", package,
			       version, versions);
	return why_set(why, -ENOENT,
		       "Debian's archive, as apt knows it, has no source '%s %s', nor any other of "
		       "'%s' (see '%s/log')",
		       package, version, package, a->apt.dir);
}

static int open_apt(struct aptsource *a, const char *home, char **why)
{
	autofree char *dir = places_join(home, "apt");
	int r = dir ? apt_open(&a->apt, dir, why) : why_errno(why, -ENOMEM, "apt");

	return r == 0 ? write_list(a, "", why) : r;
}

int aptsource_find(struct aptsource *a, const char *home, const char *package, const char *version,
		   char **uri, char **file, char **why)
{
	int r = a->apt.dir ? 0 : open_apt(a, home, why);

	if (r < 0)
		return r;
	/* lists of an earlier run will do if they know the version: it never changes */
	r = ask(a, package, version, uri, file, why);
	if (r < 0 && !a->updated && !a->failed)
		r = ask_again(a, package, version, uri, file, why);
	if (r < 0 && !a->widened && !a->failed) {
		a->widened = true;
		r = ask_again(a, package, version, uri, file, why);
	}
	if (r < 0 && !a->failed)
		r = ask_for_release(a, package, version, uri, file, why);
	return r == 0 || a->failed ? r : say_absent(a, package, version, why);
}
