// SPDX-License-Identifier: GPL-2.0-or-later
/* The machine's own lists of package archives, and which of their entries are Debian's. */
#include "builder/source/apt.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "builder/base/places.h"
#include "builder/base/proc.h"
#include "builder/base/why.h"
#include "fs/base/cleanup.h"
#include "fs/base/io.h"

#define LIST_MAX (1 << 20)

/* One entry, whichever form it was written in. */
struct entry {
	struct strv uris, suites, components;
	char *signed_by;
	bool disabled;
};

static void entry_release(struct entry *e)
{
	strv_release(&e->uris);
	strv_release(&e->suites);
	strv_release(&e->components);
	free(e->signed_by);
	*e = (struct entry){ 0 };
}

static bool ends_in(const char *s, const char *end)
{
	size_t n = strlen(s), m = strlen(end);

	while (n && s[n - 1] == '/')
		n--;
	return n >= m && strncmp(s + n - m, end, m) == 0;
}

/* Many archives of others are called ".../debian" too; those come with keys of their own. */
static bool is_debian(const struct entry *e)
{
	return !e->disabled && e->suites.n && strv_has(&e->components, "main") &&
	       (!e->signed_by || strstr(e->signed_by, "debian-archive"));
}

/* A list of mirrors stands for the URIs in it: curl does not know apt's "mirror+file:". */
static int add_mirrors(struct strv *uris, const char *uri)
{
	autofree char *text = NULL;
	autostrv struct strv lines = { 0 };
	int r;

	if (strncmp(uri, "mirror+file:", 12) != 0)
		return ends_in(uri, "/debian") ? strv_add(uris, uri) : 0;
	uri += 12;
	while (uri[0] == '/' && uri[1] == '/')
		uri++;
	r = io_read_file(AT_FDCWD, uri, LIST_MAX, &text, NULL);
	if (r < 0)
		return r == -ENOMEM ? r : 0;
	r = strv_split(&lines, text, "\n");
	strv_foreach (line, &lines) {
		autofree char *word = NULL;

		if (r == 0 && **line != '#' && sscanf(*line, "%ms", &word) == 1 &&
		    ends_in(word, "/debian"))
			r = strv_add(uris, word);
	}
	return r;
}

/* Two entries of one place, for its updates say, become one when the suites are others. */
static bool is_named(const struct strv *entries, const char *uri)
{
	size_t n = strlen(uri);

	strv_foreach (entry, entries)
		for (const char *at = *entry; (at = strstr(at, uri)); at += n)
			if (at[-1] == ' ' && (at[n] == ' ' || at[n] == '\n'))
				return true;
	return false;
}

/* Where the entry leads to; "" for nowhere that is of use. The caller frees; NULL: no memory. */
static char *places_of(const struct entry *e, const struct apt_wanted *wanted,
		       const struct strv *before)
{
	autostrv struct strv all = { 0 };
	autostrv struct strv fresh = { 0 };
	int r = 0;

	strv_foreach (uri, &e->uris)
		if (r == 0)
			r = add_mirrors(&all, *uri);
	strv_foreach (uri, &all)
		if (r == 0 && !(wanted->suites && is_named(before, *uri)))
			r = strv_add(&fresh, *uri);
	return r == 0 ? strv_join(&fresh, " ") : NULL;
}

static int entry_write(const struct entry *e, const struct apt_wanted *wanted, struct strv *ret)
{
	autofree char *places = NULL;
	autofree char *suites = NULL;

	if (!is_debian(e))
		return 0;
	places = places_of(e, wanted, ret);
	suites = wanted->suites ? strdup(wanted->suites) : strv_join(&e->suites, " ");
	if (!places || !suites)
		return -ENOMEM;
	if (!*places)
		return 0;
	return strv_addf(ret, "Types: %s\nURIs: %s\nSuites: %s%s%s\nComponents: main\n%s%s%s",
			 wanted->type, places, suites, *wanted->more ? " " : "", wanted->more,
			 e->signed_by ? "Signed-By: " : "", e->signed_by ? e->signed_by : "",
			 e->signed_by ? "\n" : "");
}

/* "deb [signed-by=F arch=amd64] URI SUITE COMPONENT..." */
static int convert_line(const char *line, const struct apt_wanted *wanted, struct strv *ret)
{
	cleanup(entry_release) struct entry e = { 0 };
	autostrv struct strv words = { 0 };
	const char *options = NULL, *rest;
	int r;

	line += strspn(line, " \t");
	if (strncmp(line, "deb", 3) != 0)
		return 0;
	rest = line + strcspn(line, " \t");
	rest += strspn(rest, " \t");
	if (*rest == '[') {
		options = rest + 1;
		rest += strcspn(rest, "]");
		if (!*rest)
			return 0;
		rest++;
	}
	r = strv_split(&words, rest, " \t");
	for (size_t i = 0; i < words.n && r == 0 && *words.v[i] != '#'; i++)
		r = strv_add(i == 0 ? &e.uris : i == 1 ? &e.suites : &e.components, words.v[i]);
	options = options ? strstr(options, "signed-by=") : NULL;
	if (r == 0 && options && options < rest) {
		e.signed_by = strndup(options + 10, strcspn(options + 10, " \t]"));
		r = e.signed_by ? 0 : -ENOMEM;
	}
	return r == 0 ? entry_write(&e, wanted, ret) : r;
}

