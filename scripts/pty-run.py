#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0-only
"""pty-run.py SECONDS EXPECT TYPE [EXPECT TYPE]... -- COMMAND...

Run a command on a terminal of its own. Each time EXPECT has appeared, TYPE and
a return are typed. Exits with the command's status; 125 if it says something
else until it ends or the time is over.
"""
import os
import pty
import select
import sys
import time


def main():
    split = sys.argv.index("--")
    deadline = time.monotonic() + float(sys.argv[1])
    script = list(zip(sys.argv[2:split:2], sys.argv[3:split:2]))
    pid, fd = pty.fork()
    if pid == 0:
        os.execvp(sys.argv[split + 1], sys.argv[split + 1:])

    unseen = b""
    while True:
        left = deadline - time.monotonic()
        if left <= 0 or not select.select([fd], [], [], left)[0]:
            print("\ntimed out" + f" before '{script[0][0]}'" * bool(script))
            os.close(fd)
            return 125
        try:
            data = os.read(fd, 65536)
        except OSError:
            data = b""
        if not data:
            break
        sys.stdout.buffer.write(data)
        sys.stdout.flush()
        unseen += data
        while script and (at := unseen.find(script[0][0].encode())) >= 0:
            expected, text = script.pop(0)
            unseen = unseen[at + len(expected):]
            os.write(fd, text.encode() + b"\r")
    status = os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1])
    if script:
        print(f"\nended before '{script[0][0]}'")
        return 125
    return status


sys.exit(main())
