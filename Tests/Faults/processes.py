"""Runs a stage with the interposer around it, and keeps what is to be judged."""

from __future__ import annotations

import mmap
import os
import resource
import select
import signal
import struct
import subprocess
import time
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path

FOREVER = 1_000_000
WRITING = ("open-write", "write", "pwrite", "truncate", "allocate", "sync", "rename", "link", "unlink", "mkdir")
READING = ("open-read", "map", "read", "pread", "stat", "opendir", "readdir")
EVERYTHING = (*WRITING, *READING, "close", "lock", "spawn", "pipe")


@dataclass(frozen=True)
class Plan:
    """Which calls are disturbed, and how. `action` is one of those in interpose.c."""

    operations: tuple[str, ...] = EVERYTHING
    first: int = 0
    last: int = 0
    action: str = "pass"
    value: int = 0

    def __str__(self) -> str:
        return f"{','.join(self.operations)} {self.first} {self.last} {self.action} {self.value}"


def nth(operations: Sequence[str] | str, number: int, action: str, value: int = 0, *, persists: bool = False) -> Plan:
    names = (operations,) if isinstance(operations, str) else tuple(operations)
    return Plan(names, number, FOREVER if persists else number, action, value)


@dataclass(frozen=True)
class Call:
    """One line of the interposer's log."""

    number: int
    operation: str
    process: int
    result: int
    errno: int
    inode: int
    offset: int
    length: int
    path: str
    second: str
    what: str

    @staticmethod
    def parse(line: str) -> Call:
        words = line.split("\t")
        numbers = [int(word) for word in (words[0], *words[2:8])]
        return Call(numbers[0], words[1], *numbers[1:], *words[8:11])


@dataclass
class Result:
    command: list[str]
    code: int  # as a shell gives it: 128 + the signal's number where one ended the process
    signal: int
    output: str
    errors: str
    seconds: float
    peak: int  # bytes
    hung: bool = False
    disturbed: int = 0
    calls: list[Call] = field(default_factory=list)
    orphans: int = 0

    @property
    def lines(self) -> list[str]:
        return [line for line in self.errors.splitlines() if line.strip()]


@dataclass
class Surroundings:
    """What a process is started with."""

    plan: Plan | None = None
    limits: dict[int, int] = field(default_factory=dict)
    closed: tuple[int, ...] = ()
    output: int | None = None  # a descriptor for standard output
    signal_after: tuple[float, int] | None = None
    timeout: float = 60


