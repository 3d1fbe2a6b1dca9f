package io.blobstore.s3;

import static org.assertj.core.api.Assertions.assertThat;

import io.blobstore.BlobKey;
import io.blobstore.BlobSource;
import io.blobstore.BlobStore;
import io.blobstore.BlobTarget;
import io.blobstore.ByteRange;
import io.blobstore.ListOptions;
import io.blobstore.StoreOptions;
import io.blobstore.contract.ChildJvm;
import io.blobstore.http.LargeAnswer;
import io.blobstore.http.ScriptedExchange;
import io.blobstore.http.ScriptedServer;
import io.blobstore.transfer.BlobReader;
import io.blobstore.transfer.DownloadOptions;
import io.blobstore.transfer.RetryPolicy;
import io.blobstore.transfer.TransferManager;
import io.blobstore.transfer.UploadOptions;
import java.io.IOException;
import java.net.URI;
import java.nio.ByteBuffer;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.Arrays;
import java.util.Map;
import java.util.TreeMap;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import software.amazon.awssdk.auth.credentials.AwsBasicCredentials;
import software.amazon.awssdk.auth.credentials.StaticCredentialsProvider;

/**
 * Answers of a server that wants to exhaust memory. They arrive in another JVM, whose whole heap is smaller than what
 * the answers claim to need: each is refused with an exception of the contract, and none ends in an OutOfMemoryError.
 */
class HostileAnswersTest {
    /** The SDK's classes and clients included. */
    private static final String HEAP = "-Xmx40m";

    private static final long HUGE = 150_000_000_000_000L;
    private static final int PART = 5 << 20;

    @TempDir
    Path directory;

    // ---- the server

    private static void answer(ScriptedExchange exchange) throws IOException {
        exchange.discardBody();
        String target = exchange.target();
        if (target.contains("huge-size")) {
            answerHuge(exchange);
        } else if (target.contains("list-type=2")) {
            send(exchange, 200);
        } else if (target.contains("uploads")) {
            if (target.contains("create")) {
                send(exchange, 200);
            } else {
                exchange.respond(
                        200, "<InitiateMultipartUploadResult><UploadId>i</UploadId></InitiateMultipartUploadResult>");
            }
        } else if (exchange.method().equals("DELETE")) {
            exchange.respond(204, "");
        } else if (target.contains("head-fields")) {
            LargeAnswer.sendHead(exchange);
        } else if (exchange.method().equals("HEAD")) {
            exchange.respondHead(200, 10, ScriptedS3.ETAG, ScriptedS3.MODIFIED);
        } else {
            send(exchange, target.contains("error") ? 400 : 200);
        }
    }

    private static void answerHuge(ScriptedExchange exchange) throws IOException {
        if (exchange.method().equals("HEAD")) {
            exchange.respondHead(200, HUGE, ScriptedS3.ETAG, ScriptedS3.MODIFIED);
        } else if (exchange.header("Range").isEmpty()) {
            exchange.respondHead(200, HUGE, ScriptedS3.ETAG, ScriptedS3.MODIFIED);
        } else {
            String[] range = exchange.header("Range").get().split("[=-]");
            int length = Integer.parseInt(range[2]) - Integer.parseInt(range[1]) + 1;
            exchange.respond(
                    206,
                    new byte[length],
                    ScriptedS3.ETAG,
                    ScriptedS3.MODIFIED,
                    "Content-Range: bytes " + range[1] + "-" + range[2] + "/" + HUGE);
        }
    }

    private static void send(ScriptedExchange exchange, int status) throws IOException {
        LargeAnswer.send(exchange, status, exchange.target().contains("chunked"), ScriptedS3.ETAG);
    }

    @Test
    void eachIsRefusedWithASmallHeap() throws Exception {
        try (ScriptedServer server = ScriptedServer.plain(HostileAnswersTest::answer)) {
            ChildJvm.Exit exit = ChildJvm.of(Child.class, directory)
                    .with(HEAP, "-XX:MaxDirectMemorySize=64m", "-XX:+UseSerialGC")
                    .run(Duration.ofMinutes(3), server.endpoint().toString());

            assertThat(exit.output()).doesNotContain("OutOfMemoryError").doesNotContain("accepted");
            assertThat(exit.code()).as(exit.output()).isZero();
            assertThat(exit.output().lines().filter(line -> line.startsWith("refused")))
                    .as(exit.output())
                    .hasSize(Child.calls().size());
        }
    }

