package io.blobstore.contract;

import io.blobstore.internal.memory.LeaseTicket;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.channels.FileChannel;
import java.nio.channels.SocketChannel;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Collections;
import java.util.HashSet;
import java.util.IdentityHashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeMap;
import java.util.concurrent.TimeUnit;
import java.util.regex.Pattern;
import java.util.stream.Stream;
import org.junit.jupiter.api.extension.AfterEachCallback;
import org.junit.jupiter.api.extension.BeforeEachCallback;
import org.junit.jupiter.api.extension.ExtensionContext;

/**
 * Fails a test that leaks a resource: an open lease or mapped file, a thread, a file, socket or selector, or a mapping
 * of a file.
 *
 * <pre>{@code
 * @ExtendWith(LeakCheck.class)
 * class MyStoreTest { … }
 * }</pre>
 *
 * <p>Compares the whole process before the {@code @BeforeEach} methods and after the {@code @AfterEach} ones: checked
 * tests must not run concurrently with others in one JVM. Descriptors and mappings are compared where
 * {@code /proc/self} exists; those of the JVM and of the class path do not count. Threads count if they belong to the
 * library or keep a JVM from ending; the check waits for threads that are about to end.
 */
public final class LeakCheck implements BeforeEachCallback, AfterEachCallback {
    /**
     * The JUnit configuration parameter with the time in milliseconds to wait for threads that are about to end;
     * default {@value #DEFAULT_PATIENCE}.
     */
    public static final String PATIENCE = "io.blobstore.contract.patience";

    private static final long DEFAULT_PATIENCE = 5000;

    private static final Pattern OF_CLASS_PATH = Pattern.compile(".*\\.(jar|jmod|jsa|class|zip)|.*\\.so(\\.[0-9.]+)?");

    private static final ExtensionContext.Namespace NAMESPACE = ExtensionContext.Namespace.create(LeakCheck.class);

    static {
        // The JDK opens an internal socket with the first channel, and never closes it.
        try {
            SocketChannel.open().close();
            if (Files.isReadable(ProcessMaps.MAPS)) {
                FileChannel.open(ProcessMaps.MAPS).close();
            }
        } catch (IOException e) {
            throw new ExceptionInInitializerError(e);
        }
    }

    @Override
    public void beforeEach(ExtensionContext context) throws IOException {
        context.getStore(NAMESPACE).put(Snapshot.class, Snapshot.take());
    }

    @Override
    public void afterEach(ExtensionContext context) throws Exception {
        Snapshot before = context.getStore(NAMESPACE).remove(Snapshot.class, Snapshot.class);
        before.requireNothingNew(Duration.ofMillis(
                context.getConfigurationParameter(PATIENCE, Long::parseLong).orElse(DEFAULT_PATIENCE)));
    }

    /**
     * The resources that a process holds at one moment.
     *
     * @param leases the open leases, compared by identity
     * @param leaked the number of leases that were found unreachable so far
     * @param descriptors the number of descriptors of each target
     * @param mappings the number of mappings of each file
     */
    record Snapshot(
            Set<Throwable> leases,
            long leaked,
            Set<Thread> threads,
            Map<String, Integer> descriptors,
            Map<String, Integer> mappings) {

        static Snapshot take() throws IOException {
            Set<Throwable> leases = Collections.newSetFromMap(new IdentityHashMap<>());
            leases.addAll(LeaseTicket.openLeases());
            return new Snapshot(
                    leases,
                    LeaseTicket.leaked(),
                    new HashSet<>(Thread.getAllStackTraces().keySet()),
                    descriptorsNow(),
                    mappingsNow());
        }

        void requireNothingNew(Duration patience) throws IOException, InterruptedException {
            List<AssertionError> leaks = new ArrayList<>();
            awaitThreads(patience, leaks); // first: an ending thread may be about to release the rest
            Snapshot now = take();
            for (Throwable lease : now.leases) {
                if (!leases.contains(lease)) {
                    leaks.add(new AssertionError("never closed: " + lease.getMessage(), lease));
                }
            }
            if (now.leaked > leaked) {
                leaks.add(new AssertionError((now.leaked - leaked) + " leases were found unreachable; see the log"));
            }
            added(descriptors, now.descriptors)
                    .forEach((target, count) ->
                            leaks.add(new AssertionError(count + " file descriptor(s) left open: " + target)));
            added(mappings, now.mappings)
                    .forEach(
                            (file, count) -> leaks.add(new AssertionError(count + " mapping(s) left behind: " + file)));
            throwIfAny(leaks);
        }

        private void awaitThreads(Duration patience, List<AssertionError> leaks) throws InterruptedException {
            long deadline = System.nanoTime() + patience.toNanos();
            for (Thread thread : Thread.getAllStackTraces().keySet()) {
                if (threads.contains(thread) || !counts(thread)) {
                    continue;
                }
                long left = TimeUnit.NANOSECONDS.toMillis(deadline - System.nanoTime());
                thread.join(Math.max(1, left));
                if (thread.isAlive()) {
                    AssertionError leak = new AssertionError("thread '" + thread.getName() + "' is still running");
                    leak.setStackTrace(thread.getStackTrace());
                    leaks.add(leak);
                }
            }
        }

        /** Returns whether a thread counts as a leak. JUnit creates its threads when it first needs them. */
        private static boolean counts(Thread thread) {
            return thread != Thread.currentThread()
                    && !thread.getName().startsWith("junit-")
                    && (!thread.isDaemon() || thread.getName().startsWith("blobstore"));
        }
    }

