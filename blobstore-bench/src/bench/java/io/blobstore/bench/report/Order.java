package io.blobstore.bench.report;

import java.util.ArrayList;
import java.util.List;
import java.util.Optional;

/** Whether the clients of a table stand in its order in each round, too. */
final class Order {
    private record Client(String title, Series series) {}

    private final String figure;
    private final boolean lessIsBetter;
    private final List<Client> clients = new ArrayList<>();

    Order(String figure, boolean lessIsBetter) {
        this.figure = figure;
        this.lessIsBetter = lessIsBetter;
    }

    /** Adds one that is not better than those before, if it was measured. */
    void add(String title, Optional<Series> series) {
        series.ifPresent(measured -> clients.add(new Client(title, measured)));
    }

    /** Adds nothing where there were no rounds. */
    void addTo(Document document) {
        int rounds = clients.stream()
                .mapToInt(client -> client.series.groups().size())
                .max()
                .orElse(0);
        List<Client> all = clients.stream()
                .filter(client -> client.series.groups().size() == rounds)
                .toList();
        if (rounds < 2 || all.size() < 2) {
            return;
        }
        List<String> others = new ArrayList<>();
        for (int second = 1; second < all.size(); second++) {
            for (int first = 0; first < second; first++) {
                if (!isAlwaysBefore(all.get(first), all.get(second))) {
                    others.add(all.get(first).title + " and " + all.get(second).title);
                }
            }
        }
        int pairs = all.size() * (all.size() - 1) / 2;
        document.paragraph("By " + figure + ", " + (pairs - others.size()) + " of " + pairs
                + " pairs of clients are in this order in each of the " + rounds + " rounds"
                + (others.isEmpty() ? "." : "; not in each: " + String.join("; ", others) + "."));
    }

    private boolean isAlwaysBefore(Client first, Client second) {
        return first.series
                .ratioTo(second.series)
                .map(ratio -> lessIsBetter ? ratio.max() <= 1 : ratio.min() >= 1)
                .orElse(false);
    }
}
