package io.blobstore.spring.boot;

import static org.assertj.core.api.Assertions.assertThat;

import io.blobstore.BlobKey;
import io.blobstore.BlobSource;
import io.blobstore.BlobStore;
import io.blobstore.BlobStores;
import io.blobstore.StoreEvent;
import io.blobstore.StoreObserver;
import io.blobstore.micrometer.BlobStoreMetrics;
import io.blobstore.micrometer.BlobStoreObservations;
import io.blobstore.transfer.TransferManager;
import io.micrometer.core.instrument.simple.SimpleMeterRegistry;
import io.micrometer.observation.ObservationRegistry;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.file.Path;
import java.util.List;
import java.util.concurrent.CopyOnWriteArrayList;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.springframework.beans.factory.annotation.Qualifier;
import org.springframework.boot.autoconfigure.AutoConfigurations;
import org.springframework.boot.test.context.runner.ApplicationContextRunner;
import org.springframework.context.annotation.Bean;
import org.springframework.context.annotation.Configuration;
import org.springframework.util.ClassUtils;

/** The beans of an application, by its properties and its own beans. */
class BlobStoreAutoConfigurationTest {
    private final ApplicationContextRunner runner =
            new ApplicationContextRunner().withConfiguration(AutoConfigurations.of(BlobStoreAutoConfiguration.class));

    /** Returns the configuration of health for the version of Spring Boot that is on the class path. */
    private static Class<?> healthConfiguration() throws ClassNotFoundException {
        boolean version4 = ClassUtils.isPresent("org.springframework.boot.health.contributor.Health", null);
        return Class.forName("io.blobstore.spring.boot.Boot" + (version4 ? 4 : 3) + "HealthConfiguration");
    }

    /** A bean that gets two of the stores. */
    record Gallery(BlobStore images, BlobStore thumbnails) {}

    /** Injects stores by the name of the parameter, and by a qualifier. */
    @Configuration(proxyBeanMethods = false)
    static class GalleryConfiguration {
        @Bean
        Gallery gallery(BlobStore images, @Qualifier("small-ones") BlobStore thumbnails) {
            return new Gallery(images, thumbnails);
        }
    }

    /** An application with beans of its own. */
    @Configuration(proxyBeanMethods = false)
    static class OwnBeans {
        @Bean
        BlobStore images() throws IOException {
            return BlobStores.open("mem:own");
        }

        @Bean
        TransferManager ownTransfers() {
            return TransferManager.create();
        }
    }

    @Test
    void eachStoreIsABeanOfItsName(@TempDir Path directory) {
        runner.withUserConfiguration(GalleryConfiguration.class)
                .withPropertyValues(
                        "blobstore.stores.images.uri=" + directory.toUri(),
                        "blobstore.stores.small-ones.uri=mem:thumbnails")
                .run(context -> {
                    assertThat(context).hasNotFailed().hasSingleBean(TransferManager.class);
                    Gallery gallery = context.getBean(Gallery.class);
                    gallery.images().store(BlobKey.of("some-blob"), ByteBuffer.wrap(new byte[10]));

                    assertThat(directory.resolve("some-blob")).isRegularFile();
                    assertThat(gallery.thumbnails()).hasToString("mem:thumbnails");
                });
    }

    @Test
    void beansOfTheApplicationReplaceThose() {
        runner.withUserConfiguration(OwnBeans.class)
                .withPropertyValues(
                        "blobstore.stores.images.uri=mem:configured", "blobstore.stores.other.uri=mem:other")
                .run(context -> {
                    assertThat(context).hasSingleBean(TransferManager.class).hasBean("ownTransfers");
                    assertThat(context.getBean("images")).hasToString("mem:own");
                    assertThat(context.getBean("other")).hasToString("mem:other");
                });
    }

    @Test
    void settingsOfTransfersAreBound() {
        runner.withPropertyValues(
                        "blobstore.transfer.max-bytes-in-flight=64MB",
                        "blobstore.transfer.read-ahead-memory=32MB",
                        "blobstore.transfer.shutdown-timeout=3s",
                        "blobstore.health.timeout=250ms")
                .run(context -> {
                    BlobStoreProperties properties = context.getBean(BlobStoreProperties.class);

                    assertThat(properties.stores()).isEmpty();
                    assertThat(properties.transfer().maxBytesInFlight().toMegabytes())
                            .isEqualTo(64);
                    assertThat(properties.transfer().readAheadMemory().toMegabytes())
                            .isEqualTo(32);
                    assertThat(properties.transfer().shutdownTimeout()).hasSeconds(3);
                    assertThat(properties.health().timeout()).hasMillis(250);
                });
    }

    @Test
    void thereIsHealthIfThereAreStores() throws ClassNotFoundException {
        ApplicationContextRunner application = runner.withConfiguration(AutoConfigurations.of(healthConfiguration()));

        application.run(context -> assertThat(context).hasNotFailed().doesNotHaveBean("blobstoreHealthContributor"));
        application
                .withPropertyValues("blobstore.stores.a.uri=mem:a")
                .run(context -> assertThat(context).hasBean("blobstoreHealthContributor"));
        application
                .withPropertyValues("blobstore.stores.a.uri=mem:a", "management.health.blobstore.enabled=false")
                .run(context -> assertThat(context).doesNotHaveBean("blobstoreHealthContributor"));
    }

    @Test
    void observersObserveStoresAndTransfers() {
        List<StoreEvent> events = new CopyOnWriteArrayList<>();
        runner.withBean(StoreObserver.class, () -> events::add)
                .withPropertyValues("blobstore.stores.a.uri=mem:a")
                .run(context -> context.getBean(TransferManager.class)
                        .upload(
                                context.getBean(BlobStore.class),
                                BlobKey.of("some-blob"),
                                BlobSource.of(ByteBuffer.wrap(new byte[10])))
                        .join());

        assertThat(events).hasAtLeastOneElementOfType(StoreEvent.RequestEnded.class);
        assertThat(events).hasAtLeastOneElementOfType(StoreEvent.TransferEnded.class);
    }

    @Test
    void observationsAreOptional() {
        ApplicationContextRunner metrics = runner.withBean(SimpleMeterRegistry.class)
                .withBean(ObservationRegistry.class, ObservationRegistry::create)
                .withConfiguration(AutoConfigurations.of(BlobStoreMetricsAutoConfiguration.class));

        metrics.run(context ->
                assertThat(context).hasSingleBean(BlobStoreMetrics.class).doesNotHaveBean(BlobStoreObservations.class));
        metrics.withPropertyValues("blobstore.observations.enabled=true")
                .run(context -> assertThat(context).hasSingleBean(BlobStoreObservations.class));
        runner.withConfiguration(AutoConfigurations.of(BlobStoreMetricsAutoConfiguration.class))
                .run(context -> assertThat(context).doesNotHaveBean(StoreObserver.class));
    }

    @Test
    void storesAndTransfersAreClosedWithTheApplication() {
        runner.withPropertyValues("blobstore.stores.a.uri=mem:a").run(context -> {
            BlobStore store = context.getBean(BlobStore.class);
            TransferManager transfers = context.getBean(TransferManager.class);
            context.close();

            assertThat(isOpen(transfers, store)).isFalse();
        });
    }

    private static boolean isOpen(TransferManager transfers, BlobStore store) {
        try {
            transfers.openReader(store, BlobKey.of("any")).close();
            return true;
        } catch (IllegalStateException e) {
            return false;
        }
    }
}
