package io.blobstore.spring.boot;

import io.blobstore.StoreObserver;
import io.blobstore.transfer.TransferManager;
import org.springframework.beans.factory.ObjectProvider;
import org.springframework.boot.autoconfigure.AutoConfiguration;
import org.springframework.boot.autoconfigure.condition.ConditionalOnMissingBean;
import org.springframework.boot.context.properties.EnableConfigurationProperties;
import org.springframework.context.annotation.Bean;
import org.springframework.context.annotation.Import;

/**
 * Configures a {@link TransferManager}, and a bean for each store in the properties. A bean of the application replaces
 * the transfer manager, or the store of the same name. All beans of the type {@link StoreObserver} observe them.
 */
@AutoConfiguration
@EnableConfigurationProperties(BlobStoreProperties.class)
@Import(StoreBeansRegistrar.class)
public class BlobStoreAutoConfiguration {
    @Bean
    StoreOpener blobStoreOpener(BlobStoreProperties properties, ObjectProvider<StoreObserver> observers) {
        return new StoreOpener(properties, all(observers));
    }

    /** Creates the transfer manager; {@link TransferShutdown} closes it before the stores are closed. */
    @Bean
    @ConditionalOnMissingBean
    public TransferManager transferManager(BlobStoreProperties properties, ObjectProvider<StoreObserver> observers) {
        return TransferManager.builder()
                .maxBytesInFlight(properties.transfer().maxBytesInFlight().toBytes())
                .readAheadMemory(properties.transfer().readAheadMemory().toBytes())
                .observer(all(observers))
                .build();
    }

    @Bean
    TransferShutdown blobStoreTransferShutdown(TransferManager transfers, BlobStoreProperties properties) {
        return new TransferShutdown(transfers, properties.transfer().shutdownTimeout());
    }

    private static StoreObserver all(ObjectProvider<StoreObserver> observers) {
        StoreObserver[] all = observers.orderedStream().toArray(StoreObserver[]::new);
        return all.length == 0 ? StoreObserver.NONE : StoreObserver.all(all);
    }
}
