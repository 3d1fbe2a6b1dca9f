package io.blobstore.internal.mem;

import io.blobstore.BlobStore;
import io.blobstore.StoreUri;
import io.blobstore.spi.BlobStoreProvider;
import java.util.concurrent.ConcurrentHashMap;

/** Opens {@code mem:} and {@code mem:name}; see {@link io.blobstore.BlobStores}. Thread-safe. */
public final class MemoryBlobStoreProvider implements BlobStoreProvider {
    private static final ConcurrentHashMap<String, MemoryContent> NAMED = new ConcurrentHashMap<>();

    /** Creates the provider, for {@link java.util.ServiceLoader}. */
    public MemoryBlobStoreProvider() {}

    @Override
    public String scheme() {
        return "mem";
    }

    @Override
    public BlobStore open(StoreUri uri) {
        if (uri.authority().isPresent() || uri.path().startsWith("/")) {
            throw new IllegalArgumentException("a mem: URI is written mem: or mem:name, without '/'");
        }
        uri.parameters(new String[0]); // this scheme has no parameters
        String name = uri.path();
        MemoryContent content =
                name.isEmpty() ? new MemoryContent() : NAMED.computeIfAbsent(name, created -> new MemoryContent());
        return new MemoryBlobStore("mem:" + name, content, MemoryBlobStore.CAPABILITIES);
    }
}
