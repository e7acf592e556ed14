// SPDX-License-Identifier: GPL-2.0-or-later
#include "builder/story/history.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "builder/base/json.h"
#include "builder/base/places.h"
#include "builder/base/why.h"
#include "fs/base/cleanup.h"
#include "fs/base/io.h"

#define STORY_MAX (32 << 20) /* bytes of a file */

/* ---- writing ---- */

static json_t *json_of_list(const struct strv *list)
{
	json_t *array = json_array();

	strv_foreach (s, list)
		json_array_append_new(array, json_string(*s));
	return array;
}

/* A text that may be a stranger's: what is no UTF-8 is no text for JSON. */
static json_t *json_of_text(const char *text)
{
	json_t *s = text ? json_string(text) : NULL;

	return s ? s : json_null();
}

static json_t *json_of_package(const struct story_package *p)
{
	json_t *spans = json_array();

	for (size_t i = 0; i < p->n_spans; i++)
		json_array_append_new(spans, json_pack("{s:s, s:f, s:f}", "what", p->spans[i].what,
						       "begin", p->spans[i].begin, "end",
						       p->spans[i].end));
	return json_pack("{s:s, s:s, s:o, s:s, s:o, s:o, s:f, s:o}", "name", p->name, "version",
			 p->version, "needs", json_of_list(&p->needs), "state",
			 story_words[p->state], "why", json_of_text(p->why), "log",
			 json_of_text(p->log), "expected", p->expected, "spans", spans);
}

static char *format(const struct story *s)
{
	autojson json_t *packages = json_array();
	autojson json_t *all = NULL;

	for (size_t i = 0; i < s->n; i++)
		json_array_append_new(packages, json_of_package(&s->packages[i]));
	all = json_pack("{s:s, s:I, s:i, s:i, s:f, s:f, s:O}", "board", s->board, "start",
			(json_int_t)s->start_time, "jobs", s->jobs, "cores", s->cores, "end",
			s->end, "idle", s->idle, "packages", packages);
	return all ? json_dumps(all, JSON_INDENT(1)) : NULL;
}

/* The names of the files in the folder, the oldest first: they begin with the time. */
static int list(const char *dir, struct strv *names)
{
	autodir DIR *d = opendir(dir);
	struct dirent *e;

	while (d && (e = readdir(d))) {
		size_t n = strlen(e->d_name);

		if (*e->d_name != '.' && n > 5 && strcmp(e->d_name + n - 5, ".json") == 0 &&
		    strv_add(names, e->d_name) < 0)
			return -ENOMEM;
	}
	strv_sort(names);
	return 0;
}

static void drop_old(const char *dir)
{
	autostrv struct strv names = { 0 };

	if (list(dir, &names) < 0)
		return;
	for (size_t i = 0; i + HISTORY_KEPT < names.n; i++) {
		autofree char *path = places_join(dir, names.v[i]);

		if (path)
			unlink(path);
	}
}

static bool is_worth_it(const struct story *s)
{
	for (size_t i = 0; i < s->n; i++)
		if (s->packages[i].state != STORY_UP_TO_DATE)
			return true;
	return false;
}

int history_keep(const char *dir, const struct story *story)
{
	autofree char *text = NULL;
	char name[64], when[32];
	struct tm tm;
	int r;

	if (!is_worth_it(story))
		return 0;
	text = format(story);
	if (!text)
		return -ENOMEM;
	gmtime_r(&story->start_time, &tm);
	strftime(when, sizeof(when), "%Y-%m-%dT%H-%M-%SZ", &tm);
	snprintf(name, sizeof(name), "%s.%d.json", when, (int)getpid());
	r = io_mkdir_p(AT_FDCWD, dir, 0755);
	if (r == 0)
		r = places_write(dir, name, text);
	if (r == 0)
		drop_old(dir);
	return r;
}

/* ---- reading ---- */

static int take_text(const json_t *o, const char *key, char **ret)
{
	const char *s = json_string_value(json_object_get(o, key));

	*ret = s ? strdup(s) : NULL;
	return s && !*ret ? -ENOMEM : 0;
}

static int take_spans(const json_t *spans, struct story_package *p)
{
	size_t n = json_array_size(spans);

	p->spans = calloc(n + 1, sizeof(*p->spans));
	if (!p->spans)
		return -ENOMEM;
	for (size_t i = 0; i < n; i++) {
		const json_t *o = json_array_get(spans, i);
		struct story_span *span = &p->spans[p->n_spans++];

		span->begin = json_number_value(json_object_get(o, "begin"));
		span->end = json_number_value(json_object_get(o, "end"));
		if (take_text(o, "what", &span->what) < 0)
			return -ENOMEM;
		if (!span->what || span->begin < 0)
			return -EBADMSG;
		if (span->end < span->begin)
			span->end = span->begin;
	}
	return 0;
}

