package io.blobstore.gcs;

import static org.assertj.core.api.Assertions.assertThat;

import io.blobstore.BlobKey;
import io.blobstore.BlobSource;
import io.blobstore.BlobStore;
import io.blobstore.ByteRange;
import io.blobstore.Crc32c;
import io.blobstore.MultipartUpload;
import io.blobstore.StoreOptions;
import io.blobstore.contract.AllocatedBytes;
import io.blobstore.contract.LeakCheck;
import io.blobstore.http.ScriptedExchange;
import io.blobstore.http.ScriptedServer;
import io.blobstore.memory.MappedFile;
import io.blobstore.spi.PartLayout;
import java.io.IOException;
import java.net.URI;
import java.nio.ByteBuffer;
import java.nio.file.Path;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.ExtendWith;
import org.junit.jupiter.api.io.TempDir;

/** Measures that content is not copied to the Java heap, by the allocations of the thread that sends or receives it. */
@Tag("jdk")
@ExtendWith(LeakCheck.class)
class GcsZeroCopyTest {
    private static final int PART = 8 << 20;
    private static final int PARTS = 8;
    private static final int SIZE = PARTS * PART;
    /** The project's limit of 8 MiB per GiB, for this size. */
    private static final long ALLOWED = SIZE / 128;

    private static final BlobKey KEY = BlobKey.of("blob");

    @TempDir
    Path directory;

    private static void respond(ScriptedExchange exchange) throws IOException {
        exchange.discardBody();
        if (exchange.method().equals("GET")) {
            byte[] content = new byte[PART];
            exchange.respond(
                    200,
                    content,
                    "x-goog-generation: 1",
                    "Last-Modified: Thu, 01 Jan 2026 00:00:00 GMT",
                    "x-goog-hash: crc32c=" + Crc32c.of(ByteBuffer.wrap(content)).base64());
        } else if (exchange.target().endsWith("?uploads")) {
            exchange.respond(
                    200, "<InitiateMultipartUploadResult><UploadId>i</UploadId></InitiateMultipartUploadResult>");
        } else if (exchange.method().equals("POST")) {
            exchange.respond(200, "{\"generation\": \"1\"}");
        } else {
            exchange.respond(200, "", "ETag: \"1\"");
        }
    }

    private static BlobStore open(ScriptedServer server) throws IOException {
        return GcsBlobStore.builder("some-bucket")
                .endpoint(URI.create(server.endpoint().toString()))
                .open();
    }

    @Test
    void sendingPartsFromAMappingAllocatesNoPayload() throws IOException {
        try (ScriptedServer server = ScriptedServer.plain(GcsZeroCopyTest::respond);
                BlobStore store = open(server);
                MappedFile file = MappedFile.create(directory.resolve("source"), SIZE)) {
            MultipartUpload upload = store.createMultipartUpload(KEY, new PartLayout(SIZE, PART), StoreOptions.DEFAULT);
            send(upload, file.region());
            assertThat(AllocatedBytes.of(() -> send(upload, file.region()))).isBetween(1L, ALLOWED);
            assertThat(server.requests().get(PARTS).bodyReceived()).isEqualTo(PART);
        }
    }

    private static void send(MultipartUpload upload, BlobSource content) throws IOException {
        for (int part = 1; part <= PARTS; part++) {
            upload.uploadPart(
                    part,
                    content.slice(upload.layout().offset(part), upload.layout().length(part)));
        }
    }

    @Test
    void storingFromAMappingAllocatesNoPayload() throws IOException {
        try (ScriptedServer server = ScriptedServer.plain(GcsZeroCopyTest::respond);
                BlobStore store = open(server);
                MappedFile file = MappedFile.create(directory.resolve("source"), SIZE)) {
            store.store(KEY, file.region());
            assertThat(AllocatedBytes.of(() -> store.store(KEY, file.region()))).isBetween(1L, ALLOWED);
            assertThat(server.requests().get(0).bodyReceived()).isGreaterThan(SIZE);
        }
    }

    @Test
    void readingIntoDirectMemoryAllocatesNoPayload() throws IOException {
        try (ScriptedServer server = ScriptedServer.plain(GcsZeroCopyTest::respond);
                BlobStore store = open(server)) {
            ByteBuffer target = ByteBuffer.allocateDirect(PART);
            read(store, target);
            assertThat(AllocatedBytes.of(() -> read(store, target))).isBetween(1L, ALLOWED);
            assertThat(target.hasRemaining()).isFalse();
        }
    }

    private static void read(BlobStore store, ByteBuffer target) throws IOException {
        for (int part = 0; part < PARTS; part++) {
            store.read(KEY, ByteRange.all(), target.clear());
        }
    }
}
