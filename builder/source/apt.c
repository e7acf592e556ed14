// SPDX-License-Identifier: GPL-2.0-or-later
#include "builder/source/apt.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "builder/base/places.h"
#include "builder/base/proc.h"
#include "builder/base/why.h"
#include "fs/base/cleanup.h"
#include "fs/base/io.h"
#include "fs/base/tame.h"
#include "fs/base/text.h"

#define OUTPUT_MAX (1 << 20)

void apt_release(struct apt *a)
{
	free(a->dir);
	*a = (struct apt){ 0 };
}

/* What it said goes into the log, and its first error into `*error`, the caller's, NULL for none.
 */
static void keep_said(int said, int log, char **error)
{
	autofree char *text = calloc(1, OUTPUT_MAX + 1);
	ssize_t n = text ? pread(said, text, OUTPUT_MAX, 0) : -1;
	char *rest = text, *line;

	if (n <= 0)
		return;
	if (log >= 0)
		io_write_all(log, text, n);
	while (!*error && (line = strsep(&rest, "\n")))
		if (strncmp(line, "E: ", 3) == 0)
			*error = strdup(line + 3);
	if (*error) {
		tame_urls(*error);
		tame(*error);
	}
}

int apt_run(const struct apt *a, const char *const *argv, char **out, char **why)
{
	autofree char *conf = NULL;
	autofree char *log = places_join(a->dir, "log");
	autofd int to = log ? open(log, O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0644) : -1;
	autofd int said = io_memory_file("apt", "", 0);
	autofree char *error = NULL;
	autostrv struct strv env = { 0 };
	int status;

	if (!log || !(conf = text_of("APT_CONFIG=%s/apt.conf", a->dir)))
		return why_errno(why, -ENOMEM, "apt");
	if (said < 0)
		return why_errno(why, said, "cannot run '%s'", argv[0]);
	for (char **e = environ; *e; e++)
		if (strncmp(*e, "APT_CONFIG=", 11) && strncmp(*e, "LC_", 3) &&
		    strncmp(*e, "LANG", 4) && strv_add(&env, *e) < 0)
			return why_errno(why, -ENOMEM, "apt");
	if (strv_add(&env, conf) < 0 || strv_add(&env, "LC_ALL=C") < 0)
		return why_errno(why, -ENOMEM, "apt");
	status = proc_read(&(struct proc){ .argv = argv, .env = env.v, .err = said }, OUTPUT_MAX,
			   out);
	keep_said(said, to, &error);
	if (status < 0)
		return why_errno(why, status, "cannot run '%s'", argv[0]);
	return status == 0 ? 0
			   : why_set(why, -EIO, "'%s' failed%s%s (see '%s')", argv[0],
				     error ? ": " : "", error ? error : "", log);
}

/* The machine's apt settings that concern the way to the archive, and folders of our own. The rest
 * (hooks, above all) is not for us: the configuration's own files are not read again. */
static int write_conf(const struct apt *a, char **why)
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
			      "Acquire::ForceHash \"SHA256\";\n"
			      "Acquire::AllowInsecureRepositories \"false\";\n"
			      "Acquire::AllowWeakRepositories \"false\";\n"
			      "Acquire::AllowDowngradeToInsecureRepositories \"false\";\n"
			      "APT::Sandbox::User \"root\";\n"
			      "Dir::Etc::main \"/dev/null\";\n"
			      "Dir::Etc::parts \"/dev/null\";\n"
			      "Dir::Etc::sourcelist \"/dev/null\";\n"
			      "Dir::Etc::sourceparts \"%s/sources.list.d\";\n"
			      "Dir::Etc::preferences \"/dev/null\";\n"
			      "Dir::Etc::preferencesparts \"/dev/null\";\n"
			      "Dir::State \"%s\";\n"
			      "Dir::State::status \"%s/status\";\n"
			      "Dir::State::lists \"%s/lists\";\n"
			      "Dir::Cache \"%s/cache\";\n"
			      "Dir::Log \"%s\";\n",
			      a->dir, a->dir, a->dir, a->dir, a->dir, a->dir);
	text = r == 0 ? strv_join(&conf, "") : NULL;
	if (!text)
		return why_errno(why, -ENOMEM, "apt");
	r = places_write(a->dir, "apt.conf", text);
	if (r == 0)
		r = places_write(a->dir, "status", "");
	return r < 0 ? why_errno(why, r, "cannot write to '%s'", a->dir) : 0;
}

static int make_folders(const struct apt *a, char **why)
{
	static const char *const folders[] = { "sources.list.d", "lists/partial",
					       "cache/archives/partial" };
	int r = 0;

	for (size_t i = 0; i < ARRAY_SIZE(folders) && r == 0; i++) {
		autofree char *path = places_join(a->dir, folders[i]);

		r = path ? io_mkdir_p(AT_FDCWD, path, 0755) : -ENOMEM;
	}
	return r < 0 ? why_errno(why, r, "cannot make folders in '%s'", a->dir) : 0;
}

int apt_open(struct apt *a, const char *dir, char **why)
{
	int r;

	a->dir = strdup(dir);
	if (!a->dir)
		return why_errno(why, -ENOMEM, "apt");
	r = make_folders(a, why);
	return r == 0 ? write_conf(a, why) : r;
}