static int take_field(struct entry *e, const char *line)
{
	const char *value = strchr(line, ':');

	if (!value)
		return 0;
	value += 1 + strspn(value + 1, " \t");
	if (strncasecmp(line, "URIs:", 5) == 0)
		return strv_split(&e->uris, value, " \t");
	if (strncasecmp(line, "Suites:", 7) == 0)
		return strv_split(&e->suites, value, " \t");
	if (strncasecmp(line, "Components:", 11) == 0)
		return strv_split(&e->components, value, " \t");
	if (strncasecmp(line, "Enabled:", 8) == 0)
		e->disabled = strncasecmp(value, "no", 2) == 0;
	if (strncasecmp(line, "Signed-By:", 10) == 0) {
		free(e->signed_by);
		e->signed_by = strdup(*value ? value : "a key in the file");
		return e->signed_by ? 0 : -ENOMEM;
	}
	return 0;
}

int apt_convert(const char *text, bool deb822, const struct apt_wanted *wanted, struct strv *ret)
{
	cleanup(entry_release) struct entry e = { 0 };
	autofree char *copy = strdup(text);
	char *rest = copy, *line;
	int r = copy ? 0 : -ENOMEM;

	while (r == 0 && (line = strsep(&rest, "\n"))) {
		if (*line == '#')
			continue;
		if (!deb822) {
			r = convert_line(line, wanted, ret);
		} else if (line[strspn(line, " \t\r")]) {
			r = *line == ' ' || *line == '\t' ? 0 : take_field(&e, line);
		} else {
			r = entry_write(&e, wanted, ret);
			entry_release(&e);
		}
	}
	return r == 0 && deb822 ? entry_write(&e, wanted, ret) : r;
}

static int convert_file(const char *path, const struct apt_wanted *wanted, struct strv *ret)
{
	autofree char *text = NULL;
	int r = io_read_file(AT_FDCWD, path, LIST_MAX, &text, NULL);

	if (r < 0)
		return r == -ENOMEM ? r : 0; /* apt would warn; we look on */
	return apt_convert(text, ends_in(path, ".sources"), wanted, ret);
}

/* Ask apt for a file or folder of its configuration; NULL when it does not say. */
static char *apt_path(const char *option)
{
	autofree char *arg = places_join(option, "f");
	autofree char *out = NULL;
	const char *argv[] = { "apt-config", "shell", "x", arg, NULL };
	char *path = NULL;

	if (arg && proc_read(&(struct proc){ .argv = argv }, 4096, &out) == 0)
		sscanf(out, "x='%m[^']'", &path);
	return path;
}

static int convert_all(const struct apt_wanted *wanted, struct strv *ret)
{
	autofree char *list = apt_path("Dir::Etc::sourcelist");
	autofree char *parts = apt_path("Dir::Etc::sourceparts");
	autodir DIR *d = parts ? opendir(parts) : NULL;
	autostrv struct strv files = { 0 };
	struct dirent *e;
	int r = list ? strv_add(&files, list) : 0;

	while (r == 0 && d && (e = readdir(d)))
		if (*e->d_name != '.' &&
		    (ends_in(e->d_name, ".list") || ends_in(e->d_name, ".sources")))
			r = strv_addf(&files, "%s/%s", parts, e->d_name);
	strv_sort(&files);
	strv_foreach (file, &files)
		if (r == 0)
			r = convert_file(*file, wanted, ret);
	return r;
}

int apt_write_list(const struct apt *a, const struct apt_wanted *wanted, char **why)
{
	autostrv struct strv entries = { 0 };
	autofree char *text = NULL;
	autofree char *dir = places_join(a->dir, "sources.list.d");
	int r = convert_all(wanted, &entries);

	strv_sort(&entries);
	strv_uniq(&entries);
	text = strv_join(&entries, "\n");
	if (r < 0 || !text || !dir)
		return why_errno(why, -ENOMEM, "apt");
	if (!entries.n)
		return why_set(why, -ENOENT, "this machine's apt has no entry of Debian's archive");
	r = places_write(dir, "debian.sources", text);
	return r < 0 ? why_errno(why, r, "cannot write to '%s'", dir) : 0;
}
