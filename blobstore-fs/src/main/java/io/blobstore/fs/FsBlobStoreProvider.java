package io.blobstore.fs;

import io.blobstore.BlobStore;
import io.blobstore.StoreUri;
import io.blobstore.spi.BlobStoreProvider;
import java.io.IOException;
import java.nio.file.InvalidPathException;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.Locale;
import java.util.Map;

/**
 * Opens {@code file:/dir?durability=sync|none&create=true|false}; the directory may be relative, as in
 * {@code file:dir}.
 */
public final class FsBlobStoreProvider implements BlobStoreProvider {
    private static final String DURABILITY = "durability";
    private static final String CREATE = "create";

    /** Creates the provider, for {@link java.util.ServiceLoader}. */
    public FsBlobStoreProvider() {}

    @Override
    public String scheme() {
        return "file";
    }

    @Override
    public BlobStore open(StoreUri uri) throws IOException {
        if (uri.authority().isPresent()) {
            throw new IllegalArgumentException(
                    "a file: URI has no host; write file:/dir or file:///dir with an absolute path, or file:dir");
        }
        Map<String, String> parameters = uri.parameters(DURABILITY, CREATE);
        String durability = parameters.get(DURABILITY);
        String create = parameters.get(CREATE);
        FsBlobStore.Builder builder = FsBlobStore.builder(directory(uri.path()));
        if (durability != null) {
            builder.durability(durability(durability));
        }
        if (create != null) {
            builder.createDirectory(isTrue(create));
        }
        return builder.open();
    }

    private static Path directory(String path) {
        try {
            return Path.of(path);
        } catch (InvalidPathException e) {
            throw new IllegalArgumentException("not a valid path on this system: " + e.getReason(), e);
        }
    }

    private static boolean isTrue(String create) {
        if (!create.equals("true") && !create.equals("false")) {
            throw new IllegalArgumentException(
                    "parameter '" + CREATE + "' must be 'true' or 'false'; got '" + create + "'");
        }
        return create.equals("true");
    }

    private static Durability durability(String name) {
        return Arrays.stream(Durability.values())
                .filter(value -> value.name().toLowerCase(Locale.ROOT).equals(name))
                .findFirst()
                .orElseThrow(() -> new IllegalArgumentException(
                        "parameter '" + DURABILITY + "' must be 'sync' or 'none'; got '" + name + "'"));
    }
}
