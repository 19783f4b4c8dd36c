#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0-only
"""names_test.py OOMSTAT PEIOSCTL KSYNCD [SEED]: names of any bytes, in all that
the tools print. Prints TAP.

A folder is made to look like /proc, with some hundred processes and records of
kills whose names are hostile, of every byte, or random; then each form of output
is read back by a parser that takes nothing but what the form allows, and each
name must be what it was.
"""
import json
import os
import pty
import random
import re
import select
import shutil
import subprocess
import sys
import tempfile
import time

OOMSTAT, PEIOSCTL, KSYNCD = (os.path.abspath(p) for p in sys.argv[1:4])
SEED = int(sys.argv[4]) if len(sys.argv) > 4 else int(time.time())
FIRST = 100

HOSTILE = [
    b"\xff\xfe", b"a\xffb", b"\x1b[31mred", b"\x1b]0;title\x07", b"x\n#9 1999 y",
    b"x\r#9", b"back\\slash", b"\\n", b"\\xff", b'quo"te', b"'single'", b"a b",
    b" lead", b"trail ", b"tab\there", b"\x7f", b"\xc2\x9b31m", b"\xc3\xa9t\xc3\xa9",
    b"\xe2\x80\xae", b"\xf0\x9f\x90\xa7", b"\xef\xbf\xbd", b"\xed\xa0\x80",
    b"\xc0\x80", b"\xe0\x80\xaf", b"\xf4\x90\x80\x80", b"\xf0\x9f\x90", b"\xc3",
    b"\xbf", b"{", b"}", b"%s%n", b"# EOF", b"\n# EOF\n", b"\\", b"\\\\", b"\n",
    b"pid=1 b", b"seq=1,x=2", b"(9)", b"NaN", b"<script>", b"\xef\xbb\xbf",
]

n = 0
failed = 0


def result(ok, what, said=""):
    global n, failed
    n += 1
    failed += not ok
    print(("ok" if ok else "not ok"), n, "names:", what)
    if not ok:
        for line in str(said)[:2000].splitlines():
            print("#", line.encode("unicode_escape").decode())


def check(what):
    """A test is a function that raises an AssertionError if it fails."""
    def run(test):
        try:
            test()
        except Exception as e:  # whatever it is, the test has failed
            result(False, what, f"{type(e).__name__}: {e}")
        else:
            result(True, what)
    return run


def make_names(rng, longest, count):
    names = [name[:longest] for name in HOSTILE]
    names += [bytes([b]) for b in range(1, 256)]
    while len(names) < count:
        length = rng.randint(1, longest)
        kind = rng.randrange(3)
        if kind == 0:
            name = bytes(rng.randint(1, 255) for _ in range(length))
        elif kind == 1:
            name = bytes(rng.choice(b'\n\\"x\x1b\xff ab') for _ in range(length))
        else:
            text = "".join(chr(rng.choice([rng.randint(1, 0x7f),
                                           rng.randint(0x80, 0x7ff),
                                           rng.randint(0xe000, 0xffff),
                                           rng.randint(0x10000, 0x10ffff)]))
                           for _ in range(length))
            name = text.encode()[:length]  # cut off as comm is
        names.append(name)
    return names[:count]


def encode(name):
    """As audit and the records have it: in quotes or in hexadecimal."""
    if all(0x21 <= b < 0x7f and b != 0x22 for b in name):
        return b'"' + name + b'"'
    return name.hex().upper().encode()


def write(path, data):
    os.makedirs(os.path.dirname(path), exist_ok=True)
    with open(path, "wb") as f:
        f.write(data)


def status_name(name):
    """What /proc/PID/status makes of a name."""
    return name.replace(b"\\", b"\\\\").replace(b"\n", b"\\n")


