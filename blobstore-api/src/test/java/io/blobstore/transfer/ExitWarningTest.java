package io.blobstore.transfer;

import static io.blobstore.transfer.ScriptedStore.KEY;
import static org.assertj.core.api.Assertions.assertThat;

import io.blobstore.BlobKey;
import io.blobstore.BlobSource;
import io.blobstore.BlobStore;
import io.blobstore.BlobStores;
import io.blobstore.contract.ChildJvm;
import io.blobstore.transfer.ScriptedStore.Request;
import java.io.File;
import java.lang.ref.ReferenceQueue;
import java.lang.ref.WeakReference;
import java.net.URL;
import java.net.URLClassLoader;
import java.nio.ByteBuffer;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CountDownLatch;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

@Tag("jdk")
@Timeout(120)
class ExitWarningTest {
    private static final Duration PATIENCE = Duration.ofMinutes(1);

    @TempDir
    private Path directory;

    /** Ends in one of several ways. */
    static final class Application {
        public static void main(String[] args) throws Exception {
            CountDownLatch inside = new CountDownLatch(2);
            ScriptedStore endless = new ScriptedStore().on(Request.STORE, part -> {
                inside.countDown();
                ScriptedStore.awaitInterrupt();
            });
            TransferManager transfers = TransferManager.create();
            if (args[0].equals("JOINED")) {
                transfers.upload(new ScriptedStore(), KEY, BlobSource.of()).join();
            } else if (args[0].equals("WRITER")) {
                transfers.openWriter(endless, KEY).write(ByteBuffer.allocate(1));
            } else {
                transfers.upload(endless, KEY, BlobSource.of());
                transfers.upload(endless, KEY, BlobSource.of());
                inside.await();
            }
            System.out.println("ready");
            switch (args[0]) {
                case "EXIT" -> System.exit(0);
                case "CLOSED" -> transfers.close(Duration.ZERO);
                case "SIGNAL" -> new CountDownLatch(1).await();
                default -> {}
            }
        }
    }

    @ParameterizedTest
    @CsvSource({"RUNNING, 2", "EXIT, 2", "WRITER, 1", "JOINED, 0", "CLOSED, 0"})
    void anApplicationThatEndsWithRunningTransfersIsWarnedOnce(String ending, int running) throws Exception {
        ChildJvm.Exit exit = ChildJvm.of(Application.class, directory).run(PATIENCE, ending);

        assertThat(exit.code()).isZero();
        List<String> warnings = exit.output()
                .lines()
                .filter(line -> line.contains("ExitWarning"))
                .toList();
        assertThat(warnings).as(exit.output()).hasSize(running == 0 ? 0 : 1);
        assertThat(warnings)
                .allMatch(warning -> warning.contains("The JVM exits while transfers are running")
                        && warning.split("upload of 'key'", -1).length == 1 + running);
    }

    @Test
    void aSignalIsNoReasonForAWarning() throws Exception {
        try (ChildJvm.Running running =
                ChildJvm.of(Application.class, directory).start("SIGNAL")) {
            running.awaitLine("ready"::equals, PATIENCE);

            running.process().destroy();

            assertThat(running.join(PATIENCE).output()).isEqualTo("ready");
        }
    }

    // ---- class loaders

    /** Uses the library, and does not close its manager. Loaded by another class loader. */
    public static final class Plugin implements Runnable {
        @Override
        public void run() {
            try (BlobStore store = BlobStores.open("mem:")) {
                TransferManager transfers =
                        TransferManager.builder().executor(Runnable::run).build();
                transfers
                        .upload(store, BlobKey.of("key"), BlobSource.of(ByteBuffer.allocate(10)))
                        .join();
            } catch (Exception e) {
                throw new IllegalStateException(e);
            }
        }
    }

    @Test
    void theWarningKeepsNoClassLoaderAlive() throws Exception {
        ReferenceQueue<ClassLoader> collected = new ReferenceQueue<>();
        WeakReference<ClassLoader> loader = runPlugin(collected);

        do {
            System.gc();
        } while (collected.remove(10) == null); // ends at the latest when the test times out

        assertThat(loader.get()).isNull();
    }

    private static WeakReference<ClassLoader> runPlugin(ReferenceQueue<ClassLoader> collected) throws Exception {
        List<URL> classPath = new ArrayList<>();
        for (String entry : System.getProperty("java.class.path").split(File.pathSeparator)) {
            classPath.add(new File(entry).toURI().toURL());
        }
        try (URLClassLoader loader =
                new URLClassLoader(classPath.toArray(new URL[0]), ClassLoader.getPlatformClassLoader())) {
            Class<?> plugin = loader.loadClass(Plugin.class.getName());
            assertThat(plugin).isNotEqualTo(Plugin.class);
            ((Runnable) plugin.getConstructor().newInstance()).run();
            return new WeakReference<>(loader, collected);
        }
    }
}
