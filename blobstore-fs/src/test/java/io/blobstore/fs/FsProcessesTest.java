package io.blobstore.fs;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;

import io.blobstore.BlobAlreadyExistsException;
import io.blobstore.BlobKey;
import io.blobstore.BlobMetadata;
import io.blobstore.BlobNotFoundException;
import io.blobstore.BlobSource;
import io.blobstore.ByteRange;
import io.blobstore.Crc32c;
import io.blobstore.IncompleteUpload;
import io.blobstore.InvalidBlobKeyException;
import io.blobstore.MultipartUpload;
import io.blobstore.Precondition;
import io.blobstore.PreconditionFailedException;
import io.blobstore.StoreOptions;
import io.blobstore.StoredBlob;
import io.blobstore.UploadListing;
import io.blobstore.contract.CampaignScale;
import io.blobstore.contract.ChildJvm;
import io.blobstore.contract.LeakCheck;
import io.blobstore.spi.PartLayout;
import io.blobstore.transfer.TransferManager;
import io.blobstore.transfer.UploadOptions;
import java.io.IOException;
import java.io.OutputStream;
import java.nio.ByteBuffer;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Random;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.locks.LockSupport;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.ExtendWith;
import org.junit.jupiter.api.io.TempDir;

/** Tests several processes on one directory, and recovery from killed processes. */
@ExtendWith(LeakCheck.class)
class FsProcessesTest {
    private static final Duration PATIENCE = Duration.ofMinutes(2);
    private static final String[] QUICK = {"-Xmx64m", "-XX:+UseSerialGC", "-XX:TieredStopAtLevel=1"};

    @TempDir
    Path directory;

    // ---- kill -9

    private static final int KILLS = 2 * CampaignScale.of(100);
    private static final BlobKey REPLACED = BlobKey.of("replaced");

    /** Replaces one blob and adds others until it is killed, and prints each step. */
    static final class EndlessStorer {
        static final int PART = 16 * 1024;
        static final int PARTS = 6;

        public static void main(String[] args) throws Exception {
            Durability durability = Durability.valueOf(args[1]);
            try (FsBlobStore store = FsBlobStore.builder(Path.of(args[0]))
                            .durability(durability)
                            .open();
                    TransferManager uploader = TransferManager.create()) {
                UploadOptions options =
                        UploadOptions.builder().partSize(PART).concurrency(4).build();
                for (int i = Integer.parseInt(args[2]); ; i++) {
                    BlobSource content = BlobSource.of(content(i));
                    System.out.println("storing " + i);
                    uploader.upload(store, REPLACED, content, options).join();
                    System.out.println("replaced " + i);
                    UploadOptions ifAbsent = options.toBuilder()
                            .store(StoreOptions.builder()
                                    .precondition(Precondition.ifAbsent())
                                    .build())
                            .build();
                    uploader.upload(store, added(i), content, ifAbsent).join();
                    System.out.println("added " + i);
                }
            }
        }

        static BlobKey added(int i) {
            return BlobKey.of("added/" + i % 7 + "/" + i);
        }

        /** Returns content that contains its number, and has a size derived from it. */
        static ByteBuffer content(int i) {
            byte[] bytes = new byte[PART * (PARTS - 1) + 4 + i % 1000];
            new Random(i).nextBytes(bytes);
            return ByteBuffer.allocateDirect(bytes.length).put(bytes).flip().putInt(0, i);
        }
    }

    @Test
    void afterAKillAtAnyMomentEachKeyHoldsTheOldOrTheNewContentAndTheNextOpenSweeps() throws Exception {
        ExecutorService twoAtATime = Executors.newFixedThreadPool(2);
        try {
            List<Future<Integer>> series = IntStream.range(0, 2)
                    .mapToObj(number -> twoAtATime.submit(() -> killAndCheck(number, KILLS / 2)))
                    .toList();
            int kills = 0;
            for (Future<Integer> one : series) {
                kills += one.get();
            }
            assertThat(kills).isEqualTo(KILLS);
        } catch (ExecutionException e) {
            throw new AssertionError(e.getCause());
        } finally {
            twoAtATime.shutdown();
            assertThat(twoAtATime.awaitTermination(PATIENCE.toSeconds(), TimeUnit.SECONDS))
                    .isTrue();
        }
    }

