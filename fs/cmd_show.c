// SPDX-License-Identifier: GPL-2.0-or-later
/* cmd_show.c - status, list, owns, files: what is there. */
#include <errno.h>
#include <inttypes.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "fs/base/cleanup.h"
#include "fs/base/log.h"
#include "fs/cmd.h"
#include "fs/control.h"
#include "fs/layer.h"
#include "fs/meta.h"
#include "fs/parts.h"
#include "fs/record.h"
#include "fs/state.h"
#include "fs/tree.h"
#include "fs/view.h"
#include "fs/where.h"
#include "fs/xs.h"

#define autoxs cleanup(xs_cleanup)
static void xs_cleanup(struct xs **xs)
{
	xs_free(*xs);
}

static int finish(int r)
{
	if (r < 0)
		log_errno(r, "cannot tell");
	return r < 0 ? CMD_FAILED : CMD_DONE;
}

/* ---- status ---- */

struct totals {
	uint64_t files, bytes;
};

static struct totals count_packages(const struct state *state)
{
	struct totals t = { 0 };

	for (size_t i = 0; i < state->n; i++) {
		t.files += state->stack[i]->meta->files;
		t.bytes += state->stack[i]->meta->bytes;
	}
	return t;
}

static int count_entry(const struct tree_entry *e, void *arg)
{
	struct totals *t = arg;

	if (!S_ISDIR(e->st.st_mode) && !e->whiteout) {
		t->files++;
		t->bytes += S_ISREG(e->st.st_mode) ? e->st.st_size : 0;
	}
	return 0;
}

struct status {
	const struct where *where;
	const struct state *state;
	struct totals packages, local;
	struct strv pending;
	const char *pid;
	struct kv reply; /* the daemon's; empty when there is none */
};

/* The kind of the reply's i-th key, if that counts requests; else NULL. */
static const char *request_kind(const struct kv *reply, size_t i)
{
	static const char prefix[] = "requests.";
	const char *key = reply->keys.v[i];

	return strncmp(key, prefix, strlen(prefix)) == 0 ? key + strlen(prefix) : NULL;
}

static int record_requests(struct record *o, const struct kv *reply)
{
	struct record *requests = record_new();
	int r = requests ? 0 : -ENOMEM;

	for (size_t i = 0; r == 0 && i < reply->keys.n; i++) {
		const char *kind = request_kind(reply, i);

		if (kind)
			r = record_set_number(requests, kind, atoll(reply->values.v[i]));
	}
	if (r < 0) {
		record_free(requests);
		return r;
	}
	return record_set_object(o, "requests", requests);
}

static const char *reply_text(const struct kv *reply, const char *key)
{
	const char *value = kv_get(reply, key);

	return value ? value : "";
}

/* What becomes of the mount when its daemon dies. */
static int record_keeper(struct record *o, const struct kv *reply)
{
	int r;

	if (!kv_get(reply, "pid"))
		return 0;
	if ((r = record_set_number(o, "keeper", atoi(reply_text(reply, "keeper")))) < 0 ||
	    (r = record_set(o, "version", reply_text(reply, "version"))) < 0 ||
	    (r = record_set(o, "transport", reply_text(reply, "transport"))) < 0 ||
	    (r = record_set(o, "outlives_daemon", reply_text(reply, "outlives-daemon"))) < 0 ||
	    (r = record_set_number(o, "restarts", atoi(reply_text(reply, "restarts")))) < 0)
		return r;
	return record_set(o, "restarted_after", reply_text(reply, "restarted-after"));
}

static void print_keeper(const struct kv *reply)
{
	const char *after = kv_get(reply, "restarted-after");

	if (!kv_get(reply, "pid"))
		return;
	printf("transport   %s\n", reply_text(reply, "transport"));
	if (strcmp(reply_text(reply, "outlives-daemon"), "yes") == 0)
		printf("kept by     process %s, should the daemon die",
		       reply_text(reply, "keeper"));
	else
		printf("kept by     nobody: the mount ends with the daemon (%s)",
		       strcmp(reply_text(reply, "transport"), "io_uring") == 0
			       ? "the rings of io_uring are its own"
			       : "Linux 6.9 can do more");
	if (after)
		printf("; restarted %s times, last after %s", reply_text(reply, "restarts"), after);
	putchar('\n');
}

