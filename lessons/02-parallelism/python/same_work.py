"""The same work in CPython: twice one after another, in two threads, in two processes.

Prints seconds, one a line, each the shortest of three runs.
"""

import multiprocessing
import sys
import threading
import time


def busy(rounds):
    number = 0
    for _ in range(rounds):
        number += 1
    return number


def waiting(_):
    time.sleep(0.1)


def both(rounds):
    for _ in range(10):
        busy(rounds // 10)
        time.sleep(0.005)


def in_turn(job, rounds):
    # In a thread as well: else it would be compared with something else.
    unit = threading.Thread(target=lambda: (job(rounds), job(rounds)))
    unit.start()
    unit.join()


def together(kind, job, rounds):
    units = [kind(target=job, args=(rounds,)) for _ in range(2)]
    for unit in units:
        unit.start()
    for unit in units:
        unit.join()


def timed(work):
    start = time.perf_counter()
    work()
    return time.perf_counter() - start


def main():
    rounds = int(sys.argv[1])
    gil = getattr(sys, "_is_gil_enabled", lambda: True)()
    print("version", sys.version.split()[0], "with a GIL" if gil else "without a GIL")
    for name, job in (("CPU", busy), ("waiting", waiting), ("both", both)):
        ways = {
            "in turn": lambda: in_turn(job, rounds),
            "two threads": lambda: together(threading.Thread, job, rounds),
            "two processes": lambda: together(multiprocessing.Process, job, rounds),
        }
        # Each way once, and again: who disturbs the machine for a second disturbs all of them.
        runs = [[timed(work) for work in ways.values()] for _ in range(3)]
        for way, times in zip(ways, zip(*runs)):
            print(name, way, min(times))


if __name__ == "__main__":
    main()
