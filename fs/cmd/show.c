// SPDX-License-Identifier: GPL-2.0-or-later
/* show.c - status, list: what is there. */
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
#include "fs/base/size.h"
#include "fs/client/control.h"
#include "fs/client/where.h"
#include "fs/cmd/cmd.h"
#include "fs/cmd/record.h"
#include "fs/store/layer.h"
#include "fs/store/meta.h"
#include "fs/store/parts.h"
#include "fs/store/state.h"
#include "fs/store/tree.h"
#include "fs/view/view.h"
#include "fs/xs/xs.h"

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
	char *board; /* whose mount it is; NULL: no board's */
	bool verbose;
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

static bool is_yes(const struct kv *reply, const char *key)
{
	return strcmp(reply_text(reply, key), "yes") == 0;
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
	    (r = record_set_bool(o, "inode32", is_yes(reply, "inode32"))) < 0 ||
	    (r = record_set_bool(o, "outlives_daemon", is_yes(reply, "outlives-daemon"))) < 0 ||
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
	if (is_yes(reply, "inode32"))
		puts("numbers     of 31 bits, for programs without large-file support");
	if (is_yes(reply, "outlives-daemon"))
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
	    (r = record_set(o, "board", s->board ? s->board : "")) < 0 ||
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

/* The builder knows which boards there are. */
static char *board_of(const char *state)
{
	const char *const question[] = { "board-of", state, NULL };
	char *board = NULL;

	if (cmd_ask_builder(question, &board) == 0)
		board[strcspn(board, "\n")] = '\0';
	return board;
}

static int print_status_text(const struct status *s)
{
	autofree char *pending = strv_join(&s->pending, " ");
	char size[SIZE_SAID];

	if (s->board)
		printf("board       %s\n", s->board);
	printf("mounted at  %s%s%s%s\n", s->where->point ? s->where->point : "nowhere",
	       s->pid ? " (process " : "", s->pid ? s->pid : "", s->pid ? ")" : "");
	print_keeper(&s->reply);
	printf("sysroot     %s\n", s->state->base_path ? s->state->base_path : "none yet");
	printf("state       %s\n", s->where->state);
	printf("packages    %zu, of %" PRIu64 " files, %s\n", s->state->n, s->packages.files,
	       size_said((double)s->packages.bytes, size));
	printf("local       %" PRIu64 " files of no package, %s\n", s->local.files,
	       size_said((double)s->local.bytes, size));
	printf("installing  %s\n", pending && *pending ? pending : "nothing");
	if (s->verbose)
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
	s.board = board_of(where.state);
	s.verbose = cmd_value(cmd, &line, "v");
	if (r == 0)
		r = cmd_value(cmd, &line, "json") ? print_status_json(&s) : print_status_text(&s);
	free(s.board);
	strv_release(&s.pending);
	kv_release(&s.reply);
	return finish(r);
}

const struct cmd cmd_status = {
	.name = "status",
	.args = "",
	.summary = "say what is mounted, and how much is in it",
	.text = "Also which installs are under way. With -v, how often the kernel has asked for what: "
		"a request is what a mount costs, and what is cached costs none.",
	.run = run_status,
	.options = {
		CMD_WHERE,
		CMD_JSON,
		{ 'v', "verbose", NULL, "also how many requests of each kind there were", NULL },
	},
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

static int print_list_json(struct layer *const *v, size_t n)
{
	autorecord struct record *list = record_list_new();
	int r = list ? 0 : -ENOMEM;

	for (size_t i = 0; r == 0 && i < n; i++)
		r = add_package(list, v[i]);
	return r < 0 ? r : record_print(list);
}

static int print_list_text(struct layer *const *v, size_t n)
{
	size_t wide = 0, wide_version = 0;

	for (size_t i = 0; i < n; i++) {
		const struct meta *m = v[i]->meta;

		wide = strlen(m->package) > wide ? strlen(m->package) : wide;
		wide_version =
			strlen(m->version) > wide_version ? strlen(m->version) : wide_version;
	}
	for (size_t i = 0; i < n; i++) {
		const struct meta *m = v[i]->meta;
		autofree char *needs = strv_join(&m->needs, " ");
		char size[SIZE_SAID];

		printf("%-*s  %-*s  %6" PRIu64 " files  %8s%s%s\n", (int)wide, m->package,
		       (int)wide_version, m->version, m->files, size_said((double)m->bytes, size),
		       needs && *needs ? "  needs " : "", needs ? needs : "");
	}
	return 0;
}

/* The packages that were named, in the order of the stack; the array is the caller's to free. 0 or
 * -errno, said. */
static int find_listed(const struct state *state, const struct cmd_line *line, struct layer ***ret,
		       size_t *n)
{
	autostrv struct strv names = { 0 };
	struct layer **v;

	for (int i = 0; i < line->argc; i++)
		if (!state_find(state, line->argv[i]))
			return log_error("there is no package '%s' (see 'xsysfs list')",
					 line->argv[i]);
		else if (strv_add(&names, line->argv[i]) < 0)
			return log_errno(-ENOMEM, "cannot list the packages");
	*ret = v = calloc(state->n + 1, sizeof(struct layer *));
	if (!v)
		return log_errno(-ENOMEM, "cannot list the packages");
	for (size_t i = 0; i < state->n; i++)
		if (!names.n || strv_has(&names, state->stack[i]->meta->package))
			v[(*n)++] = state->stack[i];
	return 0;
}

static int run_list(const struct cmd *cmd, int argc, char **argv)
{
	autowhere struct where where = { 0 };
	autoxs struct xs *xs = NULL;
	autofree struct layer **v = NULL;
	struct cmd_line line;
	size_t n = 0;

	if (cmd_parse(cmd, argc, argv, 0, -1, &line))
		return CMD_USAGE;
	if (where_open_given(cmd_value(cmd, &line, "C"), &where, &xs) < 0)
		return CMD_FAILED;
	if (find_listed(xs->state, &line, &v, &n) < 0)
		return CMD_FAILED;
	return finish(cmd_value(cmd, &line, "json") ? print_list_json(v, n)
						    : print_list_text(v, n));
}

const struct cmd cmd_list = {
	.name = "list",
	.args = "[P...]",
	.summary = "list the packages, the lowest first",
	.text = "A package stands above those that it needs. Those that are named, else all.",
	.takes = "package",
	.run = run_list,
	.options = { CMD_WHERE, CMD_JSON },
};
