"""measure: in a command, out what it and every process below it took: wall and CPU seconds, peak memory, status.

The measuring process is the reaper of all descendants, so helpers that a tool leaves behind are waited for and counted: the clock stops when the last one
has ended, which is when the tool's output is whole on disk. Peak memory is the kernel's high-water mark, read every 20 ms.
"""
import ctypes
import os
import signal
import time
from dataclasses import dataclass, field

PR_SET_CHILD_SUBREAPER = 36
LOOK_SECONDS = 0.02


@dataclass
class Run:
    wall: float = 0.0
    cpu: float = 0.0
    status: int = 0
    peak_kib: dict = field(default_factory=dict)  # process name: largest high-water mark of one process

    def peak_of(self, name):
        return self.peak_kib.get(name, 0)

    def peak_of_others(self, name):
        return max((kib for other, kib in self.peak_kib.items() if other != name), default=0)


def children_of(pid):
    found = []
    try:
        for task in os.listdir(f"/proc/{pid}/task"):
            with open(f"/proc/{pid}/task/{task}/children", encoding="ascii") as file:
                found += [int(word) for word in file.read().split()]
    except OSError:
        pass
    return found


def look(pid, peaks):
    """Adds the high-water marks of a process and all below it."""
    try:
        with open(f"/proc/{pid}/status", encoding="utf-8", errors="replace") as file:
            fields = dict(line.split(":", 1) for line in file if line.startswith(("Name", "VmHWM")))
        name, kib = fields["Name"].strip(), int(fields["VmHWM"].split()[0])
        peaks[name] = max(peaks.get(name, 0), kib)
    except (OSError, KeyError):
        pass
    for child in children_of(pid):
        look(child, peaks)


def spawn(command, environment, folder, log):
    out = [(os.POSIX_SPAWN_OPEN, 0, "/dev/null", os.O_RDONLY, 0), (os.POSIX_SPAWN_OPEN, 1, log, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o644), (os.POSIX_SPAWN_DUP2, 1, 2)]
    home = os.getcwd()
    os.chdir(folder)
    try:
        return os.posix_spawnp(command[0], command, environment, file_actions=out, setsigmask=[], setpgroup=0)
    finally:
        os.chdir(home)


def stop_all(pid):
    """Ends what is left of a run, by process group and by descent."""
    for child in children_of(pid):
        stop_all(child)
    try:
        os.kill(pid, signal.SIGKILL)
    except OSError:
        pass


def reap(run, main):
    """Takes in every child that has ended; True while some are left."""
    while True:
        try:
            pid, status, usage = os.wait4(-1, os.WNOHANG)
        except ChildProcessError:
            return False
        if pid == 0:
            return True
        run.cpu += usage.ru_utime + usage.ru_stime
        if pid == main:
            run.status = os.waitstatus_to_exitcode(status)


def measure(command, environment, folder, log, limit_seconds):
    """Runs the command in a folder, its output into `log`; status -1000 when the time was up."""
    ctypes.CDLL(None).prctl(PR_SET_CHILD_SUBREAPER, 1, 0, 0, 0)
    signal.pthread_sigmask(signal.SIG_BLOCK, [signal.SIGCHLD])
    run, start = Run(), time.monotonic()
    main = spawn(command, environment, folder, log)
    late = False
    while reap(run, main):
        for child in children_of(os.getpid()):
            look(child, run.peak_kib)
            if time.monotonic() - start > limit_seconds:
                late = True
                stop_all(child)
        signal.sigtimedwait([signal.SIGCHLD], LOOK_SECONDS)
    run.wall = time.monotonic() - start
    if late:
        run.status = -1000
    return run
