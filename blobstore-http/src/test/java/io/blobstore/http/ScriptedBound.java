package io.blobstore.http;

import static org.assertj.core.api.Assertions.assertThat;

import io.blobstore.BlobKey;
import io.blobstore.BlobSource;
import io.blobstore.BlobStore;
import io.blobstore.http.ScriptedServer.Script;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.FutureTask;
import java.util.concurrent.TimeUnit;

/**
 * Asserts that a store with a limit of one connection opens no second one, neither for content nor for its SDK's
 * requests.
 */
public final class ScriptedBound {
    private static final int CALLS = 6;
    private static final int SECONDS = 20;

    private ScriptedBound() {}

    /** Opens a store with at most one connection. */
    @FunctionalInterface
    public interface Opener {
        /** Opens the store. */
        BlobStore open(Endpoint endpoint) throws IOException;
    }

    /**
     * Executes calls while the first has no response yet.
     *
     * @param head responds to requests for metadata
     * @param stored responds to requests that store a blob
     */
    public static void assertKept(Opener opener, Script head, Script stored) throws Exception {
        CountDownLatch go = new CountDownLatch(1);
        Script first = exchange -> {
            go.await();
            stored.run(exchange);
        };
        try (ScriptedServer server = ScriptedServer.plain(exchange -> {
                    boolean stores =
                            exchange.method().equals("PUT") || exchange.method().equals("POST");
                    (stores ? stored : head).run(exchange);
                })
                .then(first)) {
            List<Thread> threads = new ArrayList<>();
            List<FutureTask<?>> tasks = new ArrayList<>();
            try (BlobStore store = opener.open(server.endpoint())) {
                for (int i = 0; i < CALLS; i++) {
                    BlobKey key = BlobKey.of("blob-" + i);
                    BlobSource content = BlobSource.of(ByteBuffer.wrap(new byte[100]));
                    FutureTask<?> task =
                            new FutureTask<>(i % 2 == 0 ? () -> store.store(key, content) : () -> store.head(key));
                    Thread thread = new Thread(task, "bound-" + i);
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
                    task.get(SECONDS, TimeUnit.SECONDS);
                }
                assertThat(server.requests()).hasSize(CALLS);
                assertThat(server.accepted()).isEqualTo(1);
            } finally {
                go.countDown();
                for (Thread thread : threads) {
                    thread.join();
                }
            }
        }
    }

    /** Waits until the thread waits for a connection, or has ended. */
    private static void awaitTurnOrEnd(Thread thread) {
        long deadline = System.nanoTime() + TimeUnit.SECONDS.toNanos(SECONDS);
        while (thread.isAlive() && thread.getState() != Thread.State.WAITING && System.nanoTime() - deadline < 0) {
            Thread.onSpinWait();
        }
    }
}
