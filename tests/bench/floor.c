// SPDX-License-Identifier: GPL-2.0-or-later
/* floor - what the FUSE protocol itself costs: a file system that does nothing else.
 *
 * usage: floor BASE MOUNTPOINT COUNTERS
 *
 * Shows a copy in memory of the tree BASE; contents of its files are read from there, what is
 * written stays in memory. It speaks the protocol as xsysfs does (no open, no opendir, no flush, no
 * create; names and attributes for ever, absent names too; readdirplus) and takes no step on disk
 * for a name or an attribute. No FUSE overlay can be faster than this at the same work.
 *
 * COUNTERS is a file of 64 numbers, one an opcode: how many requests there were.
 */
#define FUSE_USE_VERSION 314
#include <fuse_lowlevel.h>

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <linux/fuse.h>
#include <pthread.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

enum { BUCKETS = 1 << 18 };

/* A name; its id is its address. None is ever freed: this runs for one measurement. */
struct node {
	struct node *parent, *next; /* next: in the bucket */
	char *name;		    /* NULL once it is removed */
	struct stat st;
	struct node **children; /* of a directory; NULL where one was removed */
	size_t n_children, n_room;
	char *data; /* what was written, or a symlink's target */
	size_t n_data;
	bool in_base;
};

static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;
static struct node *buckets[BUCKETS];
static struct node *root;
static ino_t last_ino;
static int base;
static uint64_t *counters;
static const double for_ever = 365.0 * 24 * 3600;

static void count(unsigned opcode)
{
	__atomic_fetch_add(&counters[opcode], 1, __ATOMIC_RELAXED);
}

static struct node *node_of(fuse_ino_t ino)
{
	return ino == FUSE_ROOT_ID ? root : (struct node *)(uintptr_t)ino;
}

static struct node **bucket(const struct node *parent, const char *name)
{
	uint64_t hash = (uintptr_t)parent * UINT64_C(0x9e3779b97f4a7c15);

	for (; *name; name++)
		hash = (hash ^ (unsigned char)*name) * UINT64_C(0x100000001b3);
	return &buckets[(hash >> 20) % BUCKETS];
}

static struct node *find(const struct node *parent, const char *name)
{
	struct node *node = *bucket(parent, name);

	while (node && (node->parent != parent || strcmp(node->name, name) != 0))
		node = node->next;
	return node;
}

static void add_name(struct node *node, struct node *parent, const char *name)
{
	struct node **p = bucket(parent, name);

	node->parent = parent;
	node->name = strdup(name);
	node->next = *p;
	*p = node;
	if (parent->n_children == parent->n_room) {
		parent->n_room = parent->n_room ? 2 * parent->n_room : 8;
		parent->children =
			realloc(parent->children, parent->n_room * sizeof(*parent->children));
	}
	parent->children[parent->n_children++] = node;
	parent->st.st_nlink += S_ISDIR(node->st.st_mode);
}

static void remove_name(struct node *node)
{
	struct node **p = bucket(node->parent, node->name);
	struct node *parent = node->parent;

	while (*p != node)
		p = &(*p)->next;
	*p = node->next;
	for (size_t i = 0; i < parent->n_children; i++)
		if (parent->children[i] == node)
			parent->children[i] = NULL;
	parent->st.st_nlink -= S_ISDIR(node->st.st_mode);
	node->st.st_nlink = 0;
	free(node->name);
	node->name = NULL;
}

static struct node *new_node(mode_t mode)
{
	struct node *node = calloc(1, sizeof(*node));

	if (!node)
		abort();
	node->st.st_mode = mode;
	node->st.st_ino = ++last_ino;
	node->st.st_nlink = S_ISDIR(mode) ? 2 : 1;
	node->st.st_blksize = 4096;
	clock_gettime(CLOCK_REALTIME, &node->st.st_mtim);
	node->st.st_atim = node->st.st_ctim = node->st.st_mtim;
	return node;
}

/* Relative to BASE, which a node of it is found by. */
static void path_of(const struct node *node, char *path, size_t size)
{
	if (!node->parent) {
		snprintf(path, size, ".");
		return;
	}
	path_of(node->parent, path, size);
	snprintf(path + strlen(path), size - strlen(path), "/%s", node->name);
}

