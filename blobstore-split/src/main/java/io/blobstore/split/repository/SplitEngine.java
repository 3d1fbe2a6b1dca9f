package io.blobstore.split.repository;

import io.blobstore.BlobSource;
import io.blobstore.BlobTarget;
import io.blobstore.split.ObjectId;
import io.blobstore.split.internal.input.InputStreamChannel;
import io.blobstore.split.oci.OciImage;
import io.blobstore.transfer.RetryPolicy;
import io.blobstore.transfer.Transfer;
import io.blobstore.transfer.TransferListener;
import io.blobstore.transfer.TransferManager;
import java.io.IOException;
import java.io.InputStream;
import java.io.UncheckedIOException;
import java.nio.channels.IllegalBlockingModeException;
import java.nio.channels.ReadableByteChannel;
import java.nio.channels.SelectableChannel;
import java.util.Objects;
import java.util.concurrent.CompletableFuture;

/**
 * Splits content into objects of a {@link Repository}, and merges it again, in parallel, with the threads and the
 * memory of a {@link TransferManager}.
 *
 * <pre>{@code
 * try (TransferManager transfers = TransferManager.create();
 *         MappedFile file = MappedFile.open(Path.of("disk.img"))) {
 *     SplitEngine engine = SplitEngine.of(transfers);
 *     Repository repository = Repository.of(BlobStoreObjects.of(store, ObjectHash.SHA_256));
 *     SplitOptions options = SplitOptions.builder()
 *             .splitter(Splitter.fixed(1 << 20))
 *             .ref("disk/today")
 *             .build();
 *     SplitResult split = engine.split(repository, "disk-1", file.region(), options).join();
 *     System.out.println(split.progress().bytesStored() + " bytes were new");
 *     engine.merge(repository, "disk-1", BlobTarget.ofPath(Path.of("copy.img"))).join();
 * }
 * }</pre>
 *
 * <p>Immutable and thread-safe. The caller owns the manager, and closes it before the object store.
 */
public final class SplitEngine {
    private final TransferManager transfers;

    private SplitEngine(TransferManager transfers) {
        this.transfers = transfers;
    }

    /** Returns an engine that uses a manager. */
    public static SplitEngine of(TransferManager transfers) {
        Objects.requireNonNull(transfers, "transfers");
        return new SplitEngine(transfers);
    }

    /**
     * Starts a split and returns at once. What the repository has is not stored again. The source is retained until the
     * transfer has completed. The name, and then the ref, appear at the end, when every object is stored; if the split
     * fails or is cancelled, neither does, and the objects that were stored are left to the next split or garbage
     * collection.
     *
     * @param name the name of the stream; an existing one is replaced
     * @throws IllegalArgumentException if the name is invalid
     * @throws IllegalStateException if the manager, or the source's memory, is closed
     */
    public Transfer<SplitResult> split(Repository repository, String name, BlobSource source, SplitOptions options) {
        int threads = threads(repository, options.concurrency());
        return start(SplitTask.of(repository, name, source, options, threads), options, threads);
    }

    private Transfer<SplitResult> start(SplitTask task, SplitOptions options, int threads) {
        return transfers.start(task, options.retry(), threads, TransferListener.NONE);
    }

    /**
     * Starts a split of what a stream contains from here to its end, and returns at once. The result is the same as
     * that of a source with this content, and so are the guarantees; but the stream is read once, so a failed split
     * needs a new stream. {@link SplitProgress#totalBytes()} is unknown until the stream has ended.
     *
     * <p>One thread of the transfer reads the stream, into direct memory of at most
     * {@link SplitOptions#streamMemory()}, and no faster than the content is processed. A larger object than 1 MiB is
     * kept in a temporary file of its own until it is stored. What the stream throws is the outcome.
     *
     * <p>The stream must not be used by others before the transfer has completed. It is never closed here.
     * {@linkplain Transfer#cancel Cancelling} interrupts the thread that reads, which ends reads of a
     * {@link java.io.PipedInputStream} and of channels. A read that ignores interrupts, as that of {@link System#in}
     * does, delays the end of the transfer until it returns; if closing the stream ends the read, close it after
     * cancelling. To cancel a split of standard input at any time, pass the channel of a
     * {@code FileInputStream(FileDescriptor.in)}, and give the manager an executor of platform threads: virtual threads
     * are not interrupted in reads of files.
     *
     * @param name the name of the stream; an existing one is replaced
     * @throws IllegalArgumentException if the name is invalid
     * @throws IllegalStateException if the manager is closed
     */
    public Transfer<SplitResult> split(Repository repository, String name, InputStream stream, SplitOptions options) {
        Objects.requireNonNull(stream, "stream");
        return split(repository, name, new InputStreamChannel(stream), options);
    }

