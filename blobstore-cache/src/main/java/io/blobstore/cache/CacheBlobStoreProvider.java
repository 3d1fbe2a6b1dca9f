package io.blobstore.cache;

import io.blobstore.BlobStore;
import io.blobstore.BlobStores;
import io.blobstore.StoreObserver;
import io.blobstore.StoreUri;
import io.blobstore.cas.AccessMode;
import io.blobstore.cas.CacheOptions;
import io.blobstore.cas.ContentCache;
import io.blobstore.cas.Durability;
import io.blobstore.cas.StorageMode;
import io.blobstore.spi.BlobStoreProvider;
import java.io.Closeable;
import java.io.IOException;
import java.nio.file.InvalidPathException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;
import java.util.function.Consumer;
import java.util.stream.Collectors;

/**
 * Opens {@code cache:/dir?max=50GiB&of=s3://bucket?region=…}: the store of the parameter {@code of}, which is the last
 * one, with a cache in a local directory. Sizes are bytes, or have a unit: {@code KiB}, {@code MiB}, {@code GiB},
 * {@code TiB}.
 *
 * <table>
 * <caption>Parameters</caption>
 * <tr><th>name</th><th>value</th></tr>
 * <tr><td>{@code of}</td><td>the URI of the remote store; required</td></tr>
 * <tr><td>{@code max}</td><td>the most bytes of whole blobs on the disk; required</td></tr>
 * <tr><td>{@code whole}</td><td>the size of the largest blob that is cached as a whole; default 64 MiB</td></tr>
 * <tr><td>{@code pieces}</td><td>the most bytes of pieces of larger blobs on the disk; default 0: not cached</td></tr>
 * <tr><td>{@code piece}</td><td>the size of a piece; default 4 MiB</td></tr>
 * <tr><td>{@code writeback}</td><td>the most bytes that may wait to be uploaded; default 0: uploaded first</td></tr>
 * <tr><td>{@code storage}</td><td>{@code zstd}, {@code uncompressed} or {@code hybrid} (default)</td></tr>
 * <tr><td>{@code durability}</td><td>{@code none}, {@code file} or {@code full}; default {@code full} with
 *     {@code writeback}, otherwise {@code none}</td></tr>
 * <tr><td>{@code access}</td><td>{@code exclusive} (default), {@code shared} or {@code read-only}</td></tr>
 * <tr><td>{@code state}</td><td>the directory of locks and unfinished files, on the same file system; default beside
 *     the cache</td></tr>
 * </table>
 */
public final class CacheBlobStoreProvider implements BlobStoreProvider {
    private static final String[] PARAMETERS = {
        "of", "max", "whole", "pieces", "piece", "writeback", "storage", "durability", "access", "state"
    };

    /** Creates the provider, for {@link java.util.ServiceLoader}. */
    public CacheBlobStoreProvider() {}

    @Override
    public String scheme() {
        return "cache";
    }

    @Override
    public BlobStore open(StoreUri uri) throws IOException {
        return open(uri, StoreObserver.NONE);
    }

    /** Reports the requests to the remote store; hits and misses are in {@link CachedBlobStore#stats()}. */
    @Override
    public BlobStore open(StoreUri uri, StoreObserver observer) throws IOException {
        if (uri.authority().isPresent()) {
            throw new IllegalArgumentException(
                    "a cache: URI has no host; write cache:/dir or cache:///dir with an absolute path");
        }
        Map<String, String> parameters = uri.parameters(PARAMETERS);
        String remote = require(parameters, "of", "s3://bucket");
        CacheOptions cacheOptions = cacheOptions(parameters);
        CachedStoreOptions storeOptions = storeOptions(parameters);
        if (storeOptions.writeBack().isPresent() && cacheOptions.accessMode() != AccessMode.EXCLUSIVE) {
            throw new IllegalArgumentException(
                    "parameter 'writeback' needs 'access=exclusive': another process could upload what waits, too");
        }
        List<Closeable> opened = new ArrayList<>();
        try {
            ContentCache cache = ContentCache.open(path("the path", uri.path()), cacheOptions);
            opened.add(cache);
            BlobStore store = BlobStores.open(remote, observer);
            opened.add(0, store);
            return CachedBlobStore.open(store, cache, storeOptions, List.of(cache));
        } catch (IOException | RuntimeException e) {
            Closing.afterFailure(opened, e);
            throw e;
        }
    }

