"""The processes that take turns: each keeps its data warm and does a round when it is told to."""
import json
import os
import subprocess
import time


def environment(threads):
    settings = dict(os.environ, CUDA_VISIBLE_DEVICES="")
    for name in ("OMP_NUM_THREADS", "MKL_NUM_THREADS", "OPENBLAS_NUM_THREADS"):
        settings[name] = str(threads)
    return settings


class Resident:
    """A process that answers each line on its standard input with a line {"seconds": ..., "items": ...}."""

    def __init__(self, command, threads, log):
        self.process = subprocess.Popen(
            [str(part) for part in command], stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=log, text=True,
            env=environment(threads))
        self.ready = self._answer("ready")

    def _answer(self, key):
        for line in self.process.stdout:
            if line.startswith("{") and key in (answer := json.loads(line)):
                return answer
        raise RuntimeError("ended with %s" % self.process.wait())

    def round(self):
        """-> items in a second"""
        self.process.stdin.write("go\n")
        self.process.stdin.flush()
        answer = self._answer("seconds")
        return answer["items"] / answer["seconds"]

    def warm_up(self):
        self.round()

    def peak_bytes(self):
        with open("/proc/%d/status" % self.process.pid) as status:
            for line in status:
                if line.startswith("VmHWM:"):
                    return int(line.split()[1]) * 1024
        return None

    def close(self):
        self.process.stdin.close()
        try:
            self.process.wait(10)
        except subprocess.TimeoutExpired:
            self.process.kill()
            self.process.wait()


class Whole:
    """Commands that run from start to end in every round."""

    def __init__(self, commands, items, threads, log, prepare=lambda: None):
        self.commands = [[str(part) for part in command] for command in commands]
        self.items, self.threads, self.log, self.prepare = items, threads, log, prepare
        self.peak, self.seconds, self.ready = 0, [], {}

    def round(self):
        self.prepare()
        begin = time.perf_counter()
        for command in self.commands:
            process = subprocess.Popen(command, stdout=self.log, stderr=self.log, env=environment(self.threads))
            _, status, usage = os.wait4(process.pid, 0)
            process.returncode = os.waitstatus_to_exitcode(status)
            if process.returncode != 0:
                raise RuntimeError("%s ended with %d" % (" ".join(command), process.returncode))
            self.peak = max(self.peak, usage.ru_maxrss * 1024)
        self.seconds.append(time.perf_counter() - begin)
        return self.items / self.seconds[-1]

    def warm_up(self):
        """Whole processes start cold: that is what is timed."""

    def peak_bytes(self):
        return self.peak

    def close(self):
        pass
