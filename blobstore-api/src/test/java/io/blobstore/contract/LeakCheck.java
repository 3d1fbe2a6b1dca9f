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
 * Fails every test that leaves something behind which it did not find: an open lease or mapped file, a thread, a file
 * or socket or selector, a mapping of a file.
 *
 * <pre>{@code
 * @ExtendWith(LeakCheck.class)
 * class MyStoreTest { … }
 * }</pre>
 *
 * <p>It looks before the {@code @BeforeEach} methods and after the {@code @AfterEach} ones, at the whole process: tests
 * that it watches must not run beside others in one JVM. Descriptors and mappings are compared where {@code /proc/self}
 * exists; those of the JVM and of the class path do not count. Threads count if they are the library's or keep a JVM
 * from ending; a thread that is about to end is waited for.
 */
public final class LeakCheck implements BeforeEachCallback, AfterEachCallback {
    /**
     * The JUnit configuration parameter for how long, in milliseconds, to wait for threads that were told to end and do
     * so in their own time; default {@value #DEFAULT_PATIENCE}.
     */
    public static final String PATIENCE = "io.blobstore.contract.patience";

    private static final long DEFAULT_PATIENCE = 5000;

    private static final Pattern OF_CLASS_PATH = Pattern.compile(".*\\.(jar|jmod|jsa|class|zip)|.*\\.so(\\.[0-9.]+)?");

    private static final ExtensionContext.Namespace NAMESPACE = ExtensionContext.Namespace.create(LeakCheck.class);

    static {
        // The JDK opens a socket of its own with the first channel, and never closes it.
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
     * What a process holds at one moment.
     *
     * @param leases compared by identity
     * @param leaked how many leases were found unreachable so far
     * @param descriptors how many descriptors point to each target
     * @param mappings how many mappings each file has
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
            awaitThreads(patience, leaks); // first: an ending thread may be about to give back the rest
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
                    AssertionError leak = new AssertionError("thread '" + thread.getName() + "' goes on");
                    leak.setStackTrace(thread.getStackTrace());
                    leaks.add(leak);
                }
            }
        }

        /** JUnit makes its threads when it first needs them. */
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
        AssertionError all = new AssertionError("The test left behind: "
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
     * A JDK with virtual threads opens selectors of its own for them, at some time, and keeps them: there none is
     * counted.
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

    /** Whether a file is a test's, and not the JVM's or the class path's. */
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
