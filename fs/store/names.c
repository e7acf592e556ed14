// SPDX-License-Identifier: GPL-2.0-or-later
#include "fs/store/names.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "fs/base/cleanup.h"
#include "fs/store/note.h"
#include "fs/store/whiteout.h"

enum { ARENA_BLOCK = 16 * 1024 };

/* Texts are put into blocks, the newest first; all are freed together. */
struct arena {
	struct arena *next;
	size_t used, size;
	char data[];
};

struct names *names_new(void)
{
	struct names *names = calloc(1, sizeof(*names));

	if (names)
		names->refs = 1;
	return names;
}

struct names *names_ref(struct names *names)
{
	__atomic_fetch_add(&names->refs, 1, __ATOMIC_RELAXED);
	return names;
}

void names_unref(struct names *names)
{
	if (!names || __atomic_sub_fetch(&names->refs, 1, __ATOMIC_ACQ_REL) > 0)
		return;
	for (struct arena *a = names->arena, *next; a; a = next) {
		next = a->next;
		free(a);
	}
	free(names->v);
	free(names);
}

static const char *keep_text(struct names *names, const char *text)
{
	size_t len = strlen(text) + 1;
	struct arena *a = names->arena;

	if (!a || a->size - a->used < len) {
		/* small directories are many: start small */
		size_t size = a ? ARENA_BLOCK : 512;

		if (size < len)
			size = len;
		a = malloc(sizeof(*a) + size);
		if (!a)
			return NULL;
		a->next = names->arena;
		a->used = 0;
		a->size = size;
		names->arena = a;
	}
	a->used += len;
	return memcpy(a->data + a->used - len, text, len);
}

/* FNV-1a with a finishing mix (splitmix64's), as any good hash would do. It must stay the same for
 * as long as somebody may hold a position: over remounts too. */
uint64_t names_position(const char *text)
{
	uint64_t h = 0xcbf29ce484222325;

	for (const char *p = text; *p; p++)
		h = (h ^ (unsigned char)*p) * 0x100000001b3;
	h = (h ^ (h >> 30)) * 0xbf58476d1ce4e5b9;
	h = (h ^ (h >> 27)) * 0x94d049bb133111eb;
	h = (h ^ (h >> 31)) >> 1;
	return h < NAMES_FIRST ? NAMES_FIRST : h;
}

int names_add(struct names *names, const char *text, const struct name *entry)
{
	const char *kept = keep_text(names, text);

	if (!kept)
		return -ENOMEM;
	if ((names->n & (names->n - 1)) == 0) { /* full at every power of two */
		size_t size = names->n ? names->n * 2 : 1;
		struct name *v = reallocarray(names->v, size, sizeof(*v));

		if (!v)
			return -ENOMEM;
		names->v = v;
	}
	names->v[names->n] = *entry;
	names->v[names->n].text = kept;
	names->v[names->n].pos = names_position(text);
	names->n++;
	return 0;
}

/* What an overlay has to know of an entry beyond its type. */
static int read_marks(int fd, const char *name, struct name *entry)
{
	struct stat st;

	if (entry->type == DT_CHR || entry->type == DT_FIFO) {
		if (fstatat(fd, name, &st, AT_SYMLINK_NOFOLLOW) < 0)
			return -errno;
		entry->whiteout = whiteout_is(&st);
	} else if (entry->type == DT_DIR) {
		int r = opaque_is_at(fd, name);

		if (r < 0)
			return r;
		entry->opaque = r;
	}
	return 0;
}

static int add_entry(struct names *names, int fd, const struct dirent64 *e, struct name entry,
		     bool marks, bool numbers)
{
	struct stat st;
	int r = 0;

	if (e->d_type == DT_UNKNOWN) {
		if (fstatat(fd, e->d_name, &st, AT_SYMLINK_NOFOLLOW) < 0)
			return errno == ENOENT ? 0 : -errno;
		entry.type = IFTODT(st.st_mode);
	}
	if (marks)
		r = read_marks(fd, e->d_name, &entry);
	if (r < 0)
		return r == -ENOENT ? 0 : r;
	if (numbers) {
		ino_t ino;

		r = note_number(fd, e->d_name, DTTOIF(entry.type), &ino);
		if (r < 0)
			return r == -ENOENT ? 0 : r;
		entry.ino = ino ? ino : entry.ino;
	}
	return names_add(names, e->d_name, &entry);
}

int names_add_dir(struct names *names, int fd, unsigned layer, uint64_t ino_salt, bool marks,
		  bool numbers)
{
	_Alignas(struct dirent64) char buf[16 * 1024];
	ssize_t n = 0;
	int marked;

	if (lseek(fd, 0, SEEK_SET) < 0)
		return -errno;
	marked = numbers ? note_is_marked(fd) : 0;
	if (marked < 0)
		return marked;
	numbers = marked;
	while ((n = getdents64(fd, buf, sizeof(buf))) > 0) {
		const struct dirent64 *e;

		for (ssize_t i = 0; i < n; i += e->d_reclen) {
			struct name entry = { .layer = layer };
			int r;

			e = (const void *)(buf + i);
			entry.ino = e->d_ino | ino_salt;
			entry.type = e->d_type;
			if (strcmp(e->d_name, ".") == 0 || strcmp(e->d_name, "..") == 0)
				continue;
			r = add_entry(names, fd, e, entry, marks, numbers);
			if (r < 0)
				return r;
		}
	}
	return n < 0 ? -errno : 0;
}

static int compare(const void *pa, const void *pb)
{
	const struct name *a = pa, *b = pb;
	int r;

	if (a->pos != b->pos)
		return a->pos < b->pos ? -1 : 1;
	r = strcmp(a->text, b->text);
	return r ? r : (int)a->layer - (int)b->layer;
}

void names_finish(struct names *names)
{
	size_t kept = 0;
	bool open = false; /* may entries further down still take part in v[kept - 1]? */

	if (names->n)
		qsort(names->v, names->n, sizeof(*names->v), compare);
	for (size_t i = 0; i < names->n; i++) {
		const struct name *e = &names->v[i];

		if (kept && strcmp(names->v[kept - 1].text, e->text) == 0) {
			names->v[kept - 1].last = e->layer;
			open = open && e->type == DT_DIR;
			if (open) {
				names->v[kept - 1].ino = e->ino;
				names->v[kept - 1].parts++;
			}
			open = open && !e->opaque;
			continue;
		}
		open = e->type == DT_DIR && !e->opaque;
		names->v[kept] = *e;
		names->v[kept].last = e->layer;
		names->v[kept++].parts = e->type == DT_DIR;
	}
	names->n = kept;
}

size_t names_after(const struct names *names, uint64_t pos)
{
	size_t low = 0, high = names->n;

	while (low < high) {
		size_t mid = low + (high - low) / 2;

		if (names->v[mid].pos > pos)
			high = mid;
		else
			low = mid + 1;
	}
	return low;
}

const struct name *names_find(const struct names *names, const char *text)
{
	uint64_t pos = names_position(text);

	for (size_t i = names_after(names, pos - 1); i < names->n && names->v[i].pos == pos; i++)
		if (strcmp(names->v[i].text, text) == 0)
			return &names->v[i];
	return NULL;
}
