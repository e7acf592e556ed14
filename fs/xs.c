// SPDX-License-Identifier: GPL-2.0-or-later
#include "fs/xs.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <unistd.h>

#include "fs/base/cleanup.h"
#include "fs/begun.h"
#include "fs/handover.h"
#include "fs/install.h"
#include "fs/layer.h"
#include "fs/layerset.h"
#include "fs/meta.h"
#include "fs/reads.h"
#include "fs/state.h"
#include "fs/tree.h"
#include "fs/view.h"

/* Descriptors for contents: half of what we may have, the rest is for layers and work. */
static size_t max_files(void)
{
	struct rlimit limit;

	if (getrlimit(RLIMIT_NOFILE, &limit) < 0)
		return 128;
	limit.rlim_cur = limit.rlim_max;
	setrlimit(RLIMIT_NOFILE, &limit);
	return limit.rlim_cur > 16384 ? 8192 : limit.rlim_cur / 2;
}

struct view_options xs_root_options(const struct state *state)
{
	return (struct view_options){
		.kind = VIEW_SYSROOT, .upper = state->local, .work = state->work, .durable = true
	};
}

struct view_options xs_staging_options(const struct state *state)
{
	return (struct view_options){
		.kind = VIEW_STAGING,
		.upper = state->local,
		.read_only = true,
		.shared = true,
		.hide = state->base,
		.staging = true,
		.work = -1,
	};
}

struct view_options xs_build_options(const struct state *state, const struct install *install,
				     const char *package)
{
	return (struct view_options){
		.kind = VIEW_BUILD,
		.upper = install->layer,
		.below = install->below,
		.work = state->work,
		.watches = true,
		.name = package,
	};
}

static int make_views(struct xs *xs)
{
	struct state *state = xs->state;
	autolayerset struct layerset *sysroot = state_layers(state, false, true, NULL);
	autolayerset struct layerset *packages = state_layers(state, false, false, NULL);
	struct view_options root = xs_root_options(state);
	struct view_options staging = xs_staging_options(state);
	int r;

	if (!sysroot || !packages)
		return -ENOMEM;
	root.below = sysroot;
	staging.below = packages;
	r = view_new(&xs->nodes, &xs->files, &root, &xs->root);
	return r < 0 ? r : view_new(&xs->nodes, &xs->files, &staging, &xs->staging);
}

int xs_new(struct state *state, struct handover *memory, struct xs **ret)
{
	struct xs *xs = calloc(1, sizeof(*xs));
	int r;

	if (!xs) {
		state_close(state);
		handover_free(memory);
		return -ENOMEM;
	}
	xs->state = state;
	pthread_mutex_init(&xs->changing, NULL);
	pthread_mutex_init(&xs->lock, NULL);
	files_init(&xs->files, max_files());
	r = nodes_init(&xs->nodes, memory);
	if (r == 0)
		r = roster_n_views(xs->nodes.memory) ? xs_resume(xs) : make_views(xs);
	if (r < 0)
		xs_free(xs);
	else
		*ret = xs;
	return r;
}

static void sight_free(struct sight *sight)
{
	install_free(sight->install);
	layer_unref(sight->layer);
	view_free(sight->view);
	free(sight);
}

void xs_free(struct xs *xs)
{
	if (!xs)
		return;
	nodes_release(&xs->nodes);
	for (struct sight *s = xs->sights, *next; s; s = next) {
		next = s->next;
		sight_free(s);
	}
	view_free(xs->root);
	view_free(xs->staging);
	files_release(&xs->files);
	state_close(xs->state);
	pthread_mutex_destroy(&xs->changing);
	pthread_mutex_destroy(&xs->lock);
	free(xs);
}

void xs_sweep(struct xs *xs)
{
	struct sight *unused_ones = NULL;

	pthread_mutex_lock(&xs->lock);
	for (struct sight **p = &xs->sights; *p;) {
		struct sight *s = *p;
		bool unused;

		pthread_mutex_lock(&xs->nodes.lock);
		unused = s->closed && s->view->root->refs == 1;
		pthread_mutex_unlock(&xs->nodes.lock);
		if (!unused) {
			p = &s->next;
			continue;
		}
		*p = s->next;
		s->next = unused_ones;
		unused_ones = s;
	}
	pthread_mutex_unlock(&xs->lock);
	for (struct sight *s = unused_ones, *next; s; s = next) {
		next = s->next;
		node_unref(&xs->nodes, s->view->root);
		sight_free(s);
	}
}

int xs_add_sight(struct xs *xs, const struct view_options *options, struct layer *layer,
		 struct sight **ret)
{
	struct sight *sight = calloc(1, sizeof(*sight));
	int r;

