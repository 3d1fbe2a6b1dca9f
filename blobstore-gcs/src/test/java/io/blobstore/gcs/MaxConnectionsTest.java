package io.blobstore.gcs;

import static org.assertj.core.api.Assertions.assertThat;

import com.google.cloud.NoCredentials;
import io.blobstore.BlobKey;
import io.blobstore.BlobSource;
import io.blobstore.BlobStore;
import io.blobstore.StoreUri;
import io.blobstore.contract.LeakCheck;
import io.blobstore.http.ScriptedServer;
import io.blobstore.http.ScriptedServer.Script;
import java.nio.ByteBuffer;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.FutureTask;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.ExtendWith;

/** The bound on connections holds for our requests and the SDK's together. */
@ExtendWith(LeakCheck.class)
class MaxConnectionsTest {
    private static final String OBJECT = "{\"name\": \"some-blob\", \"bucket\": \"some-bucket\", \"generation\": \"1\","
            + " \"size\": \"100\", \"updated\": \"2026-01-01T00:00:00Z\"}";

    @Test
    void theUrisBoundIsKept() throws Exception {
        CountDownLatch go = new CountDownLatch(1);
        Script answer = Script.answering(200, OBJECT, "Content-Type: application/json");
        try (ScriptedServer server = ScriptedServer.plain(answer).then(exchange -> {
            exchange.discardBody();
            go.await();
            exchange.answer(200, OBJECT, "Content-Type: application/json");
        })) {
            StoreUri uri = StoreUri.parse("gs://some-bucket?maxConnections=1&endpoint=" + server.endpoint());
            List<Thread> threads = new ArrayList<>();
            List<FutureTask<?>> tasks = new ArrayList<>();
            try (BlobStore store = GcsBlobStoreProvider.builder(uri)
                    .credentials(NoCredentials.getInstance())
                    .open()) {
                for (int i = 0; i < 6; i++) {
                    BlobKey key = BlobKey.of("blob-" + i);
                    BlobSource content = BlobSource.of(ByteBuffer.wrap(new byte[100]));
                    FutureTask<?> task =
                            new FutureTask<>(i % 2 == 0 ? () -> store.store(key, content) : () -> store.head(key));
                    Thread thread = new Thread(task, "max-connections-" + i);
                    tasks.add(task);
                    threads.add(thread);
                    thread.start();
                    if (i == 0) {
                        server.awaitRequest(1);
                    } else {
                        awaitTurnOrEnd(thread);
                    }
                }
                assertThat(server.requests()).hasSize(1);
                go.countDown();
                for (FutureTask<?> task : tasks) {
                    task.get(20, TimeUnit.SECONDS);
                }
                assertThat(server.requests()).hasSize(6);
                assertThat(server.accepted()).isEqualTo(1);
            } finally {
                for (Thread thread : threads) {
                    thread.join();
                }
            }
        }
    }

    /** Until it waits without a socket, or has not waited at all. */
    private static void awaitTurnOrEnd(Thread thread) {
        long deadline = System.nanoTime() + TimeUnit.SECONDS.toNanos(20);
        while (thread.isAlive() && thread.getState() != Thread.State.WAITING && System.nanoTime() - deadline < 0) {
            Thread.onSpinWait();
        }
    }
}