    /** Makes all calls, and prints how each was refused. */
    static final class Child {
        private interface Call {
            void run(BlobStore store, TransferManager manager) throws Exception;
        }

        private Child() {}

        static Map<String, Call> calls() {
            Map<String, Call> calls = new TreeMap<>();
            for (String kind : new String[] {"error", "error-chunked", "success", "success-chunked"}) {
                calls.put("parts-" + kind, (store, manager) -> upload(store, manager, "parts-" + kind, 5 * PART));
                calls.put(
                        "store-" + kind,
                        (store, manager) -> store.store(BlobKey.of("a-" + kind), ByteBuffer.allocate(9)));
                calls.put("create-" + kind, (store, manager) -> upload(store, manager, "create-" + kind, 2 * PART));
                calls.put("copy-" + kind, (store, manager) -> store.copy(BlobKey.of("a"), BlobKey.of("b-" + kind)));
                calls.put(
                        "get-" + kind,
                        (store, manager) ->
                                store.read(BlobKey.of("c-" + kind), ByteRange.all(), ByteBuffer.allocate(9)));
                calls.put(
                        "list-" + kind,
                        (store, manager) -> store.list(ListOptions.prefix(kind)).hasNext());
            }
            calls.put("head-fields", (store, manager) -> store.head(BlobKey.of("head-fields")));
            calls.put(
                    "plan-memory",
                    (store, manager) -> manager.download(
                                    store,
                                    BlobKey.of("huge-size"),
                                    ByteRange.atMost(0, LargeAnswer.SIZE),
                                    BlobTarget.of(ByteBuffer.allocateDirect(LargeAnswer.SIZE)),
                                    download(1))
                            .join());
            calls.put(
                    "plan-file",
                    (store, manager) -> manager.download(
                                    store,
                                    BlobKey.of("huge-size"),
                                    ByteRange.all(),
                                    BlobTarget.ofPath(Path.of("target")),
                                    download(1))
                            .join());
            calls.put(
                    "plan-default",
                    (store, manager) -> manager.download(
                                    store,
                                    BlobKey.of("huge-size"),
                                    ByteRange.all(),
                                    BlobTarget.ofPath(Path.of("target")),
                                    download(1 << 20))
                            .join());
            calls.put("reader", (store, manager) -> {
                try (BlobReader blob = manager.openReader(store, BlobKey.of("huge-size"))) {
                    blob.read(ByteBuffer.allocate(100));
                }
            });
            calls.put(
                    "whole",
                    (store, manager) -> store.read(BlobKey.of("huge-size"), ByteRange.all(), ByteBuffer.allocate(9)));
            calls.put("copy-huge", (store, manager) -> store.copy(BlobKey.of("huge-size"), BlobKey.of("huge-size-2")));
            return calls;
        }

        private static DownloadOptions download(long partSize) {
            return DownloadOptions.builder()
                    .partSize(partSize)
                    .retry(RetryPolicy.NEVER)
                    .build();
        }

        private static void upload(BlobStore store, TransferManager manager, String key, int bytes) throws Exception {
            UploadOptions options = UploadOptions.builder()
                    .partSize(PART)
                    .concurrency(5)
                    .retry(RetryPolicy.NEVER)
                    .store(StoreOptions.DEFAULT)
                    .build();
            manager.upload(store, BlobKey.of(key), BlobSource.of(ByteBuffer.allocateDirect(bytes)), options)
                    .join();
        }

        public static void main(String[] args) throws Exception {
            try (BlobStore store = S3BlobStore.builder(ScriptedS3.BUCKET)
                            .endpoint(URI.create(args[0]))
                            .region("us-east-1")
                            .pathStyle(true)
                            .credentials(StaticCredentialsProvider.create(
                                    AwsBasicCredentials.create(ScriptedS3.ACCESS_KEY, ScriptedS3.SECRET_KEY)))
                            .open();
                    TransferManager manager = TransferManager.create()) {
                for (Map.Entry<String, Call> call : calls().entrySet()) {
                    try {
                        call.getValue().run(store, manager);
                        System.out.println("accepted " + call.getKey());
                    } catch (IOException e) {
                        System.out.println("refused " + call.getKey() + ": " + e);
                    }
                }
            }
            if (Files.exists(Path.of("target"))) {
                System.out.println("accepted " + Arrays.toString(Files.readAllBytes(Path.of("target"))));
            }
        }
    }
}
