package io.blobstore.bench;

/** What the benchmark of split streams measures in JVMs of their own. */
enum SplitWorkload implements Workload {
    /** Splits an archive into a new repository, on one thread. */
    IMPORT_1("SplitEngine.split, 1 thread", spec -> SplitRuns.split(spec, 1, true)),
    /** The same on two threads. */
    IMPORT_2("SplitEngine.split, 2 threads", spec -> SplitRuns.split(spec, 2, true)),
    /** Splits an archive into a repository that has all of it, on one thread. */
    PRESENT_1("SplitEngine.split, 1 thread", spec -> SplitRuns.split(spec, 1, false)),
    /** The same on two threads. */
    PRESENT_2("SplitEngine.split, 2 threads", spec -> SplitRuns.split(spec, 2, false)),
    /** What of a split one thread does alone: parses the archive and encodes the stream. */
    SERIAL("parsing and encoding alone", SplitRuns::serial),
    /** Merges an archive into a new file, verified. */
    MERGE("SplitEngine.merge, verified", SplitRuns::merge);

    private final Work work;

    SplitWorkload(String title, Opener opener) {
        work = new Work(title, opener);
    }

    @Override
    public Work work() {
        return work;
    }
}
