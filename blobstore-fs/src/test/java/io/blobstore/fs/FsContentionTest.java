package io.blobstore.fs;

import static org.assertj.core.api.Assertions.assertThat;

import io.blobstore.BlobKey;
import io.blobstore.BlobListing;
import io.blobstore.BlobNotFoundException;
import io.blobstore.BlobSource;
import io.blobstore.ByteRange;
import io.blobstore.ListOptions;
import io.blobstore.Precondition;
import io.blobstore.PreconditionFailedException;
import io.blobstore.StoreOptions;
import io.blobstore.contract.Campaign;
import io.blobstore.contract.CampaignScale;
import io.blobstore.contract.ChildJvm;
import java.io.File;
import java.io.IOException;
import java.net.URL;
import java.net.URLClassLoader;
import java.nio.ByteBuffer;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Random;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.concurrent.atomic.AtomicLong;
import java.util.function.BooleanSupplier;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Tests that many threads of many processes use one directory without errors, and that none of them starves. */
class FsContentionTest {
    private static final Duration PATIENCE = Duration.ofMinutes(3);

    @TempDir
    Path directory;

    /**
     * Stores, copies and deletes blobs with many threads, each on keys of its own and on keys that all threads of all
     * processes share. Prints {@code operations N, preconditions N, fewest of a thread N, slowest N ms}; any failure
     * other than that of a precondition ends it.
     */
    static final class Worker {
        private final FsBlobStore store;
        private final AtomicLong operations = new AtomicLong();
        private final AtomicLong preconditions = new AtomicLong();
        private final AtomicLong slowestNanos = new AtomicLong();

        private Worker(FsBlobStore store) {
            this.store = store;
        }

        /** Runs with a directory, a name for the keys, a number of threads, and rounds or seconds to work. */
        public static void main(String[] args) throws Exception {
            System.out.println(work(args));
        }

        /** Works as described for {@link #main}; also called in other class loaders. */
        public static String work(String... args) throws Exception {
            int threads = Integer.parseInt(args[2]);
            int count = Integer.parseInt(args[3]);
            boolean timed = args[4].equals("seconds");
            ExecutorService executor = Executors.newFixedThreadPool(threads);
            try (FsBlobStore store = FsBlobStore.builder(Path.of(args[0]))
                    .durability(Durability.NONE)
                    .open()) {
                Worker worker = new Worker(store);
                long end = System.nanoTime() + Duration.ofSeconds(count).toNanos();
                List<Future<Long>> work = IntStream.range(0, threads)
                        .mapToObj(thread -> {
                            int[] rounds = new int[1];
                            BooleanSupplier goOn = () -> timed ? System.nanoTime() - end < 0 : rounds[0]++ < count;
                            return executor.submit(() -> worker.run(args[1] + thread, goOn));
                        })
                        .toList();
                long fewest = Long.MAX_VALUE;
                for (Future<Long> one : work) {
                    fewest = Math.min(fewest, one.get());
                }
                return "operations " + worker.operations + ", preconditions " + worker.preconditions
                        + ", fewest of a thread " + fewest + ", slowest "
                        + Duration.ofNanos(worker.slowestNanos.get()).toMillis() + " ms";
            } finally {
                executor.shutdown();
            }
        }

        private long run(String name, BooleanSupplier goOn) throws IOException {
            Random random = new Random(name.hashCode());
            long done = 0;
            while (goOn.getAsBoolean()) {
                BlobKey own = BlobKey.of("own/" + name + "/" + random.nextInt(4));
                BlobKey shared = BlobKey.of("shared/" + random.nextInt(8));
                BlobKey copy = BlobKey.of("copies/" + random.nextInt(3) + "/" + random.nextInt(2));
                counted(() -> store.store(own, content(own), StoreOptions.DEFAULT));
                counted(() -> requireContent(own));
                counted(() ->
                        store.store(shared, content(shared), random.nextBoolean() ? ifAbsent() : StoreOptions.DEFAULT));
                counted(() -> store.copy(own, copy));
                counted(() -> store.copy(shared, copy));
                counted(() -> requireContent(shared));
                counted(() -> delete(random.nextBoolean() ? shared : copy));
                counted(() -> delete(own));
                done++;
            }
            return done;
        }

        private interface Call {
            Object run() throws IOException;
        }

