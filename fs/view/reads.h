// SPDX-License-Identifier: GPL-2.0-or-later
/* reads.h - of which packages an install has read something: what it really needed.
 *
 * A build view is new for each install, and so are its nodes: the kernel has none of their pages
 * and asks for what it reads. So nothing is missed, and nothing is counted that was only looked up,
 * as every folder of a search path is. What a view has read lies in the memory that outlives the
 * worker (roster.h).
 */
#pragma once

struct node;
struct strv;
struct view;

/* The file is being read. Costs nothing in a view that does not watch, or the second time. */
void reads_note(struct node *node);

/* The packages below the view of which a file has been read, into `ret`, sorted. More than
 * ROSTER_READ * 64 layers are not watched: of those at the bottom the packages that are among
 * `needs`, what was declared, are taken for read, and no others. Returns 0 or -ENOMEM. */
int reads_packages(struct view *view, const struct strv *needs, struct strv *ret);