static void load(struct node *dir, int fd)
{
	DIR *d = fdopendir(fd);
	struct dirent *e;

	while (d && (e = readdir(d))) {
		struct node *node;
		struct stat st;
		char target[4096];
		ssize_t n;

		if (strcmp(e->d_name, ".") == 0 || strcmp(e->d_name, "..") == 0 ||
		    fstatat(dirfd(d), e->d_name, &st, AT_SYMLINK_NOFOLLOW) < 0)
			continue;
		node = new_node(st.st_mode);
		node->st = st;
		node->st.st_nlink = S_ISDIR(st.st_mode) ? 2 : 1;
		node->in_base = true;
		if (S_ISLNK(st.st_mode)) {
			n = readlinkat(dirfd(d), e->d_name, target, sizeof(target) - 1);
			target[n < 0 ? 0 : n] = '\0';
			node->data = strdup(target);
		}
		add_name(node, dir, e->d_name);
		if (S_ISDIR(st.st_mode))
			load(node, openat(dirfd(d), e->d_name, O_RDONLY | O_DIRECTORY));
	}
	closedir(d);
}

static void fill_entry(struct node *node, struct fuse_entry_param *e)
{
	*e = (struct fuse_entry_param){
		.ino = (uintptr_t)node,
		.attr = node->st,
		.attr_timeout = for_ever,
		.entry_timeout = for_ever,
	};
}

static void op_lookup(fuse_req_t req, fuse_ino_t parent, const char *name)
{
	struct fuse_entry_param e = { .entry_timeout = for_ever };
	struct node *node;

	count(FUSE_LOOKUP);
	pthread_mutex_lock(&lock);
	node = find(node_of(parent), name);
	if (node)
		fill_entry(node, &e);
	pthread_mutex_unlock(&lock);
	fuse_reply_entry(req, &e);
}

static void op_getattr(fuse_req_t req, fuse_ino_t ino, struct fuse_file_info *fi)
{
	(void)fi;
	count(FUSE_GETATTR);
	fuse_reply_attr(req, &node_of(ino)->st, for_ever);
}

static void set_size(struct node *node, size_t size)
{
	char *data = realloc(node->data, size + !size);

	if (!data)
		abort();
	if (size > node->n_data)
		memset(data + node->n_data, 0, size - node->n_data);
	node->data = data;
	node->n_data = node->st.st_size = size;
	node->st.st_blocks = (size + 511) / 512;
	node->in_base = false;
}

static void op_setattr(fuse_req_t req, fuse_ino_t ino, struct stat *want, int set,
		       struct fuse_file_info *fi)
{
	struct node *node = node_of(ino);
	struct timespec now;

	(void)fi;
	count(FUSE_SETATTR);
	clock_gettime(CLOCK_REALTIME, &now);
	pthread_mutex_lock(&lock);
	if (set & FUSE_SET_ATTR_MODE)
		node->st.st_mode = (node->st.st_mode & S_IFMT) | (want->st_mode & 07777);
	if (set & FUSE_SET_ATTR_UID)
		node->st.st_uid = want->st_uid;
	if (set & FUSE_SET_ATTR_GID)
		node->st.st_gid = want->st_gid;
	if (set & FUSE_SET_ATTR_SIZE)
		set_size(node, want->st_size);
	if (set & FUSE_SET_ATTR_ATIME)
		node->st.st_atim = set & FUSE_SET_ATTR_ATIME_NOW ? now : want->st_atim;
	if (set & FUSE_SET_ATTR_MTIME)
		node->st.st_mtim = set & FUSE_SET_ATTR_MTIME_NOW ? now : want->st_mtim;
	node->st.st_ctim = now;
	pthread_mutex_unlock(&lock);
	fuse_reply_attr(req, &node->st, for_ever);
}

static void op_readlink(fuse_req_t req, fuse_ino_t ino)
{
	count(FUSE_READLINK);
	fuse_reply_readlink(req, node_of(ino)->data);
}

static void make(fuse_req_t req, fuse_ino_t parent, const char *name, mode_t mode,
		 const char *target)
{
	const struct fuse_ctx *ctx = fuse_req_ctx(req);
	struct fuse_entry_param e;
	struct node *node;

	pthread_mutex_lock(&lock);
	node = new_node(mode);
	node->st.st_uid = ctx->uid;
	node->st.st_gid = ctx->gid;
	if (target) {
		node->data = strdup(target);
		node->st.st_size = strlen(target);
	}
	add_name(node, node_of(parent), name);
	fill_entry(node, &e);
	pthread_mutex_unlock(&lock);
	fuse_reply_entry(req, &e);
}

static void op_mknod(fuse_req_t req, fuse_ino_t parent, const char *name, mode_t mode, dev_t rdev)
{
	(void)rdev;
	count(FUSE_MKNOD);
	make(req, parent, name, mode, NULL);
}

static void op_mkdir(fuse_req_t req, fuse_ino_t parent, const char *name, mode_t mode)
{
	count(FUSE_MKDIR);
	make(req, parent, name, S_IFDIR | mode, NULL);
}