def make_proc(root, comms, groups):
    write(f"{root}/commitinfo",
          b"Limit: 7000 kB\nPromise: 5000 kB\nPayment: 3000 kB\n"
          b"Outstanding: 2000 kB\nAvailable: 1000 kB\nCoverage: 50 %\n"
          b"Refused: 3\nRate: 40 kB/s\nExhaustion: 25 s\n")
    records = []
    for i, comm in enumerate(comms):
        pid, group = FIRST + i, groups[i]
        folder = f"{root}/{pid}"
        write(f"{folder}/comm", comm + b"\n")
        write(f"{folder}/status",
              b"Name:\t%s\nUid:\t1000\t1000\t1000\t1000\n" % status_name(comm))
        write(f"{folder}/oom_score", b"600\n")
        write(f"{folder}/oom_score_adj", b"0\n")
        points = 2 * len(comms) - i
        write(f"{folder}/oom_score_detail",
              b"memory %d\ninherited 0\nfork 0\ntcb 0\nadj 0\npoints %d\n"
              b"class normal\nshared 0\nswarm 0\n" % (points, points))
        other = comms[-1 - i]
        records.append(
            b"seq=%d time=1700000000.123 pid=%d uid=1000 comm=%s cgroup=%s "
            b"constraint=memcg oom_cgroup=%s trigger_pid=7 trigger_comm=%s "
            b"points=100 memory=100 inherited=0 fork=0 tcb=0 adj=0 "
            b"oom_score_adj=0 anon_kb=400 file_kb=0 shmem_kb=0 swap_kb=0 "
            b"pgtables_kb=0 candidates=%d:100 reason=chosen class=normal rss=100 "
            b"swap=0 pgtables=0 parent=0 age_ms=99999 totalpages=5000 tier=user "
            b"parent_share=0 fork_weight=0 fork_window_ms=10000 tcb_discount=0 "
            b"inputs=%d:100:0:0:0:99999:0:user victim_seq=%d cgroup_id=5 "
            b"exiting=0 freed_ms=12\n" %
            (i + 1, pid, encode(comm), encode(b"/" + group), encode(group),
             encode(other), pid, pid, i + 1))
    write(f"{root}/oom_history", b"".join(records))


def run(*words, status=0, env=None):
    done = subprocess.run(words, stdout=subprocess.PIPE, stderr=subprocess.PIPE,
                          stdin=subprocess.DEVNULL, env=env, timeout=120)
    assert done.returncode == status, \
        f"exit {done.returncode}: {done.stderr[:500]!r}"
    return done.stdout, done.stderr


def plain_text(data):
    """Lines of printable ASCII, and nothing else."""
    bad = re.search(rb"[^\x20-\x7e\n]", data)
    assert not bad, f"{bad.group()!r} in {data[max(0, bad.start() - 60):bad.end() + 9]!r}"
    return data.decode("ascii").splitlines()


def unescape(text):
    """The bytes of a name from its text; only \\\\ and \\xNN are escapes."""
    rest = re.sub(r"\\(\\|x[0-9a-f]{2})", "", text)
    assert "\\" not in rest, f"an escape that is none: {text!r}"
    return re.sub(rb"\\(\\|x[0-9a-f]{2})",
                  lambda m: b"\\" if m[1] == b"\\" else bytes([int(m[1][1:], 16)]),
                  text.encode())


def pairs(items):
    keys = [key for key, _ in items]
    assert len(keys) == len(set(keys)), f"a key twice: {keys}"
    return dict(items)


def from_json(data):
    def none(constant):
        raise AssertionError(f"no JSON: {constant}")
    return json.loads(data.decode("utf-8", "strict"), object_pairs_hook=pairs,
                      parse_constant=none)


def named(item, key):
    """The bytes of a name from an object; what is replaced is in KEY_hex."""
    if key + "_hex" in item:
        return bytes.fromhex(item[key + "_hex"])
    return item[key].encode("utf-8", "strict")


LABEL = re.compile(r'([a-zA-Z_][a-zA-Z0-9_]*)="((?:[^"\\\n]|\\[\\"n])*)"')
SAMPLE = re.compile(r'([a-z_:][a-z0-9_:]*)(?:\{(.*)\})? (\S+)')
VALUE = re.compile(r"[+-]?(\d+(\.\d+)?([eE][+-]?\d+)?|Inf)|NaN")


