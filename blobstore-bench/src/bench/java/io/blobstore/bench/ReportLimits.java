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

    private static final double PERCENT = 100;

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
                "",
                scenario.subject));
    }

    private void judge(Scenario scenario, Bar bar) {
        String text = scenario.title + ": CPU, " + scenario.subject.title + " / "
                + bar.others().get(0).title;
        for (Competitor other : bar.others()) {
            if (cpu(scenario, other).isEmpty()) {
                add(text, Optional.empty(), bar.factor(), "%.2f", "", other);
                return;
            }
        }
        Competitor best = Collections.min(
                bar.others(),
                Comparator.comparingDouble(
                        other -> cpu(scenario, other).orElseThrow().median()));
        Optional<Series> ratio = ratio(cpu(scenario, scenario.subject), cpu(scenario, best));
        String withCompilers = ratio(allCpu(scenario, scenario.subject), allCpu(scenario, best))
                .map(all -> String.format(Locale.ROOT, "; with the compilers %.2f", all.median()))
                .orElse("");
        add(text, ratio, bar.factor(), "%.2f", withCompilers, scenario.subject);
    }

    private static Optional<Series> ratio(Optional<Series> ours, Optional<Series> others) {
        return ours.flatMap(one -> others.flatMap(one::ratioTo));
    }

    private void add(
            String text, Optional<Series> value, double limit, String format, String remark, Competitor unmeasured) {
        String bar = "≤ " + String.format(Locale.ROOT, format, limit);
        limits.add(
                value.isEmpty()
                        ? new Limit(text, "not measured: " + unmeasured.title, bar, Verdict.OPEN)
                        : new Limit(
                                text,
                                value.get().describe(format) + remark,
                                bar,
                                value.get().median() <= limit ? Verdict.PASS : Verdict.FAIL));
    }

    private Optional<Series> cpu(Scenario scenario, Competitor competitor) {
        return series(scenario, competitor, Figure.CPU);
    }

    /** That of the compilers included. */
    private Optional<Series> allCpu(Scenario scenario, Competitor competitor) {
        return cpu(scenario, competitor)
                .flatMap(cpu -> series(scenario, competitor, Figure.COMPILERS)
                        .map(percent -> cpu.over(percent.map(share -> 1 - share / PERCENT))));
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
