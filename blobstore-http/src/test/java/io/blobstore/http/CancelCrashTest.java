package io.blobstore.http;

import static org.assertj.core.api.Assertions.assertThat;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import io.blobstore.contract.CampaignScale;
import io.blobstore.contract.ChildJvm;
import io.blobstore.contract.ChildJvm.Exit;
import io.blobstore.contract.OpenDescriptors;
import io.blobstore.internal.memory.LeaseTicket;
import io.blobstore.memory.Lease;
import io.blobstore.memory.MappedFile;
import java.nio.channels.ClosedByInterruptException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.EnumMap;
import java.util.HashSet;
import java.util.Map;
import java.util.Random;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.stream.Stream;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/**
 * Ends calls at random points, ten thousand in the campaign tier, and at once unmaps the memory that each read or
 * filled: an access to that memory afterwards would crash the JVM, so they run in a child JVM.
 */
@Tag("jdk")
class CancelCrashTest {
    private static final Path MAPPINGS = Path.of("/proc/self/maps");

    @TempDir
    private Path directory;

    @Test
    void endingACallAtAnyPointAndUnmappingIsSafe() throws Exception {
        assumeTrue(Files.isDirectory(OpenDescriptors.DIRECTORY), "only Linux has " + OpenDescriptors.DIRECTORY);
        Map<TestNetChannel, Integer> times = new EnumMap<>(Map.of(
                TestNetChannel.PLAIN, CampaignScale.of(7000),
                TestNetChannel.TLS_OPENSSL, CampaignScale.of(2000),
                TestNetChannel.TLS_JDK, CampaignScale.of(1000)));
        int wanted = times.size();
        times.keySet().removeIf(channel -> !channel.isAvailable());

        Exit exit = ChildJvm.of(Child.class, directory)
                .with("-XX:+UseSerialGC")
                .run(
                        Duration.ofMinutes(4),
                        times.entrySet().stream().map(Object::toString).toArray(String[]::new));

        assertThat(exit.code()).as(exit.output()).isZero();
        assertThat(exit.output()).doesNotContain("ERROR", "A fatal error");
        times.forEach((channel, least) -> assertThat(exit.output())
                .contains(channel + ": of at least " + least + " calls ended from outside the memory was unmapped"));
        System.out.println(exit.output().strip());
        assumeTrue(times.size() == wanted, "this platform has no native library for some channels");
    }

    private static void require(boolean condition, String what) {
        if (!condition) {
            throw new AssertionError(what);
        }
    }

    /** The program of the child JVM. */
    static final class Child {
        private static final int SIZE = 1 << 20;
        private static final int WORKERS = 2;
        /** The maximum number of calls per call to be ended, if not all moments have been tried before. */
        private static final int MAX_RATIO = 10;

        private static final Duration PATIENCE = Duration.ofSeconds(20);

        private final AtomicInteger sent = new AtomicInteger();
        private final AtomicInteger received = new AtomicInteger();
        private final AtomicInteger cancelled = new AtomicInteger();
        private final AtomicInteger interrupted = new AtomicInteger();
        private final AtomicInteger numbers = new AtomicInteger();
        /** The bytes that the server has read or written, by the request's target. */
        private final Map<String, MovedBytes> progress = new ConcurrentHashMap<>();

        private final TestNetChannel channel;

        private Child(TestNetChannel channel) {
            this.channel = channel;
        }

        /** Ends calls over each channel of the arguments, which have the form {@code PLAIN=700}. */
        public static void main(String[] args) throws Exception {
            Map<TestNetChannel, Integer> times = new EnumMap<>(TestNetChannel.class);
            for (String arg : args) {
                String[] parts = arg.split("=");
                times.put(TestNetChannel.valueOf(parts[0]), Integer.parseInt(parts[1]));
            }
            for (int worker = 0; worker < WORKERS; worker++) {
                Calls.makeSparse(Path.of("blob-" + worker).toAbsolutePath(), SIZE);
            }
            for (TestNetChannel channel : times.keySet()) {
                new Child(channel).run(20); // loads classes and libraries, which hold descriptors
            }
            OpenDescriptors descriptors = OpenDescriptors.now();
            Set<Thread> threads = new HashSet<>(Thread.getAllStackTraces().keySet());

            for (Map.Entry<TestNetChannel, Integer> entry : times.entrySet()) {
                Child all = new Child(entry.getKey());
                all.run(entry.getValue());
                requireNothingLeft(descriptors, threads);
                all.requireAllMoments(entry.getValue());
            }
        }

        private static void requireNothingLeft(OpenDescriptors descriptors, Set<Thread> threads) throws Exception {
            require(LeaseTicket.openLeases().isEmpty(), "leases are left: " + LeaseTicket.openLeases());
            require(LeaseTicket.leaked() == 0, "leases were forgotten");
            try (Stream<String> mappings = Files.lines(MAPPINGS)) {
                require(mappings.noneMatch(line -> line.contains("/blob-")), "mappings are left");
            }
            descriptors.requireNoMore();
            for (Thread thread : Thread.getAllStackTraces().keySet()) {
                if (!threads.contains(thread) && !thread.isDaemon()) {
                    thread.join(10_000);
                    require(!thread.isAlive(), "thread " + thread + " is left");
                }
            }
        }