static int print_status_json(const struct status *s)
{
	autorecord struct record *o = record_new();
	int r;

	if (!o)
		return -ENOMEM;
	if ((r = record_set(o, "mountpoint", s->where->point ? s->where->point : "")) < 0 ||
	    (r = record_set(o, "state", s->where->state)) < 0 ||
	    (r = record_set(o, "sysroot", s->state->base_path ? s->state->base_path : "")) < 0 ||
	    (r = record_set_number(o, "pid", s->pid ? atoi(s->pid) : 0)) < 0 ||
	    (r = record_keeper(o, &s->reply)) < 0 ||
	    (r = record_set_number(o, "packages", s->state->n)) < 0 ||
	    (r = record_set_number(o, "files", s->packages.files)) < 0 ||
	    (r = record_set_number(o, "bytes", s->packages.bytes)) < 0 ||
	    (r = record_set_number(o, "local_files", s->local.files)) < 0 ||
	    (r = record_set_number(o, "local_bytes", s->local.bytes)) < 0 ||
	    (r = record_set_list(o, "pending", &s->pending)) < 0 ||
	    (r = record_requests(o, &s->reply)) < 0)
		return r;
	return record_print(o);
}

/* What the kernel has asked for; a line of its own for those who look for what is slow. */
static void print_requests(const struct kv *reply)
{
	const char *before = "requests    ";

	for (size_t i = 0; i < reply->keys.n; i++) {
		const char *kind = request_kind(reply, i);

		if (!kind)
			continue;
		printf("%s%s %s", before, kind, reply->values.v[i]);
		before = ", ";
	}
	if (*before == ',')
		putchar('\n');
}

static int print_status_text(const struct status *s)
{
	autofree char *pending = strv_join(&s->pending, " ");

	printf("mounted at  %s%s%s%s\n", s->where->point ? s->where->point : "nowhere",
	       s->pid ? " (process " : "", s->pid ? s->pid : "", s->pid ? ")" : "");
	print_keeper(&s->reply);
	printf("sysroot     %s\n", s->state->base_path ? s->state->base_path : "none yet");
	printf("state       %s\n", s->where->state);
	printf("packages    %zu, of %" PRIu64 " files and %" PRIu64 " bytes\n", s->state->n,
	       s->packages.files, s->packages.bytes);
	printf("local       %" PRIu64 " files and %" PRIu64 " bytes of no package\n",
	       s->local.files, s->local.bytes);
	printf("installing  %s\n", pending && *pending ? pending : "nothing");
	print_requests(&s->reply);
	return 0;
}

static int run_status(const struct cmd *cmd, int argc, char **argv)
{
	autowhere struct where where = { 0 };
	autoxs struct xs *xs = NULL;
	struct status s = { .where = &where };
	struct cmd_line line;
	int r;

	if (cmd_parse(cmd, argc, argv, 0, 0, &line))
		return CMD_USAGE;
	if (where_open_given(cmd_value(cmd, &line, "C"), &where, &xs) < 0)
		return CMD_FAILED;
	s.state = xs->state;
	s.packages = count_packages(xs->state);
	r = tree_walk(xs->state->local, count_entry, &s.local);
	if (r == 0 && where_ask(&where, "status", NULL, NULL, &s.reply) == 0) {
		s.pid = kv_get(&s.reply, "pid");
		r = control_list(&s.reply, "pending", &s.pending);
	}
	if (r == 0)
		r = cmd_value(cmd, &line, "json") ? print_status_json(&s) : print_status_text(&s);
	strv_release(&s.pending);
	kv_release(&s.reply);
	return finish(r);
}

const struct cmd cmd_status = {
	.name = "status",
	.args = "",
	.summary = "say what is mounted, and how much is in it",
	.text = "Also which installs are under way, and how often the kernel has asked for what: a "
		"request is what a mount costs, and what is cached costs none.",
	.run = run_status,
	.options = { CMD_WHERE, CMD_JSON },
};

/* ---- list ---- */

