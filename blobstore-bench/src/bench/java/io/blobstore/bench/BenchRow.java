package io.blobstore.bench;

import io.blobstore.bench.ComparisonResult.Figure;
import java.io.IOException;
import java.util.List;
import java.util.Optional;

/** Something that a benchmark measures, shows in a table of its own, and compares with thresholds. */
interface BenchRow {
    /** Returns the heading of its table. */
    String title();

    /** Returns the room in bytes that its files take at most, at full scale. */
    long room();

    /** Returns whether its files must be on a device, as memory cannot show what forcing them costs. */
    default boolean needsDevice() {
        return false;
    }

    /** Measures it. */
    Result measure(Setting setting) throws IOException, InterruptedException;

    /**
     * How a row is measured.
     *
     * @param workspace where its files are
     * @param warmUp the rounds before those that count
     * @param scale the part of the content, more than 0 and at most 1, where the row supports it
     */
    record Setting(Workspace workspace, int warmUp, int rounds, double scale) {
        /** Returns a part of a number that is proportional to the content; at least 1. */
        long scaled(long count) {
            return Math.max(1, (long) (count * scale));
        }

        @Override
        public String toString() {
            return rounds + " rounds after " + warmUp + (scale == 1 ? "" : ", " + scale + " of the content");
        }
    }

    /**
     * What was measured.
     *
     * @param setting in words
     * @param table in Markdown
     * @param comparison what the table shows, if it shows a comparison
     */
    record Result(
            String title,
            String setting,
            String table,
            List<BarChart.Bar> bars,
            List<Verdict> verdicts,
            Optional<ComparisonResult> comparison) {
        /**
         * Returns the result of a comparison.
         *
         * @param charted the figure that the chart shows
         */
        static Result of(ComparisonResult result, Figure charted, List<Limit> limits) {
            List<BarChart.Bar> bars = result.clients().stream()
                    .filter(client -> !client.rounds().isEmpty() && result.mib() > 0 && result.objects() == 0)
                    .map(client -> new BarChart.Bar(
                            result.title() + ": " + client.title(),
                            client.isSubject() ? "#0b6bcb" : client.isBaseline() ? "#d9822b" : "#a3abb5",
                            result.series(client, charted)))
                    .toList();
            return new Result(
                    result.title(),
                    result.setting(),
                    MarkdownReport.comparisons(List.of(result), charted),
                    bars,
                    limits.stream().map(limit -> limit.judge(result)).toList(),
                    Optional.of(result));
        }
    }
}
