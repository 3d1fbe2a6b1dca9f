package io.blobstore.spring.boot;

import io.blobstore.BlobStore;
import java.util.Map;
import java.util.Optional;
import org.springframework.boot.actuate.autoconfigure.health.ConditionalOnEnabledHealthIndicator;
import org.springframework.boot.actuate.health.CompositeHealthContributor;
import org.springframework.boot.actuate.health.Health;
import org.springframework.boot.actuate.health.HealthContributor;
import org.springframework.boot.actuate.health.HealthIndicator;
import org.springframework.boot.autoconfigure.AutoConfiguration;
import org.springframework.boot.autoconfigure.condition.ConditionalOnBean;
import org.springframework.boot.autoconfigure.condition.ConditionalOnClass;
import org.springframework.boot.autoconfigure.condition.ConditionalOnMissingBean;
import org.springframework.context.annotation.Bean;

/** Reports the health of all stores, with the types of Spring Boot 3. */
@AutoConfiguration(after = BlobStoreAutoConfiguration.class)
@ConditionalOnClass({HealthIndicator.class, ConditionalOnEnabledHealthIndicator.class})
@ConditionalOnBean(BlobStore.class)
@ConditionalOnEnabledHealthIndicator("blobstore")
class Boot3HealthConfiguration {
    @Bean
    @ConditionalOnMissingBean(name = {"blobstoreHealthContributor", "blobstoreHealthIndicator"})
    HealthContributor blobstoreHealthContributor(Map<String, BlobStore> stores, BlobStoreProperties properties) {
        return CompositeHealthContributor.fromMap(
                StoreProbe.of(stores, properties.health().timeout()), Boot3HealthConfiguration::check);
    }

    private static HealthIndicator check(StoreProbe probe) {
        return () -> {
            Optional<Exception> problem = probe.check();
            Health.Builder health = problem.isPresent() ? Health.down(problem.get()) : Health.up();
            return health.withDetail("store", probe.description()).build();
        };
    }
}