	if (!sight)
		return -ENOMEM;
	r = view_new(&xs->nodes, &xs->files, options, &sight->view);
	if (r < 0) {
		free(sight);
		return r;
	}
	sight->layer = layer_ref(layer);
	sight->next = xs->sights;
	xs->sights = sight;
	*ret = sight;
	return 0;
}

void xs_close_sight(struct xs *xs, struct sight *sight)
{
	struct roster_view *v;
	uint32_t begun;

	pthread_mutex_lock(&xs->nodes.lock);
	v = roster_view(xs->nodes.memory, sight->view->number);
	v->closed = true;
	begun = __atomic_exchange_n(&v->begun, 0, __ATOMIC_RELEASE);
	pthread_mutex_unlock(&xs->nodes.lock);
	nodes_give_back_text(&xs->nodes, begun);
	sight->closed = true;
}

struct layerset *xs_committed(struct xs *xs)
{
	struct layerset *set;

	pthread_rwlock_rdlock(&xs->staging->lock);
	set = layerset_ref(xs->staging->below);
	pthread_rwlock_unlock(&xs->staging->lock);
	return set;
}

/* Is it the same directory as before? Then its entry stays: taking it away from under those who
 * work in it would be wrong. */
static bool is_still_dir(struct node *dir, const char *name)
{
	struct found found = { 0 };
	bool still;

	if (view_enter(dir) < 0)
		return false;
	still = lookup_find(dir, name, &found) == 0 && S_ISDIR(found.st.st_mode);
	found_release(&found);
	view_leave(dir);
	return still;
}

/* Tell of all names that `layer` has in `path`, where somebody knows that directory as `dir`. */
static void tell_of_layer(struct xs *xs, const struct layer *layer, const char *path,
			  struct node *dir)
{
	autostrv struct strv names = { 0 };

	/* without memory or a readable layer there is nothing to tell: the names are not there */
	if (tree_names(layer, path, &names) < 0)
		return;
	xs->events.node_changed(xs->events.arg, dir->id);
	for (size_t i = 0; i < names.n; i++) {
		struct node *child = nodes_find(&xs->nodes, dir, names.v[i]);
		autofree char *below = NULL;

		if (!child || !child->dir || !is_still_dir(dir, names.v[i]))
			xs->events.entry_changed(xs->events.arg, dir->id, names.v[i]);
		else if ((below = tree_join(path, names.v[i])))
			tell_of_layer(xs, layer, below, child);
		node_unref(&xs->nodes, child);
	}
}

static void tell_of_difference(struct xs *xs, const struct layerset *some,
			       const struct layerset *others)
{
	for (size_t i = 0; i < some->n; i++) {
		if (layerset_has(others, some->v[i]))
			continue;
		tell_of_layer(xs, some->v[i], "", xs->root->root);
		tell_of_layer(xs, some->v[i], "", xs->staging->root);
	}
}

/* The layers before and after a change, for the kernel to be told of. */
struct turn {
	struct layerset *before, *after;
};

static void turn_release(struct turn *turn)
{
	layerset_unref(turn->before);
	layerset_unref(turn->after);
}
#define autoturn cleanup(turn_release)

/* Under `changing`, after the state's stack has changed. */
static int show_stack(struct xs *xs, struct turn *turn)
{
	autolayerset struct layerset *sysroot = state_layers(xs->state, false, true, NULL);

	turn->before = xs_committed(xs);
	turn->after = state_layers(xs->state, false, false, NULL);
	if (!sysroot || !turn->after)
		return -ENOMEM;
	view_set_below(xs->root, sysroot);
	view_set_below(xs->staging, turn->after);
	return 0;
}

/* A change begins, of which the kernel will have to be told: by the next worker if not by us. */
static void will_tell(struct xs *xs)
{
	__atomic_fetch_add(&xs->nodes.memory->head->telling, 1, __ATOMIC_RELEASE);
}

/* Without a lock. */
static void tell(struct xs *xs, const struct turn *turn)
{
	if (xs->events.entry_changed && turn->before && turn->after) {
		tell_of_difference(xs, turn->after, turn->before);
		tell_of_difference(xs, turn->before, turn->after);
	}
	__atomic_fetch_sub(&xs->nodes.memory->head->telling, 1, __ATOMIC_RELEASE);
}

static void begin_change(struct xs *xs)
{
	pthread_mutex_lock(&xs->changing);
	will_tell(xs);
}

