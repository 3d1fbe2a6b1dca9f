package io.blobstore.bench.report;

import java.util.ArrayList;
import java.util.List;

/** A client's anonymous memory over time; of each point, seconds and MiB. */
record MemoryCurve(String benchmark, String client, String transport, List<Double> seconds, List<Double> mebibytes) {
    double peak() {
        return mebibytes.stream().mapToDouble(Double::doubleValue).max().orElseThrow();
    }

    double last() {
        return mebibytes.get(mebibytes.size() - 1);
    }

    /**
     * This with not more points than asked for: of neighbours, the one with the most memory stays, so that no peak is
     * lost.
     *
     * @param most at least 1
     */
    MemoryCurve thinned(int most) {
        int points = seconds.size();
        if (points <= most) {
            return this;
        }
        List<Double> x = new ArrayList<>();
        List<Double> y = new ArrayList<>();
        for (int i = 0; i < most; i++) {
            int from = (int) ((long) points * i / most);
            int to = (int) ((long) points * (i + 1) / most);
            int greatest = from;
            for (int point = from + 1; point < to; point++) {
                greatest = mebibytes.get(point) > mebibytes.get(greatest) ? point : greatest;
            }
            x.add(seconds.get(greatest));
            y.add(mebibytes.get(greatest));
        }
        return new MemoryCurve(benchmark, client, transport, x, y);
    }
}
