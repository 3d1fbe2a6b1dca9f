package io.blobstore.bench;

import java.io.File;
import java.io.IOException;
import java.lang.management.ManagementFactory;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.List;
import java.util.Locale;
import java.util.stream.Collectors;
import java.util.stream.Stream;

/** The machine, the JDK and the libraries of a measurement. */
final class Machine {
    /** The name of the line that differs between runs on the same machine. */
    static final String LOAD = "load";

    private static final String LIBRARIES =
            "(blobstore|s3|aws-crt|netty-nio-client|netty-tcnative-classes|netty-codec-http"
                    + "|grpc-netty-shaded|zstd-jni|conscrypt"
                    + "|google-cloud-storage|apache5-client|httpclient5|opendal|jmh-core)-.*[.]jar";

    private Machine() {}

    /** Returns lines of a name and a value, separated by a tab. */
    static List<String> describe() {
        double load = ManagementFactory.getOperatingSystemMXBean().getSystemLoadAverage();
        return List.of(
                "machine\t" + Runtime.getRuntime().availableProcessors() + " cores, "
                        + first("/proc/cpuinfo", "model name") + ", memory " + first("/proc/meminfo", "MemTotal"),
                "system\t" + System.getProperty("os.name") + " " + System.getProperty("os.version") + " "
                        + System.getProperty("os.arch"),
                "JDK\t" + System.getProperty("java.vm.name") + " " + System.getProperty("java.vm.version"),
                "libraries\t" + libraries(),
                LOAD + "\t" + String.format(Locale.ROOT, "%.1f at the start; other load adds noise", load),
                "clients\tjava " + String.join(" ", BenchmarkEnvironment.CLIENT_OPTIONS)
                        + ", a process for each; server in another process on the same machine");
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
                .filter(name -> name.matches(LIBRARIES))
                .map(name -> name.replaceFirst("[.]jar$", ""))
                .sorted()
                .collect(Collectors.joining(", "));
    }
}
