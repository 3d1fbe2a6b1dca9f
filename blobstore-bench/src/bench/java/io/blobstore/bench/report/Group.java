package io.blobstore.bench.report;

import java.util.ArrayList;
import java.util.Comparator;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

/**
 * What has to be the same for two clients to be compared.
 *
 * @param benchmark class and method
 * @param transport empty where the benchmark has none
 * @param setting the other parameters, in their order
 */
public record Group(String benchmark, String transport, Store store, Map<String, String> setting) {
    private static final Map<String, String> TITLES = Map.of(
            "UploadBenchmark", "Upload",
            "UploadBenchmark.upload", "Upload",
            "DownloadBenchmark", "Download",
            "DownloadBenchmark.intoMemory", "Download into memory",
            "DownloadBenchmark.intoFile", "Download into a file",
            "ScalingBenchmark", "Upload, scaling",
            "ScalingBenchmark.upload", "Upload, scaling",
            "SmallObjectsBenchmark.put", "Small objects, put",
            "SmallObjectsBenchmark.get", "Small objects, get");
    private static final List<String> ORDER =
            List.of("UploadBenchmark.upload", "DownloadBenchmark.intoMemory", "DownloadBenchmark.intoFile");

    /** As the report has them. */
    static final Comparator<Group> IN_ORDER = Comparator.comparingInt((Group group) -> rank(group.benchmark))
            .thenComparing(Group::benchmark)
            .thenComparing(Group::transport)
            .thenComparing(Group::store);

    static Group of(Result result, String client) {
        Map<String, String> params = new LinkedHashMap<>(result.params());
        params.remove("client");
        String transport = params.remove("transport");
        // JMH sorts them by name; people begin with the size.
        Map<String, String> setting = new LinkedHashMap<>();
        for (String name : List.of("mib", "partMib", "concurrency")) {
            if (params.containsKey(name)) {
                setting.put(name, params.get(name));
            }
        }
        params.forEach(setting::putIfAbsent);
        return new Group(result.benchmark(), transport == null ? "" : transport, Store.of(client), setting);
    }

    /** What people call a benchmark. */
    static String title(String benchmark) {
        return TITLES.getOrDefault(benchmark, benchmark);
    }

    /** Where a benchmark stands in the report. */
    private static int rank(String benchmark) {
        int index = ORDER.indexOf(benchmark);
        return index < 0 ? ORDER.size() : index;
    }

    /** All but the benchmark. */
    String subtitle() {
        List<String> words = new ArrayList<>();
        if (!transport.isEmpty()) {
            words.add(transport);
        }
        words.add(store.title);
        setting.forEach((name, value) -> words.add(describe(name, value)));
        return String.join(", ", words);
    }

    String title() {
        return title(benchmark) + ", " + subtitle();
    }

    /** That of the loop by hand, which talks S3 and is the floor of both stores: they send the same bytes. */
    Group ofFloor() {
        return new Group(benchmark, transport, Store.of(Store.FLOOR), setting);
    }

    /** It without its setting. */
    Group anySetting() {
        return new Group(benchmark, transport, store, Map.of());
    }

    /** A parameter and its value in words. */
    static String describe(String name, String value) {
        return switch (name) {
            case "mib" -> value + " MiB";
            case "partMib" -> "parts of " + value + " MiB";
            case "concurrency" -> value + " at once";
            case "bytes" -> size(value);
            default -> name + " " + value;
        };
    }

    private static String size(String bytes) {
        try {
            long number = Long.parseLong(bytes);
            if (number >= 1 << 20 && number % (1 << 20) == 0) {
                return (number >> 20) + " MiB";
            }
            return number >= 1024 && number % 1024 == 0 ? (number >> 10) + " KiB" : number + " bytes";
        } catch (NumberFormatException e) {
            return bytes + " bytes";
        }
    }
}
