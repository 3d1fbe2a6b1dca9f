package io.blobstore.split.repository;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.blobstore.BlobSource;
import io.blobstore.Operation;
import io.blobstore.contract.FaultyBlobStore;
import io.blobstore.contract.InMemoryBlobStore;
import io.blobstore.contract.LeakCheck;
import io.blobstore.split.ObjectHash;
import io.blobstore.split.ObjectId;
import io.blobstore.split.Splitter;
import io.blobstore.split.Vectors;
import io.blobstore.split.internal.verity.VerityDigest;
import io.blobstore.transfer.TransferManager;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.channels.ClosedChannelException;
import java.util.List;
import java.util.SplittableRandom;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.ExtendWith;

/** The content of a stream is read at any position, without merging it. */
@ExtendWith(LeakCheck.class)
class SplitContentTest {
    private final FaultyBlobStore store =
            FaultyBlobStore.over(new InMemoryBlobStore()).build();
    private final Repository repository = Repository.of(BlobStoreObjects.of(store, ObjectHash.SHA_256));
    private TransferManager transfers;

    @BeforeEach
    void create() {
        transfers = TransferManager.create();
    }

    @AfterEach
    void close() {
        transfers.close();
    }

    private SplitContent open(ByteBuffer content, SplitOptions options) throws Exception {
        SplitEngine engine = SplitEngine.of(transfers);
        engine.split(repository, "s", BlobSource.of(content), options).join();
        return engine.open(repository, "s");
    }

    @Test
    void rangesAreThoseOfTheContent() throws Exception {
        for (String name : new String[] {"mixed", "duplicates", "merkle", "sizes", "no-bytes"}) {
            ByteBuffer tar = Vectors.decompress("tars/" + name + ".tar.zst");
            try (SplitContent content = open(tar, SplitOptions.DEFAULT)) {
                assertThat(content.size()).isEqualTo(tar.remaining());
                assertThat(content.read(ByteBuffer.allocate(1), tar.remaining()))
                        .isEqualTo(-1);
                SplittableRandom random = new SplittableRandom(1);
                for (int i = 0; i < 200 && tar.hasRemaining(); i++) {
                    int from = random.nextInt(tar.remaining());
                    int length = random.nextInt(1, 20_000);
                    ByteBuffer target =
                            ByteBuffer.allocate(length + 2).position(1).limit(length + 1);
                    int bytes = content.read(target, from);
                    assertThat(bytes).isEqualTo(Math.min(length, tar.remaining() - from));
                    assertThat(target.position()).isEqualTo(1 + bytes);
                    assertThat(target.slice(1, bytes)).isEqualTo(tar.slice(from, bytes));
                }
                ByteBuffer all = ByteBuffer.allocate(tar.remaining());
                while (content.read(all) > 0) {}
                assertThat(all.flip()).isEqualTo(tar);
            }
        }
    }

    @Test
    void aBlockOfADiskIsOneRequest() throws Exception {
        ByteBuffer image = ByteBuffer.wrap(Fixture.files(1, 1, 4 << 20).get(0));
        SplitOptions fixed =
                SplitOptions.builder().splitter(Splitter.fixed(64 << 10)).build();
        try (SplitContent content = open(image, fixed)) {
            int before = store.requests(Operation.READ);
            for (int i = 0; i < 16; i++) {
                ByteBuffer page = ByteBuffer.allocate(4096);
                content.read(page, (1 << 20) + 4096L * i);
                assertThat(page.flip()).isEqualTo(image.slice((1 << 20) + 4096 * i, 4096));
            }
            assertThat(store.requests(Operation.READ) - before).isEqualTo(1);
        }
    }

    @Test
    void aDamagedBlockIsNotGivenOut() throws Exception {
        ByteBuffer image = ByteBuffer.wrap(Fixture.files(1, 1, 128 << 10).get(0));
        SplitOptions fixed =
                SplitOptions.builder().splitter(Splitter.fixed(64 << 10)).build();
        try (SplitContent content = open(image, fixed)) {
            for (var id : Fixture.objects(repository.objects())) {
                repository.objects().put(id, BlobSource.of(ByteBuffer.allocate(64 << 10)), true);
            }
            ByteBuffer target = ByteBuffer.allocate(10);
            assertThatThrownBy(() -> content.read(target, 0)).isInstanceOf(DamagedObjectException.class);
            assertThat(target).isEqualTo(ByteBuffer.allocate(10));
        }
    }

    @Test
    void aLargeObjectIsVerifiedWhenItIsReadInOrder() throws Exception {
        int size = 2 * SplitContent.VERIFIED + 5000;
        byte[] large = Fixture.files(1, 1, size).get(0);
        ByteBuffer tar = Fixture.tar(List.of(new byte[0], large, large, new byte[10]));
        int start = 2 * 512; // behind two headers
        try (SplitContent content = open(tar, SplitOptions.DEFAULT)) {
            readToTheEnd(content, tar, 4096);
            readToTheEnd(content, tar, tar.remaining());
            ObjectId id = VerityDigest.of(ObjectHash.SHA_256, BlobSource.of(ByteBuffer.wrap(large)));
            large[size - 1]++;
            repository.objects().put(id, BlobSource.of(ByteBuffer.wrap(large)), true);

            ByteBuffer piece = ByteBuffer.allocate(10_000);
            content.position(0);
            assertThatThrownBy(() -> {
                        while (content.read(piece.clear()) > 0) {}
                    })
                    .isInstanceOf(DamagedObjectException.class)
                    .hasMessageContaining(id.hex());
            assertThat(content.position()).isBetween(start + size - 10_000L, start + size - 1L);
            // Where it is not read in order, nothing can be said.
            assertThat(content.read(piece.clear(), start + size - 1000)).isPositive();
        }
    }

    private static void readToTheEnd(SplitContent content, ByteBuffer expected, int piece) throws IOException {
        ByteBuffer bytes = ByteBuffer.allocate(piece);
        content.position(0);
        for (int at = 0; content.read(bytes.clear()) > 0; at += bytes.limit()) {
            assertThat(bytes.flip()).isEqualTo(expected.slice(at, bytes.limit()));
        }
        assertThat(content.position()).isEqualTo(expected.remaining());
    }

    @Test
    void anInterruptDoesNotEndTheContentForOthers() throws Exception {
        ByteBuffer tar = Fixture.tar(Fixture.files(1, 10, 1000));
        try (SplitContent content = open(tar, SplitOptions.DEFAULT)) {
            ByteBuffer header = ByteBuffer.allocate(512);
            Thread.currentThread().interrupt();
            try {
                content.read(header, 0);
            } catch (IOException e) {
                assertThat(e).isNotNull(); // as it may
            } finally {
                assertThat(Thread.interrupted()).isTrue();
            }
            assertThat(content.read(header.clear(), 0)).isEqualTo(512);
            Fixture.assertSame(header.flip(), tar.slice(0, 512));
        }
    }

    @Test
    void aClosedContentIsNotRead() throws Exception {
        SplitContent content = open(Fixture.tar(Fixture.files(1, 3, 100)), SplitOptions.DEFAULT);
        content.close();
        content.close();
        assertThat(content.isOpen()).isFalse();
        assertThatThrownBy(() -> content.read(ByteBuffer.allocate(1), 0)).isInstanceOf(ClosedChannelException.class);
    }

    @Test
    void anUnknownStreamIsNamed() {
        assertThatThrownBy(() -> SplitEngine.of(transfers).open(repository, "none"))
                .isInstanceOf(UnknownStreamException.class);
    }
}
