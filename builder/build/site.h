// SPDX-License-Identifier: GPL-2.0-or-later
/* site.h - where a package is built: its folders, made ready for one `xsysfs run`. */
#pragma once

#include "builder/box/box.h"
#include "builder/build/package.h"
#include "builder/run/phase.h"
#include "builder/run/work.h"
#include "builder/target/launcher.h"

/* In the work folder: rules for `xsysfs run --parts`. */
#define SITE_RULES "parts"

struct site {
	struct work work;
	struct box_folders outside, inside; /* as they are, and as the commands see them */
	int events, logs[PHASE_LOGS], syscalls;
	struct launcher_share launcher; /* empty when there is none */
	enum recipe_phase from;		/* the phases before it were carried out */
	struct key continued;		/* in place of the package's; its text is NULL: it is not */
};

/* `events` is lent. */
void site_init(struct site *s, int events);
void site_release(struct site *s);

/* Name the folders, and take the work folder: it is this builder's until the release. 0; -EBUSY
 * when another builder has it (work_wait); or -errno; with `*why`. */
int site_open(struct site *s, const struct package_build *b, char **why);

/* Have what the box wants. 0 or -errno with `*why`. */
int site_furnish(struct site *s, const struct package_build *b, char **why);

/* Whether an earlier build has left its folders here, unpacked and patched. */
bool site_is_ready(const struct site *s);
/* The same of a package's folder in the folder `all`, which nobody has taken. */
bool site_was_left(const char *all, const char *package);

/* Of such folders: the plan alone is written anew, from the phase that failed on. With other
 * inputs, or when somebody worked there, what comes of it has a key of its own (s->continued). 0 or
 * -errno with `*why`. */
int site_prepare_again(struct site *s, const struct package_build *b, char **why);

/* Somebody works by hand in such folders, and they stay. 0 or -errno with `*why`. */
int site_touch(const struct site *s, char **why);

/* Everything that happens outside the build view: unpacked, patched, and the plan written. 0 or
 * -errno with `*why`. */
int site_prepare(struct site *s, const struct package_build *b, char **why);

/* The folders with which its phases run. */
const struct box_folders *site_seen(const struct site *s, const struct package_build *b);

/* What is given out for the key of what comes of it. */
const struct key *site_key(const struct site *s, const struct package_build *b);

/* Carry out the plan, or b->command, by `xsysfs run`. A wait status, or -errno. */
int site_run(const struct site *s, const struct package_build *b);
