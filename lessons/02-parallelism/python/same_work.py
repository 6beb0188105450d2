"""The same work in CPython: twice one after another, in two threads, in two processes. Prints seconds, one a line."""

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


def timed(work):
    start = time.perf_counter()
    work()
    return time.perf_counter() - start


def together(kind, job, rounds):
    units = [kind(target=job, args=(rounds,)) for _ in range(2)]
    for unit in units:
        unit.start()
    for unit in units:
        unit.join()


def main():
    rounds = int(sys.argv[1])
    gil = getattr(sys, "_is_gil_enabled", lambda: True)()
    print("version", sys.version.split()[0], "with a GIL" if gil else "without a GIL")
    for name, job in (("CPU", busy), ("waiting", waiting)):
        print(name, "in turn", timed(lambda: (job(rounds), job(rounds))))
        print(name, "two threads", timed(lambda: together(threading.Thread, job, rounds)))
        print(name, "two processes", timed(lambda: together(multiprocessing.Process, job, rounds)))


if __name__ == "__main__":
    main()
