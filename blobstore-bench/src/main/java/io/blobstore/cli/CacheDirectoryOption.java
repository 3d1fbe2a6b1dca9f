package io.blobstore.cli;

import io.blobstore.Operation;
import io.blobstore.StoreNotFoundException;
import io.blobstore.cas.AccessMode;
import io.blobstore.cas.CacheOptions;
import io.blobstore.cas.ContentCache;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Option;
import picocli.CommandLine.Parameters;

/** The directory of a cache, of every {@code cache} command. */
final class CacheDirectoryOption {
    @Parameters(index = "0", paramLabel = "DIR", description = "The directory of the cache.")
    @SuppressWarnings("NullAway.Init") // set by picocli, as it is required
    Path directory;

    @Option(
            names = "--state",
            paramLabel = "DIR",
            description = "The directory of its locks and its journal. Default: beside the cache, with the name"
                    + " .NAME.blobstore-cas.")
    @Nullable Path state;

    /** Opens the cache to look at it; another process may use it meanwhile. */
    ContentCache openReadOnly() throws IOException {
        return open(AccessMode.READ_ONLY, Long.MAX_VALUE);
    }

    /** Opens the cache to change it, without evicting anything; no other process may use it meanwhile. */
    ContentCache openExclusively() throws IOException {
        return openExclusively(Long.MAX_VALUE);
    }

    /** Opens the cache to change it; no other process may use it meanwhile. */
    ContentCache openExclusively(long maxBytes) throws IOException {
        return open(AccessMode.EXCLUSIVE, maxBytes);
    }

    private ContentCache open(AccessMode mode, long maxBytes) throws IOException {
        if (!Files.isDirectory(directory)) { // a mistyped name must not create a cache
            throw new StoreNotFoundException(
                    Operation.OPEN, null, "the directory of the cache " + directory + " does not exist", null);
        }
        CacheOptions.Builder options = CacheOptions.builder().maxBytes(maxBytes).accessMode(mode);
        if (state != null) {
            options.stateDirectory(state);
        }
        return ContentCache.open(directory, options.build());
    }
}
