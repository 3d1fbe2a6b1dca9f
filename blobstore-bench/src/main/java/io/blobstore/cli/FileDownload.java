package io.blobstore.cli;

import io.blobstore.BlobMetadata;
import io.blobstore.BlobStore;
import io.blobstore.ByteRange;
import io.blobstore.Crc32c;
import io.blobstore.IntegrityException;
import io.blobstore.ReadOptions;
import io.blobstore.ReadResult;
import io.blobstore.transfer.Transfer;
import io.blobstore.transfer.TransferProgress;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.channels.FileChannel;
import java.nio.file.FileSystemException;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.NotDirectoryException;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.nio.file.StandardOpenOption;
import java.time.Duration;
import java.util.HashSet;
import java.util.Set;
import java.util.UUID;
import java.util.concurrent.CancellationException;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import org.jspecify.annotations.Nullable;

/**
 * Reads one blob into a file, in ranges side by side.
 *
 * <p>The ranges are read from one version of the blob into direct buffers, one per worker and reused, and written to their
 * places in a hidden file beside the target. Their checksums are combined, and compared with the blob's; then the file is
 * moved onto the target in one step. So the target is what it was before, or the whole blob; a failure or cancellation leaves
 * nothing. (But for a power failure: nothing is forced to the device, as with {@code cp}.)
 *
 * <p>The worker that leaves last, whichever it is, ends the download.
 */
final class FileDownload implements Transfer<Crc32c> {
    /** Workers, and so requests under way at once. */
    static final int WORKERS = 4;

    /** Bytes of a range. Direct memory in use is this times {@link #WORKERS}, which must leave room under -Xmx64m. */
    static final int RANGE = 4 << 20;

    /** Bytes per write: larger ones can be several times slower (docs/adr/0004). */
    private static final int WRITE = 128 * 1024;

    private final BlobStore store;
    private final BlobMetadata blob;
    private final Path target;
    private final Path temporary;
    private final FileChannel channel;
    private final int ranges;
    private final int[] checksums;
    private final CompletableFuture<Crc32c> outcome = new CompletableFuture<>();
    private final long startNanos = System.nanoTime();
    private volatile long endNanos;

    // Guarded by this:
    private final Set<Thread> inside = new HashSet<>();
    private int workers;
    private int nextRange;
    private int rangesDone;
    private long bytesDone;
    private boolean ending;
    private @Nullable Throwable failure;

    private FileDownload(BlobStore store, BlobMetadata blob, Path target) throws IOException {
        this.store = store;
        this.blob = blob;
        this.target = target;
        this.ranges = Math.toIntExact(Math.max(1, (blob.size() + RANGE - 1) / RANGE));
        this.checksums = new int[ranges];
        this.workers = Math.min(WORKERS, ranges);
        this.temporary = target.resolveSibling(".blobstore-" + UUID.randomUUID() + ".part");
        this.channel = FileChannel.open(temporary, StandardOpenOption.WRITE, StandardOpenOption.CREATE_NEW);
    }

    /**
     * Reads a blob into a file and waits for the end of it.
     *
     * @param target as {@link #requireWritable} gave it
     */
    static Measurement<Crc32c> run(BlobStore store, BlobMetadata blob, Path target, ProgressBar bar)
            throws IOException {
        ExecutorService threads = TransferRun.threads(WORKERS);
        try (bar) {
            return TransferRun.await(bar, () -> new FileDownload(store, blob, target).start(threads));
        } finally {
            threads.shutdown();
        }
    }

    /**
     * Checks, before anything is opened, that a file can be made or replaced here.
     *
     * @return where the file really is: behind symbolic links, which stay
     */
    static Path requireWritable(Path file) throws IOException {
        if (!Files.exists(file)) {
            Path directory = file.toAbsolutePath().getParent();
            if (directory == null || !Files.exists(directory)) {
                throw new NoSuchFileException(String.valueOf(directory));
            }
            if (!Files.isDirectory(directory)) {
                throw new NotDirectoryException(directory.toString());
            }
        } else if (!Files.isRegularFile(file)) {
            throw new FileSystemException(
                    file.toString(),
                    null,
                    Files.isDirectory(file)
                            ? "is a directory; name the file in it that is to be made"
                            : "is not a regular file, and would be replaced; name another one");
        }
        return Files.exists(file) ? file.toRealPath() : file;
    }

    private FileDownload start(ExecutorService threads) {
        int count = workers; // no longer read without the lock once the first one runs
        for (int i = 0; i < count; i++) {
            try {
                threads.execute(this::work);
            } catch (RuntimeException | Error e) { // no memory for another thread: the others end the download
                stop(e);
                if (leave()) {
                    end();
                }
            }
        }
        return this;
    }

    // ---- workers

