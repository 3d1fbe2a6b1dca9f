package io.blobstore.cache;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatExceptionOfType;

import io.blobstore.BlobKey;
import io.blobstore.BlobNotFoundException;
import io.blobstore.BlobStore;
import io.blobstore.BlobTarget;
import io.blobstore.BlobVersion;
import io.blobstore.ByteRange;
import io.blobstore.ForwardingBlobStore;
import io.blobstore.IntegrityException;
import io.blobstore.PreconditionFailedException;
import io.blobstore.RangeNotSatisfiableException;
import io.blobstore.ReadOptions;
import io.blobstore.ReadResult;
import io.blobstore.cache.pieces.Blocking;
import io.blobstore.contract.BlobStoreContract;
import io.blobstore.contract.Campaign;
import io.blobstore.contract.InMemoryBlobStore;
import io.blobstore.contract.LeakCheck;
import io.blobstore.internal.concurrent.Interrupts;
import io.blobstore.transfer.DownloadOptions;
import io.blobstore.transfer.TransferManager;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicLong;
import org.junit.jupiter.api.Nested;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.ExtendWith;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

/** Reads from a peer that the remote store takes over. */
@ExtendWith(LeakCheck.class)
class PeerFirstBlobStoreTest {
    private static final BlobKey KEY = BlobKey.of("key");
    private static final int SIZE = 20 << 20;
    private static final byte[] CONTENT = CachedStoreFixture.bytes(SIZE, 1);

    private final InMemoryBlobStore peerMemory = new InMemoryBlobStore();
    private final InMemoryBlobStore remoteMemory = new InMemoryBlobStore();
    private final ScriptedRemote peer = new ScriptedRemote(peerMemory);
    private final ScriptedRemote remote = new ScriptedRemote(remoteMemory);
    private final AtomicLong now = new AtomicLong();
    private final PeerFirstBlobStore store = new PeerFirstBlobStore(peer, remote, now::get);

    @TempDir
    Path directory;

    private BlobVersion peerHas(byte[] content) throws IOException {
        peerMemory.store(KEY, ByteBuffer.wrap(new byte[1])); // so that the versions differ
        return peerMemory.store(KEY, ByteBuffer.wrap(content)).version();
    }

    private void remoteHas(byte[] content) throws IOException {
        remoteMemory.store(KEY, ByteBuffer.wrap(content));
    }

    private ReadResult read(ByteRange range) throws IOException {
        return CachedStoreFixture.read(store, KEY, range, CONTENT);
    }

    // ---- who is asked

    @Test
    void aBlobThatIsNotStoredYetIsReadFromThePeer() throws IOException {
        BlobVersion version = peerHas(CONTENT);

        assertThat(store.head(KEY).version()).isEqualTo(version);
        assertThat(read(ByteRange.all()).blob().version()).isEqualTo(version);
        read(ByteRange.of(100, 1000));
        read(ByteRange.from(SIZE - 5));
        read(ByteRange.atMost(SIZE - 5, 100));
        assertThat(remote.reads()).isEmpty();
        assertThatExceptionOfType(RangeNotSatisfiableException.class)
                .isThrownBy(() -> store.read(KEY, ByteRange.of(SIZE, 1), ByteBuffer.allocate(1)));
    }

    @Test
    void aBlobThatThePeerDoesNotHaveIsReadFromTheStore() throws IOException {
        remoteHas(CONTENT);

        assertThat(store.head(KEY)).isEqualTo(remoteMemory.head(KEY));
        read(ByteRange.all());
        assertThat(store.handOvers()).isZero();
    }

    @Test
    void aBlobThatNobodyHasIsMissing() {
        assertThatExceptionOfType(BlobNotFoundException.class).isThrownBy(() -> read(ByteRange.all()));
    }

    @Test
    void aPeerThatCannotBeReachedIsNotAskedForAWhile() throws IOException {
        remoteHas(CONTENT);
        peer.setDown(true);
        store.head(KEY);
        peer.setDown(false);
        peerHas(CONTENT);

        read(ByteRange.of(0, 10));
        assertThat(peer.reads()).isEmpty();
        now.addAndGet(TimeUnit.SECONDS.toNanos(10));
        read(ByteRange.of(0, 10));
        assertThat(peer.reads()).hasSize(1);
    }

    // ---- hand-over

    enum Ending {
        /** The peer drops the blob, as it is stored. */
        STORED,
        /** The connection is reset, and what arrived is reported. */
        RESET,
        /** The connection is reset, and nothing is reported. */
        UNREPORTED,
        /** The peer is closed in this process. */
        CLOSED
    }

    private void endAt(Ending ending, long offset) {
        peer.onRead((request, at, piece) -> {
            if (at >= offset) {
                switch (ending) {
                    case STORED -> peerMemory.delete(KEY);
                    case RESET -> throw ScriptedRemote.broken(KEY);
                    case UNREPORTED -> throw new ScriptedRemote.Unreported(true);
                    case CLOSED -> throw new IllegalStateException("the peer is closed");
                }
            }
        });
    }

    @ParameterizedTest
    @EnumSource
    void aReadIsContinuedAtTheByteThatItReached(Ending ending) throws IOException {
        peerHas(CONTENT);
        remoteHas(CONTENT);
        endAt(ending, 10 << 20);

        ReadResult read = read(ByteRange.all());

        assertThat(read.blob().checksum()).isEqualTo(remoteMemory.head(KEY).checksum());
        assertThat(store.handOvers()).isEqualTo(1);
        long from = switch (ending) {
            case STORED -> 2L * PeerRead.MOST; // the request in which it was dropped is completed
            case RESET -> 10 << 20;
            default -> PeerRead.MOST;
        };
        assertThat(remote.reads()).containsExactly(from + "+" + (SIZE - from));
    }