    /**
     * Starts a split of what a channel contains from its position to its end, and returns at once; see
     * {@link #split(Repository, String, InputStream, SplitOptions)}. Bytes are read straight into direct memory.
     *
     * <p>An interruptible channel, as those of the JDK are, is closed by a cancellation that interrupts a read.
     *
     * @param channel in blocking mode
     * @throws IllegalArgumentException if the name is invalid
     * @throws IllegalBlockingModeException if the channel is in non-blocking mode
     * @throws IllegalStateException if the manager is closed
     */
    public Transfer<SplitResult> split(
            Repository repository, String name, ReadableByteChannel channel, SplitOptions options) {
        Objects.requireNonNull(channel, "channel");
        if (channel instanceof SelectableChannel selectable && !selectable.isBlocking()) {
            throw new IllegalBlockingModeException();
        }
        int threads = threads(repository, options.concurrency());
        return start(SplitTask.of(repository, name, channel, options, threads), options, threads);
    }

    /**
     * Starts the import of a container image and returns at once. Each layer, the configuration and the manifest become
     * streams, with the names and references that composefs-rs gives them:
     *
     * <pre>
     * oci-layer-sha256:DIFF_ID       a layer, uncompressed and split as a tar archive
     * oci-config-sha256:DIGEST       the configuration, which refers to the layers
     * oci-manifest-sha256:DIGEST     the manifest, which refers to the configuration and the layers
     * refs/oci/NAME                  the image, with %2F for slashes of its name
     * </pre>
     *
     * <p>Everything is verified: each blob's digest, and each layer's {@code diff_id}. A layer that the repository has,
     * with all of its objects, is not read again. The ref appears at the end. If the import fails or is cancelled, it
     * does not; layers that are complete are left to the next import or garbage collection. Uncompressed layers are
     * split from their mapping. Compressed ones are split while they are decompressed; a file of more than 1 MiB in
     * them goes into a temporary file until it is stored.
     *
     * <p>The transfer fails with an {@link io.blobstore.split.oci.OciLayoutException}, which names the blob, if the
     * image is damaged, incomplete or of an unsupported kind.
     *
     * @throws IllegalArgumentException if neither the options nor the layout say the image's name, or it is invalid
     * @throws IllegalStateException if the manager is closed
     */
    public Transfer<OciImportResult> importImage(Repository repository, OciImage image, OciImportOptions options) {
        Objects.requireNonNull(image, "image");
        int threads = threads(repository, options.concurrency());
        String name = options.name()
                .or(image::name)
                .orElseThrow(() -> new IllegalArgumentException(
                        "the image " + image + " has no name in its layout; give it one by the option name"));
        OciImportTask task = new OciImportTask(repository, image, name, options, threads);
        return transfers.start(task, options.retry(), threads, options.listener());
    }

    /** Starts a merge with default options; see {@link #merge(Repository, String, BlobTarget, MergeOptions)}. */
    public Transfer<MergeResult> merge(Repository repository, String name, BlobTarget target) throws IOException {
        Objects.requireNonNull(name, "name");
        return merge(repository, name, target, MergeOptions.DEFAULT);
    }

