package io.blobstore.bench.report;

import java.util.Optional;

/** What is measured of a transfer. */
public enum Figure {
    THROUGHPUT("Throughput", "MiB/s", Optional.empty()),
    CPU("CPU", "s/GiB", Optional.of("cpu")),
    HEAP("Heap", "MiB/GiB", Optional.of("heap")),
    MEMORY("Memory", "MiB", Optional.of("memory")),
    COLLECTIONS("GCs", "", Optional.of("gc")),
    COMPILERS("JIT", "% of all CPU", Optional.of("compilers"));

    final String title;
    final String unit;
    /** How the result names it; throughput follows from the time. */
    final Optional<String> metric;

    Figure(String title, String unit, Optional<String> metric) {
        this.title = title;
        this.unit = unit;
        this.metric = metric;
    }

    /** The title with the unit. */
    String heading() {
        return unit.isEmpty() ? title : title + ", " + unit;
    }

    boolean isBetter(double one, double other) {
        return this == THROUGHPUT ? one > other : one < other;
    }
}
