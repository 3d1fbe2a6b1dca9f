package io.blobstore.micrometer;

import static org.assertj.core.api.Assertions.assertThat;

import io.blobstore.contract.ChildJvm.Exit;
import io.blobstore.contract.ModularApplication;
import java.nio.file.Path;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** An application that is a named module uses this one. */
class ModulePathTest {
    private static final String MAIN = """
            package application;

            import io.blobstore.*;
            import io.blobstore.micrometer.*;
            import io.micrometer.core.instrument.simple.SimpleMeterRegistry;
            import io.micrometer.observation.ObservationRegistry;

            public class Main {
                public static void main(String[] args) throws Exception {
                    SimpleMeterRegistry registry = new SimpleMeterRegistry();
                    StoreObserver observer = StoreObserver.all(
                            BlobStoreMetrics.create(registry),
                            BlobStoreObservations.create(ObservationRegistry.create()));
                    try (BlobStore store = BlobStores.open("mem:", observer)) {
                        System.out.println(store.exists(BlobKey.of("key")));
                    }
                    System.out.println("requests " + registry.get("blobstore.requests").timer().count());
                }
            }
            """;

    /** Without the module of the cache, which is optional. */
    @Test
    void itWorksOnTheModulePath(@TempDir Path directory) throws Exception {
        Exit exit = new ModularApplication(directory)
                .withModules("io.blobstore", "io.blobstore.micrometer")
                .withLibraries("org.slf4j", "micrometer.", "HdrHistogram", "org.HdrHistogram", "LatencyUtils")
                .run("module application { requires io.blobstore.micrometer; }", MAIN);

        assertThat(exit.output()).contains("false", "requests 1");
        assertThat(exit.code()).isZero();
    }
}