    private static CacheOptions cacheOptions(Map<String, String> parameters) {
        CacheOptions.Builder options =
                CacheOptions.builder().maxBytes(size("max", require(parameters, "max", "50GiB")));
        if (isWrittenBack(parameters)) {
            options.durability(Durability.FULL);
        }
        choice(parameters, "storage", StorageMode.values(), options::storageMode);
        choice(parameters, "durability", Durability.values(), options::durability);
        choice(parameters, "access", AccessMode.values(), options::accessMode);
        text(parameters, "state").ifPresent(state -> options.stateDirectory(path("parameter 'state'", state)));
        return options.build();
    }

    private static CachedStoreOptions storeOptions(Map<String, String> parameters) {
        CachedStoreOptions.Builder options = CachedStoreOptions.builder();
        text(parameters, "whole").ifPresent(text -> options.wholeBlobLimit(size("whole", text)));
        text(parameters, "pieces").ifPresent(text -> options.maxPieceBytes(size("pieces", text)));
        text(parameters, "piece")
                .ifPresent(text -> options.pieceSize((int) Math.min(Integer.MAX_VALUE, size("piece", text))));
        if (isWrittenBack(parameters)) {
            options.writeBack(WriteBackOptions.builder()
                    .maxBytes(size("writeback", require(parameters, "writeback", "1GiB")))
                    .build());
        }
        return options.build();
    }

    private static boolean isWrittenBack(Map<String, String> parameters) {
        return text(parameters, "writeback")
                .filter(text -> size("writeback", text) > 0)
                .isPresent();
    }

    private static Optional<String> text(Map<String, String> parameters, String name) {
        return Optional.ofNullable(parameters.get(name));
    }

    private static String require(Map<String, String> parameters, String name, String example) {
        return text(parameters, name)
                .orElseThrow(
                        () -> new IllegalArgumentException("a cache: URI needs the parameter '" + name + "', as in "
                                + name + "=" + example
                                + (name.equals("of") ? "" : ", before 'of', which takes the rest of the URI")));
    }

    private static <E extends Enum<E>> void choice(
            Map<String, String> parameters, String name, E[] values, Consumer<E> setter) {
        text(parameters, name)
                .ifPresent(text -> setter.accept(Arrays.stream(values)
                        .filter(value -> label(value).equals(text))
                        .findFirst()
                        .orElseThrow(() -> new IllegalArgumentException("parameter '" + name + "' is one of "
                                + Arrays.stream(values)
                                        .map(CacheBlobStoreProvider::label)
                                        .collect(Collectors.joining(", "))
                                + "; got '" + text + "'"))));
    }

    private static String label(Enum<?> value) {
        return value.name().toLowerCase(Locale.ROOT).replace('_', '-');
    }

    private static Path path(String what, String text) {
        try {
            return Path.of(text);
        } catch (InvalidPathException e) {
            throw new IllegalArgumentException(what + " is not a valid path on this system: " + e.getReason(), e);
        }
    }

    /** Parses a size, such as 50GiB. */
    static long size(String name, String text) {
        String digits = text.replaceFirst("[A-Za-z]+$", "");
        int shift = switch (text.substring(digits.length())) {
            case "", "B" -> 0;
            case "KiB" -> 10;
            case "MiB" -> 20;
            case "GiB" -> 30;
            case "TiB" -> 40;
            default -> -1;
        };
        if (shift < 0 || !digits.matches("[0-9]{1,18}") || Long.parseLong(digits) > Long.MAX_VALUE >> shift) {
            throw new IllegalArgumentException("parameter '" + name
                    + "' is a size such as 4096, 512KiB, 64MiB, 50GiB or 2TiB; got '" + text + "'");
        }
        return Long.parseLong(digits) << shift;
    }
}