/* `r` is what became of the state; everybody sees it when this returns. */
static int end_change(struct xs *xs, int r)
{
	autoturn struct turn turn = { 0 };

	if (r == 0)
		r = show_stack(xs, &turn);
	pthread_mutex_unlock(&xs->changing);
	tell(xs, &turn);
	return r;
}

/* Which layers came and went is not known any more: it is some of those on disk. */
void xs_tell_again(struct xs *xs)
{
	autostrv struct strv ids = { 0 };
	uint32_t *telling = &xs->nodes.memory->head->telling;

	if (!*telling || state_layers_on_disk(xs->state, &ids) < 0)
		return;
	strv_foreach (id, &ids) {
		struct layer *layer = NULL;

		if (state_open_layer(xs->state, *id, &layer) < 0)
			continue;
		tell_of_layer(xs, layer, "", xs->root->root);
		tell_of_layer(xs, layer, "", xs->staging->root);
		layer_unref(layer);
	}
	__atomic_store_n(telling, 0, __ATOMIC_RELEASE);
}

/* What another worker has to know, for roster.h. */
static int keep_begun(struct xs *xs, const struct install *install, uint32_t *ret)
{
	autofree char *text = NULL;
	int r = begun_format(install, &text);

	return r < 0 ? r : nodes_take_text(&xs->nodes, text, ret);
}

static void set_begun(struct xs *xs, const struct view *view, uint32_t begun)
{
	struct roster_view *v;

	pthread_mutex_lock(&xs->nodes.lock);
	v = roster_view(xs->nodes.memory, view->number);
	__atomic_store_n(&v->begun, begun, __ATOMIC_RELEASE);
	pthread_mutex_unlock(&xs->nodes.lock);
}

/* The view of an install, which becomes the sight's. */
static int add_build(struct xs *xs, const char *package, struct install *install,
		     struct sight **ret)
{
	const struct view_options options = xs_build_options(xs->state, install, package);
	uint32_t begun = 0;
	int r = keep_begun(xs, install, &begun);

	if (r < 0)
		return r;
	pthread_mutex_lock(&xs->lock);
	r = xs_add_sight(xs, &options, install->layer, ret);
	if (r == 0) {
		(*ret)->install = install;
		(*ret)->claimed = true;
		set_begun(xs, (*ret)->view, begun);
	}
	pthread_mutex_unlock(&xs->lock);
	if (r < 0)
		nodes_give_back_text(&xs->nodes, begun);
	return r;
}

int xs_begin(struct xs *xs, const struct install_request *request, struct sight **ret,
	     char **problem)
{
	struct install *install = NULL;
	int r;

	pthread_mutex_lock(&xs->changing);
	xs_sweep(xs);
	r = install_begin(xs->state, request, &install, problem);
	if (r == 0)
		r = add_build(xs, request->package, install, ret);
	if (r < 0 && install) {
		install_abort(xs->state, install);
		install_free(install);
	}
	pthread_mutex_unlock(&xs->changing);
	return r;
}

/* After view_close: from here on the sight may be freed at any time. */
static void let_go(struct xs *xs, struct sight *sight)
{
	pthread_mutex_lock(&xs->lock);
	xs_close_sight(xs, sight);
	pthread_mutex_unlock(&xs->lock);
}

int xs_commit(struct xs *xs, struct sight *sight, struct strv *problems, struct strv *notes)
{
	autoturn struct turn turn = { 0 };
	struct install *install = sight->install;
	int r;

	pthread_mutex_lock(&xs->changing);
	will_tell(xs);
	r = reads_packages(sight->view, &install->layer->meta->uses);
	install->layer->meta->watched = r == 0;
	view_close(sight->view);
	if (r < 0)
		install_abort(xs->state, install);
	else
		r = install_commit(xs->state, install, problems, notes);
	if (r == 0)
		r = show_stack(xs, &turn);
	pthread_mutex_unlock(&xs->changing);
	let_go(xs, sight);
	tell(xs, &turn);
	xs_sweep(xs);
	return r;
}

void xs_abort(struct xs *xs, struct sight *sight)
{
	pthread_mutex_lock(&xs->changing);
	view_close(sight->view);
	install_abort(xs->state, sight->install);
	pthread_mutex_unlock(&xs->changing);
	let_go(xs, sight);
	xs_sweep(xs);
}

/* An install that waits for its owner. Under `lock`. */
static struct sight *find_unclaimed(struct xs *xs)
{
	for (struct sight *s = xs->sights; s; s = s->next)
		if (s->install && !s->closed && !s->claimed)
			return s;
	return NULL;
}

static struct sight *claim(struct xs *xs, const char *package, const char *token)
{
	struct sight *s;

