package io.blobstore.server;

import static io.blobstore.server.ServerFixture.KIB;
import static io.blobstore.server.ServerFixture.MIB;
import static org.assertj.core.api.Assertions.assertThat;

import com.sun.management.ThreadMXBean;
import io.blobstore.Sha256;
import io.blobstore.contract.CampaignScale;
import io.blobstore.contract.ChildJvm;
import io.blobstore.contract.LeakCheck;
import io.blobstore.server.ServerFixture.Content;
import io.netty.util.ResourceLeakDetector;
import java.io.IOException;
import java.io.InputStream;
import java.lang.management.ManagementFactory;
import java.lang.management.ThreadInfo;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.nio.file.Path;
import java.security.MessageDigest;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.ExtendWith;
import org.junit.jupiter.api.io.TempDir;

/** Guards that content is never on the heap, and that memory is bounded whatever its size. */
@Tag("jdk")
@ExtendWith(LeakCheck.class)
class HttpMemoryTest {
    private static final int PIECES = CampaignScale.isFull() ? 256 : 48;
    private static final Content PIECE = ServerFixture.text(1, MIB);

    @TempDir
    Path temporary;

    private static String hash() {
        MessageDigest digest = Sha256.newMessageDigest();
        for (int i = 0; i < PIECES; i++) {
            digest.update(PIECE.bytes());
        }
        return Sha256.ofBytes(digest.digest()).hex();
    }

    private static void put(RawClient client, String path) throws IOException {
        client.head("PUT", path, "Content-Length: " + (long) PIECES * MIB);
        for (int i = 0; i < PIECES; i++) {
            client.send(PIECE.bytes());
        }
        assertThat(client.response(true).status()).isEqualTo(200);
    }

    /** Reads a response without keeping it; returns the hash of its body. */
    private static String get(RawClient client, String path, long length) throws IOException {
        client.head("GET", path, "Connection: close");
        MessageDigest digest = Sha256.newMessageDigest();
        InputStream in = client.socket().getInputStream();
        byte[] buffer = new byte[64 * KIB];
        long skip = -1;
        long total = 0;
        for (int bytes = in.read(buffer); bytes >= 0; bytes = in.read(buffer)) {
            int from = 0;
            if (skip < 0) { // the head is in one segment
                String text = new String(buffer, 0, bytes, java.nio.charset.StandardCharsets.ISO_8859_1);
                from = text.indexOf("\r\n\r\n") + 4;
                skip = from;
            }
            digest.update(buffer, from, bytes - from);
            total += bytes - from;
        }
        assertThat(total).isEqualTo(length);
        return Sha256.ofBytes(digest.digest()).hex();
    }

    private static long allocatedByServerThreads() {
        ThreadMXBean threads = (ThreadMXBean) ManagementFactory.getThreadMXBean();
        long sum = 0;
        for (ThreadInfo thread : threads.getThreadInfo(threads.getAllThreadIds())) {
            if (thread != null
                    && (thread.getThreadName().startsWith("blobstore-server")
                            || thread.getThreadName().startsWith("blobstore-cache-worker"))) {
                sum += threads.getThreadAllocatedBytes(thread.getThreadId());
            }
        }
        return sum;
    }

    @Test
    void contentIsNeverOnTheHeap() throws IOException {
        String hash = hash();
        long length = (long) PIECES * MIB;
        try (ServerFixture server = ServerFixture.start(temporary.resolve("cache"))) {
            ResourceLeakDetector.setLevel(ResourceLeakDetector.Level.DISABLED); // it allocates for each buffer
            for (int round = 0; round < 2; round++) { // the first one loads classes
                server.cache.evictTo(0);
                long before = allocatedByServerThreads();
                try (RawClient client = server.connect()) {
                    put(client, "/cas/" + hash);
                }
                long put = allocatedByServerThreads();
                try (RawClient client = server.connect()) {
                    assertThat(get(client, "/cas/" + hash, length)).isEqualTo(hash);
                }
                long got = allocatedByServerThreads();
                if (round > 0) {
                    assertThat(put - before).as("heap of a PUT").isLessThan(length / 8);
                    assertThat(got - put).as("heap of a GET").isLessThan(length / 8);
                }
            }
        } finally {
            ResourceLeakDetector.setLevel(ResourceLeakDetector.Level.PARANOID);
        }
    }

    @Test
    void aServerWithLittleMemoryServesLargeContentToMany() throws Exception {
        String hash = hash();
        try (ChildJvm.Running server = ChildJvm.of(ServerCrashTest.Server.class, temporary)
                .with("-Xmx24m", "-XX:MaxDirectMemorySize=64m", "-XX:+UseSerialGC")
                .start(temporary.resolve("cache").toString())) {
            String line = server.awaitLine(text -> text.startsWith("port "), Duration.ofMinutes(1));
            InetSocketAddress address =
                    new InetSocketAddress(InetAddress.getLoopbackAddress(), Integer.parseInt(line.substring(5)));
            List<RawClient> waiting = new ArrayList<>();
            try (RawClient client = new RawClient(address)) {
                put(client, "/cas/" + hash);
                for (int i = 0; i < 100; i++) { // that read nothing
                    RawClient other = new RawClient(address);
                    waiting.add(other);
                    other.socket().setReceiveBufferSize(16 * KIB);
                    other.head("GET", "/cas/" + hash);
                }
                for (int i = 0; i < 4; i++) {
                    try (RawClient reader = new RawClient(address)) {
                        assertThat(get(reader, "/cas/" + hash, (long) PIECES * MIB))
                                .isEqualTo(hash);
                    }
                }
                assertThat(client.get("/healthz").status()).isEqualTo(200);
            } finally {
                for (RawClient other : waiting) {
                    other.close();
                }
            }
            server.kill();
        }
    }
}
