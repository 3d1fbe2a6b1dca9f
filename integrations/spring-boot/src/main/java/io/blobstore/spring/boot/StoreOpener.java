package io.blobstore.spring.boot;

import io.blobstore.BlobStore;
import io.blobstore.BlobStores;
import io.blobstore.StoreObserver;
import java.io.IOException;
import java.util.Objects;
import org.springframework.util.StringUtils;

/** Opens the stores in the properties. */
final class StoreOpener {
    private final BlobStoreProperties properties;
    private final StoreObserver observer;

    StoreOpener(BlobStoreProperties properties, StoreObserver observer) {
        this.properties = properties;
        this.observer = observer;
    }

    /**
     * Opens a store; called by the container.
     *
     * @throws StoreConfigurationException if it cannot be opened
     */
    BlobStore open(String name) {
        String uri = Objects.requireNonNull(properties.stores().get(name), name).uri();
        if (!StringUtils.hasText(uri)) {
            throw new StoreConfigurationException(name, "", new IllegalArgumentException("the store has no URI"));
        }
        try {
            return BlobStores.open(uri.strip(), observer);
        } catch (IOException | IllegalArgumentException e) {
            throw new StoreConfigurationException(name, uri.strip(), e);
        }
    }
}