        private void counted(Call call) throws IOException {
            long start = System.nanoTime();
            try {
                call.run();
            } catch (PreconditionFailedException | BlobNotFoundException e) {
                preconditions.incrementAndGet(); // another thread was faster
            }
            operations.incrementAndGet();
            slowestNanos.accumulateAndGet(System.nanoTime() - start, Math::max);
        }

        private Object delete(BlobKey key) throws IOException {
            store.delete(key);
            return key;
        }

        private static StoreOptions ifAbsent() {
            return StoreOptions.builder().precondition(Precondition.ifAbsent()).build();
        }

        private static BlobSource content(BlobKey key) {
            byte[] bytes = new byte[2000];
            Arrays.fill(bytes, (byte) key.hashCode());
            return BlobSource.of(ByteBuffer.wrap(bytes));
        }

        private Object requireContent(BlobKey key) throws IOException {
            ByteBuffer found = ByteBuffer.allocate(2001);
            store.read(key, ByteRange.all(), found); // compares the checksum
            if (found.get(0) != (byte) key.hashCode()) {
                throw new AssertionError("another blob's content: " + key);
            }
            return found;
        }
    }

    @Test
    void manyThreadsOfTwoProcessesDoNotDisturbEachOther() throws Exception {
        work(2, 16, "6", "rounds");
    }

    @Test
    @Campaign(representedBy = FsContentionTest.class)
    void aMinuteOfManyThreadsOfFourProcesses() throws Exception {
        work(4, 64, Integer.toString(CampaignScale.of(60)), "seconds");
    }

    private void work(int processes, int threads, String count, String unit) throws Exception {
        Path root = Files.createDirectory(directory.resolve("root"));
        List<ChildJvm.Running> running = new ArrayList<>();
        try {
            for (int i = 0; i < processes; i++) {
                running.add(ChildJvm.of(Worker.class, directory)
                        .with("-XX:+UseSerialGC", "-XX:TieredStopAtLevel=1")
                        .start(root.toString(), "process" + i + "-", Integer.toString(threads), count, unit));
            }
            for (ChildJvm.Running one : running) {
                ChildJvm.Exit exit = one.join(PATIENCE);
                assertThat(exit.code()).as(exit.output()).isZero();
                assertThat(exit.output()).contains("operations ");
            }
        } finally {
            running.forEach(ChildJvm.Running::close);
        }
        requireOnlyBlobs(root);
    }

    private static void requireOnlyBlobs(Path root) throws IOException {
        try (FsBlobStore store = FsBlobStore.open(root);
                BlobListing blobs = store.list(ListOptions.DEFAULT)) {
            while (blobs.hasNext()) {
                assertThat(blobs.next().name()).matches("(shared|copies)/.*");
            }
        }
        assertThat(Tree.temporaries(root)).isEmpty();
    }

    // ---- class loaders

    @Test
    void twoClassLoadersOfOneProcessAndAnotherProcessDoNotDisturbEachOther() throws Exception {
        Path root = Files.createDirectory(directory.resolve("root"));
        ExecutorService threads = Executors.newFixedThreadPool(2);
        try (URLClassLoader first = classLoader();
                URLClassLoader second = classLoader();
                ChildJvm.Running child =
                        ChildJvm.of(Worker.class, directory).start(root.toString(), "child", "4", "10", "rounds")) {
            List<Future<String>> work = new ArrayList<>();
            for (URLClassLoader loader : List.of(first, second)) {
                var worker = loader.loadClass(Worker.class.getName()).getMethod("work", String[].class);
                worker.setAccessible(true);
                String[] args = {root.toString(), "loader" + work.size(), "4", "10", "rounds"};
                work.add(threads.submit(() -> (String) worker.invoke(null, (Object) args)));
            }
            for (Future<String> one : work) {
                assertThat(one.get()).contains("operations " + 4 * 10 * 8 + ",");
            }
            ChildJvm.Exit exit = child.join(PATIENCE);
            assertThat(exit.code()).as(exit.output()).isZero();
        } finally {
            threads.shutdown();
        }
        requireOnlyBlobs(root);
    }

    /** Returns a class loader that loads the library's classes again. */
    private static URLClassLoader classLoader() throws IOException {
        List<URL> urls = new ArrayList<>();
        for (String entry : System.getProperty("java.class.path").split(File.pathSeparator)) {
            urls.add(Path.of(entry).toUri().toURL());
        }
        return new URLClassLoader(urls.toArray(new URL[0]), ClassLoader.getPlatformClassLoader());
    }
}
