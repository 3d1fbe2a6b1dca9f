package io.blobstore.split.repository;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.blobstore.BlobKey;
import io.blobstore.BlobSource;
import io.blobstore.BlobStore;
import io.blobstore.BlobTarget;
import io.blobstore.ByteRange;
import io.blobstore.ForwardingBlobStore;
import io.blobstore.Operation;
import io.blobstore.ReadOptions;
import io.blobstore.ReadResult;
import io.blobstore.Sha256;
import io.blobstore.contract.FaultyBlobStore;
import io.blobstore.contract.FaultyBlobStore.Fault;
import io.blobstore.contract.InMemoryBlobStore;
import io.blobstore.contract.LeakCheck;
import io.blobstore.split.ObjectHash;
import io.blobstore.split.ObjectId;
import io.blobstore.split.internal.verity.VerityDigest;
import io.blobstore.transfer.Transfer;
import io.blobstore.transfer.TransferManager;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.concurrent.CancellationException;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.ExtendWith;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;
import org.junit.jupiter.params.provider.ValueSource;

/** A large object is merged in sections by several workers, and is verified as a whole. */
@ExtendWith(LeakCheck.class)
class LargeMergeTest {
    private static final Duration LIMIT = Duration.ofSeconds(60);
    private static final int SIZE = 2 * LargeRead.SECTION + 5_000_000; // three sections, the last subtree is cut

    @TempDir
    Path directory;

    private final byte[] file = Fixture.files(1, 1, SIZE).get(0);
    private final ByteBuffer tar = Fixture.tar(List.of(file));
    private final InMemoryBlobStore memory = new InMemoryBlobStore();
    private TransferManager transfers;

    @BeforeEach
    void create() {
        transfers = TransferManager.create();
    }

    @AfterEach
    void close() {
        transfers.close();
    }

    private Path merged() {
        return directory.resolve("merged");
    }

    private void merge(Repository repository, MergeOptions options) throws Exception {
        SplitEngine.of(transfers)
                .merge(repository, "s", BlobTarget.ofPath(merged()), options)
                .join(LIMIT);
    }

    private void put(Repository repository, byte[] content) throws Exception {
        ObjectId id = VerityDigest.of(repository.hash(), BlobSource.of(ByteBuffer.wrap(file)));
        assertThat(repository.objects().put(id, BlobSource.of(ByteBuffer.wrap(content)), true))
                .isTrue();
    }

    @ParameterizedTest
    @EnumSource(ObjectHash.class)
    void sectionsAreReadByRequestsOfTheirOwn(ObjectHash hash) throws Exception {
        FaultyBlobStore counted = FaultyBlobStore.over(memory).build();
        Repository repository = Repository.of(BlobStoreObjects.of(counted, hash));
        Fixture.split(transfers, repository, "s", tar);
        int before = counted.requests(Operation.READ);
        merge(repository, MergeOptions.DEFAULT);
        assertThat(Files.readAllBytes(merged())).isEqualTo(tar.array());
        assertThat(counted.requests(Operation.READ) - before).isBetween(4, 8); // sections, the name and the stream
    }

    @Test
    void theDigestOfAllIsComparedInOrder() throws Exception {
        Repository repository = Repository.of(BlobStoreObjects.of(memory, ObjectHash.SHA_256));
        Fixture.split(transfers, repository, "s", tar);
        merge(
                repository,
                MergeOptions.builder().expected(Sha256.of(tar.duplicate())).build());
        assertThat(Files.readAllBytes(merged())).isEqualTo(tar.array());
    }

    @Test
    void aChangedByteInAnySectionIsNoticed() throws Exception {
        Repository repository = Repository.of(BlobStoreObjects.of(memory, ObjectHash.SHA_256));
        Fixture.split(transfers, repository, "s", tar);
        for (int at : new int[] {0, LargeRead.SECTION + 77, SIZE - 1}) {
            byte[] damaged = file.clone();
            damaged[at] ^= 1;
            put(repository, damaged);
            assertThatThrownBy(() -> merge(repository, MergeOptions.DEFAULT))
                    .isInstanceOf(DamagedObjectException.class)
                    .hasMessageContaining("its content has the id");
            assertThat(directory).isEmptyDirectory();
        }
        merge(repository, MergeOptions.builder().verify(false).build());
        assertThat(Files.size(merged())).isEqualTo(tar.capacity());
    }

    @Test
    void failedRequestsAreRepeated() throws Exception {
        Repository sound = Repository.of(BlobStoreObjects.of(memory, ObjectHash.SHA_256));
        Fixture.split(transfers, sound, "s", tar);
        int injected = 0;
        for (int seed = 0; seed < 8; seed++) {
            FaultyBlobStore faulty = FaultyBlobStore.over(memory)
                    .seed(seed)
                    .chance(Fault.ERROR, 0.2)
                    .retryAfter(Duration.ofNanos(1))
                    .build();
            merge(Repository.of(BlobStoreObjects.of(faulty, ObjectHash.SHA_256)), MergeOptions.DEFAULT);
            assertThat(Files.readAllBytes(merged())).isEqualTo(tar.array());
            Files.delete(merged());
            injected += faulty.injected(Fault.ERROR);
        }
        assertThat(injected).isPositive();
    }

    /** Cancels when so many sections are being read, and nothing may be left of any of them. */
    @ParameterizedTest
    @ValueSource(ints = {1, 2, 3})
    void aMergeCanBeCancelledWhileSectionsAreRead(int sections) throws Exception {
        Fixture.split(transfers, Repository.of(BlobStoreObjects.of(memory, ObjectHash.SHA_256)), "s", tar);
        CountDownLatch reading = new CountDownLatch(sections);
        BlobStore stalling = new ForwardingBlobStore(memory) {
            @Override
            public ReadResult read(BlobKey key, ByteRange range, BlobTarget.Window target, ReadOptions options)
                    throws IOException {
                if (target.remaining() < LargeRead.SECTION / 4) {
                    return super.read(key, range, target, options); // the stream, or the rest of it
                }
                boolean interrupted = false;
                reading.countDown();
                try {
                    new CountDownLatch(1).await();
                } catch (InterruptedException e) {
                    interrupted = true;
                }
                // As a store whose last bytes arrive while it is interrupted: the window must be there still.
                ReadResult result = super.read(key, range, target, options);
                if (interrupted) {
                    Thread.currentThread().interrupt();
                }
                return result;
            }
        };
        Transfer<MergeResult> merge = SplitEngine.of(transfers)
                .merge(
                        Repository.of(BlobStoreObjects.of(stalling, ObjectHash.SHA_256)),
                        "s",
                        BlobTarget.ofPath(merged()),
                        MergeOptions.builder().concurrency(sections).build());
        assertThat(reading.await(60, TimeUnit.SECONDS)).isTrue();
        assertThat(merge.cancel()).isTrue();
        assertThatThrownBy(() -> merge.join(LIMIT)).isInstanceOf(CancellationException.class);
        assertThat(directory).isEmptyDirectory();
        merge(Repository.of(BlobStoreObjects.of(memory, ObjectHash.SHA_256)), MergeOptions.DEFAULT);
        assertThat(Files.readAllBytes(merged())).isEqualTo(tar.array());
    }
}
