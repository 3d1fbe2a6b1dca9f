package io.blobstore.bench;

import java.io.File;
import java.io.IOException;
import java.io.PrintWriter;
import java.lang.management.ManagementFactory;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.stream.Collectors;
import java.util.stream.Stream;

/** What the figures were measured on. */
final class Machine {
    /** What is different each time. */
    static final String LOAD = "load";

    private static final List<String> LIBRARIES = List.of(
            "blobstore-",
            "s3-",
            "aws-crt-",
            "netty-nio-client-",
            "netty-handler-",
            "netty-tcnative-classes-",
            "conscrypt-",
            "google-cloud-storage-",
            "apache5-client-",
            "httpclient5-",
            "url-connection-client-",
            "opendal-",
            "jmh-core-");

    private Machine() {}

    /** What it is, by name. */
    static Map<String, String> describe() {
        Map<String, String> machine = new LinkedHashMap<>();
        machine.put(
                "machine",
                Runtime.getRuntime().availableProcessors() + " cores, " + first("/proc/cpuinfo", "model name")
                        + ", memory " + first("/proc/meminfo", "MemTotal"));
        machine.put(
                "system",
                System.getProperty("os.name") + " " + System.getProperty("os.version") + " "
                        + System.getProperty("os.arch"));
        machine.put("JDK", System.getProperty("java.vm.name") + " " + System.getProperty("java.vm.version"));
        machine.put("libraries", libraries());
        machine.put(
                LOAD,
                String.format(
                        Locale.ROOT,
                        "%.1f when this began (0 is best: others on the machine make figures vary)",
                        ManagementFactory.getOperatingSystemMXBean().getSystemLoadAverage()));
        return machine;
    }

    static void print(PrintWriter out) {
        describe().forEach((name, value) -> out.printf("%-10s %s%n", name, value));
    }

    private static String first(String file, String name) {
        try (Stream<String> lines = Files.lines(Path.of(file))) {
            return lines.filter(line -> line.startsWith(name))
                    .map(line -> line.substring(line.indexOf(':') + 1).strip())
                    .findFirst()
                    .orElse("unknown");
        } catch (IOException e) {
            return "unknown";
        }
    }

    private static String libraries() {
        return Arrays.stream(System.getProperty("java.class.path").split(File.pathSeparator))
                .map(path -> new File(path).getName())
                .filter(name -> name.endsWith(".jar") && LIBRARIES.stream().anyMatch(name::startsWith))
                .map(name -> name.substring(0, name.length() - ".jar".length()))
                .sorted()
                .collect(Collectors.joining(", "));
    }
}
