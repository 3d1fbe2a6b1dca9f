package io.blobstore.internal.file;

import java.io.IOException;
import java.nio.channels.FileChannel;
import java.nio.channels.FileLock;
import java.nio.channels.FileLockInterruptionException;
import java.nio.channels.OverlappingFileLockException;
import java.nio.file.Files;
import java.nio.file.LinkOption;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.nio.file.attribute.BasicFileAttributes;
import java.time.Duration;
import java.util.List;
import java.util.concurrent.ThreadLocalRandom;
import java.util.concurrent.locks.LockSupport;
import java.util.concurrent.locks.ReentrantLock;
import java.util.function.LongConsumer;
import java.util.stream.IntStream;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Excludes threads and processes from each other while they change a name: names share {@value #STRIPES} locks, and
 * each of these is three, taken in this order.
 *
 * <ol>
 *   <li>A lock in memory, for the threads of this class loader.
 *   <li>A monitor for the whole JVM: an interned string, which is the same object for all class loaders. Other class
 *       loaders must not even open the lock file meanwhile, as closing it would drop this process's lock.
 *   <li>A lock in a file, for processes.
 * </ol>
 *
 * <p><b>Why waiting for the file's lock is polling.</b> POSIX record locks belong to the process. If one thread holds
 * the lock of one stripe while another waits for a second stripe, the process holds and waits; two such processes look
 * like a deadlock to the kernel, which fails one of them (EDEADLK). No process waits inside the kernel here, so there
 * is nothing that it could take for a deadlock.
 *
 * <p><b>Fairness.</b> Whoever polls would always lose against a process that takes the lock again as soon as it has
 * released it. So the file has two locks, one byte each. A process takes the <em>turn</em>, then the <em>stripe</em>,
 * and releases the turn at once: a process that waits for the stripe has the turn, and is the next to get it. Those
 * that wait for the turn poll at random times, with equal chances in the long run.
 *
 * <p>Thread-safe.
 */
final class StripeLocks {
    private static final Logger LOG = LoggerFactory.getLogger(StripeLocks.class);
    private static final int STRIPES = 64;

    private static final long TURN = 0;
    private static final long STRIPE = 1;

    /** About as long as an action takes: a check and a rename. */
    private static final long MIN_PAUSE_NANOS = 20_000;
    /** One process at a time waits for a stripe; a long pause would delay all others. */
    private static final long MAX_PAUSE_FOR_STRIPE_NANOS = 1_000_000;
    /** Limits what polling costs if many processes wait for a process that was stopped. */
    private static final long MAX_PAUSE_FOR_TURN_NANOS = 4_000_000;

    private static final long WARN_AFTER_NANOS = Duration.ofSeconds(10).toNanos();

    private final List<Stripe> stripes;
    private final LongConsumer pause;

    private record Stripe(Path file, ReentrantLock threads, String classLoaders) {}

    private StripeLocks(List<Stripe> stripes, LongConsumer pause) {
        this.stripes = stripes;
        this.pause = pause;
    }

    /** Returns the locks whose files are in a directory, which exists. */
    static StripeLocks in(Path directory) throws IOException {
        return in(directory, LockSupport::parkNanos);
    }

    /**
     * Returns the locks whose files are in a directory.
     *
     * @param pause waits a number of nanoseconds; may return earlier
     */
    static StripeLocks in(Path directory, LongConsumer pause) throws IOException {
        // Its device and inode rather than its path, because a directory may be mounted at several paths.
        Object key = Files.readAttributes(directory, BasicFileAttributes.class).fileKey();
        String name = StripeLocks.class.getName() + ":" + (key != null ? key : directory) + "/";
        List<Stripe> stripes = IntStream.range(0, STRIPES)
                .mapToObj(i ->
                        new Stripe(directory.resolve(Integer.toString(i)), new ReentrantLock(), (name + i).intern()))
                .toList();
        return new StripeLocks(stripes, pause);
    }

    /**
     * Runs an action while no other thread or process runs one for the same name.
     *
     * @throws FileLockInterruptionException if the thread is interrupted before the action has begun
     */
    <T> T exclusively(String name, ProcessSession.Action<T> action) throws IOException {
        Stripe stripe = stripes.get(Math.floorMod(name.hashCode(), STRIPES));
        try {
            stripe.threads().lockInterruptibly();
        } catch (InterruptedException e) {
            throw interrupted();
        }
        try {
            synchronized (stripe.classLoaders()) {
                // Opened for each call, so that a lock file that was deleted by mistake is created again. Closing the
                // channel releases the stripe.
                try (FileChannel channel = FileChannel.open(
                        stripe.file(),
                        StandardOpenOption.CREATE,
                        StandardOpenOption.WRITE,
                        LinkOption.NOFOLLOW_LINKS)) {
                    try (FileLock turn = await(stripe, channel, TURN, MAX_PAUSE_FOR_TURN_NANOS)) {
                        await(stripe, channel, STRIPE, MAX_PAUSE_FOR_STRIPE_NANOS);
                    }
                    return action.run();
                }
            }
        } finally {
            stripe.threads().unlock();
        }
    }

    /** Takes the lock of one byte as soon as no other process has it. */
    private FileLock await(Stripe stripe, FileChannel channel, long position, long maxPause) throws IOException {
        long waited = 0;
        for (long limit = MIN_PAUSE_NANOS; ; limit = Math.min(2 * limit, maxPause)) {
            FileLock lock = tryLock(channel, position);
            if (lock != null) {
                return lock;
            }
            long nanos = ThreadLocalRandom.current().nextLong(limit / 2, limit + 1);
            pause.accept(nanos);
            if (Thread.interrupted()) {
                throw interrupted();
            }
            if (waited < WARN_AFTER_NANOS && waited + nanos >= WARN_AFTER_NANOS) {
                LOG.warn(
                        "Waiting for {}, which another process has kept locked for {} s; was it stopped?",
                        stripe.file(),
                        Duration.ofNanos(WARN_AFTER_NANOS).toSeconds());
            }
            waited += nanos;
        }
    }

    private static @Nullable FileLock tryLock(FileChannel channel, long position) throws IOException {
        try {
            return channel.tryLock(position, 1, false);
        } catch (OverlappingFileLockException e) {
            return null; // other code in this JVM locked the file
        }
    }

    private static FileLockInterruptionException interrupted() {
        Thread.currentThread().interrupt();
        return new FileLockInterruptionException();
    }
}
