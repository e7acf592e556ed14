// SPDX-License-Identifier: GPL-2.0-or-later
#include "builder/target/toolchain_ask.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "builder/base/places.h"
#include "builder/base/proc.h"
#include "builder/base/why.h"
#include "builder/box/box.h"
#include "builder/box/hostprograms.h"
#include "builder/box/syscalls.h"
#include "fs/base/cleanup.h"
#include "fs/base/digest.h"
#include "fs/base/io.h"
#include "fs/base/kv.h"
#include "fs/base/log.h"

#define FOLDER	   "asked"
#define ANSWER_MAX (1 << 20)
#define PATIENCE   60 /* seconds for an answer */

/* In front of each answer stands how it was come by: a letter of these. */
#define END	"\036"
#define HAS	'+'
#define HAS_NOT '-'

/* $1 the compiler, $2 the sysroot, $3 flags, then the questions. What fails is asked for its
 * reason.
 */
static const char script[] =
	"cc=$1 sysroot=$2 flags=$3; shift 3; set -f\n"
	"run() { \"$cc\" ${sysroot:+--sysroot=\"$sysroot\"} $flags \"$@\"; }\n"
	"macros() {\n"
	"\tall=$(echo '#include <features.h>' | run -dM -E -x c - 2>/dev/null) ||\n"
	"\t\tall=$(run -dM -E -x c /dev/null) || return\n"
	"\techo \"$all\" | sed -n 's/^#define "
	"\\(__SIZEOF_POINTER__\\|__BYTE_ORDER__\\|__GLIBC__\\|__GLIBC_MINOR__\\) /\\1 /p' |\n"
	"\t\ttr '\\n' ' '\n"
	"}\n"
	"object() {\n"
	"\tof=$(mktemp) && run -x c -c /dev/null -o \"$of\" && od -An -v -tx1 \"$of\" |\n"
	"\t\ttr -d ' \\n'\n"
	"\ttest -s \"$of\"; r=$?; rm -f \"$of\"; return $r\n"
	"}\n"
	"for question; do\n"
	"\tcase $question in macros|object) set -- \"$question\" ;; *) set -- run \"$question\" ;; "
	"esac\n"
	"\tif answer=$(\"$@\" 2>/dev/null </dev/null); then\n"
	"\t\tprintf '" END "+%s' \"$answer\"\n"
	"\telse\n"
	"\t\tanswer=$(\"$@\" 2>&1 </dev/null)\n"
	"\t\tprintf '" END "-exit status %s: %s' $? \"$answer\"\n"
	"\tfi\n"
	"done\n";

/* ---- answers that are kept ---- */

/* The file's name: of who was asked what. */
static int name_kept(const struct toolchain_asked *a, const char *const *questions, size_t n,
		     char hex[static DIGEST_HEX])
{
	autostrv struct strv all = { 0 };
	autofree char *text = NULL;

	strv_add(&all, a->cc);
	strv_add(&all, a->sysroot ? a->sysroot : "");
	if (a->flags)
		strv_add(&all, a->flags);
	strv_add_words(&all, questions, n);
	text = strv_join(&all, "\n");
	return text ? digest_of_data(text, strlen(text), hex) : -ENOMEM;
}

static bool recall(const struct toolchain_asked *a, const char *name, size_t n,
		   struct strv *answers)
{
	autofree char *dir = places_join(a->home, FOLDER);
	autofree char *path = dir ? places_join(dir, name) : NULL;
	autofree char *text = NULL;
	autokv struct kv kept = { 0 };
	const char *about;

	if (!path || io_read_file(AT_FDCWD, path, ANSWER_MAX, &text, NULL) < 0 ||
	    kv_parse(&kept, text, strlen(text), NULL) < 0)
		return false;
	about = kv_get(&kept, "about");
	if (!about || strcmp(about, a->about) != 0)
		return false;
	for (size_t i = 0; i < n; i++) {
		char key[32];
		const char *answer;

		snprintf(key, sizeof(key), "answer.%zu", i);
		answer = kv_get(&kept, key);
		if (!answer || strv_add(answers, answer) < 0) {
			strv_release(answers);
			return false;
		}
	}
	return true;
}

/* A file elsewhere may come to be another one, with nothing changed in the toolchain. */
static bool names_elsewhere(const struct toolchain_asked *a, const char *answer)
{
	autofree char *path = *answer == '/' ? realpath(answer, NULL) : NULL;

	return *answer == '/' && (!path || !places_is_below(path, a->tree));
}

static int add_answer(struct kv *kept, size_t i, const char *answer)
{
	char key[32];

	snprintf(key, sizeof(key), "answer.%zu", i);
	return kv_set(kept, key, answer);
}

