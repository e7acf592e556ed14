// SPDX-License-Identifier: GPL-2.0-or-later
#include "fs/client/where.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <pwd.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/statvfs.h>
#include <unistd.h>

#include "fs/base/cleanup.h"
#include "fs/base/log.h"
#include "fs/base/near.h"
#include "fs/base/strv.h"
#include "fs/base/text.h"
#include "fs/client/control.h"
#include "fs/client/mounts.h"

void where_release(struct where *where)
{
	free(where->state);
	free(where->point);
	*where = (struct where){ 0 };
}

static char *join(const char *dir, const char *name)
{
	return text_of("%s/%s", dir, name);
}

const char *where_user_home(void)
{
	const char *home = getenv("HOME");
	const struct passwd *entry;

	if (home && *home == '/')
		return home;
	entry = getpwuid(geteuid());
	return entry && *entry->pw_dir == '/' ? entry->pw_dir : "/root";
}

char *where_home(void)
{
	const char *s = getenv("XSYSFS_HOME");

	if (s && *s == '/')
		return strdup(s);
	if (s && *s) { /* other processes with other folders will read it */
		autofree char *cwd = getcwd(NULL, 0);

		return cwd ? join(cwd, s) : NULL;
	}
	s = getenv("XDG_DATA_HOME");
	if (s && *s == '/')
		return join(s, "xsysfs");
	return join(where_user_home(), ".local/share/xsysfs");
}

static int set(struct where *where, const char *state, const char *point)
{
	where->state = strdup(state);
	where->point = point ? strdup(point) : NULL;
	where->user = geteuid();
	return where->state && (where->point || !point) ? 0 : -ENOMEM;
}

/* ---- whose ---- */

static bool is_ours(uid_t user)
{
	return user == geteuid() || user == 0;
}

static int refuse_stranger(const char *what, const char *path, uid_t user)
{
	log_error("the %s '%s' is another user's (%u), who may have made it say anything: run it "
		  "as that "
		  "user",
		  what, path, user);
	return -EPERM;
}

/* ---- a mount, or a state folder, that is named ---- */

int where_connect(const struct where *where)
{
	autofd int state = open(where->state, O_PATH | O_DIRECTORY | O_CLOEXEC);
	int fd;

	if (state < 0)
		return -errno;
	fd = control_connect(state, where->user);
	return fd == -ENOENT || fd == -ECONNREFUSED ? -ENOTCONN : fd;
}

int where_refuse_dead(const char *state, const char *point, uid_t user)
{
	const struct where where = { .state = (char *)state, .user = user };
	autofd int control = where_connect(&where);
	struct statvfs st;

	/* who answers at the socket is not asked for more: he may be stopped */
	if (control >= 0 || statvfs(point, &st) == 0 || errno != ENOTCONN)
		return 0;
	return log_error("the daemon of the mount '%s' has died: run 'xsysfs umount %s' and mount "
			 "it again",
			 point, point);
}

int where_refuse_mounted_by(const char *point, uid_t user)
{
	if (user == geteuid() || (user == 0 && access(point, R_OK | X_OK) == 0))
		return 0;
	log_error("'%s' is mounted already, by another user (%u): run it as that user, or choose "
		  "another folder (see $XSYSFS_HOME)",
		  point, user);
	return -EPERM;
}

static int take_mount(const struct mounts *mounts, size_t i, struct where *ret)
{
	const char *state = mounts->states.v[i], *point = mounts->points.v[i];
	int r;

	if (!is_ours(mounts->facts[i].user))
		return refuse_stranger("mount", point, mounts->facts[i].user);
	r = where_refuse_dead(state, point, mounts->facts[i].user);
	return r < 0 ? r : set(ret, state, mounts_point_of(mounts, state));
}

/* -ENOENT, and nothing said, when it is none. */
static int take_state(const struct mounts *mounts, const char *path, struct where *ret)
{
	autofree char *real = realpath(path, NULL);
	autofree char *version = real ? join(real, "version") : NULL;
	struct stat st;

	if (!real)
		return -errno;
	if (!version)
		return -ENOMEM;
	if (stat(real, &st) < 0 || access(version, R_OK) < 0)
		return errno == EACCES ? -EACCES : -ENOENT;
	if (!is_ours(st.st_uid))
		return refuse_stranger("state", real, st.st_uid);
	return set(ret, real, mounts_point_of(mounts, real));
}

static int take_path(const struct mounts *mounts, const char *path, struct where *ret)
{
	int i = access(path, F_OK) < 0 && errno == ENOENT ? -ENOENT : mounts_at(mounts, path, true);

	return i < 0 ? take_state(mounts, path, ret) : take_mount(mounts, i, ret);
}

/* Without the board's file its state may be where it is by default. */
static char *state_of_board(const char *name, const struct where_boards *boards)
{
	autofree char *home = NULL;
	char *state = NULL;

	if (strchr(name, '/') || !*name || *name == '.' ||
	    (boards && boards->state_of(boards->arg, name, &state) == 0))
		return state;
	home = where_home();
	if (!home || !(state = text_of("%s/%s/state", home, name)))
		return NULL;
	if (access(state, F_OK) < 0)
		free(take_ptr(state));
	return state;
}

