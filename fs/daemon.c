// SPDX-License-Identifier: GPL-2.0-or-later
#include "fs/daemon.h"

#include <errno.h>
#include <pthread.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "fs/base/cleanup.h"
#include "fs/base/log.h"
#include "fs/base/strv.h"
#include "fs/control.h"
#include "fs/ops.h"
#include "fs/session.h"
#include "fs/state.h"

/* What every operation gets as userdata is the xs; what only init needs is here. */
static int ready_fd = -1, quiet_fd = -1;

/* The kernel has said hello: whoever started us may go on. */
static void tell_ready(void)
{
	if (ready_fd < 0)
		return;
	if (write(ready_fd, "", 1) != 1)
		log_errno(-errno, "cannot tell that the mount is ready");
	close(take_fd(&ready_fd));
	if (quiet_fd >= 0) {
		dup2(quiet_fd, STDOUT_FILENO);
		dup2(quiet_fd, STDERR_FILENO);
	}
}

static void op_init(void *userdata, struct fuse_conn_info *conn)
{
	(void)userdata;
	/* With OPEN never sent, a truncation that rides on it would be lost: have it as SETATTR. */
	conn->want &= ~FUSE_CAP_ATOMIC_O_TRUNC;
	/* The kernel takes setuid bits away itself, by SETATTR before the write. */
	conn->want &= ~FUSE_CAP_HANDLE_KILLPRIV;
	/* A new mtime is our own write's: keep what the kernel has cached of it. What changes
	 * otherwise we tell. */
	conn->want &= ~FUSE_CAP_AUTO_INVAL_DATA;
	/* It saves one copy of a long write, and costs every request a look at all of a pipe. */
	conn->want &= ~FUSE_CAP_SPLICE_READ;
	/* ACLs are checked by the kernel, and a default one is looked at before the umask: by us. */
	conn->want |= conn->capable & (FUSE_CAP_POSIX_ACL | FUSE_CAP_DONT_MASK);
	conn->want |= conn->capable & FUSE_CAP_EXPLICIT_INVAL_DATA;
	conn->want |= conn->capable & FUSE_CAP_CACHE_SYMLINKS;
	conn->want |= conn->capable & FUSE_CAP_PARALLEL_DIROPS;
	tell_ready();
}

static void entry_changed(void *arg, uint64_t dir, const char *name)
{
	fuse_lowlevel_notify_inval_entry(arg, dir, name, strlen(name));
}

static void node_changed(void *arg, uint64_t id)
{
	fuse_lowlevel_notify_inval_inode(arg, id, 0, 0);
}

/* The thread that waits for the end; a signal to it is how libfuse is told. */
static pthread_t main_thread;

static void quit(void *arg)
{
	(void)arg;
	pthread_kill(main_thread, SIGTERM);
}

/* fusermount and libfuse cut options at commas and undo backslashes. */
static char *escape(const char *s)
{
	char *out = malloc(strlen(s) * 2 + 1), *p = out;

	if (!out)
		return NULL;
	for (; *s; s++) {
		if (*s == ',' || *s == '\\')
			*p++ = '\\';
		*p++ = *s;
	}
	*p = '\0';
	return out;
}

static int mount_options(const struct state *state, const char *options, struct fuse_args *args)
{
	autofree char *name = escape(state->path);
	autofree char *all = NULL;

	if (!name || asprintf(&all, "default_permissions,subtype=xsysfs,fsname=%s%s%s", name,
			      options ? "," : "", options ? options : "") < 0)
		return -ENOMEM;
	if (fuse_opt_add_arg(args, "xsysfs") < 0 || fuse_opt_add_arg(args, "-o") < 0 ||
	    fuse_opt_add_arg(args, all) < 0)
		return -ENOMEM;
	return 0;
}

static struct fuse_session *new_session(struct xs *xs, const char *options)
{
	struct fuse_args args = FUSE_ARGS_INIT(0, NULL);
	struct fuse_lowlevel_ops ops = { .init = op_init };
	struct fuse_session *se = NULL;

	ops_node_register(&ops);
	ops_name_register(&ops);
	ops_dir_register(&ops);
	ops_data_register(&ops);
	ops_xattr_register(&ops);
	if (mount_options(xs->state, options, &args) == 0)
		se = fuse_session_new(&args, &ops, sizeof(ops), xs);
	fuse_opt_free_args(&args);
	return se;
}

static int serve(struct xs *xs, struct fuse_session *se, const struct daemon_options *options)
{
	struct control *control = NULL;
	int r;

	xs->events = (struct xs_events){ entry_changed, node_changed, quit, se };
	main_thread = pthread_self();
	if (fuse_session_mount(se, options->mountpoint) < 0)
		return -EIO;
	ready_fd = options->ready;
	quiet_fd = options->quiet;
	r = control_start(xs, options->mountpoint, &control);
	if (r < 0)
		log_errno(r, "cannot listen at '%s/control'", xs->state->path);
	else
		r = session_loop(se, xs);
	control_stop(control);
	fuse_session_unmount(se);
	return r;
}

int daemon_run(struct state *state, const struct daemon_options *options)
{
	struct fuse_session *se;
	struct xs *xs = NULL;
	int r;

	umask(0); /* the kernel has applied the caller's */
	r = xs_new(state, &xs);
	if (r < 0)
		return log_errno(r, "cannot open the views of '%s'", options->mountpoint);
	se = new_session(xs, options->options);
	if (!se) {
		xs_free(xs);
		return -EIO;
	}
	if (fuse_set_signal_handlers(se) == 0) {
		r = serve(xs, se, options);
		fuse_remove_signal_handlers(se);
	} else {
		r = -EIO;
	}
	fuse_session_destroy(se);
	xs_free(xs);
	return r;
}
