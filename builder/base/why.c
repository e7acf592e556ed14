// SPDX-License-Identifier: GPL-2.0-or-later
#include "builder/base/why.h"

#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "fs/base/cleanup.h"
#include "fs/base/log.h"
#include "fs/base/text.h"

int why_set(char **why, int r, const char *fmt, ...)
{
	va_list ap;

	va_start(ap, fmt);
	*why = text_of_list(fmt, ap);
	va_end(ap);
	return r;
}

int why_errno(char **why, int r, const char *fmt, ...)
{
	autofree char *text = NULL;
	va_list ap;

	va_start(ap, fmt);
	text = text_of_list(fmt, ap);
	va_end(ap);
	return why_set(why, r, "%s: %s", text ? text : "", strerror(-r));
}

int why_log(char *why, int r)
{
	autofree char *text = why;

	log_error("%s", text ? text : strerror(-r));
	return r;
}

int why_log_of(char *why, int r, const char *what)
{
	autofree char *text = why;

	log_error("%s: %s", what, text ? text : strerror(-r));
	return r;
}