    private Integer killAndCheck(int series, int kills) throws Exception {
        Path root = Files.createDirectory(directory.resolve("root" + series));
        Random random = new Random(series);
        int next = 0;
        for (int kill = 0; kill < kills; kill++) {
            Durability durability = kill % 2 == 0 ? Durability.NONE : Durability.SYNC;
            int last = next + random.nextInt(12);
            String event = List.of("storing ", "replaced ", "added ").get(random.nextInt(3));
            try (ChildJvm.Running child = ChildJvm.of(EndlessStorer.class, directory)
                    .with(QUICK)
                    .start(root.toString(), durability.name(), Integer.toString(next))) {
                child.awaitLine((event + last)::equals, PATIENCE);
                // Waits a random time: otherwise the kill would always hit the same few instructions.
                LockSupport.parkNanos(random.nextInt(40_000_000));
                child.kill();
                next = check(root, child.join(PATIENCE).output(), "series " + series + ", kill " + kill);
            }
        }
        return kills;
    }

    /** Checks the store after a kill, and returns the next number to store. */
    private static int check(Path root, String output, String which) throws IOException {
        int replaced = lastNumber(output, "replaced ");
        int added = lastNumber(output, "added ");
        int begun = lastNumber(output, "storing ");
        try (FsBlobStore store = FsBlobStore.open(root)) {
            assertThat(Tree.temporaries(root)).as(which + ": swept").isEmpty();
            int found = numberOf(store, REPLACED);
            assertThat(found).as(which + ": acknowledged content is stored").isBetween(replaced, begun);
            if (added >= 0) {
                assertThat(numberOf(store, EndlessStorer.added(added)))
                        .as(which)
                        .isEqualTo(added);
            }
            if (begun > added) {
                try {
                    assertThat(numberOf(store, EndlessStorer.added(begun)))
                            .as(which)
                            .isEqualTo(begun);
                    return begun + 1;
                } catch (BlobNotFoundException e) {
                    return begun;
                }
            }
            return begun + 1;
        }
    }

    /** Reads a blob, which verifies its checksum, and compares its content with the content stored. */
    private static int numberOf(FsBlobStore store, BlobKey key) throws IOException {
        ByteBuffer target = ByteBuffer.allocate(EndlessStorer.PART * EndlessStorer.PARTS);
        BlobMetadata metadata = store.read(key, ByteRange.all(), target).blob();
        assertThat(metadata.checksum()).isPresent();
        int number = target.getInt(0);
        assertThat(target.flip()).isEqualTo(EndlessStorer.content(number));
        return number;
    }

    private static int lastNumber(String output, String event) {
        return output.lines()
                .filter(line -> line.matches(event + "[0-9]+"))
                .mapToInt(line -> Integer.parseInt(line.substring(event.length())))
                .max()
                .orElse(-1);
    }

    // ---- sweeping

    /** Begins an upload, waits for a line of input, and completes it. */
    static final class SlowStorer {
        public static void main(String[] args) throws Exception {
            BlobSource part = BlobSource.of(ByteBuffer.allocateDirect(1000));
            try (FsBlobStore store = FsBlobStore.open(Path.of(args[0]));
                    MultipartUpload upload = store.createMultipartUpload(
                            BlobKey.of("slow"), new PartLayout(2000, 1000), StoreOptions.DEFAULT)) {
                Crc32c crc = upload.uploadPart(1, part).checksum();
                System.out.println("begun");
                if (System.in.read() < 0) {
                    throw new IOException("standard input ended");
                }
                upload.uploadPart(2, part);
                upload.complete(crc.combine(crc, 1000));
                System.out.println("done");
            }
        }
    }

    @Test
    void theTemporaryFilesOfALiveWriterAreNeverSwept() throws Exception {
        Path root = Files.createDirectory(directory.resolve("root"));
        try (ChildJvm.Running child =
                ChildJvm.of(SlowStorer.class, directory).with(QUICK).start(root.toString())) {
            child.awaitLine("begun"::equals, PATIENCE);
            try (FsBlobStore store = FsBlobStore.open(root)) {
                store.store(BlobKey.of("other"), ByteBuffer.allocate(1));
                try (OutputStream toChild = child.process().getOutputStream()) {
                    toChild.write('\n');
                }
                ChildJvm.Exit exit = child.join(PATIENCE);
                assertThat(exit.code()).as(exit.output()).isZero();
                assertThat(store.head(BlobKey.of("slow")).size()).isEqualTo(2000);
            }
        }
        assertThat(Tree.temporaries(root)).isEmpty();
    }

