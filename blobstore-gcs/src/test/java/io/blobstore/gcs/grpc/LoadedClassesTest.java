package io.blobstore.gcs.grpc;

import static org.assertj.core.api.Assertions.assertThat;

import io.blobstore.BlobKey;
import io.blobstore.BlobStore;
import io.blobstore.BlobStores;
import io.blobstore.ByteRange;
import io.blobstore.contract.ChildJvm;
import io.blobstore.gcs.fake.FakeGcs;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Stores that read over HTTP load no class of gRPC. */
class LoadedClassesTest {
    @Test
    void httpLoadsNothingOfGrpc(@TempDir Path directory) throws IOException, InterruptedException {
        Path log = directory.resolve("classes");

        ChildJvm.Exit exit = ChildJvm.of(Http.class, directory)
                .with("-Xlog:class+load:file=" + log)
                .run(Duration.ofMinutes(2));

        assertThat(exit.code()).as(exit.output()).isZero();
        try (Stream<String> lines = Files.lines(log)) {
            List<String> loaded = lines.map(line -> line.replaceFirst("^(\\[[^\\]]*\\])+\\s*", ""))
                    .filter(name -> name.matches("io\\.grpc\\..*|com\\.google\\.storage\\.v2\\..*"
                            + "|com\\.google\\.api\\.gax\\.grpc\\..*|io\\.blobstore\\.gcs\\.grpc\\..*"))
                    // google-cloud-core's tracing, OpenCensus, propagates its spans with a gRPC context.
                    .filter(name -> !name.matches("io\\.grpc\\.(Context|Deadline|ThreadLocalContextStorage"
                            + "|PersistentHashArrayMappedTrie)\\b.*"))
                    .filter(name -> !name.contains(LoadedClassesTest.class.getSimpleName()))
                    .toList();
            assertThat(loaded).isEmpty();
        }
    }

    /** Stores and reads a blob over HTTP. */
    static final class Http {
        public static void main(String[] arguments) throws IOException {
            try (FakeGcs gcs = FakeGcs.start().createZonalBucket("zonal");
                    BlobStore store = BlobStores.open("gs://zonal?transport=http&endpoint=" + gcs.endpoint())) {
                BlobKey key = BlobKey.of("blob");
                store.store(key, ByteBuffer.wrap(new byte[] {1, 2, 3}));
                ByteBuffer target = ByteBuffer.allocateDirect(3);
                store.read(key, ByteRange.all(), target);
                if (target.flip().get(2) != 3) {
                    throw new AssertionError("another byte was read");
                }
            }
        }
    }
}
