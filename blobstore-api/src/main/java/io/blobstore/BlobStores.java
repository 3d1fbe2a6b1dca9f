package io.blobstore;

import io.blobstore.spi.BlobStoreProvider;
import java.io.IOException;
import java.util.Objects;
import java.util.ServiceLoader;
import java.util.TreeMap;

/**
 * Opens stores by URI: {@code file:/dir}, {@code s3://bucket?region=…}, {@code gs://bucket}, {@code mem:name}.
 *
 * <pre>{@code
 * try (BlobStore images = BlobStores.open("mem:")) {
 *     images.store(BlobKey.of("hello"), ByteBuffer.wrap("world".getBytes()));
 * }
 * }</pre>
 *
 * <p>{@code mem:} opens a new store in memory, for tests and small caches. Stores that are opened as {@code mem:name}
 * in one JVM share their blobs, which stay until they are deleted or the JVM ends. Content is held in arrays on the
 * Java heap, and limited by its size only; a blob has at most 1 GiB.
 */
public final class BlobStores {
    private BlobStores() {}

    /**
     * Opens the store that a URI names, with the {@link BlobStoreProvider} of its scheme on the class or module path.
     *
     * @throws IllegalArgumentException if the URI is malformed, carries a credential, has an unknown parameter, or has
     *     a scheme without a provider
     * @throws IOException if the store cannot be opened
     */
    public static BlobStore open(String uri) throws IOException {
        return open(uri, StoreObserver.NONE);
    }

    /**
     * Opens the store that a URI names, as {@link #open(String)} does, and has it report its requests to an observer.
     *
     * @throws IllegalArgumentException if the URI is malformed, carries a credential, has an unknown parameter, or has
     *     a scheme without a provider
     * @throws IOException if the store cannot be opened
     */
    public static BlobStore open(String uri, StoreObserver observer) throws IOException {
        Objects.requireNonNull(observer, "observer");
        StoreUri parsed = StoreUri.parse(uri);
        TreeMap<String, BlobStoreProvider> providers = new TreeMap<>();
        ServiceLoader.load(BlobStoreProvider.class, BlobStores.class.getClassLoader())
                .forEach(provider -> providers.putIfAbsent(provider.scheme(), provider));
        BlobStoreProvider provider = providers.get(parsed.scheme());
        if (provider == null) {
            throw new IllegalArgumentException(
                    "no store supports the scheme '" + parsed.scheme() + ":'; available schemes are "
                            + providers.keySet() + ". Is the module of that backend (blobstore-" + parsed.scheme()
                            + ") a dependency?");
        }
        return observer == StoreObserver.NONE ? provider.open(parsed) : provider.open(parsed, observer);
    }
}
