#!/usr/bin/python3
# SPDX-License-Identifier: GPL-2.0-or-later
"""type-at - start a program on a terminal of its own and type at it, as a person would.

usage: type-at.py PROMPT KEYS... -- COMMAND...

Each KEYS is typed when PROMPT is there again; "\\e" is the escape key, "\\b" backspace, "\\t" tab,
and what ends with "\\n" is a line. After the last one the program has to end. Everything that the
terminal shows goes to stdout. The exit status is the program's; 124 when 60 s pass without a prompt.
"""
import os
import pty
import re
import select
import sys
import time

PATIENCE = 60


def keys(text):
    for seen, sent in (("\\e", "\x1b"), ("\\b", "\x7f"), ("\\t", "\t"), ("\\n", "\r")):
        text = text.replace(seen, sent)
    return text.encode()


def show(data):
    os.write(1, data)


def wait_for(fd, text, tail=b""):
    """Show what comes until `text` is there. False when the program has ended."""
    end = time.monotonic() + PATIENCE
    while text is None or text not in tail:
        ready, _, _ = select.select([fd], [], [], max(0, end - time.monotonic()))
        if not ready:
            raise TimeoutError
        try:
            data = os.read(fd, 4096)
        except OSError:
            data = b""
        if not data:
            return False
        show(data)
        tail = (tail + data)[-4096:]
    return True


def main():
    split = sys.argv.index("--")
    prompt, lines, command = sys.argv[1].encode(), sys.argv[2:split], sys.argv[split + 1:]
    pid, fd = pty.fork()
    if pid == 0:
        os.environ["TERM"] = "xterm"
        os.execvp(command[0], command)
    try:
        for line in lines:
            if not wait_for(fd, prompt):
                break
            time.sleep(0.2)         # readline sets the terminal up behind its prompt
            for token in re.findall(r"\\e\[[A-Z]|\\[ebtn]|.", line):
                os.write(fd, keys(token))
                time.sleep(0.03 if os.isatty(1) else 0)
        wait_for(fd, None)
    except TimeoutError:
        print("\ntype-at: no prompt within %d s" % PATIENCE, file=sys.stderr)
        os.kill(pid, 9)
        os.waitpid(pid, 0)
        return 124
    return os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1])


if __name__ == "__main__":
    sys.exit(main())
