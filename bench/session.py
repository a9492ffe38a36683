"""A session of psql, and what a statement costs: time, processors, memory."""

import collections
import os
import select
import subprocess
import time

END = '-- end of the answer'
LOOK_EVERY = 0.01               # seconds; a look at the memory takes far less

# Seconds by the clock, of the backend's processor, of the client's (with what it started), and
# megabytes that the backend had at most, without the buffers that it shares with others
Cost = collections.namedtuple('Cost', 'wall cpu client memory')


class WrongResult(SystemExit):
    """No figure is worth anything after that."""


class Session:
    """Each has a backend of its own, which begins with nothing."""

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
        """The answer as psql prints it. An error, which psql has shown by then, ends us."""
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
        """What it costs, and the answer."""
        self.memory = 0
        before = time.monotonic(), processor_time(self.backend), family_time(self.psql.pid)
        answer = self.ask(command)
        after = time.monotonic(), processor_time(self.backend), family_time(self.psql.pid)
        return Cost(*(end - start for start, end in zip(before, after)), self.memory), answer


def processor_time(pid):
    """Of another process, in nanoseconds' resolution: what clock_getcpuclockid(3) gives."""
    return time.clock_gettime((~pid << 3) | 2)


def family_time(pid):
    """Of a process and of its children that have ended, in hundredths of a second."""
    with open(f'/proc/{pid}/stat', encoding='ascii') as file:
        fields = file.read().rpartition(') ')[2].split()
    return sum(map(int, fields[11:15])) / os.sysconf('SC_CLK_TCK')


def private_memory(pid):
    """Megabytes that are not shared buffers."""
    with open(f'/proc/{pid}/status', encoding='ascii') as file:
        fields = dict(line.split(':', 1) for line in file)
    return sum(int(fields[name].split()[0]) for name in ('RssAnon', 'RssFile')) / 1024
