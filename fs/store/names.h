// SPDX-License-Identifier: GPL-2.0-or-later
/* names.h - what the directories of several layers add up to.
 *
 * A list of names, sorted by a 63-bit hash of the name. The hash is also the entry's position for
 * readdir (telldir(3)): it needs no open directory, and a name that stays is neither skipped nor
 * repeated while others come and go, as in ext4's hashed directories. Positions up to
 * NAMES_FIRST are free for "." and "..".
 *
 * A list does not change once it is finished: share it by counting.
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

enum { NAMES_FIRST = 3 };

struct name {
	uint64_t pos;
	ino_t ino; /* of a directory: in the lowest layer that takes part */
	const char *text;
	unsigned short layer; /* index of the topmost layer that has it */
	unsigned short last;  /* and of the lowest */
	unsigned short parts; /* of a directory: how many layers it is made of */
	unsigned char type;   /* DT_* of dirent.h */
	bool whiteout : 1;    /* the name is gone: only look-ups want to know */
	bool opaque : 1;      /* a directory that hides those below it */
	bool unstaged : 1;    /* with whiteout: it is there, and staging does not show it */
};

struct names {
	int refs; /* atomic */
	size_t n;
	struct name *v;
	struct arena *arena; /* the texts */
};

#define autonames cleanup(names_cleanup)

/* An empty list, to be filled and then finished. NULL: no memory. */
struct names *names_new(void);
struct names *names_ref(struct names *names);
void names_unref(struct names *names); /* takes NULL */

/* Add all entries of the open directory `fd` (O_RDONLY) as those of layer number `layer`; lower
 * numbers hide higher ones. `ino_salt` is or-ed into the numbers; `marks`: whiteouts and opaque
 * directories in it mean what they say (not in a base), `numbers`: notes about st_ino, too (see
 * note.h). Returns 0 or -errno. */
int names_add_dir(struct names *names, int fd, unsigned layer, uint64_t ino_salt, bool marks,
		  bool numbers);

/* Add one entry. */
int names_add(struct names *names, const char *text, const struct name *entry);

/* Sort, and let the topmost entry of each name win. */
void names_finish(struct names *names);

/* The entry of that name, a whiteout too; NULL when there is none. */
const struct name *names_find(const struct names *names, const char *text);

/* The index of the first entry behind position `pos`. */
size_t names_after(const struct names *names, uint64_t pos);

uint64_t names_position(const char *text);

static inline void names_cleanup(struct names **names)
{
	names_unref(*names);
}
