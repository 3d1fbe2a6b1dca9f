package io.blobstore.spring;

import io.blobstore.BlobKey;
import io.blobstore.BlobMetadata;
import io.blobstore.BlobNotFoundException;
import io.blobstore.BlobStore;
import io.blobstore.transfer.BlobReader;
import io.blobstore.transfer.ReaderOptions;
import io.blobstore.transfer.TransferManager;
import java.io.FileNotFoundException;
import java.io.IOException;
import java.io.InputStream;
import java.io.UncheckedIOException;
import java.nio.channels.ReadableByteChannel;
import java.util.Objects;
import org.jspecify.annotations.Nullable;
import org.springframework.core.io.AbstractResource;

/**
 * A blob as Spring's {@link org.springframework.core.io.Resource}: for controllers that return resources, multipart
 * requests, and whatever else reads resources. Content is read as it is needed, with prefetching, and {@code skip}
 * sends no request for the bytes that are skipped. Each call that returns a property sends a request.
 *
 * <p>A controller that returns it responds to ranges, as Spring does with any resource. {@link BlobResponse} also
 * evaluates conditions, and sends the properties that were stored with the blob.
 *
 * <p>Immutable and thread-safe. The store and the transfer manager stay the caller's, and must be open while the
 * resource is used.
 */
public final class BlobResource extends AbstractResource {
    private final TransferManager transfers;
    private final BlobStore store;
    private final BlobKey key;

    /** Creates a resource, without a request: the blob need not exist. */
    public BlobResource(TransferManager transfers, BlobStore store, BlobKey key) {
        this.transfers = Objects.requireNonNull(transfers, "transfers");
        this.store = Objects.requireNonNull(store, "store");
        this.key = Objects.requireNonNull(key, "key");
    }

    /** Returns the key of the blob. */
    public BlobKey key() {
        return key;
    }

    /**
     * Returns the blob's metadata.
     *
     * @throws FileNotFoundException if there is no such blob
     */
    public BlobMetadata metadata() throws IOException {
        try {
            return store.head(key);
        } catch (BlobNotFoundException e) {
            throw notFound(e);
        }
    }

    /** Opens a reader, to be closed by the caller. Sends no request yet. */
    BlobReader open(ReaderOptions options) {
        return transfers.openReader(store, key, options);
    }

    /**
     * Returns whether the blob exists.
     *
     * @throws UncheckedIOException if the store does not tell
     */
    @Override
    public boolean exists() {
        try {
            store.head(key);
            return true;
        } catch (BlobNotFoundException e) {
            return false;
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    @Override
    public long contentLength() throws IOException {
        return metadata().size();
    }

    @Override
    public long lastModified() throws IOException {
        return metadata().lastModified().toEpochMilli();
    }

    /** Returns what follows the last '/' of the key. */
    @Override
    public String getFilename() {
        String name = key.toString();
        return name.substring(name.lastIndexOf('/') + 1);
    }

    @Override
    public String getDescription() {
        return "blob '" + key + "' in " + store;
    }

    /**
     * Opens the content of the version that the first response reports.
     *
     * @throws FileNotFoundException if there is no such blob
     */
    @Override
    public InputStream getInputStream() throws IOException {
        return existing(transfers.openReader(store, key)).inputStream();
    }

    /** Opens the content as a {@link BlobReader}; see {@link #getInputStream()}. */
    @Override
    public ReadableByteChannel readableChannel() throws IOException {
        return existing(transfers.openReader(store, key));
    }

    /** Returns the reader, and closes it if there is no blob: Spring expects an exception before the first byte. */
    private BlobReader existing(BlobReader reader) throws IOException {
        try {
            reader.metadata();
            return reader;
        } catch (BlobNotFoundException e) {
            reader.close();
            throw notFound(e);
        } catch (IOException | RuntimeException e) {
            reader.close();
            throw e;
        }
    }

    private FileNotFoundException notFound(BlobNotFoundException problem) {
        FileNotFoundException notFound = new FileNotFoundException(getDescription() + " does not exist");
        notFound.initCause(problem);
        return notFound;
    }

    @Override
    public boolean equals(@Nullable Object other) {
        return other instanceof BlobResource that && store.equals(that.store) && key.equals(that.key);
    }

    @Override
    public int hashCode() {
        return key.hashCode();
    }
}
