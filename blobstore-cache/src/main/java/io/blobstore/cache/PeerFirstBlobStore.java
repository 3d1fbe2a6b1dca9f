package io.blobstore.cache;

import io.blobstore.BlobKey;
import io.blobstore.BlobMetadata;
import io.blobstore.BlobNotFoundException;
import io.blobstore.BlobStore;
import io.blobstore.BlobTarget;
import io.blobstore.BlobVersion;
import io.blobstore.ByteRange;
import io.blobstore.ForwardingBlobStore;
import io.blobstore.Operation;
import io.blobstore.PreconditionFailedException;
import io.blobstore.RangeNotSatisfiableException;
import io.blobstore.ReadOptions;
import io.blobstore.ReadResult;
import io.blobstore.TargetException;
import io.blobstore.internal.concurrent.Interrupts;
import io.blobstore.spi.ByteRanges;
import java.io.Closeable;
import java.io.IOException;
import java.time.Duration;
import java.util.List;
import java.util.Objects;
import java.util.Optional;
import java.util.concurrent.atomic.AtomicLong;
import java.util.concurrent.atomic.LongAdder;
import java.util.function.LongSupplier;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * A store whose blobs are read from a peer for as long as the peer has them, and then from the remote store: for blobs
 * that a peer has produced and not uploaded yet.
 *
 * <pre>{@code
 * try (BlobStore images = PeerFirstBlobStore.open(peer, BlobStores.open("s3://images"))) {
 *     ReadResult read = transfers.download(images, key, ByteRange.all(), file.region()).join();
 * }
 * }</pre>
 *
 * <p><b>Hand-over.</b> When the peer says that it does not have the blob, because it was stored, or cannot be reached,
 * a read goes on at the remote store, at the byte that it had reached, if the remote store has the same content: the
 * same size, and the same checksum or version. Otherwise it fails with {@link PreconditionFailedException}. A version
 * of the peer stays valid after that: reads of it are answered by the remote store as long as it has the same content
 * and this object remembers the metadata that the peer reported. A peer that cannot be reached is not asked again for
 * some seconds.
 *
 * <p>Everything but {@link #read} and {@link #head} is forwarded to the remote store: listings show what is stored
 * there. Thread-safe.
 */
public final class PeerFirstBlobStore extends ForwardingBlobStore {
    private static final Logger LOG = LoggerFactory.getLogger(PeerFirstBlobStore.class);
    private static final Duration PEER_PAUSE = Duration.ofSeconds(10);

    private final BlobStore peer;
    private final LongSupplier nanoTime;
    private final PeerVersions versions = new PeerVersions();
    /** Until when the peer is not asked; 0 if it is. */
    private final AtomicLong silentUntil = new AtomicLong();

    private final LongAdder handOvers = new LongAdder();

    PeerFirstBlobStore(BlobStore peer, BlobStore remote, LongSupplier nanoTime) {
        super(remote);
        this.peer = peer;
        this.nanoTime = nanoTime;
    }

    /** Opens a store that closes the peer and the remote store when it is closed. */
    public static PeerFirstBlobStore open(BlobStore peer, BlobStore remote) {
        Objects.requireNonNull(peer, "peer");
        Objects.requireNonNull(remote, "remote");
        return new PeerFirstBlobStore(peer, remote, System::nanoTime);
    }

    /** Returns how many reads the remote store completed that had begun at the peer. */
    public long handOvers() {
        return handOvers.sum();
    }

    @Override
    public BlobMetadata head(BlobKey key) throws IOException {
        if (isPeerAsked()) {
            try {
                BlobMetadata blob = peer.head(key);
                versions.put(blob);
                return blob;
            } catch (IOException | IllegalStateException e) {
                peerFailed(key, e);
            }
        }
        return super.head(key);
    }

    @Override
    public ReadResult read(BlobKey key, ByteRange range, BlobTarget.Window target, ReadOptions options)
            throws IOException {
        Objects.requireNonNull(key, "key");
        Objects.requireNonNull(range, "range");
        Objects.requireNonNull(target, "target");
        Objects.requireNonNull(options, "options");
        ByteRanges.requireRoom(range, target.remaining());
        Optional<BlobVersion> wanted = options.ifMatch();
        if (wanted.isPresent() && versions.get(key, wanted.get()).isEmpty() && !isPeerAsked()) {
            return super.read(key, range, target, options); // a version of the remote store
        }
        PeerRead read = new PeerRead(peer, key, range, target, options);
        if (isPeerAsked()) {
            try {
                ReadResult result = read.run();
                versions.put(result.blob());
                return result;
            } catch (TargetException e) {
                throw e;
            } catch (IOException | IllegalStateException e) {
                peerFailed(key, e);
            }
        }
        read.blob().ifPresent(versions::put);
        return handOver(read, options);
    }

    private ReadResult handOver(PeerRead read, ReadOptions options) throws IOException {
        Optional<BlobMetadata> known = read.blob();
        if (known.isEmpty() && options.ifMatch().isPresent()) {
            known = versions.get(read.key(), options.ifMatch().get());
        }
        if (known.isEmpty()) {
            return super.read(read.key(), read.range(), read.target(), options); // the peer has said nothing of it
        }
        BlobMetadata promised = known.get();
        BlobMetadata stored;
        try {
            stored = super.head(read.key());
        } catch (BlobNotFoundException e) {
            throw new BlobNotFoundException(Operation.READ, read.key(), e);
        }
        if (!isSame(promised, stored)) {
            throw new PreconditionFailedException(
                    Operation.READ,
                    read.key(),
                    "the peer no longer has version " + promised.version() + ", and the content of version "
                            + stored.version() + " in " + delegate() + " is not certain to be the same",
                    null);
        }
        ReadResult result = read.continueAt(delegate(), promised, stored);
        if (read.begun()) {
            handOvers.increment();
        }
        return result;
    }

    private static boolean isSame(BlobMetadata one, BlobMetadata other) {
        if (one.size() != other.size()) {
            return false;
        }
        boolean comparable = one.checksum().isPresent() && other.checksum().isPresent();
        return comparable
                ? one.checksum().equals(other.checksum())
                : one.version().equals(other.version());
    }

    // ---- whether the peer can be reached

    private boolean isPeerAsked() {
        long until = silentUntil.get();
        return until == 0 || nanoTime.getAsLong() - until >= 0;
    }

    /** Decides what a failure says of the peer. */
    private void peerFailed(BlobKey key, Exception failure) throws IOException {
        if (Interrupts.caused(failure) && failure instanceof IOException interrupted) {
            throw interrupted;
        }
        if (failure instanceof BlobNotFoundException || failure instanceof PreconditionFailedException) {
            LOG.debug("The peer {} does not have '{}'", peer, key);
            return;
        }
        if (failure instanceof RangeNotSatisfiableException refused) {
            throw refused;
        }
        long until = nanoTime.getAsLong() + PEER_PAUSE.toNanos();
        if (silentUntil.getAndSet(until == 0 ? 1 : until) == 0) {
            LOG.info("The peer {} cannot be read; {} is: {}", peer, delegate(), failure.toString());
        }
    }

    @Override
    public void close() throws IOException {
        Closing.all(List.<Closeable>of(peer, delegate()));
    }

    @Override
    public String toString() {
        return "PeerFirstBlobStore(" + peer + ", " + delegate() + ")";
    }
}
