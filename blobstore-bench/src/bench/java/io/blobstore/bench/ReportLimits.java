package io.blobstore.bench;

import io.blobstore.bench.Scenario.Bar;
import io.blobstore.bench.Scenario.Direction;
import io.blobstore.bench.Scenario.Metric;
import io.blobstore.bench.Scenario.Transport;
import io.blobstore.bench.report.Figure;
import io.blobstore.bench.report.Limit;
import io.blobstore.bench.report.Limit.Verdict;
import io.blobstore.bench.report.Results;
import io.blobstore.bench.report.Series;
import io.blobstore.bench.report.Transfer;
import java.util.ArrayList;
import java.util.Collections;
import java.util.Comparator;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;

/** The bars of the scenarios, held against what was measured for a report. */
final class ReportLimits {
    private static final Map<Direction, String> BENCHMARKS = Map.of(
            Direction.UPLOAD, ReportPlan.UPLOAD,
            Direction.READ, ReportPlan.INTO_MEMORY,
            Direction.DOWNLOAD, ReportPlan.INTO_FILE);

    private final Results results;
    private final List<Limit> limits = new ArrayList<>();

    private ReportLimits(Results results) {
        this.results = results;
    }

    static List<Limit> of(Results results) {
        ReportLimits judged = new ReportLimits(results);
        for (Scenario scenario : Scenario.values()) {
            if (BENCHMARKS.containsKey(scenario.direction) && scenario.transport != Transport.HTTPS_JDK) {
                judged.judge(scenario);
            }
        }
        return List.copyOf(judged.limits);
    }

    private void judge(Scenario scenario) {
        for (Bar bar : scenario.bars) {
            if (bar.metric() == Metric.CPU) {
                judge(scenario, bar);
            }
        }
        scenario.heapBar.ifPresent(limit -> add(
                scenario.title + ": heap MiB allocated per GiB",
                series(scenario, scenario.subject, Figure.HEAP),
                limit,
                "%.1f",
                scenario.subject));
    }

    private void judge(Scenario scenario, Bar bar) {
        String text = scenario.title + ": CPU, " + scenario.subject.title + " / "
                + bar.others().get(0).title;
        List<Series> others = new ArrayList<>();
        for (Competitor other : bar.others()) {
            Optional<Series> cpu = series(scenario, other, Figure.CPU);
            if (cpu.isEmpty()) {
                add(text, cpu, bar.factor(), "%.2f", other);
                return;
            }
            others.add(cpu.get());
        }
        Series best = Collections.min(others, Comparator.comparingDouble(Series::median));
        Optional<Series> ratio = series(scenario, scenario.subject, Figure.CPU).flatMap(ours -> ours.ratioTo(best));
        add(text, ratio, bar.factor(), "%.2f", scenario.subject);
    }

    private void add(String text, Optional<Series> value, double limit, String format, Competitor unmeasured) {
        String bar = "≤ " + String.format(Locale.ROOT, format, limit);
        limits.add(
                value.isEmpty()
                        ? new Limit(text, "not measured: " + unmeasured.title, bar, Verdict.OPEN)
                        : new Limit(
                                text,
                                value.get().describe(format),
                                bar,
                                value.get().median() <= limit ? Verdict.PASS : Verdict.FAIL));
    }

    private Optional<Series> series(Scenario scenario, Competitor competitor, Figure figure) {
        return results.transfers().stream()
                .filter(transfer -> transfer.client().equals(competitor.name()) && isOf(scenario, transfer))
                .findFirst()
                .flatMap(transfer -> transfer.series(figure));
    }

    private static boolean isOf(Scenario scenario, Transfer transfer) {
        return transfer.group().benchmark().equals(BENCHMARKS.get(scenario.direction))
                && transfer.group().transport().equals(scenario.transport.isEncrypted() ? "HTTPS" : "HTTP");
    }
}
