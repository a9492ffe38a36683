"""python3 simulator: start, print the URL, serve until the end of the input."""

import gc
import os
import signal
import threading
import time

import options
import server


def main():
    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, lambda *_: os._exit(0))
    settings = options.from_command_line()
    if settings.exit_with_parent:
        threading.Thread(target=exit_with_parent, args=(os.getppid(),), daemon=True).start()
    gc.disable()            # a data set is many objects and no garbage
    simulator = server.Simulator(settings)
    gc.freeze()
    gc.enable()
    print(simulator.url, flush=True)
    simulator.serve_forever()


def exit_with_parent(parent):
    while os.getppid() == parent:
        time.sleep(0.2)
    os._exit(0)


if __name__ == '__main__':
    main()
