package io.blobstore.spring.boot;

import io.blobstore.micrometer.BlobStoreMetrics;
import io.blobstore.micrometer.BlobStoreObservations;
import io.micrometer.core.instrument.MeterRegistry;
import io.micrometer.observation.ObservationRegistry;
import org.springframework.boot.autoconfigure.AutoConfiguration;
import org.springframework.boot.autoconfigure.condition.ConditionalOnBean;
import org.springframework.boot.autoconfigure.condition.ConditionalOnClass;
import org.springframework.boot.autoconfigure.condition.ConditionalOnMissingBean;
import org.springframework.boot.autoconfigure.condition.ConditionalOnProperty;
import org.springframework.context.annotation.Bean;

/**
 * Reports stores and transfers to the registries of the application, if blobstore-micrometer is a dependency: as
 * meters, and if {@code blobstore.observations.enabled} is set, as observations, from which spans are made.
 */
@AutoConfiguration(
        before = BlobStoreAutoConfiguration.class,
        afterName = {
            "org.springframework.boot.actuate.autoconfigure.metrics.CompositeMeterRegistryAutoConfiguration",
            "org.springframework.boot.actuate.autoconfigure.observation.ObservationAutoConfiguration",
            "org.springframework.boot.micrometer.metrics.autoconfigure.CompositeMeterRegistryAutoConfiguration",
            "org.springframework.boot.micrometer.observation.autoconfigure.ObservationAutoConfiguration"
        })
@ConditionalOnClass({BlobStoreMetrics.class, MeterRegistry.class})
public class BlobStoreMetricsAutoConfiguration {
    /** Creates the meters. */
    @Bean
    @ConditionalOnBean(MeterRegistry.class)
    @ConditionalOnMissingBean
    public BlobStoreMetrics blobStoreMetrics(MeterRegistry registry) {
        return BlobStoreMetrics.create(registry);
    }

    /** Creates the observations. */
    @Bean
    @ConditionalOnBean(ObservationRegistry.class)
    @ConditionalOnMissingBean
    @ConditionalOnProperty("blobstore.observations.enabled")
    public BlobStoreObservations blobStoreObservations(ObservationRegistry registry) {
        return BlobStoreObservations.create(registry);
    }
}
