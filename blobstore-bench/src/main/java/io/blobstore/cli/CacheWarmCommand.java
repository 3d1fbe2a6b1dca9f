package io.blobstore.cli;

import io.blobstore.BlobKey;
import io.blobstore.BlobStore;
import io.blobstore.ByteRange;
import io.blobstore.cache.AccessTrace;
import io.blobstore.cache.CachedBlobStore;
import io.blobstore.cache.CachedStoreOptions;
import io.blobstore.cache.Prefetch;
import io.blobstore.cas.ContentCache;
import java.io.IOException;
import java.nio.file.Path;
import java.util.List;
import java.util.concurrent.Callable;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Command;
import picocli.CommandLine.ExitCode;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Option;
import picocli.CommandLine.Parameters;

/** {@code blobstore cache warm}. */
@Command(
        name = "warm",
        description =
                "Fetches blobs of a store into the cache, or the ranges of them that a recorded trace names, so that"
                        + " later reads through the cache need no request for content.")
@SuppressWarnings("NullAway.Init") // picocli sets what is required
final class CacheWarmCommand implements Callable<Integer> {
    @Mixin
    final CacheDirectoryOption directory = new CacheDirectoryOption();

    @Parameters(
            index = "1..*",
            arity = "1..*",
            paramLabel = "KEY",
            converter = KeyConverter.class,
            description = "The names of the blobs.")
    List<BlobKey> keys;

    @Mixin
    final StoreOption store = new StoreOption();

    @Option(
            names = "--max",
            required = true,
            paramLabel = "SIZE",
            converter = ByteSize.Converter.class,
            description = "The most bytes that the cache may take for whole blobs, and again for pieces of large ones.")
    ByteSize max;

    @Option(
            names = "--trace",
            paramLabel = "FILE",
            description = "A trace of an earlier use: only its ranges are fetched. Default: everything.")
    @Nullable Path trace;

    @Mixin
    final OutputOption output = new OutputOption();

    @Override
    public Integer call() throws IOException, InterruptedException {
        AccessTrace recorded = trace == null ? null : AccessTrace.load(trace);
        CachedStoreOptions options =
                CachedStoreOptions.builder().maxPieceBytes(max.bytes()).build();
        long bytes = 0;
        try (ContentCache cache = directory.openExclusively(max.bytes());
                BlobStore remote = store.open();
                CachedBlobStore cached = CachedBlobStore.open(remote, cache, options)) {
            for (BlobKey key : keys) {
                Prefetch fetching =
                        recorded == null ? cached.prefetch(key, List.of(ByteRange.all())) : cached.warm(key, recorded);
                bytes += fetching.join();
            }
        }
        output.print(new Report()
                .add("blobs", keys.size())
                .add("fetchedBytes", bytes, "fetched", ByteSize.exactText(bytes)));
        return ExitCode.OK;
    }
}
