// SPDX-License-Identifier: GPL-2.0-or-later
/* cleanup.h - ownership, visible where a variable is declared.
 *
 * A variable marked autofree, autofd, autoclose or autodir is released when it goes out of scope,
 * and is therefore always initialised there. take_fd() and take_ptr() hand its value to somebody
 * else. None of the releases changes errno.
 */
#pragma once

#include <dirent.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#define cleanup(f) __attribute__((cleanup(f)))

static inline void cleanup_free(void *p)
{
	int saved = errno;

	free(*(void **)p);
	errno = saved;
}

static inline void cleanup_fd(int *fd)
{
	int saved = errno;

	if (*fd >= 0)
		close(*fd);
	errno = saved;
}

static inline void cleanup_file(FILE **f)
{
	int saved = errno;

	if (*f)
		fclose(*f);
	errno = saved;
}

static inline void cleanup_dir(DIR **d)
{
	int saved = errno;

	if (*d)
		closedir(*d);
	errno = saved;
}

#define autofree  cleanup(cleanup_free)
#define autofd	  cleanup(cleanup_fd)
#define autoclose cleanup(cleanup_file)
#define autodir	  cleanup(cleanup_dir)

/* The value of `*fd`, which is nobody's afterwards (-1). */
static inline int take_fd(int *fd)
{
	int value = *fd;

	*fd = -1;
	return value;
}

static inline void *take_ptr_(void *pp)
{
	void **p = pp, *value = *p;

	*p = NULL;
	return value;
}
/* The value of the pointer `p`, which is NULL afterwards. */
#ifdef __cppcheck__ /* tests/lint says it: 2.10 takes such a cast of a member for a syntax error \
		     */
#define take_ptr(p) take_ptr_(&(p))
#else
#define take_ptr(p) ((__typeof__(p))take_ptr_(&(p)))
#endif

#define ARRAY_SIZE(a) (sizeof(a) / sizeof(*(a)))
