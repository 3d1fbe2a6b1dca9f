package io.blobstore.contract;

import static org.assertj.core.api.Assertions.assertThat;
import static org.junit.jupiter.api.Assumptions.assumeTrue;
import static org.junit.platform.engine.discovery.DiscoverySelectors.selectClass;
import static org.junit.platform.engine.discovery.DiscoverySelectors.selectMethod;

import io.blobstore.BlobStore;
import io.blobstore.memory.Lease;
import io.blobstore.memory.MappedFile;
import java.io.IOException;
import java.nio.channels.FileChannel;
import java.nio.channels.SocketChannel;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.util.List;
import java.util.Queue;
import java.util.concurrent.ConcurrentLinkedQueue;
import java.util.concurrent.CountDownLatch;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.ExtendWith;
import org.junit.jupiter.api.io.TempDir;
import org.junit.platform.engine.DiscoverySelector;
import org.junit.platform.engine.TestExecutionResult;
import org.junit.platform.testkit.engine.EngineExecutionResults;
import org.junit.platform.testkit.engine.EngineTestKit;

/** Runs tests that leak resources, and checks that they fail. */
class LeakCheckTest {
    /** The resources that the tests leaked, to be released after the check. */
    private static final Queue<AutoCloseable> LEFT = new ConcurrentLinkedQueue<>();

    @TempDir
    static Path temporary;

    @AfterEach
    void putAway() throws Exception {
        for (AutoCloseable left = LEFT.poll(); left != null; left = LEFT.poll()) {
            left.close();
        }
    }

    @Test
    void aTestThatLeavesNothingPasses() {
        assertThat(failures(Tidy.class)).isEmpty();
    }

    @Test
    void aLeaseOfAFileIsFound() {
        assertThat(failures(LeavesALease.class)).singleElement().asString().contains("never closed: a lease of");
    }

    @Test
    void aLeaseOfACopyIsFound() {}

    @Test
    void aMappedFileIsFound() {
        assertThat(failures(LeavesAMappedFile.class))
                .singleElement()
                .asString()
                .contains("never closed: the MappedFile of");
    }

    @Test
    void aMappingIsFound() {
        assumeProc();
        assertThat(failures(LeavesAMappedFile.class))
                .singleElement()
                .asString()
                .contains("1 mapping(s) left behind: " + temporary);
    }

    @Test
    void aFileDescriptorIsFound() {
        assumeProc();
        assertThat(failures(LeavesAChannel.class))
                .singleElement()
                .asString()
                .contains("1 file descriptor(s) left open: " + temporary);
    }

    @Test
    void aDescriptorOfADeletedFileIsFound() {
        assumeProc();
        assertThat(failures(LeavesAChannelOfADeletedFile.class))
                .singleElement()
                .asString()
                .contains("1 file descriptor(s) left open: " + temporary);
    }

    @Test
    void aSocketIsFound() {
        assumeProc();
        assertThat(failures(LeavesASocket.class))
                .singleElement()
                .asString()
                .contains("1 file descriptor(s) left open: socket:");
    }

    @Test
    void aThreadThatKeepsTheJvmIsFound() {
        assertThat(failures(LeavesAThread.class))
                .singleElement()
                .asString()
                .contains("thread 'left-alone' is still running");
    }

    @Test
    void aThreadOfTheLibraryIsFoundEvenIfItIsADaemon() {
        assertThat(failures(LeavesADaemon.class))
                .singleElement()
                .asString()
                .contains("thread 'blobstore-left' is still running");
    }

    @Test
    void aLeftoverInAStoreIsFound() {
        assertThat(failures(selectMethod(LeavesSomethingInTheStore.class, "limitsAreLimits")))
                .singleElement()
                .asString()
                .contains("a forgotten temporary");
    }

    private static void assumeProc() {
        assumeTrue(Files.isDirectory(Path.of("/proc/self/fd")), "this system does not list open descriptors");
    }

    private static List<? extends Throwable> failures(Class<?> tests) {
        return failures(selectClass(tests));
    }

    private static List<? extends Throwable> failures(DiscoverySelector tests) {
        EngineExecutionResults results = EngineTestKit.engine("junit-jupiter")
                .selectors(tests)
                .configurationParameter(LeakCheck.PATIENCE, "100")
                .execute();
        assertThat(results.testEvents().finished().count()).isPositive();
        return results.testEvents()
                .failed()
                .map(event -> event.getRequiredPayload(TestExecutionResult.class))
                .map(result -> result.getThrowable().orElseThrow())
                .toList();
    }

    private static Path file() throws IOException {
        return Files.write(Files.createTempFile(temporary, "leak", ".bin"), new byte[100]);
    }

    // ---- the tests that leak

    @ExtendWith(LeakCheck.class)
    static class Tidy {
        @Test
        void putsAwayWhatItUses() throws Exception {
            Path path = file();
            try (MappedFile file = MappedFile.open(path);
                    Lease lease = file.region().acquire();
                    FileChannel channel = FileChannel.open(path)) {
                assertThat(lease.buffers().get(0).remaining()).isEqualTo(channel.size());
            }
        }
    }

    @ExtendWith(LeakCheck.class)
    static class LeavesALease {
        @Test
        void leaves() throws IOException {
            try (MappedFile file = MappedFile.open(file())) {
                LEFT.add(file.region().acquire());
            }
        }
    }

    @ExtendWith(LeakCheck.class)
    static class LeavesAMappedFile {
        @Test
        void leaves() throws IOException {
            LEFT.add(MappedFile.open(file()));
        }
    }

    @ExtendWith(LeakCheck.class)
    static class LeavesAChannel {
        @Test
        void leaves() throws IOException {
            LEFT.add(FileChannel.open(file(), StandardOpenOption.READ));
        }
    }

    @ExtendWith(LeakCheck.class)
    static class LeavesAChannelOfADeletedFile {
        @Test
        void leaves() throws IOException {
            Path path = file();
            LEFT.add(FileChannel.open(path, StandardOpenOption.READ));
            Files.delete(path);
        }
    }

    @ExtendWith(LeakCheck.class)
    static class LeavesASocket {
        @Test
        void leaves() throws IOException {
            LEFT.add(SocketChannel.open());
        }
    }

    @ExtendWith(LeakCheck.class)
    static class LeavesAThread {
        @Test
        void leaves() {
            leaveThread("left-alone", false);
        }
    }

    @ExtendWith(LeakCheck.class)
    static class LeavesADaemon {
        @Test
        void leaves() {
            leaveThread("blobstore-left", true);
        }
    }

    static class LeavesSomethingInTheStore extends BlobStoreContract {
        @Override
        protected BlobStore openStore(Path directory) {
            return new InMemoryBlobStore();
        }

        @Override
        protected List<String> leftovers() {
            return List.of("a forgotten temporary");
        }
    }

    private static void leaveThread(String name, boolean daemon) {
        CountDownLatch end = new CountDownLatch(1);
        Thread thread = new Thread(
                () -> {
                    try {
                        end.await();
                    } catch (InterruptedException e) {
                        // ends as well
                    }
                },
                name);
        thread.setDaemon(daemon);
        thread.start();
        LEFT.add(() -> {
            end.countDown();
            thread.join();
        });
    }
}
