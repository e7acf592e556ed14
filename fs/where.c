// SPDX-License-Identifier: GPL-2.0-or-later
#include "fs/where.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdlib.h>
#include <string.h>
#include <sys/xattr.h>
#include <unistd.h>

#include "fs/base/cleanup.h"
#include "fs/base/log.h"
#include "fs/control.h"
#include "fs/mounts.h"
#include "fs/state.h"
#include "fs/tag.h"
#include "fs/xs.h"

void where_release(struct where *where)
{
	free(where->state);
	free(where->point);
	*where = (struct where){ 0 };
}

static int set(struct where *where, const char *state, const char *point)
{
	where->state = strdup(state);
	where->point = point ? strdup(point) : NULL;
	return where->state && (where->point || !point) ? 0 : -ENOMEM;
}

/* Is `path` the root of a view, or anywhere below one? Then its state, and the root. */
static int find_above(const char *path, struct where *ret)
{
	autofree char *at = realpath(path, NULL);
	char state[PATH_MAX];

	while (at && *at) {
		ssize_t n = getxattr(at, TAG_XATTR_STATE, state, sizeof(state) - 1);
		char *slash;

		if (n > 0) {
			state[n] = '\0';
			return set(ret, state, at);
		}
		if (errno == ENOTCONN)
			return -ENOTCONN;
		slash = strrchr(at, '/');
		if (!slash)
			break;
		*slash = '\0';
	}
	return -ENOENT;
}

static int find_only(struct where *ret)
{
	automounts struct mounts mounts = { 0 };
	autofree char *all = NULL;
	int r = mounts_read(&mounts);

	if (r < 0)
		return log_errno(r, "cannot read the list of mounts");
	if (mounts.points.n == 1)
		return set(ret, mounts.states.v[0], mounts.points.v[0]);
	if (!mounts.points.n) {
		log_error("nothing is mounted: say which state by '-C STATE', or mount it");
		return -ENOENT;
	}
	all = strv_join(&mounts.points, ", ");
	log_error("several are mounted: say which by '-C WHERE' (%s)", all ? all : "?");
	return -EINVAL;
}

enum { MAX_TRIES = 20 };

int where_find(const char *given, struct where *ret)
{
	automounts struct mounts mounts = { 0 };
	autofree char *real = NULL;
	autofree char *version = NULL;
	int r;

	if (!given)
		given = getenv("XSYSFS");
	if (!given || !*given)
		return find_only(ret);
	r = find_above(given, ret);
	if (r == 0)
		return 0;
	if (r == -ENOTCONN || errno == ENOTCONN)
		return log_error(
			"the daemon of the mount '%s' has died: run 'xsysfs umount %s' and "
			"mount it again",
			given, given);
	real = realpath(given, NULL);
	if (!real)
		return log_errno(-errno, "cannot use '%s'", given);
	if (asprintf(&version, "%s/version", real) < 0 || access(version, R_OK) < 0)
		return log_error("'%s' is neither a mount of xsysfs nor a state folder", given);
	r = mounts_read(&mounts);
	return r < 0 ? r : set(ret, real, mounts_point_of(&mounts, real));
}

int where_connect(const struct where *where)
{
	autofd int state = open(where->state, O_PATH | O_DIRECTORY | O_CLOEXEC);
	int fd;

	if (state < 0)
		return -errno;
	fd = control_connect(state);
	return fd == -ENOENT || fd == -ECONNREFUSED ? -ENOTCONN : fd;
}

int where_ask(const struct where *where, const char *verb, const char *key, const char *value,
	      struct kv *reply)
{
	static const char *const harmless[] = { "base", "gc", "status" }; /* done twice */
	bool again = false;
	int r;

	for (size_t i = 0; i < ARRAY_SIZE(harmless); i++)
		again = again || strcmp(verb, harmless[i]) == 0;
	for (int i = 0; i < MAX_TRIES; i++) {
		autofd int control = where_connect(where);

		kv_release(reply);
		r = control < 0 ? control : control_ask(control, verb, key, value, reply, NULL);
		if (!again || (r != -EPIPE && r != -ECONNRESET))
			break; /* else the daemon has died, and there may be another */
	}
	return r;
}

/* The base: from the daemon, which holds it though the mount may hide its path; else by path. */
static int find_base(const struct where *where, struct state *state, char **problem)
{
	autofd int control = where_connect(where);
	autokv struct kv reply = { 0 };
	int fd = -1, r;

	if (control >= 0) {
		r = control_ask(control, "base", NULL, NULL, &reply, &fd);
		if (r == 0 && fd >= 0)
			return state_set_base_fd(state, fd);
	}
	if (!state->base_path)
		return 0; /* never mounted: there is nothing to hide */
	return state_set_base(state, state->base_path, problem);
}

int where_open(const struct where *where, struct xs **ret)
{
	autofree char *problem = NULL;
	struct state *state = NULL;
	int r = state_open(where->state, false, &state, &problem);

	if (r == 0) {
		r = find_base(where, state, &problem);
		if (r < 0)
			state_close(state);
		else
			r = xs_new(state, NULL, ret);
	}
	if (r < 0 && problem)
		log_error("%s", problem);
	else if (r < 0)
		log_errno(r, "cannot open the state '%s'", where->state);
	return r;
}

int where_open_given(const char *given, struct where *where, struct xs **ret)
{
	int r = where_find(given, where);

	return r < 0 ? r : where_open(where, ret);
}