    @Test
    void aSecondStoreOfTheSameProcessNeitherSweepsNorUnlocksTheFirst() throws Exception {
        Path root = Files.createDirectory(directory.resolve("root"));
        BlobSource part = BlobSource.of(ByteBuffer.allocateDirect(1000));
        try (FsBlobStore first = FsBlobStore.open(root);
                MultipartUpload upload = first.createMultipartUpload(
                        BlobKey.of("slow"), new PartLayout(2000, 1000), StoreOptions.DEFAULT)) {
            Crc32c crc = upload.uploadPart(1, part).checksum();
            try (FsBlobStore second = FsBlobStore.open(root)) {
                second.store(BlobKey.of("other"), ByteBuffer.allocate(1));
            }
            // Without this process's lock, another process would consider the session dead.
            ChildJvm.Exit exit =
                    ChildJvm.of(OpenAndClose.class, directory).with(QUICK).run(PATIENCE, root.toString());
            assertThat(exit.code()).as(exit.output()).isZero();
            upload.uploadPart(2, part);
            upload.complete(crc.combine(crc, 1000));
        }
    }

    /** Opens a store, which deletes the temporary files of dead processes, and closes it. */
    static final class OpenAndClose {
        public static void main(String[] args) throws IOException {
            FsBlobStore.open(Path.of(args[0])).close();
        }
    }

    @Test
    void closingTheLastStoreLeavesNoTemporaryFilesAndNoSession() throws IOException {
        Path root = Files.createDirectory(directory.resolve("root"));
        try (FsBlobStore store = FsBlobStore.open(root)) {
            store.createMultipartUpload(BlobKey.of("unfinished"), new PartLayout(2, 1), StoreOptions.DEFAULT);
            store.store(BlobKey.of("blob"), ByteBuffer.allocate(1));
            assertThat(Tree.temporaries(root)).hasSize(2); // the content and the key
        }
        assertThat(Tree.all(root.resolve(".blobstore/tmp"))).isEmpty();
    }

    @Test
    void uploadsOfOtherProcessesAreListedAndAborted() throws Exception {
        Path root = Files.createDirectory(directory.resolve("root"));
        try (ChildJvm.Running child =
                ChildJvm.of(SlowStorer.class, directory).with(QUICK).start(root.toString())) {
            child.awaitLine("begun"::equals, PATIENCE);
            try (FsBlobStore store = FsBlobStore.open(root)) {
                IncompleteUpload upload;
                try (UploadListing listing = store.listUploads("sl")) {
                    upload = listing.next();
                    assertThat(listing.hasNext()).isFalse();
                }
                assertThat(upload.key()).isEqualTo(BlobKey.of("slow"));
                store.abortUpload(BlobKey.of("other"), upload.id()); // not of this key
                store.abortUpload(upload.key(), "../../" + upload.id());
                assertThat(Tree.temporaries(root)).hasSize(2);

                store.abortUpload(upload.key(), upload.id());

                assertThat(Tree.temporaries(root)).isEmpty();
            }
            try (OutputStream toChild = child.process().getOutputStream()) {
                toChild.write('\n');
            }
            assertThat(child.join(PATIENCE).output()).contains("the upload is gone");
        }
    }

    // ---- races

    private static final int RACERS = 4;
    private static final int RACES = 150;

    /** Tries to store each key first, and increments a counter by compare-and-set. */
    static final class Racer {
        public static void main(String[] args) throws Exception {
            try (FsBlobStore store = FsBlobStore.builder(Path.of(args[0]))
                    .durability(Durability.NONE)
                    .open()) {
                store.head(BlobKey.of("counter")); // loads classes before the start
                System.out.println("ready");
                if (System.in.read() < 0) {
                    throw new IOException("standard input ended");
                }
                for (int race = 0; race < RACES; race++) {
                    if (isFirst(store, BlobKey.of("race/" + race), args[1])) {
                        System.out.println("won " + race);
                    }
                    increment(store);
                }
            }
        }

        private static boolean isFirst(FsBlobStore store, BlobKey key, String name) throws IOException {
            StoreOptions ifAbsent =
                    StoreOptions.builder().precondition(Precondition.ifAbsent()).build();
            try {
                store.store(key, BlobSource.of(ByteBuffer.wrap(name.getBytes(UTF_8))), ifAbsent);
                return true;
            } catch (BlobAlreadyExistsException e) {
                return false;
            }
        }

        private static void increment(FsBlobStore store) throws IOException {
            for (; ; ) {
                ByteBuffer counter = ByteBuffer.allocate(Long.BYTES);
                BlobMetadata metadata = store.read(BlobKey.of("counter"), ByteRange.all(), counter)
                        .blob();
                counter.putLong(0, counter.getLong(0) + 1);
                StoreOptions ifUnchanged = StoreOptions.builder()
                        .precondition(Precondition.ifMatch(metadata.version()))
                        .build();
                try {
                    store.store(BlobKey.of("counter"), BlobSource.of(counter.rewind()), ifUnchanged);
                    return;
                } catch (PreconditionFailedException e) {
                    // Another process was faster: try again.
                }
            }
        }
    }

