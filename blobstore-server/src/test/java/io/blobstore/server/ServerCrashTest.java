package io.blobstore.server;

import static io.blobstore.server.ServerFixture.KIB;
import static io.blobstore.server.ServerFixture.MIB;
import static org.assertj.core.api.Assertions.assertThat;

import com.github.luben.zstd.Zstd;
import io.blobstore.cas.CacheOptions;
import io.blobstore.cas.ContentCache;
import io.blobstore.contract.CampaignScale;
import io.blobstore.contract.ChildJvm;
import io.blobstore.contract.LeakCheck;
import io.blobstore.server.RawClient.Response;
import io.blobstore.server.ServerFixture.Content;
import java.io.IOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.nio.file.Path;
import java.time.Duration;
import java.util.Set;
import java.util.SplittableRandom;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.locks.LockSupport;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.ExtendWith;
import org.junit.jupiter.api.io.TempDir;

/** Kills servers while clients put: what was acknowledged is there, everything else is absent or whole (F1 and F2). */
@ExtendWith(LeakCheck.class)
class ServerCrashTest {
    private static final Duration PATIENCE = Duration.ofMinutes(2);
    private static final String[] QUICK = {"-Xmx64m", "-XX:+UseSerialGC", "-XX:TieredStopAtLevel=1"};
    private static final int KILLS = CampaignScale.isFull() ? CampaignScale.of(50) : 3;
    private static final int CLIENTS = 3;

    @TempDir
    Path temporary;

    /** Serves a cache until it is killed; prints its port. */
    static final class Server {
        public static void main(String[] args) throws Exception {
            ContentCache cache = ContentCache.open(Path.of(args[0]), CacheOptions.ofMaxBytes(1L << 30));
            CacheServer server = CacheServer.builder(cache)
                    .http(HttpOptions.builder().build())
                    .start();
            System.out.println("port " + server.httpAddress().getPort());
            new CountDownLatch(1).await();
        }
    }

    private static Content content(int number) {
        int size = number % 3 == 0 ? 2 * MIB + number : 1 + number * 7919 % (64 * KIB);
        return number % 2 == 0 ? ServerFixture.random(number, size) : ServerFixture.text(number, size);
    }

    private ChildJvm.Running start() throws IOException {
        return ChildJvm.of(Server.class, temporary)
                .with(QUICK)
                .start(temporary.resolve("cache").toString());
    }

    private static InetSocketAddress address(ChildJvm.Running server) throws Exception {
        String line = server.awaitLine(text -> text.startsWith("port "), PATIENCE);
        return new InetSocketAddress(InetAddress.getLoopbackAddress(), Integer.parseInt(line.substring(5)));
    }

    @Test
    void afterAKillContentIsAbsentOrWholeAndWhatWasAcknowledgedIsThere() throws Exception {
        SplittableRandom random = new SplittableRandom(1);
        Content kept = content(3);
        for (int kill = 0; kill < KILLS; kill++) {
            Set<Integer> begun = ConcurrentHashMap.newKeySet();
            Set<Integer> done = ConcurrentHashMap.newKeySet();
            try (ChildJvm.Running server = start()) {
                InetSocketAddress address = address(server);
                try (RawClient client = new RawClient(address)) {
                    assertThat(client.put(kept.path(), kept.bytes()).status()).isEqualTo(200);
                }
                Thread[] clients = new Thread[CLIENTS];
                for (int i = 0; i < CLIENTS; i++) {
                    int first = 1000 * (kill + 1) + 100 * i;
                    clients[i] = new Thread(() -> put(address, first, kept, begun, done));
                    clients[i].start();
                }
                int enough = 1 + random.nextInt(6);
                ServerFixture.await(() -> done.size() >= enough);
                // Waits a random time: otherwise the kill would always hit the same few instructions.
                LockSupport.parkNanos(random.nextInt(20_000_000));
                server.kill();
                for (Thread client : clients) {
                    client.join();
                }
            }
            check(kept, begun, done);
        }
    }

    private static void put(InetSocketAddress address, int first, Content kept, Set<Integer> begun, Set<Integer> done) {
        try (RawClient client = new RawClient(address)) {
            for (int i = first; i < first + 100; i++) {
                Content content = content(i);
                begun.add(i);
                Response response = i % 2 == 0
                        ? client.put(content.path(), content.bytes())
                        : client.put(
                                content.path(),
                                Zstd.compress(content.bytes(), 1),
                                "Content-Encoding: zstd",
                                "X-Digest-SizeBytes: " + content.bytes().length);
                if (response.status() == 200) {
                    done.add(i);
                }
                client.put(kept.path(), kept.bytes());
                client.put("/ac/" + content.hash(), content.bytes());
            }
        } catch (IOException e) {
            // the server was killed
        }
    }

    private void check(Content kept, Set<Integer> begun, Set<Integer> done) throws Exception {
        try (ChildJvm.Running server = start();
                RawClient client = new RawClient(address(server))) {
            assertThat(client.get(kept.path()).body()).isEqualTo(kept.bytes());
            for (int i : begun) {
                Content content = content(i);
                int head = client.headOf(content.path()).status();
                Response got = client.get(content.path());
                assertThat(got.status()).as("GET agrees with HEAD").isEqualTo(head);
                if (got.status() == 200) {
                    assertThat(got.body()).isEqualTo(content.bytes());
                } else {
                    assertThat(done).as("acknowledged").doesNotContain(i);
                }
                Response record = client.get("/ac/" + content.hash());
                if (record.status() == 200) {
                    assertThat(record.body()).isEqualTo(content.bytes());
                }
            }
            assertThat(client.get("/status").text()).contains("\"ReservedSize\": 0", "\"Corrupt\": 0");
            server.kill();
        }
    }
}
