package io.blobstore.bench.report;

import io.blobstore.bench.report.Document.Row;
import io.blobstore.bench.report.Drawings.Bar;
import io.blobstore.bench.report.Store.Role;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.LinkedHashMap;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import java.util.function.Function;
import java.util.stream.Collectors;

/** The transfers: a table and charts for each group of clients that did the same. */
final class TransferSection {
    static final String SCALING = "ScalingBenchmark";

    /** Headings of what clients are compared by. */
    static final String TO_FLOOR = "CPU / the floor's";

    static final String TO_OURS = "blobstore's CPU / its";

    private final Results results;
    private final Function<String, String> titles;
    private final Losses losses;
    private final List<Transfer> transfers;

    TransferSection(Results results, Function<String, String> titles, Losses losses) {
        this.results = results;
        this.titles = titles;
        this.losses = losses;
        this.transfers = results.transfers().stream()
                .filter(transfer -> !isScaling(transfer.group().benchmark()))
                .toList();
    }

    static boolean isScaling(String benchmark) {
        return benchmark.startsWith(SCALING);
    }

    void addTo(Document document) {
        String benchmark = "";
        for (Group group : groups()) {
            if (!group.benchmark().equals(benchmark)) {
                benchmark = group.benchmark();
                document.heading(2, Group.title(benchmark));
            }
            add(document, group);
        }
    }

    /** In the order of the report; also those of which nobody could run. */
    private List<Group> groups() {
        Set<Group> groups =
                transfers.stream().map(Transfer::group).collect(Collectors.toCollection(LinkedHashSet::new));
        for (Failure failure : results.failures()) {
            boolean isTransfer = failure.benchmark().startsWith("UploadBenchmark")
                    || failure.benchmark().startsWith("DownloadBenchmark");
            if (isTransfer && groups.stream().noneMatch(failure::isOf)) {
                groups.add(new Group(
                        failure.benchmark(), failure.transport(), Store.of(failure.client()), new LinkedHashMap<>()));
            }
        }
        return groups.stream().sorted(Group.IN_ORDER).toList();
    }

    private void add(Document document, Group group) {
        List<Transfer> members = transfers.stream()
                .filter(transfer -> transfer.group().equals(group))
                .sorted(Comparator.comparingDouble((Transfer transfer) ->
                                transfer.median(Figure.CPU).orElse(Double.MAX_VALUE))
                        .thenComparing(transfer -> title(transfer.client())))
                .toList();
        Optional<Transfer> subject =
                members.stream().filter(member -> member.role() == Role.SUBJECT).findFirst();
        document.heading(3, group.subtitle());
        document.table(1, header(), rows(group, members, subject));
        Order order = new Order(Figure.CPU.title, true);
        members.forEach(member -> order.add(title(member.client()), member.series(Figure.CPU)));
        order.addTo(document);
        subject.ifPresent(ours -> collectLosses(group.title(), ours, members));
        for (Figure figure : List.of(Figure.THROUGHPUT, Figure.CPU, Figure.HEAP)) {
            addChart(document, group, members, figure);
        }
    }

    private static List<String> header() {
        List<String> header = new ArrayList<>(List.of("Client"));
        for (Figure figure : Figure.values()) {
            header.add(figure.heading());
        }
        header.addAll(List.of(TO_FLOOR, TO_OURS));
        return header;
    }

    private List<Row> rows(Group group, List<Transfer> members, Optional<Transfer> subject) {
        Optional<Series> floor = floor(group, transfers);
        List<Row> rows = new ArrayList<>();
        for (Transfer member : members) {
            Optional<Series> cpu = member.series(Figure.CPU);
            rows.add(new Row(
                    member.role() == Role.SUBJECT,
                    List.of(
                            title(member.client()),
                            Numbers.of(member.series(Figure.THROUGHPUT)),
                            Numbers.of(cpu),
                            Numbers.median(member.series(Figure.HEAP)),
                            Numbers.median(member.series(Figure.MEMORY)),
                            member.series(Figure.COLLECTIONS)
                                    .map(series -> Numbers.tick(series.median()))
                                    .orElse(Numbers.NONE),
                            Numbers.median(member.series(Figure.COMPILERS)),
                            Numbers.ratio(cpu, floor),
                            Numbers.ratio(subject.flatMap(ours -> ours.series(Figure.CPU)), cpu))));
        }
        for (Failure failure : results.failures()) {
            if (failure.isOf(group)) {
                rows.add(failureRow(title(failure.client()), failure, header().size()));
            }
        }
        return rows;
    }

    /** Tells why there are no figures, in the place of the first of them. */
    static Row failureRow(String title, Failure failure, int columns) {
        List<String> cells = new ArrayList<>(List.of(title, "did not run: " + failure.reason()));
        while (cells.size() < columns) {
            cells.add(Numbers.NONE);
        }
        return new Row(false, cells);
    }

    static Optional<Series> floor(Group group, List<Transfer> transfers) {
        Group ofLoop = group.ofFloor();
        return transfers.stream()
                .filter(transfer -> transfer.client().equals(Store.FLOOR)
                        && transfer.group().equals(ofLoop))
                .findFirst()
                .flatMap(transfer -> transfer.series(Figure.CPU));
    }

    private void collectLosses(String where, Transfer ours, List<Transfer> members) {
        collectLosses(losses, where, ours, members, titles);
    }

    /** Adds those of a group, transfer by transfer. */
    static void collectLosses(
            Losses losses, String where, Transfer ours, List<Transfer> members, Function<String, String> titles) {
        for (Transfer member : members) {
            for (Figure figure : List.of(Figure.CPU, Figure.THROUGHPUT)) {
                Optional<Series> one = ours.series(figure);
                Optional<Series> other = member.series(figure);
                if (member != ours && one.isPresent() && other.isPresent()) {
                    losses.compare(
                            where,
                            figure.heading(),
                            figure != Figure.THROUGHPUT,
                            one.get(),
                            titles.apply(member.client()),
                            other.get());
                }
            }
        }
    }

    private void addChart(Document document, Group group, List<Transfer> members, Figure figure) {
        List<Bar> bars = new ArrayList<>();
        for (Transfer member : members) {
            member.series(figure)
                    .ifPresent(series -> bars.add(new Bar(
                            title(member.client()), member.role(), series.median(), series.min(), series.max())));
        }
        // Each chart has its best above.
        bars.sort(Comparator.comparingDouble(figure == Figure.THROUGHPUT ? bar -> -bar.value() : Bar::value));
        if (!bars.isEmpty()) {
            boolean oneSetting = transfers.stream()
                            .map(Transfer::group)
                            .filter(other -> other.anySetting().equals(group.anySetting()))
                            .distinct()
                            .count()
                    == 1;
            String title = figure.title + ": " + (oneSetting ? group.anySetting() : group).title();
            document.chart(title, () -> Drawings.bars(title, figure.unit, bars));
        }
    }

    private String title(String client) {
        return titles.apply(client);
    }
}
