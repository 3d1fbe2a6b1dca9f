package io.blobstore.server.internal;

/** Builds the text format of Prometheus, version 0.0.4. Not thread-safe. */
final class PrometheusText {
    private final StringBuilder text = new StringBuilder();

    /** Begins the samples of a name. */
    void family(String name, String type, String help) {
        text.append("# HELP ").append(name).append(' ').append(help).append('\n');
        text.append("# TYPE ").append(name).append(' ').append(type).append('\n');
    }

    void sample(String name, String labels, long value) {
        text.append(name).append('{').append(labels).append("} ").append(value).append('\n');
    }

    void gauge(String name, String help, long value) {
        family(name, "gauge", help);
        text.append(name).append(' ').append(value).append('\n');
    }

    void counter(String name, String help, long value) {
        family(name, "counter", help);
        text.append(name).append(' ').append(value).append('\n');
    }

    void histogram(String name, String labels, Histogram histogram) {
        long count = 0;
        for (int range = 0; range < Histogram.BOUNDS.length; range++) {
            count += histogram.count(range);
            sample(name + "_bucket", labels + ",le=\"" + Histogram.BOUNDS[range] + '"', count);
        }
        count += histogram.count(Histogram.BOUNDS.length);
        sample(name + "_bucket", labels + ",le=\"+Inf\"", count);
        text.append(name)
                .append("_sum{")
                .append(labels)
                .append("} ")
                .append(histogram.sum())
                .append('\n');
        sample(name + "_count", labels, count);
    }

    @Override
    public String toString() {
        return text.toString();
    }
}
