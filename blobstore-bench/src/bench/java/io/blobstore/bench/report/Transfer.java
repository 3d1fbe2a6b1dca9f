package io.blobstore.bench.report;

import java.io.IOException;
import java.util.EnumMap;
import java.util.Map;
import java.util.Optional;
import java.util.OptionalDouble;

/** What a client took for a transfer. */
public record Transfer(Group group, String client, Map<Figure, Series> figures) {
    /**
     * That of a result.
     *
     * @throws IOException if it lacks what every transfer has
     */
    static Transfer of(Result result) throws IOException {
        String client = param(result, "client");
        param(result, "transport");
        double mib;
        try {
            mib = Double.parseDouble(param(result, "mib"));
        } catch (NumberFormatException e) {
            throw new IOException(
                    result.file() + ": the parameter mib of " + result.benchmark() + " is not a number", e);
        }
        double seconds = Units.secondsPerOperation(result);
        Map<Figure, Series> figures = new EnumMap<>(Figure.class);
        for (Figure figure : Figure.values()) {
            Optional<Series> series = figure.metric.isPresent()
                    ? result.secondary(figure.metric.get()).flatMap(Metric::series)
                    : result.primary().series().map(times -> times.map(time -> mib / (time * seconds)));
            series.ifPresent(values -> figures.put(figure, values));
        }
        return new Transfer(Group.of(result, client), client, figures);
    }

    /** What was measured of a figure. */
    public Optional<Series> series(Figure figure) {
        return Optional.ofNullable(figures.get(figure));
    }

    /** The median of a figure, if it was measured. */
    OptionalDouble median(Figure figure) {
        return series(figure).stream().mapToDouble(Series::median).findFirst();
    }

    Store.Role role() {
        return group.store().roleOf(client);
    }

    private static String param(Result result, String name) throws IOException {
        String value = result.params().get(name);
        if (value == null) {
            throw new IOException(result.file() + ": " + result.benchmark() + " has no parameter '" + name
                    + "', which tells what was compared: run it again with that parameter");
        }
        return value;
    }
}