def from_openmetrics(data):
    """The samples of an exposition, by the rules of OpenMetrics 1.0."""
    text = data.decode("utf-8", "strict")
    assert text.endswith("# EOF\n"), "it does not end with EOF"
    lines = text[:-len("# EOF\n")].split("\n")
    assert lines.pop() == "", "the last line has no newline"
    families, now, samples, seen = {}, None, [], set()
    for line in lines:
        meta = re.fullmatch(r"# (TYPE|UNIT|HELP) ([a-z_:][a-z0-9_:]*) (.*)", line)
        if meta:
            kind, name, rest = meta.groups()
            if name != now:
                assert name not in families, f"family {name} in two pieces"
                families[name], now = {}, name
            assert kind not in families[name], f"{kind} of {name} twice"
            assert "samples" not in families[name], f"{kind} of {name} too late"
            families[name][kind] = rest
            if kind == "UNIT":
                assert name.endswith("_" + rest), f"{name} is not in {rest}"
            if kind == "TYPE":
                assert rest in ("gauge", "counter"), rest
            continue
        sample = SAMPLE.fullmatch(line)
        assert sample, f"no sample: {line!r}"
        name, labels, value = sample.groups()
        assert VALUE.fullmatch(value), f"no value: {value!r}"
        family = families.get(now, {})
        assert "HELP" in family, f"{name} without help"
        # Without a type it is unknown, which only a counter may be: see export.c.
        assert "TYPE" in family or name.endswith("_total"), f"{name} without a type"
        assert name == now + ("_total" if family.get("TYPE") == "counter" else ""), \
            f"{name} is not of {now}"
        family["samples"] = True
        found, rest = [], labels or ""
        while rest:
            label = LABEL.match(rest)
            assert label, f"no label: {rest!r}"
            assert not re.search(r"[\0-\x1f\x7f-\x9f]", label[2]), repr(label[2])
            found.append((label[1], re.sub(
                r"\\(.)", lambda m: "\n" if m[1] == "n" else m[1], label[2])))
            rest = rest[label.end():]
            if rest:
                assert rest[0] == ",", f"no comma: {rest!r}"
                rest = rest[1:]
        series = (name, tuple(sorted(found)))
        assert series not in seen, f"{series} twice"
        seen.add(series)
        samples.append((name, pairs(found), value))
    return samples


def terminal(words, keys):
    """What a program shows on a terminal, until it ends by @keys."""
    pid, fd = pty.fork()
    if pid == 0:
        os.environ.update(TERM="vt100", LINES="60", COLUMNS="200")
        os.execv(words[0], words)
    said, typed, end = b"", False, time.monotonic() + 60
    while time.monotonic() < end and select.select([fd], [], [], 30)[0]:
        try:
            data = os.read(fd, 65536)
        except OSError:
            break
        if not data:
            break
        said += data
        if not typed and b"COMMAND" in said:
            time.sleep(0.3)
            os.write(fd, keys)
            typed = True
    status = os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1])
    assert status == 0, f"exit {status}"
    return said


