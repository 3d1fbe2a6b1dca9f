package io.blobstore.spring.boot;

import io.blobstore.BlobStore;
import java.util.Map;
import java.util.Optional;
import org.springframework.boot.autoconfigure.AutoConfiguration;
import org.springframework.boot.autoconfigure.condition.ConditionalOnBean;
import org.springframework.boot.autoconfigure.condition.ConditionalOnClass;
import org.springframework.boot.autoconfigure.condition.ConditionalOnMissingBean;
import org.springframework.boot.health.autoconfigure.contributor.ConditionalOnEnabledHealthIndicator;
import org.springframework.boot.health.contributor.CompositeHealthContributor;
import org.springframework.boot.health.contributor.Health;
import org.springframework.boot.health.contributor.HealthContributor;
import org.springframework.boot.health.contributor.HealthIndicator;
import org.springframework.context.annotation.Bean;

/** Reports the health of all stores, with the types of Spring Boot 4. */
@AutoConfiguration(after = BlobStoreAutoConfiguration.class)
@ConditionalOnClass({HealthIndicator.class, ConditionalOnEnabledHealthIndicator.class})
@ConditionalOnBean(BlobStore.class)
@ConditionalOnEnabledHealthIndicator("blobstore")
class Boot4HealthConfiguration {
    @Bean
    @ConditionalOnMissingBean(name = {"blobstoreHealthContributor", "blobstoreHealthIndicator"})
    HealthContributor blobstoreHealthContributor(Map<String, BlobStore> stores, BlobStoreProperties properties) {
        return CompositeHealthContributor.fromMap(
                StoreProbe.of(stores, properties.health().timeout()), Boot4HealthConfiguration::check);
    }

    private static HealthIndicator check(StoreProbe probe) {
        return () -> {
            Optional<Exception> problem = probe.check();
            Health.Builder health = problem.isPresent() ? Health.down(problem.get()) : Health.up();
            return health.withDetail("store", probe.description()).build();
        };
    }
}
