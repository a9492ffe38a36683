"""A psql session, and the cost of a statement: time, CPU, memory."""

import collections
import os
import select
import subprocess
import time

END = '-- end of the answer'
LOOK_EVERY = 0.01               # seconds; reading the memory takes much less

# Elapsed seconds, CPU seconds of the backend and of the client (with its children), and
# peak memory of the backend in megabytes, without shared buffers
Cost = collections.namedtuple('Cost', 'wall cpu client memory')


class WrongResult(SystemExit):
    """Invalidates all figures."""


class Session:
    """Each has a new backend."""

    def __init__(self):
        self.psql = subprocess.Popen(['psql', '-XAtq', '-v', 'ON_ERROR_STOP=1'],
                                     stdin=subprocess.PIPE, stdout=subprocess.PIPE)
        self.memory = 0
        self.backend = None
        self.backend = int(self.ask('SELECT pg_backend_pid()'))

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.psql.stdin.close()
        self.psql.wait()

    def ask(self, command):
        """The output of psql. An error, which psql has printed, ends the program."""
        end = '\n' if command.startswith('\\') else ';\n'
        self.psql.stdin.write(f'{command}{end}\\echo {END}\n'.encode())
        self.psql.stdin.flush()
        answer = b''
        while not answer.endswith(END.encode() + b'\n'):
            if self.backend:
                self.memory = max(self.memory, private_memory(self.backend))
            if select.select([self.psql.stdout], [], [], LOOK_EVERY)[0]:
                piece = os.read(self.psql.stdout.fileno(), 65536)
                if not piece:
                    raise SystemExit(f'This failed: {command}')
                answer += piece
        return answer.decode()[:-len(END) - 1].rstrip('\n')

    def measure(self, command):
        """The cost and the output."""
        self.memory = 0
        before = time.monotonic(), processor_time(self.backend), family_time(self.psql.pid)
        answer = self.ask(command)
        after = time.monotonic(), processor_time(self.backend), family_time(self.psql.pid)
        return Cost(*(end - start for start, end in zip(before, after)), self.memory), answer


def processor_time(pid):
    """CPU time of another process, in nanoseconds' resolution, as by clock_getcpuclockid(3)."""
    return time.clock_gettime((~pid << 3) | 2)


def family_time(pid):
    """CPU time of a process and of its terminated children, in hundredths of a second."""
    with open(f'/proc/{pid}/stat', encoding='ascii') as file:
        fields = file.read().rpartition(') ')[2].split()
    return sum(map(int, fields[11:15])) / os.sysconf('SC_CLK_TCK')


def private_memory(pid):
    """Megabytes that are not shared buffers."""
    with open(f'/proc/{pid}/status', encoding='ascii') as file:
        fields = dict(line.split(':', 1) for line in file)
    return sum(int(fields[name].split()[0]) for name in ('RssAnon', 'RssFile')) / 1024
