// SPDX-License-Identifier: GPL-2.0-or-later
#include "builder/aptsource.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "builder/places.h"
#include "builder/proc.h"
#include "builder/why.h"
#include "fs/base/cleanup.h"
#include "fs/base/io.h"
#include "fs/base/log.h"

#define OUTPUT_MAX (1 << 20)

/* A release that the machine does not run may be the one that has the version. */
#define OTHER_SUITES "stable oldstable oldoldstable"

void aptsource_release(struct aptsource *a)
{
	free(a->dir);
	*a = (struct aptsource){ 0 };
}

/* Run apt's `argv` with our configuration; stdout in `*out`, talk in our log. */
static int run_apt(const struct aptsource *a, const char *const *argv, char **out, char **why)
{
	autofree char *conf = NULL;
	autofree char *log = places_join(a->dir, "log");
	autofd int err = log ? open(log, O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0644) : -1;
	autostrv struct strv env = { 0 };
	int status;

	if (!log || asprintf(&conf, "APT_CONFIG=%s/apt.conf", a->dir) < 0) {
		conf = NULL;
		return why_errno(why, -ENOMEM, "apt");
	}
	for (char **e = environ; *e; e++)
		if (strncmp(*e, "APT_CONFIG=", 11) && strncmp(*e, "LC_", 3) &&
		    strncmp(*e, "LANG", 4) && strv_add(&env, *e) < 0)
			return why_errno(why, -ENOMEM, "apt");
	if (strv_add(&env, conf) < 0 || strv_add(&env, "LC_ALL=C") < 0)
		return why_errno(why, -ENOMEM, "apt");
	status = proc_read(&(struct proc){ .argv = argv, .env = env.v, .err = err }, OUTPUT_MAX,
			   out);
	if (status < 0)
		return why_errno(why, status, "cannot run '%s'", argv[0]);
	return status == 0 ? 0 : why_set(why, -EIO, "'%s' failed (see '%s')", argv[0], log);
}

/* The machine's apt settings that concern the way to the archive, and folders of our own. The rest
 * (hooks, above all) is not for us: the configuration's own files are not read again. */
static int write_conf(const struct aptsource *a, char **why)
{
	const char *argv[] = { "apt-config", "dump", NULL };
	autofree char *dump = NULL;
	autofree char *text = NULL;
	autostrv struct strv lines = { 0 };
	autostrv struct strv conf = { 0 };
	int status = proc_read(&(struct proc){ .argv = argv }, OUTPUT_MAX, &dump);
	int r;

	if (status < 0)
		return why_errno(why, status, "cannot run 'apt-config'");
	r = strv_split(&lines, dump, "\n");
	strv_foreach (line, &lines)
		if (r == 0 &&
		    (strncmp(*line, "Acquire::", 9) == 0 ||
		     strncmp(*line, "Dir::Etc::netrc", 15) == 0 ||
		     strncmp(*line, "Dir::Etc::trusted", 17) == 0) &&
		    strncmp(*line, "Acquire::IndexTargets", 21) != 0 &&
		    !strstr(*line, "::Languages"))
			r = strv_addf(&conf, "%s\n", *line);
	if (r == 0)
		r = strv_addf(&conf,
			      "Acquire::Languages \"none\";\n"
			      "Acquire::Retries \"2\";\n"
			      "APT::Sandbox::User \"root\";\n"
			      "Dir::Etc::main \"/dev/null\";\n"
			      "Dir::Etc::parts \"/dev/null\";\n"
			      "Dir::Etc::sourcelist \"/dev/null\";\n"
			      "Dir::Etc::sourceparts \"%s/sources.list.d\";\n"
			      "Dir::Etc::preferences \"/dev/null\";\n"
			      "Dir::Etc::preferencesparts \"/dev/null\";\n"
			      "Dir::State::lists \"%s/lists\";\n"
			      "Dir::Cache \"%s/cache\";\n"
			      "Dir::Log \"%s\";\n",
			      a->dir, a->dir, a->dir, a->dir);
	text = r == 0 ? strv_join(&conf, "") : NULL;
	if (!text)
		return why_errno(why, -ENOMEM, "apt");
	r = places_write(a->dir, "apt.conf", text);
	return r < 0 ? why_errno(why, r, "cannot write to '%s'", a->dir) : 0;
}

static int make_folders(struct aptsource *a, const char *home, char **why)
{
	static const char *const folders[] = { "sources.list.d", "lists/partial",
					       "cache/archives/partial" };
	int r = 0;

	if (asprintf(&a->dir, "%s/apt", home) < 0) {
		a->dir = NULL;
		return why_errno(why, -ENOMEM, "apt");
	}
	for (size_t i = 0; i < ARRAY_SIZE(folders) && r == 0; i++) {
		autofree char *path = places_join(a->dir, folders[i]);

		r = path ? io_mkdir_p(AT_FDCWD, path, 0755) : -ENOMEM;
	}
	return r < 0 ? why_errno(why, r, "cannot make folders in '%s'", a->dir) : 0;
}

static int update(struct aptsource *a, char **why)
{
	const char *argv[] = { "apt-get", "update", NULL };
	autofree char *out = NULL;
	int r;

	log_note("asking apt which sources Debian's archive has%s",
		 a->widened ? " in its other releases" : "");
	r = run_apt(a, argv, &out, why);
	a->updated = r == 0;
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

	if (asprintf(&what, "%s=%s", package, version) < 0) {
		what = NULL;
		return why_errno(why, -ENOMEM, "apt");
	}
	const char *argv[] = { "apt-get", "--print-uris", "--only-source", "source", what, NULL };

	r = run_apt(a, argv, &out, why);
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
	r = aptsource_write_list(a, a->widened ? OTHER_SUITES : "", why);
	if (r == 0)
		r = update(a, why);
	if (r < 0) {
		a->failed = true;
		return r;
	}
	return ask(a, package, version, uri, file, why);
}

static int open_apt(struct aptsource *a, const char *home, char **why)
{
	int r = make_folders(a, home, why);

	if (r == 0)
		r = write_conf(a, why);
	return r == 0 ? aptsource_write_list(a, "", why) : r;
}

int aptsource_find(struct aptsource *a, const char *home, const char *package, const char *version,
		   char **uri, char **file, char **why)
{
	int r = a->dir ? 0 : open_apt(a, home, why);

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
	if (r == 0 || a->failed)
		return r;
	free(*why);
	return why_set(why, -ENOENT,
		       "Debian's archive, as apt knows it, has no source '%s %s' "
		       "(see '%s/log')",
		       package, version, a->dir);
}
