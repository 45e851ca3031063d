"""Errors, kills and signals at every call."""

from __future__ import annotations

import errno
import os
import random
import signal
from collections.abc import Iterator, Sequence
from pathlib import Path

import laws
from cases import Case, bases, begin, judge
from processes import READING, WRITING, Plan, Result, Surroundings, nth
from stages import Laboratory, Stage, signatures

ERRORS: dict[str, tuple[int, ...]] = {
    "open-write": (errno.ENOSPC, errno.EIO, errno.EMFILE, errno.EACCES),
    "write": (errno.ENOSPC, errno.EIO, errno.EDQUOT, errno.EINTR),
    "pwrite": (errno.ENOSPC, errno.EIO, errno.EDQUOT, errno.EINTR),
    "truncate": (errno.ENOSPC, errno.EIO),
    "allocate": (errno.ENOSPC, errno.EIO, errno.EINTR),
    "sync": (errno.EIO, errno.ENOSPC, errno.EDQUOT),
    "close": (errno.EIO, errno.EINTR),
    "rename": (errno.EIO, errno.ENOSPC, errno.EACCES),
    "link": (errno.EIO, errno.ENOSPC),
    "unlink": (errno.EIO, errno.EACCES),
    "mkdir": (errno.EIO, errno.ENOSPC, errno.EACCES),
    "lock": (errno.ENOLCK, errno.EWOULDBLOCK, errno.EINTR),
    "open-read": (errno.EMFILE, errno.EIO, errno.EACCES),
    "map": (errno.ENOMEM, errno.EACCES),
    "read": (errno.EIO, errno.EINTR),
    "pread": (errno.EIO, errno.EINTR),
    "stat": (errno.EIO, errno.EACCES, errno.ENOMEM),
    "opendir": (errno.EMFILE, errno.EIO, errno.EACCES),
    "readdir": (errno.EIO,),
    "spawn": (errno.EAGAIN, errno.ENOMEM),
    "pipe": (errno.EMFILE,),
}
SHORT = ("write", "pwrite", "read", "pread")


def plans(calls: dict[str, int], operations: Sequence[str]) -> Iterator[tuple[str, Plan]]:
    """One plan for each call and error: once, and from then on."""
    for operation in operations:
        count = calls.get(operation, 0)
        for number in range(1, count + 1):
            for code in ERRORS[operation]:
                word = errno.errorcode[code]
                yield f"{operation}@{number}-{word}", nth(operation, number, "fail", code)
                if code != errno.EINTR:
                    yield f"{operation}@{number}-{word}-on", nth(operation, number, "fail", code, persists=True)
            if operation in SHORT:
                yield f"{operation}@{number}-short", nth(operation, number, "short")
                yield f"{operation}@{number}-short-on", nth(operation, number, "short", persists=True)
    writes = sum(calls.get(operation, 0) for operation in WRITING)
    for number in range(1, writes + 1):
        yield f"disk@{number}-ENOSPC-on", nth(WRITING, number, "fail", errno.ENOSPC, persists=True)


def errors(laboratory: Laboratory, stages: list[Stage], _: random.Random) -> Iterator[Case]:
    for stage in stages:
        for base in bases(stage):
            # What lies at the output's name is nothing to reading; and a pipeline's stages have been read for by themselves.
            reads = base == bases(stage)[-1] and stage.executable != "run-pipeline"
            operations = (*WRITING, "close", "lock", "spawn", "pipe", *(READING if reads else ()))
            for name, plan in plans(laboratory.study(stage).calls, operations):
                yield Case(f"{stage.name}/{base}/{name}", lambda _, s=stage, b=base, p=plan: fail(laboratory, s, b, p))


def fail(laboratory: Laboratory, stage: Stage, base: str, plan: Plan) -> list[str]:
    reference = begin(laboratory, stage, base)
    before = signatures(laboratory.inputs)
    result = laboratory.run(stage, Surroundings(plan=plan))
    survivable = plan.action == "short" or plan.value == errno.EINTR and plan.operations[0] in (*SHORT, "allocate", "close")
    found = []
    if result.disturbed and must_be_reported(result, plan) and result.code == 0:
        found.append("the error was not reported")
    found += laws.durable(result.calls, succeeded=result.code == 0)
    if plan.operations == ("sync",):
        # What the failed sync lost must not be published by the next run either.
        again = laboratory.run(stage, Surroundings(plan=Plan()))
        found += [f"the next run: {violation}" for violation in laws.durable(result.calls + again.calls, succeeded=False)]
    codes = {0} if survivable or not result.disturbed else {0, 1}
    found += judge(laboratory, stage, reference, result, before, base=base, codes=codes)
    return found + laws.true(result, plan.value)


def must_be_reported(result: Result, plan: Plan) -> bool:
    """Whether an error hit the way of the output itself, and came again where it was tried again."""
    if plan.action != "fail" or plan.last == plan.first and plan.operations != ("sync",):
        return False
    if not set(plan.operations) <= {"write", "pwrite", "truncate", "allocate", "sync", "rename", "open-write", *WRITING}:
        return False
    if plan.operations[0] in ("unlink", "mkdir", "link"):
        return False
    own = (".stamp.json", ".stamp.json.partial", ".journal", ".journal.partial")
    named: dict[str, str] = {}  # folder → the name that it got last
    for call in result.calls:
        if call.operation in ("rename", "link") and call.result >= 0:
            named[str(Path(call.second).parent)] = call.second
        path = call.path
        if call.operation == "sync":  # of a folder: what matters is the name that is to last
            path = next((name for folder, name in named.items() if path == folder or path.endswith("/" + folder)), path)
        if (call.what == "failed" and call.operation not in ("unlink", "mkdir", "link") and not path.endswith(own)
                and not path.startswith("/dev/shm/captioneer") and not path.startswith("/tmp/captioneer")):
            return True
    return False


