package io.blobstore.bench.report;

import java.util.ArrayList;
import java.util.List;

/** Whether the clients of a table stand in its order in each pass, too. */
final class Order {
    private record Client(String title, Series medians) {}

    private final String figure;
    private final boolean lessIsBetter;
    private final List<Client> clients = new ArrayList<>();

    Order(String figure, boolean lessIsBetter) {
        this.figure = figure;
        this.lessIsBetter = lessIsBetter;
    }

    /** Adds one that is not better than those before. */
    void add(String title, Series series) {
        clients.add(new Client(title, series.medians()));
    }

    /** Adds nothing where there were no passes. */
    void addTo(Document document) {
        int passes = clients.stream()
                .mapToInt(client -> client.medians.processes().size())
                .max()
                .orElse(0);
        List<Client> all = clients.stream()
                .filter(client -> client.medians.processes().size() == passes)
                .toList();
        if (passes < 2 || all.size() < 2) {
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
                + " pairs of clients are in this order in each of the " + passes + " passes"
                + (others.isEmpty() ? "." : "; not in each: " + String.join("; ", others) + "."));
    }

    private boolean isAlwaysBefore(Client first, Client second) {
        Series ratio = first.medians.over(second.medians);
        return lessIsBetter ? ratio.max() <= 1 : ratio.min() >= 1;
    }
}
