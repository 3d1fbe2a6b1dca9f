package io.blobstore.s3;

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
import io.blobstore.http.ScriptedServer;
import io.blobstore.http.ScriptedServer.Script;
import io.blobstore.memory.MappedFile;
import io.blobstore.spi.PartLayout;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.file.Path;
import java.util.List;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.ExtendWith;
import org.junit.jupiter.api.io.TempDir;

/** Measures that content is not copied to the Java heap, by the allocations of the thread that sends or receives it. */
@Tag("jdk")
@ExtendWith(LeakCheck.class)
class S3ZeroCopyTest {
    private static final int PART = 8 << 20;
    private static final int PARTS = 8;
    private static final int SIZE = PARTS * PART;
    /** The project's limit of 8 MiB per GiB, for this size. */
    private static final long ALLOWED = SIZE / 128;

    private static final BlobKey KEY = BlobKey.of("blob");
    private static final Script CREATED = Script.responding(
            200, "<InitiateMultipartUploadResult><UploadId>i</UploadId></InitiateMultipartUploadResult>");

    @TempDir
    Path directory;

    @Test
    void sendingPartsFromAMappingAllocatesNoPayload() throws IOException {
        try (ScriptedServer server = ScriptedServer.plain(Script.responding(200, "", ScriptedS3.ETAG))
                        .then(CREATED);
                BlobStore store = ScriptedS3.store(server).open();
                MappedFile file = MappedFile.create(directory.resolve("source"), SIZE)) {
            PartLayout layout = new PartLayout(SIZE, PART);
            MultipartUpload upload = store.createMultipartUpload(KEY, layout, StoreOptions.DEFAULT);
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
    void readingIntoDirectMemoryAllocatesNoPayload() throws IOException {
        byte[] content = new byte[PART];
        List<String> fields = List.of(
                ScriptedS3.ETAG,
                ScriptedS3.MODIFIED,
                "x-amz-checksum-crc32c: " + Crc32c.of(ByteBuffer.wrap(content)).base64());
        try (ScriptedServer server = ScriptedServer.plain(
                        exchange -> exchange.respond(200, content, fields.toArray(new String[0])));
                BlobStore store = ScriptedS3.store(server).open()) {
            ByteBuffer target = ByteBuffer.allocateDirect(PART);
            read(store, target);
            assertThat(AllocatedBytes.of(() -> read(store, target))).isBetween(1L, ALLOWED);
            assertThat(target.hasRemaining()).isFalse();
        }
    }

    private static void read(BlobStore store, ByteBuffer target) throws IOException {
        for (int part = 1; part <= PARTS; part++) {
            store.read(KEY, ByteRange.all(), target.clear());
        }
    }
}