/* It is nothing at all. */
static int refuse_unknown(const char *given, const struct where_boards *boards, int r)
{
	autostrv struct strv names = { 0 };
	autofree char *near = NULL;

	if (r != -ENOENT || strchr(given, '/'))
		return log_errno(r, "cannot use '%s'", given);
	if (boards && boards->names(boards->arg, &names) == 0 && names.n)
		near = near_said(given, (const char *const *)names.v);
	return log_error("cannot use '%s': there is no board, no mount and no state folder of that "
			 "name%s",
			 given, near && *near ? near : " ('xsysfs boards' lists the boards)");
}

/* -C or $XSYSFS. A word may be a folder's name here and a board's: then both must mean the same. */
static int take_given(const struct mounts *mounts, const char *given,
		      const struct where_boards *boards, struct where *ret)
{
	autofree char *named = state_of_board(given, boards);
	autofree char *real = named ? realpath(named, NULL) : NULL;
	int r = take_path(mounts, given, ret);

	if (r < 0 && r != -ENOENT && r != -EACCES)
		return r == -EPERM || r == -EINVAL ? r : log_errno(r, "cannot use '%s'", given);
	if (r == 0 && real && strcmp(real, ret->state) != 0)
		return log_error("'%s' is a board and a folder here, and they are not of the same "
				 "mount: say './%s' or '%s'",
				 given, given, real);
	if (r == 0)
		return 0;
	if (named)
		return real ? take_state(mounts, real, ret)
			    : log_error("the board '%s' has not been mounted yet (try 'xsysfs "
					"mount %s')",
					given, given);
	if (r == -EACCES || access(given, F_OK) < 0)
		return refuse_unknown(given, boards, r);
	return log_error("'%s' is neither a mount of xsysfs nor a state folder", given);
}

/* ---- what is there ---- */

/* A state HOME/BOARD/state, where HOME is somebody's $XSYSFS_HOME: it has the folders of one. */
static bool is_in(const char *state, const char *home)
{
	size_t n = strlen(home);

	return strncmp(state, home, n) == 0 && state[n] == '/';
}

static bool is_in_a_home(const char *state)
{
	autofree char *home = strdup(state);
	autofree char *toolchains = NULL;

	for (int i = 0; home && i < 2; i++) {
		char *slash = strrchr(home, '/');

		if (!slash)
			return false;
		*slash = '\0';
	}
	toolchains = home ? join(home, "toolchains") : NULL;
	return toolchains && access(toolchains, F_OK) == 0;
}

/* HOME/native/state. */
static bool is_native(const char *state, const char *home)
{
	static const char folder[] = "/" WHERE_NATIVE "/";

	return is_in(state, home) && strncmp(state + strlen(home), folder, strlen(folder)) == 0;
}

/* The states of this user's mounts that are of `home`, or of no home: each once. */
static int find_candidates(const struct mounts *mounts, const char *home, struct strv *states)
{
	for (size_t i = 0; i < mounts->points.n; i++) {
		const char *state = mounts->states.v[i];
		bool fits =
			home ? is_in(state, home) && !is_native(state, home) : !is_in_a_home(state);

		if (mounts->facts[i].user == geteuid() && fits && !strv_has(states, state) &&
		    strv_add(states, state) < 0)
			return -ENOMEM;
	}
	return 0;
}

/* `home`: as find_candidates has it. */
static int take_only(const struct mounts *mounts, const char *home, struct where *ret)
{
	autofree char *all = NULL;
	autostrv struct strv states = { 0 };
	autostrv struct strv points = { 0 };
	int r = find_candidates(mounts, home, &states);

	strv_foreach (state, &states)
		if (r == 0)
			r = strv_add(&points, mounts_point_of(mounts, *state));
	if (r < 0)
		return log_errno(r, "cannot choose a mount");
	if (states.n < 2)
		return states.n ? set(ret, states.v[0], points.v[0]) : 0;
	all = strv_join(&points, ", ");
	return log_error("several are mounted: say which by '-C WHERE' (%s)", all ? all : "?");
}

static int take_only_of_home(const struct mounts *mounts, struct where *ret)
{
	autofree char *home = where_home();
	autofree char *real = home ? realpath(home, NULL) : NULL;

	return real ? take_only(mounts, real, ret) : 0;
}

int where_by_hand(struct where *ret)
{
	automounts struct mounts mounts = { 0 };
	int r = mounts_read(&mounts);

	return r < 0 ? log_errno(r, "cannot read the list of mounts")
		     : take_only(&mounts, NULL, ret);
}

int where_choose(const char *given, const struct where_boards *boards, struct where *ret)
{
	automounts struct mounts mounts = { 0 };
	const char *env = getenv("XSYSFS");
	int r = mounts_read(&mounts), here;

	if (r < 0)
		return log_errno(r, "cannot read the list of mounts");
	if (given)
		return take_given(&mounts, given, boards, ret);
	here = mounts_at(&mounts, ".", true);
	if (here >= 0)
		return take_mount(&mounts, here, ret);
	if (env && *env)
		return take_given(&mounts, env, boards, ret);
	return take_only_of_home(&mounts, ret);
}

int where_of_file(const char *path, struct where *ret)
{
	automounts struct mounts mounts = { 0 };
	int r = mounts_read(&mounts), i;

	if (r < 0)
		return log_errno(r, "cannot read the list of mounts");
	i = mounts_at(&mounts, path, false);
	return i < 0 ? 0 : take_mount(&mounts, i, ret);
}