static void op_symlink(fuse_req_t req, const char *target, fuse_ino_t parent, const char *name)
{
	count(FUSE_SYMLINK);
	make(req, parent, name, S_IFLNK | 0777, target);
}

static void take_away(fuse_req_t req, fuse_ino_t parent, const char *name)
{
	struct node *node;

	pthread_mutex_lock(&lock);
	node = find(node_of(parent), name);
	if (node)
		remove_name(node);
	pthread_mutex_unlock(&lock);
	fuse_reply_err(req, node ? 0 : ENOENT);
}

static void op_unlink(fuse_req_t req, fuse_ino_t parent, const char *name)
{
	count(FUSE_UNLINK);
	take_away(req, parent, name);
}

static void op_rmdir(fuse_req_t req, fuse_ino_t parent, const char *name)
{
	count(FUSE_RMDIR);
	take_away(req, parent, name);
}

static void op_rename(fuse_req_t req, fuse_ino_t parent, const char *name, fuse_ino_t newparent,
		      const char *newname, unsigned flags)
{
	struct node *node, *old;

	count(flags ? FUSE_RENAME2 : FUSE_RENAME);
	pthread_mutex_lock(&lock);
	node = find(node_of(parent), name);
	old = find(node_of(newparent), newname);
	if (node) {
		nlink_t links = node->st.st_nlink;

		if (old)
			remove_name(old);
		remove_name(node);
		node->st.st_nlink = links;
		add_name(node, node_of(newparent), newname);
	}
	pthread_mutex_unlock(&lock);
	fuse_reply_err(req, node ? 0 : ENOENT);
}

static void op_read(fuse_req_t req, fuse_ino_t ino, size_t size, off_t off,
		    struct fuse_file_info *fi)
{
	struct fuse_bufvec buf = FUSE_BUFVEC_INIT(size);
	struct node *node = node_of(ino);
	char path[4096];
	int fd = -1;

	(void)fi;
	count(FUSE_READ);
	if (node->in_base) {
		path_of(node, path, sizeof(path));
		fd = openat(base, path, O_RDONLY | O_CLOEXEC);
		buf.buf[0].flags = FUSE_BUF_IS_FD | FUSE_BUF_FD_SEEK;
		buf.buf[0].fd = fd;
		buf.buf[0].pos = off;
		fuse_reply_data(req, &buf, 0);
		close(fd);
		return;
	}
	if ((size_t)off >= node->n_data)
		size = 0;
	else if (size > node->n_data - off)
		size = node->n_data - off;
	fuse_reply_buf(req, size ? node->data + off : NULL, size);
}

static void op_write_buf(fuse_req_t req, fuse_ino_t ino, struct fuse_bufvec *in, off_t off,
			 struct fuse_file_info *fi)
{
	size_t size = fuse_buf_size(in);
	struct fuse_bufvec out = FUSE_BUFVEC_INIT(size);
	struct node *node = node_of(ino);
	ssize_t n;

	(void)fi;
	count(FUSE_WRITE);
	pthread_mutex_lock(&lock);
	if (off + size > node->n_data)
		set_size(node, off + size);
	out.buf[0].mem = node->data + off;
	n = fuse_buf_copy(&out, in, 0);
	pthread_mutex_unlock(&lock);
	if (n < 0)
		fuse_reply_err(req, -n);
	else
		fuse_reply_write(req, n);
}

static void read_dir(fuse_req_t req, fuse_ino_t ino, size_t size, off_t off, bool plus)
{
	struct node *dir = node_of(ino);
	char *buf = malloc(size);
	size_t used = 0, n = 0;

	pthread_mutex_lock(&lock);
	for (size_t i = off; buf && i < dir->n_children + 2; i++) {
		struct node *child = i < 2 ? dir : dir->children[i - 2];
		const char *name = i == 0 ? "." : i == 1 ? ".." : child ? child->name : NULL;
		struct fuse_entry_param e;

		if (!name)
			continue;
		fill_entry(child, &e);
		if (i < 2)
			e.ino = 0;
		n = plus ? fuse_add_direntry_plus(req, buf + used, size - used, name, &e, i + 1)
			 : fuse_add_direntry(req, buf + used, size - used, name, &child->st, i + 1);
		if (n > size - used)
			break;
		used += n;
	}
	pthread_mutex_unlock(&lock);
	fuse_reply_buf(req, buf, used);
	free(buf);
}

static void op_readdir(fuse_req_t req, fuse_ino_t ino, size_t size, off_t off,
		       struct fuse_file_info *fi)
{
	(void)fi;
	count(FUSE_READDIR);
	read_dir(req, ino, size, off, false);
}