class Running:
    """A started stage. `finish` must be called once."""

    def __init__(self, command: Sequence[str], folder: Path, library: Path, around: Surroundings, name: str = "run") -> None:
        self.command = list(command)
        self.around = around
        # Outside of the case's folder, where nothing is left behind by a stage.
        self.scratch = folder.parent / f"{folder.name}-{name}"
        self.scratch.mkdir(exist_ok=True)
        self.log = self.scratch / "calls"
        self.log.unlink(missing_ok=True)
        self.state = self.scratch / "state"
        self.state.write_bytes(bytes(64))
        # The runtime's backtraces take seconds, and the signal says enough.
        environment = dict(os.environ, LC_ALL="C", SWIFT_BACKTRACE="enable=no")
        if around.plan is not None:
            # The library lies beside the inputs and the cases.
            environment |= {
                "LD_PRELOAD": str(library), "FAULTS_STATE": str(self.state), "FAULTS_LOG": str(self.log),
                "FAULTS_PLAN": str(around.plan),
                "FAULTS_ROOTS": f"{library.parent}/:/dev/shm/captioneer:/tmp/captioneer-skel",
            }
        # A limit on files would hit files for the output, too: then it goes to pipes, where it has room enough.
        self.pipes: dict[str, int] = {}
        streams = {name: self._stream(name, resource.RLIMIT_FSIZE in around.limits) for name in ("errors", "output")}

        def prepare() -> None:
            for limit, value in around.limits.items():
                resource.setrlimit(limit, (value, value))
            for descriptor in around.closed:
                os.close(descriptor)

        self.began = time.monotonic()
        self.process = subprocess.Popen(
            self.command, cwd=folder, env=environment, stdin=subprocess.DEVNULL,
            stdout=streams["output"] if around.output is None else around.output, stderr=streams["errors"], start_new_session=True,
            preexec_fn=prepare if around.limits or around.closed else None)
        for descriptor in streams.values():
            os.close(descriptor)
        self.status: int | None = None
        self.peak = 0

    def _stream(self, name: str, is_pipe: bool) -> int:
        if not is_pipe:
            return os.open(self.scratch / name, os.O_WRONLY | os.O_CREAT | os.O_TRUNC | os.O_APPEND, 0o600)
        self.pipes[name], end = os.pipe()
        os.set_blocking(self.pipes[name], False)
        return end

    def _said(self, name: str) -> str:
        if name not in self.pipes:
            return (self.scratch / name).read_text(errors="replace")
        try:
            return os.read(self.pipes[name], 1 << 16).decode(errors="replace")
        except BlockingIOError:
            return ""
        finally:
            os.close(self.pipes[name])

    def send(self, number: int) -> None:
        if self.status is None:
            os.kill(self.process.pid, number)

    def send_all(self, number: int) -> None:
        """To the process and its children, whatever groups they made."""
        for process, _ in list(self.members()):
            try:
                os.kill(process, number)
            except ProcessLookupError:
                pass

    def _look(self, options: int) -> int | None:
        found, status, usage = os.wait4(self.process.pid, options)
        if found == 0:
            return None
        if not os.WIFSTOPPED(status):
            self.status = status
            self.peak = usage.ru_maxrss * 1024
        return status

    def wait_until_stopped(self, seconds: float = 30) -> bool:
        """Waits for a plan's `stop`, also one in a child. False where the process ended without one."""
        until = time.monotonic() + seconds
        while self.status is None and time.monotonic() < until:
            status = self._look(os.WNOHANG | os.WUNTRACED)
            if status is not None:
                return os.WIFSTOPPED(status)
            if self.disturbed() and self.stopped_children():
                return True
            time.sleep(0.0005)
        return False

    def disturbed(self) -> int:
        with open(self.state, "rb") as file, mmap.mmap(file.fileno(), 64, access=mmap.ACCESS_READ) as state:
            return struct.unpack_from("ii", state)[1]

    def members(self) -> Iterator[tuple[int, str]]:
        """Processes of this one's session, with their states."""
        for entry in os.listdir("/proc"):
            if not entry.isdigit():
                continue
            try:
                words = Path(f"/proc/{entry}/stat").read_text().rsplit(")", 1)[1].split()
            except (OSError, IndexError):
                continue
            if int(words[3]) == self.process.pid:
                yield int(entry), words[0]

    def stopped_children(self) -> list[int]:
        return [number for number, state in self.members() if state in "Tt"]

    def finish(self) -> Result:
        timeout, after = self.around.timeout, self.around.signal_after
        hung = False
        if self.status is None:
            descriptor = os.pidfd_open(self.process.pid)
            poll = select.poll()
            poll.register(descriptor, select.POLLIN)
            if after is not None:
                remaining = after[0] - (time.monotonic() - self.began)
                if not poll.poll(max(0, remaining * 1000)):
                    self.send(after[1])
            hung = not poll.poll(timeout * 1000)
            os.close(descriptor)
            if hung:
                self.send_all(signal.SIGKILL)
            self._look(0)
        orphans = [number for number, state in self.members() if state != "Z"]
        if orphans:
            self.send_all(signal.SIGKILL)
        self.process.returncode = 0  # it is waited for
        assert self.status is not None
        ended_by = os.WTERMSIG(self.status) if os.WIFSIGNALED(self.status) else 0
        calls = []
        if self.log.exists():
            calls = [Call.parse(line) for line in self.log.read_text(errors="replace").splitlines()]
        return Result(
            self.command, 128 + ended_by if ended_by else os.WEXITSTATUS(self.status), ended_by,
            self._said("output"), self._said("errors"),
            time.monotonic() - self.began, self.peak, hung, self.disturbed(), calls, len(orphans))
