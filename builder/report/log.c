// SPDX-License-Identifier: GPL-2.0-or-later
/* What the logs of a package say, read within bounds: they are written by strangers' programs. */
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "builder/base/places.h"
#include "builder/report/reason.h"
#include "builder/report/report.h"
#include "fs/base/cleanup.h"
#include "fs/base/text.h"

#define LOG_MOST      (8 << 20) /* bytes of a log that are looked at */
#define LOGS_MOST     40	/* files */
#define FIXUPS_KEPT   100
#define FIXUP_LONGEST 400
#define TAIL_BYTES    6000
#define TAIL_LINES    40
#define REASON_BYTES  (64 << 10) /* before the end, in which the reason is looked for */
#define REASON_BEFORE 3		 /* lines shown before it */
#define REASON_AFTER  12
#define REASON_MOST   3000 /* bytes shown to either side */
#define LATER	      5	   /* seconds between the end of a build and the last word of its logs */

static const char fixup_log[] = "fix-up.log";

void report_log_release(struct report_log *log)
{
	warnings_release(&log->warnings);
	strv_release(&log->fixups);
	tally_release(&log->rules);
	free(log->tail);
	free(log->tail_name);
	free(log->reason);
	*log = (struct report_log){ 0 };
}

/* `most` bytes of a file, the first ones or the last. `*left` says whether there are more. The
 * caller frees; NULL: no regular file, or no memory. */
static char *read_part(int dir, const char *name, size_t most, bool last, size_t *len, bool *left)
{
	autofd int fd = openat(dir, name, O_RDONLY | O_CLOEXEC | O_NOFOLLOW | O_NONBLOCK);
	autofree char *data = NULL;
	struct stat st;
	ssize_t n;

	if (fd < 0 || fstat(fd, &st) < 0 || !S_ISREG(st.st_mode))
		return NULL;
	*left = (uint64_t)st.st_size > most;
	data = malloc(most + 1);
	if (!data)
		return NULL;
	for (*len = 0; *len < most; *len += (size_t)n) {
		n = pread(fd, data + *len, most - *len,
			  (off_t)*len + (last && *left ? st.st_size - (off_t)most : 0));
		if (n <= 0)
			break;
	}
	data[*len] = '\0';
	return take_ptr(data);
}

static int scan_log(struct report_log *log, int dir, const char *name)
{
	bool left = false;
	size_t len = 0;
	autofree char *text = read_part(dir, name, LOG_MOST, false, &len, &left);

	log->cut = log->cut || left;
	return text ? warnings_scan(&log->warnings, text, len) : 0;
}

/* "RULE: PATH: WHAT" */
static int scan_fixup(struct report_log *log, char *line)
{
	size_t rule = strcspn(line, ":");
	autofree char *name = strndup(line, rule);
	int r;

	if (!line[rule])
		return 0;
	r = name ? tally_add(&log->rules, rule < 32 ? name : "other", 1, 0) : -ENOMEM;
	if (r == 0 && log->fixups.n < FIXUPS_KEPT)
		r = strv_addn(&log->fixups, line, strnlen(line, FIXUP_LONGEST));
	return r;
}

static int scan_fixups(struct report_log *log, int dir)
{
	bool left = false;
	size_t len = 0;
	autofree char *text = read_part(dir, fixup_log, LOG_MOST, false, &len, &left);
	char *rest = text, *line;
	int r = 0;

	while (r == 0 && rest && (line = strsep(&rest, "\n")))
		r = scan_fixup(log, line);
	return r;
}

static bool is_log(const char *name)
{
	size_t n = strlen(name);

	return *name != '.' && n > 4 && strcmp(name + n - 4, ".log") == 0 &&
	       strcmp(name, fixup_log) != 0;
}