/* All of them or none. One that does not fit into a line is asked for each time. */
static void keep(const struct toolchain_asked *a, const char *name, const struct strv *answers)
{
	autofree char *dir = places_join(a->home, FOLDER);
	autofree char *text = NULL;
	autokv struct kv kept = { 0 };
	int r = dir ? kv_set(&kept, "about", a->about) : -ENOMEM;

	for (size_t i = 0; i < answers->n && r == 0; i++)
		r = names_elsewhere(a, answers->v[i]) ? -EXDEV
						      : add_answer(&kept, i, answers->v[i]);
	text = r == 0 ? kv_format(&kept) : NULL;
	if (text && io_mkdir_p(AT_FDCWD, dir, 0755) == 0)
		places_write(dir, name, text);
}

/* ---- asking ---- */

/* Nothing, where it is asked outside of a box. */
static int enter_box(const struct toolchain_asked *a, int filter, struct strv *argv)
{
	struct box_opening open[2] = { { a->tree, a->tree, false } };
	size_t n = 1;

	if (filter < 0)
		return 0;
	if (a->sysroot && !places_is_below(a->sysroot, a->tree))
		open[n++] = (struct box_opening){ a->sysroot, a->sysroot, false };
	return box_reader(open, n, filter, "/", argv);
}

static int add_command(const struct toolchain_asked *a, const char *const *questions, size_t n,
		       struct strv *argv)
{
	const char *const words[] = { "sh",	     "-c", script, "sh", a->cc, a->sysroot ?: "",
				      a->flags ?: "" };

	strv_add_words(argv, words, ARRAY_SIZE(words));
	return strv_add_words(argv, questions, n);
}

/* A filter for the box, -1: there is no box. Or -errno with `*why`. */
static int find_box(const struct toolchain_asked *a, int *filter, char **why)
{
	autofree char *reason = NULL;

	*filter = -1;
	if (box_probe(&reason) < 0) {
		log_warn("no sandbox (%s): what is asked of '%s' is asked outside of one",
			 reason ? reason : "no memory", a->cc);
		return 0;
	}
	*filter = syscalls_filter();
	return *filter < 0 ? why_errno(why, *filter, "cannot make a sandbox for '%s'", a->cc) : 0;
}

static int take_answers(const struct toolchain_asked *a, char *said, const char *const *questions,
			size_t n, struct strv *answers, char **why)
{
	char *rest = said && *said ? said + 1 : NULL, *answer;

	while (answers->n < n && (answer = strsep(&rest, END))) {
		if (*answer != HAS)
			return why_set(why, -EINVAL, "'%s %s' failed: %s", a->cc,
				       questions[answers->n], *answer ? answer + 1 : "");
		if (strv_add(answers, answer + 1) < 0)
			return why_errno(why, -ENOMEM, "%s", a->cc);
	}
	return answers->n == n ? 0 : why_set(why, -EINVAL, "'%s' does not answer", a->cc);
}

static int ask(const struct toolchain_asked *a, const char *const *questions, size_t n,
	       struct strv *answers, char **why)
{
	static char *env[] = { "PATH=" HOSTPROGRAMS_PATH, "LC_ALL=C.UTF-8", NULL };
	autostrv struct strv argv = { 0 };
	autofree char *said = NULL;
	autofree char *words = NULL;
	autofd int filter = -1;
	int r = find_box(a, &filter, why), status;

	if (r < 0)
		return r;
	r = enter_box(a, filter, &argv);
	if (r == 0)
		r = add_command(a, questions, n, &argv);
	if (r < 0)
		return why_errno(why, r, "%s", a->cc);
	status = proc_read(&(struct proc){ .argv = (const char *const *)argv.v,
					   .env = env,
					   .err = PROC_SAME_AS_OUT,
					   .patience = PATIENCE,
					   .box = filter >= 0,
					   .keep = &filter,
					   .n_keep = filter >= 0 },
			   ANSWER_MAX, &said);
	if (status < 0)
		return why_errno(why, status, "cannot ask '%s'", a->cc);
	words = proc_words(status);
	if (status != 0)
		return why_set(why, -EINVAL, "cannot ask '%s': %s: %s", a->cc, words ? words : "",
			       said);
	return take_answers(a, said, questions, n, answers, why);
}

int toolchain_ask(const struct toolchain_asked *a, const char *const *questions, size_t n,
		  struct strv *answers, char **why)
{
	char name[DIGEST_HEX];
	int r = a->about ? name_kept(a, questions, n, name) : 0;

	if (r < 0)
		return why_errno(why, r, "%s", a->cc);
	if (a->about && recall(a, name, n, answers))
		return 0;
	r = ask(a, questions, n, answers, why);
	if (r == 0 && a->about)
		keep(a, name, answers);
	return r;
}
