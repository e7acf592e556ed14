// SPDX-License-Identifier: GPL-2.0-or-later
#include "fs/store/note.h"

#include <errno.h>
#include <fcntl.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/xattr.h>
#include <unistd.h>

#include "fs/base/cleanup.h"
#include "fs/store/layer.h"
#include "fs/store/mark.h"

#define TRUSTED_XATTR "trusted.xsysfs.note"
#define MARK_XATTR    "user.xsysfs.notes"

enum { NOTE_MAX = 128, PROC_MAX = 64 };

static const char *proc_path(int fd, char path[static PROC_MAX])
{
	snprintf(path, PROC_MAX, "/proc/self/fd/%d", fd);
	return path;
}

/* The xattr that a file of that type can have; NULL: none. */
static const char *xattr_for(mode_t type)
{
	if (S_ISREG(type) || S_ISDIR(type))
		return NOTE_XATTR;
	return geteuid() == 0 ? TRUSTED_XATTR : NULL;
}

int note_state_of(int root, enum note_state *ret)
{
	char value[NOTE_MAX];
	ssize_t n = mark_get(root, MARK_XATTR, value, sizeof(value) - 1);
	struct stat st;

	*ret = NOTE_NONE;
	if (n < 0)
		return n == -ENODATA ? 0 : n;
	if (fstat(root, &st) < 0)
		return -errno;
	value[n] = '\0';
	*ret = strtoull(value, NULL, 10) == st.st_ino ? NOTE_SOME : NOTE_NO_NUMBERS;
	return 0;
}

static void parse_birth(const char *word, struct note *note)
{
	long long sec;
	long nsec;
	char more;

	if (sscanf(word, "b%lld.%ld%c", &sec, &nsec, &more) != 2 || nsec < 0 || nsec > 999999999)
		return;
	note->birth = (struct timespec){ .tv_sec = sec, .tv_nsec = nsec };
}

/* One word; what nobody can have written is not believed. */
static void parse_word(const char *word, struct note *note)
{
	bool octal = *word == 'm';
	char *end;
	unsigned long long n;

	errno = 0;
	n = strtoull(word + 1, &end, octal ? 8 : 10);
	if (errno || end == word + 1 || *end || word[1] == '-' || word[1] == '+')
		return;
	switch (*word) {
	case 'u':
		note->has_uid = n < (uid_t)-1;
		note->uid = n;
		break;
	case 'g':
		note->has_gid = n < (gid_t)-1;
		note->gid = n;
		break;
	case 'm':
		note->has_mode = n <= 07777;
		note->mode = n;
		break;
	case 'i': /* not those that views and their folders have, which no file system gives out */
		note->ino = (n & ~(1ULL << 62)) < 1ULL << 60 ? n : 0;
		break;
	}
}

static void parse(char *text, struct note *note)
{
	char *save = NULL;

	*note = (struct note){ 0 };
	for (char *word = strtok_r(text, " ", &save); word; word = strtok_r(NULL, " ", &save)) {
		if (*word == 'b')
			parse_birth(word, note);
		else
			parse_word(word, note);
	}
}

/* Of the file `fd`, or of the name in it. */
static int read_by(int fd, const char *name, mode_t type, struct note *ret)
{
	const char *xattr = xattr_for(type);
	char text[NOTE_MAX + 1];
	ssize_t n = !xattr ? -ENODATA
		    : name ? mark_get_at(fd, name, xattr, text, NOTE_MAX)
			   : mark_get(fd, xattr, text, NOTE_MAX);

	*ret = (struct note){ 0 };
	if (n < 0)
		return n == -ENODATA ? 0 : n;
	text[n] = '\0';
	parse(text, ret);
	return 0;
}

static enum note_state state_of(const struct layer *layer)
{
	if (!layer || layer->origin == ORIGIN_BASE)
		return NOTE_NONE;
	return __atomic_load_n(&layer->notes, __ATOMIC_RELAXED);
}

int note_read(const struct layer *layer, int fd, mode_t type, struct note *ret)
{
	enum note_state state = state_of(layer);
	int r;

	*ret = (struct note){ 0 };
	if (state == NOTE_NONE)
		return 0;
	r = read_by(fd, NULL, type, ret);
	if (state == NOTE_NO_NUMBERS)
		ret->ino = 0;
	return r;
}

static int stat_open(const struct layer *layer, int fd, struct stat *st, struct note *note)
{
	int r = fstat(fd, st) < 0 ? -errno : note_read(layer, fd, st->st_mode, note);

	if (r == 0)
		note_show_mode(note, st);
	return r;
}

int note_stat(const struct layer *layer, const char *path, struct stat *st, struct note *note)
{
	autofd int fd = layer_open(layer, path, O_PATH);

	return fd < 0 ? fd : stat_open(layer, fd, st, note);
}

int note_stat_at(const struct layer *layer, int dir, const char *name, struct stat *st,
		 struct note *note)
{
	autofd int fd = -1;

	if (state_of(layer) == NOTE_NONE) {
		*note = (struct note){ 0 };
		return layer_stat_at(layer, dir, name, st);
	}
	fd = layer_open_at(dir, name, O_PATH);
	if (fd == -EXDEV) { /* a mount point has no note */
		*note = (struct note){ 0 };
		return layer_stat_at(layer, dir, name, st);
	}
	return fd < 0 ? fd : stat_open(layer, fd, st, note);
}

static int set_or_remove(const char *path, const char *xattr, const char *text)
{
	if (*text)
		return setxattr(path, xattr, text, strlen(text), 0) < 0 ? -errno : 0;
	return removexattr(path, xattr) < 0 && errno != ENODATA ? -errno : 0;
}