static int add_package(struct record *list, const struct layer *layer)
{
	const struct meta *m = layer->meta;
	struct record *o = record_new();
	char when[64];
	struct tm tm;
	int r;

	gmtime_r(&m->when.tv_sec, &tm);
	strftime(when, sizeof(when), "%Y-%m-%dT%H:%M:%SZ", &tm);
	if (!o)
		return -ENOMEM;
	if ((r = record_set(o, "package", m->package)) < 0 ||
	    (r = record_set(o, "version", m->version)) < 0 ||
	    (r = record_set(o, "layer", layer->id)) < 0 || (r = record_set(o, "key", m->key)) < 0 ||
	    (r = record_set_list(o, "needs", &m->needs)) < 0 ||
	    (r = record_set_list(o, "replaces", &m->replaces)) < 0 ||
	    (r = m->watched ? record_set_list(o, "uses", &m->uses) : 0) < 0 ||
	    (r = record_set_list(o, "parts", &m->parts.rules)) < 0 ||
	    (r = record_set_number(o, "files", m->files)) < 0 ||
	    (r = record_set_number(o, "bytes", m->bytes)) < 0 ||
	    (r = record_set(o, "when", when)) < 0) {
		record_free(o);
		return r;
	}
	return record_add(list, o);
}

static int print_list_json(const struct state *state)
{
	autorecord struct record *list = record_list_new();
	int r = list ? 0 : -ENOMEM;

	for (size_t i = 0; r == 0 && i < state->n; i++)
		r = add_package(list, state->stack[i]);
	return r < 0 ? r : record_print(list);
}

static int print_list_text(const struct state *state)
{
	size_t wide = 0, wide_version = 0;

	for (size_t i = 0; i < state->n; i++) {
		const struct meta *m = state->stack[i]->meta;

		wide = strlen(m->package) > wide ? strlen(m->package) : wide;
		wide_version =
			strlen(m->version) > wide_version ? strlen(m->version) : wide_version;
	}
	for (size_t i = 0; i < state->n; i++) {
		const struct meta *m = state->stack[i]->meta;
		autofree char *needs = strv_join(&m->needs, " ");

		printf("%-*s  %-*s  %6" PRIu64 " files  %10" PRIu64 " bytes%s%s\n", (int)wide,
		       m->package, (int)wide_version, m->version, m->files, m->bytes,
		       needs && *needs ? "  needs " : "", needs ? needs : "");
	}
	return 0;
}

static int run_list(const struct cmd *cmd, int argc, char **argv)
{
	autowhere struct where where = { 0 };
	autoxs struct xs *xs = NULL;
	struct cmd_line line;

	if (cmd_parse(cmd, argc, argv, 0, 0, &line))
		return CMD_USAGE;
	if (where_open_given(cmd_value(cmd, &line, "C"), &where, &xs) < 0)
		return CMD_FAILED;
	return finish(cmd_value(cmd, &line, "json") ? print_list_json(xs->state)
						    : print_list_text(xs->state));
}

const struct cmd cmd_list = {
	.name = "list",
	.args = "",
	.summary = "list the packages, the lowest first",
	.text = "A package stands above those that it needs.",
	.run = run_list,
	.options = { CMD_WHERE, CMD_JSON },
};

/* ---- owns ---- */

/* realpath(3), but for the last component, which may be a symlink or not there at all. */
static char *real_folder(const char *path)
{
	autofree char *copy = strdup(path);
	autofree char *folder = NULL;
	char *name, *slash;

	if (!copy)
		return NULL;
	while (strlen(copy) > 1 && copy[strlen(copy) - 1] == '/')
		copy[strlen(copy) - 1] = '\0';
	slash = strrchr(copy, '/');
	name = slash ? slash + 1 : copy;
	if (!*name || strcmp(name, ".") == 0 || strcmp(name, "..") == 0)
		return realpath(path, NULL);
	if (slash)
		*slash = '\0';
	folder = realpath(slash ? slash == copy ? "/" : copy : ".", NULL);
	return folder ? tree_join(strcmp(folder, "/") == 0 ? "" : folder, name) : NULL;
}

/* What is left of a path in the mount; NULL when it is not there. */
static const char *rest_of(const struct where *where, const char *path)
{
	size_t n = where->point ? strlen(where->point) : 0;

	if (!n || !path || strncmp(path, where->point, n) != 0 || (path[n] && path[n] != '/'))
		return NULL;
	return path + n + strspn(path + n, "/");
}

/* A path as the user gives it, to one below the root: one in the mount by its place there, any
 * other as one below the root already. Links on the way are followed where there is a mount to do
 * it. */
static char *below_root(const struct where *where, const char *given)
{
	autofree char *real = real_folder(given);
	autofree char *inside = NULL;
	const char *rest = rest_of(where, real);

	if (!rest && where->point) {
		inside = tree_join(where->point, given + strspn(given, "/"));
		free(take_ptr(real));
		real = inside ? real_folder(inside) : NULL;
		rest = rest_of(where, real);
	}
	return strdup(rest ? rest : given + strspn(given, "/"));
}