    @ParameterizedTest
    @EnumSource
    void aDownloadIntoAFileIsHandedOver(Ending ending) throws Exception {
        peerHas(CONTENT);
        remoteHas(CONTENT);
        endAt(ending, 10 << 20);
        Path file = directory.resolve("file");
        DownloadOptions options =
                DownloadOptions.builder().partSize(3 << 20).concurrency(4).build();

        try (TransferManager transfers = TransferManager.create()) {
            transfers
                    .download(store, KEY, ByteRange.all(), BlobTarget.ofPath(file), options)
                    .join();
        }

        assertThat(Files.mismatch(file, Files.write(directory.resolve("expected"), CONTENT)))
                .isEqualTo(-1);
        assertThat(remote.reads()).isNotEmpty();
    }

    @Test
    void aVersionOfThePeerStaysValidAfterTheHandOver() throws IOException {
        BlobVersion version = peerHas(CONTENT);
        store.head(KEY);
        remoteHas(CONTENT);
        peerMemory.delete(KEY);

        ReadResult read =
                CachedStoreFixture.read(store, KEY, ByteRange.of(7, 100), CONTENT, ReadOptions.ifMatch(version));

        assertThat(read.blob().version()).isEqualTo(version);
        assertThat(store.head(KEY).version()).isEqualTo(remoteMemory.head(KEY).version());
        CachedStoreFixture.read(
                store,
                KEY,
                ByteRange.all(),
                CONTENT,
                ReadOptions.ifMatch(remoteMemory.head(KEY).version()));
    }

    @Test
    void aReadIsNotContinuedWithOtherContent() throws IOException {
        peerHas(CONTENT);
        byte[] other = CONTENT.clone();
        other[SIZE - 1] ^= 1;
        remoteHas(other);
        endAt(Ending.RESET, 10 << 20);

        assertThatExceptionOfType(PreconditionFailedException.class).isThrownBy(() -> read(ByteRange.all()));
        assertThat(remote.reads()).isEmpty();
    }

    @Test
    void aReadIsNotContinuedIfTheStoreDoesNotHaveTheBlob() throws IOException {
        peerHas(CONTENT);
        endAt(Ending.RESET, 10 << 20);

        assertThatExceptionOfType(BlobNotFoundException.class).isThrownBy(() -> read(ByteRange.all()));
    }

    @Test
    void bytesThatThePeerDamagedAreNotASuccess() throws IOException {
        peerHas(CONTENT);
        remoteHas(CONTENT);
        peer.onRead((request, at, piece) -> {
            if (at == 0) {
                piece.put(0, (byte) (piece.get(0) ^ 1));
            }
        });

        assertThatExceptionOfType(IntegrityException.class).isThrownBy(() -> read(ByteRange.all()));
    }

    @Test
    void anInterruptIsNotTakenForAFailureOfThePeer() throws Exception {
        peerHas(CONTENT);
        remoteHas(CONTENT);
        peer.onRead((request, at, piece) -> Blocking.await(new CountDownLatch(1)));
        Throwable[] problem = new Throwable[1];
        Thread reader = new Thread(() -> {
            try {
                read(ByteRange.all());
            } catch (IOException e) {
                problem[0] = Thread.currentThread().isInterrupted() ? e : null;
            }
        });
        reader.start();
        Blocking.until(() -> !peer.reads().isEmpty());

        reader.interrupt();
        reader.join();

        assertThat(problem[0]).isNotNull();
        assertThat(Interrupts.caused(problem[0])).isTrue();
        assertThat(remote.reads()).isEmpty();
    }

    @Test
    void theChainDescribesAndClosesBoth() throws IOException {
        List<String> closed = new ArrayList<>();
        PeerFirstBlobStore chain = PeerFirstBlobStore.open(closing("peer", closed), closing("remote", closed));

        assertThat(chain).hasToString("PeerFirstBlobStore(peer, remote)");
        chain.close();
        assertThat(closed).containsExactly("peer", "remote");
    }

    private static BlobStore closing(String name, List<String> closed) {
        return new ForwardingBlobStore(new InMemoryBlobStore()) {
            @Override
            public void close() throws IOException {
                closed.add(name);
                super.close();
            }

            @Override
            public String toString() {
                return name;
            }
        };
    }

    /** With a peer that has nothing, it is the remote store. */
    @Nested
    @Campaign(representedBy = PeerFirstBlobStoreTest.class)
    class Contract extends BlobStoreContract {
        private InMemoryBlobStore opened = new InMemoryBlobStore();

        @Override
        protected BlobStore openStore(Path unused) {
            opened = new InMemoryBlobStore();
            return PeerFirstBlobStore.open(new InMemoryBlobStore(), opened);
        }

        @Override
        protected boolean damage(BlobKey key) throws IOException {
            opened.flipBit(key, 77);
            return true;
        }

        @Override
        protected List<String> leftovers() {
            return opened.openUploads();
        }
    }

    /** With a peer that has everything, reads are those of the peer. */
    @Nested
    @Campaign(representedBy = PeerFirstBlobStoreTest.class)
    class ContractOfThePeer extends BlobStoreContract {
        private InMemoryBlobStore opened = new InMemoryBlobStore();

        @Override
        protected BlobStore openStore(Path unused) {
            opened = new InMemoryBlobStore();
            return PeerFirstBlobStore.open(opened, opened);
        }

        @Override
        protected List<String> leftovers() {
            return opened.openUploads();
        }
    }
}
