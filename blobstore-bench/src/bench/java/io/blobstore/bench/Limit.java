package io.blobstore.bench;

import io.blobstore.bench.ComparisonResult.Figure;
import java.util.Optional;
import org.jspecify.annotations.Nullable;

/**
 * An upper or lower limit of a figure of one alternative of a comparison, or of its ratio to that of another one.
 *
 * @param client the alternative, as in {@link ClientResult#client}
 * @param other the alternative to compare with; null for an absolute limit
 */
record Limit(Figure figure, String client, @Nullable String other, boolean isLeast, double value) {
    static Limit most(Figure figure, double value) {
        return new Limit(figure, Alternative.SUBJECT, null, false, value);
    }

    static Limit least(Figure figure, double value) {
        return new Limit(figure, Alternative.SUBJECT, null, true, value);
    }

    /** Returns an upper limit of the ratio to the baseline's figure. */
    static Limit ratio(Figure figure, double most) {
        return new Limit(figure, Alternative.SUBJECT, Alternative.BASELINE, false, most);
    }

    /** Returns a lower limit of how much faster this library is than another alternative. */
    static Limit faster(String other, double least) {
        return new Limit(Figure.THROUGHPUT, Alternative.SUBJECT, other, true, least);
    }

    /** Compares the limit with a result. */
    Verdict judge(ComparisonResult result) {
        Optional<Series> ours = series(result, client);
        Optional<Series> theirs = other == null ? ours : series(result, other);
        String what = result.title() + ": " + figure.title
                + (client.equals(Alternative.SUBJECT) ? "" : ", " + title(result, client))
                + (other == null ? "" : " / " + title(result, other));
        if (ours.isEmpty() || theirs.isEmpty()) {
            String missing = ours.isEmpty() ? client : String.valueOf(other);
            return Verdict.open(what, "not measured" + failure(result, missing), isLeast, value);
        }
        Series measured = other == null ? ours.get() : ours.get().over(theirs.get());
        return isLeast ? Verdict.atLeast(what, measured, value) : Verdict.atMost(what, measured, "", value, "%.2f");
    }

    private Optional<Series> series(ComparisonResult result, String name) {
        return result.measured(name).map(measured -> result.series(measured, figure));
    }

    private static Optional<ClientResult> find(ComparisonResult result, String name) {
        return result.clients().stream()
                .filter(each -> each.client().equals(name))
                .findFirst();
    }

    private static String title(ComparisonResult result, String name) {
        return name.equals(Alternative.BASELINE)
                ? "baseline's"
                : find(result, name).map(ClientResult::title).orElse(name);
    }

    private static String failure(ComparisonResult result, String name) {
        return find(result, name)
                .map(each -> each.failure().isEmpty() ? "" : ": " + each.failure())
                .orElse("");
    }
}
