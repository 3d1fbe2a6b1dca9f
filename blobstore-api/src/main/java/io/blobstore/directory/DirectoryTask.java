package io.blobstore.directory;

import io.blobstore.BlobStoreException;
import io.blobstore.Crc32c;
import io.blobstore.Operation;
import io.blobstore.StorageFullException;
import io.blobstore.StoreNotFoundException;
import io.blobstore.directory.FileResult.Outcome;
import io.blobstore.directory.Pairs.Pair;
import io.blobstore.internal.concurrent.Interrupts;
import io.blobstore.transfer.TransferContext;
import io.blobstore.transfer.TransferTask;
import java.io.IOException;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.locks.ReentrantLock;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * A directory transfer. Each worker takes the next file from the source, and transfers it, until none is left: no list
 * of files is kept, and as many files are in flight as there are workers.
 *
 * <p>Files that only the target has are counted meanwhile. If there are some, and everything else has succeeded, the
 * last worker goes through source and target once more, and deletes them in batches.
 */
final class DirectoryTask implements TransferTask<DirectoryResult> {
    private static final Logger LOG = LoggerFactory.getLogger(DirectoryTask.class);

    /** The number of keys that S3 deletes with one request. */
    private static final int DELETE_BATCH = 1000;

    private final Direction direction;
    private final DirectoryOptions options;
    private final Selection selection;
    private final Tally tally;

    /** Held while the next file is looked for, also while a page of a listing is requested. */
    private final ReentrantLock lock = new ReentrantLock();
    // Guarded by lock:
    private @Nullable Pairs pairs;
    private boolean exhausted;
    private boolean ending;
    private int inFlight;
    private long sources;
    private long extraneous;
    private long plannedBytes;
    private int plannedFiles;

    DirectoryTask(Direction direction, DirectoryOptions options) {
        this.direction = direction;
        this.options = options;
        this.selection = new Selection(options);
        this.tally = new Tally(options);
    }

    @Override
    public String description() {
        return direction.description();
    }

    @Override
    public void begin(TransferContext context) throws IOException, InterruptedException {
        direction.begin();
        lock.lock();
        try {
            pairs = open(tally);
        } finally {
            lock.unlock();
        }
        context.startWorkers(options.concurrency() - 1, () -> transferFiles(context));
        transferFiles(context);
    }

    private Pairs open(Tally reading) throws IOException {
        boolean both = options.delete() || options.comparison() != Comparison.NONE;
        EntryStream source = direction.openSource(both, selection, reading);
        try {
            return new Pairs(source, both ? direction.openTarget(selection, reading) : EntryStream.EMPTY);
        } catch (IOException | RuntimeException e) {
            source.close();
            throw e;
        }
    }

    // ---- transfers

    private void transferFiles(TransferContext context) throws IOException, InterruptedException {
        for (Pair pair = take(context); pair != null; pair = take(context)) {
            try {
                transfer(pair, context);
            } finally {
                ended();
            }
        }
        if (isLast() && !context.isStopped()) {
            deleteExtraneous(context);
        }
    }

    /** Returns the next file of the source; null if there is none. */
    private @Nullable Pair take(TransferContext context) throws IOException {
        lock.lock();
        try {
            while (!exhausted && !context.isStopped() && pairs != null) {
                Pair pair = pairs.next();
                if (pair == null) {
                    exhausted = true;
                    context.planned(plannedBytes, plannedFiles);
                } else if (pair.source() == null) {
                    extraneous++;
                } else {
                    sources++;
                    inFlight++;
                    return pair;
                }
            }
            return null;
        } finally {
            lock.unlock();
        }
    }

    private void ended() {
        lock.lock();
        try {
            inFlight--;
        } finally {
            lock.unlock();
        }
    }

    /** Returns whether this worker is the one that ends the transfer, after all files. */
    private boolean isLast() {
        lock.lock();
        try {
            boolean last = exhausted && inFlight == 0 && !ending;
            ending |= last;
            return last;
        } finally {
            lock.unlock();
        }
    }

