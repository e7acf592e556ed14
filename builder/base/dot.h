// SPDX-License-Identifier: GPL-2.0-or-later
/* dot.h - Graphviz's language, and its program `dot`, which need not be there. */
#pragma once

#include <stdbool.h>
#include <stdio.h>

/* `s` as a quoted string. Names are ASCII; whatever else comes, and control bytes, becomes '?'. */
void dot_quote(FILE *to, const char *s);

/* Have `dot -Tform` make of `text` what it can, within `seconds` of a processor's time; its words
 * go to stderr when `loud`. The caller frees `*ret`. 0; -ENOENT: there is no dot; -ETIME: it took
 * too long; -EIO: it failed; -errno. */
int dot_run(const char *text, const char *form, unsigned seconds, bool loud, char **ret);
