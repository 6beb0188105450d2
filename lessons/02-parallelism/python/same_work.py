"""The same work in CPython: twice one after another, in two threads, in two processes.

Prints one time per line, in seconds: the best of three runs.
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


def one_after_another(job, rounds):
    # In a thread too, so that only one thing differs.
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
    for name, job in (("compute", busy), ("wait", waiting), ("both", both)):
        ways = {
            "one thread": lambda: one_after_another(job, rounds),
            "two threads": lambda: together(threading.Thread, job, rounds),
            "two processes": lambda: together(multiprocessing.Process, job, rounds),
        }
        # Each way once, then all again: a disturbance of a second then hits all of them.
        runs = [[timed(work) for work in ways.values()] for _ in range(3)]
        for way, times in zip(ways, zip(*runs)):
            print(f"{name}, {way}", min(times))


if __name__ == "__main__":
    main()
