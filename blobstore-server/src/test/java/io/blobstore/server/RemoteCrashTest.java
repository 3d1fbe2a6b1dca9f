package io.blobstore.server;

import static org.assertj.core.api.Assertions.assertThat;

import io.blobstore.BlobKey;
import io.blobstore.BlobSource;
import io.blobstore.BlobStoreException;
import io.blobstore.ForwardingBlobStore;
import io.blobstore.Operation;
import io.blobstore.StoreOptions;
import io.blobstore.StoredBlob;
import io.blobstore.cas.CacheOptions;
import io.blobstore.cas.ContentCache;
import io.blobstore.contract.ChildJvm;
import io.blobstore.contract.LeakCheck;
import io.blobstore.fs.FsBlobStore;
import io.blobstore.server.ServerFixture.Content;
import java.io.IOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.time.Duration;
import java.util.List;
import java.util.concurrent.CountDownLatch;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.ExtendWith;
import org.junit.jupiter.api.io.TempDir;

/** What a server has acknowledged is uploaded after a kill, once. */
@ExtendWith(LeakCheck.class)
class RemoteCrashTest {
    private static final Duration PATIENCE = Duration.ofMinutes(1);
    private static final int CONTENTS = 20;

    @TempDir
    Path directory;

    /** A bucket in a directory, down while a file exists, that logs what is stored. */
    private static final class Logged extends ForwardingBlobStore {
        private final Path directory;

        Logged(Path directory) throws IOException {
            super(FsBlobStore.open(Files.createDirectories(directory.resolve("bucket"))));
            this.directory = directory;
        }

        @Override
        public StoredBlob store(BlobKey key, BlobSource content, StoreOptions options) throws IOException {
            if (Files.exists(directory.resolve("down"))) {
                throw new BlobStoreException(Operation.STORE, key, "the bucket is down", null, true);
            }
            StoredBlob stored = super.store(key, content, options);
            Files.writeString(
                    directory.resolve("log"), key + "\n", StandardOpenOption.CREATE, StandardOpenOption.APPEND);
            return stored;
        }

        @Override
        public String toString() {
            return "logged";
        }
    }

    private static CacheServer serve(ContentCache cache, Logged bucket) throws IOException {
        return CacheServer.builder(cache)
                .http(HttpOptions.builder().build())
                .remote(RemoteOptions.of(bucket))
                .start();
    }

    /** Serves until it is killed. */
    static final class Server {
        public static void main(String[] args) throws Exception {
            Path directory = Path.of(args[0]);
            ContentCache cache = ContentCache.open(directory.resolve("cache"), CacheOptions.ofMaxBytes(1L << 30));
            System.out.println(
                    "port " + serve(cache, new Logged(directory)).httpAddress().getPort());
            new CountDownLatch(1).await();
        }
    }

    private static Content content(int number) {
        return ServerFixture.text(number, number % 5 == 0 ? ServerFixture.MIB + number : 100 + number);
    }

    @Test
    void whatWasAcknowledgedBeforeAKillIsUploadedOnceAfterIt() throws Exception {
        Files.createFile(directory.resolve("down"));
        try (ChildJvm.Running child = ChildJvm.of(Server.class, directory)
                .with("-XX:TieredStopAtLevel=1")
                .start(directory.toString())) {
            String line = child.awaitLine(text -> text.startsWith("port "), PATIENCE);
            InetSocketAddress address =
                    new InetSocketAddress(InetAddress.getLoopbackAddress(), Integer.parseInt(line.substring(5)));
            try (RawClient client = new RawClient(address)) {
                for (int i = 0; i < CONTENTS; i++) {
                    Content content = content(i);
                    assertThat(client.put(content.path(), content.bytes()).status())
                            .isEqualTo(200);
                    assertThat(client.put("/ac/" + content.hash(), content.bytes())
                                    .status())
                            .isEqualTo(200);
                    assertThat(client.get(content.path()).body()).isEqualTo(content.bytes());
                }
            }
            child.kill();
            child.join(PATIENCE);
        }
        Files.delete(directory.resolve("down"));
        try (ContentCache cache = ContentCache.open(directory.resolve("cache"), CacheOptions.ofMaxBytes(1L << 30));
                Logged bucket = new Logged(directory)) {
            serve(cache, bucket).close(PATIENCE);
        }
        List<String> log = Files.readAllLines(directory.resolve("log"));
        assertThat(log).hasSize(2 * CONTENTS).doesNotHaveDuplicates();

        try (ContentCache empty = ContentCache.open(directory.resolve("empty"), CacheOptions.ofMaxBytes(1L << 30));
                Logged bucket = new Logged(directory);
                CacheServer server = serve(empty, bucket);
                RawClient client = new RawClient(server.httpAddress())) {
            for (int i = 0; i < CONTENTS; i++) {
                Content content = content(i);
                assertThat(client.get(content.path()).body()).isEqualTo(content.bytes());
                assertThat(client.get("/ac/" + content.hash()).body()).isEqualTo(content.bytes());
            }
        }
    }
}