    private static void throwIfAny(List<AssertionError> leaks) {
        if (leaks.isEmpty()) {
            return;
        }
        AssertionError all = new AssertionError("The test leaked:  "
                + String.join("; ", leaks.stream().map(Throwable::getMessage).toList()));
        leaks.forEach(all::addSuppressed);
        throw all;
    }

    private static Map<String, Integer> added(Map<String, Integer> before, Map<String, Integer> now) {
        Map<String, Integer> added = new TreeMap<>();
        now.forEach((name, count) -> {
            int more = count - before.getOrDefault(name, 0);
            if (more > 0) {
                added.put(name, more);
            }
        });
        return added;
    }

    private static Map<String, Integer> descriptorsNow() throws IOException {
        Map<String, Integer> targets = OpenDescriptors.now().targets();
        targets.keySet().removeIf(target -> !target.startsWith("socket:") && !isSelector(target) && !isOurs(target));
        return targets;
    }

    /**
     * Returns whether a descriptor is one of a selector. On JDKs with virtual threads these are not counted, as the JDK
     * opens selectors for them at any time and keeps them.
     */
    private static boolean isSelector(String target) {
        return target.startsWith("anon_inode:[event") && Runtime.version().feature() < 21;
    }

    private static Map<String, Integer> mappingsNow() throws IOException {
        Map<String, Integer> files = new TreeMap<>();
        if (!Files.isReadable(ProcessMaps.MAPS)) {
            return files;
        }
        try (Stream<String> lines = Files.lines(ProcessMaps.MAPS)) {
            // address, permissions, offset, device, inode, path; the path alone has slashes, may contain spaces, and is
            // absent for plain memory
            lines.filter(line -> line.indexOf('/') >= 0)
                    .map(line -> line.substring(line.indexOf('/')))
                    .filter(LeakCheck::isOurs)
                    .forEach(file -> files.merge(file, 1, Integer::sum));
        } catch (UncheckedIOException e) {
            throw e.getCause();
        }
        return files;
    }

    /** Returns whether a file belongs to a test, and not to the JVM or the class path. */
    private static boolean isOurs(String target) {
        String path = target.endsWith(ProcessMaps.DELETED)
                ? target.substring(0, target.length() - ProcessMaps.DELETED.length())
                : target;
        if (!path.startsWith("/") || path.contains("/hsperfdata_")) {
            return false; // pipe:, anon_inode:, [heap]
        }
        if (OF_CLASS_PATH.matcher(path).matches()) {
            return false;
        }
        return path.startsWith(System.getProperty("java.io.tmpdir"))
                || Stream.of("/proc/", "/sys/", "/dev/", "/usr/", "/lib", "/etc/", "/memfd:", JVM.HOME)
                        .noneMatch(path::startsWith);
    }

    private static final class JVM {
        static final String HOME = realPath(System.getProperty("java.home"));

        private static String realPath(String path) {
            try {
                return Path.of(path).toRealPath().toString();
            } catch (IOException e) {
                return path;
            }
        }
    }
}
