package io.blobstore.bench;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;

/**
 * The reads of a round, which all clients make alike: in Java from {@link #read}, in Python from the same file.
 *
 * @param readers the reads of each reader, in their order; the readers work at the same time
 */
record ReadPlan(List<List<Read>> readers) {
    /**
     * One read.
     *
     * @param offset the position in the blob; negative for the last bytes of a blob whose size need not be known
     */
    record Read(long offset, int length) {
        boolean isTail() {
            return offset < 0;
        }
    }

    /** Returns the number of bytes that a round reads. */
    long bytes() {
        return readers.stream().flatMap(List::stream).mapToLong(Read::length).sum();
    }

    /** Writes the plan: a line for each read, with the number of its reader, the offset, and the length. */
    void write(Path file) throws IOException {
        List<String> lines = new ArrayList<>();
        for (int i = 0; i < readers.size(); i++) {
            for (Read read : readers.get(i)) {
                lines.add(i + " " + read.offset() + " " + read.length());
            }
        }
        Files.write(file, lines);
    }

    /** Reads what {@link #write} has written. */
    static ReadPlan read(Path file) throws IOException {
        List<List<Read>> readers = new ArrayList<>();
        for (String line : Files.readAllLines(file)) {
            String[] words = line.split(" ");
            if (Integer.parseInt(words[0]) == readers.size()) {
                readers.add(new ArrayList<>());
            }
            readers.get(readers.size() - 1).add(new Read(Long.parseLong(words[1]), Integer.parseInt(words[2])));
        }
        return new ReadPlan(readers);
    }
}
