// SPDX-License-Identifier: GPL-2.0-or-later
/* privileges.h - what the processes of a mount may do, and why.
 *
 * Both never gain anything by what they execute (PR_SET_NO_NEW_PRIVS). The exception is the keeper
 * of an ordinary user, who needs the set-id fusermount3 to mount and to unmount; his worker does
 * not. Of root's capabilities these are kept, all others given up, in all threads and for all
 * workers to come, since an upgraded program gets no more than its keeper has:
 *   CAP_CHOWN         give files the owners that they are given on the mount
 *   CAP_DAC_OVERRIDE  read and write them whosever they are: the kernel has asked who may what
 *   CAP_FOWNER        their modes, times, ACLs, and names in sticky folders, likewise
 *   CAP_FSETID        leave set-id bits where a change of owner or contents is not to take them
 *   CAP_MKNOD         device nodes that are made on the mount; whiteouts before Linux 5.8
 *   CAP_SETFCAP       file capabilities that are set on the mount
 *   CAP_SYS_ADMIN     trusted.* and security.* attributes; the keeper mounts and unmounts
 * A keeper uses the last one only, and has the others for its workers.
 */
#pragma once

/* Give up all but that. Early: what has a thread before keeps it. 0 or -errno. */
int privileges_drop(void);
