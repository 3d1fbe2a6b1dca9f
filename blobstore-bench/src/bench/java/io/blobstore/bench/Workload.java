package io.blobstore.bench;

import java.io.IOException;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.stream.Stream;

/** Work that a benchmark measures in a JVM of its own; see {@link WorkloadMain}. */
sealed interface Workload permits CacheWorkload, ReaderWorkload, ServerWorkload, SplitWorkload, ZonalWorkload {
    String name();

    /** Returns what the work is. */
    Work work();

    /**
     * What a workload is.
     *
     * @param title the title in tables
     */
    record Work(String title, Opener opener) {}

    /** Returns the title in tables. */
    default String title() {
        return work().title();
    }

    /** Prepares the workload in this JVM. */
    default Run open(Spec spec) throws IOException {
        return work().opener().open(spec);
    }

    /** A prepared workload. */
    interface Run extends AutoCloseable {
        /** Makes everything ready for a round; not measured. */
        default void prepare() throws Exception {}

        /** Does the work once. */
        void round() throws Exception;
    }

    /** Prepares a workload. */
    @FunctionalInterface
    interface Opener {
        Run open(Spec spec) throws IOException;
    }

    /**
     * The content of a workload.
     *
     * @param directory where the workload keeps its files; its own
     * @param source a file with the content
     * @param size the size of one content in bytes, or the number of entries
     * @param endpoint the server, for workloads that need one; otherwise empty
     */
    record Spec(Path directory, Path source, long size, String endpoint) {}

    /** Returns what {@link #of} finds this workload by. */
    default String id() {
        return getClass().getSimpleName() + "." + name();
    }

    /** Returns the workload with an id. */
    static Workload of(String id) {
        return Stream.<Workload[]>of(
                        CacheWorkload.values(),
                        ReaderWorkload.values(),
                        ServerWorkload.values(),
                        SplitWorkload.values(),
                        ZonalWorkload.values())
                .flatMap(Arrays::stream)
                .filter(workload -> workload.id().equals(id))
                .findFirst()
                .orElseThrow();
    }
}
