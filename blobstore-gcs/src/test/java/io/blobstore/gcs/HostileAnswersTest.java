package io.blobstore.gcs;

import static org.assertj.core.api.Assertions.assertThat;

import com.google.cloud.NoCredentials;
import io.blobstore.BlobKey;
import io.blobstore.BlobSource;
import io.blobstore.BlobStore;
import io.blobstore.BlobTarget;
import io.blobstore.ByteRange;
import io.blobstore.ListOptions;
import io.blobstore.contract.ChildJvm;
import io.blobstore.http.LargeAnswer;
import io.blobstore.http.ScriptedExchange;
import io.blobstore.http.ScriptedResponse;
import io.blobstore.http.ScriptedServer;
import io.blobstore.http.objects.VirtualRetryClock;
import io.blobstore.transfer.BlobReader;
import io.blobstore.transfer.DownloadOptions;
import io.blobstore.transfer.RetryPolicy;
import io.blobstore.transfer.TransferManager;
import io.blobstore.transfer.UploadOptions;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.net.URI;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.time.Duration;
import java.util.Map;
import java.util.TreeMap;
import java.util.zip.GZIPOutputStream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

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

    private static byte[] bomb() throws IOException {
        ByteArrayOutputStream bytes = new ByteArrayOutputStream();
        try (GZIPOutputStream zip = new GZIPOutputStream(bytes)) {
            zip.write("{\"name\": \"".getBytes(StandardCharsets.US_ASCII));
            for (int i = 0; i < 100; i++) {
                zip.write(new byte[1 << 20]);
            }
        }
        return bytes.toByteArray();
    }

    private static void answer(ScriptedExchange exchange, byte[] bomb) throws IOException {
        exchange.discardBody();
        String target = exchange.target();
        int status = target.contains("error") ? 400 : 200;
        if (target.contains("huge-size")) {
            String[] range = exchange.header("Range").orElse("bytes=0-0").split("[=-]");
            exchange.respond(
                    206,
                    new byte[Integer.parseInt(range[2]) - Integer.parseInt(range[1]) + 1],
                    "x-goog-generation: 7",
                    "Last-Modified: Wed, 21 Oct 2015 07:28:00 GMT",
                    "Content-Range: bytes " + range[1] + "-" + range[2] + "/" + HUGE);
        } else if (target.contains("bomb")) {
            exchange.respond(
                    ScriptedResponse.of(status, "application/json", bomb).with("Content-Encoding", "gzip"));
        } else if (target.contains("parts") && target.contains("uploads")) {
            exchange.respond(
                    200, "<InitiateMultipartUploadResult><UploadId>i</UploadId></InitiateMultipartUploadResult>");
        } else if (exchange.method().equals("DELETE")) {
            exchange.respond(204, "");
        } else {
            LargeAnswer.send(
                    exchange,
                    status,
                    target.contains("chunked"),
                    "Content-Type: application/json",
                    "ETag: \"1\"",
                    "x-goog-generation: 7");
        }
    }

    @Test
    void eachIsRefusedWithASmallHeap() throws Exception {
        byte[] bomb = bomb();
        try (ScriptedServer server = ScriptedServer.plain(exchange -> answer(exchange, bomb))) {
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
                calls.put("parts-" + kind, (store, manager) -> upload(store, manager, "parts-" + kind));
                calls.put("create-" + kind, (store, manager) -> upload(store, manager, "create-" + kind));
                calls.put(
                        "get-" + kind,
                        (store, manager) ->
                                store.read(BlobKey.of("get-" + kind), ByteRange.all(), ByteBuffer.allocate(9)));
            }
            for (String kind : new String[] {"error", "error-chunked", "error-bomb", "large", "chunked", "bomb"}) {
                calls.put("head-" + kind, (store, manager) -> store.head(BlobKey.of("head-" + kind)));
                calls.put(
                        "list-" + kind,
                        (store, manager) -> store.list(ListOptions.prefix(kind)).hasNext());
            }
            calls.put("store", (store, manager) -> store.store(BlobKey.of("a"), ByteBuffer.allocate(9)));
            calls.put(
                    "plan",
                    (store, manager) -> manager.download(
                                    store,
                                    BlobKey.of("huge-size"),
                                    ByteRange.all(),
                                    BlobTarget.ofPath(Path.of("target")),
                                    DownloadOptions.builder()
                                            .partSize(1)
                                            .retry(RetryPolicy.NEVER)
                                            .build())
                            .join());
            calls.put("reader", (store, manager) -> {
                try (BlobReader blob = manager.openReader(store, BlobKey.of("huge-size"))) {
                    blob.read(ByteBuffer.allocate(100));
                }
            });
            return calls;
        }

        private static void upload(BlobStore store, TransferManager manager, String key) throws Exception {
            UploadOptions options = UploadOptions.builder()
                    .partSize(PART)
                    .concurrency(5)
                    .retry(RetryPolicy.NEVER)
                    .build();
            manager.upload(store, BlobKey.of(key), BlobSource.of(ByteBuffer.allocateDirect(5 * PART)), options)
                    .join();
        }

        public static void main(String[] args) throws Exception {
            try (BlobStore store = GcsBlobStore.builder(FakeServer.BUCKET)
                            .endpoint(URI.create(args[0]))
                            .credentials(NoCredentials.getInstance())
                            .retryClock(new VirtualRetryClock())
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
        }
    }
}
