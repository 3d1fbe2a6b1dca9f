/** Metrics and tracing of blob stores and transfers with Micrometer. */
@SuppressWarnings("requires-transitive-automatic") // Micrometer's jars have names of modules, but no descriptors
module io.blobstore.micrometer {
    requires transitive io.blobstore;
    requires static io.blobstore.cache;
    requires transitive micrometer.commons;
    requires transitive micrometer.core;
    requires transitive micrometer.observation;
    requires static org.jspecify;

    exports io.blobstore.micrometer;
}
