package io.blobstore.bench;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;

/** The anonymous memory of a process, looked at from outside, and its peak. Linux only; 0 elsewhere. */
final class AnonymousMemory {
    private static final String NAME = "RssAnon:";

    private final Path status;
    private long peak;
    private long last;

    AnonymousMemory(long pid) {
        this.status = Path.of("/proc", Long.toString(pid), "status");
    }

    /** Looks. */
    void look() {
        last = current();
        peak = Math.max(peak, last);
    }

    /** The bytes that were seen last. */
    long last() {
        return last;
    }

    /** The most bytes that were seen. */
    long peak() {
        return peak;
    }

    /** The bytes that are in memory now. */
    long current() {
        try {
            List<String> lines = Files.readAllLines(status);
            return lines.stream()
                    .filter(line -> line.startsWith(NAME))
                    .mapToLong(line -> Long.parseLong(line.substring(NAME.length())
                                    .replace("kB", "")
                                    .strip())
                            << 10)
                    .findFirst()
                    .orElse(0);
        } catch (IOException e) { // it has ended
            return 0;
        }
    }
}
