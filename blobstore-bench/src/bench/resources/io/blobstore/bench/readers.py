"""Makes the reads of a plan with a reader for Python, a round for each line of standard input.

Arguments: gcsfs, opendal or opendal-chunks, the file with the plan, the size of the blob, the server, the bucket, the key, and the
number of requests in flight. Prints "#ready", then for each round "#result" with the CPU time and the elapsed time in
nanoseconds, as WorkloadMain does.
"""

import sys
import threading
import time


def gcsfs_reader(endpoint, bucket, key, concurrency):
    """Opens the blob as a file, with the adaptive read-ahead that is the default."""
    import gcsfs

    files = gcsfs.GCSFileSystem(token="anon", endpoint_url=endpoint, skip_instance_cache=True)
    path = bucket + "/" + key

    def whole():
        return files.cat_file(path, concurrency=concurrency)

    def open_file():
        return files.open(path, "rb", concurrency=concurrency)

    return whole, open_file


def opendal_reader(endpoint, bucket, key, concurrency):
    """Opens the blob as a file, with the default settings: one request for each position."""
    return opendal_with({}, endpoint, bucket, key)


def opendal_chunks_reader(endpoint, bucket, key, concurrency):
    """Opens the blob as a file that is read in chunks of 8 MiB at the same time."""
    return opendal_with({"concurrent": concurrency, "chunk": 8 << 20}, endpoint, bucket, key)


def opendal_with(options, endpoint, bucket, key):
    import opendal

    operator = opendal.Operator(
        "s3",
        endpoint=endpoint,
        bucket=bucket,
        region="us-east-1",
        access_key_id="benchmark",
        secret_access_key="benchmark",
        disable_config_load="true",
        disable_ec2_metadata="true",
    )

    def whole():
        return operator.read(key, **options)

    def open_file():
        return operator.open(key, "rb", **options)

    return whole, open_file


def read_exactly(file, length):
    missing = length
    while missing > 0:
        content = file.read(missing)
        if not content:
            raise EOFError("a read of %d bytes ended %d bytes early" % (length, missing))
        missing -= len(content)


def read_all(reads, size, whole, open_file):
    if reads[0][1] == size:
        if len(whole()) != size:
            raise EOFError("the blob ended early")
        return
    with open_file() as file:
        for offset, length in reads:
            if offset < 0:
                file.seek(offset, 2)
            else:
                file.seek(offset)
            read_exactly(file, length)


def round_of(plan, size, whole, open_file):
    if len(plan) == 1:
        read_all(plan[0], size, whole, open_file)
        return
    problems = []

    def run(reads):
        try:
            read_all(reads, size, whole, open_file)
        except Exception as e:  # the other threads end on their own
            problems.append(e)

    threads = [threading.Thread(target=run, args=(reads,)) for reads in plan]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    if problems:
        raise problems[0]


def main():
    name, plan_file, size, endpoint, bucket, key, concurrency = sys.argv[1:]
    plan = []
    with open(plan_file) as lines:
        for line in lines:
            reader, offset, length = map(int, line.split())
            if reader == len(plan):
                plan.append([])
            plan[reader].append((offset, length))
    readers = {"gcsfs": gcsfs_reader, "opendal": opendal_reader, "opendal-chunks": opendal_chunks_reader}
    whole, open_file = readers[name](endpoint, bucket, key, int(concurrency))
    print("#ready", flush=True)
    for _ in sys.stdin:
        cpu = time.process_time_ns()
        wall = time.perf_counter_ns()
        round_of(plan, int(size), whole, open_file)
        wall = time.perf_counter_ns() - wall
        cpu = time.process_time_ns() - cpu
        print("#result %d %d 0 0 false" % (cpu, wall), flush=True)


main()
