package io.blobstore.bench.report;

import io.blobstore.bench.report.Document.Row;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;

/** Where another client is better than this library. They are collected so that no reader has to find them. */
final class Losses {
    private final List<Row> rows = new ArrayList<>();

    /** Adds a figure if the other is better by the median of the ratios. */
    void compare(String where, String figure, boolean lessIsBetter, Series subject, String other, Series others) {
        Optional<Series> ratio = lessIsBetter ? subject.ratioTo(others) : others.ratioTo(subject);
        if (ratio.map(Series::median).orElse(Double.MAX_VALUE) <= 1) {
            return;
        }
        String overlap = Numbers.NONE;
        if (subject.values().size() > 1 && others.values().size() > 1) {
            overlap = subject.min() <= others.max() && others.min() <= subject.max() ? "yes" : "no";
        }
        rows.add(new Row(
                false,
                List.of(where, other, figure, overlap, Numbers.of(subject), Numbers.of(others), Numbers.ratio(ratio))));
    }

    void addTo(Document document) {
        document.heading(2, "Where others are better");
        if (rows.isEmpty()) {
            document.paragraph(
                    "In none of the comparisons above is another client better than blobstore in CPU, throughput,"
                            + " operations per second or p99 latency.");
            return;
        }
        document.paragraph(
                "All comparisons in which another client, the loop by hand included, is better than blobstore by the"
                        + " median of the ratios: CPU and throughput of transfers, operations per second, CPU and p99 latency of"
                        + " small objects."
                        + " Where the spreads overlap, another run may show the opposite.");
        document.table(
                4, List.of("Where", "Better", "In", "Spreads overlap", "blobstore", "The other", "Times better"), rows);
    }
}
