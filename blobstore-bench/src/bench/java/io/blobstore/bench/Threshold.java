package io.blobstore.bench;

import io.blobstore.bench.ComparisonResult.Figure;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import java.util.Locale;
import java.util.Optional;

/**
 * A limit for a figure of a client: a multiple of the figure of the best of other clients, or without others an
 * absolute value.
 */
record Threshold(Figure figure, ClientType subject, double limit, List<ClientType> others) {
    static Threshold cpu(ClientType subject, double limit, ClientType... others) {
        return new Threshold(Figure.CPU_WITH_JIT, subject, limit, List.of(others));
    }

    static Threshold heap(ClientType subject, double limit) {
        return new Threshold(Figure.HEAP, subject, limit, List.of());
    }

    /**
     * Compares the threshold with a result.
     *
     * @param byRound whether ratios are those of the steady CPU time in each round; otherwise the ratio of the medians
     *     of all CPU time, which includes that of the JIT compilers
     */
    Verdict judge(ComparisonResult result, boolean byRound) {
        Optional<ClientResult> ours = result.measured(subject.name());
        List<ClientResult> measured = new ArrayList<>();
        List<String> missing = new ArrayList<>();
        others.forEach(
                type -> result.measured(type.name()).ifPresentOrElse(measured::add, () -> missing.add(type.title)));
        if (ours.isEmpty()) {
            missing.add(0, subject.title);
        }
        Figure compared = byRound && figure == Figure.CPU_WITH_JIT ? Figure.CPU : figure;
        Optional<ClientResult> best = measured.stream()
                .min(Comparator.comparingDouble(
                        client -> result.series(client, compared).median()));
        String what = result.title() + ": " + compared.title + ", " + subject.title
                + (others.isEmpty() ? "" : " / " + best.map(ClientResult::title).orElse(others.get(0).title));
        String format = figure == Figure.HEAP ? "%.1f" : "%.2f";
        if (!missing.isEmpty()) {
            return Verdict.open(what, "not measured: " + String.join(", ", missing), limit, format);
        }
        if (figure == Figure.HEAP && !ours.get().heapIsComplete()) {
            return Verdict.open(
                    what, "a thread ended uncounted; use JDK 21 or later, or a late update of 17", limit, format);
        }
        Series value = result.series(ours.get(), compared);
        String remark = "";
        if (best.isPresent()) {
            Series other = result.series(best.get(), compared);
            value = byRound ? value.over(other) : new Series(List.of(value.median() / other.median()));
            if (compared == Figure.CPU) {
                Series all = result.series(ours.get(), figure).over(result.series(best.get(), figure));
                remark = String.format(Locale.ROOT, "; with JIT %.2f", all.median());
            }
        }
        return Verdict.atMost(what, value, remark, limit, format);
    }
}
