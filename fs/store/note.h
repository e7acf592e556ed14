// SPDX-License-Identifier: GPL-2.0-or-later
/* note.h - what a layer's file has to say beside its stat.
 *
 * Some things cannot be had of the real file: an owner that a daemon without privilege may not give
 * it, the setuid bit of such an owner, permission bits that would lock the daemon itself out, and
 * what a copied-up file was below. They are kept in one xattr, user.xsysfs.note, as words with a
 * letter in front:
 *   - u0 g8: who it was given to, by chown(2); staging shows it, and the layer's hash has it
 *   - m4755: its permission bits
 *   - i1234: its st_ino
 *   - b1.2: when it came to be, seconds and nanoseconds (statx(2), stx_btime)
 * A symlink or a special file can have no user.* xattr: there it is trusted.xsysfs.note, which
 * takes root, and an ordinary user's layer does without.
 *
 * So that looking costs nothing where there is nothing, a directory in which something has a number
 * carries user.xsysfs.notes, and so does the root of a layer that has any note. The root's mark
 * holds its own inode number: in a copy of the layer the numbers mean nothing, and are not
 * believed. A base has no notes, whatever xattrs are there.
 *
 * Functions return 0 or -errno and take any descriptor of the file, one of O_PATH too.
 */
#pragma once

#include <stdbool.h>
#include <sys/stat.h>
#include <time.h>

struct layer;

#define NOTE_XATTR "user.xsysfs.note"

struct note {
	bool has_uid, has_gid, has_mode;
	uid_t uid;
	gid_t gid;
	mode_t mode;
	ino_t ino;	       /* 0: its own */
	struct timespec birth; /* 0: its own */
};

/* What a layer's mark says: is there any note, and are the numbers to be believed? */
enum note_state {
	NOTE_NONE,
	NOTE_SOME,
	NOTE_NO_NUMBERS,
};
int note_state_of(int root, enum note_state *ret);

/* The note of a file of that layer, whose st_mode is `type`; empty when there is none. */
int note_read(const struct layer *layer, int fd, mode_t type, struct note *ret);
/* lstat(2) of a path in a layer, with the note's permission bits. */
int note_stat(const struct layer *layer, const char *path, struct stat *st, struct note *note);
/* The same for a name in an open directory of the layer. */
int note_stat_at(const struct layer *layer, int dir, const char *name, struct stat *st,
		 struct note *note);
/* Put `note` in the old one's place; an empty one goes away. -EOPNOTSUPP where that cannot be. */
int note_write(struct layer *layer, int fd, const struct note *note);
/* What a copy of the file shall say: the same, and `ino`. */
int note_inherit(const struct layer *layer, int fd, mode_t type, ino_t ino, struct note *ret);
/* -EOPNOTSUPP: the file system does not know. */
int note_birth(const struct layer *layer, int fd, mode_t type, struct timespec *ret);
/* Something with a number is about to be in the directory `dir`. */
int note_mark(struct layer *layer, int dir);

/* For a list of the open directory `dir`: has anything in it a number (1, 0 or -errno)? And
 * which has `name`? 0: its own. */
int note_is_marked(int dir);
int note_number(int dir, const char *name, mode_t type, ino_t *ret);

/* The permission bits that a real file of this mode has at least, or we could not read it. */
mode_t note_real_mode(mode_t mode);
void note_show_mode(const struct note *note, struct stat *st);
/* Who it was given to; root where nobody said. */
void note_owner(const struct note *note, uid_t *uid, gid_t *gid);
