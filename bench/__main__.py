"""bench [--quick]: prints the cost of the extension, as ratios to the lower bound of the same work.

Needs a new server without other activity, see script/bench.
"""

import collections
import contextlib
import os
import pathlib
import subprocess
import sys
import tempfile

import cases
import measure
import pages
import results

Settings = collections.namedtuple('Settings', 'calls rounds sizes')
FULL = Settings(100_000, 5, (10_000, 100_000, 1_000_000))
QUICK = Settings(10_000, 3, (1_000, 10_000, 100_000))

HERE = pathlib.Path(__file__).parent

# If glibc released and allocated memory again for every page, the server would need more time for
# that than for everything else.
KEEP_MEMORY = {'MALLOC_ARENA_MAX': '1', 'MALLOC_TRIM_THRESHOLD_': str(1 << 30),
               'MALLOC_MMAP_THRESHOLD_': str(1 << 30)}


@contextlib.contextmanager
def serve(directory):
    """The URLs of bench/server.py."""
    server = subprocess.Popen([sys.executable, HERE / 'server.py', directory],
                              stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True,
                              env=os.environ | KEEP_MEMORY)
    with server:
        yield server.stdout.readline().split()
        server.stdin.close()


def main():
    settings = QUICK if sys.argv[1:] == ['--quick'] else FULL
    with tempfile.TemporaryDirectory() as name:
        directory = pathlib.Path(name)
        print(f'Generating {settings.calls:,} calls ...', flush=True)
        cases.write(directory, pages.write(directory, settings.calls))
        pages.write_certificate(directory)
        with serve(directory) as urls:
            found = measure.Measurements(settings, directory, urls)
            found.prepare()
            for number in range(settings.rounds):
                print(f'Measuring, round {number + 1} of {settings.rounds} ...', flush=True)
                found.round()
            print(f'\n{settings.calls:,} calls, medians of {settings.rounds} rounds; '
                  f'{found.server()}; {os.cpu_count()} processors, load {os.getloadavg()[1]:.1f}')
            results.Results(found).print()


if __name__ == '__main__':
    main()