def main():
    rng = random.Random(SEED)
    print("TAP version 13")
    print(f"# seed {SEED}")
    root = tempfile.mkdtemp()
    proc = f"{root}/proc"
    comms = make_names(rng, 15, 500)
    groups = make_names(rng, 120, 500)
    rng.shuffle(groups)
    make_proc(proc, comms, groups)
    total = len(comms)
    by_pid = {FIRST + i: comm for i, comm in enumerate(comms)}
    oomstat = [OOMSTAT, f"--proc={proc}"]

    @check("table")
    def _():
        lines = plain_text(run(*oomstat, "-a")[0])
        head = next(i for i, line in enumerate(lines) if "COMMAND" in line)
        at = lines[head].index("COMMAND")
        rows = lines[head + 2:]
        assert len(rows) == total, f"{len(rows)} rows"
        for row in rows:
            assert unescape(row[at:]) == by_pid[int(row.split()[0])], row

    @check("watch")
    def _():
        said = terminal([*oomstat, "-w", "-n", "30"], b"q")
        for comm in comms[:30]:
            text = "".join(c if 0x20 <= ord(c) < 0x7f and c != "\\" else
                           "\\\\" if c == "\\" else f"\\x{ord(c):02x}"
                           for c in comm.decode("latin-1")).strip()
            assert text.encode() in said, f"{text} not in {said!r}"
        for piece in (b"\x1b[31mred", b"\x1b]0;", b"\xff", b"\n#9", b"\x9b31m"):
            assert piece not in said, piece

    @check("history")
    def _():
        lines = plain_text(run(*oomstat, "history")[0])
        seqs = [line for line in lines if line.startswith("#")]
        assert len(seqs) == total, f"{len(seqs)} records"
        for i, line in enumerate(seqs):
            where = re.fullmatch(r"#(\d+)  \S+ \S+  The cgroup (.*) reached its "
                                 r"limit; (.*) \(7\) asked for more\.", line)
            assert where and int(where[1]) == i + 1, line
            assert unescape(where[2]) == groups[i], line
            assert unescape(where[3]) == comms[-1 - i], line
        killed = [line for line in lines if line.startswith("    Killed: ")]
        assert len(killed) == total
        for i, line in enumerate(killed):
            who = re.fullmatch(r"    Killed: (.*) \((\d+)\) of user 1000 in cgroup "
                               r"/(.*)", line)
            assert who and int(who[2]) == FIRST + i, line
            assert unescape(who[1]) == comms[i], line
            assert unescape(who[3]) == groups[i], line

    @check("JSON")
    def _():
        data = from_json(run(*oomstat, "-j", "-a")[0])
        assert len(data["processes"]) == total
        for item in data["processes"]:
            assert named(item, "comm") == by_pid[item["pid"]], item

    @check("JSON of the history")
    def _():
        data = from_json(run(*oomstat, "-j", "history")[0])
        assert len(data) == total
        for i, item in enumerate(data):
            assert named(item, "comm") == comms[i], item
            assert named(item, "cgroup") == b"/" + groups[i], item
            assert named(item, "oom_cgroup") == groups[i], item
            assert named(item, "trigger_comm") == comms[-1 - i], item

    @check("a live name and that of a record are the same")
    def _():
        live = from_json(run(*oomstat, "-j", "-a")[0])["processes"]
        dead = from_json(run(*oomstat, "-j", "history")[0])
        keys = ("pid", "comm", "comm_hex")
        assert sorted([str([p.get(k) for k in keys]) for p in live]) == \
            sorted([str([p.get(k) for k in keys]) for p in dead])

    @check("OpenMetrics")
    def _():
        samples = from_openmetrics(run(*oomstat, "-m", "-a")[0])
        found = [labels for name, labels, _ in samples
                 if name == "oomstat_process_score"]
        assert len(found) == total
        for labels in found:
            assert named(labels, "comm") == by_pid[int(labels["pid"])], labels

    promtool = shutil.which("promtool")
    if promtool:
        @check("OpenMetrics, by promtool")
        def _():
            data = run(*oomstat, "-m", "-a")[0]
            done = subprocess.run([promtool, "check", "metrics"], input=data,
                                  stdout=subprocess.PIPE, stderr=subprocess.STDOUT)
            assert done.returncode == 0 and not done.stdout, done.stdout

    @check("the validator of OpenMetrics takes no bad byte")
    def _():
        for bad in (b'a{b="\xff"} 1', b'a{b="\n"} 1', b'a{b="\\x"} 1',
                    b'a{b="""} 1', b'a{b="x"', b'a{b="\x1b"} 1', b'a 1\na 1'):
            try:
                from_openmetrics(b"# TYPE a gauge\n# HELP a b\n" + bad + b"\n# EOF\n")
            except (AssertionError, UnicodeDecodeError):
                continue
            raise AssertionError(f"it took {bad!r}")

    @check("replay")
    def _():
        lines = plain_text(run(*oomstat, "replay")[0])
        assert lines == [f"{total} of {total} choices follow from their records"]

    @check("records whose other values are names, too")
    def _():
        with open(f"{proc}/oom_history", "rb") as f:
            one = f.readline()
        lines = []
        for name in comms:
            if not re.search(rb'[\s"]', name):
                lines.append(re.sub(rb"reason=\S+", lambda m: b"reason=" + name,
                                    one))
                lines.append(re.sub(rb"points=\S+", lambda m: b"points=" + name,
                                    one))
        assert len(lines) > 200
        write(f"{root}/records", b"".join(lines))
        plain_text(run(OOMSTAT, "history", f"{root}/records")[0])
        plain_text(run(OOMSTAT, "replay", f"{root}/records", status=1)[0])
        data = from_json(run(OOMSTAT, "-j", "history", f"{root}/records")[0])
        assert len(data) == len(lines)

    @check("keys that are names, and NUL in a name: no record")
    def _():
        for line in (b"\xff=1\n", b"seq=1 \x1b[31m=2\n", b"seq=1 comm=6100\n",
                     b"seq=1 " + b"k" * 99 + b"=1\n"):
            write(f"{root}/records", line)
            said = run(OOMSTAT, "history", f"{root}/records", status=1)
            assert said[1] == b"oomstat: line 1 is no record\n", said
            from_json(run(OOMSTAT, "-j", "history", f"{root}/records",
                          status=1)[0])

    # Arguments and names of files that messages quote.
    evil = [b"\x1b[31m\nforged: \xff\\", b"x\n<0>y", b"\xc2\x9b31m"]

    @check("the name of a file that is no recording")
    def _():
        for name in evil:
            path = os.fsencode(root) + b"/" + name.replace(b"/", b"")
            with open(path, "wb") as f:
                f.write(b"1 2 3\n")
            said = run(OOMSTAT, "plot", path, "x", status=1)[1]
            assert len(plain_text(said)) == 2, said
            assert said.startswith(b"oomstat: "), said


    def refuses(words, status):
        for name in evil:
            replaced = [w.replace(b"EVIL", name) for w in words]
            done = subprocess.run(replaced, stdin=subprocess.DEVNULL,
                                  stdout=subprocess.PIPE, stderr=subprocess.PIPE,
                                  timeout=60)
            said = done.stdout + done.stderr
            assert done.returncode in status, \
                f"{replaced}: exit {done.returncode}: {said!r}"
            lines = plain_text(said)
            text = "".join("\\\\" if b == 0x5c else chr(b)
                           if 0x20 <= b < 0x7f else f"\\x{b:02x}" for b in name)
            assert text in said.decode(), f"{replaced}: {said!r}"
            assert not [line for line in lines
                        if line.startswith(("forged", "<0>"))], said

    for what, words, status in (
            ("oomstat, a command", [OOMSTAT, "EVIL"], (2,)),
            ("oomstat, a number", [OOMSTAT, "-n", "EVIL"], (2,)),
            ("oomstat, an option", [OOMSTAT, "--EVIL"], (2,)),
            ("oomstat, a file of records", [OOMSTAT, "history", "EVIL"], (1,)),
            ("peiosctl, a process", [PEIOSCTL, "token", "EVIL"], (2,)),
            ("peiosctl, an option", [PEIOSCTL, "--EVIL"], (2,)),
            ("peiosctl, an option of run", [PEIOSCTL, "run", "--EVIL"], (2,)),
            ("peiosctl, an option of check", [PEIOSCTL, "check", "--EVIL"], (2,)),
            ("peiosctl, another proc", [PEIOSCTL, "--proc=EVIL", "token"], (1, 2)),
            ("peiosctl, rights", [PEIOSCTL, "check", "1", "EVIL"], (2,)),
            ("peiosctl, SDDL", [PEIOSCTL, "sddl", "O:SYEVIL"], (2,)),
            ("peiosctl, hexadecimal", [PEIOSCTL, "sddl", "--hex", "0EVIL"], (2,)),
            ("peiosctl, a command", [PEIOSCTL, "EVIL"], (2,)),
            ("peiosctl, a program", [PEIOSCTL, "run", "--", "/EVIL"], (2,)),
            ("peiosctl, a protection", [PEIOSCTL, "run", "--pip=EVIL", "--", "x"],
             (2,)),
            ("ksyncd, a registry", [KSYNCD, "-r", f"{root}/EVIL", "check"], (1,)),
            ("ksyncd, a command", [KSYNCD, "EVIL"], (2,)),
            ("ksyncd, an option", [KSYNCD, "--EVIL"], (2,))):
        check(what)(lambda: refuses([os.fsencode(w) for w in words], status))

    @check("peiosctl, a token that was copied from elsewhere")
    def _():
        for name in comms:
            write(f"{proc}/1/attr/peios/token", b"user " + name + b"\n")
            said, _ = run(PEIOSCTL, f"--proc={proc}", "token", "1")
            assert unescape("\n".join(plain_text(said))).rstrip(b"\n") == \
                (b"user " + name).rstrip(b"\n"), said

    @check("peiosctl points at what is wrong, behind what it escaped")
    def _():
        said = run(PEIOSCTL, "sddl", "O:\x1b", status=2)[1].decode().splitlines()
        assert said[1].index("\\x1b") == said[2].index("^"), said

    @check("ksyncd, names in the registry, right or wrong")
    def _():
        registry = f"{root}/registry"
        folder = os.fsencode(f"{registry}/System/Memory")
        os.makedirs(folder)
        count = 0
        for name in comms:
            if b"/" in name or name.startswith(b"."):
                continue
            write(f"{registry}/System/Memory/x", b"")
            os.rename(folder + b"/x", folder + b"/" + name)
            count += 1
            if count == 40:
                break
        said = run(KSYNCD, "-r", registry, "check", status=1)
        lines = plain_text(said[0] + said[1])
        assert len(lines) == count, f"{len(lines)} lines for {count} files"
        for line in lines:
            assert line.startswith("ksyncd: "), line

    @check("the logon policy, names in it, by ksyncd and peiosctl")
    def _():
        registry = f"{root}/logon"
        folder = os.fsencode(f"{registry}/System/Logon/Users")
        os.makedirs(folder)
        for folders, _, _ in os.walk(registry):
            os.chmod(folders, 0o755)
        seen = set()
        for name in comms:
            if b"/" in name or name.startswith(b".") or \
                    re.fullmatch(rb"[A-Za-z0-9_][A-Za-z0-9._+@-]*", name):
                continue
            write(os.path.join(folder, name), b"logon unix\n")
            os.chmod(os.path.join(folder, name), 0o644)
            seen.add(name)
        for words, status in (([KSYNCD, "-r", registry, "check"], 1),
                              ([PEIOSCTL, "logon", f"--registry={registry}", "root"],
                               2)):
            done = subprocess.run(words, stdin=subprocess.DEVNULL,
                                  stdout=subprocess.PIPE, stderr=subprocess.PIPE)
            assert done.returncode == status, (words, done)
            said = plain_text(done.stderr)
            told = {unescape(m[1]) for m in
                    (re.search(r"/Users/(.*): is not the name", line) for line in said)
                    if m}
            assert told == seen, (words, told ^ seen)

    @check("peiosctl elevate, what a service says")
    def _():
        import socket
        import threading
        if os.geteuid():
            return
        path = f"{root}/elevate"
        server = socket.socket(socket.AF_UNIX, socket.SOCK_SEQPACKET)
        server.bind(path)
        server.listen(1)
        server.settimeout(30)

        def serve():
            client, _ = server.accept()
            select.select([client], [], [], 30)
            if heard:
                client.recv(65536)
            client.send("Pi\u00e9t\u00e9 \x1b[31m\xff\ttab\n2\0".encode("utf-8")
                        .replace(b"\xc3\xbf", b"\xff"))
            client.send(b"F\x1b[31mno\nforged: \xff\\\0")
            client.close()

        def check_said(said):
            assert said == "\u00e9t\u00e9 \\x1b[31m\\xff\ttab\n2\n".encode() + \
                b"peiosctl: \\x1b[31mno\\x0aforged: \\xff\\\\\n", said

        # One that has not heard the request when it ends is heard all the same.
        for heard in (True, False):
            thread = threading.Thread(target=serve)
            thread.start()
            said = run(PEIOSCTL, "elevate", f"--socket={path}", "--", "true", status=1)[1]
            thread.join()
            check_said(said)

    @check("ksyncd, what it tells the service manager")
    def _():
        import signal
        import socket
        path = f"{root}/notify"
        server = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
        server.bind(path)
        server.settimeout(30)
        registry = f"{root}/other"
        folder = os.fsencode(f"{registry}/System/Memory")
        os.makedirs(folder)
        write(f"{registry}/System/Memory/x", b"")
        os.rename(folder + b"/x", folder + b"/a\nMAINPID=1\n\xff")
        daemon = subprocess.Popen([KSYNCD, "-r", registry, "run"],
                                  env={**os.environ, "NOTIFY_SOCKET": path},
                                  stderr=subprocess.PIPE)
        try:
            messages = [server.recv(4096)]
            while messages[-1] != b"READY=1":
                messages.append(server.recv(4096))
            daemon.send_signal(signal.SIGTERM)
            plain_text(daemon.communicate(timeout=30)[1])
        finally:
            daemon.kill()
        status = [m for m in messages if m.startswith(b"STATUS=")]
        assert status and b"MAINPID" in status[0], messages
        for message in messages:
            assert len(plain_text(message)) == 1, message

    @check("ksyncd, a path in what is exported")
    def _():
        parent = f"{root}/evil\nvm.panic_on_oom = 1\n"
        os.makedirs(f"{parent}/System/Memory", mode=0o755)
        write(f"{parent}/System/Memory/OvercommitMemory", b"0\n")
        said = run(KSYNCD, "-r", parent, "export")[0]
        assert "vm.panic_on_oom = 1" not in plain_text(said), said

    print(f"1..{n}")
    shutil.rmtree(root)
    return failed > 0


sys.exit(main())