    /**
     * Starts a merge and returns at once. The stream and each object are verified while they pass, and their sizes must
     * add up. A file is published when all of that has succeeded; the content of other targets is undefined before
     * that, and after a failure.
     *
     * @param name the name of the stream, or {@code refs/REF}
     * @return the merge, which fails with {@link io.blobstore.RangeNotSatisfiableException} if the content is larger
     *     than the target
     * @throws IllegalStateException if the manager, or the target's memory, is closed
     * @throws IOException if the target cannot be opened
     */
    public Transfer<MergeResult> merge(Repository repository, String name, BlobTarget target, MergeOptions options)
            throws IOException {
        Objects.requireNonNull(name, "name");
        int threads = threads(repository, options.concurrency());
        MergeTask task = new MergeTask(repository, name, target, options, threads);
        return transfers.start(task, options.retry(), threads, options.listener());
    }

    /**
     * Opens a stream, to be read at any position without merging it. Verifies and decodes the stream, and asks for the
     * sizes of its objects, in parallel; reads none of them yet.
     *
     * @param name the name of the stream, or {@code refs/REF}
     * @return the content, to be closed by the caller
     * @throws InterruptedException if the caller is interrupted, which cancels the opening
     */
    public SplitContent open(Repository repository, String name) throws IOException, InterruptedException {
        int threads = threads(repository, 0);
        Transfer<SplitContent> opening = transfers.start(
                new OpenTask(repository, name, threads), RetryPolicy.DEFAULT, threads, TransferListener.NONE);
        try {
            return opening.join();
        } catch (InterruptedException e) {
            opening.cancel();
            CompletableFuture<?> unused = opening.toCompletableFuture().thenAccept(SplitEngine::discard);
            throw e;
        }
    }

    private static void discard(SplitContent content) {
        try {
            content.close();
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    /**
     * Starts a check of a repository and returns at once: every object is hashed, every stream decoded, every link
     * followed. Problems do not make it fail; they are in the report.
     *
     * @throws IllegalStateException if the manager is closed
     */
    public Transfer<FsckReport> fsck(Repository repository, FsckOptions options) {
        int threads = threads(repository, options.concurrency());
        return transfers.start(
                new FsckTask(repository, options, threads), options.retry(), threads, options.listener());
    }

    /**
     * Starts to create or change a ref, which appears atomically, and returns at once. Finds every object of the
     * stream, and of the streams to which it refers, first: a ref never leads to something incomplete. In a bucket,
     * objects that a garbage collection may delete, as no ref has led to them for long, are made young again, also
     * while one runs.
     *
     * @param stream the name of the stream
     * @return the transfer of the stream's id, which fails with {@link UnknownStreamException} if there is no such
     *     stream, with {@link MissingObjectException} or {@link DamagedObjectException} if it is incomplete, and with
     *     {@link CollectedObjectException} if a garbage collection was faster; the ref is unchanged then
     * @throws IllegalArgumentException if a name is invalid
     * @throws IllegalStateException if the manager is closed
     */
    public Transfer<ObjectId> setRef(Repository repository, String ref, String stream) {
        Objects.requireNonNull(stream, "stream");
        int threads = threads(repository, 0);
        return transfers.start(
                new RefTask(repository, ref, stream, threads), RetryPolicy.DEFAULT, threads, TransferListener.NONE);
    }

    /**
     * Starts a garbage collection and returns at once: deletes the objects and links to which no ref leads. Reads and
     * verifies all streams first. If a stream or link is broken, nothing is deleted, and the report says why.
     *
     * @return the transfer, which fails with {@link RepositoryBusyException} if writers, or another collection, do not
     *     end in time
     * @throws IllegalStateException if the manager is closed
     */
    public Transfer<CollectReport> collect(Repository repository, CollectOptions options) {
        int threads = threads(repository, 0);
        return transfers.start(
                new CollectTask(repository, options, threads), options.retry(), threads, TransferListener.NONE);
    }

    private static int threads(Repository repository, int wanted) {
        return wanted > 0 ? wanted : repository.objects().concurrency();
    }
}