def kills(laboratory: Laboratory, stages: list[Stage], source: random.Random) -> Iterator[Case]:
    for stage in stages:
        for base in bases(stage):
            calls = laboratory.study(stage).calls
            for operation in (*WRITING, "close", "lock"):
                for number in range(1, calls.get(operation, 0) + 1):
                    actions = ["kill", "kill-after"] + (["tear"] if operation in ("write", "pwrite") else [])
                    for action in actions:
                        plan = nth(operation, number, action)
                        yield Case(
                            f"{stage.name}/{base}/{operation}@{number}-{action}",
                            lambda _, s=stage, b=base, p=plan: kill(laboratory, s, b, [p]))
            writes = sum(calls.get(operation, 0) for operation in WRITING)
            for number in range(20 if writes else 0):
                chain = [nth(WRITING, source.randint(1, writes), source.choice(("kill", "kill-after", "tear"))) for _ in range(3)]
                yield Case(
                    f"{stage.name}/{base}/three-{number}", lambda _, s=stage, b=base, c=chain: kill(laboratory, s, b, c))
            for number in range(20):
                yield Case(
                    f"{stage.name}/{base}/moment-{number}", lambda own, s=stage, b=base: moment(laboratory, s, b, own, signal.SIGKILL))


def kill(laboratory: Laboratory, stage: Stage, base: str, chain: list[Plan]) -> list[str]:
    """One kill, or several on top of what the ones before left."""
    reference = begin(laboratory, stage, base)
    before = signatures(laboratory.inputs)
    for plan in chain[:-1]:
        laboratory.run(stage, Surroundings(plan=plan))
    result = laboratory.run(stage, Surroundings(plan=chain[-1]))
    # A pipeline lives on when its stage is killed, and says so.
    codes = {0, 1, 137} if stage.executable == "run-pipeline" else {137 if result.disturbed else 0}
    result.orphans = 0  # nobody can take anything with him who is killed
    return judge(laboratory, stage, reference, result, before, base=base, codes=codes)


def moment(laboratory: Laboratory, stage: Stage, base: str, source: random.Random, number: int) -> list[str]:
    """A signal at a random time, on two threads."""
    reference = begin(laboratory, stage, base)
    before = signatures(laboratory.inputs)
    running = laboratory.start(stage, Surroundings(), "run", threads=2)
    after = source.random() * reference.seconds * 1.1
    if number == signal.SIGKILL:
        running.around.signal_after = (after, number)
        if stage.executable == "run-pipeline":
            running.send = running.send_all  # type: ignore[method-assign]
        codes = {0, 137}
    else:
        running.around.signal_after = (after, number)
        codes = {0, 128 + number}
    result = running.finish()
    if number == signal.SIGKILL:
        result.orphans = 0
    return judge(laboratory, stage, reference, result, before, base=base, codes=codes)


def signals(laboratory: Laboratory, stages: list[Stage], _: random.Random) -> Iterator[Case]:
    for stage in stages:
        for base in bases(stage):
            calls = laboratory.study(stage).calls
            total = sum(calls.get(operation, 0) for operation in (*WRITING, "open-read", "map", "lock"))
            for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
                word = number.name
                for place in range(1, total + 1):
                    plan = nth((*WRITING, "open-read", "map", "lock"), place, "signal", number)
                    if stage.executable == "run-pipeline":
                        yield Case(
                            f"{stage.name}/{base}/{word}@{place}",
                            lambda _, s=stage, b=base, p=place, n=number: signal_parent(laboratory, s, b, p, n))
                    else:
                        yield Case(
                            f"{stage.name}/{base}/{word}@{place}", lambda _, s=stage, b=base, p=plan: signalled(laboratory, s, b, p))
                for draw in range(10):
                    yield Case(
                        f"{stage.name}/{base}/{word}-moment-{draw}",
                        lambda own, s=stage, b=base, n=number: moment(laboratory, s, b, own, n))


def signalled(laboratory: Laboratory, stage: Stage, base: str, plan: Plan) -> list[str]:
    reference = begin(laboratory, stage, base)
    before = signatures(laboratory.inputs)
    result = laboratory.run(stage, Surroundings(plan=plan))
    return judge(laboratory, stage, reference, result, before, base=base, codes={0, 128 + plan.value})


def signal_parent(laboratory: Laboratory, stage: Stage, base: str, place: int, number: int) -> list[str]:
    """The pipeline alone is told, while one of its stages stands at a call."""
    reference = begin(laboratory, stage, base)
    before = signatures(laboratory.inputs)
    plan = nth((*WRITING, "open-read", "map", "lock"), place, "stop")
    running = laboratory.start(stage, Surroundings(plan=plan), "run")
    if running.wait_until_stopped():
        running.send(number)
        for child in running.stopped_children():
            os.kill(child, signal.SIGCONT)
    result = running.finish()
    codes = {0, 128 + number}
    return judge(laboratory, stage, reference, result, before, base=base, codes=codes)
