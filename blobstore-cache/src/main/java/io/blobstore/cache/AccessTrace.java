package io.blobstore.cache;

import io.blobstore.ByteRange;
import io.blobstore.internal.file.AtomicFile;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.nio.file.FileSystemException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Objects;
import java.util.Set;
import java.util.concurrent.locks.ReentrantLock;
import org.jspecify.annotations.Nullable;

/**
 * Which ranges of a blob were read, in the order of their first use. Recorded while a blob is read, saved, and used to
 * fetch the same ranges in advance the next time, for example of an image that starts again.
 *
 * <p>A trace does not name the blob: it fits any blob that is read in the same way, such as a newer version of it. What
 * is beyond the end of a shorter blob is skipped when the trace is used.
 *
 * <p>Saved as text: {@code blobstore-trace 1}, a line {@code OFFSET LENGTH} for each range, and {@code end COUNT}.
 *
 * <p>Immutable and thread-safe.
 */
public final class AccessTrace {
    /** The most ranges of a trace; a recorder ignores further ones. */
    public static final int MAX_RANGES = 1 << 20;

    private static final String HEAD = "blobstore-trace 1";

    private final List<ByteRange> ranges;

    private AccessTrace(List<ByteRange> ranges) {
        this.ranges = List.copyOf(ranges);
    }

    /**
     * Returns the trace of these ranges.
     *
     * @param ranges exact ranges, in the order of their first use
     * @throws IllegalArgumentException if a range is not exact, or there are more than {@link #MAX_RANGES}
     */
    public static AccessTrace of(List<ByteRange> ranges) {
        if (ranges.size() > MAX_RANGES) {
            throw new IllegalArgumentException("a trace has at most " + MAX_RANGES + " ranges; got " + ranges.size());
        }
        for (ByteRange range : ranges) {
            if (range.kind() != ByteRange.Kind.EXACT) {
                throw new IllegalArgumentException("a trace has exact ranges only; got the " + range);
            }
        }
        return new AccessTrace(ranges);
    }

    /** Returns the ranges, in the order of their first use. */
    public List<ByteRange> ranges() {
        return ranges;
    }

    /** Returns the sum of the ranges' lengths, {@link Long#MAX_VALUE} if it is larger. */
    public long bytes() {
        long bytes = 0;
        for (ByteRange range : ranges) {
            bytes = range.length() > Long.MAX_VALUE - bytes ? Long.MAX_VALUE : bytes + range.length();
        }
        return bytes;
    }

    /**
     * Returns the parts of the ranges that a blob of some size has.
     *
     * @param size the size of the blob in bytes
     */
    public List<ByteRange> within(long size) {
        List<ByteRange> inside = new ArrayList<>(ranges.size());
        for (ByteRange range : ranges) {
            if (range.offset() < size) {
                inside.add(ByteRange.of(range.offset(), Math.min(range.length(), size - range.offset())));
            }
        }
        return inside;
    }

    /**
     * Saves the trace, atomically replacing a file at the path.
     *
     * @throws IOException if the file cannot be written
     */
    public void save(Path path) throws IOException {
        Objects.requireNonNull(path, "path");
        StringBuilder text = new StringBuilder(HEAD).append('\n');
        for (ByteRange range : ranges) {
            text.append(range.offset()).append(' ').append(range.length()).append('\n');
        }
        text.append("end ").append(ranges.size()).append('\n');
        ByteBuffer content = StandardCharsets.US_ASCII.encode(text.toString());
        try (AtomicFile file = AtomicFile.createBeside(path)) {
            try (AtomicFile.Section section = file.section(0)) {
                section.write(content);
            }
            file.replaceTarget();
        }
    }

    /**
     * Loads a trace.
     *
     * @throws java.nio.file.NoSuchFileException if there is no such file
     * @throws FileSystemException if the file is not a trace, or is incomplete
     */
    public static AccessTrace load(Path path) throws IOException {
        List<String> lines = Files.readAllLines(path, StandardCharsets.ISO_8859_1);
        int count = lines.size() - 2;
        if (count < 0 || !lines.get(0).equals(HEAD) || !lines.get(count + 1).equals("end " + count)) {
            throw new FileSystemException(path.toString(), null, "is not a trace, or not all of one; record it again");
        }
        List<ByteRange> ranges = new ArrayList<>(count);
        for (String line : lines.subList(1, count + 1)) {
            ranges.add(parse(path, line));
        }
        return of(ranges);
    }

    private static ByteRange parse(Path path, String line) throws FileSystemException {
        @Nullable IllegalArgumentException cause = null;
        String[] numbers = line.split(" ", -1);
        try {
            if (numbers.length == 2) {
                return ByteRange.of(Long.parseLong(numbers[0]), Long.parseLong(numbers[1]));
            }
        } catch (IllegalArgumentException e) {
            cause = e;
        }
        FileSystemException failure = new FileSystemException(
                path.toString(), null, "is not a trace: a line is not an offset and a length; record it again");
        failure.initCause(cause);
        throw failure;
    }

    /** Returns a recorder that has recorded nothing. */
    public static Recorder recorder() {
        return new Recorder();
    }

    @Override
    public boolean equals(@Nullable Object other) {
        return other instanceof AccessTrace that && ranges.equals(that.ranges);
    }

    @Override
    public int hashCode() {
        return ranges.hashCode();
    }

    @Override
    public String toString() {
        return "AccessTrace[" + ranges.size() + " ranges, " + bytes() + " bytes]";
    }

    /**
     * Records which parts of a blob are read, in blocks of 64 KiB: repeated reads of a block are recorded once.
     * Thread-safe.
     */
    public static final class Recorder {
        /** Small enough for any size of pieces, large enough that a trace stays small. */
        private static final long BLOCK = 64 << 10;

        /** Held for a few instructions for each block of a read. */
        private final ReentrantLock lock = new ReentrantLock();
        // Guarded by lock:
        private final Set<Long> seen = new HashSet<>();
        /** Blocks in the order of their first use; adjacent ones are one range. */
        private final List<ByteRange> ranges = new ArrayList<>();

        private Recorder() {}

        /**
         * Records a read. Ignored if the trace has {@link #MAX_RANGES} blocks already.
         *
         * @param offset of the first byte
         * @param length in bytes
         */
        public void record(long offset, long length) {
            if (length <= 0) {
                return;
            }
            lock.lock();
            try {
                long last = (offset + length - 1) / BLOCK;
                for (long block = offset / BLOCK; block <= last && seen.size() < MAX_RANGES; block++) {
                    if (seen.add(block)) {
                        append(block * BLOCK);
                    }
                }
            } finally {
                lock.unlock();
            }
        }

        private void append(long offset) {
            int last = ranges.size() - 1;
            long length = Math.min(BLOCK, Long.MAX_VALUE - offset);
            if (last >= 0 && ranges.get(last).offset() + ranges.get(last).length() == offset) {
                ByteRange extended = ranges.get(last);
                ranges.set(last, ByteRange.of(extended.offset(), extended.length() + length));
            } else {
                ranges.add(ByteRange.of(offset, length));
            }
        }

        /** Returns what was recorded so far. */
        public AccessTrace trace() {
            lock.lock();
            try {
                return new AccessTrace(ranges);
            } finally {
                lock.unlock();
            }
        }
    }
}
