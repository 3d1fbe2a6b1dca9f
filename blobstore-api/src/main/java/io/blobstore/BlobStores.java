package io.blobstore;

import io.blobstore.spi.BlobStoreProvider;
import java.io.IOException;
import java.net.URI;
import java.nio.file.FileSystems;
import java.nio.file.Path;
import java.util.Collections;
import java.util.Map;
import java.util.NavigableMap;
import java.util.Objects;
import java.util.ServiceLoader;
import java.util.SortedSet;
import java.util.TreeMap;
import java.util.regex.Pattern;

/**
 * Opens stores by URI: {@code file:/dir}, {@code s3://bucket?region=…}, {@code gs://bucket}, {@code mem:name}; or by
 * the path of a local directory.
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
 *
 * <p>A missing local directory is created only by {@code file:/dir?create=true}.
 */
public final class BlobStores {
    /** A scheme has two characters or more: {@code C:} is a drive. */
    private static final Pattern URI_START = Pattern.compile("[A-Za-z][A-Za-z0-9+.-]+:.*", Pattern.DOTALL);

    /** The modules of the known schemes. */
    private static final Map<String, String> MODULES = Map.of(
            "file", "blobstore-fs",
            "s3", "blobstore-s3",
            "gs", "blobstore-gcs",
            "cache", "blobstore-cache");

    private BlobStores() {}

    /**
     * Opens the store that a text names. A text that begins with a scheme of two characters or more, as
     * {@code s3://bucket}, is a URI; spaces may be written as they are. Any other text, as {@code /var/blobs} or
     * {@code ./my blobs}, is the path of a local directory, without parameters.
     *
     * @throws IllegalArgumentException if the URI is malformed, carries a credential, has an unknown parameter, or has
     *     a scheme without a provider
     * @throws StoreNotFoundException if a local directory does not exist
     * @throws IOException if the store cannot be opened
     */
    public static BlobStore open(String uriOrPath) throws IOException {
        return open(uriOrPath, StoreObserver.NONE);
    }

    /**
     * Opens the store that a text names, as {@link #open(String)} does, and has it report its requests to an observer.
     *
     * @throws IllegalArgumentException if the URI is malformed, carries a credential, has an unknown parameter, or has
     *     a scheme without a provider
     * @throws StoreNotFoundException if a local directory does not exist
     * @throws IOException if the store cannot be opened
     */
    public static BlobStore open(String uriOrPath, StoreObserver observer) throws IOException {
        Objects.requireNonNull(uriOrPath, "uriOrPath");
        Objects.requireNonNull(observer, "observer");
        // A text that begins with '//' is an incomplete URI; parsing it fails without repeating it.
        boolean uri = URI_START.matcher(uriOrPath).matches() || uriOrPath.startsWith("//") || uriOrPath.isEmpty();
        return open(uri ? StoreUri.parse(uriOrPath) : uriOf(Path.of(uriOrPath)), observer);
    }

    /** Opens the store that a URI names; see {@link #open(String)}. */
    public static BlobStore open(URI uri) throws IOException {
        return open(StoreUri.parse(Objects.requireNonNull(uri, "uri").toString()), StoreObserver.NONE);
    }

    /**
     * Opens the store in a local directory, with default options. Needs the module {@code blobstore-fs}.
     *
     * @param directory absolute, or relative to the working directory
     * @throws IllegalArgumentException if the path is not of the default file system
     * @throws StoreNotFoundException if the directory does not exist
     * @throws IOException if the store cannot be opened
     */
    public static BlobStore open(Path directory) throws IOException {
        return open(uriOf(Objects.requireNonNull(directory, "directory")), StoreObserver.NONE);
    }

    private static StoreUri uriOf(Path directory) {
        if (!directory.getFileSystem().equals(FileSystems.getDefault())) {
            throw new IllegalArgumentException(
                    "a local store is in a directory of the default file system; got a path of "
                            + directory.getFileSystem().provider().getScheme() + ":");
        }
        return StoreUri.parse(directory.toUri().toString());
    }

    /** Returns the schemes of the URIs that can be opened, such as {@code s3}: those of the modules that are there. */
    public static SortedSet<String> schemes() {
        return Collections.unmodifiableSortedSet(providers().navigableKeySet());
    }

    private static NavigableMap<String, BlobStoreProvider> providers() {
        NavigableMap<String, BlobStoreProvider> providers = new TreeMap<>();
        ServiceLoader.load(BlobStoreProvider.class, BlobStores.class.getClassLoader())
                .forEach(provider -> providers.putIfAbsent(provider.scheme(), provider));
        return providers;
    }

    private static BlobStore open(StoreUri uri, StoreObserver observer) throws IOException {
        Map<String, BlobStoreProvider> providers = providers();
        BlobStoreProvider provider = providers.get(uri.scheme());
        if (provider == null) {
            throw noProvider(uri.scheme(), providers);
        }
        requireSamePath(uri.scheme(), provider);
        return observer == StoreObserver.NONE ? provider.open(uri) : provider.open(uri, observer);
    }

    private static IllegalArgumentException noProvider(String scheme, Map<String, BlobStoreProvider> providers) {
        String module = MODULES.get(scheme);
        String remedy = module != null
                ? "add the dependency io.blobstore:" + module
                : "a local directory whose name contains ':' is written ./name";
        return new IllegalArgumentException("no store supports the scheme '" + scheme + ":'; available schemes are "
                + providers.keySet() + "; " + remedy);
    }

    /**
     * Checks that one of this library's providers is on the module path if this module is, as it uses packages that are
     * exported to its named module only.
     */
    private static void requireSamePath(String scheme, BlobStoreProvider provider) {
        Module own = BlobStores.class.getModule();
        String module = MODULES.get(scheme);
        if (own.isNamed()
                && !provider.getClass().getModule().isNamed()
                && module != null
                && provider.getClass().getName().startsWith(BlobStores.class.getPackageName() + ".")) {
            throw new IllegalStateException(module + " is on the class path, but " + own.getName()
                    + " is on the module path; put both on the same path");
        }
    }
}
