"""What users of Python would pick. Prints how many seconds the work took."""

import asyncio
import concurrent.futures
import sys
import time


def noop():
    pass


def pool(executor, tasks):
    with executor() as running:
        running.submit(noop).result()  # its processes have started
        began = time.perf_counter()
        futures = [running.submit(noop) for _ in range(tasks)]
        for future in futures:
            future.result()
        return time.perf_counter() - began


async def group(coroutine, tasks):
    began = time.perf_counter()
    async with asyncio.TaskGroup() as running:
        for _ in range(tasks):
            running.create_task(coroutine())
    return time.perf_counter() - began


async def end():
    pass


async def sleep(seconds, times):
    for _ in range(times):
        await asyncio.sleep(seconds)


def main(work, tasks, times):
    if work == "threads":
        return pool(concurrent.futures.ThreadPoolExecutor, tasks)
    if work == "processes":
        return pool(concurrent.futures.ProcessPoolExecutor, tasks)
    if work == "asyncio":
        return asyncio.run(group(end, tasks))
    if work == "sleeps":
        return asyncio.run(group(lambda: sleep(0.001, times), tasks))
    if work == "yields":
        return asyncio.run(group(lambda: sleep(0, times), tasks))
    raise SystemExit(f"no work is named {work}")


if __name__ == "__main__":
    print(main(sys.argv[1], int(sys.argv[2]), int(sys.argv[3])))