    @Test
    void betweenProcessesOnlyOneIsFirstAndNoCompareAndSetIsLost() throws Exception {
        Path root = Files.createDirectory(directory.resolve("root"));
        try (FsBlobStore store = FsBlobStore.open(root)) {
            StoredBlob counter = store.store(BlobKey.of("counter"), ByteBuffer.allocate(Long.BYTES));
            assertThat(counter.size()).isEqualTo(Long.BYTES);
            List<ChildJvm.Running> racers = new ArrayList<>();
            try {
                for (int i = 0; i < RACERS; i++) {
                    racers.add(ChildJvm.of(Racer.class, directory).with(QUICK).start(root.toString(), "racer" + i));
                }
                for (ChildJvm.Running racer : racers) {
                    racer.awaitLine("ready"::equals, PATIENCE);
                }
                for (ChildJvm.Running racer : racers) {
                    try (OutputStream toRacer = racer.process().getOutputStream()) {
                        toRacer.write('\n');
                    }
                }
                String[] winners = new String[RACES];
                for (int i = 0; i < RACERS; i++) {
                    ChildJvm.Exit exit = racers.get(i).join(PATIENCE);
                    assertThat(exit.code()).as(exit.output()).isZero();
                    String name = "racer" + i;
                    exit.output()
                            .lines()
                            .filter(line -> line.startsWith("won "))
                            .forEach(line -> {
                                int race = Integer.parseInt(line.substring(4));
                                assertThat(winners[race]).as("race " + race).isNull();
                                winners[race] = name;
                            });
                }
                for (int race = 0; race < RACES; race++) {
                    assertThat(root.resolve("race/" + race)).hasContent(winners[race]);
                }
            } finally {
                racers.forEach(ChildJvm.Running::close);
            }
            ByteBuffer sum = ByteBuffer.allocate(Long.BYTES);
            store.read(BlobKey.of("counter"), ByteRange.all(), sum);
            assertThat(sum.getLong(0)).isEqualTo((long) RACERS * RACES);
        }
    }

    @Test
    void storingAndDeletingInOneDirectoryDoNotDisturbEachOther() throws Exception {
        Path root = Files.createDirectory(directory.resolve("root"));
        ExecutorService threads = Executors.newFixedThreadPool(4);
        try (FsBlobStore store =
                FsBlobStore.builder(root).durability(Durability.NONE).open()) {
            List<Future<?>> work = new ArrayList<>();
            for (int t = 0; t < 4; t++) {
                BlobKey key = BlobKey.of("shared/deep/" + t);
                work.add(threads.submit(() -> {
                    for (int i = 0; i < 500; i++) {
                        store.store(key, ByteBuffer.allocate(10));
                        store.delete(key); // removes the directory when it is empty, while others store into it
                    }
                    return null;
                }));
            }
            for (Future<?> one : work) {
                one.get();
            }
            assertThat(Tree.blobsAndDirectories(root)).isEmpty();
        } finally {
            threads.shutdown();
        }
    }

    @Test
    void aBlobThatTakesThePlaceOfADirectoryIsNotDeletedWithIt() throws Exception {
        Path root = Files.createDirectory(directory.resolve("root"));
        ExecutorService threads = Executors.newFixedThreadPool(2);
        BlobKey place = BlobKey.of("place");
        BlobKey inside = BlobKey.of("place/inside");
        try (FsBlobStore store =
                FsBlobStore.builder(root).durability(Durability.NONE).open()) {
            Future<?> directories = threads.submit(() -> {
                for (int i = 0; i < 400; i++) {
                    if (stored(store, inside)) {
                        store.delete(inside); // removes the directory too
                    }
                }
                return null;
            });
            Future<?> blobs = threads.submit(() -> {
                for (int i = 0; i < 400; i++) {
                    if (stored(store, place)) {
                        assertThat(store.head(place).size()).isEqualTo(10);
                        store.delete(place);
                    }
                }
                return null;
            });
            while (!directories.isDone() || !blobs.isDone()) {
                try {
                    assertThat(store.head(inside).size()).isEqualTo(10);
                    store.copy(inside, BlobKey.of("copy"));
                } catch (BlobNotFoundException | PreconditionFailedException e) {
                    // deleted, or replaced
                }
            }
            store.delete(BlobKey.of("copy"));
            directories.get();
            blobs.get();
            assertThat(Tree.blobsAndDirectories(root)).isEmpty();
        } finally {
            threads.shutdown();
        }
    }

    /** Returns whether the blob was stored, and not refused because of the other one. */
    private static boolean stored(FsBlobStore store, BlobKey key) throws IOException {
        try {
            store.store(key, ByteBuffer.allocate(10));
            return true;
        } catch (InvalidBlobKeyException e) {
            return false;
        }
    }
}
