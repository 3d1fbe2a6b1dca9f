package io.blobstore.server;

import static org.assertj.core.api.Assertions.assertThat;

import io.blobstore.BlobKey;
import io.blobstore.BlobSource;
import io.blobstore.ByteRange;
import io.blobstore.StoreOptions;
import io.blobstore.cas.CacheOptions;
import io.blobstore.cas.StorageMode;
import io.blobstore.server.ServerFixture.Content;
import java.io.IOException;
import java.io.InputStream;
import java.net.SocketException;
import java.nio.ByteBuffer;
import java.util.Arrays;
import java.util.concurrent.CountDownLatch;
import org.junit.jupiter.api.Test;

/** What clients get while the bucket is slow, hangs or fails. */
class SlowRemoteTierTest extends RemoteTierFixture {
    /** Stores the casblob of some content, perhaps with a flipped bit near its end. */
    private Content storeLarge(boolean damaged) throws IOException {
        Content content = ServerFixture.random(7, 16 * MIB);
        try (ServerFixture first = ServerFixture.start(
                directory.resolve("first"),
                CacheOptions.builder()
                        .maxBytes(1L << 30)
                        .storageMode(StorageMode.ZSTD)
                        .build(),
                builder -> builder.remote(RemoteOptions.of(bucket)))) {
            upload(first, content);
        }
        if (damaged) {
            BlobKey key = BlobKey.of(key(content));
            ByteBuffer stored = ByteBuffer.allocate((int) bucket.head(key).size());
            bucket.read(key, ByteRange.all(), stored);
            int near = stored.limit() - 1000;
            stored.put(near, (byte) (stored.get(near) ^ 1)).flip();
            bucket.store(key, BlobSource.of(stored), StoreOptions.DEFAULT);
        }
        return content;
    }

    /** Starts a server with one thread that compresses, which bounds what has arrived but cannot be read yet. */
    private ServerFixture startWithOneThread(String name) throws IOException {
        return ServerFixture.start(
                directory.resolve(name),
                CacheOptions.builder().maxBytes(1L << 30).compressionThreads(1).build(),
                builder ->
                        builder.remote(RemoteOptions.builder(bucket).readOnly().build()));
    }

    /**
     * Reads what has arrived before the bucket goes on; returns all that the client gets. Of the 12 MiB that arrive
     * before, five frames of 1 MiB may be compressed, and another two incomplete.
     */
    private byte[] readWhileTheBucketStalls(ServerFixture server, Content content) throws IOException {
        bucket.stallsAt = 12 * MIB;
        bucket.tail = new CountDownLatch(1);
        try (RawClient client = server.connect()) {
            InputStream in = client.head("GET", content.path()).socket().getInputStream();
            StringBuilder head = new StringBuilder();
            while (head.indexOf("\r\n\r\n") < 0) {
                head.append((char) in.read());
            }
            assertThat(head.toString())
                    .startsWith("HTTP/1.1 200 ")
                    .containsIgnoringCase("content-length: " + content.bytes().length);
            byte[] first = in.readNBytes(4 * MIB);
            assertThat(first.length).as("bytes before the bucket goes on").isEqualTo(4 * MIB);
            assertThat(server.cache.stats().entries()).as("not complete").isZero();
            bucket.tail.countDown();
            byte[] rest;
            try {
                rest = in.readNBytes(content.bytes().length - first.length);
            } catch (SocketException e) {
                rest = new byte[0]; // it was reset
            }
            byte[] all = Arrays.copyOf(first, first.length + rest.length);
            System.arraycopy(rest, 0, all, first.length, rest.length);
            return all;
        } finally {
            bucket.tail.countDown();
        }
    }

    @Test
    void contentIsSentWhileItArrives() throws IOException {
        Content content = storeLarge(false);
        try (ServerFixture second = startWithOneThread("second")) {
            assertThat(Arrays.mismatch(readWhileTheBucketStalls(second, content), content.bytes()))
                    .isEqualTo(-1);
            assertThat(second.cache.stats().entries()).isEqualTo(1);
        }
    }

    @Test
    void contentThatTurnsOutToBeDamagedEndsWithoutItsLastPartAndIsNotKept() throws IOException {
        Content content = storeLarge(true);
        try (ServerFixture second = startWithOneThread("second")) {
            byte[] got = readWhileTheBucketStalls(second, content);
            assertThat(got.length).isLessThanOrEqualTo(content.bytes().length - MIB);
            assertThat(Arrays.mismatch(got, 0, got.length, content.bytes(), 0, got.length))
                    .isEqualTo(-1);
            assertThat(second.cache.stats().entries()).isZero();
        }
    }

    @Test
    void closingWhileTheBucketHangsDoesNotWaitForIt() throws Exception {
        Content content = ServerFixture.text(1, 2 * MIB);
        try (ServerFixture first = start("first")) {
            upload(first, content);
        }
        bucket.hanging = new CountDownLatch(1);
        int requests = bucket.requests.get();
        try (ServerFixture second = start("second", options -> options.lookupTimeout(ServerFixture.PATIENCE));
                RawClient client = second.connect()) {
            client.send("GET " + content.path() + " HTTP/1.1\r\nHost: a\r\n\r\n");
            ServerFixture.await(() -> bucket.requests.get() > requests);
        } finally {
            bucket.hanging.countDown();
        }
    }

    @Test
    void aBucketThatFailsOrHangsIsAMissAndLocalHitsGoOn() throws IOException {
        Content kept = ServerFixture.text(1, 1000);
        try (ServerFixture server = start("server", RemoteOptions.Builder::readOnly);
                RawClient client = server.connect()) {
            assertThat(client.put(kept.path(), kept.bytes()).status()).isEqualTo(200);
            bucket.down = true;
            bucket.requests.set(0);
            for (int i = 0; i < 10; i++) {
                assertThat(client.get(ServerFixture.text(10 + i, 100).path()).status())
                        .isEqualTo(404);
            }
            assertThat(bucket.requests).as("then it is left alone").hasValue(5);
            assertThat(client.get("/metrics").text()).contains("blobstore_remote_down 1");
            assertThat(client.get(kept.path()).body()).isEqualTo(kept.bytes());
        }
        bucket.down = false;
        bucket.hanging = new CountDownLatch(1);
        try (ServerFixture server = start("server2", RemoteOptions.Builder::readOnly);
                RawClient client = server.connect()) {
            assertThat(client.get(kept.path()).status()).isEqualTo(404);
        } finally {
            bucket.hanging.countDown();
        }
    }
}
