package io.blobstore.cache;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatExceptionOfType;
import static org.assertj.core.api.Assertions.assertThatIllegalStateException;

import io.blobstore.BlobNotFoundException;
import io.blobstore.BlobStoreException;
import io.blobstore.ByteRange;
import io.blobstore.cache.pieces.Blocking;
import java.nio.ByteBuffer;
import java.util.List;
import java.util.concurrent.CancellationException;
import java.util.concurrent.CountDownLatch;
import org.junit.jupiter.api.Test;

/** Blobs that are fetched before they are read. */
class StorePrefetchTest extends CachedStoreFixture {
    private static final byte[] SMALL = bytes(2 * MIB, 1);
    private static final byte[] LARGE = bytes(8 * MIB + 7, 2);

    @Override
    CachedStoreOptions options() {
        return super.options().toBuilder()
                .wholeBlobLimit(4 * MIB)
                .pieceSize(MIB)
                .maxPieceBytes(16 * MIB)
                .build();
    }

    @Test
    void aSmallBlobIsFetchedAsAWhole() throws Exception {
        memory.store(KEY, ByteBuffer.wrap(SMALL));

        assertThat(store.prefetch(KEY, List.of(ByteRange.of(0, 1))).join()).isEqualTo(SMALL.length);
        assertThat(store.prefetch(KEY, List.of(ByteRange.of(0, 1))).join()).isZero();

        read(ByteRange.all(), SMALL);
        assertThat(remote.reads()).hasSize(1);
    }

    @Test
    void thePiecesOfALargeBlobAreFetched() throws Exception {
        memory.store(KEY, ByteBuffer.wrap(LARGE));

        assertThat(store.prefetch(KEY, List.of(ByteRange.of(MIB + 5, 10), ByteRange.from(8 * MIB)))
                        .join())
                .isEqualTo(MIB + 7);

        int reads = remote.reads().size();
        read(ByteRange.of(MIB, MIB), LARGE);
        read(ByteRange.from(8 * MIB), LARGE);
        assertThat(remote.reads()).hasSize(reads);
        assertThat(store.stats().passed()).isEqualTo(2);
    }

    @Test
    void aTraceWarmsWhatWasRead() throws Exception {
        memory.store(KEY, ByteBuffer.wrap(LARGE));
        AccessTrace.Recorder recorder = AccessTrace.recorder();
        recorder.record(3 * MIB, 100);
        recorder.record(1L << 40, 100);

        store.warm(KEY, recorder.trace()).join();

        int reads = remote.reads().size();
        read(ByteRange.of(3 * MIB, MIB), LARGE);
        assertThat(remote.reads()).hasSize(reads);
    }

    @Test
    void whatCannotBeFetchedIsReported() throws Exception {
        assertThatExceptionOfType(BlobNotFoundException.class)
                .isThrownBy(() -> store.prefetch(KEY, List.of(ByteRange.all())));
        memory.store(KEY, ByteBuffer.wrap(SMALL));
        remote.onRead((request, offset, piece) -> {
            throw ScriptedRemote.broken(KEY);
        });
        assertThatExceptionOfType(BlobStoreException.class)
                .isThrownBy(() -> store.prefetch(KEY, List.of(ByteRange.all())).join());
        memory.store(KEY, ByteBuffer.wrap(LARGE));
        reopen(options().toBuilder().maxPieceBytes(0).build());
        assertThatIllegalStateException()
                .isThrownBy(() -> store.prefetch(KEY, List.of(ByteRange.all())))
                .withMessageContaining("maxPieceBytes");
    }

    @Test
    void aPrefetchIsCancelled() throws Exception {
        memory.store(KEY, ByteBuffer.wrap(SMALL));
        remote.onRead((request, offset, piece) -> Blocking.await(new CountDownLatch(1)));
        Prefetch prefetch = store.prefetch(KEY, List.of(ByteRange.all()));
        Blocking.until(() -> !remote.reads().isEmpty());

        prefetch.cancel();
        prefetch.cancel();

        assertThatExceptionOfType(CancellationException.class).isThrownBy(prefetch::join);
        assertThat(cache.stats().reservedBytes()).isZero();
    }

    @Test
    void closingTheStoreEndsAPrefetch() throws Exception {
        memory.store(KEY, ByteBuffer.wrap(LARGE));
        remote.onRead((request, offset, piece) -> Blocking.await(new CountDownLatch(1)));
        Prefetch prefetch = store.prefetch(KEY, List.of(ByteRange.all()));
        Blocking.until(() -> !remote.reads().isEmpty());

        store.close();

        assertThatExceptionOfType(CancellationException.class).isThrownBy(prefetch::join);
    }
}