static int take_package(const json_t *o, struct story *s)
{
	const char *name = json_string_value(json_object_get(o, "name"));
	const char *version = json_string_value(json_object_get(o, "version"));
	const char *state = json_string_value(json_object_get(o, "state"));
	const json_t *needs = json_object_get(o, "needs"), *need;
	autostrv struct strv names = { 0 };
	struct story_package *p;
	size_t i;
	int r = 0;

	json_array_foreach(needs, i, need)
	{
		if (json_string_value(need) && strv_add(&names, json_string_value(need)) < 0)
			return -ENOMEM;
	}
	if (!name || !version || !state || (r = story_add(s, name, version, &names)) < 0)
		return r < 0 ? r : -EBADMSG;
	p = &s->packages[s->n - 1];
	while (p->state < STORY_STATES && strcmp(story_words[p->state], state) != 0)
		p->state++;
	if (p->state == STORY_STATES)
		return p->state = STORY_WAITING, -EBADMSG;
	p->expected = json_number_value(json_object_get(o, "expected"));
	r = take_text(o, "why", &p->why);
	if (r == 0)
		r = take_text(o, "log", &p->log);
	return r == 0 ? take_spans(json_object_get(o, "spans"), p) : r;
}

static int parse(const char *text, size_t len, struct story *s)
{
	autojson json_t *all = json_loadb(text, len, 0, NULL);
	const char *board = json_string_value(json_object_get(all, "board"));
	const json_t *packages = json_object_get(all, "packages"), *package, *cores;
	size_t i;
	int r;

	if (!board || !json_is_array(packages))
		return -EBADMSG;
	r = story_init(s, board, (int)json_integer_value(json_object_get(all, "jobs")));
	cores = json_object_get(all, "cores");
	s->cores = cores ? (int)json_integer_value(cores) : s->jobs;
	s->start_time = json_integer_value(json_object_get(all, "start"));
	s->end = json_number_value(json_object_get(all, "end"));
	s->idle = json_number_value(json_object_get(all, "idle"));
	json_array_foreach(packages, i, package)
	{
		if (r == 0)
			r = take_package(package, s);
	}
	return r;
}

static int load(const char *path, struct story *ret)
{
	autofree char *text = NULL;
	size_t len = 0;
	int r = io_read_file(AT_FDCWD, path, STORY_MAX, &text, &len);

	*ret = (struct story){ 0 };
	if (r == 0)
		r = parse(text, len, ret);
	if (r < 0)
		story_release(ret);
	return r;
}

int history_load(const char *dir, const char *file, struct story *ret, char **why)
{
	autostrv struct strv names = { 0 };
	autofree char *path = NULL;
	int r = file ? 0 : list(dir, &names);

	if (r < 0)
		return why_errno(why, r, "%s", dir);
	if (!file && !names.n)
		return why_set(why, -ENOENT, "nothing has been built yet (no story in '%s')", dir);
	path = file ? strdup(file) : places_join(dir, names.v[names.n - 1]);
	r = path ? load(path, ret) : -ENOMEM;
	if (r == -EBADMSG)
		return why_set(why, r, "'%s' is no story of a build", path);
	return r < 0 ? why_errno(why, r, "cannot read '%s'", path ? path : dir) : 0;
}

/* Returns how many are still not known. */
static size_t learn(const struct story *from, struct story *to)
{
	size_t unknown = 0;

	for (size_t i = 0; i < to->n; i++) {
		struct story_package *p = &to->packages[i];
		const struct story_package *before =
			p->expected < 0 ? story_find(from, p->name) : NULL;

		if (before && (before->state == STORY_BUILT || before->state == STORY_SAME))
			p->expected = story_seconds(from, before);
		unknown += p->expected < 0;
	}
	return unknown;
}

int history_expect(const char *dir, struct story *story)
{
	autostrv struct strv names = { 0 };
	size_t unknown = story->n;

	if (list(dir, &names) < 0)
		return -ENOMEM;
	for (size_t i = names.n; i-- > 0 && unknown;) {
		autofree char *path = places_join(dir, names.v[i]);
		autostory struct story old = { 0 };

		if (path && load(path, &old) == 0)
			unknown = learn(&old, story);
	}
	return 0;
}