    private void work() {
        synchronized (this) {
            inside.add(Thread.currentThread());
        }
        try {
            ByteBuffer buffer = ByteBuffer.allocateDirect((int) Math.min(RANGE, blob.size()));
            ReadOptions thisVersion = ReadOptions.ifMatch(blob.version());
            for (int range = takeRange(); range >= 0; range = takeRange()) {
                readRange(range, buffer, thisVersion);
            }
        } catch (Throwable e) {
            stop(e);
        } finally {
            boolean last = leave();
            Thread.interrupted(); // ours, if any: nobody else knows this thread
            if (last) {
                end();
            }
        }
    }

    private synchronized int takeRange() {
        return failure != null || nextRange == ranges ? -1 : nextRange++;
    }

    private void readRange(int range, ByteBuffer buffer, ReadOptions thisVersion) throws IOException {
        long offset = (long) range * RANGE;
        int length = length(range);
        buffer.clear().limit(length);
        ReadResult read = store.read(blob.key(), ByteRange.of(offset, length), buffer, thisVersion);
        checksums[range] = read.checksum().value();
        buffer.flip();
        for (int at = 0; at < length; at += WRITE) {
            writeFully(buffer.slice(at, Math.min(WRITE, length - at)), offset + at);
        }
        synchronized (this) {
            rangesDone++;
            bytesDone += length;
        }
    }

    private void writeFully(ByteBuffer piece, long position) throws IOException {
        while (piece.hasRemaining()) {
            channel.write(piece, position + piece.position());
        }
    }

    private int length(int range) {
        return (int) Math.min(RANGE, blob.size() - (long) range * RANGE);
    }

    /** Keeps the first failure, and stops the others; false if it is too late. */
    private synchronized boolean stop(Throwable problem) {
        if (ending) {
            return false;
        }
        if (failure == null) {
            failure = problem;
            inside.forEach(Thread::interrupt);
        }
        return true;
    }

    /** Counts a worker out; true if it was the last one. */
    private synchronized boolean leave() {
        inside.remove(Thread.currentThread());
        ending = --workers == 0;
        return ending;
    }

    // ---- the end

    private void end() {
        Crc32c checksum = Crc32c.EMPTY;
        for (int range = 0; range < ranges; range++) {
            checksum = checksum.combine(new Crc32c(checksums[range]), length(range));
        }
        Throwable problem = failure();
        try (channel) {
            if (problem == null) {
                requireIntact(checksum);
            }
        } catch (Throwable e) { // that of close, too: some file systems report a full disk there
            problem = problem == null ? e : problem;
        }
        problem = problem == null ? move() : problem;
        if (problem != null) {
            deleteTemporary(problem);
        }
        endNanos = System.nanoTime();
        if (problem == null) {
            outcome.complete(checksum);
        } else {
            outcome.completeExceptionally(problem);
        }
    }

    private synchronized @Nullable Throwable failure() {
        return failure;
    }

    private void requireIntact(Crc32c checksum) throws IntegrityException {
        if (blob.checksum().isPresent() && !blob.checksum().get().equals(checksum)) {
            throw new IntegrityException(
                    "read",
                    blob.key(),
                    "the store says it has " + blob.checksum().get() + ", but " + checksum
                            + " was read; nothing was written to " + target,
                    null);
        }
    }

    private @Nullable Throwable move() {
        try {
            Files.move(temporary, target, StandardCopyOption.ATOMIC_MOVE);
            return null;
        } catch (IOException | RuntimeException e) {
            return e;
        }
    }

    private void deleteTemporary(Throwable problem) {
        try {
            Files.deleteIfExists(temporary);
        } catch (IOException | RuntimeException e) {
            problem.addSuppressed(e);
        }
    }

    // ---- Transfer

    @Override
    public Crc32c join() throws IOException, InterruptedException {
        try {
            return outcome.get();
        } catch (ExecutionException e) {
            throw unwrap(e);
        }
    }

    @Override
    public Crc32c join(Duration timeout) throws IOException, InterruptedException, TimeoutException {
        try {
            return outcome.get(timeout.toNanos(), TimeUnit.NANOSECONDS);
        } catch (ExecutionException e) {
            throw unwrap(e);
        }
    }

    private static IOException unwrap(ExecutionException e) {
        Throwable cause = e.getCause();
        if (cause instanceof IOException problem) {
            return problem;
        }
        if (cause instanceof RuntimeException problem) {
            throw problem;
        }
        if (cause instanceof Error problem) {
            throw problem;
        }
        return new IOException(cause);
    }

    @Override
    public boolean cancel() {
        return stop(new CancellationException("download of '" + blob.key() + "' was cancelled"));
    }

    @Override
    public synchronized TransferProgress progress() {
        long end = endNanos != 0 ? endNanos : System.nanoTime();
        return new TransferProgress(bytesDone, blob.size(), rangesDone, ranges, 0, Duration.ofNanos(end - startNanos));
    }

    @Override
    public CompletableFuture<Crc32c> toCompletableFuture() {
        return outcome.copy();
    }
}
