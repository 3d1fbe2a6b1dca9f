package io.blobstore.gcs;

import io.blobstore.BlobStore;
import io.blobstore.StoreUri;
import io.blobstore.spi.BlobStoreProvider;
import io.blobstore.spi.UriParameters;
import java.io.IOException;
import java.util.List;

/**
 * Opens {@code gs://bucket?endpoint&project&prefix&storageClass&kmsKey&maxConnections}, with the application-default
 * credentials of Google's libraries, or with none where there is an emulator.
 */
public final class GcsBlobStoreProvider implements BlobStoreProvider {
    static final List<String> PARAMETERS =
            List.of("endpoint", "project", "prefix", "storageClass", "kmsKey", "maxConnections");

    /** For {@link java.util.ServiceLoader}. */
    public GcsBlobStoreProvider() {}

    @Override
    public String scheme() {
        return "gs";
    }

    @Override
    public BlobStore open(StoreUri uri) throws IOException {
        return builder(uri).open();
    }

    static GcsBlobStore.Builder builder(StoreUri uri) {
        String bucket = uri.authority()
                .filter(name -> !name.isEmpty())
                .orElseThrow(() -> new IllegalArgumentException("a gs: URI names a bucket: gs://bucket"));
        if (!uri.path().isEmpty() && !uri.path().equals("/")) {
            throw new IllegalArgumentException("a gs: URI has no path; write gs://" + bucket + "?prefix="
                    + uri.path().substring(1));
        }
        UriParameters parameters = UriParameters.of(uri, PARAMETERS);
        GcsBlobStore.Builder builder = GcsBlobStore.builder(bucket);
        parameters.endpoint("endpoint", builder::endpoint);
        parameters.text("project", builder::project);
        parameters.text("prefix", builder::prefix);
        parameters.text("storageClass", builder::storageClass);
        parameters.text("kmsKey", name -> builder.encryption(GcsEncryption.kms(name)));
        parameters.count("maxConnections", builder::maxConnections);
        return builder;
    }
}
