// SPDX-License-Identifier: GPL-2.0-or-later
#include "fs/base/log.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "fs/base/cleanup.h"
#include "fs/base/tame.h"
#include "fs/base/text.h"

static const char *log_program = "xsysfs";

static void (*log_say)(void *arg, const char *line);
static void *log_arg;

void log_redirect(void (*say)(void *arg, const char *line), void *arg)
{
	log_say = say;
	log_arg = arg;
}

void log_init(const char *program)
{
	log_program = program;
}

/* One write, so that the lines of two processes do not mix. */
static void say(const char *kind, int r, const char *fmt, va_list ap)
{
	autofree char *text = text_of_list(fmt, ap);
	autofree char *line = NULL;
	size_t n;

	if (text)
		line = text_of("%s: %s%s%s%s\n", log_program, kind, text, r < 0 ? ": " : "",
			       r < 0 ? strerror(-r) : "");
	if (!line)
		return;
	n = strlen(line);
	line[n - 1] = '\0';
	tame_urls(line);
	tame(line);
	if (log_say) {
		log_say(log_arg, line);
		return;
	}
	n = (int)strlen(line); /* not longer than it was */
	line[n] = '\n';
	fwrite(line, 1, n + 1, stderr);
}

int log_errno(int r, const char *fmt, ...)
{
	va_list ap;

	va_start(ap, fmt);
	say("error: ", r, fmt, ap);
	va_end(ap);
	return r;
}

int log_error(const char *fmt, ...)
{
	va_list ap;

	va_start(ap, fmt);
	say("error: ", 0, fmt, ap);
	va_end(ap);
	return -EINVAL;
}

void log_warn(const char *fmt, ...)
{
	va_list ap;

	va_start(ap, fmt);
	say("warning: ", 0, fmt, ap);
	va_end(ap);
}

void log_note(const char *fmt, ...)
{
	va_list ap;

	va_start(ap, fmt);
	say("", 0, fmt, ap);
	va_end(ap);
}