        private void requireAllMoments(int times) {
            System.out.println(channel + ": of at least " + times
                    + " calls ended from outside the memory was unmapped at once: " + cancelled + " cancelled, "
                    + interrupted + " interrupted, besides " + sent + " sent and " + received + " received");
            require(cancelled.get() + interrupted.get() >= times, "too few");
            require(cancelled.get() > 0 && interrupted.get() > 0, "both ways must be tried");
            require(sent.get() > 0 && received.get() > 0, "all moments must be tried, the end too");
        }

        /** Executes calls until a number of them were ended. */
        private void run(int times) throws Exception {
            ExecutorService workers = Executors.newFixedThreadPool(WORKERS);
            byte[] content = new byte[64 << 10];
            try (ScriptedServer server = channel.server(exchange -> {
                        MovedBytes moved = progress.getOrDefault(exchange.target(), new MovedBytes());
                        while (exchange.bodyReceived() < exchange.bodyLength()) {
                            long some = Math.min(content.length, exchange.bodyLength() - exchange.bodyReceived());
                            exchange.discardBody(some);
                            moved.add(some);
                        }
                        exchange.respondHead(200, exchange.bodyLength() > 0 ? 0 : SIZE);
                        for (int at = 0; at < SIZE && exchange.bodyLength() == 0; at += content.length) {
                            exchange.output().write(content);
                            moved.add(content.length);
                        }
                    });
                    HttpClient client = channel.client().build()) {
                Future<?>[] ends = new Future<?>[WORKERS];
                for (int worker = 0; worker < WORKERS; worker++) {
                    Path file = Path.of("blob-" + worker).toAbsolutePath();
                    Random random = new Random(worker);
                    ends[worker] = workers.submit(() -> {
                        ExecutorService canceller = Executors.newSingleThreadExecutor();
                        try {
                            while (!isEnough(times)) {
                                one(client, server, file, random, canceller);
                            }
                        } finally {
                            canceller.shutdown();
                            require(canceller.awaitTermination(20, TimeUnit.SECONDS), "a canceller hangs");
                        }
                        return null;
                    });
                }
                for (Future<?> end : ends) {
                    end.get();
                }
            } finally {
                workers.shutdown();
                require(workers.awaitTermination(20, TimeUnit.SECONDS), "a worker hangs");
            }
        }

        /** Returns whether enough calls were ended, and all moments were tried, as far as that happens in time. */
        private boolean isEnough(int times) {
            boolean allMoments = cancelled.get() > 0 && interrupted.get() > 0 && sent.get() > 0 && received.get() > 0;
            return cancelled.get() + interrupted.get() >= times && (allMoments || numbers.get() >= MAX_RATIO * times);
        }

        private void one(HttpClient client, ScriptedServer server, Path path, Random random, ExecutorService canceller)
                throws Exception {
            boolean sending = random.nextInt(3) > 0;
            boolean interrupting = random.nextInt(8) == 0;
            // Beyond the size, the call completes. At zero, it is ended before the first byte.
            long when = random.nextInt(4) == 0 ? 0 : random.nextInt(SIZE + SIZE / 16);
            int spins = random.nextInt(4_000);
            String target = "/" + numbers.incrementAndGet();
            MovedBytes moved = new MovedBytes();
            progress.put(target, moved);

            MappedFile file =
                    MappedFile.open(path, sending ? MappedFile.Access.READ_ONLY : MappedFile.Access.READ_WRITE);
            HttpCall call = client.newCall(
                    sending
                            ? HttpRequest.of("PUT", server.endpoint(), target, HttpHeaders.EMPTY, file.region())
                            : HttpRequest.of("GET", server.endpoint(), target, HttpHeaders.EMPTY));
            Thread caller = Thread.currentThread();
            Future<?> cancellation = canceller.submit(() -> {
                moved.await(when, PATIENCE);
                for (int spin = 0; spin < spins; spin++) {
                    Thread.onSpinWait(); // shorter than the inaccuracy of a sleep
                }
                if (when < SIZE && interrupting) {
                    caller.interrupt();
                } else if (when < SIZE) {
                    call.cancel();
                }
                return null;
            });
            try {
                if (sending) {
                    call.execute(ResponseHandler.KEEP);
                    sent.incrementAndGet();
                } else {
                    try (Lease lease = file.region().acquireWritable()) {
                        call.execute(Calls.into(lease.buffers().get(0)));
                        received.incrementAndGet();
                    }
                }
            } catch (TransportException e) {
                require(e.kind() == TransportException.Kind.CANCELLED && !interrupting, "ended by " + e);
                cancelled.incrementAndGet();
            } catch (ClosedByInterruptException e) {
                require(interrupting, "ended by " + e);
                interrupted.incrementAndGet();
            } finally {
                file.close();
                require(file.isReleased(), "not unmapped");
                moved.end();
                progress.remove(target);
            }
            await(cancellation);
            Thread.interrupted(); // the interrupt may have come after the call ended
        }

        private static void await(Future<?> cancellation) throws ExecutionException {
            while (true) {
                try {
                    Thread.interrupted();
                    cancellation.get();
                    return;
                } catch (InterruptedException e) {
                    // the interrupt of the canceller
                }
            }
        }
    }
}
