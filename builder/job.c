// SPDX-License-Identifier: GPL-2.0-or-later
#include "builder/job.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "builder/launcher.h"
#include "builder/patch.h"
#include "builder/why.h"
#include "fs/base/cleanup.h"
#include "fs/base/log.h"

int job_init(struct job *j, const struct recipeset *set, const char *name,
	     struct story_package *told)
{
	int r;

	*j = (struct job){ .recipe = recipeset_find(set, name), .told = told };
	j->child.said.fd = j->child.events.fd = -1;
	r = graph_closure(&set->graph, name, &j->sees);
	return r < 0 ? log_errno(r, "%s", name) : 0;
}

void job_release(struct job *j)
{
	strv_release(&j->sees);
	strv_release(&j->patches);
	key_release(&j->key);
	child_release(&j->child);
	free(j->before);
	free(j->archive);
	free(j->lacking);
}

int job_decide(struct job *j, const struct package_ways *ways, const struct installed *installed)
{
	const char *name = j->recipe->name, *have = installed_key(installed, name);
	const char *layer = installed_layer(installed, name);
	autostrv struct strv needs = { 0 };
	char *why = NULL;
	int r = patch_list(ways->places->patches, name, &j->patches);

	if (r < 0)
		return log_errno(r, "cannot read the patches of '%s'", name);
	if (layer && !(j->before = strdup(layer)))
		r = -ENOMEM;
	strv_foreach (need, &j->sees) {
		layer = installed_layer(installed, *need);
		if (r == 0)
			r = strv_addf(&needs, "%s %s", *need, layer ? layer : "missing");
	}
	if (r < 0)
		return log_errno(r, "%s", name);
	r = key_make(&j->key, j->recipe, &j->patches, ways->board, ways->toolchain, &needs,
		     (ways->boxed ? KEY_BOXED : 0) |
			     (ways->launcher && ways->launcher->remote ? KEY_PREPROCESSED : 0),
		     &why);
	if (r < 0)
		return why_log_of(why, r, name);
	return !j->forced && have && strcmp(have, j->key.hex) == 0;
}

char *job_explain(const struct job *j, const struct package_ways *ways,
		  const struct installed *installed)
{
	const char *old = installed_key(installed, j->recipe->name);
	autofree char *text = old ? key_recall(ways->board->keys, old) : NULL;
	autofree char *lines = text ? key_difference(text, j->key.text, "  ") : NULL;
	char *all;

	if (!old)
		return strdup("not installed");
	if (!lines)
		return strdup("installed, but not by this builder");
	if (!*lines)
		return strdup("asked for");
	lines[strlen(lines) - 1] = '\0';
	return asprintf(&all, "inputs have changed\n%s", lines) < 0 ? NULL : all;
}

struct start {
	struct job *job;
	const struct package_ways *ways;
};

static int build_here(void *arg, int events)
{
	const struct start *s = arg;
	const struct package_build b = { s->ways, s->job->recipe, &s->job->patches, &s->job->key,
					 s->job->archive };

	return package_build(&b, events) < 0;
}

int job_start(struct job *j, const struct package_ways *ways)
{
	struct start s = { j, ways };
	int r = child_start(&j->child, build_here, &s);

	return r < 0 ? log_errno(r, "cannot start the build of '%s'", j->recipe->name) : 0;
}
