// SPDX-License-Identifier: GPL-2.0-or-later
/* io.h - whole files and trees, relative to a directory descriptor.
 *
 * Everything returns 0 (or a descriptor) or -errno. Nothing follows a symlink in the last
 * component, and a file that others may read is written aside, synced and renamed.
 */
#pragma once

#include <stddef.h>
#include <sys/stat.h>
#include <sys/types.h>

/* Read a regular file of at most `max` bytes; `*ret` gets a NUL behind it and is the caller's.
 * -EFBIG when it is larger, -EINVAL when it is no regular file. `len` may be NULL. */
int io_read_file(int dir, const char *name, size_t max, char **ret, size_t *len);

/* For main: where the caller has closed stdin, stdout or stderr, have there what cannot be read or
 * written. Else the next file that is opened is taken for it, also by what we run. */
void io_fill_standard(void);

/* Put `len` bytes at `name`: to a temporary in `dir`, synced, renamed, directory synced. */
int io_replace_file(int dir, const char *name, const void *data, size_t len);

/* All of it, however often write(2) has to be called. */
int io_write_all(int fd, const void *data, size_t len);

/* A file of these bytes that lies in no folder, for a child to read from its beginning; `name` is
 * for people. A descriptor or -errno. */
int io_memory_file(const char *name, const void *data, size_t len);

/* Copy `size` bytes of the regular file `from` to the empty file `to`: as a reflink, by
 * copy_file_range, or by hand; holes stay holes (lseek(2) SEEK_DATA). */
int io_copy_data(int from, int to, off_t size);

/* mkdir -p of a path relative to `dir`; 0 also when it is there already. */
int io_mkdir_p(int dir, const char *path, mode_t mode);

/* rm -rf of `name` in `dir`, which need not be there. Does not leave the file system it is on, and
 * gives itself write permission on directories as it goes. */
int io_remove_tree(int dir, const char *name);

/* fsync(2) of a directory, so that names in it last. */
int io_sync_dir(int dir);

/* The target of the symlink that `fd` (O_PATH) is open on; the caller frees. */
int io_readlink(int fd, char **ret);

/* A directory in `dir`, not through a symlink. Returns a descriptor or -errno. */
int io_open_dir(int dir, const char *name);
