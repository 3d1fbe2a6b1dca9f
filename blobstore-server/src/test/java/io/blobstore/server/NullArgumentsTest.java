package io.blobstore.server;

import static org.assertj.core.api.Assertions.assertThat;

import io.blobstore.BlobStore;
import io.blobstore.cache.WriteBackOptions;
import io.blobstore.cas.CacheOptions;
import io.blobstore.cas.ContentCache;
import io.blobstore.contract.InMemoryBlobStore;
import io.blobstore.contract.NullArguments;
import java.io.IOException;
import java.net.URI;
import java.nio.file.Path;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Tests that each public method of this module names the argument that is null. */
class NullArgumentsTest {
    @Test
    void aNullArgumentIsNamed(@TempDir Path directory) throws IOException {
        try (ContentCache cache = ContentCache.open(directory, CacheOptions.ofMaxBytes(1 << 20));
                BlobStore bucket = new InMemoryBlobStore()) {
            assertThat(new NullArguments(
                                    cache,
                                    bucket,
                                    AuthOptions.none(),
                                    TlsOptions.of(Path.of("chain"), Path.of("key")),
                                    ServerLimits.defaults(),
                                    HttpOptions.builder().build(),
                                    GrpcOptions.builder().build(),
                                    HttpRemote.of(URI.create("http://127.0.0.1:1")),
                                    RemoteOptions.of(bucket),
                                    RemoteOptions.builder(bucket),
                                    WriteBackOptions.DEFAULT,
                                    CacheServer.builder(cache))
                            .unnamed(NullArguments.publicTypes(CacheServer.class)))
                    .isEmpty();
        }
    }
}