    private void transfer(Pair pair, TransferContext context) throws IOException, InterruptedException {
        DirectoryEntry source = pair.source();
        if (source == null) {
            return;
        }
        try {
            if (pair.target() != null && isUnchanged(source, pair.target(), context)) {
                tally.done(source, Outcome.UNCHANGED);
                return;
            }
            plan(source);
            if (options.dryRun()) {
                direction.check(source);
            } else {
                direction.transfer(source, context);
            }
            tally.done(source, Outcome.TRANSFERRED);
        } catch (IOException | RuntimeException e) {
            if (context.isStopped() || Interrupts.caused(e) || concernsAll(e)) {
                throw e;
            }
            tally.failed(source.path(), e);
        }
    }

    private void plan(DirectoryEntry source) {
        lock.lock();
        try {
            plannedBytes += source.size();
            plannedFiles++;
        } finally {
            lock.unlock();
        }
    }

    /** Returns whether every other file would fail for the same reason. */
    private static boolean concernsAll(Exception e) {
        return e instanceof StoreNotFoundException
                || e instanceof StorageFullException
                || e instanceof IllegalStateException; // the store is closed
    }

    private boolean isUnchanged(DirectoryEntry source, DirectoryEntry target, TransferContext context)
            throws IOException, InterruptedException {
        if (source.size() != target.size()) {
            return false;
        }
        return switch (options.comparison()) {
            case NONE -> false;
            case SIZE -> true;
            case SIZE_AND_TIME -> {
                Optional<Instant> written = source.lastModified();
                Optional<Instant> copied = target.lastModified();
                yield written.isPresent() && copied.isPresent() && !copied.get().isBefore(written.get());
            }
            case SIZE_AND_CHECKSUM -> {
                Optional<Crc32c> stored = direction.targetChecksum(target, context);
                yield stored.isPresent() && stored.equals(direction.sourceChecksum(source, context));
            }
        };
    }

    // ---- deletions

    private void deleteExtraneous(TransferContext context) throws IOException, InterruptedException {
        if (!options.delete() || extraneous == 0) {
            return;
        }
        if (tally.result().failed() > 0 || !tally.isComplete()) {
            LOG.warn("{}: nothing was deleted, as not everything could be read and transferred", description());
            return;
        }
        if (sources == 0 && !(direction instanceof DeleteDirection)) {
            throw new BlobStoreException(
                    Operation.DELETE,
                    null,
                    "the source has no files, so nothing was deleted from the target; check the source, or delete the"
                            + " target's files by themselves",
                    null,
                    false);
        }
        Tally reading = new Tally(DirectoryOptions.DEFAULT); // throws what it cannot read
        List<DirectoryEntry> batch = new ArrayList<>();
        try (Pairs again = open(reading)) {
            for (Pair pair = again.next(); pair != null && !context.isStopped(); pair = again.next()) {
                if (pair.source() == null && pair.target() != null) {
                    batch.add(pair.target());
                }
                if (batch.size() == DELETE_BATCH) {
                    delete(batch, context);
                    batch.clear();
                }
            }
        }
        if (!context.isStopped() && reading.isComplete()) {
            delete(batch, context);
        }
    }

    private void delete(List<DirectoryEntry> batch, TransferContext context) throws IOException, InterruptedException {
        Map<DirectoryEntry, ? extends IOException> failures =
                options.dryRun() || batch.isEmpty() ? Map.of() : direction.delete(batch, context);
        for (DirectoryEntry entry : batch) {
            IOException failure = failures.get(entry);
            if (failure == null) {
                tally.done(entry, Outcome.DELETED);
            } else {
                tally.failed(entry.path(), failure);
            }
        }
    }

    // ---- end

    @Override
    public DirectoryResult complete(TransferContext context) {
        return tally.result();
    }

    @Override
    public void release(@Nullable Throwable problem) {
        lock.lock();
        try (Pairs open = pairs) {
            LOG.debug("{} has ended: {}", description(), tally.result());
        } catch (IOException e) {
            LOG.warn("{}: the source or the target could not be closed", description(), e);
        } finally {
            lock.unlock();
        }
    }
}