/* A user.* xattr takes write permission, which its owner may have taken from himself. */
static int set_forced(const char *path, const char *xattr, const char *text)
{
	int r = set_or_remove(path, xattr, text);
	struct stat st;

	if (r != -EACCES)
		return r == -EPERM || r == -ENOTSUP ? -EOPNOTSUPP : r;
	if (stat(path, &st) < 0 || chmod(path, (st.st_mode & 07777) | S_IRUSR | S_IWUSR) < 0)
		return r;
	r = set_or_remove(path, xattr, text);
	return chmod(path, st.st_mode & 07777) < 0 && r == 0 ? -errno : r;
}

/* The layer's root says that there are notes, before there is one. */
static int mark_layer(struct layer *layer)
{
	char path[PROC_MAX], value[NOTE_MAX];
	struct stat st;
	int r;

	if (state_of(layer) != NOTE_NONE)
		return 0;
	if (fstat(layer->fd, &st) < 0)
		return -errno;
	snprintf(value, sizeof(value), "%ju", (uintmax_t)st.st_ino);
	r = set_forced(proc_path(layer->fd, path), MARK_XATTR, value);
	if (r == 0)
		__atomic_store_n(&layer->notes, NOTE_SOME, __ATOMIC_RELAXED);
	return r;
}

static void add_text(char text[static NOTE_MAX], const char *word)
{
	size_t len = strlen(text);

	snprintf(text + len, NOTE_MAX - len, "%s%s", len ? " " : "", word);
}

static void add_word(char text[static NOTE_MAX], const char *format, uintmax_t n)
{
	char word[32];

	snprintf(word, sizeof(word), format, n);
	add_text(text, word);
}

int note_write(struct layer *layer, int fd, const struct note *note)
{
	char path[PROC_MAX], text[NOTE_MAX] = "";
	const char *xattr;
	struct stat st;
	int r;

	if (fstat(fd, &st) < 0)
		return -errno;
	xattr = xattr_for(st.st_mode);
	if (!xattr)
		return -EOPNOTSUPP;
	if (note->has_uid)
		add_word(text, "u%ju", note->uid);
	if (note->has_gid)
		add_word(text, "g%ju", note->gid);
	if (note->has_mode)
		add_word(text, "m%jo", note->mode);
	if (note->ino && state_of(layer) != NOTE_NO_NUMBERS)
		add_word(text, "i%ju", note->ino);
	if (note->birth.tv_sec || note->birth.tv_nsec) {
		char birth[48];

		snprintf(birth, sizeof(birth), "b%jd.%ld", (intmax_t)note->birth.tv_sec,
			 note->birth.tv_nsec);
		add_text(text, birth);
	}
	if (!*text && state_of(layer) == NOTE_NONE)
		return 0;
	r = mark_layer(layer);
	return r < 0 ? r : set_forced(proc_path(fd, path), xattr, text);
}

int note_birth(const struct layer *layer, int fd, mode_t type, struct timespec *ret)
{
	struct statx stx;
	struct note note;
	int r = note_read(layer, fd, type, &note);

	if (r < 0)
		return r;
	if (note.birth.tv_sec || note.birth.tv_nsec) {
		*ret = note.birth;
		return 0;
	}
	if (statx(fd, "", AT_EMPTY_PATH, STATX_BTIME, &stx) < 0)
		return -errno;
	if (!(stx.stx_mask & STATX_BTIME))
		return -EOPNOTSUPP;
	*ret = (struct timespec){ .tv_sec = stx.stx_btime.tv_sec,
				  .tv_nsec = stx.stx_btime.tv_nsec };
	return 0;
}

int note_inherit(const struct layer *layer, int fd, mode_t type, ino_t ino, struct note *ret)
{
	struct timespec birth;
	int r = note_read(layer, fd, type, ret);

	if (r < 0)
		return r;
	ret->ino = ino;
	r = note_birth(layer, fd, type, &birth);
	if (r == 0)
		ret->birth = birth;
	return r == -EOPNOTSUPP ? 0 : r;
}

int note_mark(struct layer *layer, int dir)
{
	char path[PROC_MAX];
	int r;

	if (state_of(layer) != NOTE_SOME)
		return 0;
	r = note_is_marked(dir);
	if (r != 0)
		return r < 0 ? r : 0;
	r = set_forced(proc_path(dir, path), MARK_XATTR, "y");
	return r == -EOPNOTSUPP ? 0 : r;
}

int note_is_marked(int dir)
{
	ssize_t n = mark_get(dir, MARK_XATTR, NULL, 0);

	return n >= 0 ? n > 0 : n == -ENODATA ? 0 : n;
}

int note_number(int dir, const char *name, mode_t type, ino_t *ret)
{
	struct note note;
	int r = read_by(dir, name, type, &note);

	*ret = note.ino;
	return r;
}

mode_t note_real_mode(mode_t mode)
{
	if (geteuid() == 0)
		return mode;
	return mode | (S_ISDIR(mode) ? S_IRWXU : S_ISREG(mode) ? S_IRUSR : 0);
}

void note_show_mode(const struct note *note, struct stat *st)
{
	if (note->has_mode)
		st->st_mode = (st->st_mode & S_IFMT) | note->mode;
}

void note_owner(const struct note *note, uid_t *uid, gid_t *gid)
{
	*uid = note->has_uid ? note->uid : 0;
	*gid = note->has_gid ? note->gid : 0;
}
