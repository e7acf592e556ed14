// SPDX-License-Identifier: GPL-2.0-or-later
#include "fs/xs/xs.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <unistd.h>

#include "fs/base/cleanup.h"
#include "fs/store/begun.h"
#include "fs/store/handover.h"
#include "fs/store/inode32.h"
#include "fs/store/install.h"
#include "fs/store/layer.h"
#include "fs/store/layerset.h"
#include "fs/store/meta.h"
#include "fs/store/state.h"
#include "fs/view/mirror.h"
#include "fs/view/reads.h"
#include "fs/view/view.h"

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
	ahead_init(&xs->ahead, &xs->nodes);
	files_init(&xs->files, max_files());
	r = nodes_init(&xs->nodes, memory);
	if (r == 0)
		r = roster_n_views(xs->nodes.memory) ? xs_resume(xs) : make_views(xs);
	if (r == 0) {
		xs->mirror = mirror_new(xs->staging);
		xs->root->mirror = xs->mirror;
		xs->staging->writer = xs->root;
		r = xs->mirror ? 0 : -ENOMEM;
	}
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
	ahead_release(&xs->ahead);
	mirror_free(xs->mirror);
	inode32_free(xs->inode32);
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
		xs_tell_of_difference(xs, turn->after, turn->before);
		xs_tell_of_difference(xs, turn->before, turn->after);
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
	struct meta *meta = install->layer->meta;
	int r;

	pthread_mutex_lock(&xs->changing);
	will_tell(xs);
	r = reads_packages(sight->view, &meta->needs, &meta->uses);
	meta->watched = r == 0;
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

int xs_aside(struct xs *xs, struct sight *sight, char **id)
{
	int r;

	pthread_mutex_lock(&xs->changing);
	view_close(sight->view);
	r = install_aside(xs->state, sight->install, id);
	pthread_mutex_unlock(&xs->changing);
	let_go(xs, sight);
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

int xs_restore(struct xs *xs, const char *id, char **problem)
{
	return change(xs, id, problem, state_restore);
}

int xs_set_parts(struct xs *xs, const char *package, const struct parts *parts, char **problem)
{
	begin_change(xs);
	return end_change(xs, state_set_parts(xs->state, package, parts, problem));
}

/* Layers that a view still reads from stay until the next time: one of an install that goes on, or
 * one of a package of which somebody has something open. */
static int layers_of_sights(struct xs *xs, struct strv *ids)
{
	int r = 0;

	pthread_mutex_lock(&xs->lock);
	for (struct sight *s = xs->sights; r == 0 && s; s = s->next) {
		if (s->closed && s->install)
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

/* Is a view of a package there that the kernel has not forgotten, though its layer is old? */
static bool has_old_packages(struct xs *xs)
{
	bool has = false;

	pthread_mutex_lock(&xs->lock);
	for (struct sight *s = xs->sights; s; s = s->next)
		has = has || (s->closed && !s->install && !s->view->closed);
	pthread_mutex_unlock(&xs->lock);
	return has;
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
	if (r == 0 && patient && (old || has_old_packages(xs)))
		return -EAGAIN;
	if (r == 0)
		r = layers_of_sights(xs, &keep);
	return r < 0 ? r : state_gc(xs->state, &keep, gone);
}

int xs_gc(struct xs *xs, struct strv *gone)
{
	int r = -EAGAIN;

	xs_close_packages(xs);
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
