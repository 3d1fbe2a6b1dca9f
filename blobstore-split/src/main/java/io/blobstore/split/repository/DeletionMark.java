package io.blobstore.split.repository;

import io.blobstore.BlobKey;
import io.blobstore.BlobNotFoundException;
import io.blobstore.BlobSource;
import io.blobstore.BlobStore;
import io.blobstore.ByteRange;
import io.blobstore.RangeNotSatisfiableException;
import java.io.IOException;
import java.io.InterruptedIOException;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.time.Instant;
import java.util.Optional;
import java.util.UUID;
import java.util.function.Supplier;

/**
 * A blob that shows writers whether a collection is deleting: another text for each deletion, and between them. A
 * collection writes it before it looks at what it deletes, and again when it has deleted that.
 *
 * <p>So a writer that renews something, and then reads the blob, either finds the deletion that may not have seen that,
 * and waits for its end, or every later deletion sees it.
 *
 * @param owner the collection that writes it
 */
record DeletionMark(BlobStore store, UUID owner) {
    /** How long a collection takes from the announcement of a deletion to the request; it announces it again then. */
    static final Duration LIMIT = Duration.ofMinutes(1);

    /** When a deletion was announced longer ago, the collection's process has died. */
    private static final Duration DEAD = LIMIT.multipliedBy(2);

    private static final Duration POLL = Duration.ofMillis(100);
    private static final BlobKey KEY = BlobKey.of(".split/deletion");
    private static final String DELETING = "deleting ";
    private static final int MAX_BYTES = 200;

    DeletionMark(BlobStore store) {
        this(store, UUID.randomUUID());
    }

    /** Announces a deletion, which ends the last one; returns the text. */
    String begin() throws IOException {
        return write(DELETING);
    }

    /** Ends a deletion. */
    void end() throws IOException {
        write("ended ");
    }

    private String write(String state) throws IOException {
        String text = state + owner + " " + UUID.randomUUID();
        store.store(KEY, BlobSource.of(StandardCharsets.UTF_8.encode(text)));
        return text;
    }

    /** Returns the text; empty if there never was a deletion. */
    Optional<String> read() throws IOException {
        ByteBuffer text = ByteBuffer.allocate(MAX_BYTES);
        try {
            store.read(KEY, ByteRange.all(), text);
            return Optional.of(StandardCharsets.UTF_8.decode(text.flip()).toString());
        } catch (BlobNotFoundException e) {
            return Optional.empty();
        } catch (RangeNotSatisfiableException e) {
            return Optional.of("of another program");
        }
    }

    /** Returns whether a text is that of a deletion by another collection. */
    boolean isDeletionOfAnother(Optional<String> text) {
        return isDeletion(text) && !text.get().startsWith(DELETING + owner);
    }

    /** Returns whether a text is that of a deletion. */
    static boolean isDeletion(Optional<String> text) {
        return text.isPresent() && text.get().startsWith(DELETING);
    }

    /**
     * Waits until the deletion has ended that is announced now, or was announced so long ago that its process has died.
     *
     * @param now the time, by the store's clock
     * @return the last text
     */
    Optional<String> awaitEnd(Supplier<Instant> now) throws IOException {
        Optional<String> first = read();
        Optional<String> last = first;
        while (isDeletion(last) && last.equals(first) && !isDead(now)) {
            try {
                Thread.sleep(POLL.toMillis());
            } catch (InterruptedException e) {
                Thread.currentThread().interrupt();
                InterruptedIOException interrupted =
                        new InterruptedIOException("interrupted while waiting for a garbage collection");
                interrupted.initCause(e);
                throw interrupted;
            }
            last = read();
        }
        return last;
    }

    /** Returns whether the last text was written so long ago that its process must have died, if it was deleting. */
    boolean isDead(Supplier<Instant> now) throws IOException {
        try {
            return store.head(KEY).lastModified().isBefore(now.get().minus(DEAD));
        } catch (BlobNotFoundException e) {
            return true;
        }
    }
}
