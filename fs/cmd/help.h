// SPDX-License-Identifier: GPL-2.0-or-later
/* help.h - what `xsysfs help` and xsysfs.1 say of all commands; usage.h has what they say of one.
 */
#pragma once

#include <stdio.h>

struct cmd;

/* Ours, up to NULL, and the `n` of the builder. */
void help_print(FILE *to, const struct cmd *const *ours, const struct cmd *builders, size_t n);
void help_man(const struct cmd *const *ours, const struct cmd *builders, size_t n);