/* The names of the phases' logs, sorted. */
static int list_logs(int dir, struct strv *names)
{
	int copy = openat(dir, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	autodir DIR *d = copy < 0 ? NULL : fdopendir(copy);
	struct dirent *e;

	while (d && (e = readdir(d)) && names->n < LOGS_MOST)
		if (is_log(e->d_name) && strv_add(names, e->d_name) < 0)
			return -ENOMEM;
	strv_sort(names);
	return 0;
}

/* Where the line before `at` begins, within REASON_MOST bytes of `from`. */
static const char *line_before(const char *text, const char *at, const char *from)
{
	if (at > text)
		at--;
	while (at > text && at[-1] != '\n' && from - at < REASON_MOST)
		at--;
	return at;
}

/* When the last lines do not surely tell why, those around the line that does. */
static int read_reason(struct report_log *log, const char *text, const char *tail)
{
	const char *line = reason_find(tail), *from, *to;

	if (line && reason_is(line))
		return 0;
	line = reason_find(text);
	if (!line || !reason_is(line) || line >= tail)
		return 0;
	from = to = line;
	for (size_t i = 0; i < REASON_BEFORE; i++)
		from = line_before(text, from, line);
	for (size_t lines = 0; to < tail && to - line < REASON_MOST && lines <= REASON_AFTER; to++)
		lines += *to == '\n';
	for (const char *at = to; at < tail; at++)
		log->between += *at == '\n';
	log->reason = strndup(from, (size_t)(to - from));
	return log->reason ? 0 : -ENOMEM;
}

/* Where the last lines begin. */
static const char *find_tail(const char *text, size_t len)
{
	size_t from = len, lines = 0;

	for (; from > 0 && len - from < TAIL_BYTES; from--)
		if (text[from - 1] == '\n' && ++lines == TAIL_LINES)
			break;
	return text + from;
}

/* The last lines of the phase in which it ended, and what tells why. */
static int read_tail(struct report_log *log, int dir, const struct story_package *p)
{
	const char *phase = p->n_spans ? p->spans[p->n_spans - 1].what : NULL, *tail;
	autofree char *name = NULL, *text = NULL;
	bool left = false;
	size_t len = 0;

	if (!phase || strchr(phase, '/') || !(name = text_of("%s.log", phase)))
		return name = NULL, 0;
	text = read_part(dir, name, REASON_BYTES, true, &len, &left);
	if (!text)
		return 0;
	for (size_t i = 0; i < len; i++)
		text[i] = text[i] ? text[i] : ' ';
	while (len && text[len - 1] == '\n')
		text[--len] = '\0';
	tail = find_tail(text, len);
	log->tail = strdup(tail);
	log->tail_name = places_join(p->log, name);
	return log->tail && log->tail_name ? read_reason(log, text, tail) : -ENOMEM;
}

/* Whether some other build has written there since. */
static bool is_of_later(int dir, const struct strv *names, const struct story *s)
{
	struct stat st;

	strv_foreach (name, names)
		if (fstatat(dir, *name, &st, AT_SYMLINK_NOFOLLOW) == 0 &&
		    (double)st.st_mtim.tv_sec >
			    (double)s->start_time + report_clamp(s->end) + LATER)
			return true;
	return false;
}

int report_read_log(struct report_log *log, const struct story *s, const struct story_package *p)
{
	autofd int dir =
		p->log && p->n_spans ? open(p->log, O_RDONLY | O_DIRECTORY | O_CLOEXEC) : -1;
	autostrv struct strv names = { 0 };
	int r;

	if (dir < 0)
		return 0;
	r = list_logs(dir, &names);
	if (r == 0 && is_of_later(dir, &names, s)) {
		log->later = true;
		return 0;
	}
	strv_foreach (name, &names)
		if (r == 0)
			r = scan_log(log, dir, *name);
	if (r == 0)
		r = scan_fixups(log, dir);
	if (r == 0 && (p->state == STORY_FAILED || p->state == STORY_INTERRUPTED))
		r = read_tail(log, dir, p);
	return r;
}
