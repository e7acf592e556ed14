// SPDX-License-Identifier: GPL-2.0-or-later
/* size.h - a number of bytes as people read it: "812 B", "3.4 kB", "1.2 MB". */
#pragma once

#define SIZE_SAID 24
const char *size_said(double bytes, char buf[static SIZE_SAID]);