	pthread_mutex_lock(&xs->lock);
	for (s = xs->sights; s; s = s->next)
		if (s->install && !s->closed && !s->claimed &&
		    strcmp(s->view->name, package) == 0 && *token &&
		    strcmp(s->install->token, token) == 0)
			break;
	if (s)
		s->claimed = true;
	pthread_mutex_unlock(&xs->lock);
	return s;
}

int xs_claim(struct xs *xs, const char *package, const char *token, struct sight **ret,
	     char **problem)
{
	int r;

	*ret = claim(xs, package, token);
	if (*ret)
		return 0;
	begin_change(xs);
	r = install_find_done(xs->state, package, token, problem);
	return end_change(xs, r);
}

void xs_abort_unclaimed(struct xs *xs)
{
	struct sight *s;

	do {
		pthread_mutex_lock(&xs->lock);
		s = find_unclaimed(xs);
		if (s)
			s->claimed = true;
		pthread_mutex_unlock(&xs->lock);
		if (s)
			xs_abort(xs, s);
	} while (s);
}

void xs_settled(struct xs *xs, const char *package)
{
	pthread_mutex_lock(&xs->changing);
	install_settled(xs->state, package);
	pthread_mutex_unlock(&xs->changing);
}

/* A change that needs a package's name and nothing else. */
static int change(struct xs *xs, const char *package, char **problem,
		  int (*call)(struct state *state, const char *package, char **problem))
{
	begin_change(xs);
	return end_change(xs, call(xs->state, package, problem));
}

int xs_remove(struct xs *xs, const char *package, char **problem)
{
	return change(xs, package, problem, state_remove);
}

int xs_rollback(struct xs *xs, const char *package, char **problem)
{
	return change(xs, package, problem, state_rollback);
}

int xs_set_parts(struct xs *xs, const char *package, const struct parts *parts, char **problem)
{
	begin_change(xs);
	return end_change(xs, state_set_parts(xs->state, package, parts, problem));
}

/* Layers that an open view still reads from stay until the next time. */
static int layers_of_builds(struct xs *xs, struct strv *ids)
{
	int r = 0;

	pthread_mutex_lock(&xs->lock);
	for (struct sight *s = xs->sights; r == 0 && s; s = s->next) {
		if (s->closed)
			continue;
		for (size_t i = 0; r == 0 && i < s->view->below->n; i++)
			r = strv_add(ids, s->view->below->v[i]->id);
	}
	pthread_mutex_unlock(&xs->lock);
	return r;
}

static bool is_old(const struct layerset *now, const char *id)
{
	for (size_t i = 0; i < now->n; i++)
		if (strcmp(now->v[i]->id, id) == 0)
			return false;
	return strcmp(id, "base") != 0 && strcmp(id, "local") != 0;
}

/* Those of files that may be open: of all that the kernel knows. */
static int layers_of_files(struct xs *xs, struct strv *ids, bool *old)
{
	autolayerset struct layerset *now = xs_committed(xs);
	int r = nodes_layers(&xs->nodes, xs->root, ids);

	if (r == 0)
		r = nodes_layers(&xs->nodes, xs->staging, ids);
	*old = false;
	strv_foreach (id, ids)
		*old = *old || is_old(now, *id);
	return r;
}

/* Under `changing`. -EAGAIN, if `patient`: there are old layers that somebody has a file open of.
 */
static int gc(struct xs *xs, bool patient, struct strv *gone)
{
	autostrv struct strv keep = { 0 };
	bool old;
	int r;

	xs_sweep(xs);
	r = layers_of_files(xs, &keep, &old);
	if (r == 0 && old && patient)
		return -EAGAIN;
	if (r == 0)
		r = layers_of_builds(xs, &keep);
	return r < 0 ? r : state_gc(xs->state, &keep, gone);
}

int xs_gc(struct xs *xs, struct strv *gone)
{
	int r = -EAGAIN;

	/* What a change took away the kernel forgets at once, unless it is open; that message may
	 * still be on its way. */
	for (int left = 20; r == -EAGAIN; left--) {
		pthread_mutex_lock(&xs->changing);
		r = gc(xs, left > 0, gone);
		pthread_mutex_unlock(&xs->changing);
		if (r == -EAGAIN)
			usleep(10000);
	}
	return r;
}

int xs_pending(struct xs *xs, struct strv *ret)
{
	int r = 0;

	pthread_mutex_lock(&xs->lock);
	for (struct sight *s = xs->sights; r == 0 && s; s = s->next)
		if (s->install && !s->closed)
			r = strv_add(ret, s->view->name);
	pthread_mutex_unlock(&xs->lock);
	strv_sort(ret);
	return r;
}
