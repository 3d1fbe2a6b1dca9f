package io.blobstore.cli;

import com.fasterxml.jackson.jr.ob.JSON;
import java.io.IOException;
import java.io.PrintWriter;
import java.util.Map;

/** Prints a listing as it arrives, as it may not fit in memory: a line for each entry, of text or a JSON object. */
final class Listing {
    /** Lines between checks whether the output is still open; each check flushes. */
    private static final int CHECK_EVERY = 1000;

    private final PrintWriter out;
    private final boolean json;
    private long lines;

    Listing(PrintWriter out, boolean json) {
        this.out = out;
        this.json = json;
    }

    /** Returns whether entries are still read by anybody; a listing should end otherwise. */
    boolean isOpen() {
        return lines % CHECK_EVERY != 0 || lines == 0 || !out.checkError();
    }

    /**
     * Prints an entry.
     *
     * @param text the line of text; control characters are escaped
     * @param values the values of the JSON object, by name
     */
    void print(String text, Map<String, Object> values) throws IOException {
        lines++;
        out.println(json ? JSON.std.asString(values) : ErrorLine.printable(text));
    }
}
