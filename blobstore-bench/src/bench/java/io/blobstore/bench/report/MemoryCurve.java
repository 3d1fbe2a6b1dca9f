package io.blobstore.bench.report;

import java.util.List;

/** A client's anonymous memory over time; of each point, seconds and MiB. */
record MemoryCurve(String benchmark, String client, String transport, List<Double> seconds, List<Double> mebibytes) {
    double peak() {
        return mebibytes.stream().mapToDouble(Double::doubleValue).max().orElseThrow();
    }

    double last() {
        return mebibytes.get(mebibytes.size() - 1);
    }
}
