package io.blobstore.fs;

import io.blobstore.BlobStore;
import io.blobstore.StoreUri;
import io.blobstore.spi.BlobStoreProvider;
import java.io.IOException;
import java.nio.file.InvalidPathException;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.Locale;

/** Opens {@code file:/dir?durability=sync|none}. */
public final class FsBlobStoreProvider implements BlobStoreProvider {
    private static final String DURABILITY = "durability";

    /** For {@link java.util.ServiceLoader}. */
    public FsBlobStoreProvider() {}

    @Override
    public String scheme() {
        return "file";
    }

    @Override
    public BlobStore open(StoreUri uri) throws IOException {
        if (uri.authority().isPresent()) {
            throw new IllegalArgumentException(
                    "a file: URI has no host; write file:/dir or file:///dir with an absolute path");
        }
        String durability = uri.parameters(DURABILITY).get(DURABILITY);
        FsBlobStore.Builder builder = FsBlobStore.builder(directory(uri.path()));
        if (durability != null) {
            builder.durability(durability(durability));
        }
        return builder.open();
    }

    private static Path directory(String path) {
        try {
            return Path.of(path);
        } catch (InvalidPathException e) {
            throw new IllegalArgumentException("not a path of this system: " + e.getReason(), e);
        }
    }

    private static Durability durability(String name) {
        return Arrays.stream(Durability.values())
                .filter(value -> value.name().toLowerCase(Locale.ROOT).equals(name))
                .findFirst()
                .orElseThrow(() -> new IllegalArgumentException(
                        "parameter '" + DURABILITY + "' is 'sync' or 'none'; got '" + name + "'"));
    }
}
