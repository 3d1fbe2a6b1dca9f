package io.blobstore.cli;

import com.fasterxml.jackson.jr.ob.JSON;
import io.blobstore.Crc32c;
import io.blobstore.zstd.FrameFormat;
import java.io.IOException;
import java.io.PrintWriter;
import java.io.UncheckedIOException;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;

/** A command's result: named values as JSON, and labelled lines as text. */
final class Report {
    private record Line(String label, String text) {}

    private final Map<String, Object> values = new LinkedHashMap<>();
    private final List<Line> lines = new ArrayList<>();

    /** Adds a value to both forms. */
    Report add(String name, Object value) {
        return add(name, value, name, String.valueOf(value));
    }

    /** Adds a value to both forms, with another label and format in the text. */
    Report add(String name, Object value, String label, String text) {
        return value(name, value).line(label, text);
    }

    /** Adds a value to the JSON only. */
    Report value(String name, Object value) {
        values.put(name, value);
        return this;
    }

    /** Adds a line to the text only. */
    Report line(String label, String text) {
        lines.add(new Line(label, ErrorLine.printable(text)));
        return this;
    }

    /** Adds the result of a transfer. */
    Report add(Measurement<?> transfer, Crc32c checksum, String version) {
        add("bytes", transfer.bytes(), "size", ByteSize.exactText(transfer.bytes()));
        add("parts", transfer.parts());
        add(
                "seconds",
                transfer.seconds(),
                "time",
                String.format(Locale.ROOT, "%.3f s, %.0f MiB/s", transfer.seconds(), transfer.mibPerSecond()));
        value("mibPerSecond", transfer.mibPerSecond());
        add("retries", transfer.retries());
        add(
                "heapBytesAllocated",
                transfer.heapBytesAllocated(),
                "heap allocated",
                ByteSize.exactText(transfer.heapBytesAllocated()));
        add("crc32c", checksum.hex());
        return add("version", version);
    }

    /** Adds what is known of a compressed blob. */
    Report addCompression(FrameFormat format, long contentBytes, long storedBytes) {
        add("frames", format.toString(), "compression", "zstd frames, " + format);
        add("contentBytes", contentBytes, "content", ByteSize.exactText(contentBytes));
        add("storedBytes", storedBytes, "stored size", ByteSize.exactText(storedBytes));
        double ratio = (double) contentBytes / storedBytes; // a compressed blob has a table at least
        return add("ratio", ratio, "ratio", String.format(Locale.ROOT, "%.2f", ratio));
    }

    /** Prints one line of JSON. */
    void printJson(PrintWriter out) {
        try {
            out.println(JSON.std.asString(values));
        } catch (IOException e) {
            throw new UncheckedIOException("a string and some numbers are always JSON", e);
        }
    }

    /** Prints two columns of text. */
    void printText(PrintWriter out) {
        int width = lines.stream().mapToInt(line -> line.label().length()).max().orElse(0);
        int column = width == 0 ? 0 : width + 2;
        for (Line line : lines) {
            String text = line.label() + " ".repeat(column - line.label().length()) + line.text();
            out.println(text.stripTrailing());
        }
    }
}