static void op_readdirplus(fuse_req_t req, fuse_ino_t ino, size_t size, off_t off,
			   struct fuse_file_info *fi)
{
	(void)fi;
	count(FUSE_READDIRPLUS);
	read_dir(req, ino, size, off, true);
}

static void op_forget(fuse_req_t req, fuse_ino_t ino, uint64_t n)
{
	(void)ino;
	(void)n;
	count(FUSE_FORGET);
	fuse_reply_none(req);
}

static void op_fsync(fuse_req_t req, fuse_ino_t ino, int datasync, struct fuse_file_info *fi)
{
	(void)ino;
	(void)datasync;
	(void)fi;
	count(FUSE_FSYNC);
	fuse_reply_err(req, 0);
}

/* Answered once, with ENOSYS, and then never sent again. */
static void op_open(fuse_req_t req, fuse_ino_t ino, struct fuse_file_info *fi)
{
	(void)ino;
	(void)fi;
	count(FUSE_OPEN);
	fuse_reply_err(req, ENOSYS);
}

static void op_create(fuse_req_t req, fuse_ino_t parent, const char *name, mode_t mode,
		      struct fuse_file_info *fi)
{
	(void)parent;
	(void)name;
	(void)mode;
	(void)fi;
	count(FUSE_CREATE);
	fuse_reply_err(req, ENOSYS);
}

static void op_getxattr(fuse_req_t req, fuse_ino_t ino, const char *name, size_t size)
{
	(void)ino;
	(void)name;
	(void)size;
	count(FUSE_GETXATTR);
	fuse_reply_err(req, ENODATA);
}

static void op_listxattr(fuse_req_t req, fuse_ino_t ino, size_t size)
{
	(void)ino;
	count(FUSE_LISTXATTR);
	if (size)
		fuse_reply_buf(req, NULL, 0);
	else
		fuse_reply_xattr(req, 0);
}

static void op_init(void *userdata, struct fuse_conn_info *conn)
{
	(void)userdata;
	conn->want &= ~(FUSE_CAP_ATOMIC_O_TRUNC | FUSE_CAP_AUTO_INVAL_DATA);
	conn->want &= ~FUSE_CAP_HANDLE_KILLPRIV;
	conn->want |= conn->capable & (FUSE_CAP_EXPLICIT_INVAL_DATA | FUSE_CAP_CACHE_SYMLINKS |
				       FUSE_CAP_PARALLEL_DIROPS);
}

static const struct fuse_lowlevel_ops ops = {
	.init = op_init,
	.lookup = op_lookup,
	.getattr = op_getattr,
	.setattr = op_setattr,
	.readlink = op_readlink,
	.mknod = op_mknod,
	.mkdir = op_mkdir,
	.symlink = op_symlink,
	.unlink = op_unlink,
	.rmdir = op_rmdir,
	.rename = op_rename,
	.open = op_open,
	.opendir = op_open,
	.create = op_create,
	.read = op_read,
	.write_buf = op_write_buf,
	.readdir = op_readdir,
	.readdirplus = op_readdirplus,
	.forget = op_forget,
	.fsync = op_fsync,
	.fsyncdir = op_fsync,
	.getxattr = op_getxattr,
	.listxattr = op_listxattr,
};

static int open_counters(const char *path)
{
	int fd = open(path, O_RDWR | O_CREAT | O_TRUNC | O_CLOEXEC, 0644);

	if (fd < 0 || ftruncate(fd, 64 * sizeof(*counters)) < 0)
		return -errno;
	counters = mmap(NULL, 64 * sizeof(*counters), PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);
	close(fd);
	return counters == MAP_FAILED ? -errno : 0;
}

int main(int argc, char **argv)
{
	char *options[] = { argv[0], "-o", "default_permissions,fsname=floor", NULL };
	struct fuse_args args = FUSE_ARGS_INIT(3, options);
	struct fuse_loop_config *config = fuse_loop_cfg_create();
	struct fuse_session *se;
	struct stat st;
	int r = 1;

	if (argc != 4) {
		fprintf(stderr, "usage: floor BASE MOUNTPOINT COUNTERS\n");
		return 2;
	}
	umask(0);
	base = open(argv[1], O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	if (base < 0 || fstat(base, &st) < 0 || open_counters(argv[3]) < 0) {
		perror("floor");
		return 1;
	}
	root = new_node(st.st_mode);
	load(root, openat(base, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC));
	se = fuse_session_new(&args, &ops, sizeof(ops), NULL);
	if (se && fuse_set_signal_handlers(se) == 0 && fuse_session_mount(se, argv[2]) == 0) {
		if (fuse_daemonize(0) == 0)
			r = fuse_session_loop_mt(se, config) != 0;
		fuse_session_unmount(se);
	}
	return r;
}
