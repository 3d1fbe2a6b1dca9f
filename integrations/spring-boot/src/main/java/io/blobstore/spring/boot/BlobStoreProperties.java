package io.blobstore.spring.boot;

import java.time.Duration;
import java.util.Map;
import org.jspecify.annotations.Nullable;
import org.springframework.boot.context.properties.ConfigurationProperties;
import org.springframework.boot.context.properties.bind.DefaultValue;
import org.springframework.util.unit.DataSize;

/**
 * The settings of stores and transfers.
 *
 * @param stores the stores by name, which is also the name of the bean
 * @param transfer the settings of the transfer manager, which all stores share
 * @param health the settings of the health indicator
 * @param observations the settings of observations
 */
@ConfigurationProperties("blobstore")
public record BlobStoreProperties(
        @DefaultValue Map<String, Store> stores,
        @DefaultValue Transfer transfer,
        @DefaultValue Health health,
        @DefaultValue Observations observations) {
    /**
     * A store.
     *
     * @param uri where it is: file:/dir, s3://bucket?region=…, gs://bucket, mem:name, with the parameters of its kind
     */
    public record Store(@Nullable String uri) {}

    /**
     * The settings of the transfer manager.
     *
     * @param maxBytesInFlight maximum number of bytes of all parts in flight, over all uploads and downloads
     * @param readAheadMemory maximum number of off-heap bytes that all readers together read ahead into
     * @param shutdownTimeout how long a shutdown waits for running transfers before it cancels them
     */
    public record Transfer(
            @DefaultValue("256MB") DataSize maxBytesInFlight,
            @DefaultValue("256MB") DataSize readAheadMemory,
            @DefaultValue("20s") Duration shutdownTimeout) {}

    /**
     * The settings of the health indicator.
     *
     * @param timeout how long the check of a store may take before the store is reported as down
     */
    public record Health(@DefaultValue("5s") Duration timeout) {}

    /**
     * The settings of observations, which need blobstore-micrometer.
     *
     * @param enabled whether each request and each transfer is an observation, of which tracing makes a span
     */
    public record Observations(@DefaultValue("false") boolean enabled) {}
}