static int print_owner(struct xs *xs, const struct where *where, const char *given)
{
	autofree char *path = below_root(where, given);
	autofree char *part = NULL;
	struct layer *layer = NULL;
	struct node *node = NULL;
	int r;

	if (!path)
		return -ENOMEM;
	if (!*given)
		return log_error("an empty path belongs to nobody");
	r = view_walk(xs->root, path, &node, NULL);
	if (r == 0)
		r = view_tag(node, &layer);
	if (r == 0 && !node->dir && layer_parts(layer)->rules.n)
		part = parts_of(layer_parts(layer), path, S_ISLNK(node->type));
	node_unref(&xs->nodes, node);
	if (r < 0)
		return log_errno(r, "cannot tell who owns '%s'", given);
	if (layer->origin == ORIGIN_PACKAGE)
		printf("%s\t%s %s%s%s\n", given, layer_package(layer), layer_version(layer),
		       part ? " " : "", part ? part : "");
	else
		printf("%s\t%s\n", given, origin_name(layer->origin));
	layer_unref(layer);
	return 0;
}

static int run_owns(const struct cmd *cmd, int argc, char **argv)
{
	autowhere struct where where = { 0 };
	autoxs struct xs *xs = NULL;
	struct cmd_line line;
	int result = CMD_DONE;

	if (cmd_parse(cmd, argc, argv, 1, -1, &line))
		return CMD_USAGE;
	if (where_open_given(cmd_value(cmd, &line, "C"), &where, &xs) < 0)
		return CMD_FAILED;
	for (int i = 0; i < line.argc; i++)
		if (print_owner(xs, &where, line.argv[i]) < 0)
			result = CMD_FAILED;
	return result;
}

const struct cmd cmd_owns = {
	.name = "owns",
	.args = "PATH...",
	.summary = "say which package wrote each file",
	.text = "Prints PATH, a tab, and \"package version\" (and the part, if the package has "
		"rules "
		"for parts), \"base\" or \"local\". A PATH is one in the mount, or one below its "
		"root. A directory belongs to the base if the base has "
		"it, else to the lowest package that does.",
	.run = run_owns,
	.options = { CMD_WHERE },
};

/* ---- files ---- */

struct listing {
	const struct layer *layer;
	const char *part; /* only this; NULL: all */
};

/* An empty directory is something that a package brings; any other shows by what is in it. */
static int print_file(const struct tree_entry *e, void *arg)
{
	const struct listing *l = arg;
	const struct layer *layer = l->layer;

	if (e->whiteout ||
	    (l->part && !parts_is(layer_parts(layer), e->path, S_ISLNK(e->st.st_mode), l->part)))
		return 0;
	if (S_ISDIR(e->st.st_mode)) {
		autostrv struct strv names = { 0 };
		int r = tree_names(layer, e->path, &names);

		if (r < 0 || names.n)
			return r;
	}
	return puts(e->path) == EOF ? -EIO : 0;
}

static int run_files(const struct cmd *cmd, int argc, char **argv)
{
	autowhere struct where where = { 0 };
	autoxs struct xs *xs = NULL;
	struct cmd_line line;
	struct listing listing;
	struct layer *layer;

	if (cmd_parse(cmd, argc, argv, 1, 1, &line))
		return CMD_USAGE;
	if (where_open_given(cmd_value(cmd, &line, "C"), &where, &xs) < 0)
		return CMD_FAILED;
	if (strcmp(line.argv[0], "local") == 0)
		layer = xs->state->local;
	else
		layer = state_find(xs->state, line.argv[0]);
	if (!layer) {
		log_error("there is no package '%s'", line.argv[0]);
		return CMD_FAILED;
	}
	listing = (struct listing){ layer, cmd_value(cmd, &line, "part") };
	return finish(tree_walk(layer, print_file, &listing));
}

const struct cmd cmd_files = {
	.name = "files",
	.args = "P",
	.summary = "list the paths of a package",
	.text = "Relative to the root: files, links, and directories with nothing in them. P may "
		"be "
		"'local'.",
	.run = run_files,
	.options = {
		CMD_WHERE,
		{ 0, "part", "PART", "only those of this part" },
	},
};
