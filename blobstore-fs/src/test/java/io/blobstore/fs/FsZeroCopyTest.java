package io.blobstore.fs;

import static org.assertj.core.api.Assertions.assertThat;

import io.blobstore.BlobKey;
import io.blobstore.BlobSource;
import io.blobstore.ByteRange;
import io.blobstore.Crc32c;
import io.blobstore.MultipartUpload;
import io.blobstore.StoreOptions;
import io.blobstore.contract.AllocatedBytes;
import io.blobstore.contract.LeakCheck;
import io.blobstore.memory.MappedFile;
import io.blobstore.spi.PartLayout;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.file.Path;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.ExtendWith;
import org.junit.jupiter.api.io.TempDir;

/**
 * Checks that the payload does not pass through the Java heap, by counting the bytes allocated by the thread that moves
 * it. Each operation runs once before it is measured, as loading classes allocates too.
 */
@Tag("jdk")
@ExtendWith(LeakCheck.class)
class FsZeroCopyTest {
    private static final int SIZE = 64 << 20;
    /** The project's bound of 8 MiB per GiB, for this size. */
    private static final long ALLOWED = SIZE / 128;

    private static final BlobKey KEY = BlobKey.of("blob");

    @TempDir
    Path directory;

    @Test
    void storingFromAMappingAllocatesNoPayload() throws IOException {
        try (FsBlobStore store = FsBlobStore.builder(directory.resolve("root"))
                        .createDirectory(true)
                        .durability(Durability.NONE)
                        .open();
                MappedFile file = MappedFile.create(directory.resolve("source"), SIZE)) {
            store(store, file.region());
            assertThat(AllocatedBytes.of(() -> store(store, file.region()))).isBetween(1L, ALLOWED);
            assertThat(AllocatedBytes.of(() -> store.store(KEY, file.region()))).isBetween(1L, ALLOWED);
        }
    }

    @Test
    void storingByPositionalReadsAllocatesNoPayload() throws IOException {
        Path source = directory.resolve("source");
        MappedFile.create(source, SIZE).close();
        try (FsBlobStore store = FsBlobStore.builder(directory.resolve("root"))
                .createDirectory(true)
                .durability(Durability.NONE)
                .open()) {
            store(store, BlobSource.ofPath(source));
            assertThat(AllocatedBytes.of(() -> store(store, BlobSource.ofPath(source))))
                    .isBetween(1L, ALLOWED);
        }
    }

    @Test
    void readingIntoDirectMemoryAllocatesNoPayload() throws IOException {
        try (FsBlobStore store = FsBlobStore.builder(directory.resolve("root"))
                .createDirectory(true)
                .durability(Durability.NONE)
                .open()) {
            ByteBuffer target = ByteBuffer.allocateDirect(SIZE);
            store.store(KEY, target);
            store.read(KEY, ByteRange.all(), target.duplicate());
            assertThat(AllocatedBytes.of(() -> store.read(KEY, ByteRange.all(), target)))
                    .isBetween(1L, ALLOWED);
            assertThat(target.hasRemaining()).isFalse();
        }
    }

    /** Stores content in four parts on the calling thread, so that all allocations are counted. */
    private static void store(FsBlobStore store, BlobSource content) throws IOException {
        PartLayout layout = new PartLayout(SIZE, SIZE / 4);
        try (MultipartUpload upload = store.createMultipartUpload(KEY, layout, StoreOptions.DEFAULT)) {
            for (int part = 1; part <= 4; part++) {
                upload.uploadPart(part, content.slice(layout.offset(part), layout.length(part)));
            }
            var checksum = upload.parts().stream()
                    .reduce(Crc32c.EMPTY, (sum, part) -> sum.combine(part.checksum(), part.size()), (a, b) -> a);
            upload.complete(checksum);
        }
    }
}
