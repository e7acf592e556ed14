// SPDX-License-Identifier: GPL-2.0-or-later
/* owners.h - `install -o root` by somebody who is not root.
 *
 * The kernel lets nobody without privilege give a file away, and in a user namespace it knows no
 * other owner than oneself (user_namespaces(7)): chown(2) fails before the file system hears of it.
 * So in an ordinary user's install these calls are trapped (seccomp_unotify(2)) and answered from
 * outside: for what lies in the mount, the owner is remembered in the layer (view_give in view.h);
 * anything else goes on to the kernel as if nobody had asked.
 *
 * As with fakeroot(1) whoever does it goes on to be the one who may do all with the file. Other
 * than there, stat(2) in the install shows the real owner; staging shows the one who was
 * remembered.
 */
#pragma once

#include <stdbool.h>
#include <sys/types.h>

/* In the process whose children are to be trapped, which has to be the master of its user
 * namespace. Returns the listener's descriptor or -errno: -ENOSYS, -EBUSY... where there is none.
 */
int owners_trap(void);
/* Hand a descriptor over a connected socket, and take it; -ENODATA when the other end is closed. */
int owners_send(int sock, int fd);
int owners_take(int sock);

/* Answer for files on the device `dev` until nobody is trapped any more. Takes the listener over.
 */
void owners_serve(int listener, dev_t dev);
